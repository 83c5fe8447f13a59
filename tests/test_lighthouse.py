"""`make lighthouse` leaves out no kind of page, and lets nothing pass but what is meant to be."""

import pytest

from helpdesk import urls
from triage import urls as triage_urls
from trials import lighthouse
from trials.lighthouse import CATEGORIES, Page, Scores

FULL = dict.fromkeys(CATEGORIES, 100)
NONE = {category: [] for category in CATEGORIES}
HELP, PRIVATE = Page("home", "en", "/"), Page("verdict", "en", "/triage/verdict/")


def scores(page: Page, scored: dict[str, int], **failed: list[str]) -> Scores:
    return Scores(page, FULL | scored, NONE | failed)


def test_every_kind_of_page_is_looked_at_in_every_language():
    helping = {route.name for route in urls.pages if getattr(route, "name", None)}
    on_the_way = {
        route.name for route in triage_urls.urlpatterns if not str(route.pattern).startswith(("packet", "check"))
    }
    seen = {(page.kind, page.language) for page in lighthouse.pages()}
    assert seen == {(kind, language) for kind in helping | on_the_way for language in ("en", "es")}


def test_the_addresses_are_those_of_the_language(client):
    for page in lighthouse.pages():
        answer = client.get(page.path)
        assert answer.status_code == 200, page
        assert f'<html lang="{page.language}"' in answer.content.decode(), page
        assert page.private == ("public" not in answer["Cache-Control"]), page


@pytest.mark.parametrize(
    ("found", "faults", "shown"),
    [
        (scores(HELP, {}), [], "100"),
        (scores(PRIVATE, {"seo": 63}, seo=["is-crawlable"]), [], "63 (on purpose)"),
        (scores(HELP, {"seo": 63}, seo=["is-crawlable"]), ["search: is-crawlable"], "63"),
        (scores(PRIVATE, {"seo": 54}, seo=["is-crawlable", "link-text"]), ["search: link-text"], "54"),
        (scores(HELP, {}, performance=["total-blocking-time (70 ms)"]), [], "100"),
    ],
)
def test_only_a_private_page_may_be_kept_out_of_search(found, faults, shown):
    assert found.wrong() == faults
    assert found.shown("seo") == shown


def test_the_report_has_a_row_a_page_and_names_what_costs_points():
    slow = scores(HELP, {"performance": 98}, performance=["total-blocking-time (150 ms)"])
    report = lighthouse.report([slow, scores(PRIVATE, {})])
    assert "| home | en | 98 | 100 | 100 | 100 |" in report
    assert report.endswith("- home en: performance: total-blocking-time (150 ms)\n")
    assert lighthouse.report([scores(HELP, {})]).endswith("Nothing is wrong.\n")
