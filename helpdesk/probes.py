"""What machines ask of a replica: whether it is alive, whether it is ready, and its numbers."""

from collections.abc import Callable

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest

from helpdesk.loaded import catalog_in, languages

TEXT = "text/plain; charset=utf-8"


def _content() -> bool:
    return all(catalog_in(language).problems for language in languages())


# What a replica needs to be ready, each with a question that has to be answered within a few seconds.
PARTS: dict[str, Callable[[], bool]] = {"content": _content}


@never_cache
@require_safe
def alive(request: HttpRequest) -> HttpResponse:
    """200 as long as this process answers at all."""
    return HttpResponse("alive\n", content_type=TEXT)


@never_cache
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """200 where every part works, else 503; each part is named with yes or no."""
    works = {name: part() for name, part in PARTS.items()}
    lines = "".join(f"{name}: {'yes' if yes else 'no'}\n" for name, yes in works.items())
    return HttpResponse(lines, content_type=TEXT, status=200 if all(works.values()) else 503)


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The numbers of this replica for Prometheus, where WAYIN_METRICS opens them. Raises Http404 where not."""
    if not settings.WAYIN_METRICS:
        raise Http404
    return HttpResponse(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)


# Answered before the host name is looked at: a machine asks by the address of the replica.
ANSWERS = {"/healthz": alive, "/readyz": ready, "/metrics": metrics}
