"""What the tests over HTTP share: a page read as a browser reads it, and a packet made as the site makes it."""

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlencode
from xml.etree.ElementTree import Element

import tinyhtml5  # the HTML parser that WeasyPrint brings along
from django.http import HttpResponse
from django.test import Client

from helpdesk.catalog import load
from helpdesk.loaded import catalog, desk_catalog
from triage.answers import Answers
from triage.engine import assess, next_question
from triage.packet import Packet, assemble

REFERENCE = "2345-678K"
MADE_AT = datetime.datetime(2026, 11, 24, 13, 5, tzinfo=datetime.UTC)

# One good answer to every typed question.
TYPED = {
    "error-words": "Your account is locked. (Error 1031)",
    "what-happened": "I typed it three times.\nThen it said locked.",
    "began": "Monday at 9",
    "last-sign-in": "in May",
    "code-times": "at 9:05 and at 9:20",
    "portal-address": "mychart.example.org",
    "device": "Old blue tablet",
    "browser": "Firefox 140",
    "app-version": "11.4",
    "helper-name": "Hilda Helper",
    "helper-relation": "Daughter",
    "name": "Maria O’Example",
    "birth-date": datetime.date(1950, 9, 27),
    "phone": "207-555-0199",
    "call-number": "207-555-0144",
    "email": "maria@example.org",
    "safe-contact": "call-no-message",
    "mrn": "MRN-0077",
    "visit": "Blood test, 3 May, Dr. Lee",
    "language": "Spanish",
    "interpreter": "yes",
}
_WORDS = load("en")
# Sheet B's own values, as the packet says them. What was needed today is the first choice (see `answered`).
PRIVATE = (
    _WORDS.questions["needed-today"].choices[0].packet,
    "Hilda Helper",
    "Daughter",
    "Maria O’Example",
    "September 27, 1950 (1950-09-27)",
    "207-555-0199",
    "207-555-0144",
    "maria@example.org",
    _WORDS.questions["safe-contact"].choice("call-no-message").packet,
    "MRN-0077",
    "Blood test, 3 May, Dr. Lee",
    "Spanish",
)
# The same as the boxes of the form take it.
POSTED = {key: value for key, value in TYPED.items() if key != "birth-date"} | {
    "birth-date_month": "9",
    "birth-date_day": "27",
    "birth-date_year": "1950",
}

# A symptom for each problem.
SYMPTOMS: dict[str, str] = {}
for _symptom in _WORDS.symptoms.values():
    SYMPTOMS.setdefault(_symptom.problem, _symptom.id)

Pairs = list[tuple[str, str]]


@dataclass
class Form:
    """What pressing a button sends, and where."""

    method: str
    action: str
    pairs: Pairs


class Page:
    """One page, parsed."""

    def __init__(self, html: str | bytes | HttpResponse, url: str = "") -> None:
        text = html.content if isinstance(html, HttpResponse) else html
        self.html = text.decode() if isinstance(text, bytes) else text
        self.status = getattr(html, "status_code", None)
        self.url = url
        self.tree = tinyhtml5.parse(self.html, namespace_html_elements=False)

    def all(self, path: str) -> list[Element]:
        return self.tree.findall(f".//{path}")

    def texts(self, path: str) -> list[str]:
        return [text_of(element) for element in self.all(path)]

    @property
    def text(self) -> str:
        return text_of(self.tree.find("body"))

    @property
    def title(self) -> str:
        return text_of(self.tree.find(".//title"))

    @property
    def ids(self) -> list[str]:
        return [element.get("id") for element in self.tree.iter() if element.get("id")]

    def attributes(self, *names: str) -> list[str]:
        return [element.get(name) for element in self.tree.iter() for name in names if element.get(name) is not None]

    def link(self, text: str) -> str:
        """Where the link with this text leads."""
        (address,) = {link.get("href") for link in self.all("a") if text_of(link) == text}
        return address

    def dead_references(self) -> list[str]:
        """Every id that something on the page points to and nothing has."""
        pointing = self.attributes("aria-describedby", "aria-labelledby", "for", "form")
        pointed = [word for words in pointing for word in words.split()]
        pointed += [address[1:] for address in self.attributes("href") if address.startswith("#")]
        return sorted(set(pointed) - set(self.ids))

    def form(self, button: str) -> Form:
        """The form that this button sends, wherever the button stands, as the browser would send it now."""
        for form in self.all("form"):
            controls = self._controls(form)
            for pressed in controls:
                if pressed.tag == "button" and text_of(pressed) == button:
                    action = pressed.get("formaction") or form.get("action") or self.url
                    named = [(pressed.get("name"), pressed.get("value", ""))] if pressed.get("name") else []
                    return Form(form.get("method", "get"), action, [*_successful(controls), *named])
        raise AssertionError(f"no button {button!r} on {self.title!r}")

    def _controls(self, form: Element) -> list[Element]:
        """What belongs to the form: all inside it that names no other form, and all elsewhere that names this one."""
        inside = set(form.iter())
        return [
            element
            for element in self.tree.iter()
            if (element.get("form") == form.get("id") if element.get("form") else element in inside)
        ]


def text_of(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())


def _successful(controls: Iterable[Element]) -> Iterator[tuple[str, str]]:
    """https://html.spec.whatwg.org/#constructing-the-form-data-set, as far as our forms go."""
    for control in controls:
        name = control.get("name")
        if not name:
            continue
        if control.tag == "textarea":
            # The parser has dropped the newline that follows the tag, as browsers do.
            yield name, "".join(control.itertext())
        elif control.tag == "input" and (
            control.get("type") not in ("radio", "checkbox") or control.get("checked") is not None
        ):
            yield name, control.get("value", "")


def visit(client: Client, url: str, **headers: str) -> Page:
    """The page at this address, after its redirects."""
    response = client.get(url, follow=True, headers=headers)
    chain = response.redirect_chain
    return Page(response, chain[-1][0] if chain else url)


def press(client: Client, page: Page, button: str, answers: dict[str, str] | None = None) -> Page:
    """The page that comes when these answers are given and the button is pressed."""
    form, answers = page.form(button), answers or {}
    pairs = [pair for pair in form.pairs if pair[0] not in answers] + list(answers.items())
    if form.method == "post":
        return Page(post(client, form.action, pairs), form.action)
    # A browser puts the answers in the place of the query that the address had.
    return visit(client, f"{form.action.partition('?')[0]}?{urlencode(pairs)}")


def post(client: Client, url: str, data: Pairs | dict[str, str]) -> HttpResponse:
    """As a browser posts: line ends are CR LF."""
    pairs = [(name, value.replace("\n", "\r\n")) for name, value in (data.items() if isinstance(data, dict) else data)]
    body = urlencode(pairs)
    # Django's client says nothing about the length of an empty body; browsers do.
    headers = {"CONTENT_LENGTH": str(len(body))}
    return client.post(url, body, content_type="application/x-www-form-urlencoded", **headers)


def answered(*symptoms: str, **chosen: str) -> Answers:
    """These symptoms with every question answered: as chosen (- is _ in the names), or else by its first choice."""
    answers = Answers(symptoms, {})
    while question := next_question(catalog(), answers):
        choice = chosen.get(question.id.replace("-", "_"), question.choices[0].id)
        answers = Answers(symptoms, {**answers.answers, question.id: (choice,)})
    return answers


def a_packet(*symptoms: str, details: dict | None = None, tried: dict[str, str] | None = None, **chosen: str) -> Packet:
    """The packet for these symptoms; `details` are put in as they are, without the form's checks."""
    answers = answered(*symptoms, **chosen)
    assessment = assess(catalog(), Answers(answers.symptoms, answers.answers, tried or {}))
    typed = TYPED if details is None else details
    return assemble(catalog(), desk_catalog(), assessment, typed, MADE_AT, REFERENCE)
