"""What every answer forbids the browser, and that user input reaches neither the file system nor Keras unchecked."""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest
import streamlit
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from app.door.headers import SecurityHeaders, content_policy, source_hash
from app.door.locks import Locks
from app.door.login_page import login_page
from app.door.middleware import Door
from app.mounts import optuna_dashboard
from app.mounts.tensorboard import logs_of
from app.server import broken
from core.artifacts import RunFolder
from core.config import OptimizationConfig, Settings
from core.dataset_jobs import DatasetJobs
from core.datasets import DATASETS
from core.errors import InvalidInputError
from core.importing.importer import remove_custom
from core.importing.options import ImportOptions
from core.service import RunService
from core.study_config import StudyConfig
from core.study_folder import StudyFolder
from core.trial import Artifact
from tests.app.conftest import add_run
from tests.conftest import REPOSITORY


async def plain(_request: Request) -> Response:
    return PlainTextResponse("plain")


async def own(_request: Request) -> Response:
    headers = {"Content-Security-Policy": "default-src 'none'; frame-ancestors *", "Cache-Control": "max-age=60"}
    return PlainTextResponse("own", headers=headers)


async def fails(_request: Request) -> Response:
    raise RuntimeError("a secret")


@pytest.fixture
def client() -> Iterator[TestClient]:
    routes = [Route("/plain", plain), Route("/own", own), Route("/fails", fails), *optuna_dashboard.routes()]
    door = Middleware(Door, found=Locks(anybody=True))
    app = Starlette(
        routes=routes, middleware=[Middleware(SecurityHeaders), door], exception_handlers={Exception: broken}
    )
    with TestClient(app, raise_server_exceptions=False, follow_redirects=False) as opened:
        yield opened


@pytest.mark.parametrize("path", ["/plain", "/own", "/fails", "/nowhere", "/optuna", "/optuna/dashboard"])
def test_every_answer_has_them(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.headers["x-content-type-options"] == "nosniff" and answer.headers["x-frame-options"] == "SAMEORIGIN"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert "camera=()" in answer.headers["permissions-policy"] and "cache-control" in answer.headers
    policies = answer.headers.get_list("content-security-policy")
    assert any(re.search(r"frame-ancestors 'self'(;|$)", policy) for policy in policies)
    assert "secret" not in answer.text


def test_a_refused_visitor_gets_them_too() -> None:
    locked = Locks(password=object())  # type: ignore[arg-type]
    app = Starlette(middleware=[Middleware(SecurityHeaders), Middleware(Door, found=locked)])
    for path in ("/", "/login"):
        answer = TestClient(app).get(path)
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers.get_list("content-security-policy")[0].startswith("default-src 'none'")


def test_what_a_page_brought_stays(client: TestClient) -> None:
    headers = client.get("/own").headers
    assert headers.get_list("content-security-policy") == [
        "default-src 'none'; frame-ancestors *",
        "frame-ancestors 'self'",  # browsers obey both
    ]
    assert headers["cache-control"] == "max-age=60"
    assert client.get("/plain").headers["cache-control"] == "private, no-cache"


def test_inline_scripts_are_allowed_by_their_hashes_only() -> None:
    policy = content_policy()
    scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert "'unsafe-inline'" not in scripts and "http" not in policy
    page = (Path(streamlit.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    inline = re.findall(r"<script(?![^>]*src=)[^>]*>(.*?)</script>", page, re.DOTALL)
    assert inline and all(source_hash(text) in scripts for text in inline)
    assert source_hash("") == "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"


def test_the_login_page_needs_no_script_and_escapes_what_it_shows() -> None:
    page = login_page("/login", after='/"><b>', password=True, providers=('<i>"',), message="<u>")
    text = bytes(page.body).decode()
    assert "<script" not in text and "<u>" not in text and "<b>" not in text and "<i>" not in text
    style = text.partition("<style>")[2].partition("</style>")[0]
    assert source_hash(style) in page.headers["content-security-policy"]
    assert 'for="password"' in text and 'id="password"' in text and 'role="alert"' in text and 'lang="en"' in text


def test_headers_of_a_raw_answer() -> None:
    answer = PlainTextResponse("x")
    from app.door.headers import protect

    protect(MutableHeaders(raw=answer.raw_headers))
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"


def test_optuna_dashboard_writes_only_when_told(
    client: TestClient, service: RunService, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_run(service.store, "digits")
    study = service.store.optuna_storage.get_study_id_from_name("digits")
    note = {"body": "good", "version": 1}
    for value in ("", "0", "true"):
        monkeypatch.setenv("MHL_OPTUNA_WRITE", value)
        assert client.put(f"/optuna/api/studies/{study}/note", json=note).status_code == 403
    monkeypatch.setenv("MHL_OPTUNA_WRITE", "1")
    assert client.put(f"/optuna/api/studies/{study}/note", json=note).status_code == 204


# Keras


@lru_cache(maxsize=1)
def sources() -> dict[str, ast.Module]:
    """The program's files, parsed once: name within the repository to tree."""
    folders = ("core", "app", "pages", "runpod_handler")
    paths = [path for folder in folders for path in (REPOSITORY / folder).rglob("*.py")]
    return {str(path.relative_to(REPOSITORY)): ast.parse(path.read_text(encoding="utf-8")) for path in paths}


def loading_calls(tree: ast.Module) -> list[tuple[int, bool]]:
    """Return line and safety of every call that reads a Keras model in `tree`, code in its strings included."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", None))
            keras = ast.unparse(node.func).startswith(("keras.", "tf.keras.", "saving."))
            if keras and name in (
                "load_model",
                "deserialize_keras_object",
                "model_from_json",
                "enable_unsafe_deserialization",
            ):
                safe = any(k.arg == "safe_mode" and ast.unparse(k.value) == "True" for k in node.keywords)
                found.append((node.lineno, safe))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and "load_model(" in node.value:
            calls = re.findall(r"load_model\([^)]*\)", node.value)
            found += [(node.lineno, "safe_mode=True" in call) for call in calls if call != "load_model()"]
    return found


def test_models_are_loaded_in_safe_mode_only() -> None:
    calls = {}
    for name, tree in sources().items():
        for line, safe in loading_calls(tree):
            calls[f"{name}:{line}"] = safe
    assert any("predictor" in place for place in calls) and any("package" in place for place in calls)
    assert all(calls.values()), [place for place, safe in calls.items() if not safe]


def test_the_check_would_notice() -> None:
    assert loading_calls(ast.parse("keras.saving.load_model(path)")) == [(1, False)]
    assert loading_calls(ast.parse("keras.saving.load_model(path, safe_mode=False)")) == [(1, False)]
    assert loading_calls(ast.parse("text = 'model = load_model(x)'")) == [(1, False)]
    assert loading_calls(ast.parse("keras.models.load_model(path, safe_mode=True)")) == [(1, True)]


def test_nothing_is_unpickled_but_arrays_of_lists() -> None:
    """And no archive is unpacked by a library that trusts the names in it."""
    trusting = {"pickle.load", "pickle.loads", "pickle.Unpickler", "joblib.load", "torch.load", "yaml.load"}
    for file, tree in sources().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name):
                name = ast.unparse(node.func)
                pickled = any(k.arg == "allow_pickle" and ast.unparse(k.value) != "False" for k in node.keywords)
                unpacked = name.rpartition(".")[2] in ("extractall", "unpack_archive")
                assert not (name in trusting or pickled or unpacked), f"{file}:{node.lineno}"


# Names from users


@pytest.mark.parametrize("name", ["..", "../other", "/etc", "a/b", "a\\b", "", ".hidden", "a\0b", "a:b", "x" * 81])
def test_no_name_leads_out_of_its_folder(settings: Settings, name: str) -> None:
    for refuse in (
        lambda: RunFolder(settings, name),
        lambda: StudyFolder.of(settings, name),
        lambda: OptimizationConfig(run_name=name),
        lambda: StudyConfig(study_name=name),
        lambda: ImportOptions(name=name),
        lambda: remove_custom(name, settings),
        lambda: DATASETS[name],
        lambda: logs_of(name),
    ):
        with pytest.raises(InvalidInputError):
            refuse()


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a/../../x", "a\\b", "C:x", "", "a//b", "."])
def test_no_file_of_a_trial_leads_out_of_its_folder(path: str) -> None:
    with pytest.raises(InvalidInputError, match="relative path"):
        Artifact(path=path, sha256="0" * 64, size=1)
    assert Artifact(path="tensorboard/train/events", sha256="0" * 64, size=1).path


@pytest.mark.parametrize("name", ["../../x.zip", "/etc/passwd", "..\\..\\x.csv", "..", "", "a\0b\n.zip", "." * 300])
def test_an_upload_stays_in_its_folder(settings: Settings, name: str) -> None:
    desk = DatasetJobs(settings)
    try:
        written = desk.spool(name, io.BytesIO(b"x"))
        assert written.parent.parent.parent == settings.data_dir.resolve() and written.read_bytes() == b"x"
        assert re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]*", written.name)
    finally:
        desk.close()
