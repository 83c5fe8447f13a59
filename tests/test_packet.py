"""The packet: finished facts, the private ones apart from those that are safe to e-mail, in one language or two."""

import datetime
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk import organization
from helpdesk.catalog import Catalog, load
from helpdesk.organization import Desk, Desks, Organization
from helpdesk.records import CONTENT
from triage.answers import Answers
from triage.engine import assess
from triage.packet import Caution, Packet, Row, Tried, Wording, assemble, desk_cards, spell

BLANK = Organization()
EXAMPLE = organization.load(CONTENT / "organization.example.toml")
CATALOG, SPANISH = load("en", BLANK), load("es", BLANK)
MADE_AT = datetime.datetime(2026, 11, 24, 13, 5, tzinfo=datetime.UTC)
REFERENCE = "ABCD-EFGP"

# The warnings that follow from the safe way to reach somebody.
SAFE = {"no-voice-message", "do-not-call", "email-not-safe"}

LOCKED = Answers(
    ("locked-message",),
    {"for-whom": ("self",), "codes-unasked": ("no",), "needed-today": ("refill",)},
    {"stop-trying": "worked", "wait-as-told": "no-help", "other-browser": "no-help", "reset-password": "not-tried"},
)


def packet_of(
    answers: Answers = LOCKED,
    patient: Catalog = CATALOG,
    desk: Catalog = CATALOG,
    made_at: datetime.datetime = MADE_AT,
    **details: str | datetime.date,
) -> Packet:
    typed = {key.replace("_", "-"): value for key, value in details.items()}
    return assemble(patient, desk, assess(patient, answers), typed, made_at, REFERENCE)


def made(answers: Answers = LOCKED, sheet: Organization = BLANK, **details: str | datetime.date) -> Wording:
    """What the packet says where everybody reads English."""
    catalog = load("en", sheet) if sheet is not BLANK else CATALOG
    return packet_of(answers, catalog, catalog, **details).for_desk


def row(key: str, number: str, *values: str, own_words: bool = False, ltr: bool = False) -> Row:
    return Row(key, number, CATALOG.questions[key].short, values, own_words, ltr)


def said(key: str, choice: str) -> str:
    return CATALOG.questions[key].choice(choice).packet


def test_a_packet_holds_every_fact_in_its_place():
    packet = packet_of(
        error_words="Your account has been locked. (Error 1031)",
        what_happened="I typed it three times.\nThen it said locked.",
        began="Monday at 9",
        name="Maria Example",
        birth_date=datetime.date(1950, 9, 27),
        phone="207-555-0199",
        call_number="207-555-0144",
        safe_contact="call-and-message",
        interpreter="no",
    )
    worded = packet.for_desk
    assert packet.reference == "ABCD-EFGP"
    assert packet.organization is BLANK
    assert packet.reason_ids == ("locked",)
    assert packet.answers == LOCKED
    assert worded.language == CATALOG.language
    assert worded.made_on == "November 24, 2026 (2026-11-24), 13:05 UTC"
    assert worded.verdict.id == "contact-support"
    assert worded.problem_titles == CATALOG.problems["account-locked"].title
    assert worded.requests == (CATALOG.problems["account-locked"].request,)
    assert worded.sees == (CATALOG.symptoms["locked-message"].packet,)
    assert worded.for_whom == said("for-whom", "self")
    assert worded.talk == ()
    assert worded.exact_words == row("error-words", "A1", "Your account has been locked. (Error 1031)", own_words=True)
    assert worded.sheet_a == (
        row("codes-unasked", "A2", said("codes-unasked", "no")),
        row("what-happened", "A3", "I typed it three times.\nThen it said locked.", own_words=True),
        row("began", "A4", "Monday at 9", own_words=True),
        row("last-sign-in", "A5"),
        row("portal-address", "A6"),
    )
    assert worded.sheet_b == (
        row("needed-today", "B1", said("needed-today", "refill")),
        row("name", "B2", "Maria Example", own_words=True),
        row("birth-date", "B3", "September 27, 1950 (1950-09-27)"),
        row("phone", "B4", "207-555-0199", own_words=True, ltr=True),
        row("call-number", "B5", "207-555-0144", own_words=True, ltr=True),
        row("email", "B6"),
        row("safe-contact", "B7", said("safe-contact", "call-and-message")),
        row("mrn", "B8"),
        row("language", "B9"),
        row("interpreter", "B10", said("interpreter", "no")),
    )
    assert worded.rows_a == (worded.exact_words, *worded.sheet_a)
    assert worded.rows == (*worded.rows_a, *worded.sheet_b)
    assert worded.coded_a == worded.sheet_a[:1]
    assert worded.typed_a == worded.sheet_a[1:3]
    assert worded.warnings == (Caution("locked", CATALOG.flags["locked"]),)
    assert worded.not_proof.startswith("Not proof of identity.")
    assert [need.id for need in worded.needs] == ["refill"]
    assert [desk.id for desk in worded.desks] == ["support"]


def test_it_lists_the_steps_that_were_offered_and_those_that_were_tried_anyway():
    packet = made()
    to_do, mending = CATALOG.packet.results_to_do, CATALOG.packet.results
    results = [
        ("S1", "stop-trying", "worked", to_do["worked"], False),
        ("S2", "write-message", "not-tried", to_do["not-tried"], False),
        ("S3", "wait-as-told", "no-help", mending["no-help"], True),
        ("S4", "other-browser", "no-help", mending["no-help"], True),
    ]
    steps = [(number, CATALOG.steps[step_id], *told) for number, step_id, *told in results]
    assert packet.tried == tuple(Tried(step.id, number, step.title, step.do, *told) for number, step, *told in steps)
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
    assert packet_of().details == {}


def test_an_answer_given_as_blank_is_a_line_to_write_on():
    assert made(name="", mrn="").sheet_b == made().sheet_b


def test_who_asks_for_somebody_else_is_on_the_private_sheet():
    packet = made(replace(LOCKED, answers={"for-whom": ("teen",)}), helper_name="Jo Example", helper_relation="mother")
    assert [row.id for row in packet.sheet_b][:3] == ["helper-name", "helper-relation", "name"]
    assert packet.for_whom == said("for-whom", "teen")
    assert "asked-by-other" in {caution.id for caution in packet.warnings}
    assert CATALOG.packet.call.for_whom["teen"] in packet.call.opening


def test_details_of_another_problem_are_left_out():
    packet = packet_of(visit="Blood test, Dr. Lee", helper_name="Jo", browser="Chrome", nonsense="x", began="Monday")
    assert packet.details == {"began": "Monday"}
    assert "Blood test, Dr. Lee" not in {row.value for row in packet.for_desk.rows}


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
    for patient, desk in ((CATALOG, CATALOG), (SPANISH, CATALOG), (CATALOG, SPANISH)):
        assert packet_of(answers, patient, desk).may_be_mailed is may_be_mailed
        assert packet_of(LOCKED, patient, desk).may_be_mailed


def test_each_way_to_reach_somebody_is_weighed():
    ways = {choice.id for choice in CATALOG.questions["safe-contact"].choices}
    assert ways == {"call-and-message", "call-no-message", "email", "letter", "i-will-call"}


@pytest.mark.parametrize(
    ("date", "in_english", "in_spanish"),
    [
        (
            datetime.date(1950, 9, 27),
            "September 27, 1950 (1950-09-27)",
            "27 de septiembre de 1950 (1950-09-27)",
        ),
        (datetime.date(2001, 2, 3), "February 3, 2001 (2001-02-03)", "3 de febrero de 2001 (2001-02-03)"),
        (datetime.date(1900, 12, 1), "December 1, 1900 (1900-12-01)", "1 de diciembre de 1900 (1900-12-01)"),
    ],
)
def test_a_date_cannot_be_misread(date, in_english, in_spanish):
    packet = packet_of(patient=SPANISH, birth_date=date)
    assert [row.value for row in packet.for_desk.sheet_b if row.id == "birth-date"] == [in_english]
    assert [row.value for row in packet.for_patient.sheet_b if row.id == "birth-date"] == [in_spanish]
    assert packet.details == {"birth-date": date}


def test_a_moment_names_its_time_zone():
    eastern = datetime.timezone(datetime.timedelta(hours=-5), "EST")
    packet = packet_of(patient=SPANISH, made_at=datetime.datetime(2026, 1, 2, 3, 4, tzinfo=eastern))
    assert packet.for_desk.made_on == "January 2, 2026 (2026-01-02), 03:04 EST"
    assert packet.for_patient.made_on == "2 de enero de 2026 (2026-01-02), 03:04 EST"


def test_the_reference_is_spelled_for_the_phone():
    assert spell("AB2Z-7", CATALOG.packet) == "A as in apple, B as in baby, two, Z as in zebra, seven"
    assert any("A as in apple, B as in baby, C as in candle" in line for line in made().call.opening)


def test_the_patient_spells_the_reference_in_the_patients_own_language():
    assert spell("AB2Z-7", SPANISH.packet) == "A de amigo, B de barco, dos, Z de zapato, siete"
    opening = packet_of(patient=SPANISH).for_patient.call.opening
    assert any("A de amigo, B de barco, C de camisa" in line for line in opening)


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
    (card,) = desk_cards(CATALOG, ["privacy"])
    assert card.name == "Privacy office"
    assert desk_cards(SPANISH, ["privacy"])[0].name == SPANISH.desks["privacy"].name != card.name
    assert card.contact == Desk()
    assert card.words.find


def test_a_desk_card_of_a_full_fact_sheet_says_what_stands_there():
    support, privacy = desk_cards(load("en", EXAMPLE), ["support", "privacy"])
    assert support.name == "MyChart Support"
    assert support.contact.phone == "207-555-0110"
    assert support.contact.hours[1].days == {"en": "Saturday", "es": "Sábado"}
    assert privacy.name == "Privacy Office"


@pytest.mark.parametrize(
    ("name", "called"),
    [({"en": "Help", "es": "Ayuda"}, "Ayuda"), ({"en": "Help"}, "Help"), ("", SPANISH.desks["support"].name)],
)
def test_a_desk_is_called_by_the_patients_language_or_else_by_its_own(name, called):
    sheet = BLANK.model_copy(update={"desks": Desks(support=Desk(name=name, source="x", verified_on=MADE_AT.date()))})
    assert [card.name for card in desk_cards(replace(SPANISH, organization=sheet), ["support"])] == [called]


def test_a_problem_that_the_fact_sheet_moved_goes_to_its_new_desk():
    answers = Answers(("asked-identity",), {"identity-asked-how": ("letter",)})
    assert [desk.id for desk in made(answers).desks] == ["clinic"]
    assert [desk.id for desk in made(answers, EXAMPLE).desks] == ["records"]


# ---- in two languages ----

APART = [(SPANISH, CATALOG), (CATALOG, SPANISH)]
two_languages = pytest.mark.parametrize(("patient", "desk"), APART, ids=["patient in Spanish", "desk in Spanish"])
EVERYTHING = {
    "error_words": "Se bloqueó. (Error 1031)",
    "what_happened": "Probé tres veces.\nLuego se bloqueó.",
    "began": "el lunes a las 9",
    "helper_name": "Jo Example",
    "name": "María Example",
    "birth_date": datetime.date(1950, 9, 27),
    "phone": "207-555-0199",
    "email": "maria@example.org",
    "safe_contact": "call-no-message",
    "language": "español",
    "interpreter": "yes",
}


def test_where_all_read_one_language_there_is_one_wording():
    for catalog in (CATALOG, SPANISH):
        packet = packet_of(LOCKED, catalog, catalog)
        assert packet.for_desk is packet.for_patient
        assert not packet.in_two_languages
        assert packet.for_desk.language == catalog.language


@two_languages
def test_the_desk_and_the_patient_each_read_their_own_language(patient, desk):
    packet = packet_of(LOCKED, patient, desk, **EVERYTHING)
    assert packet.in_two_languages
    for worded, catalog in ((packet.for_patient, patient), (packet.for_desk, desk)):
        assert worded.language == catalog.language
        assert worded.words == catalog.packet
        assert worded.interface == catalog.interface
        assert worded.site == catalog.site
        assert worded.verdict == catalog.verdicts["contact-support"]
        assert worded.reasons == (catalog.reasons["locked"],)
        assert worded.problems == (catalog.problems["account-locked"],)
        assert worded.requests == (catalog.problems["account-locked"].request,)
        assert worded.sees == (catalog.symptoms["locked-message"].packet,)
        assert worded.for_whom == catalog.questions["for-whom"].choice("self").packet
        assert worded.needs == (catalog.needs["refill"],)
        assert worded.not_proof == catalog.flags["not-proof"]
        assert [warning.said for warning in worded.warnings] == [
            catalog.flags["locked"],
            catalog.flags["no-voice-message"],
        ]
        assert [shown.label for shown in worded.rows] == [catalog.questions[shown.id].short for shown in worded.rows]
        for shown in worded.rows:
            if question := next((q for q in catalog.triage_questions if q.id == shown.id), None):
                assert set(shown.values) <= {choice.packet for choice in question.choices}
        assert [step.title for step in worded.tried] == [catalog.steps[step.id].title for step in worded.tried]
        assert worded.tried[0].said == catalog.packet.results_to_do["worked"]
        assert worded.call.close == catalog.packet.call.close
    assert packet.for_patient.sees != packet.for_desk.sees


@two_languages
def test_each_wording_calls_both_languages_by_its_own_names(patient, desk):
    packet = packet_of(LOCKED, patient, desk)
    names = {"en": {"en": "English", "es": "Spanish"}, "es": {"en": "inglés", "es": "español"}}
    for worded in (packet.for_patient, packet.for_desk):
        own = names[worded.language.code]
        assert worded.patient_language == own[patient.language.code]
        assert worded.desk_language == own[desk.language.code]


@two_languages
@pytest.mark.parametrize("symptom", CATALOG.symptoms)
def test_both_wordings_say_the_same_under_the_same_numbers(patient, desk, symptom):
    answers = Answers((symptom, "locked-message"), {"for-whom": ("child",), "needed-today": ("refill",)})
    packet = packet_of(answers, patient, desk, **EVERYTHING)
    for_patient, for_desk = (
        {
            "rows": [(row.number, row.id, len(row.values), row.own_words, row.ltr) for row in worded.rows],
            "typed": [row.values for row in worded.rows if row.own_words],
            "talk": [(row.id, len(row.values), row.own_words) for row in worded.talk],
            "steps": [(step.number, step.id, step.result, len(step.do)) for step in worded.tried],
            "problems": [problem.slug for problem in worded.problems],
            "verdict": worded.verdict.id,
            "warnings": [warning.id for warning in worded.warnings],
            "desks": [card.id for card in worded.desks],
            "needs": [need.id for need in worded.needs],
            "counts": [len(part) for part in (worded.sees, worded.reasons, worded.requests, worded.call.opening)],
        }
        for worded in (packet.for_patient, packet.for_desk)
    )
    assert for_patient == for_desk


@two_languages
def test_what_the_patient_typed_is_in_both_wordings_as_it_was_typed(patient, desk):
    packet = packet_of(LOCKED, patient, desk, **EVERYTHING)
    for worded in (packet.for_patient, packet.for_desk):
        typed = {row.id: row.value for row in worded.rows if row.own_words}
        assert typed == {
            "error-words": "Se bloqueó. (Error 1031)",
            "what-happened": "Probé tres veces.\nLuego se bloqueó.",
            "began": "el lunes a las 9",
            "name": "María Example",
            "phone": "207-555-0199",
            "email": "maria@example.org",
            "language": "español",
        }


@pytest.mark.parametrize("symptom", CATALOG.symptoms)
def test_the_numbers_of_each_sheet_go_up_by_one(symptom):
    answers = Answers((symptom,), {"for-whom": ("child",), "needed-today": ("refill",)}, LOCKED.tried)
    worded = made(answers, **EVERYTHING)
    assert [row.number for row in worded.rows_a] == [f"A{number}" for number in range(1, len(worded.rows_a) + 1)]
    assert [row.number for row in worded.sheet_b] == [f"B{number}" for number in range(1, len(worded.sheet_b) + 1)]
    assert [step.number for step in worded.tried] == [f"S{number}" for number in range(1, len(worded.tried) + 1)]
    assert len(worded.sheet_b) > 9
    assert len(worded.tried) > 2


def test_a_number_stays_whatever_is_left_open():
    filled, empty = made(**EVERYTHING), made()
    assert [(row.number, row.id) for row in filled.rows] == [(row.number, row.id) for row in empty.rows]


# ---- how to talk with the patient ----


@pytest.mark.parametrize(
    ("details", "talk"),
    [
        ({"interpreter": "yes", "language": "Spanish"}, ["interpreter", "language"]),
        ({"interpreter": "yes"}, ["interpreter"]),
        # Sheet A may be mailed: nothing stands there that is not the name of a language.
        ({"interpreter": "yes", "language": "Ask for Ana, 207-555-0144"}, ["interpreter"]),
        ({"interpreter": "no", "language": "Spanish"}, []),
        ({"language": "Spanish"}, []),
        ({}, []),
    ],
)
def test_the_agent_reads_first_who_needs_an_interpreter(details, talk):
    worded = made(**details)
    assert [shown.id for shown in worded.talk] == talk
    assert set(worded.talk) <= set(worded.sheet_b)


@two_languages
@pytest.mark.parametrize("details", [{}, {"interpreter": "no"}, {"interpreter": "yes", "language": "Vietnamita"}])
def test_where_the_languages_differ_the_agent_always_reads_how_to_talk(patient, desk, details):
    packet = packet_of(LOCKED, patient, desk, **details)
    for worded, catalog in ((packet.for_patient, patient), (packet.for_desk, desk)):
        *asked, used = worded.talk
        keys = ("interpreter", "language") if "language" in details else ("interpreter",)
        assert [(shown.id, shown.label) for shown in asked] == [(key, catalog.questions[key].short) for key in keys]
        assert set(asked) <= set(worded.sheet_b)
        language = catalog.language.name_of(patient.language.code)
        assert used == Row("site-language", "", catalog.packet.labels.site_language, (language,))


def test_the_script_asks_for_an_interpreter_only_where_the_languages_differ():
    packet = packet_of(patient=SPANISH)
    # What the patient says aloud to the desk, and the same in words that the patient understands.
    assert packet.for_desk.call.interpreter == ("Hello. I speak Spanish.", "I need an interpreter for this call.")
    assert packet.for_patient.call.interpreter == ("Hola. Hablo español.", "Necesito un intérprete para esta llamada.")
    turned = packet_of(desk=SPANISH)
    assert turned.for_desk.call.interpreter[0] == "Hola. Hablo inglés."
    assert turned.for_patient.call.interpreter[0] == "Hello. I speak English."
    for catalog in (CATALOG, SPANISH):
        assert packet_of(LOCKED, catalog, catalog, interpreter="yes").for_desk.call.interpreter == ()


@pytest.mark.parametrize("unreviewed", [True, False])
def test_a_wording_says_whether_a_person_has_reviewed_it(unreviewed):
    packet = packet_of(patient=replace(SPANISH, unreviewed=unreviewed))
    assert packet.for_patient.unreviewed is unreviewed
    assert packet.for_desk.unreviewed is False


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
    st.sampled_from([CATALOG, SPANISH]),
    st.sets(st.sampled_from(tuple(CATALOG.symptoms)), min_size=1, max_size=4),
    st.sampled_from(["self", "child", "teen", "adult"]),
    st.sampled_from([choice.id for choice in CATALOG.questions["needed-today"].choices]),
    st.fixed_dictionaries({}, optional={question.id: private_answer(question) for question in PRIVATE}),
)
def test_sheet_a_and_the_phone_script_never_hold_what_belongs_on_sheet_b(patient, symptoms, whom, needed, details):
    answers = Answers(tuple(symptoms), {"for-whom": (whom,), "needed-today": (needed,)})
    typed = {**details, "began": "Monday"}
    packet = assemble(patient, CATALOG, assess(patient, answers), typed, MADE_AT, REFERENCE)
    for worded in (packet.for_desk, packet.for_patient):
        parts = [worded.rows_a, worded.sees, worded.call, worded.tried, worded.requests, worded.problems]
        told = repr([*parts, worded.for_whom])
        for shown in worded.sheet_b:
            # A choice may be said in words that others use too; its id tells where it stands.
            if not CATALOG.questions[shown.id].choices:
                assert not shown.value or shown.value not in told
        assert "needed-today" in {shown.id for shown in worded.sheet_b} <= ON_SHEET_B
        assert not {shown.id for shown in worded.rows_a} & ON_SHEET_B
        assert not set("ᚠᚢᚦᚨᚱᚲᚷᚹ") & set(told)
        # All of sheet B that stands on sheet A: how to talk with the patient, where the agent must know it first.
        needed_first = packet.in_two_languages or details.get("interpreter") == "yes"
        named = {"language"} if CATALOG.language.calls(str(details.get("language"))) else set()
        told_first = {shown.id for shown in worded.talk} & ON_SHEET_B
        assert told_first - named == ({"interpreter"} if needed_first else set())
        assert {shown.id for shown in worded.talk} <= {"interpreter", "language", "site-language"}


@given(
    st.sampled_from([CATALOG, SPANISH]),
    st.dictionaries(st.sampled_from([question.id for question in CATALOG.details_questions]), TYPED, max_size=8),
)
def test_whatever_is_typed_stands_in_the_packet_once_and_as_it_was_typed(patient, details):
    details.pop("birth-date", None)
    packet = assemble(patient, CATALOG, assess(patient, LOCKED), details, MADE_AT, REFERENCE)
    wanted = {question.id for question in assess(CATALOG, LOCKED).evidence}
    assert packet.details == {key: value for key, value in details.items() if key in wanted}
    for worded in (packet.for_desk, packet.for_patient):
        assert {row.id: row.value for row in worded.rows if row.own_words} == packet.details
        assert len({row.id for row in worded.rows}) == len(worded.rows)
