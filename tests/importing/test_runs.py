"""A whole run on one's own data by the command line: import, search, package."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest

from core.config import Settings
from core.datasets import DATASETS
from core.package import package
from tests.cli.test_cli import Shell
from tests.importing.sources import csv_of, digit_files, reviews, zipped

pytestmark = [pytest.mark.training, pytest.mark.xdist_group("cli")]
ONE = ["--trials", "1", "--epochs", "1", "--workers", "1", "--json", "--set", "batch_size=16"]
IMAGES = ["--set", "conv_layers=1", "--set", "filters_1=8", "--set", "dense_layers=1"]
TEXTS = [
    "--set",
    "lstm_layers=1",
    "--set",
    "lstm_units_1=8",
    "--set",
    "embedding_size=8",
    "--set",
    "sequence_length=20",
]


def search(shell: Shell, name: str, space: list[str]) -> str:
    """Run a search of one trial and return the name of the run."""
    code, out, err = shell("optimize", "--dataset", name, *ONE, *space)
    assert code == 0, err
    result = json.loads(out)
    assert result["best"]["accuracy"] >= 0 and Path(result["best"]["model_path"]).is_file()
    return str(result["run_name"])


@pytest.mark.slow
def test_images_from_a_zip(tmp_path: Path) -> None:
    shell = Shell(tmp_path, None)
    source = zipped(tmp_path / "digits.zip", digit_files(each=30))
    code, out, err = shell("import", str(source), "--name", "mine", "--check", "--json")
    assert code == 0 and json.loads(out)["report"]["rows"] == 90, err
    assert shell("optimize", "--dataset", "mine", *ONE)[0] == 2  # it was only checked
    code, out, err = shell("import", str(source), "--name", "mine", "--side", "12")
    assert code == 0 and "90" in out, err
    search(shell, "mine", IMAGES)
    assert shell("import", str(source), "--name", "mine")[0] == 2  # the name is taken
    assert shell("remove-dataset", "mine", "--yes")[0] == 0
    code, _out, err = shell("optimize", "--dataset", "mine", *ONE)
    assert code == 2 and "unknown data set 'mine'" in err and "Traceback" not in err
    assert shell("runs")[0] == 0  # the run stays


@pytest.mark.slow
def test_texts_from_a_csv(tmp_path: Path) -> None:
    shell = Shell(tmp_path, None)
    rows = [(f"{text} Reviewer{number}", label) for number, (text, label) in enumerate(reviews())]
    code, out, err = shell("import", str(csv_of(tmp_path / "talk.csv", rows)), "--name", "talk", "--json")
    assert code == 0 and json.loads(out)["report"]["class_counts"] == {"bad": 30, "good": 30}, err
    run = search(shell, "talk", TEXTS)
    settings = Settings.from_environment(
        {key: value for key, value in shell.environment.items() if key.startswith("MHL_") and value}
    )
    DATASETS.follow(settings.data_dir)
    with zipfile.ZipFile(io.BytesIO(package(settings, run, "talk"))) as archive:
        words = json.loads(archive.read("word_index.json"))
    own = [word for word in words if word.startswith("reviewer")]
    assert len(own) == 36  # of the training part's reviewers, and of no others
    code, out, _err = shell("show", run, "--json")
    assert code == 0 and json.loads(out)["trials"][0]["state"] == "completed"


def test_unusable_data_is_exit_2_with_the_remedy(tmp_path: Path) -> None:
    shell = Shell(tmp_path, None)
    source = zipped(tmp_path / "few.zip", digit_files(each=4))
    code, out, err = shell("import", str(source), "--name", "few")
    assert code == 2 and "Traceback" not in err
    assert "10 or more" in out + err and "leave out small classes" in out + err
