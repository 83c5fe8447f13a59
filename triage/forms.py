"""Forms built from the catalog's questions: strings in, clean values out, nothing else."""

import datetime
import re
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils import timezone

from helpdesk.catalog import Catalog, Question, Step, Symptom, SymptomGroup
from helpdesk.loaded import catalog, languages, say
from triage.answers import LONELY_SYMPTOM, RESULTS, STEP_PREFIX, SYMPTOM_KEY
from triage.cleaning import clean_address, clean_line, clean_text, find_secret

HELPER_NAME = "helper-name"
PICTURE = "picture"
OLDEST = datetime.date(1900, 1, 1)
EXAMPLE_PHONE = "555-555-0123"


class SymptomsForm(forms.Form):
    """What the patient sees; at least one, and "none of these" only alone."""

    def __init__(self, catalog: Catalog, data: Any = None, initial: Iterable[str] = ()) -> None:
        super().__init__(data, initial={SYMPTOM_KEY: list(initial)})
        self.catalog = catalog
        self.fields[SYMPTOM_KEY] = forms.MultipleChoiceField(
            label=say("common.what_is_happening"),
            help_text=say("symptoms.hint"),
            choices=[(symptom.id, symptom.label) for symptom in catalog.symptoms.values()],
            widget=forms.CheckboxSelectMultiple,
            error_messages={
                "required": say("symptoms.required"),
                "invalid_choice": say("symptoms.unknown"),
            },
        )

    def groups(self) -> Iterable[tuple[SymptomGroup, list[tuple[Symptom, Any]]]]:
        """The headings, each with its symptoms and their boxes."""
        boxes = {box.data["value"]: box for box in self[SYMPTOM_KEY]}
        return [(group, [(symptom, boxes[symptom.id]) for symptom in group.symptoms]) for group in self.catalog.groups]

    def clean(self) -> dict[str, Any]:
        ticked = self.cleaned_data.get(SYMPTOM_KEY, [])
        if LONELY_SYMPTOM in ticked and len(ticked) > 1:
            self.add_error(SYMPTOM_KEY, say("symptoms.not_both"))
        return self.cleaned_data


class QuestionForm(forms.Form):
    """One coded question."""

    def __init__(self, question: Question, data: Any = None, initial: Iterable[str] = ()) -> None:
        chosen = list(initial)
        several = question.kind == "choices"
        super().__init__(data, initial={question.id: chosen if several else (chosen or [None])[0]})
        self.question = question
        kind = forms.MultipleChoiceField if several else forms.ChoiceField
        self.fields[question.id] = kind(
            label=question.label,
            help_text=question.hint or question.why,
            choices=_choices(question),
            widget=forms.CheckboxSelectMultiple if several else forms.RadioSelect,
            error_messages=dict.fromkeys(("required", "invalid_choice"), say("question.required")),
        )
        self.fields[question.id].why = question.why if question.hint else ""

    def clean(self) -> dict[str, Any]:
        question = self.question
        chosen = self.cleaned_data.get(question.id, [])
        alone = question.choice(question.exclusive)
        if question.kind == "choices" and alone and alone.id in chosen and len(chosen) > 1:
            self.add_error(question.id, say("question.not_both", choice=alone.label))
        return self.cleaned_data


class TriedForm(forms.Form):
    """What came of a step; it may be left open."""

    def __init__(self, step: Step, result: str) -> None:
        self.name = STEP_PREFIX + step.id
        super().__init__(initial={self.name: result})
        self.fields[self.name] = forms.ChoiceField(
            label=say("verdict.what_happened"),
            choices=_results(step),
            widget=forms.RadioSelect,
            required=False,
        )


def _results(step: Step) -> list[tuple[str, str]]:
    """What can come of a step. Some are things to do, and cannot be said to work or not to."""
    if step.may_mend:
        words = (say("verdict.worked"), say("verdict.no_help"), say("verdict.not_tried"))
    else:
        words = (say("verdict.done"), say("verdict.not_done"), say("verdict.not_yet"))
    return list(zip(RESULTS, words, strict=True))


class DetailsForm(forms.Form):
    """The typed questions that this problem's desk needs. Every one may be left open.

    Whatever arrives is cleaned before Django sees it, so that what is shown again, checked, printed and posted
    on is one and the same text.
    """

    def __init__(self, questions: Iterable[Question], data: Any = None, files: Any = None, initial: Any = None) -> None:
        self.questions = tuple(questions)
        super().__init__(None if data is None else _clean_data(self.questions, data), files, initial=initial)
        # A browser fills in what it knows of its owner, who is not the patient where somebody asks for another.
        self.for_self = all(question.id != HELPER_NAME for question in self.questions)
        for question in self.questions:
            self.fields[question.id] = _details_field(question, self.for_self or question.id == HELPER_NAME)
        if self.takes_picture:
            self.fields[PICTURE] = _picture_field()

    @property
    def takes_picture(self) -> bool:
        """A picture is of a message on the screen, so it is asked for only where the exact words are."""
        return any(question.id == "error-words" for question in self.questions)

    def sheet(self, sheet: str) -> list[forms.BoundField]:
        """The fields of sheet "a" or "b"."""
        return [self[question.id] for question in self.questions if question.sheet == sheet]

    def sheet_a(self) -> list[forms.BoundField]:
        """What goes on the sheet that is safe to e-mail."""
        return self.sheet("a")

    def sheet_b(self) -> list[forms.BoundField]:
        """What goes on the private sheet."""
        return self.sheet("b")

    def details(self) -> dict[str, str | datetime.date]:
        """The clean answers by question id, without those left open."""
        cleaned = ((question.id, self.cleaned_data.get(question.id)) for question in self.questions)
        return {key: value for key, value in cleaned if value}

    def pairs(self) -> list[tuple[str, str]]:
        """What was typed, cleaned, as hidden fields that carry it back to us."""
        return [(name, value) for name, value in self.data.items() if value]


class ResumeForm(forms.Form):
    """A packet that is given back."""

    def __init__(self, data: Any = None, files: Any = None) -> None:
        super().__init__(data, files)
        self.fields["packet"] = forms.FileField(
            label=say("resume.file"),
            help_text=say("resume.file_hint"),
            widget=forms.FileInput({"accept": "application/pdf,application/json,.pdf,.json"}),
            error_messages=dict.fromkeys(("required", "empty", "missing", "invalid"), say("resume.choose")),
        )


class LineField(forms.CharField):
    """One line or several, refused where it is too long or seems to hold a secret."""

    def __init__(self, question: Question, **options: Any) -> None:
        super().__init__(required=False, **options)
        self.question = question

    def validate(self, value: str) -> None:
        name, longest = self.question.short, self.question.max
        if len(value) > longest:
            raise forms.ValidationError(say("form.too_long", name=name, longest=longest, count=len(value)))
        if secret := find_secret(value):
            raise forms.ValidationError(say("form.secret", name=name, secret=say(f"secrets.{secret}")))


class PhoneField(LineField):
    """A phone number as the patient writes it, with an extension if need be. We check that it has digits enough."""

    def validate(self, value: str) -> None:
        super().validate(value)
        digits = len(re.sub(r"\D", "", value))
        if value and not 7 <= digits <= 22:
            raise forms.ValidationError(
                say("form.phone", name=self.question.short, example=catalog().language.isolate(EXAMPLE_PHONE))
            )


class EmailField(LineField):
    """An e-mail address, checked only for its shape: something, an @, something with a dot."""

    def validate(self, value: str) -> None:
        super().validate(value)
        if value and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", value):
            raise forms.ValidationError(say("form.email", name=self.question.short))


class DateWidget(forms.MultiWidget):
    """Month, day, year in three plain boxes: people type dates faster than they pick them."""

    template_name = "wayin/date.html"
    use_fieldset = True
    parts = ("month", "day", "year")

    def __init__(self, autocomplete: str = "off") -> None:
        super().__init__({part: forms.TextInput(self._attributes(part, autocomplete)) for part in self.parts})

    @staticmethod
    def _attributes(part: str, autocomplete: str) -> dict[str, str]:
        # A month may be typed as a word, so only the other two ask the phone for its number keys.
        keyboard = {} if part == "month" else {"inputmode": "numeric"}
        return keyboard | {"autocomplete": autocomplete if autocomplete == "off" else f"{autocomplete}-{part}"}

    def decompress(self, value: datetime.date | None) -> list[str]:
        return [str(value.month), str(value.day), str(value.year)] if value else ["", "", ""]

    def subwidgets(self, name: str, value: Any, attrs: Any = None) -> Iterable[dict[str, Any]]:
        """The boxes one by one, so that the error summary can lead to the first of them."""
        yield from self.get_context(name, value, attrs)["widget"]["subwidgets"]

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        labels = (say("date.month"), say("date.day"), say("date.year"))
        for widget, label, part in zip(context["widget"]["subwidgets"], labels, self.parts, strict=True):
            widget.update(label=label, part=part)
        return context


class DateField(forms.Field):
    """A date in the past, from month (a number, or a name such as "Sep"), day and year; or nothing at all."""

    widget = DateWidget

    def __init__(self, question: Question, **options: Any) -> None:
        super().__init__(required=False, **options)
        self.question = question

    def clean(self, value: list[str] | None) -> datetime.date | None:
        parts = [part or "" for part in value or ["", "", ""]]
        if not any(parts):
            return None
        short = self.question.short
        for name, part in zip(DateWidget.parts, parts, strict=True):
            if not part:
                raise _wrong(name, say(f"date.no_{name}", name=short))
        month = _month(parts[0])
        if not month and _is_number(parts[0]):
            raise _wrong("month", say("date.no_such_month", name=short))
        for name, is_number in (("month", month), ("day", _is_number(parts[1])), ("year", _is_number(parts[2]))):
            if not is_number:
                raise _wrong(name, say("date.not_numbers", name=short))
        if len(parts[2]) != 4:
            raise _wrong("year", say("date.short_year", name=short))
        return self._real(int(parts[2]), month or 0, int(parts[1]))

    def _real(self, year: int, month: int, day: int) -> datetime.date:
        short = self.question.short
        try:
            date = datetime.date(year, month, day)
        except ValueError:
            raise _wrong("day", say("date.no_such_day", name=short)) from None
        if date < OLDEST:
            raise _wrong("year", say("date.too_old", name=short))
        if date > timezone.localdate() + datetime.timedelta(days=1):
            raise _wrong("year", say("date.to_come", name=short))
        return date


def _wrong(part: str, why: str) -> forms.ValidationError:
    """The code names the part of a date that is wrong, so that the error summary can lead there."""
    return forms.ValidationError(why, code=part)


def _is_number(typed: str) -> bool:
    return bool(re.fullmatch(r"[0-9]{1,4}", typed))


def _month(typed: str) -> int | None:
    """1 to 12 from "9", "09", "Sep", "sept." or "September", in the page's language or any other of the site."""
    if re.fullmatch(r"[0-9]{1,2}", typed):
        return int(typed) if 1 <= int(typed) <= 12 else None
    numbers = (language.month(typed) for language in (catalog().language, *languages().values()))
    return next(filter(None, numbers), None)


FIELDS = {
    "line": LineField,
    "text": LineField,
    "address": LineField,
    "phone": PhoneField,
    "email": EmailField,
    "date": DateField,
}


def _details_field(question: Question, about_owner: bool) -> forms.Field:
    field = _typed_field(question, {"label": question.label, "help_text": question.hint or question.why})
    field.why = question.why if question.hint else ""
    if question.autocomplete and question.kind == "date":
        field.widget = DateWidget(question.autocomplete if about_owner else "off")
    elif question.autocomplete:
        field.widget.attrs["autocomplete"] = question.autocomplete if about_owner else "off"
    return field


def _typed_field(question: Question, words: dict[str, str]) -> forms.Field:
    if question.kind == "choice":
        error = {"invalid_choice": say("form.choice", name=question.short)}
        return forms.ChoiceField(
            choices=_choices(question),
            widget=forms.RadioSelect,
            required=False,
            error_messages=error,
            **words,
        )
    field = FIELDS[question.kind](question, **words)
    if question.kind == "text":
        field.widget = forms.Textarea({"rows": 4})
    if question.kind == "phone":
        field.widget.attrs |= {"inputmode": "tel"}
    if question.kind == "email":
        field.widget.attrs |= {"inputmode": "email", "autocapitalize": "none", "spellcheck": "false"}
    return field


def _picture_field() -> forms.Field:
    field = forms.FileField(
        label=say("picture.label"),
        help_text=say("picture.hint"),
        required=False,
        widget=forms.FileInput({"accept": "image/png,image/jpeg,image/webp"}),
        error_messages={"empty": say("picture.empty")},
    )
    field.why = say("picture.why")
    return field


def _choices(question: Question) -> list[tuple[str, str]]:
    return [(choice.id, choice.label) for choice in question.choices]


CLEANERS = {"text": clean_text, "address": clean_address}


def _clean_data(questions: Iterable[Question], data: Mapping[str, str]) -> dict[str, str]:
    cleaned = {}
    for question in questions:
        for name in _names(question):
            clean = CLEANERS.get(question.kind, clean_line)
            cleaned[name] = clean(str(data.get(name) or ""))
    return cleaned


def _names(question: Question) -> list[str]:
    """The form's names for this question: one, or three for a date."""
    if question.kind == "date":
        return [f"{question.id}_{part}" for part in DateWidget.parts]
    return [question.id]
