"""Foreign test sets: what every entry promises, that labels really correspond, and what happens without the data."""

from __future__ import annotations

import csv
import gzip
import io
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from core.config import Settings
from core.datasets import DATASETS
from core.datasets.cache import prepare, prepare_entry
from core.datasets.entry import RemoteFile
from core.datasets.text import UNKNOWN, WordIndex, words_of
from core.errors import InvalidInputError
from core.foreign import FOREIGN, ForeignEntry, ForeignUse, foreign_sets_for, opening
from core.foreign.opening import ForeignSet, Skipped, fit_images, open_foreign
from core.foreign.wording import in_own_words, reword
from tests.test_holdout_isolation import REPOSITORY, forbidden_chains

PAIRS = [(entry.name, dataset) for entry in FOREIGN.values() for dataset in entry.uses]


def opened(name: str, dataset: str, lab: Settings) -> ForeignSet:
    entry, source = FOREIGN[name], DATASETS[dataset]
    here = lab.dataset_mirror
    if here is None or not any(all((here / file).is_file() for file in files) for files in entry.data.file_sets):
        pytest.skip("the data set mirror does not hold it: set MHL_DATASET_MIRROR")
    words = prepare(dataset, lab).word_index() if source.kind == "text" else None
    result = open_foreign(entry, source, lab, words)
    assert isinstance(result, ForeignSet), result
    return result


@pytest.mark.parametrize("name", sorted(FOREIGN))
def test_entry_describes_the_set(name: str) -> None:
    entry = FOREIGN[name]
    assert entry.name == name and entry.uses and entry.caveat.endswith(".")
    assert entry.data.licence and entry.data.description.endswith(".")
    for file in entry.data.files:
        assert re.fullmatch(r"[0-9a-f]{64}|md5:[0-9a-f]{32}", file.known_hash)
    for dataset, use in entry.uses.items():
        assert DATASETS[dataset].kind == entry.data.kind and use.preprocessing.endswith(".")
        for number, target in enumerate(use.class_map):  # what corresponds has the same name
            if target is not None:
                assert entry.data.class_names[number] == DATASETS[dataset].class_names[target]


def test_sets_are_found_by_data_set() -> None:
    assert [entry.name for entry in foreign_sets_for("mnist")] == ["emnist_digits", "fashion_mnist", "kmnist"]
    assert {entry.name for entry in foreign_sets_for("cifar10")} == {"cifar10_1", "tiny_imagenet"}
    assert [entry.name for entry in foreign_sets_for("digits")] == ["emnist_digits", "mnist"]
    assert [entry.name for entry in foreign_sets_for("cifar100")] == ["cifar10"]
    assert foreign_sets_for("gtsrb") == ()


@pytest.mark.parametrize(("name", "dataset"), PAIRS)
def test_rows_fit_the_networks_of_the_data_set(name: str, dataset: str, lab: Settings) -> None:
    rows = opened(name, dataset, lab)
    source = DATASETS[dataset]
    assert len(rows) == len(rows.source_y) >= 400
    assert set(np.unique(rows.y)) == set(range(rows.entry.data.classes))
    assert (rows.source_y >= 0).any() == rows.use.zero_shot
    if source.kind == "image":
        assert rows.x is not None and rows.x.shape[1:] == source.shape and rows.x.dtype == np.uint8
        assert rows.x.max() <= source.scale and rows.x.std() > source.scale / 26
        return
    assert rows.tokens is not None and rows.offsets is not None and source.vocabulary is not None
    assert rows.tokens.max() < source.vocabulary + 4 and (rows.tokens[rows.offsets[:-1]] == 1).all()
    words = rows.tokens[rows.tokens != 1]
    assert rows.unknown_share == pytest.approx(float((words == UNKNOWN).mean())) and 0 < rows.unknown_share < 0.3


def class_means(x: NDArray[np.uint8], y: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.stack([x[y == label].reshape((y == label).sum(), -1).mean(axis=0) for label in range(10)])


def test_emnist_digits_stand_upright(lab: Settings) -> None:
    rows = opened("emnist_digits", "mnist", lab)
    own = prepare("mnist", lab).arrays()
    assert rows.x is not None and own.x is not None
    means = class_means(np.asarray(own.x[:20_000]), np.asarray(own.y[:20_000]))

    def likeness(x: NDArray[np.uint8]) -> float:
        pairs = zip(class_means(x, rows.y), means, strict=True)
        return float(np.mean([np.corrcoef(a, b)[0, 1] for a, b in pairs]))

    assert likeness(rows.x) > likeness(rows.x.transpose(0, 2, 1, 3)) + 0.15


def test_labels_of_emnist_correspond_to_mnists(lab: Settings) -> None:
    rows = opened("emnist_digits", "mnist", lab)
    own = prepare("mnist", lab).arrays()
    assert rows.x is not None and own.x is not None
    known = np.asarray(own.x[:10_000]).reshape(10_000, -1).astype(np.float32)
    new = rows.x.reshape(len(rows), -1).astype(np.float32)
    nearest = ((known**2).sum(axis=1) - 2 * new @ known.T).argmin(axis=1)  # the nearest MNIST digit of each
    found = np.asarray(own.y)[nearest]
    assert (found == rows.source_y).mean() > 0.6  # they are drawn larger and thicker
    assert (found == (rows.source_y + 1) % 10).mean() < 0.2


def test_reviews_and_sentences_share_their_labels(lab: Settings) -> None:
    """Words that are commoner in IMDB's positive reviews are commoner in SST-2's positive sentences."""
    rows = opened("sst2", "imdb", lab)
    own = prepare("imdb", lab).arrays()
    assert own.tokens is not None and own.offsets is not None and rows.tokens is not None and rows.offsets is not None
    size, sample = 2000, 20_000
    counts = np.stack([
        np.bincount(own.take(np.flatnonzero(own.y == label)[:sample // 2]).tokens, minlength=size)[:size]  # type: ignore[arg-type]
        for label in (0, 1)
    ]) + 1.0  # fmt: skip
    weight = np.log(counts[1] / counts[1].sum()) - np.log(counts[0] / counts[0].sum())
    weight[:4] = 0
    known = np.where(rows.tokens < size, rows.tokens, 0)
    score = np.add.reduceat(weight[known], rows.offsets[:-1])
    assert ((score > 0) == (rows.source_y == 1)).mean() > 0.65


def test_words_are_translated_one_by_one() -> None:
    arrays = in_own_words(["The film: a FILM!", "gone"], [0, 1])
    own = WordIndex.from_ranks(arrays.word_index or {})
    target = WordIndex.from_ranks({"film": 1, "the": 2, "a": 3})
    result = reword(arrays, own, target)
    assert result.tokens.tolist() == [1, 5, 4, 6, 4, 1, UNKNOWN]
    assert result.unknown_share == pytest.approx(1 / 5) and result.median_words == 2.5


def test_known_words_survive_the_translation(lab: Settings) -> None:
    rows = opened("sst2", "imdb", lab)
    index = prepare("imdb", lab).word_index()
    cached = prepare_entry(rows.entry.data, lab)
    own, arrays = cached.word_index(), cached.arrays()
    assert arrays.tokens is not None and arrays.offsets is not None and rows.tokens is not None
    for row in range(0, len(rows), 997):
        span = slice(int(arrays.offsets[row]), int(arrays.offsets[row + 1]))
        before, after = own.decode(arrays.tokens[span]).split(), index.decode(rows.tokens[span]).split()
        assert words_of(" ".join(before)) == before
        assert all(a in (b, "[?]") for b, a in zip(before, after, strict=True))


def nowhere(entry: ForeignEntry) -> ForeignEntry:
    """The same set from a server that does not answer."""
    files = tuple(
        RemoteFile(name=f.name, url="http://127.0.0.1:9/x", known_hash=f.known_hash) for f in entry.data.files
    )
    return replace(entry, data=replace(entry.data, files=files))


@pytest.mark.parametrize(("name", "dataset"), [("cifar10_1", "cifar10"), ("sst2", "imdb")])
def test_missing_data_is_skipped_with_the_remedy(name: str, dataset: str, settings: Settings) -> None:
    result = open_foreign(nowhere(FOREIGN[name]), DATASETS[dataset], settings, WordIndex.from_ranks({"a": 1}))
    assert isinstance(result, Skipped) and result.name == name
    for part in ("cannot be reached", "Connect to the network", "MHL_DATASET_MIRROR", FOREIGN[name].data.files[0].name):
        assert part in result.reason


@pytest.mark.parametrize(("name", "dataset"), [("emnist_digits", "mnist"), ("tiny_imagenet", "cifar10")])
def test_a_large_archive_is_not_fetched_unasked(
    name: str, dataset: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "prepare_entry", lambda *_: pytest.fail("it was fetched"))
    result = open_foreign(FOREIGN[name], DATASETS[dataset], settings)
    assert isinstance(result, Skipped)
    assert " MB is not fetched unasked" in result.reason and f"foreign --fetch {name}" in result.reason


def test_a_damaged_file_is_skipped_and_named(settings: Settings, tmp_path: Path) -> None:
    damaged = tmp_path / "kmnist/kmnist.npz"
    damaged.parent.mkdir()
    damaged.write_bytes(b"PK\x03\x04 nothing")
    result = open_foreign(FOREIGN["kmnist"], DATASETS["mnist"], replace(settings, dataset_mirror=tmp_path))
    assert isinstance(result, Skipped) and "kmnist.npz" in result.reason


def test_a_set_that_says_nothing_about_the_data_set_is_refused(settings: Settings) -> None:
    with pytest.raises(InvalidInputError, match="it is for digits, mnist"):
        open_foreign(FOREIGN["emnist_digits"], DATASETS["fashion_mnist"], settings)
    with pytest.raises(InvalidInputError, match="cannot have class map"):
        ForeignUse(correspondence="same", class_map=(None, None), preprocessing="")
    with pytest.raises(InvalidInputError, match="margin must be 0 pixels or more"):
        ForeignUse(correspondence="same", class_map=(0, 1), preprocessing="", margin=-1)
    with pytest.raises(InvalidInputError, match="has 10 classes"):
        replace(FOREIGN["kmnist"], uses={"mnist": replace(FOREIGN["kmnist"].uses["mnist"], class_map=(None,))})


def test_images_are_reduced_by_averaging() -> None:
    image = np.zeros((1, 64, 64, 3), np.uint8)
    image[0, :2, :2] = [[[200, 0, 0], [100, 0, 0]], [[0, 0, 0], [100, 40, 0]]]
    small = fit_images(image, 255.0, DATASETS["cifar10"])
    assert small.shape == (1, 32, 32, 3) and small[0, 0, 0].tolist() == [100, 10, 0] and small[0, 1:].max() == 0
    grey = fit_images(np.full((1, 28, 28, 1), 255, np.uint8), 255.0, DATASETS["digits"])
    assert grey.shape == (1, 8, 8, 1) and (grey == 16).all()


def test_an_empty_frame_is_cut_before_images_are_reduced() -> None:
    image = np.full((1, 28, 28, 1), 255, np.uint8)
    image[:, 4:24, 4:24] = 0
    image[:, 4:9, 4:9] = 255  # five of twenty pixels: two of eight
    small = fit_images(image, 255.0, DATASETS["digits"], margin=4)
    expected = np.zeros((8, 8), np.uint8)
    expected[:2, :2] = 16
    assert small.shape == (1, 8, 8, 1) and np.array_equal(small[0, ..., 0], expected)


def test_only_the_official_test_part_of_mnist_is_used(lab: Settings) -> None:
    rows = opened("mnist", "fashion_mnist", lab)
    own = prepare("mnist", lab).arrays()
    assert len(rows) == 10_000 and rows.x is not None and own.x is not None
    assert np.array_equal(rows.x, own.x[-10_000:]) and np.array_equal(rows.y, own.y[-10_000:])


@pytest.mark.parametrize("name", ["mnist", "emnist_digits"])
def test_other_digits_resemble_small_ones(name: str, lab: Settings) -> None:
    """The nearest of the small digits has the same label far more often than chance (10 %), and than if the frame were
    kept."""
    rows = opened(name, "digits", lab)
    own = prepare("digits", lab).arrays()
    raw = prepare_entry(rows.entry.data, lab).arrays()
    assert rows.x is not None and own.x is not None and raw.x is not None
    known = own.x.reshape(len(own), -1).astype(np.float32)

    def right(x: NDArray[np.uint8]) -> float:
        new = x.reshape(len(x), -1).astype(np.float32)
        nearest = ((known**2).sum(axis=1) - 2 * new @ known.T).argmin(axis=1)
        return float((np.asarray(own.y)[nearest] == rows.source_y[-len(x) :]).mean())

    framed = fit_images(np.asarray(raw.x[-600:]), 255.0, DATASETS["digits"])
    assert right(rows.x[-600:]) > max(0.35, right(framed) + 0.1)


# -- the published form of each set, built small from real rows ---------------------------------------------------


def idx(array: NDArray[np.uint8]) -> bytes:
    shape = b"".join(side.to_bytes(4, "big") for side in array.shape)
    return gzip.compress(b"\0\0\x08" + bytes([array.ndim]) + shape + array.tobytes())


def test_official_emnist_is_turned_upright(lab: Settings, tmp_path: Path) -> None:
    rows = opened("emnist_digits", "mnist", lab)
    assert rows.x is not None
    path = tmp_path / "gzip.zip"
    with zipfile.ZipFile(path, "w") as archive:
        transposed = np.ascontiguousarray(rows.x[..., 0].transpose(0, 2, 1))
        archive.writestr("gzip/emnist-digits-test-images-idx3-ubyte.gz", idx(transposed))
        archive.writestr("gzip/emnist-digits-test-labels-idx1-ubyte.gz", idx(rows.y.astype(np.uint8)))
    read = rows.entry.data.check(rows.entry.data.read({"emnist_digits/gzip.zip": path}))
    assert read.x is not None and np.array_equal(read.x, rows.x) and np.array_equal(read.y, rows.y)


def test_official_kmnist_is_read(lab: Settings, tmp_path: Path) -> None:
    rows = opened("kmnist", "mnist", lab)
    assert rows.x is not None
    files = {file.name: tmp_path / Path(file.name).name for file in rows.entry.data.files}
    contents = (idx(rows.x[:50, ..., 0].copy()), idx(rows.y[:50].astype(np.uint8)))
    for path, content in zip(files.values(), contents, strict=True):
        path.write_bytes(content)
    read = rows.entry.data.read(files)
    assert read.x is not None and np.array_equal(read.x, rows.x[:50]) and np.array_equal(read.y, rows.y[:50])
    next(iter(files.values())).write_bytes(idx(rows.x[:50, ..., 0].copy())[:-3])
    with pytest.raises((InvalidInputError, EOFError)):
        rows.entry.data.read(files)


def test_official_tiny_imagenet_is_read(lab: Settings, tmp_path: Path) -> None:
    rows = opened("tiny_imagenet", "cifar10", lab)
    raw = prepare_entry(rows.entry.data, lab).arrays()
    assert raw.x is not None
    lines, path = [], tmp_path / "tiny.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number, synset in enumerate(("n02123045", "n03796401", "n01443537")):  # cat, truck, goldfish
            picture = io.BytesIO()
            Image.fromarray(np.asarray(raw.x[number])).save(picture, "PNG")  # lossless, though the name says JPEG
            archive.writestr(f"tiny-imagenet-200/val/images/val_{number}.JPEG", picture.getvalue())
            lines.append(f"val_{number}.JPEG\t{synset}\t0\t0\t63\t63")
        archive.writestr("tiny-imagenet-200/val/val_annotations.txt", "\n".join(lines))
    read = rows.entry.data.read({"tiny_imagenet_overlap/tiny-imagenet-200.zip": path})
    assert read.x is not None and np.array_equal(read.x, raw.x[:2])
    assert [rows.entry.data.class_names[label] for label in read.y] == ["cat", "truck"]


def test_official_cifar10_1_is_read(mirror: Path, tmp_path: Path) -> None:
    with np.load(mirror / "cifar10/cifar10.npz") as stored:
        images, labels = stored["x_test"][:40], stored["y_test"][:40].reshape(-1).astype(np.int32)
    files = {file.name: tmp_path / Path(file.name).name for file in FOREIGN["cifar10_1"].data.files}
    for path, array in zip(files.values(), (images, labels), strict=True):
        np.save(path, array)
    read = FOREIGN["cifar10_1"].data.read(files)
    assert read.x is not None and np.array_equal(read.x, images) and read.y.tolist() == labels.tolist()


def test_official_ag_news_is_read_as_the_mirrors(lab: Settings, tmp_path: Path) -> None:
    rows = opened("ag_news", "reuters", lab)
    cached = prepare_entry(rows.entry.data, lab)
    path = tmp_path / "test.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([[3, "Oil, up", "Prices\\rose again"], [1, "Talks", "on"]])
    read = rows.entry.data.read({"ag_news/test.csv": path})
    assert read.tokens is not None and read.word_index is not None and read.y.tolist() == [2, 0]
    assert WordIndex.from_ranks(read.word_index).decode(read.tokens) == "oil up prices rose again talks on"
    assert cached.class_counts == (1900,) * 4


def test_published_and_mirrored_sst2_read_the_same(mirror: Path, lab: Settings, tmp_path: Path) -> None:
    rows = opened("sst2", "imdb", lab)
    files = {}
    for file in rows.entry.data.files:
        files[file.name] = tmp_path / Path(file.name).name
        files[file.name].write_bytes((mirror / file.name).read_bytes().split(b"\n", 1)[1])
    arrays = rows.entry.data.read(files)
    assert arrays.content_hash() == rows.content_hash


@pytest.mark.parametrize("package", ["core.training", "core.executors", "core.datasets.parts"])
def test_training_cannot_import_foreign_sets(package: str) -> None:
    assert forbidden_chains(REPOSITORY, package, ("core.foreign",)) == []


def test_cut_words_are_joined_as_imdb_writes_them(lab: Settings) -> None:
    rows = opened("sst2", "imdb", lab)
    own = prepare_entry(rows.entry.data, lab).word_index().ids
    assert {"doesn't", "it's", "isn't"} <= set(own) and {"n't", "lrb", "rrb"}.isdisjoint(own)
