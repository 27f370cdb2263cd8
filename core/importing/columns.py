"""Which column of a table holds the texts and which the labels: as told, or guessed from names and contents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import InvalidInputError
from core.importing.problems import printable

_TEXT_NAMES = (
    "text", "texts", "sentence", "review", "content", "comment", "message", "body", "tweet", "document", "utterance",
    "question", "description",
)  # fmt: skip
_LABEL_NAMES = (
    "label", "labels", "class", "category", "target", "sentiment", "topic", "label_name", "class_name", "intent",
    "polarity", "y",
)  # fmt: skip
_PART_NAMES = ("split", "part", "partition", "subset")
_LISTED = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Positions of the columns that are read. `guessed`: from nothing but the order and the length of the values."""

    text: int
    label: int
    part: int | None
    guessed: bool = False


def choose(
    names: Sequence[str], sample: Sequence[Sequence[str]], text: str | None = None, label: str | None = None
) -> Columns:
    """Choose among the columns `names`; `sample` holds the first rows. InvalidInputError lists the columns."""
    plain = [name.strip().lower() for name in names]
    at_text = _told(names, text, "text_column") if text is not None else _named(plain, _TEXT_NAMES)
    at_label = _told(names, label, "label_column") if label is not None else _named(plain, _LABEL_NAMES)
    guessed = False
    if len(names) == 2 and (at_text is None or at_label is None):
        guessed = at_text is None and at_label is None
        if at_text is None:
            at_text = _longer(sample) if at_label is None else 1 - at_label
        at_label = 1 - at_text
    if at_text is None or at_label is None:
        missing = " and ".join(
            name for name, at in (("text_column", at_text), ("label_column", at_label)) if at is None
        )
        raise InvalidInputError(
            f"the table does not say which column is which; say {missing}. Its columns are: {listed(names)}"
        )
    if at_text == at_label:
        raise InvalidInputError(
            f"text_column and label_column are both {names[at_text]!r}; choose two of: {listed(names)}"
        )
    part = _named(plain, _PART_NAMES)
    part = part if part not in (at_text, at_label) else None
    for at in (at_text, at_label, part):
        if at is not None and list(names).count(names[at]) > 1:
            raise InvalidInputError(
                f"two columns or more are named {printable(names[at])[:60]!r}, so it is not clear which one is meant; "
                f"rename them. The columns are: {listed(names)}"
            )
    return Columns(text=at_text, label=at_label, part=part, guessed=guessed)


def listed(names: Sequence[str]) -> str:
    """Write the columns for people."""
    shown = ", ".join(printable(name)[:60] or "(no name)" for name in names[:_LISTED])
    return shown if len(names) <= _LISTED else f"{shown} and {len(names) - _LISTED} more"


def _told(names: Sequence[str], wanted: str, option: str) -> int:
    found = [at for at, name in enumerate(names) if name == wanted] or [
        at for at, name in enumerate(names) if name.strip().lower() == wanted.strip().lower()
    ]
    if len(found) != 1:
        problem = "does not exist" if not found else f"exists {len(found)} times"
        raise InvalidInputError(f"{option} {wanted!r:.80} {problem}; the columns are: {listed(names)}")
    return found[0]


def _named(plain: Sequence[str], known: Sequence[str]) -> int | None:
    return next((plain.index(name) for name in known if name in plain), None)


def _longer(sample: Sequence[Sequence[str]]) -> int:
    lengths = [sum(len(row[at]) for row in sample if len(row) == 2) for at in (0, 1)]
    return int(lengths[1] > lengths[0])
