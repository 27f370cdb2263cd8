"""MNIST and Fashion-MNIST as foreign sets of each other: nothing in common but the format."""

from __future__ import annotations

from core.datasets import DATASETS
from core.foreign import FOREIGN, ForeignEntry, ForeignUse

_NOTHING = ForeignUse(
    correspondence="none", class_map=(None,) * 10, preprocessing="Taken as they are: same size and grey levels."
)
_CAVEAT = "Its classes have nothing to do with those of the network: only a probe on the features is meaningful."

for _name, _source in (("mnist", "fashion_mnist"), ("fashion_mnist", "mnist")):
    FOREIGN.register(_name, ForeignEntry(name=_name, data=DATASETS[_name], uses={_source: _NOTHING}, caveat=_CAVEAT))
