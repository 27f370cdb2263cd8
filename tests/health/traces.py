"""Hand-made traces: a healthy small training by default, with any part replaced."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from core.trial import EpochRecord, GradientNorm, GroupCount, LayerActivity, ParameterCount, Trace

Kernels = Mapping[str, float | None]


def make_trace(**overrides: Any) -> Trace:
    """Ten balanced classes, 90 % of 1000 validation rows right, three smooth epochs."""
    parts: dict[str, Any] = {
        "classes": 10,
        "majority_rate": 0.1,
        "chance_loss": math.log(10),
        "initial_loss": 2.4,
        "window_losses": tuple(2.2 - 0.15 * i for i in range(12)),
        "epochs": make_epochs([1.2, 0.6, 0.5]),
        "layers": (make_layer("conv_1", [1.0, 2.0, 1.5, 1.0]), make_layer("dense_1", [0.5, 0.6])),
        "groups": make_groups([(100, 90)] * 10),
        "parameters": ParameterCount(total=1_000, trainable=1_000, embedding=0, smallest=100, largest=10_000),
        "val_n": 1000,
        "val_correct": 900,
        "probe_hash": "0" * 64,
    }
    return Trace(**(parts | overrides))


def make_epochs(
    val_losses: Sequence[float | None],
    *,
    losses: Sequence[float | None] | None = None,
    kappas: Sequence[float | None] | None = None,
    gradients: Sequence[Kernels] | None = None,
) -> tuple[EpochRecord, ...]:
    """One epoch per validation loss; `kappas` and `gradients` (relative norm by kernel) have one entry per epoch."""
    count = len(val_losses)
    losses = val_losses if losses is None else losses
    kappas = [None, *[0.9] * (count - 1)] if kappas is None else kappas
    gradients = [{"conv_1": 1e-2, "dense_1": 1e-2}] * count if gradients is None else gradients
    return tuple(
        EpochRecord(
            epoch=i + 1,
            loss=losses[i],
            accuracy=0.9,
            val_loss=val_losses[i],
            val_accuracy=0.9,
            learning_rate=1e-3,
            seconds=1.0,
            probe_seconds=0.1,
            churn_kappa=kappas[i],
            gradients={name: make_norm(r) for name, r in gradients[i].items()},
        )
        for i in range(count)
    )


def make_norm(relative: float | None) -> GradientNorm:
    return GradientNorm(gradient=relative, weight=1.0, relative=relative)


def make_layer(name: str, deviations: Sequence[float | None], **overrides: Any) -> LayerActivity:
    parts: dict[str, Any] = {"kind": "dense", "activation": "relu", "zero_fraction": 0.4, "saturation": None}
    return LayerActivity(name=name, deviations=tuple(deviations), **(parts | overrides))


def make_groups(counts: Sequence[tuple[int, int]], kind: str = "class") -> tuple[GroupCount, ...]:
    """Groups from (rows, correct)."""
    return tuple(GroupCount(kind=kind, name=f"{kind} {i}", n=n, correct=c) for i, (n, c) in enumerate(counts))


_losses = st.none() | st.floats(0, 1e6)
_small = st.floats(0, 1e3)


@st.composite
def traces(draw: st.DrawFn) -> Trace:
    """Any trace a worker could send, broken ones included."""
    count = draw(st.integers(0, 5))

    def per_epoch(values: st.SearchStrategy[Any]) -> list[Any]:
        return draw(st.lists(values, min_size=count, max_size=count))

    epochs = make_epochs(
        per_epoch(_losses),
        losses=per_epoch(_losses),
        kappas=per_epoch(st.none() | st.floats(-1, 1)),
        gradients=per_epoch(st.dictionaries(st.sampled_from(["a", "b", "c"]), st.none() | st.floats(0, 1e30))),
    )
    group = st.integers(0, 50).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n)))
    val_n = draw(st.integers(0, 200))
    total = draw(st.integers(1, 10**7))
    bound = st.none() | st.integers(0, 10**7)
    return make_trace(
        majority_rate=draw(st.floats(0.01, 1)),
        chance_loss=draw(st.floats(0, 5)),
        initial_loss=draw(_losses),
        window_losses=tuple(draw(st.lists(_losses, max_size=12))),
        epochs=epochs,
        layers=tuple(
            make_layer(f"dense_{i}", deviations)
            for i, deviations in enumerate(draw(st.lists(st.lists(st.none() | _small, max_size=5), max_size=3)))
        ),
        groups=make_groups(draw(st.lists(group, max_size=6)))
        + make_groups(draw(st.lists(group, max_size=4)), kind="length"),
        parameters=ParameterCount(total=total, trainable=total, embedding=0, smallest=draw(bound), largest=draw(bound)),
        val_n=val_n,
        val_correct=draw(st.integers(0, val_n)),
        diverged=draw(st.none() | st.just("loss became NaN in epoch 1")),
    )
