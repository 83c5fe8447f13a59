"""Writes a packet from the answers in a file."""

import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import translation

from helpdesk.loaded import catalog, desk_catalog, languages
from triage.answers import AnswersError
from triage.documents import read_answers, read_details, read_document
from triage.engine import assess
from triage.packet import Packet, assemble
from triage.pdf import TooLongError
from triage.reference import new_reference, read_reference
from triage.renderers import RENDERERS

STANDARD_OUTPUT = Path("-")


class Command(BaseCommand):
    """The packet, from the command line."""

    help = 'Read {"symptoms": [...], "answers": {...}, "tried": {...}, "details": {...}} and write the packet.'

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="a JSON file")
        parser.add_argument("--format", choices=sorted(RENDERERS), required=True)
        parser.add_argument("--output", type=Path, required=True, help="where to write it; - is standard output")
        parser.add_argument("--language", default=settings.LANGUAGE_CODE, help="the patient's, such as es; default: en")
        parser.add_argument("--reference", default="", help="use this reference; default: a new one")
        parser.add_argument("--made-at", default="", help="use this time, such as 2026-11-24T13:05+00:00; default: now")

    def handle(self, **options: Any) -> None:
        try:
            with translation.override(_language(options)):
                content = RENDERERS[options["format"]].render(_packet(options))
            if options["output"] == STANDARD_OUTPUT:
                self.stdout.buffer.write(content)
            else:
                options["output"].write_bytes(content)
        except AnswersError as error:
            raise CommandError(str(error), returncode=2) from None
        except TooLongError as error:
            raise CommandError(f"the packet is too long: {error}", returncode=2) from None
        except OSError as error:
            raise CommandError(f"{options['output']}: cannot be written: {error.strerror}", returncode=2) from None


def _language(options: dict[str, Any]) -> str:
    language: str = options["language"]
    if language not in languages():
        raise AnswersError(f"--language: {language!r} is not one of {', '.join(languages())}")
    return language


def _packet(options: dict[str, Any]) -> Packet:
    document = read_document(options["file"])
    answers = read_answers(catalog(), document)
    assessment = assess(catalog(), answers)
    details = read_details(catalog(), assessment, document).details()
    return assemble(catalog(), desk_catalog(), assessment, details, _made_at(options), _reference(options))


def _reference(options: dict[str, Any]) -> str:
    if not options["reference"]:
        return new_reference()
    reference = read_reference(options["reference"])
    if not reference:
        raise AnswersError(f"--reference: {options['reference']!r} is not a reference of ours; check each character")
    return reference


def _made_at(options: dict[str, Any]) -> datetime.datetime:
    if not options["made_at"]:
        return datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    try:
        made_at = datetime.datetime.fromisoformat(options["made_at"])
    except ValueError:
        made_at = None
    if not made_at or not made_at.tzinfo:
        raise AnswersError("--made-at: write a time with its zone, such as 2026-11-24T13:05+00:00")
    return made_at
