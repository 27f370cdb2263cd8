"""The cache: damage is found and repaired, a full disk leaves nothing behind, many may prepare at once."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.config import Settings
from core.datasets.cache import is_cached, prepare
from core.datasets.split import prepare_split
from core.errors import DataUnavailableError, InvalidInputError


def test_an_unknown_name_is_answered_with_the_nearest(settings: Settings) -> None:
    with pytest.raises(InvalidInputError, match="Did you mean 'digits'"):
        prepare("digit", settings)


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


DAMAGE: dict[str, Callable[[Path], object]] = {
    "truncated images": lambda folder: _truncate(folder / "x.npy"),
    "empty labels": lambda folder: (folder / "y.npy").write_bytes(b""),
    "foreign labels": lambda folder: np.save(folder / "y.npy", np.zeros(3, np.int64)),
    "missing images": lambda folder: (folder / "x.npy").unlink(),
    "missing meta": lambda folder: (folder / "meta.json").unlink(),
    "cut meta": lambda folder: _truncate(folder / "meta.json"),
    "meta of another kind": lambda folder: (folder / "meta.json").write_text("[]"),
    "older version": lambda folder: (folder / "meta.json").write_text(json.dumps({"version": 0})),
}


@pytest.mark.parametrize("damage", sorted(DAMAGE))
def test_a_damaged_cache_is_rebuilt(damage: str, settings: Settings) -> None:
    assert not is_cached("digits", settings)
    before = prepare("digits", settings)
    DAMAGE[damage](before.folder)
    assert not is_cached("digits", settings)
    after = prepare("digits", settings)
    assert after == before and is_cached("digits", settings)
    assert after.arrays().content_hash() == before.content_hash
    assert sorted(path.name for path in before.folder.iterdir()) == ["meta.json", "x.npy", "y.npy"]


def test_a_full_disk_leaves_no_half_written_cache(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    save = np.save

    def full(file: Path, array: np.ndarray, **options: bool) -> None:
        if Path(file).name == "y.npy":
            raise OSError(errno.ENOSPC, "No space left on device")
        save(file, array, **options)

    with monkeypatch.context() as patch:
        patch.setattr(np, "save", full)
        with pytest.raises(DataUnavailableError, match=r"No space left on device; free some .*MHL_DATA_DIR"):
            prepare("digits", settings)
    assert [path.name for path in (settings.data_dir / "digits").iterdir()] == [".lock"]
    dataset = prepare("digits", settings)
    with monkeypatch.context() as patch:
        patch.setattr(np, "save", full)
        with pytest.raises(DataUnavailableError, match="No space left"):
            prepare_split(dataset, 1, settings)
    assert list((settings.data_dir / "digits/parts").iterdir()) == []
    assert prepare_split(dataset, 1, settings).sizes["train"] > 0


def test_a_data_folder_that_is_a_file_is_explained(settings: Settings) -> None:
    settings.data_dir.parent.mkdir(exist_ok=True)
    settings.data_dir.write_text("not a folder")
    with pytest.raises(DataUnavailableError, match="MHL_DATA_DIR"):
        prepare("digits", settings)


_PREPARE = """
import sys
from core.config import Settings
from core.datasets.cache import prepare
from core.datasets.split import prepare_split
settings = Settings.from_environment({"MHL_DATA_DIR": sys.argv[1]})
dataset = prepare("digits", settings)
print(dataset.content_hash, *(prepare_split(dataset, seed, settings).split_hash for seed in range(3)))
"""


def test_processes_that_prepare_at_once_agree(settings: Settings) -> None:
    command = [sys.executable, "-c", _PREPARE, str(settings.data_dir)]
    children = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    answers = {child.communicate(timeout=60)[0] for child in children}
    assert [child.returncode for child in children] == [0] * 4
    assert len(answers) == 1
    home = settings.data_dir / "digits"
    assert len(list((home / "parts").iterdir())) == 3
    assert sorted(path.name for path in home.iterdir()) == [".lock", "arrays", "parts", "splits"]


def test_what_a_killed_process_left_is_cleared(settings: Settings) -> None:
    stale = settings.data_dir / "digits/.arrays.0123"
    stale.mkdir(parents=True)
    prepare("digits", settings)
    assert not stale.exists()
