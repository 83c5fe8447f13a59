"""/.well-known/security.txt (RFC 9116): whom researchers tell of a weakness."""

import datetime

import pytest
from test_checks import example, ours  # noqa: F401 (a fixture)

pytestmark = pytest.mark.usefixtures("static_files", "fact_sheet")

TODAY = datetime.date.today()  # noqa: DTZ011 (as the people who check the facts see it)
CHECKED = 'policy = "https://www.harborpines.example/security"\nsource = "Made up for demonstrations"\nverified_on = {}'


@pytest.fixture
def checked_on(fact_sheet, example):  # noqa: F811
    """Switches to the made-up fact sheet, with its contact for security checked on this day and all else today."""

    def switch(day: datetime.date) -> None:
        file = example(CHECKED.format("2026-01-15"), CHECKED.format(day))
        file.write_text(file.read_text().replace("2026-01-15", str(TODAY)))
        fact_sheet(file)

    return switch


def fields(response) -> dict[str, str]:
    return dict(line.split(": ", 1) for line in response.text.splitlines())


def test_it_says_whom_to_tell_until_when_and_where_it_stands(client, checked_on):
    checked_on(TODAY)
    response = client.get("/.well-known/security.txt")
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert fields(response) == {
        "Contact": "mailto:security@harborpines.example",
        "Expires": f"{TODAY + datetime.timedelta(days=360)}T00:00:00Z",
        "Policy": "https://www.harborpines.example/security",
        "Preferred-Languages": "en",
        "Canonical": "http://localhost/.well-known/security.txt",
    }


def test_it_expires_in_less_than_a_year_from_when_somebody_checked_it(client, checked_on):
    checked_on(TODAY)
    expires = datetime.datetime.fromisoformat(fields(client.get("/.well-known/security.txt"))["Expires"])
    assert expires.tzinfo
    assert datetime.timedelta(days=30) < expires.date() - TODAY < datetime.timedelta(days=365)


def test_without_a_contact_there_is_none(client):
    assert client.get("/.well-known/security.txt").status_code == 404


@pytest.mark.parametrize(("age", "warned"), [(0, False), (329, False), (331, True), (364, True)])
def test_the_check_warns_a_month_before_it_expires(checked_on, age, warned):
    checked_on(TODAY - datetime.timedelta(days=age))
    assert ("helpdesk.W006" in [name for name, _ in ours()]) == warned
    assert all(name == "helpdesk.W006" and "/.well-known/security.txt" in words for name, words in ours())


@pytest.mark.parametrize(
    "contact", ["security@example.org", "http://example.org/", "javascript:alert(1)", "mailto:", "x"]
)
def test_a_contact_that_is_no_address_stops_the_start(fact_sheet, example, contact):  # noqa: F811
    fact_sheet(example("mailto:security@harborpines.example", contact))
    assert [name for name, words in ours() if "security.contact: write an address" in words] == ["helpdesk.E001"]
