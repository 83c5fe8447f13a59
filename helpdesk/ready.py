"""Answers that are ready: what the site calls public is made once and kept as bytes, in front of Django.

A help page is the same for everybody, so whoever asks next gets what is there, compressed already. Only the site says
what is public (`views.public`), and an address that it does not know has no such answer: what is kept is bounded by the
content. What has a query, or is posted, is not even looked at. Changed content means a new process.
"""

import gzip
import hashlib
import re
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import brotli
from django.conf import settings
from django.http.request import split_domain_port, validate_host

from helpdesk import monitoring
from helpdesk.alternates import preferred

Environ = dict[str, Any]
Headers = list[tuple[str, str]]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

# From the smallest to what everybody takes, by their names in https://www.rfc-editor.org/rfc/rfc9110#section-8.4
ENCODINGS: Mapping[str, Callable[[bytes], bytes]] = {
    "br": lambda body: brotli.compress(body, mode=brotli.MODE_TEXT),
    "gzip": lambda body: gzip.compress(body, mtime=0),
    "identity": lambda body: body,
}
_OF_THE_BODY = ("Content-Length", "Content-Type", "Content-Disposition", "Content-Language")
# A picture or a PDF is as small as it gets.
_SHRINKS = re.compile(r"text/|application/([a-z]+\+)?json|image/svg")
# A browser that gives an encoding no weight refuses it.
_TAKEN = re.compile(r"(?:^|,)\s*(br|gzip)\s*(?:;\s*q\s*=\s*(?:1|0\.\d*[1-9])[^,]*)?(?=,|$)")


@dataclass(frozen=True)
class Encoded:
    """The bytes of an answer in one encoding, with the headers for them, and those for whoever has them already."""

    body: bytes
    etag: str
    headers: Headers
    unchanged: Headers


@dataclass(frozen=True)
class Answer:
    """What stands at one address: the name of its route, and the bytes by their encoding."""

    route: str
    encoded: Mapping[str, Encoded]


class ReadyAnswers:
    """The site, whose public answers are made by their first request and ready for all that follow."""

    def __init__(self, site: Application) -> None:
        self._site = site
        # By path, and by the language that the page offers.
        self._answers: dict[tuple[str, str], Answer] = {}

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        began = time.perf_counter()
        if not _may_be_ready(environ):
            return self._site(environ, start_response)
        wished = preferred(environ["PATH_INFO"], environ.get("HTTP_ACCEPT_LANGUAGE", ""))
        answer = self._answers.get((environ["PATH_INFO"], wished))
        if not answer:
            return self._made(environ, wished, start_response)
        status, size, body = _sent(answer, environ, start_response)
        monitoring.note(environ["REQUEST_METHOD"], answer.route, status, size, time.perf_counter() - began)
        return body

    def _made(self, environ: Environ, wished: str, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """What Django answers, which is kept where it is public."""
        if environ["REQUEST_METHOD"] == "HEAD":
            return self._site(environ, start_response)
        # Nothing of the visitor but the language, so that what is kept is right for the next one.
        plain = environ | {"HTTP_ACCEPT_LANGUAGE": wished, "HTTP_ACCEPT_ENCODING": "", "HTTP_USER_AGENT": ""}
        said: list[tuple[str, Headers]] = []
        body = self._site(plain, lambda status, headers, *_: said.append((status, headers)))
        status, headers = said[0]
        if not status.startswith("200 ") or "public" not in dict(headers).get("Cache-Control", ""):
            start_response(status, headers)
            return body
        with closing(body):
            answer = Answer(plain[monitoring.ROUTE], dict(_encoded(headers, b"".join(body))))
        self._answers[environ["PATH_INFO"], wished] = answer
        return _sent(answer, environ, start_response)[2]


def _may_be_ready(environ: Environ) -> bool:
    """Whether only the path, the language and the encoding have a say in the answer."""
    return (
        environ["REQUEST_METHOD"] in ("GET", "HEAD")
        and not environ.get("QUERY_STRING")
        # These are ready already, and WhiteNoise knows all of the protocol for files.
        and not environ["PATH_INFO"].startswith(settings.STATIC_URL)
        and (environ["wsgi.url_scheme"] == "https" or not settings.SECURE_SSL_REDIRECT)
        and validate_host(split_domain_port(environ.get("HTTP_HOST", "").lower())[0], settings.ALLOWED_HOSTS)
    )


def _encoded(headers: Headers, body: bytes) -> Iterable[tuple[str, Encoded]]:
    """The answer in each encoding that makes it smaller."""
    told = dict(headers)
    shrinks = "Accept-Encoding" in told.get("Vary", "") and _SHRINKS.match(told["Content-Type"])
    digest = hashlib.sha256(body).hexdigest()[:16]
    for name, encode in ENCODINGS.items():
        if shrinks or name == "identity":
            packed, etag = encode(body), f'"{digest}-{name}"'
            unchanged = {key: value for key, value in told.items() if key not in _OF_THE_BODY} | {"ETag": etag}
            whole = told | {"ETag": etag, "Content-Length": str(len(packed))}
            coded = {} if name == "identity" else {"Content-Encoding": name}
            yield name, Encoded(packed, etag, list((whole | coded).items()), list(unchanged.items()))


def _sent(answer: Answer, environ: Environ, start_response: Callable[..., Any]) -> tuple[int, int, list[bytes]]:
    """Starts the response. The status, the bytes that are sent, and they themselves."""
    taken = _TAKEN.findall(environ.get("HTTP_ACCEPT_ENCODING", "").lower())
    encoded = next(held for name, held in answer.encoded.items() if name in taken or name == "identity")
    known = environ.get("HTTP_IF_NONE_MATCH", "")
    if encoded.etag in known or known.strip() == "*":
        start_response("304 Not Modified", encoded.unchanged)
        return 304, 0, []
    start_response("200 OK", encoded.headers)
    body = [] if environ["REQUEST_METHOD"] == "HEAD" else [encoded.body]
    return 200, len(encoded.body), body
