"""The commands as a user types them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.cli.optimize import duration
from core.datasets import DATASETS

pytestmark = [pytest.mark.training, pytest.mark.xdist_group("cli")]
QUICK = ["--set", "conv_layers=1", "--set", "dense_layers=1", "--set", "filters_1=8", "--set", "batch_size=128"]


class Shell:
    """Runs `python -m core` with its own folders."""

    def __init__(self, folder: Path, mirror: str | None) -> None:
        self.results = folder / "results"
        self.environment = os.environ | {
            "MHL_DATA_DIR": str(folder / "data"),
            "MHL_RESULTS_DIR": str(self.results),
            "MHL_DATASET_MIRROR": mirror or "",
        }
        self.environment.pop("MHL_DATABASE_URL", None)

    def start(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "core", *words],
            env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def __call__(self, *words: str) -> tuple[int, str, str]:
        program = self.start(*words)
        out, err = program.communicate(timeout=280)
        return program.returncode, out, err


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    return Shell(tmp_path_factory.mktemp("cli"), None)


@pytest.fixture(scope="module")
def finished(shell: Shell) -> dict[str, object]:
    options = "--dataset digits --mode health_aware --trials 2 --epochs 2 --workers 2 --seed 3 --name first"
    code, out, err = shell("optimize", *options.split(), *QUICK, "--accuracy-weight=0.5", "--plots=all", "--json")
    assert code == 0, err
    assert out.count("\n") == 1 and "2/2 trials" in err  # one object on stdout, the bar on stderr
    result: dict[str, object] = json.loads(out)
    return result


def test_optimize_prints_one_json_object_of_the_agreed_shape(finished: dict[str, object], shell: Shell) -> None:
    assert list(finished) == ["run_name", "status", "dataset", "mode", "trials", "best", "seconds"]
    assert (finished["run_name"], finished["status"]) == ("first", "completed")
    assert finished["trials"] == {"completed": 2, "pruned": 0, "failed": 0}
    best = finished["best"]
    assert isinstance(best, dict)
    assert list(best) == ["trial", "total_score", "accuracy", "test_accuracy", "health", "params", "model_path"]
    assert len(best["health"]["components"]) == 6 and Path(best["model_path"]).is_file()
    expected = 0.5 * best["accuracy"] + 0.5 * best["health"]["overall"]
    assert best["total_score"] == pytest.approx(expected, abs=1e-9)
    plots = shell.results / "first" / "plots"
    assert sorted(p.name for p in plots.iterdir()) == ["trial_0", "trial_1"]


def test_runs_and_show(finished: dict[str, object], shell: Shell) -> None:
    code, out, _ = shell("runs")
    assert code == 0 and re.search(r"first\s+completed", out)
    code, out, _ = shell("show", "first")
    assert code == 0 and len([line for line in out.splitlines() if re.match(r"\s+\d+\s+completed", line)]) == 2
    code, out, _ = shell("show", "first", "--json")
    shown = json.loads(out)
    assert shown["summary"] == finished and len(shown["trials"]) == 2


def test_datasets_and_fetch(shell: Shell) -> None:
    code, out, _ = shell("fetch", "digits", "--json")
    assert code == 0 and json.loads(out)["rows"] == 1797
    code, out, _ = shell("datasets", "--json")
    state = {row["name"]: row["cached"] for row in json.loads(out)["datasets"]}
    assert state["digits"] and not state["mnist"] and len(state) >= 5


def test_fetch_without_network_or_mirror_says_what_to_do(shell: Shell) -> None:
    environment = shell.environment | {"https_proxy": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"}
    done = subprocess.run(
        [sys.executable, "-m", "core", "fetch", "mnist"], env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 1 and "Traceback" not in done.stderr
    [line] = [line for line in done.stderr.splitlines() if line.startswith("error:")]
    assert all(word in line for word in ("mnist.npz", "https://", "MHL_DATASET_MIRROR"))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["optimize", "--dataset", "digts"], "Did you mean 'digits'"),
        (["optimize", "--mode", "helth"], "Did you mean 'health_aware'"),
        (["optimize", "--trials", "0"], "trials must be a whole number from 1 to 10000, got 0"),
        (["optimize", "--trials", "many"], "invalid int value: 'many'"),
        (["optimize", "--accuracy-weight", "2"], "between 0 and 1, got 2"),
        (["optimize", "--set", "filters_1"], "NAME=VALUE"),
        (["optimize", "--set", "filtres_1=8"], "Did you mean 'filters_1'"),
        (["optimize", "--plots", "some"], "unknown plot_generation 'some'"),
        (["optimize", "--name", "../x"], "run name"),
        (["fetch", "minst"], "Did you mean 'mnist'"),
        (["optimise"], "invalid choice: 'optimise'"),
    ],
)
def test_invalid_input_is_one_line_and_exit_2(shell: Shell, words: list[str], message: str) -> None:
    code, out, err = shell(*words)
    assert code == 2 and out == "" and err.count("\n") == 1 and message in err


@pytest.mark.parametrize("words", [["show", "nobody"], ["stop", "first"], ["resume", "first"]])
def test_runs_in_the_wrong_state_are_exit_1(finished: dict[str, object], shell: Shell, words: list[str]) -> None:
    code, out, err = shell(*words)
    assert code == 1 and out == "" and err.startswith("error: ")


def start_and_wait(shell: Shell, name: str) -> subprocess.Popen[str]:
    """Start a long run and wait until a trial has completed."""
    options = f"--trials 50 --epochs 2 --workers 2 --name {name} --json"
    program = shell.start("optimize", *options.split(), *QUICK)
    wait_for_results(shell, name, program, 1)
    time.sleep(1)
    return program


def results(shell: Shell, name: str) -> list[Path]:
    return list((shell.results / name / "trials").glob("*/result.json"))


def wait_for_results(shell: Shell, name: str, program: subprocess.Popen[str], count: int) -> None:
    """Wait until so many trials of a run have completed, while `program` works."""
    end = time.monotonic() + 120
    while len(results(shell, name)) < count:
        assert time.monotonic() < end and program.poll() is None
        time.sleep(0.2)


def test_ctrl_c_stops_cleanly_and_resume_goes_on(shell: Shell) -> None:
    program = start_and_wait(shell, "interrupted")
    program.send_signal(signal.SIGINT)
    out, err = program.communicate(timeout=30)
    assert program.returncode == 0 and "Traceback" not in err  # a trial had completed
    first = json.loads(out)
    assert first["status"] == "stopped" and 1 <= first["trials"]["completed"] < 50
    _, out, _ = shell("show", "interrupted", "--json")
    assert json.loads(out)["status"] == "stopped"


def test_stop_reaches_a_run_in_another_process(shell: Shell) -> None:
    program = start_and_wait(shell, "elsewhere")
    code, out, err = shell("stop", "elsewhere")
    assert code == 0 and "resume elsewhere" in out, err
    out, err = program.communicate(timeout=30)
    assert json.loads(out)["status"] == "stopped" and "Traceback" not in err
    before = len(results(shell, "elsewhere"))
    again = shell.start("resume", "elsewhere", "--json")
    wait_for_results(shell, "elsewhere", again, before + 1)
    again.send_signal(signal.SIGINT)
    out, err = again.communicate(timeout=30)
    assert json.loads(out)["run_name"] == "elsewhere" and "Traceback" not in err


IMAGES = {"conv_layers": 1, "filters_1": 8, "dense_layers": 1, "batch_size": 512}
TEXTS = {"sequence_length": 20, "lstm_layers": 1, "lstm_units_1": 8, "embedding_size": 8, "batch_size": 512}
# What a tiny network reaches at least in one epoch, far above chance where the data is plenty
REACHED = {"mnist": 0.8, "fashion_mnist": 0.6, "imdb": 0.55, "digits": 0.12, "reuters": 0.2}


# These two train in a test of the page.
@pytest.mark.parametrize(
    "dataset", ["digits", *(pytest.param(name, marks=pytest.mark.slow) for name in ("mnist", "imdb"))]
)
def test_a_run_completes_on_real_data(dataset: str, tmp_path: Path, mirror: Path) -> None:
    shell = Shell(tmp_path, str(mirror))
    space = IMAGES if DATASETS[dataset].kind == "image" else TEXTS
    sets = [word for name, value in space.items() for word in ("--set", f"{name}={value}")]
    words = ["optimize", "--dataset", dataset, "--trials", "1", "--epochs", "1", "--workers", "1", "--json"]
    code, out, err = shell(*words, *sets)
    assert code == 0, err
    best = json.loads(out)["best"]
    assert best["accuracy"] > REACHED.get(dataset, 0) and Path(best["model_path"]).is_file()


def test_commands_around_a_completed_run(tmp_path: Path, mirror: Path) -> None:
    shell = Shell(tmp_path, str(mirror))
    sets = [word for name, value in IMAGES.items() for word in ("--set", f"{name}={value}")]
    words = ["optimize", "--dataset", "gtsrb", "--trials", "1", "--epochs", "1", "--workers", "1", "--json"]
    code, out, err = shell(*words, *sets)
    assert code == 0, err
    name = json.loads(out)["run_name"]
    code, out, _ = shell("fetch", "gtsrb", "--json")
    assert code == 0 and json.loads(out)["rows"] == 4517
    code, out, _ = shell("show", name, "--json")
    assert code == 0 and [trial["state"] for trial in json.loads(out)["trials"]] == ["completed"]
    assert shell("stop", name)[0] == shell("resume", name)[0] == 1  # it is completed
    code, out, _ = shell("datasets", "--json")
    assert {row["name"]: row["cached"] for row in json.loads(out)["datasets"]}["gtsrb"]


def test_foreign_sets_are_listed_and_fetched(tmp_path: Path, mirror: Path) -> None:
    shell = Shell(tmp_path, str(mirror))
    code, out, err = shell("foreign", "--fetch", "sst2", "--json")
    assert code == 0, err
    rows = {(row["name"], row["for"]): row for row in json.loads(out)["foreign"]}
    assert rows["sst2", "imdb"]["place"] == "cached" and rows["sst2", "imdb"]["zero_shot"]
    assert rows["kmnist", "mnist"]["place"] == "mirror" and not rows["kmnist", "mnist"]["zero_shot"]
    code, out, _ = shell("foreign")
    assert code == 0 and "probe only" in out
    code, _, err = shell("foreign", "--fetch", "sst3")
    assert code == 2 and "Did you mean 'sst2'?" in err


def test_durations() -> None:
    assert [duration(s) for s in (0.4, 59.6, 75, 4000)] == ["0 s", "1 min 00 s", "1 min 15 s", "1 h 06 min"]
