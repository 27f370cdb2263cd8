"""What if: the finished trials of a run ranked anew under other weights, at once and without training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import streamlit as st

from app.components.figure_block import chart, how_to_read
from app.components.formats import NONE, accuracy, accuracy_interval, score
from app.components.setup_state import offer
from app.components.weight_sliders import stored_weights, weight_sliders
from app.state import show_view
from core.config import OptimizationConfig, ScoringWeights
from core.figures import rerank
from core.service import RunService, RunView
from core.store import TrialRecord
from core.whatif import Measurements, Ranking, measurements, rank

_ROWS = 20
Trials = Mapping[int, TrialRecord]


def weights_view(service: RunService, view: RunView) -> None:
    """Draw the sliders, who would have won, the order of the trials, and what the weight of accuracy really does."""
    measured = measurements(view.trials)
    if not measured:
        st.info(
            "There is nothing to rank yet: no trial within the budgets has completed. "
            + ("Wait for the first one." if view.active else "Resume the run, or start a new one.")
        )
        return
    own = view.run.config.effective_weights
    st.caption(
        f"The run counted accuracy {_percent(own.accuracy)} and health {_percent(own.health)}. Move the sliders to see "
        f"how its {len(measured)} completed trials would have ranked. Nothing is trained anew and nothing stored: "
        "every trial keeps what was measured on it. Only the search would have gone elsewhere with other weights."
    )
    left, right = st.columns([2, 3], gap="large")
    with left:
        weights = weight_sliders(_prefix(view), own)
        _take_over(view, own)
    before, after = rank(measured, own), rank(measured, weights)
    trials = {trial.number: trial for trial in view.trials}
    with right:
        _winners(trials, measured, before, after, view.run.facts.get("sizes", {}))
        _effective(before, after, own, weights)
    _order(trials, measured, before, after)


def _prefix(view: RunView) -> str:
    return f"whatif_{view.run.name}"


def _take_over(view: RunView, own: ScoringWeights) -> None:
    st.button(
        "Use these weights for a new run",
        key="use_weights",
        on_click=_offer,
        args=(_prefix(view), own, view.run.config),
        help="Opens the form of a new run with the settings of this one and these weights.",
    )
    if st.session_state.pop("weights_offered", False):
        st.rerun()  # the whole page: the form is another view


def _offer(prefix: str, own: ScoringWeights, config: OptimizationConfig) -> None:
    offer(replace(config, weights=stored_weights(prefix, own), optimization_mode="health_aware", run_name=None))
    show_view("setup")
    st.session_state["weights_offered"] = True


def _winners(trials: Trials, measured: Measurements, before: Ranking, after: Ranking, sizes: Mapping[str, int]) -> None:
    st.subheader("Who would have won", anchor=False)
    first, second = before.winner, after.winner
    assert first is not None and second is not None
    if first == second:
        st.success(f"✔ With these weights trial {second} wins, as it did in the run.")
    else:
        st.info(f"⇄ With these weights trial {second} would have won instead of trial {first}.")
    st.table(winner_rows(trials, measured, before, after, sizes), hide_index=True)
    if sizes:
        st.caption("In brackets: the range in which the accuracy on endlessly many rows lies, with 95 % confidence.")


def winner_rows(
    trials: Trials, measured: Measurements, before: Ranking, after: Ranking, sizes: Mapping[str, int]
) -> list[dict[str, str]]:
    """Return the winner of the run and the winner under the weights side by side, both scored by these weights."""
    rows = [measured.numbers.index(number) for number in (before.winner, after.winner) if number is not None]
    columns = ("Winner of the run", "Winner with these weights")
    records = [trials[measured.numbers[row]] for row in rows]
    lines: dict[str, list[str]] = {
        "Trial": [str(record.number) for record in records],
        "Validation accuracy": [_interval(record.accuracy, sizes.get("validation")) for record in records],
        "Test accuracy": [_interval(record.test_accuracy, sizes.get("test")) for record in records],
        "Health with these weights": [score(_known(after.healths[row])) for row in rows],
        "Total with these weights": [score(float(after.totals[row])) for row in rows],
        "Total in the run": [score(float(before.totals[row])) for row in rows],
        "Parameters": [_count(record.parameters) for record in records],
    }
    return [{"": name, **dict(zip(columns, values, strict=True))} for name, values in lines.items()]


def _effective(before: Ranking, after: Ranking, own: ScoringWeights, weights: ScoringWeights) -> None:
    st.subheader("What the weight of accuracy really does", anchor=False)
    first, second = st.columns(2)
    first.metric(
        "Weight of accuracy",
        _percent(weights.accuracy),
        help="The nominal weight: what the slider says.",
    )
    second.metric(
        f"Its effect in these {len(after.numbers)} trials",
        NONE if after.accuracy_share is None else _percent(after.accuracy_share),
        help="The effective weight: the share of the differences (the variance) between the totals that is due to "
        "accuracy. Computed as cov(weight × accuracy, total) / var(total).",
    )
    st.caption(effect_text(after, weights))
    if weights != own and before.accuracy_share is not None:
        st.caption(
            f"With the weights of the run: weight {_percent(own.accuracy)}, effect {_percent(before.accuracy_share)}."
        )


def effect_text(ranking: Ranking, weights: ScoringWeights) -> str:
    """Explain the effective weight of accuracy beside the nominal one."""
    share, nominal = ranking.accuracy_share, weights.accuracy
    if share is None:
        return (
            "It takes two trials or more with different totals to tell." if len(ranking.numbers) < 2 else
            "All trials have the same total with these weights, so nothing tells them apart."
        )  # fmt: skip
    if not 0 <= share <= 1:
        return (
            "Accuracy and health pull in opposite directions here: the more accurate trials are the less healthy ones, "
            "so the effect leaves the range from 0 to 100 %."
        )
    if share < nominal - 0.1:
        return (
            "Health decides more than its weight says: accuracies of these trials lie closer together than their "
            "health, and what hardly differs cannot tell trials apart, however much it weighs."
        )
    if share > nominal + 0.1:
        return "Accuracy decides more than its weight says: it differs more between these trials than health does."
    return "Weight and effect agree: accuracy and health differ about equally between these trials."


def _order(trials: Trials, measured: Measurements, before: Ranking, after: Ranking) -> None:
    st.subheader("How the order changes", anchor=False)
    left, right = st.columns([3, 2], gap="large")
    shown = min(_ROWS, len(measured))
    with left:
        st.dataframe(
            ranking_rows(trials, before, after)[:_ROWS],
            hide_index=True,
            key="whatif_ranking",
            column_config={"Parameters": st.column_config.NumberColumn(format="localized")},
        )
        left_out = len(trials) - len(measured)
        st.caption(
            f"The first {shown} of {len(measured)}. ▲ rose, ▼ fell, by so many places."
            + (f" {left_out} more cannot win: not completed, or over a budget." if left_out else "")
        )
    with right:
        data = rerank.compute(before, after)
        chart(rerank.draw(data), key="whatif_slopes", alt="Places of the trials with the run's and with these weights")
        how_to_read(
            "One line per trial, from its place in the run to its place with these weights. Thick green: the new "
            "winner. Thick dashed: the run's winner where it is another. Blue lines rise, dotted ones fall or stay."
        )


def ranking_rows(trials: Trials, before: Ranking, after: Ranking) -> list[dict[str, Any]]:
    """Return the first trials in their new order."""
    rows = []
    for row in after.best_first()[:_ROWS]:
        trial = trials[after.numbers[row]]
        place, was = int(after.places[row]), int(before.places[row])
        rows.append(
            {
                "Place": place,
                "Change": _change(was - place),
                "Trial": trial.number,
                "Total": score(float(after.totals[row])),
                "Validation": accuracy(trial.accuracy),
                "Health": score(_known(after.healths[row])),
                "Test": accuracy(trial.test_accuracy),
                "Parameters": trial.parameters,
            }
        )
    return rows


def _interval(value: float | None, rows: int | None) -> str:
    interval = accuracy_interval(value, rows)
    return accuracy(value) + (f" ({interval})" if interval else "")


def _change(risen: int) -> str:
    return "=" if risen == 0 else f"{'▲' if risen > 0 else '▼'} {abs(risen)}"


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _count(number: int | None) -> str:
    return NONE if number is None else f"{number:,}"


def _percent(value: float) -> str:
    return f"{value * 100:.3g} %"
