"""What our templates need to know about a field, and empty forms about the desk's words for it."""

from collections.abc import Mapping

from django import template
from django.forms import BoundField
from django.forms.utils import flatatt
from django.utils.html import format_html
from django.utils.safestring import SafeString

from helpdesk.catalog import Catalog, Choice, Question, Step, Symptom
from triage.forms import TriedForm

register = template.Library()


@register.filter
def error_target(field: BoundField) -> str:
    """The id of the input to mend: the one that the first error names (its code), or the field's first."""
    inputs = [widget.id_for_label for widget in field.subwidgets]
    codes = [error.code for error in field.errors.as_data()]
    parts = getattr(field.field.widget, "parts", ())
    wrong = next((target for part, target in zip(parts, inputs, strict=False) if part in codes), None)
    return wrong or inputs[0] or field.id_for_label


@register.filter
def blank(field: BoundField) -> tuple[str, bool] | None:
    """What a field of the details is known by to `once`, or None: there is something in it, or wrong with it."""
    return None if field.form.is_bound or field.initial else (field.name, field.form.for_self)


@register.filter
def written(attributes: Mapping[str, object]) -> SafeString:
    """The attributes of an input, as they stand in its tag. Django's own templates take ten times as long."""
    return flatatt(attributes)


@register.simple_tag
def what_came_of(step: Step, result: str) -> BoundField:
    """The field for what came of a step, with what was said already (one of answers.RESULTS, or empty)."""
    form = TriedForm(step, result)
    return form[form.name]


@register.simple_tag
def gloss(desk: Catalog | None, record: Question | Symptom | Step, choice: Choice | None = None) -> SafeString | str:
    """The same line in the desk's words, for an agent who gets a form that was filled in by hand in another language.

    `desk` is the desk's catalog, or None where it reads the patient's language.
    """
    if not desk:
        return ""
    if isinstance(record, Step):
        words = desk.steps[record.id].title
    elif isinstance(record, Symptom):
        words = desk.symptoms[record.id].packet
    else:
        theirs = desk.questions[record.id]
        words = next(own.packet for own in theirs.choices if own.id == choice.id) if choice else theirs.short
    language = desk.language
    return format_html('<span class="gloss" lang="{}" dir="{}">{}</span>', language.code, language.direction, words)
