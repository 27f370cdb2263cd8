"""How numbers, states and foreign text are written in the app."""

from __future__ import annotations

import doctest

import pytest

from app.components import formats
from app.components.live_progress import _trial_line
from core.config import MODES
from core.store import _STATES, TrialProgress


def test_examples_hold() -> None:
    results = doctest.testmod(formats)
    assert results.attempted > 0
    assert results.failed == 0


@pytest.mark.parametrize(("value", "n"), [(None, 10), (0.5, None), (0.5, 0)])
def test_no_interval_without_a_value_and_a_number_of_rows(value: float | None, n: int | None) -> None:
    assert formats.accuracy_interval(value, n) is None


def test_every_state_and_mode_has_a_name() -> None:
    assert set(_STATES.values()) <= set(formats.STATES)
    assert all(formats.mode_label(mode) != mode for mode in MODES)
    assert set(formats.STATUS_COLOURS) == {"queued", "running", "stopped", "completed", "failed", "interrupted"}


@pytest.mark.parametrize(
    ("epoch", "rest"), [(0, "epoch 0/4 · starting"), (2, "epoch 2/4 · accuracy 50.0 % · 9 s left"), (4, "finishing")]
)
def test_a_training_trial_says_how_far_it_is(epoch: int, rest: str) -> None:
    accuracy = 0.5 if epoch else None
    trial = TrialProgress(number=3, epoch=epoch, epochs=4, val_accuracy=accuracy, started=100.0, updated=110.0)
    line = _trial_line(trial, now=111.0)
    assert line.startswith("Trial 3 · ")
    assert line.endswith(rest)
