"""Template filters for words and facts that must read the same in every direction and every rendering."""

import re
import unicodedata

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def ltr(value: object) -> SafeString:
    """A phone number, reference, address or date, kept in its own order inside text of any direction."""
    return format_html('<bdi dir="ltr">{}</bdi>', value)


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
