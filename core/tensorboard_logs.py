"""The TensorBoard event files of a run, in one ZIP file."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_FOLDER = "tensorboard"  # below each trial's folder
_README = """Open these logs with TensorBoard:

    pip install tensorboard
    tensorboard --logdir .

Each folder is one trial; "train" and "validation" are its curves on the two parts of the data.
"""


def has_logs(trials: Path) -> bool:
    """Return whether any trial below `trials` has written an event file."""
    return next(_event_files(trials), None) is not None


def zip_logs(trials: Path, target: BinaryIO) -> int:
    """Write the event files of all trials to `target` as a ZIP file, one after another; return their number.

    A file that disappears meanwhile, because its trial was dropped, is left out.
    """
    written = 0
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", _README)
        for path in sorted(_event_files(trials)):
            try:
                archive.write(path, path.relative_to(trials))
            except FileNotFoundError:
                continue
            written += 1
    return written


def _event_files(trials: Path) -> Iterator[Path]:
    found = trials.glob(f"trial_*/{_FOLDER}/**/events.out.tfevents.*")
    return (path for path in found if path.is_file() and not path.is_symlink())
