"""The system checks: content and facts that stop the start, and facts that have grown old."""

import datetime
import re
import shutil
from pathlib import Path

import pytest
from browser import EXAMPLE_ORGANIZATION, ROOT
from django.conf import settings
from django.core.checks import run_checks
from django.core.checks.registry import registry
from django.utils.autoreload import autoreload_started
from test_security import manage

from helpdesk import checks, loaded, translations
from helpdesk.records import CONTENT

pytestmark = pytest.mark.usefixtures("fact_sheet")


def ours() -> list[tuple[str, str]]:
    return [(message.id, message.msg) for message in run_checks() if message.id.startswith("helpdesk.")]


@pytest.fixture
def example(tmp_path):
    """A copy of the made-up fact sheet with some words in it replaced."""

    def change(old: str, new: str, count: int = -1):
        text = (ROOT / EXAMPLE_ORGANIZATION).read_text()
        assert old in text
        file = tmp_path / "organization.toml"
        file.write_text(text.replace(old, new, count))
        return file

    return change


@pytest.fixture
def content(tmp_path, settings):
    """A copy of the content that a test may change, in use by the checks."""
    settings.WAYIN_CONTENT = shutil.copytree(CONTENT, tmp_path / "content")
    loaded.forget()
    yield settings.WAYIN_CONTENT
    loaded.forget()


def change(file: Path, old: str, new: str) -> None:
    """Changes one place of a file, and has the checks read everything anew."""
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), encoding="utf-8")
    loaded.forget()


def test_what_we_ship_passes(fact_sheet):
    assert ours() == []
    fact_sheet("example")
    assert [name for name, _ in ours() if name != "helpdesk.W001"] == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('"207-555-0110"', '"call us"', "desks.support.phone: write a phone number"),
        ("lockout_minutes", "lockout_minuets", "rules.lockout_minuets: there is no such key"),
        ('"https://status', '"http://status', "portal.status_address: write an address that starts with https://"),
        ("America/New_York", "Maine", "time_zone: write a time zone such as"),
        ("code_minutes = 15", 'code_minutes = "a few"', "rules.code_minutes: "),
        ("[organization]", "[organization", "cannot be read as TOML"),
        ('handles = ["identity-check"]', 'handles = ["passport"]', "handles: there is no problem called passport"),
    ],
)
def test_a_fault_in_the_fact_sheet_is_an_error_that_names_file_and_key(fact_sheet, example, old, new, fault):
    fact_sheet(example(old, new))
    errors = ours()
    assert {name for name, _ in errors} == {"helpdesk.E001"}
    assert fault in errors[0][1]


def test_an_error_says_how_to_mend_it(fact_sheet, tmp_path):
    fact_sheet(tmp_path / "nothing.toml")
    (error,) = (message for message in run_checks() if message.id == "helpdesk.E001")
    assert error.msg == f"{tmp_path / 'nothing.toml'}: there is no such file"
    assert "manage.py check" in error.hint
    assert "docs/" in error.hint


def test_the_hint_names_documents_that_are_there(fact_sheet, tmp_path):
    fact_sheet(tmp_path / "nothing.toml")
    (error,) = (message for message in run_checks() if message.id == "helpdesk.E001")
    named = [word.strip(".,") for word in error.hint.split() if word.startswith("docs/")]
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_fault_is_named_at_once(fact_sheet, tmp_path):
    file = tmp_path / "organization.toml"
    file.write_text('[organisation]\nname = "x"\n[app]\nname = "MyChart"\n[desks.support]\nphone = "x"\n')
    fact_sheet(file)
    text = "\n".join(fault for _, fault in ours())
    for fault in ("organisation: there is no such key", "add `source` and `verified_on`", "desks.support.phone"):
        assert fault in text


def test_facts_that_nobody_has_checked_for_a_year_are_a_warning(fact_sheet, example):
    today = datetime.date.today()  # noqa: DTZ011 (as the people who check them see it)
    fresh, old = today - datetime.timedelta(days=300), today - datetime.timedelta(days=400)
    file = example("2026-01-15", str(fresh))
    file.write_text(file.read_text().replace(str(fresh), str(old), 1))
    fact_sheet(file)
    message = f"fact sheet: organization: last checked on {old}, more than a year ago"
    assert ours() == [("helpdesk.W001", message)]


def test_every_table_of_the_fact_sheet_can_grow_old(fact_sheet, example):
    fact_sheet(example("2026-01-15", "2001-01-15"))
    old = [message for name, message in ours() if name == "helpdesk.W001"]
    where = [message.partition(": last checked")[0].removeprefix("fact sheet: ") for message in old]
    assert where == [
        "organization",
        "portal",
        "app",
        "rules",
        "ages",
        "security",
        "desks.support",
        "desks.privacy",
        "desks.clinic",
        "desks.records",
        "places: Harbor Pines Main Lobby",
        "places: Eastside Family Clinic",
    ]


def test_facts_that_were_checked_on_a_day_to_come_are_a_warning(fact_sheet, example):
    later = datetime.date.today() + datetime.timedelta(days=2)  # noqa: DTZ011
    fact_sheet(example("2026-01-15", str(later), 1))
    message = f"fact sheet: organization: last checked on {later}, which is still to come"
    assert ("helpdesk.W002", message) in ours()


def test_facts_without_a_day_are_not_old(fact_sheet):
    assert ours() == []


def test_a_fault_in_the_content_is_an_error_too(content):
    (content / "en" / "steps.toml").write_text('[check-address]\ntitle = "x"\n')
    assert {name for name, _ in ours()} == {"helpdesk.E001"}
    assert any("en/steps.toml: " in message for _, message in ours())


def test_words_that_are_missing_in_spanish_stop_the_start_by_name(content):
    change(content / "es" / "site.toml", "\nscam_title = ", "\n# scam_title = ")
    fault = "es/site.toml: scam_title: has no words in this language; translate them"
    assert ("helpdesk.E001", fault) in ours()
    done = manage("-c", "import helpdesk.wsgi", WAYIN_CONTENT=str(content))
    assert done.returncode == 1
    assert f"(helpdesk.E001) {fault}" in done.stderr


def test_a_line_that_the_site_says_and_no_language_has_stops_the_start(content):
    for language in ("en", "es"):
        change(content / language / "interface.toml", "\nskip = ", "\n# skip = ")
    assert ("helpdesk.E001", "en/interface.toml: nav.skip: has no words, and the site says it; add it") in ours()


def test_a_folder_with_words_and_without_a_language_stops_the_start(content):
    (content / "es" / "language.toml").unlink()
    assert [message for _, message in ours()] == [f"{content / 'es' / 'language.toml'}: there is no such file"]


def test_the_development_server_looks_at_the_words_too():
    watched = []

    class Reloader:
        watch_dir = staticmethod(lambda folder, pattern: watched.append((folder, pattern)))

    autoreload_started.send(sender=Reloader())
    assert (settings.WAYIN_CONTENT, "**/*.toml") in watched


@pytest.mark.parametrize("desk", ["en", "es"])
def test_a_slip_in_the_english_is_told_as_such_and_not_as_one_in_the_spanish(content, fact_sheet, tmp_path, desk):
    file = tmp_path / "organization.toml"
    file.write_text(f'language = "{desk}"\n')
    fact_sheet(file)
    change(content / "en" / "site.toml", "\nscam_title = ", "\nscum_title = ")
    assert set(ours()) == {
        ("helpdesk.E001", "en/site.toml: scam_title: this key is missing; add it"),
        ("helpdesk.E001", "en/site.toml: scum_title: there is no such key; check its spelling or remove it"),
    }


@pytest.mark.parametrize("slip", ['locale = "xx_YY"\nname = "Español"', 'locale = "es_US"'])
def test_a_language_that_cannot_be_read_stops_the_start(content, slip):
    (content / "es" / "language.toml").write_text(slip, encoding="utf-8")
    ((name, message),) = ours()
    assert name == "helpdesk.E001"
    assert message.startswith("es/language.toml: ")


def test_a_desk_that_reads_a_language_without_words_is_refused(fact_sheet, tmp_path):
    file = tmp_path / "organization.toml"
    file.write_text('language = "fr"\n')
    fact_sheet(file)
    fault = "fact sheet: language: there are no words in 'fr'; write one of en, es"
    assert ours() == [("helpdesk.E001", fault)]


def test_a_desk_may_read_spanish(fact_sheet, tmp_path):
    file = tmp_path / "organization.toml"
    file.write_text('language = "es"\n')
    fact_sheet(file)
    assert ours() == []


# ---- translations whose source changed ----


@pytest.fixture
def recorded(content):
    """The same, with every entry recorded as a translation of today's words."""
    shipped = translations.load(content, "es")
    translations.save(content, shipped.recorded(shipped.source))
    return content


def test_a_translation_whose_source_changed_is_a_warning_that_names_it(recorded):
    assert ours() == []
    change(recorded / "en" / "site.toml", "Watch out for scams", "Beware of scams")
    message = "es: the en words changed since these were translated: site.toml: scam_title"
    assert ours() == [("helpdesk.W005", message)]
    (warning,) = (found for found in run_checks() if found.id == "helpdesk.W005")
    assert "manage.py translations es" in warning.hint
    assert (ROOT / "docs" / "translations.md").name in warning.hint


def test_a_translation_that_was_changed_itself_is_no_warning(recorded):
    change(recorded / "es" / "site.toml", "Cuidado con las estafas", "Ojo con las estafas")
    assert ours() == []


def test_of_many_translations_the_warning_names_ten_and_counts_the_others(recorded):
    known = translations.load(recorded, "es")
    file = recorded / "es" / "sources.json"
    file.write_text("{}", encoding="utf-8")
    loaded.forget()
    ((name, message),) = ours()
    assert name == "helpdesk.W005"
    assert message.endswith(f" and {len(known.source) - 10} more")
    assert message.count(".toml: ") == 10


def test_a_fault_is_told_before_any_translation_that_is_old(recorded):
    (recorded / "es" / "sources.json").unlink()
    change(recorded / "es" / "site.toml", "\nscam_title = ", "\n# scam_title = ")
    assert {name for name, _ in ours()} == {"helpdesk.E001"}


# ---- with --deploy ----


def deployed() -> list[tuple[str, str]]:
    return [(message.id, message.msg) for message in checks.check_deployment()]


def test_the_checks_of_a_deployment_run_only_there():
    assert checks.check_deployment in registry.deployment_checks
    assert checks.check_content in registry.registered_checks


def test_what_we_ship_may_be_deployed():
    assert deployed() == []


@pytest.mark.parametrize("hosts", [["localhost", "127.0.0.1", "[::1]"], ["localhost"], []])
def test_https_without_a_name_is_an_error(settings, hosts):
    settings.SECURE_SSL_REDIRECT = True
    settings.ALLOWED_HOSTS = hosts
    message = "WAYIN_HTTPS is 1, but the site answers to no name other than this machine's own"
    assert deployed() == [("helpdesk.E002", message)]
    settings.ALLOWED_HOSTS = ["help.example.org", *hosts]
    assert deployed() == []


def test_a_variable_that_nothing_reads_is_a_warning(monkeypatch):
    for name in (*checks.VARIABLES, "WAYIN_HOST"):
        monkeypatch.setenv(name, "1")
    assert deployed() == [("helpdesk.W003", "WAYIN_HOST: nothing reads this variable")]


def test_the_variables_are_those_that_settings_and_server_read():
    files = (ROOT / "helpdesk" / "settings.py", ROOT / "deploy" / "gunicorn.conf.py")
    read = {name for file in files for name in re.findall(r'(?:env_\w+|environ\.get)\("(WAYIN_\w+)"', file.read_text())}
    assert read == set(checks.VARIABLES)


def test_a_made_up_fact_sheet_is_a_warning(fact_sheet):
    fact_sheet("example")
    ((name, message),) = deployed()
    assert name == "helpdesk.W004"
    assert message.startswith("fact sheet: this is made up, or only an example: made_up = true, ")
    assert "555-0110" in message
    assert "mychart.harborpines.example" in message


@pytest.mark.parametrize(
    ("fact", "found"),
    [
        ('[desks.support]\nphone = "(207) 555-0199"', "555-0199"),
        ('[desks.support]\nphone = "+1 207.555.0199"', "555.0199"),
        ('[portal]\nsign_in_address = "https://mychart.example.org/x"', "example.org"),
        ('[portal]\nsign_in_address = "https://mychart.pines.example/x"', "mychart.pines.example"),
        ('[desks.support]\nphone = "207-555-1199"', ""),
        ('[portal]\nsign_in_address = "https://mychart.examples.org"', ""),
    ],
)
def test_numbers_and_addresses_that_belong_to_nobody_are_a_warning(fact_sheet, tmp_path, fact, found):
    file = tmp_path / "organization.toml"
    file.write_text(f'{fact}\nsource = "Web"\nverified_on = 2026-01-15\n')
    fact_sheet(file)
    message = f"fact sheet: this is made up, or only an example: {found}"
    assert deployed() == ([("helpdesk.W004", message)] if found else [])


def test_a_fact_sheet_that_cannot_be_read_is_left_to_the_other_check(fact_sheet, tmp_path):
    fact_sheet(tmp_path / "nothing.toml")
    assert deployed() == []
