"""Sets of trial numbers as short text, for the address of a page."""

from __future__ import annotations

import re
from collections.abc import Iterable

_PART = re.compile(r"(\d{1,7})(?:-(\d{1,7}))?")


def write_ranges(numbers: Iterable[int]) -> str:
    """Write whole numbers from 0 as ranges.

    >>> write_ranges([7, 4, 5, 1, 6])
    '1,4-7'
    """
    parts: list[list[int]] = []
    for number in sorted(set(numbers)):
        if parts and number == parts[-1][-1] + 1:
            parts[-1][1:] = [number]
        else:
            parts.append([number])
    return ",".join("-".join(map(str, part)) for part in parts)


def parse_ranges(text: str, limit: int) -> frozenset[int]:
    """Read what `write_ranges` wrote; what is malformed, or not below `limit`, is left out.

    >>> sorted(parse_ranges("1,4-7,x,99", limit=10))
    [1, 4, 5, 6, 7]
    """
    found: set[int] = set()
    for part in text.split(","):
        match = _PART.fullmatch(part.strip())
        if match:
            first = int(match[1])
            found.update(range(first, min(int(match[2] or first) + 1, limit)))
    return frozenset(number for number in found if number < limit)
