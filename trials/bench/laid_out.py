"""A packet by ReportLab: its blocks as flowables, sizes and spaces as in static/paper.css."""

import subprocess
from collections.abc import Iterator
from functools import partial
from io import BytesIO
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_LEFT
from reportlab.lib.fonts import addMapping
from reportlab.lib.pagesizes import letter
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    CondPageBreak,
    Flowable,
    Image,
    ListFlowable,
    ListItem,
    PageBreak,
    Paragraph,
    SimpleDocTemplate,
    Table,
    TableStyle,
)

FONT, BOLD = "Sans", "Sans-Bold"
ACCENT, GREY = HexColor("#14505c"), HexColor("#767676")
WIDTH = letter[0] - 34 * mm

BODY = ParagraphStyle("body", fontName=FONT, fontSize=12, leading=15.6, spaceBefore=1.5 * mm, spaceAfter=1.5 * mm)
CELL = ParagraphStyle("cell", BODY, spaceBefore=0, spaceAfter=0)
HEAD = ParagraphStyle("head", CELL, fontName=BOLD)
HEADINGS = {
    level: ParagraphStyle(f"h{level}", fontName=BOLD, fontSize=size, leading=1.25 * size, keepWithNext=1, **spaces)
    for level, size, spaces in (
        (1, 21, {"spaceAfter": 3 * mm}),
        (2, 15, {"spaceBefore": 2 * mm, "spaceAfter": 2 * mm}),
        (3, 12.5, {"spaceBefore": 3 * mm, "spaceAfter": 1 * mm}),
        (4, 12, {"spaceBefore": 4 * mm, "spaceAfter": 1 * mm}),
    )
}
# The phone script is read aloud, with a phone in one hand.
LARGE = ParagraphStyle("large", BODY, fontSize=14, leading=18.2, alignment=TA_LEFT)
TABLE = TableStyle(
    [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEBELOW", (0, 0), (-1, -1), 0.5, GREY),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
    ]
)


def register_fonts() -> None:
    """Noto Sans, or what this machine has in its place, where fontconfig finds it."""
    for name, style in ((FONT, "Regular"), (BOLD, "Bold")):
        words = ["fc-match", "--format", "%{file}", f"Noto Sans:style={style}"]
        file = subprocess.run(words, capture_output=True, text=True, check=True).stdout
        pdfmetrics.registerFont(TTFont(name, file))
    for bold in (0, 1):
        addMapping(FONT, bold, 0, BOLD if bold else FONT)


def paper(reference: str, blocks: list[dict], picture: bytes) -> bytes:
    """The PDF of these blocks."""
    file = BytesIO()
    margins = {"leftMargin": 17 * mm, "rightMargin": 17 * mm, "topMargin": 11 * mm, "bottomMargin": 14 * mm}
    document = SimpleDocTemplate(file, pagesize=letter, title=f"MyChart support request {reference}", **margins)
    document.build(list(flowables(blocks, picture)), canvasmaker=partial(NumberedPages, reference))
    return file.getvalue()


def flowables(blocks: list[dict], picture: bytes) -> Iterator[Flowable]:
    body = BODY
    for block in blocks:
        kind = block["kind"]
        if kind == "sheet":
            body = LARGE if block["id"] == "call" else BODY
            if block["new_page"]:
                yield PageBreak()
        elif kind == "heading":
            yield Paragraph(marked(block["text"]), HEADINGS[block["level"]])
        elif kind == "paragraph":
            yield Paragraph(marked(block["text"]), body)
        elif kind == "list":
            items = [ListItem(Paragraph(marked(item), body)) for item in block["items"]]
            yield ListFlowable(items, bulletType="bullet", start="•", bulletFontName=FONT, leftIndent=6 * mm)
        elif kind == "table":
            rows = [
                [Paragraph(marked(cell), CELL if column else HEAD) for column, cell in enumerate(row)]
                for row in block["rows"]
            ]
            yield Table(rows, colWidths=[0.34 * WIDTH, 0.66 * WIDTH], style=TABLE)
        elif kind == "picture":
            width, height = ImageReader(BytesIO(picture)).getSize()
            scale = min(WIDTH / width, 110 * mm / height)
            yield CondPageBreak(height * scale)
            yield Image(BytesIO(picture), width * scale, height * scale)


def marked(text: str) -> str:
    """The text as ReportLab's paragraphs want it."""
    return escape(text).replace("\n", "<br/>")


class NumberedPages(Canvas):
    """Writes the reference and "1 / 5" at the foot of each page, when all pages are there."""

    def __init__(self, reference: str, *arguments: object, **options: object) -> None:
        super().__init__(*arguments, **options)
        self._reference = reference
        self._pages: list[dict] = []

    def showPage(self) -> None:  # noqa: N802 (ReportLab's name)
        self._pages.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        for number, page in enumerate(self._pages, 1):
            self.__dict__.update(page)
            self.setFont(FONT, 9.5)
            self.drawString(17 * mm, 9 * mm, self._reference)
            self.drawRightString(letter[0] - 17 * mm, 9 * mm, f"{number} / {len(self._pages)}")
            super().showPage()
        super().save()
