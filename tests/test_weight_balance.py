from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

import core.weight_balance
from core.config import ScoringWeights
from core.errors import InvalidInputError
from core.weight_balance import apportion, move, room, to_shares, to_weights

NAMES = list(ScoringWeights().components())
DEFAULT = {
    "neuron_utilization": 25,
    "parameter_efficiency": 15,
    "training_stability": 20,
    "gradient_health": 15,
    "convergence_quality": 15,
    "accuracy_consistency": 10,
}
Step = tuple[str, int, frozenset[str]]
steps = st.lists(st.tuples(st.sampled_from(NAMES), st.integers(-20, 140), st.frozensets(st.sampled_from(NAMES))))


def test_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(core.weight_balance).failed == 0


def test_the_default_weights_are_whole_percent() -> None:
    assert to_shares(ScoringWeights()) == DEFAULT
    assert to_weights(70, DEFAULT) == ScoringWeights()


@given(steps)
def test_no_sequence_of_moves_and_locks_breaks_the_total(sequence: list[Step]) -> None:
    shares = DEFAULT
    for name, value, locked in sequence:
        before, shares = shares, move(shares, locked, name, value)
        assert sum(shares.values()) == 100
        assert min(shares.values()) >= 0
        assert list(shares) == NAMES
        assert all(shares[other] == before[other] for other in locked)
        free = [other for other in NAMES if other not in locked and other != name]
        if name not in locked and free:
            assert shares[name] == min(max(value, 0), room(before, locked, name))
        to_weights(50, shares)  # what comes out is always a valid weighting


@given(st.sampled_from(NAMES), st.integers(0, 100))
def test_the_others_keep_their_order_and_their_ratio_within_rounding(name: str, value: int) -> None:
    shares = move(DEFAULT, frozenset(), name, value)
    others = [other for other in NAMES if other != name]
    scale = (100 - value) / (100 - DEFAULT[name])
    for other in others:
        assert abs(shares[other] - DEFAULT[other] * scale) < 1
    for first in others:
        for second in others:
            if DEFAULT[first] > DEFAULT[second]:
                assert shares[first] >= shares[second]


def test_one_moves_and_the_unlocked_others_scale_by_exact_numbers() -> None:
    moved = move(DEFAULT, frozenset({"training_stability"}), "neuron_utilization", 50)
    assert moved == {  # 30 of 100 are left for 15 : 15 : 15 : 10
        "neuron_utilization": 50,
        "parameter_efficiency": 8,
        "training_stability": 20,
        "gradient_health": 8,
        "convergence_quality": 8,
        "accuracy_consistency": 6,
    }


def test_beyond_what_the_locked_ones_leave_a_move_is_limited() -> None:
    locked = frozenset({"training_stability", "gradient_health"})  # 35 together
    moved = move(DEFAULT, locked, "accuracy_consistency", 100)
    assert moved["accuracy_consistency"] == 65
    assert moved["neuron_utilization"] == moved["parameter_efficiency"] == moved["convergence_quality"] == 0


def test_others_that_are_all_zero_share_equally() -> None:
    alone = move(DEFAULT, frozenset(), "gradient_health", 100)
    assert alone == {**dict.fromkeys(NAMES, 0), "gradient_health": 100}
    back = move(alone, frozenset(), "gradient_health", 50)
    assert [back[name] for name in NAMES if name != "gradient_health"] == [10] * 5


def test_a_locked_share_and_the_last_free_one_do_not_move() -> None:
    assert move(DEFAULT, frozenset({"gradient_health"}), "gradient_health", 90) == DEFAULT
    others = frozenset(NAMES) - {"gradient_health"}
    assert move(DEFAULT, others, "gradient_health", 90) == DEFAULT


def test_odd_weights_are_rounded_to_a_total_of_100() -> None:
    even = ScoringWeights(**dict.fromkeys(NAMES, 1 / 6))
    assert sorted(to_shares(even).values()) == [16, 16, 17, 17, 17, 17]
    assert apportion({}, 10) == {}


@pytest.mark.parametrize(
    ("shares", "name"), [({"a": 60, "b": 30}, "a"), ({"a": 110, "b": -10}, "a"), ({"a": 100}, "b")]
)
def test_shares_that_are_none_are_refused(shares: dict[str, int], name: str) -> None:
    with pytest.raises(InvalidInputError, match="share"):
        move(shares, frozenset(), name, 10)
