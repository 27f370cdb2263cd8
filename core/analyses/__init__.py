"""Analyses of finished models. The only package that may read the holdout part.

One file for each module, which registers an `AnalysisModule`; check boxes, tabs, the command line and the contract
tests find it in `MODULES`.
"""

from __future__ import annotations

from core.analyses.module import AnalysisModule
from core.registry import Registry

__all__ = ["MODULES", "AnalysisModule"]

_MACHINERY = frozenset(
    {
        "answering",
        "class_groups",
        "context",
        "evaluation",
        "evaluator",
        "generalization",
        "holdout",
        "module",
        "pairing",
        "process",
        "severity",
        "suite",
        "worker",
    }
)

MODULES: Registry[AnalysisModule] = Registry("analysis module", __name__, skip=_MACHINERY)
