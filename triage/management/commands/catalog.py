"""Prints ids, labels and choices as JSON."""

import json
from typing import Any

from django.core.management.base import BaseCommand

from helpdesk.catalog import Catalog, Question
from helpdesk.loaded import catalog
from triage.answers import RESULTS
from triage.engine import GRAVITY


class Command(BaseCommand):
    """What `assess` and `packet` understand, for content authors and integrators."""

    help = "Print every symptom, question, choice, step, problem, verdict, reason, flag, need and desk, by id, as JSON."

    def handle(self, **options: Any) -> None:
        self.stdout.write(json.dumps(_as_data(catalog()), ensure_ascii=False, indent=2))


def _as_data(shown: Catalog) -> dict[str, Any]:
    return {
        "language": shown.language.code,
        "symptoms": {key: {"label": item.label, "problem": item.problem} for key, item in shown.symptoms.items()},
        "questions": {key: _question(question) for key, question in shown.questions.items()},
        "steps": {key: {"label": step.title, "tags": sorted(step.tags)} for key, step in shown.steps.items()},
        "results": list(RESULTS),
        "problems": {key: {"label": item.title, "desk": item.desk} for key, item in shown.problems.items()},
        "verdicts": {verdict: {"label": shown.verdicts[verdict].title} for verdict in GRAVITY},
        "reasons": dict(shown.reasons),
        "flags": dict(shown.flags),
        "needs": {key: {"label": need.title} for key, need in shown.needs.items()},
        "desks": {key: {"label": desk.name} for key, desk in shown.desks.items()},
    }


def _question(question: Question) -> dict[str, Any]:
    data: dict[str, Any] = {"label": question.label, "stage": question.stage, "kind": question.kind}
    data["sheet"] = question.sheet
    if question.choices:
        data["choices"] = {choice.id: choice.label for choice in question.choices}
    return data
