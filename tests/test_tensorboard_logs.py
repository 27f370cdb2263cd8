"""The ZIP file of TensorBoard logs."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from core.tensorboard_logs import has_logs, zip_logs

EVENTS = "events.out.tfevents.1.host.2.0.v2"


def write(path: Path, content: bytes = b"events") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def test_event_files_of_all_trials_and_nothing_else(tmp_path: Path) -> None:
    write(tmp_path / "trial_0" / "tensorboard" / "train" / EVENTS, b"a")
    write(tmp_path / "trial_0" / "tensorboard" / "validation" / EVENTS, b"b")
    write(tmp_path / "trial_12" / "tensorboard" / "train" / EVENTS, b"c" * 100_000)
    write(tmp_path / "trial_0" / "model.keras")
    write(tmp_path / "trial_0" / "tensorboard" / "secret.txt")
    (tmp_path / "trial_0" / "tensorboard" / "events.out.tfevents.link").symlink_to("/etc/hostname")
    target = io.BytesIO()
    assert zip_logs(tmp_path, target) == 3
    with zipfile.ZipFile(target) as archive:
        assert archive.testzip() is None
        assert archive.read(f"trial_12/tensorboard/train/{EVENTS}") == b"c" * 100_000
        assert archive.namelist() == [
            "README.txt",
            f"trial_0/tensorboard/train/{EVENTS}",
            f"trial_0/tensorboard/validation/{EVENTS}",
            f"trial_12/tensorboard/train/{EVENTS}",
        ]


def test_a_file_that_disappears_meanwhile_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone, stays = (tmp_path / f"trial_{n}" / "tensorboard" / EVENTS for n in (1, 2))
    write(gone)
    write(stays)
    original = zipfile.ZipFile.write

    def drop_then_write(archive: zipfile.ZipFile, path: Path, *rest: Path) -> None:
        gone.unlink(missing_ok=True)
        original(archive, path, *rest)

    monkeypatch.setattr(zipfile.ZipFile, "write", drop_then_write)
    target = io.BytesIO()
    assert zip_logs(tmp_path, target) == 1
    with zipfile.ZipFile(target) as archive:
        assert archive.namelist() == ["README.txt", f"trial_2/tensorboard/{EVENTS}"]


def test_whether_there_are_logs(tmp_path: Path) -> None:
    assert not has_logs(tmp_path / "nothing")
    (tmp_path / "trial_0" / "tensorboard").mkdir(parents=True)
    assert not has_logs(tmp_path)
    write(tmp_path / "trial_0" / "tensorboard" / "train" / EVENTS)
    assert has_logs(tmp_path)
