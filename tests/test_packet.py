"""The packet: finished facts, with the private ones apart from those that are safe to e-mail."""

import datetime
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk import organization
from helpdesk.catalog import load
from helpdesk.organization import Desk, Organization
from helpdesk.records import CONTENT
from triage.answers import Answers
from triage.engine import assess
from triage.packet import Caution, Packet, Row, Tried, assemble, desk_cards, say_date, say_moment, spell

BLANK = Organization()
EXAMPLE = organization.load(CONTENT / "organization.example.toml")
CATALOG = load("en", BLANK)
MADE_AT = datetime.datetime(2026, 11, 24, 13, 5, tzinfo=datetime.UTC)
REFERENCE = "ABCD-EFGP"

LOCKED = Answers(
    ("locked-message",),
    {"for-whom": ("self",), "codes-unasked": ("no",), "needed-today": ("refill",)},
    {"stop-trying": "worked", "wait-as-told": "no-help", "other-browser": "no-help", "reset-password": "not-tried"},
)


def made(answers: Answers = LOCKED, sheet: Organization = BLANK, **details: str | datetime.date) -> Packet:
    typed = {key.replace("_", "-"): value for key, value in details.items()}
    catalog = load("en", sheet) if sheet is not BLANK else CATALOG
    return assemble(catalog, sheet, assess(catalog, answers), typed, MADE_AT, REFERENCE)


def test_a_packet_holds_every_fact_in_its_place():
    packet = made(
        error_words="Your account has been locked. (Error 1031)",
        what_happened="I typed it three times.\nThen it said locked.",
        began="Monday at 9",
        name="Maria Example",
        birth_date=datetime.date(1950, 9, 27),
        phone="207-555-0199",
        safe_contact="call-and-message",
        interpreter="yes",
    )
    assert packet.reference == "ABCD-EFGP"
    assert packet.made_on == "November 24, 2026 (2026-11-24), 13:05 UTC"
    assert packet.language == "en"
    assert packet.verdict.id == "contact-support"
    assert packet.reason_ids == ("locked",)
    assert packet.problem_titles == "Locked account"
    assert packet.requests == ("Unlock my account.",)
    assert packet.for_whom == "The patient, for their own record"
    assert packet.exact_words == Row(
        "error-words", "Exact words on screen", ("Your account has been locked. (Error 1031)",), own_words=True
    )
    assert packet.sheet_a == (
        Row("codes-unasked", "Codes not asked for", ("No",), own_words=False),
        Row("needed-today", "Needed from MyChart", ("Medicine refill",), own_words=False),
        Row("what-happened", "What happened", ("I typed it three times.\nThen it said locked.",), own_words=True),
        Row("began", "When it began", ("Monday at 9",), own_words=True),
        Row("last-sign-in", "Last good sign-in", (), own_words=False),
        Row("portal-address", "MyChart address", (), own_words=False),
    )
    assert packet.sheet_b == (
        Row("name", "Patient’s name", ("Maria Example",), own_words=True),
        Row("birth-date", "Date of birth", ("September 27, 1950 (1950-09-27)",), own_words=False),
        Row("phone", "Phone on file", ("207-555-0199",), own_words=True),
        Row("email", "E-mail on file", (), own_words=False),
        Row("safe-contact", "Safe way to reach", ("Call. A voice message is safe",), own_words=False),
        Row("mrn", "MRN, if known", (), own_words=False),
        Row("language", "Language", (), own_words=False),
        Row("interpreter", "Interpreter", ("Needed",), own_words=False),
    )
    assert packet.open_rows == packet.sheet_a[4:]
    assert packet.rows == (packet.exact_words, *packet.sheet_a, *packet.sheet_b)
    assert packet.warnings == (Caution("locked", CATALOG.flags["locked"]),)
    assert packet.not_proof.startswith("Not proof of identity.")
    assert [need.id for need in packet.needs] == ["refill"]
    assert [desk.id for desk in packet.desks] == ["support"]


def test_it_lists_the_steps_that_were_offered_and_those_that_were_tried_anyway():
    packet = made()
    assert packet.tried == (
        Tried("stop-trying", "Stop trying to get in", "worked", "Done"),
        Tried("write-message", "Write down the exact words on the screen", "not-tried", "Not done yet"),
        Tried("wait-as-told", "Wait as long as the screen said", "no-help", "Tried, and it did not help"),
        Tried("other-browser", "Try another browser", "no-help", "Tried, and it did not help"),
    )
    assert [step.id for step in packet.was_tried] == ["stop-trying", "wait-as-told", "other-browser"]
    assert [step.id for step in packet.not_tried] == ["write-message"]


def test_blank_details_make_a_packet_with_lines_to_write_on():
    packet = made()
    assert all(row.value == "" for row in packet.sheet_b)
    assert [row.id for row in packet.sheet_b] == [
        "name", "birth-date", "phone", "email", "safe-contact", "mrn", "language", "interpreter",
    ]  # fmt: skip
    assert packet.exact_words.values == ()
    assert packet.details == {}


def test_an_answer_given_as_blank_is_a_line_to_write_on():
    assert made(name="", mrn="").sheet_b == made().sheet_b


def test_who_asks_for_somebody_else_is_on_the_private_sheet():
    packet = made(replace(LOCKED, answers={"for-whom": ("teen",)}), helper_name="Jo Example", helper_relation="mother")
    assert [row.id for row in packet.sheet_b][:3] == ["helper-name", "helper-relation", "name"]
    assert packet.for_whom == "Someone who cares for a teen, for the teen’s record"
    assert "asked-by-other" in {caution.id for caution in packet.warnings}
    assert "I call about a teen in my care." in packet.call.opening


def test_details_of_another_problem_are_left_out():
    packet = made(visit="Blood test, Dr. Lee", helper_name="Jo", browser="Chrome", nonsense="x", began="Monday")
    assert packet.details == {"began": "Monday"}
    assert "Blood test, Dr. Lee" not in {row.value for row in packet.rows}


def test_a_message_nobody_asked_for_has_no_place_in_the_packet():
    assert made(Answers(("two-records",))).exact_words is None


@pytest.mark.parametrize(
    ("way", "warned"),
    [
        ("call-and-message", False),
        ("call-no-message", True),
        ("email", True),
        ("letter", True),
        ("i-will-call", True),
        ("", False),
    ],
)
def test_the_agent_is_warned_where_a_call_or_a_message_is_not_safe(way, warned):
    assert ("unsafe-to-call" in {caution.id for caution in made(safe_contact=way).warnings}) is warned


def test_each_way_to_reach_somebody_is_weighed():
    ways = {choice.id for choice in CATALOG.questions["safe-contact"].choices}
    assert ways == {"call-and-message", "call-no-message", "email", "letter", "i-will-call"}


@pytest.mark.parametrize(
    ("date", "said"),
    [
        (datetime.date(1950, 9, 27), "September 27, 1950 (1950-09-27)"),
        (datetime.date(2001, 2, 3), "February 3, 2001 (2001-02-03)"),
        (datetime.date(1900, 12, 1), "December 1, 1900 (1900-12-01)"),
    ],
)
def test_a_date_cannot_be_misread(date, said):
    assert say_date(date) == said


def test_a_moment_names_its_time_zone():
    eastern = datetime.timezone(datetime.timedelta(hours=-5), "EST")
    assert say_moment(datetime.datetime(2026, 1, 2, 3, 4, tzinfo=eastern)) == "January 2, 2026 (2026-01-02), 03:04 EST"


def test_the_reference_is_spelled_for_the_phone():
    assert spell("AB2Z-7", CATALOG.packet.spelling) == "A as in apple, B as in baby, two, Z as in zebra, seven"
    assert any("A as in apple, B as in baby, C as in candle" in line for line in made().call.opening)


def test_the_script_says_the_problem_and_the_request_and_leaves_no_brace():
    packet = made(Answers(("locked-message", "code-missing")))
    assert "The problem: Locked account, Codes not arriving." in packet.call.opening
    assert "What I ask you to do: Unlock my account. Help me get my sign-in codes." in packet.call.opening
    assert not [line for line in packet.call.opening if "{" in line or not line]


def test_a_desk_card_of_a_blank_fact_sheet_has_a_name_and_a_way_to_find_it():
    (card,) = desk_cards(CATALOG, BLANK, ["privacy"])
    assert card.name == "Privacy office"
    assert card.contact == Desk()
    assert card.words.find


def test_a_desk_card_of_a_full_fact_sheet_says_what_stands_there():
    support, privacy = desk_cards(load("en", EXAMPLE), EXAMPLE, ["support", "privacy"])
    assert support.name == "MyChart Support"
    assert support.contact.phone == "207-555-0110"
    assert support.contact.hours[1].days == "Saturday"
    assert privacy.name == "Privacy Office"


def test_a_problem_that_the_fact_sheet_moved_goes_to_its_new_desk():
    answers = Answers(("asked-identity",), {"identity-asked-how": ("letter",)})
    assert [desk.id for desk in made(answers).desks] == ["clinic"]
    assert [desk.id for desk in made(answers, EXAMPLE).desks] == ["records"]


# ---- sheet A is safe to e-mail ----

PRIVATE = [question for question in CATALOG.details_questions if question.sheet == "b"]
# No answer of ours and no word of the packet holds these signs, so a leak cannot hide.
TYPED = st.text("ᚠᚢᚦᚨᚱᚲᚷᚹ", min_size=3, max_size=12)


def private_answer(question):
    if question.kind == "date":
        return st.dates(datetime.date(1900, 1, 1), datetime.date(2026, 1, 1))
    if question.choices:
        return st.sampled_from([choice.id for choice in question.choices])
    return TYPED


@given(
    st.sets(st.sampled_from(tuple(CATALOG.symptoms)), min_size=1, max_size=4),
    st.sampled_from(["self", "child", "teen", "adult"]),
    st.fixed_dictionaries({}, optional={question.id: private_answer(question) for question in PRIVATE}),
)
def test_sheet_a_and_the_phone_script_never_hold_what_belongs_on_sheet_b(symptoms, whom, details):
    answers = Answers(tuple(symptoms), {"for-whom": (whom,)})
    packet = assemble(CATALOG, BLANK, assess(CATALOG, answers), {**details, "began": "Monday"}, MADE_AT, REFERENCE)
    public = replace(packet, sheet_b=(), details={})
    said = repr([public.sheet_a, public.exact_words, public.call, public.tried, public.requests, public.for_whom])
    for row in packet.sheet_b:
        if row.id not in ("interpreter", "safe-contact"):
            assert not row.value or row.value not in said
    assert {row.id for row in packet.sheet_b} <= {question.id for question in PRIVATE}
    assert not {row.id for row in packet.sheet_a} & {question.id for question in PRIVATE}
    assert not set("ᚠᚢᚦᚨᚱᚲᚷᚹ") & set(said)


@given(st.dictionaries(st.sampled_from([question.id for question in CATALOG.details_questions]), TYPED, max_size=8))
def test_whatever_is_typed_stands_in_the_packet_once_and_as_it_was_typed(details):
    details.pop("birth-date", None)
    packet = assemble(CATALOG, BLANK, assess(CATALOG, LOCKED), details, MADE_AT, REFERENCE)
    wanted = {question.id for question in assess(CATALOG, LOCKED).evidence}
    shown = {row.id: row.value for row in packet.rows if row.own_words}
    assert shown == packet.details == {key: value for key, value in details.items() if key in wanted}
    assert len({row.id for row in packet.rows}) == len(packet.rows)
