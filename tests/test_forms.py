"""What the forms take, what they refuse, and in which words."""

import datetime
from functools import cache

import pytest
from django.http import QueryDict
from django.test import Client
from django.utils import timezone, translation
from reading import POSTED, SYMPTOMS, TYPED, Page, post, visit

from helpdesk.loaded import catalog, catalog_in, say
from triage.cleaning import SECRETS
from triage.forms import DetailsForm, QuestionForm, SymptomsForm

pytestmark = pytest.mark.usefixtures("static_files", "fact_sheet")

# One text that holds each kind of secret.
TOLD = {
    "password": "my password is Tr0ub4dor&3",
    "code": "the code is 482913",
    "social-security": "123-45-6789",
    "card": "4111 1111 1111 1111",
    "insurance": "member ID: XYZ123456789",
    "security-answer": "my first pet was Rex",
    "link": "https://mc.example/reset?token=8d2f0c11",
}
TYPED_BOXES = (
    "error-words",
    "what-happened",
    "began",
    "name",
    "visit",
    "mrn",
    "helper-name",
    "language",
    "portal-address",
)

LOCKED = "symptom=locked-message&for-whom=self&codes-unasked=no&needed-today=refill"


def details(typed: dict[str, str]) -> DetailsForm:
    """All typed questions, filled in with these answers."""
    return DetailsForm(catalog().details_questions, typed)


def born(month: str, day: str, year: str) -> DetailsForm:
    return details({"birth-date_month": month, "birth-date_day": day, "birth-date_year": year})


def errors(form: DetailsForm) -> dict[str, list[str]]:
    return {name: list(messages) for name, messages in form.errors.items()}


def test_there_is_a_box_for_each_typed_question_and_none_for_the_others():
    assert list(details({}).fields) == [*(question.id for question in catalog().details_questions), "picture"]


def test_every_box_may_stay_empty():
    form = details({})
    assert form.is_valid()
    assert form.details() == {}


def test_good_answers_come_out_as_clean_values():
    form = details(POSTED)
    assert form.is_valid(), form.errors
    assert form.details() == TYPED


# ---- dates ----


@pytest.mark.parametrize(
    ("month", "day", "year", "date"),
    [
        ("9", "27", "1950", datetime.date(1950, 9, 27)),
        ("09", "07", "1950", datetime.date(1950, 9, 7)),
        ("Sep", "27", "1950", datetime.date(1950, 9, 27)),
        ("sept.", "27", "1950", datetime.date(1950, 9, 27)),
        ("SEPTEMBER", " 27 ", "1950", datetime.date(1950, 9, 27)),
        ("may", "3", "2001", datetime.date(2001, 5, 3)),
        ("2", "29", "2024", datetime.date(2024, 2, 29)),
        ("1", "1", "1900", datetime.date(1900, 1, 1)),
    ],
)
def test_a_date_may_be_written_as_people_write_it(month, day, year, date):
    form = born(month, day, year)
    assert form.is_valid(), form.errors
    assert form.cleaned_data["birth-date"] == date


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize(
    ("month", "number"),
    [
        ("ene", 1),
        ("Enero", 1),
        ("JAN", 1),
        ("abr.", 4),
        ("April", 4),
        ("ago", 8),
        ("august", 8),
        ("sept.", 9),
        ("Septiembre", 9),
        ("September", 9),
        ("dic.", 12),
        ("Dec", 12),
        ("mayo", 5),
        ("May", 5),
    ],
)
def test_a_month_may_be_named_in_any_language_of_the_site_on_a_page_in_any(month, number, language):
    with translation.override(language):
        form = born(month, "27", "1950")
        assert form.is_valid(), form.errors
        assert form.cleaned_data["birth-date"] == datetime.date(1950, number, 27)


@pytest.mark.parametrize(
    ("month", "day", "year", "message"),
    [
        ("", "27", "1950", "En “Fecha de nacimiento” falta el mes. Escríbalo también."),
        ("13", "1", "1950", "En “Fecha de nacimiento”, el mes debe ser del 1 al 12. El día va después del mes."),
        (
            "septimo",
            "1",
            "1950",
            "Escriba “Fecha de nacimiento” con números, por ejemplo 9 para el mes, 27 para el día y 1950 para el año.",
        ),
        ("2", "30", "1950", "En “Fecha de nacimiento” hay un día que no existe. Revise el mes y el día."),
    ],
)
def test_a_date_that_is_none_is_refused_in_spanish_on_a_spanish_page(month, day, year, message):
    with translation.override("es"):
        assert errors(born(month, day, year)) == {"birth-date": [message]}


@pytest.mark.parametrize(
    ("month", "day", "year", "message"),
    [
        ("", "27", "1950", "“Date of birth” also needs a month."),
        ("9", "", "1950", "“Date of birth” also needs a day."),
        ("9", "27", "", "“Date of birth” also needs a year."),
        ("9", "", "", "“Date of birth” also needs a day."),
        ("13", "1", "1950", "The month of “Date of birth” must be from 1 to 12. The day comes after it."),
        ("31", "12", "1950", "The month of “Date of birth” must be from 1 to 12. The day comes after it."),
        ("0", "1", "1950", "The month of “Date of birth” must be from 1 to 12. The day comes after it."),
        ("１", "1", "1950", "“Date of birth” needs numbers, such as 9 for the month, 27 for the day and 1950."),
        ("Ju", "1", "1950", "“Date of birth” needs numbers, such as 9 for the month, 27 for the day and 1950."),
        ("9", "x", "1950", "“Date of birth” needs numbers, such as 9 for the month, 27 for the day and 1950."),
        ("9", "２７", "1950", "“Date of birth” needs numbers, such as 9 for the month, 27 for the day and 1950."),
        ("9", "1", "99999", "“Date of birth” needs numbers, such as 9 for the month, 27 for the day and 1950."),
        ("9", "27", "50", "“Date of birth” needs a year with 4 numbers, such as 1950."),
        ("2", "30", "1950", "“Date of birth” is a day that does not exist. Check the month and the day."),
        ("2", "29", "1900", "“Date of birth” is a day that does not exist. Check the month and the day."),
        ("9", "0", "1950", "“Date of birth” is a day that does not exist. Check the month and the day."),
        ("9", "27", "0000", "“Date of birth” is a day that does not exist. Check the month and the day."),
        ("12", "31", "1899", "“Date of birth” is too long ago. Check the year."),
        ("9", "27", "0950", "“Date of birth” is too long ago. Check the year."),
        ("1", "1", "2999", "“Date of birth” must be in the past. Check the year."),
    ],
)
def test_a_date_that_is_none_is_refused_with_what_to_do(month, day, year, message):
    assert errors(born(month, day, year)) == {"birth-date": [message]}


def test_somebody_may_be_born_today_wherever_it_is_already_tomorrow_but_no_later():
    tomorrow = timezone.localdate() + datetime.timedelta(days=1)
    after = tomorrow + datetime.timedelta(days=1)
    assert born(str(tomorrow.month), str(tomorrow.day), str(tomorrow.year)).is_valid()
    assert not born(str(after.month), str(after.day), str(after.year)).is_valid()


# ---- phone and e-mail ----


@pytest.mark.parametrize(
    "phone", ["207-555-0199", "(207) 555-0199 ext. 12", "+1 207 555 0199", "5550199", "207.555.0199, after 5"]
)
def test_a_phone_number_stays_as_it_was_written(phone):
    form = details({"phone": phone})
    assert form.is_valid(), form.errors
    assert form.details() == {"phone": phone}


@pytest.mark.parametrize("phone", ["555-01", "my sister’s", "1" * 23])
def test_a_phone_number_with_too_few_or_too_many_digits_is_refused(phone):
    message = "“Phone on file” needs a phone number with its area code, such as 555-555-0123."
    assert errors(details({"phone": phone})) == {"phone": [message]}


def test_every_message_is_in_the_language_of_the_page():
    wrong = {
        "birth-date_month": "2",
        "phone": "12",
        "email": "maria",
        "safe-contact": "nothing",
        "name": TOLD["password"],
        "mrn": "x" * 4000,
    }
    with translation.override("en"):
        english = errors(details(wrong))
    with translation.override("es"):
        spanish = errors(details(wrong))
        names = {question.id: question.short for question in catalog().details_questions}
    assert english.keys() == spanish.keys() == {"birth-date", "phone", "email", "safe-contact", "name", "mrn"}
    for field, (message,) in spanish.items():
        assert f"“{names[field]}”" in message
        assert message not in english[field]


@pytest.mark.parametrize("language", ["en", "es"])
def test_labels_hints_and_choices_are_in_the_language_of_the_page(language):
    with translation.override(language):
        form = details({})
        for question in catalog_in(language).details_questions:
            field = form.fields[question.id]
            assert (field.label, field.help_text) == (question.label, question.hint or question.why)
        chosen = [label for _, label in form.fields["safe-contact"].choices]
        assert chosen == [choice.label for choice in catalog_in(language).questions["safe-contact"].choices]
        assert (
            SymptomsForm(catalog()).fields["symptom"].label
            == catalog_in(language).interface["common"]["what_is_happening"]
        )


@pytest.mark.parametrize("email", ["maria@example.org", "m.o+clinic@mail.example.co.uk", "мария@пример.example"])
def test_an_email_address_is_taken(email):
    assert details({"email": email}).is_valid()


@pytest.mark.parametrize(
    "email", ["maria", "maria@example", "@example.org", "maria@@example.org", "maria at example.org"]
)
def test_what_is_no_email_address_is_refused(email):
    message = "“E-mail on file” needs an e-mail address, such as name@example.com."
    assert errors(details({"email": email})) == {"email": [message]}


# ---- lengths, choices, secrets ----


def test_every_answer_has_a_longest_length_and_the_message_says_how_long_it_is():
    for question in catalog().details_questions:
        if question.kind not in ("line", "text", "address"):
            continue
        assert details({question.id: "é" * question.max}).is_valid()
        message = (
            f"“{question.short}” can have {question.max} characters. You wrote {question.max + 1}. Make it shorter."
        )
        assert errors(details({question.id: "é" * (question.max + 1)})) == {question.id: [message]}


def test_length_counts_after_cleaning():
    form = details({"began": "a" + " " * 4000 + "b" + "\u200b" * 4000})
    assert form.is_valid()
    assert form.details() == {"began": "a b"}


@pytest.mark.parametrize("field", ["safe-contact", "interpreter"])
def test_an_unknown_choice_is_refused_by_the_name_of_its_question(field):
    name = catalog().questions[field].short
    assert errors(details({field: "nothing"})) == {field: [f"Choose one of the answers to “{name}”."]}


def test_there_is_a_name_for_each_kind_of_secret_and_an_example_here():
    assert set(SECRETS) == set(catalog().interface["secrets"]) == set(TOLD)


@pytest.mark.parametrize(
    ("kind", "field"),
    # Where an address belongs, the key in a link is cut off instead.
    [(kind, field) for kind in TOLD for field in TYPED_BOXES if (kind, field) != ("link", "portal-address")],
)
def test_a_secret_is_refused_with_the_name_of_its_box_and_without_saying_it_again(kind, field):
    name, secret = catalog().questions[field].short, say(f"secrets.{kind}")
    message = (
        f"“{name}” seems to hold {secret}. Take it out: nobody who helps you needs it. "
        "If it is something else, say it in other words."
    )
    assert errors(details({field: TOLD[kind]})) == {field: [message]}


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (TOLD["link"], "https://mc.example/reset"),
        ("mychart.example.org/a#resetkey=8d2f0c11aa", "mychart.example.org/a"),
        (" mychart.example.org/a ? b", "mychart.example.org/a"),
        ("Harbor Pines MyChart", "Harbor Pines MyChart"),
        ("?token=8d2f0c11aa", ""),
    ],
)
def test_an_address_loses_what_could_be_a_key(typed, kept):
    form = details({"portal-address": typed})
    assert form.is_valid(), form.errors
    assert form.details().get("portal-address", "") == kept


@pytest.mark.parametrize("kind", TOLD)
def test_a_secret_never_reaches_a_packet(client, kind):
    answers = "symptom=locked-message&for-whom=self&codes-unasked=no&needed-today=refill"
    page = Page(post(client, f"/triage/review/?{answers}", {"what-happened": TOLD[kind]}))
    assert page.status == 422
    packet = post(client, "/packet/json/", [*(tuple(p.split("=")) for p in answers.split("&")), ("began", TOLD[kind])])
    assert packet.status_code == 422
    assert packet["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize(
    "words",
    [
        "It says the password is wrong",
        "Error code 1031",
        "Your session has expired (code: E-42)",
        "I changed my phone on 03/12/2026 and 2 codes came",
    ],
)
def test_what_mychart_says_about_a_secret_is_no_secret(words):
    assert details({"error-words": words}).is_valid()


def test_names_that_the_form_does_not_have_are_ignored():
    form = details({"password": "hunter2", "name": "Maria"})
    assert form.is_valid()
    assert form.details() == {"name": "Maria"}


# ---- the coded forms ----


def test_none_of_these_stands_alone():
    form = SymptomsForm(catalog(), _data("symptom", ["none-of-these", "locked-message"]))
    assert form.errors["symptom"] == ["Tick what fits, or tick “none of these”, but not both."]
    assert SymptomsForm(catalog(), _data("symptom", ["none-of-these"])).is_valid()


@pytest.mark.parametrize("question", ["needed-today", "what-is-missing"])
def test_the_choice_that_excludes_the_others_stands_alone(question):
    asked = catalog().questions[question]
    alone = asked.choice(asked.exclusive)
    form = QuestionForm(asked, _data(question, [alone.id, asked.choices[0].id]))
    assert form.errors[question] == [f"Tick what fits, or tick “{alone.label}”, but not both."]
    assert QuestionForm(asked, _data(question, [alone.id])).is_valid()


def _data(name: str, values: list[str]) -> QueryDict:
    data = QueryDict(mutable=True)
    data.setlist(name, values)
    return data


@pytest.mark.parametrize("question", catalog().triage_questions, ids=lambda question: question.id)
def test_each_coded_question_tells_why_it_is_asked(question):
    field = QuestionForm(question).fields[question.id]
    told = [field.help_text, field.why]
    assert told == ([question.hint, question.why] if question.hint else [question.why, ""])


# ---- what a form page must have ----


@cache
def form_pages() -> dict[str, Page]:
    """Every page with a form, as it comes and with errors."""
    client = Client()
    pages = {"symptoms": visit(client, "/triage/"), "symptoms, wrong": visit(client, "/triage/?asked=symptom")}
    for symptom in SYMPTOMS.values():
        page = visit(client, f"/triage/question/?symptom={symptom}&for-whom=teen")
        while page.url.startswith("/triage/question/"):
            first = page.all("input[@id]")[0]
            name, url = first.get("name"), page.url
            if name in pages:
                pages[f"{name}, wrong"] = visit(client, f"{url}&asked={name}")
            pages[name] = page
            page = visit(client, f"{url}&asked={name}&{name}={first.get('value')}")
        pages[f"{symptom}: verdict"] = page
        url = page.url.replace("/verdict/", "/details/")
        pages[f"{symptom}: details"] = visit(client, url)
        wrong = dict.fromkeys(POSTED, "my password is Tr0ub4dor&3 ")
        pages[f"{symptom}: details, wrong"] = Page(post(client, url.replace("/details/", "/review/"), wrong))
        pages[f"{symptom}: review"] = Page(post(client, url.replace("/details/", "/review/"), POSTED))
    return pages


def test_every_form_page_holds_together():
    """What describes or labels a box, and what the summary links to, is there, once."""
    pages = form_pages()
    coded = {question.id for question in catalog().triage_questions}
    assert len(coded & set(pages)) > 20
    for name, page in pages.items():
        assert page.dead_references() == [], name
        assert len(set(page.ids)) == len(page.ids), name


def test_every_box_has_a_label_and_the_browser_checks_nothing():
    for name, page in form_pages().items():
        labelled = {label.get("for") for label in page.all("label")}
        boxes = [box for tag in ("input", "textarea") for box in page.all(tag) if box.get("type") != "hidden"]
        assert [box.get("name") for box in boxes if box.get("id") not in labelled] == [], name
        assert [box for box in boxes if box.get("maxlength")] == [], name
        checked = [form for form in page.all("form") if form.get("novalidate") is None]
        assert [box for form in checked for box in form.iter("input") if box.get("required") is not None] == [], name


def test_every_error_on_a_form_page_is_in_the_summary_with_the_same_words_and_leads_to_a_box():
    wrong = {name: page for name, page in form_pages().items() if name.endswith(", wrong")}
    assert len(wrong) > 20
    for name, page in wrong.items():
        assert page.title.startswith("Error: "), name
        (summary,) = page.all("div[@id='errors']")
        said = ["".join(link.itertext()) for link in summary.iter("a")]
        assert [f"Error: {message}" for message in said] == page.texts("div[@class='error']/p"), name
        targets = {link.get("href")[1:] for link in summary.iter("a")}
        boxes = {box.get("id") for tag in ("input", "textarea") for box in page.all(tag)}
        assert targets <= boxes, name
        assert page.html.index('id="errors"') < page.html.index("<h1>"), name


def test_a_wrong_box_says_so_to_those_who_do_not_see_it(client):
    url = "/triage/review/?symptom=locked-message&for-whom=self&codes-unasked=no&needed-today=refill"
    page = Page(post(client, url, {"phone": "12", "birth-date_day": "1"}))
    (phone,) = page.all("input[@name='phone']")
    assert phone.get("aria-invalid") == "true"
    assert phone.get("aria-describedby") == "id_phone_helptext id_phone_error"
    (date,) = [group for group in page.all("fieldset") if group.find("div[@class='date']") is not None]
    assert date.get("aria-describedby").split()[-1] == "id_birth-date_error"


def test_each_question_page_tells_why_it_is_asked():
    shown = {name: page for name, page in form_pages().items() if name in catalog().questions}
    assert len(shown) > 20
    for name, page in shown.items():
        question = catalog().questions[name]
        (said,) = page.texts(f"div[@id='id_{name}_helptext']")
        assert question.hint in said, name
        assert question.why in said, name
        # It is told with the question.
        described = [group.get("aria-describedby") for group in page.all("fieldset") if group.get("aria-describedby")]
        assert any(f"id_{name}_helptext" in ids.split() for ids in described), name


def test_each_box_tells_why_it_is_asked(client):
    page = visit(client, "/triage/details/?symptom=locked-message&for-whom=self&codes-unasked=no&needed-today=refill")
    for question in catalog().details_questions:
        if page.all(f"*[@id='id_{question.id}_helptext']"):
            assert question.why in page.text


@pytest.mark.parametrize(
    ("month", "day", "year", "box"),
    [
        ("", "3", "1950", "month"),
        ("Febtober", "3", "1950", "month"),
        ("2", "", "1950", "day"),
        ("13", "3", "1950", "month"),
        ("2", "31", "1950", "day"),
        ("2", "3", "50", "year"),
        ("2", "3", "2950", "year"),
        ("2", "3", "1850", "year"),
    ],
)
def test_the_summary_leads_to_the_part_of_the_date_that_is_wrong(client, month, day, year, box):
    typed = {"birth-date_month": month, "birth-date_day": day, "birth-date_year": year}
    page = Page(client.post(f"/triage/review/?{LOCKED}", typed))
    (link,) = page.all("div[@id='errors']//a")
    (target,) = page.all(f"input[@name='birth-date_{box}']")
    assert link.get("href") == f"#{target.get('id')}"


def test_a_page_of_errors_in_spanish_holds_together(client):
    page = Page(
        post(client, f"/es/triage/review/?{LOCKED}", {"phone": "12", "birth-date_day": "1", "began": "el lunes"})
    )
    assert (page.status, page.tree.get("lang")) == (422, "es")
    assert page.dead_references() == []
    (summary,) = page.all("div[@id='errors']")
    said = ["".join(link.itertext()) for link in summary.iter("a")]
    assert len(said) == 2
    start = catalog_in("es").interface["common"]["error"]
    assert page.title.startswith(f"{start} ")
    assert [f"{start} {message}" for message in said] == page.texts("div[@class='error']/p")
    assert dict(page.form("Continuar").pairs)["began"] == "el lunes"


def test_a_browser_may_fill_in_its_owner_but_not_the_patient_that_somebody_asks_for(client):
    def fill_in(address: str) -> dict[str, str]:
        return {
            box.get("name"): box.get("autocomplete") for box in Page(client.get(address)).all("input[@autocomplete]")
        }

    own = fill_in(f"/triage/details/?{LOCKED}")
    assert (own["name"], own["birth-date_year"], own["phone"], own["email"]) == ("name", "bday-year", "tel", "email")
    other = fill_in(f"/triage/details/?{LOCKED}".replace("for-whom=self", "for-whom=adult"))
    assert other.pop("helper-name") == "name"
    assert set(other.values()) == {"off"}
