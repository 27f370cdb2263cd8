"""Work that is spread over processes: the same answers, no process left behind, a lost one told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from functools import partial

import numpy as np
import psutil
import pytest

from core.analyses import corrupted_sets
from core.analyses.side_work import spread
from core.corruptions import CORRUPTIONS
from core.corruptions.images import corrupt_images
from core.datasets import DATASETS
from core.errors import LabError


def test_calls_are_answered_in_their_order_by_other_processes() -> None:
    assert list(spread((partial(divmod, number, 7) for number in range(50)), 1)) == [divmod(n, 7) for n in range(50)]
    assert list(spread((partial(divmod, number, 7) for number in range(50)), 2)) == [divmod(n, 7) for n in range(50)]
    assert os.getpid() not in set(spread([os.getpid] * 4, 2)) and set(spread([os.getpid] * 4, 1)) == {os.getpid()}


def test_an_error_comes_back_as_it_is() -> None:
    with pytest.raises(ZeroDivisionError):
        list(spread([partial(divmod, 1, 0)] * 2, 2))


def test_a_lost_process_is_told_with_a_remedy() -> None:
    with pytest.raises(LabError, match=r"2 processes .* want of memory; .* run this analysis again"):
        list(spread([partial(os._exit, 1)] * 2, 2))
    assert list(spread([partial(divmod, 1, 1)] * 2, 2)) == [(1, 0)] * 2  # others take its place


def test_images_in_pieces_get_the_damage_that_they_get_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.random.default_rng(5).integers(0, 17, (50, 8, 8, 1)).astype(np.uint8)
    rows = np.arange(50) * 3 + 1
    monkeypatch.setattr(corrupted_sets, "PIECE", 12)
    monkeypatch.setattr(corrupted_sets, "MANY", 50)
    monkeypatch.setattr(corrupted_sets, "processors", lambda: 2)
    for name in ("gaussian_noise", "motion_blur"):  # both draw anew for each row
        whole = corrupt_images(x, CORRUPTIONS[name], 4, 9, dataset="digits", rows=rows, scale=16)
        made = corrupted_sets._damaged(x, rows, CORRUPTIONS[name], 4, 9, DATASETS["digits"])
        assert np.array_equal(made, whole) and not np.array_equal(made, x)


_WORKER = (
    "import os, time; from functools import partial; from core.analyses.side_work import spread; "
    "print(*set(spread([os.getpid] * 6, 2)), flush=True); list(spread([partial(time.sleep, 300)] * 2, 2))"
)


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_processes_end_with_one_that_was_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", _WORKER], stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        pids = [int(pid) for pid in worker.stdout.readline().split()]
        assert pids and all(map(_lives, pids))
        worker.send_signal(signal.SIGKILL)
    until = time.monotonic() + 20
    while any(map(_lives, pids)) and time.monotonic() < until:
        time.sleep(0.1)
    assert not [pid for pid in pids if _lives(pid)]
