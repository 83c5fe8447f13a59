"""What every maker of papers is given, and what has to stand on its papers.

The made-up patient writes again and again, each time with another reference, name, telling and picture, so that nobody
can keep a finished document. What all share, the phone script and the advice, may be kept by whoever can.
"""

import json
import unicodedata
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

from pypdf import PdfReader

# The names of the files of one packet: for who reads HTML, for who does not, and for the site itself.
HTML, BLOCKS, PICTURE, DOCUMENT = "packet.html", "blocks.json", "picture", "document.json"

HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4}
ITEMS, CELLS = {"li"}, {"td", "th"}
HOLD_WORDS = {"p", *HEADINGS, *ITEMS, *CELLS}
# What begins on a line of its own within these, and the mark of that while they are read.
LINES, NEW_LINE = {"value", "line"}, "\x1f"
# The sheets that begin on a page of their own (static/paper.css).
NEW_PAGE = {"sheet-b", "for-you", "your-answers"}


class Reader(HTMLParser):
    """A packet's page read into `blocks` in the order of the paper: each a kind, with text, items or rows.

    Raises ValueError where words stand outside of every paragraph, heading, item and cell: they would be lost.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.blocks: list[dict] = []
        self._words: list[str] | None = None
        self.feed(html.partition("<body>")[2])

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        have = dict(attributes)
        if tag == "section":
            self._add("sheet", id=have["id"], new_page=have["id"] in NEW_PAGE)
        elif tag == "img":
            self._add("picture")
        elif tag == "table":
            self._add("table", rows=[])
        elif tag == "tr":
            self.blocks[-1]["rows"].append([])
        elif tag == "ul":
            self._add("list", items=[])
        elif tag in HOLD_WORDS:
            self._words = []
        elif self._words and LINES & set((have.get("class") or "").split()):
            self._words.append(NEW_LINE)

    def handle_data(self, data: str) -> None:
        if self._words is not None:
            self._words.append(data)
        elif data.strip():
            raise ValueError(f"words that stand nowhere: {data.strip()}")

    def handle_endtag(self, tag: str) -> None:
        if tag not in HOLD_WORDS or self._words is None:
            return
        lines = (" ".join(line.split()) for line in "".join(self._words).split(NEW_LINE))
        text = "\n".join(line for line in lines if line)
        self._words = None
        if tag in CELLS:
            self.blocks[-1]["rows"][-1].append(text)
        elif tag in ITEMS:
            self.blocks[-1]["items"].append(text)
        elif tag in HEADINGS:
            self._add("heading", level=HEADINGS[tag], text=text)
        elif text:
            self._add("paragraph", text=text)

    def _add(self, kind: str, **what: object) -> None:
        self.blocks.append({"kind": kind, **what})


@dataclass(frozen=True)
class Facts:
    """What has to stand on the papers of one packet. `picture` is whether the patient sent one."""

    words: tuple[str, ...]
    picture: bool

    def missing(self, pdf: bytes) -> list[str]:
        """What is not on these papers. White space does not count: paper breaks lines where it will."""
        reader = PdfReader(BytesIO(pdf))
        dense = squeezed("".join(page.extract_text() for page in reader.pages))
        lost = [words for words in self.words if squeezed(words) not in dense]
        drawn = any(image.image.width > 100 for page in reader.pages for image in page.images)
        return lost + (["the picture"] if self.picture and not drawn else [])


def squeezed(text: str) -> str:
    """The text without white space, and without the signs for two letters that some fonts have."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def texts(blocks: Iterable[dict]) -> list[str]:
    """Every line that stands in the blocks."""
    found: list[str] = []
    for block in blocks:
        cells = [cell for row in block.get("rows", ()) for cell in row]
        for text in (block.get("text", ""), *block.get("items", ()), *cells):
            found += [line for line in text.split("\n") if line]
    return found


def write(folder: Path, count: int, with_picture: bool = True) -> list[Facts]:
    """The files of so many packets, in folders 0, 1 and so on, and what has to stand on the papers of each.

    Needs Django, set up.
    """
    from PIL import Image

    from triage import renderers
    from triage.picture import clean
    from trials.visitors import a_screen

    screen = Image.open(BytesIO(a_screen()))
    made = []
    for number in range(count):
        picture = b64encode(clean(another(screen, number))).decode() if with_picture else ""
        packet = replace(draft(number).packet(), picture=picture)
        html = renderers.as_html(packet).decode()
        blocks = Reader(html).blocks
        files = {
            HTML: html.encode(),
            BLOCKS: json.dumps({"reference": packet.reference, "blocks": blocks}).encode(),
            PICTURE: b64decode(packet.picture),
            DOCUMENT: renderers.as_json(packet),
        }
        (folder / str(number)).mkdir(parents=True)
        for name, content in files.items():
            (folder / str(number) / name).write_bytes(content)
        worded = packet.for_desk
        rows = [text for row in worded.rows if row.values for text in (row.number, *row.values)]
        tried = [text for step in worded.was_tried for text in (step.number, step.title, step.said)]
        made.append(Facts((packet.reference, *rows, *tried, *texts(blocks)), with_picture))
    return made


def draft(number: int):
    """The request of the made-up patient, written for the so-manieth time."""
    from triage.drafts import from_packet
    from triage.renderers import EXAMPLE

    document = json.loads(EXAMPLE.read_text())
    document["details"] |= {
        "name": f"Maria Example {number}",
        "phone": f"207-555-{number:04}",
        "what-happened": f"I typed my password {number + 3} times. Then it said locked.",
    }
    return from_packet(json.dumps(document).encode())[0]


def another(screen, number: int) -> bytes:
    """The screen with another spot on it, as its owner would send it."""
    from PIL import ImageDraw

    spotted = screen.copy()
    ImageDraw.Draw(spotted).rectangle((0, 40 * number, 40, 40 * number + 40), fill="navy")
    file = BytesIO()
    spotted.save(file, "PNG", compress_level=1)
    return file.getvalue()
