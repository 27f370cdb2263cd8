"""Keys and passwords taken out of a text before it goes to a log, a page or an artefact."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote, unquote

MASK = "***"
# Their values are secret however short and however named; tests hold this against the modules that read them.
SECRET_VARIABLES = (
    "RUNPOD_API_KEY",
    "BUCKET_ACCESS_KEY_ID",
    "BUCKET_SECRET_ACCESS_KEY",
    "MHL_PASSWORD_HASH",
    "STREAMLIT_SERVER_COOKIE_SECRET",
)
SECRET_FILES = (
    "RUNPOD_API_KEY_FILE",
    "MHL_PASSWORD_HASH_FILE",
)  # variables that name a file with nothing but a key in it
_SECRET_NAME = re.compile(
    r"(?:^|_)(?:PASSWORD|PASSWD|PASSWORD_HASH|PASSPHRASE|SECRET|TOKEN|API_?KEY|ACCESS_KEY(?:_ID)?|PRIVATE_KEY|SECRET_KEY"
    r"|CREDENTIALS?)$"
)
_SHORTEST = 4  # characters; of those only named like a secret 8: a flag such as `1` would be blanked everywhere
_SHORTEST_BY_NAME = 8
_URL_PASSWORD = re.compile(r"(?<=://)([^\s:/@'\"]*):([^\s@'\"]+)@")
# What looks like a key, wherever it comes from; the first group stays.
_PATTERNS = (
    _URL_PASSWORD,
    re.compile(r"()\brp[as]_[A-Za-z0-9]{6,}"),  # RunPod's
    re.compile(r"()\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),  # AWS's
    re.compile(r"()\bgh[pousr]_[A-Za-z0-9]{20,}"),
    re.compile(r"()\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"),  # a JSON web token
    re.compile(r"()\$?\b(?:argon2(?:id?|d)|scrypt|pbkdf2[\w-]*)[$:][^\s'\",;]+"),
    re.compile(r"()\$2[aby]\$\d\d\$[./A-Za-z0-9]{20,}"),  # bcrypt
    re.compile(r"(\bBearer\s+|\bauthorization[\\\"']*\s*[:=]\s*[\\\"']*\w+\s+)[A-Za-z0-9._~+/=-]{6,}", re.IGNORECASE),
    re.compile(r"(\bX-Amz-(?:Signature|Credential|Security-Token)=)[^&\s'\"]+", re.IGNORECASE),
)
# What is called a password, in quotes or up to the next blank or sign
_NAMED = re.compile(
    r"((?:\b|_)(?:password|passwd|secret|api_?key|access_key(?:_id)?|authorization|(?:access|refresh|id|auth)_token)"
    r"[\\\"']*\s*[:=]\s*)(?:(\\*[\"'])(?:(?!\2).)*\2|[^\s\"'&,;)}\]\\]+)",
    re.IGNORECASE,
)


def mask(text: str, environ: Mapping[str, str] | None = None) -> str:
    """Return `text` with every secret of the environment, and all that looks like one, replaced by `***`.

    >>> mask("GET postgresql://lab:s3cret@host/db with Bearer abcdef123", {})
    'GET postgresql://lab:***@host/db with Bearer ***'
    """
    for value in secret_values(environ):
        text = _anywhere(value).sub(MASK, text)
    for pattern in _PATTERNS:
        text = pattern.sub(rf"\1:{MASK}@" if pattern is _URL_PASSWORD else rf"\1{MASK}", text)
    return _NAMED.sub(rf"\1\2{MASK}\2", text)


def secret_values(environ: Mapping[str, str] | None = None) -> list[str]:
    """Return the secrets that the environment holds or names, the longest first."""
    env = os.environ if environ is None else environ
    found = {value for name in SECRET_VARIABLES if len(value := env.get(name, "").strip()) >= _SHORTEST}
    for name, value in env.items():
        if _SECRET_NAME.search(name) and len(value.strip()) >= _SHORTEST_BY_NAME:
            found.add(value.strip())
        found |= {unquote(url[2]) for url in _URL_PASSWORD.finditer(value) if len(url[2]) >= _SHORTEST}
    found |= {key for name in SECRET_FILES if len(key := _file(env.get(name, ""))) >= _SHORTEST}
    return sorted(found, key=len, reverse=True)


@lru_cache(maxsize=64)
def _anywhere(secret: str) -> re.Pattern[str]:
    """Find a secret as it stands in a text, in an address, and in quotes of whatever language and depth."""
    quoted = "".join({"\\": r"\\+", '"': r"\\*\"", "'": r"\\*'"}.get(letter, re.escape(letter)) for letter in secret)
    return re.compile(f"{quoted}|{re.escape(quote(secret, safe=''))}")


def is_secret(name: str) -> bool:
    """Tell whether a variable of this name holds a secret."""
    return name in SECRET_VARIABLES or _SECRET_NAME.search(name) is not None


def _file(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").strip() if path.strip() else ""
    except OSError:
        return ""
