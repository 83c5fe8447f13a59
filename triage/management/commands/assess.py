"""Prints what follows from the answers in a file."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from helpdesk.loaded import catalog
from triage.answers import AnswersError
from triage.documents import read_answers, read_details, read_document
from triage.engine import Assessment, assess, next_question


class Command(BaseCommand):
    """The engine, from the command line."""

    help = "Read a request (see `packet --help`) and print what follows from it, as JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="a JSON file")

    def handle(self, **options: Any) -> None:
        try:
            document = read_document(options["file"])
            answers = read_answers(catalog(), document)
            assessment = assess(catalog(), answers)
            read_details(catalog(), assessment, document)
        except AnswersError as error:
            raise CommandError(str(error), returncode=2) from None
        question = next_question(catalog(), answers)
        data = _as_data(assessment) | {"next_question": question.id if question else None}
        self.stdout.write(json.dumps(data, ensure_ascii=False, indent=2))


def _as_data(assessment: Assessment) -> dict[str, Any]:
    return {
        "verdict": assessment.verdict,
        "reasons": list(assessment.reasons),
        "problems": [problem.slug for problem in assessment.problems],
        "steps": [step.id for step in assessment.steps],
        "evidence": [question.id for question in assessment.evidence],
        "desk": assessment.desks[0],
        "desks": list(assessment.desks),
        "needs": list(assessment.needs),
        "flags": list(assessment.flags),
        "solved": assessment.solved,
    }
