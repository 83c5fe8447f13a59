"""Paper to hand out: the empty form, the checklist, the sample; and the page that explains the packet to a desk."""

import io
import json
import os
import re
import subprocess
import sys

import page as page_validation
import pytest
import variants
from browser import ROOT
from PIL import Image
from pypdf import PdfReader
from reading import SYMPTOMS, Page
from tagged import spoken, squeezed

from helpdesk.loaded import catalog, catalog_in
from helpdesk.organization import load
from helpdesk.records import ContentError
from triage.attached import data_in
from triage.renderers import stylesheet

SHEETS = ["blank", "example", "a4 png", "a4 svg"]
# Their addresses, which in Spanish have /es before them.
PAPERS = [
    "/packet/blank.pdf",
    "/packet/blank.pdf?problem=account-locked",
    "/checklist/checklist.pdf",
    "/packet/sample.pdf",
]
MILLIMETRE = 72 / 25.4


@pytest.fixture(params=SHEETS)
def facts(request, packets) -> str:
    variants.use_facts(packets.facts[request.param])
    return request.param


def fetched(client, url: str) -> bytes:
    response = client.get(url)
    assert response.status_code == 200
    assert response["Content-Type"] == "application/pdf"
    return response.content


def assert_readable(content: bytes, tmp_path, facts: str, language: str = "en") -> PdfReader:
    """A screen reader can read it, in its language, and it is on the paper of this health system."""
    file = tmp_path / "paper.pdf"
    file.write_bytes(content)
    report = page_validation.validate_pdf(str(file), profile="ua1")
    assert report.is_compliant, report
    document = PdfReader(file)
    assert document.root_object["/Lang"] == language
    assert document.metadata.title
    size = (595, 842) if facts.startswith("a4") else (612, 792)
    assert {(round(side.mediabox.width), round(side.mediabox.height)) for side in document.pages} == {size}
    return document


def boxes(document: PdfReader) -> list[dict]:
    found = [item.get_object() for side in document.pages for item in side.get("/Annots", [])]
    return [item for item in found if item.get("/Subtype") == "/Widget"]


def size_of(box: dict) -> tuple[float, float]:
    left, bottom, right, top = map(float, box["/Rect"])
    return abs(right - left) / MILLIMETRE, abs(top - bottom) / MILLIMETRE


def font_sizes(document: PdfReader) -> dict[float, int]:
    """How many letters are written in each size, in points."""
    found: dict[float, int] = {}

    def note(text, matrix, text_matrix, font, size) -> None:
        points = round(abs(size * text_matrix[3] * matrix[3]), 1)
        found[points] = found.get(points, 0) + len(text.strip())

    for side in document.pages:
        side.extract_text(visitor_text=note)
    return {points: letters for points, letters in found.items() if letters}


# ---- the empty form ----


@pytest.mark.parametrize(("language", "start"), [("en", ""), ("es", "/es")], ids=["English", "Spanish"])
@pytest.mark.parametrize("slug", ["", *SYMPTOMS])
def test_the_empty_form_asks_what_the_site_asks(packets, client, tmp_path, slug, language, start):
    variants.use_facts(packets.facts["blank"])
    document = assert_readable(fetched(client, f"{start}/packet/blank.pdf?problem={slug}"), tmp_path, "blank", language)
    fields = boxes(document)
    assert [box for box in fields if not box.get("/TU")] == []
    names = [box["/T"] for box in fields]
    assert len(set(names)) == len(names)
    told = {box["/TU"] for box in fields}
    words = catalog_in(language)
    problem = words.problems.get(slug)
    typed = [
        question
        for question in words.details_questions
        if question.always or not problem or question.id in problem.evidence
    ]
    for question in typed:
        wanted = [f"{question.label} {choice.label}" for choice in question.choices] or [question.label]
        assert set(wanted) <= told, question.id
    if problem:
        coded = [q for q in words.triage_questions if q.always or q.id in problem.questions]
        assert {f"{q.label} {choice.label}" for q in coded for choice in q.choices} <= told
    else:
        assert {symptom.label for symptom in words.symptoms.values()} <= told
    text = squeezed("".join(side.extract_text() for side in document.pages))
    assert squeezed(words.site.emergency_title) in text
    assert squeezed(words.interface["common"]["never_write"]) in text
    assert squeezed(words.flags["not-proof"]) in text
    assert (squeezed(words.packet.labels.unreviewed) in text) is words.unreviewed


def test_its_boxes_are_large_enough_to_write_in_and_its_letters_to_read(facts, client, tmp_path):
    document = assert_readable(fetched(client, "/packet/blank.pdf"), tmp_path, facts)
    lines = [size_of(box) for box in boxes(document) if box["/FT"] == "/Tx"]
    assert len(lines) > 12
    # The field is what the border and the padding leave of a box of 9 mm.
    assert min(height for _, height in lines) >= 6.5
    assert re.search(r'input\[type="text"\],\ntextarea {[^}]*height: 9mm', stylesheet())
    assert min(width for width, _ in lines) >= 100
    assert min(min(size_of(box)) for box in boxes(document) if box["/FT"] == "/Btn") >= 2.5
    sizes = font_sizes(document)
    letters = sum(sizes.values())
    assert sum(count for points, count in sizes.items() if points >= 11.9) > 0.95 * letters
    assert min(sizes) >= 9.4
    assert len(document.pages) <= 9


@pytest.mark.parametrize("slug", ["x", "../x", "account-locked'", "ACCOUNT-LOCKED", "%00"])
def test_a_problem_that_nobody_knows_has_no_form(packets, client, slug):
    assert client.get("/packet/blank.pdf", {"problem": slug}).status_code == 404


def test_a_problem_has_a_form_of_its_own(packets, client):
    variants.use_facts(packets.facts["blank"])
    first, second, whole = (
        fetched(client, f"/packet/blank.pdf{query}")
        for query in ("?problem=account-locked", "?problem=portal-down", "")
    )
    assert len({first, second, whole}) == 3
    assert fetched(client, "/packet/blank.pdf?problem=account-locked") == first


# ---- the checklist ----


@pytest.mark.parametrize(("language", "start"), [("en", ""), ("es", "/es")], ids=["English", "Spanish"])
def test_the_checklist_is_one_page(facts, client, tmp_path, language, start):
    document = assert_readable(fetched(client, f"{start}/checklist/checklist.pdf"), tmp_path, facts, language)
    words = catalog_in(language)
    assert len(document.pages) == 1
    fields = boxes(document)
    assert [box.get("/TU") for box in fields] == [words.steps[step].title for step in words.checklist]
    assert len(fields) > 5
    text = squeezed(document.pages[0].extract_text())
    for box in fields:
        assert squeezed(box["/TU"]) in text
    assert squeezed(words.interface["checklist"]["not_for_paper"]) in text
    assert (squeezed(words.packet.labels.unreviewed) in text) is words.unreviewed
    sizes = font_sizes(document)
    # On one page, what a step is not for is smaller than the step.
    assert min(points for points, letters in sizes.items() if letters > 20) >= 10.5


# ---- the sample ----


def test_the_sample_is_a_packet_of_nobody(facts, client, tmp_path):
    content = fetched(client, "/packet/sample.pdf")
    assert_readable(content, tmp_path, facts)
    data = json.loads(data_in(content))
    assert data["details"]["name"] == "Maria Example"
    assert data["details"]["phone"].startswith("207-555-01")
    assert data["symptoms"] == ["locked-message", "code-missing"]
    assert (data["language"], data["desk_language"]) == ("en", "en")


def test_the_sample_in_spanish_shows_a_desk_how_it_gets_a_packet_in_two_languages(facts, client, tmp_path):
    content = fetched(client, "/es/packet/sample.pdf")
    document = assert_readable(content, tmp_path, facts, "es")
    data = json.loads(data_in(content))
    assert (data["language"], data["desk_language"]) == ("es", "en")
    # Who reads Spanish writes it too.
    assert data["details"]["what-happened"].startswith("Escribí")
    english, spanish = catalog_in("en").packet, catalog_in("es").packet
    text = squeezed("".join(side.extract_text() for side in document.pages))
    for words in (english.sheets.a_title, english.sheets.b_title, spanish.sheets.patient_title):
        assert squeezed(words) in text
    assert squeezed(spanish.labels.your_answers) in text


@pytest.mark.parametrize("url", ["/packet/blank.pdf", "/checklist/checklist.pdf", "/packet/sample.pdf"])
def test_a_paper_is_only_given_out(client, packets, url):
    assert client.post(url).status_code == 405


# ---- in each language ----


def test_each_reader_gets_each_paper_in_their_own_language_whoever_asked_before(packets, client):
    variants.use_facts(packets.facts["example"])
    for paper in PAPERS:
        english, spanish = fetched(client, paper), fetched(client, f"/es{paper}")
        languages = [PdfReader(io.BytesIO(content)).root_object["/Lang"] for content in (english, spanish)]
        assert languages == ["en", "es"], paper
        assert fetched(client, paper) == english, paper
        assert fetched(client, f"/es{paper}") == spanish, paper


@pytest.mark.parametrize("slug", ["", "account-locked"])
def test_the_empty_form_has_the_same_boxes_in_every_language(packets, client, slug):
    variants.use_facts(packets.facts["blank"])
    english, spanish = (
        boxes(PdfReader(io.BytesIO(fetched(client, f"{start}/packet/blank.pdf?problem={slug}"))))
        for start in ("", "/es")
    )
    assert [box["/T"] for box in english] == [box["/T"] for box in spanish]
    assert [box["/TU"] for box in english] != [box["/TU"] for box in spanish]


@pytest.mark.parametrize("slug", ["", "account-locked", "codes-not-arriving"])
@pytest.mark.parametrize(
    ("facts", "start", "patient", "desk"),
    [("blank", "/es", "es", "en"), ("spanish desk", "", "en", "es")],
    ids=["patient in Spanish", "desk in Spanish"],
)
def test_each_line_of_the_empty_form_is_also_in_the_words_of_a_desk_of_another_language(
    packets, client, tmp_path, facts, start, patient, desk, slug
):
    variants.use_facts(packets.facts[facts])
    content = fetched(client, f"{start}/packet/blank.pdf?problem={slug}")
    document, heard = assert_readable(content, tmp_path, facts, patient), spoken(content)
    assert set(heard) == {patient, desk}
    mine, theirs = catalog_in(patient), catalog_in(desk)
    told = {box["/T"] for box in boxes(document)}
    questions = [key for key in theirs.questions if any(name == key or name.startswith(f"{key}-") for name in told)]
    assert len(questions) > 9
    for key in questions:
        assert squeezed(theirs.questions[key].short) in heard[desk], key
        assert squeezed(mine.questions[key].label) in heard[patient], key
        for choice in theirs.questions[key].choices:
            assert squeezed(choice.packet) in heard[desk], f"{key}: {choice.id}"
    if slug:
        assert squeezed(theirs.problems[slug].request) in heard[desk]
    else:
        assert [s.id for s in theirs.symptoms.values() if squeezed(s.packet) not in heard[desk]] == []
    typed_here = theirs.packet.labels.typed_here.format(language=theirs.language.name_of(patient))
    assert squeezed(typed_here) in heard[desk]


@pytest.mark.parametrize(("facts", "start", "language"), [("blank", "", "en"), ("spanish desk", "/es", "es")])
def test_a_form_for_a_desk_of_the_same_language_says_each_line_once(packets, client, facts, start, language):
    variants.use_facts(packets.facts[facts])
    heard = spoken(fetched(client, f"{start}/packet/blank.pdf?problem=account-locked"))
    assert set(heard) == {language}
    assert squeezed(catalog_in(language).questions["safe-contact"].short) not in heard[language]
    assert squeezed(catalog_in(language).questions["safe-contact"].label) in heard[language]


# ---- for desks ----


def test_the_page_for_desks_explains_each_part_and_leads_to_everything(packets, client):
    page = Page(client.get("/for-support-desks/"))
    for part in ("Sheet A", "Sheet B", "Take care", "not proof", "file", "reference"):
        assert part in page.text, part
    links = set(page.attributes("href"))
    for url in (
        "/packet/sample.pdf",
        "/packet/packet-1.schema.json",
        "/packet/questionnaire.json",
        "/packet/blank.pdf",
    ):
        assert url in links
        assert client.get(url).status_code == 200
    for flag in catalog().flags.values():
        assert flag in page.text


# ---- how it looks ----


def a_fact_sheet(folder, look: str) -> object:
    path = folder / "sheet.toml"
    path.write_text(f"[look]\n{look}\n")
    return path


@pytest.mark.parametrize(
    ("look", "said"),
    [
        ('accent = "#9fc5e8"', "too light"),
        ('accent = "#ffffff"', "1.0 to 1 on white"),
        ('accent = "red"', 'write a colour as "#14505c"'),
        ('accent = "#fff"', 'write a colour as "#14505c"'),
        ('accent = "#14505c; } body { display: none"', 'write a colour as "#14505c"'),
        ("accent = 7", "accent"),
        ('paper = "A5"', "paper"),
        ('logo = "nothing.png"', "there is no file"),
        ('logo = "logo.gif"', "file, not logo.gif"),
        ('logo = "huge.png"', "make it smaller"),
        ('logo = "https://example.org/logo.png"', "there is no file"),
        ('colour = "#14505c"', "colour"),
    ],
)
def test_a_look_that_would_not_do_is_refused_with_its_key(tmp_path, look, said):
    Image.new("RGB", (4, 4)).save(tmp_path / "logo.gif")
    (tmp_path / "huge.png").write_bytes(b"x" * 100_001)
    with pytest.raises(ContentError, match="look") as refused:
        load(a_fact_sheet(tmp_path, look))
    assert said in str(refused.value)


@pytest.mark.parametrize("accent", ["#14505c", "#000000", "#7a1f3d", "#767676", "#AA0000"])
def test_an_accent_that_can_be_read_on_white_is_taken(tmp_path, accent):
    assert load(a_fact_sheet(tmp_path, f'accent = "{accent}"')).look.accent == accent


def test_the_accent_and_the_paper_are_in_the_packet_and_the_logo_is_on_each_paper(packets, client):
    variants.use_facts(packets.facts["a4 png"])
    assert "--accent: #7a1f3d" in stylesheet()
    assert "size: A4" in stylesheet()
    for url in ("/packet/blank.pdf", "/checklist/checklist.pdf", "/packet/sample.pdf"):
        with_logo = PdfReader(io.BytesIO(fetched(client, url)))
        assert with_logo.pages[0]["/Resources"].get("/XObject"), url
    assert client.get("/logo").status_code in (200, 404)


def test_the_start_refuses_a_look_that_would_not_do(tmp_path):
    environment = os.environ | {"WAYIN_ORGANIZATION": str(a_fact_sheet(tmp_path, 'accent = "#eeeeee"'))}
    done = subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "too light" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_empty_form_in_spanish_tells_the_agent_in_english_what_came_of_a_step(client, fact_sheet):
    fact_sheet("blank")
    document = PdfReader(io.BytesIO(fetched(client, "/es/packet/blank.pdf?problem=wrong-password")))
    text = squeezed("".join(side.extract_text() for side in document.pages))
    for language in ("es", "en"):
        assert squeezed(catalog_in(language).packet.results["no-help"]) in text
