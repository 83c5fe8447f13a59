"""Writes the pages that a proxy shows by itself, where the site cannot or need not answer."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.template.loader import render_to_string

from helpdesk.catalog import Catalog, Page
from helpdesk.loaded import catalog_in, languages, organization


class Command(BaseCommand):
    """Static files must have been collected: the pages name the stylesheet by its content."""

    help = "Write unavailable.html and too-large.html, in all languages, for a proxy to show by itself."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="where to write them; made if it is not there")

    def handle(self, *, folder: Path, **_: Any) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for name, page in (("unavailable", _unavailable), ("too-large", _too_large)):
            parts = [{"catalog": words, **page(words)} for words in _catalogs()]
            html = render_to_string("helpdesk/proxy.html", {"parts": parts, "organization": organization()})
            (folder / f"{name}.html").write_text(html, encoding="utf-8")


def _catalogs() -> Iterable[Catalog]:
    return [catalog_in(language) for language in languages()]


def _unavailable(words: Catalog) -> dict[str, object]:
    page: Page = words.pages["unavailable"]
    return {"title": page.title, "lead": page.lead, "sections": page.sections}


def _too_large(words: Catalog) -> dict[str, object]:
    refused = words.interface["refused"]
    return {"title": refused["title"], "lead": refused["lead"], "sections": [{"text": [refused["what_to_do"]]}]}
