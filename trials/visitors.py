"""Who comes on the day of an outage, and what they ask.

Four visits in five read three or four help pages. One in five reads two, goes the last three pages of the way, and asks
for the PDF. One visit in four is in Spanish; one support request in four has a picture. What they post is what the
site's own pages would post, made from the site's content and its made-up patient.
"""

import json
import os
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from random import Random
from urllib.parse import urlencode

from trials.arrivals import Ask, Visit, poisson
from trials.stack import ROOT

# Seconds between two requests of a visitor. Real ones read longer; that would only keep more sockets open.
READING = (0.5, 1.5)
# Seconds after a page when a browser asks for the files that it names.
THEN = 0.05
# How many of all visits. Those who ask for a packet ask 2 help pages, 3 pages of the way and the packet; the others
# 3.5 help pages: of 100 requests 80, 15 and 5.
ASKS_FOR_PACKET = 0.2
IN_SPANISH = 0.25
WITH_PICTURE = 0.25
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Request:
    """One support request: the pages that lead to its packet, and the packet."""

    way: tuple[Ask, ...]
    review: Ask
    packet: Ask


@dataclass(frozen=True)
class Language:
    """What visitors who read one language ask for. The first of the help pages is where they come in."""

    help: tuple[Ask, ...]
    requests: tuple[Request, ...]
    with_picture: tuple[Request, ...]


class Asked:
    """Everything that visitors ask, made from the site's own content: its pages, its questions, its made-up patient.

    `fresh` asks for each help page in a way that no cache may answer.
    """

    def __init__(self, fresh: bool = False) -> None:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")
        import django

        django.setup()
        manifest = json.loads((ROOT / "build" / "static" / "staticfiles.json").read_text())["paths"]
        self.files = tuple(Ask("file", f"/static/{manifest[name]}") for name in ("site.css", "icon.svg"))
        self.paper = tuple(Ask("file", f"/static/{manifest[name]}") for name in ("paper.css", "site.js"))
        picture = Picture(a_screen())
        self.languages = {code: _language(code, picture, "?fresh" if fresh else "") for code in ("en", "es")}

    def visits(self, random: Random, rate: float, seconds: float, start: float = 0.0) -> Iterator[Visit]:
        """So many visitors that they make `rate` requests a second, four each on average."""
        for at in poisson(random, rate / 4, seconds, start):
            yield Visit(at, tuple(self._timed(self._visit(random), random)))

    def _visit(self, random: Random) -> list[Ask]:
        language = self.languages["es" if random.random() < IN_SPANISH else "en"]
        first, *others = language.help
        if random.random() >= ASKS_FOR_PACKET:
            return [first, *random.sample(others, random.choice((2, 3)))]
        request = random.choice(language.with_picture if random.random() < WITH_PICTURE else language.requests)
        return [first, random.choice(others), *random.sample(request.way, 2), request.review, request.packet]

    def _timed(self, asks: list[Ask], random: Random) -> Iterator[tuple[float, Ask]]:
        at = 0.0
        for number, ask in enumerate(asks):
            yield at, ask
            for file in self.files if number == 0 else self.paper if ask.kind in ("review", "picture") else ():
                yield at + THEN, file
            at += random.uniform(*READING)


class Picture:
    """As it is sent, and as the review page carries it from there on."""

    def __init__(self, sent: bytes) -> None:
        from triage.picture import clean

        self.sent = sent
        self.carried = b64encode(clean(sent)).decode()


def _language(code: str, picture: Picture, query: str) -> Language:
    from django.urls import reverse
    from django.utils import translation

    from helpdesk.loaded import catalog

    with translation.override(code):
        named = ("home", "problems", "checklist", "faq", "contact", "prepare", "what-to-expect", "stay-safe")
        paths = [reverse(name) for name in named] + [reverse("problem", args=[slug]) for slug in catalog().problems]
        symptoms = [symptom for symptom in catalog().symptoms.values() if symptom.problem]
        requests = [_request(code, symptom.id) for symptom in symptoms]
        with_picture = [made for symptom in symptoms if (made := _request(code, symptom.id, picture))]
    return Language(tuple(Ask("help", path + query) for path in paths), tuple(requests), tuple(with_picture))


def _request(code: str, symptom: str, picture: Picture | None = None) -> Request | None:
    """The request of the made-up patient with this symptom; None where one without a picture is meant to have one."""
    from django.urls import reverse

    from helpdesk.loaded import catalog
    from triage.answers import Answers
    from triage.drafts import CARRIED_PICTURE, from_packet
    from triage.engine import next_question
    from triage.forms import PICTURE
    from triage.renderers import EXAMPLE

    answers = Answers((symptom,), {})
    while question := next_question(catalog(), answers):
        answers = Answers((symptom,), {**answers.answers, question.id: (question.choices[0].id,)})
    own = EXAMPLE.with_suffix(f".{code}.json")
    document = json.loads((own if own.exists() else EXAMPLE).read_text())
    document |= {"symptoms": [symptom], "answers": answers.answers, "tried": {}}
    draft, _ = from_packet(json.dumps(document).encode())
    if picture and not draft.form.takes_picture:
        return None
    name = document["details"]["name"].encode()
    query = urlencode(draft.assessment.answers.pairs())
    way = tuple(Ask("triage", f"{reverse(name)}?{query}") for name in ("triage", "verdict", "details"))
    fields = draft.form.pairs()
    form, content_type = multipart(fields, {PICTURE: picture.sent} if picture else {})
    review = Ask("picture" if picture else "review", f"{reverse('review')}?{query}", form, content_type, (name,))
    carried = draft.everything() + ([(CARRIED_PICTURE, picture.carried)] if picture else [])
    body = urlencode([(key, value.replace("\n", "\r\n")) for key, value in carried]).encode()
    kept = (name, picture.carried.encode()) if picture else (name,)
    return Request(way, review, Ask("packet", reverse("packet", args=["pdf"]), body, FORM, kept))


def multipart(fields: Sequence[tuple[str, str]], files: Mapping[str, bytes]) -> tuple[bytes, str]:
    """The body of a form as a browser sends it, and its content type."""
    mark = "----storm7MA4YWxkTrZu0gW"
    parts = [f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in fields]
    body = "".join(parts).encode()
    for name, content in files.items():
        about = f'name="{name}"; filename="screen.png"\r\nContent-Type: image/png'
        body += f"--{mark}\r\nContent-Disposition: form-data; {about}\r\n\r\n".encode() + content + b"\r\n"
    return body + f"--{mark}--\r\n".encode(), f"multipart/form-data; boundary={mark}"


def a_screen() -> bytes:
    """A phone's screen with a message, as its owner would send it."""
    from PIL import Image, ImageDraw

    image = Image.linear_gradient("L").resize((1179, 2556)).convert("RGB")
    draw = ImageDraw.Draw(image)
    for line in range(40, 2500, 44):
        draw.text((60, line), f"Your account has been locked. Call us. (Error 1031) {line}", fill="navy", font_size=30)
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()
