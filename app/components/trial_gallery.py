"""Trials as cards: what each gave, what it looks like, and what can be done with it."""

from __future__ import annotations

import streamlit as st

from app.components.clone_trial import clone_trial
from app.components.formats import STATES, accuracy, accuracy_interval, plain, score
from app.components.trial_selection import add
from app.state import set_focus, show_view
from core.datasets import DATASETS
from core.errors import LabError
from core.figures import architecture_sketch
from core.search_space import model_config
from core.service import RunService, RunView
from core.store import TrialRecord
from core.trial_filter import shown_accuracy, shown_state

PAGE = 12
_PER_ROW = 3
_NOTE = 140  # characters of a reason shown on a card; the table has it whole


def trial_gallery(service: RunService, view: RunView, trials: list[TrialRecord], selected: tuple[int, ...]) -> None:
    """Draw one page of cards, row by row so that they keep their order on a phone."""
    pages = max(1, -(-len(trials) // PAGE))
    page = st.pagination(pages, key=f"trials_page_{pages}") if pages > 1 else 1
    shown = trials[(page - 1) * PAGE : page * PAGE]
    for start in range(0, len(shown), _PER_ROW):
        columns = st.columns(_PER_ROW)
        for column, trial in zip(columns, shown[start : start + _PER_ROW], strict=False):
            with column, st.container(border=True, height="stretch", key=f"trial_card_{trial.number}", gap="xsmall"):
                _card(service, view, trial, selected)


def _card(service: RunService, view: RunView, trial: TrialRecord, selected: tuple[int, ...]) -> None:
    st.markdown(card_head(view, trial, selected))
    st.markdown(card_numbers(view, trial))
    drawing = sketch(view, trial)
    if drawing is None:
        st.caption("Its settings are not known yet." if trial.state == "waiting" else "Its settings were not recorded.")
    else:
        st.image(drawing[0], width="stretch", alt=drawing[1])
    reason = trial.note or trial.origin
    if reason:
        st.caption(plain(reason if len(reason) <= _NOTE else f"{reason[:_NOTE]} …"))
    with st.container(horizontal=True, gap="xsmall"):
        _buttons(service, view, trial, selected)


def card_head(view: RunView, trial: TrialRecord, selected: tuple[int, ...]) -> str:
    """Return the number and what a trial is, in words and symbols: colour only adds to them."""
    state = shown_state(trial, active=view.active)
    colour = {"completed": "green", "failed": "red", "interrupted": "red", "running": "blue"}.get(state, "gray")
    badges = [f":{colour}-badge[{STATES[state]}]"]
    if view.best is not None and view.best.number == trial.number:
        badges.insert(0, ":primary-badge[★ Best]")
    if not trial.feasible:
        badges.append(":orange-badge[◇ over a budget]")
    if trial.number in selected:
        badges.append(":violet-badge[● selected]")
    return f"**Trial {trial.number}** {' '.join(badges)}"


def card_numbers(view: RunView, trial: TrialRecord) -> str:
    """Return scores, size and time; what is not known is a dash."""
    value, n = shown_accuracy(trial), view.run.facts.get("sizes", {}).get("validation")
    interval = accuracy_interval(value, n)
    measured = f" (95 %: {interval}, n = {n:,})" if interval else ""
    last = f" after epoch {max(trial.accuracies)}" if trial.accuracy is None and trial.accuracies else ""
    size = "–" if trial.parameters is None else f"{trial.parameters:,}"
    seconds = "–" if trial.seconds is None else f"{trial.seconds:,.1f}"
    return (
        f"Accuracy **{accuracy(value)}**{last}{measured}  \n"
        f"Health **{score(trial.health)}** · total score **{score(trial.total_score)}**  \n"
        f"{size} parameters · {seconds} seconds"
    )


def sketch(view: RunView, trial: TrialRecord) -> tuple[str, str] | None:
    """Return the small drawing of a trial's network, as its settings describe it, with its words; else None."""
    if view.run.config.dataset_name not in DATASETS or not trial.params:
        return None
    entry = DATASETS[view.run.config.dataset_name]
    try:
        config = model_config(entry.kind, trial.params)
    except LabError:
        return None
    data = architecture_sketch.compute(config, entry.classes)
    return architecture_sketch.draw(data), data.words


def _buttons(service: RunService, view: RunView, trial: TrialRecord, selected: tuple[int, ...]) -> None:
    number = trial.number
    kept = trial.state == "completed"
    if st.button(
        "Look inside",
        key=f"look_{number}",
        disabled=not kept,
        help="Open its network graph." if kept else "Only completed trials keep their network.",
    ):
        set_focus(number)
        show_view("network")
        st.rerun()
    chosen = number in selected
    st.button(
        "✓ Compare" if chosen else "Compare",
        key=f"unselect_{number}" if chosen else f"select_{number}",  # a press that comes twice must not take it back
        on_click=add,
        args=((number,), selected),
        help="Add it to the selection, or take it out.",
    )
    if st.button("Copy and edit", key=f"clone_{number}", disabled=not trial.params, help=_COPY):
        clone_trial(service, view, number)


_COPY = "Change some of its settings and train the result as one more trial of this run."
