"""Makes a picture that a visitor sent safe: decoded within limits, turned upright, and painted on fresh pixels.

Runs in a worker process (triage/workers.py), since a decoder is what a hostile picture attacks. What comes out is a
PNG of at most WIDTH x HEIGHT pixels and COLOURS colours, without a word of what came with it. The same picture gives
the same bytes, and cleaning it again changes nothing, so that it can travel in the page and be checked at each step.
"""

import warnings
from io import BytesIO

from PIL import Image, ImageFile, ImageOps

FORMATS = ("PNG", "JPEG", "WEBP")
LONGEST = 6 * 1024 * 1024
PIXELS = 25_000_000
SIDE = 8000
WIDTH, HEIGHT = 1000, 1400
COLOURS = 128

Image.MAX_IMAGE_PIXELS = PIXELS


class PictureError(Exception):
    """A picture that is not taken. `reason` is "too-big", "not-a-picture", "too-many-pixels", "several" or "broken"."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def clean(data: bytes) -> bytes:
    """The picture as a PNG of our own making. Raises PictureError."""
    if len(data) > LONGEST:
        raise PictureError("too-big")
    # WeasyPrint, in the same process, has Pillow fill up what is missing of a picture that is cut off.
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    with warnings.catch_warnings():
        # Pillow warns of a bomb before it refuses one.
        warnings.simplefilter("error")
        return _png(_small(_opened(data)))


def _opened(data: bytes) -> Image.Image:
    """The picture with its size known and nothing decoded yet."""
    try:
        image = Image.open(BytesIO(data), formats=FORMATS)
        frames = getattr(image, "n_frames", 1)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PictureError("too-many-pixels") from None
    except Exception:  # noqa: BLE001 (decoders raise whatever they like)
        raise PictureError("not-a-picture") from None
    if max(image.size) > SIDE or image.width * image.height > PIXELS:
        raise PictureError("too-many-pixels")
    if frames != 1:
        raise PictureError("several")
    return image


def _small(image: Image.Image) -> Image.Image:
    """Upright, small enough for print, with few colours, on pixels of our own."""
    try:
        if image.mode == "P" and image.width <= WIDTH and image.height <= HEIGHT and "transparency" not in image.info:
            image.load()
            if _has_few_colours(image):
                return image
        if image.format == "JPEG":
            image.draft("RGB", (WIDTH, HEIGHT))
        image.load()
        upright = ImageOps.exif_transpose(image)
        upright.thumbnail((WIDTH, HEIGHT))
        upright = upright.convert("RGBA")
        paper = Image.new("RGB", upright.size, "white")
        paper.paste(upright, mask=upright.getchannel("A"))
    except Exception:  # noqa: BLE001
        raise PictureError("broken") from None
    return paper.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)


def _has_few_colours(image: Image.Image) -> bool:
    """Whether it has COLOURS at the most, each of them in its palette."""
    used = image.getcolors(COLOURS)
    return bool(used) and max(index for _, index in used) < len(image.getpalette("RGB") or []) // 3


def _png(image: Image.Image) -> bytes:
    """With the palette in one certain order, so that equal pixels are equal bytes."""
    palette = image.getpalette("RGB") or []
    colours = image.getcolors() or []
    used = sorted((tuple(palette[3 * index : 3 * index + 3]), index) for _, index in colours)
    fresh = image.remap_palette([index for _, index in used])
    fresh.info = {}
    file = BytesIO()
    fresh.save(file, "PNG")
    return file.getvalue()
