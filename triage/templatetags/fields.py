"""What our crispy template pack needs to know about a field."""

from django import template
from django.forms import BoundField

register = template.Library()


@register.filter
def error_target(field: BoundField) -> str:
    """The id of the input to mend: the one that the first error names (its code), or the field's first."""
    inputs = [widget.id_for_label for widget in field.subwidgets]
    codes = [error.code for error in field.errors.as_data()]
    parts = getattr(field.field.widget, "parts", ())
    wrong = next((target for part, target in zip(parts, inputs, strict=False) if part in codes), None)
    return wrong or inputs[0] or field.id_for_label
