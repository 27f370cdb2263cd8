"""One form of log line for all processes of the program, with the run at work in each and no secret in any.

    2026-11-26T18:14:33.120Z WARNING server[412] study=- run=digits_1 trial=3 core.optimizer: what happened

The lines of a traceback are indented, so that whatever begins at the margin is a new entry.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import sys
import threading
import traceback
from collections.abc import Iterator
from contextvars import ContextVar
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from core.config import Settings
from core.masking import mask

FORMAT = "%(utc)s %(levelname)s %(role)s[%(process)d] study=%(study)s run=%(run)s trial=%(trial)s %(name)s: %(message)s"
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
FILE_BYTES, FILE_COUNT = 10 * 2**20, 5
NO_FILE = "-"
_OURS = ("core", "app", "runpod_handler")
_NOTHING: dict[str, str] = {"study": "-", "run": "-", "trial": "-"}
_work: ContextVar[dict[str, str]] = ContextVar("work", default=_NOTHING)
_log = logging.getLogger(__name__)


@contextlib.contextmanager
def log_context(*, study: str | None = None, run: str | None = None, trial: int | None = None) -> Iterator[None]:
    """Name what this thread works on, in each line that it logs meanwhile; what is None stays as it was."""
    given = {"study": study, "run": run, "trial": trial}
    token = _work.set(_work.get() | {name: str(value) for name, value in given.items() if value is not None})
    try:
        yield
    finally:
        _work.reset(token)


def log_file(settings: Settings) -> Path | None:
    """Return the server's log: MHL_LOG_FILE, or lab.log beside the runs; None when that is `-`."""
    named = os.environ.get("MHL_LOG_FILE", "").strip()
    if named == NO_FILE:
        return None
    return Path(named).expanduser().resolve() if named else settings.results_dir / "lab.log"


def set_up(role: str, *, level: str = "WARNING", file: Path | None = None) -> None:
    """Send what is logged in this process to stderr in the common form, and to `file`, which grows and is rotated.

    To be called by entry points only. `role` names the process; MHL_LOG_LEVEL goes before `level`. Other libraries
    speak from WARNING on only: what some write at DEBUG is the signed requests themselves. A level that does not
    exist and a file that cannot be written are said in the log and stop nothing.
    """
    _Record.of_process = role
    logging.setLogRecordFactory(_Record)
    wanted = os.environ.get("MHL_LOG_LEVEL", "").strip().upper() or level
    known = wanted in LEVELS
    root = logging.getLogger()
    for old in [handler for handler in root.handlers if isinstance(handler, (_Stderr, _File))]:
        root.removeHandler(old)
        old.close()
    _add(_Stderr())
    _take_over()
    root.setLevel(max(logging.WARNING, logging.getLevelName(wanted if known else level)))
    for name in _OURS:
        logging.getLogger(name).setLevel(wanted if known else level)
    _watch_uncaught()
    if not known:
        _log.warning("MHL_LOG_LEVEL must be %s, got %r; taking %s", " or ".join(LEVELS), wanted, level)
    if file is not None:
        _open_file(file)


class _Record(logging.LogRecord):
    """A record that knows who works on what, and that no handler of whatever library can make a secret of."""

    of_process = "python"

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.role = self.of_process
        self.utc = datetime.fromtimestamp(self.created, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
        self.study, self.run, self.trial = _work.get().values()
        if isinstance(self.exc_info, tuple) and self.exc_info[0] is not None:
            # Formatters take this text for the traceback, and only make one when there is none.
            self.exc_text = mask("".join(traceback.format_exception(*self.exc_info)).rstrip())

    def getMessage(self) -> str:
        return mask(super().getMessage())


class _Formatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return mask(super().format(record)).replace("\n", "\n    ")


class _Stderr(logging.StreamHandler[TextIO]):
    """Writes to what stderr is at that moment."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        return sys.stderr


class _File(RotatingFileHandler):
    """Keeps a lock beside the file: two processes that rotate the same file lose lines. Raises OSError."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock_file = path.with_name(f".{path.name}.lock").open("a")
        try:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            super().__init__(path, maxBytes=FILE_BYTES, backupCount=FILE_COUNT, encoding="utf-8", errors="replace")
        except OSError:
            self._lock_file.close()
            raise

    def close(self) -> None:
        super().close()
        self._lock_file.close()


def _add(handler: logging.Handler) -> None:
    handler.setFormatter(_Formatter(FORMAT))
    logging.getLogger().addHandler(handler)


def _open_file(file: Path) -> None:
    try:
        _add(_File(file))
    except BlockingIOError:
        _log.warning("%s belongs to another server that runs; this one logs to stderr only", file)
    except OSError as error:
        remedy = "free some space or set MHL_LOG_FILE to another file, or to - for none"
        _log.warning("the log %s cannot be written (%s): %s", file, error.strerror or error, remedy)


def _take_over() -> None:
    """Let other libraries' loggers with terminals of their own, Streamlit's and uvicorn's, speak through ours."""
    for logger in list(logging.root.manager.loggerDict.values()):
        if isinstance(logger, logging.Logger):
            for handler in [one for one in logger.handlers if type(one) is logging.StreamHandler]:
                logger.removeHandler(handler)
            # One without any handler falls back to bare text; an access log without one was switched off.
            if not logger.handlers and not logger.name.endswith(".access"):
                logger.propagate = True


def _watch_uncaught() -> None:
    """Log what nobody catches, since Python's own tracebacks are not masked; a debugger's or test's hooks stay."""
    if sys.excepthook is sys.__excepthook__:
        sys.excepthook = _uncaught
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = _uncaught_in_thread


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        _log.critical("uncaught %s", kind.__name__, exc_info=(kind, error, trace))


def _uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None and not issubclass(args.exc_type, SystemExit):
        name = args.thread.name if args.thread else "unknown"
        _log.critical("uncaught in thread %s", name, exc_info=(args.exc_type, args.exc_value, args.exc_traceback))
