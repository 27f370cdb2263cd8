"""The book of remote jobs survives a killed process and adds up what was spent."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import LabError
from core.executors.ledger import Ledger, estimate


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run" / "remote_jobs.jsonl"


def submit(ledger: Ledger, job_id: str, uid: str = "u0", number: int = 0) -> None:
    ledger.submitted(uid=uid, number=number, job_id=job_id, attempt=1, gpus=1)


def test_a_new_process_knows_the_jobs_that_run(path: Path) -> None:
    ledger = Ledger(path, lambda: 100.0)
    for job, uid in (("a", "u0"), ("b", "u1"), ("c", "u2")):
        submit(ledger, job, uid)
    ledger.ended("a", "COMPLETED", execution_ms=1500, cost=0.2)
    ledger.cancelled("b")
    again = Ledger(path, lambda: 160.0)
    found = again.open_job("u2")
    assert found is not None and found.job_id == "c" and again.age(found) == 60.0
    assert again.open_job("u0") is None and again.open_job("u1") is None
    assert [job.job_id for job in again.unsettled()] == ["b"]
    assert again.jobs() == ledger.jobs()


def test_the_newest_open_job_counts(path: Path) -> None:
    ledger = Ledger(path, lambda: 1.0)
    submit(ledger, "a")
    submit(ledger, "b")
    found = ledger.open_job("u0")
    assert found is not None and found.job_id == "b"


def test_cancelled_and_failed_jobs_cost_too(path: Path) -> None:
    ledger = Ledger(path, lambda: 1.0)
    for job in "abcde":
        submit(ledger, job)
    ledger.cancelled("a")
    ledger.ended("a", "CANCELLED", execution_ms=2100, cost=estimate(2100, 1, 0.5))
    ledger.ended("b", "FAILED", execution_ms=1000, cost=estimate(1000, 2, 0.5))
    ledger.ended("c", "LOST")
    ledger.ended("d", "COMPLETED", execution_ms=10, cost=estimate(10, 1, 0.5))
    ledger.ended("d", "FAILED", execution_ms=99_000, cost=99.0)  # an end is booked once
    ledger.doubtful(uid="u9", number=9, reason="the connection broke")
    summary = Ledger(path, lambda: 2.0).summary()
    assert (summary.jobs, summary.running, summary.unknown_cost, summary.doubtful) == (5, 1, 1, 1)
    assert summary.seconds == 3 + 1 + 1 and summary.cost == pytest.approx(1.5 + 1.0 + 0.5)


def test_what_is_not_known_is_none(path: Path) -> None:
    assert estimate(None, 1, 0.5) is None and estimate(1000, 1, None) is None
    ledger = Ledger(path, lambda: 1.0)
    assert ledger.summary().cost is None and not path.exists()
    submit(ledger, "a")
    ledger.ended("a", "COMPLETED", execution_ms=1000)
    assert ledger.summary().cost is None and ledger.summary().unknown_cost == 1


def test_every_cut_of_the_file_leaves_a_book_that_can_be_written(path: Path) -> None:
    ledger = Ledger(path, lambda: 1.0)
    submit(ledger, "a")
    whole = path.read_bytes()
    submit(ledger, "b", "u1")
    both = path.read_bytes()
    for cut in range(len(whole), len(both)):
        path.write_bytes(both[:cut])  # killed while it wrote the second line
        again = Ledger(path, lambda: 1.0)
        submit(again, "c", "u2")
        jobs = [job.job_id for job in Ledger(path, lambda: 1.0).jobs()]
        assert jobs == (["a", "b", "c"] if cut == len(both) - 1 else ["a", "c"]), cut


def test_a_disk_that_refuses_is_told(path: Path) -> None:
    ledger = Ledger(path, lambda: 1.0)
    path.parent.write_text("a file where the folder should be")
    with pytest.raises(LabError, match=r"cannot be written: .*; free some room"):
        submit(ledger, "a")
    assert ledger.jobs() == ()  # what is not on disk is not known
