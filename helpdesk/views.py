"""The help pages. They show content and take nothing in."""

import json
from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from helpdesk.alternates import path_in
from helpdesk.catalog import OfferedStep, Step
from helpdesk.loaded import catalog, languages, organization, say
from helpdesk.logs import error_id

# Seconds. On the day when everybody comes, caches between carry the pages, also while the site itself is down.
FRESH = {"public": True, "max_age": 300, "stale_while_revalidate": 600, "stale_if_error": 86_400}
STORED_BY_NOBODY = {"private": True, "no_store": True}


def public(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """For what is the same for everybody: GET only, and caches may keep it, but not where its address has answers.

    It is compressed here, and so once for a cache. Nothing that a visitor typed is: its length would tell of it.
    """

    @gzip_page
    @require_safe
    @wraps(view)
    def shown(request: HttpRequest, **arguments: object) -> HttpResponse:
        response = view(request, **arguments)
        if response.status_code == 200:
            patch_cache_control(response, **(STORED_BY_NOBODY if request.META["QUERY_STRING"] else FRESH))
        return response

    return shown


@public
def home(request: HttpRequest) -> HttpResponse:
    """What is happening?"""
    return render(request, "helpdesk/home.html")


@public
def problems(request: HttpRequest) -> HttpResponse:
    """The problem table."""
    rows = [(problem, _evidence(problem.evidence)) for problem in catalog().problems.values()]
    return render(request, "helpdesk/problems.html", {"rows": rows})


@public
def problem(request: HttpRequest, slug: str) -> HttpResponse:
    """One problem."""
    shown = catalog().problems.get(slug)
    if not shown:
        raise Http404
    symptoms = [symptom.id for symptom in catalog().symptoms.values() if symptom.problem == slug]
    # The one that led here is ticked already; of several, none is taken for granted.
    chosen = request.GET.get("symptom", symptoms[0] if len(symptoms) == 1 else "")
    context = {
        "problem": shown,
        "symptom": chosen if chosen in symptoms else "",
        "steps": [(catalog().steps[step.id], _exceptions(step)) for step in shown.steps],
        "evidence": _evidence(shown.evidence),
        "questions": [catalog().faq[faq_id] for faq_id in shown.faq],
        "related": [catalog().problems[related] for related in shown.related],
        "desk": catalog().desks[shown.desk],
        "contact": organization().desk(shown.desk),
    }
    return render(request, "helpdesk/problem.html", context)


@public
def checklist(request: HttpRequest) -> HttpResponse:
    """The quick checklist, with what to leave out and when."""
    return render(request, "helpdesk/checklist.html", {"steps": checklist_steps()})


def checklist_steps() -> list[tuple[Step, list[str]]]:
    """Each step of the checklist with its exceptions."""
    return [(catalog().steps[step_id], _exceptions(OfferedStep(id=step_id))) for step_id in catalog().checklist]


def _exceptions(offered: OfferedStep) -> list[str]:
    """When to leave a step out: what the problem's rules say, and what follows from what the step does."""
    said = []
    for key, choice_ids in offered.when.items():
        question = catalog().questions[key]
        choices = [choice.label for choice in question.choices if choice.id in choice_ids]
        answers = catalog().language.any_of(f"“{choice}”" for choice in choices)
        said.append(say("problem.only_if", question=question.label, answers=answers))
    tags = catalog().steps[offered.id].tags
    return said + [words for tag, words in catalog().tags.items() if tag in tags]


@public
def faq(request: HttpRequest) -> HttpResponse:
    """Questions that people ask."""
    groups = [
        (title, [entry for entry in catalog().faq.values() if entry.group == group])
        for group, title in catalog().faq_groups.items()
    ]
    return render(request, "helpdesk/faq.html", {"groups": groups, "structured": _faq_structured()})


@public
def contact(request: HttpRequest) -> HttpResponse:
    """When and whom to contact."""
    desks = [(words, organization().desk(desk)) for desk, words in catalog().desks.items()]
    return render(request, "helpdesk/contact.html", {"page": catalog().pages["contact"], "desks": desks})


@public
def prepare(request: HttpRequest) -> HttpResponse:
    """What to have ready, each with its reason: the very questions that the packet asks."""
    questions = catalog().details_questions
    return render(request, "helpdesk/prepare.html", {"page": catalog().pages["prepare"], "questions": questions})


@public
def page(request: HttpRequest, name: str) -> HttpResponse:
    """A page of words."""
    return render(request, "helpdesk/page.html", {"page": catalog().pages[name]})


@public
def for_support_desks(request: HttpRequest) -> HttpResponse:
    """What the packet is, for the agent who gets one."""
    page = catalog().pages["for-support-desks"]
    return render(request, "helpdesk/for_support_desks.html", {"page": page, "flags": catalog().flags})


@public
def look(request: HttpRequest) -> HttpResponse:
    """The stylesheet in the health system's accent colour, so that a page needs but one.

    That is for light screens; dark ones keep ours, which is light enough there.
    """
    css = (settings.BASE_DIR / "static" / "site.css").read_text(encoding="utf-8")
    css += f"@media (prefers-color-scheme: light) {{ :root {{ --accent: {organization().look.accent}; }} }}\n"
    return HttpResponse(css, content_type="text/css; charset=utf-8")


@public
def logo(request: HttpRequest) -> HttpResponse:
    """The health system's logo."""
    shown = organization().look
    if not shown.logo:
        raise Http404
    return HttpResponse(shown.logo.read_bytes(), content_type=shown.logo_type)


@public
def robots(request: HttpRequest) -> HttpResponse:
    """Help pages may be found by search; answers in an address are nobody else's business."""
    paths = [path_in(language, path) for language in languages() for path in ("/triage/", "/packet/")]
    text = "".join(["User-agent: *\n", *(f"Disallow: {path}\n" for path in paths)])
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


@public
def security(request: HttpRequest) -> HttpResponse:
    """Whom to tell of a weakness of this site (RFC 9116), where the fact sheet says it. Raises Http404 where not."""
    told = organization().security
    if not told.contact or not told.expires:
        raise Http404
    fields = {
        "Contact": told.contact,
        "Expires": f"{told.expires}T00:00:00Z",
        "Policy": told.policy,
        "Preferred-Languages": organization().language,
        "Canonical": f"{settings.WAYIN_ADDRESS}{reverse('security')}",
    }
    text = "".join(f"{name}: {value}\n" for name, value in fields.items() if value)
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404, with the phone advice."""
    return render(request, "helpdesk/page.html", {"page": catalog().pages["not-found"]}, status=404)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: a request that no form of ours sends."""
    return render(request, "helpdesk/refused.html", status=400)


def server_error(request: HttpRequest) -> HttpResponse:
    """500, with the phone advice and the failure's number. It uses no more than the catalog, which is in memory."""
    context = {"page": catalog().pages["server-error"], "error_id": error_id(request)}
    return HttpResponse(render_to_string("helpdesk/server_error.html", context, request), status=500)


def _evidence(ids: tuple[str, ...]) -> list[str]:
    """What to give support, in short; the questions that every packet asks come with them."""
    return [catalog().questions[question_id].short for question_id in ids]


def _faq_structured() -> SafeString:
    """The FAQ for search engines (https://schema.org/FAQPage), safe inside a script element."""
    document = {
        "@context": "https://schema.org",
        "@type": "FAQPage",
        "inLanguage": catalog().language.code,
        "mainEntity": [
            {
                "@type": "Question",
                "@id": f"#{entry.id}",
                "name": entry.question,
                "acceptedAnswer": {"@type": "Answer", "text": " ".join(entry.answer)},
            }
            for entry in catalog().faq.values()
        ],
    }
    text = json.dumps(document, ensure_ascii=False)
    return mark_safe(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))  # noqa: S308
