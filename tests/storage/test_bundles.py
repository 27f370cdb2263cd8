"""A folder comes back as it was, and an archive that is hostile or damaged leaves nothing."""

from __future__ import annotations

import hashlib
import os
import stat
import struct
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from core.bundles import UnpackLimits, pack, unpack
from core.datasets.split import SplitParts
from core.errors import InvalidInputError, LabError


def tree(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def make_folder(folder: Path) -> Path:
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "a.json").write_text("{}")
    (folder / "deep" / "empty").write_bytes(b"")
    (folder / "deep" / "er" / "grüße 1.bin").write_bytes(os.urandom(3_000_000))
    return folder


def test_there_and_back(tmp_path: Path) -> None:
    source = make_folder(tmp_path / "source")
    size, digest = pack(source, tmp_path / "x.zip")
    data = (tmp_path / "x.zip").read_bytes()
    assert (size, digest) == (len(data), hashlib.sha256(data).hexdigest())
    unpack(tmp_path / "x.zip", tmp_path / "back")
    assert tree(tmp_path / "back") == tree(source)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["back", "source", "x.zip"]


def test_real_parts_come_back(digits: SplitParts, tmp_path: Path) -> None:
    pack(digits.folder, tmp_path / "parts.zip")
    unpack(tmp_path / "parts.zip", tmp_path / "back")
    assert tree(tmp_path / "back") == tree(digits.folder) and "train/x.npy" in tree(tmp_path / "back")


def test_the_same_files_give_the_same_archive(tmp_path: Path) -> None:
    source = make_folder(tmp_path / "source")
    first = pack(source, tmp_path / "1.zip")
    for name in reversed(list(tree(source))):  # other times, other order on the disk
        data = (source / name).read_bytes()
        (source / name).unlink()
        (source / name).write_bytes(data)
        os.utime(source / name, (time.time() - 1e6,) * 2)
    assert pack(source, tmp_path / "2.zip") == first
    (source / "a.json").write_text("[]")
    assert pack(source, tmp_path / "3.zip") != first


def test_skipped_names_stay_out(tmp_path: Path) -> None:
    pack(make_folder(tmp_path / "source"), tmp_path / "x.zip", skip=["deep/er", "a.json"])
    assert zipfile.ZipFile(tmp_path / "x.zip").namelist() == ["deep/empty"]


def test_links_are_not_packed(tmp_path: Path) -> None:
    (make_folder(tmp_path / "source") / "link").symlink_to("/etc/passwd")
    with pytest.raises(InvalidInputError, match="is a link"):
        pack(tmp_path / "source", tmp_path / "x.zip")
    assert [p.name for p in tmp_path.iterdir()] == ["source"]


def test_a_folder_that_exists_is_kept(tmp_path: Path) -> None:
    pack(make_folder(tmp_path / "source"), tmp_path / "x.zip")
    before = tree(tmp_path / "source")
    with pytest.raises(LabError, match="exists"):
        unpack(tmp_path / "x.zip", tmp_path / "source")
    assert tree(tmp_path / "source") == before and len(list(tmp_path.iterdir())) == 2


def member(name: str, data: bytes = b"x", mode: int = 0) -> Callable[[zipfile.ZipFile], None]:
    def add(archive: zipfile.ZipFile) -> None:
        info = zipfile.ZipInfo(name)
        info.filename, info.external_attr = name, mode << 16
        archive.writestr(info, data)

    return add


HOSTILE = {
    "climbs": ([member("../evil")], "no clean relative name"),
    "climbs inside": ([member("a/../../evil")], "no clean relative name"),
    "absolute": ([member("/tmp/evil")], "no clean relative name"),
    "drive": ([member("C:evil")], "no plain name"),
    "backslash": ([member("a\\..\\evil")], "no plain name"),
    "dot": ([member("./a")], "no clean relative name"),
    "double slash": ([member("a//b")], "no clean relative name"),
    "line": ([member("a\nb")], "no plain name"),
    "link": ([member("link", b"/etc/passwd", stat.S_IFLNK | 0o777)], "is a link"),
    "device": ([member("dev", b"", stat.S_IFCHR | 0o600)], "no ordinary file"),
    "file and folder": ([member("a"), member("a/b")], "as a file and as a folder"),
    "too many": ([member(str(n)) for n in range(11)], "holds 12 files, allowed are 10"),
    "too large": ([member("a", b"1" * 60_000), member("b", b"1" * 60_000)], "unpacks to 120,001 bytes"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_archives_are_refused(name: str, tmp_path: Path) -> None:
    members, text = HOSTILE[name]
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        member("fine")(archive)
        for add in members:
            add(archive)
    limits = UnpackLimits(max_files=10 if name == "too many" else 100, max_bytes=100_000)
    with pytest.raises(InvalidInputError, match=text):
        unpack(tmp_path / "x.zip", tmp_path / "back", limits)
    assert [p.name for p in tmp_path.iterdir()] == ["x.zip"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_occurs_twice_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("a", "1")
        archive.writestr("a", "2")
    with pytest.raises(InvalidInputError, match="occurs twice"):
        unpack(tmp_path / "x.zip", tmp_path / "back")


def test_real_bytes_count_not_declared_ones(tmp_path: Path) -> None:
    """The directory says that a member has 1,000 bytes; it has a million, and a ratio of about 900."""
    archive = tmp_path / "x.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("a", b"\0" * 1_000_000)
    data = bytearray(archive.read_bytes())
    directory = data.rfind(b"PK\x01\x02")
    struct.pack_into("<L", data, directory + 24, 1000)
    archive.write_bytes(data)
    with pytest.raises(InvalidInputError):
        unpack(archive, tmp_path / "back", UnpackLimits(max_bytes=2000))
    assert [p.name for p in tmp_path.iterdir()] == ["x.zip"]


def test_a_bomb_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.bundles._SMALL", 1000)
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("a", b"\0" * 3_000_000)
    with pytest.raises(InvalidInputError, match="ZIP bomb"):
        unpack(tmp_path / "x.zip", tmp_path / "back", UnpackLimits(max_ratio=100))
    unpack(tmp_path / "x.zip", tmp_path / "back", UnpackLimits(max_ratio=2000))


def test_every_flipped_or_cut_archive_is_refused_or_the_same(tmp_path: Path) -> None:
    source = make_folder(tmp_path / "source")
    (source / "deep" / "er" / "grüße 1.bin").write_bytes(os.urandom(500))
    pack(source, tmp_path / "x.zip")
    good, expected = (tmp_path / "x.zip").read_bytes(), tree(source)
    damaged = [good[:-length] for length in (1, 22, 100, 400, len(good))]
    damaged += [good[:at] + bytes([good[at] ^ 0xFF]) + good[at + 1 :] for at in range(len(good))]
    refused = 0
    for data in damaged:
        (tmp_path / "x.zip").write_bytes(data)
        try:
            unpack(tmp_path / "x.zip", tmp_path / "back")
        except InvalidInputError:
            refused += 1
            assert not (tmp_path / "back").exists()
            continue
        content = tree(tmp_path / "back")
        assert sorted(content.values()) == sorted(expected.values())  # only names may change: they have no checksum
        for path in sorted((tmp_path / "back").rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        (tmp_path / "back").rmdir()
    assert refused > len(good) // 2
    assert sorted(p.name for p in tmp_path.iterdir()) == ["source", "x.zip"]
