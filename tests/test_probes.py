"""What machines ask of a replica: alive, ready, and its numbers."""

import os
import signal
import time

import browser
import pytest
from prometheus_client.parser import text_string_to_metric_families
from test_security import LOCKED, POLICY

from helpdesk import probes
from triage import workers

pytestmark = pytest.mark.usefixtures("static_files", "fact_sheet")


@pytest.mark.parametrize("url", ["/healthz", "/readyz"])
def test_a_replica_that_works_is_alive_and_ready(client, url):
    response = client.get(url)
    assert response.status_code == 200
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert "no-store" in response["Cache-Control"]
    assert client.head(url).status_code == 200
    assert client.post(url, CONTENT_LENGTH="0").status_code == 405


def test_ready_names_each_part(client):
    assert client.get("/readyz").text == "content: yes\npdf: yes\n"


@pytest.mark.parametrize("part", ["content", "pdf"])
def test_a_part_that_does_not_work_is_named_and_the_replica_is_alive_still(client, monkeypatch, part):
    monkeypatch.setitem(probes.PARTS, part, lambda: False)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert f"{part}: no\n" in response.text
    assert response.text.count("yes") == 1
    assert client.get("/healthz").status_code == 200
    assert client.get("/").status_code == 200


def test_the_pdf_process_answers_again_after_it_was_killed(client):
    os.kill(workers.run(os.getpid), signal.SIGKILL)
    time.sleep(0.3)
    assert client.get("/readyz").status_code == 200


def test_a_pdf_process_that_does_not_come_up_is_not_ready(client, monkeypatch):
    def ended(*_):
        raise workers.LimitError("memory")

    monkeypatch.setattr(workers, "_result", ended)
    assert client.get("/readyz").text == "content: yes\npdf: no\n"


def test_a_pdf_process_at_work_is_ready_and_is_not_asked(client, monkeypatch):
    def asked(*_):
        raise AssertionError("it would have to wait for its turn")

    with workers._places.one():
        monkeypatch.setattr(workers, "_result", asked)
        assert client.get("/readyz").status_code == 200


@pytest.mark.parametrize("url", ["/healthz", "/readyz", "/metrics"])
def test_machines_ask_by_any_name_and_without_tls_and_get_the_security_headers(client, settings, url):
    settings.SECURE_SSL_REDIRECT = True
    settings.WAYIN_METRICS = True
    response = client.get(url, headers={"host": "10.1.2.3:8000"})
    assert response.status_code == 200
    assert {part.split()[0] for part in response["Content-Security-Policy"].split(";")} == POLICY.keys()
    assert response["X-Content-Type-Options"] == "nosniff"
    assert not response.cookies


def test_the_numbers_are_closed_unless_somebody_opens_them(client):
    assert client.get("/metrics").status_code == 404


def numbers(text: str) -> dict[tuple, float]:
    return {
        (sample.name, *(value for name, value in sorted(sample.labels.items()) if name != "le")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name.startswith("wayin_") and not sample.name.endswith(("_sum", "_bucket"))
    }


def test_the_numbers_count_requests_verdicts_problems_packets_and_tasks(client, settings):
    settings.WAYIN_METRICS = True
    before = numbers(client.get("/metrics").text)
    client.get("/problems/account-locked/")
    client.get("/es/problems/account-locked/")
    client.get("/nowhere/")
    client.get(f"/triage/verdict/?{LOCKED}")
    for kind, status in (("txt", 200), ("pdf", 200), ("pdf", 200)):
        body = f"{LOCKED}&name=Ana&phone=207-555-0199"
        response = client.post(f"/packet/{kind}/", body, content_type="application/x-www-form-urlencoded")
        assert response.status_code == status
    after = numbers(client.get("/metrics").text)
    grown = {key: after[key] - before.get(key, 0) for key in after if after[key] != before.get(key, 0)}
    assert grown == {
        ("wayin_requests_total", "GET", "problem", "200"): 2,
        ("wayin_requests_total", "GET", "-", "404"): 1,
        ("wayin_requests_total", "GET", "verdict", "200"): 1,
        ("wayin_requests_total", "POST", "packet", "200"): 3,
        ("wayin_request_seconds_count", "problem"): 2,
        ("wayin_request_seconds_count", "-"): 1,
        ("wayin_request_seconds_count", "verdict"): 1,
        ("wayin_request_seconds_count", "packet"): 3,
        ("wayin_verdicts_total", "contact-support"): 1,
        ("wayin_problems_total", "account-locked"): 1,
        ("wayin_packets_total", "txt"): 1,
        ("wayin_packets_total", "pdf"): 2,
        ("wayin_tasks_total", "done", "render"): 2,
        ("wayin_task_seconds_count", "render"): 2,
    }


def test_a_pdf_that_is_refused_or_ended_is_counted(client, settings, monkeypatch):
    settings.WAYIN_METRICS = True

    def count(outcome: str) -> float:
        found = numbers(client.get("/metrics").text)
        return sum(value for key, value in found.items() if key[0] == "wayin_tasks_total" and key[1] == outcome)

    before = {outcome: count(outcome) for outcome in ("busy", "time")}
    monkeypatch.setattr(workers, "PLACES", 0)
    with pytest.raises(workers.BusyError):
        workers.run(time.sleep, 1)
    monkeypatch.undo()
    settings.WAYIN_METRICS = True
    monkeypatch.setattr(workers, "SECONDS", 0.2)
    with pytest.raises(workers.LimitError):
        workers.run(time.sleep, 3)
    assert {outcome: count(outcome) - was for outcome, was in before.items()} == {"busy": 1, "time": 1}


def test_a_visitor_makes_no_numbers_of_their_own(client, settings):
    """Each name and value of a label stays in memory: a visitor must not be able to make new ones."""
    settings.WAYIN_METRICS = True
    client.get("/")
    client.generic("BREW", "/", CONTENT_LENGTH="0")
    client.get("/nowhere/")
    client.get(f"/triage/verdict/?{LOCKED}")
    before = numbers(client.get("/metrics").text).keys()
    for number in range(30):
        client.get(f"/canary{number}/?canary{number}=1")
        client.get(f"/triage/verdict/?symptom=canary{number}&{LOCKED}")
        client.generic(f"CANARY{number}", "/", CONTENT_LENGTH="0")
        client.post(f"/packet/canary{number}/", "a=b", content_type="application/x-www-form-urlencoded")
    after = numbers(client.get("/metrics").text).keys()
    assert after - before <= {
        ("wayin_requests_total", "POST", "packet", "404"),
        ("wayin_request_seconds_count", "packet"),
    }
    assert "canary" not in str(after).lower()


def test_the_real_server_answers_its_probes_and_keeps_them_out_of_the_log(static_files, tmp_path):
    with browser.running_site(tmp_path, environment={"WAYIN_METRICS": "1"}) as site:
        import urllib.request

        for url in ("/faq/", "/healthz", "/readyz", "/metrics"):
            with urllib.request.urlopen(site + url) as answer:
                text = answer.read().decode()
            if url == "/metrics":
                assert 'wayin_requests_total{method="GET",route="faq",status="200"}' in text
                assert "process_resident_memory_bytes" in text
        assert site.logged("GET faq 200")
        assert site.requests() == {"GET faq 200"}
