"""What WeasyPrint works out anew for each document and need not: kept here from one packet to the next.

A packet comes out byte for byte as WeasyPrint draws it without this (tests/test_quick.py), in about half the time. Runs
in a worker process, which draws one document at a time, by triage/typesetter.py. What is kept comes from our style
sheets and templates, never from what was typed. What is replaced of WeasyPrint here is private: the tests tell when a
new version has changed it. Decision 13 has what each part saves.
"""

import gc
import re
import struct
import sys
import zlib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any
from xml.etree.ElementTree import TreeBuilder

import pydyf
from cssselect2 import ElementWrapper
from weasyprint import CSS, HTML, css
from weasyprint.layout import percent
from weasyprint.text import line_break
from weasyprint.urls import URLFetcher

# ---- the document ----


class Paper(HTML):
    """A packet: besides our own rules, it is styled by those for the elements that it may have, and by no more.

    Our templates close what they open, so Python's own reader will do. What it cannot make sense of, WeasyPrint reads.
    """

    def __init__(self, string: str, url_fetcher: URLFetcher) -> None:
        root = _Reader(string).root
        if root is None:
            super().__init__(string=string, url_fetcher=url_fetcher)
            return
        self.base_url, self.url_fetcher, self.media_type = None, url_fetcher, "print"
        self.wrapper_element = ElementWrapper.from_html_root(root, content_language=None)
        self.etree_element = root

    def _ua_stylesheets(self, forms: bool = False) -> list[CSS]:
        return [_elements()]


class _Reader(HTMLParser):
    """Reads a document of ours. `root` is its <html>, or None where something is left for HTML to add."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self._open: list[str] = []
        self._tree = TreeBuilder()
        self._sound = True
        self.feed(html)
        self.close()
        self.root = self._tree.close() if self._sound and not self._open else None

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag == "tr" and self._open[-1:] == ["table"]:
            # HTML puts a <tbody> between them, and so does a paper's template.
            self._sound = False
        self._tree.start(tag, {name: value or "" for name, value in attributes})
        if tag in _EMPTY:
            self._tree.end(tag)
        else:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._open and self._open.pop() == tag:
            self._tree.end(tag)
        else:
            self._sound = False

    def handle_data(self, text: str) -> None:
        if self._open:
            self._tree.data(text)


# Of the elements that a packet may have, those with nothing in them.
_EMPTY = {"br", "img", "link", "meta"}


@lru_cache(maxsize=1)
def _elements() -> CSS:
    return CSS(string=_ELEMENTS)


# What WeasyPrint's own sheet says of the elements that a packet may have, in the same order.
_ELEMENTS = """
head, link, meta, script, style, title { display: none }
body, div, h1, h2, h3, h4, html, ol, p, section, ul { display: block }
li { display: list-item }
table { display: table }
thead { display: table-header-group }
tbody { display: table-row-group }
tr { display: table-row }
td, th { display: table-cell }
ol, p, ul { margin-top: 1em; margin-bottom: 1em }
body { margin: 8px }
h1 { margin-top: .67em; margin-bottom: .67em }
h2 { margin-top: .83em; margin-bottom: .83em }
h3 { margin-top: 1em; margin-bottom: 1em }
h4 { margin-top: 1.33em; margin-bottom: 1.33em }
ol, ul { padding-left: 40px }
table { border-spacing: 2px; border-collapse: separate }
td, th { padding: 1px }
thead, tbody { vertical-align: middle }
tr, td, th { vertical-align: inherit }
em, i { font-style: italic }
b, strong, th { font-weight: bold }
h1 { font-size: 2em; font-weight: bold }
h2 { font-size: 1.5em; font-weight: bold }
h3 { font-size: 1.17em; font-weight: bold }
h4 { font-size: 1em; font-weight: bold }
small { font-size: smaller }
:link { color: blue }
table, td, th { border-color: gray }
thead, tbody, tr { border-color: inherit }
:link { text-decoration: underline }
br::before { content: "\\A"; white-space: pre-line }
ol { list-style-type: decimal }
ul { list-style-type: disc }
::marker { font-variant-numeric: tabular-nums; white-space: pre; text-transform: none }
[dir=ltr] { direction: ltr }
[dir=rtl] { direction: rtl }
table { text-indent: initial }
img { overflow: hidden }
table { box-sizing: border-box }
ol, ul { counter-reset: list-item }
h1 { bookmark-level: 1 }
h2 { bookmark-level: 2 }
h3 { bookmark-level: 3 }
h4 { bookmark-level: 4 }
h1, h2, h3, h4 { bookmark-label: content(text) }
h1, h2, h3, h4 { hyphens: manual; break-after: avoid; break-inside: avoid }
ol, ul { break-before: avoid }
@page {
  margin: 75px;
  @bottom-left { text-align: left; vertical-align: middle }
  @bottom-right { text-align: right; vertical-align: middle }
}
"""

# ---- styles ----

# So many styles are kept at the most: some hundred for each kind of document, in each language.
STYLES = 4000
# What WeasyPrint declares for one element, from an attribute of it.
_FROM_ATTRIBUTES = {"lang", "anchor"}


class KeptStyles(css.StyleFor):
    """The styles of the elements, each worked out once for all documents that have it.

    A style is known by the style of the parent and by the declarations, and those by their identity: a kept style sheet
    keeps its own. The style holds them all, so that no other object takes their identity while it is here.
    """

    def set_computed_styles(
        self, element: Any, parent: Any, root: Any = None, pseudo_type: Any = None, **more: Any
    ) -> None:
        kept = self.font_config.__dict__.setdefault("kept_styles", {})
        top = element == root and pseudo_type is None
        declared = self._cascaded_styles.get((element, pseudo_type), {})
        key = (top or id(self._computed_styles[parent, None]), pseudo_type, tuple(map(_known, declared.items())))
        style = kept.get(key)
        if style is None:
            super().set_computed_styles(element, parent, root, pseudo_type, **more)
            if len(kept) >= STYLES:
                kept.clear()
            kept[key] = self._computed_styles[element, pseudo_type]
            return
        self._computed_styles[element, pseudo_type] = style
        collector = more.get("target_collector")
        if collector and style["anchor"]:
            collector.collect_anchor(style["anchor"])


def forget(font_config: Any) -> None:
    """For after a document that failed: a style may be left half worked out, and would spoil all that come."""
    font_config.__dict__.pop("kept_styles", None)


def _known(declaration: tuple[str, Any]) -> tuple[Any, ...]:
    name, (value, (precedence, layer, specificity)) = declaration
    return name, value if name in _FROM_ATTRIBUTES else id(value), precedence, layer, tuple(specificity)


css.StyleFor = KeptStyles

# ---- lengths ----

_SIDES = ("top", "right", "bottom", "left")
_RESOLVED = [
    *(f"{space}_{side}" for space in ("margin", "padding") for side in _SIDES),
    *(f"{limit}{axis}" for limit in ("", "min_", "max_") for axis in ("width", "height")),
]
_USED = [*_RESOLVED, *(f"border_{side}_width" for side in _SIDES)]


def _resolve_percentages(box: Any, containing_block: Any) -> None:
    """Sets the lengths of a box. Where its style has no percentages, they are the same in every block."""
    lengths = getattr(box.style, "lengths", None)
    if lengths:
        # What is floating stands for the box that it holds.
        getattr(box, "_box", box).__dict__.update(lengths)
        return
    _resolve(box, containing_block)
    if lengths is None:
        box.style.lengths = {name: getattr(box, name) for name in _USED} if _is_absolute(box.style) else {}


def _is_absolute(style: Any) -> bool:
    # A sum has no unit of its own. Borders that collapse are the table's to set.
    lengths = (style[name] for name in _RESOLVED)
    return style["border_collapse"] != "collapse" and all(
        length == "auto" or getattr(length, "unit", "%") != "%" for length in lengths
    )


_resolve = percent.resolve_percentages
for _module in [module for name, module in sys.modules.items() if name.startswith("weasyprint.layout")]:
    if getattr(_module, "resolve_percentages", None) is _resolve:
        _module.resolve_percentages = _resolve_percentages

# ---- lines ----


class KeptLayout(line_break.Layout):
    """A line of text, shaped once. WeasyPrint lets go of it after laying it out, and shapes it again to draw it."""

    def set_text(self, text: str, justify: bool = False) -> None:
        super().set_text(text, justify)
        # As it is drawn. To set this later would have Pango forget the line. Each text anew: a line is cut from a short
        # text first and then from all of it, and a break that were taken for a letter would lose what follows.
        single = not _ENDS_PARAGRAPH.search(self.text)
        line_break.pango.pango_layout_set_single_paragraph_mode(self.layout, int(single))

    def deactivate(self) -> None:
        pass

    def reactivate(self, style: Any) -> None:
        if self.justification_spacing:
            super().reactivate(style)


_ENDS_PARAGRAPH = re.compile("[\n\r\u2029]")

line_break.Layout = KeptLayout


def _get_font_description(style: Any) -> Any:
    if not hasattr(style, "font"):
        style.font = _describe_font(style)
    return style.font


_describe_font = line_break.get_font_description
line_break.get_font_description = _get_font_description

# ---- the picture ----


class Screen:
    """A picture with a palette, for WeasyPrint: its packed pixels go into the PDF as they are in the PNG."""

    def __init__(self, png: bytes, identity: str) -> None:
        chunks = list(_chunks(png))
        self.id = identity
        self.width, self.height = struct.unpack_from("!II", chunks[0][1])
        self.ratio = self.width / self.height
        self.palette = next(content for name, content in chunks if name == b"PLTE")
        self.pixels = b"".join(content for name, content in chunks if name == b"IDAT")

    def get_intrinsic_size(self, resolution: float, _font_size: float) -> tuple[float, float, float]:
        return self.width / resolution, self.height / resolution, self.ratio

    def draw(self, stream: Any, width: float, height: float, style: Mapping[str, Any]) -> None:
        name = stream.add_image(self, style["image_rendering"] == "auto", 1)
        stream.transform(width, 0, 0, -height, 0, height)
        stream.draw_x_object(name)

    def get_x_object(self, interpolate: bool, _ratio: float) -> pydyf.Stream:
        colours = pydyf.Array(("/Indexed", "/DeviceRGB", len(self.palette) // 3 - 1, f"<{self.palette.hex()}>"))
        # A predictor from 10 on says that each row tells how it was filtered, as in a PNG.
        rows = pydyf.Dictionary({"Predictor": 15, "Colors": 1, "BitsPerComponent": 8, "Columns": self.width})
        about = {
            "Type": "/XObject",
            "Subtype": "/Image",
            "Width": self.width,
            "Height": self.height,
            "ColorSpace": colours,
            "BitsPerComponent": 8,
            "Interpolate": "true" if interpolate else "false",
            "Filter": "/FlateDecode",
            "DecodeParms": rows,
        }
        return pydyf.Stream([self.pixels], pydyf.Dictionary(about))


# Of the header: eight bits a pixel, a palette, packed as always, filtered as always, not interlaced.
_PLAIN = b"\x08\x03\0\0\0"


def screens(pictures: Mapping[str, tuple[bytes, str]]) -> dict[str, Any]:
    """Those of the pictures that need no decoding, by their address, for WeasyPrint's `cache`.

    The site's own are such (triage/picture.py), but for those of up to 16 colours, which have fewer bits a pixel: some
    readers of PDF get them wrong. Those, what is transparent, and anything else, WeasyPrint reads itself.
    """
    return {address: Screen(png, address) for address, (png, _) in pictures.items() if _needs_no_decoding(png)}


def _needs_no_decoding(png: bytes) -> bool:
    return png[24:29] == _PLAIN and b"tRNS" not in png


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The parts of a PNG, each with its name. The checksum of each is left out: the picture is of our own making."""
    at = 8
    while at < len(png):
        (length,) = struct.unpack_from("!I", png, at)
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        at += 12 + length


# ---- the file ----


class Written(pydyf.Object):
    """A part of the file, put into bytes once. pydyf would do it twice, and pack it twice: for the file, and its id."""

    data = b""
    compressible = False

    def __init__(self, part: pydyf.Object) -> None:
        super().__init__()
        self.number, self.generation, self.free = part.number, part.generation, part.free
        self.data, self.compressible = part.data, part.compressible


def _to_bytes(item: Any) -> bytes:
    """What pydyf makes of it. Most are strings, for which it looks last."""
    return item.encode("ascii") if type(item) is str else _other_to_bytes(item)


_other_to_bytes = pydyf._to_bytes
pydyf._to_bytes = _to_bytes


def _page_references(pdf: pydyf.PDF) -> tuple[bytes, ...]:
    """Where the pages are. Each tag asks for it, and pydyf puts it together anew."""
    if len(pdf.__dict__.get("kept_references", ())) != pdf.pages.get("Count"):
        pdf.kept_references = _refer(pdf)
    return pdf.kept_references


_refer = pydyf.PDF.page_references.fget
pydyf.PDF.page_references = property(_page_references)


def write_once(pdf: pydyf.PDF) -> None:
    """To be called when the PDF is whole."""
    pdf.objects[1:] = map(Written, pdf.objects[1:])


class Packed:
    """Packs at the usual level: pydyf asks for the highest, which takes far longer and saves a hundredth."""

    def __init__(self, level: int) -> None:
        pass

    def compress(self, content: bytes) -> bytes:
        """The whole content, packed. A data file so long has a picture in it, whose letters hardly ever repeat."""
        long_data = content.startswith(b"{") and len(content) > _LONG
        packing = zlib.compressobj(strategy=zlib.Z_HUFFMAN_ONLY if long_data else zlib.Z_DEFAULT_STRATEGY)
        return packing.compress(content) + packing.flush()

    def flush(self) -> bytes:
        """Nothing is left."""
        return b""


# Bytes. Without a picture they are a tenth of that.
_LONG = 50_000

pydyf.zlib = SimpleNamespace(compressobj=Packed)

# ---- memory ----


def keep_what_is_here() -> None:
    """Spares the garbage collector what stays for good, and has it look less often. A document leaves few cycles."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)
