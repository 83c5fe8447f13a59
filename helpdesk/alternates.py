"""The page at hand in the other languages: where it is, and which of them the browser asks for."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.encoding import escape_uri_path, iri_to_uri
from django.utils.http import escape_leading_slashes
from django.utils.translation.trans_real import parse_accept_lang_header

from helpdesk.catalog import Catalog
from helpdesk.languages import Language
from helpdesk.loaded import catalog, catalog_in, languages


@dataclass(frozen=True)
class Alternate:
    """This page in another language.

    catalog   the words of that language
    address   with the coded answers
    offered   the browser prefers this language to the one at hand
    """

    language: Language
    catalog: Catalog
    address: str
    offered: bool


def language_of(path: str) -> str:
    """The language of the page at this path: the one that it begins with, or else the source language."""
    return _first(path) if _has_prefix(path) else settings.LANGUAGE_CODE


def path_in(language: str, path: str) -> str:
    """The path of the same page in this language."""
    bare = path.removeprefix(f"/{language_of(path)}") if _has_prefix(path) else path
    return bare if language == settings.LANGUAGE_CODE else f"/{language}{bare}"


def alternates(request: HttpRequest, path: str = "", query: str | None = None, prefer: str = "") -> list[Alternate]:
    """The other languages of this page, or of the page at `path` with the coded answers in `query`.

    `prefer` is the language to offer where that is not for the browser to say.
    """
    path = path or request.path_info
    # As it came: a page that says that an address cannot be read must not read it.
    query = iri_to_uri(request.META.get("QUERY_STRING", "")) if query is None else query
    return list(
        _alternates(path, query, prefer or preferred(request.path_info, request.headers.get("Accept-Language", "")))
    )


def context(request: HttpRequest) -> dict[str, Any]:
    """What the language switch shows, and where search engines find this page in each language."""
    # What is not there at all is not there in any language.
    codes = languages() if request.resolver_match else ()
    return {
        "alternates": alternates(request),
        "paths": [(code, _written(path_in(code, request.path_info))) for code in codes],
        "site_address": settings.WAYIN_ADDRESS,
    }


def _alternates(path: str, query: str, preferred: str) -> Iterable[Alternate]:
    for code, language in languages().items():
        if code != catalog().language.code:
            there = _written(path_in(code, path))
            address = f"{there}?{query}" if query else there
            yield Alternate(language, catalog_in(code), address, offered=code == preferred)


def _written(path: str) -> str:
    """The path as a link has it. Whatever it holds, it must not lead off the site: //elsewhere.example/ would."""
    return escape_leading_slashes(escape_uri_path(path))


def preferred(path: str, accepted: str) -> str:
    """The language to offer on this page to a browser that accepts these (Accept-Language); empty for none.

    Whoever is under a prefix has chosen already, and is not asked again.
    """
    if _has_prefix(path):
        return ""
    # A weight of 0 means: anything but this.
    wished = (code for code, weight in parse_accept_lang_header(accepted[:200].lower()) if weight)
    known = next((offer for code in wished if (offer := _nearest(code))), "")
    return "" if known == settings.LANGUAGE_CODE else known


def _nearest(code: str) -> str:
    """The language of ours that is the one wished for, or a wider or other form of it: es for es-mx."""
    parts = code.split("-")
    wider = ("-".join(parts[:length]) for length in range(len(parts), 0, -1))
    same = (offer for offer in languages() if offer.partition("-")[0] == parts[0])
    return next((offer for offer in wider if offer in languages()), "") or next(same, "")


def _has_prefix(path: str) -> bool:
    return _first(path) in languages()


def _first(path: str) -> str:
    """What stands between the first two slashes. A path may have none: OPTIONS * is a request too."""
    return path.partition("/")[2].partition("/")[0]
