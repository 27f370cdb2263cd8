"""Optuna's side of a run: what to try next, when to stop a trial early, and how trials end. One thread only."""

from __future__ import annotations

import warnings
from typing import Any

import optuna
from optuna.exceptions import ExperimentalWarning
from optuna.pruners import BasePruner, MedianPruner, NopPruner
from optuna.trial import Trial, TrialState

from core.search_space import Params, Space
from core.seeds import derive_seed

MAX_ATTEMPTS = 2  # a lost worker may have been bad luck; twice is a property of the trial


class TrialQueue:
    """Ask and tell around one study.

    The sampler is seeded anew by (seed, trial number) for every proposal, so that a resumed run proposes what an
    uninterrupted one would have: with one worker a seed gives the same trials, killed in between or not.
    """

    def __init__(self, study: optuna.Study, space: Space, default: Params, *, seed: int, workers: int, pruning: bool):
        self._study, self._space, self._seed, self._workers = study, space, seed, workers
        self._pruning = pruning
        study.pruner = _pruner(pruning)
        self._open: dict[int, Trial] = {}
        self._reported: dict[int, set[int]] = {}  # epochs of open trials that are stored
        if not study.get_trials(deepcopy=False):
            study.enqueue_trial(default)
        for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            self._return(trial._trial_id)  # left behind by a process that died

    def ask(self) -> Trial:
        """Return the next trial: a waiting one first, else a new proposal."""
        trials = self._study.get_trials(deepcopy=False)
        waiting = [trial.number for trial in trials if trial.state == TrialState.WAITING]
        number = min(waiting, default=len(trials))
        self._study.sampler = _sampler(derive_seed(self._seed, number, "proposal"), self._workers)
        trial = self._study.ask(self._space)
        self._open[trial.number] = trial
        self._reported[trial.number] = set(trials[number].intermediate_values) if number < len(trials) else set()
        return trial

    def report(self, number: int, epoch: int, accuracy: float) -> bool:
        """Store an intermediate value; True when the trial should be pruned."""
        trial = self._open[number]
        if epoch not in self._reported[number]:  # it is there already after a lost attempt
            self._reported[number].add(epoch)
            trial.report(accuracy, epoch)
        return self._pruning and trial.should_prune()

    def note(self, number: int, **attributes: Any) -> None:
        """Store user attributes of a running trial."""
        for name, value in attributes.items():
            self._open[number].set_user_attr(name, value)

    def constrain(self, number: int, **excesses: float) -> None:
        """Store constraints: a trial is feasible while none of them is above 0."""
        for name, excess in excesses.items():
            self._open[number].set_constraint(name, excess)

    def complete(self, number: int, value: float) -> None:
        """End a trial with its score."""
        self._study.tell(self._open.pop(number), value)

    def prune(self, number: int) -> None:
        """End a trial as pruned."""
        self._study.tell(self._open.pop(number), state=TrialState.PRUNED)

    def fail(self, number: int) -> None:
        """End a trial as failed."""
        self._study.tell(self._open.pop(number), state=TrialState.FAIL)

    def lose(self, number: int, reason: str, retry: bool) -> bool:
        """Note that the worker was lost; True when the trial waits for another attempt, False when it failed."""
        attempts = [*self._open[number].user_attrs.get("attempts", ()), reason]
        self.note(number, attempts=attempts)
        if retry and len(attempts) < MAX_ATTEMPTS:
            self._return(self._open.pop(number)._trial_id)
            return True
        self.note(number, note=reason)
        self.fail(number)
        return False

    def give_back(self, number: int) -> None:
        """Let an unfinished trial wait: the run stops, and `resume` takes it up with the same parameters."""
        self._return(self._open.pop(number)._trial_id)

    def finished(self) -> int:
        """How many trials have ended, in whatever way."""
        return sum(trial.state.is_finished() for trial in self._study.get_trials(deepcopy=False))

    def _return(self, trial_id: int) -> None:
        self._study._storage.set_trial_state_values(trial_id, TrialState.WAITING)


def startup_trials(workers: int) -> int:
    """Return how many trials are proposed at random before scores steer the search, the default one included."""
    return max(5, workers)


def _sampler(seed: int, workers: int) -> optuna.samplers.BaseSampler:
    """TPE written out rather than left to defaults that change between versions."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)  # group=True; depth makes widths conditional
        return optuna.samplers.TPESampler(
            seed=seed,
            multivariate=True,
            group=True,
            constant_liar=True,
            n_startup_trials=startup_trials(workers),
        )


def _pruner(pruning: bool) -> BasePruner:
    return MedianPruner(n_startup_trials=5, n_warmup_steps=2) if pruning else NopPruner()
