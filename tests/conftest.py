"""Fixtures for the tests that use the site as a person does. The helpers are in browser.py."""

import itertools
import os
import resource
from collections.abc import Callable, Iterator
from pathlib import Path

import browser
import pseudo
import pytest
import variants
import visits
from hypothesis import settings
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from helpdesk import loaded, organization
from triage import standing, workers
from trials.stack import Stack

# No deadline: a shared machine is slow now and then. In CI always the same examples: it must not fail by chance.
settings.register_profile("wayin", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("wayin")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever starts Chromium is marked, so that `-m "not browser"` leaves it out."""
    for item in items:
        if {"chromium", "visitor"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.browser)


def pytest_sessionstart(session: pytest.Session) -> None:
    """The processes of pytest-xdist share the static files, so they are collected before the first of them starts."""
    if getattr(session.config.option, "numprocesses", None):
        browser.collect_static()


@pytest.fixture(autouse=True)
def time_enough(request, monkeypatch) -> None:
    """Tests share a few cores. Whether a paper is made in time is for the tests of the limits to say."""
    if request.module.__name__ not in ("test_workers", "test_deploy", "test_security_documents"):
        monkeypatch.setattr(workers, "SECONDS", 20.0)


@pytest.fixture(scope="session")
def static_files(request) -> None:
    if not hasattr(request.config, "workerinput"):
        browser.collect_static()


@pytest.fixture(scope="session")
def site(static_files, tmp_path_factory) -> Iterator[browser.Site]:
    """The address of the site as the made-up health system runs it; `.log` is what its server wrote."""
    folder = tmp_path_factory.mktemp("site")
    with browser.running_site(folder, organization=browser.EXAMPLE_ORGANIZATION) as running:
        yield running


@pytest.fixture(scope="session")
def blank_site(static_files, tmp_path_factory) -> Iterator[browser.Site]:
    """The same as it comes: with the blank fact sheet."""
    with browser.running_site(tmp_path_factory.mktemp("blank-site")) as running:
        yield running


@pytest.fixture(scope="session")
def stack(static_files, tmp_path_factory) -> Iterator[Stack]:
    """nginx in front of two replicas, as the made-up health system runs them."""
    with Stack(tmp_path_factory.mktemp("stack"), organization=browser.EXAMPLE_ORGANIZATION) as running:
        yield running


@pytest.fixture(scope="session")
def failing_stack(static_files, tmp_path_factory) -> Iterator[Stack]:
    """The same with the addresses of failing/urls.py, and with a memory image of each process that crashes."""
    environment = {"DJANGO_SETTINGS_MODULE": "failing.settings", "PYTHONPATH": str(browser.ROOT / "tests")}
    folder = tmp_path_factory.mktemp("failing-stack")
    usual = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (usual[1], usual[1]))
    try:
        with Stack(folder, organization=browser.EXAMPLE_ORGANIZATION, environment=environment) as running:
            yield running
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, usual)


@pytest.fixture(scope="session")
def pseudo_content(tmp_path_factory) -> Path:
    """The content in English and in the two languages of pseudo.py."""
    return pseudo.write(tmp_path_factory.mktemp("pseudo") / "content")


@pytest.fixture(scope="session")
def pseudo_site(static_files, pseudo_content, tmp_path_factory) -> Iterator[browser.Site]:
    """The site of the made-up health system under /ar/ and /de/, whose desks read English.

    Some of its numbers are written so that their parts could change places.
    """
    folder = tmp_path_factory.mktemp("pseudo-site")
    facts = (browser.ROOT / browser.EXAMPLE_ORGANIZATION).read_text(encoding="utf-8")
    facts = facts.replace('"911"', '"+1 207-555-0119"').replace('"207-555-0120"', '"(207) 555-0120"')
    (folder / "facts.toml").write_text(facts, encoding="utf-8")
    with browser.running_site(folder, str(folder / "facts.toml"), pseudo_content) as running:
        yield running


# Session fixtures, since a second sync_playwright() while the first one runs is refused.
@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def chromium(playwright) -> Iterator[Browser]:
    running = playwright.chromium.launch(executable_path=browser.chromium_path(), args=browser.CHROMIUM_FLAGS)
    yield running
    running.close()


@pytest.fixture
def visitor(playwright, request, tmp_path) -> Iterator[Callable[..., Page]]:
    """A maker of visitors: each a new page in a profile of its own, which has all it did in `page.seen`."""
    contexts = []
    numbers = itertools.count()

    def new_visitor(
        *,
        javascript: bool = True,
        cookies: bool = True,
        width: int = 1280,
        height: int = 900,
        scheme: str = "light",
        locale: str = "en-US",
        **options,
    ) -> Page:
        options |= {
            "java_script_enabled": javascript,
            "viewport": {"width": width, "height": height},
            "color_scheme": scheme,
            "locale": locale,
        }
        if cookies:
            context = request.getfixturevalue("chromium").new_context(**options)
        else:
            folder = tmp_path / f"chromium-{next(numbers)}"
            context = browser.cookieless_context(playwright.chromium, folder, **options)
        context.set_default_timeout(10_000)
        contexts.append(context)
        return browser.new_page(context)

    yield new_visitor
    for context in contexts:
        context.close()


@pytest.fixture
def no_script_no_cookies(visitor, site) -> Callable[..., visits.Visit]:
    """A maker of visits with JavaScript and cookies switched off, in the language of the speech."""

    def new_visit(speech: visits.Speech, **options) -> visits.Visit:
        return visits.Visit(visitor(javascript=False, cookies=False, **options), site, speech)

    return new_visit


@pytest.fixture
def fact_sheet(settings) -> Iterator[Callable[[str | Path], None]]:
    """Switches the fact sheet of this process: "blank", "example" (the made-up one) or a path."""
    names = {"blank": organization.BLANK, "example": browser.ROOT / browser.EXAMPLE_ORGANIZATION}

    def switch(name: str | Path) -> None:
        path = names.get(name, name)
        if path != settings.WAYIN_ORGANIZATION:
            loaded.forget()
        settings.WAYIN_ORGANIZATION = path

    usual = settings.WAYIN_ORGANIZATION
    switch("blank")
    yield switch
    switch(usual)


@pytest.fixture(scope="session")
def made_once(tmp_path_factory) -> variants.Packets:
    return variants.Packets(tmp_path_factory.mktemp("variants"))


@pytest.fixture
def drawn_here(monkeypatch) -> None:
    """PDFs are made in this process, where a test can see what is kept of them. Of blocks that is nothing at first."""
    monkeypatch.setattr(workers, "run", lambda task, *arguments: task(*arguments))
    standing.forget()


@pytest.fixture
def packets(static_files, made_once) -> Iterator[variants.Packets]:
    """The forty packets of variants.py; `packets.use(name)` switches to the fact sheet of one."""
    with variants.usual_facts_after():
        yield made_once
