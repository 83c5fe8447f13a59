"""The way from a symptom to the packet, over HTTP."""

import datetime
from urllib.parse import quote_from_bytes, urlencode

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from reading import POSTED, SYMPTOMS, Page, post, press, text_of, visit

from helpdesk.loaded import catalog, catalog_in
from triage.answers import STEP_PREFIX
from triage.reference import new_reference

pytestmark = pytest.mark.usefixtures("static_files", "fact_sheet")

LOCKED = "symptom=locked-message&for-whom=self&codes-unasked=no&needed-today=refill"
BROKEN = (
    "symptom=page-or-app-broken&for-whom=self&works-elsewhere=not-tried&way-in=browser&this-device=yes"
    "&needed-today=refill"
)
EXPOSED = (
    "symptom=changes-not-mine&for-whom=self&can-sign-in=no&contacts-exposed=yes&trusted-device=no&needed-today=nothing"
)
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.6 Mobile/15E148 Safari/604.1"
)
WHOSE = catalog().questions["for-whom"].label
NOT_KNOWN = "Part of the address was not known to us, so we left it out."


# ---- the way through ----


@pytest.mark.parametrize(
    ("url", "leads_to"),
    [
        ("/triage/?asked=symptom&symptom=locked-message", "/triage/question/?symptom=locked-message"),
        (
            "/triage/question/?symptom=locked-message&asked=for-whom&for-whom=self",
            "/triage/question/?symptom=locked-message&for-whom=self",
        ),
        (f"/triage/question/?{LOCKED}", f"/triage/verdict/?{LOCKED}"),
        (f"/triage/review/?{LOCKED}", f"/triage/details/?{LOCKED}"),
        ("/triage/question/", "/triage/"),
        ("/triage/verdict/", "/triage/"),
        ("/triage/details/", "/triage/"),
        ("/triage/review/", "/triage/"),
        ("/triage/verdict/?for-whom=self", "/triage/"),
        ("/triage/verdict/?symptom=locked-message", "/triage/question/?symptom=locked-message"),
        ("/triage/details/?symptom=locked-message", "/triage/question/?symptom=locked-message"),
        ("/triage/verdict/?symptom=nothing", "/triage/?dropped=1"),
    ],
)
@pytest.mark.parametrize("start", ["", "/es"])
def test_an_address_leads_on_to_the_page_that_is_next_in_the_same_language(client, start, url, leads_to):
    response = client.get(start + url)
    assert (response.status_code, response["Location"]) == (302, start + leads_to)


def test_a_patient_who_is_locked_out_gets_from_the_symptoms_to_a_pdf(client):
    page = visit(client, "/triage/")
    page = press(client, page, "Continue", {"symptom": "locked-message"})
    assert page.texts("h1") == [WHOSE]
    page = press(client, page, "Continue", {"for-whom": "self"})
    page = press(client, page, "Continue", {"codes-unasked": "no"})
    page = press(client, page, "Continue", {"needed-today": "refill"})
    assert page.url == f"/triage/verdict/?{LOCKED}"
    page = press(client, page, "What to do next", {"step-stop-trying": "worked"})
    page = press(client, page, "Make a support request")
    assert page.url == f"/triage/details/?{LOCKED}&step-stop-trying=worked"
    page = press(client, page, "Continue", {"name": "Maria O’Example", "began": "Monday"})
    assert page.status == 200
    assert "Maria O’Example" in page.text
    form = page.form("Save as PDF")
    assert form.action == "/packet/pdf/"
    assert form.method == "post"
    assert post(client, form.action, form.pairs).content.startswith(b"%PDF-")


def test_a_patient_who_reads_spanish_gets_there_in_spanish_all_the_way(client):
    page = visit(client, "/es/triage/")
    page = press(client, page, "Continuar", {"symptom": "locked-message"})
    assert page.texts("h1") == ["¿De quién es el expediente?"]
    page = press(client, page, "Continuar", {"for-whom": "self"})
    page = press(client, page, "Continuar", {"codes-unasked": "no"})
    page = press(client, page, "Continuar", {"needed-today": "refill"})
    assert page.url == f"/es/triage/verdict/?{LOCKED}"
    page = press(client, page, "Ver qué más hacer", {"step-stop-trying": "worked"})
    page = press(client, page, "Hacer una solicitud de ayuda")
    assert page.url == f"/es/triage/details/?{LOCKED}&step-stop-trying=worked"
    page = press(client, page, "Continuar", {"name": "María Peña", "began": "el lunes"})
    assert page.status == 200
    assert page.tree.get("lang") == "es"
    assert page.texts("h1")[0] == "Revise y guarde su solicitud de ayuda"
    assert "María Peña" in page.text
    form = page.form("Guardar como PDF")
    assert (form.method, form.action) == ("post", "/es/packet/pdf/")
    assert post(client, form.action, form.pairs).content.startswith(b"%PDF-")


@pytest.mark.parametrize("symptom", SYMPTOMS.values())
@pytest.mark.parametrize(
    ("start", "go_on", "make", "title"),
    [
        ("", "Continue", "Make a support request", "Check and save your support request"),
        ("/es", "Continuar", "Hacer una solicitud de ayuda", "Revise y guarde su solicitud de ayuda"),
    ],
)
def test_every_problem_has_a_way_to_a_packet(client, symptom, start, go_on, make, title):
    page = visit(client, f"{start}/triage/question/?symptom={symptom}")
    while page.url.startswith(f"{start}/triage/question/"):
        first = page.all("input[@id]")[0]
        page = press(client, page, go_on, {first.get("name"): first.get("value")})
    assert page.url.startswith(f"{start}/triage/verdict/")
    page = press(client, page, make)
    page = press(client, page, go_on)
    assert page.texts("h1")[0] == title


def test_no_question_is_asked_twice_when_several_symptoms_are_ticked(client):
    page = visit(client, "/triage/question/?symptom=locked-message&symptom=code-missing&symptom=other-message")
    asked = []
    while page.url.startswith("/triage/question/"):
        first = page.all("input[@id]")[0]
        asked.append(first.get("name"))
        page = press(client, page, "Continue", {first.get("name"): first.get("value")})
    assert len(asked) > 6
    assert len(set(asked)) == len(asked)


def test_a_suspected_intruder_hears_to_contact_now_and_is_offered_a_desk_first(client):
    page = visit(
        client,
        f"/triage/verdict/?{EXPOSED}",
    )
    assert page.texts("h1") == [catalog().verdicts["contact-now"].title]
    assert page.html.index("Whom to contact") < page.html.index("Steps for you")
    assert page.link("If someone at home may be reading along") == "/stay-safe/#home"
    assert "home" in visit(client, "/stay-safe/").ids


def test_who_asks_about_somebody_else_cannot_say_that_the_record_is_their_own(client):
    page = visit(client, "/triage/verdict/?symptom=care-for-someone&for-whom=self")
    assert page.texts("h1") == [WHOSE]
    assert [box.get("value") for box in page.all("input[@type='radio']")] == ["child", "teen", "adult"]
    assert page.all("input[@checked]") == []
    sent = visit(client, "/triage/question/?symptom=care-for-someone&asked=for-whom&for-whom=self")
    assert sent.title.startswith("Error: ")


VERDICTS = {
    "try-first": BROKEN,
    "wait": "symptom=site-down&for-whom=self&outage-known=yes&way-in=app&this-device=yes&needed-today=nothing",
    "contact-support": LOCKED,
    "contact-clinic": "symptom=teen-record-blocked&for-whom=teen&proxy-state=stopped&needed-today=nothing",
    "contact-now": EXPOSED,
}


@pytest.mark.parametrize("verdict", catalog().verdicts)
def test_the_way_to_a_request_stands_above_the_steps_where_a_person_is_needed_and_loses_no_mark(client, verdict):
    page = visit(client, f"/triage/verdict/?{VERDICTS[verdict]}")
    assert page.texts("h1") == [catalog().verdicts[verdict].title]
    (button,) = [button for button in page.all("button") if text_of(button) == "Make a support request"]
    assert [link for link in page.all("a") if text_of(link) == "Make a support request"] == []
    (steps,) = page.all("ol[@class='steps']")
    order = list(page.tree.iter())
    assert (order.index(button) < order.index(steps)) == verdict.startswith("contact-")
    # It sends the marks that were set just now, as the button below the steps does.
    radios = page.all("ol[@class='steps']/li//input[@type='radio']")
    marks = {radio.get("name"): "no-help" for radio in radios}
    assert marks
    details = press(client, page, "Make a support request", marks)
    assert details.url == f"/triage/details/?{VERDICTS[verdict]}&{urlencode(marks)}"
    same = press(client, page, "What to do next", marks)
    assert same.url == f"/triage/verdict/?{VERDICTS[verdict]}&{urlencode(marks)}"


def test_worry_about_symptoms_puts_care_before_the_verdict(client):
    page = visit(client, f"/triage/verdict/?{LOCKED.replace('refill', 'symptoms')}")
    (care,) = page.all("section[@class='care']")
    assert "".join(care.itertext()).strip()
    assert page.html.index('class="care"') < page.html.index("<h1>")
    assert visit(client, f"/triage/verdict/?{LOCKED}").all("section[@class='care']") == []


def test_a_step_that_worked_is_good_news_with_a_way_to_the_packet_all_the_same(client):
    page = visit(client, f"/triage/verdict/?{BROKEN}&step-restart-device=worked")
    assert page.texts("h1") == ["Good: a step worked"]
    assert page.title.startswith("Good: a step worked")
    assert page.form("Make a support request").action == "/triage/details/"
    assert "Whom to contact" not in page.text


def test_one_step_that_worked_is_no_good_news_while_another_problem_is_left(client):
    both = LOCKED.replace("for-whom", "symptom=records-missing&for-whom") + "&what-is-missing=results"
    page = visit(client, f"/triage/verdict/?{both}&step-wait-as-told=worked")
    assert page.texts("h1") == [catalog().verdicts["contact-clinic"].title]
    assert "Good: a step worked" not in page.html


# ---- the other language, at any step ----

OTHER = {"": ("/es", "Español"), "/es": ("", "English")}
SAVE = {"": "Save as PDF", "/es": "Guardar como PDF"}
GO_ON = {"": "Continue", "/es": "Continuar"}


@pytest.mark.parametrize("start", OTHER)
def test_boxes_that_are_ticked_and_not_sent_stay_ticked_in_the_other_language(client, start):
    there, name = OTHER[start]
    page = press(client, visit(client, f"{start}/triage/?for-whom=self"), name, {"symptom": "records-missing"})
    assert page.url == f"{there}/triage/?for-whom=self&symptom=records-missing"
    assert page.all("div[@id='errors']") == []
    assert [box.get("value") for box in page.all("input[@checked]")] == ["records-missing"]
    assert page.link(OTHER[there][1]) if page.all("nav[@class='languages']//a") else page.form(OTHER[there][1])


@pytest.mark.parametrize("start", OTHER)
@pytest.mark.parametrize("chosen", [{}, {"codes-unasked": "yes"}])
def test_the_same_question_stands_there_in_the_other_language_with_what_was_chosen(client, start, chosen):
    there, name = OTHER[start]
    page = visit(client, f"{start}/triage/question/?symptom=locked-message&for-whom=self&ask=codes-unasked")
    other = press(client, page, name, chosen)
    assert other.url.startswith(f"{there}/triage/question/?symptom=locked-message&for-whom=self&")
    assert other.all("div[@id='errors']") == []
    assert {box.get("name") for box in other.all("input[@type='radio']")} == {"codes-unasked"}
    assert [box.get("value") for box in other.all("input[@checked]")] == list(chosen.values())
    assert other.texts("h1") != page.texts("h1")
    # And from there it goes on.
    went_on = press(client, other, GO_ON[there], {"codes-unasked": "no"})
    assert went_on.url == f"{there}/triage/question/?symptom=locked-message&for-whom=self&codes-unasked=no"


@pytest.mark.parametrize("start", OTHER)
def test_marks_that_are_set_and_not_sent_go_along_to_the_other_language(client, start):
    there, name = OTHER[start]
    page = press(client, visit(client, f"{start}/triage/verdict/?{LOCKED}"), name, {"step-stop-trying": "no-help"})
    assert page.url == f"{there}/triage/verdict/?{LOCKED}&step-stop-trying=no-help"
    marks = page.all("ol[@class='steps']/li//input[@checked]")
    assert [(box.get("name"), box.get("value")) for box in marks] == [("step-stop-trying", "no-help")]


@pytest.mark.parametrize("start", OTHER)
def test_what_is_typed_and_not_sent_is_still_there_in_the_other_language(client, start):
    there, name = OTHER[start]
    typed = POSTED | {"what-happened": "línea 1\n\nlínea 2 <b>", "phone": "12"}
    page = visit(client, f"{start}/triage/details/?{LOCKED}")
    other = press(client, page, name, typed)
    assert (other.status, other.tree.get("lang")) == (200, "es" if there else "en")
    boxes = dict(other.form(GO_ON[there]).pairs)
    asked = {box.get("name") for box in [*page.all("input"), *page.all("textarea")]}
    assert {key: boxes[key] for key in typed if key in asked} == {key: typed[key] for key in typed if key in asked}
    assert len(set(typed) & asked) > 10
    made = press(client, other, GO_ON[there], {"phone": "207-555-0199"})
    assert made.texts("h1")[0] == catalog_in("es" if there else "en").interface["review"]["title"]


@pytest.mark.parametrize("start", OTHER)
def test_the_request_is_the_same_one_in_the_other_language(client, start):
    there, name = OTHER[start]
    page = Page(post(client, f"{start}/triage/review/?{LOCKED}", POSTED))
    carried = dict(page.form(SAVE[start]).pairs)
    other = press(client, page, name)
    assert other.status == 200
    assert other.texts("h1")[0] == catalog_in("es" if there else "en").interface["review"]["title"]
    assert dict(other.form(SAVE[there]).pairs) == carried
    assert carried["reference"] in other.text
    back = press(client, other, OTHER[there][1])
    assert dict(back.form(SAVE[start]).pairs) == carried


@pytest.mark.parametrize("start", OTHER)
def test_a_form_that_has_something_wrong_can_be_read_in_the_other_language(client, start):
    there, name = OTHER[start]
    page = Page(post(client, f"{start}/triage/review/?{LOCKED}", POSTED | {"email": "maria at home"}))
    assert page.status == 422
    other = press(client, page, name)
    (link,) = other.all("div[@id='errors']")[0].iter("a")
    assert link.get("href") == "#id_email"
    assert link.text == catalog_in("es" if there else "en").interface["form"]["email"].format(
        name=catalog_in("es" if there else "en").questions["email"].short
    )
    # A packet that was refused leads to the same form.
    answers = dict(pair.split("=") for pair in LOCKED.split("&"))
    refused = Page(post(client, f"{start}/packet/pdf/", answers | POSTED | {"email": "maria at home"}))
    assert refused.form(name).action == f"{there}/triage/details/?{LOCKED}"


@pytest.mark.parametrize("start", OTHER)
@pytest.mark.parametrize(
    ("url", "form_id"),
    [
        ("/triage/?symptom=locked-message", "symptoms"),
        ("/triage/question/?symptom=locked-message", "question"),
        (f"/triage/verdict/?{BROKEN}", "steps"),
        (f"/triage/details/?{LOCKED}", "details"),
    ],
)
def test_enter_in_a_box_goes_on_and_does_not_change_the_language(client, start, url, form_id):
    """A browser presses the first button that belongs to the form."""
    page = visit(client, start + url)
    (form,) = [form for form in page.all("form") if form.get("id") == form_id]
    inside = set(form.iter())
    first, *others = [b for b in page.all("button") if b.get("form") == form_id or (b in inside and not b.get("form"))]
    assert first.get("formaction") is None
    assert first.get("tabindex") == "-1"
    same = [(b.get("name"), b.get("value")) for b in others if not b.get("formaction")]
    assert (first.get("name"), first.get("value")) in same
    assert [text_of(b) for b in others if (b.get("formaction") or "").startswith(f"{OTHER[start][0]}/triage/")] != []


def test_who_reads_a_translation_most_likely_speaks_that_language(client, fact_sheet, tmp_path):
    def language_box(url: str, button: str) -> str:
        return dict(visit(client, url).form(button).pairs)["language"]

    assert language_box(f"/triage/details/?{LOCKED}", "Continue") == ""
    assert language_box(f"/es/triage/details/?{LOCKED}", "Continuar") == "Español"
    file = tmp_path / "organization.toml"
    file.write_text('language = "es"\n')
    fact_sheet(file)
    assert language_box(f"/triage/details/?{LOCKED}", "Continue") == "English"
    assert language_box(f"/es/triage/details/?{LOCKED}", "Continuar") == ""


@pytest.mark.parametrize(
    ("desk", "start", "languages"),
    [
        ("en", "", {"sheet-a": "en", "sheet-b": "en", "for-you": "en", "call": "en"}),
        ("en", "/es", {"sheet-a": "en", "sheet-b": "en", "for-you": "es", "your-answers": "es", "call": "es"}),
        ("es", "", {"sheet-a": "es", "sheet-b": "es", "for-you": "en", "your-answers": "en", "call": "en"}),
        ("es", "/es", {"sheet-a": "es", "sheet-b": "es", "for-you": "es", "call": "es"}),
    ],
)
def test_the_desk_gets_its_own_language_and_the_patient_theirs(client, fact_sheet, tmp_path, desk, start, languages):
    file = tmp_path / "organization.toml"
    file.write_text(f'language = "{desk}"\n')
    fact_sheet(file)
    page = Page(post(client, f"{start}/triage/review/?{LOCKED}", POSTED))
    assert {sheet.get("id"): sheet.get("lang") for sheet in page.all("section[@class='sheet']")} == languages
    for sheet in page.all("section[@class='sheet']"):
        words = catalog_in(sheet.get("lang")).packet
        titles = {
            "sheet-a": words.sheets.a_title,
            "sheet-b": words.sheets.b_title,
            "for-you": words.sheets.patient_title,
            "your-answers": words.labels.your_answers,
            "call": words.labels.call_script,
        }
        found = sheet.findall("h2") + sheet.findall("div[@class='standing']/h2")
        assert list(map(text_of, found)) == [titles[sheet.get("id")]]


# ---- Back and Change ----


def test_back_goes_to_the_question_before_and_shows_what_was_chosen(client):
    page = visit(client, "/triage/question/?symptom=locked-message&for-whom=teen&codes-unasked=no")
    page = visit(client, page.link("Back"))
    assert [box.get("value") for box in page.all("input[@checked]")] == ["no"]
    page = visit(client, page.link("Back"))
    assert page.texts("h1") == [WHOSE]
    assert [box.get("value") for box in page.all("input[@checked]")] == ["teen"]
    page = visit(client, page.link("Back"))
    assert page.url == "/triage/?symptom=locked-message&for-whom=teen&codes-unasked=no"
    assert [box.get("value") for box in page.all("input[@checked]")] == ["locked-message"]
    page = press(client, page, "Continue")
    assert page.url == "/triage/question/?symptom=locked-message&for-whom=teen&codes-unasked=no"


def test_back_from_the_details_goes_to_the_verdict(client):
    assert visit(client, f"/triage/details/?{LOCKED}").link("Back") == f"/triage/verdict/?{LOCKED}"


def test_each_answer_can_be_changed_from_the_verdict_and_the_others_stay(client):
    page = visit(client, f"/triage/verdict/?{LOCKED}&step-stop-trying=worked")
    page = visit(client, page.link(f"Change {WHOSE}"))
    assert [box.get("value") for box in page.all("input[@checked]")] == ["self"]
    page = press(client, page, "Continue", {"for-whom": "adult"})
    assert page.url == f"/triage/verdict/?{LOCKED}&step-stop-trying=worked".replace("self", "adult")
    page = visit(client, page.link("Change What is happening"))
    page = press(client, page, "Continue", {"symptom": "records-missing"})
    # One question is new, the answers to the others are still there.
    assert page.url.startswith("/triage/question/?symptom=records-missing&for-whom=adult&")
    page = press(client, page, "Continue", {"what-is-missing": "results"})
    assert page.url.startswith("/triage/verdict/?symptom=records-missing&for-whom=adult&")


def test_an_answer_to_a_question_that_is_no_longer_asked_is_not_in_the_packet(client):
    query = LOCKED.replace("symptom=locked-message", "symptom=none-of-these&way-in=app&this-device=no&code-way=text")
    page = Page(post(client, f"/triage/review/?{query}", {}))
    assert page.status == 200
    assert "Text message" not in page.text


# ---- what the catalog does not know ----


@pytest.mark.parametrize(
    "extra",
    [
        "symptom=nothing",
        "for-whom=nobody",
        "step-stop-trying=maybe",
        "step-nothing=worked",
        "symptom=%00",
        "symptom=%ED%A0%80",
        "for-whom=%F0%9F%98%80",
    ],
)
def test_an_unknown_id_is_dropped_and_the_page_says_so(client, extra):
    page = visit(client, f"/triage/verdict/?{LOCKED}&{extra}")
    assert page.status == 200
    assert NOT_KNOWN in page.text
    assert page.texts("h1") == visit(client, f"/triage/verdict/?{LOCKED}").texts("h1")


def test_the_notice_survives_the_redirect_to_what_is_missing(client):
    page = visit(client, "/triage/verdict/?symptom=locked-message&for-whom=nobody")
    assert page.url == "/triage/question/?symptom=locked-message&dropped=1"
    assert NOT_KNOWN in page.text
    assert NOT_KNOWN not in press(client, page, "Continue", {"for-whom": "self"}).text


def test_a_name_that_is_none_of_ours_is_left_alone(client):
    assert NOT_KNOWN not in visit(client, f"/triage/verdict/?{LOCKED}&utm_source=mail").text


@pytest.mark.parametrize(
    ("url", "first"),
    [
        ("/triage/?asked=symptom", "id_symptom_0"),
        ("/triage/?asked=symptom&symptom=none-of-these&symptom=locked-message", "id_symptom_0"),
        ("/triage/question/?symptom=locked-message&asked=for-whom", "id_for-whom_0"),
        ("/triage/question/?symptom=locked-message&asked=for-whom&for-whom=nobody", "id_for-whom_0"),
        ("/triage/question/?symptom=locked-message&asked=needed-today", "id_needed-today_0"),
        (
            "/triage/question/?symptom=locked-message&asked=needed-today&needed-today=nothing&needed-today=refill",
            "id_needed-today_0",
        ),
    ],
)
def test_a_page_sent_without_a_good_choice_says_what_is_wrong_and_leads_to_the_first_box(client, url, first):
    page = visit(client, url)
    assert page.title.startswith("Error: ")
    (summary,) = page.all("div[@id='errors']")
    assert summary.get("tabindex") == "-1"
    assert summary.get("autofocus") is not None
    (link,) = summary.iter("a")
    assert link.get("href") == f"#{first}"
    assert page.all(f"input[@id='{first}']")
    (box,) = page.texts("div[@class='error']")
    assert box == f"Error: {link.text}"


def test_what_was_ticked_stays_ticked_when_none_of_these_does_not_fit_with_it(client):
    page = visit(client, "/triage/?asked=symptom&symptom=none-of-these&symptom=locked-message")
    assert [box.get("value") for box in page.all("input[@checked]")] == ["locked-message", "none-of-these"]


# ---- details and review ----


def test_the_details_ask_only_what_the_desk_needs(client):
    page = visit(client, f"/triage/details/?{LOCKED}")
    names = {box.get("name") for box in [*page.all("input"), *page.all("textarea")]}
    assert {"name", "birth-date_month", "error-words"} <= names
    assert not {"helper-name", "visit", "browser", "code-times"} & names


def test_who_asks_for_someone_else_is_asked_who_they_are(client):
    page = visit(client, f"/triage/details/?{LOCKED.replace('self', 'child')}")
    assert page.all("input[@name='helper-name']")


@pytest.mark.parametrize("answer", ["no", "unsure"])
def test_the_device_is_not_guessed_when_it_is_another_one(client, answer):
    page = visit(
        client,
        f"/triage/details/?{BROKEN.replace('this-device=yes', f'this-device={answer}')}",
        **{"user-agent": IPHONE},
    )
    assert dict(page.form("Continue").pairs)["device"] == ""
    assert "We guessed your device" not in page.text


def test_the_device_at_hand_is_guessed_and_said_to_be_a_guess(client):
    page = visit(client, f"/triage/details/?{BROKEN}", **{"user-agent": IPHONE})
    pairs = dict(page.form("Continue").pairs)
    assert pairs["device"] == "iPhone, iOS 18"
    assert pairs["browser"] == "Mobile Safari 18"
    assert "We guessed your device" in page.text
    made = press(client, page, "Continue", {"device": "", "browser": "Mosaic 1"})
    assert "iPhone, iOS 18" not in made.html
    assert "Mosaic 1" in made.text


@pytest.mark.parametrize(
    "agent",
    [
        "",
        "curl/8.0",
        "\x00\xff",
        "Mozilla/5.0 (Linux; Android 10; Pixel " + "x" * 180 + " Build/QP1A) AppleWebKit/537.36 Chrome/99.0",
    ],
)
def test_no_user_agent_makes_trouble(client, agent):
    page = visit(client, f"/triage/details/?{BROKEN}", **{"user-agent": agent})
    assert page.status == 200
    # What we filled in ourselves must not come back as the patient's error.
    assert press(client, page, "Continue").status == 200


def test_a_guess_that_fills_no_box_is_not_announced(client):
    page = visit(
        client, f"/triage/details/?{BROKEN.replace('way-in=browser', 'way-in=app')}", **{"user-agent": "Firefox/140.0"}
    )
    assert dict(page.form("Continue").pairs)["device"] == ""
    assert "We guessed your device" not in page.text


WRONG = {
    "error-words": '<b>locked</b> & "so"\n\n  twice',
    "what-happened": "\n".join(f"line {number}" for number in range(30)),
    "began": "Monday ’26",
    "name": "Müller-Lüdenscheidt, Zoë",
    "birth-date_month": "Febtober",
    "birth-date_day": "31",
    "birth-date_year": "50",
    "phone": "12",
    "email": "maria at home",
    "safe-contact": "letter",
    "mrn": "x" * 60,
    "language": "العربية",
    "interpreter": "yes",
}


@pytest.mark.parametrize("url", [f"/triage/review/?{LOCKED}", "/packet/pdf/", "/packet/json/"])
def test_nothing_typed_is_lost_when_something_is_wrong(client, url):
    answers = dict(pair.split("=") for pair in LOCKED.split("&"))
    carried = {"reference": new_reference(), "made-at": timezone.now().replace(microsecond=0).isoformat()}
    page = Page(post(client, url, answers | WRONG | carried))
    assert page.status == 422
    assert page.title.startswith("Error: ")
    again = dict(page.form("Continue").pairs)
    expected = WRONG | carried | {"error-words": '<b>locked</b> & "so"\n\ntwice'}
    assert {name: again[name] for name in expected} == expected
    links = [link.get("href") for link in page.all("div[@id='errors']")[0].iter("a")]
    assert links == ["#id_birth-date_0", "#id_phone", "#id_email", "#id_mrn"]
    mended = {"birth-date_month": "2", "birth-date_day": "3", "birth-date_year": "1950"}
    mended |= {"phone": "", "email": "", "mrn": ""}
    made = press(client, page, "Continue", mended)
    assert made.status == 200
    assert "Müller-Lüdenscheidt, Zoë" in made.text
    assert carried["reference"] in made.text


def test_the_review_page_carries_what_was_typed_after_cleaning(client):
    typed = POSTED | {"what-happened": " a\x00\u202eb \r\n\r\n\r\n\r\n\tc\u200b ", "began": "  Monday\n at 9  "}
    page = Page(post(client, f"/triage/review/?{LOCKED}", typed))
    hidden = dict(page.form("Save as PDF").pairs)
    assert hidden["what-happened"] == "ab\n\nc"
    assert hidden["began"] == "Monday at 9"
    assert hidden["phone"] == "207-555-0199"
    assert hidden["birth-date_month"] == "9"
    assert {"symptom": "locked-message", "for-whom": "self"}.items() <= hidden.items()
    # The browser posts them on, and they are still the same.
    again = Page(post(client, "/triage/review/?" + LOCKED, page.form("Save as PDF").pairs))
    assert dict(again.form("Save as PDF").pairs) == hidden


def test_what_the_desk_does_not_need_is_not_carried_on(client):
    page = Page(post(client, f"/triage/review/?{LOCKED}", {"visit": "CANARY", "password": "CANARY", "began": "today"}))
    assert page.status == 200
    assert "CANARY" not in page.html


def test_change_keeps_reference_time_and_every_answer(client):
    first = Page(post(client, f"/triage/review/?{LOCKED}", POSTED))
    carried = dict(first.form("Save as PDF").pairs)
    details = press(client, first, "Change what you wrote")
    assert details.status == 200
    assert details.texts("h1") == ["What support needs to know"]
    boxes = dict(details.form("Continue").pairs)
    assert {name: boxes[name] for name in carried if name in boxes} == {
        name: value for name, value in carried.items() if name in boxes
    }
    second = press(client, details, "Continue", {"began": "Tuesday"})
    assert dict(second.form("Save as PDF").pairs) == carried | {"began": "Tuesday"}
    assert carried["reference"] in second.text


@pytest.mark.parametrize("exposed", ["yes", "unsure", "no"])
def test_where_somebody_else_may_read_the_mail_the_review_page_warns_of_it_first(client, exposed):
    query = EXPOSED.replace("contacts-exposed=yes", f"contacts-exposed={exposed}")
    page = Page(post(client, f"/triage/review/?{query}", {"began": "today"}))
    sheets = catalog().packet.sheets
    warned = exposed != "no"
    assert page.texts("div[@class='stop']/h2") == (["Do not use e-mail for this"] if warned else [])
    assert (sheets.a_note_exposed in page.text) == warned
    assert (sheets.a_note in page.text) != warned
    assert ("It does not say who you are." in page.text) != warned
    if warned:
        assert page.html.index("Do not use e-mail for this") < page.html.index("Save the e-mail text")
        assert page.link("If someone at home may be reading along") == "/stay-safe/#home"


def test_a_key_in_the_address_of_a_mychart_goes_no_further(client):
    typed = {"portal-address": "https://mychart.example.org/reset?token=CANARY99#CANARY99"}
    page = Page(post(client, f"/triage/review/?{LOCKED}", typed))
    assert dict(page.form("Save as PDF").pairs)["portal-address"] == "https://mychart.example.org/reset"
    assert "CANARY99" not in page.html


@pytest.mark.parametrize("reference", ["", "ABCD-EFGH", "2345-678L", "CANARY", "2345678K" * 50])
def test_a_reference_that_is_none_of_ours_is_replaced(client, reference):
    page = Page(post(client, f"/triage/review/?{LOCKED}", {"reference": reference}))
    carried = dict(page.form("Save as PDF").pairs)["reference"]
    assert carried != reference
    assert reference == "" or reference not in page.html


@pytest.mark.parametrize("days", [-4000, -3, 1, 4000])
def test_a_time_that_is_not_believable_becomes_now(client, days):
    then = timezone.now() + datetime.timedelta(days=days)
    page = Page(post(client, f"/triage/review/?{LOCKED}", {"made-at": then.isoformat()}))
    made = datetime.datetime.fromisoformat(dict(page.form("Save as PDF").pairs)["made-at"])
    assert abs(timezone.now() - made) < datetime.timedelta(minutes=1)


@pytest.mark.parametrize(
    "made_at", ["yesterday", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-13-01", "\x00"]
)
def test_a_time_that_is_none_becomes_now(client, made_at):
    assert post(client, f"/triage/review/?{LOCKED}", {"made-at": made_at}).status_code == 200


@pytest.mark.parametrize(
    ("button", "kind", "file_name", "content_type"),
    [
        ("Save as PDF", "pdf", "support-request.pdf", "application/pdf"),
        ("Save as a web page", "html", "support-request.html", "text/html; charset=utf-8"),
        ("Save the e-mail text", "txt", "support-request-email.txt", "text/plain; charset=utf-8"),
        ("Save the phone script", "call", "phone-script.txt", "text/plain; charset=utf-8"),
        ("Save as data", "json", "support-request.json", "application/json"),
    ],
)
def test_each_button_of_the_review_page_saves_a_file_with_a_neutral_name(client, button, kind, file_name, content_type):
    page = Page(post(client, f"/triage/review/?{LOCKED}", POSTED))
    form = page.form(button)
    assert form.action == f"/packet/{kind}/"
    response = post(client, form.action, form.pairs)
    assert response.status_code == 200
    assert response["Content-Disposition"] == f'attachment; filename="{file_name}"'
    assert response["Content-Type"] == content_type


# ---- direct visits ----


@pytest.mark.parametrize(
    ("url", "status"),
    [("/packet/", 200), *((f"/packet/{kind}/", 405) for kind in ("pdf", "html", "txt", "call", "json"))],
)
def test_a_direct_visit_to_a_packet_shows_how_to_start(client, url, status):
    page = Page(client.get(url))
    assert page.status == status
    assert page.texts("h1") == ["Your request is not here"]
    assert page.link("Make a support request") == "/triage/"


@pytest.mark.parametrize("data", [{}, {"name": "Maria"}, {"symptom": "nothing"}])
def test_a_packet_without_a_symptom_shows_how_to_start(client, data):
    page = Page(post(client, "/packet/pdf/", data))
    assert page.status == 400
    assert page.link("Make a support request") == "/triage/"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_where_packets_are_made_nothing_is_taken_without_saying_which(client, method):
    response = client.generic(method, "/packet/", b"name=CANARY")
    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD")
    assert client.head("/packet/").status_code == 200


# ---- whatever is sent ----

GETS = ("/", "/triage/", "/triage/question/", "/triage/verdict/", "/triage/details/", "/triage/review/", "/packet/pdf/")
GETS += tuple(f"/es{url}" for url in GETS)
# All but the PDF, which is slow; it is made from the same packet.
POSTS = ("/triage/details/", "/triage/review/", "/packet/html/", "/packet/txt/", "/packet/call/", "/packet/json/")
POSTS += tuple(f"/es{url}" for url in POSTS)


def known_names() -> list[str]:
    steps = [STEP_PREFIX + step for step in catalog().steps]
    return ["symptom", "asked", "ask", "dropped", "reference", "made-at", *catalog().questions, *steps, *POSTED]


def known_values() -> list[str]:
    choices = [choice.id for question in catalog().questions.values() for choice in question.choices]
    return ["worked", "symptom", *catalog().symptoms, *choices, *catalog().questions]


# Text as bytes, so that halves of characters, surrogates and NULs come as well.
odd = st.binary(max_size=20) | st.text(st.characters(), max_size=20).map(
    lambda text: text.encode("utf-8", "surrogatepass")
)
names = st.deferred(lambda: st.sampled_from(known_names()).map(str.encode)) | odd
values = st.deferred(lambda: st.sampled_from(known_values()).map(str.encode)) | odd
encoded = st.lists(st.tuples(names, values), max_size=12).map(
    lambda pairs: "&".join(f"{quote_from_bytes(name)}={quote_from_bytes(value)}" for name, value in pairs)
)
starts = st.sampled_from(["", f"{LOCKED}&", f"{BROKEN}&", "symptom=locked-message&"])
anything_goes = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
anyone = Client(raise_request_exception=False)
MANY = urlencode([(f"field-{number}", "x") for number in range(1000)])


@anything_goes
@given(st.sampled_from(GETS), starts, encoded | st.text(st.characters(max_codepoint=255), max_size=60))
@example("/triage/verdict/", "", MANY)
def test_no_query_string_breaks_a_page(url, start, query):
    response = anyone.get(url, QUERY_STRING=start + query)
    assert response.status_code in (200, 302, 400, 405)


@anything_goes
@given(st.sampled_from(POSTS), starts, encoded, encoded)
@example("/triage/review/", f"{LOCKED}&", "", MANY)
@example("/packet/json/", "", "", f"{LOCKED}&{MANY}")
def test_no_form_that_is_posted_breaks_a_page(url, start, query, body):
    # A packet's coded answers are in its body.
    form = "application/x-www-form-urlencoded"
    response = anyone.post(url, f"{start}{body}&x=", content_type=form, QUERY_STRING=start + query)
    assert response.status_code in (200, 302, 400, 422)


@anything_goes
@given(
    st.sampled_from(POSTS),
    st.binary(min_size=1, max_size=200),
    st.sampled_from(
        [
            "multipart/form-data; boundary=x",
            "multipart/form-data",
            "application/x-www-form-urlencoded; charset=utf-16",
            "application/x-www-form-urlencoded; charset=nothing",
            "application/json",
            "text/plain; charset=utf-16",
            "",
        ]
    ),
)
@example(
    "/packet/pdf/",
    b'--x\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\nx\r\n--x--\r\n',
    "multipart/form-data; boundary=x",
)
def test_no_body_of_another_kind_breaks_a_page(url, body, content_type):
    response = anyone.generic("POST", f"{url}?{LOCKED}", body, content_type=content_type)
    assert response.status_code in (200, 302, 400, 422)
