"""Plug-in registries: nearest names, no double names, and discovery by several threads at once."""

from __future__ import annotations

import subprocess
import sys

import pytest

from core.errors import InvalidInputError
from core.registry import Registry


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    shapes: Registry[int] = Registry("shape")
    shapes.register("square", 4)
    shapes.add("circle")(0)
    assert dict(shapes) == {"square": 4, "circle": 0} and "square" in shapes and len(shapes) == 2
    with pytest.raises(InvalidInputError, match=r"unknown shape 'sqare'; known: circle, square. Did you mean 'square'"):
        shapes["sqare"]
    with pytest.raises(InvalidInputError, match="registered twice"):
        shapes.register("square", 5)


def test_threads_that_ask_first_all_see_the_whole_family() -> None:
    code = """
import sys, threading
sys.setswitchinterval(1e-6)
from core.datasets import DATASETS
barrier, found = threading.Barrier(8), []
def ask():
    barrier.wait()
    found.append(len(DATASETS))
threads = [threading.Thread(target=ask) for _ in range(8)]
[t.start() for t in threads]; [t.join() for t in threads]
assert len(set(found)) == 1 and found[0] >= 5, found
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
