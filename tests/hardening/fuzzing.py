"""What the fuzz tests share: one profile that is the same every time, hostile texts, and damage."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

quick = settings(
    max_examples=60,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
HOSTILE = (
    "", ".", "..", "../x", "a/../../b", "/etc/passwd", "C:\\x", "\\\\host\\share", "a\0b", "a\nb", "\x1b[31m", "\u202e",
    "\ud800", "CON", "nul.txt", "com1", "LPT9.tar.gz", "aux", "lab.sqlite3", "lab.sqlite3-wal", "lab.log", ".hidden",
    "-rf", "x.", "x ", " x", "x" * 81, "x" * 100_000, "é", "名前", "🩺", "%2e%2e", "~", "$HOME", "`id`", "<b>", "'--",
    "a:b", "a*b", "a|b", "optimized_model.part", "NaN", "1e999", "9" * 5000, "[" * 100_000, '{"a":' * 5000, "null",
)  # fmt: skip
texts = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=100))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts.filter(lambda text: len(text) < 200),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def places(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every value of a JSON document."""
    inner = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for key, value in inner:
        yield (*path, key)
        yield from places(value, (*path, key))


def changed(document: Any, path: tuple[Any, ...], value: Any, how: str) -> Any:
    """Return a copy with the value at `path` replaced or gone, or another one beside it."""
    copy = json.loads(json.dumps(document))
    parent = copy
    for step in path[:-1]:
        parent = parent[step]
    if how == "remove":
        del parent[path[-1]]
    elif how == "add" and isinstance(parent, dict):
        parent[f"{path[-1]}_"] = value
    else:
        parent[path[-1]] = value
    return copy


def damaged(content: bytes, seed: int) -> bytes:
    """Cut, overwrite or replace a file's content, as failing disks do."""
    draw = random.Random(seed)
    kind = seed % 6
    if kind == 0:
        return content[: draw.randrange(len(content) + 1)]
    if kind == 1:
        return b""
    if kind == 2:
        return draw.randbytes(max(len(content), 10))
    if kind == 3:
        return b"\0" * len(content)
    if kind == 4:
        return b"[" * 50_000
    at = draw.randrange(max(len(content), 1))
    return content[:at] + draw.randbytes(draw.choice((1, 1, 8, 64))) + content[at + 1 :]
