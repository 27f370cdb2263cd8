"""The shared password that the environment sets, as its hash."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from core.errors import InvalidInputError
from core.passwords import PasswordHash

HASH, HASH_FILE = "MHL_PASSWORD_HASH", "MHL_PASSWORD_HASH_FILE"
_MOST = 1000  # characters


def configured_password(environ: Mapping[str, str]) -> PasswordHash | None:
    """Return the hash that MHL_PASSWORD_HASH or the file MHL_PASSWORD_HASH_FILE holds, None when neither is set.

    Raises InvalidInputError naming the variable; a hash that cannot be read never leaves the door open.
    """
    text, file = environ.get(HASH), environ.get(HASH_FILE)
    if text and file:
        raise InvalidInputError(f"{HASH} and {HASH_FILE} are both set; unset one of them")
    if not text and not file:
        return None
    name = HASH if text else HASH_FILE
    try:
        return PasswordHash.parse(text or _read(Path(file or "").expanduser()))
    except InvalidInputError as error:
        raise InvalidInputError(f"{name} cannot be used: {error}") from None


def _read(path: Path) -> str:
    try:
        with path.open(encoding="ascii") as file:
            return file.read(_MOST)
    except OSError as error:
        raise InvalidInputError(
            f"{path} cannot be read ({error.strerror}); make it with `python -m core password --file {path}`"
        ) from None
    except ValueError:
        raise InvalidInputError(f"{path} is not a text file; make one with `python -m core password --file`") from None
