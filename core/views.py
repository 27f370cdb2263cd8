"""What a page shows of a run or a study at one moment, read from the store."""

from __future__ import annotations

from dataclasses import dataclass

from core.remote_use import RemoteUse
from core.store import ACTIVE, RunRecord, TrialProgress, TrialRecord
from core.study_config import StudyMode
from core.study_store import StudyRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """Everything a page shows about a run at one moment, read from the store."""

    run: RunRecord
    trials: tuple[TrialRecord, ...]
    running: tuple[TrialProgress, ...]
    best: TrialRecord | None
    seconds: float  # of work, the current session included
    seconds_left: float | None
    remote: RemoteUse | None = None  # what RunPod's workers did, None when they did nothing

    @property
    def active(self) -> bool:
        """Whether the run is queued or being worked on."""
        return self.run.status in ACTIVE

    @property
    def paused(self) -> bool:
        """Whether an active run starts no further trials until a person says so."""
        return self.active and self.run.pause_requested

    def count(self, *states: str) -> int:
        """Number of trials in one of `states`."""
        return sum(trial.state in states for trial in self.trials)


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyView:
    """A study at one moment; its runs by mode and pair, None for one that has not begun."""

    study: StudyRecord
    runs: dict[StudyMode, tuple[RunView | None, ...]]
    seconds: float  # of work, the current session included
