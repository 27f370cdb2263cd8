"""optuna-dashboard and TensorBoard on the app's port, and both below a base path."""

from __future__ import annotations

import csv
import gzip
import io
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from app.mounts import optuna_dashboard, tensorboard, tensorboard_processes
from app.mounts.base_path import BasePath
from app.mounts.optuna_dashboard import BundleChangedError, bundle, page, without_scikit_learn
from app.mounts.tensorboard_processes import TensorBoards
from core.artifacts import RunFolder
from core.errors import LabError
from core.service import RunService
from tests.app.conftest import add_run
from tests.conftest import REPOSITORY
from tests.e2e.harness import lab_server

# Without TensorFlow, as in the child; in a process of its own so that no other test meets the stub.
WRITE_EVENTS = """
import sys, types
sys.modules["tensorboard.compat.notf"] = types.ModuleType("notf")
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter
writer = EventFileWriter(sys.argv[1])
for step in range(3):
    value = Summary.Value(tag="epoch_accuracy", simple_value=0.5 + step / 10)
    writer.add_event(Event(step=step, wall_time=1e9 + step, summary=Summary(value=[value])))
writer.close()
"""


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("events")
    subprocess.run([sys.executable, "-c", WRITE_EVENTS, str(folder)], check=True)
    return next(folder.iterdir())


@pytest.fixture
def logs(service: RunService, events: Path) -> Iterator[Path]:
    """The trials' folder of the run `digits`, with the log of one trial."""
    add_run(service.store, "digits")
    trials = RunFolder(service.settings, "digits").trials
    target = trials / "trial_0" / "tensorboard" / "train" / events.name
    target.parent.mkdir(parents=True)
    target.write_bytes(events.read_bytes())
    yield trials
    tensorboard.boards.close()


@pytest.fixture
def client(service: RunService) -> Iterator[TestClient]:
    routes = [*optuna_dashboard.routes(), *tensorboard.routes()]
    with TestClient(Starlette(routes=routes, middleware=[Middleware(BasePath)]), follow_redirects=False) as opened:
        yield opened


# optuna-dashboard


def test_page_and_script_know_where_they_are(client: TestClient) -> None:
    for address in ("/optuna/dashboard", "/optuna/dashboard/studies/1/trials"):
        answer = client.get(address)
        assert answer.status_code == 200 and 'src="/optuna/bundle.js"' in answer.text
        assert "frame-ancestors 'self'" in answer.headers["content-security-policy"]
    for address in ("/optuna", "/optuna/"):
        assert client.get(address).headers["location"] == "/optuna/dashboard"
    script = client.get("/optuna/bundle.js", headers={"Accept-Encoding": "identity"})
    assert script.headers["content-type"].startswith("text/javascript")
    assert 'url_prefix:"/optuna/dashboard"' in script.text and "`/csv/" not in script.text
    packed = client.get("/optuna/bundle.js", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip" and packed.text == script.text
    again = client.get("/optuna/bundle.js", headers={"If-None-Match": script.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_script_below_a_base_path() -> None:
    text = gzip.decompress(bundle("/lab/optuna").compressed).decode()
    assert 'url_prefix:"/lab/optuna/dashboard"' in text and text.count("`/lab/optuna/csv/") == 2
    assert bundle("/lab/optuna").etag != bundle("/optuna").etag


def test_another_dashboard_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "public").mkdir()
    (tmp_path / "public" / "bundle.js").write_text('url_prefix:"/dashboard",url_prefix:"/dashboard"')
    (tmp_path / "index.html").write_text("<script src='elsewhere.js'>")
    monkeypatch.setattr(optuna_dashboard, "_folder", lambda: tmp_path)
    with pytest.raises(BundleChangedError, match="2 times instead of 1"):
        bundle("/never-asked-before")
    with pytest.raises(BundleChangedError, match="0 times instead of 1"):
        page("/never-asked-before")


def test_the_dashboard_reads_the_studies_of_the_run_service(client: TestClient, service: RunService) -> None:
    add_run(service.store, "digits")
    study = service.store.optuna_storage.get_study_id_from_name("digits")
    summaries = client.get("/optuna/api/studies").json()["study_summaries"]
    assert [(s["study_id"], s["study_name"]) for s in summaries] == [(study, "digits")]
    assert len(client.get(f"/optuna/api/studies/{study}").json()["trials"]) == 3
    table = csv.DictReader(io.StringIO(client.get(f"/optuna/csv/{study}").text))
    assert [row["State"] for row in table] == ["COMPLETE", "PRUNED", "FAIL"]
    assert client.get("/optuna/api/studies/99").status_code == 404
    assert client.get("/optuna/static/bundle.js").status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_can_be_changed(client: TestClient, service: RunService, method: str) -> None:
    add_run(service.store, "digits")
    study = service.store.optuna_storage.get_study_id_from_name("digits")
    for address in (f"/optuna/api/studies/{study}", "/optuna/api/studies", "/optuna/incompatible-rdb-schema"):
        answer = client.request(method, address, json={})
        assert answer.status_code == 403 and "only shows" in answer.json()["reason"]
    assert service.store.optuna_storage.get_study_name_from_id(study) == "digits"


def test_the_dashboard_loads_nothing_heavy(service: RunService) -> None:
    add_run(service.store, "digits")
    code = """
import sys
from starlette.applications import Starlette
from starlette.testclient import TestClient
from app.mounts import optuna_dashboard
from app.state import run_service
study = run_service().store.study("digits")
for x in range(1, 9):
    trial = study.ask()
    study.tell(trial, trial.suggest_int("units", 1, 64) * trial.suggest_float("rate", 0, 1))
client = TestClient(Starlette(routes=optuna_dashboard.routes()))
answer = client.get(f"/optuna/api/studies/{study._study_id}/param_importances")
assert {i["name"] for i in answer.json()["param_importances"][0]} >= {"units", "rate"}, answer.text
for plot in ("slice", "contour", "edf", "timeline"):
    assert client.get(f"/optuna/api/studies/{study._study_id}/plot/{plot}").status_code == 200
print([m for m in ("sklearn", "tensorflow", "keras", "torch") if m in sys.modules])
import sklearn  # still there for those who want it
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr


def test_scikit_learn_is_hidden_only_for_the_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "sklearn", raising=False)
    with without_scikit_learn(), pytest.raises(ImportError):
        import sklearn  # noqa: F401
    assert "sklearn" not in sys.modules


# TensorBoard


def test_tensorboard_of_a_run(client: TestClient, logs: Path) -> None:
    assert client.get("/tensorboard/digits").headers["location"].endswith("/tensorboard/digits/")
    index = client.get("/tensorboard/digits/")
    assert index.status_code == 200 and index.headers["content-type"].startswith("text/html")
    assert b"url(font-roboto/" in index.content and b"url(/font-roboto/" not in index.content
    font = index.text.split("url(font-roboto/")[1].split(")")[0]
    assert client.get(f"/tensorboard/digits/font-roboto/{font}").content[:4] == b"wOF2"
    script = client.get("/tensorboard/digits/index.js")
    assert script.headers["content-encoding"] == "gzip" and len(script.text) > 1_000_000
    assert client.get("/tensorboard/digits/data/runs").json() == ["trial_0/tensorboard/train"]
    asked = {"run": "trial_0/tensorboard/train", "tag": "epoch_accuracy"}
    scalars = client.get("/tensorboard/digits/data/plugin/scalars/scalars", params=asked).json()
    assert [(step, round(value, 3)) for _, step, value in scalars] == [(0, 0.5), (1, 0.6), (2, 0.7)]
    form = {"requests": '[{"plugin": "scalars", "tag": "epoch_accuracy"}]'}
    series = client.post("/tensorboard/digits/data/plugin/timeseries/timeSeries", data=form).json()
    assert len(series[0]["runToSeries"]["trial_0/tensorboard/train"]) == 3
    assert client.get("/tensorboard/digits/nothing").status_code == 404
    assert client.request("DELETE", "/tensorboard/digits/").status_code == 405


def test_its_process_has_no_tensorflow_and_ends_with_the_server(client: TestClient, logs: Path) -> None:
    client.get("/tensorboard/digits/data/runs")
    (child,) = (psutil.Process(number) for number in tensorboard.boards.running().values())
    assert not [m.path for m in child.memory_maps() if "/tensorflow/" in m.path or "/sklearn/" in m.path]
    assert child.memory_info().rss < 200 * 2**20
    tensorboard.boards.close()
    assert not child.is_running() and tensorboard.boards.running() == {}


def test_only_runs_of_the_store_are_served(client: TestClient, logs: Path, service: RunService) -> None:
    for name in ("nobody", "..", ".hidden", "a%2f..%2fb", "%3Cscript%3E"):
        answer = client.get(f"/tensorboard/{name}/x")
        assert answer.status_code == 404 and "<script>" not in answer.text
    assert client.get("/tensorboard/").status_code == 404
    assert tensorboard.boards.running() == {}


def test_a_request_that_is_too_long(client: TestClient, logs: Path) -> None:
    assert client.post("/tensorboard/digits/data", content=b"x" * (2**20 + 1)).status_code == 413


def test_a_message_while_it_starts_or_when_it_cannot(
    client: TestClient, logs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tensorboard.boards, "port", lambda *_: None)
    answer = client.get("/tensorboard/digits/")
    assert (answer.status_code, answer.headers["refresh"]) == (503, "2") and "starting" in answer.text
    monkeypatch.setattr(tensorboard.boards, "port", lambda *_: 1)  # nobody listens there
    assert client.get("/tensorboard/digits/").status_code == 503

    def fail(*_: object) -> int:
        raise LabError("TensorBoard could not be started (<no memory>)")

    monkeypatch.setattr(tensorboard.boards, "port", fail)
    answer = client.get("/tensorboard/digits/")
    assert answer.status_code == 502 and "&lt;no memory&gt;" in answer.text and "refresh" not in answer.headers


def test_a_process_that_cannot_start_is_reported_and_one_that_died_is_replaced(tmp_path: Path) -> None:
    boards = TensorBoards()
    try:
        with pytest.raises(LabError, match=r"could not be started .*slash"):
            boards.port(tmp_path, "no-leading-slash", wait=30)
        assert boards.running() == {}
        assert boards.port(tmp_path, "/x", wait=0) is None  # it has hardly begun
        assert boards.port(tmp_path, "/x", wait=30) is not None
        (first,) = boards.running().values()
        psutil.Process(first).kill()
        wait_until(lambda: boards.port(tmp_path, "/x", wait=30) is not None and first not in boards.running().values())
    finally:
        boards.close()


def test_it_dies_with_a_server_that_is_killed(tmp_path: Path) -> None:
    code = f"""
import os, signal
from pathlib import Path
from app.mounts.tensorboard_processes import TensorBoards
boards = TensorBoards()
assert boards.port(Path({str(tmp_path)!r}), "/x", wait=30)
print(*boards.running().values(), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True)
    child = int(done.stdout)
    wait_until(lambda: not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE)


class FakeBoard:
    """A board without a process."""

    alive = True
    port = 1

    def __init__(self, logs: Path, prefix: str) -> None:
        self.used, self.logs = 0.0, logs
        self.settled = type("Settled", (), {"wait": staticmethod(lambda _: True)})()
        self.process = type("Process", (), {"pid": 1})()

    def end(self) -> None:
        ENDED.append(self.logs.name)


ENDED: list[str] = []


def test_the_least_recently_used_and_the_idle_are_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tensorboard_processes, "Board", FakeBoard)
    ENDED.clear()
    clock = [0.0]
    boards = TensorBoards(limit=2, idle_seconds=1000, now=lambda: clock[0])
    for seconds, name in [(1, "a"), (2, "b"), (3, "a"), (4, "c")]:
        clock[0] = seconds
        boards.port(Path(name), "/x")
    assert (ENDED, set(boards.running())) == (["b"], {Path("a"), Path("c")})
    clock[0] = 1003.5  # "a" was used at 3, "c" at 4
    boards._look()
    assert (ENDED, set(boards.running())) == (["b", "a"], {Path("c")})


# Below a base path, in a server of its own


def test_everything_works_below_a_base_path(tmp_path: Path) -> None:
    with lab_server(tmp_path, {"STREAMLIT_SERVER_BASE_URL_PATH": "lab"}) as server:

        def get(address: str, method: str = "GET") -> tuple[int, str]:
            asked = urllib.request.Request(f"{server.url}{address}", method=method)
            try:
                with urllib.request.urlopen(asked, timeout=30) as answer:
                    return answer.status, answer.read().decode()
            except urllib.error.HTTPError as error:
                return error.code, error.read().decode()

        assert get("/lab/healthz") == (200, '{"status":"ok"}')
        assert get("/lab/_stcore/health") == (200, "ok")
        assert 'src="/lab/optuna/bundle.js"' in get("/lab/optuna")[1]
        assert 'url_prefix:"/lab/optuna/dashboard"' in get("/lab/optuna/bundle.js")[1]
        assert get("/lab/optuna/api/studies") == (200, '{"study_summaries": []}')
        assert get("/lab/optuna/api/studies/1", "DELETE")[0] == 403
        assert get("/lab/tensorboard/nobody/")[0] == 404
        run = subprocess.run(
            [sys.executable, "-c", ADD_RUN],
            cwd=REPOSITORY,
            env=os.environ | {"MHL_RESULTS_DIR": str(server.results_dir), "MHL_DATA_DIR": str(server.data_dir)},
        )
        assert run.returncode == 0
        assert get("/lab/tensorboard/digits/data/environment")[0] == 200
        assert "<title>TensorBoard</title>" in get("/lab/tensorboard/digits")[1]
        assert [p for p in server.family() if "app.mounts.tensorboard_child" in p.cmdline()]
        family = server.family()
        server.terminate()
        assert not [process for process in family if process.is_running()]


ADD_RUN = """
from core.config import Settings
from core.store import Store
from tests.app.conftest import add_run
add_run(Store(Settings.from_environment()), "digits")
"""


def wait_until(true: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)
