"""Images in class folders: layout, decoding, resizing, and what the report counts."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.config import Settings
from core.datasets.arrays import Arrays, open_arrays
from core.importing.importer import Staged, stage
from core.importing.options import ImportOptions
from core.importing.pictures import decode
from core.importing.problems import Unusable
from tests.importing.sources import digit_files, digit_rows, encoded, unpacked, zipped


def staged(source: Path, settings: Settings, **options: object) -> Staged:
    return stage(source, ImportOptions(name="mine", **options), settings)  # type: ignore[arg-type]


def arrays_of(found: Staged) -> Arrays:
    assert found.report.errors == () and found.dataset is not None
    return open_arrays(found.folder, found.dataset.kind)


def test_every_pixel_of_real_images_is_kept(settings: Settings, tmp_path: Path) -> None:
    found = staged(zipped(tmp_path / "digits.zip", digit_files(20, 10, "top/")), settings)
    arrays, (images, y) = arrays_of(found), digit_rows()
    wanted = np.concatenate([np.flatnonzero(y == label)[:20] for label in range(10)])
    assert arrays.x is not None and np.array_equal(arrays.x[..., 0], images[wanted])
    assert np.array_equal(arrays.y, y[wanted])
    assert found.report.shape == (8, 8, 1) and found.report.colour_share == 0
    assert found.report.widths == (8, 8, 8) and list(found.report.class_counts) == list("0123456789")
    assert found.dataset is not None and found.dataset.source == "digits.zip"


def test_a_folder_and_archives_in_any_order_give_the_same_rows(settings: Settings, tmp_path: Path) -> None:
    files = digit_files(12, 3, "data/")
    one = arrays_of(staged(zipped(tmp_path / "a.zip", files), settings))
    other = arrays_of(staged(zipped(tmp_path / "b.zip", files[::-1]), settings))
    folder = arrays_of(staged(unpacked(tmp_path / "c", files), settings))
    assert one.content_hash() == other.content_hash() == folder.content_hash()


def test_classes_are_in_natural_order(settings: Settings, tmp_path: Path) -> None:
    names = {"0": "10", "1": "2", "2": "b1"}
    files = [(f"{names[name[0]]}{name[1:]}", content) for name, content in digit_files()]
    found = staged(zipped(tmp_path / "x.zip", files), settings)
    assert found.report.class_counts == {"2": 12, "10": 12, "b1": 12}
    arrays, (images, y) = arrays_of(found), digit_rows()
    assert arrays.x is not None and np.array_equal(arrays.x[0, :, :, 0], images[np.flatnonzero(y == 1)[0]])


def test_system_files_notes_and_foreign_formats_are_counted(settings: Settings, tmp_path: Path) -> None:
    gif = encoded(digit_rows()[0][0], "GIF")
    others = [
        ("__MACOSX/0/._1.png", b"x"), ("0/.DS_Store", b"x"), ("0/Thumbs.db", b"x"), (".git/a.png", b"x"),
        ("README.txt", b"x"), ("0/a.gif", gif), ("0/renamed.png", gif), ("1/more.zip", b"x"), ("loose.png", b"x"),
        ("2/empty.png", b""), ("2/cut.png", digit_files()[0][1][:60]),
    ]  # fmt: skip
    for source in (
        zipped(tmp_path / "x.zip", digit_files() + others),
        unpacked(tmp_path / "f", digit_files() + others),
    ):
        report = staged(source, settings).report
        assert (report.rows, report.unreadable, report.usable) == (36, 6, True)
        assert report.ignored == 5
        reasons = {one.name: one.reason for one in report.unreadable_examples}
        assert reasons["0/a.gif"].startswith("GIF is not read") and "is GIF, not PNG" in reasons["0/renamed.png"]
        assert "archive" in reasons["1/more.zip"] and reasons["loose.png"] == "not inside a class folder"
        assert reasons["2/empty.png"] == "the file is empty" and "damaged" in reasons["2/cut.png"]


def test_parts_are_pooled_and_leaks_counted(settings: Settings, tmp_path: Path) -> None:
    files = digit_files(12, 2)
    train = [(f"d/train/{name}", content) for name, content in files]
    test = [(f"d/test/{name}x.png", content) for name, content in files[:3]]
    report = staged(zipped(tmp_path / "x.zip", train + test), settings).report
    assert (report.source_parts, report.across_parts, report.duplicates) == (("test", "train"), 3, 3)
    assert report.class_counts == {"0": 15, "1": 12} and report.conflicting == 0


def test_conflicts_and_small_classes(settings: Settings, tmp_path: Path) -> None:
    files = digit_files(12, 3)
    wrong = [("1/copy.png", files[0][1])]
    few = [("small/1.png", files[-1][1]), ("small/2.png", files[-1][1])]
    source = zipped(tmp_path / "x.zip", files + wrong + few)
    refused = staged(source, settings)
    assert refused.dataset is None and not refused.folder.exists()
    assert "small (0)" in refused.report.errors[0] and "10 or more" in refused.report.errors[0]
    found = staged(source, settings, drop_small_classes=True)
    assert found.report.dropped_classes == {"small": 2} and found.report.conflicting == 1
    assert found.report.class_counts == {"0": 12, "1": 13, "2": 12}
    arrays = arrays_of(found)
    assert arrays.x is not None and len(arrays.x) == 37 and not list(found.folder.glob("kept*"))


def test_one_class_is_refused(settings: Settings, tmp_path: Path) -> None:
    [error] = staged(zipped(tmp_path / "x.zip", digit_files(12, 1)), settings).report.errors
    assert "there is 1 class to tell apart, needed are 2 or more" in error


def test_colours_are_found_late_and_grey_rows_survive(settings: Settings, tmp_path: Path) -> None:
    images, _ = digit_rows()
    red = np.zeros((8, 8, 3), np.uint8)
    red[..., 0] = images[0]
    source = zipped(tmp_path / "x.zip", [*digit_files(), ("2/red.png", encoded(red))])
    arrays, grey = arrays_of(staged(source, settings)), arrays_of(staged(source, settings, colour="grey"))
    assert arrays.x is not None and grey.x is not None
    assert arrays.x.shape == (37, 8, 8, 3) and np.array_equal(arrays.x[:36, :, :, 0], arrays.x[:36, :, :, 2])
    assert np.array_equal(arrays.x[36], red)
    assert grey.x.shape == (37, 8, 8, 1) and np.array_equal(grey.x[:36, :, :, 0], arrays.x[:36, :, :, 1])
    report = staged(source, settings).report
    assert report.colour_share == pytest.approx(1 / 37)


def test_the_default_side_is_the_median_of_the_shorter_sides(settings: Settings, tmp_path: Path) -> None:
    images, _ = digit_rows()

    def files(width: int, height: int) -> list[tuple[str, bytes]]:
        large = [np.asarray(Image.fromarray(image).resize((width, height))) for image in images[:24]]
        return [(f"{row % 2}/{row}.png", encoded(image)) for row, image in enumerate(large)]

    for (width, height), side in {(30, 41): 32, (500, 300): 64, (5, 9): 8}.items():
        report = staged(zipped(tmp_path / "x.zip", files(width, height)), settings).report
        assert report.shape == (side, side, 1) and report.heights == (height, height, height)
    assert staged(tmp_path / "x.zip", settings, image_side=20).report.shape == (20, 20, 1)


def test_pad_crop_and_stretch() -> None:
    wide = np.zeros((4, 8), np.uint8)
    wide[:, 2:6] = 200
    content = encoded(wide)
    assert decode(content, 8, "pad", 100).row[:2].max() == 0 and decode(content, 8, "pad", 100).row[2:6].max() == 200
    assert decode(content, 4, "crop", 100).row.min() == 200
    assert decode(content, 8, "stretch", 100).row[0].max() == 200
    tall = decode(encoded(np.full((300, 1), 9, np.uint8)), 8, "pad", 1000)
    assert (tall.width, tall.height) == (1, 300) and tall.row.max() == 9


def test_depth_alpha_palette_and_orientation() -> None:
    deep = (np.arange(64, dtype=np.uint16) * 1000).reshape(8, 8)
    assert np.array_equal(decode(encoded(deep), 8, "pad", 100).row[..., 0], deep >> 8)
    clear = np.zeros((8, 8, 4), np.uint8)
    clear[0, 0] = 255, 0, 0, 255
    clear[1, 1] = 0, 0, 0, 255
    picture = decode(encoded(clear), 8, "pad", 100)
    assert picture.transparent and picture.row[0, 0].tolist() == [255, 0, 0]
    assert picture.row[1, 1].tolist() == [0, 0, 0] and picture.row[5, 5].tolist() == [255, 255, 255]
    stream = io.BytesIO()
    Image.fromarray(clear[..., :3]).quantize(4).save(stream, "PNG")
    assert decode(stream.getvalue(), 8, "pad", 100).row[0, 0].tolist() == [255, 0, 0]
    one_bit = decode(encoded(np.eye(8, dtype=bool)), 8, "pad", 100)
    assert np.array_equal(one_bit.row[..., 0], np.eye(8) * 255)
    half = np.zeros((16, 32), np.uint8)
    half[:, 16:] = 255
    notes = Image.Exif()
    notes[0x0112] = 6  # to be turned clockwise: right becomes bottom
    turned = decode(encoded(half, "JPEG", quality=95, exif=notes), 32, "stretch", 1000)
    assert (turned.width, turned.height, turned.is_jpeg, turned.grey) == (16, 32, True, True)
    assert turned.row[:12].max() < 30 and turned.row[20:].min() > 225
    ink = Image.fromarray(half).convert("CMYK")
    stream = io.BytesIO()
    ink.save(stream, "JPEG", quality=95)
    assert decode(stream.getvalue(), 32, "stretch", 1000).row[:, :12].max() < 40


def test_huge_images_are_refused_before_they_are_decoded() -> None:
    # The header promises 60,000 x 60,000 pixels; the data behind it is a few bytes.
    content = bytearray(encoded(digit_rows()[0][0]))
    content[16:24] = (60_000).to_bytes(4) * 2
    content[29:33] = __import__("zlib").crc32(content[12:29]).to_bytes(4)
    with pytest.raises(Unusable, match=r"pixels"):
        decode(bytes(content), 8, "pad", 50_000_000)


def test_no_damage_to_a_file_can_crash_the_decoder() -> None:
    rng = np.random.default_rng(0)
    image = digit_rows()[0][3].repeat(4, 0).repeat(4, 1)
    notes = Image.Exif()
    notes[0x0112] = 6
    good = [encoded(image), encoded(image, "JPEG", exif=notes)]
    outcomes = set()
    for trial in range(600):
        content = bytearray(good[trial % 2])
        for at in rng.integers(0, len(content), rng.integers(1, 6)):
            content[at] = rng.integers(256)
        if trial % 3 == 0:
            del content[rng.integers(len(content)) :]
        try:
            outcomes.add(decode(bytes(content), 8, "pad", 10**6).row.shape[:2] == (8, 8))
        except Unusable as error:
            outcomes.add(bool(str(error)) and None)
    assert outcomes == {True, None}
