"""Log-in by OpenID Connect: Streamlit does it (`st.login`), the door checks the cookie that Streamlit signs.

The names used here are not part of Streamlit's documented interface, which has none for code outside of a page. A test
checks them against a cookie that Streamlit's own code makes; whatever fails keeps the door shut.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from streamlit.auth_util import get_cookie_with_chunks, get_redirect_uri, get_secrets_auth_section, is_authlib_installed
from streamlit.user_info import generate_login_redirect_url
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from app.door.session import SECONDS
from core.errors import InvalidInputError

USERS = "MHL_OIDC_USERS"
_OPEN = ("/auth/login", "/auth/logout", "/oauth2callback")  # Streamlit's own: the way to the provider and back
_SHORTEST_SECRET = 32  # characters
_WHERE = "[auth] in .streamlit/secrets.toml"


@dataclass(frozen=True, slots=True)
class Oidc:
    """A provider's word for who somebody is. `providers`: names as in the secrets; `users`: who may come in, if not all
    that the provider knows: addresses, or `@` and a domain.
    """

    cookie_secret: str = field(repr=False)
    origin: str
    providers: tuple[str, ...]
    users: tuple[str, ...] = ()

    @classmethod
    def configured(cls, environ: Mapping[str, str]) -> Oidc | None:
        """Read Streamlit's secrets, None when they have no [auth]. Raises InvalidInputError for what cannot be safe."""
        auth = get_secrets_auth_section()
        if not auth:
            return None
        if not is_authlib_installed():
            raise InvalidInputError(f"{_WHERE} needs Authlib 1.3.2 or newer; install it: pip install 'Authlib>=1.3.2'")
        secret, address = str(auth.get("cookie_secret", "")), get_redirect_uri(auth) or ""
        if len(secret) < _SHORTEST_SECRET:
            raise InvalidInputError(
                f"cookie_secret of {_WHERE} has {len(secret)} characters; use {_SHORTEST_SECRET} random ones or more, "
                "as `python -c 'import secrets; print(secrets.token_hex())'` prints them"
            )
        parts = urlsplit(address)
        if not (parts.scheme in ("http", "https") and parts.netloc and parts.path.endswith("/oauth2callback")):
            raise InvalidInputError(
                f"redirect_uri of {_WHERE} is {address!r:.200}; it must be this lab's address and end with "
                "/oauth2callback"
            )
        named = [name for name, section in auth.items() if isinstance(section, Mapping) and "client_id" in section]
        providers = (*(["default"] if auth.get("client_id") else []), *named)
        if not providers:
            raise InvalidInputError(
                f"{_WHERE} names no provider; give it client_id, client_secret, server_metadata_url"
            )
        return cls(secret, f"{parts.scheme}://{parts.netloc}", providers, _users(environ.get(USERS)))

    def admits(self, cookies: Mapping[str, str]) -> bool:
        """Tell whether the cookies are of somebody who logged in within 12 hours and may come in."""
        person = self._person(cookies)
        return person is not None and self._welcome(person)

    def stranger(self, cookies: Mapping[str, str]) -> str | None:
        """Return the address of somebody who logged in and may not come in, else None."""
        person = self._person(cookies)
        return None if person is None or self._welcome(person) else str(person.get("email", "somebody unknown"))

    def address(self, provider: str) -> str:
        """Return where a log-in at `provider` begins; good for two minutes."""
        return generate_login_redirect_url(provider)

    def _person(self, cookies: Mapping[str, str]) -> Mapping[str, object] | None:
        def one(name: str) -> bytes | None:
            value = cookies.get(name, "").encode("latin-1", "replace")
            return decode_signed_value(self.cookie_secret, name, value, max_age_days=SECONDS / 86_400)

        try:
            person = json.loads(get_cookie_with_chunks(one, USER_COOKIE_NAME) or b"null")
        except ValueError:
            return None
        known = isinstance(person, dict) and person.get("is_logged_in") is True and person.get("origin") == self.origin
        return person if known else None

    def _welcome(self, person: Mapping[str, object]) -> bool:
        if not self.users:
            return True
        if person.get("email_verified") is False:
            return False
        email = str(person.get("email", "")).lower()
        return email in self.users or any(user[0] == "@" and email.endswith(user) for user in self.users)


def open_paths(base: str) -> frozenset[str]:
    """Return the addresses that somebody needs before they are logged in."""
    return frozenset(base + path for path in _OPEN)


def _users(text: str | None) -> tuple[str, ...]:
    users = tuple(user for user in (text or "").lower().replace(",", " ").split() if user)
    for user in users:
        if user.count("@") != 1 or user.endswith("@"):
            raise InvalidInputError(f"{USERS} has {user!r:.100}; write e-mail addresses, or @example.org for a domain")
    return users
