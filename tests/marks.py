"""Words that occur nowhere else, for wherever a visitor can put anything, and how they are known again in any form."""

import base64
import re
import secrets
import string
import zlib
from collections.abc import Iterator
from io import BytesIO

from PIL import Image, ImageCms, PngImagePlugin

# What a stream may unfold to.
LONGEST = 64 * 1024 * 1024


class Marks:
    """The words of one run: a stem that is new each time, with an ending for each place that a word was put in.

    `number` is for boxes that take digits only.
    """

    def __init__(self) -> None:
        self.stem = "zq" + "".join(secrets.choice("bcdfghjkmnpqrstvwxz") for _ in range(12))
        self.number = "207" + "".join(secrets.choice("23456789") for _ in range(9))
        self._places: list[str] = []
        self._forms = [*_forms(self.stem), *_forms(self.number)]

    def __call__(self, place: str) -> str:
        """The word for this place."""
        if place not in self._places:
            self._places.append(place)
        tens, ones = divmod(self._places.index(place), 26)
        return f"{self.stem}{string.ascii_lowercase[tens]}{string.ascii_lowercase[ones]}"

    def know(self, content: bytes) -> bytes:
        """Makes a mark of these bytes too, as they are and as base64: any part of them will do, such as the middle."""
        start = len(content) // 6 * 3
        middle = content[start : start + 30]
        self._forms += [middle, base64.b64encode(middle)]
        return content

    def found_in(self, content: bytes | str) -> set[str]:
        """The places whose words, in whatever form, are in this content or in what is compressed in it."""
        content = content.encode(errors="surrogateescape") if isinstance(content, str) else content
        return {place for part in _unfolded(content) for place in self._found_in(part)}

    def _found_in(self, content: bytes) -> Iterator[str]:
        if any(form in content for form in self._forms):
            endings = re.findall(re.escape(self.stem.encode()) + b"([a-z])([a-z])", content, re.IGNORECASE)
            numbers = [26 * (tens[0] % 32 - 1) + ones[0] % 32 - 1 for tens, ones in endings]
            yield from (self._places[number] for number in numbers if number < len(self._places))
            if not endings:
                yield "not in plain letters"


def _forms(word: str) -> Iterator[bytes]:
    """The word as it may stand somewhere: plain, with two bytes a letter, as digits, percent-encoded, as base64."""
    yield word.upper().encode()
    for coded in (word.encode(), word.encode("utf-16-be"), word.encode("utf-16-le")):
        yield coded
        yield coded.hex().encode()
        yield coded.hex().upper().encode()
    yield percent(word).encode()
    yield percent(word).upper().encode()
    for before in range(3):
        # What stands before the word shifts it; the first signs and the last belong to its neighbours too.
        yield base64.b64encode(b"x" * before + word.encode())[4 * bool(before) : -4]


def percent(word: str) -> str:
    """The word with every letter percent-encoded."""
    return "".join(f"%{byte:02x}" for byte in word.encode())


def _unfolded(content: bytes) -> Iterator[bytes]:
    """The content, and what unfolds from each gzip stream that begins in it."""
    yield content
    for begin in re.finditer(rb"\x1f\x8b\x08", content):
        try:
            yield zlib.decompressobj(31).decompress(content[begin.start() :], LONGEST)
        except zlib.error:
            continue


def png(marks: Marks) -> bytes:
    """A picture of noise, with a word wherever a PNG has room for words."""
    said = PngImagePlugin.PngInfo()
    said.add_text("Comment", marks("PNG text"))
    said.add_text("Description", marks("PNG text, compressed"), zip=True)
    said.add_itxt("Title", marks("PNG international text"))
    said.add_itxt("XML:com.adobe.xmp", f"<x:xmpmeta>{marks('PNG XMP')}</x:xmpmeta>")
    return _picture("PNG", marks, pnginfo=said)


def jpeg(marks: Marks) -> bytes:
    """The same as JPEG."""
    xmp = f"<x:xmpmeta>{marks('JPEG XMP')}</x:xmpmeta>".encode()
    return _picture("JPEG", marks, comment=marks("JPEG comment"), xmp=xmp)


def _picture(kind: str, marks: Marks, **options: object) -> bytes:
    exif = Image.Exif()
    exif[0x010E] = marks(f"{kind} EXIF description")
    exif[0x013B] = marks(f"{kind} EXIF artist")
    exif.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0" + marks(f"{kind} EXIF comment").encode()
    exif.get_ifd(0x8825)[0x001B] = marks(f"{kind} EXIF position").encode()
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    profile += marks(f"{kind} ICC profile").encode()
    file = BytesIO()
    noise = Image.frombytes("RGB", (60, 40), secrets.token_bytes(60 * 40 * 3))
    noise.save(file, kind, exif=exif, icc_profile=profile, **options)
    return file.getvalue() + marks(f"{kind} after its end").encode()
