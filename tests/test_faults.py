"""The quick ones of `make faults`, on ours alone: what breaks, and what is sent, costs no patient what they typed.

What is timed there is not asserted here: a machine that runs tests has other things to do.
"""

import datetime
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from reading import Page, post

from trials import attacks, failures
from trials.fault import FAULTS, CannotTryError, Outcome
from trials.sites import Site, Sites

LOCKED = "symptom=locked-message&for-whom=self&codes-unasked=no&needed-today=refill"


@pytest.fixture(scope="module")
def sites(stack) -> Iterator[Sites]:
    with ExitStack() as held:
        yield Sites("ours", held, Site("ours", stack))


def outcome(attempt: Callable[..., Outcome], *arguments: object, **options: object) -> Outcome:
    """What came of a fault; pytest shows the figures where a test fails."""
    try:
        came = attempt(*arguments, **options)
    except CannotTryError as error:
        pytest.skip(str(error))
    print(came.figures)  # noqa: T201
    return came


# ---- what breaks around the site ----


def test_when_a_server_process_is_killed_every_journey_ends_with_its_pdf_and_the_process_is_replaced(sites):
    assert outcome(failures.server_killed, sites, kills=1).sound


def test_on_a_full_disk_journeys_finish_and_with_room_again_the_log_goes_on(sites):
    assert outcome(failures.disk_full, sites).sound


def test_where_nothing_can_be_written_but_memory_a_journey_ends_with_its_pdf_and_writes_no_file(sites):
    try:
        done = failures.on_read_only_disks(sites.kind, [*failures.WRITABLE][1])
    except CannotTryError as error:
        pytest.skip(str(error))
    assert done == {"ends": "well", "files": 0}


def test_without_a_network_every_page_and_every_pdf_is_the_same(sites):
    came = outcome(failures.no_network, sites)
    assert came.sound
    assert int(came.figures.split()[0]) > 50


def test_a_broken_fact_sheet_stops_the_replica_that_starts_and_no_other(sites):
    assert outcome(failures.content_broken, sites).sound


@pytest.mark.parametrize("minutes", [10, -10])
def test_what_a_replica_made_whose_clock_is_wrong_by_minutes_keeps_its_reference_and_its_time(client, minutes):
    then = datetime.datetime.now(datetime.UTC).replace(microsecond=0) + datetime.timedelta(minutes=minutes)
    sent = {"reference": "2345-678K", "made-at": then.isoformat()}
    page = Page(post(client, f"/triage/review/?{LOCKED}", sent))
    form = page.form("Save as PDF")
    made = json.loads(post(client, "/packet/json/", form.pairs).content)
    assert made["reference"] == "2345-678K"
    assert datetime.datetime.fromisoformat(made["made_at"]) == then


# ---- what somebody sends to it ----


@pytest.mark.parametrize("attack", [attacks.slow_headers, attacks.slow_bodies, attacks.slow_readers])
def test_beside_a_hundred_slow_clients_every_page_comes(sites, attack):
    assert outcome(attack, sites, count=100, seconds=1, ways=(attacks.BEHIND,)).sound


def test_an_upload_of_100_mb_is_refused_before_it_takes_memory_or_a_disk(sites):
    assert outcome(attacks.upload_of_100_mb, sites).sound


def test_forms_that_abuse_multipart_are_refused_and_take_no_memory(sites):
    assert outcome(attacks.multipart_abuse, sites).sound


def test_a_form_of_ten_thousand_fields_is_refused(sites):
    assert outcome(attacks.ten_thousand_fields, sites).sound


def test_no_name_of_a_file_gets_into_a_header_or_a_paper(sites):
    assert outcome(attacks.file_names, sites).sound


def test_markup_that_is_typed_asks_nobody_for_anything(sites):
    assert outcome(attacks.markup, sites).sound


def test_no_request_hides_another_one_that_the_next_visitor_would_get(sites):
    assert outcome(attacks.smuggling, sites).sound


def test_visitors_whose_steps_are_mixed_get_their_own_words_alone(sites):
    assert outcome(attacks.mixed_visitors, sites, people=60).sound


# ---- the table ----


def test_every_fault_says_what_is_done_what_must_come_of_it_and_which_tests_there_are():
    assert len(FAULTS) >= 20
    for fault in FAULTS.values():
        assert fault.done
        assert fault.line
        for file in filter(None, fault.tests.split(", ")):
            assert (failures.ROOT / file).exists(), f"{fault.name} names {file}"
