"""The form's section on where a study trains: this machine, or GPUs at RunPod and what they cost."""

from __future__ import annotations

import streamlit as st

from app.components.training_place import warn_unless_set_up
from core.config import RUNPOD_POLICIES, RunPodPolicy

_PLACES = {False: "This machine", True: "RunPod"}
_PLACE_TEXTS = ("On its processor cores or GPUs. It costs nothing.", "On rented GPU workers, billed by the second.")
_POLICIES: dict[RunPodPolicy, tuple[str, str]] = {
    "fall_back": ("Train on this machine", "What RunPod cannot take trains here meanwhile."),
    "wait": ("Wait for RunPod", "Nothing trains until it answers again."),
    "stop": ("Stop the study", "It ends with the reason, keeps what it has, and can be resumed."),
}


def study_place() -> None:
    """Draw the section."""
    st.subheader("Where it trains", anchor=False)
    st.radio(
        "Where it trains",
        list(_PLACES),
        format_func=_place_label,
        captions=_PLACE_TEXTS,
        key="study_remote",
        label_visibility="collapsed",
    )
    if st.session_state["study_remote"]:
        with st.container(border=True, key="study_runpod"):
            _not_set_up()
            _failure()
            _price()


def _place_label(remote: bool) -> str:
    return _PLACES[remote]


def _policy_label(policy: RunPodPolicy) -> str:
    return _POLICIES[policy][0]


def _not_set_up() -> None:
    warn_unless_set_up(
        "Until then all trials train on this machine."
        if st.session_state["study_runpod_fails"] == "fall_back"
        else "Until then Start is refused. Only “Train on this machine” works without."
    )


def _failure() -> None:
    st.radio(
        "When RunPod cannot be used",
        RUNPOD_POLICIES,
        format_func=_policy_label,
        captions=[_POLICIES[policy][1] for policy in RUNPOD_POLICIES],
        key="study_runpod_fails",
        help="When its service or the bucket does not answer, the key is refused, or no worker takes a trial in time.",
    )


def _price() -> None:
    with st.container(horizontal=True):
        st.number_input(
            "GPU price ($/hour)",
            value=None,
            step=0.01,
            min_value=0.0,
            format="%g",
            placeholder="not known",
            key="study_gpu_price",
            help="For the costs that this program shows. The price depends on the kind of GPU: look at the endpoint's "
            "page at RunPod. Leave it empty to see no costs.",
        )
        st.number_input(
            "GPUs per worker",
            min_value=1,
            max_value=16,
            step=1,
            key="study_gpus",
            help="As many as one worker of your endpoint has: the number stands on its page at RunPod.",
        )
