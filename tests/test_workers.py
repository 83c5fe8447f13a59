"""What could hang, burn or eat memory does so in a process that is killed, and everybody else is served."""

import contextlib
import gc
import itertools
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing import forkserver
from pathlib import Path
from types import SimpleNamespace

import browser
import chores
import pytest
from reading import POSTED, Page, answered, post
from variants import CACHES, MADE_AT

from triage import attached, limits, pdf, picture, renderers, workers
from triage.renderers import as_pdf

pytestmark = pytest.mark.usefixtures("static_files", "fact_sheet")

MIB = 1024 * 1024
GOOD = '<html lang="en"><head><title>Good</title></head><body><h1>Good</h1><p>{}</p></body></html>'
LOCKED = answered("locked-message", for_whom="self")


@pytest.fixture
def quick_limit(monkeypatch) -> None:
    monkeypatch.setattr(workers, "SECONDS", 0.5)


# ---- one task ----


def test_what_a_task_returns_or_raises_comes_through():
    assert workers.run(chores.echo, {"a": [1, b"2"]}) == {"a": [1, b"2"]}
    with pytest.raises(LookupError, match="as it was raised"):
        workers.run(chores.fail, "as it was raised")
    with pytest.raises(picture.PictureError):
        workers.run(picture.clean, b"x")
    with pytest.raises(attached.NotOursError):
        workers.run(attached.data_in, b"x")
    with pytest.raises(pdf.TooLongError):
        workers.run(pdf.render, GOOD.format("<p style='break-before:page'>x</p>" * 20), "", MADE_AT)


def test_tasks_run_in_one_process_that_stays_warm():
    assert workers.run(os.getpid) == workers.run(os.getpid) != os.getpid()


@pytest.mark.parametrize("task", [chores.spin, chores.sleep], ids=["busy", "asleep"])
def test_a_task_that_hangs_is_killed_at_the_limit_and_the_next_one_works(quick_limit, task):
    before = workers.run(os.getpid)
    start = time.perf_counter()
    with pytest.raises(workers.LimitError, match="time"):
        workers.run(task, *([60] if task is chores.sleep else []))
    assert 0.5 <= time.perf_counter() - start < 3
    assert workers.run(os.getpid) != before
    assert not Path(f"/proc/{before}/exe").exists()


@pytest.mark.parametrize(
    ("task", "arguments"),
    [(chores.eat, (2 * limits.MEMORY,)), (chores.eat_more_and_more, ()), (chores.crash, ()), (chores.leave, ())],
    ids=["one great bite", "many bites", "crash", "leaves"],
)
def test_what_eats_memory_or_crashes_is_refused_and_the_next_one_works(task, arguments):
    with pytest.raises(workers.LimitError):
        workers.run(task, *arguments)
    assert workers.run(chores.echo, 1) == 1


def test_a_task_stands_back_for_pages_and_looks_for_garbage_less_often():
    assert workers.answers()
    assert workers.run(os.nice, 0) == 19
    assert workers.run(gc.get_threshold)[0] == 50_000
    assert workers.run(gc.get_freeze_count) > 10_000


def test_a_task_can_write_no_file(tmp_path):
    with pytest.raises((OSError, workers.LimitError)):
        workers.run(chores.write, str(tmp_path / "x"))
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) == 0
    assert workers.run(chores.echo, 1) == 1


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_process_that_is_killed_while_it_waits_is_replaced(number):
    """As when the machine runs out of memory, and the kernel picks this one."""
    for _ in range(2):
        process = workers.run(os.getpid)
        os.kill(process, number)
        time.sleep(0.5)
        assert workers.run(os.getpid) != process


def test_a_process_that_takes_no_task_any_more_is_replaced(monkeypatch):
    monkeypatch.setattr(workers, "SECONDS", 0.3)
    monkeypatch.setattr(workers, "GRACE", 1)
    process = workers.run(os.getpid)
    os.kill(process, signal.SIGSTOP)
    with pytest.raises(workers.LimitError, match="time"):
        workers.run(chores.echo, 1)
    monkeypatch.undo()
    assert workers.run(os.getpid) != process


def test_what_is_replaced_leaves_no_thread_and_no_file_behind():
    def kept() -> tuple[int, int]:
        return threading.active_count(), len([*Path("/proc/self/fd").iterdir()])

    def killed_once_more() -> tuple[int, int]:
        os.kill(workers.run(os.getpid), signal.SIGKILL)
        time.sleep(0.5)
        workers.run(os.getpid)
        time.sleep(1)
        gc.collect()
        return kept()

    before = killed_once_more()
    for _ in range(3):
        after = killed_once_more()
    assert after[0] <= before[0]
    assert after[1] <= before[1] + 2


def test_when_the_server_that_forks_it_is_killed_too_both_come_back():
    for _ in range(2):
        server, process = workers.run(os.getppid), workers.run(os.getpid)
        assert server != os.getpid()
        for pid in (server, process):
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.5)
        assert workers.run(os.getpid) != process
        assert workers.run(os.getppid) != server


def test_a_replica_starts_even_where_the_process_does_not(monkeypatch):
    """Pages come before papers. The first task tries again."""
    begin = forkserver.connect_to_new_process
    monkeypatch.setattr(forkserver, "connect_to_new_process", _broken)
    workers._new_pool.cache_clear()
    workers.warm_up([])
    with pytest.raises(workers.LimitError):
        workers.run(os.getpid)
    monkeypatch.setattr(forkserver, "connect_to_new_process", begin)
    assert workers.run(chores.echo, 1) == 1


def _broken(*_):
    raise EOFError


def test_a_process_that_is_killed_at_work_costs_one_task():
    process = workers.run(os.getpid)
    threading.Timer(0.3, os.kill, (process, signal.SIGKILL)).start()
    with pytest.raises(workers.LimitError):
        workers.run(chores.sleep, 3)
    assert workers.run(os.getpid) != process


# ---- many at once ----


def test_who_finds_all_places_taken_is_told_at_once():
    with ThreadPoolExecutor(workers.PLACES) as pool:
        waiting = [pool.submit(workers.run, chores.sleep, 0.4) for _ in range(workers.PLACES)]
        time.sleep(0.1)
        start = time.perf_counter()
        with pytest.raises(workers.BusyError):
            workers.run(chores.echo, 1)
        # Before any of those that wait is done.
        assert time.perf_counter() - start < 0.2
        assert [task.result() for task in waiting] == ["slept"] * workers.PLACES
    assert workers.run(chores.echo, 1) == 1


def test_no_place_is_lost_however_a_task_ends(quick_limit):
    for _ in range(workers.PLACES + 1):
        for task, arguments in ((chores.fail, ("x",)), (chores.leave, ()), (chores.echo, (1,))):
            try:
                workers.run(task, *arguments)
            except (LookupError, workers.LimitError):
                continue
    assert workers.run(chores.echo, 1) == 1
    assert workers._places.taken == 0


def test_two_threads_that_come_first_start_one_process(monkeypatch):
    workers._new_pool.cache_clear()
    with ThreadPoolExecutor(4) as pool:
        assert len({*pool.map(lambda _: id(workers._pool()), range(8))}) == 1


# ---- hostile renders beside good ones ----

_deep = "<div>" * 400 + "x" + "</div>" * 400
HOSTILE = {
    "quadratic": (
        pdf.render,
        (GOOD.format(f"<table><td style='overflow-wrap:anywhere'>{'word ' * 9000}</table>"), "", MADE_AT),
    ),
    "huge": (pdf.render, (GOOD.format("<p>x</p>" * 40_000), "", MADE_AT)),
    "too long": (pdf.render, (GOOD.format("<p style='break-before:page'>x</p>" * 20), "", MADE_AT)),
    "deep": (pdf.render, (GOOD.format(_deep), "", MADE_AT)),
    "flex": (pdf.render, (GOOD.format("<div style='display:flex'>" * 20 + "x" * 2000), "", MADE_AT)),
    "wide": (pdf.render, (GOOD.format("<table><tr>" + "<td>x" * 3000), "", MADE_AT)),
    "no picture": (picture.clean, (b"\x89PNG\r\n\x1a\n" + b"x" * 100_000,)),
    "no packet": (attached.data_in, (b"%PDF-1.7\n" + b"1 0 obj<<>>endobj " * 5000,)),
    "spin": (chores.spin, ()),
    "crash": (chores.crash, ()),
}


def test_200_hostile_tasks_take_nothing_from_200_good_ones(monkeypatch):
    """Four threads at once. A good one asks again after a 503, as a browser would."""
    monkeypatch.setattr(workers, "SECONDS", 0.6)
    wanted = workers.run(pdf.render, GOOD.format(1), "", MADE_AT)[:8]
    asked_again = itertools.count()
    hostile = itertools.cycle(HOSTILE.values())
    # One of each, and then those that are told apart within milliseconds: a kill costs the limit.
    work = [("bad", next(hostile)) for _ in range(10)]
    quick = [HOSTILE[name] for name in ("no picture", "no packet", "deep", "too long")]
    work += [("bad", task) for task, _ in zip(itertools.cycle(quick), range(190), strict=False)]
    work += [("good", (pdf.render, (GOOD.format(number), "", MADE_AT))) for number in range(200)]
    random.Random(7).shuffle(work)  # noqa: S311 (no secret)

    def do(job) -> str:
        kind, (task, arguments) = job
        while True:
            try:
                done = workers.run(task, *arguments)
            except workers.BusyError:
                next(asked_again)
                time.sleep(0.02)
            except (
                workers.LimitError,
                pdf.TooLongError,
                picture.PictureError,
                attached.NotOursError,
                RecursionError,
            ) as error:
                return f"{kind} refused: {error!r}"
            else:
                return "good arrived" if kind == "good" and done[:8] == wanted else f"{kind} done"

    with ThreadPoolExecutor(4) as pool:
        ended = list(pool.map(do, work))
    assert [end for end in ended if end.startswith("good") and end != "good arrived"] == []
    assert ended.count("good arrived") == 200
    assert sum(end.startswith("bad refused") for end in ended) > 120


def test_200_packets_leave_the_memory_where_it_was(packets):
    names = ["account-locked", "in Chinese", "a screen as picture", "nothing typed"]
    html = [GOOD.format(f"{packets[name].details} <b>{number}</b>") for name in names for number in range(5)]
    sizes = []
    for number in range(200):
        workers.run(pdf.render, html[number % len(html)], "p{color:red}", MADE_AT)
        if number % 50 == 49:
            as_pdf(packets[names[number // 50]])
            sizes.append(workers.run(chores.resident))
    # The first fifty bring the fonts in.
    assert sizes[-1] - sizes[0] < 20 * MIB, sizes


# ---- the site ----


@pytest.mark.parametrize("trouble", [workers.BusyError, workers.LimitError])
def test_no_pdf_now_gives_503_and_the_ways_that_still_work(client, monkeypatch, trouble):
    def no_place(*_):
        raise trouble("time")

    monkeypatch.setattr(workers, "run", no_place)
    response = post(client, "/packet/pdf/", [*LOCKED.pairs(), *POSTED.items()])
    assert response.status_code == 503
    assert response["Retry-After"] == "5"
    assert "no-store" in response["Cache-Control"]
    page = Page(response)
    assert page.all("div[@id='errors']")
    assert POSTED["name"] in page.text
    for button in ("Save the phone script", "Save the e-mail text"):
        form = page.form(button)
        assert post(client, form.action, form.pairs).status_code == 200
    # The page that is printed is the packet itself.
    assert page.all("section[@id='sheet-a']")
    assert page.all("section[@id='sheet-b']")
    assert "Error 1031" in page.all("textarea")[0].text


@pytest.mark.parametrize("url", ["/packet/blank.pdf", "/checklist/checklist.pdf", "/packet/sample.pdf"])
def test_a_paper_that_cannot_be_made_now_gives_503_and_says_what_to_do(client, monkeypatch, url):
    for cache in CACHES:
        cache.cache_clear()
    monkeypatch.setattr(workers, "PLACES", 0)
    response = client.get(url)
    assert response.status_code == 503
    assert response["Retry-After"] == "5"
    assert Page(response).all("h1")


def family(parent: int) -> dict[int, str]:
    """Every process below this one, with its command."""
    # Not by `ps`, which cuts a command where a line of the terminal would end.
    parents, commands = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            commands[int(folder.name)] = (folder / "cmdline").read_text().replace("\0", " ")
    below = {parent}
    while more := {pid for pid, above in parents.items() if above in below} - below:
        below |= more
    return {pid: command for pid, command in commands.items() if pid in below}


@pytest.fixture
def server(tmp_path):
    """A real gunicorn of our own, which a test may kill."""
    port = browser.free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("WAYIN_", "DJANGO_"))}
    words = [sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py"]
    with (tmp_path / "log").open("wb") as log:
        running = subprocess.Popen(
            words, cwd=browser.ROOT, env=environment | {"PORT": str(port)}, stdout=log, stderr=log
        )
    site = browser.Site(f"http://127.0.0.1:{port}")
    site.log_file = tmp_path / "log"
    browser.wait_until_ready(site, running)
    site.process = running
    yield site
    running.kill()
    running.wait()


def fetch(site: str, path: str, data: bytes | None = None, content_type: str = "") -> tuple[int, float]:
    request = urllib.request.Request(site + path, data, {"Content-Type": content_type} if content_type else {})
    start = time.perf_counter()
    try:
        with urllib.request.urlopen(request, timeout=40) as answer:
            answer.read()
            return answer.status, time.perf_counter() - start
    except urllib.error.HTTPError as error:
        return error.code, time.perf_counter() - start


def test_after_the_server_is_killed_nothing_is_left(server):
    body = urllib.parse.urlencode([*LOCKED.pairs(), *POSTED.items()]).encode()
    assert [fetch(server, "/packet/pdf/", body)[0] for _ in range(4)] == [200] * 4
    processes = family(server.process.pid)
    assert any("forkserver" in words for words in processes.values())
    server.process.kill()
    server.process.wait()
    until = time.monotonic() + 15
    while (left := [pid for pid in processes if _runs(pid)]) and time.monotonic() < until:
        time.sleep(0.2)
    assert left == []


def _runs(pid: int) -> bool:
    try:
        return not re.search(r"^State:\s+[ZX]", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_while_the_workers_are_busy_the_site_stays_quick(server):
    """Eight people ask for the longest packet there is, again and again, and others only read."""
    longest = POSTED | {
        "what-happened": "我 wwww " * 250,
        "error-words": "w我" * 400,
    }
    answers = answered("locked-message", "code-missing", "page-or-app-broken", "records-missing", for_whom="child")
    body = urllib.parse.urlencode([*answers.pairs(), *longest.items()]).encode()
    assert fetch(server, "/")[0] == 200
    until = time.monotonic() + 4

    def ask(_) -> list[int]:
        codes = []
        while time.monotonic() < until:
            codes.append(fetch(server, "/packet/pdf/", body)[0])
        return codes

    with ThreadPoolExecutor(8) as pool:
        asking = pool.map(ask, range(8))
        pages = []
        while time.monotonic() < until - 0.5:
            pages.append(fetch(server, "/problems/"))
            time.sleep(0.05)
        codes = [code for answered_with in asking for code in answered_with]
    assert {code for code, _ in pages} == {200}
    assert set(codes) <= {200, 503}
    assert 200 in codes
    seconds = sorted(took for _, took in pages)
    assert seconds[int(len(seconds) * 0.9)] < 1.5


@pytest.mark.parametrize("trouble", [TypeError("an integer is required"), OSError("handle is closed")])
def test_a_task_on_its_way_to_a_pool_that_another_request_gave_up_is_refused_kindly(monkeypatch, trouble):
    given_up = SimpleNamespace(schedule=lambda *_, **__: failed(trouble))
    monkeypatch.setattr(workers, "_pool", lambda: given_up)
    with pytest.raises(workers.LimitError):
        workers.run(len, "x")


def test_a_fault_of_a_task_itself_is_told_as_it_is():
    with pytest.raises(TypeError):
        workers.run(len, 1)


def test_the_example_is_drawn_in_each_language_before_a_replica_is_ready(monkeypatch):
    """The probe of readiness waits its turn, behind all of it."""
    asked: list[tuple] = []
    pool = SimpleNamespace(schedule=lambda task, args=(), **_: asked.append((task, args)))
    monkeypatch.setattr(workers, "_pool", lambda: pool)
    renderers.warm_up()
    assert [task for task, _ in asked] == [pdf.render, pdf.render, pdf.warm_up]
    languages = [re.search('<html lang="(..)"', args[0])[1] for _, args in asked[:-1]]
    assert languages == ["en", "es"]


def test_content_without_what_the_example_says_keeps_no_replica_from_starting(monkeypatch):
    asked: list = []
    monkeypatch.setattr(workers, "_pool", lambda: SimpleNamespace(schedule=asked.append))

    def is_not_ours() -> None:
        raise attached.NotOursError

    monkeypatch.setattr(renderers, "example", is_not_ours)
    renderers.warm_up()
    assert asked == [pdf.warm_up]


def test_the_server_does_not_load_what_only_the_process_for_pdfs_needs():
    words = "import sys, helpdesk.wsgi; print({'weasyprint', 'pydyf', 'pypdf'} & set(sys.modules))"
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "helpdesk.settings", "PYTHONWARNINGS": "ignore"}
    run = subprocess.run(
        [sys.executable, "-c", words],
        check=True,
        cwd=browser.ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert run.stdout == "set()\n"


def failed(trouble: Exception) -> Future:
    future: Future = Future()
    future.set_exception(trouble)
    return future
