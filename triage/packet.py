"""PURE. The support-request packet: finished facts, ready for any rendering. A renderer asks nobody anything.

Sheet A is safe to e-mail: it says what is wrong, never who the patient is. Sheet B is private.
"""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from helpdesk.catalog import Catalog, DeskWords, Need, PacketWords, Problem, Question, SiteWords, Verdict
from helpdesk.organization import Desk, Organization
from triage.answers import Answers
from triage.engine import Assessment

Details = Mapping[str, str | datetime.date]

# Warnings that follow from the answer to "safe-contact".
SAFE_CONTACT_FLAGS = {"call-no-message": "no-voice-message", "letter": "do-not-call", "i-will-call": "do-not-call"}
EXPOSED = "contacts-exposed"


@dataclass(frozen=True)
class Row:
    """One question with its answer. No values: the patient left it open, and paper shows a line to write on.

    own_words   typed by the patient, printed as typed
    """

    id: str
    label: str
    values: tuple[str, ...]
    own_words: bool

    @property
    def value(self) -> str:
        """The answer in one string; empty where it was left open."""
        return "; ".join(self.values)


@dataclass(frozen=True)
class Tried:
    """A step with what came of it, in words for the agent. `result` is one of answers.RESULTS."""

    id: str
    title: str
    do: tuple[str, ...]
    result: str
    said: str
    may_mend: bool


@dataclass(frozen=True)
class DeskCard:
    """A desk: who it is, and what the fact sheet says about reaching it (maybe nothing)."""

    id: str
    words: DeskWords
    contact: Desk

    @property
    def name(self) -> str:
        """The desk's own name, or what such a desk is called."""
        return self.contact.name or self.words.name


@dataclass(frozen=True)
class Caution:
    """Something that the agent must know before acting."""

    id: str
    said: str


@dataclass(frozen=True)
class Script:
    """The phone script with the patient's facts filled in."""

    opening: tuple[str, ...]
    identity: tuple[str, ...]
    told: str
    tried: str
    refuse: tuple[str, ...]
    write_down: tuple[str, ...]
    close: tuple[str, ...]


@dataclass(frozen=True)
class Packet:
    """Everything that any rendering shows.

    made_at   aware; made_on is the same in words
    sees      the symptoms, for the agent: two that point to one problem may need different help
    requests  what the patient asks the desk to do, the gravest problem's first
    warnings  what the agent must know before acting
    picture   of the message, as base64 of a PNG of our own making (triage/picture.py); empty where there is none
    not_proof what sheet B is not
    """

    reference: str
    made_at: datetime.datetime
    made_on: str
    language: str
    organization: Organization
    site: SiteWords
    words: PacketWords
    verdict: Verdict
    reasons: tuple[str, ...]
    reason_ids: tuple[str, ...]
    problems: tuple[Problem, ...]
    requests: tuple[str, ...]
    for_whom: str
    sees: tuple[str, ...]
    warnings: tuple[Caution, ...]
    not_proof: str
    exact_words: Row | None
    sheet_a: tuple[Row, ...]
    sheet_b: tuple[Row, ...]
    tried: tuple[Tried, ...]
    desks: tuple[DeskCard, ...]
    needs: tuple[Need, ...]
    call: Script
    answers: Answers
    details: Details
    picture: str

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
    def may_be_mailed(self) -> bool:
        """Whether sheet A is safe to e-mail: not where somebody else may read the patient's mail."""
        return all(warning.id != EXPOSED for warning in self.warnings)

    @property
    def not_mended(self) -> tuple[Tried, ...]:
        """The steps that may mend it and were not tried: what the agent can still propose."""
        return tuple(step for step in self.not_tried if step.may_mend)

    @property
    def rows(self) -> tuple[Row, ...]:
        """Every question with its answer, on either sheet."""
        return ((self.exact_words,) if self.exact_words else ()) + self.sheet_a + self.sheet_b


def assemble(
    catalog: Catalog,
    organization: Organization,
    assessment: Assessment,
    details: Details,
    made_at: datetime.datetime,
    reference: str,
    picture: str = "",
) -> Packet:
    """The packet. `details` holds clean answers to typed questions by id; those that this problem does not need
    are left out. `picture` is a clean picture as base64, or nothing."""
    answers = assessment.answers
    rows = [
        *_coded_rows(catalog, answers),
        *(_typed_row(question, details) for question in assessment.evidence),
    ]
    for_whom = next((row.value for row in rows if row.id == "for-whom"), "")
    shown = [row for row in rows if row.id != "for-whom"]
    sheet_a_ids = {question.id for question in catalog.questions.values() if question.sheet == "a"}
    wanted = {question.id for question in assessment.evidence}
    return Packet(
        reference=reference,
        made_at=made_at,
        made_on=say_moment(made_at),
        language=catalog.language,
        organization=organization,
        site=catalog.site,
        words=catalog.packet,
        verdict=catalog.verdicts[assessment.verdict],
        reasons=tuple(catalog.reasons[reason] for reason in assessment.reasons),
        reason_ids=assessment.reasons,
        problems=assessment.problems,
        requests=tuple(dict.fromkeys(problem.request for problem in assessment.problems)),
        for_whom=for_whom,
        sees=tuple(catalog.symptoms[symptom].packet for symptom in answers.symptoms),
        warnings=tuple(_warnings(catalog, assessment, details)),
        not_proof=catalog.flags["not-proof"],
        exact_words=next((row for row in shown if row.id == "error-words"), None),
        sheet_a=tuple(row for row in shown if row.id in sheet_a_ids and row.id != "error-words"),
        sheet_b=tuple(row for row in shown if row.id not in sheet_a_ids),
        tried=tuple(_tried(catalog, assessment)),
        desks=desk_cards(catalog, organization, assessment.desks),
        needs=tuple(catalog.needs[need] for need in assessment.needs),
        call=_script(catalog, assessment, reference),
        answers=answers,
        details={key: details[key] for key in catalog.questions if key in wanted and key in details},
        picture=picture,
    )


def desk_cards(catalog: Catalog, organization: Organization, desk_ids: Iterable[str]) -> tuple[DeskCard, ...]:
    """These desks, with what the fact sheet says about reaching them."""
    return tuple(DeskCard(desk, catalog.desks[desk], organization.desk(desk)) for desk in desk_ids)


def say_date(date: datetime.date) -> str:
    """A date that nobody can misread: "September 27, 1950 (1950-09-27)"."""
    return f"{date:%B} {date.day}, {date.year} ({date.isoformat()})"


def say_moment(moment: datetime.datetime) -> str:
    """A date with its time and time zone: "November 24, 2026 (2026-11-24), 13:05 UTC"."""
    return f"{say_date(moment.date())}, {moment:%H:%M} {moment.tzname()}"


def spell(reference: str, spelling: Mapping[str, str]) -> str:
    """The reference as one reads it out: "A as in apple, seven"."""
    return ", ".join(
        f"{character} as in {spelling[character]}" if character.isalpha() else spelling[character]
        for character in reference
        if character in spelling
    )


def _coded_rows(catalog: Catalog, answers: Answers) -> Iterable[Row]:
    for key, choices in answers.answers.items():
        question = catalog.questions[key]
        said = tuple(choice.packet for choice in question.choices if choice.id in choices)
        yield Row(key, question.short, said, own_words=False)


def _typed_row(question: Question, details: Details) -> Row:
    value = details.get(question.id)
    if not value:
        return Row(question.id, question.short, (), own_words=False)
    if isinstance(value, datetime.date):
        return Row(question.id, question.short, (say_date(value),), own_words=False)
    if choice := question.choice(value):
        return Row(question.id, question.short, (choice.packet,), own_words=False)
    return Row(question.id, question.short, (value,), own_words=True)


def _tried(catalog: Catalog, assessment: Assessment) -> Iterable[Tried]:
    """The steps that were offered, and any other that the patient says was tried."""
    results = assessment.answers.tried
    offered = {step.id: step for step in assessment.steps}
    offered |= {step: catalog.steps[step] for step, result in results.items() if result != "not-tried"}
    for step in offered.values():
        result = results.get(step.id, "not-tried")
        said = catalog.packet.results if step.may_mend else catalog.packet.results_to_do
        yield Tried(step.id, step.title, step.do, result, said[result], step.may_mend)


def _warnings(catalog: Catalog, assessment: Assessment, details: Details) -> Iterable[Caution]:
    flags = list(assessment.flags)
    safe = details.get("safe-contact")
    if flag := SAFE_CONTACT_FLAGS.get(str(safe)):
        flags.append(flag)
    if safe == "email" and EXPOSED in flags:
        flags.append("email-not-safe")
    return (Caution(flag, catalog.flags[flag]) for flag in flags)


def _script(catalog: Catalog, assessment: Assessment, reference: str) -> Script:
    words = catalog.packet.call
    whom = assessment.answers.answers.get("for-whom", ("",))[0]
    filled = {
        "reference_spelled": spell(reference, catalog.packet.spelling),
        "problem": ", ".join(problem.title for problem in assessment.problems),
        "request": " ".join(dict.fromkeys(problem.request for problem in assessment.problems)),
        "for_whom": words.for_whom.get(whom, ""),
    }
    opening = [line.format_map(filled) for line in words.opening]
    if assessment.verdict == "contact-now":
        opening.insert(0, words.opening_now)
    return Script(
        opening=tuple(line for line in opening if line),
        identity=words.identity,
        told=words.told,
        tried=words.tried,
        refuse=words.refuse,
        write_down=words.write_down,
        close=words.close,
    )
