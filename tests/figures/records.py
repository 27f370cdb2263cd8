"""Trial records for tests of figures and pages."""

from __future__ import annotations

from typing import Any

from core.store import TrialRecord


def record(number: int, state: str = "completed", total: float | None = None, **changes: Any) -> TrialRecord:
    """Return a trial; what is not given is not known."""
    values: dict[str, Any] = {
        "number": number,
        "state": state,
        "params": {},
        "total_score": total,
        "accuracy": total,
        "test_accuracy": None,
        "health": None,
        "components": {},
        "parameters": None,
        "seconds": None,
        "accuracies": {},
        "feasible": True,
        "note": None,
        "traceback": None,
        "attempts": (),
    }
    return TrialRecord(**(values | changes))
