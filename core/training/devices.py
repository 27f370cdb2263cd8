"""Which devices train. Must be called before the first TensorFlow operation of a process."""

from __future__ import annotations

import os
from dataclasses import dataclass

import keras
import tensorflow as tf

THREADS = 1  # two workers of one thread do 1.3 to 1.7 times the trials of one worker of two threads
# Cut the CPU into so many logical devices, as if each were a GPU: to see several replicas work without GPUs.
LOGICAL_CPUS = "MHL_LOGICAL_CPUS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Devices:
    """What a process trains on: a text for the result, and the names of the replicas' devices when several."""

    label: str
    replicas: tuple[str, ...] = ()

    def strategy(self) -> tf.distribute.Strategy | None:
        """Return how replicas work together; None for one device.

        One strategy per process: a second one for a network of another shape fails (tensorflow #62790), which is why
        every trial has a process of its own.
        """
        return tf.distribute.MirroredStrategy(list(self.replicas)) if len(self.replicas) > 1 else None


def gpu_count() -> int:
    """Number of GPUs that TensorFlow sees."""
    return len(tf.config.list_physical_devices("GPU"))


def prepare(wanted: int = 1) -> Devices:
    """Set threads, GPU memory growth and precision; return the devices to train on, at most `wanted` GPUs."""
    gpus = tf.config.list_physical_devices("GPU")
    try:
        if gpus:
            for gpu in gpus:
                tf.config.experimental.set_memory_growth(gpu, True)
        else:
            tf.config.threading.set_intra_op_parallelism_threads(THREADS)
            tf.config.threading.set_inter_op_parallelism_threads(THREADS)
            _cut_cpu(wanted)
    except RuntimeError:
        pass  # a notebook that has already computed something keeps the settings it has
    if not gpus:
        return _named("cpu", "CPU", min(wanted, len(tf.config.list_logical_devices("CPU"))))
    keras.mixed_precision.set_global_policy("mixed_float16")
    name = str(tf.config.experimental.get_device_details(gpus[0]).get("device_name", "gpu"))
    return _named(name, "GPU", min(wanted, len(gpus)))


def _cut_cpu(wanted: int) -> None:
    cut = os.environ.get(LOGICAL_CPUS, "")
    if wanted > 1 and cut.isdecimal() and int(cut) > 1:
        cpu = tf.config.list_physical_devices("CPU")[0]
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * int(cut))


def _named(name: str, kind: str, count: int) -> Devices:
    if count < 2:
        return Devices(label=name)
    return Devices(label=f"{count} x {name}", replicas=tuple(f"{kind}:{number}" for number in range(count)))
