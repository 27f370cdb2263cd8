"""Optimizers and learning-rate schedules of a ModelConfig."""

from __future__ import annotations

import keras

from core.model_config import ModelConfig

_FINAL_SHARE = 0.01  # the exponential schedule ends at 1 % of the initial rate


def make_optimizer(config: ModelConfig, total_steps: int) -> keras.optimizers.Optimizer:
    """Return the optimizer with its schedule spread over `total_steps` training steps.

    `sgd` uses Nesterov momentum 0.9; `adamw` decouples a weight decay of 0.004 (Keras's default).
    """
    rate = make_schedule(config, total_steps)
    match config.optimizer:
        case "adam":
            return keras.optimizers.Adam(rate)
        case "adamw":
            return keras.optimizers.AdamW(rate)
        case "rmsprop":
            return keras.optimizers.RMSprop(rate)
        case "sgd":
            return keras.optimizers.SGD(rate, momentum=0.9, nesterov=True)


def make_schedule(config: ModelConfig, total_steps: int) -> float | keras.optimizers.schedules.LearningRateSchedule:
    """Return the constant rate, or a schedule that falls to (nearly) nothing at the last step."""
    match config.schedule:
        case "constant":
            return config.learning_rate
        case "cosine":
            return keras.optimizers.schedules.CosineDecay(config.learning_rate, max(total_steps, 1))
        case "exponential":
            return keras.optimizers.schedules.ExponentialDecay(config.learning_rate, max(total_steps, 1), _FINAL_SHARE)
