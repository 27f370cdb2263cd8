"""One HTTPS request with a bearer key: bounded in time and size, never repeated, never redirected."""

from __future__ import annotations

import email.utils
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import requests
from requests.auth import AuthBase
from urllib3.exceptions import NewConnectionError

_TIMEOUT = (5.0, 30.0)  # seconds to connect, and between two pieces of an answer
_BODY_SECONDS = 60.0  # for a whole answer: one that drips may not hold up what waits behind it
_BODY_LIMIT = 25 * 2**20  # bytes; RunPod itself ends at 20 MB
_RETRY_AFTER_LIMIT = 300.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. `retry_after` is in seconds, None when the service asks for no pause."""

    status: int
    body: bytes = field(repr=False)
    retry_after: float | None


class NetworkError(Exception):
    """No whole answer came. `sent` is False when the request certainly never left. The text holds no address."""

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


class Http:
    """Requests by a session for each thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._local = threading.local()

    def send(self, method: str, url: str, key: str, body: bytes | None = None) -> Answer:
        """Send one request and read its answer, whatever its status. Raises NetworkError."""
        until = self._clock() + _BODY_SECONDS
        try:
            with self._session().request(
                method,
                url,
                data=body,
                headers={"Content-Type": "application/json"} if body is not None else {},
                auth=_Bearer(key),  # as auth, else a ~/.netrc would win over the header
                timeout=_TIMEOUT,
                allow_redirects=False,
                stream=True,
            ) as response:
                data = bytearray()
                for piece in response.iter_content(65536):
                    data += piece
                    if len(data) > _BODY_LIMIT or self._clock() > until:
                        raise NetworkError(f"the answer had no end after {len(data):,} bytes", sent=True)
                return Answer(response.status_code, bytes(data), _retry_after(response))
        except requests.RequestException as error:
            raise NetworkError(_describe(error), sent=not _not_sent(error)) from None

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = requests.Session()  # its adapters retry nothing
        return session


class _Bearer(AuthBase):
    def __init__(self, key: str) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._key}"
        return request


def _not_sent(error: requests.RequestException) -> bool:
    """Whether the request certainly never left: no connection was made."""
    if isinstance(error, requests.ConnectTimeout | requests.exceptions.ProxyError):
        return True
    if isinstance(error, requests.exceptions.SSLError):
        return "CERTIFICATE_VERIFY_FAILED" in str(error)
    if not isinstance(error, requests.ConnectionError):
        return isinstance(error, ValueError)  # an address that no request can be made of
    return isinstance(getattr(error.args[0] if error.args else None, "reason", None), NewConnectionError)


def _describe(error: requests.RequestException) -> str:
    """Name the trouble without the address and objects that requests puts into its texts."""
    if isinstance(error, requests.Timeout):
        return "no connection in time" if isinstance(error, requests.ConnectTimeout) else "no answer in time"
    if isinstance(error, requests.exceptions.SSLError):
        return "the secure connection failed; check the clock, the proxy and the certificates of this machine"
    return "no connection" if _not_sent(error) else "the connection broke"


def _retry_after(response: requests.Response) -> float | None:
    """Seconds to wait as the service asks, at most five minutes; None when it asks nothing."""
    value = response.headers.get("Retry-After", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", value):
        return min(float(value), _RETRY_AFTER_LIMIT)
    try:
        wanted = email.utils.parsedate_to_datetime(value)
        now = email.utils.parsedate_to_datetime(response.headers.get("Date", ""))
        return min(max((wanted - now).total_seconds(), 0.0), _RETRY_AFTER_LIMIT)
    except (TypeError, ValueError):
        return None
