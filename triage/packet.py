"""PURE. The support-request packet: finished facts, ready for any rendering. A renderer asks nobody anything.

Sheet A is safe to e-mail: it says what is wrong, never who the patient is. Sheet B is private. The packet is worded
twice: for the desk in the desk's language, for the patient in the patient's. Rows and steps have the same numbers in
both, so that two people who read different languages can talk about the same line.
"""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from helpdesk.catalog import (
    Catalog,
    DeskWords,
    Interface,
    Need,
    PacketWords,
    Problem,
    Question,
    SiteWords,
    Verdict,
)
from helpdesk.languages import Language
from helpdesk.organization import Desk, Organization, said
from triage.answers import Answers
from triage.engine import Assessment, assess

Details = Mapping[str, str | datetime.date]

# Warnings that follow from the answer to "safe-contact".
SAFE_CONTACT_FLAGS = {"call-no-message": "no-voice-message", "letter": "do-not-call", "i-will-call": "do-not-call"}
EXPOSED = "contacts-exposed"
# Rows that tell how to talk with the patient, what the agent must do first of all in front.
TALK = ("interpreter", "language")
# Kinds of answers that keep their order inside text that runs from right to left.
LEFT_TO_RIGHT = ("phone", "email", "address")


@dataclass(frozen=True)
class Row:
    """One question with its answer. No values: the patient left it open, and paper shows a line to write on.

    number      the same in every language, such as "A3"
    own_words   typed by the patient, printed as typed
    ltr         a number or address, which reads from left to right in every language
    """

    id: str
    number: str
    label: str
    values: tuple[str, ...]
    own_words: bool = False
    ltr: bool = False

    @property
    def value(self) -> str:
        """The answer in one string; empty where it was left open."""
        return "; ".join(self.values)


@dataclass(frozen=True)
class Tried:
    """A step with what came of it, in words for the agent. `result` is one of answers.RESULTS."""

    id: str
    number: str
    title: str
    do: tuple[str, ...]
    result: str
    said: str
    may_mend: bool


@dataclass(frozen=True)
class DeskCard:
    """A desk: who it is, and what the fact sheet says about reaching it (maybe nothing), for readers of a language."""

    id: str
    language: Language
    words: DeskWords
    contact: Desk

    @property
    def name(self) -> str:
        """The desk's own name, or what such a desk is called."""
        return said(self.contact.name, self.language.code)[0] or self.words.name


@dataclass(frozen=True)
class Caution:
    """Something that the agent must know before acting."""

    id: str
    said: str


@dataclass(frozen=True)
class Script:
    """The phone script with the patient's facts filled in.

    interpreter  how to ask for one, for a patient and a desk that do not speak the same language
    greeting     what is said first: the same for all who gave the same answers
    reference    goes on from there with the reference of this packet
    """

    interpreter: tuple[str, ...]
    greeting: tuple[str, ...]
    reference: tuple[str, ...]
    identity: tuple[str, ...]
    told: str
    tried: str
    refuse: tuple[str, ...]
    write_down: tuple[str, ...]
    close: tuple[str, ...]

    @property
    def opening(self) -> tuple[str, ...]:
        """All that is said before the desk asks."""
        return self.greeting + self.reference


@dataclass(frozen=True)
class Wording:
    """What the packet says, in one language.

    patient_language  what this language calls the patient's; desk_language the same for the desk's
    unreviewed  whether it holds translations that no person has reviewed
    sees        the symptoms, for the agent: two that point to one problem may need different help
    requests    what the patient asks the desk to do, the gravest problem's first
    talk        how to talk with the patient; empty where nothing needs to be said about it
    warnings    what the agent must know before acting
    not_proof   what sheet B is not
    """

    language: Language
    patient_language: str
    desk_language: str
    unreviewed: bool
    site: SiteWords
    interface: Interface
    words: PacketWords
    made_on: str
    verdict: Verdict
    reasons: tuple[str, ...]
    problems: tuple[Problem, ...]
    requests: tuple[str, ...]
    for_whom: str
    sees: tuple[str, ...]
    talk: tuple[Row, ...]
    warnings: tuple[Caution, ...]
    not_proof: str
    exact_words: Row | None
    sheet_a: tuple[Row, ...]
    sheet_b: tuple[Row, ...]
    tried: tuple[Tried, ...]
    desks: tuple[DeskCard, ...]
    needs: tuple[Need, ...]
    call: Script

    @property
    def problem_titles(self) -> str:
        """The problems by name, in one line."""
        return ", ".join(problem.title for problem in self.problems)

    @property
    def was_tried(self) -> tuple[Tried, ...]:
        """The steps that were tried, without those that were only offered."""
        return tuple(step for step in self.tried if step.result != "not-tried")

    @property
    def not_tried(self) -> tuple[Tried, ...]:
        """The steps that were offered and not tried."""
        return tuple(step for step in self.tried if step.result == "not-tried")

    @property
    def not_mended(self) -> tuple[Tried, ...]:
        """The steps that may mend it and were not tried: what the agent can still propose."""
        return tuple(step for step in self.not_tried if step.may_mend)

    @property
    def rows_a(self) -> tuple[Row, ...]:
        """Every row of sheet A, the exact words first."""
        return ((self.exact_words,) if self.exact_words else ()) + self.sheet_a

    @property
    def coded_a(self) -> tuple[Row, ...]:
        """The rows of sheet A that were chosen from answers of ours."""
        return tuple(row for row in self.sheet_a if row.values and not row.own_words)

    @property
    def typed_a(self) -> tuple[Row, ...]:
        """The rows of sheet A that the patient typed, but for the exact words."""
        return tuple(row for row in self.sheet_a if row.own_words)

    @property
    def rows(self) -> tuple[Row, ...]:
        """Every question with its answer, on either sheet."""
        return self.rows_a + self.sheet_b


@dataclass(frozen=True)
class Packet:
    """Everything that any rendering shows.

    made_at     aware
    for_desk    sheets A and B, in the desk's language
    for_patient the patient's pages, in the patient's; the same object where both read one language
    picture     of the message, as base64 of a PNG of our own making (triage/picture.py); empty where there is none
    """

    reference: str
    made_at: datetime.datetime
    organization: Organization
    for_desk: Wording
    for_patient: Wording
    reason_ids: tuple[str, ...]
    answers: Answers
    details: Details
    picture: str

    @property
    def in_two_languages(self) -> bool:
        """Whether the desk reads another language than the patient."""
        return self.for_desk.language != self.for_patient.language

    @property
    def may_be_mailed(self) -> bool:
        """Whether sheet A is safe to e-mail: not where somebody else may read the patient's mail."""
        return all(warning.id != EXPOSED for warning in self.for_desk.warnings)


def assemble(
    patient: Catalog,
    desk: Catalog,
    assessment: Assessment,
    details: Details,
    made_at: datetime.datetime,
    reference: str,
    picture: str = "",
) -> Packet:
    """The packet, worded for the patient and for the desk. `details` holds clean answers to typed questions by id;
    those that this problem does not need are left out. `picture` is a clean picture as base64, or nothing."""
    wanted = {question.id for question in assessment.evidence}
    for_patient = word(patient, patient.language, desk.language, assessment, details, made_at, reference)
    for_desk = for_patient
    if desk.language != patient.language:
        again = assess(desk, assessment.answers)
        for_desk = word(desk, patient.language, desk.language, again, details, made_at, reference)
    return Packet(
        reference=reference,
        made_at=made_at,
        organization=patient.organization,
        for_desk=for_desk,
        for_patient=for_patient,
        reason_ids=assessment.reasons,
        answers=assessment.answers,
        details={key: details[key] for key in patient.questions if key in wanted and key in details},
        picture=picture,
    )


def word(
    catalog: Catalog,
    spoken: Language,
    read: Language,
    assessment: Assessment,
    details: Details,
    made_at: datetime.datetime,
    reference: str,
) -> Wording:
    """The packet in the catalog's language, for a patient who speaks one language and a desk that reads another."""
    rows = list(_rows(catalog, assessment, details))
    for_whom = next((row.value for row in rows if row.id == "for-whom"), "")
    shown = [row for row in rows if row.id != "for-whom"]
    return Wording(
        language=catalog.language,
        patient_language=catalog.language.name_of(spoken.code),
        desk_language=catalog.language.name_of(read.code),
        unreviewed=catalog.unreviewed,
        site=catalog.site,
        interface=catalog.interface,
        words=catalog.packet,
        made_on=catalog.language.moment(made_at),
        verdict=catalog.verdicts[assessment.verdict],
        reasons=tuple(catalog.reasons[reason] for reason in assessment.reasons),
        problems=assessment.problems,
        requests=tuple(dict.fromkeys(problem.request for problem in assessment.problems)),
        for_whom=for_whom,
        sees=tuple(catalog.symptoms[symptom].packet for symptom in assessment.answers.symptoms),
        talk=tuple(_talk(catalog, spoken, read, details, shown)),
        warnings=tuple(_warnings(catalog, assessment, details)),
        not_proof=catalog.flags["not-proof"],
        exact_words=next((row for row in shown if row.id == "error-words"), None),
        sheet_a=tuple(row for row in shown if row.number.startswith("A") and row.id != "error-words"),
        sheet_b=tuple(row for row in shown if row.number.startswith("B")),
        tried=tuple(_tried(catalog, assessment)),
        desks=desk_cards(catalog, assessment.desks),
        needs=tuple(catalog.needs[need] for need in assessment.needs),
        call=_script(catalog, assessment, reference, catalog.language.name_of(spoken.code) if spoken != read else ""),
    )


def desk_cards(catalog: Catalog, desk_ids: Iterable[str]) -> tuple[DeskCard, ...]:
    """These desks, with what the fact sheet says about reaching them."""
    return tuple(
        DeskCard(desk, catalog.language, catalog.desks[desk], catalog.organization.desk(desk)) for desk in desk_ids
    )


def spell(reference: str, words: PacketWords) -> str:
    """The reference as one reads it out: "A as in apple, seven"."""
    spelling = words.spelling
    return ", ".join(
        words.call.letter.format(letter=character, word=spelling[character])
        if character.isalpha()
        else spelling[character]
        for character in reference
        if character in spelling
    )


def _rows(catalog: Catalog, assessment: Assessment, details: Details) -> Iterable[Row]:
    """Every answer in the order of the paper, numbered sheet by sheet. The exact words stand first on sheet A."""
    questions = [*(catalog.questions[key] for key in assessment.answers.answers), *assessment.evidence]
    questions.sort(key=lambda question: question.id != "error-words")
    numbers = {"a": 0, "b": 0}
    for question in questions:
        number = ""
        if question.id != "for-whom":
            numbers[question.sheet] += 1
            number = f"{question.sheet.upper()}{numbers[question.sheet]}"
        yield _row(catalog.language, question, number, assessment.answers, details)


def _row(language: Language, question: Question, number: str, answers: Answers, details: Details) -> Row:
    if question.stage == "triage":
        choices = answers.answers[question.id]
        words = tuple(choice.packet for choice in question.choices if choice.id in choices)
        return Row(question.id, number, question.short, words)
    value = details.get(question.id)
    if not value:
        return Row(question.id, number, question.short, ())
    if isinstance(value, datetime.date):
        return Row(question.id, number, question.short, (language.date_for_all(value),))
    if choice := question.choice(value):
        return Row(question.id, number, question.short, (choice.packet,))
    ltr = question.kind in LEFT_TO_RIGHT
    return Row(question.id, number, question.short, (value,), own_words=True, ltr=ltr)


def _talk(catalog: Catalog, spoken: Language, read: Language, details: Details, rows: Iterable[Row]) -> Iterable[Row]:
    """Which language the patient used, speaks and wants an interpreter for: said on top where it matters.

    Sheet A may be mailed, so what was typed as a language stands there only where it is the name of one.
    """
    typed = str(details.get("language", ""))
    known = any(language.calls(typed) for language in (spoken, read))
    shown = TALK if known else TALK[:1]
    if spoken != read or details.get("interpreter") == "yes":
        yield from sorted((row for row in rows if row.id in shown), key=lambda row: TALK.index(row.id))
    if spoken != read:
        yield Row("site-language", "", catalog.packet.labels.site_language, (catalog.language.name_of(spoken.code),))


def _tried(catalog: Catalog, assessment: Assessment) -> Iterable[Tried]:
    """The steps that were offered, and any other that the patient says was tried."""
    results = assessment.answers.tried
    offered = {step.id: step for step in assessment.steps}
    offered |= {step: catalog.steps[step] for step, result in results.items() if result != "not-tried"}
    for number, step in enumerate(offered.values(), 1):
        result = results.get(step.id, "not-tried")
        words = catalog.packet.results if step.may_mend else catalog.packet.results_to_do
        yield Tried(step.id, f"S{number}", step.title, step.do, result, words[result], step.may_mend)


def _warnings(catalog: Catalog, assessment: Assessment, details: Details) -> Iterable[Caution]:
    flags = list(assessment.flags)
    safe = details.get("safe-contact")
    if flag := SAFE_CONTACT_FLAGS.get(str(safe)):
        flags.append(flag)
    if safe == "email" and EXPOSED in flags:
        flags.append("email-not-safe")
    return (Caution(flag, catalog.flags[flag]) for flag in flags)


def _script(catalog: Catalog, assessment: Assessment, reference: str, foreign_language: str) -> Script:
    words = catalog.packet.call
    whom = assessment.answers.answers.get("for-whom", ("",))[0]
    filled = {
        "reference_spelled": spell(reference, catalog.packet),
        "problem": ", ".join(problem.title for problem in assessment.problems),
        "request": " ".join(dict.fromkeys(problem.request for problem in assessment.problems)),
        "for_whom": words.for_whom.get(whom, ""),
    }
    opening = [*([words.opening_now] if assessment.verdict == "contact-now" else []), *words.opening]
    spelled = next((at for at, line in enumerate(opening) if "{reference_spelled}" in line), len(opening))
    said = [line.format_map(filled) for line in opening]
    interpreter = (line.format(language=foreign_language) for line in words.interpreter)
    return Script(
        interpreter=tuple(interpreter) if foreign_language else (),
        greeting=tuple(line for line in said[:spelled] if line),
        reference=tuple(line for line in said[spelled:] if line),
        identity=words.identity,
        told=words.told,
        tried=words.tried,
        refuse=words.refuse,
        write_down=words.write_down,
        close=words.close,
    )
