"""Which devices train and trained the trials of a run, in a line or two."""

from __future__ import annotations

import streamlit as st

from app.components.formats import plain
from core.devices import describe_devices, fallback_reasons
from core.service import RunView
from core.store import TrialRecord

_SHOWN_REASONS = 2
_WORKER = " on worker "  # the names of many workers would be a long line


def device_lines(view: RunView) -> None:
    """Draw where trials train now, for a run that uses RunPod, and where those that ended trained."""
    now = training_places(view)
    told = [device for trial in view.trials if (device := device_of(view, trial)) is not None]
    past = [f"Trained{' so far' if view.active else ''} – {describe_devices(told)}."] if told else []
    if now or past:
        st.caption(plain("  \n".join([*now, *past])))
    for reason, trials in fallback_reasons(told).most_common(_SHOWN_REASONS):
        if view.active and reason in view.run.phase:
            continue  # the header says it
        which = "1 trial" if trials == 1 else f"{trials} trials"
        st.caption(f":material/warning: {which} trained here because RunPod could not be used: {plain(reason)}.")


def training_places(view: RunView) -> list[str]:
    """Say where the trials are that train now; nothing for a run of this machine alone."""
    if not (view.active and view.run.config.use_runpod_service and view.running):
        return []
    places: dict[str, list[int]] = {}
    for trial in view.running:
        doing, remote, _ = (trial.place or "starting").partition(_WORKER)
        places.setdefault(f"{doing} at RunPod" if remote else doing, []).append(trial.number)
    return [f"Now – {'; '.join(f'{place}: {_numbers(trials)}' for place, trials in places.items())}."]


def device_of(view: RunView, trial: TrialRecord) -> str | None:
    """Return the device of a trial; a pruned one did not tell it, but RunPod may know its worker."""
    if trial.device is not None or view.remote is None or trial.number not in view.remote.trials:
        return trial.device
    worker = view.remote.trials[trial.number].worker
    return None if worker is None or trial.state == "running" else f"RunPod worker {worker}"


def _numbers(trials: list[int]) -> str:
    return ("trial " if len(trials) == 1 else "trials ") + ", ".join(map(str, trials))
