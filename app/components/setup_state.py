"""The state of the form for a new run: in its widgets while it is drawn, in the address and the session meanwhile.

Streamlit forgets a widget as soon as it is not drawn, so whoever looks at another view and comes back would find an
empty form. What the form holds is therefore written as query parameters too, where it can also be shared.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from app.components.setup_address import KEYS, read_address, write_address
from app.components.space_overrides import fitting
from app.components.space_state import RUN_SPACE
from app.components.weight_sliders import put_weights, stored_weights
from core.config import OptimizationConfig

WEIGHTS = "setup"  # prefix of the sliders
_KEPT = "setup_kept"
_MINUTE = 60.0
# field of the configuration -> key of its widget
_WIDGETS = {
    "dataset_name": "dataset",
    "optimization_mode": "mode",
    "trials": "trials",
    "max_epochs_per_trial": "epochs",
    "concurrent_workers": "workers",
    "random_seed": "seed",
    "plot_generation": "plots",
    "pruning": "pruning",
    "max_parameters": "max_parameters",
    "max_seconds_per_trial": "trial_seconds",
    "use_runpod_service": "place",
}
# Those that are drawn for RunPod only, so that they have to be held while this machine is chosen.
_REMOTE = {
    "when_runpod_fails": "when_runpod_fails",
    "target_gpus_per_worker": "gpus",
    "gpu_price_per_hour": "gpu_price",
    "max_run_cost": "max_cost",
}
_REMOTE_MINUTES = {"remote_time_limit": "remote_minutes", "remote_queue_limit": "queue_minutes"}
_MINUTES, _NAME, _NAME_TAKEN = "run_minutes", "run_name", "run_name_taken"


def restore() -> list[str]:
    """Fill widgets that are not there yet from the address, else from this session; return what was ignored."""
    if "dataset" in st.session_state:
        if st.session_state.pop(_NAME_TAKEN, False):
            st.session_state[_NAME] = ""
        if not st.session_state["place"]:
            for key in (*_REMOTE.values(), *_REMOTE_MINUTES.values()):
                st.session_state[key] = st.session_state[key]
        return []
    address = {key: value for key, value in st.query_params.items() if key in KEYS}
    config, problems = read_address(address or st.session_state.get(_KEPT, {}))
    fill(config)
    return problems


def fill(config: OptimizationConfig) -> None:
    """Put a configuration into the form. Only before its widgets are drawn."""
    for field, key in (_WIDGETS | _REMOTE).items():
        st.session_state[key] = getattr(config, field)
    for field, key in _REMOTE_MINUTES.items():
        st.session_state[key] = getattr(config, field) / _MINUTE
    seconds = config.max_seconds_per_trial
    st.session_state["trial_seconds"] = None if seconds is None else float(seconds)
    minutes = config.max_run_seconds
    st.session_state[_MINUTES] = None if minutes is None else minutes / _MINUTE
    st.session_state[_NAME] = config.run_name or ""
    RUN_SPACE.put(config.search_space)
    put_weights(WEIGHTS, config.weights)


def offer(config: OptimizationConfig) -> None:
    """Let the form hold `config` when it is drawn next, from wherever on the page."""
    _write(write_address({field: getattr(config, field) for field in OptimizationConfig.__dataclass_fields__}))
    for key in (*_WIDGETS.values(), *_REMOTE.values(), *_REMOTE_MINUTES.values(), _MINUTES, _NAME):
        st.session_state.pop(key, None)


def wishes() -> dict[str, Any]:
    """Return what the form holds as fields of an OptimizationConfig; it need not be valid."""
    held = {field: st.session_state[key] for field, key in (_WIDGETS | _REMOTE).items()}
    held |= {field: st.session_state[key] * _MINUTE for field, key in _REMOTE_MINUTES.items()}
    minutes = st.session_state[_MINUTES]
    return held | {
        "max_run_seconds": None if minutes is None else minutes * _MINUTE,
        "run_name": st.session_state[_NAME].strip() or None,
        "weights": stored_weights(WEIGHTS, OptimizationConfig().weights),
        "search_space": fitting(held["dataset_name"], RUN_SPACE.overrides()),
    }


def remember(held: dict[str, Any]) -> None:
    """Write what the form holds to the address and to the session."""
    _write(write_address(held))


def forget_name(held: dict[str, Any]) -> None:
    """Offer the name of a run that was just started no second time."""
    st.session_state[_NAME_TAKEN] = True
    remember(held | {"run_name": None})


def _write(form: dict[str, str]) -> None:
    st.session_state[_KEPT] = form
    now = dict(st.query_params.items())
    wanted = {key: value for key, value in now.items() if key not in KEYS} | form
    if wanted != now:
        st.query_params.from_dict(wanted)
