"""Prints the FHIR Questionnaire."""

from typing import Any

from django.core.management.base import BaseCommand

from triage.renderers import questionnaire


class Command(BaseCommand):
    """What the site serves at /packet/questionnaire.json."""

    help = "Print the FHIR R4 Questionnaire that packets answer, as JSON."

    def handle(self, **options: Any) -> None:
        self.stdout.write(questionnaire().decode(), ending="")
