"""What every module promises: JSON without nan, a plain status, figures that draw; on images and on texts."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import partial

import plotly.graph_objects as go
import pytest

from core.analyses import MODULES, corrupted_sets
from core.analyses.context import AnalysisContext
from core.analyses.suite import module_names
from core.errors import InvalidInputError
from tests.analyses.models import with_models
from tests.analyses.worlds import constant, context_of, oracle

WITHOUT_NETWORKS = [name for name in MODULES if not MODULES[name].trains]
# Calibration makes do without the networks, and says more with them.
WITH_NETWORKS = [name for name in MODULES if MODULES[name].trains or name == "calibration"]


def check(name: str, context: AnalysisContext) -> None:
    told: list[float] = []
    context.on_progress = told.append
    result = MODULES[name].run(context)
    again = json.loads(json.dumps(result, allow_nan=False))
    assert again == result, "a number is not a plain JSON type, or a key no text"
    assert result["status"] in ("ok", "skipped", "not applicable")
    if result["status"] != "ok":
        assert result["reason"]
        return
    assert told == sorted(told) and all(0 <= share <= 1 for share in told)
    assert result["reading"] and all(line.endswith((".", "!")) for line in result["reading"])
    assert "nan" not in " ".join(result["reading"])
    drawn_figures = MODULES[name].figures(again)
    assert set(drawn_figures) <= set(MODULES[name].captions), "every figure says how it is read"
    for title, rows in MODULES[name].tables(again).items():
        assert title and all(row.keys() == rows[0].keys() for row in rows)
    for figure in drawn_figures.values():
        assert isinstance(figure, go.Figure)
        drawn = figure.to_json()
        assert "NaN" not in drawn and "<b>good" not in drawn  # names of classes are people's words


@pytest.mark.parametrize("name", WITHOUT_NETWORKS)
def test_a_study_of_images(name: str, images: AnalysisContext) -> None:
    check(name, images)


@pytest.mark.parametrize("name", WITHOUT_NETWORKS)
def test_a_study_of_texts(name: str, texts: AnalysisContext) -> None:
    check(name, texts)


@pytest.fixture
def few_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixty corrupted sets of forty rows say as much here as of all."""
    monkeypatch.setattr(corrupted_sets, "ROWS", 40)


@pytest.mark.usefixtures("few_rows")
@pytest.mark.parametrize("name", WITH_NETWORKS)
def test_a_study_of_images_with_its_networks(name: str, images: AnalysisContext) -> None:
    check(
        name,
        with_models(images, lambda mode, pair: "templates" if mode == "health_aware" else f"pixels{'_2' * (pair % 2)}"),
    )


@pytest.mark.usefixtures("few_rows")
@pytest.mark.parametrize("name", WITH_NETWORKS)
def test_a_study_of_texts_with_its_networks(name: str, texts: AnalysisContext) -> None:
    check(name, with_models(texts, lambda mode, pair: "bag" if mode == "health_aware" else f"bag{'_2' * (pair % 2)}"))


@pytest.mark.parametrize("answers", [oracle, constant], ids=["oracle", "constant"])
@pytest.mark.parametrize("name", WITHOUT_NETWORKS)
def test_networks_that_leave_nothing_to_measure(
    name: str, answers: object, images: AnalysisContext, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("networks")
    check(name, context_of(images.dataset, images.settings, folder, answers))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", WITHOUT_NETWORKS)
def test_a_single_pair_still_describes_its_models(
    name: str, images: AnalysisContext, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("networks")
    check(name, context_of(images.dataset, images.settings, folder, partial(oracle), pairs=1))


@pytest.mark.parametrize("name", WITHOUT_NETWORKS)
def test_the_same_study_gives_the_same_result(name: str, images: AnalysisContext) -> None:
    assert MODULES[name].run(images) == MODULES[name].run(images)


def test_modules_are_named_in_their_order_and_a_wrong_name_is_answered() -> None:
    everyone = module_names(["all"])
    assert [MODULES[name].order for name in everyone] == sorted(MODULES[name].order for name in everyone)
    assert module_names(["failures", "calibration"]) == ["calibration", "failures"]
    with pytest.raises(InvalidInputError, match=r"unknown analysis module 'calibraton'.*Did you mean 'calibration'"):
        module_names(["calibraton"])
    with pytest.raises(InvalidInputError, match="no module was named"):
        module_names([])


def test_drawing_needs_neither_keras_nor_scipy() -> None:
    code = (
        "import sys\nfrom core.analyses import MODULES\nlist(MODULES)\n"
        "print(*[m for m in ('keras', 'tensorflow', 'sklearn', 'scipy.stats', 'statsmodels') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
