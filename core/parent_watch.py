"""A process that is of no use without its parent ends with it, even where the parent was killed."""

from __future__ import annotations

import os
import threading
import time

_LOOK = 0.5  # seconds between looks


def end_with(parent: int) -> None:
    """End this process, from a thread of its own, as soon as the process `parent` is no longer its parent."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK)
        os._exit(1)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()
