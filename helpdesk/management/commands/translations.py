"""Shows a translator what to do, and keeps on record what was done."""

import datetime
from argparse import RawDescriptionHelpFormatter
from collections.abc import Collection, Iterable
from fnmatch import fnmatchcase
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from helpdesk import catalog, organization, translations
from helpdesk.languages import SOURCE, codes
from helpdesk.records import ContentError
from helpdesk.translations import Translation

DESCRIPTION = """\
Show what is missing, what changed in English since, and what no person has reviewed.

  manage.py translations                            every language
  manage.py translations es                         one
  manage.py translations es --record 'steps.toml: *'                    these now translate the English as it stands
  manage.py translations es --review 'faq.toml: *' --by 'Ana Ruiz'      a person has read these against the English

An entry is named as this command prints it, such as 'steps.toml: check-address.do'; * stands for anything.
The exit status is 1 where something is missing or out of date.
"""


class Command(BaseCommand):
    """For translators and reviewers; docs/translations.md tells the whole way."""

    # It is there to say what the checks would only refuse.
    requires_system_checks = ()

    def create_parser(self, *arguments: Any, **options: Any) -> CommandParser:
        parser = super().create_parser(*arguments, formatter_class=RawDescriptionHelpFormatter, **options)
        parser.description = DESCRIPTION
        return parser

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("language", nargs="?", default="", help="its code, such as es; default: every language")
        parser.add_argument("--record", metavar="ENTRY", nargs="+", default=[], help="take as translated")
        parser.add_argument("--review", metavar="ENTRY", nargs="+", default=[], help="take as reviewed; needs --by")
        parser.add_argument("--by", default="", help="the name of the person who reviewed")

    def handle(self, **options: Any) -> None:
        try:
            chosen = _chosen(options["language"])
            if options["record"] or options["review"]:
                self._keep(chosen, options)
            else:
                self._show_all(chosen)
        except ContentError as error:
            raise CommandError(str(error), returncode=2) from None

    def _show_all(self, chosen: Iterable[str]) -> None:
        to_do = [language for language in chosen if not self._show(language)]
        if to_do:
            raise CommandError(f"There is something to translate: {', '.join(to_do)}", returncode=1)

    def _keep(self, chosen: Collection[str], options: dict[str, Any]) -> None:
        if len(chosen) != 1 or not options["language"]:
            raise CommandError("Name the language first, such as: translations es --record ...", returncode=2)
        if options["review"] and not options["by"].strip():
            raise CommandError("Say who reviewed it: --by 'Ana Ruiz'", returncode=2)
        translation = translations.load(settings.WAYIN_CONTENT, options["language"])
        named = _matching(translation, options["record"])
        reviewed = _matching(translation, options["review"])
        if reviewed:
            today = datetime.datetime.now(datetime.UTC).date()
            translation = translation.reviewed(reviewed, options["by"].strip(), today)
        translations.save(settings.WAYIN_CONTENT, translation.recorded(named) if named else translation)
        self.stdout.write(f"{len({*named, *reviewed})} entries recorded, {len(reviewed)} of them as reviewed.")

    def _show(self, language: str) -> bool:
        """Prints what there is to do; whether that is nothing but reviewing."""
        translation = translations.load(settings.WAYIN_CONTENT, language)
        faults, stale, new = _faults(language), translation.stale(), translation.unrecorded()
        changed = (_beside(translation, name) for name in stale if name not in new)
        self.stdout.write(f"{language}: {len(translation.source)} entries")
        self._list("to translate or to mend", faults)
        self._list(f"to look at again, since the {SOURCE} words changed", changed)
        self._list("to record, once they are translated", _counts(new))
        self._list(f"still the same as in {SOURCE}", _counts(translation.untranslated()))
        self._list("to add to the fact sheet, which has no words in this language", _missing_facts(language))
        self._list("to review by a person", _counts(translation.unreviewed()))
        return not faults and not stale

    def _list(self, what: str, lines: Iterable[str]) -> None:
        if shown := list(lines):
            self.stdout.write(f"\n{what}:")
            for line in shown:
                self.stdout.write(f"  {line}")


def _chosen(language: str) -> tuple[str, ...]:
    others = tuple(code for code in codes(settings.WAYIN_CONTENT) if code != SOURCE)
    if language and language not in others:
        there = ", ".join(others) or "none"
        raise ContentError(f"{language}: there is no such folder with a language.toml; there are {there}")
    return (language,) if language else others


def _faults(language: str) -> tuple[str, ...]:
    """Everything for which the site would not start in this language."""
    try:
        catalog.load(language, organization.load(settings.WAYIN_ORGANIZATION), settings.WAYIN_CONTENT)
    except ContentError as error:
        return error.faults
    return ()


def _matching(translation: Translation, patterns: Iterable[str]) -> list[str]:
    """The entries that the patterns name. Raises ContentError for one that names none, so that no slip goes unseen."""
    found: list[str] = []
    for pattern in patterns:
        names = [name for name in translation.source if name in translation.words and fnmatchcase(name, pattern)]
        if not names:
            raise ContentError(f"{pattern}: there is no such entry")
        found += names
    return found


def _beside(translation: Translation, name: str) -> str:
    source, words = (entries[name] for entries in (translation.source, translation.words))
    return f"{name}\n    {SOURCE}: {source}\n    {translation.language}: {words}"


def _counts(names: Iterable[str]) -> Iterable[str]:
    """How many in each file: a list of all would be of no use."""
    files = [name.partition(": ")[0] for name in names]
    return (f"{file}: {files.count(file)}" for file in dict.fromkeys(files))


def _missing_facts(language: str) -> Iterable[str]:
    facts = organization.load(settings.WAYIN_ORGANIZATION)
    return (where for where, text in facts.texts() if text and language not in text)
