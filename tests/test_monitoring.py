"""The line in the log for each request."""

import io
import json
import logging

import pytest
from test_security import LOCKED, TYPED

from helpdesk import urls
from helpdesk.logs import PrivateFormatter

pytestmark = pytest.mark.usefixtures("static_files", "fact_sheet")

KEYS = ["time", "level", "logger", "method", "route", "status", "seconds", "bytes"]


@pytest.fixture
def access_log(monkeypatch) -> io.StringIO:
    """The access log, turned on."""
    logger = logging.getLogger("wayin.access")
    # Not pytest's own.
    (handler,) = (handler for handler in logger.handlers if isinstance(handler.formatter, PrivateFormatter))
    text = io.StringIO()
    monkeypatch.setattr(handler, "stream", text)
    monkeypatch.setattr(logger, "level", logging.INFO)
    logger.manager._clear_cache()
    yield text
    logger.manager._clear_cache()


def written(log: io.StringIO) -> list[dict]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def test_a_line_has_the_time_the_method_the_route_the_status_the_duration_and_the_bytes(client, access_log):
    response = client.get("/problems/account-locked/?symptom=locked-message")
    (line,) = written(access_log)
    assert list(line) == KEYS
    assert (line["method"], line["route"], line["status"]) == ("GET", "problem", 200)
    assert line["bytes"] == len(response.content)
    assert 0 < line["seconds"] < 10


def test_whatever_is_asked_a_line_holds_only_what_the_site_itself_has_names_for(client, access_log):
    client.get("/CANARY/?CANARY=1", headers={"user-agent": "CANARY", "referer": "https://CANARY.example/"})
    client.get("/problems/CANARY/")
    client.get("/static/CANARY.css")
    client.generic("CANARY", "/", CONTENT_LENGTH="0")
    client.get("/", headers={"host": "CANARY.example"})
    client.post(f"/es/triage/review/?{LOCKED}", TYPED | {"name": "CANARY"})
    lines = written(access_log)
    assert "canary" not in access_log.getvalue().lower()
    assert [f"{line['method']} {line['route']} {line['status']}" for line in lines] == [
        "GET - 404",
        "GET problem 404",
        "GET static 404",
        "other home 405",
        "GET - 400",
        "POST review 200",
    ]
    names = {pattern.name for pattern in (*urls.pages, *urls.urlpatterns) if getattr(pattern, "name", None)}
    assert {"home", "problem"} <= names
    assert all(list(line) == KEYS for line in lines)


def test_a_file_that_is_sent_in_pieces_has_its_length(client, access_log):
    from reading import Page

    stylesheet = Page(client.get("/")).all("link[@rel='stylesheet']")[0].get("href")
    response = client.get(stylesheet)
    sent = b"".join(response)
    response.close()
    assert written(access_log)[-1]["bytes"] == len(sent) > 1000


def test_the_log_is_off_unless_somebody_turns_it_on(client, capsys):
    assert logging.getLogger("wayin.access").isEnabledFor(logging.INFO) is False
    client.get("/")
    assert capsys.readouterr() == ("", "")
