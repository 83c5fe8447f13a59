"""What the targets start from, and words that they may use: real ones of ours, small."""

import datetime
import json
import re
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CONTENT = ROOT / "helpdesk" / "content"
EXAMPLE = ROOT / "triage" / "schema" / "example.json"


# ---- pictures ----


def pictures() -> Iterator[bytes]:
    """Each format that is taken, and some that are not, with all that can come along."""
    from PIL import Image, PngImagePlugin

    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "described"
    exif.get_ifd(0x8825)[0x1D] = "2026:11:24"
    told = PngImagePlugin.PngInfo()
    told.add_text("Author", "somebody", zip=True)
    told.add_itxt("Other", "words")
    image = Image.linear_gradient("L").resize((24, 16)).convert("RGB")
    along: dict[str, Any] = {"exif": exif, "icc_profile": b"profile" * 4}
    for kind, options in (
        ("PNG", along | {"pnginfo": told}),
        ("JPEG", along | {"comment": b"words", "progressive": True}),
        ("JPEG", {"quality": 1}),
        ("WEBP", along | {"xmp": b"<x/>"}),
        ("WEBP", {"lossless": True}),
        ("AVIF", {}),
        ("GIF", {}),
        ("TIFF", {}),
        ("BMP", {}),
    ):
        yield _saved(image, kind, **options)
    for mode in ("1", "L", "LA", "P", "RGBA", "I;16"):
        yield _saved(Image.new(mode, (8, 8)), "PNG")
    yield _saved(image.quantize(4), "PNG", transparency=1)
    yield _saved(image, "PNG", save_all=True, append_images=[image.rotate(180)])
    yield _saved(image.convert("CMYK"), "JPEG")


def _saved(image: Any, kind: str, **options: Any) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def picture_words() -> Iterable[str]:
    """Names of parts in the formats."""
    png = ("IHDR", "PLTE", "IDAT", "IEND", "tRNS", "zTXt", "iTXt", "eXIf", "iCCP", "acTL", "fcTL", "fdAT")
    return (*png, "RIFF", "WEBP", "VP8 ", "VP8L", "VP8X", "ANIM", "ANMF", "ftypheic")


# ---- packets ----


def packets() -> Iterator[bytes]:
    """Packets of ours as data."""
    for example in sorted(EXAMPLE.parent.glob("example*.json")):
        document = json.loads(example.read_text(encoding="utf-8"))
        yield json.dumps(document).encode()
        for symptom in ("other-message", "someone-has-password", "not-my-information", "child-record"):
            yield json.dumps(document | {"symptoms": [symptom]}).encode()
        picture = {"symptoms": ["other-message"], "picture": _picture(), "language": "es", "reference": "2345-678K"}
        yield json.dumps(document | picture | {"made_at": "2026-11-24T13:05:00+00:00"}).encode()


def _picture() -> str:
    from base64 import b64encode

    return b64encode(next(pictures())).decode()


def packet_words() -> Iterator[str]:
    """Keys and ids."""
    yield from re.findall(r'"[\w-]+"', EXAMPLE.read_text(encoding="utf-8"))
    yield from re.findall(r'"[\w-]+"', (CONTENT / "rules" / "questions.toml").read_text(encoding="utf-8"))
    yield from ('"made_at"', '"reference"', '"picture"', '"language"')
    yield from ("\\ud800", "null", "NaN", "1e999", "[]", "{}", "[[", "-")


def pdfs() -> Iterator[bytes]:
    """PDFs that carry a packet's data: open, locked, under another name, and made by us; and one that is none."""
    from pypdf import PdfWriter

    from triage import pdf
    from triage.attached import NAME

    data = EXAMPLE.read_bytes()
    for name, locked in ((NAME, ""), (NAME, "RC4-128"), ("other.json", "")):
        writer = PdfWriter()
        writer.add_blank_page(9, 9)
        writer.add_attachment(name, data)
        if locked:
            writer.encrypt("", "owner", algorithm=locked)
        file = BytesIO()
        writer.write(file)
        yield file.getvalue()
    yield b"%PDF-1.7\n" + data
    # As the site makes them, with less on the paper.
    enclosed = [pdf.Enclosed(NAME, "The request as data", data.decode())]
    yield pdf.render("<html lang=en><title>x</title><p>x", "", datetime.datetime.now(datetime.UTC), enclosed)


_IN_A_PDF = """
    /Names /EmbeddedFiles /Kids /EF /F /UF /Filter /FlateDecode /LZWDecode /ASCII85Decode /ASCIIHexDecode /DecodeParms
    /RunLengthDecode /Length /Prev /XRef /ObjStm /Root /Size /Encrypt /Limits /Index /W /First /N obj endobj stream
    endstream xref trailer startxref %%EOF << >> [ ] 1 0 R
"""


def pdf_words() -> Iterable[str]:
    """Names in a PDF."""
    return _IN_A_PDF.split()


# ---- content ----

# Kinds of records, by name, with the files or the tables in them that are such.
RECORDS = {
    "Page": "en/pages/*.toml",
    "SiteWords": "en/site.toml",
    "PacketWords": "en/packet.toml",
    "ProblemRules": "rules/problems/*.toml",
    "Language": "*/language.toml",
    "Verdict": "en/verdicts.toml",
    "Need": "en/needs.toml",
    "DeskWords": "en/desks.toml",
    "Step": "en/steps.toml",
    "Question": "en/questions.toml",
    "Faq": "en/faq.toml",
}
# Those of which a file holds many, each under a heading of its own.
_MANY = ("Verdict", "Need", "DeskWords", "Step", "Question", "Faq")
_RULES = {
    "Step": 'tags = ["attempt"]\n',
    "Question": 'stage = "triage"\nkind = "choice"\nsheet = "a"\n[when]\nx = ["y"]\n',
    "Faq": "",
    "Language": 'code = "en"\n',
}


def content_files() -> list[Path]:
    """Every content file, always in the same order."""
    return sorted([*CONTENT.glob("*/**/*.toml"), *CONTENT.glob("*/*.json")])


def contents() -> Iterator[bytes]:
    """Each file of words or rules as it is, with its number before it."""
    for number, file in enumerate(content_files()):
        if file.suffix == ".toml":
            yield bytes([number]) + file.read_bytes()


def records() -> Iterator[bytes]:
    """Each file as a record, and the first tables of those that hold many. The number of their kind stands before."""
    for number, (kind, files) in enumerate(RECORDS.items()):
        for file in sorted(CONTENT.glob(files)):
            text = file.read_text(encoding="utf-8")
            tables = re.split(r"^\[+[\w.-]+\]+$", text, flags=re.MULTILINE)[1:6] if kind in _MANY else [text]
            for table in tables:
                own = 'id = "x"\n' if kind in _MANY and not re.search("^id =", table, re.MULTILINE) else ""
                yield bytes([number]) + f"{own}{table}\n{_RULES.get(kind, '')}".encode()


def record_words() -> Iterator[str]:
    """Keys, facts, and what TOML is written with."""
    files = (file.read_text(encoding="utf-8") for file in CONTENT.glob("en/*.toml"))
    yield from sorted({key for text in files for key in re.findall(r"^([\w-]+) =", text, re.MULTILINE)})
    yield from ("{ known = ", "neutral = ", "{organization_name}", "{sign_in_address}", "{", "}", *_TOML)


_TOML = ('"""', "'''", "[[", "]]", " = []", " = {}", " = 7", "0x", "1e", "inf", "nan", "true", "07:32", "\\u0000")


def fact_sheets() -> Iterator[bytes]:
    """The blank one, the example, and each table of the example alone."""
    for file in sorted(CONTENT.glob("organization*.toml")):
        text = file.read_text(encoding="utf-8")
        yield text.encode()
        yield from (part.encode() for part in re.split(r"^(?=\[)", text, flags=re.MULTILINE))
    yield b'language = "es"\n[rules]\ncost = { es = "nada", en = "nothing" }\nsource = "x"\nverified_on = 2026-11-24\n'
    yield b'[look]\nlogo = "logo.png"\naccent = "#123456"\npaper = "A4"\n'


def fact_words() -> Iterator[str]:
    """Keys and values of the example."""
    text = (CONTENT / "organization.example.toml").read_text(encoding="utf-8")
    yield from sorted(set(re.findall(r"^([\w-]+) =", text, re.MULTILINE)) | set(re.findall(r'"[^"\n]{1,40}"', text)))
    yield from ("language = ", "https://[", "logo = ", "..", *_TOML)


# ---- what is typed and ticked ----


def texts() -> Iterator[bytes]:
    """Words with and without secrets; between bars, what is repeated until it is long."""
    for text in (
        "my password is Tr0ub4dor&3",
        "the code is 482913",
        "123-45-6789",
        "4111 1111 1111 1111",
        "member ID: XYZ123456789",
        "my first pet was Rex",
        "https://mc.example/reset?token=8d2f0c11",
        "me llegó el código 482913 por mensaje",
        "password |is |x",
        "|1 |\u2603",
        "a|\u0301\u0323|",
        "code |a |",
        "https://|a|?",
        "|\u200d|e\u0301",
        "Z\u0335\u0335\u0335\u0335\u0335 \u202e\u2066x\u2069 \ue000",
    ):
        yield text.encode()


def text_words() -> Iterator[str]:
    """The words that the patterns look for."""
    source = (ROOT / "triage" / "cleaning.py").read_text(encoding="utf-8")
    yield from sorted(set(re.findall(r"[a-zñáéíóú]{3,}", source.partition("what must never be sent")[2])))[:600]
    yield from ("|", "\u0301", "\u0323", "\u0f73", "\u200d", "\u00a0", "\u202e", "1234-5678", "ABCDE-FGHJK-LMNPQ")


def addresses() -> Iterator[bytes]:
    """A way through each problem, as far as the first answers, and some steps."""
    rules = (CONTENT / "rules" / "symptoms.toml").read_text(encoding="utf-8")
    for symptom in re.findall(r'\{ id = "([\w-]+)"', rules):
        yield f"symptom={symptom}&for-whom=self&codes-unasked=no&needed-today=refill&step-stop-trying=no-help".encode()


def address_words() -> Iterator[str]:
    """Names and values."""
    for name in ("questions", "symptoms", "steps"):
        rules = (CONTENT / "rules" / f"{name}.toml").read_text(encoding="utf-8")
        yield from sorted({word.strip('"') for word in re.findall(r'"[\w-]+"', rules)})
    yield from ("symptom=", "&", "step-", "=worked", "=no-help", "=not-tried")
