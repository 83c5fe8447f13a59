"""The pages that a proxy shows by itself."""

import re

import pytest
from browser import html_errors
from django.core.management import call_command
from reading import Page

from helpdesk.loaded import catalog_in

pytestmark = pytest.mark.usefixtures("static_files")


@pytest.fixture
def written(tmp_path, fact_sheet):
    """The pages in a folder that was not there before, as this fact sheet makes them."""

    def write(facts: str = "blank") -> dict[str, Page]:
        fact_sheet(facts)
        call_command("proxy_pages", str(tmp_path / "new" / "proxy"))
        files = sorted((tmp_path / "new" / "proxy").iterdir())
        return {file.name: Page(file.read_bytes()) for file in files}

    return write


def test_there_is_one_for_no_answer_and_one_for_too_much(written):
    assert set(written()) == {"too-large.html", "unavailable.html"}


@pytest.mark.parametrize("facts", ["blank", "example"])
def test_each_says_it_in_every_language_with_the_emergency_line_and_what_to_do(written, facts):
    for name, page in written(facts).items():
        sections = {section.get("lang"): section for section in page.all("section")}
        assert set(sections) == {"en", "es"}
        for language, section in sections.items():
            text = " ".join("".join(section.itertext()).split())
            words = catalog_in(language)
            said = words.pages["unavailable"] if name == "unavailable.html" else None
            title = said.title if said else words.interface["refused"]["title"]
            lead = said.lead if said else words.interface["refused"]["lead"]
            for sentence in (title, lead, words.site.emergency):
                assert sentence in text, (name, language)
            assert title in page.title


def test_the_health_system_is_reached_by_its_own_number(written):
    for page in written("example").values():
        assert page.text.count("207-555-0110") == 2
        assert "tel:2075550110" in page.attributes("href")
    for page in written("blank").values():
        assert "tel:" not in "".join(page.attributes("href"))


def test_they_ask_the_site_for_nothing_but_its_look(written):
    for page in written().values():
        assert page.all("script") == page.all("style") == page.all("form") == []
        assert page.attributes("style") == []
        asked = [*page.attributes("src"), *(link.get("href") for link in page.all("link"))]
        assert all(re.fullmatch(r"/static/(site|icon)\.[0-9a-f]{12}\.(css|svg)", address) for address in asked)


def test_the_html_checker_finds_nothing(written):
    assert html_errors({name: page.html for name, page in written("example").items()}) == []
