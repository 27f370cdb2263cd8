"""The five claims: judged by their own measure, corrected together, and advised on only as far as the data go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from core.claims import CLAIMS, FIRST, current, family_note, judge, recommend
from core.stats import paired_interval, permutation_test
from core.study_config import STUDY_MODES

PAIRS = 10
BASE = 0.80 + 0.01 * np.arange(PAIRS)
NOISE = 0.001 * np.array([3, -1, 4, -1, 5, -9, 2, -6, 5, -3])
MARK = "f00"


def first(gains: Sequence[float]) -> dict[str, Any]:
    """What module 1 stores, as far as claims read it."""
    a, b = BASE.tolist(), (BASE + gains).tolist()
    return {
        "status": "ok",
        "opening": {"networks": MARK},
        "pairs": [
            {mode: {"holdout": value} for mode, value in zip(STUDY_MODES, pair, strict=True)}
            for pair in zip(a, b, strict=True)
        ],
        "procedure": {"permutation": asdict(permutation_test(a, b))},
    }


def module(gains: Sequence[float], *, less: bool = False, mark: str = MARK) -> dict[str, Any]:
    """What another module stores; `gains` above 0 are in favour of health-aware."""
    a = BASE.tolist()
    b = (BASE - gains if less else BASE + gains).tolist()
    values = {
        mode: {str(place): one for place, one in enumerate(ones)}
        for mode, ones in zip(STUDY_MODES, (a, b), strict=True)
    }
    row = {
        "measure": "it",
        "label": "the measure",
        "better": "less" if less else "more",
        "values": values,
        "difference": asdict(paired_interval(a, b)),
        "permutation": asdict(permutation_test(a, b)),
    }
    return {
        "status": "ok",
        "fingerprint": mark,
        "primary": "it",
        "runs": [row | {"measure": "other", "exploratory": True}, row | {"exploratory": False}],
    }


SAME, BETTER = NOISE, 0.06 + NOISE
SKIPPED = {"status": "skipped", "reason": "no foreign set is known", "fingerprint": MARK}


def everything(gains: Sequence[float]) -> dict[str, Any]:
    found = {claim.module: module(gains, less=claim.module == "calibration") for claim in CLAIMS}
    return found | {FIRST: first(gains)}


def test_planted_differences_are_found_in_all_five_and_nothing_in_noise() -> None:
    assert [one.winner for one in judge(everything(BETTER), 0.005)] == ["Health-aware"] * 5
    assert [one.winner for one in judge(everything(-BETTER), 0.005)] == ["Accuracy-only"] * 5
    quiet = judge(everything(5 * NOISE), 0.005)
    assert [one.winner for one in quiet] == [None] * 5
    assert "No recommendation" in recommend(quiet)[0]


def test_p_values_are_corrected_together_as_statsmodels_does() -> None:
    scales = (1.0, 2.5, 0.2, 4.0, 0.6)
    results = {claim.module: module(0.004 * scale + NOISE) for claim, scale in zip(CLAIMS, scales, strict=True)}
    results[FIRST] = first(0.004 * scales[0] + NOISE)
    found = judge(results, 0.005)
    p_values = [one.p for one in found]
    assert len(set(p_values)) > 2
    assert [one.adjusted for one in found] == pytest.approx(multipletests(p_values, method="holm")[1])


def test_a_claim_that_was_not_run_counts_and_one_that_cannot_be_measured_does_not() -> None:
    alone = judge({FIRST: first(BETTER)}, 0.005)
    assert alone[0].p is not None and alone[0].adjusted == pytest.approx(5 * alone[0].p)
    assert [one.state for one in alone] == ["measured"] + ["not run"] * 4
    less = judge({FIRST: first(BETTER), "transfer": SKIPPED}, 0.005)
    assert less[0].adjusted == pytest.approx(4 * alone[0].p)
    assert less[4].state == "unmeasurable" and "no foreign set is known" in less[4].sentence


def test_too_few_pairs_are_said_to_show_nothing() -> None:
    found = judge(everything(BETTER), 0.005)
    assert "corrected for 5 claims" in family_note(found, 10) and "cannot show" not in family_note(found, 10)
    assert "7 pairs cannot show a single claim" in family_note(found, 7) and "it takes 8 pairs" in family_note(found, 7)


def test_results_of_networks_that_are_gone_say_nothing() -> None:
    results = {FIRST: first(SAME), "robustness": module(BETTER, mark="old")}
    assert not current(results, "robustness") and current(results, FIRST)
    finding = judge(results, 0.005)[1]
    assert finding.state == "not run" and finding.winner is None and "no longer has" in finding.sentence


def test_a_failed_module_is_no_finding_and_stays_in_the_family() -> None:
    failed = {"status": "failed", "reason": "the disk is full", "fingerprint": MARK}
    found = judge({FIRST: first(BETTER), "robustness": failed}, 0.005)
    assert found[1].state == "not run" and "the disk is full" in found[1].sentence
    assert found[0].adjusted == pytest.approx(5 * (found[0].p or 0))


def test_what_matters_is_a_share_of_the_accuracy_only_mean() -> None:
    """0.845 on average, so a difference below 0.042 is equivalent, and 0.005 on the holdout is not."""
    found = judge(everything(0.02 + 0.1 * NOISE), 0.005)
    assert [one.outcome for one in found] == ["better", *["equivalent"] * 4]


def test_log_loss_is_written_without_points() -> None:
    sentence = judge(everything(BETTER), 0.005)[3].sentence
    assert sentence.startswith("Health-aware is better in log loss by 0.06") and "points" not in sentence
    unsure = judge(everything(20 * NOISE), 0.005)[3].sentence
    assert "No difference shown in log loss" in unsure and " ," not in unsure


def test_advice_follows_from_the_findings_only() -> None:
    trade = everything(SAME) | {"robustness": module(BETTER), "transfer": module(-BETTER)}
    assert recommend(judge(trade, 0.005))[0] == (
        "It is a trade: health-aware search is better for damaged data, accuracy-only for foreign data. Choose by "
        "which of them matters to you."
    )
    assert recommend(judge(everything(0.1 * NOISE), 0.005))[0].startswith("Either mode will do")
    lines = recommend(judge({FIRST: first(BETTER)}, 0.005), reused_holdout=True)
    assert lines[0].startswith("Search health-aware: it was shown to be better for new data")
    assert lines[1].startswith("Not measured yet: damaged data, shifted data") and lines[-1].endswith(
        "a hint and no proof."
    )
