"""Who has logged in with the password: a signed cookie, and the list of those that were ended before their time.

The key lies in the data folder, so that a restart of the server keeps people logged in; it is bound to the password, so
that a new password logs everybody out.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import secrets
from contextlib import suppress
from pathlib import Path

from core.errors import LabError
from core.passwords import PasswordHash

SECONDS = 12 * 3600.0
_KEY_FILE, _ENDED_FILE = "key", "ended"
_KEY_BYTES = 32
log = logging.getLogger(__name__)


class Sessions:
    """Make, check and end sessions. Times are seconds since the epoch; `folder` is made if missing."""

    def __init__(self, folder: Path, password: PasswordHash) -> None:
        """Read or make the key. Raises LabError when the folder cannot be used."""
        self._ended_file = folder / _ENDED_FILE
        self._key = hmac.digest(_secret(folder), str(password).encode("ascii"), "sha256")
        self._ended = _read_ended(self._ended_file)
        # Browsers keep one jar for all ports of a host: two labs on it must not log each other out.
        self.cookie = f"mhl_session_{self._sign('cookie')[:8]}"

    def begin(self, now: float) -> str:
        """Return the cookie's value for somebody who knew the password at `now`."""
        body = f"{int(now + SECONDS)}.{secrets.token_hex(16)}"
        return f"{body}.{self._sign(body)}"

    def valid(self, value: str | None, now: float) -> bool:
        """Tell whether `value` is a session of ours that has neither expired nor been ended."""
        body, _, signature = (value or "").rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(body).encode()):
            return False
        until, _, name = body.partition(".")
        return now < int(until) and name not in self._ended

    def end(self, value: str | None, now: float) -> None:
        """Refuse this session from now on, also after a restart."""
        if value is None or not self.valid(value, now):
            return
        until, name = value.split(".")[:2]
        self._ended = {name: end for name, end in self._ended.items() if end > now} | {name: float(until)}
        text = "".join(f"{name} {int(end)}\n" for name, end in self._ended.items())
        try:
            _write_new(part := self._ended_file.with_suffix(".part"), text)
            part.replace(self._ended_file)
        except OSError as error:
            log.warning("a log-out will be forgotten by a restart: %s cannot be written: %s", self._ended_file, error)

    def _sign(self, body: str) -> str:
        return hmac.new(self._key, body.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def _secret(folder: Path) -> bytes:
    path = folder / _KEY_FILE
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            part = path.with_suffix(f".{os.getpid()}")
            _write_new(part, secrets.token_hex(_KEY_BYTES))
            with suppress(FileExistsError):  # another server was faster
                path.hardlink_to(part)
            part.unlink()
        path.chmod(0o600)
        key = bytes.fromhex(path.read_text(encoding="ascii"))
    except (OSError, ValueError) as error:
        raise LabError(
            f"the key of the log-ins, {path}, cannot be used ({error}); remove it, or mend its folder"
        ) from None
    if len(key) < _KEY_BYTES:
        raise LabError(f"the key of the log-ins, {path}, has {len(key)} bytes instead of {_KEY_BYTES}; remove it")
    return key


def _read_ended(path: Path) -> dict[str, float]:
    try:
        lines = path.read_text(encoding="ascii").splitlines()
        return {name: float(until) for name, until in (line.split(" ") for line in lines)}
    except (OSError, ValueError):  # nobody has logged out yet
        return {}


def _write_new(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(text)
