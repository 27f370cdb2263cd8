"""What each hyperparameter does, and what too little and too much of it look like, for people who meet it first."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import InvalidInputError
from core.registry import unknown_name

GROUPS = ("Layers", "Against learning by heart", "Training")
_LAYERS, _REGULAR, _TRAINING = GROUPS


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """One hyperparameter in words. `off` is the value that switches it off, None where it cannot be."""

    label: str
    group: str
    text: str  # one paragraph: what it does, what too little and too much look like
    off: Any = None


def _lesson(label: str, group: str, does: str, little: str, much: str, off: Any = None) -> Lesson:
    text = f"{does} **Too little:** {little} **Too much:** {much}"
    return Lesson(label=label, group=group, text=text, off=off)


def _choice(label: str, group: str, does: str, signs: str, off: Any = None) -> Lesson:
    """A lesson on something that has no more or less; `signs` tell what a wrong choice looks like."""
    return Lesson(label=label, group=group, text=f"{does} {signs}", off=off)


LESSONS: Mapping[str, Lesson] = {
    "conv_layers": _lesson(
        "Convolution layers",
        _LAYERS,
        "How many layers look for patterns in the picture, one after the other. Each combines what the one before "
        "found: edges, then corners, then whole shapes.",
        "only simple patterns are found, and accuracy stops rising early, on training data too.",
        "the picture shrinks to nothing, early layers receive weak gradients, and training takes longer without gain.",
    ),
    "filters": _lesson(
        "Filters of a convolution layer",
        _LAYERS,
        "How many different patterns this layer can look for. It counts only if the network has this many layers.",
        "patterns that tell classes apart are missed; training accuracy stays low.",
        "some filters never find anything to do (low neuron utilization), and each trial takes longer.",
    ),
    "kernel_size": _lesson(
        "Window of a filter (kernel size)",
        _LAYERS,
        "How many pixels wide and high the window is through which a filter looks.",
        "larger shapes are seen only by many layers together.",
        "the number of weights grows with the square, and fine detail is blurred.",
    ),
    "batch_normalization": _choice(
        "Batch normalization",
        _LAYERS,
        "Brings the values of each layer to mean 0 and spread 1 within a batch. Training becomes faster and bears "
        "larger learning rates.",
        "**Without it:** deep networks start slowly or stall. **With it:** very small batches give noisy averages, and "
        "validation accuracy jumps from epoch to epoch.",
        off=False,
    ),
    "global_pooling": _choice(
        "Global pooling",
        _LAYERS,
        "Keeps one number per filter, the average or the largest of its map, before the dense layers. “none” keeps "
        "every position.",
        "**Without it:** the first dense layer gets most of the weights and may learn by heart. **With it:** where a "
        "pattern was is forgotten, which costs accuracy when position matters.",
        off="none",
    ),
    "vocabulary": _lesson(
        "Vocabulary",
        _LAYERS,
        "How many different words the network knows, the most frequent first. All others read as “unknown”.",
        "telling words are lost; texts look alike.",
        "rare words are seen too seldom to learn anything from, and the embedding holds most of the weights.",
    ),
    "sequence_length": _lesson(
        "Words read per text",
        _LAYERS,
        "How many words of each text are read. Of a longer text the last ones count, a shorter one is filled up.",
        "the part that decides may be cut off.",
        "training time grows in proportion, and the network must remember over longer distances.",
    ),
    "embedding_size": _lesson(
        "Embedding size",
        _LAYERS,
        "How many numbers stand for the meaning of one word.",
        "words with different meanings cannot be kept apart.",
        "there are many weights per word, and the network learns the training texts by heart.",
    ),
    "lstm_layers": _lesson(
        "LSTM layers",
        _LAYERS,
        "How many reading layers follow each other. The second reads what the first made of the text.",
        "long connections in a text may be missed.",
        "training takes about twice as long per layer, and gradients of the first layer fade.",
    ),
    "lstm_units": _lesson(
        "Units of an LSTM layer",
        _LAYERS,
        "How much this layer can remember while it reads. It counts only if the network has this many layers.",
        "the beginning of a text is forgotten.",
        "training is slow, and training accuracy runs far ahead of validation accuracy.",
    ),
    "bidirectional": _choice(
        "Read in both directions",
        _LAYERS,
        "A second LSTM reads each text from its end to its start, so that every word is seen with what follows it.",
        "**Without it:** words are judged by what came before only. **With it:** weights and time double, for a gain "
        "that is small in long texts.",
        off=False,
    ),
    "activation": _choice(
        "Activation",
        _LAYERS,
        "The curve that bends the values after each layer. Without a bend, many layers could do no more than one.",
        "**relu** is fast, but a unit can get stuck at 0 (dormant). **leaky_relu**, **elu** and **swish** avoid that. "
        "**tanh** flattens out on both sides, so gradients fade in deep networks.",
    ),
    "dense_layers": _lesson(
        "Dense layers",
        _LAYERS,
        "How many fully connected layers turn what was found into a decision.",
        "patterns cannot be combined in complicated ways.",
        "most weights lie here: the network learns by heart and gains nothing on new data.",
    ),
    "dense_units": _lesson(
        "Units of a dense layer",
        _LAYERS,
        "How wide this layer is. It counts only if the network has this many dense layers.",
        "it becomes a bottleneck; training accuracy stays low.",
        "training accuracy runs ahead of validation accuracy, and parameter efficiency falls.",
    ),
    "dropout": _lesson(
        "Dropout",
        _REGULAR,
        "During training a random share of the units is silenced, so that no unit can rely on a single other one.",
        "training accuracy runs ahead of validation accuracy: the network learns by heart.",
        "both accuracies stay low, since too little gets through.",
        off=0.0,
    ),
    "spatial_dropout": _lesson(
        "Dropout of embedding channels",
        _REGULAR,
        "During training whole channels of the embedding are silenced for a text, not single numbers.",
        "the network relies on a few channels and learns words by heart.",
        "the meaning of words is lost, and learning is slow.",
        off=0.0,
    ),
    "recurrent_dropout": _lesson(
        "Dropout of the LSTM's memory",
        _REGULAR,
        "During training a part of what the LSTM remembers from word to word is silenced.",
        "an LSTM with many units learns the training texts by heart.",
        "it forgets while it reads. Any value above 0 makes training slower.",
        off=0.0,
    ),
    "kernel_initializer": _choice(
        "First weights (initializer)",
        _TRAINING,
        "From which spread the random first weights are drawn.",
        "**he_normal** suits relu and its relatives, **glorot_uniform** suits tanh, **orthogonal** keeps signals "
        "apart in deep or recurrent networks. A bad match shows as a slow first epoch and uneven gradients.",
    ),
    "optimizer": _choice(
        "Optimizer",
        _TRAINING,
        "How the weights are moved along the gradient. **adam** adapts the step of every weight and works almost "
        "everywhere; **adamw** also keeps weights small; **rmsprop** suits recurrent nets; **sgd** takes plain steps.",
        "A wrong choice shows as a loss that falls slowly (often **sgd** with a small learning rate) or that jumps.",
    ),
    "learning_rate": _lesson(
        "Learning rate",
        _TRAINING,
        "How far the weights move at each step. Often the most important setting of all.",
        "the loss falls slowly, and training ends before it is done.",
        "the loss jumps or becomes infinite, and units die.",
    ),
    "schedule": _choice(
        "Learning rate schedule",
        _TRAINING,
        "How the learning rate changes during the training: it stays (**constant**), or it falls (**cosine**, "
        "**exponential**), so that the last steps are fine ones.",
        "**Without it:** accuracy may jump around its best value at the end. **With it:** the rate may become too "
        "small before the network has learned enough.",
        off="constant",
    ),
    "batch_size": _lesson(
        "Batch size",
        _TRAINING,
        "How many examples are looked at before the weights move once.",
        "steps are noisy, and each epoch takes longer.",
        "there are few steps per epoch, so that more epochs or a larger learning rate are needed.",
    ),
}
_NUMBERED = re.compile(r"(filters|dense_units|lstm_units)_(\d+)")


def lesson(parameter: str) -> Lesson:
    """Return the lesson on a parameter of a search space.

    >>> lesson("filters_2").label
    'Filters of convolution layer 2'
    """
    numbered = _NUMBERED.fullmatch(parameter)
    if numbered is None:
        if parameter not in LESSONS:
            raise InvalidInputError(unknown_name("hyperparameter", parameter, list(LESSONS)))
        return LESSONS[parameter]
    general = LESSONS[numbered[1]]
    label = re.sub(r"of an? (.+ layer)", rf"of \1 {numbered[2]}", general.label)
    return Lesson(label=label, group=general.group, text=general.text, off=general.off)
