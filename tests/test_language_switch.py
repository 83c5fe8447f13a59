"""From one language to the other and back, at any point of the way, without JavaScript and without losing a word."""

import io
from collections.abc import Callable, Iterator

import pytest
from browser import new_page, no_horizontal_scroll, press
from PIL import Image
from playwright.sync_api import Locator, Page

LOCKED = "symptom=locked-message&for-whom=self&codes-unasked=no&needed-today=nothing"
EXPOSED = (
    "symptom=changes-not-mine&for-whom=self&can-sign-in=no&contacts-exposed=yes&trusted-device=no&needed-today=nothing"
)
TRY_FIRST = (
    "symptom=password-refused&for-whom=self&codes-unasked=no&lock-seen=no&recovery-tried=not-yet"
    "&way-in=both&this-device=yes&needed-today=nothing"
)
TYPED = {
    "error-words": "Su cuenta está bloqueada. (Error 4711)",
    "what-happened": "It said “locked”.\n\nThen <b>nothing</b> & silence.",
    "began": "el martes",
    "name": "Rosalind Öztürk-Vance",
    "birth-date_month": "9",
    "birth-date_day": "27",
    "birth-date_year": "1950",
    "phone": "207-555-0177",
    "email": "rosalind@mail.example",
}
WRONG = TYPED | {"birth-date_day": "41", "phone": "12"}

# Where one starts, what the switch says there, and where it leads.
both_ways = pytest.mark.parametrize(
    ("here", "name", "there"), [("", "Español", "/es"), ("/es", "English", "")], ids=["to Spanish", "to English"]
)
each_verdict = pytest.mark.parametrize(
    ("answers", "step"),
    [(TRY_FIRST, "step-check-typing"), (LOCKED, "step-stop-trying"), (EXPOSED, "step-safe-phone")],
    ids=["try first", "contact support", "contact now"],
)
GO_ON = {"": "Continue", "/es": "Continuar"}
REQUEST = {"": "Make a support request", "/es": "Hacer una solicitud de ayuda"}


@pytest.fixture(scope="module")
def page(chromium) -> Iterator[Page]:
    """One window for all tests: the site keeps nothing, so that nothing of one is left for the next."""
    context = chromium.new_context(java_script_enabled=False, locale="en-US")
    context.set_default_timeout(10_000)
    yield new_page(context)
    context.close()


@pytest.fixture
def go(page, site) -> Callable[[str], None]:
    """Opens the page at this path of the site."""
    return lambda path: page.goto(site + path)


def switch(page: Page) -> Locator:
    return page.locator("header .languages li").locator("a, button")


def change_language(page: Page, name: str) -> None:
    """One press on the only language that is offered."""
    assert switch(page).all_inner_texts() == [name]
    with page.expect_navigation():
        switch(page).click()


def go_on(page: Page, words: dict[str, str], prefix: str) -> None:
    with page.expect_navigation():
        page.locator("main").get_by_role("button", name=words[prefix], exact=True).click()


def where(page: Page, site: str) -> str:
    """Where the page is, without the coded answers."""
    return page.url.removeprefix(site).partition("?")[0]


def back(name: str) -> str:
    """What the switch says on the other side."""
    return {"Español": "English", "English": "Español"}[name]


def values(boxes: Locator) -> list[str]:
    return boxes.evaluate_all("all => all.map(box => box.value)")


def language(page: Page) -> str | None:
    return page.locator("html").get_attribute("lang")


def fill(page: Page, typed: dict[str, str]) -> None:
    for name, text in typed.items():
        page.fill(f"[name='{name}']", text)


def filled(page: Page, typed: dict[str, str]) -> dict[str, str]:
    return {name: page.locator(f"[name='{name}']").input_value() for name in typed}


def to_review(page: Page, site: str, prefix: str, picture: bytes = b"") -> None:
    page.goto(f"{site}{prefix}/triage/details/?{LOCKED}")
    fill(page, TYPED)
    if picture:
        attach(page, picture)
    go_on(page, GO_ON, prefix)


def attach(page: Page, picture: bytes) -> None:
    page.set_input_files("[name=picture]", {"name": "message.png", "mimeType": "image/png", "buffer": picture})


@pytest.fixture(scope="module")
def picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (60, 40), "red").save(file, "PNG")
    return file.getvalue()


# ---- what the switch is ----


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("path", ["/", "/faq/", "/triage/", f"/triage/details/?{LOCKED}"])
def test_the_switch_stands_in_the_header_and_is_named_in_its_own_language(visitor, site, path, width):
    page = visitor(javascript=False, width=width)
    page.goto(site + path)
    assert switch(page).count() == 1
    assert switch(page).inner_text() == "Español"
    assert page.locator("header .languages li").get_attribute("lang") == "es"
    box = switch(page).bounding_box()
    assert box["height"] >= 24, "a finger must hit it"
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    assert box["y"] + box["height"] < 300, "it must be seen without scrolling"
    assert no_horizontal_scroll(page)
    page.goto(f"{site}/es{path}")
    assert switch(page).inner_text() == "English"
    assert page.locator("header .languages li").get_attribute("lang") == "en"
    assert switch(page).is_visible()


@both_ways
@pytest.mark.parametrize("slug", ["/", "/faq/", "/problems/account-locked/", "/for-support-desks/", "/triage/resume/"])
def test_on_a_page_of_help_it_leads_to_the_same_page(page, site, go, slug, here, name, there):
    go(here + slug)
    change_language(page, name)
    assert page.url == f"{site}{there}{slug}"
    assert language(page) == (there.strip("/") or "en")
    change_language(page, back(name))
    assert page.url == f"{site}{here}{slug}"


def test_it_is_reached_by_keyboard(page, site, go):
    go("/faq/")
    press(page, "Español")
    assert page.url == f"{site}/es/faq/"
    go("/triage/")
    press(page, "Español")
    assert where(page, site) == "/es/triage/"


# ---- nothing that was filled in is lost ----


@both_ways
def test_ticks_that_are_not_yet_sent_are_kept(page, site, go, here, name, there):
    go(f"{here}/triage/")
    page.check("[value=locked-message]")
    page.check("[value=records-missing]")
    change_language(page, name)
    assert where(page, site) == f"{there}/triage/"
    assert not page.locator("#errors").count(), "nothing was sent, so nothing is wrong"
    assert values(page.locator("[name=symptom]:checked")) == ["locked-message", "records-missing"]
    go_on(page, GO_ON, there)
    assert where(page, site) == f"{there}/triage/question/"


@both_ways
def test_a_page_without_a_tick_changes_its_language_without_a_complaint(page, site, go, here, name, there):
    go(f"{here}/triage/")
    change_language(page, name)
    assert where(page, site) == f"{there}/triage/"
    assert not page.locator("#errors").count()


@both_ways
@pytest.mark.parametrize("choice", ["teen", ""])
def test_a_question_is_shown_again_with_its_choice(page, site, go, choice, here, name, there):
    go(f"{here}/triage/question/?symptom=locked-message")
    if choice:
        page.check(f"[name=for-whom][value={choice}]")
    change_language(page, name)
    assert where(page, site) == f"{there}/triage/question/"
    asked = {"": "Whose record is it about?", "/es": "¿De quién es el expediente?"}
    assert page.locator("h1").inner_text() == asked[there]
    assert values(page.locator("[name=for-whom]:checked")) == ([choice] if choice else [])
    assert not page.locator("#errors").count()


@both_ways
def test_a_question_with_boxes_keeps_its_ticks_and_goes_on_from_there(page, site, go, here, name, there):
    go(f"{here}/triage/question/?symptom=locked-message&for-whom=self&codes-unasked=no")
    page.check("[value=refill]")
    page.check("[value=records]")
    change_language(page, name)
    assert values(page.locator("[name=needed-today]:checked")) == ["refill", "records"]
    go_on(page, GO_ON, there)
    assert where(page, site) == f"{there}/triage/verdict/"


@both_ways
def test_a_question_with_an_error_changes_its_language(page, site, go, here, name, there):
    go(f"{here}/triage/question/?symptom=locked-message")
    go_on(page, GO_ON, here)
    assert page.locator("#errors").is_visible()
    change_language(page, name)
    assert where(page, site) == f"{there}/triage/question/"
    assert page.locator("[name=for-whom]").count() == 4


@both_ways
@each_verdict
def test_the_marks_on_the_steps_of_a_verdict_are_kept(page, site, go, answers, step, here, name, there):
    go(f"{here}/triage/verdict/?{answers}")
    page.check(f"[name={step}][value=no-help]")
    change_language(page, name)
    assert where(page, site) == f"{there}/triage/verdict/"
    assert page.locator(f"[name={step}]:checked").get_attribute("value") == "no-help"
    go_on(page, REQUEST, there)
    assert where(page, site) == f"{there}/triage/details/"
    assert f"{step}=no-help" in page.url


@both_ways
def test_what_was_typed_into_the_details_is_kept_there_and_back(page, site, go, here, name, there):
    go(f"{here}/triage/details/?{LOCKED}")
    fill(page, TYPED)
    page.check("[name=safe-contact][value=letter]")
    page.check("[name=interpreter][value=yes]")
    page.fill("[name=language]", "mixteco")
    change_language(page, name)
    assert where(page, site) == f"{there}/triage/details/"
    assert filled(page, TYPED) == TYPED
    change_language(page, back(name))
    assert where(page, site) == f"{here}/triage/details/"
    assert filled(page, TYPED) == TYPED
    assert page.locator("[name=safe-contact]:checked").get_attribute("value") == "letter"
    assert page.locator("[name=interpreter]:checked").get_attribute("value") == "yes"
    assert page.locator("[name=language]").input_value() == "mixteco"
    assert not page.locator("#errors").count()
    assert "Rosalind" not in page.url


@both_ways
@pytest.mark.parametrize("typed", [TYPED, WRONG], ids=["all right", "with errors"])
def test_an_attached_picture_is_kept(page, site, go, picture, typed, here, name, there):
    go(f"{here}/triage/details/?{LOCKED}")
    fill(page, typed)
    attach(page, picture)
    change_language(page, name)
    kept = {"": "Your picture is kept.", "/es": "Su foto sigue aquí."}
    assert kept[there] in page.locator("main").inner_text()
    change_language(page, back(name))
    assert kept[here] in page.locator("main").inner_text()
    assert filled(page, typed) == typed
    fill(page, TYPED)
    go_on(page, GO_ON, here)
    assert page.locator("main .no-print img.picture").is_visible()


@both_ways
def test_details_with_errors_change_their_language_and_the_errors_too(page, site, go, here, name, there):
    go(f"{here}/triage/details/?{LOCKED}")
    fill(page, WRONG)
    go_on(page, GO_ON, here)
    said = {"": "There is a problem", "/es": "Hay un problema"}
    assert said[here] in page.locator("#errors").inner_text()
    change_language(page, name)
    assert filled(page, WRONG) == WRONG
    assert said[there] in page.locator("#errors").inner_text()
    assert page.locator("#errors a").count() == 2
    assert page.title().startswith("Error:")
    fill(page, TYPED)
    go_on(page, GO_ON, there)
    assert where(page, site) == f"{there}/triage/review/"


@both_ways
def test_the_packet_is_the_same_packet_in_the_other_language(page, site, picture, here, name, there):
    to_review(page, site, here, picture)
    reference = page.locator("strong.reference").first.inner_text()
    made_at = page.locator("#change [name=made-at]").get_attribute("value")
    shown = page.locator("main .no-print img.picture").get_attribute("src")
    change_language(page, name)
    assert where(page, site) == f"{there}/triage/review/"
    assert set(page.locator("strong.reference").all_inner_texts()) == {reference}
    assert page.locator("#change [name=made-at]").get_attribute("value") == made_at
    assert page.locator("main .no-print img.picture").get_attribute("src") == shown
    assert shown.startswith("data:image/png;base64,i")
    assert "Rosalind Öztürk-Vance" in page.locator("#sheet-b").inner_text()
    assert page.locator("#for-you").get_attribute("lang") == (there.strip("/") or "en")
    assert page.locator("#sheet-a").get_attribute("lang") == "en", "the desk reads English in any case"
    # The way back to what was typed leads on in the new language.
    go_on(page, {"": "Change what you wrote", "/es": "Cambiar lo que escribió"}, there)
    assert where(page, site) == f"{there}/triage/details/"
    assert filled(page, TYPED) == TYPED


# ---- Enter goes on ----


@both_ways
@pytest.mark.parametrize("field", ["began", "name", "phone", "birth-date_year"])
def test_enter_in_a_box_of_the_details_means_continue(page, site, go, field, here, name, there):
    go(f"{here}/triage/details/?{LOCKED}")
    page.fill(f"[name='{field}']", "1950" if field == "birth-date_year" else "207-555-0177")
    page.focus(f"[name='{field}']")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert where(page, site) == f"{here}/triage/review/"


@both_ways
def test_enter_on_a_box_or_a_radio_means_continue(page, site, go, here, name, there):
    go(f"{here}/triage/")
    page.check("[value=locked-message]")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert where(page, site) == f"{here}/triage/question/"
    page.check("[name=for-whom][value=self]")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert where(page, site) == f"{here}/triage/question/"
    assert page.locator("[name=codes-unasked]").count(), "the next question must follow"


@both_ways
def test_enter_without_a_choice_says_that_one_is_wanted(page, site, go, here, name, there):
    go(f"{here}/triage/")
    page.focus("[value=locked-message]")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert where(page, site) == f"{here}/triage/"
    assert page.locator("#errors").is_visible()


@pytest.mark.parametrize("prefix", ["", "/es"])
@each_verdict
def test_enter_on_the_mark_of_a_step_stays_on_the_verdict(page, site, go, answers, step, prefix):
    go(f"{prefix}/triage/verdict/?{answers}")
    page.check(f"[name={step}][value=no-help]")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert where(page, site) == f"{prefix}/triage/verdict/"
    assert page.locator(f"[name={step}]:checked").get_attribute("value") == "no-help"


@pytest.mark.parametrize("path", ["/triage/", "/triage/question/?symptom=locked-message", f"/triage/details/?{LOCKED}"])
def test_the_button_that_enter_presses_is_not_in_the_way(page, go, path):
    go(path)
    first = page.locator(".languages button").first
    assert first.get_attribute("aria-hidden") == "true"
    for _ in range(4):
        page.keyboard.press("Tab")
        assert not page.locator(".languages button.unseen:focus").count(), "Tab must pass it by"
    assert page.get_by_role("button", name="Continue", exact=True).count() == 1, "a screen reader must find one only"


# ---- who is offered what ----


@pytest.mark.parametrize("locale", ["es-MX", "es"])
@pytest.mark.parametrize("path", ["/", "/faq/", "/triage/", f"/triage/verdict/?{LOCKED}"])
def test_who_prefers_spanish_is_offered_it_in_spanish_and_is_never_sent_there(visitor, site, path, locale):
    page = visitor(javascript=False, locale=locale)
    answer = page.goto(site + path)
    assert answer.request.redirected_from is None
    assert page.url == site + path
    assert language(page) == "en"
    offer = page.locator("header .offer")
    assert offer.inner_text() == "Este sitio también está en español:"
    assert offer.locator("xpath=ancestor-or-self::*[@lang][1]").get_attribute("lang") == "es"
    page.goto(f"{site}/es{path}")
    assert page.url == f"{site}/es{path}"
    assert not page.locator(".offer").count(), "whoever is there has chosen already"


@pytest.mark.parametrize("path", ["/", "/es/", "/triage/", "/es/triage/"])
def test_who_prefers_english_is_offered_nothing_and_not_sent_away(page, site, go, path):
    go(path)
    assert page.url == site + path
    assert not page.locator(".offer").count()


def test_who_prefers_a_language_that_the_site_lacks_is_offered_nothing(visitor, site):
    page = visitor(javascript=False, locale="tr-TR")
    page.goto(f"{site}/")
    assert not page.locator(".offer").count()
    assert switch(page).inner_text() == "Español"


def test_the_offer_fits_a_small_phone(visitor, site):
    page = visitor(javascript=False, locale="es-MX", width=320)
    for slug in ("/", f"/triage/details/?{LOCKED}"):
        page.goto(site + slug)
        assert page.locator(".offer").is_visible()
        assert no_horizontal_scroll(page)
