from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInputError
from core.stats import Verdict, Wording, paired_interval, permutation_test, tost, verdict

SHAPE = np.array([-1.2, -0.8, -0.5, -0.2, 0.0, 0.1, 0.3, 0.6, 0.8, 0.9])  # mean 0, sd 0.7


def judge(changes: list[float] | np.ndarray, p: float | str | None = "permutation", sesoi: float = 0.005) -> Verdict:
    a = np.zeros(len(changes))
    value = permutation_test(a, changes).p if isinstance(p, str) else p
    return verdict(paired_interval(a, changes), tost(a, changes, sesoi=sesoi), value)


def test_better_as_the_brief_has_it() -> None:
    result = judge(0.012 + 0.01 * SHAPE)
    assert result.sentence == "Health-aware is better on held-out data by 1.2 points (95 %: 0.7 to 1.7, 10 pairs)."
    assert (result.outcome, result.winner, result.difference_shown) == ("better", "Health-aware", True)


def test_worse_is_the_mirror_image() -> None:
    result = judge(-0.012 - 0.01 * SHAPE)
    assert result.sentence == "Health-aware is worse on held-out data by 1.2 points (95 %: 0.7 to 1.7, 10 pairs)."
    assert (result.outcome, result.winner) == ("worse", "Accuracy-only")


def test_equivalent() -> None:
    result = judge(0.0002 + 0.002 * SHAPE)
    assert (result.outcome, result.winner, result.difference_shown) == ("equivalent", None, False)
    assert result.sentence == (
        "Equivalent on held-out data: Health-aware minus Accuracy-only is 0.02 points "
        "(90 %: −0.06 to 0.10, 10 pairs), less than the 0.50 that would matter."
    )


def test_equivalent_although_a_difference_is_there() -> None:
    result = judge(0.003 + 0.001 * SHAPE)
    assert (result.outcome, result.winner, result.difference_shown) == ("equivalent", None, True)
    assert result.sentence.endswith("It is not 0 (95 %: 0.25 to 0.35), only too small to matter.")


def test_no_difference_shown_is_not_equivalence() -> None:
    result = judge(0.003 + 0.01 * SHAPE)
    assert (result.outcome, result.winner, result.difference_shown) == ("undecided", None, False)
    assert result.sentence == (
        "No difference shown on held-out data: Health-aware minus Accuracy-only is 0.3 points "
        "(95 %: −0.2 to 0.8, 10 pairs). A difference of 0.5 points, the smallest that matters, is not ruled out either."
    )


@pytest.mark.parametrize(("sign", "ahead"), [(1, "Health-aware"), (-1, "Accuracy-only")])
def test_a_difference_of_unknown_importance_is_undecided(sign: int, ahead: str) -> None:
    result = judge(sign * (0.006 + 0.004 * SHAPE))
    assert (result.outcome, result.winner, result.difference_shown) == ("undecided", None, True)
    assert result.sentence == (
        f"Undecided on held-out data: there is a difference in favour of {ahead}, 0.6 points "
        "(95 %: 0.4 to 0.8, 10 pairs), but whether it is above 0.5 points, the smallest that matters, "
        "cannot be told."
    )


def test_5_pairs_cannot_name_a_winner() -> None:
    result = judge([0.02, 0.021, 0.022, 0.019, 0.018])
    assert (result.outcome, result.winner) == ("undecided", None)
    assert "5 pairs cannot give a p value below 0.062; 6 pairs or more are needed" in result.sentence
    assert judge([0.02, 0.021, 0.022, 0.019, 0.018, 0.020]).outcome == "better"


def test_a_p_value_raised_by_holm_or_missing_names_no_winner() -> None:
    changes = 0.02 + 0.004 * SHAPE
    assert judge(changes).outcome == "better"
    raised = judge(changes, p=0.08)
    assert (raised.outcome, raised.winner) == ("undecided", None) and "the test says p = 0.08" in raised.sentence
    missing = judge(changes, p=None)
    assert (missing.outcome, missing.winner) == ("undecided", None)
    assert "no p value could be computed" in missing.sentence


@pytest.mark.parametrize(
    "changes", [[], [0.0], [0.02], [0.0] * 10, [0.02] * 10, [1e-15, -1e-15, 0.0], [0.01, -0.01], SHAPE, 0.01 * SHAPE]
)
def test_null_and_degenerate_fixtures_never_print_a_winner(changes: list[float]) -> None:
    result = judge(changes)
    assert result.outcome in ("undecided", "equivalent") and result.winner is None
    assert "better" not in result.sentence and "worse" not in result.sentence and "favour" not in result.sentence
    assert "nan" not in result.sentence and "None" not in result.sentence


def test_other_measures_have_other_words() -> None:
    words = Wording(subject="All six", rival="None", where="under noise", unit="nats", scale=1, cases="runs")
    a, b = np.zeros(10), 0.2 + 0.01 * SHAPE
    result = verdict(paired_interval(a, b), tost(a, b, sesoi=0.1), permutation_test(a, b).p, wording=words)
    assert result.sentence == "All six is better under noise by 0.200 nats (95 %: 0.195 to 0.205, 10 runs)."


def test_a_measure_without_a_unit_leaves_no_gap() -> None:
    words = Wording(unit="", scale=1)
    for changes in (0.2 + 0.01 * SHAPE, 0.02 + 0.01 * SHAPE, 0.12 + 0.1 * SHAPE, 0.12 + 0.2 * SHAPE, 0 * SHAPE):
        a = np.zeros(len(changes))
        found = verdict(
            paired_interval(a, changes), tost(a, changes, sesoi=0.1), permutation_test(a, changes).p, wording=words
        )
        assert "  " not in found.sentence and " ," not in found.sentence and " ." not in found.sentence


changes_lists = st.tuples(
    st.integers(2, 20), st.floats(-0.03, 0.03), st.floats(0.0001, 0.03), st.integers(0, 2**32 - 1)
).map(lambda case: case[1] + case[2] * np.random.default_rng(case[3]).standard_normal(case[0]))


@given(changes_lists, st.one_of(st.none(), st.floats(0, 1)), st.sampled_from([0.001, 0.005, 0.02]))
def test_every_case_has_one_outcome_and_one_sentence(changes: np.ndarray, p: float | None, sesoi: float) -> None:
    result = judge(changes, p, sesoi)
    found = paired_interval(np.zeros(len(changes)), changes)
    inside = tost(np.zeros(len(changes)), changes, sesoi=sesoi).equivalent
    significant = p is not None and p < 0.05
    rules = {
        "better": significant and found.low > sesoi,
        "worse": significant and found.high < -sesoi,
        "equivalent": inside,
    }
    assert sum(rules.values()) <= 1  # the thresholds exclude each other
    assert result.outcome == next((name for name, holds in rules.items() if holds), "undecided")
    assert (result.winner is not None) == (result.outcome in ("better", "worse"))
    assert result.sentence.endswith(".") and "nan" not in result.sentence


@given(changes_lists)
def test_swapping_the_modes_swaps_the_outcome(changes: np.ndarray) -> None:
    one, other = judge(changes), judge(-changes)
    mirror = {"better": "worse", "worse": "better"}
    assert other.outcome == mirror.get(one.outcome, one.outcome)
    assert other.difference_shown == one.difference_shown
    if one.winner:
        assert {one.winner, other.winner} == {"Health-aware", "Accuracy-only"}


def test_results_of_other_data_are_refused() -> None:
    a, b = np.zeros(10), 0.01 * SHAPE
    with pytest.raises(InvalidInputError, match="must come from the same pairs"):
        verdict(paired_interval(a, b), tost(a, b + 0.01), 0.5)
    with pytest.raises(InvalidInputError, match="p must be between 0 and 1, got 2; give None"):
        verdict(paired_interval(a, b), tost(a, b), 2)
