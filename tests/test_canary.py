"""Nothing is kept: a day (day.py) of words that occur nowhere else, which are then looked for everywhere.

What the visitor's own browser keeps is in test_crawl.py.
"""

import json
import re
import resource
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path

import day as days
import pytest
import traces
from browser import ROOT
from django.urls import get_resolver

from helpdesk.loaded import catalog


@pytest.fixture(scope="module")
def day(failing_stack) -> Iterator[days.Day]:
    whole = days.Day(failing_stack)
    days.live_through(whole)
    yield whole
    for image in ROOT.glob("core*"):
        if image.is_file() and image.stat().st_mtime > whole.began:
            image.unlink()


# All that the site and nginx may say, besides numbers, times, and names of our own code.
ROUTES = {"static", "-", *(name for name in get_resolver("failing.urls").reverse_dict if isinstance(name, str))}
SAID = re.compile(
    r"Starting gunicorn [\d.]+|Listening at: http://127\.0\.0\.1:\d+ \(\d+\)|Using worker: gthread"
    r"|Booting worker with pid: \d+|Worker exiting \(pid: \d+\)|Worker \(pid:\d+\) exited with code \d+\.?"
    r"|Worker \(pid:\d+\) was sent SIG[A-Z]+!( Perhaps out of memory\?)?|Handling signal: [a-z\d]+"
    r"|Shutting down: Master|Invalid request refused|[a-z_]+ broke its limit: (time|memory)"
)
PLACE = re.compile(r"(/[\w.@/-]+|<[\w. ]+>):\d+( [\w<>.]+)?")
NGINX = re.compile(
    r'\{"time":"[\d-]{10}T[\d:]{8}\+\d\d:\d\d","method":"(GET|HEAD|POST|other)","status":"\d{3}",'
    r'"seconds":\d+\.\d{3},"bytes":\d+,"cache":"(MISS|HIT|BYPASS|EXPIRED|STALE|UPDATING|REVALIDATED)?"\}'
)
# Too common to be looked for anywhere but in what the site itself says.
BIRTH_DATE = re.compile(r"1911-0?2-17|17,? 1911|17 de febrero de 1911|0?2/17/1911|birth-date_year")
ALLOWED = {
    "time": lambda value: re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", value),
    "level": {"INFO", "WARNING", "ERROR", "CRITICAL"}.__contains__,
    "logger": re.compile(r"(wayin|django|gunicorn)(\.\w+)*").fullmatch,
    "method": {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other"}.__contains__,
    "route": ROUTES.__contains__,
    "status": range(100, 600).__contains__,
    "seconds": lambda value: isinstance(value, float),
    "bytes": lambda value: isinstance(value, int),
    "error_id": re.compile("[0-9a-f]{8}").fullmatch,
    "exception": re.compile(r"[A-Z]\w+").fullmatch,
    "at": lambda value: all(map(PLACE.fullmatch, value)),
    "message": SAID.fullmatch,
}


def test_the_day_had_every_kind_of_answer(day):
    wanted = {200, 301, 302, 400, 404, 405, 411, 413, 414, 422, 431, 500, 503}
    assert wanted - {answer.status for answer in day.answers} == set()


def test_the_words_are_in_the_packet_so_that_finding_them_nowhere_else_means_something(day):
    typed = {question.id for question in catalog().details_questions if question.kind in ("line", "text", "address")}
    for packet in day.packets:
        found = day.word.found_in(traces.whole(packet))
        assert {place.partition(",")[0] for place in found} - {"not in plain letters"} == typed | {"email"}


def test_a_packet_says_nothing_of_it_on_its_cover_and_its_picture_is_pixels_alone(day):
    for packet in day.packets:
        assert day.word.found_in(traces.about(packet)) == set()
    for picture in day.pictures:
        # https://www.w3.org/TR/png-3/#11Chunks
        assert [chunk for chunk, _ in _chunks(picture)] == [b"IHDR", b"PLTE", b"IDAT", b"IEND"]


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 8
    while place < len(png):
        length, name = struct.unpack_from(">I4s", png, place)
        yield name, png[place + 8 : place + 8 + length]
        place += length + 12


def test_no_log_has_any_of_it(day):
    logs = day.stack.logs()
    assert logs.count('"wayin.access"') > 100
    assert "RuntimeError" in logs
    assert '"level": "WARNING", "logger": "gunicorn.error"' in logs
    assert day.word.found_in(logs) == set()
    assert BIRTH_DATE.findall(logs) == []


def test_every_line_in_a_log_of_a_replica_is_made_of_what_is_allowed_and_nothing_else(day):
    wrong = []
    for replica in day.stack.replicas:
        for line in replica.log_file.read_text().splitlines():
            try:
                said = json.loads(line)
                wrong += [line for name, value in said.items() if name not in ALLOWED or not ALLOWED[name](value)]
            except ValueError:
                wrong.append(line)
    assert wrong == []


def test_every_line_in_a_log_of_nginx_is_made_of_what_is_allowed_and_nothing_else(day):
    lines = [line for file in (day.stack.folder / "logs").glob("nginx*") for line in file.read_text().splitlines()]
    assert len(lines) > 100
    assert [line for line in lines if not NGINX.fullmatch(line)] == []


def test_no_header_has_any_of_it_but_a_redirect_to_the_same_address(day):
    wrong = []
    for answer in day.answers:
        location = b"".join(re.findall(rb"(?im)^Location: .*$", answer.head)) if answer.status == 301 else b""
        found = day.word.found_in(answer.head.replace(location, b""))
        found |= day.word.found_in(location) - day.word.found_in(answer.asked)
        wrong += [(answer.asked, found)] if found else []
    assert wrong == []


def test_no_number_for_monitoring_has_any_of_it(day):
    read = [answer for answer in day.answers if "/metrics" in answer.asked]
    assert len(read) > 4
    assert set().union(*(day.word.found_in(answer.body) for answer in read)) == set()


def test_no_page_that_everybody_gets_has_any_of_it(day):
    """Kept by nginx, or made once for all."""
    help_pages = [answer for answer in day.answers if re.fullmatch(r"GET /[a-z/.-]*", answer.asked)]
    assert len(help_pages) > 15
    assert [answer.asked for answer in help_pages if day.word.found_in(answer.body)] == []


def test_no_file_has_any_of_it(day):
    shared = [Path(folder) for folder in ("/dev/shm", "/run", "/var")]  # noqa: S108 - nothing is put there
    folders = [ROOT, Path(tempfile.gettempdir()), Path.home(), day.stack.folder, *shared]
    found = {str(file): day.word.found_in(traces.content(file)) for file in traces.files_newer_than(day.began, folders)}
    assert found.keys() >= {str(replica.log_file) for replica in day.stack.replicas}, "it looked in the wrong places"
    assert {name: places for name, places in found.items() if places} == {}


def test_no_temporary_file_was_written_that_is_gone_again(day):
    assert day.written == set()


def test_no_process_tells_of_it_and_none_of_ours_holds_it_open(day):
    assert day.seen == {}


def test_a_process_that_crashes_leaves_no_image_of_its_memory(day):
    pattern = Path("/proc/sys/kernel/core_pattern").read_text()
    if pattern.startswith("|") or not resource.getrlimit(resource.RLIMIT_CORE)[0]:
        pytest.skip("this machine hands memory images to a program of its own, or makes none")
    folder = (ROOT / pattern).parent
    assert [str(file) for file in traces.files_newer_than(day.began, [folder]) if file.name.startswith("core")] == []
