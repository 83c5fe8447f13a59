"""The three journeys of test_journeys.py in Spanish, to desks that read English.

Sheets A and B are in English, the patient's own pages in Spanish, and both have the same numbers and the same words
of the patient. Every page that a visit looks at is seen to be in Spanish and to say nothing in English (visits.py).
"""

import re
from pathlib import Path

import pytest
from browser import catalog, missing, pdf_text, pick_radio
from visits import ENGLISH, SPANISH, Visit, foreign_words, must_be_private, must_not_advise, spoken, steps_tagged

FOR_THE_DESK = ("sheet-a", "sheet-b")
FOR_THE_PATIENT = ("for-you", "your-answers", "call")
REFERENCE = r"[2-9A-Z]{4}-[2-9A-Z]{4}"


@pytest.fixture
def spanish_visit(no_script_no_cookies):
    """A maker of visits whose browser asks for the Spanish of Mexico."""
    return lambda **options: no_script_no_cookies(SPANISH, locale="es-MX", **options)


def part(visit: Visit, name: str) -> str:
    """The words of one part of the packet on the review page."""
    return visit.page.locator(f"#{name}").inner_text()


def must_be_in_two_languages(visit: Visit, typed_a: list[str], typed_b: list[str]) -> None:
    """The review page: each part in the language of its reader, and what was typed stands in both as it was typed."""
    assert visit.page.title() == "Revise y guarde su solicitud de ayuda - Harbor Pines Health"
    for name in FOR_THE_DESK:
        assert visit.page.locator(f"#{name}").get_attribute("lang") == "en"
    for name in FOR_THE_PATIENT:
        assert visit.page.locator(f"#{name}").get_attribute("lang") == "es"
    sheet_a, sheet_b, answers = part(visit, "sheet-a"), part(visit, "sheet-b"), part(visit, "your-answers")
    assert "Sheet A: what is wrong" in sheet_a
    assert "Sheet B: who it is about" in sheet_b
    assert "Hoja A: cuál es el problema" in answers
    assert "Hoja B: de quién se trata" in answers
    assert "Qué decir por teléfono" in part(visit, "call")
    assert not [words for words in typed_a if words not in sheet_a or words not in answers]
    assert not [words for words in typed_b if words not in sheet_b or words not in answers]
    # A row of the one has its twin in the other, by its number.
    numbers = [set(re.findall(r"^[AB]\d+", text, re.MULTILINE)) for text in (sheet_a + "\n" + sheet_b, answers)]
    assert "B1" in numbers[0]
    assert numbers[0] == numbers[1]


def must_ask_for_an_interpreter_first(visit: Visit, wanted: str, language: str = "Español") -> None:
    """What an agent reads before anything else about the problem."""
    first = visit.page.locator("#sheet-a table.summary tr").first
    assert first.inner_text().split("\n")[0].startswith("To talk with the patient")
    lines = [" ".join(line.split()) for line in first.locator(".talk").all_inner_texts()]
    # Sheet A may be mailed: what was typed as a language stands there only where it is the name of one.
    named = [f"Language: {language}"] if language == "Español" else []
    assert lines == [f"Interpreter: {wanted}", *named, "Site used in: Spanish"]
    # What the patient says on the phone, before all else, in the desk's language.
    english = visit.page.locator("#call p.say[lang=en]").all_inner_texts()
    assert english == ["Hello. I speak Spanish.", "I need an interpreter for this call."]
    assert visit.page.locator("#call p.say").first.inner_text() == english[0]


def saved(visit: Visit, folder: Path) -> tuple[Path, str, str, str]:
    """The PDF, its words, the phone script and the text for an e-mail, each with the reference of the page."""
    file = visit.save("Guardar como PDF", folder)
    call = visit.save("Guardar el guion para la llamada", folder)
    email = visit.save("Guardar el texto para el correo electrónico", folder)
    assert (call.name, email.name) == ("phone-script.txt", "support-request-email.txt")
    script, letter = (path.read_text(encoding="utf-8") for path in (call, email))
    return file, pdf_text(file), script, letter


def must_have_one_reference(visit: Visit, paper: str, script: str, letter: str) -> None:
    """The same on the page, on paper, in the e-mail and, spelled in Spanish, on the phone."""
    shown = set(visit.page.locator("strong.reference").all_inner_texts())
    assert shown == {visit.reference()}
    assert set(re.findall(rf"\b{REFERENCE}\b", paper)) == shown
    # Once for the desk, once for the patient.
    assert re.findall(rf"\b{REFERENCE}\b", letter) == [visit.reference()] * 2
    first = visit.reference()[0]
    word = catalog("es").packet.spelling[first]
    assert f": {first} de {word}, " in script or f": {word}, " in script


def must_be_dated_in_both(visit: Visit, letter: str) -> None:
    """The day on which it was made: in words of the reader, and in numbers that nobody can misread."""
    english = r"Made on:? [A-Z][a-z]+ \d{1,2}, \d{4} \(\d{4}-\d\d-\d\d\), \d\d:\d\d E[SD]T"
    spanish = r"Hecha el: \d{1,2} de [a-z]+ de \d{4} \(\d{4}-\d\d-\d\d\), \d\d:\d\d E[SD]T"
    assert re.search(english, part(visit, "sheet-a"))
    assert re.search(english, letter)
    assert re.search(spanish, letter)


def test_the_words_that_no_spanish_page_may_say_are_on_the_english_pages(visitor, site):
    page = visitor(javascript=False)
    page.goto(f"{site}/")
    found = {words.pattern for words in foreign_words("es") if words.search(spoken(page))}
    assert len(found) > 20, "the list of words finds hardly anything"
    page.goto(f"{site}/es/")
    assert not [words for words in foreign_words("es") if words.search(spoken(page))]


def test_a_locked_out_patient_gets_a_packet_in_two_languages_and_is_never_told_to_try_again(spanish_visit, tmp_path):
    visit = spanish_visit()
    visit.tick_symptom("locked-message")
    visit.answer("for-whom", "self")

    # One step back in the browser: the answer is still there, and the way goes on from it.
    visit.go_back()
    assert visit.heading() == "¿De quién es el expediente?"
    assert visit.page.locator("input[value=self]").is_checked()
    visit.go_on()
    visit.answer("codes-unasked", "no")
    visit.answer("needed-today", "refill", "appointment")

    assert visit.heading() == "Pida ayuda al equipo de MyChart"
    assert catalog("es").reasons["locked"] in visit.advice()
    assert "Ayuda de MyChart" in visit.advice(), "the support desk's Spanish name is in the fact sheet"
    assert "207-555-0110" in visit.advice()
    assert catalog("es").needs["refill"].title in visit.advice()
    pick_radio(visit.page, "Ya lo hice")  # stop trying
    pick_radio(visit.page, "Ya lo hice")  # write down the words
    pick_radio(visit.page, "No ayudó")  # wait as long as the screen said
    visit.make_request()
    assert visit.page.title() == "Lo que el equipo de ayuda necesita saber - Harbor Pines Health"
    assert visit.filled_in({"language": ""}) == {"language": "Español"}, "who reads Spanish most likely speaks it"

    typed = {
        "error-words": "Su cuenta está bloqueada. (Error 4711)",
        "what-happened": "En mayo sí pude. Mi contraseña es Girasol7 pero no la acepta.",
        "began": "el martes, como a las 9 de la mañana",
        "last-sign-in": "en mayo",
        "portal-address": "MyChart de Harbor Pines",
        "name": "María Ibáñez Núñez",
        "birth-date": "sept 27 1950",
        "phone": "(207) 555-0177 ext. 4",
        "call-number": "207-555-0178",
        "email": "maria@mail.example",
        "safe-contact": "call-no-message",
        "mrn": "00417733",
        "interpreter": "yes",
    }
    visit.fill_in(typed)
    visit.go_on()

    # A password is refused where it was written, in Spanish. Nothing else is lost.
    assert "Parece que en “Qué pasó” hay una contraseña." in visit.page.locator("#errors").inner_text()
    assert visit.filled_in(typed) == typed
    visit.follow_the_error("id_what-happened")
    typed["what-happened"] = "En mayo sí pude. ¿Por qué ahora no me deja entrar?"
    visit.type_over(typed["what-happened"])
    visit.go_on()

    # Change leads back to what was typed, and the packet stays the same packet.
    reference = visit.reference()
    visit.press("Cambiar lo que escribió")
    assert visit.filled_in(typed) == typed
    visit.go_on()
    assert visit.reference() == reference

    typed_a = [typed[key] for key in ("error-words", "what-happened", "began", "last-sign-in", "portal-address")]
    typed_b = [typed[key] for key in ("name", "phone", "call-number", "email", "mrn")]
    must_be_in_two_languages(visit, typed_a, typed_b)
    must_ask_for_an_interpreter_first(visit, "Needed")
    assert "September 27, 1950 (1950-09-27)" in part(visit, "sheet-b")
    assert "27 de septiembre de 1950 (1950-09-27)" in part(visit, "your-answers")
    assert "Call, but leave no message" in part(visit, "sheet-b")
    assert "Llame, pero no deje mensaje" in part(visit, "your-answers")

    file, paper, script, letter = saved(visit, tmp_path)
    must_be_private(file, ["María", "Ibáñez", "1950", "555-0177", "555-0178", "maria@", "00417733", "Medicine refill"])
    must_have_one_reference(visit, paper, script, letter)
    must_be_dated_in_both(visit, letter)
    for text in (paper, letter):
        assert not missing(text, [*typed_a, "Locked account", "Cuenta bloqueada", "Interpreter", "Intérprete"])
    assert not missing(paper, [*typed_b, "September 27, 1950 (1950-09-27)", "27 de septiembre de 1950 (1950-09-27)"])
    assert not missing(paper, ["Done", "Hecho", "Tried, and it did not help", "Se probó y no ayudó"])
    assert not missing(script, [*typed_a, *typed_b, "27 de septiembre de 1950 (1950-09-27)", "Hello. I speak Spanish."])
    assert missing(letter, typed_b) == typed_b, "the text for an e-mail must not say who the patient is"
    for text in (paper, script, letter):
        assert "Girasol7" not in text

    tries = (
        r"(prueb\w+|intent\w+|trat\w+|entr\w+) (de nuevo|otra vez|una (sola )?vez)|una vez más"
        r"|(escriba|cambie) (otra vez )?su contraseña|pida (un|otro|el) código"
    )
    harmful = steps_tagged("attempt", "asks-code", "resets-trust")
    for text in (visit.advice(), paper, script):
        must_not_advise(text, harmful, tries, SPANISH)
    must_not_advise(paper, harmful, r"try (again|once|one time)|once more|reset your password", ENGLISH)
    visit.must_leave_no_trace()


def test_on_a_small_phone_someone_who_fears_an_intruder_gets_a_packet_that_is_not_to_be_mailed(spanish_visit, tmp_path):
    visit = spanish_visit(width=360, height=740)
    visit.tick_symptom("someone-has-password")

    # A question left without an answer says so, and leads to its first choice.
    visit.go_on()
    assert "Elija una respuesta." in visit.page.locator("#errors").inner_text()
    visit.follow_the_error("id_for-whom_0")
    visit.answer("for-whom", "self")
    visit.answer("can-sign-in", "yes")
    visit.answer("contacts-exposed", "yes")
    visit.answer("trusted-device", "yes")
    visit.answer("needed-today", "nothing")

    assert visit.heading() == "Pare y hable ahora mismo con la oficina de privacidad"
    for step in ("safe-phone", "secure-email", "change-password", "check-contacts", "keep-evidence"):
        assert catalog("es").steps[step].title in visit.advice(), f"{step} is missing"
    assert "207-555-0120" in visit.advice(), "the privacy office's phone number is in the fact sheet"
    visit.make_request()

    # Back to the verdict, and forward again: both are the same as before.
    verdict = visit.words[-2]
    visit.go_back()
    assert visit.words.pop() == verdict
    visit.make_request()

    typed = {
        "what-happened": "Hay una cita que yo no pedí. Guardé el correo sobre esa cita.",
        "began": "el domingo pasado",
        "last-sign-in": "esta mañana",
        "code-times": "domingo 23:10 y 23:12",
        "name": "Tomás Peña",
        "birth-date": "2 29 1988",
        "phone": "207.555.0188",
        "email": "tomas@mail.example",
        "safe-contact": "i-will-call",
        "language": "español y mixteco",
    }
    visit.fill_in(typed)
    visit.go_on()

    # Whoever reads the patient's mail must not read this in it.
    assert visit.page.get_by_role("heading", name="No use el correo electrónico para esto").is_visible()
    assert "Do not e-mail this." in part(visit, "sheet-a")

    # Back in the browser from the finished packet: nothing has to be typed again.
    visit.go_back()
    assert visit.filled_in(typed) == typed
    visit.go_on()

    typed_a = [typed[key] for key in ("what-happened", "began", "last-sign-in", "code-times")]
    typed_b = [typed[key] for key in ("name", "phone", "email", "language")]
    must_be_in_two_languages(visit, typed_a, typed_b)
    must_ask_for_an_interpreter_first(visit, "not given", "español y mixteco")
    assert "February 29, 1988 (1988-02-29)" in part(visit, "sheet-b")
    assert "29 de febrero de 1988 (1988-02-29)" in part(visit, "your-answers")
    # The agent reads the warnings in English; the call begins with what is most urgent, in Spanish.
    assert "Privacy at risk: act now." in part(visit, "sheet-a")
    assert catalog("en").flags["contacts-exposed"] in part(visit, "sheet-a")
    assert catalog("en").flags["do-not-call"] in part(visit, "sheet-a")
    assert "Creo que otra persona puede ver un expediente privado." in part(visit, "call")

    file, paper, script, letter = saved(visit, tmp_path)
    must_be_private(file, ["Tomás", "Peña", "1988", "555.0188", "tomas@"])
    must_have_one_reference(visit, paper, script, letter)
    must_be_dated_in_both(visit, letter)
    assert not missing(paper, [*typed_a, *typed_b, "February 29, 1988", "29 de febrero de 1988"])
    assert not missing(paper, ["Do not contact. The person will call", "No se comunique. La persona llamará"])
    assert not missing(paper, [catalog("es").steps["change-password"].title])
    assert not missing(script, ["Creo que otra persona puede ver un expediente privado.", *typed_a, *typed_b])

    tries = (
        r"(prueb\w+|intent\w+) (de nuevo|otra vez|una (sola )?vez)|una vez más"
        r"|siga (probando|intentando)|pida (un|otro) código"
    )
    harmful = [step.id for step in catalog().steps.values() if "protects" not in step.tags]
    for text in (visit.advice(), paper, script):
        must_not_advise(text, harmful, tries, SPANISH)
    must_not_advise(paper, harmful, r"try (it )?(again|once|one time)|once more|keep trying|wait and", ENGLISH)
    visit.must_leave_no_trace()


def test_the_parent_of_a_teen_gets_a_packet_and_is_never_told_to_use_the_teens_password(spanish_visit, tmp_path):
    visit = spanish_visit()

    # No box ticked: that is said, and leads to the first box.
    visit.go_on()
    assert "Marque lo que le pasa." in visit.page.locator("#errors").inner_text()
    visit.follow_the_error("id_symptom_0")
    visit.tick_symptom("teen-record-blocked")
    visit.answer("for-whom", "teen")
    visit.answer("proxy-state", "stopped")
    visit.answer("needed-today", "result")

    assert visit.heading() == "Hable con su clínica"
    assert catalog("es").reasons["teen-law"] in visit.advice()
    assert "12 años" in visit.advice(), "the age is in the fact sheet"
    assert "207-555-0130" in visit.advice(), "the clinic's phone number is in the fact sheet"
    visit.make_request()

    typed = {
        "error-words": "You no longer have access to this person's record.",
        "what-happened": "Podía ver todo hasta la semana pasada.",
        "began": "el día de su cumpleaños",
        "helper-name": "Noemí Castañeda",
        "helper-relation": "su mamá",
        "name": "Íker Castañeda",
        "birth-date": "31 4 2012",
        "phone": "207-555-0166",
        "safe-contact": "letter",
        "interpreter": "no",
    }
    visit.fill_in(typed)
    visit.go_on()

    # Month and day were mixed up: the date is refused in its first box, and all three boxes keep what was typed.
    assert "el mes debe ser del 1 al 12" in visit.page.locator("#errors").inner_text()
    assert visit.filled_in(typed) == typed
    visit.follow_the_error("id_birth-date_0")
    typed["birth-date"] = "abril 30 2012"
    visit.type_over(*typed["birth-date"].split())
    visit.go_on()

    typed_a = [typed[key] for key in ("error-words", "what-happened", "began")]
    typed_b = [typed[key] for key in ("helper-name", "helper-relation", "name", "phone")]
    must_be_in_two_languages(visit, typed_a, typed_b)
    must_ask_for_an_interpreter_first(visit, "Not needed")
    assert "April 30, 2012 (2012-04-30)" in part(visit, "sheet-b")
    assert "30 de abril de 2012 (2012-04-30)" in part(visit, "your-answers")
    assert catalog("en").flags["asked-by-other"] in part(visit, "sheet-a")
    assert "adolescente a mi cuidado" in part(visit, "call")

    file, paper, script, letter = saved(visit, tmp_path)
    must_be_private(file, ["Noemí", "Íker", "Castañeda", "2012", "555-0166"])
    must_have_one_reference(visit, paper, script, letter)
    must_be_dated_in_both(visit, letter)
    assert not missing(paper, [*typed_a, *typed_b, "April 30, 2012", "30 de abril de 2012"])
    assert not missing(paper, ["Letter only", "Solo carta"])
    assert not missing(script, [*typed_a, *typed_b, "30 de abril de 2012"])
    assert missing(letter, typed_b) == typed_b

    other_peoples = (
        r"(contraseña|nombre de usuario) del? ((la|su|un|una) )?(adolescente|hij|paciente|persona)"
        r"|entre como|comparta .*contraseña|cambie .*contraseña"
    )
    harmful = steps_tagged("attempt", "asks-code", "resets-trust")
    for text in (visit.advice(), paper, script):
        must_not_advise(text, harmful, other_peoples, SPANISH)
    must_not_advise(paper, harmful, r"\b(their|teen’s|patient’s) (own )?(password|username)|sign in as", ENGLISH)
    visit.must_leave_no_trace()
