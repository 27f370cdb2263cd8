"""The child that waits: TensorFlow takes seconds to load, and is loaded before a job comes that would pay for it."""

from __future__ import annotations

import logging

from core.executors.jobs import OnEpoch, TrainJob
from core.trial import EpochRecord
from runpod_handler import training
from runpod_handler.trainee import Trainee
from runpod_handler.training import NotBegunError, Trained

_log = logging.getLogger(__name__)


class StandBy:
    """At most one child that loads TensorFlow and then waits for a job; each still trains once and ends.

    The next child loads while one trains: jobs follow each other within a fraction of a second, too short for it. It
    takes half a gigabyte of memory, and some seconds of one core, beside the training. For one event loop. Jobs that
    come together and find nobody waiting get fresh children.
    """

    def __init__(self) -> None:
        self._waiting: Trainee | None = None
        self._trainings = 0
        self._closed = False

    def keep(self, concurrency: int) -> int:
        """See to it that a child waits while nothing trains; RunPod's library asks this before it takes a job.

        Not earlier: what forks in between, as the library's heartbeat does, would hold the child's stdin open.
        """
        if not self._trainings:
            self.prepare()
        return concurrency

    def prepare(self) -> None:
        """Start a child unless one waits that can be used."""
        if self._waiting is not None and not self._waiting.alive():
            self._drop()
        if self._waiting is None and not self._closed:
            try:
                self._waiting = Trainee()
            except OSError as error:
                _log.warning("no child could be started to wait for the next job: %s", error)

    async def train(self, job: TrainJob, on_epoch: OnEpoch) -> Trained:
        """Train as `training.train` does, in the child that waits if there is one."""
        self._trainings += 1

        def on_epoch_and_prepare(record: EpochRecord) -> None:
            on_epoch(record)
            self.prepare()  # not earlier: two that load hold each other up

        try:
            return await self._train(job, on_epoch_and_prepare)
        finally:
            self._trainings -= 1
            self.prepare()

    def close(self) -> None:
        """End the child that waits; no other is started."""
        self._closed = True
        self._drop()

    async def _train(self, job: TrainJob, on_epoch: OnEpoch) -> Trained:
        trainee = self._take()
        if trainee is not None:
            patience = max(training.START_SECONDS - trainee.age, training.ANSWER_SECONDS)
            try:
                return await training.train_in(trainee, patience, job, on_epoch)
            except NotBegunError as error:
                _log.warning("the child that waited did not take its job, a fresh one does: %s", error)
        return await training.train(job, on_epoch)

    def _take(self) -> Trainee | None:
        if self._waiting is not None and not self._waiting.alive():
            _log.warning("the child that waited has ended; the job gets a fresh one")
            self._drop()
        trainee, self._waiting = self._waiting, None
        return trainee

    def _drop(self) -> None:
        trainee, self._waiting = self._waiting, None
        if trainee is not None:
            trainee.end_now()
