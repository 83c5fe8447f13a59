"""Blocks of the packet in which nothing was typed: set once and kept, as printers kept standing type.

A template marks such a block with the class `standing`. It is laid out and painted once for each section that it
stands in. In a packet a picture of its size holds its place, and shows what was painted then; to tags, links and
bookmarks the block itself stands there. Runs in a worker process, which draws one document at a time, by
triage/typesetter.py. Decision 15 has the reasons.
"""

import copy
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import Any

import pydyf
from weasyprint import CSS, Document
from weasyprint.document import Page
from weasyprint.draw import draw_page, draw_stacking_context
from weasyprint.formatting_structure.boxes import BlockBox
from weasyprint.pdf.stream import Stream
from weasyprint.stacking import StackingContext

# So many blocks are kept at the most: some twenty for each kind of problem, in each language. 0.1 to 0.3 MB each.
BLOCKS = 400
# How much of a page's height. What is higher breaks over pages, as any text: in one piece it could leave a page empty.
_TALLEST = 1 / 3

# Templates escape what was typed, so it has no "<" of its own. No such block has a <div> in it.
_SECTION = re.compile(r"(<section [^>]*>)(.*?)</section>", re.DOTALL)
_BLOCK = re.compile(r'(<div class="standing(?: titled)?)[^"]*">.*?</div>', re.DOTALL)
_BODY = re.compile(r"(<body[^>]*>).*</body>", re.DOTALL)

# Each block on a page of its own. Painting does not ask for it again.
_APART = CSS(string=".standing { break-before: page }")

# What a block is known by: the style sheet, the tag of its section, which says language and direction, and its HTML.
Key = tuple[CSS, str, str]
# Lays out a document: its HTML, its pictures by their addresses, and style sheets besides the packet's own.
SetType = Callable[..., Document]


class Block:
    """A block that is set: `box`, laid out, and for WeasyPrint a picture of it."""

    def __init__(self, box: Any, page: Any) -> None:
        self.box = box
        # Rounded, so that nothing tells on which page it was set: the same packet has the same bytes.
        x, y = box.border_box_x(), box.border_box_y()
        inside = box.descendants(placeholders=True)
        self._places = [(part, round(part.position_x - x, 6), round(part.position_y - y, 6)) for part in inside]
        self.stand_at(0, 0)
        self._paint(page)

    def _paint(self, page: Any) -> None:
        self._states, others = pydyf.Dictionary(), pydyf.Dictionary()
        fonts = {key: _unused(font) for key, font in _fonts.items()}
        stream = Stream(fonts, None, {"ExtGState": self._states, "XObject": others}, {}, {}, {}, None)
        draw_stacking_context(stream, StackingContext.from_box(self.box, page))
        self._painted, self._marks = list(_painted(stream.stream)), stream._tags
        named = b"".join(part for part in self._painted if isinstance(part, bytes))
        # In an order that does not tell which fonts were there before.
        used = {key: font for key, font in sorted(fonts.items()) if font.hash.encode() in named}
        self._letters = {key: (font.widths, font.to_unicode) for key, font in used.items()}
        _fonts.update({key: _unused(font) for key, font in fonts.items() if key not in _fonts})
        # Whether it is made of lines and letters alone, all of which its fonts have, and leaves room for others.
        has_room = 0 < self.box.height <= page.height * _TALLEST
        self.is_plain = has_room and not others and not any(font.missing for font in fonts.values())

    def stand_at(self, x: float, y: float) -> None:
        """Moves it to this place on a page."""
        for part, along, down in self._places:
            part.position_x, part.position_y = x + along, y + down

    def get_intrinsic_size(self, _resolution: float, _font_size: float) -> tuple[float, float, float]:
        """Width and height in CSS pixels, the border counted, and their ratio."""
        width, height = round(self.box.border_width(), 6), round(self.box.border_height(), 6)
        return width, height, width / height

    def draw(self, stream: Stream, _width: float, _height: float, _style: Any) -> None:
        """Paints it again, its marks numbered on from those that the page has."""
        marks = stream._tags
        first = len(marks)
        for part in self._painted:
            stream.stream.append(f"<</MCID {first + part}>>" if isinstance(part, int) else part)
        for text, mark in self._marks.items():
            marks[text] = mark | {"mcid": first + mark["mcid"]}
        for key, (widths, letters) in self._letters.items():
            font = stream._fonts.get(key) or stream._fonts.setdefault(key, _unused(_fonts[key]))
            font.widths |= widths
            # Where the document has drawn a letter already, it stands for the same.
            font.to_unicode = letters | font.to_unicode
        stream._resources["ExtGState"].update(self._states)


class PageWithBlocks(Page):
    """A page on which pictures hold the place of blocks."""

    def __init__(self, page: Page) -> None:
        self._with_pictures = page._page_box
        super().__init__(_with_blocks(page._page_box))

    def paint(self, stream: Stream, scale: float = 1) -> None:
        """Paints the page into the PDF."""
        stream.marked = partial(_marked, stream.marked)
        try:
            with stream.stacked():
                stream.transform(a=scale, d=scale)
                draw_page(self._with_pictures, stream)
        finally:
            # Or the stream would hold itself, and what was typed with it, until the collector comes.
            del stream.marked


# Those that are set. None: it is not plain, and is laid out with the rest.
_kept: dict[Key, Block | None] = {}
# The fonts of them all, by the key that WeasyPrint gives them.
_fonts: dict[Any, Any] = {}


def take_out(html: str, sheet: CSS, set_type: SetType) -> tuple[str, dict[str, Block]]:
    """The packet with pictures in the place of its blocks, and the blocks by the addresses of those."""
    _set(html, sheet, set_type)
    taken: dict[str, Block] = {}

    def out_of_section(section: re.Match[str]) -> str:
        opening, inside = section.groups()

        def out(found: re.Match[str]) -> str:
            block = _kept[sheet, opening, found[0]]
            if block is None or block in taken.values():
                return found[0]
            address = f"standing:{len(taken)}"
            taken[address] = block
            return f'{found[1]}"><img src="{address}" alt=""></div>'

        return f"{opening}{_BLOCK.sub(out, inside)}</section>"

    return _SECTION.sub(out_of_section, html), taken


def put_in(document: Document) -> Document:
    """The document with its blocks in the place of the pictures."""
    return document.copy(map(PageWithBlocks, document.pages))


def forget() -> None:
    """For after a document that failed: a block may be left half moved."""
    _kept.clear()
    _fonts.clear()


def _set(html: str, sheet: CSS, set_type: SetType) -> None:
    """Sets the blocks of this packet that are not set yet."""
    wanted = {
        (sheet, opening, block[0]) for opening, inside in _SECTION.findall(html) for block in _BLOCK.finditer(inside)
    }
    if len(_kept.keys() | wanted) > BLOCKS:
        _kept.clear()
    missing = sorted(wanted - _kept.keys(), key=itemgetter(1, 2))
    if not missing:
        return
    apart = (
        f"{opening}{''.join(block for _, _, block in keys)}</section>"
        for opening, keys in groupby(missing, itemgetter(1))
    )
    document = set_type(_BODY.sub(lambda body: f"{body[1]}{''.join(apart)}</body>", html), {}, _APART)
    found: dict[Any, list[Block]] = {}
    for page in document.pages:
        for box in _standing(page._page_box):
            found.setdefault(box.element, []).append(Block(box, page._page_box))
    # What is not shown has no box. Then nobody knows which is which.
    parts = list(found.values()) if len(found) == len(missing) else [[]] * len(missing)
    for key, those in zip(missing, parts, strict=True):
        _kept[key] = those[0] if len(those) == 1 and those[0].is_plain else None


def _standing(box: Any) -> Iterator[Any]:
    for child in box.children:
        if child.element is not None and child.element.get("class", "").startswith("standing"):
            yield child
        elif isinstance(child, BlockBox):
            yield from _standing(child)


def _painted(operators: list[Any]) -> Iterator[bytes | int]:
    """The operators as bytes, cut wherever a marked text has its number."""
    for is_number, items in groupby(operators, lambda item: isinstance(item, pydyf.Dictionary)):
        if is_number:
            yield from (item["MCID"] for item in items)
        else:
            yield b"\n".join(map(pydyf._to_bytes, items))


def _unused(font: Any) -> Any:
    """The font for another document, none of its letters drawn."""
    unused = copy.copy(font)
    unused.widths, unused.to_unicode, unused.missing, unused.variations = {}, {}, {}, dict(font.variations)
    return unused


def _marked(mark: Callable[..., AbstractContextManager[None]], box: Any, tag: str) -> AbstractContextManager[None]:
    """Marks what is painted for the structure tree. A block brings its own marks."""
    return nullcontext() if isinstance(getattr(box, "replacement", None), Block) else mark(box, tag)


def _with_blocks(box: Any) -> Any:
    """A copy of what the pictures are in, with the blocks in their place."""
    children = []
    for child in box.children:
        block = getattr(child.children[0], "replacement", None) if len(child.children) == 1 else None
        if isinstance(block, Block):
            block.stand_at(child.border_box_x(), child.border_box_y())
            children.append(block.box)
        else:
            children.append(_with_blocks(child) if isinstance(child, BlockBox) else child)
    return box.copy_with_children(children)
