from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.health.convergence_quality import convergence_parts, convergence_quality

from .traces import make_epochs, make_trace


def quality(*val_losses: float, chance: float = 2.0) -> float:
    value = convergence_quality(make_trace(chance_loss=chance, epochs=make_epochs(val_losses))).value
    assert value is not None
    return value


def test_exact_value_of_a_hand_made_curve() -> None:
    # chance 2, first 1.6 -> start 2; best 0.4, last 0.5; a third of 6 epochs earlier: 0.8
    parts = convergence_parts([1.6, 1.2, 1.0, 0.8, 0.4, 0.5], chance_loss=2.0)
    assert parts == {
        "progress": pytest.approx(0.75),
        "retention": pytest.approx(1.5 / 1.6),
        "settled": pytest.approx(1 - 0.3 / 1.6),
    }
    assert quality(1.6, 1.2, 1.0, 0.8, 0.4, 0.5) == pytest.approx((0.75 * 0.9375 * 0.8125) ** (1 / 3))


def test_a_curve_that_starts_above_chance_counts_from_its_start() -> None:
    # start 4, best 1, last 2 -> but progress 1 - 2/2 = 0 kills it; with last 1.5: retention 2.5/3
    assert convergence_parts([4.0, 1.0, 1.5], chance_loss=2.0)["retention"] == pytest.approx(2.5 / 3)


def test_perfect() -> None:
    assert quality(1.0, 0.0, 0.0, 0.0, 0.0, 0.0) == 1


@pytest.mark.parametrize("losses", [(2.0, 2.0, 2.0), (5.0, 3.0, 2.1), (2.3, 2.3, 2.3, 2.3), (9.0,), (3.0, 2.0)])
def test_never_below_chance_is_0_and_no_fallback(losses: tuple[float, ...]) -> None:
    assert quality(*losses) == 0


def test_below_chance_once_but_back_above_at_the_end_is_0() -> None:
    assert quality(1.0, 0.8, 2.5) == 0


def test_an_overfitted_curve_is_lower_than_the_same_cut_at_its_minimum() -> None:
    u_shaped = [1.6, 1.0, 0.7, 0.6, 0.6, 0.6, 0.8, 1.0, 1.2]
    assert quality(*u_shaped) < quality(*u_shaped[:6])
    assert convergence_parts(u_shaped, 2.0)["retention"] == pytest.approx(0.8 / 1.4)
    assert convergence_parts(u_shaped[:6], 2.0)["retention"] == 1


def test_still_falling_is_lower_than_settled_at_the_same_loss() -> None:
    falling, settled = (1.5, 1.3, 1.1, 0.9, 0.7, 0.5), (1.0, 0.7, 0.5, 0.5, 0.5, 0.5)
    assert quality(*settled) > quality(*falling)
    assert convergence_parts(falling, 2.0)["settled"] == pytest.approx(1 - 0.4 / 1.5)
    assert convergence_parts(settled, 2.0)["settled"] == 1


@pytest.mark.parametrize(("epochs", "looks_at"), [(3, 2), (4, 3), (5, 4), (6, 4), (8, 6), (9, 6), (15, 10)])
def test_settled_looks_back_a_third_of_the_epochs_rounded_down(epochs: int, looks_at: int) -> None:
    """Only the epoch looked at differs from the last: 1.5 against 0.5 of a fall of 1.5."""
    losses = [0.5] * epochs
    losses[looks_at - 1] = 1.5
    assert convergence_parts(losses, 2.0)["settled"] == pytest.approx(1 / 3)


def test_two_epochs_are_short() -> None:
    result = convergence_quality(make_trace(chance_loss=2.0, epochs=make_epochs([0.5, 1.0])))
    assert result.status == "short"
    assert result.value == pytest.approx(math.sqrt(0.5 * (1.0 / 1.5)))
    assert result.components["settled"] is None
    assert (result.reason or "").startswith("2 of 3 epochs")


def test_one_epoch_is_short_with_full_retention() -> None:
    result = convergence_quality(make_trace(chance_loss=2.0, epochs=make_epochs([0.5])))
    assert (result.status, result.n) == ("short", 1)
    assert result.value == pytest.approx(math.sqrt(0.75))


def test_tse_is_the_mean_training_loss_relative_to_chance() -> None:
    trace = make_trace(chance_loss=2.0, epochs=make_epochs([0.5, 0.5, 0.5], losses=[1.5, 1.0, 0.5]))
    assert convergence_quality(trace).components["tse"] == pytest.approx(0.5)


@pytest.mark.parametrize("chance", [0.0, -0.0, 5e-324])
def test_a_single_class_is_not_measured(chance: float) -> None:
    """An entropy of 0, or of rounding only, is no yardstick: dividing by it would not give a finite number."""
    result = convergence_quality(make_trace(chance_loss=chance, majority_rate=0.9, val_correct=990))
    assert result.value is None
    assert "one class" in (result.reason or "")


curves = st.lists(st.floats(0, 10), min_size=1, max_size=15)


@given(curves, st.floats(0.1, 5))
def test_parts_are_bounded(losses: list[float], chance: float) -> None:
    parts = convergence_parts(losses, chance)
    assert all(part is None or 0 <= part <= 1 for part in parts.values())
    assert (parts["settled"] is None) == (len(losses) < 3)


@given(st.lists(st.floats(0.001, 10), min_size=1, max_size=15), st.floats(0.1, 5), st.integers(-6, 6))
def test_the_unit_of_the_loss_does_not_matter(losses: list[float], chance: float, power: int) -> None:
    factor = 2.0**power
    assert convergence_parts([loss * factor for loss in losses], chance * factor) == convergence_parts(losses, chance)


@given(st.lists(st.floats(0.001, 1.9), min_size=3, max_size=15), st.floats(0.01, 3))
def test_ending_higher_is_never_better(losses: list[float], rise: float) -> None:
    """The last epoch spoiled, the rest as it was and the end at the minimum: progress and retention fall."""
    ended_low = [*losses, min(losses)]
    spoiled = [*losses, min(losses) + rise]
    low, high = convergence_parts(ended_low, 2.0), convergence_parts(spoiled, 2.0)
    for part in ("progress", "retention"):
        assert (high[part] or 0) < (low[part] or 0)
