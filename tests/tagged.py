"""A tagged PDF as a screen reader takes it: its parts in reading order, and each word in the voice of its language."""

import io
import unicodedata
from collections.abc import Iterator
from functools import cache

from pypdf import PdfReader
from pypdf.generic import ArrayObject, ContentStream, DictionaryObject, NameObject, PdfObject

# A mark is a piece of a page that stands in the structure tree: the page, and the mark's number on it.
Mark = tuple[int, int]


@cache
def read(content: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(content))


def elements(document: PdfReader) -> Iterator[DictionaryObject]:
    """The structure elements in reading order."""
    waiting = [document.root_object["/StructTreeRoot"]["/K"]]
    while waiting:
        item = waiting.pop().get_object()
        if isinstance(item, list):
            waiting += reversed(item)
        elif isinstance(item, dict) and "/S" in item:
            yield item
            waiting.append(item.get("/K", []))


def marks(item: PdfObject, language: str, page: int = 0) -> Iterator[tuple[Mark, str]]:
    """Every mark below this element, with the language of the nearest part around it that has one."""
    item = item.get_object()
    if isinstance(item, list):
        for part in item:
            yield from marks(part, language, page)
        return
    if isinstance(item, int):
        yield (page, item), language
        return
    page = item.raw_get("/Pg").idnum if "/Pg" in item else page
    if "/MCID" in item:
        yield (page, item["/MCID"]), language
    elif "/S" in item:
        yield from marks(item.get("/K", ArrayObject()), item.get("/Lang", language), page)


@cache
def spoken(content: bytes) -> dict[str, str]:
    """What a screen reader says in the voice of each language, without white space."""
    root = read(content).root_object
    found = dict(marks(root["/StructTreeRoot"]["/K"], root["/Lang"]))
    languages = set(found.values())
    return {one: _text_of({mark for mark in found if found[mark] == one}, content) for one in languages}


def _text_of(wanted: set[Mark], content: bytes) -> str:
    document, text = PdfReader(io.BytesIO(content)), ""
    for page in document.pages:
        number, kept, around = page.indirect_reference.idnum, [], []
        for operands, operator in ContentStream(page["/Contents"], document, "bytes").operations:
            if operator in (b"BDC", b"BMC"):
                properties = operands[-1]
                around.append(properties.get("/MCID") if isinstance(properties, dict) else None)
            elif operator == b"EMC":
                around.pop()
            if operator not in (b"Tj", b"TJ") or (around and (number, around[-1]) in wanted):
                kept.append((operands, operator))
        stream = ContentStream(None, document, "bytes")
        stream.operations = kept
        page[NameObject("/Contents")] = stream
        text += page.extract_text()
    return squeezed(text)


def squeezed(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())
