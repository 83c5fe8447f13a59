"""Blocks that are set once: the packet is the one that it would be without them, and nothing typed is ever kept."""

import re
from html import unescape
from io import BytesIO

import pytest
from django.template.loader import render_to_string
from PIL import Image
from pypdf import PdfReader
from tagged import elements, read, spoken
from variants import MADE_AT, VARIANTS

from triage import pdf, quick, standing, workers
from triage.packet import spell
from triage.renderers import as_pdf, stylesheet

pytestmark = pytest.mark.usefixtures("drawn_here")

USUAL = "a screen as picture"
ALIKE = [
    USUAL,
    "everything at its longest, A4",
    "every problem, longest answers",
    "account-locked, patient reads Spanish",
    "account-locked, desk reads Spanish",
    "everything tried, example",
    "A4 with a logo as SVG",
    "in Arabic",
    "in marks",
]


@pytest.fixture
def keeps_all(monkeypatch):
    """Also of the packets of which the site has nothing kept."""
    monkeypatch.setattr(workers, "run", lambda task, *arguments: task(*arguments[:5]))


@pytest.fixture
def in_one_piece(monkeypatch):
    """From now on every block is laid out with the rest, and none breaks over pages."""

    def begin() -> None:
        monkeypatch.setattr(standing, "take_out", lambda html, *_: (html, {}))

    whole = " .standing { break-inside: avoid }"
    drawn = lambda task, html, css, *arguments: task(html, css + whole, *arguments[:3])  # noqa: E731
    monkeypatch.setattr(workers, "run", drawn)
    return begin


def words_at(content: bytes) -> list[list[tuple]]:
    """For each page the words and where they begin, in tenths of a point. The dots of lists are painted apart."""
    found = []
    for page in read(content).pages:
        here: list[tuple] = []

        def note(text, page, line, *_, here=here):
            if text.strip(" \n•"):
                x, y = line[4:]
                across, down = (page[n] * x + page[n + 2] * y + page[n + 4] for n in (0, 1))
                here.append((text.strip(), round(across, 1), round(down, 1)))

        page.extract_text(visitor_text=note)
        found.append(here)
    return found


def tree(content: bytes) -> list[tuple]:
    wanted = ("/S", "/Lang", "/Alt")
    return [tuple(str(item.get(key)) for key in wanted) for item in elements(read(content))]


def links(content: bytes) -> list[tuple]:
    found = [annotation.get_object() for page in read(content).pages for annotation in page.get("/Annots", ())]
    return [(link["/A"]["/URI"], *(round(float(side), 1) for side in link["/Rect"])) for link in found]


def outline(content: bytes) -> list[tuple]:
    document = read(content)

    def flat(items):
        for item in items:
            if isinstance(item, list):
                yield from flat(item)
            else:
                yield item.title, document.get_destination_page_number(item), round(float(item.top), 1)

    return list(flat(document.outline))


def said(content: bytes) -> dict[str, str]:
    return {language: text.replace("•", "") for language, text in spoken(content).items()}


def resources(content: bytes) -> dict:
    return read(content).pages[0]["/Resources"]


def fonts(content: bytes) -> list[tuple]:
    """The widths of the letters, and what each stands for."""
    found = [font.get_object() for font in resources(content)["/Font"].values()]
    return sorted(
        (font["/BaseFont"], str(font["/DescendantFonts"][0]["/W"]), sorted(font["/ToUnicode"].get_data().split(b"\n")))
        for font in found
    )


def blocks_of(packet) -> list[str]:
    html = render_to_string("triage/paper.html", {"packet": packet, "picture": pdf.PICTURE})
    return [unescape(block[0]) for block in standing._BLOCK.finditer(html)]


def spelled(packet, worded) -> str:
    return spell(packet.reference, worded.words)


def paper(inside: str) -> str:
    section = f'<section class="sheet" id="a" lang="en" dir="ltr">{inside}</section>'
    return f'<html lang="en"><head><title>x</title></head><body>{section}</body></html>'


def words(content: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages).split())


@pytest.mark.parametrize("name", ALIKE)
def test_a_packet_has_the_same_words_at_the_same_places_as_one_that_is_laid_out_in_one_piece(
    packets, in_one_piece, name
):
    for _ in range(2):
        set_in_blocks = as_pdf(packets[name])
    assert sum(block is not None for block in standing._kept.values()) > 9
    in_one_piece()
    whole = as_pdf(packets[name])
    for seen in (words_at, tree, links, outline, said, fonts):
        assert seen(set_in_blocks) == seen(whole), seen.__name__


def test_a_packet_has_the_same_bytes_whatever_was_drawn_before(packets, keeps_all):
    alone = {}
    for name in ALIKE:
        standing.forget()
        alone[name] = as_pdf(packets[name])
    assert {name: as_pdf(packets[name]) for name in reversed(ALIKE)} == {name: alone[name] for name in alone}
    assert {name: as_pdf(packets[name]) for name in ALIKE} == alone


def test_a_second_packet_with_the_same_answers_sets_nothing_anew(packets, monkeypatch):
    read_in, reader = [], quick.Paper.__init__

    def counted(self, string, url_fetcher):
        read_in.append(string)
        reader(self, string, url_fetcher)

    monkeypatch.setattr(quick.Paper, "__init__", counted)
    as_pdf(packets[USUAL])
    assert len(read_in) == 2
    as_pdf(packets[USUAL])
    assert len(read_in) == 3
    # What is left to lay out is what was typed, and little more.
    assert len(read_in[2]) < len(read_in[0])


@pytest.mark.parametrize("name", VARIANTS)
def test_no_block_has_anything_in_it_that_was_typed(packets, name):
    packet = packets[name]
    held = " ".join(blocks_of(packet))
    typed = [row.value for row in (*packet.for_desk.rows, *packet.for_patient.rows) if row.own_words]
    typed += [line for value in typed for line in value.splitlines()]
    known = {packet.for_patient.language.name_of(code) for code in ("en", "es")}
    assert [value for value in typed if len(value) > 3 and value not in known and value in held] == []
    assert packet.reference not in held
    assert [worded for worded in (packet.for_desk, packet.for_patient) if spelled(packet, worded) in held] == []
    assert "own" not in re.findall(r'class="([^"]*)"', held)
    assert packet.for_desk.made_on not in held
    assert len(blocks_of(packet)) > 9


def test_how_long_a_packet_takes_tells_an_intruder_nothing(packets):
    """Nothing is kept of what somebody says who has an intruder, and nothing that is kept is used for it."""
    name = "unauthorized-access, patient reads Spanish"
    assert packets[name].for_desk.verdict.id == "contact-now"
    alone = as_pdf(packets[name])
    assert standing._kept == {}
    as_pdf(packets["everything tried, example"])
    kept = dict(standing._kept)
    assert as_pdf(packets[name]) == alone
    assert standing._kept == kept


def test_a_block_holds_no_other_so_that_its_end_is_the_first_that_comes(packets):
    for block in blocks_of(packets["everything at its longest, A4"]):
        assert block.count("<div") == block.count("</div>") == 1


def test_what_is_kept_has_an_end(packets, keeps_all, monkeypatch):
    usual = as_pdf(packets[USUAL])
    count = len(standing._kept)
    monkeypatch.setattr(standing, "BLOCKS", count + 3)
    other = as_pdf(packets["every problem, longest answers"])
    assert len(standing._kept) != count
    assert as_pdf(packets[USUAL]) == usual
    assert len(standing._kept) <= count + 3
    assert as_pdf(packets["every problem, longest answers"]) == other


def test_a_document_that_fails_leaves_no_block_behind(packets, monkeypatch):
    whole = as_pdf(packets[USUAL])
    assert standing._kept
    with monkeypatch.context() as little:
        little.setattr(standing.PageWithBlocks, "paint", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            as_pdf(packets[USUAL])
    assert standing._kept == {}
    assert as_pdf(packets[USUAL]) == whole


@pytest.mark.parametrize("count", [20, 90], ids=["a third of a page", "two pages"])
def test_a_high_block_breaks_like_any_text(count):
    lines = "".join(f"<p>Line {number}</p>" for number in range(count))
    before = "<p>Before</p>" * 20
    content = pdf.render(paper(f'{before}<div class="standing">{lines}</div><p>After</p>'), stylesheet(), MADE_AT)
    assert list(standing._kept.values()) == [None]
    first, *others = [page.extract_text() for page in PdfReader(BytesIO(content)).pages]
    assert "Line 0" in first
    assert len(others) == (1 if count == 20 else 3)
    assert [f"Line {number} " in words(content) for number in (0, count // 2, count - 1)] == [True] * 3


def test_a_block_that_stands_there_twice_is_there_twice():
    block = '<div class="standing"><p>Twice</p></div>'
    content = pdf.render(paper(f"{block}<p>Between</p>{block}"), stylesheet(), MADE_AT)
    assert words(content).startswith("Twice Between Twice")


def test_a_block_with_a_picture_in_it_is_laid_out_with_the_rest():
    file = BytesIO()
    Image.new("RGB", (30, 20), "navy").save(file, "PNG")
    html = paper(f'<div class="standing"><p>Logo <img src="{pdf.LOGO}" alt="x"></p></div>')
    content = pdf.render(html, stylesheet(), MADE_AT, (), {pdf.LOGO: (file.getvalue(), "image/png")})
    assert list(standing._kept.values()) == [None]
    assert len(PdfReader(BytesIO(content)).pages[0].images) == 1


@pytest.mark.parametrize("empty", ["", "<p></p>"])
def test_a_block_with_nothing_in_it_takes_no_room(empty):
    content = pdf.render(paper(f'<p>One</p><div class="standing">{empty}</div><p>Two</p>'), stylesheet(), MADE_AT)
    assert words(content).startswith("One Two")


@pytest.mark.parametrize("inside", ["e\u0301 {}", "{} e\u0301"], ids=["before", "behind"])
def test_a_letter_stands_for_what_it_stood_for_first(in_one_piece, inside):
    """One letter of the font is what is written as one character, and as a letter with its accent behind it."""
    html = paper(inside.format('<div class="standing"><p>\u00e9</p></div>'))
    in_blocks = pdf.render(html, stylesheet(), MADE_AT)
    in_one_piece()
    assert fonts(in_blocks) == fonts(pdf.render(html, stylesheet(), MADE_AT))


def test_a_block_brings_the_letters_and_states_that_it_alone_has(in_one_piece):
    html = paper('<p>A</p><div class="standing"><p class="pale">Zygote</p></div>')
    css = stylesheet() + ".pale { color: rgb(0 0 0 / 40%) }"
    in_blocks = pdf.render(html, css, MADE_AT)
    assert "/a0.4" in resources(in_blocks)["/ExtGState"]
    in_one_piece()
    whole = pdf.render(html, css, MADE_AT)
    assert resources(whole)["/ExtGState"].items() <= resources(in_blocks)["/ExtGState"].items()
    assert fonts(in_blocks) == fonts(whole)


@pytest.mark.parametrize("margin", [round(0.1 + 0.37 * step, 2) for step in range(12)])
def test_where_a_block_was_set_does_not_tell_in_the_bytes(margin):
    css = f"{stylesheet()} #a {{ margin-top: {margin}mm }}"
    block = '<div class="standing"><h2>Zero</h2><p><a href="tel:1">One</a> two</p></div>'
    html = paper(f"{block}<p>After</p>")
    alone = pdf.render(html, css, MADE_AT)
    standing.forget()
    # Set together with one that comes before it.
    pdf.render(paper(f'<div class="standing"><h2>A</h2></div>{block}'), css, MADE_AT)
    assert pdf.render(html, css, MADE_AT) == alone


def test_blocks_that_a_style_sheet_hides_are_not_kept():
    html = paper('<div class="standing"><p>Shown</p></div><div class="standing titled"><p>Hidden</p></div>')
    content = pdf.render(html, f"{stylesheet()} .titled {{ display: none }}", MADE_AT)
    assert list(standing._kept.values()) == [None, None]
    assert words(content).startswith("Shown")
    assert "Hidden" not in words(content)


def test_which_fonts_were_used_before_does_not_tell_in_the_bytes():
    one, other = (
        paper(f'<div class="standing"><p>{text}</p></div>') for text in ("Plain <strong>bold</strong>", "<em>No</em>")
    )
    alone = pdf.render(one, stylesheet(), MADE_AT)
    standing.forget()
    pdf.render(other, stylesheet(), MADE_AT)
    pdf.render(paper('<div class="standing"><p><b>Bold</b></p></div>'), stylesheet(), MADE_AT)
    assert pdf.render(one, stylesheet(), MADE_AT) == alone


def test_a_letter_that_no_font_has_stays_with_its_own_document():
    html = paper('<div class="standing"><p>Block</p></div><p>{}</p>')
    first = pdf.render(html.format("x"), stylesheet(), MADE_AT)
    pdf.render(html.format("\u2028\ufff9"), stylesheet(), MADE_AT)
    assert not any(font.missing for font in standing._fonts.values())
    assert pdf.render(html.format("x"), stylesheet(), MADE_AT) == first


def test_a_painted_page_does_not_hold_itself(packets, monkeypatch):
    """It has in it what was typed, and would wait for the collector."""
    left, paint = [], standing.PageWithBlocks.paint

    def painted(self, stream, scale=1):
        paint(self, stream, scale)
        left.append("marked" in vars(stream))

    monkeypatch.setattr(standing.PageWithBlocks, "paint", painted)
    as_pdf(packets[USUAL])
    assert left == [False] * 6


def test_a_packet_that_is_too_long_takes_no_block_from_the_others(packets):
    as_pdf(packets[USUAL])
    kept = dict(standing._kept)
    with pytest.raises(pdf.TooLongError):
        pdf.render(paper("<p style='break-before: page'>x</p>" * 21), stylesheet(), MADE_AT)
    assert standing._kept == kept


def test_a_block_is_set_again_for_another_style_sheet():
    html = paper('<div class="standing"><p>Wide</p></div>')
    sizes = [f"{stylesheet()} @page {{ size: {size} }}" for size in ("A4", "A5")]
    first = [pdf.render(html, css, MADE_AT) for css in sizes]
    assert [pdf.render(html, css, MADE_AT) for css in sizes] == first
    assert len(standing._kept) == 2
    widths = {block.get_intrinsic_size(1, 1)[0] for block in standing._kept.values()}
    assert len(widths) == 2
