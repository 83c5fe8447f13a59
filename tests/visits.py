"""A visitor's way by keyboard from the first page to a paper in their hand, in any language of the site."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from browser import catalog, no_horizontal_scroll, pdf_text, pick_radio, press, tab_to, tick, type_into
from playwright.sync_api import Page
from pypdf import PdfReader


@dataclass(frozen=True)
class Speech:
    """One language: where its pages begin, and the words that a visitor who speaks it looks for."""

    code: str
    prefix: str
    start: str
    happening: str
    go_on: str
    request: str
    error: str
    date: tuple[str, str, str]
    forbids: re.Pattern[str]  # what a sentence that forbids has in it


ENGLISH = Speech(
    code="en",
    prefix="",
    start="Start now",
    happening="What is happening?",
    go_on="Continue",
    request="Make a support request",
    error="Error:",
    date=("Month", "Day", "Year"),
    forbids=re.compile(r"\b(do not|don’t|never|not|no|nobody|stop)\b", re.IGNORECASE),
)
SPANISH = Speech(
    code="es",
    prefix="/es",
    start="Empezar ahora",
    happening="¿Qué problema tiene con MyChart?",
    go_on="Continuar",
    request="Hacer una solicitud de ayuda",
    error="Error:",
    date=("Mes", "Día", "Año"),
    forbids=re.compile(r"\b(no|nunca|ni|sin|nadie|pare|deje de)\b", re.IGNORECASE),
)


@cache
def foreign_words(code: str) -> tuple[re.Pattern[str], ...]:
    """The words of all buttons, headings and messages in the other languages that this language does not use too."""
    interfaces = {speech.code: set(_interface(speech.code)) for speech in (ENGLISH, SPANISH)}
    own = interfaces.pop(code)
    foreign = {words for other in interfaces.values() for words in other - own}
    return tuple(re.compile(rf"(?<!\w){re.escape(words)}(?!\w)") for words in sorted(foreign))


def _interface(code: str) -> Iterator[str]:
    for table in catalog(code).interface.values():
        yield from (words for words in table.values() if "{" not in words)


def spoken(page: Page) -> str:
    """What the page says outside the parts marked as being in another language, and outside quotation marks.

    A text to copy has no mark-up, and so cannot say which of its lines is in which language.
    """
    text = page.evaluate(
        """() => {
            const page = document.documentElement.cloneNode(true);
            const own = page.lang;
            for (const part of page.querySelectorAll("textarea, style, script, [lang]")) {
                if (part.lang !== own) part.remove();
            }
            const said = ["aria-label", "alt", "title", "placeholder", "content"];
            return [page, ...page.querySelectorAll("*")]
                .flatMap(part => said.map(name => part.getAttribute(name)).filter(Boolean))
                .concat(page.textContent).join("\\n");
        }"""
    )
    return re.sub("“[^”]*”", "“”", text)


class Visit:
    """One visitor's way through the site, with the words of every page seen since the symptoms were ticked."""

    def __init__(self, page: Page, site: str, speech: Speech = ENGLISH) -> None:
        self.page = page
        self.site = site
        self.speech = speech
        self.catalog = catalog(speech.code)
        self.words: list[str] = []
        page.goto(f"{site}{speech.prefix}/")
        self.look()
        self.press(speech.start)
        assert page.title().startswith(speech.happening)

    def press(self, name: str) -> None:
        press(self.page, name)
        self.look()

    def go_on(self) -> None:
        self.press(self.speech.go_on)

    def make_request(self) -> None:
        self.press(self.speech.request)

    def look(self) -> None:
        """Read the page, and see that it is in the visitor's language and fits the screen."""
        self.words.append(self.page.locator("main").inner_text())
        assert self.page.locator("html").get_attribute("lang") == self.speech.code
        said = spoken(self.page)
        foreign = [words.pattern for words in foreign_words(self.speech.code) if words.search(said)]
        assert not foreign, f"{self.page.url} has words in another language"
        assert no_horizontal_scroll(self.page), f"{self.page.url} is wider than the screen"

    def heading(self) -> str:
        return " ".join(self.page.locator("h1").inner_text().split())

    def tick_symptom(self, symptom_id: str) -> None:
        tick(self.page, self.catalog.symptoms[symptom_id].label)
        self.words.clear()
        self.go_on()

    def answer(self, question_id: str, *choice_ids: str) -> None:
        """The question asked now must be this one."""
        question = self.catalog.questions[question_id]
        assert self.heading() == question.label
        for choice_id in choice_ids:
            choice = question.choice(choice_id)
            (pick_radio if question.kind == "choice" else tick)(self.page, choice.label)
        self.go_on()

    def fill_in(self, typed: dict[str, str]) -> None:
        """Type into the fields of the details, in their order; a date is "month day year"."""
        for question_id, text in typed.items():
            question = self.catalog.questions[question_id]
            if question.kind == "date":
                for part, number in zip(self.speech.date, text.split(), strict=True):
                    type_into(self.page, part, number)
            elif question.kind == "choice":
                pick_radio(self.page, question.choice(text).label)
            else:
                type_into(self.page, question.label, text)

    def type_over(self, *texts: str) -> None:
        """Type into the field that has the focus and into those after it, in place of what they hold."""
        for number, text in enumerate(texts):
            if number:
                self.page.keyboard.press("Tab")
            self.page.keyboard.press("Control+A")
            self.page.keyboard.type(text)

    def filled_in(self, typed: dict[str, str]) -> dict[str, str]:
        """What the fields of these questions hold now, in the form in which it was typed."""
        return {question_id: self._value(question_id) for question_id in typed}

    def _value(self, question_id: str) -> str:
        kind = self.catalog.questions[question_id].kind
        if kind == "date":
            fields = self.page.locator(f"input[name^='{question_id}_']").all()
            return " ".join(field.input_value() for field in fields)
        if kind == "choice":
            return self.page.locator(f"input[name='{question_id}']:checked").input_value()
        return self.page.locator(f"[name='{question_id}']").input_value()

    def go_back(self) -> None:
        """The browser's own Back."""
        self.page.go_back()
        self.look()

    def follow_the_error(self, field: str) -> None:
        """The focus is on the error summary; the first line in it leads to the field with this id."""
        assert self.page.title().startswith(self.speech.error)
        assert self._focus_is_on("#errors"), "without JavaScript, the focus must be on the error summary"
        self.page.keyboard.press("Tab")
        assert self._focus_is_on("#errors a"), "the first Tab must reach the first line of the error summary"
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(f"**#{field}")
        assert self._focus_is_on(f"[id='{field}']"), f"the error summary must lead to {field}"

    def _focus_is_on(self, selector: str) -> bool:
        return self.page.locator(f"{selector}:focus").count() == 1

    def reference(self) -> str:
        return self.page.locator("strong.reference").first.inner_text()

    def save(self, button: str, folder: Path) -> Path:
        """Press a button of the review page; the file that comes, under the name that the site gives it."""
        tab_to(self.page, button)
        # On a busy machine the PDF of a packet in two languages takes a while.
        with self.page.expect_download(timeout=30_000) as started:
            self.page.keyboard.press("Enter")
        file = folder / started.value.suggested_filename
        started.value.save_as(file)
        return file

    def advice(self) -> str:
        return "\n".join(self.words)

    def must_leave_no_trace(self) -> None:
        seen = self.page.seen
        assert seen.set_cookies() == []
        assert self.page.context.cookies() == []
        assert seen.off_origin(self.site) == []
        # A download leaves the page where it is, which Chromium calls an aborted request.
        assert [line for line in seen.failed if "ERR_ABORTED" not in line] == []
        assert seen.complaints(expected=422) == []


def must_be_private(file: Path, personal: Iterable[str]) -> None:
    """The file name and the document's own data say nothing about anybody, nor does the sheet to e-mail.

    The desks read English, so the sheets are in English, whoever asks.
    """
    assert file.name == "support-request.pdf"
    named = str(PdfReader(file).metadata)
    sheet_a, _, sheet_b = pdf_text(file).partition(catalog().packet.sheets.b_title)
    assert sheet_b, "sheet B must follow sheet A"
    for words in personal:
        assert words not in named
        assert words not in sheet_a, f"{words!r} is on the sheet that is safe to e-mail"


def must_not_advise(text: str, steps: Iterable[str], phrases: str, speech: Speech) -> None:
    """Neither these steps nor, in a sentence that does not forbid it, one of these phrases."""
    for step in (catalog(speech.code).steps[step_id] for step_id in steps):
        found = [words for words in (step.title, *step.do) if words in text]
        assert not found, f"{step.id} would do harm here: {found}"
    sentences = [sentence for line in text.splitlines() for sentence in re.split(r"(?<=[.?!])\s+", line)]
    harmful = [line for line in sentences if re.search(phrases, line, re.IGNORECASE)]
    assert not [line for line in harmful if not speech.forbids.search(line)]


def steps_tagged(*tags: str) -> list[str]:
    return [step.id for step in catalog().steps.values() if step.tags & set(tags)]
