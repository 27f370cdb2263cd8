"""What networks say about other rows than the plain holdout: each network and set of rows asked once, then kept."""

from __future__ import annotations

import json
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.artifacts import sha256
from core.calibration import measure
from core.code_version import code_version
from core.datasets.parts import Part
from core.records import from_json
from core.trial import MODEL_FILE, SPEC_FILE, TrialSpec

if TYPE_CHECKING:
    from core.analyses.context import AnalysisContext
    from core.study_networks import PoolTrial, StudyNetwork

Probabilities = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A trained network that is asked: its files, and the split that it was trained on."""

    name: str
    model: Path
    spec: Path
    split: Path

    @classmethod
    def of(cls, network: StudyNetwork | PoolTrial) -> Subject:
        """Return the network as one to be asked."""
        folder = network.folder
        return cls(name=network.name, model=folder / MODEL_FILE, spec=folder / SPEC_FILE, split=network.split)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowSet:
    """Rows with their true classes. `key` says all that they depend on beside study and code: "gaussian_noise/3".

    `read` may change the class probabilities (n, classes) before they are measured: group classes, leave some out.
    """

    key: str
    part: Callable[[Subject], Part]
    read: Callable[[Probabilities], Probabilities] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """One network on one set of rows: which are right (n,), and what `measure` says about all of them."""

    correct: NDArray[np.bool_]
    measures: dict[str, float | None]

    @property
    def accuracy(self) -> float:
        """Share of rows that were put into their class."""
        return float(self.correct.mean())


@dataclass(slots=True)
class Clock:
    """Counts the seconds in which networks were asked: what else an analysis takes is its own work."""

    predicting: float = 0.0

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Count the time of what is done within."""
        began = time.perf_counter()
        yield
        self.predicting += time.perf_counter() - began


@dataclass(slots=True)
class _Book:
    """The answers of one network: in memory, and in a file if there is a folder for it."""

    path: Path | None
    answers: dict[str, Answers] = field(default_factory=dict)

    def read(self) -> None:
        """Read what is stored; a damaged file counts as none."""
        if self.path is None:
            return
        try:
            with np.load(self.path, allow_pickle=False) as stored:
                for place, (key, one) in enumerate(json.loads(str(stored["measures"])).items()):
                    correct = np.unpackbits(stored[f"correct_{place}"], count=one["n"]).astype(bool)
                    self.answers[key] = Answers(correct=correct, measures=one["measures"])
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            self.answers.clear()

    def write(self) -> None:
        """Write by way of a temporary name."""
        if self.path is None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        arrays: dict[str, Any] = {
            f"correct_{place}": np.packbits(one.correct) for place, one in enumerate(self.answers.values())
        }
        told = {key: {"n": len(one.correct), "measures": one.measures} for key, one in self.answers.items()}
        part = self.path.with_name(f".{self.path.name}.part")
        with part.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, measures=np.array(json.dumps(told)), **arrays)
        part.replace(self.path)


def ask(
    context: AnalysisContext,
    subjects: Iterable[Subject],
    sets: Sequence[RowSet],
    on_progress: Callable[[float], None] = lambda _: None,
) -> dict[str, dict[str, Answers]]:
    """Return every subject's answers to every set, by name and key. Networks of equal files are asked once.

    One network after the other, since each is compiled for asking. `on_progress` hears the share that is done.
    """
    by_file: dict[str, list[Subject]] = {}
    for subject in subjects:
        by_file.setdefault(_identity(subject), []).append(subject)
    found: dict[str, dict[str, Answers]] = {}
    for place, (identity, same) in enumerate(by_file.items()):
        book = _Book(None if context.answers_dir is None else context.answers_dir / code_version() / f"{identity}.npz")
        book.read()
        missing = [one for one in sets if one.key not in book.answers]
        if missing:
            _fill(context, same[0], missing, book, _within(on_progress, place, len(by_file)))
            book.write()
        on_progress((place + 1) / len(by_file))
        for subject in same:
            found[subject.name] = {one.key: book.answers[one.key] for one in sets}
    return found


def _within(on_progress: Callable[[float], None], place: int, total: int) -> Callable[[float], None]:
    return lambda share: on_progress((place + share) / total)


def _identity(subject: Subject) -> str:
    """Equal networks may have been trained on other words (own texts), so the split counts."""
    return f"{sha256(subject.model)[:24]}-{sha256(subject.split)[:8]}"


def _fill(
    context: AnalysisContext,
    subject: Subject,
    sets: Sequence[RowSet],
    book: _Book,
    on_progress: Callable[[float], None],
) -> None:
    model = Asked(subject, context.clock)
    for place, one in enumerate(sets):
        part = one.part(subject)
        probabilities = model.predict(part)
        if one.read is not None:
            probabilities = one.read(probabilities)
        correct = np.asarray(probabilities.argmax(axis=1) == part.y)
        book.answers[one.key] = Answers(correct=correct, measures=measure(probabilities, part.y))
        on_progress((place + 1) / len(sets))


class Asked:
    """A network, loaded for a while."""

    def __init__(self, subject: Subject, clock: Clock) -> None:
        from core.training.predictor import load_model

        self._clock = clock
        self.spec = from_json(TrialSpec, subject.spec.read_text(encoding="utf-8"))
        self.model = load_model(subject.model)

    def predict(self, part: Part) -> Probabilities:
        """Return class probabilities (n, classes)."""
        from core.training.inputs import model_inputs
        from core.training.predictor import predict

        with self._clock.asking():
            return np.asarray(predict(self.model, model_inputs(part, self.spec.model)), np.float32)
