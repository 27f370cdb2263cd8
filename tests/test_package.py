"""The final package: what is in it, and that its five lines of Python really work in a fresh interpreter."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.artifacts import RunFolder
from core.config import OptimizationConfig, Settings
from core.datasets import DATASETS
from core.datasets.parts import open_parts, parts_folder
from core.errors import LabError
from core.optimizer import ModelOptimizer
from core.package import package, usage_lines
from core.store import Store

pytestmark = [pytest.mark.training, pytest.mark.xdist_group("optimizer")]
SMALL_TEXT = {"vocabulary": 2000, "sequence_length": 50, "lstm_layers": 1, "lstm_units_1": 16, "embedding_size": 8}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, lab: Settings) -> Settings:
    results = tmp_path_factory.mktemp("package")
    return replace(lab, results_dir=results, database_url=f"sqlite:///{results / 'lab.sqlite3'}")


def unpacked(settings: Settings, run: str, dataset: str, **choices: object) -> Path:
    """Train one trial for one epoch and unpack the package of the run."""
    config = OptimizationConfig(
        dataset_name=dataset,
        run_name=run,
        trials=1,
        max_epochs_per_trial=1,
        concurrent_workers=1,
        plot_generation="none",
        search_space=dict(choices),
    )
    ModelOptimizer(config, settings=settings).optimize_model()
    folder = settings.results_dir / f"{run}_unpacked"
    with zipfile.ZipFile(io.BytesIO(package(settings, run, dataset))) as archive:
        archive.extractall(folder)
    return folder


def five_lines(folder: Path) -> str:
    """The lines as the README shows them."""
    found = re.search(r"```python\n(.*?)```", (folder / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    assert len(found[1].splitlines()) == 5
    return found[1]


def run(folder: Path, lines: str) -> str:
    done = subprocess.run([sys.executable, "-c", lines], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip().splitlines()[-1]


def test_the_five_lines_of_an_image_network_say_what_was_measured(place: Settings) -> None:
    folder = unpacked(place, "digits_package", "digits", conv_layers=1, dense_layers=1, filters_1=16)
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {"README.md", "model_card.json", "architecture.json", "config.json", "trials.csv", "result.json"} <= names
    assert not any("tensorboard" in name for name in names)
    lines = five_lines(folder)
    assert run(folder, lines) in [f"['{digit}']" for digit in range(10)]
    split = Store(place).run("digits_package").facts["split_hash"]
    rows = open_parts(parts_folder(place, "digits", split)).test.images()[:25]
    np.save(folder / "mine.npy", rows)
    answers = run(folder, lines.replace("np.zeros((1, 8, 8, 1))", "np.load('mine.npy')"))
    expected = np.load(folder / "test_predictions.npy")[:25].argmax(axis=1)
    assert json.loads(answers.replace("'", '"')) == [str(digit) for digit in expected]


@pytest.mark.slow
def test_the_five_lines_of_a_text_network_read_words(place: Settings, mirror: Path) -> None:
    settings = replace(place, dataset_mirror=mirror)
    folder = unpacked(settings, "imdb_package", "imdb", **SMALL_TEXT)
    words = json.loads((folder / "word_index.json").read_text(encoding="utf-8"))
    assert words["the"] == 4
    assert max(words.values()) < 2000
    assert run(folder, five_lines(folder)) in DATASETS["imdb"].class_names


def test_without_a_model_there_is_no_package(settings: Settings) -> None:
    with pytest.raises(LabError, match="holds no model; let the run end"):
        usage_lines(RunFolder(settings, "nothing"), "digits")
