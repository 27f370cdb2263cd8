"""One network on several devices: each takes its share of every batch, and all apply the same gradients.

Batches keep their size: the search space's batch size is the global one, and N devices take 1/N of it each. So a
trial means the same whatever trains it, and no learning rate has to be scaled.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from contextlib import AbstractContextManager

import keras

from core.training.devices import Devices


class Replicas:
    """The network that is fitted, beside `network`, the plain one that is probed, evaluated and saved.

    On one device both are the same object. On several the fitted one is a copy of it under a MirroredStrategy, with
    batch statistics taken over all replicas; `refresh` brings its weights back into the plain network.
    """

    def __init__(self, network: keras.Model, devices: Devices, build_synchronized: Callable[[], keras.Model]) -> None:
        self.network = self.fitted = network
        self._strategy = devices.strategy()
        if self._strategy is not None:
            with self._strategy.scope():
                self.fitted = build_synchronized()
                self.fitted.set_weights(network.get_weights())

    @property
    def several(self) -> bool:
        """Whether more than one device trains."""
        return self._strategy is not None

    def scope(self) -> AbstractContextManager[object]:
        """Return the context in which the fitted network has to be compiled."""
        return self._strategy.scope() if self._strategy is not None else contextlib.nullcontext()

    def refresh(self) -> None:
        """Give the plain network the weights of the fitted one."""
        if self.fitted is not self.network:
            self.network.set_weights(self.fitted.get_weights())
