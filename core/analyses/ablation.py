"""Module 6: which health metric, if any, earns its place in the choice of a network?

Three answers: choosing anew from the trials that are stored, by each arm; whole searches by each arm where somebody
has run them; and whether a metric tells anything about the holdout that validation accuracy does not tell already.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from core.analyses import MODULES, AnalysisModule
from core.analyses.ablation_reading import reading
from core.analyses.ablation_tables import CAPTIONS, tables
from core.analyses.answering import Answers, RowSet, Subject, ask
from core.analyses.arm_contrasts import OUTCOMES, ArmOutcomes, Outcome, contrasts, ranking
from core.analyses.arm_runs import ArmRuns, arm_runs
from core.analyses.arms import (
    ALL,
    CONTROL,
    METRIC_NAMES,
    REFERENCE,
    Arm,
    Losses,
    Picks,
    Pools,
    arms_of,
    pick_all,
    single_label,
)
from core.analyses.metric_correlations import correlations, sample
from core.analyses.module import skipped
from core.analyses.pairing import compare_runs
from core.artifacts import sha256
from core.errors import InvalidInputError
from core.figures import arm_rows, correlation_rows
from core.records import from_json
from core.stats import mean_interval
from core.store import Store
from core.study_networks import PoolTrial
from core.trial import MODEL_FILE, RESULT_FILE, TrialResult

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from core.analyses.context import AnalysisContext
    from core.datasets.parts import Part

LIMIT = 200  # networks that are asked: all picks, and a random sample of the others
HOLDOUT = "holdout"
_NO_RUNS = "no runs of single arms; `python -m core ablate {study}` makes them"


def run(context: AnalysisContext) -> dict[str, Any]:
    """Choose anew by every arm, try the picks and a sample of the others on the holdout, and compare."""
    pools: dict[int, list[PoolTrial]] = {}
    for trial in context.trials:
        if (trial.folder / MODEL_FILE).is_file():
            pools.setdefault(trial.pair, []).append(trial)
    if not pools:
        return skipped("the networks of the study's trials are not stored any more; run the study anew to have them")
    arms = arms_of(context.config.weights)
    losses = {trial.name: validation_loss(trial) for trials in pools.values() for trial in trials}
    picks = pick_all(arms, pools, losses)
    picked = {trial.name: trial for chosen in picks.values() for trial in chosen.values()}
    sampled = sample(pools, LIMIT - len(picked), context.seed)
    wanted = picked | {trial.name: trial for trial in sampled}
    runs = arm_runs(context.settings, Store(context.settings), context.config)
    others = [one.subject for one in (*runs.choices, *runs.reference.values(), *runs.all_six.values())]
    subjects = {one.name: one for one in [*map(Subject.of, wanted.values()), *others]}
    asked = ask(context, subjects.values(), [_holdout(context)], lambda share: context.report(0.95 * share))
    outcomes = {name: _outcome(subjects[name], answers[HOLDOUT]) for name, answers in asked.items()}
    result = {"status": "ok", "exploratory": True, "rows": len(context.labels), "study": context.config.study_name}
    result |= compare(arms, pools, losses, outcomes, sampled, seed=context.seed)
    result |= {"new_runs": new_runs(runs, outcomes, context.config.study_name), "runs": _runs(context, picks, outcomes)}
    return result | {"reading": reading(result)}


def compare(
    arms: Sequence[Arm],
    pools: Pools,
    losses: Losses,
    outcomes: Mapping[str, Outcome],
    sampled: Sequence[PoolTrial],
    *,
    seed: int,
) -> dict[str, Any]:
    """Compare what the arms pick, and correlate the metrics of the sampled trials with their outcomes.

    `outcomes` by the trials' names: of all picks and of all sampled ones.
    """
    picks = pick_all(arms, pools, losses)
    reached = {key: {pair: outcomes[one.name] for pair, one in chosen.items()} for key, chosen in picks.items()}
    others = [
        ArmOutcomes(key=arm.key, label=arm.label, chosen=reached[arm.key], reference=reached[REFERENCE])
        for arm in arms
        if arm.key != REFERENCE
    ]
    found = {outcome: contrasts(others, outcome) for outcome in OUTCOMES}
    sizes = [len(trials) for trials in pools.values()]
    return {
        "pool": {
            "pairs": len(pools),
            "trials": sum(sizes),
            "fewest": min(sizes),
            "most": max(sizes),
            "sampled": len(sampled),
            "limit": LIMIT,
            "losses_missing": sum(loss is None for loss in losses.values()),
        },
        "arms": [_arm(arm, picks, reached, losses) for arm in arms],
        "contrasts": [one for ones in found.values() for one in ones],
        "ranking": ranking(found["accuracy"]),
        "correlations": [one for outcome in OUTCOMES for one in correlations(sampled, outcomes, outcome, seed)],
    }


def validation_loss(trial: PoolTrial) -> float | None:
    """Return the validation loss of the weights that were kept, in nats; None where the result is gone or had none."""
    try:
        result = from_json(TrialResult, (trial.folder / RESULT_FILE).read_text(encoding="utf-8"))
    except (OSError, InvalidInputError):
        return None
    return result.metrics.val_loss if result.metrics else None


def new_runs(runs: ArmRuns, outcomes: Mapping[str, Outcome], study: str | None) -> dict[str, Any]:
    """Compare the searches of single arms, and of all six in the same pairs, with those for accuracy only."""
    if not runs.choices:
        return skipped(_NO_RUNS.format(study=study or "STUDY")) | {"unfinished": list(runs.unfinished)}
    found = []
    for arm in METRIC_NAMES:
        own = [one for one in runs.choices if one.arm == arm and (one.pair, one.trials) in runs.reference]
        if own:
            reference = {one.pair: outcomes[runs.reference[one.pair, one.trials].subject.name] for one in own}
            chosen = {one.pair: outcomes[one.subject.name] for one in own}
            found.append(ArmOutcomes(key=arm, label=single_label(arm), chosen=chosen, reference=reference))
    # Of all six the runs of the study itself; where arms had several numbers of trials, the most of each pair count.
    most = dict(sorted(runs.reference.keys() & runs.all_six.keys()))
    reference = {pair: outcomes[runs.reference[pair, count].subject.name] for pair, count in most.items()}
    chosen = {pair: outcomes[runs.all_six[pair, count].subject.name] for pair, count in most.items()}
    found.insert(0, ArmOutcomes(key=ALL, label="all six metrics", chosen=chosen, reference=reference))
    compared = {outcome: contrasts(found, outcome) for outcome in OUTCOMES}
    return {
        "status": "ok",
        "pairs": sorted({one.pair for one in runs.choices}),
        "trials": sorted({one.trials for one in runs.choices}),
        "trained": runs.trained,
        "taken_over": runs.taken_over,
        "unfinished": list(runs.unfinished),
        "contrasts": [one for ones in compared.values() for one in ones],
        "ranking": ranking(compared["accuracy"]),
    }


def figures(result: dict[str, Any]) -> dict[str, go.Figure]:
    """Draw every arm against accuracy only, and what each metric goes with."""
    drawn: dict[str, go.Figure] = {}
    parts = {"reselection": result["contrasts"]}
    if result["new_runs"]["status"] == "ok":
        parts["new_runs"] = result["new_runs"]["contrasts"]
    for name, found in parts.items():
        for outcome in OUTCOMES:
            rows = arm_rows.compute([one for one in found if one["outcome"] == outcome])
            drawn[f"{name}_{outcome}"] = arm_rows.draw(rows, outcome)
    for outcome in OUTCOMES:
        found = [one for one in result["correlations"] if one["outcome"] == outcome]
        drawn[f"correlation_{outcome}"] = correlation_rows.draw(correlation_rows.compute(found), OUTCOMES[outcome][0])
    return drawn


def _holdout(context: AnalysisContext) -> RowSet:
    kept: dict[str, Part] = {}

    def rows(subject: Subject) -> Part:  # the networks of a pair share their split, and come one after the other
        if str(subject.split) not in kept:
            kept.clear()
            kept[str(subject.split)] = context.holdout(subject)
        return kept[str(subject.split)]

    return RowSet(key=HOLDOUT, part=rows)


def _outcome(subject: Subject, answers: Answers) -> Outcome:
    return Outcome(key=sha256(subject.model), accuracy=answers.accuracy, nll=answers.measures["nll"])


def _arm(arm: Arm, picks: Picks, reached: Mapping[str, Mapping[int, Outcome]], losses: Losses) -> dict[str, Any]:
    """Describe an arm: its weights, what it picked in each pair, and what that reached on average."""
    own, reference = reached[arm.key], reached[REFERENCE]
    return {
        "key": arm.key,
        "label": arm.label,
        "weights": None if arm.weights is None else {"accuracy": arm.weights.accuracy} | arm.weights.components(),
        "control": arm.key == CONTROL,
        "same": sum(pair in reference and one.key == reference[pair].key for pair, one in own.items()),
        **{
            outcome: asdict(
                mean_interval([value for one in own.values() if (value := getattr(one, outcome)) is not None])
            )
            for outcome in OUTCOMES
        },
        "picks": [
            {
                "pair": pair,
                "mode": one.mode,
                "trial": one.trial,
                "validation": one.validation,
                "validation_loss": losses.get(one.name),
                "accuracy": own[pair].accuracy,
                "nll": own[pair].nll,
            }
            for pair, one in picks[arm.key].items()
        ],
    }


def _known(reached: Iterable[Outcome], outcome: str) -> list[float]:
    return [value for one in reached if (value := getattr(one, outcome)) is not None]


def _runs(context: AnalysisContext, picks: Picks, outcomes: Mapping[str, Outcome]) -> list[dict[str, Any]]:
    """Compare choosing by all six with choosing by accuracy from one pool, in the form that all modules share."""
    arm_of = {"accuracy_only": REFERENCE, "health_aware": ALL}
    found = []
    for outcome, (label, less) in OUTCOMES.items():
        values = {
            one.name: getattr(outcomes[chosen.name], outcome)
            if (chosen := picks[arm_of[one.mode]].get(one.pair)) is not None
            else None
            for one in context.everyone
        }
        title = f"{label}, chosen anew from one pool"
        compared = compare_runs(context, values, label=title, less_is_better=less)
        found.append({"measure": f"reselected_{outcome}", "exploratory": True} | compared)
    return found


MODULES.register(
    "ablation",
    AnalysisModule(
        name="ablation",
        label="Ablation",
        question="Which health metric, if any, earns its place in the choice of a network?",
        order=6,
        run=run,
        figures=figures,
        captions=CAPTIONS,
        tables=tables,
        trains=True,
    ),
)
