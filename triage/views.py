"""The way from a symptom to the packet. Coded answers travel in the address; typed ones only in the body of a POST.

Nothing is kept. A POST here changes no state, so it needs no CSRF token (which would need a cookie).
"""

import datetime
from collections.abc import Callable
from functools import wraps
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.datastructures import MultiValueDict
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_safe

from helpdesk.loaded import catalog, organization
from triage import pdf
from triage.answers import SYMPTOM_KEY, Answers, Pairs, from_pairs
from triage.device import guess
from triage.engine import Assessment, asked, assess, next_question, that_count
from triage.forms import DetailsForm, QuestionForm, SymptomsForm, TriedForm
from triage.packet import Packet, assemble, desk_cards
from triage.reference import new_reference, read_reference
from triage.renderers import RENDERERS, SCHEMA, as_call_script, as_email_text

View = Callable[..., HttpResponse]

# How long after it was made a packet still carries its own time. A page left open for longer gets a new one.
PACKET_AGE = datetime.timedelta(days=2)

private = cache_control(no_store=True, private=True)


def needs_symptoms(view: View) -> View:
    """Sends visitors who have ticked nothing to the start, and hands the others' answers to the view."""

    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        answers, dropped = _answers(request)
        if not answers.symptoms:
            return _go("triage", [], dropped)
        return view(request, answers, dropped)

    return guarded


@private
@require_safe
def symptoms(request: HttpRequest) -> HttpResponse:
    """First page: tick what is happening."""
    answers, dropped = _answers(request)
    submitted = "asked" in request.GET
    known = [symptom for symptom in request.GET.getlist(SYMPTOM_KEY) if symptom in catalog().symptoms]
    form = SymptomsForm(catalog(), MultiValueDict({SYMPTOM_KEY: known}) if submitted else None, answers.symptoms)
    if submitted and form.is_valid():
        return _go("question", answers.pairs(), dropped)
    hidden = [pair for pair in answers.pairs() if pair[0] != SYMPTOM_KEY]
    return render(request, "triage/symptoms.html", {"form": form, "hidden": hidden, "dropped": dropped})


@private
@require_safe
@needs_symptoms
def question(request: HttpRequest, answers: Answers, dropped: bool) -> HttpResponse:
    """One coded question: the one asked for (`ask`), the one just answered wrongly (`asked`), or the next."""
    questions = {question.id: question for question in asked(catalog(), that_count(catalog(), answers))}
    submitted = questions.get(request.GET.get("asked", ""))
    if submitted:
        form = QuestionForm(submitted, request.GET)
        if form.is_valid():
            return _go("question", answers.pairs(), dropped)
    elif shown := questions.get(request.GET.get("ask", "")) or next_question(catalog(), answers):
        form = QuestionForm(shown, initial=answers.answers.get(shown.id, ()))
    else:
        return _go("verdict", answers.pairs(), dropped)
    context = {
        "form": form,
        "question": form.question,
        "hidden": [pair for pair in answers.pairs() if pair[0] != form.question.id],
        "back": _back(answers, list(questions), form.question.id),
        "dropped": dropped,
    }
    return render(request, "triage/question.html", context)


@private
@require_safe
@needs_symptoms
def verdict(request: HttpRequest, answers: Answers, dropped: bool) -> HttpResponse:
    """What to do, why, and the steps to try with what came of them."""
    if next_question(catalog(), answers):
        return _go("question", answers.pairs(), dropped)
    assessment = assess(catalog(), answers)
    context = _assessment_context(assessment) | {
        "form": TriedForm(assessment.steps, answers.tried),
        "hidden": Answers(answers.symptoms, assessment.answers.answers).pairs(),
        "given": _given(assessment.answers),
        "symptoms": [catalog().symptoms[symptom] for symptom in answers.symptoms],
        "symptoms_address": _address("triage", answers.pairs()),
        "dropped": dropped,
    }
    return render(request, "triage/verdict.html", context)


@private
@require_http_methods(["GET", "HEAD", "POST"])
@needs_symptoms
def details(request: HttpRequest, answers: Answers, dropped: bool) -> HttpResponse:
    """The typed questions. A POST comes from the review page's Change and carries what was typed."""
    if request.method != "POST" and next_question(catalog(), answers):
        return _go("question", answers.pairs(), dropped)
    assessment = assess(catalog(), answers)
    typed = request.POST if request.method == "POST" else None
    form = DetailsForm(assessment.evidence, typed, initial=_guess(request, answers))
    return _details_page(request, assessment, form, dropped)


@private
@require_http_methods(["GET", "HEAD", "POST"])
@needs_symptoms
def review(request: HttpRequest, answers: Answers, dropped: bool) -> HttpResponse:
    """The packet as a page, with everything that can be done with it; or the details again, with what to mend."""
    # A coded answer that is missing must not cost what was typed: the packet stands on what is there.
    if request.method != "POST":
        return _go("details", answers.pairs(), dropped)
    assessment = assess(catalog(), answers)
    form = DetailsForm(assessment.evidence, request.POST)
    if not form.is_valid():
        return _details_page(request, assessment, form, dropped, status=422)
    made = _packet(request, assessment, form)
    return render(request, "triage/review.html", _review_context(assessment, form, made))


@private
def packet(request: HttpRequest, kind: str) -> HttpResponse:
    """One rendering of the packet, made from what the review page posts, which is checked again."""
    rendering = RENDERERS.get(kind)
    if not rendering:
        raise Http404
    if request.method != "POST":
        return _start_here(request)
    answers, _ = from_pairs(catalog(), _pairs(request.POST))
    if not answers.symptoms:
        return _start_here(request, status=400)
    assessment = assess(catalog(), answers)
    form = DetailsForm(assessment.evidence, request.POST)
    if not form.is_valid():
        return _details_page(request, assessment, form, status=422)
    made = _packet(request, assessment, form)
    try:
        content = rendering.render(made)
    except pdf.TooLongError:
        context = _review_context(assessment, form, made) | {"page": catalog().pages["too-long"]}
        return render(request, "triage/review.html", context, status=422)
    headers = {"Content-Disposition": f'attachment; filename="{rendering.file_name}"'}
    return HttpResponse(content, content_type=rendering.content_type, headers=headers)


@private
def packet_start(request: HttpRequest) -> HttpResponse:
    """A direct visit to where packets are made: how to start."""
    return _start_here(request, status=200)


@require_safe
def schema(request: HttpRequest) -> HttpResponse:
    """The JSON schema of the packet's data."""
    return HttpResponse(SCHEMA.read_bytes(), content_type="application/schema+json")


def _start_here(request: HttpRequest, status: int = 405) -> HttpResponse:
    response = render(request, "triage/start.html", status=status)
    if status == 405:
        response["Allow"] = HttpResponseNotAllowed(["POST"])["Allow"]
    return response


def _answers(request: HttpRequest) -> tuple[Answers, bool]:
    """The coded answers in the address, and whether some were dropped, now or before a redirect."""
    answers, dropped = from_pairs(catalog(), _pairs(request.GET))
    return answers, dropped or "dropped" in request.GET


def _pairs(data: object) -> Pairs:
    return [(name, value) for name, values in data.lists() for value in values]  # type: ignore[attr-defined]


def _address(name: str, pairs: Pairs) -> str:
    query = urlencode(pairs)
    return f"{reverse(name)}?{query}" if query else reverse(name)


def _go(name: str, pairs: Pairs, dropped: bool) -> HttpResponse:
    return redirect(_address(name, pairs + [("dropped", "1")] * dropped))


def _back(answers: Answers, questions: list[str], shown: str) -> str:
    """The question before this one, or the symptoms."""
    before = questions[: questions.index(shown)]
    if not before:
        return _address("triage", answers.pairs())
    return _address("question", [*answers.pairs(), ("ask", before[-1])])


def _given(answers: Answers) -> list[tuple[str, list[str], str]]:
    """Each coded answer as label, choices and the address where it can be changed."""
    rows = []
    for key, choices in answers.answers.items():
        question = catalog().questions[key]
        said = [choice.label for choice in question.choices if choice.id in choices]
        rows.append((question.label, said, _address("question", [*answers.pairs(), ("ask", key)])))
    return rows


def _assessment_context(assessment: Assessment) -> dict[str, object]:
    return {
        "assessment": assessment,
        "verdict": catalog().verdicts[assessment.verdict],
        "reasons": [catalog().reasons[reason] for reason in assessment.reasons],
        "needs": [catalog().needs[need] for need in assessment.needs],
        "desks": desk_cards(catalog(), organization(), assessment.desks),
        "query": urlencode(assessment.answers.pairs()),
    }


def _guess(request: HttpRequest, answers: Answers) -> dict[str, str]:
    """A guess at the device, where the device at hand is the one with the problem."""
    if answers.answers.get("this-device") != ("yes",):
        return {}
    guesses = guess(request.headers.get("User-Agent", ""))
    # Whatever the browser says, the form must not refuse what the patient did not type.
    return {key: value[: catalog().questions[key].max] for key, value in guesses.items()}


def _details_page(
    request: HttpRequest, assessment: Assessment, form: DetailsForm, dropped: bool = False, status: int = 200
) -> HttpResponse:
    context = _assessment_context(assessment) | {
        "form": form,
        "dropped": dropped,
        "back": _address("verdict", assessment.answers.pairs()),
        "carried": _carried(request),
        "guessed": not form.is_bound and not form.initial.keys().isdisjoint(form.fields),
    }
    return render(request, "triage/details.html", context, status=status)


def _carried(request: HttpRequest) -> Pairs:
    """The reference and time of a packet that comes back to be changed, so that it stays the same packet."""
    return [(name, request.POST[name]) for name in ("reference", "made-at") if request.POST.get(name)]


def _packet(request: HttpRequest, assessment: Assessment, form: DetailsForm) -> Packet:
    reference = read_reference(request.POST.get("reference", "")) or new_reference()
    made_at = _made_at(request.POST.get("made-at", ""))
    return assemble(catalog(), organization(), assessment, form.details(), made_at, reference)


def _made_at(carried: str) -> datetime.datetime:
    """The time that the packet carries, where that is believable, or else now."""
    now = datetime.datetime.now(ZoneInfo(organization().desks.support.time_zone or "UTC")).replace(microsecond=0)
    try:
        made_at = datetime.datetime.fromisoformat(carried).astimezone(now.tzinfo)
    except (ValueError, OverflowError):
        return now
    return made_at if now - PACKET_AGE <= made_at <= now else now


def _review_context(assessment: Assessment, form: DetailsForm, made: Packet) -> dict[str, object]:
    carried = [("reference", made.reference), ("made-at", made.made_at.isoformat())]
    return _assessment_context(assessment) | {
        "packet": made,
        "typed": form.pairs() + carried,
        "everything": assessment.answers.pairs() + form.pairs() + carried,
        "email_text": as_email_text(made).decode(),
        "call_script": as_call_script(made).decode(),
    }
