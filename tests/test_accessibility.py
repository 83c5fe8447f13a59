"""Every kind of page, in normal and error states, for eyes, fingers, keyboards, screen readers, zoom and paper."""

import http.client
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

import pytest
from browser import axe, catalog, html_errors, missing, new_page, no_horizontal_scroll, pdf_text, send
from playwright.sync_api import Page

LOCKED = "symptom=locked-message&for-whom=self&codes-unasked=no&needed-today=nothing"
TEEN = "symptom=teen-record-blocked&for-whom=teen&proxy-state=stopped&needed-today=result"
EXPOSED = (
    "symptom=changes-not-mine&for-whom=self&can-sign-in=no&contacts-exposed=yes&trusted-device=no&needed-today=nothing"
)
WORDY = {
    "error-words": "Account disabled. Error 4711-" + "0" * 60,
    "what-happened": "It said “locked”.\n\n<b>Then</b> nothing & silence. " * 3,
    "began": "Tuesday",
    "name": "Rosalind Öztürk-Vance",
    "birth-date_month": "9",
    "birth-date_day": "27",
    "birth-date_year": "1950",
    "phone": "207-555-0177",
    "call-number": "207-555-0178",
    "email": "rosalind.with.a.very.long.address.indeed@a-long-host-name.mail.example",
    "safe-contact": "call-no-message",
}
WRONG = WORDY | {
    "what-happened": "My password is Sunshine7",
    "birth-date_day": "41",
    "phone": "12",
    "email": "rosalind",
    "safe-contact": "by-pigeon",
}


@dataclass(frozen=True)
class Kind:
    """A kind of page: where it is, what is posted there (if anything), and with what status it answers."""

    path: str
    posted: dict[str, str] = field(default_factory=dict)
    status: int = 200


KINDS = {
    "home": Kind("/"),
    "problems": Kind("/problems/"),
    "problem": Kind("/problems/account-locked/"),
    "problem-with-exceptions": Kind("/problems/codes-not-arriving/?symptom=code-refused"),
    "checklist": Kind("/checklist/"),
    "faq": Kind("/faq/"),
    "contact": Kind("/contact/"),
    "prepare": Kind("/prepare/"),
    "what-to-expect": Kind("/what-to-expect/"),
    "stay-safe": Kind("/stay-safe/"),
    "how-access-works": Kind("/how-access-works/"),
    "privacy": Kind("/privacy/"),
    "accessibility": Kind("/accessibility/"),
    "for-support-desks": Kind("/for-support-desks/"),
    "symptoms": Kind("/triage/"),
    "symptoms-ticked": Kind("/triage/?symptom=locked-message&symptom=asked-identity"),
    "symptoms-error": Kind("/triage/?asked=symptom"),
    "symptoms-contradiction": Kind("/triage/?asked=symptom&symptom=locked-message&symptom=none-of-these"),
    "symptoms-dropped": Kind("/triage/?symptom=no-such-symptom&dropped=1"),
    "question": Kind("/triage/question/?symptom=locked-message"),
    "question-error": Kind("/triage/question/?symptom=locked-message&asked=for-whom"),
    "question-boxes": Kind("/triage/question/?symptom=records-missing&for-whom=self"),
    "question-boxes-error": Kind("/triage/question/?symptom=records-missing&for-whom=self&asked=what-is-missing"),
    "verdict-try-first": Kind(
        "/triage/verdict/?symptom=password-refused&for-whom=self&codes-unasked=no&lock-seen=no&recovery-tried=not-yet"
        "&way-in=both&this-device=yes&needed-today=refill&needed-today=records"
    ),
    "verdict-solved": Kind(
        "/triage/verdict/?symptom=password-refused&for-whom=self&codes-unasked=no&lock-seen=no&recovery-tried=not-yet"
        "&way-in=both&this-device=yes&needed-today=nothing&step-check-typing=worked"
    ),
    "verdict-wait": Kind(
        "/triage/verdict/?symptom=site-down&for-whom=adult&outage-known=yes&way-in=app&this-device=unsure"
        "&needed-today=symptoms"
    ),
    "verdict-contact-support": Kind(f"/triage/verdict/?{LOCKED}"),
    "verdict-contact-clinic": Kind(f"/triage/verdict/?{TEEN}"),
    "verdict-contact-now": Kind(
        "/triage/verdict/?symptom=someone-has-password&symptom=not-my-information&for-whom=self&can-sign-in=yes"
        "&whose-information=unsure&contacts-exposed=yes&trusted-device=yes&needed-today=nothing"
    ),
    "details": Kind(f"/triage/details/?{LOCKED}"),
    "details-for-a-teen": Kind(f"/triage/details/?{TEEN}"),
    "details-error": Kind(f"/triage/review/?{LOCKED}", WRONG, 422),
    "review": Kind(f"/triage/review/?{LOCKED}", WORDY),
    "review-not-to-mail": Kind(f"/triage/review/?{EXPOSED}", WORDY),
    "review-of-nothing": Kind(f"/triage/review/?{LOCKED}", {"name": ""}),
    "resume": Kind("/triage/resume/"),
    "resume-error": Kind("/triage/resume/", {"packet": ""}, 422),
    "start": Kind("/packet/pdf/", status=405),
    "not-found": Kind("/no-such-page/", status=404),
    "refused": Kind(f"/triage/review/?{LOCKED}", {f"name-{number}": "x" for number in range(201)}, 400),
}
VERDICTS = {name for name in KINDS if name.startswith("verdict-")}
SIZES = {320: 640, 1280: 900}

every_kind = pytest.mark.parametrize("kind", list(KINDS))


# ---- one window for each way of looking, for the whole module ----


@pytest.fixture(scope="module")
def window(chromium) -> Iterator[Callable[..., Page]]:
    """A maker of pages, which makes each but once: to open a new profile for every test would take minutes."""
    pages: dict[str, Page] = {}

    def open_window(width: int = 1280, height: int = 0, **options) -> Page:
        key = str((width, height, sorted(options.items())))
        if key not in pages:
            viewport = {"width": width, "height": height or SIZES[width]}
            context = chromium.new_context(viewport=viewport, **({"locale": "en-US"} | options))
            context.set_default_timeout(10_000)
            pages[key] = new_page(context)
        return pages[key]

    yield open_window
    for page in pages.values():
        page.context.close()


def show(page: Page, site: str, name: str, prefix: str = "") -> Page:
    """Open this kind of page in the window, in the language that its address begins with."""
    kind = KINDS[name]
    path = prefix + kind.path
    answer = send(page, site, path, kind.posted) if kind.posted else page.goto(site + path)
    assert answer.status == kind.status, f"{name} answered {answer.status}"
    assert answer.url == site + path, f"{name} led elsewhere: {answer.url}"
    return page


# ---- the markup, without a browser ----


def ask(site: str, path: str, posted: dict[str, str] | None = None) -> tuple[int, str]:
    """Status and text of the answer."""
    connection = http.client.HTTPConnection(site.removeprefix("http://"), timeout=60)
    headers = {"Content-Type": "application/x-www-form-urlencoded"} if posted else {}
    body = urllib.parse.urlencode(posted) if posted else None
    connection.request("POST" if posted else "GET", path, body, headers)
    answer = connection.getresponse()
    try:
        return answer.status, answer.read().decode()
    finally:
        connection.close()


@pytest.fixture(scope="module")
def markup(site, blank_site) -> dict[str, str]:
    """The HTML of every kind of page and of the saved packet, of both sites, and of the one in Spanish too."""
    texts = {}
    packet = dict(urllib.parse.parse_qsl(LOCKED)) | WORDY
    kinds = KINDS | {"saved packet": Kind("/packet/html/", packet)}
    shown = {"example": (site, ""), "blank": (blank_site, ""), "Spanish": (site, "/es")}
    for site_name, (address, prefix) in shown.items():
        for name, kind in kinds.items():
            status, text = ask(address, prefix + kind.path, kind.posted)
            assert status == kind.status, f"{name} of the {site_name} site answered {status}"
            texts[f"{site_name}: {name}"] = text
    return texts


class Outline(HTMLParser):
    """What a page is made of, as far as these tests want to know."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.language = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "html":
            self.language = dict(attrs).get("lang") or ""

    @property
    def levels(self) -> list[int]:
        return [int(tag[1]) for tag in self.tags if tag in ("h1", "h2", "h3", "h4", "h5", "h6")]


def test_the_html_checker_finds_nothing_on_any_page_of_either_site(markup):
    assert html_errors(markup) == []


def test_every_page_has_one_title_one_main_part_a_language_and_headings_without_gaps(markup):
    faults = []
    for name, text in markup.items():
        page = Outline(text)
        if page.language != ("es" if name.startswith("Spanish") else "en"):
            faults.append(f"{name}: lang is {page.language!r}")
        if page.tags.count("h1") != 1:
            faults.append(f"{name}: {page.tags.count('h1')} h1")
        # A packet that stands alone is all main part.
        if page.tags.count("main") != (0 if "saved packet" in name else 1):
            faults.append(f"{name}: {page.tags.count('main')} main")
        # An error summary or a care card may come before the h1.
        if not set(page.levels[: page.levels.index(1)]) <= {2}:
            faults.append(f"{name}: the headings start with {page.levels[:5]}")
        gaps = [(above, below) for above, below in zip(page.levels, page.levels[1:], strict=False) if below > above + 1]
        faults += [f"{name}: h{below} follows h{above}" for above, below in gaps]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("site_name", ["example", "Spanish"])
def test_every_page_has_a_name_of_its_own(markup, site_name):
    titles = {}
    for name, text in markup.items():
        if name.startswith(site_name):
            titles.setdefault(text.partition("<title>")[2].partition("</title>")[0], []).append(name)
    # The states of one page share its name, but an error state says that it is one.
    for title, names in titles.items():
        kinds = {name.removeprefix(f"{site_name}: ").partition("-")[0] for name in names}
        assert len(kinds) == 1, f"{title!r} is the name of {names}"
        errors = {name for name in names if name.endswith(("-error", "-contradiction"))}
        assert errors in (set(), set(names)), f"{title!r} does not tell an error from {names}"


# ---- in the browser ----


@every_kind
@pytest.mark.parametrize("width", list(SIZES))
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_sticks_out(window, site, scheme, width, kind):
    page = show(window(width, color_scheme=scheme), site, kind)
    assert axe(page) == []
    assert no_horizontal_scroll(page), f"{kind} is wider than {width} px"


@every_kind
def test_in_spanish_axe_finds_nothing_by_day_or_by_night_and_nothing_sticks_out(window, site, kind):
    page = show(window(320, color_scheme="light", locale="es-MX"), site, kind, "/es")
    assert page.locator("html").get_attribute("lang") == "es"
    assert no_horizontal_scroll(page)
    assert axe(page) == []
    try:
        # The night changes nothing but the colours.
        page.emulate_media(color_scheme="dark")
        assert axe(page, runOnly=["color-contrast"]) == []
    finally:
        page.emulate_media(color_scheme="light")


@every_kind
def test_at_320_pixels_nothing_sticks_out_where_the_fact_sheet_is_blank(window, blank_site, kind):
    page = show(window(320, color_scheme="light"), blank_site, kind)
    assert no_horizontal_scroll(page)


@every_kind
def test_at_400_percent_zoom_nothing_sticks_out_and_nothing_covers_the_page(window, site, kind):
    # A window of 1280 by 1024 at 400 %, as Chromium lays it out.
    page = show(window(320, 256, device_scale_factor=4), site, kind)
    assert no_horizontal_scroll(page)
    stuck = page.evaluate(
        """() => [...document.querySelectorAll("body *")]
            .filter(element => ["fixed", "sticky"].includes(getComputedStyle(element).position))
            .map(element => element.outerHTML.slice(0, 100))"""
    )
    assert not stuck, "what stays in place covers a zoomed page"


@every_kind
def test_text_twice_as_large_does_not_stick_out(window, site, kind):
    page = show(window(1280, color_scheme="light"), site, kind)
    page.evaluate("document.documentElement.style.fontSize = 'calc(1.125rem * 2)'")
    assert no_horizontal_scroll(page)


@every_kind
def test_targets_are_large_enough_for_a_finger(window, site, kind):
    page = show(window(320, color_scheme="light"), site, kind)
    # WCAG 2.5.8 lets links in a sentence be as high as the line; all else must be 24 px in both directions.
    small = page.evaluate(
        """() => [...document.querySelectorAll("a[href], button, input, textarea, select, summary")]
            .filter(element => element.checkVisibility({visibilityProperty: true}) && element.type !== "hidden")
            .filter(element => {
                const inline = getComputedStyle(element).display === "inline";
                const around = element.parentElement.textContent.replace(/\\s+/g, " ").trim();
                const own = element.textContent.replace(/\\s+/g, " ").trim();
                return !(inline && around !== own);
            })
            .map(element => [element, element.getBoundingClientRect()])
            .filter(([element, box]) => !element.matches(".skip") && Math.min(box.width, box.height) < 23.9)
            .map(([element, box]) => `${box.width}x${box.height} ${element.outerHTML.slice(0, 120)}`)"""
    )
    assert not small, "\n".join(small)
    assert axe(page, runOnly=["target-size"], rules={"target-size": {"enabled": True}}) == []


@every_kind
def test_whatever_has_the_focus_shows_it(window, site, kind):
    page = show(window(1280, color_scheme="light"), site, kind)
    seen, unseen = set(), []
    for _ in range(150):
        page.keyboard.press("Tab")
        here = page.evaluate(
            """() => {
                const element = document.activeElement;
                if (!element || element === document.body) return null;
                const style = getComputedStyle(element), box = element.getBoundingClientRect();
                window.numbered = window.numbered || new Map();
                if (!window.numbered.has(element)) window.numbered.set(element, window.numbered.size);
                return {
                    number: window.numbered.get(element),
                    outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
                    inside: box.bottom > 0 && box.top < innerHeight && box.width > 1 && box.left < innerWidth,
                    html: element.outerHTML.slice(0, 120),
                };
            }"""
        )
        if here and here["number"] in seen:
            break
        if here:
            seen.add(here["number"])
        if here and not (here["outlined"] and here["inside"]):
            unseen.append(here["html"])
    assert len(seen) > 5, "Tab must walk through the page"
    assert not unseen, "\n".join(unseen)


@every_kind
def test_forced_colours_leave_every_button_and_field_with_an_edge(window, site, kind):
    page = show(window(1280, forced_colors="active"), site, kind)
    assert page.evaluate("matchMedia('(forced-colors: active)').matches")
    lost = page.evaluate(
        """() => [...document.querySelectorAll("button, .button, input, textarea, .box")]
            .filter(element => element.checkVisibility() && !["hidden", "radio", "checkbox"].includes(element.type))
            .filter(element => {
                const style = getComputedStyle(element), canvas = getComputedStyle(document.body).backgroundColor;
                const edge = parseFloat(style.borderTopWidth) >= 1 && style.borderTopStyle !== "none";
                // A button that looks like a link is underlined like one.
                if (element.matches(".link") && style.textDecorationLine === "underline") return false;
                return !edge || style.borderTopColor === canvas || style.color === style.backgroundColor
                    || style.forcedColorAdjust === "none";
            })
            .map(element => element.outerHTML.slice(0, 120))"""
    )
    assert not lost, "\n".join(lost)


@every_kind
def test_paper_shows_the_page_without_navigation_and_with_the_emergency_line(window, site, kind):
    page = show(window(1280, color_scheme="light"), site, kind)
    try:
        page.emulate_media(media="print")
        # The packet has an emergency line of its own.
        shown = page.locator(".emergency, .emergency-line").filter(visible=True)
        assert shown.count() >= 1, "the emergency line is missing on paper"
        for selector in ("nav", "button", ".button", "a.skip"):
            assert page.locator(selector).filter(visible=True).count() == 0, f"{selector} is printed"
        assert page.locator("main h1, main .mast-title").filter(visible=True).count() == 1, "paper needs one title"
    finally:
        page.emulate_media(media="null")


@pytest.mark.parametrize("kind", sorted(VERDICTS))
def test_the_steps_of_a_verdict_are_printed(window, site, kind):
    page = show(window(1280, color_scheme="light"), site, kind)
    on_screen = page.locator(".steps h3").all_inner_texts()
    assert on_screen, "every verdict has steps"
    try:
        page.emulate_media(media="print")
        assert page.locator(".steps h3").filter(visible=True).count() == len(on_screen), "steps are lost on paper"
    finally:
        page.emulate_media(media="null")


def test_the_packet_is_printed_from_the_review_page_and_nothing_else(window, site, tmp_path):
    page = show(window(1280, color_scheme="light"), site, "review")
    page.pdf(path=tmp_path / "printed.pdf")
    text = pdf_text(tmp_path / "printed.pdf")
    words = catalog().packet
    sheets = words.sheets.model_dump(exclude={"a_note_exposed"}).values()
    assert not missing(text, [*sheets, words.labels.call_script])
    assert not missing(text, [WORDY["name"], WORDY["email"], WORDY["call-number"], "September 27, 1950"])
    unwanted = ["Save as PDF", "Skip to", "Text to copy", "Check and save", "Stay safe", catalog().site.trademark]
    assert missing(text, unwanted) == unwanted


# ---- what a screen reader gets ----


def tree(page: Page) -> list[dict]:
    """Chromium's own accessibility tree, as role, name and description of each node."""
    session = page.context.new_cdp_session(page)
    try:
        nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    finally:
        session.detach()
    parts = ("role", "name", "description")
    return [
        {part: " ".join(str(node.get(part, {}).get("value", "")).split()) for part in parts}
        for node in nodes
        if not node["ignored"]
    ]


@pytest.mark.parametrize(
    ("kind", "question_id", "role"),
    [("question", "for-whom", "radio"), ("question-boxes", "what-is-missing", "checkbox")],
)
def test_a_question_is_a_group_named_by_the_question_with_its_choices_by_name(window, site, kind, question_id, role):
    question = catalog().questions[question_id]
    nodes = tree(show(window(320, color_scheme="light"), site, kind))
    (group,) = [node for node in nodes if node["role"] in ("group", "radiogroup")]
    assert group["name"] == question.label
    assert question.hint.lower() in group["description"].lower()
    assert question.why in group["description"]
    assert [node["name"] for node in nodes if node["role"] == role] == [choice.label for choice in question.choices]
    assert [node["name"] for node in nodes if node["role"] == "heading"] == [question.label]


@pytest.mark.parametrize(
    ("kind", "question_id"), [("question-error", "for-whom"), ("question-boxes-error", "what-is-missing")]
)
def test_an_unanswered_question_tells_its_error_with_the_group(window, site, kind, question_id):
    nodes = tree(show(window(320, color_scheme="light"), site, kind))
    (group,) = [
        node for node in nodes if node["name"] == catalog().questions[question_id].label and "group" in node["role"]
    ]
    assert "Choose an answer." in group["description"]
    assert [node["name"] for node in nodes if node["role"] == "link" and "Choose an answer." in node["name"]]
    assert [node for node in nodes if node["role"] == "alert"]


def test_the_boxes_of_the_symptoms_page_are_grouped_and_named(window, site):
    nodes = tree(show(window(320, color_scheme="light"), site, "symptoms"))
    groups = [node["name"] for node in nodes if node["role"] == "group"]
    assert groups == ["What is happening?", *[group.title for group in catalog().groups]]
    boxes = [node["name"].lower() for node in nodes if node["role"] == "checkbox"]
    assert boxes == [f"{symptom.label} {symptom.hint}".strip().lower() for symptom in catalog().symptoms.values()]


def test_every_field_of_the_details_is_named_and_explained(window, site):
    page = show(window(320, color_scheme="light"), site, "details")
    nodes = tree(page)
    fields = {node["name"]: node["description"] for node in nodes if node["role"] in ("textbox", "radiogroup", "group")}
    names = set(page.locator("main form [name]:not([type=hidden])").evaluate_all("all => all.map(one => one.name)"))
    for question_id in {name.removesuffix(part) for name in names for part in ("", "_month", "_day", "_year")}:
        if question := catalog().questions.get(question_id):
            assert question.label in fields, f"{question_id} has no name"
            assert question.why in fields[question.label], f"{question_id} does not say why it is asked"
    assert {"Month", "Day", "Year"} <= set(fields)


def test_every_wrong_field_of_the_details_tells_what_is_wrong(window, site):
    page = show(window(320, color_scheme="light"), site, "details-error")
    lines = page.locator("#errors a").all()
    assert len(lines) == 5, page.locator("#errors").inner_text()
    for line in lines:
        target = page.locator(f"[id='{line.get_attribute('href').removeprefix('#')}']")
        assert target.count() == 1, f"{line.inner_text()!r} leads nowhere"
        assert target.evaluate("field => field.matches('input, textarea')")
        described = target.evaluate(
            """field => [field, field.closest("fieldset")]
                .flatMap(element => (element?.getAttribute("aria-describedby") || "").split(" "))
                .filter(Boolean)
                .map(id => document.getElementById(id).textContent).join(" ")"""
        )
        assert line.inner_text() in " ".join(described.split()), f"{line.inner_text()!r} is not said at the field"


def test_the_skip_link_leads_to_the_main_part(window, site):
    page = show(window(1280, color_scheme="light"), site, "faq")
    page.keyboard.press("Tab")
    assert page.locator(".skip").is_visible()
    page.keyboard.press("Enter")
    page.wait_for_url("**#main")
    page.keyboard.press("Tab")
    assert page.locator("main a:focus").count() == 1, "the next Tab must be inside the main part"
