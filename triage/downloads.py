"""Files: the packet in each rendering, forms to fill in by hand, and what machines need to read a packet."""

from functools import cache, wraps

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from helpdesk.catalog import Problem
from helpdesk.loaded import catalog, desk_catalog, organization
from helpdesk.views import checklist_steps, public
from triage import counts, pdf, workers
from triage.answers import RESULTS, from_pairs
from triage.drafts import from_post
from triage.packet import desk_cards
from triage.renderers import RENDERERS, SCHEMA, as_pdf, example, logo_file, questionnaire, stylesheet
from triage.views import View, busy_page, details_page, later, pairs_of, private, review_page

# How the proxy in front marks a request of somebody who asks for too many PDFs (deploy/nginx.conf).
OVER_LIMIT = "REJECTED_DRY_RUN"
# Renderings that show no picture need no worker process, and so are never refused.
WITH_PICTURE = ("pdf", "html", "json", "fhir")


@private
def packet(request: HttpRequest, kind: str) -> HttpResponse:
    """One rendering of the packet, made from what the review page posts, which is checked again."""
    rendering = RENDERERS.get(kind)
    if not rendering:
        raise Http404
    if request.method != "POST":
        return _start_here(request)
    answers, dropped = from_pairs(catalog(), pairs_of(request.POST))
    if not answers.symptoms:
        return _start_here(request, status=400)
    draft = from_post(request, answers, with_picture=kind in WITH_PICTURE)
    if not draft.form.is_valid():
        return details_page(request, draft, dropped, status=422)
    try:
        _turn_away_floods(request)
        if draft.must_wait:
            raise workers.BusyError
        content = rendering.render(draft.packet())
    except pdf.TooLongError:
        return review_page(request, draft, trouble=catalog().pages["too-long"], status=422)
    except (workers.BusyError, workers.LimitError):
        return busy_page(request, draft)
    counts.PACKETS.labels(kind).inc()
    return _file(content, rendering.content_type, rendering.file_name)


@private
@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """A direct visit to where packets are made: how to start."""
    return _start_here(request, status=200)


def _turn_away_floods(request: HttpRequest) -> None:
    """Raises workers.BusyError where the proxy says that this visitor asks for too many PDFs."""
    if request.headers.get("X-Over-Limit") == OVER_LIMIT:
        raise workers.BusyError


def may_be_busy(view: View) -> View:
    """Answers 503 with a page that says what to do where no worker process is free."""

    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        try:
            _turn_away_floods(request)
            return view(request)
        except (workers.BusyError, workers.LimitError):
            return later(render(request, "helpdesk/page.html", {"page": catalog().pages["busy"]}, status=503))

    return guarded


@public
@may_be_busy
def blank(request: HttpRequest) -> HttpResponse:
    """The packet as an empty form, whole or for one problem (`?problem=account-locked`)."""
    slug = request.GET.get("problem", "")
    if slug and slug not in catalog().problems:
        raise Http404
    return _file(_blank_pdf(catalog().language.code, slug), "application/pdf", "support-request-form.pdf")


@public
@may_be_busy
def checklist(request: HttpRequest) -> HttpResponse:
    """The quick checklist on one page, with boxes to tick."""
    return _file(_checklist_pdf(catalog().language.code), "application/pdf", "checklist.pdf")


@public
@may_be_busy
def sample(request: HttpRequest) -> HttpResponse:
    """A packet of a patient who does not exist, for desks to look at."""
    return _file(_sample_pdf(catalog().language.code), "application/pdf", "sample.pdf")


@public
def schema(request: HttpRequest) -> HttpResponse:
    """The JSON schema of the packet's data."""
    return HttpResponse(SCHEMA.read_bytes(), content_type="application/schema+json")


@public
def fhir_questionnaire(request: HttpRequest) -> HttpResponse:
    """The FHIR Questionnaire that each packet's QuestionnaireResponse answers."""
    return HttpResponse(questionnaire(), content_type="application/fhir+json")


def _start_here(request: HttpRequest, status: int = 405) -> HttpResponse:
    response = render(request, "triage/start.html", status=status)
    if status == 405:
        response["Allow"] = "POST"
    return response


def _file(content: bytes, content_type: str, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=content_type, headers=headers)


# These hold nothing of anybody, and the same bytes serve everybody who reads this language.
@cache
def _blank_pdf(language: str, slug: str) -> bytes:
    return _form_pdf("triage/blank.html", _blank_context(catalog().problems.get(slug)))


@cache
def _checklist_pdf(language: str) -> bytes:
    (desk,) = desk_cards(catalog(), ["support"])
    return _form_pdf("triage/checklist_paper.html", {"steps": checklist_steps(), "desk": desk})


@cache
def _sample_pdf(language: str) -> bytes:
    return as_pdf(example())


def _form_pdf(template: str, context: dict[str, object]) -> bytes:
    shared = {
        "catalog": catalog(),
        "language": catalog().language,
        "site": catalog().site,
        "say": catalog().interface,
        "organization": organization(),
        "words": catalog().packet,
        "logo": pdf.LOGO if organization().look.logo else "",
    }
    html = render_to_string(template, shared | context)
    return workers.run(pdf.render_form, html, stylesheet(), {pdf.LOGO: logo_file()})


def _blank_context(problem: Problem | None) -> dict[str, object]:
    """What the form asks: the questions of the problem, or without one those that are always asked."""
    coded = [q for q in catalog().triage_questions if q.always or (problem and q.id in problem.questions)]
    typed = [q for q in catalog().details_questions if q.always or not problem or q.id in problem.evidence]
    steps = [catalog().steps[step.id] for step in problem.steps] if problem else []
    desk = desk_catalog() if desk_catalog() is not catalog() else None
    return {
        "problem": problem,
        "desk": desk,
        "desk_problem": desk.problems[problem.slug] if desk and problem else None,
        "form_language": desk.language.name_of(catalog().language.code) if desk else "",
        "symptoms": list(catalog().symptoms.values()),
        "coded": coded,
        "steps": [step for step in steps if step.may_mend],
        "results": [
            (catalog().packet.results[result], desk.packet.results[result] if desk else "")
            for result in RESULTS
            if result != "not-tried"
        ],
        "typed_a": [question for question in typed if question.sheet == "a"],
        "typed_b": [question for question in typed if question.sheet == "b"],
        "not_proof": catalog().flags["not-proof"],
    }
