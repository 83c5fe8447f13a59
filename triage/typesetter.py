"""HTML -> PDF by WeasyPrint, with what it leaves out for PDF/A-3a and PDF/UA-1 in one file.

Runs in a worker process (triage/workers.py), without Django. What it is asked for is in triage/pdf.py.
"""

import datetime
import hashlib
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, wraps
from typing import Any

import pydyf
from weasyprint import CSS, HTML, Attachment, Document
from weasyprint.pdf import tags
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

from triage import quick, standing
from triage.pdf import PAGES, Enclosed, Pictures, TooLongError

# What stands for a character that no font can draw.
STAND_IN = "\N{REPLACEMENT CHARACTER}"


class FetchNothing(URLFetcher):
    """Refuses every address but those of the pictures that it was given.

    It counts what it refuses, so that a test can see that nobody asked.
    """

    def __init__(self, pictures: Pictures | None = None) -> None:
        super().__init__(timeout=1, allowed_protocols=(), allow_redirects=False, fail_on_errors=False)
        self.pictures = pictures or {}
        self.asked = 0

    def fetch(self, url: str, headers: Any = None) -> Any:
        if url in self.pictures:
            content, media_type = self.pictures[url]
            return URLFetcherResponse(url, content, {"Content-Type": media_type})
        self.asked += 1
        raise ValueError("a packet refers to nothing outside itself")


def _forgetting(draw: Callable[..., bytes]) -> Callable[..., bytes]:
    """Where a document fails, nothing of it is left for the next."""

    @wraps(draw)
    def drawn(*arguments: Any, **named: Any) -> bytes:
        try:
            return draw(*arguments, **named)
        except TooLongError:
            # Nothing is half done.
            raise
        except BaseException:
            quick.forget(_fonts())
            standing.forget()
            raise

    return drawn


@_forgetting
def render(
    html: str,
    stylesheet: str,
    made_at: datetime.datetime,
    enclosed: Iterable[Enclosed] = (),
    pictures: Pictures | None = None,
    keeps: bool = True,
    fetcher: FetchNothing | None = None,
) -> bytes:
    """What triage.pdf.render says. A `fetcher` of one's own can count what it is asked for."""
    html, sheet = _with_stand_ins(html), _stylesheet(stylesheet)

    def set_type(html: str, images: dict[str, Any], *more: CSS) -> Document:
        return quick.Paper(string=html, url_fetcher=fetcher or FetchNothing(pictures)).render(
            stylesheets=[sheet, *more], font_config=_fonts(), pdf_variant="pdf/a-3a", cache=images
        )

    without, blocks = standing.take_out(html, sheet, set_type) if keeps else (html, {})
    document = standing.put_in(set_type(without, quick.screens(pictures or {}) | blocks))
    if len(document.pages) > PAGES:
        raise TooLongError(f"{len(document.pages)} pages")
    _describe(document, made_at, enclosed)
    pdf: bytes = document.write_pdf(
        pdf_variant="pdf/a-3a",
        pdf_identifier=hashlib.sha256(html.encode()).digest()[:16],
        finisher=_finish,
    )
    return pdf


@_forgetting
def render_form(html: str, stylesheet: str, pictures: Pictures | None = None) -> bytes:
    """What triage.pdf.render_form says."""
    document = HTML(string=_with_stand_ins(html), url_fetcher=FetchNothing(pictures))
    pdf: bytes = document.write_pdf(
        stylesheets=[_stylesheet(stylesheet)],
        font_config=_fonts(),
        pdf_variant="pdf/ua-1",
        pdf_forms=True,
        pdf_identifier=hashlib.sha256(html.encode()).digest()[:16],
        finisher=_finish,
    )
    return pdf


@lru_cache(maxsize=1)
def warm_up() -> None:
    """What triage.pdf.warm_up says."""
    render(_SPECIMEN, "", datetime.datetime.now(datetime.UTC), [Enclosed("data.json", "Data", "{}")])
    quick.keep_what_is_here()


# Something of all that a packet is made of.
_SPECIMEN = """<!DOCTYPE html><html lang="en" dir="ltr"><head><title>x</title></head><body><h1>H</h1><h2>H</h2>
<p>A <strong>word</strong> and a <bdi dir="ltr"><a href="tel:1">link</a></bdi>, <span style="font-family: monospace">
<b>fixed</b></span></p><ul><li>One</li></ul><table><tr><th scope="row">A</th><td>B</td></tr></table></body></html>"""


def _with_stand_ins(html: str) -> str:
    """The HTML with a visible stand-in for each character that no font here can draw, such as a very new emoji.

    The font would show an empty box in its place, which PDF/UA does not allow.
    """
    drawn = _drawn()
    for character in set(html):
        if not drawn[ord(character)]:
            html = html.replace(character, STAND_IN)
    return html


# Controls, joiners, isolates, and marks of variation.
_NEED_NO_FONT = ((0, 0x20), (0x7F, 0xA0), (0x200B, 0x2010), (0x2066, 0x206A), (0xFE00, 0xFE10))


@lru_cache(maxsize=1)
def _drawn() -> bytearray:
    """For each code point, whether some font has it, or it needs none."""
    drawn = bytearray(sys.maxunicode + 1)
    # With stale caches fc-list tries to write new ones, which it may not here (triage/limits.py). Python lives through
    # the signal for that; its children would die of it if signals were restored.
    words = ["fc-list", "--format", "%{charset} "]
    listed = subprocess.run(words, capture_output=True, text=True, check=True, restore_signals=False).stdout
    # Many fonts have the same ones.
    spans = [span.partition("-") for span in set(listed.split())]
    for start, end in [*((int(first, 16), int(last or first, 16) + 1) for first, _, last in spans), *_NEED_NO_FONT]:
        drawn[start:end] = b"\1" * (end - start)
    return drawn


# Each FontConfiguration leaks about 0.25 MiB, so there is one for the process, which draws one document at a time.
@lru_cache(maxsize=1)
def _fonts() -> FontConfiguration:
    return FontConfiguration()


@lru_cache(maxsize=4)
def _stylesheet(text: str) -> CSS:
    return CSS(string=text, font_config=_fonts(), url_fetcher=FetchNothing())


def _describe(document: Document, made_at: datetime.datetime, enclosed: Iterable[Enclosed]) -> None:
    """Dates, enclosed files, and the word that this is PDF/UA-1 as well as what the variant says."""
    metadata = document.metadata
    metadata.created = metadata.modified = made_at.isoformat()
    metadata.attachments = [
        Attachment(
            string=file.content,
            name=file.name,
            description=file.description,
            created=made_at,
            modified=made_at,
            relationship="Data",
        )
        for file in enclosed
    ]
    describe = metadata.generate_rdf_metadata

    def describe_both(*arguments: Any) -> bytes:
        # Within WeasyPrint's own rdf:RDF: validators ignore a second one, which is what `xmp_metadata` makes.
        body, end, _ = describe(*arguments).rpartition(b"</rdf:RDF>")
        return bytes(body + _ALSO_UA_1 + end)

    metadata.generate_rdf_metadata = describe_both


# ISO 14289-1, 5, and the schema description that ISO 19005-3, 6.6.2.3 wants for a property it does not know.
_ALSO_UA_1 = b"""
<rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/"><pdfuaid:part>1</pdfuaid:part>
</rdf:Description>
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
 xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>PDF/UA identification schema</pdfaSchema:schema>
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>
<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
<pdfaProperty:name>part</pdfaProperty:name><pdfaProperty:valueType>Integer</pdfaProperty:valueType>
<pdfaProperty:category>internal</pdfaProperty:category>
<pdfaProperty:description>Part of ISO 14289 that the file conforms to</pdfaProperty:description>
</rdf:li></rdf:Seq></pdfaSchema:property>
</rdf:li></rdf:Bag></pdfaExtension:schemas>
</rdf:Description>
"""


def _with_languages(build: Callable[..., Iterator[pydyf.Dictionary]]) -> Callable[..., Iterator[pydyf.Dictionary]]:
    """WeasyPrint's builder of the structure tree, with each `lang` of the HTML on the part that has it.

    WeasyPrint drops every `lang` below <html>, and a screen reader would read those parts in the wrong voice.
    """

    def tagged(box: Any, *arguments: Any) -> Iterator[pydyf.Dictionary]:
        # What is floating stands for the box that it holds.
        element = getattr(box, "_box", box).element
        language = element.get("lang") if element is not None and element.tag != "html" else None
        for item in build(box, *arguments):
            if language:
                item["Lang"] = pydyf.String(language)
            yield item

    return tagged


# The builder calls itself by this name for every box within.
tags._build_box_tree = _with_languages(tags._build_box_tree)


def _finish(_: Document, pdf: pydyf.PDF) -> None:
    """Adds what WeasyPrint leaves out."""
    for item in pdf.objects:
        if isinstance(item, pydyf.Stream):
            _map_to_something(item)
        elif isinstance(item, pydyf.Dictionary) and item.get("S") == "/Figure" and not item.get("Alt"):
            # A picture without words is decoration, such as the logo beside the name that it shows.
            item["S"] = "/NonStruct"
    quick.write_once(pdf)


def _map_to_something(stream: pydyf.Stream) -> None:
    """Each glyph must stand for a character: also the circle under a mark without its letter, which stands for none,
    and those in the whole font that a form carries, which stand for controls.
    """
    if b"/CMapType 2 def" in stream.stream:
        stream.stream = [_NO_CHARACTER.sub(b"<fffd>", line) for line in stream.stream]


_NO_CHARACTER = re.compile(rb"(?<=> )<(0000|feff|fffe)?>$")
