"""Log lines: their form, the work they belong to, one file for one process, and no secret in any of them."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from core import logs, masking
from core.config import Settings
from core.executors import runpod_access
from core.logs import log_context, log_file, set_up
from core.masking import MASK, mask, secret_values
from core.storage_config import StorageConfig
from tests.conftest import REPOSITORY

LINE = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (?P<level>[A-Z]+) (?P<role>\w+)\[\d+\] study=(?P<study>\S+) "
    r"run=(?P<run>\S+) trial=(?P<trial>\S+) (?P<logger>\S+): (?P<message>.*)"
)
SECRETS = {
    "RUNPOD_API_KEY": "planted-runpod-key",
    "BUCKET_ACCESS_KEY_ID": "planted-access",
    "BUCKET_SECRET_ACCESS_KEY": 'planted/secret+"quoted"',
    "MHL_PASSWORD_HASH": "planted$of$another$form",
    "MHL_DATABASE_URL": "postgresql+psycopg://lab:planted%2Fpassword@db/lab",
    "SOMEBODYS_API_KEY": "planted-somebodys",
}
# As they may be written: as they are, in an address, and without its escapes
PLANTED = [value for name, value in SECRETS.items() if name != "MHL_DATABASE_URL"]
PLANTED += ["planted%2Fpassword", "planted/password", "planted%2Fsecret%2B%22quoted%22", r"planted/secret+\"quoted\""]
LOOKS = ["rpa_ABCDEF123456", "rps_ABCDEF123456", "Bearer abc.def-123", "https://me:hunter2@host/"]
LOOKS += ["AKIAABCDEFGHIJKLMN01", "scrypt$32768$8$3$c2FsdA==$a2V5", "?X-Amz-Signature=0f9a8b"]
LOOKS += ["cookie_secret = 'open sesame'", "{'Authorization': 'Basic sesame=='}", "api_key: sesame"]


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Leave the logging of the test session as it was."""
    loggers = {name: logging.getLogger(name) for name in ("", "core", "app", "runpod_handler")}
    levels, handlers = {name: logger.level for name, logger in loggers.items()}, list(loggers[""].handlers)
    factory = logging.getLogRecordFactory()
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    monkeypatch.delenv("MHL_LOG_LEVEL", raising=False)
    yield
    for handler in [one for one in loggers[""].handlers if one not in handlers]:
        loggers[""].removeHandler(handler)
        handler.close()
    logging.setLogRecordFactory(factory)
    for name, level in levels.items():
        loggers[name].setLevel(level)


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


def fields(line: str) -> dict[str, str]:
    found = LINE.fullmatch(line)
    assert found is not None, line
    return found.groupdict()


def test_a_line_says_when_who_and_on_what(quiet: None, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    set_up("server", level="INFO", file=tmp_path / "logs" / "lab.log")
    log = logging.getLogger("core.there")
    with log_context(study="s", run="s_accuracy_0"):
        with log_context(trial=0):
            log.warning("inside of %s", "it")
        log.info("beside it")
    log.info("outside")
    log.debug("not shown")
    logging.getLogger("botocore").info("not shown: it may be a signed request")
    lines = (tmp_path / "logs" / "lab.log").read_text().splitlines()
    assert capsys.readouterr().err.splitlines() == lines
    inside, beside, outside = map(fields, lines)
    assert inside == {
        **{"level": "WARNING", "role": "server", "study": "s", "run": "s_accuracy_0", "trial": "0"},
        **{"logger": "core.there", "message": "inside of it"},
    }
    assert (beside["run"], beside["trial"]) == ("s_accuracy_0", "-")
    assert (outside["study"], outside["run"], outside["trial"]) == ("-", "-", "-")


def test_the_level_comes_from_the_environment(
    quiet: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MHL_LOG_LEVEL", "debug")
    set_up("cli")
    logging.getLogger("core.x").debug("shown")
    logging.getLogger("botocore.auth").debug("never")
    monkeypatch.setenv("MHL_LOG_LEVEL", "loud")
    set_up("cli")
    logging.getLogger("core.x").info("not at the default")
    shown, complaint = capsys.readouterr().err.splitlines()
    assert fields(shown)["message"] == "shown"
    assert "MHL_LOG_LEVEL must be DEBUG or INFO" in complaint and "'LOUD'" in complaint


def test_threads_do_not_mix_up_their_work(quiet: None, capsys: pytest.CaptureFixture[str]) -> None:
    set_up("server", level="INFO")
    meet = threading.Barrier(2)

    def work(run: str) -> None:
        with log_context(run=run):
            meet.wait(5)
            logging.getLogger("core.x").info(run)

    threads = [threading.Thread(target=work, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = list(map(fields, capsys.readouterr().err.splitlines()))
    assert sorted((line["run"], line["message"]) for line in found) == [("a", "a"), ("b", "b")]


def test_secrets_leave_messages_arguments_and_tracebacks(
    quiet: None, planted: None, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up("server", level="INFO")
    foreign = logging.StreamHandler(sys.stderr)  # with a format of its own, such as Streamlit brings
    log = logging.getLogger("core.x")
    log.addHandler(foreign)
    try:
        for secret in PLANTED + LOOKS:
            log.info("with %s in it", secret)
            log.info({"answer": secret})
            try:
                raise ValueError(secret) from KeyError(secret)
            except ValueError:
                log.exception("failed at %r", secret)
    finally:
        log.removeHandler(foreign)
    text = capsys.readouterr().err
    assert text.count("Traceback (most recent call last)") == 2 * len(PLANTED + LOOKS)
    remains = ["planted", "ABCDEF123456", "abc.def", "hunter2", "AKIAABC", "c2Fs", "0f9a8b", "sesame"]
    assert [word for word in remains if word in text] == []
    assert text.count(MASK) > 100
    assert (
        mask(
            "an ordinary line about token_dropout=0.2 of run digits_1, basic settings, https://host:80/path?a=1", {}
        ).count("*")
        == 0
    )


def test_nothing_in_a_message_can_pass_for_another_entry(quiet: None, capsys: pytest.CaptureFixture[str]) -> None:
    set_up("server")
    logging.getLogger("core.x").warning("one\n2026-01-01T00:00:00.000Z CRITICAL server[1] forged")
    first, second = capsys.readouterr().err.splitlines()
    assert fields(first)["message"] == "one" and second.startswith("    2026")


def test_all_known_secrets_are_masked(tmp_path: Path) -> None:
    """What other modules read as a secret is on the list, and a key in a file is followed."""
    assert {runpod_access.KEY, runpod_access.KEY_FILE} <= {*masking.SECRET_VARIABLES, *masking.SECRET_FILES}
    environ = {"BUCKET_NAME": "bucket", "BUCKET_ACCESS_KEY_ID": "user_1", "BUCKET_SECRET_ACCESS_KEY": "rps_2"}
    storage = StorageConfig.from_environment(environ)
    assert storage is not None and {storage.access_key, storage.secret_key} <= set(secret_values(environ))
    (tmp_path / "key").write_text("inside-the-file\n")
    assert mask("it is inside-the-file", {"RUNPOD_API_KEY_FILE": str(tmp_path / "key")}) == f"it is {MASK}"
    assert secret_values({"RUNPOD_API_KEY_FILE": str(tmp_path / "none"), "DEBUG_TOKEN": "1", "HOME": "/root"}) == []


def test_the_file_rotates_and_belongs_to_one_process(
    quiet: None, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "FILE_BYTES", 2000)
    file = tmp_path / "lab.log"
    set_up("server", level="INFO", file=file)
    other = f"""
import logging
from pathlib import Path
from core.logs import set_up
set_up("server", level="INFO", file=Path({str(file)!r}))
logging.getLogger("core.other").info("from elsewhere")
"""
    done = subprocess.run([sys.executable, "-c", other], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert "belongs to another server that runs" in done.stderr and "from elsewhere" in done.stderr
    for number in range(200):
        logging.getLogger("core.x").info("entry %d", number)
    kept = sorted(tmp_path.glob("lab.log*"))
    assert [path.name for path in kept] == ["lab.log", *(f"lab.log.{n}" for n in range(1, logs.FILE_COUNT + 1))]
    assert all(path.stat().st_size <= 2000 for path in kept)
    text = "".join(path.read_text() for path in reversed(kept))
    numbers = [int(fields(line)["message"].split()[1]) for line in text.splitlines()]
    assert numbers == list(range(200 - len(numbers), 200)) and "elsewhere" not in text
    capsys.readouterr()
    set_up("server", file=tmp_path / "lab.log" / "impossible.log")
    assert "cannot be written" in capsys.readouterr().err


def test_where_the_file_lies(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("MHL_LOG_FILE", raising=False)
    assert log_file(settings) == settings.results_dir / "lab.log"
    monkeypatch.setenv("MHL_LOG_FILE", str(tmp_path / "there.log"))
    assert log_file(settings) == tmp_path / "there.log"
    monkeypatch.setenv("MHL_LOG_FILE", "-")
    assert log_file(settings) is None


def test_what_nobody_catches_is_masked_too() -> None:
    code = """
import threading
from core.logs import set_up
set_up("host")
thread = threading.Thread(target=lambda: 1 / len(["planted-key"][1:]), name="t")
thread.start(); thread.join()
raise RuntimeError("no answer to planted-key")
"""
    environ = os.environ | {"RUNPOD_API_KEY": "planted-key"}
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, env=environ, capture_output=True, text=True)
    assert done.returncode == 1 and "planted" not in done.stderr
    first, *_, last = [line for line in done.stderr.splitlines() if line[0] != " "]
    assert fields(first)["message"] == "uncaught in thread t" and fields(last)["message"] == "uncaught RuntimeError"


def test_libraries_speak_through_the_common_log(quiet: None, capsys: pytest.CaptureFixture[str]) -> None:
    loud, silenced = logging.getLogger("some.library"), logging.getLogger("some.access")
    loud.addHandler(logging.StreamHandler(sys.stderr))
    loud.propagate = silenced.propagate = False
    silenced.setLevel(logging.INFO)
    set_up("server")
    loud.error("once")
    silenced.info("never")
    (line,) = capsys.readouterr().err.splitlines()
    assert fields(line)["logger"] == "some.library"


def test_a_worker_names_its_trial() -> None:
    code = """
import logging
from core.executors import child
class Pipe:
    def send_bytes(self, data): pass
    def close(self): pass
def train(job, connection):
    logging.getLogger("core.x").warning("from the training")
    return child.work.ParameterBounds(smallest=1, largest=2)
child._result = train
child.run({"kind": "train", "spec": {"run": "digits_1", "number": 3}}, Pipe(), None)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True)
    (line,) = map(fields, done.stderr.splitlines())
    assert (line["role"], line["run"], line["trial"], line["study"]) == ("worker", "digits_1", "3", "-")
