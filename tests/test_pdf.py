"""The packet as PDF: what validators, screen readers, archives and help desks ask of it, in each of the variants."""

import hashlib
import multiprocessing
from itertools import groupby

import page as page_validation
import pytest
from pypdf import PdfReader
from pypdf.generic import DictionaryObject
from reading import SYMPTOMS
from tagged import elements, read, spoken, squeezed
from variants import MADE_AT, VARIANTS

from triage import pdf, typesetter, workers
from triage.renderers import as_data, as_pdf

each = pytest.mark.parametrize("name", VARIANTS)
PATIENT_IN_SPANISH, DESK_IN_SPANISH = "account-locked, patient reads Spanish", "account-locked, desk reads Spanish"


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


def test_there_are_forty_and_one_for_each_problem_in_each_pair_of_languages():
    pairs = [(variant.language, variant.facts == "spanish desk") for variant in VARIANTS.values()]
    assert pairs.count(("en", False)) >= 40
    assert pairs.count(("es", False)) == pairs.count(("en", True)) == len(SYMPTOMS)


@each
def test_a_screen_reader_can_read_it(packets, tmp_path, name):
    file = tmp_path / "packet.pdf"
    file.write_bytes(packets.pdf(name))
    report = page_validation.validate_pdf(str(file), profile="ua1")
    assert report.is_compliant, report


@each
def test_it_has_a_title_a_language_an_outline_and_not_too_many_pages(packets, name):
    document, packet = read(packets.pdf(name)), packets[name]
    mine, theirs = packet.for_patient.words, packet.for_desk.words
    assert document.metadata.title == f"{mine.title} {packet.reference}"
    assert document.root_object["/Lang"] == VARIANTS[name].language
    assert document.root_object["/ViewerPreferences"]["/DisplayDocTitle"]
    assert 3 <= len(document.pages) <= pdf.PAGES
    wanted = [theirs.title, theirs.sheets.a_title, theirs.sheets.b_title, mine.sheets.patient_title]
    if packet.in_two_languages:
        # The patient's copy has the titles of both sheets once more, in the patient's language.
        wanted += [mine.labels.your_answers, mine.sheets.a_title, mine.sheets.b_title]
    wanted.append(mine.labels.call_script)
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
    # "Spanish" or "Español" is no name of anybody.
    rows = [row for row in packet.for_desk.sheet_b if row.id != "language"]
    private = [row.value for row in rows if row.own_words and len(row.value) > 1]
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
        [packet.for_desk.words.labels.picture_alt] if packet.picture else []
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


@pytest.mark.parametrize("name", ["nothing typed", "everything at its longest, A4", "in emoji", PATIENT_IN_SPANISH])
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


def parts(document: PdfReader) -> list[str]:
    """The language of each part in reading order. A part that goes on over several pages is named once."""
    found = [item.get("/Lang") for item in elements(document) if item["/S"] == "/Sect"]
    return [language for language, _ in groupby(found)]


@pytest.mark.parametrize(
    ("name", "own", "languages"),
    [
        # Sheets A and B are the desk's, then come the patient's pages.
        ("account-locked", "en", ["en"]),
        (PATIENT_IN_SPANISH, "es", ["en", "es"]),
        (DESK_IN_SPANISH, "en", ["es", "en"]),
    ],
)
def test_each_part_says_its_language(packets, name, own, languages):
    document = read(packets.pdf(name))
    assert document.root_object["/Lang"] == own
    assert parts(document) == languages


@pytest.mark.parametrize("name", [PATIENT_IN_SPANISH, DESK_IN_SPANISH])
def test_each_word_is_read_in_the_voice_of_its_language(packets, name):
    packet, heard = packets[name], spoken(packets.pdf(name))
    mine, theirs = packet.for_patient, packet.for_desk
    assert set(heard) == {"en", "es"}
    for worded, other in ((mine, theirs), (theirs, mine)):
        voice, wrong = heard[worded.language.code], heard[other.language.code]
        said = {
            *worded.sees,
            *worded.requests,
            *(row.label for row in worded.sheet_b),
            *(row.value for row in worded.coded_a),
            *(step.title for step in worded.was_tried),
            *worded.call.interpreter,
            worded.words.sheets.a_title,
            worded.words.sheets.b_title,
        }
        assert [words for words in said if squeezed(words) not in voice] == []
        assert [words for words in said if len(words) > 8 and squeezed(words) in wrong] == []
    assert squeezed(theirs.verdict.desk) in heard[theirs.language.code]
    assert squeezed(theirs.not_proof) in heard[theirs.language.code]
    for words in (*mine.verdict.text, *mine.call.opening, mine.words.sheets.patient_title):
        assert squeezed(words) in heard[mine.language.code]


@pytest.mark.parametrize("name", [PATIENT_IN_SPANISH, DESK_IN_SPANISH])
def test_what_the_patient_typed_is_read_in_the_patients_voice_on_the_desks_sheets_too(packets, name):
    packet, heard = packets[name], spoken(packets.pdf(name))
    typed = [row.value for row in packet.for_desk.rows if row.own_words and row != packet.for_desk.exact_words]
    assert len(typed) > 8
    for value in map(squeezed, typed):
        # On the sheet of the desk and on the patient's own.
        assert heard[packet.for_patient.language.code].count(value) >= 2, value
    unlike = [value for value in typed if value not in ("Spanish", "in May")]
    assert [value for value in unlike if squeezed(value) in heard[packet.for_desk.language.code]] == []


def test_a_packet_in_one_language_is_read_in_one_voice(packets):
    name = "account-locked"
    heard = spoken(packets.pdf(name))
    assert set(heard) == {"en"}
    assert [row.label for row in packets[name].for_desk.rows[1:] if squeezed(row.label) not in heard["en"]] == []


@pytest.mark.parametrize("name", ["in markup", "in Arabic", "in Chinese"])
def test_what_somebody_typed_gives_no_part_another_language(packets, name):
    assert {item.get("/Lang", "en") for item in elements(read(packets.pdf(name)))} == {"en"}


PARTS = """<!doctype html><html lang="en"><head><title>Parts</title></head><body><div class="packet"><h1>Parts</h1>
<section class="sheet" id="one"><h2>One</h2><p>English</p></section>
<section class="sheet" id="two" lang="es"><h2>Dos</h2>{pages}<table><tr><th scope="row">uno</th><td>dos</td></tr>
</table><p>Casi <span lang="fr">bonjour</span> nada <span style="float: right" lang="de">Guten Tag</span></p></section>
<section class="sheet" id="three" lang="ar"><h2>ثلاثة</h2></section>
<section class="sheet" id="four"><h2>Four</h2><p>English</p></section>
</div></body></html>"""
SHEETS = ".sheet + .sheet { break-before: page }"


@pytest.mark.parametrize("paragraphs", [1, 120], ids=["one page", "several pages"])
def test_a_part_keeps_its_language_over_all_its_pages_and_what_stands_within_has_its_own(tmp_path, paragraphs):
    content = pdf.render(PARTS.format(pages="<p>Hola, no puedo entrar.</p>" * paragraphs), SHEETS, MADE_AT)
    document, heard = read(content), spoken(content)
    assert parts(document) == [None, "es", "ar", None]
    assert (len(document.pages) > 4) == (paragraphs > 1)
    assert heard["en"] == "PartsOneEnglishFourEnglish"
    assert heard["es"] == f"Dos{'Hola,nopuedoentrar.' * paragraphs}unodosCasinada"
    assert heard["fr"] == "bonjour"
    assert heard["de"] == "GutenTag"
    assert len(heard["ar"]) == 5
    file = tmp_path / "parts.pdf"
    file.write_bytes(content)
    assert page_validation.validate_pdf(str(file), profile="ua1").is_compliant


# ---- what no font has ----


def test_a_sign_that_no_font_has_is_a_stand_in_and_the_data_keep_the_sign(packets):
    name = "in signs that no font has"
    shown = "".join(sheet.extract_text() for sheet in read(packets.pdf(name)).pages)
    assert typesetter.STAND_IN in shown
    assert "\U0001faea" in as_data(packets[name])["details"]["what-happened"]


def test_all_these_packets_differ(packets):
    assert len({hashlib.sha256(packets.pdf(name)).digest() for name in VARIANTS}) == len(VARIANTS)
