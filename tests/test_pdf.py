"""The packet as PDF: what validators, screen readers, archives and help desks ask of it, over forty packets."""

import hashlib
import io
import multiprocessing
from collections.abc import Iterator
from functools import cache
from itertools import groupby

import page as page_validation
import pytest
from pypdf import PdfReader
from pypdf.generic import DictionaryObject
from variants import MADE_AT, VARIANTS

from triage import pdf, workers
from triage.renderers import as_data, as_pdf

each = pytest.mark.parametrize("name", VARIANTS)


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


def titles(document: PdfReader) -> list[str]:
    """The outline, flat."""
    waiting, found = list(document.outline), []
    while waiting:
        item = waiting.pop(0)
        if isinstance(item, list):
            waiting = item + waiting
        else:
            found.append(item.title)
    return found


def test_there_are_forty_and_one_for_each_problem():
    assert len(VARIANTS) >= 40


@each
def test_a_screen_reader_can_read_it(packets, tmp_path, name):
    file = tmp_path / "packet.pdf"
    file.write_bytes(packets.pdf(name))
    report = page_validation.validate_pdf(str(file), profile="ua1")
    assert report.is_compliant, report


@each
def test_it_has_a_title_a_language_an_outline_and_not_too_many_pages(packets, name):
    document, packet = read(packets.pdf(name)), packets[name]
    assert document.metadata.title == f"{packet.words.title} {packet.reference}"
    assert document.root_object["/Lang"] == "en"
    assert document.root_object["/ViewerPreferences"]["/DisplayDocTitle"]
    assert 3 <= len(document.pages) <= pdf.PAGES
    sheets = packet.words.sheets
    wanted = [packet.words.title, sheets.a_title, sheets.b_title, sheets.patient_title]
    assert [title for title in titles(document) if title in wanted] == wanted
    paper = (595, 842) if VARIANTS[name].facts.startswith("a4") else (612, 792)
    assert {(round(side.mediabox.width), round(side.mediabox.height)) for side in document.pages} == {paper}


@each
def test_its_metadata_say_that_it_is_both_and_name_nobody(packets, name):
    document, packet = read(packets.pdf(name)), packets[name]
    metadata = document.root_object["/Metadata"].get_data().decode()
    assert "<pdfaid:part>3</pdfaid:part>" in metadata or 'pdfaid:part="3"' in metadata
    assert "<pdfuaid:part>1</pdfuaid:part>" in metadata
    told = f"{dict(document.metadata)} {metadata}"
    private = [row.value for row in packet.sheet_b if row.own_words and len(row.value) > 1]
    assert [value for value in private if value in told] == []
    assert "/JavaScript" not in document.root_object.get("/Names", {})
    assert "/OpenAction" not in document.root_object


@each
def test_its_tables_have_headers(packets, name):
    tree = list(elements(read(packets.pdf(name))))
    cells = [item for item in tree if item["/S"] == "/TD"]
    headers = {item.get("/ID") for item in tree if item["/S"] == "/TH"} - {None}
    named = [header for cell in cells for header in _headers_of(cell)]
    assert len(headers) > 4
    assert len(cells) > 4
    assert set(named) <= headers
    # Each cell stands in a row that a header names, or in a column that one does.
    assert [cell for cell in cells if not _headers_of(cell)] == []


def _headers_of(cell: DictionaryObject) -> list:
    attributes = cell.get("/A", [])
    attributes = attributes.get_object()
    found = attributes if isinstance(attributes, list) else [attributes]
    return [header for entry in found for header in entry.get_object().get("/Headers", [])]


@each
def test_its_pictures_are_told_in_words_and_are_there_only_when_given(packets, name):
    document, packet = read(packets.pdf(name)), packets[name]
    figures = [item for item in elements(document) if item["/S"] == "/Figure"]
    assert [item.get("/Alt") for item in figures if item.get("/Alt")] == (
        [packet.words.labels.picture_alt] if packet.picture else []
    )
    drawn = {name for sheet in document.pages for name in sheet["/Resources"].get("/XObject", {})}
    assert bool(drawn) >= bool(packet.picture)


@each
def test_the_data_lie_in_it_as_data(packets, name):
    document = read(packets.pdf(name))
    files = {item["/UF"]: item["/AFRelationship"] for item in _enclosed(document)}
    assert files == {"support-request.json": "/Data", "support-request.fhir.json": "/Data"}
    assert document.attachments["support-request.json"] == [packets.json(name)]


def _enclosed(document: PdfReader) -> list[DictionaryObject]:
    return [item.get_object() for item in document.root_object["/AF"]]


@pytest.mark.parametrize("name", ["nothing typed", "everything at its longest, A4", "in emoji"])
def test_the_same_packet_gives_the_same_bytes(packets, name):
    assert as_pdf(packets[name]) == packets.pdf(name)


def digest(*arguments: object) -> str:
    return hashlib.sha256(pdf.render(*arguments)).hexdigest()


def test_two_processes_make_the_same_bytes(packets):
    packet = packets["a screen as picture"]
    arguments = ('<html lang="en"><title>x</title><h1>Same</h1><p>我 \U0001f600 ﬁ', "p { color: red }", packet.made_at)
    context = multiprocessing.get_context("spawn")
    found = set()
    for _ in range(2):
        with context.Pool(1) as pool:
            found.add(pool.apply(digest, arguments))
    assert found == {hashlib.sha256(workers.run(pdf.render, *arguments)).hexdigest()}


# ---- the language of a part ----

PARTS = """<!doctype html><html lang="en"><head><title>Parts</title></head><body><div class="packet"><h1>Parts</h1>
<section class="sheet" id="one"><h2>One</h2><p>English</p></section>
<section class="sheet" id="two" lang="es"><h2>Dos</h2>{pages}<table><tr><th scope="row">a</th><td>b</td></tr></table>
</section>
<section class="sheet" id="three" lang="ar"><h2>ثلاثة</h2></section>
<section class="sheet" id="four"><h2>Four</h2><p>English</p></section>
</div></body></html>"""
SHEETS = ".sheet + .sheet { break-before: page }"


@pytest.mark.parametrize("paragraphs", [1, 120], ids=["one page", "several pages"])
def test_each_sheet_says_its_language(tmp_path, paragraphs):
    html = PARTS.format(pages="<p>Hola, no puedo entrar.</p>" * paragraphs)
    content = pdf.render(html, SHEETS, MADE_AT)
    document = read(content)
    parts = [item.get("/Lang") for item in elements(document) if item["/S"] == "/Sect"]
    pages = len(document.pages) - 3
    assert (pages > 1) == (paragraphs > 1)
    assert [language for language, _ in groupby(parts)] == [None, "es", "ar", None]
    assert parts.count("es") == pages
    # What is not within a part of its own speaks the document's language.
    assert [item["/S"] for item in elements(document) if item.get("/Lang") and item["/S"] != "/Sect"] == []
    file = tmp_path / "parts.pdf"
    file.write_bytes(content)
    assert page_validation.validate_pdf(str(file), profile="ua1").is_compliant


def test_what_somebody_typed_gives_no_part_a_language(packets):
    document = read(packets.pdf("in markup"))
    assert [item for item in elements(document) if "/Lang" in item] == []


# ---- what no font has ----


def test_a_sign_that_no_font_has_is_a_stand_in_and_the_data_keep_the_sign(packets):
    name = "in signs that no font has"
    shown = "".join(sheet.extract_text() for sheet in read(packets.pdf(name)).pages)
    assert pdf.STAND_IN in shown
    assert "\U0001faea" in as_data(packets[name])["details"]["what-happened"]


def test_forty_packets_differ(packets):
    assert len({hashlib.sha256(packets.pdf(name)).digest() for name in VARIANTS}) == len(VARIANTS)
