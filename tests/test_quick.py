"""What is kept from one packet to the next: it changes not one byte, keeps nothing that was typed, and has an end."""

import re
import sys
import zlib
from io import BytesIO
from types import SimpleNamespace

import pydyf
import pytest
from PIL import Image
from pypdf import PdfReader
from variants import MADE_AT, VARIANTS
from weasyprint import HTML, css
from weasyprint.layout import percent
from weasyprint.text import line_break

from triage import pdf, quick, standing, typesetter, workers
from triage.picture import clean
from triage.renderers import as_pdf, stylesheet

pytestmark = pytest.mark.usefixtures("drawn_here")

ALIKE = [
    "a screen as picture",
    "everything at its longest, A4",
    "every problem, longest answers",
    "account-locked, patient reads Spanish",
    "everything tried, example",
    "A4 with a logo as PNG",
    "A4 with a logo as SVG",
    "in Arabic",
    "in Chinese",
    "in emoji",
    "in markup",
    "in marks",
    "in marks, with a line after",
    "in joiners, with a line after",
]


@pytest.fixture
def nothing_kept(monkeypatch):
    """WeasyPrint as it comes, from its own sheet to the lines."""

    def put_back() -> None:
        monkeypatch.setattr(css, "StyleFor", quick.KeptStyles.__base__)
        monkeypatch.setattr(line_break, "Layout", quick.KeptLayout.__base__)
        monkeypatch.setattr(line_break, "get_font_description", quick._describe_font)
        monkeypatch.setattr(quick, "Paper", HTML)
        # Or what was laid out with things kept would be compared with itself.
        standing.forget()
        for module in resolving():
            monkeypatch.setattr(module, "resolve_percentages", quick._resolve)

    return put_back


def resolving() -> list:
    modules = [module for name, module in sys.modules.items() if name.startswith("weasyprint.layout")]
    return [module for module in modules if getattr(module, "resolve_percentages", None) is quick._resolve_percentages]


def styles() -> dict:
    return typesetter._fonts().kept_styles


@pytest.mark.parametrize("name", ALIKE)
def test_a_packet_is_the_same_byte_for_byte_as_when_nothing_is_kept(packets, nothing_kept, name):
    kept = [as_pdf(packets[name]) for _ in range(2)]
    nothing_kept()
    assert kept == [as_pdf(packets[name])] * 2


def other_than_a_packet(draw: str) -> bytes:
    """What no packet has: lengths that depend on where they stand, numbers of other pages, boxes; right to left."""
    box = '<label for="a">A</label> <input type="text" id="a" name="a">' if draw == "a form" else ""
    html = f"""<html lang="en" dir="rtl"><head><title>x</title></head><body><h1>H</h1><p class="to">Page</p>
    <ul><li>One</li></ul>
    <table><tr><th scope="col" style="width: 9cm">A</th><th scope="col">B</th></tr>
    <tr><td id="one"><p class="half">One</p></td><td><p class="half">Two</p></td></tr></table>
    {box}</body></html>"""
    css = stylesheet() + ".half { width: 50%; padding: 5%; text-align: left; border: 1mm solid }"
    css += ".to::after { content: target-counter('#one', page) }"
    return pdf.render_form(html, css) if draw == "a form" else pdf.render(html, css, MADE_AT)


@pytest.mark.parametrize("draw", ["a form", "a paper"])
def test_lengths_in_percent_and_from_right_to_left_are_those_of_their_own_place(packets, nothing_kept, draw):
    kept = [other_than_a_packet(draw) for _ in range(2)]
    nothing_kept()
    assert kept == [other_than_a_packet(draw)] * 2


@pytest.mark.parametrize("at", [1, 3, 9])
def test_a_document_that_fails_spoils_none_that_comes_after(packets, monkeypatch, at):
    whole = as_pdf(packets[ALIKE[0]])
    styles().clear()
    times = iter(range(1, 1000))
    resolve = css.resolve_var

    def runs_out_of_memory(*arguments):
        if next(times) == at:
            raise MemoryError
        return resolve(*arguments)

    with monkeypatch.context() as little:
        little.setattr(css, "resolve_var", runs_out_of_memory)
        with pytest.raises(MemoryError):
            as_pdf(packets[ALIKE[0]])
    assert as_pdf(packets[ALIKE[0]]) == whole


def html_of(packets, monkeypatch, name: str) -> str:
    """What as_pdf hands over."""
    found = []
    monkeypatch.setattr(workers, "run", lambda _, html, *rest: found.append(html))
    as_pdf(packets[name])
    return found[0]


# Those of which WeasyPrint's own sheet says nothing that shows on paper.
PLAIN = {"a", "bdi", "img", "span"}


@pytest.mark.parametrize("name", VARIANTS)
def test_no_packet_has_an_element_that_its_sheet_knows_nothing_of(packets, monkeypatch, name):
    html = html_of(packets, monkeypatch, name)
    used = {element.tag for element in HTML(string=html).etree_element.iter() if isinstance(element.tag, str)}
    known = set(re.findall(r"[a-z]+[1-4]?(?=[ ,:])", re.sub(r"\{.*?\}", "", quick._ELEMENTS, flags=re.DOTALL)))
    assert used - known <= PLAIN


def tree(element) -> list[tuple]:
    """Every element with its attributes and its text, but for white space around the document's own parts."""
    own = element.tag in ("html", "head", "body")
    inside = [tree(child) for child in element]
    words = ["" if own and not (text or "").strip() else text or "" for text in (element.text, *map(tail, element))]
    return [(element.tag, dict(element.attrib), words, inside)]


def tail(element) -> str | None:
    return element.tail


@pytest.mark.parametrize("name", VARIANTS)
def test_a_packet_is_read_as_every_browser_reads_it(packets, monkeypatch, name):
    html = html_of(packets, monkeypatch, name)
    assert quick._Reader(html).root is not None
    ours = quick.Paper(string=html, url_fetcher=typesetter.FetchNothing())
    assert tree(ours.etree_element) == tree(HTML(string=html).etree_element)
    assert ours.base_url is None


@pytest.mark.parametrize(
    "html",
    [
        "<p>Not closed",
        "<html><body><p>One</body></html>",
        "<html><body><b><i>One</b></i></body></html>",
        "<html><body><p>One</p></p></body></html>",
        "<html><body><table><tr><td>One</td></tr></table></body></html>",
        "<html><body><p>One</body>",
        "",
    ],
)
def test_what_leaves_something_for_html_to_add_is_read_by_weasyprint(html):
    assert quick._Reader(html).root is None
    ours = quick.Paper(string=html, url_fetcher=typesetter.FetchNothing())
    assert tree(ours.etree_element) == tree(HTML(string=html).etree_element)


# ---- styles, lengths and lines ----


def test_the_second_packet_finds_every_style_that_it_needs(packets):
    as_pdf(packets[ALIKE[0]])
    before = dict(styles())
    assert len(before) > 100
    as_pdf(packets[ALIKE[0]])
    found = len(styles())
    as_pdf(packets[ALIKE[0]])
    assert len(styles()) == found
    assert all(styles()[key] is style for key, style in before.items())


def test_nothing_that_was_typed_is_kept(packets):
    name = "in Arabic"
    packet = packets[name]
    as_pdf(packet)
    typed = [row.value for row in packet.for_desk.rows if row.own_words and len(row.value) > 8]
    held = repr([(style, style.cascaded, style.__dict__.keys()) for style in styles().values()]) + repr(list(styles()))
    assert len(typed) > 8
    assert [value for value in typed if value in held] == []


def test_what_is_kept_has_an_end(packets, monkeypatch):
    whole = as_pdf(packets[ALIKE[0]])
    monkeypatch.setattr(quick, "STYLES", 7)
    styles().clear()
    assert as_pdf(packets[ALIKE[0]]) == whole
    assert 0 < len(styles()) <= 7


def test_weasyprint_still_asks_where_it_is_answered(packets, monkeypatch):
    """Each part that is replaced is in use: where a new version of WeasyPrint goes another way, this tells."""
    asked = dict.fromkeys(["resolve", "describe", "deactivate", "style"], 0)

    def counting(what, function):
        def counted(*arguments, **more):
            asked[what] += 1
            return function(*arguments, **more)

        return counted

    assert {module.__name__.rpartition(".")[2] for module in resolving()} >= {"block", "inline", "page", "table"}
    assert percent in resolving()
    for module in resolving():
        monkeypatch.setattr(module, "resolve_percentages", counting("resolve", quick._resolve_percentages))
    describe = counting("describe", quick._get_font_description)
    monkeypatch.setattr(line_break, "get_font_description", describe)
    monkeypatch.setattr(quick.KeptLayout, "deactivate", counting("deactivate", quick.KeptLayout.deactivate))
    compute = counting("style", quick.KeptStyles.set_computed_styles)
    monkeypatch.setattr(quick.KeptStyles, "set_computed_styles", compute)
    as_pdf(packets[ALIKE[0]])
    assert min(asked.values()) > 100, asked


# ---- the picture ----


@pytest.mark.parametrize("colours", [2, 4, 16, 40, 100, 128])
def test_a_picture_in_the_pdf_has_the_pixels_of_the_picture(colours):
    image = Image.new("RGB", (61, 37))
    shades = [(7 * shade % 256, 255 - shade, shade) for shade in range(colours)]
    for at in range(61 * 37):
        image.putpixel((at % 61, at // 61), shades[at * 7 // 3 % colours])
    file = BytesIO()
    image.save(file, "PNG")
    png = clean(file.getvalue())
    assert bool(quick.screens({pdf.PICTURE: (png, "image/png")})) is (colours > 16)
    html = f'<html lang="en"><head><title>x</title></head><body><img src="{pdf.PICTURE}" alt="x" /></body></html>'
    document = PdfReader(BytesIO(pdf.render(html, "", MADE_AT, (), {pdf.PICTURE: (png, "image/png")})))
    (drawn,) = document.pages[0].images
    assert drawn.image.convert("RGB").tobytes() == Image.open(BytesIO(png)).convert("RGB").tobytes()


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "transparent palette"])
def test_any_other_picture_is_left_to_weasyprint(mode):
    image = Image.new("P" if mode == "transparent palette" else mode, (9, 9))
    file = BytesIO()
    image.save(file, "PNG", **({"transparency": 0} if mode == "transparent palette" else {}))
    assert quick.screens({pdf.LOGO: (file.getvalue(), "image/png"), pdf.PICTURE: (b"", "")}) == {}


# ---- the file ----


def test_each_part_of_the_file_is_packed_once(packets, monkeypatch):
    packed = []

    class Packer:
        def __init__(self) -> None:
            self.packer = zlib.compressobj()

        def compress(self, data: bytes) -> bytes:
            packed.append(data)
            return self.packer.compress(data)

        def flush(self) -> bytes:
            return self.packer.flush()

    monkeypatch.setattr(pydyf, "zlib", SimpleNamespace(compressobj=lambda **_: Packer()))
    as_pdf(packets[ALIKE[0]])
    pages = [data for data in packed if data.endswith(b"\nQ")]
    assert len(pages) > 3
    assert len(set(pages)) == len(pages)


def test_the_pages_are_referred_to_once_for_all_tags(packets, monkeypatch):
    asked, refer = [], quick._refer
    monkeypatch.setattr(quick, "_refer", lambda document: asked.append(document) or refer(document))
    document = PdfReader(BytesIO(as_pdf(packets[ALIKE[0]])))
    assert 1 <= len(asked) <= len(document.pages)


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"{" + b"abc" * 40_000 + b"}", b"{" + bytes(range(256)) * 400, b"0 0 m" * 40_000],
    ids=["nothing", "little data", "much data", "data of all kinds", "lines"],
)
def test_what_is_packed_is_there_again_when_it_is_unpacked(content):
    packer = quick.Packed(level=9)
    assert zlib.decompress(packer.compress(content) + packer.flush()) == content


def test_an_attribute_without_a_value_has_an_empty_one():
    html = '<html><head></head><body><p hidden class="a">One</p></body></html>'
    assert tree(quick._Reader(html).root) == tree(HTML(string=html).etree_element)


def test_no_time_is_spent_on_repetitions_in_much_data():
    """A picture in it has none. By Huffman alone three letters take two bits each at the least, however they repeat."""
    content = b"{" + b"abc" * 40_000
    packed = quick.Packed(level=9).compress(content)
    assert len(content) / 8 < len(packed) < len(content) / 3
    assert len(quick.Packed(level=9).compress(content[:9_000])) < 200


def test_a_page_that_is_added_later_is_referred_to_as_well():
    document = pydyf.PDF()
    for count in (1, 2, 3):
        document.add_page(pydyf.Dictionary({"Type": "/Page"}))
        assert len(document.page_references) == count


def test_lines_are_packed_tightly_however_many_there_are():
    content = b"0 0 m 10 10 l\n" * 40_000
    assert len(quick.Packed(level=9).compress(content)) < len(content) / 100


def test_the_warm_process_has_put_aside_what_stays():
    assert pdf.warm_up() is None
    # Once only: the probe of readiness asks for it over and over.
    began = typesetter.warm_up.cache_info().misses
    pdf.warm_up()
    assert typesetter.warm_up.cache_info().misses == began == 1


def test_the_packet_of_another_fact_sheet_is_not_drawn_in_the_style_of_the_last(packets):
    one, other = "A4 with a logo as PNG", "a screen as picture"
    first = as_pdf(packets[one])
    as_pdf(packets[other])
    assert as_pdf(packets[one]) == first
    sizes = [PdfReader(BytesIO(as_pdf(packets[name]))).pages[0].mediabox.width for name in (one, other)]
    assert [round(size) for size in sizes] == [595, 612]
