"""Template filters for words and facts that must read the same in every direction and every rendering."""

import datetime
import re
import unicodedata
from collections.abc import Mapping

from django import template
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString

from helpdesk import organization
from helpdesk.catalog import Interface
from helpdesk.languages import Language
from helpdesk.loaded import catalog

register = template.Library()


@register.simple_tag(takes_context=True)
def fill(context: template.Context, words: str, **fields: object) -> str:
    """The words with their {fields} filled in, so that a translator can put each where the language wants it."""
    return format_html(escape(words), **fields) if context.autoescape else words.format_map(fields)


@register.simple_tag
def interface() -> Interface:
    """What `say` is elsewhere, for templates that crispy-forms renders: it hands them nothing but the form."""
    return catalog().interface


@register.filter
def said(text: Mapping[str, str], language: Language) -> SafeString:
    """The health system's own words in this language, or else in the one that they are in, marked as such."""
    words, code = organization.said(text, language.code)
    if code in ("", language.code):
        return escape(words)
    return format_html('<span lang="{}" dir="{}">{}</span>', code, direction(words), words)


@register.filter
def said_plainly(text: Mapping[str, str], language: Language) -> str:
    """The same without a mark, for a text that is no HTML."""
    return organization.said(text, language.code)[0]


@register.filter
def clock(time: datetime.time, language: Language) -> SafeString:
    """A time of the day as this language writes it, in its own order."""
    return format_html("<bdi>{}</bdi>", language.time(time))


@register.filter
def day(date: datetime.date, language: Language) -> str:
    """A date in the words of this language."""
    return language.date(date)


@register.filter
def city(time_zone: str, language: Language) -> str:
    """The city whose clock a desk goes by."""
    return language.city(time_zone)


@register.filter
def isolated(value: str, language: Language) -> str:
    """A number or address in a text that is no HTML, kept in its own order."""
    return language.isolate(value)


@register.filter
def ltr(value: object) -> SafeString:
    """A phone number, reference, address or date, kept in its own order inside text of any direction."""
    return format_html('<bdi dir="ltr">{}</bdi>', value)


@register.filter
def reference(value: str) -> SafeString:
    """The reference of a request, made to stand out wherever a sentence has it."""
    return format_html('<strong class="reference">{}</strong>', ltr(value))


@register.filter
def phone_link(number: str) -> SafeString:
    """A phone number that a phone can dial.

    The link stands inside: WeasyPrint tags a link in a PDF only where nothing stands inside the link but text.
    """
    return format_html('<bdi dir="ltr"><a href="tel:{}">{}</a></bdi>', re.sub(r"[^0-9+]", "", number), number)


@register.filter
def web_link(address: str) -> SafeString:
    """An address from the fact sheet, shown whole: people should see where a link goes."""
    return format_html('<bdi dir="ltr"><a href="{0}">{0}</a></bdi>', address)


@register.filter
def indented(value: str) -> str:
    """Several lines as one value of a `Field: value` text: lines after the first are set in by two spaces."""
    return value.replace("\n", "\n  ")


@register.filter
def direction(text: str) -> str:
    """ "rtl" where the first letter of the text is one of a script that runs from right to left, else "ltr".

    This is what dir="auto" means in a browser; WeasyPrint does not know it.
    """
    kinds = (unicodedata.bidirectional(character) for character in text)
    return "rtl" if next((kind for kind in kinds if kind in ("L", "R", "AL")), "L") != "L" else "ltr"
