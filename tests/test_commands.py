"""The commands for content authors and integrators."""

import io
import json
import os
import subprocess
import sys

import pytest
from browser import ROOT
from django.core.management import CommandError, call_command
from pypdf import PdfReader
from reading import SYMPTOMS, Page

from helpdesk.loaded import catalog, catalog_in
from triage.engine import GRAVITY
from triage.renderers import RENDERERS

pytestmark = pytest.mark.usefixtures("static_files", "fact_sheet")

EXAMPLE = ROOT / "triage" / "schema" / "example.json"


def printed(*words: object) -> dict:
    out = io.StringIO()
    call_command(*map(str, words), stdout=out)
    return json.loads(out.getvalue())


def manage(*words: object, **environment: str) -> subprocess.CompletedProcess:
    """The command as a person runs it."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("WAYIN_", "DJANGO_"))}
    command = [sys.executable, "manage.py", *map(str, words)]
    return subprocess.run(command, cwd=ROOT, env=own | environment, capture_output=True, text=True, check=False)


@pytest.fixture
def written(tmp_path):
    """Writes a document (or text, or bytes) to a file and gives its path."""

    def write(document):
        file = tmp_path / "request.json"
        if isinstance(document, bytes):
            file.write_bytes(document)
        else:
            file.write_text(document if isinstance(document, str) else json.dumps(document))
        return file

    return write


# ---- catalog ----


def test_catalog_prints_every_id_with_its_label():
    data = printed("catalog")
    assert set(data["symptoms"]) == set(catalog().symptoms)
    assert set(data["questions"]) == set(catalog().questions)
    assert set(data["steps"]) == set(catalog().steps)
    assert set(data["problems"]) == set(SYMPTOMS)
    assert list(data["verdicts"]) == list(GRAVITY)
    assert data["results"] == ["worked", "no-help", "not-tried"]
    assert data["symptoms"]["locked-message"] == {
        "label": catalog().symptoms["locked-message"].label,
        "problem": "account-locked",
    }
    assert data["questions"]["for-whom"]["choices"].keys() == {"self", "child", "teen", "adult"}
    assert data["questions"]["name"]["sheet"] == "b"
    assert all(data["reasons"].values())
    assert data["flags"] == catalog().flags
    assert data["needs"].keys() == catalog().needs.keys()


def test_what_catalog_prints_is_what_assess_takes(written):
    data = printed("catalog")
    for symptom, told in data["symptoms"].items():
        assert told["problem"] in printed("assess", written({"symptoms": [symptom]}))["problems"]


# ---- assess ----


def test_assess_prints_what_follows_from_the_answers():
    assert printed("assess", EXAMPLE) == {
        "verdict": "contact-support",
        "reasons": ["locked", "codes-can-be-late"],
        "problems": ["account-locked", "codes-not-arriving"],
        "steps": ["stop-trying", "write-message", "wait-as-told", "check-signal"],
        "evidence": [
            "error-words",
            "what-happened",
            "began",
            "last-sign-in",
            "code-times",
            "portal-address",
            "name",
            "birth-date",
            "phone",
            "call-number",
            "email",
            "safe-contact",
            "mrn",
            "language",
            "interpreter",
        ],
        "desk": "support",
        "desks": ["support"],
        "needs": ["refill"],
        "flags": ["locked"],
        "solved": False,
        "next_question": None,
    }


def test_assess_tells_which_question_comes_next(written):
    assert printed("assess", written({"symptoms": ["locked-message"]}))["next_question"] == "for-whom"


# ---- packet ----


@pytest.mark.parametrize("kind", list(RENDERERS))
def test_packet_writes_every_rendering(tmp_path, kind):
    file = tmp_path / f"packet.{kind}"
    call_command("packet", str(EXAMPLE), "--format", kind, "--output", str(file))
    content = file.read_bytes()
    if kind == "pdf":
        content = "".join(sheet.extract_text() for sheet in PdfReader(file).pages).encode()
    assert "I typed my password three times." in content.decode()
    assert ("Maria Example" in content.decode()) == (kind != "txt")


def test_packet_takes_a_reference_and_a_time_so_that_it_can_be_made_again(tmp_path):
    file = tmp_path / "packet.json"
    words = ["packet", str(EXAMPLE), "--format", "json", "--output", str(file)]
    call_command(*words, "--reference", "2345678k", "--made-at", "2026-11-24T13:05+00:00")
    data = json.loads(file.read_text())
    assert (data["reference"], data["made_at"]) == ("2345-678K", "2026-11-24T13:05:00+00:00")
    assert data["details"]["birth-date"] == "1950-09-27"


def test_packet_writes_to_standard_output():
    own = {name: value for name, value in os.environ.items() if not name.startswith(("WAYIN_", "DJANGO_"))}
    words = [sys.executable, "manage.py", "packet", str(EXAMPLE), "--format", "pdf", "--output", "-"]
    done = subprocess.run(words, cwd=ROOT, env=own, capture_output=True, check=True)
    assert done.stdout.startswith(b"%PDF-")
    assert len(PdfReader(io.BytesIO(done.stdout)).pages) > 2
    assert done.stderr == b""
    assert not (ROOT / "-").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--reference", "ABCD-EFGH"], "--reference: 'ABCD-EFGH' is not a reference of ours; check each character"),
        (["--made-at", "today"], "--made-at: write a time with its zone, such as 2026-11-24T13:05+00:00"),
        (["--made-at", "2026-11-24T13:05"], "--made-at: write a time with its zone, such as 2026-11-24T13:05+00:00"),
    ],
)
def test_packet_refuses_a_wrong_reference_or_time(tmp_path, words, message):
    assert refused("packet", EXAMPLE, "--format", "json", "--output", tmp_path / "x", *words) == message
    assert not (tmp_path / "x").exists()


def test_packet_words_a_request_for_a_patient_who_reads_another_language(tmp_path):
    file = tmp_path / "packet.json"
    call_command("packet", str(EXAMPLE), "--format", "json", "--output", str(file), "--language", "es")
    data = json.loads(file.read_text())
    assert (data["language"], data["desk_language"]) == ("es", "en")
    labels = {row["id"]: row["label"] for row in data["sheet_b"]}
    assert labels["name"] == catalog_in("en").questions["name"].short
    call_command("packet", str(EXAMPLE), "--format", "json", "--output", str(file))
    assert json.loads(file.read_text())["language"] == "en"


def test_packet_writes_the_patients_pages_in_their_language_and_the_desks_in_its_own(tmp_path):
    file = tmp_path / "packet.html"
    call_command("packet", str(EXAMPLE), "--format", "html", "--output", str(file), "--language", "es")
    page = Page(file.read_bytes())
    assert page.tree.get("lang") == "es"
    assert page.texts("section[@id='for-you']/div/h2") == [catalog_in("es").packet.sheets.patient_title]
    assert page.texts("section[@id='sheet-a']/div/h2") == [catalog_in("en").packet.sheets.a_title]
    assert "I typed my password three times." in page.texts("section[@id='your-answers']")[0]


@pytest.mark.parametrize("language", ["xx", "ES", "es-mx", "", "Spanish", "../en"])
def test_packet_refuses_a_language_that_there_are_no_words_in(tmp_path, language):
    words = ["packet", EXAMPLE, "--format", "json", "--output", tmp_path / "x", "--language", language]
    assert refused(*words) == f"--language: {language!r} is not one of en, es"
    assert not (tmp_path / "x").exists()


def test_packet_says_what_is_wrong_with_a_request_in_the_language_of_the_patient(written, tmp_path):
    file = written(LOCKED | {"details": {"interpreter": "maybe"}})
    words = ["packet", file, "--format", "json", "--output", tmp_path / "x"]
    english, spanish = refused(*words), refused(*words, "--language", "es")
    assert english.startswith("details: interpreter: Choose one of the answers to “Interpreter”.")
    assert spanish.startswith("details: interpreter: ")
    assert catalog_in("es").questions["interpreter"].short in spanish


# ---- what is refused ----


def refused(*words: object) -> str:
    """The message of a command that fails with exit status 2 and one line."""
    with pytest.raises(CommandError) as failed:
        call_command(*map(str, words))
    assert failed.value.returncode == 2
    assert "\n" not in str(failed.value)
    return str(failed.value)


LOCKED = {"symptoms": ["locked-message"]}


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, "symptoms: give at least one"),
        ({"symptoms": []}, "symptoms: give at least one"),
        ({"symptoms": "locked-message"}, "symptoms: write a list of ids"),
        ({"symptoms": [1]}, "symptoms: write a list of ids"),
        ({"symptoms": ["nothing"]}, "symptoms: there is no symptom 'nothing'"),
        ({"symptoms": ["\ud800"]}, r"symptoms: there is no symptom '\ud800'"),
        (LOCKED | {"symptom": []}, "there is no key 'symptom'; the keys are symptoms, answers, tried, details"),
        (LOCKED | {"answers": []}, "answers: write an object"),
        (LOCKED | {"answers": {"nothing": "yes"}}, "answers: there is no coded question 'nothing'"),
        (LOCKED | {"answers": {"name": "Maria"}}, "answers: there is no coded question 'name'"),
        (LOCKED | {"answers": {"for-whom": "nobody"}}, "answers: for-whom: there is no choice 'nobody'"),
        (LOCKED | {"answers": {"for-whom": 3}}, "answers: for-whom: write a list of ids"),
        (LOCKED | {"answers": {"for-whom": ["self", "teen"]}}, "answers: for-whom: write one choice"),
        (LOCKED | {"tried": ["stop-trying"]}, "tried: write an object"),
        (LOCKED | {"tried": {"nothing": "worked"}}, "tried: there is no step 'nothing'"),
        (
            LOCKED | {"tried": {"stop-trying": "maybe"}},
            "tried: stop-trying: write one of worked, no-help, not-tried, not 'maybe'",
        ),
        (
            LOCKED | {"tried": {"stop-trying": {"a": 1}}},
            "tried: stop-trying: write one of worked, no-help, not-tried, not {'a': 1}",
        ),
    ],
)
@pytest.mark.parametrize("command", ["assess", "packet"])
def test_wrong_answers_give_one_clear_line(written, tmp_path, command, document, message):
    words = ["--format", "json", "--output", tmp_path / "x"] if command == "packet" else []
    assert refused(command, written(document), *words) == message


@pytest.mark.parametrize(
    ("details", "message"),
    [
        ([], "details: write an object"),
        ({"nothing": "x"}, "details: there is no typed question 'nothing'"),
        ({"for-whom": "self"}, "details: there is no typed question 'for-whom'"),
        ({"name": 3}, "details: name: write a string"),
        ({"birth-date": "1950"}, "details: birth-date: “Date of birth” also needs a month."),
        (
            {"birth-date": "1950-02-30"},
            "details: birth-date: “Date of birth” is a day that does not exist. Check the month and the day.",
        ),
        (
            {"phone": "12"},
            "details: phone: “Phone on file” needs a phone number with its area code, such as 555-555-0123.",
        ),
        ({"interpreter": "maybe"}, "details: interpreter: Choose one of the answers to “Interpreter”."),
        (
            {"began": "my password is hunter2"},
            "details: began: “When it began” seems to hold a password. Take it out: nobody who helps you needs it.",
        ),
    ],
)
@pytest.mark.parametrize("command", ["assess", "packet"])
def test_wrong_details_give_one_clear_line(written, tmp_path, command, details, message):
    words = ["--format", "json", "--output", tmp_path / "x"] if command == "packet" else []
    assert refused(command, written(LOCKED | {"details": details}), *words).startswith(message)
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "nothing",
        b"\xff\xfe\x00",
        b"\x00",
        "[" * 100_000,
        '{"symptoms": [' + "9" * 5000 + "]}",
    ],
    ids=["empty", "half", "word", "binary", "zero", "deep", "huge number"],
)
def test_a_file_that_is_not_json_gives_one_clear_line(written, content):
    file = written(content)
    assert refused("assess", file).startswith(f"{file}: is not JSON: ")


@pytest.mark.parametrize("content", ["[]", "1", "null", '"symptoms"'])
def test_json_that_is_not_an_object_gives_one_clear_line(written, content):
    assert ": write an object: " in refused("assess", written(content))


def test_a_file_that_cannot_be_read_gives_one_clear_line(tmp_path):
    assert refused("assess", tmp_path / "nothing.json").endswith("cannot be read: No such file or directory")
    assert refused("assess", tmp_path) == f"{tmp_path}: cannot be read: Is a directory"
    assert refused("assess", tmp_path / ("n" * 300)).endswith("cannot be read: File name too long")


def test_an_output_that_cannot_be_written_gives_one_clear_line(tmp_path):
    missing = tmp_path / "missing" / "packet.json"
    words = ["packet", EXAMPLE, "--format", "json", "--output"]
    assert refused(*words, missing) == f"{missing}: cannot be written: No such file or directory"
    assert refused(*words, tmp_path) == f"{tmp_path}: cannot be written: Is a directory"


# ---- as a person runs them ----


def test_what_is_refused_ends_with_status_2_and_one_line_for_people(written, tmp_path):
    done = manage("assess", written({"symptoms": ["nothing"]}))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "CommandError: symptoms: there is no symptom 'nothing'\n"
    done = manage("packet", tmp_path / "x.json", "--format", "pdf", "--output", tmp_path / "x.pdf")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1


def test_an_unknown_format_ends_with_status_2_and_names_the_formats(tmp_path):
    done = manage("packet", EXAMPLE, "--format", "fax", "--output", tmp_path / "x")
    assert done.returncode == 2
    assert "choose from 'call', 'fhir', 'html', 'json', 'pdf', 'txt'" in done.stderr
    assert "Traceback" not in done.stderr


def test_assess_ends_with_status_0_and_says_nothing_else():
    done = manage("assess", EXAMPLE)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["verdict"] == "contact-support"


def test_a_fact_sheet_that_cannot_be_used_stops_a_command(tmp_path):
    done = manage("catalog", WAYIN_ORGANIZATION=str(tmp_path / "nothing.toml"))
    assert done.returncode == 1
    assert "nothing.toml: there is no such file" in done.stderr
    assert "Traceback" not in done.stderr
