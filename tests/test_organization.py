"""The fact sheet: blank is normal, and whatever is wrong is refused with its key."""

import re
from pathlib import Path

import pytest

from helpdesk import languages, organization
from helpdesk.languages import Language
from helpdesk.organization import (
    FACTS,
    About,
    Ages,
    App,
    Desk,
    Hours,
    Look,
    Organization,
    Place,
    Portal,
    Rules,
    load,
    said,
)
from helpdesk.records import CONTENT, PROJECT, ContentError, shown

EXAMPLE = CONTENT / "organization.example.toml"
ENGLISH, SPANISH = (languages.read(CONTENT, code) for code in ("en", "es"))
SOURCED = '\nsource = "Web team"\nverified_on = 2026-01-15\n'


def refusal(folder: Path, text: str) -> str:
    file = folder / "sheet.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ContentError) as refused:
        load(file)
    return str(refused.value).replace(str(file), "sheet.toml")


def test_a_language_without_words_of_its_own_falls_back_on_that_of_the_desks():
    hint = {"es": "Oprima 2", "en": "Press 2"}
    desk = {"menu_hint": hint, "source": "Web team", "verified_on": "2026-01-15"}
    shown_hint = Organization.model_validate({"desks": {"support": desk}}).desk("support").menu_hint
    assert organization.said(shown_hint, "vi") == ("Press 2", "en")
    assert organization.said(shown_hint, "es") == ("Oprima 2", "es")


def test_the_shipped_fact_sheet_is_blank():
    assert load() == Organization()
    assert all(load().facts(language) == {} for language in (ENGLISH, SPANISH))
    assert [where for where, text in load().texts() if text] == []
    assert not any(load().desk(desk).can_be_reached for desk in ("support", "privacy", "clinic", "records"))


def test_an_empty_file_is_a_blank_fact_sheet(tmp_path):
    (tmp_path / "sheet.toml").write_text("")
    assert load(tmp_path / "sheet.toml") == Organization()


def test_the_example_gives_every_fact_and_says_that_it_is_made_up():
    example = load(EXAMPLE)
    assert example.organization.made_up
    assert example.facts(ENGLISH).keys() == example.facts(SPANISH).keys() == FACTS.keys()
    assert example.desk("support").phone == "207-555-0110"
    assert example.desk("support").tty == "711"
    assert example.desk("support").time_zone == "America/New_York"
    assert example.desk("records").handles == ("identity-check",)
    assert len(example.places) == 2


def test_only_facts_that_are_given_can_be_used_in_sentences(tmp_path):
    (tmp_path / "sheet.toml").write_text('[rules]\nlockout_minutes = 30\ncost = ""' + SOURCED)
    assert load(tmp_path / "sheet.toml").facts(ENGLISH) == {"lockout_minutes": "30"}


# ---- texts in several languages ----


def sheet(folder: Path, text: str) -> Organization:
    file = folder / "sheet.toml"
    file.write_text(text, encoding="utf-8")
    return load(file)


def test_every_text_of_the_example_is_in_every_language():
    texts = {where: text for where, text in load(EXAMPLE).texts() if text}
    assert {"rules.cost", "desks.support.name", "desks.support.hours.1.days", "places.2.bring"} <= texts.keys()
    assert [where for where, text in texts.items() if list(text) != ["en", "es"]] == []


@pytest.mark.parametrize(("top", "language"), [("", "en"), ('language = "es"\n', "es")])
def test_a_text_without_a_language_is_in_the_one_of_the_fact_sheet(tmp_path, top, language):
    made = sheet(tmp_path, f'{top}[desks.support]\nname = "MyChart"{SOURCED}')
    assert made.language == language
    assert made.desk("support").name == {language: "MyChart"}


@pytest.mark.parametrize("cost", ['cost = { en = "Free.", es = "Gratis." }', 'cost.en = "Free."\ncost.es = "Gratis."'])
def test_a_text_may_be_given_in_several_languages_and_each_gets_its_own(tmp_path, cost):
    made = sheet(tmp_path, f"[rules]\n{cost}{SOURCED}")
    assert made.facts(ENGLISH) == {"cost": "Free."}
    assert made.facts(SPANISH) == {"cost": "Gratis."}


def test_a_text_that_a_language_lacks_is_no_fact_there(tmp_path):
    made = sheet(tmp_path, f'[rules]\ncost = "Free."\ncode_minutes = 15{SOURCED}')
    assert made.facts(ENGLISH) == {"cost": "Free.", "code_minutes": "15"}
    assert made.facts(SPANISH) == {"code_minutes": "15"}


def test_a_figure_stands_apart_in_a_language_that_runs_from_right_to_left(tmp_path):
    arabic = Language(code="ar", name="العربية", locale="ar")
    made = sheet(tmp_path, f'[app]\nname = "MyChart"{SOURCED}[rules]\ncost.en = "Free."\ncost.ar = "مجاني"{SOURCED}')
    assert made.facts(arabic) == {"app_name": "\u2066MyChart\u2069", "cost": "مجاني"}


def test_words_are_said_in_the_language_at_hand_or_else_in_the_one_of_the_fact_sheet():
    assert said({"en": "Free.", "es": "Gratis."}, "es") == ("Gratis.", "es")
    assert said({"en": "Free."}, "es") == ("Free.", "en")
    assert said({}, "es") == ("", "")


@pytest.mark.parametrize("text", ['""', '"  "', '{ en = "" }', '{ en = "", es = " " }'])
def test_an_empty_text_is_as_good_as_none(tmp_path, text):
    assert sheet(tmp_path, f"[rules]\ncost = {text}{SOURCED}").rules.cost == {}
    assert not sheet(tmp_path, f"[desks.clinic]\nsecure_message = {text}{SOURCED}").desk("clinic").can_be_reached


def test_an_empty_text_in_one_language_leaves_the_others(tmp_path):
    assert sheet(tmp_path, f'[rules]\ncost = {{ en = "Free.", es = "" }}{SOURCED}').rules.cost == {"en": "Free."}


@pytest.mark.parametrize(
    ("top", "text", "said"),
    [
        ("", '{ en = "", es = "Gratis." }', "rules.cost: write this in 'en' too: other languages fall back on it"),
        ("", "{}", "rules.cost: write this in 'en' too: other languages fall back on it"),
        ("", '{ es = "Gratis." }', "rules.cost: write this in 'en' too: other languages fall back on it"),
        (
            'language = "es"\n',
            '{ en = "Free." }',
            "rules.cost: write this in 'es' too: other languages fall back on it",
        ),
        ("", '{ en = "Free.", ES = "Gratis." }', "rules.cost: 'ES' is no code of a language; write one such as \"es\""),
        ("", '{ en = "Free.", "español" = "x" }', "rules.cost: 'español' is no code of a language; write one such as"),
        ("", "5", 'rules.cost: write a text, or one for each language, such as { en = "...", es = "..." }'),
        ("", '["Free."]', 'rules.cost: write a text, or one for each language, such as { en = "...", es = "..." }'),
        ("", "{ en = 5 }", "rules.cost.en: Input should be a valid string"),
        (
            'language = "Spanish"\n',
            '"x"',
            'language: write the code of a language, such as "en" or "es", not \'Spanish\'',
        ),
        ("language = 1\n", '"x"', "language: Input should be a valid string"),
    ],
)
def test_a_text_in_a_form_that_fits_no_language_is_refused_by_its_key(tmp_path, top, text, said):
    assert f"sheet.toml: {said}" in refusal(tmp_path, f"{top}[rules]\ncost = {text}{SOURCED}")


def test_an_error_in_the_hours_names_the_days_in_the_language_of_the_fact_sheet(tmp_path):
    hours = 'hours = [{ days.es = "lunes", days.en = "Monday", open = "17:00", close = "08:00" }]'
    text = f'language = "es"\n[desks.support]\ntime_zone = "UTC"\n{hours}{SOURCED}'
    assert refusal(tmp_path, text).endswith("lunes: `open` must be earlier than `close`")


@pytest.mark.parametrize("number", ["711", "207-555-0110", "(207) 555-0110", "+1 207.555.0110"])
def test_a_phone_number_may_be_written_as_people_write_it(number):
    assert Desk(phone=number, source="Web team", verified_on="2026-01-15").phone == number


@pytest.mark.parametrize("way", [{"phone": "711"}, {"web_form": "https://a.example"}, {"secure_message": "Ask."}])
def test_a_desk_can_be_reached_in_any_of_three_ways(way):
    assert Desk(**way, source="Web team", verified_on="2026-01-15").can_be_reached
    assert not Desk(name="Support", source="Web team", verified_on="2026-01-15").can_be_reached


@pytest.mark.parametrize(
    ("text", "key", "remedy"),
    [
        ('[portal]\nsign_in_address = "http://a.example"', "portal.sign_in_address", "starts with https://"),
        ('[portal]\nsign_in_address = "javascript:alert(1)"', "portal.sign_in_address", "starts with https://"),
        ('[portal]\nsign_in_address = "a.example"', "portal.sign_in_address", "starts with https://"),
        ('[portal]\nsign_in_address = "https://"', "portal.sign_in_address", "starts with https://"),
        ('[portal]\nsign_in_address = "https://a.example@evil.example"', "portal.sign_in_address", "https://"),
        ('[portal]\nsign_in_address = "https://:x@evil.example"', "portal.sign_in_address", "https://"),
        ('[portal]\nsign_in_address = "https://a.example/x y"', "portal.sign_in_address", "starts with https://"),
        ('[portal]\nsign_in_address = "https://[bad"', "portal.sign_in_address", ""),
        ('[portal]\nstatus_address = "data:text/html,x"', "portal.status_address", "starts with https://"),
        ('[organization]\nemergency_number = "call us"', "organization.emergency_number", "write a phone number"),
        ('[organization]\nemergency_number = "91"', "organization.emergency_number", "write a phone number"),
        ('[desks.support]\nweb_form = "mailto:a@b.example"', "desks.support.web_form", "starts with https://"),
        ('[desks.support]\nphone = "call us"', "desks.support.phone", "write a phone number"),
        ('[desks.support]\nphone = "12"', "desks.support.phone", "write a phone number"),
        ('[desks.support]\nphone = "----"', "desks.support.phone", "write a phone number"),
        ('[desks.support]\nphone = "٢٠٧٥٥٥٠١١٠"', "desks.support.phone", "write a phone number"),
        ('[desks.support]\ntty = "TTY 711"', "desks.support.tty", "write a phone number"),
        ('[desks.support]\ntime_zone = "Chicago"', "desks.support.time_zone", "America/Chicago"),
        ('[desks.support]\ntime_zone = "../etc/passwd"', "desks.support.time_zone", "America/Chicago"),
        ('[desks.support]\ntime_zone = ""', "desks.support.time_zone", "America/Chicago"),
        (
            '[desks.support]\nhours = [{days = "Mon", open = "08:00", close = "17:00"}]',
            "desks.support",
            "`hours` need a `time_zone`",
        ),
        (
            '[desks.support]\ntime_zone = "UTC"\nhours = [{days = "Mon", open = "17:00", close = "08:00"}]',
            "desks.support.hours.1",
            "Mon: `open` must be earlier than `close`",
        ),
        (
            '[desks.support]\ntime_zone = "UTC"\nhours = [{days = "Mon", open = "8 in the morning", close = "17:00"}]',
            "desks.support.hours.1.open",
            "write a time such as \"07:00\", not '8 in the morning'",
        ),
        (
            '[desks.support]\ntime_zone = "UTC"\nhours = [{days = "Mon", open = "08:00", close = "7pm"}]',
            "desks.support.hours.1.close",
            "write a time such as \"07:00\", not '7pm'",
        ),
        (
            '[desks.support]\ntime_zone = "UTC"\nhours = [{days = "Mon", open = 7, close = "17:00"}]',
            "desks.support.hours.1.open",
            'write a time such as "07:00", not 7',
        ),
        (
            '[desks.support]\ntime_zone = "UTC"\nhours = [{days = "Mon", open = "08:00Z", close = "17:00"}]',
            "desks.support.hours.1.open",
            'write a time such as "07:00"',
        ),
        ("[rules]\nlockout_minutes = 0", "rules.lockout_minutes", "greater than or equal to 1"),
        ('[rules]\nlockout_minutes = "soon"', "rules.lockout_minutes", "valid integer"),
        ("[ages]\nteen_from = 130", "ages.teen_from", "less than or equal to 120"),
        ("[ages]\nteen_from = 13\nadult_from = 12", "ages", "`teen_from` is 13 and `adult_from` is 12"),
        ("[ages]\nchild_until = 19\nadult_from = 18", "ages", "`child_until` is 19 and `adult_from` is 18"),
        ("[portal]\nsign_in_adress = 1", "portal.sign_in_adress", "there is no such key"),
        ("[desks.reception]\n", "desks.reception", "there is no such key"),
        ("[colours]\n", "colours", "there is no such key"),
        (f'[look]\nlogo = "{"a" * 300}.png"', "look.logo", "there is no file"),
        ('language = ["en"]\n[rules]\ncost = "nothing"', "language", "valid string"),
        ('[[places]]\nhours = "all day"', "places.1.name", "this key is missing; add it"),
        (
            '[desks.support]\nhandles = ["activation"]' + SOURCED + '[desks.clinic]\nhandles = ["activation"]',
            "desks",
            "activation",
        ),
    ],
)
def test_a_bad_fact_is_refused_with_its_file_key_and_remedy(tmp_path, text, key, remedy):
    said = refusal(tmp_path, text + SOURCED)
    assert said.startswith(f"sheet.toml: {key}: ")
    assert remedy in said


@pytest.mark.parametrize("known", ["", 'source = "Web team"\n', "verified_on = 2026-01-15\n"])
@pytest.mark.parametrize(
    ("table", "where"),
    [
        ('[organization]\nname = "A"\n', "organization"),
        ("[rules]\nlockout_minutes = 30\n", "rules"),
        ("[ages]\nteen_from = 12\n", "ages"),
        ('[desks.support]\nphone = "711"\n', "desks.support"),
        ('[[places]]\nname = "Lobby"\n', "places.1"),
    ],
)
def test_facts_must_say_where_they_come_from_and_when_they_were_checked(tmp_path, table, where, known):
    said = refusal(tmp_path, table + known)
    assert said == f"sheet.toml: {where}: say where these facts come from: add `source` and `verified_on` to this table"


def test_every_fault_is_named_at_once(tmp_path):
    said = refusal(
        tmp_path, f'[app]\ncolour = 1{SOURCED}[desks.support]\nphone = "x"{SOURCED}[ages]\nteen_from = -1{SOURCED}'
    )
    assert [line.split(": ")[1] for line in said.splitlines()] == [
        "app.colour",
        "ages.teen_from",
        "desks.support.phone",
    ]


@pytest.mark.parametrize("text", ["not toml", "[a\n", "x = \n", "\x00", "x = " + "[" * 3000, "x = " + "9" * 5000])
def test_a_file_that_is_not_toml_is_refused(tmp_path, text):
    assert refusal(tmp_path, text).startswith("sheet.toml: cannot be read as TOML: ")


@pytest.mark.parametrize("text", ['name = "Harbor\n', 'name = "Harbor', "name = 'Harbor", 'name = "Harbor" x"'])
def test_a_quote_that_is_missing_is_guessed(tmp_path, text):
    assert "a quote may be missing" in refusal(tmp_path, f"[organization]\n{text}")


@pytest.mark.parametrize("text", ["name = Harbor\n", "verified_on =\n"])
def test_a_text_without_quotes_and_a_key_without_a_value_are_guessed(tmp_path, text):
    said = refusal(tmp_path, f"[organization]\n{text}")
    assert said.endswith("; write a text in quotes, and leave out a key that has no value")


def test_a_path_is_named_from_the_folder_of_the_project_where_it_is_in_there():
    assert shown(EXAMPLE) == "helpdesk/content/organization.example.toml"
    assert shown(Path("/etc/wayin.toml")) == "/etc/wayin.toml"


def test_every_fact_is_shown_somewhere():
    folders = (("templates", "*.*"), ("helpdesk", "*.py"), ("triage", "*.py"))
    files = (path for folder, kind in folders for path in (PROJECT / folder).rglob(kind))
    text = "\n".join(path.read_text(encoding="utf-8") for path in files if path.name != "organization.py")
    named = "\n".join(FACTS.values())
    tables = (About, Portal, App, Rules, Ages, Look, Hours, Desk, Place)
    unused = [
        f"{table.__name__}.{key}"
        for table in tables
        for key in set(table.model_fields) - {"source"}
        if not re.search(rf"\.{key}\b", text + named)
    ]
    assert unused == []


def test_a_missing_file_a_folder_and_bad_bytes_are_refused(tmp_path):
    (tmp_path / "latin.toml").write_bytes(b'[organization]\nname = "Caf\xe9"')
    for file, fault in (
        (tmp_path / "none.toml", "there is no such file"),
        (tmp_path, "cannot be read"),
        (tmp_path / "latin.toml", "cannot be read as TOML"),
    ):
        with pytest.raises(ContentError, match=fault):
            load(file)


def test_every_fact_that_sentences_may_name_is_explained_to_authors():
    manual = (Path(organization.__file__).parent.parent / "docs" / "content.md").read_text(encoding="utf-8")
    assert [fact for fact in FACTS if f"`{fact}`" not in manual] == []
