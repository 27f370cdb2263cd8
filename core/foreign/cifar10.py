"""CIFAR-10 as a foreign set of CIFAR-100: photographs of the same kind in other classes."""

from __future__ import annotations

from core.datasets import DATASETS
from core.foreign import FOREIGN, ForeignEntry, ForeignUse

FOREIGN.register(
    "cifar10",
    ForeignEntry(
        name="cifar10",
        data=DATASETS["cifar10"],
        uses={
            "cifar100": ForeignUse(
                correspondence="none",
                class_map=(None,) * 10,
                preprocessing="Taken as they are: same size and colours.",
            )
        },
        caveat="None of its ten classes is one of CIFAR-100's, but both were drawn from the same collection of small "
        "photographs: only a probe on the features is meaningful, and it is a near transfer.",
    ),
)
