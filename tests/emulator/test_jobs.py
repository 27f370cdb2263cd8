"""The state machine of jobs, on a clock that only jumps."""

from __future__ import annotations

import pytest

from core.errors import InvalidInputError, RunStateError
from tests.emulator.clock import Clock
from tests.emulator.job import Job
from tests.emulator.jobs import JobTable
from tests.emulator.policy import Policy, read_policy

QUICK = Policy(execution_timeout=10.0, ttl=100.0)


class Table(JobTable):
    """A table with its clock and the jobs that ended."""

    def __init__(self) -> None:
        self.clock = Clock(source=lambda: 0.0)
        self.told: list[tuple[str, str]] = []
        super().__init__(self.clock.now, lambda job: self.told.append((job.id, job.status)))

    def started(self, worker: str = "w1", policy: Policy = QUICK) -> Job:
        job = self.submit({"a": 1}, policy)
        assert self.take(worker) == [job]
        return job


@pytest.fixture
def table() -> Table:
    return Table()


def test_the_fields_of_a_view_appear_as_they_become_known(table: Table) -> None:
    job = table.submit({"a": 1}, QUICK)
    assert job.id.endswith("-u1")
    assert job.view() == {"id": job.id, "status": "IN_QUEUE"}
    table.clock.advance(1.5)
    table.take("w1")
    assert job.view() == {"id": job.id, "status": "IN_PROGRESS", "delayTime": 1500, "workerId": "w1"}
    assert table.progress("w1", job.id, {"epoch": 1})
    assert job.view()["output"] == {"epoch": 1}
    table.clock.advance(2.25)
    assert table.finish("w1", job.id, {"score": 3})
    assert job.view() == {
        "id": job.id, "status": "COMPLETED", "delayTime": 1500, "executionTime": 2250, "workerId": "w1",
        "output": {"score": 3},
    }  # fmt: skip
    assert table.told == [(job.id, "COMPLETED")]


def test_jobs_are_taken_in_the_order_they_came(table: Table) -> None:
    jobs = [table.submit(n, QUICK) for n in range(4)]
    assert table.take("w1") == jobs[:1]
    assert table.take("w2", 2) == jobs[1:3]
    assert table.take("w3", 5) == jobs[3:]
    assert table.take("w4") == []


def test_an_answer_with_an_error_fails_the_job_and_keeps_what_else_it_says(table: Table) -> None:
    job = table.started()
    table.progress("w1", job.id, {"epoch": 1})
    table.finish("w1", job.id, {"error_code": "OOM"}, "out of memory")
    assert (job.status, job.output, job.error) == ("FAILED", {"error_code": "OOM"}, "out of memory")


def test_an_answer_without_output_leaves_no_progress_behind(table: Table) -> None:
    job = table.started()
    table.progress("w1", job.id, {"epoch": 1})
    table.finish("w1", job.id)
    assert "output" not in job.view()


def test_a_queued_job_is_cancelled_without_anybody_being_told(table: Table) -> None:
    job = table.submit(1, QUICK)
    table.cancel(job)
    assert job.view() == {"id": job.id, "status": "CANCELLED"}
    assert table.take("w1") == []
    assert table.take_stops("w1") == []


def test_a_running_job_is_cancelled_and_its_worker_told_once(table: Table) -> None:
    job = table.started()
    table.cancel(job)
    assert job.status == "CANCELLED"
    assert table.take_stops("w2") == []
    assert table.take_stops("w1") == [job.id]
    assert table.take_stops("w1") == []


def test_an_ended_job_cannot_be_cancelled(table: Table) -> None:
    job = table.started()
    table.finish("w1", job.id, 1)
    table.cancel(job)
    assert job.status == "COMPLETED"
    assert table.take_stops("w1") == []


def test_the_execution_timeout_counts_from_the_start_and_keeps_the_last_progress(table: Table) -> None:
    job = table.submit(1, QUICK)
    table.clock.advance(50)  # waiting does not count
    table.take("w1")
    table.progress("w1", job.id, {"epoch": 1})
    table.clock.advance(9.9)
    assert table.find(job.id).status == "IN_PROGRESS"
    table.clock.advance(0.2)
    view = table.find(job.id).view()
    assert (view["status"], view["output"], view["executionTime"]) == ("TIMED_OUT", {"epoch": 1}, 10100)
    assert "timeout" in view["error"]
    assert table.take_stops("w1") == [job.id]


def test_the_time_to_live_deletes_the_record_in_any_state(table: Table) -> None:
    policy = Policy(execution_timeout=1000.0, ttl=100.0)
    running, queued = table.started(policy=policy), table.submit(1, policy)
    table.clock.advance(99)
    assert table.find(queued.id) is queued and table.find(running.id) is running
    table.clock.advance(1)
    assert table.find(queued.id) is None and table.find(running.id) is None
    assert table.take("w2") == []
    assert table.take_stops("w1") == [running.id]


@pytest.mark.parametrize(("sync", "kept"), [(False, 1800), (True, 60)])
def test_an_ended_job_is_kept_for_a_while(table: Table, sync: bool, kept: int) -> None:
    job = table.submit(1, Policy(), sync=sync)
    table.take("w1")
    table.clock.advance(500)
    table.finish("w1", job.id, 1)
    table.clock.advance(kept - 1)
    assert table.find(job.id) is job
    table.clock.advance(1)
    assert table.find(job.id) is None
    assert table.counts()["completed"] == 1


def test_a_lost_worker_s_job_is_tried_once_more_and_then_fails(table: Table) -> None:
    job = table.started()
    table.progress("w1", job.id, {"epoch": 1})
    table.clock.advance(5)
    table.lose("w1")
    assert job.view() == {"id": job.id, "status": "IN_QUEUE", "retries": 1}
    table.clock.advance(2)
    assert table.take("w2") == [job]
    assert job.view()["delayTime"] == 2000  # counts anew
    table.clock.advance(3)
    table.lose("w2")
    assert job.view() == {
        "id": job.id, "status": "FAILED", "delayTime": 2000, "executionTime": 3000, "workerId": "w2",
        "error": "job timed out after 1 retries", "retries": 1,
    }  # fmt: skip
    assert table.counts() == {"completed": 0, "failed": 1, "inProgress": 0, "inQueue": 0, "retried": 1}


def test_what_comes_too_late_is_counted_and_changes_nothing(table: Table) -> None:
    done, cancelled, moved = table.started(), table.started(), table.started()
    table.finish("w1", done.id, {"score": 3})
    table.cancel(cancelled)
    table.lose("w1")
    table.take("w2")
    assert not table.progress("w1", done.id, "late")
    assert not table.finish("w1", cancelled.id, "late")
    assert not table.stream("w1", moved.id, "late")
    assert not table.progress("w1", "unheard-of", "late")
    assert [(post.kind, post.status) for post in table.late] == [
        ("progress", "COMPLETED"), ("result", "CANCELLED"), ("stream", "REASSIGNED"), ("progress", "GONE"),
    ]  # fmt: skip
    assert (done.output, cancelled.status, moved.stream) == ({"score": 3}, "CANCELLED", [])


def test_late_progress_can_reopen_an_ended_job_as_in_runpod_python_250(table: Table) -> None:
    job = table.started()
    table.finish("w1", job.id, {"score": 3})
    table.late_progress_wins = True
    table.progress("w1", job.id, {"epoch": 1})
    assert (job.status, job.output) == ("IN_PROGRESS", {"epoch": 1})
    assert len(table.late) == 1


def test_only_failed_jobs_can_be_retried(table: Table) -> None:
    job = table.started()
    with pytest.raises(RunStateError, match="IN_PROGRESS"):
        table.retry(job)
    table.finish("w1", job.id, {"error_code": "OOM"}, "no memory")
    table.retry(job)
    assert job.view() == {"id": job.id, "status": "IN_QUEUE"}
    assert table.take("w2") == [job] and job.input == {"a": 1}


def test_purging_forgets_queued_jobs_only(table: Table) -> None:
    running = table.started()
    queued = [table.submit(n, QUICK) for n in range(3)]
    assert table.purge() == 3
    assert table.find(queued[0].id) is None
    assert table.find(running.id) is running


def test_jobs_of_low_priority_ask_for_no_worker(table: Table) -> None:
    table.submit(1, Policy(low_priority=True))
    assert table.demand == 0
    table.submit(2, QUICK)
    assert table.demand == 1


def test_a_policy_is_in_milliseconds_and_has_defaults() -> None:
    assert read_policy(None) == Policy(execution_timeout=600.0, ttl=86_400.0, low_priority=False)
    assert read_policy({"executionTimeout": 5000, "ttl": 604_800_000, "lowPriority": True}) == Policy(
        execution_timeout=5.0, ttl=604_800.0, low_priority=True
    )


@pytest.mark.parametrize(
    "document",
    [
        [], {"executionTimeout": 4999}, {"ttl": 9999}, {"ttl": 604_800_001}, {"ttl": "10000"}, {"ttl": True},
        {"lowPriority": 1}, {"executionTimeout": float("nan")},
    ],
)  # fmt: skip
def test_a_policy_out_of_range_is_refused(document: object) -> None:
    with pytest.raises(InvalidInputError):
        read_policy(document)
