"""PURE. Everything the site knows about its subject: problems, symptoms, questions, steps, answers and pages.

`load` joins the rules (content/rules/) with the words of one language (content/<language>/) and the facts of
one health system, checks them against each other, and gives frozen records. docs/content.md tells authors how.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from helpdesk.organization import FACTS, Organization
from helpdesk.records import CONTENT, ContentError, Record, Sentences, Table, Words, parse, read_toml

Condition = dict[str, tuple[str, ...]]
Tag = Literal["attempt", "asks-code", "resets-trust", "protects", "to-do"]


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
    max     longest answer, in characters
    """

    id: str
    stage: Literal["triage", "details"]
    kind: Literal["choice", "choices", "line", "text", "date", "phone", "email"]
    sheet: Literal["a", "b"]
    always: bool = False
    when: Condition = {}
    max: int = 120
    autocomplete: str = ""
    exclusive: str = ""
    label: Words
    short: Words
    hint: Words = ""
    why: Words
    choices: tuple[Choice, ...] = ()

    def choice(self, choice_id: str) -> Choice | None:
        """The choice with this id, or None."""
        return next((choice for choice in self.choices if choice.id == choice_id), None)


class Symptom(Record):
    """What the patient sees, in the patient's words, and the problem that it points to."""

    id: str
    problem: str
    label: Words
    hint: Words = ""


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
    why: Words = ""

    @property
    def may_mend(self) -> bool:
        """Whether the step may get the patient back in, and not only keep the record safe or make ready."""
        return "to-do" not in self.tags


class OfferedStep(Record):
    """A problem's step, and when the problem offers it."""

    id: str
    when: Condition = {}


class Problem(Record):
    """What is wrong, as the desk calls it: one table row, one page, one branch of the triage, one packet text."""

    slug: str
    desk: str
    also_when: tuple[Condition, ...] = ()
    questions: tuple[str, ...]
    steps: tuple[OfferedStep, ...]
    evidence: tuple[str, ...]
    faq: tuple[str, ...]
    related: tuple[str, ...]
    title: Words
    patient: Words
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


class Page(Record):
    """A page that only shows words."""

    title: Words
    lead: Words
    description: Words
    sections: tuple[Section, ...] = ()

    def section(self, section_id: str) -> Section:
        """The section with this id. Raises KeyError."""
        return {section.id: section for section in self.sections}[section_id]


class SiteWords(Record):
    """Lines that stand on every page."""

    name: Words
    tagline: Words
    emergency_title: Words
    emergency: Words
    scam_title: Words
    scam: Words
    trademark: Words


class CallWords(Record):
    """The phone script, as a conversation."""

    opening: Sentences
    identity: Sentences
    told: Words
    tried: Words
    refuse: Sentences
    write_down: Sentences
    close: Sentences
    for_whom: dict[str, Words]


class EmailWords(Record):
    """The frame of the e-mail text."""

    subject: Words
    greeting: Words
    closing: Words
    note: Words


class PacketWords(Record):
    """The words of the packet that are not answers."""

    title: Words
    sheets: dict[str, Words]
    labels: dict[str, Words]
    results: dict[str, Words]
    results_to_do: dict[str, Words]
    never_ask: Sentences
    have_ready: Sentences
    blank_line_note: Words
    call: CallWords
    email: EmailWords
    spelling: dict[str, Words]


@dataclass(frozen=True)
class Catalog:
    """All content in one language for one health system. Mappings keep the order of the content files."""

    language: str
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


def load(language: str = "en", organization: Organization | None = None, content: Path = CONTENT) -> Catalog:
    """Everything in `language`, in the words that fit `organization`. Raises ContentError listing every fault."""
    catalog = _Loader(content, language, organization or Organization()).catalog()
    if faults := list(_dangling(catalog)):
        raise ContentError(*faults)
    return catalog


class _Loader:
    """Reads one language's files with one health system's facts."""

    def __init__(self, content: Path, language: str, organization: Organization) -> None:
        self.rules = content / "rules"
        self.words = content / language
        self.language = language
        self.organization = organization
        self.context = {"facts": organization.facts(), "fact_names": tuple(FACTS)}

    def catalog(self) -> Catalog:
        desks = self._desks()
        faq_table = read_toml(self.words / "faq.toml")
        return Catalog(
            language=self.language,
            groups=self._groups(),
            questions=self._questions(),
            steps=self._steps(),
            problems=self._problems(desks),
            verdicts=self._each(Verdict, "verdicts.toml"),
            reasons=self._sentences("reasons.toml"),
            flags=self._sentences("flags.toml"),
            desks=desks,
            needs=self._each(Need, "needs.toml"),
            tags=self._sentences("tags.toml"),
            faq={faq.id: faq for faq in self._list(Faq, faq_table.get("faq", []), "faq.toml")},
            faq_groups=self._strings(faq_table.get("groups", {}), "faq.toml"),
            checklist=tuple(read_toml(self.rules / "checklist.toml")["steps"]),
            pages=self._pages(),
            site=self._record(SiteWords, read_toml(self.words / "site.toml"), "site.toml"),
            packet=self._record(PacketWords, read_toml(self.words / "packet.toml"), "packet.toml"),
        )

    def _record(self, kind: Any, table: object, where: str) -> Any:
        return parse(kind, table, f"{self.words.name}/{where}", self.context)

    def _each(self, kind: Any, name: str) -> dict[str, Any]:
        tables = read_toml(self.words / name)
        return {key: self._record(kind, {"id": key} | table, f"{name}: {key}") for key, table in tables.items()}

    def _list(self, kind: Any, tables: Iterable[Table], name: str) -> list[Any]:
        return [self._record(kind, table, f"{name}: {table.get('id', '?')}") for table in tables]

    def _sentences(self, name: str) -> dict[str, str]:
        return self._strings(read_toml(self.words / name), name)

    def _strings(self, table: Table, name: str) -> dict[str, str]:
        class Strings(Record):
            words: dict[str, Words]

        strings: dict[str, str] = self._record(Strings, {"words": table}, name).words
        return strings

    def _words_for(self, name: str, ids: Iterable[str], table: Table) -> Table:
        """`table`, once it has words for exactly these ids."""
        wanted, given = set(ids), set(table)
        faults = [f"{self.words.name}/{name}: {key}: has no words; add this table" for key in sorted(wanted - given)]
        faults += [f"{self.words.name}/{name}: {key}: no rule has this id; remove it" for key in sorted(given - wanted)]
        if faults:
            raise ContentError(*faults)
        return table

    def _groups(self) -> tuple[SymptomGroup, ...]:
        rules = read_toml(self.rules / "symptoms.toml")["group"]
        file = read_toml(self.words / "symptoms.toml")
        ids = [symptom["id"] for group in rules for symptom in group["symptoms"]]
        words = self._words_for("symptoms.toml", ids, file["symptoms"])
        titles = self._words_for("symptoms.toml", [group["id"] for group in rules], file["groups"])
        joined = [
            {
                "id": group["id"],
                "title": titles[group["id"]],
                "symptoms": [symptom | words[symptom["id"]] for symptom in group["symptoms"]],
            }
            for group in rules
        ]
        return tuple(self._list(SymptomGroup, joined, "symptoms.toml"))

    def _questions(self) -> dict[str, Question]:
        rules = read_toml(self.rules / "questions.toml")["question"]
        words = self._words_for(
            "questions.toml", [rule["id"] for rule in rules], read_toml(self.words / "questions.toml")
        )
        joined = [self._question(rule, dict(words[rule["id"]])) for rule in rules]
        return {question.id: question for question in self._list(Question, joined, "questions.toml")}

    def _question(self, rule: Table, words: Table) -> Table:
        labels, packet = words.pop("choices", {}), words.pop("packet", {})
        ids = rule.get("choices", [])
        self._words_for(f"questions.toml: {rule['id']}.choices", ids, labels)
        choices = [{"id": key, "label": labels[key], "packet": packet.get(key, labels[key])} for key in ids]
        return rule | words | {"choices": choices}

    def _steps(self) -> dict[str, Step]:
        rules = read_toml(self.rules / "steps.toml")["step"]
        words = self._words_for("steps.toml", rules, read_toml(self.words / "steps.toml"))
        joined = [{"id": key, "tags": tags} | words[key] for key, tags in rules.items()]
        return {step.id: step for step in self._list(Step, joined, "steps.toml")}

    def _problems(self, desks: Mapping[str, DeskWords]) -> dict[str, Problem]:
        moved = {slug: desk for desk in desks for slug in self.organization.desk(desk).handles}
        symptoms = [
            symptom for group in read_toml(self.rules / "symptoms.toml")["group"] for symptom in group["symptoms"]
        ]
        slugs = list(dict.fromkeys(symptom["problem"] for symptom in symptoms))
        self._words_for("problems", slugs, {path.stem: path for path in (self.words / "problems").glob("*.toml")})
        if unknown := sorted(set(moved) - set(slugs)):
            raise ContentError(*(f"fact sheet: handles: there is no problem called {slug}" for slug in unknown))
        return {slug: self._problem(slug, moved.get(slug)) for slug in slugs}

    def _problem(self, slug: str, moved_to: str | None) -> Problem:
        rules = read_toml(self.rules / "problems" / f"{slug}.toml")
        rules["steps"] = [{"id": step} if isinstance(step, str) else step for step in rules["steps"]]
        rules["desk"] = moved_to or rules["desk"]
        words = read_toml(self.words / "problems" / f"{slug}.toml")
        problem: Problem = self._record(Problem, {"slug": slug} | rules | words, f"problems/{slug}.toml")
        return problem

    def _desks(self) -> dict[str, DeskWords]:
        ids = read_toml(self.rules / "desks.toml")["desks"]
        self._words_for("desks.toml", ids, read_toml(self.words / "desks.toml"))
        words = self._each(DeskWords, "desks.toml")
        return {key: words[key] for key in ids}

    def _pages(self) -> dict[str, Page]:
        paths = sorted((self.words / "pages").glob("*.toml"))
        return {path.stem: self._record(Page, read_toml(path), f"pages/{path.name}") for path in paths}


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
            yield from _bad_condition(catalog, condition, where)
    for question in catalog.questions.values():
        yield from _bad_condition(catalog, question.when, f"rules/questions.toml: {question.id}")
        if question.exclusive and not question.choice(question.exclusive):
            yield f"rules/questions.toml: {question.id}: exclusive: there is no choice {question.exclusive}"
    for step_id in catalog.checklist:
        if step_id not in catalog.steps:
            yield f"rules/checklist.toml: there is no step called {step_id}"
    for faq in catalog.faq.values():
        if faq.group not in catalog.faq_groups:
            yield f"faq.toml: {faq.id}: there is no group called {faq.group}"


def _bad_condition(catalog: Catalog, condition: Condition, where: str) -> Iterable[str]:
    for question_id, choice_ids in condition.items():
        question = catalog.questions.get(question_id)
        if not question or question.stage != "triage":
            yield f"{where}: when: there is no coded question called {question_id}"
            continue
        for choice_id in choice_ids:
            if not question.choice(choice_id):
                yield f"{where}: when: {question_id} has no answer called {choice_id}"
