"""Reading the published files of each family."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.config import Settings
from core.datasets import DATASETS
from core.datasets.cache import prepare, prepare_entry
from core.datasets.ragged import read_npz
from core.datasets.text import pad
from core.errors import DataUnavailableError, InvalidInputError


def test_digits_are_those_of_scikit_learn(lab: Settings) -> None:
    from sklearn.datasets import load_digits

    theirs, ours = load_digits(), prepare("digits", lab).arrays()
    assert ours.x is not None
    assert np.array_equal(ours.x[..., 0], theirs.images) and np.array_equal(ours.y, theirs.target)


def test_mnist_starts_with_the_known_labels(mirror: Path, lab: Settings) -> None:
    dataset = prepare("mnist", lab)
    assert dataset.labels()[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert dataset.labels()[60_000:60_005].tolist() == [7, 2, 1, 0, 4]  # the official test rows follow
    assert dataset.rows == 70_000 and dataset.origin == "mirror"


def test_fashion_mnist_reads_the_official_idx_files(mirror: Path, tmp_path: Path) -> None:
    entry = DATASETS["fashion_mnist"]
    with np.load(mirror / "fashion_mnist/fashion_mnist.npz") as stored:
        arrays = {key: stored[key][:100] for key in stored.files}
    files: dict[str, Path] = {}
    for file in entry.files:
        part = "train" if "/train-" in file.name else "test"
        field, header = ("x", 16) if "images" in file.name else ("y", 8)
        files[file.name] = tmp_path / Path(file.name).name
        files[file.name].write_bytes(gzip.compress(bytes(header) + arrays[f"{field}_{part}"].tobytes()))
    read = entry.check(entry.read(files))
    assert read.x is not None
    assert np.array_equal(read.x[..., 0], np.concatenate([arrays["x_train"], arrays["x_test"]]))
    assert np.array_equal(read.y, np.concatenate([arrays["y_train"], arrays["y_test"]]))


def test_reuters_has_the_published_first_wire_and_topics(mirror: Path, lab: Settings) -> None:
    dataset = prepare("reuters", lab)
    arrays = dataset.arrays()
    assert arrays.tokens is not None and arrays.offsets is not None
    order = np.arange(dataset.rows)
    np.random.RandomState(113).shuffle(order)  # Keras shows the rows in this order
    row = order[:1]
    wire = pad(arrays.tokens, arrays.offsets, row, 10_000, 87)[0]
    assert wire[:12].tolist() == [1, 2, 2, 8, 43, 10, 447, 5, 25, 207, 270, 5]
    assert wire[-1] != 0 and arrays.y[row[0]] == 3
    topics = json.loads((mirror / "reuters/reuters_label_names.json").read_text())
    assert list(dataset.entry.class_names) == topics
    assert dataset.class_counts[3:5] == (3972, 2423)


def test_imdb_words_make_sense(mirror: Path, lab: Settings) -> None:
    dataset = prepare("imdb", lab)
    arrays = dataset.arrays()
    assert arrays.tokens is not None and arrays.offsets is not None
    assert dataset.class_counts == (25_000, 25_000)
    known = "this film was just brilliant casting location scenery story direction"
    opening = dataset.word_index().encode(known)
    assert opening[:8].tolist() == [1, 14, 22, 16, 43, 530, 973, 1622]  # as in every Keras tutorial
    starts = arrays.offsets[:25_000]
    found = [row for row, at in enumerate(starts) if np.array_equal(arrays.tokens[at : at + len(opening)], opening)]
    assert len(found) == 1
    assert np.diff(arrays.offsets)[found[0]] == 218 and arrays.y[found[0]] == 1


def _npz(path: Path, pickled: bytes) -> Path:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|O", "fortran_order": False, "shape": (2,)})
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", header.getvalue() + pickled)
    return path


def test_texts_written_before_numpy_2_are_read(tmp_path: Path) -> None:
    rows = np.empty(2, object)
    rows[:] = [[1, 2], [3]]
    old = pickle.dumps(rows, protocol=3).replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
    assert b"numpy.core.multiarray" in old
    assert read_npz(_npz(tmp_path / "old.npz", old), ["x"])["x"].tolist() == [[1, 2], [3]]


class _Payload:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (eval, ("1 + 1",))


def test_a_manipulated_file_cannot_run_code(tmp_path: Path) -> None:
    with pytest.raises(pickle.UnpicklingError, match=r"builtins\.eval"):
        read_npz(_npz(tmp_path / "bad.npz", pickle.dumps(_Payload())), ["x"])


def test_texts_with_a_foreign_word_index_are_refused(mirror: Path, tmp_path: Path) -> None:
    index = tmp_path / "index.json"
    index.write_text(json.dumps({"the": 1, "of": 2}))
    with pytest.raises(InvalidInputError, match="same place"):
        DATASETS["reuters"].read({
            "reuters/reuters.npz": mirror / "reuters/reuters.npz", "reuters/reuters_word_index.json": index,
        })  # fmt: skip


def test_a_damaged_file_in_the_mirror_is_named(settings: Settings, tmp_path: Path) -> None:
    damaged = tmp_path / "mirror/mnist/mnist.npz"
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(b"PK\x03\x04 not a zip file")
    with pytest.raises(DataUnavailableError, match=r"mnist\.npz: .*replace the file"):
        prepare_entry(DATASETS["mnist"], replace(settings, dataset_mirror=damaged.parents[1]))
    assert not (settings.data_dir / "mnist/arrays").exists()
