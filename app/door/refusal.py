"""Why the server may not start, or not answer: without a door it is for this machine only."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from core.errors import InvalidInputError

ALLOW_OPEN = "MHL_ALLOW_OPEN"


def allowed_open(environ: Mapping[str, str]) -> bool:
    """Tell whether MHL_ALLOW_OPEN lets everybody in. Raises InvalidInputError unless it is 1, 0 or unset."""
    value = environ.get(ALLOW_OPEN) or "0"
    if value not in ("0", "1"):
        raise InvalidInputError(f"{ALLOW_OPEN} must be 1 or 0, got {value!r:.20}")
    return value == "1"


def public_address(address: str | None) -> str | None:
    """Return why a server without a door may not listen on `address` (None: Streamlit's default), or None if it may."""
    if address and is_local(address):
        return None
    where = f"{address!r:.100}" if address else "not set, which means every address of this machine"
    return (
        f"server.address is {where}: whoever reaches this machine could use the lab, because no log-in is configured. "
        "Listen on localhost only (--server.address localhost), or set a password (python -m core password makes "
        f"MHL_PASSWORD_HASH), or configure OpenID Connect in .streamlit/secrets.toml; {ALLOW_OPEN}=1 lets everybody in"
    )


def foreign_host(host: str | None) -> str | None:
    """Return why a server without a door does not answer a request for `host` (its Host header), or None.

    A page of somebody else whose name was pointed at this machine (DNS rebinding), and a proxy that publishes the
    server, both ask for another name than localhost.
    """
    try:
        name = urlsplit(f"//{host or ''}").hostname
    except ValueError:
        name = None
    if name and is_local(name):
        return None
    return (
        f"This lab has no log-in and answers on this machine only, as localhost; it was asked for as {host!r:.100}. "
        f"Set a password for it (python -m core password), or {ALLOW_OPEN}=1 to let everybody in."
    )


def is_local(address: str) -> bool:
    """Tell whether only this machine itself can reach `address`."""
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
