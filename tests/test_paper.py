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

from helpdesk.loaded import catalog
from helpdesk.organization import load
from helpdesk.records import ContentError
from triage.attached import data_in
from triage.renderers import stylesheet

SHEETS = ["blank", "example", "a4 png", "a4 svg"]
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


def assert_readable(content: bytes, tmp_path, facts: str) -> PdfReader:
    """A screen reader can read it, and it is on the paper of this health system."""
    file = tmp_path / "paper.pdf"
    file.write_bytes(content)
    report = page_validation.validate_pdf(str(file), profile="ua1")
    assert report.is_compliant, report
    document = PdfReader(file)
    assert document.root_object["/Lang"] == "en"
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


@pytest.mark.parametrize("slug", ["", *SYMPTOMS])
def test_the_empty_form_asks_what_the_site_asks(packets, client, tmp_path, slug):
    variants.use_facts(packets.facts["blank"])
    document = assert_readable(fetched(client, f"/packet/blank.pdf?problem={slug}"), tmp_path, "blank")
    fields = boxes(document)
    assert [box for box in fields if not box.get("/TU")] == []
    names = [box["/T"] for box in fields]
    assert len(set(names)) == len(names)
    told = {box["/TU"] for box in fields}
    words = catalog()
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
    assert squeezed("Never write here") in text
    assert squeezed(words.flags["not-proof"]) in text


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text).replace("ﬁ", "fi").replace("ﬀ", "ff").replace("ﬃ", "ffi").replace("ﬂ", "fl")


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


def test_the_checklist_is_one_page(facts, client, tmp_path):
    document = assert_readable(fetched(client, "/checklist/checklist.pdf"), tmp_path, facts)
    assert len(document.pages) == 1
    fields = boxes(document)
    assert len(fields) == len(catalog().checklist) > 5
    assert [box for box in fields if not box.get("/TU")] == []
    text = squeezed(document.pages[0].extract_text())
    for box in fields:
        assert squeezed(box["/TU"]) in text
    assert squeezed("Do not use this list if") in text
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


@pytest.mark.parametrize("url", ["/packet/blank.pdf", "/checklist/checklist.pdf", "/packet/sample.pdf"])
def test_a_paper_is_only_given_out(client, packets, url):
    assert client.post(url).status_code == 405


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
