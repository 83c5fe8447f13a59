"""A day of one visitor who has a word of marks.py for everything: journeys, faults, and all that came back."""

import json
import os
import re
import signal
import socket
import ssl
import struct
import time
import urllib.request
from base64 import b64decode
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPSConnection
from io import BytesIO
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import marks
import traces
from pypdf import PdfWriter
from reading import Page, answered
from variants import EVERY

from helpdesk.catalog import Question
from helpdesk.loaded import catalog
from trials.raw import talk
from trials.stack import Replica, Stack
from trials.watch import below, children

Pairs = list[tuple[str, str]]
# The type of a body, and the body.
Sent = tuple[str, bytes]

FORM = "application/x-www-form-urlencoded"
PREFIXES = ("", "/es")
BIRTH_DATE = ("2", "17", "1911")


@dataclass
class Answer:
    """What came back for what was asked. `head` is the status line and the headers."""

    asked: str
    status: int
    head: bytes
    body: bytes


class Day:
    """What the visitor says, and what they have heard.

    packets   as PDF
    pictures  in packets
    seen      the places of words that could be read in this or that part of a process
    written   in folders for temporary files, also those that are gone again
    """

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.word = marks.Marks()
        self.began = time.time()
        self.answers: list[Answer] = []
        self.packets: list[bytes] = []
        self.pictures: list[bytes] = []
        self.seen: dict[str, set[str]] = {}
        self.written: set[Path] = set()
        # With these, every typed question is asked.
        self.coded = answered(*EVERY, for_whom="adult", way_in="both").pairs()

    # ---- what is asked ----

    def get(self, wanted: int, target: str, method: str = "GET", to: Replica | None = None, **headers: str) -> Answer:
        return self.ask(wanted, method, target, None, to, **headers)

    def post(self, wanted: int, target: str, sent: Sent, to: Replica | None = None, **headers: str) -> Answer:
        return self.ask(wanted, "POST", target, sent, to, **headers)

    def ask(
        self, wanted: int, method: str, target: str, sent: Sent | None, to: Replica | None = None, **headers: str
    ) -> Answer:
        """The answer with the wanted status. On a slow machine, a visitor may have to come back for it.

        Raises AssertionError for any other status.
        """
        answer = self.try_to(method, target, sent, to, **headers)
        for _ in range(5):
            if answer.status == wanted or answer.status != 503:
                break
            time.sleep(1)
            answer = self.try_to(method, target, sent, to, **headers)
        assert answer.status == wanted, f"{answer.status} and not {wanted} for {answer.asked}"
        return answer

    def try_to(self, method: str, target: str, sent: Sent | None, to: Replica | None = None, **headers: str) -> Answer:
        """One request to nginx, or to this replica, with a word in every header that a visitor can send."""
        own = self.headers() | ({"Content-Type": sent[0]} if sent else {})
        own |= {"Host": "localhost", "X-Forwarded-Proto": "https"} if to else {}
        own |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection = self._connection(to)
        try:
            connection.request(method, target, sent[1] if sent else None, own)
            response = connection.getresponse()
            head = f"{response.status} {response.reason}\n{response.headers}".encode(errors="surrogateescape")
            answer = Answer(f"{method} {target}", response.status, head, response.read())
        finally:
            connection.close()
        self.answers.append(answer)
        return answer

    def _connection(self, to: Replica | None) -> HTTPConnection:
        if to:
            return HTTPConnection("127.0.0.1", to.port, timeout=30)
        place = urlsplit(self.stack.address)
        return HTTPSConnection(place.hostname, place.port, timeout=30, context=self.stack.context())

    def headers(self) -> dict[str, str]:
        word = self.word
        plain = ("X-Real-IP", "X-Request-ID", "X-Over-Limit", "X-Forwarded-Port", "If-Modified-Since", "Range", "Via")
        return {name: word(name) for name in plain} | {
            "User-Agent": f"Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) {word('User-Agent')}",
            "Referer": f"https://elsewhere.example/{word('Referer')}?{word('Referer')}",
            "Cookie": f"sessionid={word('Cookie')}; {word('name of a cookie')}=1",
            "Accept": f"text/html, {word('Accept')}/*",
            "Accept-Language": f"es;q=0.5, {word('Accept-Language')}",
            "Accept-Encoding": f"gzip, {word('Accept-Encoding')}",
            "Authorization": f"Bearer {word('Authorization')}",
            "Origin": f"https://{word('Origin')}.example",
            "X-Forwarded-For": f"{word('X-Forwarded-For')}, 203.0.113.9",
            "X-Forwarded-Host": f"{word('X-Forwarded-Host')}.example",
            "Forwarded": f"for={word('Forwarded')};host={word('Forwarded')}",
            "If-None-Match": f'"{word("If-None-Match")}"',
            f"X-{word('name of a header')}": word("header of any name"),
        }

    def query(self, coded: Iterable[tuple[str, str]] | None = None) -> str:
        """Coded answers (all of them, or these), and what nobody asked for."""
        word = self.word
        more = [(word("name in a query"), word("query")), ("symptom", word("symptom")), ("for-whom", word("choice"))]
        return urlencode([*(self.coded if coded is None else coded), *more, (f"step-{word('step')}", word("result"))])

    # ---- what is sent ----

    def typed(self, name: str, longest: bool = False) -> Pairs:
        """A word in every box, and in a few that there are not."""
        pairs = [pair for question in catalog().details_questions for pair in self._typed(question, name, longest)]
        more = ("reference", "made-at", "remove", self.word("name of a field"))
        return [*pairs, *((field, self.word(f"field {field[:9]}")) for field in more)]

    def _typed(self, question: Question, name: str, longest: bool) -> Pairs:
        word = self.word(f"{question.id}, {name}")
        if question.kind == "date":
            fields = (f"{question.id}_{part}" for part in ("month", "day", "year"))
            return list(zip(fields, BIRTH_DATE, strict=True))
        texts = {
            "choice": question.choices[-1].id if question.choices else "",
            "phone": self.word.number,
            "email": f"{word}@{word}.example",
            "address": f"https://{word}.example/{word}?{word}#{word}",
            "text": f"{word} " * (question.max // len(word) - 10) if longest else f"{word} and\n\n{word}",
        }
        return [(question.id, texts.get(question.kind, word))]

    def form(self, pairs: Pairs) -> Sent:
        return FORM, urlencode(pairs).encode()

    def request(self, name: str, longest: bool = False) -> Sent:
        """All that a packet is made from."""
        return self.form([*self.coded, *self.typed(name, longest)])

    def parts(self, pairs: Pairs, field: str = "", name: str = "", file: bytes = b"") -> Sent:
        """A form with a file, with words also in what is said of each part."""
        word = self.word
        boundary, odd = word("boundary"), f"X-{word('name of a part header')}: {word('header of a part')}\r\n"
        parts = [f'Content-Disposition: form-data; name="{key}"\r\n{odd}\r\n{value}'.encode() for key, value in pairs]
        if field:
            said = f'Content-Disposition: form-data; name="{field}"; filename="{name}"; filename*=UTF-8\'\'{name}\r\n'
            parts.append(f"{said}Content-Type: image/{word('type of a file')}\r\n{odd}\r\n".encode() + file)
        body = b"".join(f"--{boundary}\r\n".encode() + part + b"\r\n" for part in parts)
        return f"multipart/form-data; boundary={boundary}", body + f"--{boundary}--\r\n".encode()

    # ---- what is looked at while it is there ----

    def look_at_processes(self) -> None:
        """What is told of everybody's processes, and what ours hold open."""
        told = {name: text for folder in Path("/proc").glob("[0-9]*") for name, text in traces.told_of(folder).items()}
        for process in below(self.stack.nginx.pid, *(replica.process.pid for replica in self.stack.replicas)):
            told |= traces.held_by(process)
        for name, text in told.items():
            if found := self.word.found_in(text):
                self.seen.setdefault(name, set()).update(found)

    def read_metrics(self, *replicas: Replica) -> None:
        for replica in replicas:
            self.get(200, f"/metrics?{self.query()}", to=replica)


# ---- journeys ----


def help_pages(day: Day, prefix: str = "") -> None:
    for path in ("/", "/faq/", "/problems/account-locked/", "/contact/", "/triage/resume/", "/packet/"):
        day.get(200, f"{prefix}{path}")
        day.get(200, f"{prefix}{path}?{day.query()}")
    day.get(200, f"{prefix}/?{day.query()}", "HEAD")
    day.get(301, f"{prefix}/faq?{day.query()}")


def triage(day: Day, prefix: str) -> None:
    locked = day.query([("symptom", "locked-message")])
    day.get(302, f"{prefix}/triage/?{locked}&asked={day.word('page asked from')}")
    day.get(200, f"{prefix}/triage/question/?{locked}&asked=for-whom")
    day.get(200, f"{prefix}/triage/question/?{locked}&ask={day.word('question asked for')}")
    day.get(200, f"{prefix}/triage/verdict/?{day.query()}")
    day.get(200, f"{prefix}/triage/details/?{day.query()}")


def support_request(day: Day, prefix: str) -> None:
    """Details, refused; details with pictures; review; change; every rendering; packets given back."""
    address = f"{prefix}/triage/review/?{day.query()}"
    typed, name = day.typed(prefix or "English"), day.word("name of a picture")
    day.post(422, address, day.form([*typed, ("what-happened", f"My password is {day.word('secret')}")]))
    day.post(422, address, day.parts(typed, "picture", f"{name}.txt", day.word("no picture").encode()))
    for picture in (marks.png, marks.jpeg):
        sent = day.parts(typed, "picture", f"{name}.png", day.word.know(picture(day.word)))
        review = Page(day.post(200, address, sent).body)
    form = review.form("Guardar como PDF" if prefix else "Save as PDF")
    (painted,) = (value for key, value in form.pairs if key == "picture-data")
    day.pictures.append(day.word.know(b64decode(painted)))
    day.post(200, f"{prefix}/triage/details/?{day.query()}", day.form(form.pairs))
    carried = day.form([*form.pairs, (day.word("name of a field"), day.word("field of any name"))])
    pdf, data, *_ = [
        day.post(200, f"{prefix}/packet/{kind}/?{day.query()}", carried).body
        for kind in ("pdf", "json", "html", "txt", "call", "fhir")
    ]
    day.packets.append(pdf)
    for wanted, file in (
        (200, pdf),
        (200, data),
        (200, _with_more(day, data)),
        (422, _some_pdf(day)),
        (422, f"%PDF-1.4 {day.word('broken PDF')}".encode()),
        (422, day.word("no packet").encode()),
        (422, b"{" + day.word("half a packet").encode()),
    ):
        given_back = day.parts([], "packet", f"{day.word('name of a packet')}.pdf", file)
        day.post(wanted, f"{prefix}/triage/resume/?{day.query()}", given_back)


def _with_more(day: Day, packet: bytes) -> bytes:
    """The packet with a word wherever one could stand."""
    document = json.loads(packet)
    for key in ("$schema", "reference", "made_at", "language", "desk_language", "organization", "verdict"):
        document[key] = day.word(f"{key} of a packet")
    for key in ("symptoms", "reasons", "problems", "desks", "sheet_a"):
        document[key].append(day.word(f"{key} of a packet"))
    for key in ("answers", "tried", "details"):
        document[key][day.word(f"key in {key} of a packet")] = day.word(f"{key} of a packet")
    return json.dumps(document | {day.word("key of a packet"): day.word("value of a packet")}).encode()


def _some_pdf(day: Day) -> bytes:
    """A PDF that is none of ours, with a word wherever one could stand."""
    word = day.word
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    writer.add_metadata({"/Title": word("title of a PDF"), f"/{word('key of a PDF')}": word("value of a PDF")})
    writer.add_attachment(f"{word('name of a file in a PDF')}.json", word("file in a PDF").encode())
    file = BytesIO()
    writer.write(file)
    return file.getvalue()


def paper(day: Day) -> None:
    for path in ("/packet/blank.pdf", "/packet/blank.pdf?problem=account-locked", "/checklist/checklist.pdf"):
        day.get(200, path)
    day.get(200, f"/packet/sample.pdf?{day.query()}")
    day.get(404, f"/packet/blank.pdf?problem={day.word('problem')}")


# ---- faults ----


def refused(day: Day, prefix: str) -> None:
    """Requests that the site understands and does not do."""
    word = day.word("path")
    for path in (f"/{word}/", f"/problems/{word}/", f"/static/{word}.css", f"/packet/{word}/", f"/packet/pdf/{word}"):
        day.get(404, f"{prefix}{path}?{day.query()}")
    typed = day.form(day.typed("refused"))
    address = f"{prefix}/triage/review/?{day.query()}"
    day.post(405, f"{prefix}/faq/?{day.query()}", typed)
    day.ask(405, "PUT", address, typed)
    day.get(405, f"{prefix}/packet/pdf/?{day.query()}")
    day.post(400, f"{prefix}/packet/pdf/", typed)
    day.post(400, address, day.form([(f"{word}{number}", word) for number in range(300)]))
    day.post(400, address, (FORM, f"name={word}&".encode() * 200_000))
    day.post(400, address, ("multipart/form-data", f"--{word}".encode()))
    day.post(200, address, (f"multipart/form-data; boundary={word}", f"--{word}\r\n{word}".encode()))
    day.post(200, address, (f"{FORM}; charset={day.word('charset')}", b"a=b"))
    host = f"{day.word('Host')}.example"
    day.get(400, f"{prefix}/faq/?{day.query()}", Host=host)
    for replica in day.stack.replicas:
        day.get(400, f"{prefix}/faq/?{day.query()}", to=replica, Host=host)
        day.get(301, f"{prefix}/faq/?{day.query()}", to=replica, X_Forwarded_Proto=day.word("X-Forwarded-Proto"))
        day.ask(411, "POST", address, None, to=replica, Transfer_Encoding="chunked")


def failing(day: Day) -> None:
    """A view, and tasks in the warm process, that fail with all that was posted in their hands."""
    sent = day.form(day.typed("failing"))
    for replica in day.stack.replicas:
        day.ask(500, "GET", f"/fail/?{day.query()}", sent, to=replica)
        day.post(500, f"/fail/?{day.query()}", sent, to=replica)
        day.post(500, "/fail/quote/", sent, to=replica)
        day.post(200, "/fail/unseen/", sent, to=replica)
    for task in ("take_memory", "crash"):
        day.post(503, f"/fail/{task}/", sent)


def hanging(day: Day) -> None:
    """A task that breaks its limit of time."""
    day.post(503, "/fail/hang/", day.form(day.typed("hanging")))


def malformed(day: Day) -> None:
    """Bytes that are no request, or two, to nginx and to a replica."""
    places = [(day.stack.address, day.stack.context()), (f"http://127.0.0.1:{day.stack.replicas[0].port}", None)]
    with ThreadPoolExecutor(8) as pool:
        list(
            pool.map(lambda words: _say(day, *words), ((sent, *place) for sent in _malformed(day) for place in places))
        )


def _say(day: Day, sent: bytes, address: str, context: ssl.SSLContext | None, wait: float = 1) -> int:
    said = talk(address, [sent], context, wait)
    heads = re.findall(rb"^HTTP/1\.[01] .*?\r\n\r\n", said.content, re.DOTALL | re.MULTILINE)
    first = sent.partition(b"\r\n")[0].decode(errors="surrogateescape")
    status = said.statuses[0] if said.statuses else 0
    day.answers.append(Answer(f"bytes: {first}", status, b"".join(heads), said.content))
    return status


def _malformed(day: Day) -> Iterator[bytes]:
    word = day.word("malformed request")
    head = f"Host: localhost\r\nX-Forwarded-Proto: https\r\nX-{word}: {word}\r\nConnection: close\r\n"
    body = urlencode(day.typed("malformed")).encode()
    form = f"POST /triage/review/?{day.query()} HTTP/1.1\r\n{head}Content-Type: {FORM}\r\n"
    for line in (
        f"{word.upper()} / HTTP/1.1",
        f"G({word}) / HTTP/1.1",
        f"GET /{word} HTTP/9.9",
        f"GET /{word} {word}",
        f"GET /{word}",
        word,
        f"PROXY TCP4 {word} {word} 1 2",
        "PRI * HTTP/2.0",
        "OPTIONS * HTTP/1.1",
        f"CONNECT {word}.example:443 HTTP/1.1",
        f"TRACE /{word} HTTP/1.1",
        f"GET http://{word}.example/{word} HTTP/1.1",
        f"GET /%zz{word}%ff%00?%ff{word} HTTP/1.1",
        f"GET /{marks.percent(word)}?{marks.percent(word)} HTTP/1.1",
        f"GET /static/../../{word} HTTP/1.1",
        f"GET //{word}.example/ HTTP/1.1",
        f"GET /\xff{word} HTTP/1.1",
        f"GET /{word}#{word} HTTP/1.1",
        f"GET /{word * 300} HTTP/1.1",
        f"GET /{word * 600} HTTP/1.1",
    ):
        yield f"{line}\r\n{head}\r\n".encode("latin-1")
    for header in (
        f"{word} name: x",
        word,
        f" {word}",
        f"X-Word: {word}\x00\x01",
        f"X-Word: {word * 600}",
        f"Cookie: {word * 2500}",
        *(f"Host: {host}" for host in (f"{word}.example", f"{word}:{word}", f"[{word}]", f"a@{word}", "")),
        f"Expect: {word}",
        f"Upgrade: {word}\r\nHTTP2-Settings: {word}",
        "\r\n".join(f"X-{word}{number}: {word}" for number in range(200)),
    ):
        yield f"GET /faq/ HTTP/1.1\r\n{header}\r\n{head}\r\n".encode("latin-1")
    for lengths in (
        "Content-Length: 5\r\nContent-Length: 6",
        f"Content-Length: {word}",
        "Content-Length: -1",
        f"Content-Length: 5\r\nTransfer-Encoding: {word}",
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked",
        f"Content-Length: {7 * 1024 * 1024 + 1}",
        f"Content-Length: {len(body) + 1000}",
    ):
        smuggled = f"\r\n\r\nGET /{word} HTTP/1.1\r\n{head}\r\n".encode()
        yield f"{form}{lengths}\r\n\r\n".encode() + body + smuggled
    yield f"{form}Transfer-Encoding: chunked\r\n\r\n{word}\r\n{word}\r\n0\r\n\r\n".encode()


def too_large(day: Day) -> None:
    """A body that the site refuses, and one that nginx does."""
    word = day.word("long body").encode()
    for length in (6 * 1024 * 1024 + 300_000, 7 * 1024 * 1024 + 1):
        head = f"POST /triage/review/?{day.query()} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n"
        body = (word * (length // len(word) + 1))[:length]
        sent = f"{head}Connection: close\r\n\r\n".encode() + body
        assert _say(day, sent, day.stack.address, day.stack.context(), wait=20) == 413


def in_pieces(day: Day) -> None:
    """A body in pieces of one byte, which are six times as long as it is."""
    head = f"POST /triage/review/?{day.query()} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {FORM}\r\n"
    body = f"name={day.word('body in pieces')}&".encode() * 60_000
    pieces = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
    sent = f"{head}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n".encode() + pieces
    assert _say(day, sent, day.stack.address, day.stack.context())


def hanging_up(day: Day) -> None:
    """Clients that are gone before they have sent all, or before their answer comes."""
    kind, body = day.request("gone")
    head = f"POST /packet/pdf/?{day.query()} HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-Proto: https\r\n"
    sent = f"{head}Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    places = [(day.stack.address, day.stack.context())]
    places += [(f"http://127.0.0.1:{replica.port}", None) for replica in day.stack.replicas]
    for place in places:
        for length in (len(head) // 2, len(sent) // 2, len(sent)):
            with _connection(*place) as client:
                client.sendall(sent[:length])
                # Gone without a word: https://man7.org/linux/man-pages/man7/socket.7.html, SO_LINGER
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _connection(address: str, context: ssl.SSLContext | None) -> socket.socket:
    place = urlsplit(address)
    client = socket.create_connection((place.hostname, place.port))
    return context.wrap_socket(client, server_hostname=place.hostname) if context else client


def crowded(day: Day) -> None:
    """More packets at once than there are places, and one of a visitor who asks for more than nginx likes."""
    sent = day.form([("symptom", "locked-message"), *day.typed("crowd")])
    replica = day.stack.replicas[0]
    _wait_for_others([replica])
    with ThreadPoolExecutor(6) as pool:
        asked = [pool.submit(day.try_to, "POST", "/packet/pdf/", sent, replica) for _ in range(6)]
    assert 503 in {answer.result().status for answer in asked}
    day.post(503, "/packet/pdf/", sent, to=replica, X_Over_Limit="REJECTED_DRY_RUN")


@contextmanager
def drawing(day: Day, to: Replica | None = None) -> Iterator[Replica]:
    """A long packet that is being drawn just now, by the replica given. What comes of it is not for here to say."""
    replicas = [to] if to else day.stack.replicas
    _wait_for_others(replicas)
    with ThreadPoolExecutor(1) as pool:
        target, sent = f"/packet/pdf/?{day.query()}", day.request("being drawn", longest=True)
        asked = pool.submit(day.try_to, "POST", target, sent, to)
        while not (busy := [replica for replica in replicas if _places_taken(replica)]):
            assert not asked.done(), f"it was not seen being drawn: {asked.result()}"
        yield busy[0]


def _wait_for_others(replicas: Iterable[Replica]) -> None:
    """Until all that clients who are gone have asked for is drawn."""
    while any(map(_places_taken, replicas)):
        time.sleep(0.05)


def _places_taken(replica: Replica) -> float:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{replica.port}/metrics") as answer:
            return float(re.search(rb"^wayin_places_taken (.*)$", answer.read(), re.MULTILINE)[1])
    except OSError:
        return 0  # it is gone


def _worker(replica: Replica) -> int:
    return children(replica.process.pid)[-1]


def _pdf_process(replica: Replica) -> int:
    """The one that a process started which the replica's worker had started."""
    (process,) = (child for helper in children(_worker(replica)) for child in children(helper))
    return process


def killed(day: Day) -> None:
    """All that may be killed is, each while a packet is drawn: the PDF process, a worker in two ways, a replica."""
    first, second = day.stack.replicas
    with drawing(day, to=first):
        day.look_at_processes()
        os.kill(_pdf_process(first), signal.SIGKILL)
    day.read_metrics(first, second)
    # The first signal is gunicorn's for a worker that hangs.
    for replica, number in ((first, signal.SIGABRT), (second, signal.SIGSEGV)):
        with drawing(day, to=replica):
            os.kill(_worker(replica), number)
    for replica in (first, second):
        replica.wait_until_ready()
    with drawing(day) as dead:
        dead.kill()
    (other,) = {first, second} - {dead}
    with drawing(day):
        # On this one, gunicorn opens its logs anew.
        os.kill(other.process.pid, signal.SIGUSR1)
        os.kill(_worker(other), signal.SIGUSR1)
        day.read_metrics(other)
        other.stop()
    for path in ("/packet/pdf/", "/triage/review/", f"/{day.word('path')}/"):
        day.post(503, f"{path}?{day.query()}", day.request("nobody there"))
    for replica in (first, second):
        replica.launch()
    for replica in (first, second):
        replica.wait_until_ready()


def live_through(day: Day) -> None:
    """The whole day. At its end everything runs again, and the logs are written."""
    temporary = [folder for folder in day.stack.temporary.iterdir() if folder.is_dir()]
    watch = traces.Written([day.stack.temporary, *temporary])
    for prefix in PREFIXES:
        for part in (help_pages, triage, support_request, refused):
            part(day, prefix)
    paper(day)
    with ThreadPoolExecutor(1) as pool:
        hangs = pool.submit(hanging, day)
        malformed(day)
        too_large(day)
        in_pieces(day)
        hangs.result()
    for part in (failing, hanging_up, crowded):
        part(day)
    day.written |= watch.files()
    killed(day)
    # Where there is a compiler, ctypes looks for libraries with it, and with temporary files, when a replica starts.
    watch.files()
    help_pages(day)
    day.read_metrics(*day.stack.replicas)
    day.look_at_processes()
    day.written |= watch.files()
    # On this one, nginx writes what it holds of its log.
    day.stack.nginx.send_signal(signal.SIGUSR1)
