"""PURE. The coded answers: what travels in the address, and how it is read.

Coded answers say which symptom, which choice and which step was tried. They hold nothing that a patient typed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from helpdesk.catalog import Catalog, Question

RESULTS = ("worked", "no-help", "not-tried")
LONELY_SYMPTOM = "none-of-these"
SYMPTOM_KEY = "symptom"
STEP_PREFIX = "step-"

Pairs = list[tuple[str, str]]


class AnswersError(Exception):
    """Answers that name something that the catalog does not have."""


@dataclass(frozen=True)
class Answers:
    """symptoms: ids; answers: question id -> choice ids; tried: step id -> one of RESULTS."""

    symptoms: tuple[str, ...] = ()
    answers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tried: Mapping[str, str] = field(default_factory=dict)

    def pairs(self) -> Pairs:
        """As name and value pairs, for an address or for hidden fields, in an order that is always the same."""
        chosen = [(SYMPTOM_KEY, symptom) for symptom in self.symptoms]
        chosen += [(question, choice) for question, choices in self.answers.items() for choice in choices]
        return chosen + [(STEP_PREFIX + step, result) for step, result in self.tried.items()]


def from_pairs(catalog: Catalog, pairs: Iterable[tuple[str, str]]) -> tuple[Answers, bool]:
    """The answers in an address, and whether anything in it had to be dropped because the catalog has no such id.

    Names that do not belong to coded answers at all are left alone and do not count as dropped.
    """
    symptoms: list[str] = []
    answers: dict[str, list[str]] = {}
    tried: dict[str, str] = {}
    dropped = False
    coded = {question.id for question in catalog.triage_questions}
    for name, value in pairs:
        if name == SYMPTOM_KEY and value in catalog.symptoms:
            symptoms.append(value)
        elif name in coded and catalog.questions[name].choice(value):
            answers.setdefault(name, []).append(value)
        elif name.startswith(STEP_PREFIX) and _is_result(catalog, name, value):
            tried[name.removeprefix(STEP_PREFIX)] = value
        elif name == SYMPTOM_KEY or name in coded or name.startswith(STEP_PREFIX):
            dropped = True
    return _in_order(catalog, symptoms, answers, tried), dropped


def from_json(catalog: Catalog, document: object) -> Answers:
    """The answers in a JSON document. Raises AnswersError, in one line, for anything unknown or of a wrong type."""
    if not isinstance(document, dict):
        raise AnswersError('write an object: {"symptoms": [...], "answers": {...}, "tried": {...}}')
    symptoms = _strings("symptoms", document.get("symptoms", []))
    for symptom in symptoms:
        if symptom not in catalog.symptoms:
            raise AnswersError(f"symptoms: there is no symptom {symptom!r}")
    answers = {
        key: list(_choices(catalog, key, value)) for key, value in _object("answers", document.get("answers", {}))
    }
    tried = dict(_object("tried", document.get("tried", {})))
    for step, result in tried.items():
        if step not in catalog.steps:
            raise AnswersError(f"tried: there is no step {step!r}")
        if result not in RESULTS:
            raise AnswersError(f"tried: {step}: write one of {', '.join(RESULTS)}, not {result!r}")
    return _in_order(catalog, symptoms, answers, tried)


def _is_result(catalog: Catalog, name: str, value: str) -> bool:
    return name.removeprefix(STEP_PREFIX) in catalog.steps and value in RESULTS


def _strings(where: str, value: object) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise AnswersError(f"{where}: write a list of ids")
    return value


def _object(where: str, value: object) -> Iterable[tuple[str, object]]:
    if not isinstance(value, dict):
        raise AnswersError(f"{where}: write an object")
    return value.items()


def _choices(catalog: Catalog, key: str, value: object) -> list[str]:
    question = catalog.questions.get(key)
    if not question or question.stage != "triage":
        raise AnswersError(f"answers: there is no coded question {key!r}")
    choices = [value] if isinstance(value, str) else _strings(f"answers: {key}", value)
    for choice in choices:
        if not question.choice(choice):
            raise AnswersError(f"answers: {key}: there is no choice {choice!r}")
    if question.kind == "choice" and len(choices) != 1:
        raise AnswersError(f"answers: {key}: write one choice")
    return choices


def _in_order(
    catalog: Catalog, symptoms: list[str], answers: dict[str, list[str]], tried: Mapping[str, object]
) -> Answers:
    """The same answers whatever order, doubles or contradictions they came with."""
    ticked = tuple(symptom for symptom in catalog.symptoms if symptom in symptoms)
    if len(ticked) > 1:
        ticked = tuple(symptom for symptom in ticked if symptom != LONELY_SYMPTOM)
    chosen = {
        question.id: _chosen(question, answers[question.id])
        for question in catalog.triage_questions
        if answers.get(question.id)
    }
    results = {step: str(tried[step]) for step in catalog.steps if step in tried}
    return Answers(ticked, chosen, results)


def _chosen(question: Question, choices: list[str]) -> tuple[str, ...]:
    if question.kind == "choice":
        return (choices[-1],)
    ticked = tuple(choice.id for choice in question.choices if choice.id in choices)
    return tuple(choice for choice in ticked if choice != question.exclusive) or ticked
