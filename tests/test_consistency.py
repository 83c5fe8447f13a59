"""The content against the code: whatever the engine and the packet can say has words."""

import re
import shutil
import textwrap
from dataclasses import replace

import pytest
from browser import ROOT
from test_security import manage

from helpdesk.catalog import PAGES, CallWords, EmailWords, Lookup, PacketLabels, PacketWords, SheetWords, load
from helpdesk.languages import codes
from helpdesk.records import CONTENT
from triage import consistency
from triage.checks import check_consistency
from triage.engine import FLAGS, NOTES, RULES, Rule
from triage.packet import Packet, Row, Script, Tried, Wording

CATALOG = load("en")
TEMPLATES = [path.read_text(encoding="utf-8") for path in (ROOT / "templates").rglob("*.*")]
CODE = [path.read_text(encoding="utf-8") for folder in ("helpdesk", "triage") for path in (ROOT / folder).rglob("*.py")]


def without(table, *keys: str) -> dict:
    return {key: value for key, value in dict(table).items() if key not in keys}


def with_packet(**parts) -> object:
    return replace(CATALOG, packet=CATALOG.packet.model_copy(update=parts))


def with_question(question_id: str, **parts) -> object:
    changed = CATALOG.questions[question_id].model_copy(update=parts)
    return replace(CATALOG, questions={**CATALOG.questions, question_id: changed})


def without_line(table: str, line: str) -> object:
    return replace(CATALOG, interface=Lookup({**CATALOG.interface, table: without(CATALOG.interface[table], line)}))


@pytest.mark.parametrize("language", codes())
def test_what_we_ship_is_consistent(language):
    assert list(consistency.faults(load(language))) == []


CALL = CATALOG.packet.call


@pytest.mark.parametrize(
    ("catalog", "fault"),
    [
        (replace(CATALOG, reasons=without(CATALOG.reasons, "locked")), "en/reasons.toml: locked: has no words"),
        (
            replace(CATALOG, reasons=without(CATALOG.reasons, "steps-did-not-help")),
            "reasons.toml: steps-did-not-help: ",
        ),
        *((replace(CATALOG, reasons=without(CATALOG.reasons, note)), f"{note}: has no words") for note, _ in NOTES),
        (replace(CATALOG, verdicts=without(CATALOG.verdicts, "wait")), "en/verdicts.toml: wait: has no words"),
        *((replace(CATALOG, flags=without(CATALOG.flags, flag)), f"{flag}: has no words") for flag in CATALOG.flags),
        (replace(CATALOG, flags={**CATALOG.flags, "dance": "x"}), "en/flags.toml: dance: nothing says this; remove it"),
        (replace(CATALOG, needs=without(CATALOG.needs, "refill")), "en/needs.toml: refill: has no words"),
        (with_packet(results={"worked": "x", "not-tried": "x"}), "en/packet.toml: results: no-help: has no words"),
        (with_packet(results_to_do=without(CATALOG.packet.results_to_do, "worked")), "results_to_do: worked: has no "),
        (with_packet(spelling=without(CATALOG.packet.spelling, "Q")), "en/packet.toml: spelling: Q: has no words"),
        (with_packet(call=CALL.model_copy(update={"for_whom": without(CALL.for_whom, "teen")})), "for_whom: teen: has"),
        (without_line("secrets", "card"), "en/interface.toml: secrets: card: has no words"),
        (without_line("picture_errors", "busy"), "en/interface.toml: picture_errors: busy: has no words"),
        (replace(CATALOG, interface=Lookup()), "en/interface.toml: secrets: link: has no words"),
        (replace(CATALOG, questions=without(CATALOG.questions, "safe-contact")), "the question safe-contact; put it"),
        (with_question("safe-contact", choices=()), "safe-contact: the code reads the choice letter; put it back"),
        (replace(CATALOG, problems=without(CATALOG.problems, "account-locked")), "knows the problem account-locked"),
    ],
)
def test_what_can_be_said_and_has_no_words_is_named_with_its_file_and_remedy(catalog, fault):
    found = list(consistency.faults(catalog))
    assert any(fault in said for said in found), found


@pytest.mark.parametrize(
    ("rules", "fault"),
    [
        (RULES[1:-1], "none-of-these: needs a last row that always holds; add one without a condition"),
        (
            (*RULES[:-1], Rule("none-of-these", "wait", "locked", {"for-whom": ("self",)})),
            "none-of-these: needs a last ",
        ),
        ((*RULES, RULES[-1]), "none-of-these: a row that always holds hides those after it; move it to the end"),
        ((*RULES, Rule("toothache", "wait", "locked", {})), "toothache: locked: there is no such problem"),
        (
            (*RULES, Rule("activation", "panic", "locked", {})),
            "activation: locked: panic is no verdict; take one of try-",
        ),
        ((*RULES, Rule("activation", "wait", "gone", {})), "en/reasons.toml: gone: has no words"),
        ((*RULES, Rule("activation", "wait", "locked", {}, "spa")), "activation: locked: there is no desk called spa"),
        ((*RULES, Rule("activation", "wait", "locked", {"dance": ("yes",)})), "no coded question called dance"),
        ((*RULES, Rule("activation", "wait", "locked", {"for-whom": ("cat",)})), "for-whom has no answer called cat"),
    ],
)
def test_a_slip_in_the_table_of_rules_is_named(monkeypatch, rules, fault):
    monkeypatch.setattr(consistency, "RULES", rules)
    found = list(consistency.faults(CATALOG))
    assert any(fault in said for said in found), found


@pytest.mark.parametrize("table", ["FLAGS", "NOTES"])
def test_a_slip_in_the_conditions_of_warnings_and_notes_is_named(monkeypatch, table):
    shipped = {"FLAGS": FLAGS, "NOTES": NOTES}[table]
    monkeypatch.setattr(consistency, table, ((shipped[0][0], {"lock-seen": ("maybe",)}), *shipped[1:]))
    assert list(consistency.faults(CATALOG)) == [
        f"triage/engine.py: {table}: {shipped[0][0]}: when: lock-seen has no answer called maybe"
    ]


@pytest.mark.usefixtures("fact_sheet")
def test_a_slip_is_a_system_check_error(monkeypatch):
    assert check_consistency() == []
    monkeypatch.setattr(consistency, "RULES", RULES[:-1])
    (error, *_) = check_consistency()
    assert error.id == "triage.E001"
    assert "docs/content.md" in error.hint


@pytest.mark.usefixtures("fact_sheet")
def test_content_that_cannot_be_read_is_left_to_the_check_of_the_content(fact_sheet, tmp_path):
    fact_sheet(tmp_path / "nothing.toml")
    assert check_consistency() == []


def test_a_slip_stops_wsgi_with_the_fault_named():
    program = "import triage.engine; triage.engine.RULES = triage.engine.RULES[:-1]; import helpdesk.wsgi"
    done = manage("-c", program)
    assert done.returncode == 1
    assert "(triage.E001) triage/engine.py: RULES: none-of-these: needs a last row that always holds" in done.stderr


@pytest.mark.skipif("name-changed" in CATALOG.problems, reason="somebody followed the manual to the letter")
def test_the_new_problem_of_the_manual_fits_content_and_code(monkeypatch, tmp_path):
    manual = (ROOT / "docs" / "content.md").read_text(encoding="utf-8").partition("## A new problem, step by step")[2]
    blocks = (textwrap.dedent(block) for block in re.findall(r"(?:^ {7}.*\n)+", manual, re.MULTILINE))
    symptom, symptom_words, rules, words, step, step_words, row, reason, _ = blocks
    content = shutil.copytree(CONTENT, tmp_path / "content")
    symptoms = content / "rules" / "symptoms.toml"
    records = '[[group]]\nid = "records"\nsymptoms = [\n'
    symptoms.write_text(symptoms.read_text(encoding="utf-8").replace(records, records + symptom), encoding="utf-8")
    for name, added in (
        ("en/symptoms.toml", symptom_words),
        ("rules/problems/name-changed.toml", rules),
        ("en/problems/name-changed.toml", words),
        ("rules/steps.toml", step),
        ("en/steps.toml", step_words),
        ("en/reasons.toml", reason),
    ):
        with (content / name).open("a", encoding="utf-8") as file:
            file.write(f"\n{added}")
    monkeypatch.setattr(consistency, "RULES", (*RULES, Rule(*re.findall(r'"([\w-]+)"', row), {})))
    catalog = load("en", content=content)
    assert "name-changed" in catalog.problems
    assert list(consistency.faults(catalog)) == []


# ---- Django prints nothing where a template names words that there are not ----


@pytest.mark.parametrize(
    ("name", "record"),
    [
        ("labels", PacketLabels),
        ("sheets", SheetWords),
        ("email", EmailWords),
        (r"(?:worded|for_desk|for_patient)\.words|\w+\.packet", PacketWords),
        ("call", Script),
        (r"(?<!\.)packet", Packet),
        ("worded|for_desk|for_patient", Wording),
        ("row", Row),
    ],
)
def test_the_templates_name_only_words_that_there_are(name, record):
    used = {word for text in TEMPLATES for word in re.findall(rf"(?<!say\.)\b(?:{name})\.(\w+)", text)}
    assert used
    assert [word for word in used if not _has(record, word)] == []


def _has(record: type, name: str) -> bool:
    """Whether the record has this field or property."""
    return (
        name in getattr(record, "model_fields", ())
        or name in getattr(record, "__dataclass_fields__", ())
        or hasattr(record, name)
    )


def test_the_packet_names_only_steps_that_it_has():
    packet = [path.read_text(encoding="utf-8") for path in (ROOT / "templates" / "triage").rglob("*.*")]
    used = {word for text in packet if "worded" in text for word in re.findall(r"\bstep\.(\w+)", text)}
    assert used
    assert [word for word in used if not _has(Tried, word)] == []


@pytest.mark.parametrize(
    ("name", "record"),
    [
        ("labels", PacketLabels),
        ("sheets", SheetWords),
        ("email", EmailWords),
        (r"(?:words\.)?(?:call|words)", CallWords),
    ],
)
def test_every_word_of_the_packet_is_used(name, record):
    used = {word for text in (*TEMPLATES, *CODE) for word in re.findall(rf"\b{name}\.(\w+)", text)}
    assert set(record.model_fields) <= used


def test_the_pages_are_those_that_the_site_shows():
    addresses = (ROOT / "helpdesk" / "urls.py").read_text(encoding="utf-8")
    used = {name for text in CODE for name in re.findall(r'pages\["([\w-]+)"\]', text)}
    assert used | set(re.findall(r'{"name": "([\w-]+)"}', addresses)) == set(PAGES)
