"""RunPod's public queue API over HTTPS: four calls, and for every way they fail an exception that says what to do.

Nothing is retried in here: whether a call may be repeated, and when, is for the caller to decide.
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote

from core.errors import InvalidInputError
from core.executors.runpod_errors import (
    DoubtfulError,
    EndpointError,
    KeyRefusedError,
    NotAcceptedError,
    RefusedError,
    UnansweredError,
    UnknownJobError,
)
from core.executors.runpod_http import Answer, Http, NetworkError
from core.executors.runpod_views import Health, JobView, health_view, job_id, job_view, one_line

PUBLIC_URL = "https://api.runpod.ai/v2"
_T = TypeVar("_T")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPodConfig:
    """Which endpoint, and how to get its key: read anew for every request, so that a mended key works at once."""

    endpoint_id: str
    api_key: Callable[[], str] = field(repr=False)
    url: str = PUBLIC_URL

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,100}", self.endpoint_id):
            raise InvalidInputError(
                f"endpoint id must be letters, digits, - and _, got {self.endpoint_id!r:.60}; copy it from its page"
            )
        if not re.fullmatch(r"https?://[^/@\s]+(/[^@\s]*)?", self.url):
            raise InvalidInputError(
                "RunPod's URL must start with https:// or http:// and hold no blank and no password; leave it out "
                f"for {PUBLIC_URL}"
            )


class RunPodApi:
    """The endpoint. Thread-safe: every thread keeps a session of its own."""

    def __init__(self, config: RunPodConfig, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._config = config
        self._http = Http(clock)

    def run(self, job_input: dict[str, Any], policy: dict[str, int]) -> str:
        """Queue a job and return its id.

        Raises NotAcceptedError (try again), DoubtfulError (it may be queued), RefusedError (never), KeyRefusedError,
        EndpointError.
        """
        if not job_input:
            raise InvalidInputError("the input of a job must not be empty: RunPod's workers never finish such jobs")
        try:
            answer = self._call("POST", "run", json.dumps({"input": job_input, "policy": policy}, allow_nan=False))
        except NetworkError as error:
            text = f"RunPod cannot be reached: {error}"
            raise (DoubtfulError(text) if error.sent else NotAcceptedError(text)) from None
        self._check_account(answer)
        if answer.status == 404:
            raise self._no_endpoint(answer)
        if answer.status in (429, 503) or 300 <= answer.status < 400:  # a portal or proxy in the way redirects
            raise NotAcceptedError(self._said(answer), retry_after=answer.retry_after)
        if answer.status >= 500 or answer.status == 408:
            raise DoubtfulError(self._said(answer))
        if answer.status >= 400:
            hint = "; a job's input may have 10 MB" if answer.status == 413 else ""
            raise RefusedError(f"RunPod refuses the job: {self._said(answer)}{hint}")
        found = job_id(_json(answer.body))
        if found is None:
            raise DoubtfulError(f"RunPod took a job without telling its id: {self._said(answer)}")
        return found

    def status(self, job: str) -> JobView:
        """Return the state of a job. Raises UnknownJobError, UnansweredError or KeyRefusedError."""
        answer = self._ask("GET", f"status/{quote(job, safe='')}")
        if answer.status == 404:
            raise UnknownJobError(f"RunPod has no record of job {job}")
        return self._read(answer, job_view)

    def cancel(self, job: str) -> None:
        """Ask for the end of a job; it is over when `status` says so. Raises as `status` does."""
        answer = self._ask("POST", f"cancel/{quote(job, safe='')}")
        if answer.status == 404:
            raise UnknownJobError(f"RunPod has no record of job {job}")
        self._read(answer, lambda document: document)

    def health(self) -> Health:
        """Return how many workers and jobs the endpoint has. Raises EndpointError, UnansweredError, KeyRefusedError."""
        answer = self._ask("GET", "health")
        if answer.status == 404:
            raise self._no_endpoint(answer)
        return self._read(answer, health_view)

    # -- one request -------------------------------------------------------------------------------------------------

    def _ask(self, method: str, path: str) -> Answer:
        try:
            answer = self._call(method, path, None)
        except NetworkError as error:
            raise UnansweredError(f"RunPod cannot be reached: {error}") from None
        self._check_account(answer)
        return answer

    def _read(self, answer: Answer, read: Callable[[Any], _T]) -> _T:
        if answer.status != 200:
            raise UnansweredError(self._said(answer), retry_after=answer.retry_after)
        try:
            document = _json(answer.body)
            if document is None:
                raise InvalidInputError("no JSON")
            return read(document)
        except InvalidInputError:
            raise UnansweredError(f"RunPod's answer cannot be read: {self._said(answer)}") from None

    def _check_account(self, answer: Answer) -> None:
        """Raise for answers that are about the key or the account, whatever was asked."""
        if answer.status in (401, 403):
            text = (
                f"RunPod refuses the API key (HTTP {answer.status}): set one that may use this endpoint; in the file "
                "of RUNPOD_API_KEY_FILE it works at once, in RUNPOD_API_KEY when the program is started anew"
            )
            raise KeyRefusedError(text)
        if answer.status == 402:
            raise KeyRefusedError("RunPod wants payment first (HTTP 402): add credit to the account")

    def _no_endpoint(self, answer: Answer) -> EndpointError:
        return EndpointError(
            f"RunPod knows no endpoint {self._config.endpoint_id!r} at {self._config.url} (HTTP {answer.status}); "
            "compare the id with the endpoint's page"
        )

    def _call(self, method: str, path: str, body: str | None) -> Answer:
        url = f"{self._config.url.rstrip('/')}/{self._config.endpoint_id}/{path}"
        answer = self._http.send(method, url, self._key(), None if body is None else body.encode())
        _log.debug("%s %s: HTTP %d, %d bytes", method, path, answer.status, len(answer.body))
        return answer

    def _key(self) -> str:
        key = self._config.api_key().strip()
        if not key:
            raise KeyRefusedError("there is no RunPod API key: set one")
        if not (key.isascii() and key.isprintable() and " " not in key):
            raise KeyRefusedError("the RunPod API key holds characters that no key has: copy it again")
        return key

    def _said(self, answer: Answer) -> str:
        """The status and the start of the body, without the key should a proxy repeat it."""
        text = answer.body[:2000].decode("utf-8", errors="replace")
        key = self._config.api_key().strip()
        return f"HTTP {answer.status}: {one_line(text.replace(key, '***') if key else text) or 'empty'}"


def _json(body: bytes) -> Any:
    """Return the document, or None when there is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
