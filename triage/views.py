"""The way from a symptom to the packet. Coded answers travel in the address; typed ones only in the body of a POST.

Nothing is kept. A POST here changes no state, so it needs no CSRF token (which would need a cookie).
"""

from collections.abc import Callable
from functools import wraps
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.datastructures import MultiValueDict
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_safe

from helpdesk.alternates import alternates
from helpdesk.catalog import Page
from helpdesk.loaded import catalog, desk_catalog, organization, say
from triage import counts, workers
from triage.answers import SYMPTOM_KEY, Answers, Pairs, from_pairs
from triage.attached import NotOursError, data_in
from triage.device import guess
from triage.drafts import BUSY, CARRIED_PICTURE, MADE_AT, REFERENCE, Draft, from_packet, from_post
from triage.engine import Assessment, asked, assess, next_question, that_count
from triage.forms import PICTURE, DetailsForm, QuestionForm, ResumeForm, SymptomsForm
from triage.packet import desk_cards
from triage.renderers import as_email_text

View = Callable[..., HttpResponse]

# Seconds until it makes sense to ask again.
RETRY_AFTER = "5"

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
    _count(assessment)
    context = _assessment_context(assessment) | {
        "steps": [(step, answers.tried.get(step.id, "")) for step in assessment.steps],
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
    if request.method == "POST":
        return details_page(request, from_post(request, answers), dropped)
    if next_question(catalog(), answers):
        return _go("question", answers.pairs(), dropped)
    assessment = assess(catalog(), answers)
    device = _device(request, answers)
    form = DetailsForm(assessment.evidence, initial=device | _spoken())
    return _details_page(request, assessment, form, [], dropped, guessed=not device.keys().isdisjoint(form.fields))


@private
@require_http_methods(["GET", "HEAD", "POST"])
@needs_symptoms
def review(request: HttpRequest, answers: Answers, dropped: bool) -> HttpResponse:
    """The packet as a page, with everything that can be done with it; or the details again, with what to mend."""
    # A coded answer that is missing must not cost what was typed: the packet stands on what is there.
    if request.method != "POST":
        return _go("details", answers.pairs(), dropped)
    draft = from_post(request, answers)
    if not draft.form.is_valid():
        return details_page(request, draft, dropped, status=422)
    return busy_page(request, draft, dropped) if draft.must_wait else review_page(request, draft, dropped)


@private
@require_http_methods(["GET", "HEAD", "POST"])
def resume(request: HttpRequest) -> HttpResponse:
    """Takes a saved packet back, and goes on where the patient was. Nothing was stored for that."""
    if request.method != "POST":
        return render(request, "triage/resume.html", {"form": ResumeForm()})
    form = ResumeForm(files=request.FILES, data={})
    if form.is_valid():
        try:
            draft, dropped = from_packet(_packet_data(form.cleaned_data["packet"].read()))
        except NotOursError:
            form.add_error("packet", say("resume.not_ours"))
        except (workers.BusyError, workers.LimitError):
            form.add_error("packet", say("resume.busy"))
        else:
            if not draft.form.is_valid():
                return details_page(request, draft, dropped)
            return busy_page(request, draft, dropped) if draft.must_wait else review_page(request, draft, dropped)
    return render(request, "triage/resume.html", {"form": form}, status=422)


def review_page(
    request: HttpRequest, draft: Draft, dropped: bool = False, trouble: Page | None = None, status: int = 200
) -> HttpResponse:
    """The packet as a page. `trouble` says on top what could not be made, and what to use instead."""
    made = draft.packet()
    context = _assessment_context(draft.assessment) | {
        "packet": made,
        "picture": f"data:image/png;base64,{made.picture}",
        "logo": reverse("logo") if organization().look.logo else "",
        "typed": draft.typed(),
        "everything": draft.everything(),
        "alternates": alternates(request, reverse("review"), _query(draft.assessment), draft.language),
        "email_text": as_email_text(made).decode(),
        "dropped": dropped,
        "trouble": trouble,
        "waits": bool(draft.waiting),
    }
    return render(request, "triage/review.html", context, status=status)


def busy_page(request: HttpRequest, draft: Draft, dropped: bool = False) -> HttpResponse:
    """The same with all that was typed, where no worker process had time for what was asked."""
    return later(review_page(request, draft, dropped, trouble=catalog().pages["busy"], status=503))


def later(response: HttpResponse) -> HttpResponse:
    """The response with the time to ask again."""
    response["Retry-After"] = RETRY_AFTER
    return response


def details_page(request: HttpRequest, draft: Draft, dropped: bool = False, status: int = 200) -> HttpResponse:
    """The details form with what was typed and what is wrong with it."""
    carried = [pair for pair in draft.typed() if pair[0] in (REFERENCE, MADE_AT, CARRIED_PICTURE)]
    status = 503 if draft.form.has_error(PICTURE, BUSY) else status
    page = _details_page(request, draft.assessment, draft.form, carried, dropped, status, language=draft.language)
    return later(page) if status == 503 else page


def _packet_data(file: bytes) -> bytes:
    return workers.run(data_in, file) if b"%PDF-" in file[:1024] else file


def _answers(request: HttpRequest) -> tuple[Answers, bool]:
    """The coded answers in the address, and whether some were dropped, now or before a redirect."""
    answers, dropped = from_pairs(catalog(), pairs_of(request.GET))
    return answers, dropped or "dropped" in request.GET


def pairs_of(data: QueryDict) -> Pairs:
    """Every name with each of its values."""
    return [(name, value) for name, values in data.lists() for value in values]


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
    address = _address("question", answers.pairs())
    for key, choices in answers.answers.items():
        question = catalog().questions[key]
        said = [choice.label for choice in question.choices if choice.id in choices]
        rows.append((question.label, said, f"{address}&{urlencode({'ask': key})}"))
    return rows


def _assessment_context(assessment: Assessment) -> dict[str, object]:
    return {
        "assessment": assessment,
        "verdict": catalog().verdicts[assessment.verdict],
        "reasons": [catalog().reasons[reason] for reason in assessment.reasons],
        "needs": [catalog().needs[need] for need in assessment.needs],
        "desks": desk_cards(catalog(), assessment.desks),
        "query": _query(assessment),
    }


def _count(assessment: Assessment) -> None:
    counts.VERDICTS.labels(assessment.verdict).inc()
    for problem in assessment.problems:
        counts.PROBLEMS.labels(problem.slug).inc()


def _query(assessment: Assessment) -> str:
    return urlencode(assessment.answers.pairs())


def _device(request: HttpRequest, answers: Answers) -> dict[str, str]:
    """A guess at the device, where the device at hand is the one with the problem."""
    if answers.answers.get("this-device") != ("yes",):
        return {}
    guesses = guess(request.headers.get("User-Agent", ""))
    # Whatever the browser says, the form must not refuse what the patient did not type.
    return {key: value[: catalog().questions[key].max] for key, value in guesses.items()}


def _spoken() -> dict[str, str]:
    """Who reads a translation most likely speaks that language."""
    language = catalog().language
    return {} if language == desk_catalog().language else {"language": language.name}


def _details_page(
    request: HttpRequest,
    assessment: Assessment,
    form: DetailsForm,
    carried: Pairs,
    dropped: bool = False,
    status: int = 200,
    guessed: bool = False,
    language: str = "",
) -> HttpResponse:
    context = _assessment_context(assessment) | {
        "form": form,
        "dropped": dropped,
        "back": _address("verdict", assessment.answers.pairs()),
        "carried": carried,
        "alternates": alternates(request, reverse("details"), _query(assessment), language),
        "has_picture": CARRIED_PICTURE in dict(carried),
        "guessed": guessed,
    }
    return render(request, "triage/details.html", context, status=status)
