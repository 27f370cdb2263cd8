"""What the Dockerfile copies and requirements.txt names is enough: other packages and folders are hidden."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from core.datasets.split import SplitParts
from core.executors.jobs import TrainJob
from core.records import to_json
from runpod_handler import fitness
from tests.conftest import REPOSITORY
from tests.runpod_handler.conftest import LONG, make_spec
from tests.storage.rclone import RcloneServer

HANDLER = REPOSITORY / "runpod_handler"
# Hides every installed package that the requirements do not bring, then does what follows.
HIDE = """
import sys
hidden = set({hidden!r})
class Hide:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in hidden:
            raise ModuleNotFoundError(f"hidden: {{name}}", name=name)
sys.meta_path.insert(0, Hide())
"""


def dockerfile() -> str:
    return (HANDLER / "Dockerfile").read_text(encoding="utf-8")


def installed_by_requirements() -> set[str]:
    """Return the distributions that the worker's requirements bring, as far as they are installed here."""
    lines = (HANDLER / "requirements.txt").read_text(encoding="utf-8").splitlines()
    waiting = [Requirement(line) for line in lines if line and not line.startswith("#")]
    found: set[str] = set()
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        extras = requirement.extras or {""}
        try:
            needed = [Requirement(text) for text in requires(name) or ()]
        except PackageNotFoundError:
            continue  # the CUDA packages, which a machine without a GPU does not have
        if name in found and extras == {""}:
            continue
        found.add(name)
        waiting += [one for one in needed if not one.marker or any(one.marker.evaluate({"extra": e}) for e in extras)]
    return found


def hidden_modules() -> list[str]:
    allowed = installed_by_requirements()
    return sorted(
        module
        for module, owners in packages_distributions().items()
        if module not in ("core", "runpod_handler")  # the image has copies
        and not any(canonicalize_name(owner) in allowed for owner in owners)
    )


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the Dockerfile copies."""
    app = tmp_path_factory.mktemp("image") / "app"
    copied = re.findall(r"^COPY (\S+) (\S+)$", dockerfile(), re.MULTILINE)
    assert [source for source, _ in copied] == ["runpod_handler/requirements.txt", "core", "runpod_handler"]
    for source, target in copied[1:]:
        shutil.copytree(REPOSITORY / source, app / target, ignore=shutil.ignore_patterns("__pycache__"))
    return app


def run(image: Path, statements: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    code = HIDE.format(hidden=hidden_modules()) + f"sys.path[0] = {str(image)!r}\n" + statements
    return subprocess.run(
        [sys.executable, "-c", code], input=stdin, capture_output=True, text=True, cwd=image.parent, check=False
    )


def test_what_is_hidden_is_what_the_worker_does_without() -> None:
    hidden = set(hidden_modules())
    assert {"streamlit", "optuna", "plotly", "scipy", "sklearn", "pandas", "pooch", "sqlalchemy"} <= hidden
    assert not hidden & {"tensorflow", "keras", "numpy", "pydantic", "boto3", "runpod", "tensorboard"}


def test_the_worker_loads_in_the_image_and_without_tensorflow(image: Path) -> None:
    statements = (
        f"import runpy\nmade = runpy.run_path({str(image / 'runpod_handler' / 'handler.py')!r}, run_name='handler')\n"
        "import runpod, core\n"
        f"assert callable(made['handler']) and core.__file__.startswith({str(image)!r}), core.__file__\n"
        "assert not {'tensorflow', 'keras', 'streamlit', 'optuna'} & set(sys.modules)\nprint('fine')"
    )
    done = run(image, statements)
    assert done.stdout.strip().endswith("fine"), done.stderr[-2000:]


NOISE = """
import os
from core.executors import work
quiet = work.train
def train(job, on_epoch):
    print("a stray line")
    os.write(1, b"one from native code\\n")
    return quiet(job, on_epoch)
work.train = train
from runpod_handler import child
child._end_with_parent = lambda: None  # stdin is a file here, which has an end
child.main()
"""


@pytest.mark.training
def test_a_network_trains_in_the_image_and_nothing_stray_is_answered(
    image: Path, digits: SplitParts, tmp_path: Path
) -> None:
    spec = make_spec(digits, epochs=1)
    job = TrainJob(spec=spec, parts_folder=str(digits.folder), out_dir=str(tmp_path / "trial"))
    done = run(image, NOISE, to_json(job) + "\n")
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    assert [message["type"] for message in messages] == ["ready", "started", "epoch", "trained", "result"], done.stderr[
        -2000:
    ]
    result = messages[-1]["result"]
    assert result["status"] == "completed" and not result["error"], result
    assert (tmp_path / "trial" / "plots").is_dir(), "diagnostics need no other packages either"
    assert "a stray line" in done.stderr and "one from native code" in done.stderr


@pytest.mark.training
def test_the_training_ends_with_its_worker(digits: SplitParts, tmp_path: Path) -> None:
    spec = make_spec(digits, epochs=LONG, patience=LONG)
    job = TrainJob(spec=spec, parts_folder=str(digits.folder), out_dir=str(tmp_path / "trial"))
    command = [sys.executable, "-u", "-m", "runpod_handler.child"]
    child: subprocess.Popen[bytes] = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=REPOSITORY, start_new_session=True
    )
    assert child.stdin is not None and child.stdout is not None
    child.stdin.write(to_json(job).encode() + b"\n")
    child.stdin.flush()
    while json.loads(child.stdout.readline())["type"] != "epoch":
        pass
    child.stdin.close()
    assert child.wait(timeout=2) == -signal.SIGKILL
    child.stdout.close()


@pytest.mark.training
@pytest.mark.parametrize("loaded", [False, True])
def test_a_child_that_waits_ends_with_its_worker(loaded: bool) -> None:
    command = [sys.executable, "-u", "-m", "runpod_handler.child"]
    child: subprocess.Popen[bytes] = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=REPOSITORY, start_new_session=True
    )
    assert child.stdin is not None and child.stdout is not None
    if loaded:
        assert json.loads(child.stdout.readline()) == {"type": "ready"}
    else:
        time.sleep(1.0)  # it loads TensorFlow
    assert child.poll() is None
    child.stdin.close()
    assert child.wait(timeout=2) == -signal.SIGKILL
    child.stdout.close()


def test_the_image_is_started_as_runpod_needs_it() -> None:
    text = dockerfile()
    assert text.rstrip().endswith('CMD ["python", "-u", "/app/runpod_handler/handler.py"]')
    assert "FROM python:3.11-slim" in text and not re.search("BUCKET_|RUNPOD_|API_KEY", text)


def test_a_worker_without_its_bucket_takes_no_jobs(bucket: RcloneServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in bucket.environ:
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(Exception, match="knows no bucket"):
        fitness.check_storage()
    monkeypatch.setenv("BUCKET_NAME", "b")
    with pytest.raises(Exception, match="half set up"):
        fitness.check_storage()
    for name, value in bucket.environ.items():
        monkeypatch.setenv(name, value)
    fitness.check_storage()
    monkeypatch.setenv("BUCKET_NAME", "another")
    with pytest.raises(Exception, match="has no bucket 'another'"):
        fitness.check_storage()


@pytest.mark.training
def test_a_gpu_that_tensorflow_does_not_see_stops_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNPOD_GPU_COUNT", "1")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    monkeypatch.setenv("RUNPOD_SKIP_GPU_CHECK", "true")
    started = time.monotonic()
    fitness.check_gpu()
    assert time.monotonic() - started < 0.5
    monkeypatch.delenv("RUNPOD_SKIP_GPU_CHECK")
    with pytest.raises(RuntimeError, match="TensorFlow sees no GPU"):
        fitness.check_gpu()
