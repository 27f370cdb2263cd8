"""The form's section on where a run trains: this machine, or workers at RunPod and what they may cost."""

from __future__ import annotations

import streamlit as st

from app.components.connection_check import connection_check
from app.components.formats import plain
from core.config import RUNPOD_POLICIES, RunPodPolicy
from core.executors.runpod_check import setup_problems

_PLACES = {False: "This machine", True: "RunPod"}
_PLACE_TEXTS = (
    "In processes beside this program, on its processor cores or GPUs. It costs nothing.",
    "On GPU workers that are rented by the second from your account at RunPod.",
)
_POLICIES: dict[RunPodPolicy, tuple[str, str]] = {
    "fall_back": (
        "Train on this machine",
        "Trials that RunPod cannot take train here meanwhile, and RunPod is tried again from time to time.",
    ),
    "wait": (
        "Wait for RunPod",
        "Trials are given to RunPod again after growing pauses, of 10 minutes at most. Nothing trains here.",
    ),
    "stop": ("Stop the run", "It ends with the reason, keeps what it has, and can be resumed."),
}
_WITHOUT: dict[RunPodPolicy, str] = {
    "fall_back": "Until then all trials of the run train on this machine.",
    "wait": "Until then Start is refused, since nothing can be waited for. Only “Train on this machine” works without.",
    "stop": "Until then Start is refused. Only “Train on this machine” works without.",
}
_LONGEST = 3 * 24 * 60.0  # minutes
_SHORTEST = 5 / 60  # minutes


def training_place() -> None:
    """Draw the section."""
    st.subheader("Where it trains", anchor=False)
    st.radio(
        "Where it trains",
        list(_PLACES),
        format_func=_place_label,
        captions=_PLACE_TEXTS,
        key="place",
        label_visibility="collapsed",
        help="Both train the same networks in the same way.",
    )
    if st.session_state["place"]:
        with st.container(border=True, key="runpod"):
            warn_unless_set_up(_WITHOUT[st.session_state["when_runpod_fails"]])
            _failure()
            _price()
            _limits()
            connection_check()


def _place_label(remote: bool) -> str:
    return _PLACES[remote]


def _policy_label(policy: RunPodPolicy) -> str:
    return _POLICIES[policy][0]


def warn_unless_set_up(until: str) -> None:
    """Say which variables of the environment are missing, and what happens `until` they are there."""
    problems = setup_problems()
    if problems:
        lines = "\n".join(f"- {plain(problem[:1].upper() + problem[1:])}." for problem in problems)
        st.warning(f"RunPod cannot be used yet:\n{lines}\n\n{until}", icon=":material/warning:")


def _failure() -> None:
    st.radio(
        "When RunPod cannot be used",
        RUNPOD_POLICIES,
        format_func=_policy_label,
        captions=[_POLICIES[policy][1] for policy in RUNPOD_POLICIES],
        key="when_runpod_fails",
        help="When its service or the bucket does not answer, the key is refused, or no worker takes a trial in time.",
    )


def _price() -> None:
    with st.container(horizontal=True):
        st.number_input(
            "GPUs per worker",
            min_value=1,
            max_value=16,
            step=1,
            key="gpus",
            help="As many as one worker of your endpoint has: the number stands on the endpoint's page at RunPod.",
        )
        st.number_input(
            "GPU price ($/hour)",
            value=None,
            min_value=0.0,
            step=0.01,
            format="%g",
            placeholder="not known",
            key="gpu_price",
            help="For the costs that this program shows. RunPod's price depends on the kind of GPU: look at the "
            "endpoint's page. Leave it empty to see no costs.",
        )
        st.number_input(
            "Cost budget ($)",
            value=None,
            min_value=0.0,
            step=1.0,
            format="%g",
            placeholder="no limit",
            key="max_cost",
            help="No further trial starts when the run has cost this much; those that train are finished. Costs are "
            "lower bounds, so the bill may be somewhat higher. Leave it empty for no limit.",
        )
    if st.session_state["max_cost"] is not None and st.session_state["gpu_price"] is None:
        st.error("A cost budget needs the price of a GPU: without it nobody can tell what is spent. Fill in the price.")
    st.caption(
        "Several GPUs of a worker share one network (MirroredStrategy): the batch size stays the one that is searched, "
        "and each GPU takes its part of every batch. So choose one GPU per worker and more workers, unless a single "
        "network is large."
    )


def _limits() -> None:
    with st.expander("Time limits at RunPod"), st.container(horizontal=True):
        st.number_input(
            "Training (minutes)",
            min_value=_SHORTEST,
            max_value=_LONGEST,
            step=1.0,
            format="%g",
            key="remote_minutes",
            help="RunPod ends a trial that trains for longer; it then counts as failed. It keeps a trial that hangs "
            "from costing more and more.",
        )
        st.number_input(
            "Waiting (minutes)",
            min_value=_SHORTEST,
            max_value=_LONGEST,
            step=1.0,
            format="%g",
            key="queue_minutes",
            help="A trial that no worker has taken after this time is called back, and RunPod counts as unusable: "
            "what happens then is chosen above. The first worker of an endpoint may need minutes to load.",
        )
