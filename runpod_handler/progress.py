"""Progress messages in order: one thread sends the newest state, and none is under way when a job is answered.

The SDK's own `progress_update` starts a thread per message: they overtake each other, and one that arrives after the
answer leaves the job in progress for ever (runpod-python #250).
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from core.records import to_dict
from core.remote_job import SENT_EPOCHS, RemoteProgress
from core.trial import EpochRecord

Post = Callable[[dict[str, Any]], None]
_log = logging.getLogger(__name__)
INTERVAL = 0.5  # seconds between two messages
_LONGEST_DRAIN = 30.0  # seconds that the end waits for a message that is under way


class ProgressSender:
    """Tells phases and epochs; the newest state replaces one that was not sent yet. Thread-safe."""

    def __init__(self, post: Post, worker: str, interval: float = INTERVAL) -> None:
        self._post, self._worker, self._interval = post, worker, interval
        self._changed = threading.Condition()
        self._state = RemoteProgress(sequence=0, phase="fetching data", worker=worker)
        self._epochs: deque[EpochRecord] = deque(maxlen=SENT_EPOCHS)
        self._pending = self._closed = False
        self._thread = threading.Thread(target=self._send, name="progress", daemon=True)
        self._thread.start()

    def tell(self, phase: Any, epoch: EpochRecord | None = None) -> None:
        """Say what the worker does now, and an epoch that ended."""
        with self._changed:
            if epoch is not None:
                self._epochs.append(epoch)
            self._state = RemoteProgress(
                sequence=self._state.sequence + 1, phase=phase, epochs=tuple(self._epochs), worker=self._worker
            )
            self._pending = True
            self._changed.notify()

    @property
    def last(self) -> RemoteProgress:
        """The newest state, sent or not."""
        with self._changed:
            return self._state

    def close(self, *, drop: bool = False, timeout: float = _LONGEST_DRAIN) -> None:
        """Send what is left, unless it is to be dropped, and wait until nothing is under way."""
        with self._changed:
            self._closed = True
            self._pending = self._pending and not drop
            self._changed.notify()
        self._thread.join(timeout)
        if self._thread.is_alive():
            _log.warning("a progress message is still under way after %g s", timeout)

    def _send(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._pending or self._closed)
                if not self._pending:
                    return
                message, self._pending = to_dict(self._state), False
            sent = time.monotonic()
            try:
                self._post(message)
            except Exception:  # whatever the SDK raises: a job does not fail for want of a progress message
                _log.warning("a progress message was not sent", exc_info=True)
            with self._changed:  # at the end the last one goes at once: the answer waits for it
                pause = self._interval - (time.monotonic() - sent)
                self._changed.wait_for(lambda: self._closed, timeout=max(0.0, pause))


def sdk_post(job: dict[str, Any]) -> Post:
    """Return a function that sends a progress message of `job` and returns when it has arrived."""
    from runpod.serverless.modules import rp_progress

    def post(message: dict[str, Any]) -> None:
        target = getattr(rp_progress, "_thread_target", None)  # private: the only way to know when it has arrived
        if target is None:
            rp_progress.progress_update(job, message)
        else:
            target(job, message)

    return post
