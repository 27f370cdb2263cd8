"""Imported once by the fork server, so that every worker starts with Keras already loaded.

It must not compute anything: a process forked after a TensorFlow operation hangs.
"""

import tensorboard.summary.v2  # noqa: F401  # the TensorBoard callback would import it in every worker: 0.1 s

import core.datasets.parts
import core.training.diagnostics.collect
import core.training.trainer  # noqa: F401
