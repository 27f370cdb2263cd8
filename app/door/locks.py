"""The locks on the door, read once from the environment and Streamlit's secrets."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from app.door.oidc import Oidc
from app.door.password import configured_password
from app.door.refusal import allowed_open
from app.door.session import Sessions
from core.config import Settings
from core.passwords import PasswordHash

_FOLDER = ".door"  # in the data folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Locks:
    """What opens the door; either will do. `anybody`: it may stand open, though the lab is public."""

    password: PasswordHash | None = None
    sessions: Sessions | None = field(default=None, repr=False)
    oidc: Oidc | None = None
    anybody: bool = False

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Locks:
        """Raises LabError when something is configured that cannot be used: the server must not start then."""
        password = configured_password(environ)
        folder = Settings.from_environment(environ).data_dir / _FOLDER
        return cls(
            password=password,
            sessions=Sessions(folder, password) if password else None,
            oidc=Oidc.configured(environ),
            anybody=allowed_open(environ),
        )

    @property
    def closed(self) -> bool:
        """Whether people have to log in."""
        return self.password is not None or self.oidc is not None

    def knew_password(self, cookies: Mapping[str, str], now: float) -> bool:
        """Tell whether the cookies are of somebody who logged in with the password."""
        return self.sessions is not None and self.sessions.valid(cookies.get(self.sessions.cookie), now)

    def admits(self, cookies: Mapping[str, str], now: float) -> bool:
        """Tell whether somebody with these cookies may come in."""
        return self.knew_password(cookies, now) or (self.oidc is not None and self.oidc.admits(cookies))


@lru_cache(maxsize=1)
def locks() -> Locks:
    """Return the locks of this server. Raises LabError, each time that it is asked."""
    return Locks.from_environment(os.environ)
