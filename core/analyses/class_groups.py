"""Which classes of a data set are alike in meaning: data, with where each grouping comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.datasets import DatasetEntry
from core.datasets.cifar import FINE_TO_COARSE, SUPERCLASSES


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassGroups:
    """Groups of a data set's classes: `members` names the group number of every class."""

    names: tuple[str, ...]
    members: tuple[int, ...]
    source: str


def _groups(source: str, classes: Mapping[str, Sequence[int]]) -> ClassGroups:
    """Turn class numbers by group into group numbers by class."""
    group_of = {number: place for place, numbers in enumerate(classes.values()) for number in numbers}
    return ClassGroups(
        names=tuple(classes), members=tuple(group_of[number] for number in sorted(group_of)), source=source
    )


GROUPS: dict[str, ClassGroups] = {
    "cifar10": _groups(
        "the two kinds of things that CIFAR-10 shows (Krizhevsky 2009)",
        {"animals": (2, 3, 4, 5, 6, 7), "vehicles": (0, 1, 8, 9)},
    ),
    "cifar100": ClassGroups(
        names=SUPERCLASSES,
        members=FINE_TO_COARSE,
        source="the official 20 superclasses of CIFAR-100 (Krizhevsky 2009)",
    ),
    "fashion_mnist": _groups(
        "own grouping by where a piece is worn; a dress is neither top nor bottom",
        {"tops": (0, 2, 4, 6), "bottoms": (1,), "dresses": (3,), "footwear": (5, 7, 9), "bags": (8,)},
    ),
    "gtsrb": _groups(
        "the kinds that the same authors' detection benchmark names (GTSDB, Houben et al. 2013), parted further: speed "
        "limits from other prohibitions, and of its kind 'other' the ends of restrictions from four that stand alone",
        {
            "speed limits": (0, 1, 2, 3, 4, 5, 7, 8),
            "other prohibitions": (9, 10, 15, 16),
            "ends of restrictions": (6, 32, 41, 42),
            "mandatory": tuple(range(33, 41)),
            "danger": (11, *range(18, 32)),
            "priority road": (12,),
            "yield": (13,),
            "stop": (14,),
            "no entry": (17,),
        },
    ),
}
_DIGITS = "no digit is nearer in meaning to one digit than to another, so all mistakes are equally grave"
_NONE: dict[str, str] = {
    "digits": _DIGITS,
    "mnist": _DIGITS,
    "imdb": "there are two classes, so there is only one kind of mistake",
    "reuters": "its topics have no official groups",
    "cifar100_coarse": "its classes are superclasses already, and there is no official level above them",
}


def groups_of(entry: DatasetEntry) -> ClassGroups | str:
    """Return the groups of a data set's classes, or why it has none."""
    if entry.name in GROUPS:
        return GROUPS[entry.name]
    return _NONE.get(entry.name, f"no groups of the classes of {entry.name} are known to this program")
