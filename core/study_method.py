"""The method of a study, and where it departs from the formulas that were first asked for, with the reasons."""

from __future__ import annotations

from collections.abc import Mapping

WHAT = """
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
LIMITS = """
**What it cannot show.** With 10 pairs, differences below about one standard deviation of the pairs' differences mostly
end undecided. A study speaks for its data set, its search space and its budget, and for no other.
"""
# the same three, of the analyses by module
MODULE_DEPARTURES: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "robustness": (
        (
            "areas under the curves, added with weights",
            "the mean accuracy over the strengths of each corruption, and only then weights",
            "an area carries the unit of its axis, and JPEG quality runs down, so that the sum was nearly JPEG alone",
        ),
        (
            "motion blur by a Gaussian filter over a whole batch",
            "a blur along a line, image by image",
            "that filter blurs in every direction and mixes neighbouring images",
        ),
    ),
    "distribution_shift": (
        (
            "turning and mirroring every data set",
            "only changes that leave a class what it is, listed for each data set",
            "a turned 6 is a 9, and a mirrored traffic sign is another sign",
        ),
        (
            "accuracy under shift alone",
            "effective robustness beside it: what lies above the line that all networks follow",
            "an accuracy there that only follows from a higher one here is no robustness",
        ),
    ),
    "calibration": (
        (
            "calibration error in bins that leave out a confidence of exactly 1",
            "bins of equal size that hold every answer, and log loss as the measure that decides",
            "a network that is always sure and half of the time wrong had an error of 0",
        ),
    ),
    "transfer": (
        (
            "the accuracy of a network as it is on another data set",
            "a new last layer on its features, against untrained twins and the plain rows",
            "where the classes have nothing in common, that accuracy is chance by construction",
        ),
    ),
    "ablation": (
        (
            "arms ranked by the gap of one run each",
            "differences on the holdout in pairs, with intervals and corrected together",
            "a gap of one run is noise, and it rewards networks that fit badly",
        ),
    ),
    "per_class": (
        (
            "precision called accuracy per class, and weak classes found by counts",
            "recall with its Wilson interval",
            "counts call every small class weak",
        ),
        (
            "the spread over classes as a balance score",
            "the spread beyond what chance gives so few rows, beside the worst class",
            "the plain spread grows with small classes whatever the network does",
        ),
    ),
    "failures": (
        (
            "rows that both models get wrong counted together",
            "the same wrong answer and different wrong answers apart",
            "only different answers are a disagreement",
        ),
        (
            "examples drawn with repetition",
            "examples drawn once each, by a seed",
            "the same row twice shows nothing new, and an empty kind of mistake stopped the drawing",
        ),
    ),
}
PARTS = (
    ("Training", "train", "fits the weights"),
    ("Validation", "validation", "stops training, and chooses the best network of a run"),
    ("Test", "test", "only reported; no training and no choice has seen it"),
    ("Holdout", "holdout", "one for all runs of the study, closed until all had ended; decides the verdict"),
)
STATISTICS = (
    ("Paired difference", "mean over the pairs of runs with its Student t interval, 95 %"),
    ("Permutation test", "all ways of swapping the two runs of pairs, exact; its p decides together with the interval"),
    ("Holm", "the p values of all claims that these data can answer, corrected together"),
    ("Equivalence (TOST)", "two one-sided t tests against the smallest difference that matters"),
    ("Effect size", "Hedges g, the difference in spreads between runs, with its interval"),
    ("Minimum detectable effect", "the true difference that so many pairs with such a spread find in 80 % of studies"),
    ("McNemar", "the two selected networks on the same rows, exact; with a bootstrap over rows"),
)
VERDICTS = (
    ("Better or worse", "the interval lies beyond the smallest difference that matters, and p agrees after correction"),
    ("Equivalent", "a difference as large as that is ruled out"),
    ("Undecided", "anything else: a winner is only named where there is one"),
)
