"""What a person says about the data that is brought, and how much of it is accepted."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Literal

from core.config import check_choice, check_whole
from core.datasets.custom import check_name
from core.errors import InvalidInputError
from core.records import STRICT_KEYS

Colour = Literal["auto", "grey", "rgb"]
Resize = Literal["pad", "crop", "stretch"]
COLOURS: tuple[Colour, ...] = ("auto", "grey", "rgb")
RESIZES: tuple[Resize, ...] = ("pad", "crop", "stretch")
SMALLEST_SIDE, LARGEST_SIDE = 8, 224


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportLimits:
    """What an import accepts at most; MHL_IMPORT_<NAME> in the environment changes one."""

    max_files: int = 200_000  # members of an archive, or files below a folder
    max_bytes: int = 8_000_000_000  # of all files, unpacked
    max_file_bytes: int = 100_000_000  # of one image
    max_ratio: int = 200  # unpacked to packed size of one member
    max_pixels: int = 50_000_000  # of one image
    max_rows: int = 2_000_000  # of a table
    max_words: int = 1_000_000  # different words of all texts
    max_classes: int = 1000
    min_rows_per_class: int = 10  # distinct ones: with fewer, a part would have none

    def __post_init__(self) -> None:
        for limit in fields(self):
            value = getattr(self, limit.name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise InvalidInputError(f"import limit {limit.name} must be a whole number of 1 or more, got {value!r}")

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> ImportLimits:
        """Read MHL_IMPORT_MAX_FILES and so on."""
        env = os.environ if environ is None else environ
        given = {limit.name: env.get(f"MHL_IMPORT_{limit.name.upper()}") for limit in fields(cls)}
        for name, text in given.items():
            if text and not text.isdecimal():
                raise InvalidInputError(f"MHL_IMPORT_{name.upper()} must be a whole number, got {text!r:.40}")
        return cls(**{name: int(text) for name, text in given.items() if text})


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """How the data is to be read. None: the importer looks at the data and decides, and the report says what."""

    name: str
    label: str | None = None  # None: the name
    image_side: int | None = None  # pixels; images become square
    colour: Colour = "auto"  # auto: grey when every image is
    resize: Resize = "pad"  # pad with black, crop the middle, or stretch
    text_column: str | None = None
    label_column: str | None = None
    drop_small_classes: bool = False  # leave out classes with too few rows instead of refusing the data
    replace_existing: bool = False  # import again under a name that is taken by another custom data set
    limits: ImportLimits = field(default_factory=ImportLimits)

    __pydantic_config__ = STRICT_KEYS

    def __post_init__(self) -> None:
        check_name(self.name)
        if self.image_side is not None:
            check_whole("image_side", self.image_side, SMALLEST_SIDE, LARGEST_SIDE)
        check_choice("colour", self.colour, COLOURS)
        check_choice("resize", self.resize, RESIZES)
        if self.label is not None and not 1 <= len(self.label.strip()) <= 80:
            raise InvalidInputError(f"label must have 1 to 80 characters, got {len(self.label.strip())}")
