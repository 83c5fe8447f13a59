"""One packet in all its renderings: the same facts, the same words in one language or two, and nothing from outside."""

import io
import json
import re
import time
import unicodedata
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path

import jsonschema
import page as page_validation
import pytest
from browser import EXAMPLE_ORGANIZATION, ROOT
from django.template.loader import render_to_string
from django.utils import translation
from pypdf import PdfReader
from reading import MADE_AT, POSTED, PRIVATE, REFERENCE, SYMPTOMS, TYPED, Page, a_packet, answered, post, text_of

from helpdesk.loaded import catalog, catalog_in
from triage import pdf, typesetter, workers
from triage.cleaning import clean_text
from triage.forms import DetailsForm
from triage.packet import Packet
from triage.reference import read_reference
from triage.renderers import RENDERERS, SCHEMA, Rendering, as_data, as_html, as_pdf, stylesheet
from triage.workers import PLACES

pytestmark = pytest.mark.usefixtures("static_files", "fact_sheet")

# Between them these ask nearly every typed question.
LONG = ("locked-message", "code-missing", "page-or-app-broken", "records-missing")
# Who the patient is. The language stands on sheet A too, where the desk needs an interpreter.
WHO = tuple(value for value in PRIVATE if value != TYPED["language"])


def read_pdf(content: bytes) -> str:
    return "\n".join(sheet.extract_text() for sheet in PdfReader(io.BytesIO(content)).pages)


def texts(packet: Packet) -> dict[str, str]:
    """What a reader of each rendering reads. White space is left out: each rendering breaks lines in its own way."""
    return {
        "html": squeezed(Page(as_html(packet)).text),
        "pdf": squeezed(read_pdf(as_pdf(packet))),
        "call": squeezed(RENDERERS["call"].render(packet).decode()),
        "json": squeezed(json.dumps(json.loads(RENDERERS["json"].render(packet)), ensure_ascii=False)).replace(
            "\\n", ""
        ),
        "txt": squeezed(RENDERERS["txt"].render(packet).decode()),
    }


def squeezed(text: str) -> str:
    # A PDF writes some letters as others that look the same, such as ﬁ for fi.
    return "".join(unicodedata.normalize("NFKC", text).split())


def indented(value: str) -> str:
    """Several lines as one value of a text, which sets in all but the first."""
    return value.replace("\n", "\n  ").replace("\n  \n", "\n\n")


def assert_everywhere(packet: Packet, *facts: str, but: str = "") -> None:
    """Each rendering says each fact; `but` names the one that must not."""
    for kind, text in texts(packet).items():
        for fact in facts:
            assert (squeezed(fact) in text) == (kind != but), f"{kind}: {fact}"


# ---- one fact everywhere ----


def test_there_are_six_renderings():
    assert list(RENDERERS) == ["pdf", "html", "txt", "call", "json", "fhir"]


def test_what_is_wrong_is_said_in_every_rendering():
    packet = a_packet(*LONG, way_in="both")
    typed = [value for key, value in TYPED.items() if catalog().questions[key].sheet == "a"]
    assert len(typed) == 9
    coded = [row.value for row in packet.for_desk.coded_a]
    assert len(coded) > 7
    assert_everywhere(packet, *typed, *coded, *packet.for_desk.requests)


def test_what_the_patient_sees_is_said_to_people_and_told_to_machines():
    packet = a_packet("password-refused", "reset-fails", "code-refused")
    sees = packet.for_desk.sees
    assert len(sees) == 3
    for kind, text in texts(packet).items():
        for symptom in sees if kind != "json" else packet.answers.symptoms:
            assert squeezed(symptom) in text, f"{kind}: {symptom}"


def test_what_was_needed_today_is_on_the_private_sheet():
    packet = a_packet("locked-message")
    data = as_data(packet)
    assert "needed-today" in {row["id"] for row in data["sheet_b"]}
    assert "needed-today" not in {row["id"] for row in data["sheet_a"]}
    assert_everywhere(packet, catalog().questions["needed-today"].choice("refill").packet, but="txt")


def test_who_it_is_about_is_said_everywhere_but_in_the_email_text():
    packet = a_packet(*LONG, for_whom="child", way_in="both")
    assert_everywhere(packet, *WHO, but="txt")


@pytest.mark.parametrize("interpreter", ["no", ""])
def test_the_language_is_private_too_where_nobody_needs_an_interpreter(interpreter):
    packet = a_packet(*LONG, for_whom="child", way_in="both", details=TYPED | {"interpreter": interpreter})
    assert_everywhere(packet, *PRIVATE, but="txt")


def labels_of_sheet_b(packet: Packet, text: str) -> list[str]:
    """The questions of sheet B that this text answers."""
    worded = (packet.for_desk, packet.for_patient)
    rows = {row.label: row for wording in worded for row in wording.sheet_b}
    assert len(rows) > 8
    return [row.id for label, row in rows.items() if f"{label}:" in text]


@pytest.mark.parametrize("symptom", SYMPTOMS.values())
def test_the_email_text_of_no_problem_holds_anything_of_sheet_b(symptom):
    packet = a_packet(symptom, for_whom="adult", details=TYPED | {"interpreter": "no"})
    text = RENDERERS["txt"].render(packet).decode()
    assert [private for private in PRIVATE if private in text] == []
    assert labels_of_sheet_b(packet, text) == []


def test_the_email_text_says_first_that_an_interpreter_is_needed_and_in_which_language():
    packet = a_packet("locked-message")
    text = RENDERERS["txt"].render(packet).decode()
    assert set(labels_of_sheet_b(packet, text)) == {"interpreter", "language"}
    assert [private for private in WHO if private in text] == []
    assert text.index("Interpreter: Needed\nLanguage: Spanish\nProblem: ") < text.index("Who it is for: ")


def test_what_was_tried_and_what_came_of_it_is_said_to_people_in_the_same_words():
    tried = {"stop-trying": "worked", "check-signal": "no-help", "restart-device": "not-tried"}
    packet = a_packet(*LONG, tried=tried)
    for kind, text in texts(packet).items():
        if kind == "json":
            continue
        for step in packet.for_desk.was_tried:
            said = f"{step.title}: {step.said}" if kind in ("txt", "call") else step.title
            assert squeezed(f"{step.number} {said}") in text, f"{kind}: {said}"
        assert squeezed("Stop trying to get in") in text, kind
        assert squeezed("Check that your phone can get the code") in text, kind
        assert squeezed("Tried, and it did not help") in text, kind
    assert as_data(packet)["tried"].items() >= tried.items()


def test_the_patient_reads_what_to_do_and_how_to_take_each_step_that_is_left():
    packet = a_packet("locked-message", tried={"stop-trying": "worked"})
    read, worded = texts(packet), packet.for_patient
    assert [step.id for step in worded.not_tried] == ["write-message", "wait-as-told"]
    for kind in ("html", "pdf"):
        for sentence in (*worded.verdict.text, *(line for step in worded.not_tried for line in (step.title, *step.do))):
            assert squeezed(sentence) in read[kind], f"{kind}: {sentence}"
    done = catalog().steps["stop-trying"]
    patient = Page(as_html(packet)).texts("section[@id='for-you']")[0]
    assert [line for line in (done.title, *done.do) if line in patient] == []


@pytest.mark.parametrize("symptom", ["changes-not-mine", "locked-message"])
def test_the_phone_script_begins_with_the_danger_where_there_is_one(symptom):
    packet = a_packet(symptom, contacts_exposed="yes")
    urgent = catalog().packet.call.opening_now
    for kind in ("html", "pdf", "call"):
        assert (squeezed(urgent) in texts(packet)[kind]) == (packet.for_desk.verdict.id == "contact-now"), kind


@pytest.mark.parametrize("exposed", ["yes", "no"])
def test_sheet_a_says_whether_it_may_be_mailed(exposed):
    packet = a_packet("changes-not-mine", contacts_exposed=exposed)
    sheets = packet.for_desk.words.sheets
    for kind in ("html", "pdf"):
        read = texts(packet)[kind]
        assert (squeezed(sheets.a_note_exposed) in read) == (exposed == "yes"), kind
        assert (squeezed(sheets.a_note) in read) == (exposed == "no"), kind


@pytest.mark.parametrize("facts", ["blank", "example"])
def test_only_what_is_made_for_a_made_up_health_system_says_so_and_says_it_to_all_people(fact_sheet, facts):
    fact_sheet(facts)
    for kind, text in texts(a_packet("locked-message")).items():
        if kind != "json":
            assert (squeezed(catalog().packet.labels.made_up) in text) == (facts == "example"), kind


def test_what_was_typed_runs_in_its_own_direction():
    typed = {"error-words": "الحساب مقفل", "began": "يوم الاثنين", "name": "שרה Levi", "what-happened": "123 עכשיו"}
    page = Page(as_html(a_packet("locked-message", details=TYPED | typed)))
    own = [element for element in page.tree.iter() if "own" in element.get("class", "").split()]
    assert len(own) > 8
    for element in own:
        text = "".join(element.itertext())
        assert element.get("dir") == ("rtl" if text in typed.values() else "ltr"), text
    # Our own words run as the page does.
    assert [element for element in page.tree.iter() if element.get("dir") == "rtl" and element not in own] == []


def test_the_foot_of_each_page_holds_the_reference_alone():
    packet = a_packet("locked-message")
    for sheet in PdfReader(io.BytesIO(as_pdf(packet))).pages:
        assert REFERENCE in sheet.extract_text()
    (foot,) = re.findall(r"@bottom-left *{ *content: ([^;]*);", as_html(packet).decode())
    assert foot == f'"{REFERENCE}"'


def test_the_reference_the_urgency_and_the_warnings_are_on_what_the_desk_reads():
    packet = a_packet("locked-message")
    read, worded = texts(packet), packet.for_desk
    for kind in ("html", "pdf", "txt"):
        for fact in (REFERENCE, worded.verdict.desk, worded.made_on, worded.problem_titles, worded.warnings[0].said):
            assert squeezed(fact) in read[kind], f"{kind}: {fact}"
    assert squeezed("two, three, four, five, six, seven, eight, K as in kitchen") in read["call"]


def test_the_emergency_line_and_that_it_is_no_proof_stand_in_the_packet():
    read = texts(a_packet("locked-message"))
    for kind in ("html", "pdf", "call"):
        assert squeezed("Is this an emergency? Call 911") in read[kind], kind
    for kind in ("html", "pdf"):
        assert squeezed("Not proof of identity. Verify by your own policy.") in read[kind], kind


def test_what_was_left_open_is_a_line_to_write_on_and_never_none():
    for kind, text in texts(a_packet(*LONG, details={})).items():
        assert "None" not in text, kind
        assert "null" not in text, kind
    assert "____________________" in RENDERERS["call"].render(a_packet("locked-message", details={})).decode()


@pytest.mark.parametrize("kind", ["txt", "call"])
def test_text_for_reading_out_has_no_markup_no_trailing_space_and_ends_with_a_line_end(kind):
    text = RENDERERS[kind].render(a_packet(*LONG, details=TYPED | {"began": "<b>&amp; \"'"})).decode()
    assert "<b>&amp; \"'" in text
    assert re.findall(r"[ \t]$|\n{4,}|\r|[{}]", text, re.MULTILINE) == []
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


# ---- data ----


@pytest.mark.parametrize("facts", ["blank", "example"])
@pytest.mark.parametrize("symptom", SYMPTOMS.values())
def test_the_data_fits_the_schema_that_we_ship(fact_sheet, symptom, facts):
    fact_sheet(facts)
    schema = json.loads(SCHEMA.read_text())
    checker = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    for details in ({}, TYPED):
        data = json.loads(RENDERERS["json"].render(a_packet(symptom, details=details)))
        assert [error.message for error in checker.iter_errors(data)] == []


def test_the_schema_is_one_and_refuses_what_is_no_packet():
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    good = as_data(a_packet("locked-message"))
    for wrong in (
        {"verdict": "maybe"},
        {"reference": "0O1I-LLLL"},
        {"tried": {"x": "y"}},
        {"extra": 1},
        {"problems": []},
        {"desk_language": "Spanish"},
        {"sheet_a": [good["sheet_a"][0] | {"number": "S1"}]},
        {"sheet_a": [good["sheet_a"][0] | {"extra": "x"}]},
    ):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(good | wrong, schema)


def test_the_data_is_the_packet_and_nothing_else():
    data = as_data(a_packet("locked-message", details={"began": "Monday", "name": "Maria"}))
    rows = data.pop("sheet_a"), data.pop("sheet_b")
    assert data == {
        "$schema": "packet-1.schema.json",
        "version": 1,
        "reference": REFERENCE,
        "made_at": MADE_AT.isoformat(),
        "language": "en",
        "desk_language": "en",
        "organization": "",
        "verdict": "contact-support",
        "reasons": ["locked"],
        "problems": ["account-locked"],
        "requests": [catalog().problems["account-locked"].request],
        "warnings": ["locked"],
        "desks": ["support"],
        "symptoms": ["locked-message"],
        "answers": {"for-whom": ["self"], "codes-unasked": ["no"], "needed-today": ["refill"]},
        "tried": {"stop-trying": "not-tried", "write-message": "not-tried", "wait-as-told": "not-tried"},
        "details": {"began": "Monday", "name": "Maria"},
        "picture": "",
    }
    assert {
        "id": "began",
        "number": "A4",
        "label": "When it began",
        "values": ["Monday"],
        "own_words": True,
    } in rows[0]
    assert {
        "id": "name",
        "number": "B2",
        "label": "Patient’s name",
        "values": ["Maria"],
        "own_words": True,
    } in rows[1]
    assert read_reference(REFERENCE) == REFERENCE


# ---- in two languages ----

LANGUAGES = ("en", "es")
# Where the exact words, and what was typed in other boxes, stand in a text: behind these.
NUMBER = re.compile(r"^(?:- )?([ABS][1-9][0-9]*) ", re.MULTILINE)


@dataclass(frozen=True)
class Apart:
    """A patient and a desk that read different languages. `packet` is a_packet, on the site in the patient's."""

    patient: str
    desk: str
    packet: Callable[..., Packet]


@pytest.fixture(params=LANGUAGES, ids=["patient reads English", "patient reads Spanish"])
def apart(request, fact_sheet, tmp_path) -> Apart:
    (desk,) = {*LANGUAGES} - {request.param}
    fact_sheet(facts_in(desk, tmp_path))

    def packet(*symptoms: str, **options: object) -> Packet:
        with translation.override(request.param):
            return a_packet(*symptoms, **options)

    return Apart(request.param, desk, packet)


def facts_in(language: str, folder: Path) -> Path:
    """The made-up fact sheet of a health system whose desks read this language."""
    file = folder / f"facts-{language}.toml"
    file.write_text(f'language = "{language}"\n{(ROOT / EXAMPLE_ORGANIZATION).read_text()}')
    return file


def section(page: Page, name: str) -> str:
    (text,) = page.texts(f"section[@id='{name}']")
    return squeezed(text)


def numbers(page: Page, *names: str) -> list[str]:
    """The numbers of rows and steps in these sections, in their order."""
    found = []
    for name in names:
        found += [text_of(element) for element in page.all(f"section[@id='{name}']//span[@class='number']")]
        rows = [text_of(element) for element in page.all(f"section[@id='{name}']//th[@scope='row']")]
        found += [row.split()[0] for row in rows if re.match(r"[AB]\d+ ", row)]
    return found


def test_each_page_is_in_the_language_of_who_reads_it(apart):
    packet = apart.packet(*LONG, tried={"stop-trying": "worked"})
    page = Page(as_html(packet))
    pages = {element.get("id"): element.get("lang") for element in page.all("section")}
    assert pages == {
        "sheet-a": apart.desk,
        "sheet-b": apart.desk,
        "for-you": apart.patient,
        "your-answers": apart.patient,
        "call": apart.patient,
    }
    assert page.tree.get("lang") == apart.patient
    assert page.title == f"{catalog_in(apart.patient).packet.title} {REFERENCE}"
    assert page.dead_references() == []
    desk, patient = catalog_in(apart.desk).packet, catalog_in(apart.patient).packet
    assert squeezed(desk.sheets.a_title) in section(page, "sheet-a")
    assert squeezed(desk.sheets.b_title) in section(page, "sheet-b")
    assert squeezed(patient.sheets.patient_title) in section(page, "for-you")
    assert squeezed(patient.labels.your_answers) in section(page, "your-answers")
    assert squeezed(patient.labels.call_script) in section(page, "call")


def test_the_desk_reads_no_word_of_ours_in_the_patients_language_nor_the_patient_in_the_desks(apart):
    packet = apart.packet(*LONG, tried={"stop-trying": "worked"})
    page = Page(as_html(packet))
    mine, theirs = packet.for_patient, packet.for_desk
    for worded, others, names in (
        (theirs, mine, ("sheet-a", "sheet-b")),
        (mine, theirs, ("for-you", "your-answers", "call")),
    ):
        text = "".join(section(page, name) for name in names)
        said, foreign = (
            {
                squeezed(sentence)
                for sentence in (
                    *wording.sees,
                    *wording.requests,
                    *(step.title for step in wording.was_tried),
                    *(row.label for row in wording.rows if row != wording.exact_words),
                    *(row.value for row in wording.rows if not row.own_words and row.values),
                )
            }
            for wording in (worded, others)
        )
        assert len(said) > 40
        assert [sentence for sentence in said if sentence not in text] == []
        # Some words are the same in both, such as "No", and short ones are parts of others.
        assert [sentence for sentence in foreign - said if len(sentence) > 8 and sentence in text] == []


def test_the_numbers_of_rows_and_steps_are_the_same_on_the_desks_pages_and_the_patients(apart):
    tried = {"stop-trying": "worked", "check-signal": "no-help"}
    packet = apart.packet(*LONG, for_whom="child", way_in="both", tried=tried)
    rows = [row.number for row in packet.for_desk.rows]
    steps = [step.number for step in packet.for_desk.was_tried]
    assert len(rows) > 25
    assert len(steps) == 2
    page = Page(as_html(packet))
    mine, theirs = numbers(page, "your-answers"), numbers(page, "sheet-a", "sheet-b")
    # Those also that may still mend it.
    every = sorted([*rows, *steps, *(step.number for step in packet.for_desk.not_mended)])
    assert sorted(mine) == sorted(theirs) == every
    for worded, name in ((packet.for_desk, "sheet-b"), (packet.for_patient, "your-answers")):
        for row in worded.sheet_b:
            assert squeezed(f"{row.number} {row.label}{row.value}") in section(page, name)
        for step in worded.was_tried:
            where = "sheet-a" if name == "sheet-b" else name
            assert squeezed(f"{step.number} {step.title}{step.said}") in section(page, where)


def test_the_email_text_says_sheet_a_twice_with_the_same_numbers_and_nothing_of_who_it_is(apart):
    packet = apart.packet(*LONG, for_whom="child", way_in="both", tried={"stop-trying": "worked"})
    text = RENDERERS["txt"].render(packet).decode()
    theirs, mine = text.split("\n____________________\n")
    assert theirs.startswith(f"{packet.for_desk.words.labels.made_up}\n\n{packet.for_desk.words.email.greeting}\n")
    assert packet.for_patient.language.name in mine.strip().split("\n")[0]
    steps = [step.number for step in packet.for_desk.tried]
    rows = [row.number for row in (*packet.for_desk.coded_a, *packet.for_desk.typed_a)]
    assert NUMBER.findall(theirs) == NUMBER.findall(mine) == ["A1", *rows, *steps]
    for worded, half in ((packet.for_desk, theirs), (packet.for_patient, mine)):
        for fact in (*worded.sees, *worded.requests, worded.verdict.desk, worded.made_on, worded.for_whom):
            assert fact in half
        for row in worded.rows_a:
            assert not row.values or f"{row.number} {row.label}: {indented(row.value)}" in half
        for caution in worded.warnings:
            assert f"- {caution.said}" in half
    private = [row.value for worded in (packet.for_desk, packet.for_patient) for row in worded.sheet_b]
    told_first = {row.value for worded in (packet.for_desk, packet.for_patient) for row in worded.talk}
    assert len(set(private)) > 12
    assert [value for value in private if value in text and value not in told_first] == []
    assert set(labels_of_sheet_b(packet, text)) == {"interpreter", "language"}


def test_the_phone_script_is_the_patients_and_asks_for_an_interpreter_in_the_desks_language(apart):
    packet = apart.packet(*LONG, tried={"stop-trying": "worked"})
    text, page = RENDERERS["call"].render(packet).decode(), Page(as_html(packet))
    mine, theirs = packet.for_patient, packet.for_desk
    assert text.startswith(f"{mine.words.labels.call_script}\n")
    asked = [f'  "{line}"' for line in theirs.call.interpreter]
    assert len(asked) == 2
    assert "\n".join([*asked, f"({' '.join(mine.call.interpreter)})"]) in text
    assert text.index(theirs.call.interpreter[0]) < text.index(mine.call.opening[0])
    rows = [row.number for row in (*mine.sheet_b, *mine.rows_a) if row.values]
    steps = [step.number for step in mine.was_tried]
    found = NUMBER.findall(text)
    assert [number for number in (*rows, *steps) if number not in found] == []
    for row in mine.sheet_b:
        assert f"- {row.number} {row.label}: {row.value or '____'}" in text
    foreign = [row.label for row in theirs.rows if row.label not in {row.label for row in mine.rows}]
    assert len(foreign) > 20
    assert [label for label in foreign if f" {label}: " in text] == []
    spoken = {text_of(element) for element in page.all("section[@id='call']/p[@class='say']") if element.get("lang")}
    assert spoken == set(theirs.call.interpreter)


def test_the_data_are_in_the_desks_language_and_name_both(apart):
    data = as_data(apart.packet(*LONG))
    words = catalog_in(apart.desk)
    assert (data["language"], data["desk_language"]) == (apart.patient, apart.desk)
    rows = [*data["sheet_a"], *data["sheet_b"]]
    assert [row["label"] for row in rows] == [words.questions[row["id"]].short for row in rows]
    assert [row["number"] for row in data["sheet_a"]] == [f"A{n}" for n in range(1, len(data["sheet_a"]) + 1)]
    assert [row["number"] for row in data["sheet_b"]] == [f"B{n}" for n in range(1, len(data["sheet_b"]) + 1)]
    assert data["requests"] == list(dict.fromkeys(words.problems[slug].request for slug in data["problems"]))
    # Ids are the same whoever reads them.
    with translation.override(apart.desk):
        here = as_data(a_packet(*LONG))
    assert data == here | {"language": apart.patient}


@pytest.mark.parametrize("symptom", SYMPTOMS.values())
def test_the_data_fit_the_schema_in_two_languages(apart, symptom):
    schema = json.loads(SCHEMA.read_text())
    data = json.loads(RENDERERS["json"].render(apart.packet(symptom)))
    assert [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(data)] == []


TYPED_ABROAD = TYPED | {
    "error-words": "Se bloqueó “aquí”.\nError 1031",
    "what-happened": "Probé tres veces.\n\nLuego se bloqueó: ¡ñandú!",
    "began": "el lunes & el martes",
    "name": "María Peñaflor",
}


def test_what_the_patient_typed_is_on_the_pages_of_both_as_it_was_typed(apart):
    packet = apart.packet(*LONG, for_whom="child", way_in="both", details=TYPED_ABROAD)
    page = Page(as_html(packet))
    typed = {row.id: row.value for row in packet.for_desk.rows if row.own_words}
    assert len(typed) == 18
    theirs = section(page, "sheet-a") + section(page, "sheet-b")
    mine = section(page, "your-answers")
    assert [key for key, value in typed.items() if squeezed(value) not in theirs] == []
    assert [key for key, value in typed.items() if squeezed(value) not in mine] == []
    pdf_text = squeezed(read_pdf(as_pdf(packet)))
    assert [key for key, value in typed.items() if pdf_text.count(squeezed(value)) < 2] == []
    data = as_data(packet)
    assert {row["id"]: row["values"][0] for row in data["sheet_a"] + data["sheet_b"] if row["own_words"]} == typed
    public = [indented(row.value) for row in packet.for_desk.rows_a if row.own_words]
    email = RENDERERS["txt"].render(packet).decode()
    assert len(public) == 9
    assert [value for value in public if email.count(value) != 2] == []
    call = RENDERERS["call"].render(packet).decode()
    assert [value for value in typed.values() if indented(value) not in call] == []


def test_what_the_patient_typed_is_marked_as_the_patients_language_on_every_page(apart):
    page = Page(as_html(apart.packet(*LONG, details=TYPED_ABROAD)))
    own = [element for element in page.all("span") if "own" in element.get("class", "").split()]
    assert len(own) > 20
    assert {element.get("lang") for element in own} == {apart.patient}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_packet_in_one_language_marks_nothing_typed_and_repeats_nothing(fact_sheet, tmp_path, language):
    fact_sheet(facts_in(language, tmp_path))
    with translation.override(language):
        packet = a_packet(*LONG)
    assert (as_data(packet)["language"], as_data(packet)["desk_language"]) == (language, language)
    page, labels = Page(as_html(packet)), catalog_in(language).packet.labels
    assert [element.get("id") for element in page.all("section")] == ["sheet-a", "sheet-b", "for-you", "call"]
    assert {element.get("lang") for element in page.tree.iter() if element.get("lang")} == {language}
    assert [element for element in page.all("span") if element.get("lang")] == []
    assert "\n____________________\n" not in RENDERERS["txt"].render(packet).decode()
    assert labels.your_answers not in page.text
    assert labels.read_sheet_a in page.text


def test_the_agent_reads_on_top_of_sheet_a_who_needs_an_interpreter_and_in_which_language(apart):
    packet = apart.packet("locked-message", details=TYPED | {"interpreter": "", "language": ""})
    labels, words = packet.for_desk.words.labels, catalog_in(apart.desk)
    (first, *_) = Page(as_html(packet)).texts("section[@id='sheet-a']/table/tbody/tr")
    assert first.startswith(labels.talk)
    language = {"en": "English", "es": "español"}[apart.desk]
    spoken = {("en", "es"): "Spanish", ("es", "en"): "inglés"}[apart.desk, apart.patient]
    assert packet.for_desk.desk_language == language
    rows = [
        f"{words.questions['interpreter'].short}: {labels.not_given}",
        f"{labels.site_language}: {spoken}",
    ]
    assert squeezed(" · ".join(rows)) in squeezed(first)
    email = RENDERERS["txt"].render(packet).decode()
    assert "\n".join([*rows, f"{labels.problem}: "]) in email
    needed = apart.packet("locked-message", details=TYPED | {"interpreter": "yes", "language": "Vietnamita"})
    (first, *_) = Page(as_html(needed)).texts("section[@id='sheet-a']/table/tbody/tr")
    assert words.questions["interpreter"].choice("yes").packet in first
    assert "Vietnamita" in first


def test_the_patients_copy_has_the_warnings_that_the_agent_reads(apart):
    packet = apart.packet("locked-message")
    page = Page(as_html(packet))
    assert len(packet.for_patient.warnings) > 1
    for worded, name in ((packet.for_desk, "sheet-a"), (packet.for_patient, "your-answers")):
        for warning in worded.warnings:
            assert squeezed(warning.said) in section(page, name)


@pytest.mark.parametrize("unreviewed", [True, False])
def test_words_that_no_person_has_reviewed_say_so_to_who_reads_them(apart, unreviewed):
    made = apart.packet("locked-message")
    mine, theirs = replace(made.for_patient, unreviewed=unreviewed), replace(made.for_desk, unreviewed=not unreviewed)
    packet = replace(made, for_patient=mine, for_desk=theirs)
    page = Page(as_html(packet))
    call = RENDERERS["call"].render(packet).decode()
    assert (squeezed(mine.words.labels.unreviewed) in section(page, "for-you")) is unreviewed
    assert (mine.words.labels.unreviewed in call) is unreviewed
    assert (squeezed(theirs.words.labels.unreviewed) in section(page, "sheet-a")) is not unreviewed


def test_a_packet_reads_the_same_whatever_language_it_is_asked_for_in(apart):
    packet = apart.packet(*LONG, for_whom="child", way_in="both", tried={"stop-trying": "worked"})
    for kind, rendering in RENDERERS.items():
        made = set()
        for language in LANGUAGES:
            with translation.override(language):
                made.add(rendering.render(packet))
        assert len(made) == 1, kind


# ---- the web page that is saved ----


def test_the_saved_page_stands_alone():
    page = Page(as_html(a_packet("locked-message")))
    assert page.attributes("src") == []
    assert page.all("link") == []
    assert page.all("script") == []
    assert "@page" in page.all("style")[0].text
    assert page.dead_references() == []
    assert len(page.all("h1")) == 1
    assert page.tree.get("lang") == "en"
    assert page.title == f"MyChart support request {REFERENCE}"


# ---- PDF ----


@pytest.mark.parametrize("facts", ["blank", "example"])
@pytest.mark.parametrize("symptom", SYMPTOMS.values())
def test_the_pdf_can_be_read_by_a_screen_reader(fact_sheet, tmp_path, symptom, facts):
    fact_sheet(facts)
    file = tmp_path / "packet.pdf"
    file.write_bytes(as_pdf(a_packet(symptom, for_whom="child")))
    report = page_validation.validate_pdf(str(file), profile="ua1")
    assert report.is_compliant, report
    document = PdfReader(file)
    assert document.root_object["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in document.root_object
    assert document.root_object["/Lang"] == "en"
    assert document.metadata.title == f"MyChart support request {REFERENCE}"
    assert {(float(sheet.mediabox.width), float(sheet.mediabox.height)) for sheet in document.pages} == {(612, 792)}
    assert len(document.pages) <= 12
    assert set(document.attachments) == {"support-request.json", "support-request.fhir.json"}


def test_the_pdf_names_nobody_in_its_metadata():
    document = PdfReader(io.BytesIO(as_pdf(a_packet("locked-message"))))
    told = f"{dict(document.metadata)} {document.root_object['/Metadata'].get_data()}"
    assert [private for private in PRIVATE if private in told] == []


def test_the_same_packet_gives_the_same_bytes():
    packet = a_packet("locked-message")
    for kind, rendering in RENDERERS.items():
        assert rendering.render(packet) == rendering.render(packet), kind


def test_threads_may_render_at_once():
    packets = [a_packet(symptom) for symptom in ("locked-message", "code-missing", "site-down", "two-records")]
    alone = [as_pdf(packet) for packet in packets]
    with ThreadPoolExecutor(PLACES) as pool:
        assert list(pool.map(as_pdf, packets)) == alone


def filled_to_the_brim() -> dict[str, str]:
    """The longest answers, with the most lines, that the form lets through."""
    longest = {"text": "wwww wwww\n" * 60, "line": "W" * 200}
    questions = [question for question in catalog().details_questions if question.kind in longest]
    return {question.id: longest[question.kind][: question.max].strip() for question in questions}


@pytest.mark.parametrize("symptom", ["code-missing", "page-or-app-broken", "records-missing"])
def test_the_longest_answers_to_one_problem_fit(symptom):
    as_pdf(a_packet(symptom, for_whom="child", way_in="both", details=TYPED | filled_to_the_brim()))


def test_the_longest_answers_to_every_problem_at_once_fit():
    answers = list(SYMPTOMS.values())[:-1]
    as_pdf(a_packet(*answers, for_whom="child", way_in="both", details=TYPED | filled_to_the_brim()))


def test_a_document_of_too_many_pages_is_refused():
    many = "<html lang=en><head><title>x</title></head><body>" + "<p style='break-before: page'>x</p>" * 21
    with pytest.raises(pdf.TooLongError, match="21 pages"):
        workers.run(pdf.render, many, "", MADE_AT)


def test_a_packet_of_too_many_pages_gives_the_other_ways_and_loses_nothing(client, monkeypatch):
    def too_long(packet):
        raise pdf.TooLongError

    monkeypatch.setitem(RENDERERS, "pdf", Rendering(too_long, "application/pdf", "x.pdf"))
    answers = answered(*list(SYMPTOMS.values())[:-1], for_whom="child", way_in="both")
    typed = POSTED | filled_to_the_brim()
    page = Page(post(client, "/packet/pdf/", [*answers.pairs(), *typed.items()]))
    assert page.status == 422
    assert page.title.startswith("Error: ")
    assert catalog().pages["too-long"].title in page.texts("div[@id='errors']/div/h2")
    form = page.form("Save the phone script")
    carried = dict(form.pairs)
    assert {name: carried[name] for name in typed} == typed
    assert post(client, form.action, form.pairs).status_code == 200


# ---- hostile text ----

PAYLOADS = {
    "image from a file": '<img src="file:///etc/passwd">',
    "image from the network": "<img src=http://192.0.2.1/x.png>",
    "import": "<style>@import 'http://192.0.2.1/x.css';</style>",
    "background": '<p style="background:url(http://192.0.2.1/x)">x</p>',
    "font": "<style>@font-face{font-family:x;src:url(http://192.0.2.1/x)}*{font-family:x}</style>",
    "stylesheet": "<link rel=stylesheet href=http://192.0.2.1/x.css>",
    "attached by link": "<link rel=attachment href=file:///etc/passwd>",
    "attached by anchor": '<a rel=attachment href="file:///etc/passwd">x</a>',
    "embed": "<embed src=http://192.0.2.1/x.svg>",
    "object": "<object data=http://192.0.2.1/x.svg></object>",
    "svg": '<svg><image href="http://192.0.2.1/x.png"/></svg>',
    "data": "<img src=\"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'/>\">",
    "content": "<style>p::before{content:url(http://192.0.2.1/x)}</style>",
    "list style": '<ul style="list-style-image:url(http://192.0.2.1/x)"><li>x</ul>',
    "picture in a style": "<style>html{border-image:url(http://192.0.2.1/x) 1}</style>",
}
TEXT_BOXES = [key for key, value in TYPED.items() if key not in ("birth-date", "safe-contact", "interpreter")]


def rendered(packet: Packet) -> tuple[bytes, typesetter.FetchNothing]:
    fetcher = typesetter.FetchNothing()
    html = render_to_string("triage/paper.html", {"packet": packet})
    return typesetter.render(html, stylesheet(), packet.made_at, fetcher=fetcher), fetcher


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_markup_in_any_box_is_shown_as_it_was_typed_and_fetches_nothing(payload):
    packet = a_packet(*LONG, for_whom="child", way_in="both", details=dict.fromkeys(TEXT_BOXES, payload))
    shown = [row for row in packet.for_desk.rows if row.value == payload]
    assert len(shown) == len(TEXT_BOXES)
    content, fetcher = rendered(packet)
    assert fetcher.asked == 0
    document = PdfReader(io.BytesIO(content))
    assert document.attachments == {}
    assert squeezed(read_pdf(content)).count(squeezed(payload)) >= len(TEXT_BOXES)
    harmless = Page(as_html(a_packet(*LONG, for_whom="child", way_in="both", details=dict.fromkeys(TEXT_BOXES, "x"))))
    page = Page(as_html(packet))
    assert [element.tag for element in page.tree.iter()] == [element.tag for element in harmless.tree.iter()]
    assert page.text.count(" ".join(payload.split())) >= len(TEXT_BOXES)


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_the_fetcher_sees_each_of_these_when_it_is_markup(payload):
    """Else the test above would count nothing."""
    fetcher = typesetter.FetchNothing()
    html = f"<html lang=en><head><title>x</title>{payload}</head><body><p>x</body></html>"
    if "rel=attachment" in payload:
        # A packet encloses only what it is given: the list of files in the markup is not used.
        assert typesetter.render(html, "", MADE_AT, fetcher=fetcher).count(b"/EmbeddedFile") == 0
        return
    typesetter.render(html, "", MADE_AT, fetcher=fetcher)
    assert fetcher.asked > 0


def test_template_code_in_a_box_is_text():
    assert_everywhere(
        a_packet("locked-message", details={"began": "{{7*7}} {% debug %} {#x#}"}), "{{7*7}} {% debug %} {#x#}"
    )


HOSTILE = {
    "controls": "a" + "".join(chr(code) for code in [*range(1, 32), *range(127, 160)]) + "b",
    "bidi": "abc\u202edef\u2066ghi\u2069\u200f\u061c",
    "invisible": "a\u200b\u2060\ufeff\u00adb\U000e0041",
    "surrogates": "a\ud800b\udfffc",
    "zalgo": "Z" + "\u0301\u0316\u0317\u0318\u0319\u031a" * 40 + "algo",
    "emoji": "hello \U0001f600 \U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f1fa\U0001f1f8 end",
    "Arabic": "الرمز لا يصل",
    "Chinese": "我無法登入我的帳戶",
    "mixed": "عبر 555-0100 and 我 and Ω",
    "60 lines": "\n".join(f"line {number}." for number in range(60)),
    "200 lines": "\n".join(f"line {number}." for number in range(200)),
    "line ends": "a\r\nb\rc\u2028d\u2029e\x85f\x0bg\x0ch",
    "spaces": "a\u00a0\u2003\u3000b\tc",
    "unbroken": "x" * 2000,
    "long words": "abcdefghi " * 190,
    "quotes": "“a” 'b' \"c\" <d> &amp; \\n %s {0}",
    "combining": "Zoe\u0308 cafe\u0301",
}


@pytest.mark.parametrize("typed", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_reads_the_same_in_every_rendering(typed):
    form = DetailsForm(catalog().details_questions, {"what-happened": typed})
    assert form.is_valid(), form.errors
    said = form.details()["what-happened"]
    packet = a_packet("locked-message", details={"what-happened": said})
    data = json.loads(RENDERERS["json"].render(packet))
    assert data["details"]["what-happened"] == said
    assert said in unescape(as_html(packet).decode())
    for kind in ("txt", "call"):
        assert indented(said) in RENDERERS[kind].render(packet).decode(), kind
    # And again: what comes back from the page is the same.
    assert clean_text(said) == said


def on_paper(said: str) -> str:
    return squeezed(read_pdf(as_pdf(a_packet("locked-message", details={"what-happened": said}))))


@pytest.mark.parametrize("kind", ["controls", "bidi", "surrogates", "60 lines", "unbroken", "quotes", "Chinese"])
def test_hostile_text_reads_the_same_on_paper(kind):
    said = clean_text(HOSTILE[kind])
    read = on_paper(said)
    # Line by line, since a page may end between two.
    assert [line for line in said.split("\n") if squeezed(line) not in read] == []


def test_every_letter_of_a_script_is_on_paper():
    """A PDF draws some scripts from right to left or joins their letters, so the order may differ."""
    said = " ".join(clean_text(HOSTILE[kind]) for kind in ("Arabic", "mixed", "combining", "zalgo"))
    drawn = Counter(on_paper(said)) - Counter(on_paper("?"))
    assert Counter(squeezed(said)) - drawn == Counter()


@pytest.mark.parametrize("text", ["x" * 4000, "word " * 800, "𝕏" * 4000], ids=["unbroken", "words", "rare"])
def test_a_long_text_costs_little_time(text):
    as_pdf(a_packet("locked-message"))
    packet = a_packet("locked-message", details={"what-happened": text, "error-words": text})
    start = time.perf_counter()
    as_pdf(packet)
    assert time.perf_counter() - start < 15


@pytest.mark.parametrize("symptom", SYMPTOMS.values(), ids=SYMPTOMS)
@pytest.mark.parametrize("chosen", [{}, {"codes_unasked": "yes"}], ids=["as it comes", "codes came unasked"])
def test_no_heading_stands_above_nothing(symptom, chosen):
    """A sub-heading below it is something, a heading of its own rank or a higher one is not."""
    page = as_html(a_packet(symptom, details={}, **chosen)).decode()
    headings = re.findall(r"<h([2-4])[^>]*>([^<]*)</h[2-4]>(?:\s|</?(?:div|section)[^>]*>)*(?:<h([2-4])|</body>)", page)
    assert [title for rank, title, below in headings if not below or int(below) <= int(rank)] == []
