"""The two sites that faults are tried on, ours and a plain Django, and visitors who use both alike."""

import http.client
import itertools
import os
import re
import ssl
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from email.message import Message
from functools import partial
from html import unescape
from io import BytesIO
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from pypdf import PdfReader

from trials.plain.stack import PlainStack
from trials.stack import ROOT, Stack

LOCKED = "symptom=locked-message&for-whom=self&codes-unasked=no&needed-today=refill"
# How often a visitor presses Reload where there was no good answer, and after how many seconds: as many as the answer
# says, but nobody waits for long.
RELOADS, PAUSE, PATIENCE = 20, 0.5, 5

# Content type and body.
Form = tuple[str, bytes]


@dataclass(frozen=True)
class Answer:
    """One answer. Its status is 0 where none came."""

    status: int
    content: bytes = b""
    headers: Message = field(default_factory=Message)
    seconds: float = 0.0

    @property
    def good(self) -> bool:
        """Whether a visitor can go on from here; a page that says what to mend counts."""
        return 0 < self.status < 500

    @property
    def to_wait(self) -> bool:
        """Whether it is a page that asks the visitor to come again, and has all that they typed."""
        return self.status == 503 and b'name="made-at"' in self.content

    @property
    def text(self) -> str:
        """The words of a PDF, or the text as it came."""
        if self.content.startswith(b"%PDF-"):
            return "\n".join(page.extract_text() for page in PdfReader(BytesIO(self.content)).pages)
        return unescape(self.content.decode(errors="replace"))

    def holds(self, words: str) -> bool:
        """Whether these words stand in it. Paper breaks lines where it will, so white space does not count."""
        return "".join(words.split()) in "".join(self.text.split())


def ask(
    address: str,
    form: Form | None = None,
    headers: Mapping[str, str] | None = None,
    context: ssl.SSLContext | None = None,
    seconds: float = 40,
    come_from: str = "127.0.0.1",
) -> Answer:
    """One request on a connection of its own: a POST where there is a form. No redirect is followed."""
    place = urlsplit(address)
    kind = http.client.HTTPSConnection if context else http.client.HTTPConnection
    secure = {"context": context} if context else {}
    connection = kind("127.0.0.1", place.port, timeout=seconds, source_address=(come_from, 0), **secure)
    sent = {**(headers or {}), **({"Content-Type": form[0]} if form else {})}
    start = time.perf_counter()
    try:
        target = f"{place.path or '/'}?{place.query}".rstrip("?")
        connection.request("POST" if form else "GET", target, form[1] if form else None, sent)
        answer = connection.getresponse()
        content = answer.read()
    except (OSError, http.client.HTTPException):
        return Answer(0, seconds=time.perf_counter() - start)
    finally:
        connection.close()
    return Answer(answer.status, content, answer.headers, time.perf_counter() - start)


def multipart(fields: Mapping[str, str], file: tuple[str, str, bytes] | None = None) -> Form:
    """A form as a browser sends it; the file is the name of its field, its own name and its content."""
    edge = "----edge7Q"
    field = f'--{edge}\r\nContent-Disposition: form-data; name="{{}}"\r\n\r\n{{}}'
    # No browser sends half of a surrogate pair.
    body = "\r\n".join(field.format(*pair) for pair in fields.items()).encode(errors="surrogatepass")
    if file:
        field_name, name, content = file
        about = f'Content-Disposition: form-data; name="{field_name}"; filename="{name}"\r\nContent-Type: image/png'
        body += f"\r\n--{edge}\r\n{about}\r\n\r\n".encode() + content
    return f"multipart/form-data; boundary={edge}", body + f"\r\n--{edge}--\r\n".encode()


def urlencoded(fields: Mapping[str, str]) -> Form:
    """The same without a file."""
    return "application/x-www-form-urlencoded", urlencode(fields).encode()


class Visitor:
    """Someone with words of their own, at an address of their own, who keeps the cookies that they are given.

    direct   asks the first server process itself, instead of nginx
    patient  presses Reload where there is no good answer
    more     headers that no browser would send
    answers  all that they got, also those after which they pressed Reload
    refused  whether what they sent last is to be mended first
    """

    PAGE = ""  # a page that nginx cannot have kept
    LARGEST = ""  # the largest file for everybody
    FORM = ""  # where the form goes
    WORDS = ""  # its box for what happened
    STARTS: tuple[str, ...] = ()  # pages that lead to all others
    DIRECT: Mapping[str, str] = {}  # what a proxy would tell of a visitor
    _numbers = itertools.count()

    def __init__(self, site: "Site", direct: bool = False, patient: bool = True) -> None:
        self.reloads = RELOADS if patient else 0
        number = next(self._numbers)
        self.come_from = "127.0.0.1" if direct else f"127.7.{1 + number // 250 % 250}.{1 + number % 250}"
        self._proxy = self.DIRECT if direct else {}
        self.address, self.context = (site.direct, None) if direct else (site.address, site.context)
        self.more: dict[str, str] = {}
        self.answers: list[Answer] = []
        self.cookies: dict[str, str] = {}

    def headers(self) -> dict[str, str]:
        """What the browser, or the proxy before a server process, says with every request."""
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {"Host": "localhost", **self._proxy, **({"Cookie": cookie} if cookie else {}), **self.more}

    def ask(self, path: str, form: Form | None = None, seconds: float = 40) -> Answer:
        answer = ask(self.address + path, form, self.headers(), self.context, seconds, self.come_from)
        for line in answer.headers.get_all("Set-Cookie", []):
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        self.answers.append(answer)
        return answer

    def insist(self, path: str, form: Form | None = None) -> Answer:
        """The same, with Reload until there is a good answer: a browser sends a form again as it was."""
        answer = self.ask(path, form)
        for _ in range(self.reloads):
            if answer.good:
                break
            time.sleep(min(PATIENCE, float(answer.headers.get("Retry-After", PAUSE))))
            answer = self.ask(path, form)
        return answer

    def filled_in(self, words: str, name: str = "Maria", picture: bytes = b"", file_name: str = "screen.png") -> Form:
        """The form with this in it."""
        fields = {self.WORDS: words, "name": name, **self.token()}
        return multipart(fields, ("picture", file_name, picture) if picture else None)

    def token(self) -> dict[str, str]:
        """What the site hides in its form to tell it from a forged one."""
        return {}

    def read(self) -> None:
        """Opens the pages before the form, and the form."""
        raise NotImplementedError

    def send(self, words: str, name: str = "Maria", picture: bytes = b"", file_name: str = "screen.png") -> Answer:
        """Fills in the form and continues: the page to look it over."""
        raise NotImplementedError

    def pdf(self) -> Answer:
        """Presses Save as PDF on that page."""
        raise NotImplementedError

    def journey(self, words: str) -> bool:
        """The whole way. Whether the words, typed once, are on the page to look them over and in the PDF."""
        self.read()
        return self.send(words).holds(words) and self.pdf().holds(words)


class OurVisitor(Visitor):
    PAGE = f"/triage/verdict/?{LOCKED}"
    LARGEST = "/packet/blank.pdf"
    FORM = f"/triage/review/?{LOCKED}"
    WORDS = "what-happened"
    STARTS = ("/", "/es/", "/problems/", "/es/problems/")
    DIRECT = {"X-Forwarded-Proto": "https"}

    def read(self) -> None:
        for path in ("/", "/problems/account-locked/", f"/triage/verdict/?{LOCKED}", f"/triage/details/?{LOCKED}"):
            self.insist(path)

    def send(self, words: str, name: str = "Maria", picture: bytes = b"", file_name: str = "screen.png") -> Answer:
        self._page = self.insist(self.FORM, self.filled_in(words, name, picture, file_name))
        self.refused = self._page.status != 200
        return self._page

    def pdf(self) -> Answer:
        return self.insist("/packet/pdf/", self.carried())

    def carried(self) -> Form:
        """What the page to look it over carries along: all that was typed."""
        html = self._page.content.decode()
        forms = [form for form in re.split(r"<form ", html)[1:] if 'formaction="/packet/pdf/"' in form]
        hidden = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', forms[0] if forms else "")
        return urlencoded({name: unescape(value) for name, value in hidden})


class PlainVisitor(Visitor):
    PAGE = LARGEST = "/"
    FORM = "/"
    WORDS = "words"
    STARTS = ("/",)
    _token: Sequence[str] = ()

    def read(self) -> None:
        page = self.insist("/")
        self._token = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)

    def token(self) -> dict[str, str]:
        if not self._token:
            self.read()
        return {"csrfmiddlewaretoken": "".join(self._token)}

    def send(self, words: str, name: str = "Maria", picture: bytes = b"", file_name: str = "screen.png") -> Answer:
        sent = self.insist(self.FORM, self.filled_in(words, name, picture, file_name))
        self.refused = sent.status != 302
        return sent if self.refused else self.insist("/review/")

    def pdf(self) -> Answer:
        return self.insist("/packet.pdf")


# How a site is started, and who visits it. Ours is that of the made-up health system.
EXAMPLE = ROOT / "helpdesk" / "content" / "organization.example.toml"
KINDS: dict[str, tuple[Callable[..., Stack], type[Visitor]]] = {
    "ours": (partial(Stack, organization=str(EXAMPLE)), OurVisitor),
    "plain": (PlainStack, PlainVisitor),
}


class Site:
    """A running site. `direct` is its first server process, without nginx."""

    def __init__(self, kind: str, stack: Stack) -> None:
        self.kind = kind
        self.stack = stack
        self.address = stack.address
        self.context = stack.context()
        self.direct = f"http://localhost:{stack.replicas[0].port}"

    def visitor(self, direct: bool = False, patient: bool = True) -> Visitor:
        return KINDS[self.kind][1](self, direct, patient)

    def serves(self) -> bool:
        """Whether a page comes through nginx."""
        return self.visitor().ask("/", seconds=5).status == 200


class Sites:
    """Sites of one kind: one to share, which is replaced when it is broken, and fresh ones to break."""

    def __init__(self, kind: str, held: ExitStack, shared: Site | None = None) -> None:
        self.kind = kind
        self._held = held
        self._shared = shared

    @property
    def shared(self) -> Site:
        if not self._shared or not self._shared.serves():
            self._shared = self._held.enter_context(self.fresh())
        return self._shared

    @contextmanager
    def fresh(self, folder: Path | None = None, **options: object) -> Iterator[Site]:
        """A site of its own, with options of Stack."""
        with tempfile.TemporaryDirectory(prefix="wayin-", dir=folder) as own:
            os.chmod(own, 0o755)  # noqa: PTH101, S103 (nginx reads its files there as another user)
            with KINDS[self.kind][0](Path(own), **options) as stack:
                yield Site(self.kind, stack)
