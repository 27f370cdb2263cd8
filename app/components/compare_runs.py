"""Whole runs side by side: what was set differently, what came out, and how fast."""

from __future__ import annotations

import streamlit as st

from app.components.figure_block import figure_block
from app.components.formats import plain
from app.components.run_differences import obstacles, result_rows, setting_rows
from core.figures import edf, run_comparison
from core.service import RunService, RunView
from core.store import RunRecord, TrialRecord

_WITH = "with"  # query parameter, once per run
_KEY = "compare_with"
_MOST = 4  # besides the shown run


def compare_runs(service: RunService, runs: list[RunRecord], shown: RunRecord) -> None:
    """Draw `shown` beside one to four other runs that the reader chooses; the choice stands in the address."""
    others = [run.name for run in runs if run.name != shown.name and run.config.study == shown.config.study]
    st.subheader("Compare runs", anchor=False)
    if not others:
        st.info(
            "There is only this run. Start a second one, for example with the same seed in the other mode, and "
            "compare the two here."
        )
        return
    st.session_state[_KEY] = wanted_runs(others)
    chosen = st.multiselect(
        f"Compare {shown.name} with",
        others,
        key=_KEY,
        on_change=_remember,
        max_selections=_MOST,
        placeholder="Choose one to four runs",
        help="Runs with the same data set and seed were measured on the same data, so their numbers compare.",
    )
    if not chosen:
        st.caption("Choose a run above to see it beside this one.")
        return
    _draw([service.view(name) for name in (shown.name, *chosen)])


def wanted_runs(others: list[str]) -> list[str]:
    """Return the runs that the address asks for, those that exist."""
    asked = dict.fromkeys(st.query_params.get_all(_WITH))
    return [name for name in asked if name in others][:_MOST]


def _remember() -> None:
    chosen = st.session_state[_KEY]
    if chosen:
        st.query_params[_WITH] = chosen
    else:
        st.query_params.pop(_WITH, None)


def _draw(views: list[RunView]) -> None:
    runs = [view.run for view in views]
    for obstacle in obstacles(runs):
        st.warning(plain(obstacle))
    _results(views)
    _settings(runs)
    trials = {view.run.name: view.trials for view in views}
    left, right = st.columns(2)
    with left:
        figure_block(
            "Best score by trials",
            run_comparison.draw(run_comparison.compute(trials, "trials")),
            "How good the best network was after so many trials, pruned and failed ones counted. A curve that is "
            "higher on the left found good settings with fewer trials.",
            key="compare_by_trials",
            alt="Best total score so far over the number of ended trials, one line per run",
        )
    with right:
        figure_block(
            "Best score by time",
            run_comparison.draw(run_comparison.compute(trials, "time")),
            "The same over the time of work, pauses cut out. More workers or a faster machine help here, so compare "
            "only runs from the same machine.",
            key="compare_by_time",
            alt="Best total score so far over the time of work, one line per run",
        )
    _spread(trials)


def _results(views: list[RunView]) -> None:
    st.table([_written(row) for row in result_rows(views)], hide_index=True, border="horizontal")
    st.caption(
        "Of the best trial of each run. In brackets: the 95 % interval (Wilson), how far chance in the n rows alone "
        "can move the number. When intervals overlap much, the difference may be chance. The validation accuracy of "
        "a best trial is a little too high, as it was chosen by it; the test accuracy is not."
    )


def _settings(runs: list[RunRecord]) -> None:
    st.markdown("**Settings that differ**")
    rows = setting_rows(runs)
    if rows:
        st.table([_written(row) for row in rows], hide_index=True, border="horizontal")
    else:
        st.caption("None: these runs repeat each other. What differs in the results is chance or the machine.")


def _spread(trials: dict[str, tuple[TrialRecord, ...]]) -> None:
    data = edf.compute(trials)
    left_out = [f"{run.run} {run.left_out}" for run in data if run.left_out]
    note = (
        f" Not counted, as they have no score or are over a budget: {plain(', '.join(left_out))}." if left_out else ""
    )
    figure_block(
        "How the scores are spread",
        edf.draw(data),
        "Each line rises by one step per trial, at its score. A line further to the right had better trials, not only "
        f"a better best one.{note}",
        key="compare_spread",
        alt="Share of trials up to each total score, one line per run",
    )


def _written(row: dict[str, str]) -> dict[str, str]:
    return {plain(column): plain(value) for column, value in row.items()}
