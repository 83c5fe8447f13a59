"""Reads a support request from a JSON document, as content authors and integrators write it.

    {"symptoms": [...], "answers": {...}, "tried": {...}, "details": {...}}

What it holds is checked as if it had been typed into the form.
"""

import json
from pathlib import Path
from typing import Any

from helpdesk.catalog import Catalog, Question
from triage.answers import Answers, AnswersError, from_json
from triage.engine import Assessment
from triage.forms import DetailsForm


def read_document(path: Path) -> dict[str, Any]:
    """The object in the file. Raises AnswersError, in one line, where there is none."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise AnswersError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise AnswersError(f"{path}: is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise AnswersError(f'{path}: write an object: {{"symptoms": [...], "answers": {{...}}, "tried": {{...}}}}')
    return document


def read_answers(catalog: Catalog, document: dict[str, Any]) -> Answers:
    """The coded answers. Raises AnswersError where one is unknown, or where no symptom is given."""
    if unknown := sorted(set(document) - {"symptoms", "answers", "tried", "details"}):
        raise AnswersError(f"there is no key {unknown[0]!r}; the keys are symptoms, answers, tried, details")
    answers = from_json(catalog, document)
    if not answers.symptoms:
        raise AnswersError("symptoms: give at least one")
    return answers


def read_details(catalog: Catalog, assessment: Assessment, document: dict[str, Any]) -> DetailsForm:
    """The typed answers, as a valid form. Raises AnswersError, in one line, with the first fault."""
    details = document.get("details", {})
    if not isinstance(details, dict):
        raise AnswersError("details: write an object")
    known = {question.id: question for question in catalog.details_questions}
    data: dict[str, str] = {}
    for key, value in details.items():
        if key not in known:
            raise AnswersError(f"details: there is no typed question {key!r}")
        if not isinstance(value, str):
            raise AnswersError(f"details: {key}: write a string")
        data |= form_data(known[key], value)
    form = DetailsForm(assessment.evidence, data)
    if not form.is_valid():
        key, errors = next(iter(form.errors.items()))
        raise AnswersError(f"details: {key}: {errors[0]}")
    return form


def form_data(question: Question, value: str) -> dict[str, str]:
    """What a person would type for this answer. A date is written 1950-09-27."""
    if question.kind != "date":
        return {question.id: value}
    year, _, rest = value.partition("-")
    month, _, day = rest.partition("-")
    return {f"{question.id}_year": year, f"{question.id}_month": month, f"{question.id}_day": day}
