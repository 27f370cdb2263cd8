"""Archives and folders that mean harm: each is refused or counted, and nothing is written where it does not belong."""

from __future__ import annotations

import os
import stat
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from core.config import Settings
from core.errors import InvalidInputError
from core.importing.importer import discard, stage
from core.importing.layout import class_names
from core.importing.options import ImportLimits, ImportOptions
from core.importing.report import ImportReport
from tests.conftest import settings_for
from tests.importing.sources import digit_files, unpacked, zipped

GOOD = digit_files(10, 2)
PNG = GOOD[0][1]


def checked(source: Path, settings: Settings, **limits: int) -> ImportReport:
    """Stage, discard, and make sure that nothing is left or was written elsewhere."""
    before = {path for path in source.parent.rglob("*") if settings.data_dir not in path.parents}
    staged = stage(source, ImportOptions(name="mine", limits=ImportLimits(**limits)), settings)
    discard(staged)
    after = {path for path in source.parent.rglob("*") if settings.data_dir not in path.parents}
    assert after - before <= {settings.data_dir} and not list((settings.data_dir / ".staging").iterdir())
    return staged.report


def reasons(report: ImportReport) -> str:
    return "\n".join(f"{one.name}: {one.reason}" for one in report.unreadable_examples)


@pytest.mark.parametrize(
    "name",
    [
        "../evil.png",
        "0/../../evil.png",
        "/etc/evil.png",
        "..\\evil.png",
        "0\\..\\..\\evil.png",
        "C:\\evil.png",
        "C:/0/e.png",
    ],
)
def test_paths_that_lead_out_are_counted(settings: Settings, tmp_path: Path, name: str) -> None:
    report = checked(zipped(tmp_path / "x.zip", [*GOOD, (name, PNG)]), settings)
    assert report.usable and report.rows == 20 and report.unreadable == 1
    assert "absolute or leads out" in reasons(report)


def test_backslashes_of_old_windows_programs_are_folders(settings: Settings, tmp_path: Path) -> None:
    report = checked(zipped(tmp_path / "x.zip", [(n.replace("/", "\\"), c) for n, c in GOOD]), settings)
    assert report.class_counts == {"0": 10, "1": 10}


def test_links_and_devices_in_an_archive(settings: Settings, tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", GOOD)
    with zipfile.ZipFile(path, "a") as archive:
        for name, kind in (("0/link.png", stat.S_IFLNK), ("0/passwd", stat.S_IFLNK), ("1/pipe.png", stat.S_IFIFO)):
            info = zipfile.ZipInfo(name)
            info.create_system, info.external_attr = 3, (kind | 0o777) << 16
            archive.writestr(info, "/etc/passwd")
    report = checked(path, settings)
    assert report.rows == 20 and report.unreadable == 3 and "symbolic link" in reasons(report)
    assert "not an ordinary file" in reasons(report)


def test_links_and_pipes_in_a_folder(settings: Settings, tmp_path: Path) -> None:
    folder = unpacked(tmp_path / "x", GOOD)
    outside = unpacked(tmp_path / "outside", [("secret.png", PNG)])
    (folder / "0" / "out.png").symlink_to(outside / "secret.png")
    (folder / "0" / "inside.png").symlink_to(folder / GOOD[-1][0])
    (folder / "0" / "gone.png").symlink_to(folder / "nowhere.png")
    (folder / "0" / "circle.png").symlink_to(folder / "0" / "circle.png")
    (folder / "2").symlink_to(outside, target_is_directory=True)
    (folder / "3").symlink_to(folder / "0", target_is_directory=True)
    os.mkfifo(folder / "1" / "pipe.png")
    report = checked(folder, settings)
    assert report.class_counts == {"0": 11, "1": 10} and report.unreadable == 6
    assert "0/out.png: a link that leads out" in reasons(report) and "2: a link that leads out" in reasons(report)
    assert "3: a link to a folder" in reasons(report) and "1/pipe.png: not an ordinary file" in reasons(report)


def test_a_bomb_by_ratio_is_not_unpacked(settings: Settings, tmp_path: Path) -> None:
    report = checked(zipped(tmp_path / "x.zip", [*GOOD, ("0/bomb.png", b"\0" * 20_000_000)]), settings)
    assert report.rows == 20 and "ZIP bomb" in reasons(report)


def test_sizes_that_lie_are_bounded_by_what_they_declare(settings: Settings, tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", [*GOOD, ("0/liar.png", PNG + b"\0" * 5_000_000)])
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo("0/liar.png")
    for at in (info.header_offset + 22, content.rfind(b"0/liar.png") - 46 + 24):
        assert struct.unpack_from("<L", content, at)[0] == info.file_size
        struct.pack_into("<L", content, at, len(PNG))
    path.write_bytes(content)
    report = checked(path, settings)
    assert report.rows == 20 and "0/liar.png: damaged in the archive: checksum" in reasons(report)


def test_overlapping_members_are_refused(settings: Settings, tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", GOOD)
    content = bytearray(path.read_bytes())
    second = content.find(b"PK\x01\x02", content.find(b"PK\x01\x02") + 4)
    struct.pack_into("<L", content, second + 42, 0)  # the second member claims the bytes of the first
    path.write_bytes(content)
    with pytest.raises(InvalidInputError, match="overlap in the archive, as in a ZIP bomb"):
        checked(path, settings)


@pytest.mark.parametrize("limit", [{"max_files": 19}, {"max_bytes": 500}])
def test_limits_of_archives_and_folders(settings: Settings, tmp_path: Path, limit: dict[str, int]) -> None:
    for source in (zipped(tmp_path / "x.zip", GOOD), unpacked(tmp_path / "f", GOOD)):
        with pytest.raises(InvalidInputError, match=f"MHL_IMPORT_{next(iter(limit)).upper()}"):
            checked(source, settings, **limit)


def test_large_files_and_many_classes(settings: Settings, tmp_path: Path) -> None:
    for source in (zipped(tmp_path / "x.zip", GOOD), unpacked(tmp_path / "f", GOOD)):
        assert "allowed are 10" in reasons(checked(source, settings, max_file_bytes=10))
        assert "allowed are 1:" in checked(source, settings, max_classes=1).errors[0]


def test_a_directory_that_claims_too_much_is_not_read(settings: Settings, tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", GOOD)
    content = bytearray(path.read_bytes())
    struct.pack_into("<L", content, content.rfind(b"PK\x05\x06") + 12, 4_000_000_000)
    path.write_bytes(content)
    with pytest.raises(InvalidInputError, match="directory of the archive has"):
        checked(path, settings)


@pytest.mark.parametrize("form", ["usual", "zip64"])
@pytest.mark.parametrize(("told", "refused"), [(20, False), (19, True), (21, True), (0, True)])
def test_the_number_of_members_must_fit_the_end_record(
    form: str, told: int, refused: bool, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python's reader ignores that number, so members could be added to or hidden from others' eyes."""
    if form == "zip64":  # the writer then takes the form for more than 65,535 members
        monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 5)
    content = bytearray(zipped(tmp_path / "x.zip", GOOD).read_bytes())
    at, layout = (content.rfind(b"PK\x06\x06") + 32, "<Q") if form == "zip64" else (len(content) - 12, "<H")
    assert struct.unpack_from(layout, content, at) == (20,)
    struct.pack_into(layout, content, at, told)
    (tmp_path / "x.zip").write_bytes(content)
    if refused:
        with pytest.raises(InvalidInputError, match=f"holds {told} members, its directory lists 20"):
            checked(tmp_path / "x.zip", settings)
    else:
        assert checked(tmp_path / "x.zip", settings).rows == 20


def test_encrypted_duplicate_and_oddly_packed_members(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with pytest.warns(UserWarning, match="Duplicate"):
        zipped(path, [*GOOD, (GOOD[0][0], GOOD[1][1])])
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("1/secret.png", PNG)
        archive.writestr("1/odd.png", PNG, zipfile.ZIP_LZMA)
    content = bytearray(path.read_bytes())
    content[content.rfind(b"1/secret.png") - 46 + 8] |= 1
    path.write_bytes(content)
    report = checked(path, settings)
    assert report.rows == 20 and report.unreadable == 3
    assert all(word in reasons(report) for word in ("occurs twice", "encrypted", "method 14"))


def test_cut_and_foreign_archives(settings: Settings, tmp_path: Path) -> None:
    whole = zipped(tmp_path / "x.zip", GOOD).read_bytes()
    for end in (0, 1, 30, len(whole) // 2, len(whole) - 30, len(whole) - 1):
        (tmp_path / "x.zip").write_bytes(whole[:end])
        with pytest.raises(InvalidInputError, match="not a readable ZIP"):
            checked(tmp_path / "x.zip", settings)
    (tmp_path / "x.zip").write_bytes(PNG)
    with pytest.raises(InvalidInputError, match="not a readable ZIP"):
        checked(tmp_path / "x.zip", settings)
    (tmp_path / "x.exe").write_bytes(b"MZ" + b"\0" * 100)
    with pytest.raises(InvalidInputError, match="none of the sources"):
        checked(tmp_path / "x.exe", settings)
    for missing in (tmp_path / "nothing.zip", tmp_path / "a\0b.zip", tmp_path / ("x" * 300)):
        with pytest.raises(InvalidInputError, match="no file or folder"):
            checked(missing, settings)


def test_names_that_are_no_utf_8(settings: Settings, tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", [*GOOD, ("0/\u00e9\u00e9.png", PNG)])
    content = path.read_bytes().replace("\u00e9\u00e9".encode(), b"\xff\xfe\xff\xfe")
    path.write_bytes(content)
    with pytest.raises(InvalidInputError, match="marked as UTF-8 but is none"):
        checked(path, settings)
    folder = unpacked(tmp_path / "f", GOOD)
    (folder / "1").rename(folder / os.fsdecode(b"\xff\xfe"))
    report = checked(folder, settings)
    assert report.class_counts == {"0": 10, "?": 10}


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_random_damage_to_an_archive_never_crashes(settings: Settings, tmp_path: Path) -> None:
    import random

    draw, whole, refused = random.Random(0), zipped(tmp_path / "x.zip", GOOD).read_bytes(), 0
    for _ in range(150):
        content = bytearray(whole)
        for _ in range(draw.randint(1, 8)):
            content[draw.randrange(len(content) * 2 // 3 if draw.random() < 0.5 else 0, len(content))] = draw.randrange(
                256
            )
        (tmp_path / "x.zip").write_bytes(content)
        try:
            report = checked(tmp_path / "x.zip", settings)
            assert report.rows or report.errors
        except InvalidInputError as error:
            refused += 1
            assert len(str(error)) > 20
    assert 0 < refused < 150


@hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    names=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30), min_size=1, max_size=6)
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_any_names_are_safe(tmp_path: Path, names: list[str]) -> None:
    settings = settings_for(tmp_path / "data")
    files = [*GOOD, *((f"{name}/{at}.png", PNG) for at, name in enumerate(names))]
    report = checked(zipped(tmp_path / "x.zip", files), settings)
    assert report.rows + report.unreadable + report.ignored + sum(report.dropped_classes.values()) == len(files)
    for name in (*report.class_counts, *(one.name for one in report.unreadable_examples)):
        assert name.isprintable() and name.strip() == name and name


@given(raw=st.sets(st.text(max_size=100), max_size=30))
def test_class_names_are_clean_and_unique(raw: set[str]) -> None:
    names = class_names(raw)
    assert set(names) == raw and len(set(names.values())) == len(raw)
    for name in names.values():
        assert 1 <= len(name) <= 90 and name == name.strip() and not any(ord(c) < 32 for c in name)
    assert list(class_names(sorted(raw)).items()) == list(names.items())
