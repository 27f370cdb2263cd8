"""Before a study starts: how many trainings, how long, what it costs, and how small a difference it can find."""

from __future__ import annotations

import streamlit as st

from app.components.formats import NONE, dataset_label, duration, money, plain
from app.components.fragment import fragment
from app.components.study_numbers import count, points
from core.service import RunService
from core.stats import ALPHA, detectable_effect, pairs_for_significance, smallest_p
from core.study_config import StudyConfig
from core.study_estimate import Estimate, estimate, surely_shared
from core.study_store import StudyRecord

_PIXELS = 175
_POLL = 0.5  # seconds between two looks at a probe trial


def study_outlook(service: RunService, config: StudyConfig) -> None:
    """Draw what the study will take and what it can show."""
    st.subheader("What to expect", anchor=False)
    found = estimate(config, service.store, service.probes.state(config))
    _numbers(config, found)
    if found.seconds is None:
        _probe(service, config)
    st.caption(sharing_text(config))
    st.markdown(detectable_text(config, earlier_spread(service.studies.studies(), config.dataset_name)))
    if too_few := too_few_text(config.runs):
        st.warning(too_few, icon=":material/warning:")


def _numbers(config: StudyConfig, found: Estimate) -> None:
    with st.container(horizontal=True, key="study_outlook"):
        _number(
            "Trainings",
            f"{found.fewest:,}" if found.fewest == found.most else f"{found.fewest:,} – {found.most:,}",
            f"of {2 * config.runs * config.trials:,} trials",
            "A proposal that both modes share is trained once. How many those are shows only in the end.",
        )
        here = config.use_runpod_service and found.seconds is not None
        basis = found.basis + (", on this machine; a GPU may be quicker" if here else "")
        _number(
            "Time, about",
            NONE if found.seconds is None else duration(found.seconds),
            f"with {count(config.concurrent_workers, 'worker')}",
            f"Of the middle between fewest and most trainings; {plain(basis)}.",
        )
        if config.use_runpod_service:
            price = config.gpu_price_per_hour
            _number(
                "Cost at RunPod, about",
                NONE if found.cost is None else money(found.cost),
                "price not known" if price is None else f"at ${price:g} an hour",
                "Seconds of training times the price of the GPUs. Starting and idle workers come on top.",
            )
    st.caption(f"Time: {plain(basis)}.")


def _number(label: str, value: str, below: str, meaning: str) -> None:
    st.metric(label, value, delta=below, delta_color="off", delta_arrow="off", help=meaning, width=_PIXELS)


def _probe(service: RunService, config: StudyConfig) -> None:
    """Offer a measurement, and show how far it is."""
    state = service.probes.state(config)
    if state is not None and not state.done:
        fragment(_wait_for_probe, _POLL, service, config)
        return
    if state is not None and state.error:
        st.error(f"It could not be measured: {plain(state.error)}.")
    st.button(
        "Measure with a probe trial",
        key="study_probe",
        on_click=service.probes.ask,
        args=(config,),
        help="Trains one network for one epoch on this machine. The data are fetched first if they are not here.",
    )


def _wait_for_probe(service: RunService, config: StudyConfig) -> None:
    state = service.probes.state(config)
    if state is None or state.done:
        st.rerun()
    st.status(f"A probe trial trains on {plain(dataset_label(config.dataset_name))} …", state="running")


def sharing_text(config: StudyConfig) -> str:
    """Say which networks both modes have in common."""
    same = surely_shared(config)
    once = "Networks that both modes propose are trained once and used by both."
    if same >= config.trials:
        return (
            f"{once} With {config.trials} trials per run that is all of them: both modes see the same networks and "
            "differ only in which they pick. More trials let each mode search its own way."
        )
    return (
        f"{once} That is sure of the first {same} of {config.trials} trials, before scores steer the search. With few "
        "trials the modes go on to propose mostly the same networks, and differ in which they pick."
    )


def earlier_spread(studies: list[StudyRecord], dataset: str) -> float | None:
    """Return how much the difference varied from pair to pair in the newest study of the data set that tells it."""
    for study in studies:
        result = study.results.get("generalization")
        if study.config.dataset_name == dataset and result and result["procedure"]["difference"]["sd"]:
            return float(result["procedure"]["difference"]["sd"])
    return None


def detectable_text(config: StudyConfig, spread: float | None) -> str:
    """Say how small a true difference so many pairs find."""
    found = detectable_effect(config.runs, spread)
    text = (
        f"**What {config.runs} pairs can find.** A true difference of **{found.d:.1f} standard deviations** is found "
        f"in {found.power:.0%} of such studies. In other words: if the difference between the modes varies by 1 point "
        f"from pair to pair, its average has to be {found.d:.1f} points to be found so often. Smaller ones mostly end "
        "as “no difference shown”."
    ).replace("%", " %")
    if found.difference is not None:
        text += (
            f" In the last study on these data it varied by {points(spread)} points, so that it would take "
            f"**{points(found.difference)} points**."
        )
    return text


def too_few_text(runs: int) -> str | None:
    """Say when no result, however clear, could be significant; else None."""
    least = smallest_p(runs)
    if least is None or least < ALPHA:
        return None
    return (
        f"With {runs} pairs no p value can be below {least:.4g}, so this study can never name a winner. It can show "
        f"that the modes are equivalent. Choose {pairs_for_significance(ALPHA)} runs or more to make a winner possible."
    )
