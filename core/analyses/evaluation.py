"""What finished networks say about the holdout: asked once by a process of its own, then read from the disk."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import core
from core.config import Settings
from core.errors import LabError

_LOG_TAIL = 400  # characters of what the process printed that are shown when it dies
_QUIET = {"TF_CPP_MIN_LOG_LEVEL": "2", "KERAS_BACKEND": "tensorflow"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictions:
    """A network on the holdout. Rows in the order of their numbers, which are the same for all networks of a study."""

    probabilities: NDArray[np.float32]  # (n, classes)
    labels: NDArray[np.int64]  # (n,)
    rows: NDArray[np.int64]  # (n,) of the data set

    @property
    def correct(self) -> NDArray[np.bool_]:
        """Whether each row was put into its class (n,)."""
        return np.asarray(self.probabilities.argmax(axis=1) == self.labels)

    @property
    def accuracy(self) -> float:
        """Share of rows that were put into their class."""
        return float(self.correct.mean())


def evaluate(
    networks: Mapping[str, Path],
    dataset: str,
    out_dir: Path,
    settings: Settings,
    on_done: Callable[[int], None] = lambda _: None,
    stopping: Callable[[], bool] = lambda: False,
) -> dict[str, Predictions]:
    """Return the predictions of every network; those that are on the disk already are not asked for again.

    `networks`: folders with model.keras, spec.json and split.npz, by name. `on_done` hears how many are done.
    Raises LabError when the process fails or `stopping` says so.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    known = {name: found for name in networks if (found := load(out_dir, name)) is not None}
    missing = {name: str(folder) for name, folder in networks.items() if name not in known}
    if missing:
        _ask({"dataset": dataset, "networks": missing, "out_dir": str(out_dir)}, out_dir, settings, on_done, stopping)
    for name in missing:
        found = load(out_dir, name)
        if found is None:
            raise LabError(f"the predictions of {name} in {out_dir} cannot be read back; check that disk")
        known[name] = found
    return {name: known[name] for name in networks}


def load(out_dir: Path, name: str) -> Predictions | None:
    """Return stored predictions, or None when there are none that can be read."""
    try:
        with np.load(out_dir / f"{name}.npz", allow_pickle=False) as stored:
            return Predictions(
                probabilities=stored["probabilities"], labels=stored["labels"].astype(np.int64), rows=stored["rows"]
            )
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def _ask(
    request: dict[str, object],
    out_dir: Path,
    settings: Settings,
    on_done: Callable[[int], None],
    stopping: Callable[[], bool],
) -> None:
    root = str(Path(core.__file__).parents[1])
    environment = os.environ | _QUIET | settings.environment()
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [root, environment.get("PYTHONPATH")]))
    log = out_dir / "evaluator.log"
    with (
        log.open("wb") as errors,
        subprocess.Popen(
            [sys.executable, "-m", "core.analyses.evaluator"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=environment,
            text=True,
        ) as process,
    ):
        assert process.stdin is not None and process.stdout is not None
        watch = _Watch(process, stopping)
        try:
            process.stdin.write(json.dumps(request))
            process.stdin.close()
            for number, line in enumerate(process.stdout, start=1):
                message = json.loads(line)
                if "error" in message:
                    raise LabError(f"the networks could not be tried on the holdout: {message['error']}")
                on_done(number)
        except BrokenPipeError:
            pass  # its exit code says more
        finally:
            watch.end()
    if watch.stopped:
        raise LabError("the evaluation was stopped; it goes on where it was when it is started again")
    if process.returncode != 0:
        said = log.read_text(encoding="utf-8", errors="replace")[-_LOG_TAIL:].strip()
        raise LabError(f"the evaluating process ended with exit code {process.returncode}; its last words: {said}")


class _Watch:
    """Kills a process as soon as somebody wants it to stop."""

    def __init__(self, process: subprocess.Popen[str], stopping: Callable[[], bool]) -> None:
        self._process, self._stopping = process, stopping
        self._over = threading.Event()
        self.stopped = False
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Look no more; a process that has not ended by itself is killed."""
        self._over.set()
        self._thread.join()
        if self._process.poll() is None and self.stopped:
            self._process.kill()

    def _look(self) -> None:
        while not self._over.wait(0.2):
            if self._stopping():
                self.stopped = True
                self._process.kill()
                return
