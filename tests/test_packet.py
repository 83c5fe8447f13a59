"""The packet: finished facts, with the private ones apart from those that are safe to e-mail."""

import datetime
import re
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

# The warnings that follow from the safe way to reach somebody.
SAFE = {"no-voice-message", "do-not-call", "email-not-safe"}

LOCKED = Answers(
    ("locked-message",),
    {"for-whom": ("self",), "codes-unasked": ("no",), "needed-today": ("refill",)},
    {"stop-trying": "worked", "wait-as-told": "no-help", "other-browser": "no-help", "reset-password": "not-tried"},
)


def made(answers: Answers = LOCKED, sheet: Organization = BLANK, **details: str | datetime.date) -> Packet:
    typed = {key.replace("_", "-"): value for key, value in details.items()}
    catalog = load("en", sheet) if sheet is not BLANK else CATALOG
    return assemble(catalog, sheet, assess(catalog, answers), typed, MADE_AT, REFERENCE)


def row(key: str, *values: str, own_words: bool = False) -> Row:
    return Row(key, CATALOG.questions[key].short, values, own_words)


def said(key: str, choice: str) -> str:
    return CATALOG.questions[key].choice(choice).packet


def test_a_packet_holds_every_fact_in_its_place():
    packet = made(
        error_words="Your account has been locked. (Error 1031)",
        what_happened="I typed it three times.\nThen it said locked.",
        began="Monday at 9",
        name="Maria Example",
        birth_date=datetime.date(1950, 9, 27),
        phone="207-555-0199",
        call_number="207-555-0144",
        safe_contact="call-and-message",
        interpreter="yes",
    )
    assert packet.reference == "ABCD-EFGP"
    assert packet.made_on == "November 24, 2026 (2026-11-24), 13:05 UTC"
    assert packet.language == "en"
    assert packet.verdict.id == "contact-support"
    assert packet.reason_ids == ("locked",)
    assert packet.problem_titles == CATALOG.problems["account-locked"].title
    assert packet.requests == (CATALOG.problems["account-locked"].request,)
    assert packet.sees == (CATALOG.symptoms["locked-message"].packet,)
    assert packet.for_whom == said("for-whom", "self")
    assert packet.exact_words == row("error-words", "Your account has been locked. (Error 1031)", own_words=True)
    assert packet.sheet_a == (
        row("codes-unasked", said("codes-unasked", "no")),
        row("what-happened", "I typed it three times.\nThen it said locked.", own_words=True),
        row("began", "Monday at 9", own_words=True),
        row("last-sign-in"),
        row("portal-address"),
    )
    assert packet.sheet_b == (
        row("needed-today", said("needed-today", "refill")),
        row("name", "Maria Example", own_words=True),
        row("birth-date", "September 27, 1950 (1950-09-27)"),
        row("phone", "207-555-0199", own_words=True),
        row("call-number", "207-555-0144", own_words=True),
        row("email"),
        row("safe-contact", said("safe-contact", "call-and-message")),
        row("mrn"),
        row("language"),
        row("interpreter", said("interpreter", "yes")),
    )
    assert packet.rows == (packet.exact_words, *packet.sheet_a, *packet.sheet_b)
    assert packet.warnings == (Caution("locked", CATALOG.flags["locked"]),)
    assert packet.not_proof.startswith("Not proof of identity.")
    assert [need.id for need in packet.needs] == ["refill"]
    assert [desk.id for desk in packet.desks] == ["support"]


def test_it_lists_the_steps_that_were_offered_and_those_that_were_tried_anyway():
    packet = made()
    to_do, mending = CATALOG.packet.results_to_do, CATALOG.packet.results
    results = [
        ("stop-trying", "worked", to_do["worked"], False),
        ("write-message", "not-tried", to_do["not-tried"], False),
        ("wait-as-told", "no-help", mending["no-help"], True),
        ("other-browser", "no-help", mending["no-help"], True),
    ]
    steps = [(CATALOG.steps[step_id], *told) for step_id, *told in results]
    assert packet.tried == tuple(Tried(step.id, step.title, step.do, *told) for step, *told in steps)
    assert [step.id for step in packet.was_tried] == ["stop-trying", "wait-as-told", "other-browser"]
    assert [step.id for step in packet.not_tried] == ["write-message"]


def test_the_agent_hears_which_steps_may_still_mend_it_and_the_patient_all_that_are_left():
    packet = made(replace(LOCKED, tried={"stop-trying": "worked"}))
    assert [step.id for step in packet.not_tried] == ["write-message", "wait-as-told"]
    assert [step.id for step in packet.not_mended] == ["wait-as-told"]
    assert all(step.do for step in packet.not_tried)


def test_each_symptom_is_told_in_words_for_the_agent_even_where_they_lead_to_one_problem():
    ticked = ("password-refused", "reset-fails", "locked-message")
    packet = made(Answers(ticked))
    assert packet.sees == tuple(CATALOG.symptoms[symptom].packet for symptom in ticked)
    assert len(set(packet.sees)) == 3
    assert len(packet.problems) == 2


@pytest.mark.parametrize("symptom", CATALOG.symptoms)
def test_every_symptom_has_words_for_the_agent_that_do_not_speak_for_the_patient(symptom):
    (words,) = made(Answers((symptom,))).sees
    assert words
    assert not re.search(r"\b(I|my|me)\b", words)


def test_blank_details_make_a_packet_with_lines_to_write_on():
    packet = made()
    assert [(row.id, row.value) for row in packet.sheet_b] == [
        ("needed-today", said("needed-today", "refill")),
        *((key, "") for key in ("name", "birth-date", "phone", "call-number", "email")),
        *((key, "") for key in ("safe-contact", "mrn", "language", "interpreter")),
    ]
    assert packet.exact_words.values == ()
    assert packet.details == {}


def test_an_answer_given_as_blank_is_a_line_to_write_on():
    assert made(name="", mrn="").sheet_b == made().sheet_b


def test_who_asks_for_somebody_else_is_on_the_private_sheet():
    packet = made(replace(LOCKED, answers={"for-whom": ("teen",)}), helper_name="Jo Example", helper_relation="mother")
    assert [row.id for row in packet.sheet_b][:3] == ["helper-name", "helper-relation", "name"]
    assert packet.for_whom == said("for-whom", "teen")
    assert "asked-by-other" in {caution.id for caution in packet.warnings}
    assert CATALOG.packet.call.for_whom["teen"] in packet.call.opening


def test_details_of_another_problem_are_left_out():
    packet = made(visit="Blood test, Dr. Lee", helper_name="Jo", browser="Chrome", nonsense="x", began="Monday")
    assert packet.details == {"began": "Monday"}
    assert "Blood test, Dr. Lee" not in {row.value for row in packet.rows}


def test_a_message_nobody_asked_for_has_no_place_in_the_packet():
    assert made(Answers(("two-records",))).exact_words is None


EXPOSED = Answers(("changes-not-mine",), {"can-sign-in": ("no",), "contacts-exposed": ("yes",)})


@pytest.mark.parametrize(
    ("way", "warned", "where_others_read"),
    [
        ("call-and-message", [], []),
        ("call-no-message", ["no-voice-message"], ["no-voice-message"]),
        ("email", [], ["email-not-safe"]),
        ("letter", ["do-not-call"], ["do-not-call"]),
        ("i-will-call", ["do-not-call"], ["do-not-call"]),
        ("", [], []),
    ],
)
def test_the_agent_is_warned_where_a_call_or_a_message_is_not_safe(way, warned, where_others_read):
    def warnings(answers: Answers) -> list[Caution]:
        return [caution for caution in made(answers, safe_contact=way).warnings if caution.id in SAFE]

    assert [caution.id for caution in warnings(LOCKED)] == warned
    assert [caution.id for caution in warnings(EXPOSED)] == where_others_read
    assert all(caution.said == CATALOG.flags[caution.id] for caution in warnings(EXPOSED))


@pytest.mark.parametrize(("exposed", "may_be_mailed"), [("yes", False), ("unsure", False), ("no", True)])
def test_sheet_a_may_not_be_mailed_where_somebody_else_may_read_it(exposed, may_be_mailed):
    answers = replace(EXPOSED, answers={"can-sign-in": ("no",), "contacts-exposed": (exposed,)})
    assert made(answers).may_be_mailed is may_be_mailed
    assert made().may_be_mailed


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
    for problem in (CATALOG.problems["account-locked"], CATALOG.problems["codes-not-arriving"]):
        assert any(problem.title in line for line in packet.call.opening)
        assert any(problem.request in line for line in packet.call.opening)
    assert not [line for line in packet.call.opening if "{" in line or not line]


def test_only_where_privacy_is_at_risk_the_script_begins_with_that():
    urgent, other = made(EXPOSED).call.opening, made().call.opening
    assert urgent[0] == CATALOG.packet.call.opening_now
    assert CATALOG.packet.call.opening_now not in (*urgent[1:], *other)
    assert urgent[1] == other[0] == CATALOG.packet.call.opening[0]


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
ON_SHEET_B = {question.id for question in CATALOG.questions.values() if question.sheet == "b"}
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
    st.sampled_from([choice.id for choice in CATALOG.questions["needed-today"].choices]),
    st.fixed_dictionaries({}, optional={question.id: private_answer(question) for question in PRIVATE}),
)
def test_sheet_a_and_the_phone_script_never_hold_what_belongs_on_sheet_b(symptoms, whom, needed, details):
    answers = Answers(tuple(symptoms), {"for-whom": (whom,), "needed-today": (needed,)})
    packet = assemble(CATALOG, BLANK, assess(CATALOG, answers), {**details, "began": "Monday"}, MADE_AT, REFERENCE)
    public = replace(packet, sheet_b=(), details={})
    parts = [public.sheet_a, public.exact_words, public.sees, public.call, public.tried, public.requests]
    told = repr([*parts, public.for_whom])
    for shown in packet.sheet_b:
        # A choice may be said in words that others use too; its id tells where it stands.
        if not CATALOG.questions[shown.id].choices:
            assert not shown.value or shown.value not in told
    assert "needed-today" in {shown.id for shown in packet.sheet_b} <= ON_SHEET_B
    assert not {shown.id for shown in packet.sheet_a} & ON_SHEET_B
    assert not set("ᚠᚢᚦᚨᚱᚲᚷᚹ") & set(told)


@given(st.dictionaries(st.sampled_from([question.id for question in CATALOG.details_questions]), TYPED, max_size=8))
def test_whatever_is_typed_stands_in_the_packet_once_and_as_it_was_typed(details):
    details.pop("birth-date", None)
    packet = assemble(CATALOG, BLANK, assess(CATALOG, LOCKED), details, MADE_AT, REFERENCE)
    wanted = {question.id for question in assess(CATALOG, LOCKED).evidence}
    shown = {row.id: row.value for row in packet.rows if row.own_words}
    assert shown == packet.details == {key: value for key, value in details.items() if key in wanted}
    assert len({row.id for row in packet.rows}) == len(packet.rows)
