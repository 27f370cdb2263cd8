"""Several runs of the store at work at a time, and the local workers that they hand on to each other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from typing import Generic, TypeVar

from core.executors.local import LocalExecutor
from core.optimizer import ModelOptimizer

Task = TypeVar("Task")
_TICK = 0.5  # seconds between looks


class RunPool(Generic[Task]):
    """Does tasks, each of which works on a run. `stop()` may be called from any thread; what is done stays done."""

    def __init__(self, log: Path, memory_mb: int | None) -> None:
        """`log`: where workers write what they print; `memory_mb`: what each of them may use."""
        self._log, self._memory_mb = log, memory_mb
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._active: list[ModelOptimizer] = []
        self._idle: list[LocalExecutor] = []

    @property
    def stopping(self) -> bool:
        """Whether somebody asked for the end."""
        return self._stop.is_set()

    def stop(self) -> None:
        """Ask for the end: no task begins any more, and those at work end with what they have."""
        self._stop.set()
        with self._lock:
            for optimizer in self._active:
                optimizer.stop()

    def work(
        self,
        tasks: Sequence[Task],
        at_once: int,
        do: Callable[[Task], None],
        choose: Callable[[Sequence[Task], Collection[Task]], Task | None] = lambda waiting, _: waiting[0],
        look: Callable[[int, int], None] = lambda waiting, busy: None,
    ) -> None:
        """Do the tasks, `at_once` at a time, until all are done or it is stopped. A task's error ends it all.

        `choose` gets those that wait and those at work and returns what begins next, None for nothing yet; `look`
        hears twice a second how many wait and how many are at work.
        """
        waiting = list(tasks)
        busy: dict[Future[None], Task] = {}
        with ThreadPoolExecutor(at_once, thread_name_prefix="run-pool") as threads:
            try:
                while (waiting and not self.stopping) or busy:
                    while waiting and len(busy) < at_once and not self.stopping:
                        task = choose(waiting, busy.values())
                        if task is None:
                            break
                        waiting.remove(task)
                        busy[threads.submit(do, task)] = task
                    ended, _ = wait(busy, timeout=_TICK, return_when=FIRST_COMPLETED)
                    look(len(waiting), len(busy) - len(ended))
                    for future in ended:
                        del busy[future]
                        future.result()
            except BaseException:
                self.stop()
                raise
            finally:
                wait(busy)
                for executor in self._idle:
                    executor.close()
                self._idle.clear()

    @contextmanager
    def workers(self) -> Iterator[LocalExecutor]:
        """Lend local workers that have Keras loaded, of those that no run uses."""
        with self._lock:
            executor = self._idle.pop() if self._idle else None
        if executor is None:
            executor = LocalExecutor(self._log, self._memory_mb)
            executor.start()
        try:
            yield executor
        finally:
            with self._lock:
                self._idle.append(executor)

    def search(self, optimizer: ModelOptimizer) -> None:
        """Let a run be worked on until it ends or the pool is stopped."""
        with self._lock:
            self._active.append(optimizer)
            if self.stopping:
                optimizer.stop()
        try:
            optimizer.optimize_model()
        finally:
            with self._lock:
                self._active.remove(optimizer)
