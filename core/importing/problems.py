"""What could not be used of a source: counted completely, with a few examples kept by name and reason."""

from __future__ import annotations

import re
import unicodedata

from core.importing.report import Unreadable

_EXAMPLES = 20
_LONGEST_NAME = 200


class Unusable(Exception):
    """One file or row cannot be used; the text says why in a few words. It never leaves this package."""


class Problems:
    """Counts what was unreadable and remembers the first few."""

    def __init__(self) -> None:
        self.count = 0
        self.examples: list[Unreadable] = []

    def add(self, name: str, reason: str) -> None:
        """Count the file or row `name`."""
        self.count += 1
        if len(self.examples) < _EXAMPLES:
            self.examples.append(Unreadable(name=printable(name)[:_LONGEST_NAME] or "?", reason=printable(reason)))

    def reasons(self) -> str:
        """Return the different reasons among the examples, for a sentence."""
        return "; ".join(dict.fromkeys(example.reason for example in self.examples))


def printable(text: str) -> str:
    """Return `text` composed (NFC), without control, format and unassigned characters, runs of spaces as one space.

    >>> printable(" cat\\x07\\u202e \\t fish\\n")
    'cat fish'
    """
    composed = unicodedata.normalize("NFC", text)
    kept = (c if c.isspace() or unicodedata.category(c)[0] != "C" else "" for c in composed)
    return " ".join("".join(kept).split())


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Return a sort key under which 2 comes before 10.

    >>> sorted(["10", "9b", "a2", "9"], key=natural)
    ['9', '9b', '10', 'a2']
    """
    pieces = re.findall(r"[0-9]+|[^0-9]+", text)
    key = tuple((0, int(p), "") if p[0] in "0123456789" else (1, 0, p.casefold()) for p in pieces)
    return (*key, (-1, 0, text))  # the text itself last: names that differ in capitals only have one order too
