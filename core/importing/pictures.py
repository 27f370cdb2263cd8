"""One image file in memory -> one square uint8 row. Nothing is decoded before its real format and size are known."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from core.importing.options import Resize
from core.importing.problems import Unusable, printable

_FORMATS = ("PNG", "JPEG")  # JPEG includes what many phones write into a .jpg, with a second picture behind it
_GREY_TOLERANCE = 3  # levels by which the channels of a grey JPEG may differ from rounding
_ORIENTATION = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# All that Pillow raises on a damaged file.
_BROKEN = (
    OSError, SyntaxError, ValueError, LookupError, TypeError, AttributeError, EOFError, OverflowError,
    ZeroDivisionError, struct.error, zlib.error, Image.DecompressionBombError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Picture:
    """`row` (side, side, 1 or 3) uint8: one channel exactly where the image is grey. Sizes are those of the file."""

    row: NDArray[np.uint8]
    width: int
    height: int
    is_jpeg: bool
    transparent: bool  # at least one pixel

    @property
    def grey(self) -> bool:
        """Whether the image has no colours."""
        return int(self.row.shape[-1]) == 1


def header_size(head: bytes) -> tuple[int, int] | None:
    """Return width and height as the first bytes of a file tell, upright; None where they do not."""
    try:
        with Image.open(io.BytesIO(head), formats=_FORMATS) as image:
            width, height = image.size
            return (height, width) if _orientation(image) >= 5 else (width, height)
    except _BROKEN:
        return None


def decode(content: bytes, side: int, resize: Resize, max_pixels: int) -> Picture:
    """Decode a PNG or JPEG to a square of `side` pixels. Raises Unusable with the reason."""
    if not content:
        raise Unusable("the file is empty")
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
            if image.width * image.height > max_pixels:
                raise Unusable(f"{image.width} x {image.height} pixels, allowed are {max_pixels:,} in all")
            return _decode(image, side, resize)
    except UnidentifiedImageError:
        raise Unusable(f"the content is {_kind_of(content)}, not PNG or JPEG") from None
    except _BROKEN as error:
        raise Unusable(f"damaged: {printable(str(error))[:100] or type(error).__name__}") from None


def _decode(image: Image.Image, side: int, resize: Resize) -> Picture:
    width, height = image.size
    turned = _UPRIGHT.get(_orientation(image))
    image.draft(None, (2 * side, 2 * side))  # a JPEG is decoded at the nearest larger size of its own scale
    plain, transparent = _plain(image)
    upright = plain.transpose(turned) if turned is not None else plain
    pixels = np.asarray(square(upright, side, resize))
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    elif int(np.ptp(pixels, axis=2).max()) <= _GREY_TOLERANCE:
        pixels = to_grey(pixels)
    if turned is not None and _orientation(image) >= 5:
        width, height = height, width
    return Picture(np.ascontiguousarray(pixels), width, height, image.format != "PNG", transparent)


def _plain(image: Image.Image) -> tuple[Image.Image, bool]:
    """Return the image as 8-bit grey (L) or RGB, with white where it is transparent; tell if it is anywhere."""
    if image.mode.startswith("I"):  # 16-bit grey: the higher byte, which is what Pillow takes of 16-bit colour too
        high = np.asarray(image).astype(np.int64) >> 8
        return Image.fromarray(np.clip(high, 0, 255).astype(np.uint8)), False
    if "A" in image.getbands() or "transparency" in image.info:
        layered = image.convert("RGBA")
        paper = Image.new("RGBA", layered.size, (255, 255, 255, 255))
        lowest = np.asarray(layered)[:, :, 3].min()
        return Image.alpha_composite(paper, layered).convert("RGB"), bool(lowest < 255)
    return image.convert("L" if image.mode in ("1", "L") else "RGB"), False


def square(image: Image.Image, side: int, resize: Resize) -> Image.Image:
    """Bring an image to `side` x `side` pixels; one that has this size already keeps every pixel."""
    width, height = image.size
    if (width, height) == (side, side):
        return image
    smooth = Image.Resampling.BILINEAR
    if resize == "stretch":
        return image.resize((side, side), smooth)
    if resize == "crop":
        shorter = min(width, height)
        left, top = (width - shorter) / 2, (height - shorter) / 2
        return image.resize((side, side), smooth, box=(left, top, left + shorter, top + shorter))
    longer = max(width, height)
    size = (max(1, round(width * side / longer)), max(1, round(height * side / longer)))
    padded = Image.new(image.mode, (side, side))
    padded.paste(image.resize(size, smooth), ((side - size[0]) // 2, (side - size[1]) // 2))
    return padded


def to_grey(row: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a colour row (side, side, 3) in grey (side, side, 1)."""
    return np.asarray(Image.fromarray(row).convert("L"))[:, :, None]


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except _BROKEN:  # damaged notes of a camera are no reason to lose the picture
        return 1
    return value if isinstance(value, int) else 1


def _kind_of(content: bytes) -> str:
    known = {
        b"GIF8": "GIF", b"BM": "BMP", b"II*\0": "TIFF", b"MM\0*": "TIFF", b"%PDF": "PDF",
        b"PK\x03\x04": "a ZIP archive", b"\x1f\x8b": "a GZIP archive", b"<svg": "SVG", b"<": "HTML or XML",
    }  # fmt: skip
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "WEBP"
    if content[:3] == b"\xff\xd8\xff" or content[:4] == b"\x89PNG":
        return "a damaged image"
    return next((kind for start, kind in known.items() if content.startswith(start)), "something else")
