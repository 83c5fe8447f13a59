"""nginx and two replicas, as deploy/ has them: what comes through, what never does, what a dead part costs."""

import gzip
import http.client
import io
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode, urlsplit

import brotli
import pytest
from browser import catalog
from PIL import Image
from pypdf import PdfReader
from reading import Page

from helpdesk.middleware import HEADERS
from triage.renderers import RENDERERS
from trials.sites import multipart
from trials.stack import Replica, Stack
from trials.watch import alive, below, children

LOCKED = "symptom=locked-message&for-whom=self&codes-unasked=no&needed-today=refill"
CANARY = "Canary7Q"
TYPED = {"error-words": f"{CANARY} locked (Error 1031)", "what-happened": f"It said {CANARY}", "name": f"Mia {CANARY}"}
# What every answer carries, whoever gives it.
SECURITY = (
    *HEADERS,
    "Strict-Transport-Security",
    "X-Content-Type-Options",
    "Referrer-Policy",
    "Cross-Origin-Opener-Policy",
)
MEGABYTE = 1024 * 1024

Pairs = list[tuple[str, str]]


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Message
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    def pressed(self, button: str) -> Pairs:
        """What pressing this button sends."""
        return Page(self.text).form(button).pairs

    def pdf_words(self) -> str:
        assert self.headers["Content-Type"] == "application/pdf", self.text
        return " ".join(page.extract_text() for page in PdfReader(io.BytesIO(self.body)).pages)


class Visitor:
    """Somebody at an address of this machine (any of 127.0.0.0/8). Each request is a connection of its own."""

    def __init__(self, stack: Stack, source: str = "127.0.0.1") -> None:
        self.stack, self.source = stack, source
        self.port, self.context = urlsplit(stack.address).port, stack.context()

    def get(self, path: str, headers: dict[str, str] | None = None) -> Answer:
        return self.send("GET", path, headers=headers)

    def post(self, path: str, pairs: Iterable[tuple[str, str]], headers: dict[str, str] | None = None) -> Answer:
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.send("POST", path, urlencode(list(pairs)).encode(), kind | (headers or {}))

    def send(
        self,
        method: str,
        path: str,
        body: bytes | Iterable[bytes] | None = None,
        headers: dict[str, str] | None = None,
        plain: bool = False,
    ) -> Answer:
        own: dict = {"timeout": 40, "source_address": (self.source, 0)}
        if plain:
            port = urlsplit(self.stack.plain_address).port
            connection = http.client.HTTPConnection("127.0.0.1", port, **own)
        else:
            connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=self.context, **own)
        try:
            # nginx may say no before all is sent, and takes in some more, so that the answer can be read.
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.request(method, path, body, {"Host": "localhost"} | (headers or {}))
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def reviewed(self) -> Answer:
        """The review page, after typing."""
        answer = self.post(f"/triage/review/?{LOCKED}", TYPED.items())
        assert answer.status == 200
        return answer

    def saves_pdf(self, review: Answer) -> Answer:
        return self.post("/packet/pdf/", review.pressed("Save as PDF"))


@pytest.fixture
def patient(stack) -> Visitor:
    return Visitor(stack)


@pytest.fixture
def breakable(stack) -> Iterator[Stack]:
    """The stack, for a test that breaks parts of it: what is dead afterwards is started again."""
    yield stack
    revive(stack)


def revive(stack: Stack) -> None:
    dead = [replica for replica in stack.replicas if not replica.is_ready()]
    for replica in dead:
        replica.kill()
        replica.launch()
    for replica in dead:
        replica.wait_until_ready()


# What comes through


def test_a_patient_gets_from_the_first_page_to_every_kind_of_packet(patient):
    start = Page(patient.get("/").text).link("Start now")
    assert patient.get(start).status == 200
    verdict = patient.get(f"/triage/verdict/?{LOCKED}")
    details = patient.get(f"/triage/details/?{urlencode(verdict.pressed('Make a support request'))}")
    boxes = dict(details.pressed("Continue"))
    content_type, body = multipart(boxes | TYPED, ("picture", "screen.png", picture()))
    review = patient.send("POST", f"/triage/review/?{LOCKED}", body, {"Content-Type": content_type})
    assert review.status == 200
    for kind, rendering in RENDERERS.items():
        packet = patient.post(f"/packet/{kind}/", review.pressed("Save as PDF"))
        assert (packet.status, packet.headers["Content-Type"]) == (200, rendering.content_type)
        assert CANARY in (packet.pdf_words() if kind == "pdf" else packet.text)


def picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (300, 200), "navy").save(file, "PNG")
    return file.getvalue()


def test_replicas_share_the_work(stack, patient):
    before = [len(answered(replica)) for replica in stack.replicas]
    for _ in range(10):
        assert patient.get("/triage/").status == 200
    eventually(lambda: all(len(answered(replica)) > seen for replica, seen in zip(stack.replicas, before, strict=True)))


def answered(replica: Replica) -> list[dict]:
    """The requests that the replica has answered, as its log has them."""
    return [json.loads(line) for line in replica.log_file.read_text().splitlines() if '"wayin.access"' in line]


def test_an_address_without_tls_leads_to_the_same_page_with_it(stack, patient):
    answer = patient.send("GET", "/faq/?a=b", plain=True)
    assert (answer.status, answer.headers["Location"]) == (301, f"{stack.address}/faq/?a=b")
    elsewhere = patient.send("GET", "/faq/", headers={"Host": "elsewhere.example"}, plain=True)
    assert elsewhere.headers["Location"] == f"{stack.address}/faq/"


def test_browsers_get_http_2_over_tls_1_2_or_1_3_and_nothing_older(stack):
    context = stack.context()
    context.set_alpn_protocols(["h2", "http/1.1"])
    assert handshake(stack, context) == ("TLSv1.3", "h2")
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    assert handshake(stack, context) == ("TLSv1.2", "h2")
    # What this side would speak, if it were let.
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.raises(ssl.SSLError, match=r"PROTOCOL_VERSION|protocol version"):
        handshake(stack, context)


def handshake(stack: Stack, context: ssl.SSLContext) -> tuple[str | None, str | None]:
    with (
        socket.create_connection(("127.0.0.1", urlsplit(stack.address).port), 10) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as secure,
    ):
        return secure.version(), secure.selected_alpn_protocol()


def test_what_is_the_same_for_everybody_is_compressed_and_what_was_typed_is_not(patient):
    wish = {"Accept-Encoding": "gzip, deflate, br"}
    style = Page(patient.get("/").text).all("link[@rel='stylesheet']")[0].get("href")
    assert brotli.decompress(patient.get(style, wish).body) == patient.get(style).body
    plain = patient.get("/faq/")
    assert plain.headers["Content-Encoding"] is None
    for taken, decoded in (
        ("gzip, deflate, br", brotli.decompress),
        ("br;q=0.5", brotli.decompress),
        ("gzip", gzip.decompress),
        ("gzip, br;q=0", gzip.decompress),
        ("x-br, gzip", gzip.decompress),
    ):
        page = patient.get("/faq/", {"Accept-Encoding": taken})
        assert decoded(page.body) == plain.body
        assert "Accept-Encoding" in page.headers["Vary"]
    shown = patient.get("/problems/account-locked/?symptom=locked-message", wish)
    assert shown.headers["Content-Encoding"] == "gzip"
    typed = patient.post(f"/triage/review/?{LOCKED}", TYPED.items(), wish)
    assert CANARY in typed.text
    assert typed.headers["Content-Encoding"] is None


# What is refused


def test_an_upload_without_a_length_gets_a_page_that_says_so(patient):
    """In pieces of a byte it would take more room than it has letters, and reach a disk. No browser sends a form so."""
    typed = urlencode(TYPED | {"unknown": "x" * MEGABYTE}).encode()
    parts = iter([typed[:30], typed[30:100_000], typed[100_000:]])
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = patient.send("POST", f"/triage/review/?{LOCKED}", parts, kind)
    assert answer.status == 411
    assert catalog().interface["refused"]["what_to_do"] in answer.text


def test_what_is_too_large_gets_a_page_that_says_so(patient):
    limits = {
        "the body, for the site": (413, {"method": "POST", "body": b"x" * int(6.5 * MEGABYTE)}),
        "the body, for nginx": (413, {"method": "POST", "body": b"x" * (8 * MEGABYTE)}),
        "the body, without a length": (411, {"method": "POST", "body": (b"x" * MEGABYTE for _ in range(8))}),
        "the address, for a replica": (414, {"method": "GET", "path": f"/faq/?{'x' * 4090}"}),
        "the address, for nginx": (414, {"method": "GET", "path": f"/faq/?{'x' * 9000}"}),
        "a header": (431, {"method": "GET", "headers": {"Cookie": "x" * 9000}}),
        "all headers": (431, {"method": "GET", "headers": {f"X-{number}": "x" * 7000 for number in range(5)}}),
    }
    for what, (status, request) in limits.items():
        answer = patient.send(**{"path": "/triage/review/", **request})
        assert answer.status == status, what
        assert catalog().interface["refused"]["title"] in answer.text, what
        assert answer.headers["Cache-Control"] == "no-store", what


def test_a_browser_that_sends_too_large_a_picture_shows_that_page(stack, visitor, tmp_path):
    """Over HTTP/2, where an answer in the middle of an upload is another matter."""
    (tmp_path / "screen.png").write_bytes(b"x" * (8 * MEGABYTE))
    page = visitor(ignore_https_errors=True)
    page.goto(f"{stack.address}/triage/details/?{LOCKED}")
    page.set_input_files("input[type=file]", tmp_path / "screen.png")
    with page.expect_navigation() as moved:
        page.get_by_role("button", name="Continue").click()
    assert moved.value.status == 413
    assert catalog().interface["refused"]["title"] in page.content()


def test_cookies_and_many_headers_of_other_sites_do_no_harm(patient):
    many = {f"X-{number}": "x" * 200 for number in range(90)}
    assert patient.get("/triage/", many | {"Cookie": "x" * 7000}).status == 200


@pytest.mark.parametrize("path", ["/metrics", "/readyz", "/metrics?a=b", "/%6detrics", "//metrics", "/faq/../readyz"])
def test_what_is_for_machines_is_closed_from_outside(stack, patient, path):
    assert patient.get(path).status == 404
    assert b"wayin_" not in patient.get(path).body
    inside = http.client.HTTPConnection("127.0.0.1", stack.replicas[0].port, timeout=10)
    inside.request("GET", path.partition("?")[0].replace("%6d", "m").removeprefix("/faq/..").replace("//", "/"))
    assert inside.getresponse().status == 200
    inside.close()


def test_another_host_name_is_refused_and_never_kept(stack, patient):
    for path in ("/contact/", "/triage/"):
        assert patient.get(path, {"Host": "elsewhere.example"}).status == 400
    assert patient.get("/contact/").status == 200
    assert patient.get("/contact/", {"Host": "elsewhere.example"}).status == 400
    assert not [key for key in kept(stack) if "elsewhere" in key]


FORGED = {
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Ssl": "off",
    "X-Forwarded-Host": "elsewhere.example",
    "X-Forwarded-For": "203.0.113.7",
    "Forwarded": "for=203.0.113.7;proto=http;host=elsewhere.example",
    "X-Over-Limit": "REJECTED_DRY_RUN",
    "SCRIPT_NAME": "/elsewhere",
    "Script-Name": "/elsewhere",
}


def test_what_only_a_proxy_may_say_is_not_believed_of_a_visitor(stack, patient):
    honest, forged = patient.get("/triage/"), patient.get("/triage/", FORGED)
    assert (forged.status, forged.body) == (honest.status, honest.body)
    packet = patient.post("/packet/pdf/", patient.reviewed().pressed("Save as PDF"), FORGED)
    assert CANARY in packet.pdf_words()
    assert "203.0.113.7" not in stack.logs()


def test_who_asks_for_too_many_pdfs_keeps_what_was_typed_and_others_get_theirs(stack, patient):
    eager = Visitor(stack, source="127.0.0.9")
    review = eager.reviewed()
    for _ in range(25):
        assert eager.get("/packet/blank.pdf").status == 200
    refused = eager.saves_pdf(review)
    assert refused.status == 503
    assert refused.headers["Retry-After"] == "5"
    assert "We cannot make your PDF now" in refused.text
    assert refused.pressed("Save as PDF") == review.pressed("Save as PDF")
    assert eager.post("/packet/txt/", refused.pressed("Save as PDF")).status == 200
    assert CANARY in patient.saves_pdf(patient.reviewed()).pdf_words()
    eventually(lambda: eager.saves_pdf(refused).status == 200, seconds=20)


LARGE = b"POST /triage/review/?%b HTTP/1.1\r\nHost: localhost\r\nContent-Length: 6000000\r\n" % LOCKED.encode()


def sends_slowly(stack: Stack, source: str) -> ssl.SSLSocket:
    """Somebody who has begun to send a large picture, and never ends."""
    visitor = Visitor(stack, source)
    plain = socket.create_connection(("127.0.0.1", visitor.port), 10, (source, 0))
    secure = visitor.context.wrap_socket(plain, server_hostname="localhost")
    secure.sendall(LARGE + b"Content-Type: text/plain\r\n\r\nx")
    return secure


def sends_a_picture(visitor: Visitor) -> int:
    """Of a picture that is none: the site says so (422), where it comes to that."""
    kind, form = multipart(TYPED, ("picture", "screen.png", b"x" * MEGABYTE))
    return visitor.send("POST", f"/triage/review/?{LOCKED}", form, {"Content-Type": kind}).status


def test_one_address_holds_up_no_other_with_large_bodies(stack, patient):
    other = Visitor(stack, "127.0.0.9")
    with ExitStack() as slow:
        for _ in range(20):
            slow.enter_context(sends_slowly(stack, other.source))
        eventually(lambda: sends_a_picture(other) == 503)
        assert sends_a_picture(patient) == 422
    eventually(lambda: sends_a_picture(other) == 422)


def test_large_bodies_that_wait_in_memory_have_a_bound_and_small_ones_go_on(stack, patient):
    with ExitStack() as slow:
        for number in range(100):
            slow.enter_context(sends_slowly(stack, f"127.0.1.{number}"))
        eventually(lambda: sends_a_picture(patient) == 503)
        assert patient.reviewed().pressed("Save as PDF")
        assert patient.get("/triage/").status == 200
    eventually(lambda: sends_a_picture(patient) == 422)


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_form_of_unknown_length_is_refused_also_over_http_2(stack, tmp_path, method):
    """HTTP/2 needs no length, and so says nothing of a body that has none."""
    body = tmp_path / "body"
    body.write_bytes(urlencode(TYPED).encode())
    words = [
        "curl",
        "--silent",
        "--http2",
        "--cacert",
        str(stack.certificate),
        "--request",
        method,
        "--output",
        str(tmp_path / "said"),
    ]
    words += ["--header", "Content-Length:", "--data-binary", f"@{body}", "--write-out", "%{http_version} %{http_code}"]
    done = subprocess.run(
        [*words, f"{stack.address}/triage/review/?{LOCKED}"], capture_output=True, text=True, check=True
    )
    assert done.stdout == "2 411"
    assert catalog().interface["refused"]["what_to_do"] in (tmp_path / "said").read_text()


# What every answer carries


def test_every_answer_carries_the_security_headers_whoever_gives_it(stack, patient):
    style = Page(patient.get("/").text).all("link[@rel='stylesheet']")[0].get("href")
    answers = {
        "page": patient.get("/what-to-expect/?a=b"),
        "page, kept": [patient.get("/what-to-expect/") for _ in range(2)][1],
        "style sheet": patient.get(style),
        "style sheet, known to the browser": patient.get(style, {"If-None-Match": patient.get(style).headers["ETag"]}),
        "review": patient.reviewed(),
        "packet": patient.saves_pdf(patient.reviewed()),
        "empty form": patient.get("/packet/blank.pdf"),
        "redirect": patient.get("/faq"),
        "not found": patient.get("/nowhere/"),
        "other host": patient.get("/", {"Host": "elsewhere.example"}),
        "not allowed": patient.send("PUT", "/", b"x"),
        "too large for the site": patient.send("POST", "/triage/review/", b"x" * int(6.5 * MEGABYTE)),
        "too large for nginx": patient.send("POST", "/triage/review/", b"x" * (8 * MEGABYTE)),
        "too long an address": patient.get(f"/?{'x' * 5000}"),
        "too long a header": patient.get("/", {"Cookie": "x" * 9000}),
        "no request at all": patient.send("NO:SUCH", "/"),
        "a method of nginx's own": patient.send("TRACE", "/"),
        "closed": patient.get("/metrics"),
        "pages for nginx": patient.get("/proxy/unavailable.html"),
    }
    expected = {name: straight(stack).headers[name] for name in SECURITY}
    assert all(expected.values())
    for kind, answer in answers.items():
        assert {name: answer.headers.get_all(name) for name in SECURITY} == {
            name: [value] for name, value in expected.items()
        }, kind
        assert answer.headers["Cache-Control"], kind
    statuses = {kind: answer.status for kind, answer in answers.items()}
    assert sorted(set(statuses.values())) == [200, 301, 304, 400, 404, 405, 413, 414, 431], statuses


def straight(stack: Stack) -> Answer:
    """A page from a replica itself, asked as nginx asks."""
    connection = http.client.HTTPConnection("127.0.0.1", stack.replicas[0].port, timeout=10)
    connection.request("GET", "/triage/", headers={"Host": "localhost", "X-Forwarded-Proto": "https"})
    response = connection.getresponse()
    answer = Answer(response.status, response.headers, response.read())
    connection.close()
    return answer


def test_nobody_learns_which_nginx_this_is(patient):
    answers = [
        patient.get("/"),
        patient.get("/metrics"),
        patient.send("GET", "/", plain=True),
        patient.get("/?" + "x" * 9000),
    ]
    assert {answer.headers["Server"] for answer in answers} == {"nginx"}
    assert not [answer for answer in answers if re.search(rb"nginx/[0-9]", answer.body)]


# What is kept, and what is written down


def kept(stack: Stack) -> dict[str, bytes]:
    """What the cache holds: address and language, and the whole file."""
    found = {}
    for file in stack.cache.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            found[re.search(rb"KEY: (.*)\n", content)[1].decode()] = content
    return found


def test_only_public_pages_in_plain_addresses_are_kept(stack, patient):
    for path in ("/stay-safe/", "/es/stay-safe/", "/packet/sample.pdf", "/robots.txt"):
        assert patient.get(path).status == 200
    known = kept(stack)
    for path in ("/stay-safe/", "/es/stay-safe/", "/packet/sample.pdf", "/robots.txt"):
        assert [key for key in known if f"localhost{path} " in key], path
    others = [
        "/prepare/?a=b",
        "/%70repare/",
        "//prepare/",
        "/./prepare/",
        "/nowhere/",
        "/triage/",
        "/es/triage/",
        "/packet/",
    ]
    for path in [*others, "/healthz", "/triage/question/?symptom=locked-message", f"/triage/details/?{LOCKED}"]:
        patient.get(path)
    patient.post("/prepare/", [("a", "b")])
    assert kept(stack).keys() == known.keys()


def test_a_page_is_kept_once_for_each_language_that_it_may_offer(stack, patient):
    wishes = {
        "": "",
        "en-US,en;q=0.9": "",
        "en-US,en;q=0.9,es;q=0.8": "",
        "fr,ru;q=0.5": "",
        "es": "es",
        "es-MX,es;q=0.9,en;q=0.8": "es",
        "fr;q=0.9, es;q=0.8": "es",
        "," * 3000 + "es" * 1000: "",
    }
    bodies: dict[str, set[bytes]] = {}
    for wish, offered in wishes.items():
        answer = patient.get("/accessibility/", {"Accept-Language": wish})
        bodies.setdefault(offered, set()).add(answer.body)
    assert [len(same) for same in bodies.values()] == [1, 1]
    assert bodies[""].isdisjoint(bodies["es"])
    assert len([key for key in kept(stack) if "localhost/accessibility/ " in key]) == 2


def test_nothing_that_a_patient_types_is_on_the_disk_or_in_a_log(stack, patient):
    untouched = {folder: folder.stat().st_mtime_ns for folder in (stack.temporary / "body", stack.temporary / "proxy")}
    content_type, body = multipart(TYPED, ("picture", f"{CANARY}.png", picture() + b"x" * 3 * MEGABYTE))
    review = patient.send("POST", f"/triage/review/?{LOCKED}", body, {"Content-Type": content_type})
    assert CANARY in review.text
    for kind in RENDERERS:
        assert patient.post(f"/packet/{kind}/", review.pressed("Save as PDF")).status == 200
    # Not even for a moment: a file that comes and goes leaves its mark on its folder.
    assert {folder: folder.stat().st_mtime_ns for folder in untouched} == untouched
    for path in (f"/{CANARY}/", f"/faq/?{CANARY}", f"/faq/?{CANARY * 1000}", f"/{CANARY}%"):
        patient.get(path, {"User-Agent": CANARY, "Referer": f"https://elsewhere.example/{CANARY}", "Cookie": CANARY})
    patient.send("GET", f"/{CANARY}", plain=True)
    patient.send(CANARY, "/")
    shouts(stack, f"GET /{CANARY}\r\n\r\n".encode())
    shouts(stack, f"{CANARY}\r\n\r\n".encode())
    time.sleep(1.2)  # nginx writes its log once a second
    written = {str(file): file.read_bytes() for file in stack.folder.rglob("*") if file.is_file()}
    assert [name for name, content in written.items() if CANARY.encode() in content] == []
    reference = dict(review.pressed("Save as PDF"))["reference"].encode()
    assert [name for name, content in written.items() if reference in content] == []


def shouts(stack: Stack, content: bytes) -> None:
    """What nginx can only complain of: no TLS where there should be some, and no request in it."""
    with socket.create_connection(("127.0.0.1", urlsplit(stack.address).port), 10) as plain, suppress(OSError):
        plain.sendall(content)
        plain.recv(1000)


def test_the_log_of_nginx_says_when_what_kind_and_how_long_and_nothing_else(stack, patient):
    patient.send("NONESUCH", "/faq/")
    patient.get("/faq/")
    eventually(lambda: '"other"' in nginx_log(stack) and '"HIT"' in nginx_log(stack))
    lines = [json.loads(line) for line in nginx_log(stack).splitlines()]
    assert {tuple(line) for line in lines} == {("time", "method", "status", "seconds", "bytes", "cache")}
    assert {line["method"] for line in lines} <= {"GET", "HEAD", "POST", "other"}
    assert all(re.fullmatch("[0-9]{3}", line["status"]) for line in lines)
    said = [file.name for file in (stack.folder / "logs").glob("nginx*") if file.read_text()]
    assert said == ["nginx-wayin.log"]


def nginx_log(stack: Stack) -> str:
    return (stack.folder / "logs" / "nginx-wayin.log").read_text()


# What it costs when a part dies


def test_a_replica_that_dies_between_two_pages_costs_nothing(breakable, patient):
    review = patient.reviewed()
    breakable.replicas[0].kill()
    for _ in range(4):
        assert patient.post("/packet/txt/", review.pressed("Save as PDF")).status == 200
    assert CANARY in patient.saves_pdf(review).pdf_words()


def test_a_replica_that_dies_in_the_middle_of_a_pdf_costs_nothing(breakable, patient):
    review = patient.reviewed()
    with frozen_pdfs(breakable) as let_go, in_background(lambda: patient.saves_pdf(review)) as packet:
        at_work(breakable).kill()
        let_go()
        assert CANARY in packet.result(30).pdf_words()


def test_a_replica_that_is_told_to_stop_finishes_its_pdf(breakable, patient):
    review = patient.reviewed()
    with frozen_pdfs(breakable) as let_go, in_background(lambda: patient.saves_pdf(review)) as packet:
        stopping = at_work(breakable)
        stopping.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert not packet.done()
        let_go()
        assert CANARY in packet.result(30).pdf_words()
        assert stopping.process.wait(30) == 0
    # The other one did not have to do it again.
    last = answered(stopping)[-1]
    assert (last["route"], last["status"]) == ("packet", 200)


def test_replicas_are_restarted_in_turn_without_a_lost_request(breakable):
    until, answers = threading.Event(), []

    def come_and_go() -> None:
        patient = Visitor(breakable, source="127.0.0.7")
        review = patient.reviewed().pressed("Save as PDF")
        while not until.is_set():
            answers.append(patient.get("/triage/").status)
            answers.append(patient.post("/packet/txt/", review).status)

    with in_background(come_and_go) as visits:
        for replica in breakable.replicas:
            replica.stop()
            replica.start()
            # As deploy/README.md has it: nginx leaves one that did not answer alone for a second.
            time.sleep(2)
        until.set()
        visits.result(60)
    assert len(answers) > 20
    assert set(answers) == {200}


def test_help_pages_stay_when_every_replica_is_dead_and_the_rest_comes_back_with_them(breakable, patient):
    style = Page(patient.get("/").text).all("link[@rel='stylesheet']")[0].get("href")
    paths = ["/", "/es/", "/faq/", "/problems/account-locked/", "/contact/", "/packet/blank.pdf", style]
    before = {path: patient.get(path).body for path in paths}
    review = patient.reviewed()
    expected = {name: [straight(breakable).headers[name]] for name in SECURITY}
    for replica in breakable.replicas:
        replica.kill()
    for path, body in before.items():
        answer = patient.get(path)
        assert (answer.status, answer.body) == (200, body), path
    for answer in (patient.get("/triage/"), patient.saves_pdf(review), patient.get("/faq/?a=b")):
        assert answer.status == 503
        assert answer.headers["Retry-After"] == "30"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "This help site cannot answer right now" in answer.text
        assert "207-555-0110" in answer.text
        assert {name: answer.headers.get_all(name) for name in SECURITY} == expected
    revive(breakable)
    eventually(lambda: patient.get("/triage/").status == 200)
    assert CANARY in patient.saves_pdf(review).pdf_words()


def test_nothing_is_left_of_a_stack_however_its_parts_ended(static_files):
    # A short name: that of a socket in there may have 108 characters at the most.
    with TemporaryDirectory(prefix="wayin-") as folder, Stack(Path(folder), replicas=1) as stack:
        processes = [*below(stack.nginx.pid), *below(stack.replicas[0].process.pid)]
        assert len(processes) >= 6
        os.kill(stack.nginx.pid, signal.SIGKILL)
        os.kill(stack.replicas[0].process.pid, signal.SIGKILL)
    eventually(lambda: not [pid for pid in processes if alive(pid)])


@contextmanager
def frozen_pdfs(stack: Stack) -> Iterator[Callable[[], None]]:
    """No replica draws a PDF until what is given is called."""
    frozen = [pid for replica in stack.replicas if replica.is_ready() for pid in [pdf_process(replica)]]

    def let_go() -> None:
        for pid in frozen:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    for pid in frozen:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield let_go
    finally:
        let_go()


def pdf_process(replica: Replica) -> int:
    """The process that was forked from the fork server, and forked nothing itself."""
    family = below(replica.process.pid)
    (pid,) = [pid for pid, command in family.items() if "forkserver" in command and not children(pid)]
    return pid


def at_work(stack: Stack) -> Replica:
    """The replica that has been asked for a PDF and has not answered yet."""
    return eventually(lambda: next((replica for replica in stack.replicas if draws(replica)), None))


def draws(replica: Replica) -> bool:
    """As it tells Prometheus."""
    connection = http.client.HTTPConnection("127.0.0.1", replica.port, timeout=10)
    try:
        connection.request("GET", "/metrics")
        return b"\nwayin_places_taken 1.0\n" in connection.getresponse().read()
    except OSError:
        return False
    finally:
        connection.close()


@contextmanager
def in_background(work: Callable) -> Iterator[Future]:
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(work)


def eventually(true: Callable, seconds: float = 10):
    """What `true` gives as soon as it is true."""
    until = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < until, "it never came true"
        time.sleep(0.05)
    return found
