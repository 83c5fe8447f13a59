"""Public answers are made once, kept as bytes, and no other than those that Django would give."""

import gzip
import io
import itertools

import brotli
import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import translation
from prometheus_client import REGISTRY

from helpdesk import urls
from helpdesk.loaded import catalog, languages
from helpdesk.ready import ReadyAnswers

pytestmark = pytest.mark.usefixtures("static_files", "fact_sheet")

DECODED = {"br": brotli.decompress, "gzip": gzip.decompress, None: lambda body: body}
OF_ENCODING = {"Content-Encoding", "Content-Length", "ETag"}
FAQ = "/faq/"


def help_pages() -> list[str]:
    """The address of every help page, in every language."""
    names = [route.name for route in urls.pages if getattr(route, "name", None) not in (None, "problem")]
    found = []
    for language in languages():
        with translation.override(language):
            found += [reverse(name) for name in names]
            found += [reverse("problem", args=[slug]) for slug in catalog().problems]
    return found


class Site:
    """The site behind what makes its answers ready. `asked` has the address of each request that Django got."""

    def __init__(self) -> None:
        from helpdesk import wsgi

        self.asked: list[str] = []
        self._django = wsgi._site
        self.ready = ReadyAnswers(self._counted)

    def _counted(self, environ, start_response):
        self.asked.append(environ["PATH_INFO"])
        return self._django(environ, start_response)

    def ask(self, path: str, method: str = "GET", **more: str):
        """The status, the headers and the body. `more` has headers as WSGI names them, or what else WSGI says."""
        path, _, query = path.partition("?")
        environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query, "SCRIPT_NAME": ""}
        environ |= {
            "HTTP_HOST": "localhost",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "REMOTE_ADDR": "127.0.0.1",
        }
        environ |= {"wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(), "wsgi.errors": io.StringIO(), **more}
        said = []
        parts = self.ready(environ, lambda status, headers, *_: said.append((int(status[:3]), dict(headers))))
        return *said[0], b"".join(parts)


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.mark.parametrize("coding", ["br", "gzip", None])
def test_every_help_page_is_the_one_that_django_gives_however_often_it_is_asked_for(site, coding):
    for path in help_pages():
        django = Client().get(path)
        for _ in range(2):
            status, headers, body = site.ask(path, HTTP_ACCEPT_ENCODING=coding or "")
            assert (status, headers.get("Content-Encoding")) == (200, coding), path
            assert DECODED[coding](body) == django.content, path
            assert int(headers["Content-Length"]) == len(body), path
            same = {name: value for name, value in headers.items() if name not in OF_ENCODING}
            assert same == {name: value for name, value in django.items() if name not in OF_ENCODING}, path
    assert site.asked == help_pages()
    assert len(site.asked) > 50


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("br", "br"),
        ("gzip, deflate, br, zstd", "br"),
        ("GZIP", "gzip"),
        ("gzip;q=1.0, br;q=0", "gzip"),
        ("br;q=0.5,gzip", "br"),
        ("br; q=0.001", "br"),
        ("gzip;q=0.0, br;q=0.000", None),
        ("abr, gzip2, x-gzip", None),
        ("br;level=1", None),
        ("identity", None),
        ("*", None),
        ("", None),
    ],
)
def test_the_encoding_is_the_smallest_that_the_browser_takes(site, accepted, coding):
    for _ in range(2):
        assert site.ask(FAQ, HTTP_ACCEPT_ENCODING=accepted)[1].get("Content-Encoding") == coding


def test_a_page_offers_each_browser_its_own_language(site):
    wishes = ["", "en", "es", "es-MX,es;q=0.9,en;q=0.8", "fr, es;q=0.5", "es;q=0", "x" * 300]
    for _, wish in itertools.product(range(2), wishes):
        body = site.ask(FAQ, HTTP_ACCEPT_LANGUAGE=wish)[2]
        assert body == Client().get(FAQ, headers={"accept-language": wish}).content, wish
    # Whatever browsers wish for, there are but two such pages.
    assert site.asked == [FAQ] * 2


def test_who_has_a_page_already_is_told_so(site):
    tags = {}
    for coding in ("br", "gzip", ""):
        tags[coding] = site.ask(FAQ, HTTP_ACCEPT_ENCODING=coding)[1]["ETag"]
        for known in (tags[coding], f'"other", W/{tags[coding]}', "*"):
            status, headers, body = site.ask(FAQ, HTTP_ACCEPT_ENCODING=coding, HTTP_IF_NONE_MATCH=known)
            assert (status, body, headers["ETag"]) == (304, b"", tags[coding])
            assert "public" in headers["Cache-Control"]
            assert "Accept-Language" in headers["Vary"]
            assert not {"Content-Length", "Content-Type", "Content-Encoding"} & set(headers)
    assert len(set(tags.values())) == 3
    assert site.ask(FAQ, HTTP_IF_NONE_MATCH='"other"')[0] == 200
    assert site.ask(FAQ, HTTP_ACCEPT_ENCODING="br", HTTP_IF_NONE_MATCH=tags["gzip"])[0] == 200


def test_a_head_request_has_the_headers_of_the_page_and_no_body(site):
    page = site.ask(FAQ, HTTP_ACCEPT_ENCODING="br")
    assert site.ask(FAQ, "HEAD", HTTP_ACCEPT_ENCODING="br") == (200, page[1], b"")
    assert site.asked == [FAQ]


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("/faq/?x=1", {}),
        ("/problems/account-locked/?symptom=locked-message", {}),
        ("/triage/", {}),
        ("/es/triage/resume/", {}),
        ("/packet/pdf/", {}),
        ("/nowhere/", {}),
        ("/problems/nothing/", {}),
        ("/faq", {}),
        ("/healthz", {}),
        ("/metrics", {}),
        ("/faq/", {"HTTP_HOST": "elsewhere.example"}),
        ("/faq/", {"HTTP_HOST": ""}),
        ("/faq/", {"method": "POST", "CONTENT_LENGTH": "0"}),
        ("/faq/", {"method": "DELETE", "CONTENT_LENGTH": "0"}),
    ],
)
def test_whatever_else_is_asked_goes_to_django_each_time(site, path, more):
    site.ask("/faq/")
    before = len(site.asked)
    first, second = site.ask(path, **more), site.ask(path, **more)
    assert len(site.asked) == before + 2
    assert first[0] == second[0]
    assert "ETag" not in second[1]


def test_without_https_a_page_leads_there_however_ready_it_is(site, monkeypatch):
    monkeypatch.setattr(settings, "SECURE_SSL_REDIRECT", True)
    assert site.ask(FAQ, **{"wsgi.url_scheme": "https"})[0] == 200
    before = len(site.asked)
    site.ask(FAQ)
    assert len(site.asked) == before + 1


def test_nothing_of_whoever_asks_first_is_kept_for_the_next(site):
    told = {f"HTTP_{name}": "canary7q" for name in ("USER_AGENT", "COOKIE", "REFERER", "X_FORWARDED_HOST", "ACCEPT")}
    site.ask(FAQ, HTTP_ACCEPT_LANGUAGE="canary7q", HTTP_ACCEPT_ENCODING="canary7q", **told)
    _, headers, body = site.ask(FAQ)
    assert "canary7q" not in f"{headers} {body}"
    assert body == Client().get(FAQ).content


def test_each_request_is_counted_once_by_the_name_of_its_route(site):
    def count(status: int) -> float:
        labels = {"route": "faq", "method": "GET", "status": str(status)}
        return REGISTRY.get_sample_value("wayin_requests_total", labels) or 0

    before = count(200), count(304)
    tags = {site.ask(FAQ)[1]["ETag"] for _ in range(3)}
    site.ask(FAQ, HTTP_IF_NONE_MATCH=tags.pop())
    assert (count(200), count(304)) == (before[0] + 3, before[1] + 1)
