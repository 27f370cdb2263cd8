"""Where the classes are in a tree of files: class folders, a folder around them all, parts such as train and test."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from core.importing.problems import natural, printable

IMAGE_ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".jpe", ".jfif"})
_OTHER_IMAGES = frozenset(
    {
        ".gif", ".bmp", ".webp", ".tif", ".tiff", ".svg", ".heic", ".heif", ".avif", ".ico", ".jp2", ".ppm", ".pgm",
        ".pbm", ".psd", ".tga", ".dng", ".cr2", ".nef",
    }
)  # fmt: skip
_ARCHIVES = frozenset([".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".zst"])
_SYSTEM_FILES = frozenset({"thumbs.db", "ehthumbs.db", "desktop.ini"})
_PART = re.compile(
    r"(?:seg_)?(train|training|test|testing|val|valid|validation|dev|eval|holdout)(?:[ _-]?(?:set|data))?"
)
_LONGEST_CLASS = 80

Parts = tuple[str, ...]  # the folders of a path and its file name


def is_system(path: Parts) -> bool:
    """Tell whether a path is one of those that systems leave behind, or hidden."""
    return path[-1].lower() in _SYSTEM_FILES or any(part == "__MACOSX" or part.startswith(".") for part in path)


def refusal(name: str) -> str | None:
    """Return why a file of this name is not read: '' for one that is no image, None for one that may be an image."""
    ending = PurePosixPath(name.lower()).suffix
    if ending in IMAGE_ENDINGS:
        return None
    if ending in _ARCHIVES:
        return "an archive inside the source is not opened; unpack it first"
    if ending in _OTHER_IMAGES:
        return f"{ending[1:].upper()} is not read; save it as PNG or JPEG"
    return ""


def is_part(name: str) -> bool:
    """Tell whether `name` means a part of the data rather than a class.

    >>> is_part("Training_Set"), is_part("val"), is_part("trainers")
    (True, True, False)
    """
    return _PART.fullmatch(name.strip().lower()) is not None


def places(paths: Sequence[Parts]) -> list[tuple[str | None, str | None]]:
    """Return for every path its part and its class folder; the class is None for a file that is in none.

    Folders around everything are skipped. Only where all remaining folders are named like parts are they parts:
    vehicles may have a class 'train'.

    >>> places([("data", "cat", "1.png"), ("data", "dog", "old", "1.png")])
    [(None, 'cat'), (None, 'dog')]
    >>> places([("train", "cat", "1.png"), ("test", "cat", "1.png"), ("test", "2.png")])
    [('train', 'cat'), ('test', 'cat'), ('test', None)]
    """
    depth = _around(paths)
    tops = {path[depth] for path in paths if len(path) > depth + 1}
    divided = len(tops) > 1 and all(is_part(top) for top in tops)
    inside: dict[str, list[Parts]] = {top: [] for top in tops}
    for path in paths if divided else ():
        if len(path) > depth + 1:
            inside[path[depth]].append(path[depth + 1 :])
    again = {top for top, below in inside.items() if _repeats(below)}

    def place(path: Parts) -> tuple[str | None, str | None]:
        folders = path[depth:-1]
        if not divided:
            return None, folders[0] if folders else None
        inner = folders[2 if folders and folders[0] in again else 1 :]
        return folders[0] if folders else None, inner[0] if inner else None

    return [place(path) for path in paths]


def _around(paths: Sequence[Parts]) -> int:
    """Return how many folders stand around all class folders."""
    depth = 0
    while len({path[depth] for path in paths if len(path) > depth + 1}) == 1 and any(len(p) > depth + 2 for p in paths):
        depth += 1
    return depth


def _repeats(paths: Sequence[Parts]) -> bool:
    """Tell whether the part's folder holds nothing but another one of its kind: seg_train/seg_train."""
    tops = {path[0] for path in paths if len(path) > 2}
    return len(tops) == 1 and is_part(next(iter(tops))) and all(path[0] in tops for path in paths)


def class_names(raw: Iterable[str]) -> dict[str, str]:
    """Return clean, different names for folder names or labels, in the natural order of the clean names.

    >>> class_names(["10", "2", "a\\x00b", "ab", "\\x07"])
    {'2': '2', '10': '10', '\\x07': '?', 'a\\x00b': 'ab', 'ab': 'ab (2)'}
    """
    clean = {name: printable(name)[:_LONGEST_CLASS].strip() or "?" for name in raw}
    names: dict[str, str] = {}
    taken: set[str] = set()
    for name in sorted(clean, key=lambda name: (natural(clean[name]), name)):
        unique, number = clean[name], 2
        while unique in taken:
            unique, number = f"{clean[name]} ({number})", number + 1
        taken.add(unique)
        names[name] = unique
    return names
