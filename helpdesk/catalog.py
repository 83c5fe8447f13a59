"""PURE. Everything the site knows about its subject: problems, symptoms, questions, steps, answers and pages.

`load` joins the rules (content/rules/) with the words of one language (content/<language>/) and the facts of
one health system, checks them against each other, and gives frozen records. docs/content.md tells authors how.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from helpdesk import languages, translations
from helpdesk.languages import SOURCE, Language
from helpdesk.organization import FACTS, Organization
from helpdesk.records import (
    CONTENT,
    PLACEHOLDER,
    ContentError,
    Ids,
    MaybeWords,
    R,
    Record,
    Sentences,
    Table,
    Words,
    parse,
    read_toml,
    written,
)

Condition = dict[str, Ids]
Tag = Literal["attempt", "asks-code", "resets-trust", "protects", "to-do", "first"]


class Choice(Record):
    """One answer to a coded question. `packet` is how the packet words it, for a reader who is not the patient."""

    id: str
    label: Words
    packet: Words


class Question(Record):
    """Something we ask. It gives the form field, the packet row, the JSON key and the e-mail line.

    stage   "triage" answers are coded and travel in the address; "details" only in the body of a POST
    sheet   "a" is safe to e-mail; "b" is private
    when    asked only where each of these questions has one of these answers
    not_with  choice -> problems with which it makes no sense
    max     longest answer, in characters
    """

    id: str
    stage: Literal["triage", "details"]
    kind: Literal["choice", "choices", "line", "text", "date", "phone", "email", "address"]
    sheet: Literal["a", "b"]
    always: bool = False
    when: Condition = {}
    not_with: dict[str, tuple[str, ...]] = {}
    max: int = 120
    autocomplete: str = ""
    exclusive: str = ""
    label: Words
    short: Words
    hint: MaybeWords = ""
    why: MaybeWords
    choices: tuple[Choice, ...] = ()

    def choice(self, choice_id: str) -> Choice | None:
        """The choice with this id, or None."""
        return next((choice for choice in self.choices if choice.id == choice_id), None)

    def without_choices_for(self, problems: Collection[str]) -> "Question":
        """The same question without the choices that make no sense with these problems."""
        left = [choice for choice in self.choices if not set(self.not_with.get(choice.id, ())) & set(problems)]
        return self if len(left) == len(self.choices) else self.model_copy(update={"choices": tuple(left)})


class Symptom(Record):
    """What the patient sees, in the patient's words, and the problem that it points to.

    `packet` is how the packet words it, for a reader who is not the patient.
    """

    id: str
    problem: str
    label: Words
    packet: Words
    hint: MaybeWords = ""


class SymptomGroup(Record):
    """Symptoms that stand under one heading."""

    id: str
    title: Words
    symptoms: tuple[Symptom, ...]


class Step(Record):
    """A thing to try. Its tags say what it does, so that the engine can leave out what would do harm."""

    id: str
    tags: frozenset[Tag]
    title: Words
    do: Sentences
    why: MaybeWords = ""

    @property
    def may_mend(self) -> bool:
        """Whether the step may get the patient back in, and not only keep the record safe or make ready."""
        return "to-do" not in self.tags


class OfferedStep(Record):
    """A problem's step, and when the problem offers it. An id alone is a step that is always offered."""

    id: str
    when: Condition = {}

    @model_validator(mode="before")
    @classmethod
    def _id_alone(cls, value: object) -> object:
        return {"id": value} if isinstance(value, str) else value


class ProblemRules(Record):
    """What a problem asks, offers and leads to. Only `questions` may be an empty list: the page shows the others."""

    desk: str
    also_when: tuple[Condition, ...] = ()
    questions: tuple[str, ...]
    steps: tuple[OfferedStep, ...] = Field(min_length=1)
    evidence: Ids
    faq: Ids
    related: Ids


class Problem(ProblemRules):
    """What is wrong, as the desk calls it: one table row, one page, one branch of the triage, one packet text."""

    slug: str
    title: Words
    lead: Words
    causes: Sentences
    stop: Sentences
    can: Sentences
    cannot: Sentences
    request: Words


class Verdict(Record):
    """What to do now. `desk` tells an agent how urgent it is; `next` tells the patient what happens."""

    id: str
    title: Words
    text: Sentences
    desk: Words
    next: Sentences


class DeskWords(Record):
    """A desk, and how to find it where the fact sheet does not say."""

    id: str
    name: Words
    what: Words
    find: Sentences


class Need(Record):
    """Something a patient needed from MyChart today, and the way around MyChart to get it."""

    id: str
    title: Words
    do: Sentences


class Faq(Record):
    """A question that people ask, with its answer in short paragraphs. The id is the anchor and never changes."""

    id: str
    group: str
    question: Words
    answer: Sentences


class Section(Record):
    """A part of a page under its own heading."""

    id: str
    title: Words
    text: Sentences = ()
    items: Sentences = ()


# The pages that the site shows.
PAGES = (
    "accessibility",
    "busy",
    "contact",
    "for-support-desks",
    "how-access-works",
    "not-found",
    "prepare",
    "privacy",
    "server-error",
    "stay-safe",
    "too-long",
    "unavailable",
    "what-to-expect",
)


class Page(Record):
    """A page that only shows words."""

    title: Words
    lead: Words
    description: Words
    sections: tuple[Section, ...] = ()


class SiteWords(Record):
    """Lines that stand on every page."""

    name: Words
    tagline: Words
    emergency_title: Words
    emergency: Words
    scam_title: Words
    scam: Words
    trademark: Words


def _fields_only(line: str) -> str:
    if set("{}") & set(PLACEHOLDER.sub("", line)):
        raise ValueError("braces hold the name of one field and nothing else")
    return line


# Words that the code fills in: {braces} hold a field that it knows.
Line = Annotated[str, AfterValidator(_fields_only), BeforeValidator(written)]

# What the packet fills into the opening of the phone script.
OPENING_FIELDS = ("problem", "request", "for_whom", "reference_spelled")


def _opening_line(line: str) -> str:
    if set("{}") & set(PLACEHOLDER.sub("", line)) or not set(PLACEHOLDER.findall(line)) <= set(OPENING_FIELDS):
        raise ValueError(f"braces hold one of {', '.join(OPENING_FIELDS)} here, and nothing else")
    return line


class CallWords(Record):
    """The phone script, as a conversation. `for_whom` has a sentence for each answer to the question for-whom.

    interpreter  how to ask for one; {language} is the patient's
    letter       how a {letter} of the reference is spelled with a {word}
    """

    interpreter: tuple[Line, ...] = Field(min_length=1)
    letter: Line
    opening: tuple[Annotated[str, AfterValidator(_opening_line), Field(min_length=1)], ...] = Field(min_length=1)
    opening_now: Words
    identity: Sentences
    told: Words
    tried: Words
    refuse: Sentences
    write_down: Sentences
    close: Sentences
    for_whom: dict[str, Words]


class EmailWords(Record):
    """The frame of the e-mail text."""

    greeting: Words
    closing: Words
    note: Words


class SheetWords(Record):
    """What the sheets are called, and a note under each of their titles."""

    a_title: Words
    a_note: Words
    a_note_exposed: Words
    b_title: Words
    b_note: Words
    patient_title: Words
    patient_note: Words


class PacketLabels(Record):
    """Headings and names of rows."""

    problem: Words
    asks: Words
    urgency: Words
    for_whom: Words
    tried: Words
    not_tried: Words
    step: Words
    result: Words
    facts: Words
    write_down: Words
    call_opening: Words
    call_identity: Words
    call_refuse: Words
    call_close: Words
    exact_words: Words
    flags: Words
    reference: Words
    made: Words
    desks: Words
    call_script: Words
    have_ready: Words
    never_ask: Words
    next: Words
    around: Words
    not_given: Words
    sees: Words
    still_to_do: Words
    picture: Words
    picture_alt: Words
    made_up: Words
    read_sheet_a: Words
    talk: Words
    site_language: Words
    own_words: Line
    typed_here: Line
    your_answers: Words
    your_answers_note: Line
    read_your_answers: Words
    say_in_desk_language: Line
    unreviewed: Words


class PacketWords(Record):
    """The words of the packet that are not answers. triage/consistency.py checks the keys of the last three."""

    title: Words
    sheets: SheetWords
    labels: PacketLabels
    results: dict[str, Words]
    results_to_do: dict[str, Words]
    never_ask: Sentences
    have_ready: Sentences
    blank_line_note: Words
    call: CallWords
    email: EmailWords
    spelling: dict[str, Words]


T = TypeVar("T")


class Lookup(dict[str, T]):
    """A table whose missing key is a ContentError: templates would pass over a KeyError in silence."""

    def __missing__(self, key: str) -> T:
        raise ContentError(f"interface.toml: there is no {key}, and the site says it; add it")


# The words of buttons, headings and messages, by where they stand and what they say.
Interface = Lookup[Lookup[str]]


@dataclass(frozen=True)
class Catalog:
    """All content in one language for one health system. Mappings keep the order of the content files.

    unreviewed  whether some of it is a translation that no person has reviewed
    stale       the entries of which the source has changed since they were translated
    """

    language: Language
    organization: Organization
    unreviewed: bool
    stale: tuple[str, ...]
    groups: tuple[SymptomGroup, ...]
    questions: Mapping[str, Question]
    steps: Mapping[str, Step]
    problems: Mapping[str, Problem]
    verdicts: Mapping[str, Verdict]
    reasons: Mapping[str, str]
    flags: Mapping[str, str]
    desks: Mapping[str, DeskWords]
    needs: Mapping[str, Need]
    tags: Mapping[str, str]
    faq: Mapping[str, Faq]
    faq_groups: Mapping[str, str]
    checklist: tuple[str, ...]
    pages: Mapping[str, Page]
    site: SiteWords
    interface: Interface
    packet: PacketWords

    @cached_property
    def symptoms(self) -> Mapping[str, Symptom]:
        """Every symptom by id, in the order of the page."""
        return {symptom.id: symptom for group in self.groups for symptom in group.symptoms}

    @cached_property
    def triage_questions(self) -> tuple[Question, ...]:
        """The coded questions, in the order in which they are asked."""
        return tuple(question for question in self.questions.values() if question.stage == "triage")

    @cached_property
    def details_questions(self) -> tuple[Question, ...]:
        """The typed questions, in the order of the form and of the packet."""
        return tuple(question for question in self.questions.values() if question.stage == "details")


def load(language: str = SOURCE, organization: Organization | None = None, content: Path = CONTENT) -> Catalog:
    """Everything in `language`, in the words that fit `organization`. Raises ContentError listing every fault."""
    catalog = _Loader(content, languages.read(content, language), organization or Organization()).catalog()
    if faults := list(_dangling(catalog)):
        raise ContentError(*faults)
    return catalog


class _DeskRules(Record):
    desks: tuple[Literal["support", "privacy", "clinic", "records"], ...]


class _ChecklistRules(Record):
    steps: Ids


class _StepRules(Record):
    step: dict[str, tuple[str, ...]]


class _SymptomRule(Record):
    id: str
    problem: str


class _GroupRule(Record):
    id: str
    symptoms: tuple[_SymptomRule, ...]


class _SymptomRules(Record):
    group: tuple[_GroupRule, ...]


class _QuestionRule(Record):
    """The keys that joining rules and words needs; `Question` knows the others."""

    model_config = ConfigDict(extra="allow")

    id: str
    choices: tuple[str, ...] = ()


class _QuestionRules(Record):
    question: tuple[_QuestionRule, ...]


class _SymptomWords(Record):
    groups: Table
    symptoms: dict[str, Table]


class _QuestionWords(Record):
    model_config = ConfigDict(extra="allow")

    choices: Table = {}
    packet: Table = {}


class _FaqWords(Record):
    groups: dict[str, Words]
    faq: tuple[Table, ...]


class _Loader:
    """Reads one language's files with one health system's facts. Faults are gathered, and raised at the end."""

    def __init__(self, content: Path, language: Language, organization: Organization) -> None:
        self.content = content
        self.rules = content / "rules"
        self.words = content / language.code
        self.language = language
        self.organization = organization
        self.context = {"facts": organization.facts(language), "fact_names": tuple(FACTS)}
        self.faults: list[str] = []

    def catalog(self) -> Catalog:
        gather = self._gather
        faq_words = gather(self._record, _FaqWords, "faq.toml")
        translation = gather(self._translation)
        catalog = Catalog(
            language=self.language,
            organization=self.organization,
            unreviewed=bool(translation and translation.unreviewed()),
            stale=translation.stale() if translation else (),
            groups=gather(self._groups),
            questions=gather(self._questions),
            steps=gather(self._steps),
            problems=gather(self._problems),
            verdicts=gather(self._each, Verdict, "verdicts.toml"),
            reasons=gather(self._sentences, "reasons.toml"),
            flags=gather(self._sentences, "flags.toml"),
            desks=gather(self._desks),
            needs=gather(self._each, Need, "needs.toml"),
            tags=gather(self._sentences, "tags.toml"),
            faq=gather(self._faq, faq_words),
            faq_groups=faq_words and faq_words.groups,
            checklist=gather(self._checklist),
            pages=gather(self._pages),
            site=gather(self._record, SiteWords, "site.toml"),
            interface=gather(self._interface),
            packet=gather(self._record, PacketWords, "packet.toml"),
        )
        if self.faults:
            raise ContentError(*dict.fromkeys(self.faults))
        return catalog

    def _translation(self) -> translations.Translation | None:
        """None of the source. Also finds what the language lacks beside it."""
        if self.language.code == SOURCE:
            return None
        translation = translations.load(self.content, self.language.code)
        self.faults += translation.faults()
        return translation

    def _gather(self, build: Callable[..., Any], *arguments: Any) -> Any:
        """What `build` makes of the arguments; None where it finds a fault, which is kept for the end."""
        try:
            return build(*arguments)
        except ContentError as error:
            self.faults += error.faults
            return None

    def _rules(self, kind: type[R], name: str) -> R:
        return parse(kind, read_toml(self.rules / name), f"rules/{name}")

    def _record(self, kind: Any, name: str, table: object = None) -> Any:
        """`table`, or else the whole file, as a record. `name` is the file, and may say where in it."""
        table = read_toml(self.words / name) if table is None else table
        return parse(kind, table, f"{self.words.name}/{name}", self.context)

    def _each(self, kind: Any, name: str) -> dict[str, Any]:
        return self._by_id(kind, [{"id": key} | table for key, table in self._tables(name).items()], name)

    def _by_id(self, kind: Any, tables: Iterable[Table], name: str) -> dict[str, Any]:
        made = [self._gather(self._record, kind, f"{name}: {table.get('id', '?')}", table) for table in tables]
        records = [record for record in made if record]
        self._no_doubles([record.id for record in records], f"{self.words.name}/{name}")
        return {record.id: record for record in records}

    def _tables(self, name: str) -> dict[str, Table]:
        class Tables(Record):
            tables: dict[str, Table]

        tables: dict[str, Table] = self._record(Tables, name, {"tables": read_toml(self.words / name)}).tables
        return tables

    def _sentences(self, name: str) -> dict[str, str]:
        class Strings(Record):
            words: dict[str, Words]

        strings: dict[str, str] = self._record(Strings, name, {"words": read_toml(self.words / name)}).words
        return strings

    def _interface(self) -> Interface:
        class Lines(Record):
            tables: dict[str, dict[str, Line]]

        read = self._record(Lines, "interface.toml", {"tables": read_toml(self.words / "interface.toml")})
        # The content may be somebody's copy of an older one, and our templates say what is in ours.
        said = read_toml(CONTENT / SOURCE / "interface.toml")
        missing = [
            f"{table}.{name}" for table in said for name in said[table] if name not in read.tables.get(table, {})
        ]
        if missing:
            where = f"{self.words.name}/interface.toml"
            raise ContentError(*(f"{where}: {key}: has no words, and the site says it; add it" for key in missing))
        return Lookup({table: Lookup(lines) for table, lines in read.tables.items()})

    def _words_for(self, name: str, ids: list[str], table: Table) -> None:
        """Checks that `table` has words for exactly these ids."""
        wanted, given = set(ids), set(table)
        where = f"{self.words.name}/{name}"
        faults = [f"{where}: {key}: has no words; add this table" for key in sorted(wanted - given)]
        faults += [f"{where}: {key}: no rule has this id; remove it" for key in sorted(given - wanted)]
        if faults:
            raise ContentError(*faults)
        self._no_doubles(ids, f"rules/{name}")

    def _no_doubles(self, ids: list[str], where: str) -> None:
        if doubles := [key for key, times in Counter(ids).items() if times > 1]:
            raise ContentError(*(f"{where}: {key}: is there twice; remove one" for key in doubles))

    def _groups(self) -> tuple[SymptomGroup, ...]:
        groups = self._rules(_SymptomRules, "symptoms.toml").group
        words: _SymptomWords = self._record(_SymptomWords, "symptoms.toml")
        self._words_for("symptoms.toml", [symptom.id for group in groups for symptom in group.symptoms], words.symptoms)
        self._words_for("symptoms.toml", [group.id for group in groups], words.groups)
        joined = [
            {
                "id": group.id,
                "title": words.groups[group.id],
                "symptoms": [symptom.model_dump() | words.symptoms[symptom.id] for symptom in group.symptoms],
            }
            for group in groups
        ]
        return tuple(self._by_id(SymptomGroup, joined, "symptoms.toml").values())

    def _questions(self) -> dict[str, Question]:
        rules = self._rules(_QuestionRules, "questions.toml").question
        words = self._tables("questions.toml")
        self._words_for("questions.toml", [rule.id for rule in rules], words)
        joined = [self._gather(self._question, rule, words[rule.id]) for rule in rules]
        return self._by_id(Question, filter(None, joined), "questions.toml")

    def _question(self, rule: _QuestionRule, table: Table) -> Table:
        words: _QuestionWords = self._record(_QuestionWords, f"questions.toml: {rule.id}", table)
        self._words_for(f"questions.toml: {rule.id}.choices", list(rule.choices), words.choices)
        self._words_for(f"questions.toml: {rule.id}.packet", list(rule.choices), words.choices | words.packet)
        packet = words.choices | words.packet
        choices = [{"id": key, "label": words.choices[key], "packet": packet[key]} for key in rule.choices]
        return rule.model_dump() | words.model_dump(exclude={"packet"}) | {"choices": choices}

    def _steps(self) -> dict[str, Step]:
        rules = self._rules(_StepRules, "steps.toml").step
        words = self._tables("steps.toml")
        self._words_for("steps.toml", list(rules), words)
        return self._by_id(Step, [{"id": key, "tags": tags} | words[key] for key, tags in rules.items()], "steps.toml")

    def _problems(self) -> dict[str, Problem]:
        desks = type(self.organization.desks).model_fields
        moved = {slug: desk for desk in desks for slug in self.organization.desk(desk).handles}
        groups = self._rules(_SymptomRules, "symptoms.toml").group
        slugs = list(dict.fromkeys(symptom.problem for group in groups for symptom in group.symptoms))
        files = (path for folder in (self.rules, self.words) for path in sorted((folder / "problems").glob("*.toml")))
        self.faults += [
            f"{path.parent.parent.name}/problems/{path.name}: no symptom points to this problem; "
            "add one to rules/symptoms.toml, or remove this file"
            for path in files
            if path.stem not in slugs
        ]
        if unknown := sorted(set(moved) - set(slugs)):
            raise ContentError(*(f"fact sheet: handles: there is no problem called {slug}" for slug in unknown))
        return {slug: self._gather(self._problem, slug, moved.get(slug)) for slug in slugs}

    def _problem(self, slug: str, moved_to: str | None) -> Problem:
        file = f"problems/{slug}.toml"
        rules = self._rules(ProblemRules, file).model_dump()
        if moved_to:
            rules["desk"] = moved_to
        problem: Problem = self._record(Problem, file, {"slug": slug} | rules | read_toml(self.words / file))
        return problem

    def _desks(self) -> dict[str, DeskWords]:
        ids = self._rules(_DeskRules, "desks.toml").desks
        self._words_for("desks.toml", list(ids), self._tables("desks.toml"))
        words = self._each(DeskWords, "desks.toml")
        return {key: words[key] for key in ids if key in words}

    def _faq(self, words: _FaqWords | None) -> dict[str, Faq]:
        return self._by_id(Faq, words.faq, "faq.toml") if words else {}

    def _checklist(self) -> tuple[str, ...]:
        return self._rules(_ChecklistRules, "checklist.toml").steps

    def _pages(self) -> dict[str, Page]:
        paths = sorted((self.words / "pages").glob("*.toml"))
        self._words_for("pages", list(PAGES), {path.stem: path for path in paths})
        return {path.stem: self._gather(self._record, Page, f"pages/{path.name}") for path in paths}


def _dangling(catalog: Catalog) -> Iterable[str]:
    """Every id in the rules that names nothing."""
    for problem in catalog.problems.values():
        where = f"rules/problems/{problem.slug}.toml"
        for key, ids, known in (
            ("desk", [problem.desk], catalog.desks),
            ("questions", problem.questions, [question.id for question in catalog.triage_questions]),
            ("evidence", problem.evidence, [question.id for question in catalog.details_questions]),
            ("steps", [step.id for step in problem.steps], catalog.steps),
            ("faq", problem.faq, catalog.faq),
            ("related", problem.related, catalog.problems),
        ):
            yield from (f"{where}: {key}: there is nothing called {name}" for name in ids if name not in known)
        for condition in (*problem.also_when, *(step.when for step in problem.steps)):
            yield from bad_condition(catalog, condition, where)
    for question in catalog.questions.values():
        yield from _dangling_in(catalog, question)
    for step_id in catalog.checklist:
        if step_id not in catalog.steps:
            yield f"rules/checklist.toml: there is no step called {step_id}"
    for faq in catalog.faq.values():
        if faq.group not in catalog.faq_groups:
            yield f"faq.toml: {faq.id}: there is no group called {faq.group}"


def _dangling_in(catalog: Catalog, question: Question) -> Iterable[str]:
    where = f"rules/questions.toml: {question.id}"
    yield from bad_condition(catalog, question.when, where)
    if question.exclusive and not question.choice(question.exclusive):
        yield f"{where}: exclusive: there is no choice {question.exclusive}"
    for choice_id, slugs in question.not_with.items():
        if not question.choice(choice_id):
            yield f"{where}: not_with: there is no choice {choice_id}"
        unknown = [slug for slug in slugs if slug not in catalog.problems]
        yield from (f"{where}: not_with: there is no problem called {slug}" for slug in unknown)


def bad_condition(catalog: Catalog, condition: Condition, where: str) -> Iterable[str]:
    """Every question and choice in the condition that there is not."""
    for question_id, choice_ids in condition.items():
        question = catalog.questions.get(question_id)
        if not question or question.stage != "triage":
            yield f"{where}: when: there is no coded question called {question_id}"
            continue
        for choice_id in choice_ids:
            if not question.choice(choice_id):
                yield f"{where}: when: {question_id} has no answer called {choice_id}"
