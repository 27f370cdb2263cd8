"""The method of a study, and where it departs from the formulas that were first asked for, with the reasons."""

from __future__ import annotations

import streamlit as st

_WHAT = """
**What is computed.** For every run the network that its mode selects; its accuracy on training rows, on validation rows
(which chose it), on test rows (reported, never used) and on the holdout. Then, over the pairs of runs, the mean
difference with a Student t interval, an exact permutation test, Hedges g, P(health-aware is better), and an equivalence
test (TOST). For the two models that stand for their modes: McNemar's exact test and a bootstrap over rows.

**Where this departs from what was first asked for, and why**
"""
# what was asked for, what is used, why
DEPARTURES = (
    (
        "t-test on the accuracies of two single models",
        "McNemar's test on the same rows, and paired tests over the runs",
        "with one value on each side there is no spread: the test has no degrees of freedom and no answer",
    ),
    (
        "mean ± 1.96 standard deviations",
        "Student t interval of the mean",
        "that range holds single runs, not the mean; with 10 runs it is 2.6 times too wide",
    ),
    (
        "Cohen's d",
        "Hedges g with its interval",
        "the plain quotient is too large on average when there are few runs",
    ),
    (
        "validation − holdout as a measure of overfitting",
        "the same difference as *selection optimism*, with train − holdout beside it",
        "no weights were trained on either of the two; what differs is that validation chose the winner",
    ),
    (
        "test rows used during the search",
        "test rows only reported",
        "rows that steer the search test nothing",
    ),
    (
        "“p < 0.05” or “0.5 % better” as the sign of success",
        "four verdicts by thresholds fixed beforehand",
        "a threshold that must be reached invites looking until it is",
    ),
    (
        "runs that each have luck of their own",
        "pairs that share split, seeds and first network, and one holdout for all",
        "shared luck cancels, so that 10 pairs show more than 2 × 10 single runs",
    ),
)
_LIMITS = """
**What it cannot show.** With 10 pairs, differences below about one standard deviation of the pairs' differences mostly
end undecided. A study speaks for its data set, its search space and its budget, and for no other.
"""


def study_method() -> None:
    """Draw it, closed."""
    with st.expander("Method, and where it departs from the first plan"):
        st.markdown(_WHAT)
        st.markdown("\n".join(f"- {asked} → **{used}**: {why}." for asked, used, why in DEPARTURES))
        st.markdown(_LIMITS)
