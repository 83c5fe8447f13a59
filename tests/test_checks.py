"""The system checks: content and facts that stop the start, and facts that have grown old."""

import datetime
import re
import shutil

import pytest
from browser import EXAMPLE_ORGANIZATION, ROOT
from django.core.checks import run_checks
from django.core.checks.registry import registry

from helpdesk import checks

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
    where = [message.partition(": last checked")[0].removeprefix("fact sheet: ") for _, message in ours()]
    assert where == [
        "organization",
        "portal",
        "app",
        "rules",
        "ages",
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


def test_a_fault_in_the_content_is_an_error_too(fact_sheet, monkeypatch, tmp_path):
    content = tmp_path / "content"
    shutil.copytree(ROOT / "helpdesk" / "content", content)
    (content / "en" / "steps.toml").write_text('[check-address]\ntitle = "x"\n')
    monkeypatch.setattr("helpdesk.catalog.load.__defaults__", ("en", None, content))
    fact_sheet("example")
    assert checks.check_content()[0].id == "helpdesk.E001"
    assert "en/steps.toml: " in checks.check_content()[0].msg


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
