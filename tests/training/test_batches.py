"""Batches from the mapped rows: every row once an epoch, in an order that the seed and the epoch decide."""

from __future__ import annotations

import numpy as np
import pytest

from core.training.batches import Batches

pytestmark = [pytest.mark.training, pytest.mark.xdist_group("keras")]


def labels(batches: Batches, epoch: int) -> list[int]:
    batches.on_epoch_begin(epoch)
    return [int(label) for _x, y in batches.dataset for label in y.numpy()]


def rows(count: int) -> tuple[np.ndarray, np.ndarray]:
    y = np.arange(count)
    return np.repeat(y[:, None], 3, axis=1).astype(np.int32), y


@pytest.mark.parametrize(("count", "size"), [(5000, 64), (100, 128), (2048, 2048), (4097, 1)])
def test_an_epoch_has_every_row_once_in_batches(count: int, size: int) -> None:
    batches = Batches(*rows(count), size, seed=1)
    seen = list(batches.dataset)
    assert len(seen) == len(batches.dataset) == -(-count // size)
    assert all(len(y) == size for _x, y in seen[:-1])
    y = np.concatenate([part.numpy() for _x, part in seen])
    x = np.concatenate([part.numpy() for part, _y in seen])
    assert np.array_equal(np.sort(y), np.arange(count)) and np.array_equal(x[:, 0], y)


def test_the_order_follows_from_seed_and_epoch() -> None:
    one, same, other = (Batches(*rows(3000), 32, seed) for seed in (1, 1, 2))
    next(iter(one.dataset))  # a pass that is begun and given up, as Keras does, changes nothing
    first, second = labels(one, 0), labels(one, 1)
    assert first != second and first != list(range(3000))
    assert labels(same, 1) == second and labels(same, 0) == first
    assert labels(other, 0) != first
