"""The whole site, link by link, and one full journey with a canary in every field: nothing leaks, nothing is broken."""

import json
import re
import secrets
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import CHROMIUM_FLAGS, EXAMPLE_ORGANIZATION, ROOT, catalog, chromium_path, missing, new_page, pdf_text
from playwright.sync_api import Page

BOUND = 250  # pages, more than there are: a crawl that finds more has fallen into a hole

# Where search engines are told that the pages are: at the first name of the site, not at the port of a test.
KNOWN_AS = "http://localhost"

HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
}


class Crawl:
    """Every page that links lead to from the first one, with its links and anchors."""

    def __init__(self, page: Page, site: str) -> None:
        self.page = page
        self.site = site
        self.status: dict[str, int] = {}
        self.anchors: dict[str, set[str]] = {}
        self.links: list[tuple[str, str]] = []  # page, address that it leads to
        waiting = ["/"]
        while waiting and len(self.status) < BOUND:
            path = waiting.pop(0)
            if path not in self.status:
                waiting += self.visit(path)

    def visit(self, path: str) -> list[str]:
        """The paths of our own that this page leads to."""
        if path.partition("?")[0].endswith((".pdf", ".json", ".css")):
            self.status[path] = self.page.request.get(self.site + path).status
            return []
        answer = self.page.goto(self.site + path)
        self.status[path] = answer.status
        ids = self.page.locator("[id]").evaluate_all("all => all.map(element => element.id)")
        self.anchors[path] = set(ids)
        hrefs = self.page.locator("[href], [src], form").evaluate_all(
            """all => all.flatMap(element => element.tagName === "FORM"
                ? (element.method === "get" ? [element.action] : [])
                : [element.href || element.src])"""
        )
        hrefs = [href.replace(f"{KNOWN_AS}/", f"{self.site}/") for href in hrefs]
        self.links += [(path, href) for href in hrefs]
        own = [self.path_of(href) for href in hrefs if href.startswith(f"{self.site}/")]
        return [found for found in own if not found.startswith("/static/")]

    def path_of(self, address: str) -> str:
        return urllib.parse.urldefrag(address).url.removeprefix(self.site)


@pytest.fixture(scope="module", params=["site", "blank_site"])
def crawl(request, chromium) -> Iterator[Crawl]:
    site = request.getfixturevalue(request.param)
    context = chromium.new_context(locale="en-US")
    yield Crawl(new_page(context), site)
    context.close()


def test_the_crawl_reaches_every_page_of_help_and_the_triage(crawl):
    assert len(crawl.status) < BOUND, "the crawl found no end"
    wanted = {f"/problems/{slug}/" for slug in catalog().problems}
    wanted |= {"/problems/", "/checklist/", "/faq/", "/contact/", "/prepare/", "/what-to-expect/", "/stay-safe/"}
    wanted |= {"/how-access-works/", "/privacy/", "/accessibility/", "/triage/"}
    wanted |= {"/", *(f"/es{path}" for path in wanted)}
    assert not wanted - set(crawl.status), "no link leads there"


def test_every_link_of_ours_leads_to_a_page_and_every_anchor_exists(crawl):
    assert {path: status for path, status in crawl.status.items() if status != 200} == {}
    dead = []
    for path, address in crawl.links:
        target, _, anchor = address.partition("#")
        known = crawl.anchors.get(target.removeprefix(crawl.site)) if target.startswith(crawl.site) else None
        if anchor and known is not None and urllib.parse.unquote(anchor) not in known:
            dead.append(f"{path} leads to {address}")
    assert not dead, "\n".join(dead)


def test_every_other_link_stands_in_the_fact_sheet(crawl):
    facts = (ROOT / EXAMPLE_ORGANIZATION).read_text(encoding="utf-8")
    digits = "".join(character for character in facts if character.isdigit())
    foreign = []
    for path, address in crawl.links:
        if address.startswith((f"{crawl.site}/", f"{crawl.site}#")) or address == crawl.site:
            continue
        number = address.removeprefix("tel:+").removeprefix("tel:")
        known = number in digits if address.startswith("tel:") else address.rstrip("/") in facts
        if not known or not address.startswith(("tel:", "https:")):
            foreign.append(f"{path} leads to {address}")
    assert not foreign, "\n".join(foreign)


def test_the_crawl_leaves_no_cookie_no_request_to_others_and_no_complaint(crawl):
    seen = crawl.page.seen
    assert seen.set_cookies() == []
    assert crawl.page.context.cookies() == []
    assert seen.off_origin(crawl.site) == []
    assert seen.complaints() == []
    # The crawl may leave a page before its icon has come.
    assert [line for line in seen.failed if not ("icon" in line and "ERR_ABORTED" in line)] == []


def test_every_answer_of_the_crawl_has_the_security_headers(crawl):
    faults = []
    for answer in crawl.page.seen.responses:
        headers = answer.all_headers()
        faults += [
            f"{answer.url}: {name}: {headers.get(name)}"
            for name, value in HEADERS.items()
            if headers.get(name) != value
        ]
        policy = {rule.strip() for rule in headers.get("content-security-policy", "").split(";")}
        if policy != POLICY:
            faults.append(f"{answer.url}: the policy is {policy}")
        if "/triage/" in answer.url and "no-store" not in headers.get("cache-control", ""):
            faults.append(f"{answer.url}: may be stored")
        if "camera=()" not in headers.get("permissions-policy", ""):
            faults.append(f"{answer.url}: permissions-policy is missing")
    assert not faults, "\n".join(faults)


# ---- a journey with a canary in every field ----

ANSWERED = {  # the coded answers of one who has nearly every trouble, so that nearly every field is asked
    "for-whom": ["adult"],
    "can-sign-in": ["yes"],
    "contacts-exposed": ["yes"],
    "trusted-device": ["yes"],
    "way-in": ["both"],
    "this-device": ["no"],
}
SYMPTOMS = ["password-refused", "code-missing", "someone-has-password", "records-missing", "care-for-someone"]
BIRTH_DATE = {"month": "10", "day": "29", "year": "1931"}


def canaries(token: str) -> dict[str, str]:
    """A text for each typed question, each with the token in it in a form that its field accepts."""
    number = str(int(token, 16) % 10**7).zfill(7)
    forms = {"line": "{} {}", "text": "{} in {}\n\nand more", "phone": "207-{2}", "email": "{}.{}@mail.example"}
    forms["address"] = "https://{}.example/{}"
    return {
        question.id: forms[question.kind].format(f"canary{token}", question.id, number)
        for question in catalog().details_questions
        if question.kind in forms
    }


class Journey:
    """From the first page through every output of the packet, with a mouse and JavaScript."""

    def __init__(self, page: Page, site: str, folder: Path, profile: Path) -> None:
        self.page = page
        self.profile = profile
        self.site = site
        self.titles: list[str] = []
        self.stored: list[str] = []
        self.token = secrets.token_hex(8)
        self.typed = canaries(self.token)
        self.files: dict[str, Path] = {}
        self.answer_the_questions()
        self.fill_in(self.typed | {"what-happened": f"{self.typed['what-happened']}. My password is {self.token}"})
        self.click("Continue")
        assert page.title().startswith("Error:")
        self.fill_in(self.typed)
        self.click("Continue")
        self.click("Change what you wrote")
        self.click("Continue")
        for number in range(page.locator("main [formaction]").count()):
            with page.expect_download() as started:
                page.locator("main [formaction]").nth(number).click()
            name = started.value.suggested_filename
            self.files[name] = folder / name
            started.value.save_as(folder / name)
        self.note()
        page.get_by_role("link", name="Privacy", exact=True).click()
        self.note()

    def answer_the_questions(self) -> None:
        self.page.goto(f"{self.site}/")
        self.note()
        self.page.get_by_role("link", name="Start now").click()
        for symptom in SYMPTOMS:
            self.page.check(f"input[value='{symptom}']")
        self.click("Continue")
        while "/triage/question/" in self.page.url:
            question_id = self.page.locator("main button[name=asked]").get_attribute("value")
            choices = ANSWERED.get(question_id) or [catalog().questions[question_id].choices[0].id]
            for choice in choices:
                self.page.check(f"input[name='{question_id}'][value='{choice}']")
            self.click("Continue")
        self.click("Make a support request")
        assert "/triage/details/" in self.page.url

    def fill_in(self, typed: dict[str, str]) -> None:
        self.asked = set()
        for question_id, text in typed.items():
            field = self.page.locator(f"[name='{question_id}']")
            if field.count():
                field.fill(text)
                self.asked.add(question_id)
        for part, text in BIRTH_DATE.items():
            self.page.fill(f"[name='birth-date_{part}']", text)
        self.page.check("[name=safe-contact][value=letter]")

    def click(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()
        self.note()

    def note(self) -> None:
        """What the page is called and what the browser has stored for it."""
        self.titles.append(self.page.title())
        self.stored.append(
            self.page.evaluate(
                "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, window.name, history.state])"
            )
        )

    @property
    def secrets(self) -> list[str]:
        """What must not be found anywhere: the token, the number made of it, and the date of birth in any form."""
        dates = ["1931-10-29", "29, 1931", "birth-date_year=", "10/29/1931"]
        return [self.token, self.typed["phone"].removeprefix("207-"), *dates]

    def found_in(self, text: str) -> list[str]:
        return [secret for secret in self.secrets if secret in urllib.parse.unquote(text)]


@pytest.fixture(scope="module")
def journey(playwright, site, tmp_path_factory) -> Iterator[Journey]:
    """In a browser that has its profile on disk, as everybody's has."""
    profile = tmp_path_factory.mktemp("profile")
    context = playwright.chromium.launch_persistent_context(
        str(profile), executable_path=chromium_path(), args=CHROMIUM_FLAGS, locale="en-US"
    )
    context.set_default_timeout(10_000)
    yield Journey(new_page(context), site, tmp_path_factory.mktemp("downloads"), profile)
    context.close()


def test_the_journey_fills_every_field_and_ends_in_every_rendering(journey):
    assert {question.id for question in catalog().details_questions if question.id in journey.typed} == journey.asked
    assert set(journey.files) == {
        "support-request.pdf",
        "support-request.html",
        "support-request-email.txt",
        "phone-script.txt",
        "support-request.json",
        "support-request.fhir.json",
    }
    # So that a search for the canary that finds nothing means something, and sheet B stays out of the e-mail text.
    typed = {sheet: [text for key, text in journey.typed.items() if sheet_of(key) == sheet] for sheet in "ab"}
    for name, file in journey.files.items():
        text = packet_text(file)
        assert not missing(text, typed["a"]), f"{name} lacks what was typed"
        not_there = missing(text, typed["b"])
        assert not_there == (typed["b"] if name == "support-request-email.txt" else []), f"sheet B in {name}"


def sheet_of(question_id: str) -> str:
    return catalog().questions[question_id].sheet


def packet_text(file: Path) -> str:
    if file.suffix == ".pdf":
        return pdf_text(file)
    text = file.read_text(encoding="utf-8")
    if file.name.endswith(".fhir.json"):
        return " ".join(json.loads(value) for value in re.findall(r'"value(?:String|Date)": (".*")', text))
    return " ".join(json.loads(text)["details"].values()) if file.suffix == ".json" else text


def test_what_was_typed_is_in_no_address_and_no_header(journey):
    seen = journey.page.seen
    assert any(url.endswith("/packet/pdf/") for url in seen.requests)
    assert [url for url in seen.requests if journey.found_in(url)] == []
    told = [(answer.url, header) for answer in seen.responses for header in answer.headers_array()]
    told += [(answer.url, header) for answer in seen.responses for header in answer.request.headers_array()]
    assert [(url, header) for url, header in told if journey.found_in(header["value"])] == []
    # Of what comes from its own cache, Chromium reports an empty referrer.
    kept = [(url, header) for url, header in told if header["name"].lower() in ("referer", "cookie", "set-cookie")]
    assert [(url, header) for url, header in kept if header["value"]] == []


def test_what_was_typed_is_in_no_title_and_not_kept_in_the_browser(journey):
    assert len(set(journey.titles)) > 5
    assert [title for title in journey.titles if journey.found_in(title)] == []
    assert set(journey.stored) == {'[{},{},"","",null]'}
    assert journey.page.context.cookies() == []
    assert journey.page.context.storage_state(indexed_db=True) == {"cookies": [], "origins": []}
    assert journey.page.evaluate("caches.keys()") == []
    assert journey.page.evaluate("navigator.serviceWorker.getRegistrations().then(all => all.length)") == 0


def test_the_journey_sets_no_cookie_asks_nobody_else_and_brings_no_complaint(journey, site):
    seen = journey.page.seen
    assert seen.set_cookies() == []
    assert seen.off_origin(site) == []
    assert seen.complaints(expected=422) == []
    carrying = [answer for answer in seen.responses if "/triage/" in answer.url or "/packet/" in answer.url]
    assert len(carrying) > 10
    assert [answer.url for answer in carrying if "no-store" not in answer.headers.get("cache-control", "")] == []


def test_on_disk_the_browser_has_what_it_keeps_of_any_form_and_nothing_that_it_was_sent(journey):
    """It can bring back a page that was closed, and offers again what was typed into a box of the same name."""
    journey.page.context.close()
    typed = [text for word in journey.secrets for text in (word.encode(), word.encode("utf-16-le"))]
    files = [file for file in journey.profile.rglob("*") if file.is_file()]
    found = [file.relative_to(journey.profile) for file in files if any(text in file.read_bytes() for text in typed)]
    assert {path.parts[1] for path in found} == {"Sessions", "Web Data"}
