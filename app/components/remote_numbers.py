"""What a run's jobs at RunPod took: cost, seconds, jobs, and those that nobody knows about."""

from __future__ import annotations

import streamlit as st

from app.components.formats import NONE, duration, money, plain
from app.components.run_numbers import number
from core.executors.ledger import LedgerSummary
from core.service import RunView

_COST = (
    "Seconds of execution of all ended jobs times the price of their GPUs, those of lost, pruned and cancelled trials "
    "included. It is a lower bound: RunPod also bills the start of workers, their idle time and disk. Your true bill "
    "stands on RunPod's site."
)
_SECONDS = (
    "In which workers trained, as RunPod counts them, each job's rounded up. Jobs that run are added at their end."
)


def remote_numbers(view: RunView) -> None:
    """Draw them in a row; nothing for a run that had no job at RunPod."""
    if view.remote is None:
        return
    use, config = view.remote.run, view.run.config
    budget = "no budget" if config.max_run_cost is None else f"budget {money(config.max_run_cost)}"
    with st.container(horizontal=True, key="remote_numbers"):
        number("Cost at RunPod, at least", NONE if use.cost is None else money(use.cost), budget, _COST)
        number("Execution at RunPod", duration(use.seconds), _jobs(use), _SECONDS)
    if use.cost is None and config.gpu_price_per_hour is None:
        st.caption("The cost is not known, since the price of a GPU was left empty for this run.")
    elif use.unknown_cost:
        st.caption(f"The cost of {_count(use.unknown_cost, 'ended job')} is not known and not in it.")
    if use.doubtful:
        st.warning(doubt(use.doubtful), icon=":material/warning:")


def doubt(jobs: int) -> str:
    """Say that RunPod may have taken jobs which it never confirmed."""
    return plain(
        f"{_count(jobs, 'job')} may have been taken by RunPod without this program hearing of it, so the run may cost "
        "more than is shown. Look at the requests on the endpoint's page at RunPod and cancel what should not run."
    )


def _jobs(use: LedgerSummary) -> str:
    return _count(use.jobs, "job") + (f", {use.running} open" if use.running else "")


def _count(amount: int, noun: str) -> str:
    return f"{amount} {noun}" + ("" if amount == 1 else "s")
