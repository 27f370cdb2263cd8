"""What the form of a new study holds: in its widgets while it is drawn, in the address and the session meanwhile."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app.components.space_overrides import fitting
from app.components.space_state import STUDY_SPACE
from app.components.study_address import KEYS, read_address, write_address
from app.components.weight_sliders import put_weights, stored_weights
from core.study_config import StudyConfig

WEIGHTS = "study"  # prefix of the sliders
_KEPT, _NAME, _NAME_TAKEN = "study_kept", "study_name", "study_name_taken"
# field of the configuration -> key of its widget
WIDGETS = {
    "dataset_name": "study_dataset",
    "runs": "study_runs",
    "trials": "study_trials",
    "epochs": "study_epochs",
    "concurrent_workers": "study_workers",
    "random_seed": "study_seed",
    "use_runpod_service": "study_remote",
}
# Those that are drawn for RunPod only, so that they have to be held while this machine is chosen.
_REMOTE = {
    "when_runpod_fails": "study_runpod_fails",
    "gpu_price_per_hour": "study_gpu_price",
    "target_gpus_per_worker": "study_gpus",
}


def restore() -> list[str]:
    """Fill widgets that are not there yet from the address, else from this session; return what was ignored."""
    if WIDGETS["dataset_name"] in st.session_state:
        if st.session_state.pop(_NAME_TAKEN, False):
            st.session_state[_NAME] = ""
        if not st.session_state[WIDGETS["use_runpod_service"]]:
            for key in _REMOTE.values():
                st.session_state[key] = st.session_state[key]
        return []
    address = {key: value for key, value in st.query_params.items() if key in KEYS}
    config, problems = read_address(address or st.session_state.get(_KEPT, {}))
    for field, key in (WIDGETS | _REMOTE).items():
        st.session_state[key] = getattr(config, field)
    st.session_state[_NAME] = config.study_name or ""
    STUDY_SPACE.put(config.search_space)
    put_weights(WEIGHTS, config.weights)
    return problems


def wishes() -> dict[str, Any]:
    """Return what the form holds as fields of a StudyConfig; it need not be valid."""
    held = {field: st.session_state[key] for field, key in (WIDGETS | _REMOTE).items()}
    return held | {
        "study_name": st.session_state[_NAME].strip() or None,
        "weights": stored_weights(WEIGHTS, StudyConfig().weights),
        "search_space": fitting(held["dataset_name"], STUDY_SPACE.overrides()),
    }


def remember(held: dict[str, Any]) -> None:
    """Write what the form holds to the address and to the session."""
    form = write_address(held)
    st.session_state[_KEPT] = form
    now = dict(st.query_params.items())
    wanted = {key: value for key, value in now.items() if key not in KEYS} | form
    if wanted != now:
        st.query_params.from_dict(wanted)


def forget_name(held: dict[str, Any]) -> None:
    """Offer the name of a study that was just started no second time."""
    st.session_state[_NAME_TAKEN] = True
    remember(held | {"study_name": None})
