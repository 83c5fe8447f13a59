"""What is the same on every page of a language is rendered once, and what is not is not."""

import pytest
from django.template import engines
from django.template.loader import get_template
from django.test import Client

from helpdesk.loaded import catalog_in
from helpdesk.templatetags.once import Once

DETAILS = "/triage/details/?symptom=locked-message&for-whom=self&codes-unasked=no&needed-today=refill"

pytestmark = pytest.mark.usefixtures("static_files", "fact_sheet")


class Counting:
    """Says how often it was shown."""

    shown = 0

    def __str__(self) -> str:
        self.shown += 1
        return str(self.shown)


def test_it_is_rendered_once_for_each_language_and_each_value():
    page = engines["django"].from_string("{% once %}{{ count }}{% endonce %}, {% once step %}{{ count }}{% endonce %}")
    count = Counting()
    english, spanish = catalog_in("en"), catalog_in("es")
    asked = [(english, "a"), (english, "b"), (spanish, "b"), (english, "b"), (spanish, "a"), (english, "a")]
    said = [page.render({"catalog": catalog, "step": step, "count": count}) for catalog, step in asked]
    assert said == ["1, 2", "1, 3", "4, 5", "1, 3", "4, 6", "1, 2"]


def test_it_is_rendered_anew_with_other_content(fact_sheet):
    page = engines["django"].from_string("{% once %}{{ catalog.site.trademark }}, {{ count }}{% endonce %}")
    count = Counting()
    before = [page.render({"catalog": catalog_in("en"), "count": count}) for _ in range(2)]
    fact_sheet("example")
    after = [page.render({"catalog": catalog_in("en"), "count": count}) for _ in range(2)]
    assert [said[-1] for said in before + after] == ["1", "1", "2", "2"]


def test_where_a_value_is_none_it_is_rendered_each_time():
    page = engines["django"].from_string("{% once step %}{{ count }}{% endonce %}")
    count = Counting()
    said = [page.render({"catalog": catalog_in("en"), "step": step, "count": count}) for step in ("a", None, None, "a")]
    assert said == ["1", "2", "3", "1"]


@pytest.mark.parametrize("start", ["", "/es"])
def test_no_page_has_anything_of_the_one_before(fact_sheet, start):
    """Each is the same whatever was shown before it."""
    paths = [
        "/",
        "/faq/",
        "/triage/",
        "/triage/?symptom=locked-message",
        "/triage/?symptom=none-of-these&symptom=locked-message&asked=symptom",
        "/triage/question/?symptom=locked-message",
        "/triage/verdict/?symptom=locked-message&for-whom=self&codes-unasked=no&needed-today=refill",
        "/triage/verdict/?symptom=locked-message&for-whom=self&codes-unasked=yes&needed-today=no",
        "/triage/verdict/?symptom=locked-message&for-whom=self&codes-unasked=no&needed-today=refill&step-stop-trying=worked",
        "/triage/verdict/?symptom=locked-message&for-whom=self&codes-unasked=no&needed-today=refill&step-stop-trying=no-help",
        "/triage/verdict/?symptom=locked-message&for-whom=self&codes-unasked=no&needed-today=appointment",
        "/triage/verdict/?symptom=site-down&for-whom=self&outage-known=yes&way-in=app&this-device=yes&needed-today=refill",
        "/triage/verdict/?symptom=records-missing&for-whom=self&what-is-missing=results&needed-today=refill",
        DETAILS,
        DETAILS.replace("self", "teen"),
    ]
    fact_sheet("example")
    first = {path: Client().get(start + path).content for path in paths}
    fact_sheet("blank")
    other = {path: Client().get(start + path).content for path in reversed(paths)}
    fact_sheet("example")
    assert {path: Client().get(start + path).content for path in reversed(paths)} == first
    assert first["/"] != other["/"]


def test_a_step_is_kept_with_what_came_of_it_and_nothing_that_somebody_made_up(client):
    verdict = "/triage/verdict/?symptom=locked-message&for-whom=self&codes-unasked=no&needed-today=refill"
    client.get(f"{verdict}&step-stop-trying=worked&step-write-message=perhaps&step-my-own=worked")
    parts = get_template("triage/verdict.html").template.nodelist.get_nodes_by_type(Once)
    kept = {key for part in parts for key in part._kept}
    assert {("en", "stop-trying", "worked"), ("en", "write-message", "")} <= kept
    assert {"perhaps", "my-own"}.isdisjoint(word for key in kept for word in key)


def test_of_the_details_the_empty_fields_are_kept_and_nothing_that_was_typed_or_guessed(client):
    site_down = "symptom=site-down&for-whom=self&outage-known=yes&way-in=app&this-device=yes&needed-today=refill"
    phone = {"User-Agent": "typed7q (iPhone; CPU iPhone OS 17_5 like Mac OS X)"}
    empty = client.get(DETAILS).content
    typed = client.post(DETAILS, {"what-happened": "typed7q", "email": "no address"}).content
    guessed = client.get(f"/triage/details/?{site_down}", headers=phone).content
    assert b"typed7q" in typed
    assert b'value="iPhone' in guessed
    parts = get_template("triage/details.html").template.nodelist.get_nodes_by_type(Once)
    held = [kept for part in parts for _, kept in part._kept.values()]
    assert [kept for kept in held if "typed7q" in kept or 'value="iPhone' in kept] == []
    assert any('name="what-happened"' in kept for kept in held)
    assert client.get(DETAILS).content == empty
