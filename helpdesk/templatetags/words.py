"""Template filters for facts that must read the same in every direction of writing."""

import re

from django import template
from django.forms import BoundField
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
def error_target(field: BoundField) -> str:
    """The id of the input to mend: the one that the first error names (its code), or the field's first."""
    inputs = [widget.id_for_label for widget in field.subwidgets]
    codes = [error.code for error in field.errors.as_data()]
    parts = getattr(field.field.widget, "parts", ())
    wrong = next((target for part, target in zip(parts, inputs, strict=False) if part in codes), None)
    return wrong or inputs[0] or field.id_for_label
