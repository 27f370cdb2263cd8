"""What finished networks say about the holdout: asked once by a process of its own, then read from the disk."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.analyses.process import ask
from core.config import Settings
from core.errors import LabError


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
        request = {"dataset": dataset, "networks": missing, "out_dir": str(out_dir)}
        log = out_dir / "evaluator.log"
        messages = ask("core.analyses.evaluator", request, log, settings, stopping)
        for number, message in enumerate(messages, start=1):
            if "error" in message:
                raise LabError(f"the networks could not be tried on the holdout: {message['error']}")
            on_done(number)
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
