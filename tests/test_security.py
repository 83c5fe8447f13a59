"""What every response carries, what no request may be, and what nothing ever keeps."""

import ast
import base64
import datetime
import hashlib
import http.client
import io
import json
import logging
import os
import re
import runpy
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlencode, urljoin, urlsplit

import browser
import pytest
from browser import ROOT
from django.conf import settings as site_settings
from django.core.exceptions import ImproperlyConfigured
from django.urls import path, reverse
from django.utils import translation
from reading import Page, post

from helpdesk import settings as shipped
from helpdesk import urls
from helpdesk.loaded import catalog, languages
from helpdesk.logs import PrivateFormatter
from triage import pdf, typesetter
from triage.answers import RESULTS
from trials.raw import talk

pytestmark = pytest.mark.usefixtures("static_files", "fact_sheet")

LOCKED = "symptom=locked-message&for-whom=self&codes-unasked=no&needed-today=refill"
CANARY = "Canary7Q"
TYPED = {
    "error-words": CANARY,
    "what-happened": f"{CANARY}\n{CANARY}",
    "began": CANARY,
    "last-sign-in": CANARY,
    "portal-address": CANARY,
    "name": CANARY,
    "phone": "207-555-0199",
    "email": f"{CANARY}@example.org",
    "mrn": CANARY,
    "language": CANARY,
}
PRIVATE = ("triage", "triage redirect", "triage 405", "question", "verdict", "details", "review", "change", "packet")
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}


def fail(request):
    raise RuntimeError(f"it failed with {request.POST['name']}")


urlpatterns = [path("triage/fail/", fail), *urls.urlpatterns]
handler404, handler500, handler400 = urls.handler404, urls.handler500, urls.handler400


def read(response):
    """A file that is sent in pieces, to its end."""
    assert b"".join(response)
    response.close()
    return response


def responses(client) -> dict:
    """A response of every kind."""
    client.raise_request_exception = False
    typed = {"data": urlencode(TYPED), "content_type": "application/x-www-form-urlencoded"}
    stylesheet = Page(client.get("/")).all("link[@rel='stylesheet']")[0].get("href")
    return {
        "page": client.get("/"),
        "problem": client.get("/problems/account-locked/"),
        "redirect": client.get("/problems"),
        "robots": client.get("/robots.txt"),
        "schema": client.get("/packet/packet-1.schema.json"),
        "static": read(client.get(stylesheet)),
        "static, missing": client.get("/static/nothing.css"),
        "404": client.get("/nowhere/"),
        "405": client.put("/", b"x"),
        "400": client.get("/", headers={"host": "elsewhere.example"}),
        "411": client.generic("POST", "/triage/review/"),
        "413": client.generic("POST", "/triage/review/", b"x" * (site_settings.WAYIN_LONGEST_BODY + 1)),
        "500": client.post("/triage/fail/", **typed),
        "triage": client.get("/triage/"),
        "triage redirect": client.get("/triage/verdict/"),
        "question": client.get("/triage/question/?symptom=locked-message"),
        "verdict": client.get(f"/triage/verdict/?{LOCKED}"),
        "details": client.get(f"/triage/details/?{LOCKED}"),
        "triage 405": client.put("/triage/", b"x"),
        "review": client.post(f"/triage/review/?{LOCKED}", **typed),
        "review, wrong": client.post(f"/triage/review/?{LOCKED}", typed["data"] + "&phone=1", typed["content_type"]),
        "change": client.post(f"/triage/details/?{LOCKED}", **typed),
        "packet": client.post("/packet/json/", f"{LOCKED}&{typed['data']}", typed["content_type"]),
        "packet, wrong": client.post("/packet/json/", f"{LOCKED}&phone=1", typed["content_type"]),
        "packet, direct": client.get("/packet/pdf/"),
        "packet, empty": client.post("/packet/pdf/", "x=y", typed["content_type"]),
        "page, in Spanish": client.get("/es/"),
        "redirect, in Spanish": client.get("/es/problems"),
        "404, in Spanish": client.get("/es/nowhere/"),
        "400, in Spanish": client.get("/es/", headers={"host": "elsewhere.example"}),
        "413, in Spanish": client.generic("POST", "/es/triage/review/", b"x" * (site_settings.WAYIN_LONGEST_BODY + 1)),
        "triage, in Spanish": client.get("/es/triage/"),
        "question, in Spanish": client.get("/es/triage/question/?symptom=locked-message"),
        "verdict, in Spanish": client.get(f"/es/triage/verdict/?{LOCKED}"),
        "details, in Spanish": client.get(f"/es/triage/details/?{LOCKED}"),
        "review, in Spanish": client.post(f"/es/triage/review/?{LOCKED}", **typed),
        "packet, in Spanish": client.post("/es/packet/json/", f"{LOCKED}&{typed['data']}", typed["content_type"]),
    }


@pytest.fixture
def failing(settings):
    settings.ROOT_URLCONF = "test_security"


# ---- headers ----


@pytest.mark.usefixtures("failing")
def test_every_response_carries_the_security_headers_and_no_cookie(client):
    found = responses(client)
    statuses = {name: response.status_code for name, response in found.items() if name[:3].isdigit()}
    assert {name.partition(",")[0] for name in statuses} == {"404", "405", "400", "411", "413", "500"}
    assert [name for name, status in statuses.items() if name.partition(",")[0] != str(status)] == []
    assert found["static"].status_code == 200
    for name, response in found.items():
        policy = dict(part.strip().split(" ", 1) for part in response["Content-Security-Policy"].split(";"))
        assert policy == POLICY, name
        assert response["X-Content-Type-Options"] == "nosniff", name
        assert response["Referrer-Policy"] == "no-referrer", name
        assert response["Cross-Origin-Opener-Policy"] == "same-origin", name
        assert response["Cross-Origin-Resource-Policy"] == "same-origin", name
        assert response["Permissions-Policy"].startswith("camera=(), microphone=(), geolocation=()"), name
        assert not response.cookies, name
        assert "Set-Cookie" not in response.headers, name
        assert "Cookie" not in response.get("Vary", ""), name
        assert "Access-Control-Allow-Origin" not in response.headers, name


@pytest.mark.usefixtures("failing")
def test_what_may_hold_answers_is_stored_by_nobody(client):
    for name, response in responses(client).items():
        assert ("no-store" in response.get("Cache-Control", "")) == (name.partition(",")[0] in PRIVATE), name


HELP = ("page", "problem", "robots", "schema", "page, in Spanish")


def test_help_pages_may_be_kept_by_caches_for_a_while_also_when_the_site_is_down(client):
    found = responses(client)
    for name, response in found.items():
        if name != "static":
            assert ("public" in response.get("Cache-Control", "")) == (name in HELP), name
    for name in HELP:
        rules = found[name]["Cache-Control"].split(", ")
        assert rules == ["public", "max-age=300", "stale-while-revalidate=600", "stale-if-error=86400"], name
        assert set(found[name]["Vary"].split(", ")) <= {"Accept-Language", "Accept-Encoding"}, name


def test_help_pages_are_compressed_and_what_was_typed_is_not(client):
    gzip = {"accept-encoding": "gzip"}
    page = client.get("/faq/", headers=gzip)
    assert page["Content-Encoding"] == "gzip"
    assert len(page.content) < len(client.get("/faq/").content) / 3
    typed = {"data": urlencode(TYPED), "content_type": "application/x-www-form-urlencoded"}
    for response in (
        client.post(f"/triage/review/?{LOCKED}", headers=gzip, **typed),
        client.get(f"/triage/verdict/?{LOCKED}", headers=gzip),
    ):
        assert "Content-Encoding" not in response


class HungUp(io.BytesIO):
    """A body whose sender goes away."""

    def read(self, *_):
        raise ConnectionResetError


@pytest.mark.parametrize(("length", "status"), [(100, 400), (7_000_000, 413)])
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_a_visitor_who_goes_away_in_the_middle_of_a_form_is_no_failure(client, kind, length, status, caplog):
    client.raise_request_exception = False
    request = {"CONTENT_TYPE": kind, "CONTENT_LENGTH": str(length), "wsgi.input": HungUp()}
    assert client.generic("POST", f"/triage/review/?{LOCKED}", **request).status_code == status
    assert [record for record in caplog.records if record.exc_info] == []


@pytest.mark.parametrize("url", ["/problems/account-locked/?symptom=locked-message", "/?x=1", "/es/faq/?x"])
def test_an_address_with_answers_in_it_is_kept_by_nobody(client, url):
    response = client.get(url)
    assert response.status_code == 200
    assert response["Cache-Control"] == "private, no-store"


def test_scripts_and_stylesheets_are_taken_only_as_they_were_made(client):
    shown = [Page(client.get("/")), Page(post(client, f"/triage/review/?{LOCKED}", TYPED))]
    parts = [part for page in shown for part in (*page.all("script[@src]"), *page.all("link[@rel='stylesheet']"))]
    assert len({part.get("src") or part.get("href") for part in parts}) == 3
    for part in parts:
        content = b"".join(client.get(part.get("src") or part.get("href")))
        digest = base64.b64encode(hashlib.sha384(content).digest()).decode()
        assert part.get("integrity") == f"sha384-{digest}"


@pytest.mark.usefixtures("failing")
def test_every_text_says_its_encoding(client):
    for name, response in responses(client).items():
        if response.get("Content-Type", "").startswith("text/"):
            assert "charset=utf-8" in response["Content-Type"].lower().replace('"', ""), name


def test_no_page_needs_what_the_policy_forbids(client):
    for name, response in responses(client).items():
        if not response.get("Content-Type", "").startswith("text/html"):
            continue
        page = Page(response)
        assert page.attributes("style", "onclick", "onload", "onsubmit") == [], name
        # Data for search engines is no script that runs.
        scripts = [script for script in page.all("script") if script.get("type") != "application/ld+json"]
        assert [script for script in scripts if not (script.get("src") or "").startswith("/static/")] == [], name
        assert page.all("style") == [], name


def test_static_files_are_named_by_their_content_and_kept(client):
    stylesheet = Page(client.get("/")).all("link[@rel='stylesheet']")[0].get("href")
    assert re.fullmatch(r"/static/site\.[0-9a-f]{12}\.css", stylesheet)
    assert "immutable" in read(client.get(stylesheet))["Cache-Control"]


@pytest.mark.parametrize(
    "url", ["/static/", "/static/../helpdesk/settings.py", "/static/%2e%2e/manage.py", "/.git/config", "/.env"]
)
def test_nothing_but_the_site_can_be_read(client, url):
    assert client.get(url).status_code == 404


@pytest.mark.parametrize(
    "url",
    [
        "//elsewhere.example/faq",
        "/es//elsewhere.example/faq",
        "/\\elsewhere.example/faq",
        "/%2Felsewhere.example/faq",
        "/triage/verdict/?next=https://elsewhere.example/",
        "/triage/review/?symptom=locked-message&next=//elsewhere.example/",
        "/faq?next=//elsewhere.example/",
    ],
)
def test_no_redirect_leads_off_the_site(client, url):
    path, _, query = url.partition("?")
    response = client.get("/", PATH_INFO=path, QUERY_STRING=query)
    # As a browser reads it, to which a backslash is a slash.
    target = urljoin("http://testserver/", response.get("Location", "/").replace("\\", "/"))
    assert urlsplit(target).hostname == "testserver"


# ---- requests that are refused before anything reads them ----


@pytest.mark.parametrize("url", ["/", "/es/", "/triage/", "/packet/", "/packet/pdf/", "/static/", "/healthz"])
@pytest.mark.parametrize("method", ["TRACE", "TRACK", "CONNECT", "PROPFIND"])
def test_a_method_that_no_page_has_is_refused_and_nothing_is_echoed(client, method, url):
    for length in ("0", ""):
        response = client.generic(method, url, headers={"x-canary": CANARY}, CONTENT_LENGTH=length)
        assert response.status_code in (404, 405, 411)
        assert CANARY not in response.text
        assert CANARY not in str(response.headers)


@pytest.mark.parametrize(
    ("said", "status"), [("cross-site", 403), ("same-origin", 200), ("same-site", 200), ("none", 200), ("", 200)]
)
def test_a_form_that_another_site_sends_is_refused(client, said, status):
    typed = {"data": urlencode(TYPED), "content_type": "application/x-www-form-urlencoded"}
    headers = {"sec-fetch-site": said} if said else {}
    for url in (f"/triage/review/?{LOCKED}", f"/es/triage/review/?{LOCKED}"):
        response = client.post(url, headers=headers, **typed)
        assert response.status_code == status
        assert (CANARY in response.text) == (status == 200)
    # A link from another site may lead here.
    assert client.get(f"/triage/verdict/?{LOCKED}", headers=headers).status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("length", ["", "-1", "x", "²", "1e3", "+5", "9" * 5000, " 5"])
def test_a_body_of_unknown_length_is_refused(client, method, length):
    response = client.generic(method, f"/triage/review/?{LOCKED}", b"a=b", CONTENT_LENGTH=length)
    assert response.status_code == 411


def test_a_body_in_pieces_is_refused(client):
    response = client.generic("POST", f"/triage/review/?{LOCKED}", b"a=b", HTTP_TRANSFER_ENCODING="chunked")
    assert response.status_code == 411


def test_a_body_may_be_as_long_as_the_limit_and_no_longer(client):
    limit = 2 * 1024 * 1024
    start = b"began=today&x="
    form = "application/x-www-form-urlencoded"
    body = start + b"x" * (limit - len(start))
    assert client.generic("POST", f"/triage/review/?{LOCKED}", body, content_type=form).status_code == 200
    assert client.generic("POST", f"/triage/review/?{LOCKED}", body + b"x", content_type=form).status_code == 400
    body = b"x" * (6 * 1024 * 1024 + 256 * 1024 + 1)
    response = client.generic("POST", f"/triage/review/?{LOCKED}", body, content_type=form)
    assert response.status_code == 413
    assert response["Connection"] == "close"
    assert Page(response).link("Or call: when and whom to contact") == "/contact/"


# A request that hides in the body of another one, should two servers not agree where that body ends.
HIDDEN = "GET /robots.txt HTTP/1.1\r\nHost: localhost\r\n\r\n"
BOTH = len(f"0\r\n\r\n{HIDDEN}")
IN_PIECES = f"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n{HIDDEN}"
DOUBTFUL = {
    "two lengths": f"Content-Length: 5\r\nContent-Length: {BOTH}\r\n\r\na=b&c{HIDDEN}",
    "two lengths in one": f"Content-Length: 5, {BOTH}\r\n\r\na=b&c{HIDDEN}",
    "a length with a sign": f"Content-Length: +5\r\n\r\na=b&c{HIDDEN}",
    "a length in other figures": f"Content-Length: 0x5\r\n\r\na=b&c{HIDDEN}",
    "a length and pieces": f"Content-Length: {BOTH}\r\n{IN_PIECES}",
    "pieces by a name with a space": f"Content-Length: 5\r\n{IN_PIECES.replace('Encoding:', 'Encoding :')}",
    "pieces of a kind that there is not": IN_PIECES.replace("chunked", "xchunked"),
    "pieces that are none": IN_PIECES.replace("chunked", "identity"),
    "pieces and none": IN_PIECES.replace("chunked\r\n", "chunked\r\nTransfer-Encoding: identity\r\n"),
    "a piece that is too long": IN_PIECES.replace("0\r\n", "3\r\na=b&c\r\n0\r\n", 1),
    "a piece with a sign": IN_PIECES.replace("0\r\n", "+5\r\na=b&c\r\n0\r\n", 1),
    "a header over two lines": f"Content-Length: 5\r\n {IN_PIECES}",
    "half a line end": f"X: y\rContent-Length: 5\r\n\r\na=b&c{HIDDEN}",
}


@pytest.mark.parametrize("rest", DOUBTFUL.values(), ids=DOUBTFUL)
def test_where_a_body_ends_is_never_in_doubt(blank_site, stack, rest):
    sent = [f"POST /triage/review/?{LOCKED} HTTP/1.1\r\nHost: localhost\r\n{rest}".encode()]
    for said in (talk(blank_site, sent), talk(stack.address, sent, stack.context())):
        # Refused, or hung up on.
        assert set(said.statuses[:1]) <= {400, 411, 501}
        assert 200 not in said.statuses
        assert b"User-agent" not in said.content


def test_a_file_that_is_not_asked_for_is_not_read_and_two_are_refused(client):
    response = client.post(f"/triage/review/?{LOCKED}", {"began": io.BytesIO(b"CANARY")})
    assert response.status_code == 200
    assert "CANARY" not in response.text
    assert client.post(f"/triage/review/?{LOCKED}", {"a": io.BytesIO(b"x"), "b": io.BytesIO(b"x")}).status_code == 400


# ---- nothing is kept ----


def test_there_is_nothing_that_could_keep_an_answer():
    # Django itself fills in a database that refuses everything.
    assert {database["ENGINE"] for database in site_settings.DATABASES.values()} <= {"django.db.backends.dummy"}
    kept = re.compile("cache|session|csrf|auth|message", re.IGNORECASE)
    assert [name for name in site_settings.MIDDLEWARE if kept.search(name)] == []
    assert [name for name in site_settings.INSTALLED_APPS if kept.search(name) or "contenttypes" in name] == []
    # A file is held in memory whatever its size, and never spooled to disk.
    assert site_settings.FILE_UPLOAD_HANDLERS == ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
    assert site_settings.FILE_UPLOAD_MAX_MEMORY_SIZE >= site_settings.WAYIN_LONGEST_BODY


def test_a_canary_is_in_no_address_title_or_file_name(client):
    page = Page(post(client, f"/triage/review/?{LOCKED}", TYPED))
    assert CANARY in page.text
    for response in (client.post(f"/triage/review/?{LOCKED}", TYPED), *_packets(client, page)):
        assert CANARY not in str(response.headers)
        assert CANARY not in response.get("Location", "")
    wrong = Page(post(client, f"/triage/review/?{LOCKED}", TYPED | {"phone": "1"}))
    for shown in (page, wrong, Page(_packets(client, page)[1])):
        assert CANARY not in shown.title
        assert [
            address for address in shown.attributes("href", "src", "action", "formaction") if CANARY in address
        ] == []
        assert [word for word in shown.attributes("id", "class", "name") if CANARY in word] == []


def _packets(client, page: Page) -> list:
    pairs = page.form("Save as PDF").pairs
    return [post(client, f"/packet/{kind}/", pairs) for kind in ("pdf", "html", "txt", "call", "json")]


@pytest.fixture
def log(monkeypatch) -> io.StringIO:
    """What the site's own log handlers write."""
    text = io.StringIO()
    for name in ("", *site_settings.LOGGING["loggers"]):
        for handler in logging.getLogger(name).handlers:
            # Not pytest's own, which know nothing of our formatter.
            if isinstance(handler.formatter, PrivateFormatter):
                monkeypatch.setattr(handler, "stream", text)
    return text


@pytest.mark.usefixtures("failing")
def test_a_canary_is_in_no_log_line_even_when_a_view_fails_with_it(client, log):
    responses(client)
    many = "&".join(f"{CANARY}{number}=x" for number in range(1000))
    client.get(f"/triage/verdict/?{many}")
    client.get("/", headers={"host": f"{CANARY}.example"})
    client.get(f"/problems/{CANARY}/?name={CANARY}")
    client.get(f"/es/problems/{CANARY}/?name={CANARY}", headers={"accept-language": CANARY})
    client.get(f"/es/{CANARY}")
    client.post(f"/triage/review/?{LOCKED}", {CANARY: io.BytesIO(b"x")})
    written = log.getvalue()
    (failed,) = (line for line in lines(written) if line.get("exception") == "RuntimeError")
    assert failed["logger"] == "django.request"
    assert f"{__file__}:" in " ".join(failed["at"])
    assert "DisallowedHost" in written
    assert CANARY not in written
    assert "/triage/" not in written.replace("/triage/views.py", "")


def lines(written: str) -> list[dict]:
    return [json.loads(line) for line in written.splitlines()]


def test_a_log_record_without_a_request_keeps_its_words_on_one_line(log):
    logging.getLogger("django").warning("one\ntwo %s", "three")
    (line,) = lines(log.getvalue())
    assert (line["level"], line["logger"], line["message"]) == ("WARNING", "django", "one\ntwo three")
    assert datetime.datetime.fromisoformat(line["time"]).tzinfo


def test_a_failure_has_one_number_on_the_page_and_in_the_log(client, settings, log):
    settings.ROOT_URLCONF = "test_security"
    client.raise_request_exception = False
    pages = [Page(client.post("/triage/fail/", {"name": CANARY})) for _ in range(2)]
    numbers = {re.search(r"Failure number: ([0-9a-f]{8})\.", page.text)[1] for page in pages}
    assert {line["error_id"] for line in lines(log.getvalue())} == numbers
    assert len(numbers) == 2


@pytest.mark.parametrize("name", ["weasyprint", "pypdf", "PIL.PngImagePlugin", "somebody.elses"])
def test_a_library_may_warn_but_what_it_was_given_is_in_no_log_line(log, name):
    logging.getLogger(name).warning("cannot read %s", CANARY)
    logging.getLogger(name).error(f"{CANARY} is wrong")  # noqa: G004 (as libraries do)
    logging.getLogger(name).info(CANARY)
    assert [(line["level"], line["logger"]) for line in lines(log.getvalue())] == [("WARNING", name), ("ERROR", name)]
    assert f"{__file__}:" in log.getvalue()
    assert CANARY not in log.getvalue()


def test_a_library_whose_exception_is_logged_keeps_its_words_to_itself(log):
    try:
        raise ValueError(CANARY)
    except ValueError:
        logging.getLogger("somebody.elses").exception("it failed with %s", CANARY)
    (line,) = lines(log.getvalue())
    assert (line["logger"], line["exception"]) == ("somebody.elses", "ValueError")
    assert CANARY not in log.getvalue()


def test_the_real_server_sends_the_headers_and_writes_no_canary(blank_site):
    """Over the wire, with gunicorn's own log turned on."""
    for url, data, status in (
        (f"/triage/review/?{LOCKED}&{CANARY}=1", urlencode(TYPED), 200),
        (f"/triage/review/?{LOCKED}", "x" * (site_settings.WAYIN_LONGEST_BODY + 1), 413),
        (f"/nowhere/?{CANARY}", None, 404),
        (f"/{CANARY}", None, 404),
        (f"/{CANARY}/{CANARY}?x=1", "a=b", 404),
        (f"/problems/{CANARY}/", None, 404),
        (f"/problems/{CANARY}", None, 404),
        (f"/packet/{CANARY}/", "a=b", 404),
        (f"/static/{CANARY}.css", None, 404),
        ("/static/nothing.css", None, 404),
        ("/faq/", "a=b", 405),
        (f"/es/triage/review/?{LOCKED}&{CANARY}=1", urlencode(TYPED), 200),
        (f"/es/problems/{CANARY}/", None, 404),
        (f"/es/{CANARY}", None, 404),
        (f"/es/packet/{CANARY}/", "a=b", 404),
    ):
        request = urllib.request.Request(blank_site + url, data.encode() if data else None)
        request.add_header("User-Agent", CANARY)
        request.add_header("Referer", f"https://elsewhere.example/{CANARY}")
        request.add_header("Accept-Language", CANARY)
        try:
            with urllib.request.urlopen(request) as response:
                got, headers = response.status, response.headers
        except urllib.error.HTTPError as error:
            with error:
                got, headers = error.code, error.headers
        assert got == status, url
        assert headers["Content-Security-Policy"].startswith("default-src 'none'"), url
        assert headers["Set-Cookie"] is None, url
    assert blank_site.logged("POST review 200")
    assert blank_site.logged("POST - 413")
    assert blank_site.logged("GET problem 404")
    assert blank_site.logged("GET static 404")
    assert blank_site.logged("GET - 404")
    assert CANARY not in blank_site.log


@pytest.mark.parametrize(
    ("words", "arguments", "failed"),
    [
        ("Error handling request %s %s", ("GET", f"/{CANARY}?{CANARY}"), True),
        (f"Invalid request from ip=::1: {CANARY}", (), False),
    ],
)
def test_gunicorn_names_no_address_of_a_request_that_failed(words, arguments, failed):
    try:
        raise ValueError(CANARY)
    except ValueError:
        trouble = sys.exc_info() if failed else None
    record = logging.LogRecord("gunicorn.error", logging.ERROR, "x", 1, words, arguments, trouble)
    assert CANARY not in PrivateFormatter().format(record)
    assert CANARY in logging.Formatter().format(record)


def test_the_process_that_opens_files_logs_nothing_of_them():
    """Its limits stop it from writing into a file, but not into a pipe or a journal."""
    packet = f"%PDF-1.4\n1 0 obj<</Type/Catalog/{CANARY} {CANARY}>>endobj\nstartxref\n5\n%%EOF".encode()
    run = f"try: workers.run(attached.data_in, {packet!r})\nexcept attached.NotOursError: print('not ours')"
    done = manage("-c", f"from triage import attached, workers\n{run}")
    assert (done.returncode, done.stdout, done.stderr) == (0, "not ours\n", "")


def test_the_longest_address_fits_into_the_request_line():
    every = catalog().triage_questions
    longest = {question.id: max((choice.id for choice in question.choices), key=len) for question in every}
    chosen = [
        (question.id, choice)
        for question in every
        for choice in ([c.id for c in question.choices] if question.kind == "choices" else [longest[question.id]])
    ]
    results = [(f"step-{step}", max(RESULTS, key=len)) for step in catalog().steps]
    pairs = [*(("symptom", symptom) for symptom in catalog().symptoms), *chosen, *results]
    # What the pages add: the question that was asked, and that something was dropped.
    pairs += [("asked", max(longest, key=len)), ("dropped", "1")]
    addresses = set()
    for language in languages():
        with translation.override(language):
            addresses.add(reverse("question"))
    assert addresses == {"/triage/question/", "/es/triage/question/"}
    line = f"GET {max(addresses, key=len)}?{urlencode(pairs)} HTTP/1.1"
    assert len(line) < runpy.run_path(str(ROOT / "deploy" / "gunicorn.conf.py"))["limit_request_line"]


# ---- what the code never does ----

MODULES = [ROOT / "deploy" / "gunicorn.conf.py", *(ROOT / "helpdesk").rglob("*.py"), *(ROOT / "triage").rglob("*.py")]
# What reads objects from bytes, speaks SQL, or calls another machine.
NEVER_IMPORTED = (
    *("pickle", "marshal", "shelve", "yaml", "xml", "sqlite3", "django.db"),
    *("socket", "http.client", "urllib.request", "ftplib", "smtplib", "requests", "django.core.mail"),
)
# It puts a tree together and reads nothing.
HARMLESS = {"xml.etree.ElementTree.TreeBuilder"}
# What runs text as code.
NEVER_CALLED = {"eval", "exec", "compile", "__import__", "os.system", "os.popen", "Template", "Engine.from_string"}


def imports(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{name.name}" for name in node.names}
    return found


def calls(file: Path) -> list[ast.Call]:
    return [node for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]


@pytest.mark.parametrize("file", MODULES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_no_text_is_run_as_code_and_nobody_is_called(file):
    imported = imports(file) - HARMLESS
    assert not [name for name in imported if f"{name}.".startswith(tuple(f"{never}." for never in NEVER_IMPORTED))]
    assert not {ast.unparse(call.func) for call in calls(file)} & NEVER_CALLED
    assert not [call for call in calls(file) if "shell" in {keyword.arg for keyword in call.keywords}]


def test_the_one_program_that_is_started_gets_no_word_of_a_visitor(monkeypatch):
    assert [file.name for file in MODULES if "subprocess" in imports(file)] == ["typesetter.py"]
    started, run = [], subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda words, **options: started.append(words) or run(words, **options))
    typesetter._drawn.cache_clear()
    for _ in range(2):
        pdf.render(f"<html lang=en><title>x</title><p>{CANARY}", "", datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC))
    assert started == [["fc-list", "--format", "%{charset} "]]


def test_the_script_writes_text_and_never_markup_and_keeps_nothing():
    (script,) = (ROOT / "static").glob("*.js")
    text = script.read_text(encoding="utf-8")
    assert '"use strict"' in text
    assert ".textContent = " in text
    never = r"\.(inner|outer)HTML|insertAdjacentHTML|document\.(write|cookie)|\beval\b|\bFunction\(|postMessage"
    assert not re.search(never, text)
    assert not re.search(r"localStorage|sessionStorage|indexedDB|caches\b|fetch\(|XMLHttpRequest|sendBeacon", text)


# ---- settings ----


def manage(*words: str, **environment: str) -> subprocess.CompletedProcess:
    own = {name: value for name, value in os.environ.items() if not name.startswith(("WAYIN_", "DJANGO_"))}
    command = [sys.executable, *words]
    return subprocess.run(command, cwd=ROOT, env=own | environment, capture_output=True, text=True, check=False)


def test_the_deployment_check_has_no_complaint():
    done = manage("manage.py", "check", "--deploy", "--fail-level", "WARNING", WAYIN_HTTPS="1", WAYIN_HOSTS="a.example")
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def test_https_is_demanded_where_a_proxy_speaks_it(client, settings):
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 63_072_000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    assert client.get("/")["Location"] == "https://testserver/"
    # The server has not been told to believe whoever sent this.
    assert client.get("/", headers={"x-forwarded-proto": "https"})["Location"] == "https://testserver/"
    for url in ("/", "/nowhere/", "/triage/"):
        response = client.get(url, secure=True)
        assert response["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains"


@pytest.mark.parametrize(("believed", "status"), [("127.0.0.1", 200), ("192.0.2.1", 301)])
def test_only_a_named_proxy_is_believed_that_a_request_came_by_https(static_files, tmp_path, believed, status):
    options = ("--forwarded-allow-ips", believed)
    environment = {"WAYIN_HTTPS": "1", "WAYIN_HOSTS": "localhost,127.0.0.1"}
    with browser.running_site(tmp_path, environment=environment, options=options) as site:
        connection = http.client.HTTPConnection(site.removeprefix("http://"), timeout=10)
        connection.request("GET", "/faq/", headers={"X-Forwarded-Proto": "https"})
        assert connection.getresponse().status == status
        connection.close()


@pytest.mark.parametrize("name", ["WAYIN_HTTPS", "WAYIN_DEBUG"])
@pytest.mark.parametrize("value", ["yes", "true", "2", " 1"])
def test_a_setting_that_is_neither_1_nor_0_is_refused_by_its_name(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured, match=f"{name} must be 1 or 0, not '{value}'"):
        shipped.env_bool(name)


def test_a_bad_setting_stops_the_start():
    done = manage("-c", "import helpdesk.wsgi", WAYIN_HTTPS="yes")
    assert done.returncode == 1
    assert done.stderr.endswith("ImproperlyConfigured: WAYIN_HTTPS must be 1 or 0, not 'yes'\n")


@pytest.mark.parametrize("hosts", ["", " ", ","])
def test_no_host_name_means_the_usual_ones_and_not_none(monkeypatch, hosts):
    monkeypatch.setenv("WAYIN_HOSTS", hosts)
    assert shipped.env_list("WAYIN_HOSTS", "localhost, 127.0.0.1") == ["localhost", "127.0.0.1"]


def test_every_process_has_a_key_of_its_own():
    keys = {manage("-c", "from helpdesk.settings import SECRET_KEY; print(SECRET_KEY)").stdout for _ in range(2)}
    assert len(keys) == 2
    assert min(len(key) for key in keys) > 60


def test_a_bad_fact_sheet_stops_wsgi_with_the_fault_named(tmp_path):
    file = tmp_path / "organization.toml"
    file.write_text('[desks.support]\nphone = "call us"\n')
    done = manage("-c", "import helpdesk.wsgi", WAYIN_ORGANIZATION=str(file))
    assert done.returncode == 1
    assert f"{file}: desks.support.phone: write a phone number" in done.stderr


def test_a_bad_fact_sheet_stops_gunicorn_with_the_fault_named(tmp_path):
    with pytest.raises(AssertionError, match=r"nothing\.toml: there is no such file"):
        browser.running_site(tmp_path, organization=str(tmp_path / "nothing.toml")).__enter__()
