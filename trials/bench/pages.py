"""Pages: how many a second one process answers, and how long one takes, asked by wrk from the other core."""

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from trials.bench import facts, peers, servers
from trials.bench.figures import Measured, in_turn, machine
from trials.bench.servers import Server
from trials.storm import cpu_seconds, table
from trials.watch import below

SERVERS = ("gunicorn", "granian")
# How many connections ask at once: as many as the server has threads.
CONNECTIONS = 8
LOCKED = "symptom=locked-message&for-whom=self&codes-unasked=no&needed-today=refill"
BROWSER = {"Accept-Encoding": "gzip, deflate, br"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PACKAGES, PROGRAMS = ("django", "gunicorn", "granian", "django-helpdesk", "wagtail"), ("nginx", "wrk")


@dataclass(frozen=True)
class Page:
    """A page and the server that has it. With a body, it is posted. `beside` names the template to compare it with."""

    title: str
    server: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    beside: str = "template, as long as the start page"


START = "/"
# Those of ours that are made for one visitor, by what their titles say. Each is compared with a template as long.
OF_THE_WAY = {
    "the symptoms": "/triage/",
    "the question": "/triage/question/?symptom=locked-message",
    "the verdict": f"/triage/verdict/?{LOCKED}",
    "the details": f"/triage/details/?{LOCKED}",
}
AS_LONG = "template, as long as {}"
TEMPLATE = Page.beside
OF_SIZE = {TEMPLATE: START} | {AS_LONG.format(title): path for title, path in OF_THE_WAY.items()}
TEXT = "ours, the packet as text (POST)"
HELPDESK, NGINX = "django-helpdesk, its knowledge base", "nginx, a file"


def our_pages() -> list[Page]:
    return [
        Page("ours, start", "ours", START),
        Page("ours, start, compressed", "ours", START, BROWSER),
        Page("ours, a problem", "ours", "/problems/account-locked/"),
        *(Page(f"ours, {title}", "ours", path, beside=AS_LONG.format(title)) for title, path in OF_THE_WAY.items()),
        # It is shorter than any of them.
        Page(TEXT, "ours", "/packet/txt/", FORM, _filled_in(), beside=AS_LONG.format("the question")),
    ]


def peers_pages(sizes: Mapping[str, int]) -> list[Page]:
    """The peers' pages. `sizes` has how many bytes of ours each template is to have, by its title."""
    return [
        Page("Django, a view of ready bytes", "bare", "/"),
        *(Page(title, "rows", f"/{size}/", beside=title) for title, size in sizes.items()),
        Page("template, its links looked up", "rows", f"/{sizes[TEMPLATE]}/links/"),
        Page(HELPDESK, "desk", "/kb/"),
        Page("django-helpdesk, a topic of it", "desk", "/kb/topic-1/"),
        Page("Wagtail, its start page", "wagtail", "/"),
        Page(NGINX, "nginx", "/page.html"),
    ]


def _filled_in() -> bytes:
    """What the review page of the made-up patient posts. Needs Django, set up."""
    return urlencode([(key, value.replace("\n", "\r\n")) for key, value in facts.draft(0).everything()]).encode()


@dataclass
class Figures:
    """Of one page: requests a second, milliseconds, processor seconds of one request, and bytes."""

    page: Page
    size: int
    rate: Measured = field(default_factory=Measured)
    p50: Measured = field(default_factory=Measured)
    p99: Measured = field(default_factory=Measured)
    processor: Measured = field(default_factory=Measured)


@dataclass(frozen=True)
class Asked:
    """What wrk says of one go: requests a second, milliseconds, and how many requests failed."""

    rate: float
    p50: float
    p99: float
    requests: int
    failed: int

    @classmethod
    def read(cls, said: str) -> "Asked":
        failed = re.findall(r"Non-2xx or 3xx responses: (\d+)|Socket errors: (.*)", said)
        errors = sum(int(number) for pair in failed for number in re.findall(r"\d+", " ".join(pair)))
        rate, requests = re.search(r"Requests/sec:\s+([\d.]+)", said)[1], re.search(r"(\d+) requests in", said)[1]
        p50, p99 = (milliseconds(re.search(rf"^ +{share}% +(\S+) *$", said, re.MULTILINE)[1]) for share in (50, 99))
        return cls(float(rate), p50, p99, int(requests), errors)


def milliseconds(said: str) -> float:
    """wrk's "812.00us", "2.56ms" or "1.02s"."""
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", said).groups()
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000, "m": 60_000}[unit]


def measure(server: str, rounds: int, seconds: int) -> list[Figures]:
    """Every page in turn, for so many seconds each. Needs Django, set up.

    Raises RuntimeError where a server does not start, or answers with anything but the page.
    """
    cores = sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory(prefix="wayin-bench-") as name, ExitStack() as running:
        folder = Path(name)
        folder.chmod(0o755)
        try:
            # What is started from here on stays there; wrk has the last one to itself.
            os.sched_setaffinity(0, cores[:1])
            started = {"ours": running.enter_context(Server(servers.ours(server), folder, "/readyz"))}
            sizes = {title: len(_page(started["ours"], path)) for title, path in OF_SIZE.items()}
            servers.prepare(folder, _page(started["ours"], START))
            pages = [*our_pages(), *peers_pages(sizes)]
            starts = {
                "bare": servers.django(server, "bare"),
                "rows": servers.django(server, "rows"),
                "desk": servers.django(server, "desk"),
                "wagtail": servers.wagtail(server),
                "nginx": servers.nginx,
            }
            for kind, start in starts.items():
                ready = next(page.path for page in pages if page.server == kind)
                started[kind] = running.enter_context(Server(start, folder, ready))
            os.sched_setaffinity(0, cores[-1:])
            return _in_turn(pages, started, folder, rounds, seconds)
        finally:
            os.sched_setaffinity(0, cores)


def _in_turn(
    pages: Sequence[Page], started: Mapping[str, Server], folder: Path, rounds: int, seconds: int
) -> list[Figures]:
    figures = {page.title: Figures(page, len(_page(started[page.server], page=page))) for page in pages}
    for number, title in in_turn(figures, rounds + 1):
        its = figures[title]
        server = started[its.page.server]
        before = processor_seconds(server)
        asked = _ask(its.page, server, folder, seconds if number else 1)
        used = processor_seconds(server) - before
        if asked.failed:
            raise RuntimeError(f"{title}: {asked.failed} requests failed")
        if number:  # the first one warms up
            for measured, value in ((its.rate, asked.rate), (its.p50, asked.p50), (its.p99, asked.p99)):
                measured.add(number, value)
            its.processor.add(number, used / asked.requests)
    return list(figures.values())


def _page(server: Server, path: str = "", page: Page | None = None) -> bytes:
    page = page or Page("", "", path)
    status, content = server.get(page.path, page.headers, page.body or None)
    if status != 200 or not content:
        raise RuntimeError(f"{page.path} answers {status}")
    return content


def _ask(page: Page, server: Server, folder: Path, seconds: int) -> Asked:
    script = folder / "ask.lua"
    # Plain letters are quoted alike in JSON and in wrk's language.
    lines = [f"wrk.headers[{json.dumps(name)}] = {json.dumps(value)}" for name, value in page.headers.items()]
    if page.body:
        lines += ['wrk.method = "POST"', f"wrk.body = {json.dumps(page.body.decode())}"]
    script.write_text("\n".join(lines))
    words = [peers.program("wrk"), "--threads", "1", "--connections", str(CONNECTIONS), "--latency"]
    words += ["--duration", f"{seconds}s", "--script", str(script)]
    address = f"http://127.0.0.1:{server.port}{page.path}"
    return Asked.read(subprocess.run([*words, address], capture_output=True, text=True, check=True).stdout)


def processor_seconds(server: Server) -> float:
    """Of all its processes, in hundredths of a second."""
    return sum(cpu_seconds(pid) for pid in below(server.process.pid))


def report(server: str, figures: Sequence[Figures]) -> str:
    """The figures as Markdown."""
    by_title = {its.page.title: its for its in figures}
    head = ["page", "bytes", "requests/s", "p50 ms", "p99 ms", "CPU ms", "x template", "x helpdesk", "x nginx"]
    rows = [_row(its, by_title) for its in figures]
    return f"{machine(PACKAGES, PROGRAMS)}; by {server}\n\n{table([*head, 'x template, CPU', 'x helpdesk, CPU'], rows)}"


def _row(its: Figures, by_title: Mapping[str, Figures]) -> list[object]:
    template, helpdesk, nginx = (by_title[title] for title in (its.page.beside, HELPDESK, NGINX))
    return [
        its.page.title,
        its.size,
        f"{its.rate.median:,.0f}",
        f"{its.p50.median:.2f}",
        f"{its.p99.median:.2f}",
        f"{1000 * its.processor.mean:.2f}",
        *(f"{its.rate.ratio(other.rate):.3g}" for other in (template, helpdesk, nginx)),
        *(f"{other.processor.mean / its.processor.mean:.3g}" for other in (template, helpdesk)),
    ]
