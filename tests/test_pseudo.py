"""A third language: one that runs from right to left and one with long words have room on every page and on paper."""

import io
import re
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import escape
from unittest.mock import patch

import page as page_validation
import pytest
from browser import axe, new_page, no_horizontal_scroll, send
from django.core.management import call_command
from django.utils import translation
from playwright.sync_api import Browser, Page
from pseudo import LONG_WORDS, RIGHT_TO_LEFT
from pypdf import PdfReader
from reading import REFERENCE
from variants import Variant, packet_of
from weasyprint import HTML
from weasyprint.formatting_structure.boxes import PageBox, TableCellBox, TextBox

from helpdesk import loaded, translations
from helpdesk.records import CONTENT
from triage import consistency, typesetter, workers
from triage.packet import Packet
from triage.renderers import as_html, as_pdf

DIRECTIONS = {RIGHT_TO_LEFT: "rtl", LONG_WORDS: "ltr"}
LOCKED = "symptom=locked-message&for-whom=self&codes-unasked=no&needed-today=nothing"
TYPED = {
    "error-words": "Account disabled. Error 4711",
    "what-happened": "It said “locked”.",
    "portal-address": "https://mychart.harborpines.example/sign-in/",
    "name": "Rosalind Vance",
    "birth-date_month": "9",
    "birth-date_day": "27",
    "birth-date_year": "1950",
    "phone": "+1 207 555 0177",
    "call-number": "(207) 555-0178",
    "email": "rosalind@mail.example",
    "safe-contact": "call-no-message",
    "interpreter": "yes",
    # As the review page carries it. One that begins with digits would change its order among Arabic letters.
    "reference": REFERENCE,
}
WRONG = TYPED | {"phone": "12", "birth-date_day": "41", "what-happened": "My password is Sunshine7", "email": "me"}


@dataclass(frozen=True)
class Kind:
    """A kind of page, with what is posted there, its status, and values that it shows, each in its own order."""

    path: str
    shows: tuple[str, ...] = ()
    posted: dict[str, str] = field(default_factory=dict)
    status: int = 200


# In the fact sheet of `pseudo_site`.
EMERGENCY = "+1 207-555-0119"
STATUS = "https://status.harborpines.example"
SUPPORT = ("207-555-0110", "https://www.harborpines.example/mychart-help")
# What the health system says in one language only. Set from right to left, its full stop would come first.
IN_ENGLISH = "stay on the line for a person."
# Set from right to left, this would be (27-09-1950).
BORN = "1950-09-27"

KINDS = {
    "home": Kind("/", (EMERGENCY,)),
    "problems": Kind("/problems/"),
    "problem": Kind("/problems/portal-down/", (STATUS, SUPPORT[0])),
    "checklist": Kind("/checklist/", (STATUS,)),
    "faq": Kind("/faq/", ("https://mychart.harborpines.example", STATUS, EMERGENCY)),
    "contact": Kind("/contact/", (*SUPPORT, "(207) 555-0120", "100 Example Way", IN_ENGLISH)),
    "prepare": Kind("/prepare/"),
    "stay-safe": Kind("/stay-safe/", (EMERGENCY,)),
    "for-support-desks": Kind("/for-support-desks/"),
    "symptoms": Kind("/triage/?asked=symptom"),
    "question": Kind("/triage/question/?symptom=records-missing&for-whom=self&asked=what-is-missing"),
    "verdict": Kind(f"/triage/verdict/?{LOCKED}", SUPPORT),
    "verdict-wait": Kind(
        "/triage/verdict/?symptom=site-down&for-whom=adult&outage-known=yes&way-in=app&this-device=unsure"
        "&needed-today=symptoms",
        (STATUS, EMERGENCY),
    ),
    "details": Kind(f"/triage/details/?{LOCKED}"),
    "details-error": Kind(
        f"/triage/review/?{LOCKED}", ("name@example.com", "555-555-0123", WRONG["call-number"]), WRONG, 422
    ),
    # The e-mail text is in a box, and the packet below.
    "review": Kind(
        f"/triage/review/?{LOCKED}",
        (*SUPPORT, BORN, REFERENCE, TYPED["phone"], TYPED["call-number"], TYPED["email"]),
        TYPED,
    ),
    "resume-error": Kind("/triage/resume/", (), {"packet": ""}, 422),
    "not-found": Kind("/no-such-page/", (EMERGENCY,), status=404),
    "paper": Kind("/packet/html/", (*SUPPORT, BORN, REFERENCE), dict(urllib.parse.parse_qsl(LOCKED)) | TYPED),
}
every_kind = pytest.mark.parametrize("kind", list(KINDS))
every_language = pytest.mark.parametrize("language", list(DIRECTIONS))
every_window = pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (1280, "dark")])


@pytest.fixture(scope="module")
def window(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """A maker of pages, which makes each but once."""
    pages: dict[tuple[int, str], Page] = {}

    def open_window(width: int, scheme: str) -> Page:
        if (width, scheme) not in pages:
            viewport = {"width": width, "height": 800}
            context = chromium.new_context(viewport=viewport, color_scheme=scheme)
            context.set_default_timeout(10_000)
            pages[width, scheme] = new_page(context)
        return pages[width, scheme]

    yield open_window
    for page in pages.values():
        page.context.close()


def show(page: Page, site: str, language: str, name: str) -> Page:
    """Opens this kind of page in this language. Paper is a file to save, so it is opened as one."""
    kind = KINDS[name]
    address = f"{site}/{language}{kind.path}"
    if name == "paper":
        answer = page.request.post(address, form=kind.posted)
        page.goto("about:blank")
        page.set_content(answer.text())
    else:
        answer = send(page, site, f"/{language}{kind.path}", kind.posted) if kind.posted else page.goto(address)
    assert answer.status == kind.status, f"{name} answered {answer.status}"
    return page


# Text that is cut off or stands outside of its box. What scrolls by itself, or is for screen readers only, is no fault.
CUT_OFF = """() => {
    const faults = [], width = document.documentElement.clientWidth;
    const aside = element => element.closest(".unseen, .skip, .scroll, script, style, textarea");
    for (const element of document.body.querySelectorAll("*:not(input, textarea)")) {
        const style = getComputedStyle(element);
        const cuts = /hidden|clip/.test(style.overflowX + style.overflowY) || style.textOverflow === "ellipsis";
        const over = element.scrollWidth > element.clientWidth + 1 || element.scrollHeight > element.clientHeight + 1;
        if (cuts && over && !aside(element)) faults.push("cut off: " + element.outerHTML.slice(0, 150));
    }
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node; (node = walker.nextNode());) {
        let box = node.parentElement;
        if (!node.data.trim() || aside(box) || !box.checkVisibility()) continue;
        while (/inline$|contents/.test(getComputedStyle(box).display)) box = box.parentElement;
        const {left, right} = box.getBoundingClientRect(), range = document.createRange();
        range.selectNodeContents(node);
        for (const line of range.getClientRects()) {
            if (line.left < left - 1 || line.right > right + 1 || line.left < -0.5 || line.right > width + 0.5) {
                faults.push(`outside: ${node.data.trim().slice(0, 80)} in ${box.outerHTML.slice(0, 100)}`);
                break;
            }
        }
    }
    return faults;
}"""

# Each number, address, date or time on the page, with whether each of its characters is drawn after the one before.
ORDER = r"""() => {
    const typed = "textarea, input:not([type=hidden], [type=radio], [type=checkbox])";
    for (const field of document.querySelectorAll(typed)) {
        const {direction, unicodeBidi} = getComputedStyle(field), copy = document.createElement("div");
        copy.textContent = field.value;
        Object.assign(copy.style, {direction, unicodeBidi, whiteSpace: "pre-wrap"});
        field.replaceWith(copy);
    }
    const kinds = [
        /https?:\/\/[\w.\/-]*[\w\/]/, /[\w.-]+@[\w.-]*\w/, /\d{4}-\d{2}-\d{2}/, /\d{1,2}:\d{2}/,
        /\b[2-9A-HJKMNP-Z]{4}-[2-9A-HJKMNP-Z]{4}\b/, /[(+]*\d[\d ()-]{6,}\d/, /\d+ [A-Z][a-z]+ [A-Z][a-z]+/,
        /stay on the line for a person\./,
    ];
    const wanted = new RegExp(kinds.map(kind => kind.source).join("|"), "g"), found = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), range = document.createRange();
    for (let node; (node = walker.nextNode());) {
        if (!node.parentElement.checkVisibility() || node.parentElement.closest("script, style")) continue;
        for (const match of node.data.matchAll(wanted)) {
            const boxes = [...match[0]].flatMap((character, at) => {
                range.setStart(node, match.index + at);
                range.setEnd(node, match.index + at + 1);
                return character === " " ? [] : [range.getBoundingClientRect()];
            });
            const inOrder = boxes.slice(1).every((box, at) => box.top > boxes[at].bottom - 2
                || (Math.abs(box.top - boxes[at].top) < 2 && box.left >= boxes[at].right - 2));
            found.push([match[0], inOrder, node.parentElement.outerHTML.slice(0, 200)]);
        }
    }
    return found;
}"""


def out_of_order(page: Page, wanted: tuple[str, ...]) -> list[str]:
    """The values that are not drawn as they are written. The wanted ones must be there."""
    found = page.evaluate(ORDER)
    assert set(wanted) <= {value for value, _, _ in found}
    return [f"{value} in {around}" for value, in_order, around in found if not in_order]


# ---- the two languages ----


@pytest.fixture
def both_languages(pseudo_content, settings, fact_sheet) -> Iterator[None]:
    """This process with the content of the two languages and the facts of the made-up health system."""
    settings.WAYIN_CONTENT = pseudo_content
    fact_sheet("example")
    loaded.forget()
    yield
    settings.WAYIN_CONTENT = CONTENT
    loaded.forget()


def test_the_check_of_the_content_takes_both_languages(both_languages):
    call_command("check")
    assert list(loaded.languages()) == ["en", RIGHT_TO_LEFT, LONG_WORDS]
    for code, direction in DIRECTIONS.items():
        assert loaded.languages()[code].direction == direction
        assert list(consistency.faults(loaded.catalog_in(code))) == []


def test_one_language_is_written_from_right_to_left_and_the_other_has_long_words(pseudo_content):
    said = {code: str(list(translations.entries(pseudo_content / code).values())) for code in ("en", *DIRECTIONS)}
    letters = {code: len(re.findall(r"[^\W\d]", text)) for code, text in said.items()}
    assert len(re.findall(r"[\u0620-\u064a]", said[RIGHT_TO_LEFT])) > 0.9 * letters[RIGHT_TO_LEFT]
    assert letters[LONG_WORDS] > 1.5 * letters["en"]
    assert len(set(re.findall(r"\w{30,}", said[LONG_WORDS]))) > 20


# ---- pages ----


@every_kind
@every_language
@every_window
def test_nothing_is_cut_off_or_sticks_out(window, pseudo_site, language, kind, width, scheme):
    page = show(window(width, scheme), pseudo_site, language, kind)
    root = page.locator("html")
    assert (root.get_attribute("lang"), root.get_attribute("dir")) == (language, DIRECTIONS[language])
    assert no_horizontal_scroll(page)
    assert page.evaluate(CUT_OFF) == []
    if language == RIGHT_TO_LEFT:
        # Paper is all main part.
        assert axe(page, rules={"landmark-one-main": {"enabled": kind != "paper"}}) == []
        assert out_of_order(page, KINDS[kind].shows) == []


TEXTS = {"call": (SUPPORT[0], BORN, TYPED["phone"], TYPED["email"]), "txt": (REFERENCE, TYPED["portal-address"])}


@pytest.mark.parametrize("kind", TEXTS)
def test_from_right_to_left_a_text_file_keeps_the_order_of_each_value_and_of_each_line(window, pseudo_site, kind):
    page = window(1280, "light")
    packet = dict(urllib.parse.parse_qsl(LOCKED)) | TYPED
    text = page.request.post(f"{pseudo_site}/{RIGHT_TO_LEFT}/packet/{kind}/", form=packet).text()
    page.goto("about:blank")
    page.set_content(f'<pre style="unicode-bidi: plaintext; white-space: pre-wrap">{escape(text)}</pre>')
    assert out_of_order(page, TEXTS[kind]) == []
    # A line that begins with "A3" begins on the right all the same: what is isolated gives a line no direction.
    numbered = [line for line in text.splitlines() if re.match(r"(- )?\u2066[AB][0-9]+\u2069 [\u0620-\u06ff]", line)]
    assert len(numbered) > 2
    assert not re.search(r"^(- )?[ABS][0-9]+ [\u0620-\u06ff]", text, re.MULTILINE)


# ---- paper ----


@pytest.fixture
def packet(both_languages, language) -> Packet:
    chosen = {"for_whom": "child", "way_in": "both"}
    symptoms = ("locked-message", "code-missing", "records-missing")
    return packet_of(Variant(symptoms, TYPED, "example", tried="no-help", language=language, chosen=chosen))


@every_language
def test_the_pdf_is_whole_and_holds_each_value_in_order(packet, language, tmp_path):
    # However slow the machine is.
    with translation.override(language), patch.object(workers, "SECONDS", 60):
        content = as_pdf(packet)
    file = tmp_path / "packet.pdf"
    file.write_bytes(content)
    report = page_validation.validate_pdf(str(file), profile="ua1")
    assert report.is_compliant, report
    document = PdfReader(io.BytesIO(content))
    assert document.root_object["/Lang"] == language
    text = "".join("".join(side.extract_text().split()) for side in document.pages)
    assert typesetter.STAND_IN not in text
    # The desk's part has most of them too, and in English nothing can go wrong.
    for value in (REFERENCE, BORN, TYPED["phone"], TYPED["email"], TYPED["portal-address"]):
        assert text.count("".join(value.split())) >= 2, value
    for value in (*SUPPORT, f"1/{len(document.pages)}"):
        assert value in text


@every_language
def test_on_paper_nothing_stands_outside_of_its_cell_or_of_the_margins(packet, language):
    with translation.override(language):
        html = as_html(packet).decode()
    sides = [side._page_box for side in HTML(string=html, url_fetcher=typesetter.FetchNothing()).render().pages]
    assert len(sides) > 4
    cells = [box for side in sides for box in side.descendants() if isinstance(box, TableCellBox)]
    assert len(cells) > 50
    assert [fault for box in (*sides, *cells) for fault in sticking_out(box)] == []


def sticking_out(around: PageBox | TableCellBox) -> Iterator[str]:
    """The texts that begin before the content of this box or end after it."""
    left = around.content_box_x()
    for box in around.descendants():
        if isinstance(box, TextBox) and box.text.strip():
            # A space at the end of a line may hang out.
            over = box.position_x + box.width - left - around.width
            if box.position_x < left - 1 or over > 5:
                yield f"{box.text}: {box.position_x - left:.0f} {over:.0f}"
