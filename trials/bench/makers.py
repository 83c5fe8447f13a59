"""Those who make a PDF of a packet. Each is a function that does what it can do beforehand, and returns two functions.

The first reads a packet's files, which is not timed; the second makes the PDF of what was read, which is. Each runs in
a process of its own (engine.py), so it may keep from one document to the next whatever it likes.
"""

import contextlib
import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from trials.bench import facts, peers
from trials.watch import below

Read = Callable[[Path], Any]
Make = Callable[[Any], bytes]


def ours() -> tuple[Read, Make]:
    """The site's own way: words into the template, both data files, and over to the warm process that draws."""
    from triage import renderers, workers

    _have_site()
    renderers.warm_up()
    if not workers.answers():
        raise RuntimeError("the process for PDFs does not start")
    _equal_rank()
    return _packet, renderers.as_pdf


def ours_bare() -> tuple[Read, Make]:
    """What the warm process does, done in this one: from HTML and data to the PDF."""
    from triage import renderers, workers

    _have_site()
    workers.warm_up = _draw_samples
    renderers.warm_up()
    caught: list[Callable[[], bytes]] = []

    def catch(task: Callable[..., bytes], *arguments: object) -> bytes:
        caught.append(partial(task, *arguments))
        return b""

    # Whatever the site would hand over is kept for later.
    workers.run = catch

    def read(folder: Path) -> Callable[[], bytes]:
        renderers.as_pdf(_packet(folder))
        return caught.pop()

    return read, lambda task: task()


def ours_unset() -> tuple[Read, Make]:
    """The same where every patient is the first with these answers: no block of the paper is set already."""
    from triage import standing

    read, make = ours_bare()

    def make_anew(task: Callable[[], bytes]) -> bytes:
        standing.forget()
        return make(task)

    return read, make_anew


def _draw_samples(samples: Iterable[tuple[object, ...]]) -> None:
    from triage import pdf

    for sample in samples:
        pdf.render(*sample)
    pdf.warm_up()


def _equal_rank() -> None:
    """Lets the warm process stand back for nobody, as far as we may: no peer does (triage/limits.py has it do so).

    Where nobody else uses the machine that changes nothing.
    """
    for pid in below(os.getpid()):
        with contextlib.suppress(PermissionError, ProcessLookupError):
            os.setpriority(os.PRIO_PROCESS, pid, 0)


def _have_site() -> None:
    import django

    django.setup()


def _packet(folder: Path):
    """The packet as a visitor gives it back. Its picture is one of ours, so it is not painted anew."""
    from triage.drafts import from_packet

    document = json.loads((folder / facts.DOCUMENT).read_bytes())
    picture = document.pop("picture")
    draft, _ = from_packet(json.dumps(document).encode())
    return replace(draft.packet(), picture=picture)


def weasyprint(**options: object) -> tuple[Read, Make]:
    """The handbook's way: nothing is kept."""
    from weasyprint import HTML

    return _html, lambda html: HTML(string=html).write_pdf(**options)


def chromium(**options: object) -> tuple[Read, Make]:
    """A browser that is open already, with a page that is open already."""
    from playwright.sync_api import sync_playwright

    playwright = sync_playwright().start()
    flags = ["--no-sandbox", "--disable-gpu"]  # as the tests start it
    browser = playwright.chromium.launch(executable_path=peers.program("chromium"), args=flags)
    page = browser.new_page()

    def make(html: str) -> bytes:
        page.set_content(html)
        return page.pdf(prefer_css_page_size=True, print_background=True, **options)

    return _html, make


def _html(folder: Path) -> str:
    return (folder / facts.HTML).read_text()


def reportlab() -> tuple[Read, Make]:
    """A program that lays the same facts out by itself (laid_out.py), its fonts registered."""
    from trials.bench.laid_out import paper, register_fonts

    register_fonts()
    return _blocks, lambda read: paper(*read)


def typst(**options: object) -> tuple[Read, Make]:
    """A program in its own language (packet.typ), the fonts found, which may keep what does not change."""
    import typst

    program = Path(__file__).with_name("packet.typ").read_bytes()
    # To look for them anew takes longer than the paper.
    fonts = typst.Fonts()

    def make(folder: Path) -> bytes:
        return typst.compile(program, root=folder, font_paths=fonts, **options)

    return lambda folder: folder, make


def _blocks(folder: Path) -> tuple[str, list[dict], bytes]:
    read = json.loads((folder / facts.BLOCKS).read_bytes())
    return read["reference"], read["blocks"], (folder / facts.PICTURE).read_bytes()


@dataclass(frozen=True)
class Maker:
    """Who makes the PDF: what the table calls it, how it starts, and whether that needs the peers' packages."""

    title: str
    start: Callable[[], tuple[Read, Make]]
    is_peer: bool = False


# In this order they take turns, and stand in the table.
MAKERS = {
    "ours": Maker("ours, through the warm process", ours),
    "ours-bare": Maker("ours, the drawing alone", ours_bare),
    "ours-unset": Maker("ours, the drawing alone, nothing set", ours_unset),
    "plain": Maker("plain WeasyPrint", weasyprint),
    "plain-a": Maker("plain WeasyPrint, PDF/A-3a", partial(weasyprint, pdf_variant="pdf/a-3a")),
    "chromium": Maker("warm Chromium", chromium),
    "chromium-tagged": Maker("warm Chromium, tagged", partial(chromium, tagged=True)),
    "reportlab": Maker("ReportLab", reportlab, is_peer=True),
    "typst": Maker("typst (the limit)", typst, is_peer=True),
    "typst-a": Maker("typst, PDF/A-3a", partial(typst, pdf_standards=["a-3a"]), is_peer=True),
}
