"""A full disk: the run ends and says so, nothing earlier is lost, and it goes on when there is room again."""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path

import pytest

from core.config import Settings
from core.disk_space import DiskFullError, full_disk
from core.executors.crew import Crew
from core.optimizer import ModelOptimizer
from core.service import RunService
from core.store import Store
from tests.hardening.disks import SmallDisk
from tests.hardening.scripted import ScriptedExecutor, own_results, quick, wait_for


def files_of(folder: Path) -> dict[str, str]:
    """SHA-256 by path of everything below."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.training
def test_a_real_run_on_a_disk_that_fills_up(lab: Settings, tmp_path: Path) -> None:
    """Database and results share the small disk, as they do by default."""
    with SmallDisk(tmp_path / "disk", megabytes=24) as disk:
        settings = own_results(lab, disk.folder)
        with RunService(settings) as service:
            service.start(quick("filled", 4, max_epochs_per_trial=3))
            wait_for(lambda: service.view("filled").count("completed") >= 1, 120, "the first trial")
            disk.fill()
            first = files_of(disk.folder / "filled" / "trials" / "trial_0")
            wait_for(lambda: not alive(service), 120, "the end of its workers")
            service.view("filled")  # the app can still read
            disk.clear()
            wait_for(lambda: service.view("filled").run.status == "failed", 60, "the row of the run")
            run = service.view("filled").run
            assert "full" in run.phase or "No space left" in run.phase, run.phase
            assert "free" in run.phase and run.resumable
            done = service.view("filled").count("completed")
            assert 1 <= done < 4 and service.view("filled").count("failed") == 0
            assert files_of(disk.folder / "filled" / "trials" / "trial_0") == first
            service.resume("filled")
            wait_for(lambda: service.view("filled").run.status == "completed", 120, "the resumed run")
            assert service.view("filled").count("completed") == 4
            assert (disk.folder / "filled" / "summary.json").is_file()


def alive(service: RunService) -> bool:
    """Whether workers of the service's run are there."""
    current = service._current
    crew = current._crew if isinstance(current, ModelOptimizer) else None
    host = crew.executor._host if crew is not None else None  # type: ignore[attr-defined]
    return host is not None and host.poll() is None


def test_results_on_a_full_disk_and_the_database_elsewhere(
    lab: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(number: int) -> None:
        if number == 2 and not full:
            full.append(number)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "model.keras")

    full: list[int] = []
    executor = ScriptedExecutor(before=no_room)
    monkeypatch.setattr(ModelOptimizer, "_own_crew", lambda *_: Crew(executor=executor))
    settings = own_results(lab, tmp_path)
    with RunService(settings) as service:
        service.start(quick("filled", 4))
        wait_for(lambda: service.view("filled").run.status == "failed", 90)
        assert service.view("filled").run.phase == (
            f"cannot write to {tmp_path / 'filled'}: No space left on device. What is stored there is whole: free some "
            "space, then resume"
        )
        assert [trial.state for trial in service.view("filled").trials] == ["completed", "completed", "waiting"]
        service.resume("filled")
        wait_for(lambda: service.view("filled").run.status == "completed", 90)
    assert [trial.state for trial in Store(settings).trials("filled")] == ["completed"] * 4


def test_what_a_full_disk_looks_like() -> None:
    folder = Path("/results/a")
    for error in (
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        "OSError: [Errno 28] No space left on device: 'model.keras'",
        "OSError: Can't write data (file write failed: errno = 28, error message = 'No space left on device')",
    ):
        assert isinstance(full_disk(folder, error), DiskFullError)
    for other in (OSError(errno.EACCES, "Permission denied"), "ValueError: NaN", None):
        assert full_disk(folder, other) is None
