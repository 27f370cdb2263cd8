"""Files of a finished run that a disk has damaged: loaders say so, and no page breaks."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.state import run_service
from core.architecture import load_architecture
from core.artifacts import RunFolder
from core.config import Settings
from core.diagnosis import measure_trial
from core.diagnostics import load_diagnostics
from core.errors import LabError
from core.executors.inline import InlineExecutor
from core.optimizer import ModelOptimizer
from core.package import package
from core.records import from_json
from core.trial import SPEC_FILE, TrialSpec
from tests.conftest import REPOSITORY
from tests.hardening.fuzzing import damaged
from tests.hardening.scripted import own_results, quick

pytestmark = [pytest.mark.training, pytest.mark.xdist_group("optimizer")]
VIEWS = ("network", "diagnostics", "health", "compare", "downloads", "trials")


@pytest.fixture(scope="module")
def whole(lab: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A finished run of two real networks with all their diagnostics."""
    settings = own_results(lab, tmp_path_factory.mktemp("whole"))
    ModelOptimizer(quick("kept", 2, plot_generation="all"), settings=settings).optimize_model()
    return settings


@pytest.fixture
def copy(whole: Settings, lab: Settings, tmp_path: Path) -> Settings:
    shutil.copytree(whole.results_dir, tmp_path / "results")
    return own_results(lab, tmp_path / "results")


def files(settings: Settings) -> list[Path]:
    """All files of the run but its models, which only workers read."""
    found = (path for path in (settings.results_dir / "kept").rglob("*") if path.is_file())
    return sorted(path for path in found if path.suffix in (".json", ".npz", ".csv", ".npy"))


def test_loaders_say_that_there_is_nothing(copy: Settings) -> None:
    folder, contents = RunFolder(copy, "kept"), {path: path.read_bytes() for path in files(copy)}
    assert len(contents) >= 10
    spec = from_json(TrialSpec, (folder.trial(0) / SPEC_FILE).read_text())
    assert folder.committed_result(spec) is not None and load_diagnostics(folder.trial_plots(0)) is not None
    lost = {"result": 0, "diagnostics": 0, "architecture": 0, "package": 0}
    for seed in range(60):
        for path, content in contents.items():
            path.write_bytes(damaged(content, seed))
        folder.committed_result(spec)
        lost["result"] += folder.load_result(0) is None
        lost["diagnostics"] += load_diagnostics(folder.trial_plots(0)) is None
        lost["architecture"] += load_architecture(folder.trial(0)) is None
        try:
            package(copy, "kept", "digits")
        except LabError:
            lost["package"] += 1
    assert all(40 <= count <= 60 for count in lost.values()), lost
    (folder.trial(0) / SPEC_FILE).write_bytes(b"\xff\xfe" * 100)
    with pytest.raises(LabError, match="missing or damaged"):
        measure_trial(folder, 0, copy.data_dir, InlineExecutor(), time_limit=None)


@pytest.fixture
def page(copy: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    for name, value in copy.environment().items():
        monkeypatch.setenv(name, value)
    run_service.clear()
    yield AppTest.from_file(str(REPOSITORY / "app" / "main.py"), default_timeout=60)
    run_service().close()
    run_service.clear()


def test_no_view_of_a_run_breaks(copy: Settings, page: AppTest) -> None:
    contents = {path: path.read_bytes() for path in files(copy)}
    page.query_params["run"] = "kept"
    for seed in (None, 2, 5):
        for path, content in contents.items():
            path.write_bytes(content if seed is None else damaged(content, seed))
        for view in VIEWS:
            page.query_params["view"] = view
            page.run()
            assert not page.exception, (view, seed, page.exception[0].message, page.exception[0].stack_trace)
            told = " ".join(element.value for element in (*page.info, *page.warning, *page.error))
            if view in ("network", "diagnostics"):
                assert ("The files of trial" in told) == (seed is not None), (view, seed, told)
