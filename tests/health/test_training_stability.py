from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.health.training_stability import path_efficiency, training_stability, turning_points

from .traces import make_epochs, make_trace

losses_of_a_run = st.lists(st.floats(0.001, 100), min_size=4, max_size=40)


def stability(initial: float | None, *windows: float) -> float | None:
    return training_stability(make_trace(initial_loss=initial, window_losses=windows)).value


def test_exact_detour() -> None:
    # down 3, up 1, down 2: net 4 of 6
    assert stability(5.0, 2.0, 3.0, 1.0) == pytest.approx(4 / 6)


def test_monotone_is_1_however_small_the_steps() -> None:
    """1000 steps of 0.1 % of the fall each: every one is inside the dead band, the slide is not."""
    assert path_efficiency(list(np.linspace(2.3, 0.3, 1001))) == 1
    assert path_efficiency(list(2.3 * 0.99 ** np.arange(800))) == 1


def test_oscillation_back_to_the_start_is_0() -> None:
    assert stability(2.3, 0.5, 2.3, 0.5, 2.3) == 0


def test_divergence_in_finite_numbers_is_0() -> None:
    assert stability(2.3, 2.0, 5.0, 80.0) == 0
    assert stability(2.3, 3.0, 4.0, 5.0) == 0


def test_a_loss_that_never_moved_is_0() -> None:
    assert stability(2.3, 2.3, 2.3, 2.3) == 0


def test_a_first_epoch_explosion_is_seen_although_epoch_means_fall_smoothly() -> None:
    """Learning rate 0.3: the epochs' means fell from a huge first value to ln 10 and once scored 1.0."""
    windows = (4000.0, 900.0, 30.0, 5.0, 3.0, 2.6, 2.4, 2.35, 2.32, 2.31, 2.305, 2.3026)
    means = np.reshape(windows, (3, 4)).mean(axis=1)
    assert np.all(np.diff(means) < 0)
    # up 3997.6 and down 3997.6974 for a net fall of 0.0974
    assert stability(2.4, *windows) == pytest.approx(0.0974 / 7995.2974)
    assert path_efficiency(windows) == 1  # without the loss before training


def test_oscillation_within_epochs_is_seen_although_epoch_means_fall_smoothly() -> None:
    windows = (1.0, 2.0, 1.0, 2.0, 0.8, 1.8, 0.8, 1.8, 0.6, 1.6, 0.6, 1.6)
    assert np.all(np.diff(np.reshape(windows, (3, 4)).mean(axis=1)) < 0)
    # down 1.3; then 1 up in every odd step (6) and 1, 1.2, 1, 1.2, 1 down between them
    assert stability(2.3, *windows) == pytest.approx(0.7 / (1.3 + 6 + 5.4))


def test_noise_on_a_plateau_does_not_count() -> None:
    """2.0 of fall, then 400 wobbles of up to 0.9 %: a path of their own length would be several times the fall."""
    rng = np.random.default_rng(0)
    plateau = 0.3 + rng.uniform(0, 0.009 * 2.0, 400)
    assert path_efficiency([2.3, 1.0, 0.3, *plateau]) == 1


def test_wobbles_just_above_the_dead_band_count() -> None:
    # fall 1, band 0.01: three wobbles of 0.02 up and down
    wobble = [0.02, 0.0] * 3
    assert path_efficiency([1.0, 0.0, *wobble]) == pytest.approx(1 / 1.12)
    assert path_efficiency([1.0, 0.0, *[0.009, 0.0] * 3]) == 1


def test_a_creeping_rise_is_no_plateau() -> None:
    """Steps of 0.5 % of the fall, always upward, lead away from the lowest loss and count in full."""
    creep = list(np.linspace(0.0, 1.0, 201))
    assert path_efficiency([2.0, 0.0, *creep]) == pytest.approx(1 / 3)


def test_a_wobble_before_the_first_real_move_does_not_count() -> None:
    assert turning_points([1.0, 1.005, 0.5, 0.0], band=0.01) == [1.0, 0.0]


def test_fewer_than_three_windows_are_not_measured() -> None:
    result = training_stability(make_trace(window_losses=(2.0, 1.0)))
    assert (result.value, result.n) == (None, 2)
    assert result.reason == "needs at least 3 loss windows, got 2"
    assert stability(2.3, 2.0, 1.0, 0.5) == 1


def test_without_the_loss_before_training_it_is_not_measured() -> None:
    result = training_stability(make_trace(initial_loss=None))
    assert result.value is None
    assert "before training" in (result.reason or "")


def test_the_saved_epoch_does_not_alter_it() -> None:
    """Restoring the best weights changes what is validated, not how the training went."""
    restored = make_trace(val_correct=950, epochs=make_epochs([0.5, 0.4, 0.9]))
    assert training_stability(restored).value == training_stability(make_trace()).value


def test_components_can_be_checked_by_hand() -> None:
    result = training_stability(make_trace(initial_loss=5.0, window_losses=(2.0, 3.0, 1.0)))
    assert result.components == {
        "initial_loss": 5.0,
        "final_loss": 1.0,
        "lowest_loss": 1.0,
        "distance": 6.0,
        "reversals": 2.0,
    }


@given(losses_of_a_run, st.integers(-8, 8))
def test_scaling_the_loss_changes_nothing(losses: list[float], power: int) -> None:
    assert path_efficiency([loss * 2.0**power for loss in losses]) == path_efficiency(losses)


@given(losses_of_a_run)
def test_repeating_a_level_changes_nothing(losses: list[float]) -> None:
    """More windows that show the same path give the same value."""
    assert path_efficiency([loss for loss in losses for _ in range(3)]) == path_efficiency(losses)


@given(st.lists(st.floats(0.01, 10), min_size=4, max_size=40, unique=True))
def test_any_falling_curve_is_1(losses: list[float]) -> None:
    assert path_efficiency(sorted(losses, reverse=True)) == pytest.approx(1)


@given(losses_of_a_run)
def test_the_value_is_bounded_and_0_when_nothing_was_won(losses: list[float]) -> None:
    assert 0 <= path_efficiency(losses) <= 1
    assert path_efficiency([*losses, losses[0]]) <= 0.01  # back at the start, up to the dead band
