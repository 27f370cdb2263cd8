"""MNIST and Fashion-MNIST as foreign sets of each other, with nothing in common but the format, and of small digits."""

from __future__ import annotations

from collections.abc import Mapping

from core.datasets import DATASETS
from core.foreign import FOREIGN, ForeignEntry, ForeignUse

_TEST_ROWS = 10_000
_NOTHING = ForeignUse(
    correspondence="none", class_map=(None,) * 10, preprocessing="Taken as they are: same size and grey levels."
)
_SMALL_DIGITS = ForeignUse(
    correspondence="same",
    class_map=tuple(range(10)),
    margin=4,  # MNIST's digits are fitted into 20×20 pixels
    preprocessing="The empty frame of 4 pixels is cut off, since digits of 8×8 pixels fill their image; the 20×20 "
    "pixels are averaged to 8×8, in grey levels from 0 to 16. The digits of 8×8 pixels are averages too, of 4×4 "
    "pixels in black and white.",
)
_USES: Mapping[str, tuple[dict[str, ForeignUse], str]] = {
    "mnist": (
        {"fashion_mnist": _NOTHING, "digits": _SMALL_DIGITS},
        "To networks of clothes its classes mean nothing: only a probe on the features is meaningful. To networks of "
        "small digits they are the same ten, written by other people and reduced in another way.",
    ),
    "fashion_mnist": (
        {"mnist": _NOTHING},
        "Its classes have nothing to do with those of the network: only a probe on the features is meaningful.",
    ),
}

for _name, (_uses, _caveat) in _USES.items():
    entry = ForeignEntry(name=_name, data=DATASETS[_name], uses=_uses, caveat=_caveat, last=_TEST_ROWS)
    FOREIGN.register(_name, entry)
