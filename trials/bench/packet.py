"""The packet: one after the other makes a PDF of the same facts, round after round."""

import re
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from pypdf import PdfReader

from trials.bench import facts
from trials.bench.engine import Engine
from trials.bench.figures import Measured, in_turn, machine
from trials.bench.makers import MAKERS
from trials.storm import table

# How many different packets there are, and how many of them each maker makes at its turn.
PACKETS, AT_A_TURN = 12, 3
OURS, PLAIN = "ours", "plain"
PACKAGES, PROGRAMS = ("weasyprint", "reportlab", "typst", "playwright"), ("chromium",)


class LeftOutError(Exception):
    """A maker whose papers lack something: its figures would mean nothing."""


@dataclass(frozen=True)
class Paper:
    """What a PDF says of itself. Whether that is true is for a validator to say (`make check-pdf`).

    enclosed  how many files are in it
    """

    size: int
    pages: int
    tagged: bool
    standards: tuple[str, ...]
    enclosed: int

    @classmethod
    def read(cls, pdf: bytes) -> "Paper":
        reader = PdfReader(BytesIO(pdf))
        root = reader.trailer["/Root"]
        said = root["/Metadata"].get_data().decode() if "/Metadata" in root else ""
        found = dict(re.findall(r"pdf(a|ua)id:part[>=\"']+(\d)", said))
        level = re.search(r"pdfaid:conformance[>=\"']+(\w)", said)
        standards = [f"PDF/A-{found['a']}{level[1].lower() if level else ''}"] if "a" in found else []
        standards += [f"PDF/UA-{found['ua']}"] if "ua" in found else []
        tagged = bool(root.get("/MarkInfo", {}).get("/Marked"))
        return cls(len(pdf), len(reader.pages), tagged, tuple(standards), len(list(reader.attachment_list)))


@dataclass
class Figures:
    """Seconds of one maker, of the clock and of processors; `first` is its first document after a start."""

    wall: Measured = field(default_factory=Measured)
    processor: Measured = field(default_factory=Measured)
    start: Measured = field(default_factory=Measured)
    first: Measured = field(default_factory=Measured)
    first_processor: Measured = field(default_factory=Measured)
    paper: Paper | None = None


def measure(names: Sequence[str], rounds: int, starts: int, with_picture: bool = True) -> dict[str, Figures]:
    """The figures of these makers: so many rounds, and so many times started anew. Needs Django, set up.

    Raises LeftOutError where one of their PDFs lacks a fact.
    """
    figures = {name: Figures() for name in names}
    with tempfile.TemporaryDirectory(prefix="wayin-bench-") as folder:
        folders = [Path(folder) / str(number) for number in range(PACKETS)]
        wanted = facts.write(Path(folder), PACKETS, with_picture)
        _start_anew(figures, starts, folders)
        with ExitStack() as running:
            engines = {name: running.enter_context(Engine(name)) for name in names}
            for number, name in enumerate(names):
                figures[name].paper = _checked(name, engines[name], folders[number], wanted[number])
            for number, name in in_turn(names, rounds):
                for packet in range(AT_A_TURN):
                    made = engines[name].make(folders[(number * AT_A_TURN + packet) % PACKETS])
                    figures[name].wall.add(number, made["seconds"])
                    figures[name].processor.add(number, made["cpu"])
    return figures


def _start_anew(figures: dict[str, Figures], starts: int, folders: Sequence[Path]) -> None:
    for number, name in in_turn(figures, starts):
        with Engine(name) as engine:
            figures[name].start.add(number, engine.start)
            made = engine.make(folders[number % len(folders)])
            figures[name].first.add(number, made["seconds"])
            figures[name].first_processor.add(number, made["cpu"])


def _checked(name: str, engine: Engine, folder: Path, wanted: facts.Facts) -> Paper:
    """What the PDF says of itself, where every fact is in it. It is the second at least, so the maker is warm then."""
    engine.make(folder)
    pdf = Path(engine.make(folder)["pdf"]).read_bytes()
    if lost := wanted.missing(pdf):
        raise LeftOutError(f"{name}: {lost}")
    return Paper.read(pdf)


def report(figures: dict[str, Figures]) -> str:
    """The figures as Markdown: two tables and where they were measured."""
    return f"{machine(PACKAGES, PROGRAMS)}\n\n{warm(figures)}\n{cold(figures)}"


def warm(figures: dict[str, Figures]) -> str:
    head = ["packet, warm", "ms, median", "p90", "CPU ms", "x plain", "ours / it", "x plain, CPU", "ours / it, CPU"]
    head += ["kB", "pages", "tagged", "says it is", "files in it"]
    return table(head, [_warm(figures, name) for name in figures])


def _warm(figures: dict[str, Figures], name: str) -> list[object]:
    its, paper = figures[name], figures[name].paper
    return [
        MAKERS[name].title,
        f"{1000 * its.wall.median:.0f}",
        f"{1000 * its.wall.at(0.9):.0f}",
        f"{1000 * its.processor.mean:.0f}",
        _ratio(figures, name, PLAIN, lambda one, other: one.wall.ratio(other.wall)),
        _ratio(figures, OURS, name, lambda one, other: one.wall.ratio(other.wall)),
        _ratio(figures, name, PLAIN, lambda one, other: one.processor.mean / other.processor.mean),
        _ratio(figures, OURS, name, lambda one, other: one.processor.mean / other.processor.mean),
        f"{paper.size / 1000:.0f}",
        paper.pages,
        "yes" if paper.tagged else "no",
        ", ".join(paper.standards) or "-",
        paper.enclosed,
    ]


def cold(figures: dict[str, Figures]) -> str:
    head = ["packet, after a start", "ready after, ms", "first one, ms", "first / later", "first / later, CPU"]
    return table(head, [_cold(MAKERS[name].title, its) for name, its in figures.items()])


def _cold(title: str, its: Figures) -> list[str]:
    times = f"{1000 * its.start.median:.0f}", f"{1000 * its.first.median:.0f}"
    processor = its.first_processor.mean / its.processor.mean
    return [title, *times, f"{its.first.median / its.wall.median:.2f}", f"{processor:.2f}"]


def _ratio(figures: dict[str, Figures], name: str, other: str, of) -> str:
    return f"{of(figures[name], figures[other]):.2f}" if name in figures and other in figures else "-"
