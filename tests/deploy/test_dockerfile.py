"""What of the image can be checked without an engine; deploy/prove_recipe.sh follows the recipe for real."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.specifiers import SpecifierSet

from core.config import Settings
from core.masking import is_secret
from deploy.recipe import Stage, Step, build_context, read_dockerfile
from tests.conftest import REPOSITORY


@pytest.fixture(scope="module")
def stages() -> list[Stage]:
    return read_dockerfile(REPOSITORY / "Dockerfile")


@pytest.fixture(scope="module")
def image(stages: list[Stage]) -> Stage:
    return stages[-1]


@pytest.fixture(scope="module")
def service() -> dict[str, object]:
    return yaml.safe_load((REPOSITORY / "compose.yaml").read_text(encoding="utf-8"))["services"]["lab"]


def test_the_python_of_the_image_is_one_that_the_project_supports(stages: list[Stage]) -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    (base,) = {stage.base for stage in stages}
    version = re.fullmatch(r"python:(\d+\.\d+)-slim-bookworm", base)
    assert version is not None and version[1] in SpecifierSet(project["project"]["requires-python"])
    assert version[1] == project["tool"]["mypy"]["python_version"], "the one that is checked and tested"


def test_packages_come_from_the_lock_and_nothing_is_resolved(stages: list[Stage]) -> None:
    builder = stages[0]
    installs = [step.text for step in builder.all("RUN") if "pip install" in step.text]
    (locked,) = [text for text in installs if "-r requirements.lock" in text]
    assert "--no-deps" in locked and "pip check" in locked and "--require-hashes" in locked
    assert "requirements.txt" not in " ".join(installs)
    (gpu,) = [text for text in installs if "and-cuda" in text]
    assert '"$GPU" = 1' in gpu and "--constraint requirements.lock" in gpu
    assert [step.text for step in builder.all("ARG")] == ["GPU=0"]
    assert re.search(r"^tensorflow==", (REPOSITORY / "requirements.lock").read_text(), re.MULTILINE)


def test_it_runs_as_a_fixed_user_who_is_not_root(image: Stage) -> None:
    (user,) = image.all("USER")
    uid, gid = map(int, user.text.split(":"))
    assert uid > 1000 and gid > 1000
    (made,) = [step.text for step in image.all("RUN") if "useradd" in step.text]
    assert f"--uid {uid} " in made and f"--gid {gid} " in made
    assert image.steps.index(user) > max(image.steps.index(step) for step in image.all("RUN"))


def test_signals_reach_the_server(image: Stage) -> None:
    assert image.all("ENTRYPOINT")[0].words() == ["tini", "--"]
    command = image.all("CMD")[0].words()
    assert command == [
        *("python", "-m", "streamlit", "run", "app/server.py"),
        *("--server.address", "0.0.0.0"),
    ]
    assert image.all("STOPSIGNAL")[0].text == "SIGTERM"
    assert image.all("EXPOSE")[0].text == "8501"


def test_the_health_check_looks_at_the_body(image: Stage) -> None:
    (check,) = image.all("HEALTHCHECK")
    words = Step("CMD", check.text.partition(" CMD ")[2]).words()
    assert words[:2] == ["python", "-c"] and "'healthz'" in words[2] and "== 'ok'" in words[2]
    compile(words[2], "healthcheck", "exec")


def test_files_lie_in_the_volumes(image: Stage) -> None:
    environment = image.environment()
    settings = Settings.from_environment(environment)
    volumes = [Path(path) for path in image.all("VOLUME")[0].words()]
    places = [settings.data_dir, settings.results_dir, settings.studies_dir, Path(environment["MHL_LOG_FILE"])]
    assert all(any(volume in (place, *place.parents) for volume in volumes) for place in places)
    assert not any(a in b.parents for a in places for b in places), "a run of that name would be in the way"


def test_the_image_holds_no_key_and_opens_to_nobody(image: Stage, service: dict[str, object]) -> None:
    texts = [(REPOSITORY / name).read_text(encoding="utf-8") for name in ("Dockerfile", "compose.yaml")]
    example = (REPOSITORY / "deploy" / "lab.env.example").read_text(encoding="utf-8")
    assert not any("MHL_ALLOW_OPEN" in text for text in (*texts, example))
    assert not [name for name in image.environment() if is_secret(name)]
    assert "MHL_PASSWORD_HASH=\n" in example


def test_only_what_is_needed_gets_into_the_image(tmp_path: Path) -> None:
    """In a copy of the rules with files beside them that must stay out."""
    (tmp_path / ".dockerignore").write_bytes((REPOSITORY / ".dockerignore").read_bytes())
    wanted = ["core/a.py", "core/cli/b.py", "app/c.py", "pages/d.py", ".streamlit/config.toml", "requirements.lock"]
    unwanted = [".git/config", ".venv/x.py", "results/r/model.keras", "data/x", ".streamlit/secrets.toml", ".env"]
    unwanted += ["core/__pycache__/a.pyc", "core/.env", "deploy/lab.env", "app/secrets.toml", "tests/t.py", "key.pem"]
    for name in wanted + unwanted:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert sorted(path.as_posix() for path in build_context(tmp_path)) == sorted(wanted)


def test_what_is_copied_exists_and_is_let_through(stages: list[Stage]) -> None:
    allowed = list(build_context(REPOSITORY))
    copied = [step.text.split()[:-1] for stage in stages for step in stage.all("COPY") if "--from" not in step.text]
    worker = read_dockerfile(REPOSITORY / "runpod_handler" / "Dockerfile")[0]
    for source in [
        name for names in [*copied, *([step.text.split()[0]] for step in worker.all("COPY"))] for name in names
    ]:
        assert any(Path(source) in (path, *path.parents) for path in allowed), source


def test_compose_runs_it_without_privileges(service: dict[str, object]) -> None:
    assert service["read_only"] is True and service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["stop_grace_period"] == "15s" and service["restart"] == "unless-stopped"
    assert service["ports"] == ["127.0.0.1:8501:8501"]
    mounted = {str(volume).partition(":")[2] for volume in service["volumes"]}  # type: ignore[attr-defined]
    assert mounted == {"/data", "/results"}


def test_what_stays_out_of_git_is_not_in_it() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "deploy", ".streamlit"], cwd=REPOSITORY, capture_output=True, text=True
    )
    assert "lab.env\n" not in tracked.stdout and "secrets.toml" not in tracked.stdout
