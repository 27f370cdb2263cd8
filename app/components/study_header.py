"""How far the shown study is: status, time, and the buttons that steer it."""

from __future__ import annotations

import streamlit as st

from app.components.formats import STATUS_COLOURS, dataset_label, duration, money, plain
from app.components.remote_numbers import doubt
from app.components.run_header import split_phase, wished
from app.components.search_space_editor import space_summary
from app.components.space_overrides import space_of
from app.components.study_numbers import count
from app.components.study_pace import StudyPace, study_pace
from core.service import RunService, RunView, StudyView


def study_header(service: RunService, view: StudyView) -> None:
    """Draw status, settings, how far it is, and Stop or Resume."""
    study, pace = view.study, study_pace(view)
    _settings(view)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if study.status != "completed":
            st.progress(pace.share, text=_headline(service, view, pace))
        _buttons(service, view)
    st.caption(_time(view, pace))
    _remote_notes(view)
    if study.status == "failed":
        st.error(f"The study ended by an error: {plain(study.phase)}. Remove the cause, then press Resume.")
    elif study.status == "interrupted":
        st.warning(f"Nobody works on this study: {plain(study.phase)}.")


def _settings(view: StudyView) -> None:
    study = view.study
    config = study.config
    place = " · RunPod" if config.use_runpod_service else ""
    weights = f"accuracy {config.weights.accuracy:.0%}, health {config.weights.health:.0%}".replace("%", " %")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(study.status, color=STATUS_COLOURS[study.status])
        st.caption(
            f"{plain(dataset_label(config.dataset_name))} · {config.runs} pairs of runs · "
            f"{config.trials} trials of up to {count(config.epochs, 'epoch')} · "
            f"{count(config.concurrent_workers, 'worker')}{place} · seed {config.random_seed} · "
            f"health-aware: {weights}",
            width="stretch",
        )
    if config.search_space:
        st.caption(f"Search space: {space_summary(space_of(config.dataset_name), config.search_space)}")


def _headline(service: RunService, view: StudyView, pace: StudyPace) -> str:
    parts = [f"**{pace.ended} of {pace.trials} trials**"]
    if view.study.active:
        parts.append(plain(view.study.phase))
    before = service.waiting_before(view.study.name)
    if before is not None:
        parts.append(f"{before} before it")
    if pace.seconds_left is not None:
        parts.append(f"about {duration(pace.seconds_left)} left")
    return " · ".join(parts)


def _time(view: StudyView, pace: StudyPace) -> str:
    parts = [f"{duration(view.seconds)} of work"]
    if pace.taken_over:
        parts.append(f"{count(pace.taken_over, 'trial')} taken over instead of trained twice")
    failed = sum(run.count("failed") for run in _begun(view))
    if failed:
        parts.append(f"{count(failed, 'trial')} failed")
    costs = [run.remote.run.cost for run in _begun(view) if run.remote and run.remote.run.cost is not None]
    if costs:
        parts.append(f"at least {plain(money(sum(costs)))} at RunPod")
    return " · ".join(parts)


def _begun(view: StudyView) -> list[RunView]:
    return [run for runs in view.runs.values() for run in runs if run is not None]


def _remote_notes(view: StudyView) -> None:
    """Say what the runs at work say of RunPod, each note once, and which jobs nobody knows about."""
    notes = dict.fromkeys(split_phase(run.run.phase)[1] for run in _begun(view) if run.active)
    for note in notes:
        if note:
            st.warning(plain(note), icon=":material/warning:")
    doubtful = sum(run.remote.run.doubtful for run in _begun(view) if run.remote)
    if doubtful:
        st.warning(doubt(doubtful), icon=":material/warning:")


def _buttons(service: RunService, view: StudyView) -> None:
    name = view.study.name
    if view.study.active:
        asked = view.study.stop_requested
        st.button(
            "Stopping …" if asked else "Stop",
            key="study_stop",
            on_click=wished,
            args=(service.stop_study, name),
            disabled=asked,
            help="End now. What is done stays done, and the study can be resumed.",
        )
    elif view.study.resumable:
        st.button(
            "Resume",
            key="study_resume",
            type="primary",
            on_click=wished,
            args=(service.resume_study, name),
            help="Go on where the study ended.",
        )
