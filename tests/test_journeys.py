"""People on their way from the first page to a paper in their hand.

Three go by keyboard alone, with JavaScript and cookies switched off, each with a slip on the way and a step back.
Ids are looked up in the catalog, so that a journey does not break with the wording.
"""

import pytest
from browser import catalog, missing, pdf_text, pick_radio, tab_to
from playwright.sync_api import Page
from visits import ENGLISH, must_be_private, must_not_advise, steps_tagged


def test_a_locked_out_patient_gets_a_packet_and_is_never_told_to_try_again(no_script_no_cookies, tmp_path):
    visit = no_script_no_cookies(ENGLISH)
    visit.tick_symptom("locked-message")
    visit.answer("for-whom", "self")

    # One step back in the browser: the answer is still there, and the way goes on from it.
    visit.go_back()
    assert visit.heading() == catalog().questions["for-whom"].label
    assert visit.page.locator("input[value=self]").is_checked()
    visit.go_on()
    visit.answer("codes-unasked", "no")
    visit.answer("needed-today", "refill", "appointment")

    assert visit.heading() == catalog().verdicts["contact-support"].title
    assert catalog().reasons["locked"] in visit.advice()
    assert "207-555-0110" in visit.advice(), "the support desk's phone number is in the fact sheet"
    assert catalog().needs["refill"].title in visit.advice()
    pick_radio(visit.page, "Done")  # stop trying
    pick_radio(visit.page, "Done")  # write down the words
    pick_radio(visit.page, "It did not help")  # wait as long as the screen said
    visit.make_request()

    typed = {
        "error-words": "Your account has been disabled. Error 4711",
        "what-happened": "It was fine in May. My password is Sunshine7 but it is refused.",
        "began": "Tuesday, about 9 in the morning",
        "last-sign-in": "in May",
        "portal-address": "Harbor Pines MyChart",
        "name": "Rosalind Öztürk-Vance",
        "birth-date": "9 27 1950",
        "phone": "(207) 555-0177 ext. 4",
        "call-number": "207-555-0178",
        "email": "rosalind@mail.example",
        "safe-contact": "call-no-message",
        "mrn": "00417733",
        "language": "Turkish",
        "interpreter": "yes",
    }
    visit.fill_in(typed)
    visit.go_on()

    # A password is refused where it was written. Nothing else is lost, and the way to the field is two keys long.
    assert visit.filled_in(typed) == typed
    visit.follow_the_error("id_what-happened")
    typed["what-happened"] = "It was fine in May. Now every sign-in is refused."
    visit.type_over(typed["what-happened"])
    visit.go_on()

    # Change leads back to what was typed, and the packet stays the same packet.
    reference = visit.reference()
    visit.press("Change what you wrote")
    assert visit.filled_in(typed) == typed
    visit.go_on()
    assert visit.reference() == reference

    file = visit.save("Save as PDF", tmp_path)
    text = pdf_text(file)
    personal = ["Rosalind", "Vance", "1950", "555-0177", "555-0178", "rosalind@", "00417733"]
    personal.append(catalog().questions["needed-today"].choice("refill").packet)
    must_be_private(file, personal)
    assert not missing(
        text, [words for words in typed.values() if words not in ("9 27 1950", "call-no-message", "yes")]
    )
    assert not missing(
        text, ["September 27, 1950", catalog().questions["safe-contact"].choice("call-no-message").packet]
    )
    assert not missing(text, [reference, catalog().problems["account-locked"].title, catalog().flags["locked"]])
    assert not missing(text, [catalog().packet.results_to_do["worked"], catalog().packet.results["no-help"]])
    assert "Sunshine7" not in text

    tries = r"try (again|once|one time)|once more|type your password|reset (it|your password)|ask for (a|another) code"
    harmful = steps_tagged("attempt", "asks-code", "resets-trust")
    must_not_advise(visit.advice(), harmful, tries, ENGLISH)
    must_not_advise(text, harmful, tries, ENGLISH)
    visit.must_leave_no_trace()


def test_on_a_small_phone_someone_who_fears_an_intruder_gets_a_packet_and_is_never_told_to_try_again(
    no_script_no_cookies, tmp_path
):
    visit = no_script_no_cookies(ENGLISH, width=360, height=740)
    visit.tick_symptom("someone-has-password")

    # A question left without an answer says so, and leads to its first choice.
    visit.go_on()
    visit.follow_the_error("id_for-whom_0")
    visit.answer("for-whom", "self")
    visit.answer("can-sign-in", "yes")
    visit.answer("contacts-exposed", "yes")
    visit.answer("trusted-device", "yes")
    visit.answer("needed-today", "nothing")

    assert visit.heading() == catalog().verdicts["contact-now"].title
    for step in ("safe-phone", "secure-email", "change-password", "check-contacts", "keep-evidence"):
        assert catalog().steps[step].title in visit.advice(), f"{step} is missing"
    assert "207-555-0120" in visit.advice(), "the privacy office's phone number is in the fact sheet"
    visit.make_request()

    # Back to the verdict, and forward again: both are the same as before.
    verdict = visit.words[-2]
    visit.go_back()
    assert visit.words.pop() == verdict
    visit.make_request()

    typed = {
        "what-happened": "A visit that I did not make. I have kept the e-mail about it.",
        "began": "last Sunday",
        "last-sign-in": "this morning",
        "code-times": "Sunday 23:10 and 23:12",
        "name": "Tomás O’Brien",
        "birth-date": "Feb 29 1988",
        "phone": "207.555.0188",
        "email": "tomas@mail.example",
        "safe-contact": "i-will-call",
        "language": "English",
    }
    visit.fill_in(typed)
    visit.go_on()

    # Whoever reads the patient's mail must not read this in it.
    assert visit.page.get_by_role("heading", name="Do not use e-mail for this").is_visible()

    # Back in the browser from the finished packet: nothing has to be typed again.
    assert visit.reference()
    visit.go_back()
    assert visit.filled_in(typed) == typed
    visit.go_on()

    reference = visit.reference()
    file = visit.save("Save as PDF", tmp_path)
    text = pdf_text(file)
    must_be_private(file, ["Tomás", "O’Brien", "1988", "555.0188", "tomas@"])
    assert not missing(text, [words for words in typed.values() if words not in ("Feb 29 1988", "i-will-call")])
    assert not missing(text, ["February 29, 1988", catalog().questions["safe-contact"].choice("i-will-call").packet])
    assert not missing(
        text, [reference, catalog().verdicts["contact-now"].desk, catalog().steps["change-password"].title]
    )
    assert not missing(text, [catalog().flags["contacts-exposed"], catalog().flags["do-not-call"]])

    tries = r"try (it )?(again|once|one time)|once more|keep trying|wait and|ask for (a|another) code"
    harmful = [step.id for step in catalog().steps.values() if "protects" not in step.tags]
    must_not_advise(visit.advice(), harmful, tries, ENGLISH)
    must_not_advise(text, harmful, tries, ENGLISH)
    visit.must_leave_no_trace()


def test_the_parent_of_a_teen_gets_a_packet_and_is_never_told_to_use_the_teens_password(no_script_no_cookies, tmp_path):
    visit = no_script_no_cookies(ENGLISH)

    # No box ticked: that is said, and leads to the first box.
    visit.go_on()
    visit.follow_the_error("id_symptom_0")
    visit.tick_symptom("teen-record-blocked")
    visit.answer("for-whom", "teen")
    visit.answer("proxy-state", "stopped")
    visit.answer("needed-today", "result")

    assert visit.heading() == catalog().verdicts["contact-clinic"].title
    assert catalog().reasons["teen-law"] in visit.advice()
    assert "changes at age 12" in visit.advice(), "the age is in the fact sheet"
    assert "207-555-0130" in visit.advice(), "the clinic's phone number is in the fact sheet"
    visit.make_request()

    typed = {
        "error-words": "You no longer have access to this person's record.",
        "what-happened": "I could see all of it until last week.",
        "began": "on a birthday",
        "helper-name": "Noor Haddad",
        "helper-relation": "mother",
        "name": "Sami Haddad",
        "birth-date": "31 4 2012",
        "phone": "207-555-0166",
        "safe-contact": "letter",
        "interpreter": "no",
    }
    visit.fill_in(typed)
    visit.go_on()

    # Month and day were mixed up: the date is refused in its first box, and all three boxes keep what was typed.
    assert visit.filled_in(typed) == typed
    visit.follow_the_error("id_birth-date_0")
    typed["birth-date"] = "4 30 2012"
    visit.type_over(*typed["birth-date"].split())
    visit.go_on()
    file = visit.save("Save as PDF", tmp_path)
    text = pdf_text(file)
    must_be_private(file, ["Noor", "Sami", "Haddad", "2012", "555-0166"])
    assert not missing(text, [words for words in typed.values() if words not in ("4 30 2012", "letter", "no")])
    assert not missing(text, ["April 30, 2012", catalog().questions["safe-contact"].choice("letter").packet])
    assert not missing(
        text, [visit.reference(), catalog().flags["asked-by-other"], catalog().packet.call.for_whom["teen"]]
    )

    other_peoples = (
        r"\b(their|teen’s|child’s|patient’s|his|her) (own )?(password|username)|sign in as|reset|share .*password"
    )
    harmful = steps_tagged("attempt", "asks-code", "resets-trust")
    must_not_advise(visit.advice(), harmful, other_peoples, ENGLISH)
    must_not_advise(text, harmful, other_peoples, ENGLISH)
    visit.must_leave_no_trace()


REVIEW = "symptom=locked-message&for-whom=self&codes-unasked=no&needed-today=nothing"


def to_review(page: Page, site: str) -> None:
    page.goto(f"{site}/triage/details/?{REVIEW}")
    page.fill("[name=what-happened]", "It said “locked”.\n\n  Then <b>nothing</b> & silence.")
    page.fill("[name=name]", "Rosalind Vance")
    page.get_by_role("button", name="Continue").click()


def test_with_javascript_the_email_text_is_copied_to_the_letter_and_the_packet_is_printed(visitor, site, tmp_path):
    page = visitor(permissions=["clipboard-read", "clipboard-write"])
    page.add_init_script("window.print = () => { window.wasPrinted = (window.wasPrinted || 0) + 1 }")
    to_review(page, site)
    with page.expect_download() as started:
        page.get_by_role("button", name="Save the e-mail text").click()
    started.value.save_as(tmp_path / "email.txt")

    press_and_stay(page, "Copy the text")
    page.get_by_role("status").filter(has_text="Copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()").replace("\r\n", "\n")
    assert copied.strip("\n") == (tmp_path / "email.txt").read_text(encoding="utf-8").strip("\n")
    assert copied == page.locator("#email-text").input_value()
    assert "<b>nothing</b> & silence." in copied
    assert "Rosalind" not in copied, "the text for an e-mail must not say who the patient is"

    press_and_stay(page, "Print")
    assert page.evaluate("window.wasPrinted") == 1
    assert page.seen.complaints() == []


def press_and_stay(page: Page, name: str) -> None:
    # The script that shows it may be late on a busy machine.
    page.get_by_role("button", name=name).wait_for()
    tab_to(page, name)
    page.keyboard.press("Enter")


@pytest.mark.parametrize("name", ["Copy the text", "Print"])
def test_without_javascript_there_is_no_button_that_does_nothing(visitor, site, name):
    page = visitor(javascript=False)
    to_review(page, site)
    assert page.get_by_role("button", name="Save as PDF", exact=True).is_visible()
    hidden = page.get_by_role("button", name=name, exact=True, include_hidden=True)
    assert hidden.count() == 1
    assert not hidden.is_visible()
    with pytest.raises(AssertionError, match="did not reach"):
        tab_to(page, name, limit=40)
