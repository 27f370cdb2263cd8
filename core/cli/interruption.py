"""Long commands: a line of progress on stderr, and Ctrl-C that stops them cleanly instead of tearing them down."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm


@contextmanager
def signals_stop(stop: Callable[[], None]) -> Iterator[None]:
    """SIGINT and SIGTERM call `stop` while the context lasts."""
    before = {number: signal.signal(number, lambda *_: stop()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def progress_line() -> Iterator[Callable[[str], None]]:
    """Yield what writes the line anew."""
    with tqdm(total=0, file=sys.stderr, bar_format="{desc}") as bar:
        yield bar.set_description_str
