"""`train_trial`: one specification in, one result out. Used unchanged by every executor."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import keras
import numpy as np

from core.architecture import ARCHITECTURE_FILE
from core.datasets.parts import Part, TrialData
from core.model_config import ModelConfig
from core.records import to_json
from core.training import devices
from core.training.architecture import describe
from core.training.batches import Batches
from core.training.groups import class_groups, length_groups
from core.training.inputs import model_inputs
from core.training.model_builder import build_model, count_parameters
from core.training.optimizers import make_optimizer
from core.training.predictor import predict
from core.training.probe import ACTIVATION_ROWS, GradientProbe, measure_activity, probe_hash, probe_rows
from core.training.recorder import Recorder, correct_rows, cross_entropy, top1
from core.training.replicas import Replicas
from core.trial import (
    MODEL_FILE,
    RESULT_FILE,
    SPEC_FILE,
    Artifact,
    EpochRecord,
    ParameterCount,
    Trace,
    TrialMetrics,
    TrialResult,
    TrialSpec,
)

TEST_PREDICTIONS_FILE = "test_predictions.npy"
TRAIN_SAMPLE = 5_000  # rows of the training part that the training accuracy of the saved model is measured on


@dataclass(frozen=True)
class _Rows:
    """Model inputs and labels of one part."""

    x: np.ndarray
    y: np.ndarray


def train_trial(
    spec: TrialSpec,
    data: TrialData,
    out_dir: Path,
    on_epoch: Callable[[EpochRecord], None],
    on_trained: Callable[[keras.Model, np.ndarray], None] | None = None,
) -> TrialResult:
    """Train, evaluate and save one network; `result.json` is written last and marks a complete folder.

    `on_epoch` is called after every epoch, and `on_trained` with the saved model and its validation probabilities
    when all that counts is done: its time and its files are no part of the result. Exceptions pass through: the
    worker boundary turns them into a failed result with its traceback.
    """
    started = time.perf_counter()
    shutil.rmtree(out_dir, ignore_errors=True)
    out_dir.mkdir(parents=True)
    (out_dir / SPEC_FILE).write_text(to_json(spec), encoding="utf-8")
    found = devices.prepare(spec.gpus)
    device = found.label
    keras.utils.set_random_seed(spec.seed)
    build = partial(build_model, spec.model, data.entry.shape, len(data.entry.class_names), data.entry.scale)
    model = build()
    (out_dir / ARCHITECTURE_FILE).write_text(to_json(describe(model)), encoding="utf-8")
    parameters = replace(count_parameters(model), smallest=spec.smallest_parameters, largest=spec.largest_parameters)
    if spec.max_parameters is not None and parameters.total > spec.max_parameters:
        return TrialResult(
            number=spec.number,
            status="over_budget",
            seconds=time.perf_counter() - started,
            parameters=parameters.total,
            device=device,
            error=f"{parameters.total:,} parameters exceed the budget of {spec.max_parameters:,}; not trained",
        )
    train, validation = (_rows(part, spec.model) for part in (data.train, data.validation))
    replicas = Replicas(model, found, partial(build, synchronized=True))
    recorder = _fit(spec, replicas, train, validation, len(data.entry.class_names), out_dir, on_epoch)
    model.save(out_dir / MODEL_FILE)
    probabilities = predict(model, validation.x)
    test = _rows(data.test, spec.model)
    test_probabilities = predict(model, test.x)
    np.save(out_dir / TEST_PREDICTIONS_FILE, test_probabilities)
    result = TrialResult(
        number=spec.number,
        status="completed",
        seconds=0.0,  # known at the end
        metrics=_metrics(model, train, validation.y, probabilities, test.y, test_probabilities),
        trace=_trace(spec, model, recorder, parameters, data, validation, probabilities),
        parameters=parameters.total,
        device=device,
    )
    result = replace(result, artifacts=list_artifacts(out_dir), seconds=time.perf_counter() - started)
    if on_trained is not None:
        on_trained(model, probabilities)
    unfinished = out_dir / f"{RESULT_FILE}.part"
    unfinished.write_text(to_json(result), encoding="utf-8")
    unfinished.rename(out_dir / RESULT_FILE)
    return result


def _rows(part: Part, config: ModelConfig) -> _Rows:
    return _Rows(model_inputs(part, config), np.asarray(part.y))


def _fit(
    spec: TrialSpec,
    replicas: Replicas,
    train: _Rows,
    validation: _Rows,
    classes: int,
    out_dir: Path,
    on_epoch: Callable[[EpochRecord], None],
) -> Recorder:
    batch = spec.model.batch_size
    steps = -(-len(train.y) // batch)
    model = replicas.fitted
    with replicas.scope():
        model.compile(
            optimizer=make_optimizer(spec.model, steps * spec.epochs),
            loss="sparse_categorical_crossentropy",
            metrics=["accuracy"],
            # Several steps per call save Python time; eight calls per epoch leave room for the loss windows. Replicas
            # cannot take several: Keras hands them the rest of an epoch as a batch of none.
            steps_per_execution=1 if replicas.several else max(1, min(32, steps // 8)),
            jit_compile="auto" if devices.gpu_count() else False,  # XLA made CPU epochs 2.5 to 4.7 times slower
        )
        _create_variables(model, classes)
    rows = probe_rows(len(train.y))
    probe = GradientProbe(replicas.network, train.x[rows], train.y[rows])
    recorder = Recorder(
        probe,
        validation.x,
        validation.y,
        classes=classes,
        steps=steps,
        on_epoch=on_epoch,
        network=replicas.network,
        refresh=replicas.refresh,
        max_seconds=spec.max_seconds,
    )
    recorder.probe_hash = probe_hash(probe, validation.x[:ACTIVATION_ROWS])
    batches = Batches(train.x, train.y, batch, spec.seed)
    callbacks = [
        batches,
        recorder,  # before the others: it puts the validation results into the logs that the others read
        keras.callbacks.TerminateOnNaN(),
        keras.callbacks.EarlyStopping(monitor="val_loss", patience=spec.patience, restore_best_weights=True),
        keras.callbacks.TensorBoard(out_dir / "tensorboard", write_graph=False, profile_batch=0),
    ]
    model.fit(batches.dataset, epochs=spec.epochs, callbacks=callbacks, shuffle=False, verbose=0)
    replicas.refresh()  # early stopping may have gone back to an earlier epoch
    return recorder


def _create_variables(model: keras.Model, classes: int) -> None:
    """Make the optimizer's and the metrics' variables now: made inside the first step, they compile it twice."""
    model.optimizer.build(model.trainable_variables)
    model.compute_metrics(None, np.zeros(1, np.int64), np.full((1, classes), 1 / classes, np.float32))
    model.reset_metrics()


def _metrics(
    model: keras.Model,
    train: _Rows,
    y_val: np.ndarray,
    val_probabilities: np.ndarray,
    y_test: np.ndarray,
    test_probabilities: np.ndarray,
) -> TrialMetrics:
    sample = min(len(train.y), TRAIN_SAMPLE)
    return TrialMetrics(
        train_accuracy=top1(predict(model, train.x[:sample]), train.y[:sample]),
        val_accuracy=top1(val_probabilities, y_val),
        val_loss=cross_entropy(val_probabilities, y_val),
        test_accuracy=top1(test_probabilities, y_test),
        test_loss=cross_entropy(test_probabilities, y_test),
        train_n=sample,
        val_n=len(y_val),
        test_n=len(y_test),
    )


def _trace(
    spec: TrialSpec,
    model: keras.Model,
    recorder: Recorder,
    parameters: ParameterCount,
    data: TrialData,
    validation: _Rows,
    probabilities: np.ndarray,
) -> Trace:
    correct = correct_rows(probabilities, validation.y)
    shares = np.bincount(validation.y, minlength=len(data.entry.class_names)) / len(validation.y)
    present = shares[shares > 0]
    diverged = recorder.diverged
    if diverged is None and not all(np.isfinite(weight).all() for weight in model.get_weights()):
        diverged = "the saved weights are not finite"
    groups = class_groups(validation.y, correct, data.entry.class_names)
    return Trace(
        classes=len(data.entry.class_names),
        majority_rate=float(shares.max()),
        chance_loss=float(-(present * np.log(present)).sum()),
        initial_loss=recorder.initial_loss,
        window_losses=tuple(recorder.windows),
        epochs=tuple(recorder.epochs),
        layers=measure_activity(model, validation.x),
        groups=groups + (length_groups(data.validation, correct) if spec.model.kind == "lstm" else ()),
        parameters=parameters,
        val_n=len(validation.y),
        val_correct=int(correct.sum()),
        probe_hash=recorder.probe_hash,
        diverged=diverged,
    )


def list_artifacts(folder: Path) -> tuple[Artifact, ...]:
    """Name every file below `folder` with its SHA-256 and size."""
    return tuple(
        Artifact(
            path=path.relative_to(folder).as_posix(),
            sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
            size=path.stat().st_size,
        )
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    )
