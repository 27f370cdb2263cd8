"""The image corruptions one by one, on real images and against other people's code."""

from __future__ import annotations

import colorsys
import io
import math
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy import stats
from scipy.ndimage import correlate

from core.config import Settings
from core.corruptions import CORRUPTIONS, Corruption, Level
from core.corruptions.brightness import brighten
from core.corruptions.contrast import flatten
from core.corruptions.entry import SEVERITIES
from core.corruptions.gaussian_blur import blur
from core.corruptions.images import corrupt_images
from core.corruptions.jpeg import compress
from core.corruptions.motion_blur import motion_kernel, move
from core.corruptions.pixelate import pixelate
from core.corruptions.salt_pepper import sprinkle
from core.datasets import DATASETS
from core.datasets.cache import prepare
from tests.conftest import find_mirror

Pixels = NDArray[np.uint8]
ALL = [
    one
    for name in sorted(CORRUPTIONS)
    if CORRUPTIONS[name].image is not None
    for one in (CORRUPTIONS[name], CORRUPTIONS[name].asked)
    if one is not None
]
every = pytest.mark.parametrize("entry", ALL, ids=lambda entry: entry.name)
REAL = ["digits", *(["mnist", "cifar10"] if find_mirror() else [])]
MIXES_CHANNELS = {"jpeg", "jpeg_asked", "brightness"}  # by what they are: colour is stored, and lit, as one thing


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def real(lab: Settings) -> dict[str, Pixels]:
    """A few real images of each data set."""
    found = {}
    for name in REAL:
        x = prepare(name, lab).arrays().x
        assert x is not None
        found[name] = np.asarray(x[:60])
    return found


def psnr(clean: Pixels, damaged: Pixels, scale: float) -> float:
    """Peak signal to noise ratio in dB; less is more damage."""
    error = float((((clean.astype(float) - damaged) / scale) ** 2).mean())
    return -10 * math.log10(error) if error else math.inf


def test_all_that_were_asked_for_are_there() -> None:
    names = {entry.name for entry in ALL}
    assert names >= {"gaussian_noise", "motion_blur", "jpeg", "salt_pepper", "brightness", "contrast", "pixelate"}
    asked = {name: [level.value for level in CORRUPTIONS[name].asked.levels]  # type: ignore[union-attr]
             for name in ("gaussian_noise", "motion_blur", "jpeg", "salt_pepper")}  # fmt: skip
    ends = {name: (levels[0], levels[-1]) for name, levels in asked.items()}
    assert ends["gaussian_noise"][1] == 0.3 and ends["motion_blur"][1] == 9
    assert ends["jpeg"][1] == 10 and ends["salt_pepper"][1] == 0.2
    assert all(len(set(levels)) == 5 for levels in asked.values())
    assert CORRUPTIONS["gaussian_noise"].asked.asked is None  # type: ignore[union-attr]


@pytest.mark.parametrize("name", REAL)
@every
def test_damage_to_real_images_grows_and_severity_0_is_none(
    entry: Corruption, name: str, real: dict[str, Pixels]
) -> None:
    x, scale = real[name], DATASETS[name].scale
    before = x.tobytes()
    assert corrupt_images(x, entry, 0, 42, dataset=name, scale=scale) is x
    results = [corrupt_images(x, entry, severity, 42, dataset=name, scale=scale) for severity in SEVERITIES]
    assert x.tobytes() == before, "the input is left as it was"
    assert all(result.dtype == np.uint8 and result.shape == x.shape and result.max() <= scale for result in results)
    damage = [psnr(x, result, scale) for result in results]
    # The published motion blurs 3 and 4 of colour images differ in a radius that cuts nothing off, and 8 pixels of 17
    # steps cannot show every step of pixelation and brightness.
    assert all(later <= earlier + 0.15 for earlier, later in pairwise(damage)), damage
    assert math.inf > damage[0] > damage[2] > damage[4] > 3 or entry.name == "pixelate", damage
    assert damage[0] > damage[4] + 1, damage


@every
def test_the_same_seed_gives_the_same_bytes_whatever_the_choice_of_rows(
    entry: Corruption, real: dict[str, Pixels]
) -> None:
    x = real["digits"][:20]
    whole = corrupt_images(x, entry, 3, 42, dataset="digits", scale=16.0)
    assert corrupt_images(x, entry, 3, 42, dataset="digits", scale=16.0).tobytes() == whole.tobytes()
    rows = np.array([11, 3, 19])
    some = corrupt_images(x[rows], entry, 3, 42, dataset="digits", rows=rows, scale=16.0)
    assert some.tobytes() == whole[rows].tobytes()
    if entry.name.startswith(("gaussian_noise", "salt_pepper", "motion_blur")):
        assert (corrupt_images(x, entry, 3, 43, dataset="digits", scale=16.0) != whole).any()
        assert (corrupt_images(x, entry, 3, 42, dataset="mnist", scale=16.0) != whole).any()


@every
def test_an_impulse_in_one_image_leaves_its_neighbours_untouched(entry: Corruption) -> None:
    x = np.full((3, 28, 28, 1), 60, np.uint8)
    x[1, 14, 14] = 255
    plain = np.full((3, 28, 28, 1), 60, np.uint8)
    with_impulse, without = (corrupt_images(images, entry, 4, 42) for images in (x, plain))
    assert (with_impulse[[0, 2]] == without[[0, 2]]).all()
    assert (with_impulse[1] != without[1]).any()


@every
def test_channels_do_not_leak(entry: Corruption) -> None:
    if entry.name in MIXES_CHANNELS:
        pytest.skip("mixes channels by what it is")
    x = np.full((1, 32, 32, 3), 60, np.uint8)
    changed = x.copy()
    changed[0, 10:20, 10:20, 1] = 200
    one, other = (corrupt_images(images, entry, 4, 42) for images in (x, changed))
    assert (one[..., [0, 2]] == other[..., [0, 2]]).all()
    assert (one[..., 1] != other[..., 1]).any()


@pytest.mark.parametrize("scale", [1.0, 16.0, 100.0, 255.0])
def test_a_data_set_s_own_scale_is_kept(scale: float) -> None:
    x = rng().integers(0, int(scale) + 1, (4, 16, 16, 1), np.uint8)
    untouched = Corruption(
        name="none", label="", description="", unit="", source="", image=lambda image, level, _: image,
        levels=tuple(Level(value=number) for number in range(5)),
    )  # fmt: skip
    assert (corrupt_images(x, untouched, 3, 42, scale=scale) == x).all(), "there and back is exact"
    peppered = corrupt_images(x, CORRUPTIONS["salt_pepper"], 5, 42, scale=scale)
    changed = peppered[peppered != x]
    assert set(changed.tolist()) <= {0, int(scale)} and len(changed)


def test_noise_of_digits_is_measured_in_their_own_scale() -> None:
    x = np.full((200, 8, 8, 1), 8, np.uint8)
    result = corrupt_images(x, CORRUPTIONS["gaussian_noise"], 2, 42, scale=16.0).astype(float)
    expected = math.sqrt((0.12 * 16) ** 2 + 1 / 12)  # and rounding
    assert (result - 8).std() == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize(("channels", "sigma"), [(1, 0.12), (3, 0.06)])
def test_gaussian_noise_is_normal_with_its_standard_deviation(channels: int, sigma: float) -> None:
    x = np.full((60, 32, 32, channels), 128, np.uint8)
    noise = (corrupt_images(x, CORRUPTIONS["gaussian_noise"], 2, 42).astype(float) - 128).ravel()
    assert (
        noise.std() == pytest.approx(sigma * 255, rel=0.02) and abs(noise.mean()) < 4 * noise.std() / len(noise) ** 0.5
    )
    standard = (noise + rng().uniform(-0.5, 0.5, noise.size)) / (sigma * 255)  # undoes the steps of whole numbers
    assert stats.kstest(standard[:5000], "norm").pvalue > 0.001


@pytest.mark.parametrize("severity", [1, 5])
def test_salt_and_pepper_hit_as_many_values_as_they_say(severity: int) -> None:
    x = np.full((60, 28, 28, 1), 128, np.uint8)
    entry = CORRUPTIONS["salt_pepper"]
    share = entry.level(severity, (28, 28, 1)).value
    result = corrupt_images(x, entry, severity, 42)
    salt, pepper = int((result == 255).sum()), int((result == 0).sum())
    assert set(np.unique(result)) == {0, 128, 255}
    assert stats.binomtest(salt + pepper, x.size, share).pvalue > 0.001
    assert stats.binomtest(salt, salt + pepper, 0.5).pvalue > 0.001
    assert (sprinkle(x[0], Level(value=0), rng()) == x[0]).all()


@pytest.mark.parametrize("channels", [1, 3])
def test_jpeg_is_pillow_s(channels: int) -> None:
    x = rng().integers(0, 256, (32, 32, channels), np.uint8)
    file = io.BytesIO()
    Image.fromarray(x[..., 0] if channels == 1 else x).save(file, format="JPEG", quality=58)
    expected = np.asarray(Image.open(file)).reshape(x.shape)
    assert (compress(x, Level(value=58), rng()) == expected).all()


@pytest.mark.parametrize("angle", [-45.0, -20.0, 0.0, 33.0, 45.0])
@pytest.mark.parametrize(
    "level", [Level(value=2, more=(8,)), Level(value=15, more=(20,)), Level(value=9), Level(value=2.6)]
)
def test_a_motion_kernel_is_a_line_that_sums_to_1(level: Level, angle: float) -> None:
    kernel = motion_kernel(level, angle)
    middle = len(kernel) // 2
    y, x = np.nonzero(kernel)
    direction = math.radians(angle)
    away = (x - middle) * -math.sin(direction) + (y - middle) * math.cos(direction)
    assert kernel.sum() == pytest.approx(1) and (kernel >= 0).all()
    assert np.abs(away).max() < 2**0.5, "no weight lies further from the line than the next pixels"
    if level.more:
        mean = float((kernel * (np.arange(len(kernel)) - middle)).sum())
        steps = np.arange(2 * level.more[0] + 1)
        weights = stats.norm.pdf(steps, 0, level.value)
        assert mean == pytest.approx((steps * weights).sum() / weights.sum() * math.cos(direction), rel=1e-3)
    else:
        assert np.allclose(kernel, kernel[::-1, ::-1]), "an even line does not move the picture"


def test_plain_motion_kernels_are_the_usual_ones() -> None:
    assert motion_kernel(Level(value=1), 17.0).tolist() == [[1.0]]
    assert np.allclose(motion_kernel(Level(value=5), 0.0)[2], 0.2)
    steep = motion_kernel(Level(value=3), 90.0)
    assert np.allclose(steep[:, 1], 1 / 3)


@pytest.mark.parametrize("level", [Level(value=2, more=(8,)), Level(value=7)])
def test_motion_blur_is_the_correlation_with_its_kernel(level: Level) -> None:
    image = rng().integers(0, 256, (20, 24, 3), np.uint8)
    kernel = motion_kernel(level, rng(5).uniform(-45, 45))
    expected = correlate(image.astype(float), kernel[:, :, None], mode="nearest")
    assert np.abs(move(image, level, rng(5)) - expected).max() <= 0.5 + 1e-6
    constant = np.full((20, 24, 3), 77, np.uint8)
    assert (move(constant, level, rng()) == 77).all()


def test_motion_blur_draws_its_angle_evenly_for_each_image() -> None:
    """The centre of a smeared dot tells the angle."""
    x = np.zeros((150, 41, 41, 1), np.uint8)
    x[:, 20, 20] = 255
    result = corrupt_images(x, CORRUPTIONS["motion_blur"], 1, 42).astype(float)[..., 0]
    places = np.arange(41) - 20
    angles = np.degrees(np.arctan2((result * places[:, None]).sum((1, 2)), (result * places).sum((1, 2))))
    angles = (angles + 90) % 180 - 90  # the trail lies on either side
    assert np.abs(angles).max() < 48
    assert stats.kstest(angles, stats.uniform(-45, 90).cdf).pvalue > 0.001


def test_gaussian_blur_spreads_an_impulse_by_its_sigma_and_keeps_its_sum() -> None:
    image = np.zeros((41, 41, 1), np.uint8)
    image[20, 20] = 255
    wide = blur(image, Level(value=1.0), rng()).astype(float)[..., 0]
    expected = 255 * np.outer(stats.norm.pdf(np.arange(-20, 21)), stats.norm.pdf(np.arange(-20, 21)))
    assert np.abs(wide - expected).max() < 1
    assert (blur(np.full((9, 9, 3), 77, np.uint8), Level(value=2.0), rng()) == 77).all()


@pytest.mark.parametrize(
    ("name", "shape"), [("gaussian_blur", (8, 8, 1)), ("motion_blur", (8, 8, 1)), ("motion_blur", (64, 96, 3))]
)
def test_lengths_in_pixels_follow_the_size_of_the_images(name: str, shape: tuple[int, ...]) -> None:
    entry = CORRUPTIONS[name]
    share = min(shape[:2]) / (28 if shape[2] == 1 else 32)
    published = entry.grey_levels if shape[2] == 1 else entry.levels
    assert published is not None
    for severity in SEVERITIES:
        assert entry.level(severity, shape).value == pytest.approx(published[severity - 1].value * share)
    assert entry.level(2, (32, 40, 3)) == entry.levels[1] and entry.level(2, (28, 28, 1)) == entry.grey_levels[1]  # type: ignore[index]


def test_a_narrow_blur_still_has_its_variance() -> None:
    """Weights at whole pixels of σ = 0.29 would be no blur; of 28 pixels σ = 1 has variance 1, of 8 thus 0.082."""
    x = np.zeros((1, 8, 8, 1), np.uint8)
    x[0, 4, 4] = 255
    line = corrupt_images(x, CORRUPTIONS["gaussian_blur"], 1, 42)[0, :, :, 0].astype(float).sum(axis=0)
    assert (line * (np.arange(8) - 4) ** 2).sum() / line.sum() == pytest.approx((8 / 28) ** 2, rel=0.1)


def test_brightness_is_that_of_hsv() -> None:
    image = rng().integers(0, 256, (8, 8, 3), np.uint8)
    image[0, 0] = 0
    result = brighten(image, Level(value=0.2), rng())
    for pixel, found in zip(image.reshape(-1, 3) / 255, result.reshape(-1, 3), strict=True):
        hue, saturation, value = colorsys.rgb_to_hsv(*pixel)
        expected = np.multiply(255, colorsys.hsv_to_rgb(hue, saturation, min(value + 0.2, 1)))
        assert np.abs(found - expected).max() <= 0.51


def test_contrast_shrinks_the_spread_and_keeps_the_mean() -> None:
    image = rng().integers(0, 256, (32, 32, 3), np.uint8)
    result = flatten(image, Level(value=0.4), rng()).astype(float)
    assert np.allclose(result.mean(axis=(0, 1)), image.mean(axis=(0, 1)), atol=0.5)
    assert np.allclose(result.std(axis=(0, 1)), 0.4 * image.std(axis=(0, 1)), rtol=0.01)


@pytest.mark.parametrize("side", [8, 32])
def test_pixelation_gives_squares_their_mean(side: int) -> None:
    image = rng().integers(0, 256, (side, 40, 3), np.uint8)
    means = image.reshape(side // 2, 2, 20, 2, 3).mean(axis=(1, 3))
    result = pixelate(image, Level(value=0.5), rng()).astype(float)
    assert np.abs(result - means.repeat(2, axis=0).repeat(2, axis=1)).max() <= 1  # Pillow rounds up


@pytest.mark.parametrize("share", [0.95, 0.75, 0.65])
def test_pixelation_of_colours_is_pillow_s(share: float) -> None:
    image = rng().integers(0, 256, (32, 32, 3), np.uint8)
    small = Image.fromarray(image).resize((int(32 * share), int(32 * share)), Image.Resampling.BOX)
    expected = np.asarray(small.resize((32, 32), Image.Resampling.BOX))
    assert (pixelate(image, Level(value=share), rng()) == expected).all()
