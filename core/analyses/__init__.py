"""Analyses of finished models. The only package that may read the holdout part.

One file for each module, which registers an `AnalysisModule`; check boxes, tabs, the command line and the contract
tests find it in `MODULES`.
"""

from __future__ import annotations

from core.analyses.module import AnalysisModule, Caption, Tables
from core.registry import Registry

__all__ = ["MODULES", "AnalysisModule", "Caption", "Tables"]

_MACHINERY = frozenset(
    {
        "ablation_reading",
        "ablation_tables",
        "answering",
        "arm_contrasts",
        "arm_runs",
        "arms",
        "calibration_tables",
        "class_groups",
        "context",
        "documents",
        "corrupted_calibration",
        "corrupted_examples",
        "corrupted_sets",
        "effective_robustness",
        "evaluation",
        "evaluator",
        "features",
        "generalization",
        "holdout",
        "metric_correlations",
        "module",
        "pairing",
        "paraphrases",
        "probes",
        "process",
        "robustness_reading",
        "robustness_tables",
        "severity",
        "shift_families",
        "shift_reading",
        "shift_sources",
        "shift_tables",
        "side_work",
        "suite",
        "topic_shift",
        "transfer_comparison",
        "transfer_reading",
        "transfer_tables",
        "worker",
        "zero_shot",
    }
)

MODULES: Registry[AnalysisModule] = Registry("analysis module", __name__, skip=_MACHINERY)
