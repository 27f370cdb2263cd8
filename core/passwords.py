"""The shared password of the web app: only its scrypt hash is ever kept."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import unicodedata
from dataclasses import dataclass, field

from core.errors import InvalidInputError

SHORTEST, LONGEST = 10, 200  # characters
_N, _R, _P = 2**15, 8, 3  # 32 MB and about a quarter of a second for each try, as OWASP advises
_SALT, _KEY = 16, 32  # bytes
_MOST_MEMORY = 2**28  # bytes that a hash from outside may ask for
_REMEDY = "make one with `python -m core password`"


@dataclass(frozen=True, slots=True)
class PasswordHash:
    """What is kept of a password: cost (`n`, `r`, `p`), salt and key of scrypt (RFC 7914)."""

    n: int
    r: int
    p: int
    salt: bytes = field(repr=False)
    key: bytes = field(repr=False)

    @classmethod
    def of(cls, password: str) -> PasswordHash:
        """Hash `password` with a new salt. Raises InvalidInputError unless it has 10 to 200 characters."""
        if not SHORTEST <= len(password) <= LONGEST:
            raise InvalidInputError(
                f"the password has {len(password)} characters; use {SHORTEST} to {LONGEST}, a few words that belong "
                "together for you only are easy to remember"
            )
        salt = os.urandom(_SALT)
        return cls(_N, _R, _P, salt, _scrypt(password, salt, _N, _R, _P, _KEY))

    @classmethod
    def parse(cls, text: str) -> PasswordHash:
        """Read what `str` wrote. Raises InvalidInputError, whose text does not repeat the hash."""
        try:
            scheme, n, r, p, salt, key = text.strip().split("$")
            parts = (base64.b64decode(part, validate=True) for part in (salt, key))
            stored = cls(int(n), int(r), int(p), *parts)
        except (ValueError, binascii.Error):
            raise InvalidInputError(f"it is not of the form scrypt$n$r$p$salt$hash; {_REMEDY}") from None
        if scheme != "scrypt":
            raise InvalidInputError(f"it does not begin with scrypt$; {_REMEDY}")
        stored._check()
        return stored

    def __str__(self) -> str:
        salt, key = (base64.b64encode(part).decode("ascii") for part in (self.salt, self.key))
        return f"scrypt${self.n}${self.r}${self.p}${salt}${key}"

    def matches(self, password: str) -> bool:
        """Tell whether this is the hash of `password`; how long that takes does not depend on the answer."""
        if len(password) > LONGEST:
            return False
        return hmac.compare_digest(_scrypt(password, self.salt, self.n, self.r, self.p, len(self.key)), self.key)

    def _check(self) -> None:
        """Refuse costs that are too cheap to protect, or so high that a try would bring the server down."""
        power_of_two = self.n > 0 and self.n & (self.n - 1) == 0
        if not (power_of_two and self.n >= 2**14 and 1 <= self.r <= 32 and 1 <= self.p <= 16):
            raise InvalidInputError(
                f"its cost n={self.n}, r={self.r}, p={self.p} is not allowed; n must be a power of 2 from 16384, r 1 "
                f"to 32 and p 1 to 16: {_REMEDY}"
            )
        if 128 * self.n * self.r > _MOST_MEMORY:
            raise InvalidInputError(f"a try would need {128 * self.n * self.r >> 20} MB, allowed are 256: {_REMEDY}")
        if len(self.salt) < 8 or not 16 <= len(self.key) <= 64:
            raise InvalidInputError(
                f"its salt has {len(self.salt)} bytes and its hash {len(self.key)}; 8 or more and 16 to 64 are "
                f"needed, perhaps a part was lost to the shell's $ signs (write it in single quotes): {_REMEDY}"
            )


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int, length: int) -> bytes:
    # Keyboards differ in how they compose an accented letter; NFC makes them agree.
    data = unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
    return hashlib.scrypt(data, salt=salt, n=n, r=r, p=p, maxmem=2 * _MOST_MEMORY, dklen=length)
