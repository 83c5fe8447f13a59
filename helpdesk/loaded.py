"""This process's fact sheet and catalogs: read once, then shared by all requests. All are frozen."""

from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language

from helpdesk import catalog as catalogs
from helpdesk import languages as all_languages
from helpdesk import organization as organizations
from helpdesk.catalog import Catalog
from helpdesk.languages import Language
from helpdesk.organization import Organization
from helpdesk.records import ContentError


@lru_cache(maxsize=1)
def languages() -> Mapping[str, Language]:
    """The languages of the site by code, the source first. Raises ContentError."""
    return all_languages.load(settings.WAYIN_CONTENT)


@lru_cache(maxsize=1)
def organization() -> Organization:
    """The fact sheet of the health system that runs this site. Raises ContentError."""
    return organizations.load(settings.WAYIN_ORGANIZATION)


def catalog() -> Catalog:
    """All content in the language of this request, in the words that fit the fact sheet. Raises ContentError."""
    return catalog_in(get_language() or settings.LANGUAGE_CODE)


def desk_catalog() -> Catalog:
    """The same in the language that the desks read. Raises ContentError."""
    language = organization().language
    if language not in languages():
        offered = ", ".join(languages())
        raise ContentError(f"fact sheet: language: there are no words in {language!r}; write one of {offered}")
    return catalog_in(language)


@cache
def catalog_in(language: str) -> Catalog:
    """The same in this language, one of `languages()`."""
    return catalogs.load(language, organization(), settings.WAYIN_CONTENT)


def forget() -> None:
    """Reads everything anew when it is next asked for. For tests, which change what there is to read."""
    for read in (languages, organization, catalog_in):
        read.cache_clear()


def say(key: str, **fields: object) -> str:
    """The words at `table.key` of interface.toml, with the fields filled in. Raises ContentError for other keys."""
    table, _, name = key.partition(".")
    return catalog().interface[table][name].format_map(fields)


def context(request: HttpRequest) -> dict[str, Any]:
    """What every template may use."""
    shown = catalog()
    return {
        "catalog": shown,
        "language": shown.language,
        "site": shown.site,
        "say": shown.interface,
        "organization": organization(),
    }
