"""What every shift must keep to, and each of them against an independent reference."""

from __future__ import annotations

import colorsys
import doctest
import importlib
import pkgutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from scipy import ndimage

import core.shifts
from core.datasets import DATASETS
from core.datasets.custom import CustomDataset
from core.errors import InvalidInputError
from core.shifts import SHIFTS, Canvas, Shift, Use
from core.shifts.images import shift_images

MODULES = [f"core.shifts.{module.name}" for module in pkgutil.iter_modules(core.shifts.__path__)]
IMAGE_SETS = sorted(name for name in DATASETS if DATASETS[name].kind == "image")
PHOTOGRAPH, DIGIT = Canvas(scale=255.0), Canvas(scale=16.0, background="dark")
OWN = CustomDataset(
    name="holiday", label="", kind="image", shape=(32, 32, 3), class_names=("a", "b"), rows=2, description="",
    source="", imported_at="",
).entry()  # fmt: skip
every_shift = pytest.mark.parametrize("name", sorted(SHIFTS))
Images = NDArray[np.uint8]


def images(shape: tuple[int, ...], high: int = 255, seed: int = 0) -> Images:
    return np.random.default_rng(seed).integers(0, high + 1, shape, np.uint8)


def levels(shift: Shift) -> list[float]:
    return sorted({level for use in (*shift.uses.values(), shift.elsewhere) for level in use.levels})


@pytest.mark.parametrize("module", ["core.shifts", *MODULES])
def test_examples_in_the_docstrings(module: str) -> None:
    assert doctest.testmod(importlib.import_module(module)).failed == 0


@every_shift
def test_explains_itself(name: str) -> None:
    shift = SHIFTS[name]
    assert shift.name == name and shift.label and shift.description.endswith(".") and len(shift.source) > 10
    labels = [shift.level_label(level) for level in levels(shift)]
    assert len(set(labels)) == len(labels) and all(shift.label in label for label in labels)
    for use in (*shift.uses.values(), shift.elsewhere):
        for text in filter(None, (use.excluded, use.note)):
            assert not text.endswith(".") and text[0].islower(), "it goes on after a colon"
    assert set(shift.uses) <= set(IMAGE_SETS), "a data set that does not exist"


@every_shift
@pytest.mark.parametrize(("shape", "canvas"), [((5, 8, 8, 1), DIGIT), ((3, 9, 12, 3), PHOTOGRAPH)])
def test_pixels_keep_shape_type_and_scale_and_rows_do_not_leak(
    name: str, shape: tuple[int, ...], canvas: Canvas
) -> None:
    shift, x = SHIFTS[name], images(shape, int(canvas.scale))
    before = x.tobytes()
    assert shift_images(x, shift, 0, canvas) is x
    for level in levels(shift):
        result = shift_images(x, shift, level, canvas)
        assert result.shape == x.shape and result.dtype == np.uint8 and result.max() <= canvas.scale
        assert (result != x).any() and x.tobytes() == before
        order = np.array([2, 0])
        assert (shift_images(x[order], shift, level, canvas) == result[order]).all()
        assert (shift_images(x, shift, level, canvas) == result).all()


@every_shift
def test_more_images_than_a_block_are_shifted_alike(name: str) -> None:
    shift, x = SHIFTS[name], images((1100, 4, 4, 1))
    level = levels(shift)[0]
    result = shift_images(x, shift, level, PHOTOGRAPH)
    assert (result[[0, 511, 512, 1099]] == shift_images(x[[0, 511, 512, 1099]], shift, level, PHOTOGRAPH)).all()


@every_shift
@settings(max_examples=25, deadline=None)
@given(x=arrays.arrays(np.uint8, arrays.array_shapes(min_dims=4, max_dims=4, max_side=6), elements=st.integers(0, 16)))
def test_any_images_stay_images(name: str, x: Images) -> None:
    for canvas in (DIGIT, replace(DIGIT, background="edge")):
        for level in levels(SHIFTS[name]):
            result = shift_images(x, SHIFTS[name], level, canvas)
            assert result.shape == x.shape and result.max() <= 16


@pytest.mark.parametrize(("scale", "value"), [(16.0, 16), (255.0, 255)])
@every_shift
def test_damage_grows_with_the_strength(name: str, scale: float, value: int) -> None:
    """On a bright bar on black, as strokes are."""
    shift = SHIFTS[name]
    x = np.zeros((1, 28, 28, 1), np.uint8)
    x[:, 4:24, 12:15] = value
    x[:, 18:24, 15:20] = value  # so that a mirror shows
    canvas = Canvas(scale=scale, background="dark")
    damage = [np.abs(shift_images(x, shift, one, canvas) / scale - x / scale).mean() for one in levels(shift)]
    if len(damage) > 1 and name != "rotation":  # turned far enough, the bar lies on itself again
        assert damage == sorted(damage) and damage[-1] > 1.5 * damage[0]
    assert min(damage) > 0.01


def test_a_quarter_turn_is_that_of_numpy_and_small_turns_that_of_scipy() -> None:
    rotation = SHIFTS["rotation"]
    for canvas, mode in ((DIGIT, "constant"), (PHOTOGRAPH, "nearest")):
        x = images((4, 9, 9, 3), int(canvas.scale))
        assert (shift_images(x, rotation, 90, canvas) == np.rot90(x, axes=(1, 2))).all()
        one = ndimage.rotate(x[1].astype(float), 30, reshape=False, order=1, mode=mode)
        assert (shift_images(x, rotation, 30, canvas)[1] == np.rint(one).clip(0, canvas.scale)).all()
    white = np.full((1, 9, 9, 1), 16, np.uint8)
    assert shift_images(white, rotation, 45, DIGIT)[0, 0, 0, 0] == 0
    assert (shift_images(white, rotation, 45, replace(DIGIT, background="edge")) == 16).all()


def test_flips_are_those_of_numpy() -> None:
    x = images((3, 7, 5, 3))
    assert (shift_images(x, SHIFTS["horizontal_flip"], 1, PHOTOGRAPH) == np.stack([np.fliplr(one) for one in x])).all()
    assert (shift_images(x, SHIFTS["vertical_flip"], 1, PHOTOGRAPH) == np.stack([np.flipud(one) for one in x])).all()


def test_brightness_is_that_of_cifar_10_c() -> None:
    x = images((2, 8, 8, 3))
    x[0, 0, 0] = 0  # black becomes grey
    reference = []
    for pixel in x.reshape(-1, 3) / 255:
        hue, saturation, value = colorsys.rgb_to_hsv(*pixel)
        reference.append(colorsys.hsv_to_rgb(hue, saturation, min(value + 0.2, 1.0)))
    found = shift_images(x, SHIFTS["brightness"], 20, PHOTOGRAPH).reshape(-1, 3)
    assert np.abs(found - 255 * np.array(reference)).max() <= 0.501
    grey = images((2, 8, 8, 1))
    plain = np.rint(np.clip(grey / 255 + 0.2, 0, 1) * 255)
    assert (shift_images(grey, SHIFTS["brightness"], 20, PHOTOGRAPH) == plain).all()


def test_contrast_is_that_of_cifar_10_c() -> None:
    x = images((2, 8, 8, 3))
    means = (x / 255).mean(axis=(1, 2), keepdims=True)
    reference = 255 * np.clip((x / 255 - means) * 0.4 + means, 0, 1)
    assert np.abs(shift_images(x, SHIFTS["contrast"], 60, PHOTOGRAPH) - reference).max() <= 0.501


def test_every_level_of_the_coarse_digits_is_another_picture() -> None:
    digits = DATASETS["digits"]
    x = images((4, 8, 8, 1), 16)
    for shift in SHIFTS.values():
        shown = [shift_images(x, shift, one, Canvas.of(digits)).tobytes() for one in shift.use_for(digits).levels]
        assert len(set(shown)) == len(shown)
    steps = SHIFTS["brightness"].use_for(digits).levels
    dark = np.zeros((1, 8, 8, 1), np.uint8)
    assert [int(shift_images(dark, SHIFTS["brightness"], one, DIGIT).max()) for one in steps] == [1, 2, 3, 4, 5]


def test_which_shifts_keep_the_class() -> None:
    applied = {
        name: {key: shift.use_for(DATASETS[name]).levels for key, shift in SHIFTS.items()} for name in IMAGE_SETS
    }
    for name in ("digits", "mnist"):
        assert applied[name]["rotation"] == (15, 30, 45)
        assert not applied[name]["horizontal_flip"] and not applied[name]["vertical_flip"]
    assert applied["gtsrb"]["rotation"] == (15,)
    assert not applied["gtsrb"]["horizontal_flip"] and not applied["gtsrb"]["vertical_flip"]
    for name in ("fashion_mnist", "cifar10", "cifar100", "cifar100_coarse"):
        assert applied[name]["rotation"] == (15, 30, 45, 60, 75, 90) and applied[name]["horizontal_flip"]
    assert applied["cifar10"]["vertical_flip"] and not applied["fashion_mnist"]["vertical_flip"]
    assert "unnatural" in SHIFTS["vertical_flip"].use_for(DATASETS["cifar10"]).note
    assert all(len(one["brightness"]) == len(one["contrast"]) == 5 for one in applied.values())
    own = {key for key, shift in SHIFTS.items() if shift.use_for(OWN).levels}
    assert own == {"brightness", "contrast"}


def test_background_and_scale_are_those_of_the_data_set() -> None:
    assert Canvas.of(DATASETS["digits"]) == DIGIT
    assert Canvas.of(DATASETS["mnist"]) == Canvas(scale=255.0, background="dark")
    assert Canvas.of(DATASETS["gtsrb"]) == Canvas.of(OWN) == PHOTOGRAPH


def test_requests_and_entries_that_make_no_sense_are_refused() -> None:
    x = images((1, 4, 4, 1))
    with pytest.raises(InvalidInputError, match="from 0 to 90, got 91"):
        shift_images(x, SHIFTS["rotation"], 91, PHOTOGRAPH)
    with pytest.raises(InvalidInputError, match="from 0 to 90, got -5"):
        shift_images(x, SHIFTS["rotation"], -5, PHOTOGRAPH)
    with pytest.raises(InvalidInputError, match=r"uint8 of shape \(N, H, W, C\), got float64"):
        shift_images(x.astype(float), SHIFTS["rotation"], 15, PHOTOGRAPH)  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="got uint8 of shape"):
        shift_images(x[0], SHIFTS["rotation"], 15, PHOTOGRAPH)
    for wrong in ((0.0, 1.0), (2.0, 1.0), (1.0, 1.0)):
        with pytest.raises(InvalidInputError, match="above 0 and rise"):
            Use(levels=wrong)
    with pytest.raises(InvalidInputError, match="must say why"):
        Use()
    with pytest.raises(InvalidInputError, match="Did you mean 'rotation'"):
        SHIFTS["rotatoin"]


def test_the_web_process_may_know_the_shifts_without_scipy() -> None:
    code = "import sys\nfrom core.shifts import SHIFTS\nlist(SHIFTS)\nprint(*{m.split('.')[0] for m in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"scipy", "skimage", "sklearn"} & set(done.stdout.split())
