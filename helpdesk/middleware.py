"""What every response carries, and what no request may be."""

import re
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

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


def headers(handler: Handler) -> Handler:
    """Adds the security headers to every response, static files and errors too."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = handler(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    return middleware


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
        if int(length) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            response = render(request, "helpdesk/refused.html", status=413)
            response["Connection"] = "close"
            return response
        return handler(request)

    return middleware
