"""What each type of layer is called and what it does, in words for people who meet it for the first time."""

from __future__ import annotations

from dataclasses import dataclass

from core.architecture import LayerRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """One type of layer: `family` is what it is called and coloured by, `text` one paragraph."""

    family: str
    text: str


_INPUT = Lesson(
    family="Input",
    text="The door of the network: it takes in the raw data and fixes its size. It learns nothing.",
)
_RESCALING = Lesson(
    family="Reshaping",
    text="Divides every pixel by the largest possible value, so that all inputs lie between 0 and 1. Networks learn "
    "faster from small numbers. It learns nothing.",
)
_CONVOLUTION = Lesson(
    family="Convolution",
    text="Slides small windows (filters) over the picture. Each filter learns one pattern, such as an edge or a "
    "corner, and marks where it finds it: one map per filter. The same filter is used everywhere, so few weights "
    "cover the whole picture. Early layers find simple patterns, later ones combine them.",
)
_NORMALIZATION = Lesson(
    family="Normalization",
    text="Shifts and scales the values of each channel to mean 0 and spread 1 within a batch, then lets the network "
    "choose a better mean and spread. It keeps the signal in a range that later layers learn well from. In use it "
    "works with averages remembered from the training.",
)
_ACTIVATION = Lesson(
    family="Activation",
    text="Bends every value by a fixed curve (ReLU, for example, turns all negative values to 0). Without such bends "
    "any stack of layers could be replaced by a single one. The units are measured after it: one that never varies "
    "is dormant.",
)
_POOLING = Lesson(
    family="Pooling",
    text="Keeps one number out of every small square of each map, here the largest or the average. Later layers "
    "see a wider part of the picture, compute less, and care less where exactly a pattern was. It learns nothing.",
)
_DROPOUT = Lesson(
    family="Dropout",
    text="During training it sets a random share of the values to 0, so that the network cannot lean on single "
    "units. It works against learning by heart. In use it lets everything pass. It learns nothing.",
)
_FLATTEN = Lesson(
    family="Reshaping",
    text="Writes all values of the maps into one long row, so that dense layers can read them. It learns nothing; "
    "the longer the row, the more weights the next layer needs.",
)
_DENSE = Lesson(
    family="Dense",
    text="Every unit looks at all values of the layer before and learns one weight for each. It combines what was "
    "found so far. Often most weights of a network are here.",
)
_OUTPUT = Lesson(
    family="Output",
    text="One unit per class. Softmax turns their values into probabilities that add up to 100 %; the class with the "
    "largest one is the answer.",
)
_EMBEDDING = Lesson(
    family="Embedding",
    text="A table with one row of learned numbers per word. Words that are used alike end up with similar rows. Only "
    "the rows of words that occur are ever changed.",
)
_RECURRENT = Lesson(
    family="Recurrent",
    text="Reads a text word by word and carries a memory along. Gates learn what to keep, what to forget and what to "
    "tell the next layer. A bidirectional layer reads the text from both ends.",
)
_OTHER = Lesson(family="Other", text="There is no explanation for this type of layer yet.")

LESSONS: dict[str, Lesson] = {
    "InputLayer": _INPUT,
    "Rescaling": _RESCALING,
    "Conv2D": _CONVOLUTION,
    "BatchNormalization": _NORMALIZATION,
    "Activation": _ACTIVATION,
    "MaxPooling2D": _POOLING,
    "AveragePooling2D": _POOLING,
    "GlobalAveragePooling2D": _POOLING,
    "GlobalMaxPooling2D": _POOLING,
    "Dropout": _DROPOUT,
    "SpatialDropout1D": _DROPOUT,
    "Flatten": _FLATTEN,
    "Dense": _DENSE,
    "Embedding": _EMBEDDING,
    "LSTM": _RECURRENT,
    "Bidirectional": _RECURRENT,
}


def lesson(layer: LayerRecord) -> Lesson:
    """Return the lesson of a layer; a dense layer that ends in softmax is an output.

    An unknown type has a lesson too, which says so.
    """
    if layer.type == "Dense" and layer.settings.get("activation") == "softmax":
        return _OUTPUT
    return LESSONS.get(layer.type, _OTHER)
