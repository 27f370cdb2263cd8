"""Workers share the pages of the images: opening the parts and touching every row copies nothing."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from core.config import Settings
from core.datasets.cache import prepare
from core.datasets.parts import open_parts
from core.datasets.split import prepare_split
from tests.benchmarks.data_sharing import read_together

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or not Path("/proc/self/smaps_rollup").is_file(), reason="needs Linux's /proc/<pid>/smaps"
)
SLACK = 4 * 2**20  # bytes that a reader may gain for itself: its batch, its labels and Python's own growth


@pytest.fixture(scope="module")
def mnist(lab: Settings) -> Path:
    """The parts of MNIST."""
    if lab.dataset_mirror is None or not (lab.dataset_mirror / "mnist" / "mnist.npz").is_file():
        pytest.skip("no data set mirror with mnist: set MHL_DATASET_MIRROR")
    return prepare_split(prepare("mnist", lab), 42, lab).folder


def test_two_processes_that_touch_every_row_share_the_images(mnist: Path) -> None:
    for reader in read_together(mnist, 2):
        assert reader["images"] > 45e6
        assert reader["x_rss"] >= reader["images"], "every row was touched"
        assert reader["growth"] < SLACK < 0.1 * reader["images"]
        assert reader["x_shared"] >= 0.98 * reader["images"]
        assert reader["x_uss"] <= 0.02 * reader["images"]
        assert reader["x_pss"] <= 0.6 * reader["images"]


def test_the_parts_are_read_only_maps_of_their_files(lab: Settings) -> None:
    data = open_parts(prepare_split(prepare("digits", lab), 42, lab).folder)
    for part in (data.train, data.validation, data.test):
        assert isinstance(part.images(), np.memmap) and not part.images().flags.writeable
        assert isinstance(part.y, np.memmap)


def test_the_measure_would_notice_a_copy(mnist: Path) -> None:
    (reader,) = read_together(mnist, 1, copying=True)
    assert reader["growth"] > 0.6 * reader["images"], "the training images are two thirds of all"
    assert reader["x_shared"] == 0, "nobody else has them mapped"
