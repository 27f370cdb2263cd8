"""Which device trains. Must be called before the first TensorFlow operation of a process."""

from __future__ import annotations

import keras
import tensorflow as tf

THREADS = 1  # two workers of one thread do 1.3 to 1.7 times the trials of one worker of two threads


def gpu_count() -> int:
    """Number of GPUs that TensorFlow sees."""
    return len(tf.config.list_physical_devices("GPU"))


def prepare() -> str:
    """Set threads, GPU memory growth and precision; return the device's name for the result."""
    gpus = tf.config.list_physical_devices("GPU")
    try:
        if not gpus:
            tf.config.threading.set_intra_op_parallelism_threads(THREADS)
            tf.config.threading.set_inter_op_parallelism_threads(THREADS)
        for gpu in gpus:
            tf.config.experimental.set_memory_growth(gpu, True)
    except RuntimeError:
        pass  # a notebook that has already computed something keeps the settings it has
    if not gpus:
        return "cpu"
    keras.mixed_precision.set_global_policy("mixed_float16")
    return str(tf.config.experimental.get_device_details(gpus[0]).get("device_name", "gpu"))
