"""A help page arrives in one round trip: with all it needs to paint, it fits what a server sends before it hears back.

That first window is ten segments (https://www.rfc-editor.org/rfc/rfc6928): 14,600 bytes. Our own limits are lower.
Counted is what is sent to a browser that takes brotli.
"""

import brotli
import pytest
from django.test import Client
from reading import Page
from test_ready import Site, help_pages

pytestmark = pytest.mark.usefixtures("static_files")

REQUESTS = 2
# Bytes of the page and what it needs, and of these with their headers. 100 bytes are left for TLS.
BODIES, WHOLE = 14_000, 14_500
# What nginx adds to an answer over HTTP/1.1: the status line, its name, the date, HSTS, that the connection is kept.
ADDED = 200
OWN_ACCENT = '[look]\naccent = "#7a1f3d"\n'


@pytest.fixture(params=["blank", "example", "own accent"])
def site(request, fact_sheet, tmp_path) -> Site:
    """The site with each of these fact sheets. A logo would be one request more, with a weight of its own."""
    file = tmp_path / "facts.toml"
    file.write_text(OWN_ACCENT, encoding="utf-8")
    fact_sheet(file if request.param == "own accent" else request.param)
    return Site()


def sent(site: Site, path: str) -> tuple[int, int, str]:
    """The bytes of an answer's body as they are sent, those of its headers, and its text."""
    if path.startswith("/static/"):
        answer = Client().get(path, headers={"accept-encoding": "br"})
        status, headers, body = answer.status_code, dict(answer.items()), answer.getvalue()
        answer.close()
    else:
        status, headers, body = site.ask(path, HTTP_ACCEPT_ENCODING="br")
    assert (status, headers.get("Content-Encoding")) == (200, "br"), path
    told = ADDED + sum(len(f"{name}: {value}\r\n") for name, value in headers.items())
    return len(body), told, brotli.decompress(body).decode()


def needed(html: str) -> list[str]:
    """What a browser fetches to paint the page. The icon is for its tab."""
    page = Page(html)
    styles = [link.get("href") for link in page.all("link[@rel='stylesheet']")]
    return styles + [part.get("src") for part in page.all("*[@src]")]


def test_every_help_page_in_every_language_paints_within_two_requests_and_the_first_window(site):
    too_heavy = {}
    for path in help_pages():
        body, told, html = sent(site, path)
        parts = needed(html)
        assert 1 + len(parts) <= REQUESTS, f"{path} also needs {parts}"
        for part in parts:
            more_body, more_told, _ = sent(site, part)
            body, told = body + more_body, told + more_told
        if body > BODIES or body + told > WHOLE:
            too_heavy[path] = f"{body:,} bytes where {BODIES:,} is the most, {body + told:,} with headers ({WHOLE:,})"
    assert too_heavy == {}
    assert len(help_pages()) > 50


def test_a_stylesheet_fetches_nothing_more(site):
    (style,) = needed(sent(site, "/")[2])
    css = sent(site, style)[2]
    assert "--accent" in css
    assert [part for part in ("url(", "@import", "image-set(") if part in css] == []
