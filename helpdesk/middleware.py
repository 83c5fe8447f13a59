"""What every response carries, and what no request may be."""

import re
import time
from collections.abc import Callable
from contextlib import suppress

from django.conf import settings
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.shortcuts import render
from django.utils import translation
from django.utils.cache import patch_vary_headers

from helpdesk import monitoring, probes
from helpdesk.alternates import language_of

Handler = Callable[[HttpRequest], HttpResponse]

HEADERS = {
    # Everything comes from this site, and nothing is allowed that is not named.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), browsing-topics=()",
}


def observed(handler: Handler) -> Handler:
    """Counts every request and notes it in the log, but not what machines ask every few seconds."""

    def middleware(request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = handler(request)
        if request.path_info not in probes.ANSWERS:
            route = request.META[monitoring.ROUTE] = monitoring.route_of(request)
            size, seconds = monitoring.size_of(response), time.perf_counter() - began
            monitoring.note(request.method, route, response.status_code, size, seconds)
        return response

    return middleware


def headers(handler: Handler) -> Handler:
    """Adds the security headers to every response, static files and errors too."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = handler(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    return middleware


def answers_probes(handler: Handler) -> Handler:
    """Answers what machines ask, before anything looks at the host name."""

    def middleware(request: HttpRequest) -> HttpResponse:
        answer = probes.ANSWERS.get(request.path_info)
        return answer(request) if answer else handler(request)

    return middleware


def language(handler: Handler) -> Handler:
    """Answers in the language that the address begins with (/es/...), and in the source language where it names none.

    A browser's own wish changes only what is offered (helpdesk/alternates.py), so what it is offered varies by it.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        code = language_of(request.path_info)
        with translation.override(code):
            response = handler(request)
        response.headers.setdefault("Content-Language", code)
        patch_vary_headers(response, ["Accept-Language"])
        return response

    return middleware


def own_forms(handler: Handler) -> Handler:
    """Refuses a form that another site sends in its visitor's browser, with words that are not the visitor's.

    A token in a cookie would do the same, but there are no cookies here. Browsers say it themselves
    (https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header); one that is too old to say is let in.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.method == "POST" and request.headers.get("Sec-Fetch-Site") == "cross-site":
            return render(request, "helpdesk/refused.html", status=403)
        return handler(request)

    return middleware


# A browser that is still sending hears no answer. So what is a little too long is read and thrown away.
_THROWN_AWAY = 32 * 1024 * 1024


def _too_long(request: HttpRequest, length: int) -> HttpResponse:
    with suppress(UnreadablePostError):
        while length <= _THROWN_AWAY and request.read(64 * 1024):
            pass
    response = render(request, "helpdesk/refused.html", status=413)
    response["Connection"] = "close"
    return response


def bounded_body(handler: Handler) -> Handler:
    """Refuses a body that is too long or of unknown length before anything reads it.

    Django alone would spool a large upload to disk, and read a chunked form as an empty one.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.method in ("GET", "HEAD", "OPTIONS"):
            return handler(request)
        length = request.META.get("CONTENT_LENGTH") or ""
        if request.META.get("HTTP_TRANSFER_ENCODING") or not re.fullmatch(r"[0-9]{1,20}", length):
            return render(request, "helpdesk/refused.html", status=411)
        if int(length) > settings.WAYIN_LONGEST_BODY:
            return _too_long(request, int(length))
        return handler(request)

    middleware.process_exception = _hung_up
    return middleware


def _hung_up(request: HttpRequest, exception: Exception) -> HttpResponse | None:
    """A visitor who goes away in the middle of a form is no failure of ours. Nobody hears this answer."""
    return HttpResponse(status=400) if isinstance(exception, UnreadablePostError) else None
