"""Module 3: how much accuracy is left on rows that differ from those that were trained on?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core.analyses import MODULES, AnalysisModule
from core.analyses.answering import Answers, Subject, ask
from core.analyses.class_groups import groups_of
from core.analyses.effective_robustness import effective_robustness
from core.analyses.module import skipped
from core.analyses.pairing import compare_runs
from core.analyses.shift_families import CleanRows, Family, in_sentence
from core.analyses.shift_reading import reading
from core.analyses.shift_sources import find_families
from core.analyses.shift_tables import CAPTIONS, tables
from core.figures import effect_rows, shift_bars, study_distribution
from core.figures import effective_robustness as scatter
from core.stats import bootstrap_difference, mean_interval
from core.study_config import STUDY_MODES

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from core.analyses.context import AnalysisContext

PRIMARY = "shifted_accuracy"
_SUMMARY = (PRIMARY, "drop", "effective_robustness")  # measures that are not of one shift
_COARSE = "cifar100"  # its groups are official, the classes of others' groups are ours
_ASKING = 0.6  # of the work, for the networks of the study


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """The networks of a study on all families."""

    context: AnalysisContext
    families: Sequence[Family]
    answers: Mapping[str, dict[str, Answers]]

    def level(self, key: str) -> dict[str, float]:
        """Return every network's accuracy on one set."""
        return {name: found[key].accuracy for name, found in self.answers.items()}

    def family(self, family: Family) -> dict[str, float]:
        """Return every network's accuracy on a family: the mean of its sets."""
        return {name: float(family.correct(found).mean()) for name, found in self.answers.items()}

    def clean(self, family: Family) -> dict[str, float]:
        """Return every network's accuracy on a family's clean counterpart."""
        return {one.name: family.clean_accuracy(self.context, one) for one in self.context.everyone}

    def drops(self, family: Family, values: Mapping[str, float]) -> dict[str, float]:
        """Return what accuracy each network loses against the counterpart."""
        return {name: clean - values[name] for name, clean in self.clean(family).items()}


def run(context: AnalysisContext) -> dict[str, Any]:
    """Try every network on every shift, and compare the modes."""
    rows = CleanRows(context)
    families, missing = find_families(context, rows)
    if not families:
        return skipped("; ".join(f"{one.label}: {one.reason}" for one in missing) or "no shift is known for these data")
    sets = [one.all_rows() for family in families for one in family.sets]
    subjects = [Subject.of(one) for one in context.everyone]
    answers = ask(context, subjects, sets, lambda share: context.report(_ASKING * share))
    tried = Tried(context=context, families=families, answers=answers)
    robust = effective_robustness(
        context, rows.as_set(), families, answers, lambda share: context.report(_ASKING + (0.98 - _ASKING) * share)
    )
    networks = _networks(tried, robust)
    a, b = context.models
    result = {
        "status": "ok",
        "rows": len(context.labels),
        "primary": PRIMARY,
        "families": [_family(tried, family) for family in families],
        "not_applied": [{"label": one.label, "reason": one.reason} for one in missing],
        "networks": networks,
        "models": {key: networks[one.name] for key, one in (("a", a), ("b", b))},
        "difference": _difference(tried),
        "runs": [*_runs(tried, networks), *_coarse(context)],
        "effective_robustness": robust,
    }
    return result | {"reading": reading(result)}


def figures(result: dict[str, Any]) -> dict[str, go.Figure]:
    """Draw accuracy by shift, accuracy under shift against that on clean rows, and both modes' runs."""
    by_measure = {one["measure"]: one for one in result["runs"]}
    values = {
        mode: {int(pair): value for pair, value in by_measure[PRIMARY]["values"][mode].items()} for mode in STUDY_MODES
    }
    names = [*_SUMMARY, *(family["name"] for family in result["families"])]
    return {
        "shifts": shift_bars.draw(shift_bars.compute(result)),
        "effective_robustness": scatter.draw(scatter.compute(result["effective_robustness"])),
        "runs": study_distribution.draw(study_distribution.compute(values), "Accuracy, mean over shifts (%)"),
        "effects": effect_rows.draw(effect_rows.compute([by_measure[name] for name in names if name in by_measure])),
    }


def _networks(tried: Tried, robust: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Describe every network: accuracy by family and set, their mean over families, and what is lost."""
    accuracy = {family.name: tried.family(family) for family in tried.families}
    drops = {family.name: tried.drops(family, accuracy[family.name]) for family in tried.families}
    return {
        one.name: {
            "mode": one.mode,
            "pair": one.pair,
            "name": one.name,
            "clean": tried.context.predictions[one.name].accuracy,
            "shifted": float(np.mean([accuracy[family.name][one.name] for family in tried.families])),
            "drop": float(np.mean([drops[family.name][one.name] for family in tried.families])),
            "families": {family.name: accuracy[family.name][one.name] for family in tried.families},
            "sets": {key: found.accuracy for key, found in tried.answers[one.name].items()},
            "above_line": robust["networks"][one.name].get("points"),
        }
        for one in tried.context.everyone
    }


def _runs(tried: Tried, networks: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Compare the modes by the mean over families, then by each family and each of its sets."""
    context = tried.context

    def by(name: str) -> dict[str, float | None]:
        return {key: one[name] for key, one in networks.items()}

    def compare(measure: str, values: Mapping[str, float | None], label: str, less: bool = False) -> dict[str, Any]:
        found = compare_runs(context, values, label=label, less_is_better=less)
        return {"measure": measure, "exploratory": measure != PRIMARY} | found

    runs = [
        compare(PRIMARY, by("shifted"), "accuracy, mean over the shifts"),
        compare("drop", by("drop"), "accuracy lost under shift", less=True),
        compare("clean", by("clean"), "accuracy on the holdout as it is"),
        compare(
            "effective_robustness", by("above_line"), "effective robustness (accuracy under shift beyond the expected)"
        ),
    ]
    for family in tried.families:
        runs.append(compare(family.name, tried.family(family), f"accuracy, {in_sentence(family.label)}"))
        if len(family.sets) > 1:
            runs += [
                compare(one.key, tried.level(one.key), f"accuracy, {in_sentence(one.label)}") for one in family.sets
            ]
    return runs


def _family(tried: Tried, family: Family) -> dict[str, Any]:
    """Describe a family for tables: its sets with accuracy and loss of both modes."""
    return {
        "name": family.name,
        "label": family.label,
        "note": family.note,
        "rows": family.sets[0].rows,
        "clean_label": family.clean_label,
        "clean": _by_mode(tried.context, tried.clean(family)),
        "accuracy": _by_mode(tried.context, tried.family(family)),
        "drop": _by_mode(tried.context, tried.drops(family, tried.family(family))),
        "sets": [
            {
                "key": one.key,
                "label": one.label,
                "accuracy": _by_mode(tried.context, tried.level(one.key)),
                "drop": _by_mode(tried.context, tried.drops(family, tried.level(one.key))),
            }
            for one in family.sets
        ],
    }


def _by_mode(context: AnalysisContext, values: Mapping[str, float]) -> dict[str, dict[str, Any]]:
    """Return each mode's mean with its 95 % interval."""
    return {mode: asdict(mean_interval([values[one.name] for one in ones])) for mode, ones in context.networks.items()}


def _difference(tried: Tried) -> dict[str, dict[str, Any]]:
    """Compare the two models on the same shifted rows, family by family: B minus A."""
    a, b = (tried.answers[one.name] for one in tried.context.models)
    return {
        family.name: asdict(bootstrap_difference(family.correct(a), family.correct(b), seed=tried.context.seed))
        for family in tried.families
    }


def _coarse(context: AnalysisContext) -> list[dict[str, Any]]:
    """Compare the modes by superclass where there are official ones; the rows are not shifted, the question is."""
    groups = groups_of(context.entry)
    if context.entry.name != _COARSE or isinstance(groups, str):
        return []
    member = np.array(groups.members)
    to_group = np.eye(len(groups.names))[member]
    values = {
        name: float(((found.probabilities @ to_group).argmax(axis=1) == member[found.labels]).mean())
        for name, found in context.predictions.items()
    }
    found = compare_runs(context, values, label=f"accuracy by superclass ({len(groups.names)})")
    return [{"measure": "superclass_accuracy", "exploratory": True} | found]


MODULES.register(
    "distribution_shift",
    AnalysisModule(
        name="distribution_shift",
        label="Distribution shift",
        question="How much accuracy is left on rows that differ from those that were trained on?",
        order=3,
        run=run,
        figures=figures,
        captions=CAPTIONS,
        tables=tables,
        trains=True,
    ),
)
