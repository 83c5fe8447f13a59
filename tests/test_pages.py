"""Every public page, by its address."""

import json
import re
from functools import cache
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from django.conf import settings
from django.test import Client
from django.urls import path
from reading import Page, post

from helpdesk import urls
from helpdesk.loaded import catalog, organization

pytestmark = pytest.mark.usefixtures("static_files", "fact_sheet")

PROBLEMS = (
    "/problems/wrong-password/",
    "/problems/forgot-username/",
    "/problems/account-locked/",
    "/problems/codes-not-arriving/",
    "/problems/activation/",
    "/problems/wrong-portal/",
    "/problems/app-or-browser/",
    "/problems/error-message/",
    "/problems/portal-down/",
    "/problems/missing-results/",
    "/problems/wrong-information/",
    "/problems/unauthorized-access/",
    "/problems/proxy-access/",
    "/problems/teen-record/",
    "/problems/link-record/",
    "/problems/identity-check/",
    "/problems/none-of-these/",
)
LOCKED = "symptom=locked-message&for-whom=self&codes-unasked=no&needed-today=refill"
URLS = (
    "/",
    "/problems/",
    *PROBLEMS,
    "/checklist/",
    "/faq/",
    "/contact/",
    "/prepare/",
    "/what-to-expect/",
    "/stay-safe/",
    "/how-access-works/",
    "/privacy/",
    "/accessibility/",
    "/triage/?symptom=locked-message",
    "/triage/question/?symptom=locked-message",
    f"/triage/verdict/?{LOCKED}",
    f"/triage/details/?{LOCKED}",
)
# Where the pages of each language begin.
START = {"en": "", "es": "/es"}
PHONE_NUMBER = re.compile(r"\(?\d{3}\)?[-. ]\d{3}[-. ]\d{4}")


def fail(request):
    raise RuntimeError("it failed")


urlpatterns = [path("fail/", fail), path("es/fail/", fail), *urls.urlpatterns]
handler404, handler500, handler400 = urls.handler404, urls.handler500, urls.handler400


@cache
def all_pages(facts: str, language: str = "en") -> dict[str, Page]:
    """Each page by its address, with the review page, which comes only from a POST, and the pages of errors.

    `facts` only tells apart what is remembered: the fixture `fact_sheet` must be set to it.
    """
    client, start = Client(), START[language]
    pages = {start + url: Page(client.get(start + url), start + url) for url in URLS}
    pages["review"] = Page(post(client, f"{start}/triage/review/?{LOCKED}", {"began": "today"}))
    pages["not found"] = Page(client.get(f"{start}/nowhere/"))
    pages["refused"] = Page(client.get(f"{start}/", headers={"host": "elsewhere.example"}))
    pages["direct visit"] = Page(client.get(f"{start}/packet/"))
    return pages


def links_inside(page: Page) -> list[str]:
    """Where the page's links lead, without those of the language switch."""
    switch = {link for nav in page.all("nav[@class='languages']") for link in nav.iter("a")}
    return [link.get("href") for link in page.all("a") if link not in switch]


@pytest.mark.parametrize("url", URLS)
@pytest.mark.parametrize("facts", ["blank", "example"])
@pytest.mark.parametrize("language", START)
def test_the_page_is_there_and_has_one_heading(client, fact_sheet, url, facts, language):
    fact_sheet(facts)
    page = Page(client.get(START[language] + url))
    assert page.status == 200
    assert len(page.all("h1")) == 1
    assert page.texts("h1")[0]
    assert len(page.all("main")) == 1
    assert (page.tree.get("lang"), page.tree.get("dir")) == (language, "ltr")


@pytest.mark.parametrize("facts", ["blank", "example"])
@pytest.mark.parametrize("language", START)
def test_every_page_has_a_title_of_its_own(fact_sheet, facts, language):
    fact_sheet(facts)
    titles = [page.title for page in all_pages(facts, language).values()]
    assert sorted(set(titles)) == sorted(titles)
    ending = " - Harbor Pines Health" if facts == "example" else " - Way In"
    assert [title for title in titles if not title.endswith(ending)] == []


def test_every_help_page_describes_itself_to_search_engines(client):
    pages = [Page(client.get(url)) for url in URLS if not url.startswith("/triage/")]
    described = [meta.get("content") for page in pages for meta in page.all("meta[@name='description']")]
    assert len(set(described)) == len(pages)


@pytest.mark.parametrize("facts", ["blank", "example"])
def test_the_emergency_line_the_scam_line_and_the_trademark_stand_on_every_page(fact_sheet, facts):
    fact_sheet(facts)
    for url, page in all_pages(facts).items():
        assert page.texts("aside[@class='emergency']")[0].startswith("Is this an emergency? Call 911"), url
        assert "We never ask for your password" in page.text, url
        assert "MyChart is a trademark of Epic Systems Corporation." in page.text, url


@pytest.mark.parametrize("facts", ["blank", "example"])
def test_the_same_lines_stand_on_every_page_in_spanish(fact_sheet, facts):
    fact_sheet(facts)
    for url, page in all_pages(facts, "es").items():
        assert page.texts("aside[@class='emergency']")[0].startswith("¿Es una emergencia? Llame ahora al 911"), url
        assert "Nunca le pedimos su contraseña" in page.text, url
        assert "MyChart es una marca comercial de Epic Systems Corporation." in page.text, url


@pytest.mark.parametrize("facts", ["blank", "example"])
@pytest.mark.parametrize(("language", "made_up"), [("en", "are made up"), ("es", "son inventados")])
def test_only_the_made_up_health_system_says_on_every_page_that_it_is_made_up(fact_sheet, facts, language, made_up):
    fact_sheet(facts)
    for url, page in all_pages(facts, language).items():
        assert (made_up in page.text) == (facts == "example"), url


@pytest.mark.parametrize("facts", ["blank", "example"])
@pytest.mark.parametrize("language", START)
def test_nothing_on_a_page_points_to_an_id_that_is_missing_or_there_twice(fact_sheet, facts, language):
    fact_sheet(facts)
    for url, page in all_pages(facts, language).items():
        assert page.dead_references() == [], url
        assert len(set(page.ids)) == len(page.ids), url


@pytest.mark.parametrize("language", START)
def test_every_link_inside_the_site_leads_somewhere_in_the_same_language(client, language):
    links = {link for page in all_pages("blank", language).values() for link in links_inside(page)}
    pages = {link.partition("#")[0] for link in links if link.startswith("/")}
    assert len(pages) > 40
    assert [link for link in sorted(pages) if client.get(link, follow=True).status_code != 200] == []
    for_machines = {link for link in pages if link.endswith(".json")}
    assert {link.startswith("/es/") for link in pages - for_machines} == {language == "es"}
    faq = set(Page(client.get(f"{START[language]}/faq/")).ids)
    anchors = {link.partition("#")[2] for link in links if link.startswith(f"{START[language]}/faq/#")}
    assert anchors
    assert anchors <= faq


@pytest.mark.parametrize("language", START)
def test_without_facts_no_page_shows_an_empty_box_a_phone_number_or_a_way_off_the_site(language):
    for url, shown in all_pages("blank", language).items():
        page = Page(shown.html)
        for link in page.all("link[@hreflang]"):
            link.clear()
        for line in page.all("td[@class='blank']"):
            line.text = "a line to write on"
        assert PHONE_NUMBER.findall(page.text) == [], url
        assert [link for link in page.attributes("href", "src", "action") if ":" in link] == [], url
        elements = [
            e for tag in ("p", "li", "td", "th", "dt", "dd", "ul", "ol", "table", "h2", "h3") for e in page.all(tag)
        ]
        assert [e.tag for e in elements if not "".join(e.itertext()).strip()] == [], url
        assert "None" not in page.text.replace("None of", ""), url
        assert not re.search(r"[{}]|\bnull\b", page.text), url


@pytest.mark.parametrize(
    ("language", "checked", "hours"),
    [
        ("en", "Checked on January 15, 2026.", "Monday to Friday, 7:00 AM to 7:00 PM"),
        ("es", "Datos revisados el 15 de enero de 2026.", "De lunes a viernes, de 7:00 a.m. a 7:00 p.m."),
    ],
)
def test_with_facts_every_contact_is_one_of_the_fact_sheet_and_says_when_it_was_checked(
    client, fact_sheet, language, checked, hours
):
    fact_sheet("example")
    sheet = organization().model_dump_json()
    numbers, addresses = set(), set()
    for page in all_pages("example", language).values():
        for link in page.all("link[@hreflang]"):
            link.clear()
        numbers |= set(PHONE_NUMBER.findall(page.text))
        numbers |= {link.removeprefix("tel:") for link in page.attributes("href") if link.startswith("tel:")}
        addresses |= {link for link in page.attributes("href", "src", "action") if link.startswith("http")}
    digits = re.sub(r"[^0-9,]", "", sheet.replace("-", ""))
    assert len(numbers) > 8
    assert [number for number in numbers if re.sub(r"\D", "", number) not in digits] == []
    assert len(addresses) == 3
    assert [address for address in addresses if address not in sheet] == []
    contact = Page(client.get(f"{START[language]}/contact/"))
    assert contact.text.count(checked) == 4
    assert hours in contact.text


def test_the_health_system_s_words_without_a_translation_stand_in_their_own_language_and_are_marked(
    client, fact_sheet, tmp_path
):
    file = tmp_path / "organization.toml"
    file.write_text('[desks.support]\nname = "The <Portal> Team"\nsource = "Web"\nverified_on = 2026-01-15\n')
    fact_sheet(file)
    english, spanish = Page(client.get("/contact/")), Page(client.get("/es/contact/"))
    assert spanish.texts("span[@lang='en']") == ["The <Portal> Team"]
    assert "The <Portal> Team" in english.text
    assert english.all("span[@lang]") == []


def test_the_site_has_no_box_for_a_password_and_no_frame():
    for url, page in all_pages("blank").items():
        kinds = {box.get("type", "text") for box in page.all("input")}
        assert kinds <= {"text", "hidden", "radio", "checkbox", "file"}, url
        assert [e for tag in ("iframe", "object", "embed") for e in page.all(tag)] == [], url


def test_the_problem_table_is_a_real_table_with_all_problems(client):
    (table,) = Page(client.get("/problems/")).all("table")
    assert table.find("caption") is not None
    assert [cell.get("scope") for cell in table.findall("thead/tr/th")] == ["col", "col", "col"]
    rows = table.findall("tbody/tr")
    assert [cell.get("scope") for row in rows for cell in row.findall("th")] == ["row"] * len(rows)
    addresses = [row.find("th/a").get("href") for row in rows]
    assert addresses == [f"/problems/{slug}/" for slug in catalog().problems]
    # An address that was once public never goes away.
    assert set(PROBLEMS) <= set(addresses)
    for row in rows:
        causes, evidence = row.findall("td")
        assert causes.findall(".//li")
        assert evidence.findall(".//li")


def test_the_first_page_leads_from_each_symptom_to_its_problem_and_remembers_it(client):
    links = [link.get("href") for link in Page(client.get("/")).all("ul[@class='links']/li/a")]
    wanted = [f"/problems/{symptom.problem}/?symptom={symptom.id}" for symptom in catalog().symptoms.values()]
    assert [link for link in links if link.startswith("/problems/") and link != "/problems/"] == wanted


@pytest.mark.parametrize("symptom", catalog().symptoms.values(), ids=lambda symptom: symptom.id)
def test_a_problem_page_starts_the_triage_with_the_symptom_that_led_there(client, symptom):
    page = Page(client.get(f"/problems/{symptom.problem}/?symptom={symptom.id}"))
    start = page.link("Find out what to do")
    assert start == f"/triage/?symptom={symptom.id}"
    boxes = Page(client.get(start)).all("input[@checked]")
    assert [box.get("value") for box in boxes] == [symptom.id]


@pytest.mark.parametrize("url", PROBLEMS)
def test_no_symptom_is_taken_for_granted_where_a_problem_has_several_or_the_one_given_is_another(client, url):
    def start(query: str) -> str:
        return Page(client.get(url + query)).link("Find out what to do")

    own = [symptom.id for symptom in catalog().symptoms.values() if symptom.problem == url.split("/")[2]]
    assert start("") == (f"/triage/?symptom={own[0]}" if len(own) == 1 else "/triage/")
    other = next(symptom for symptom in catalog().symptoms if symptom not in own)
    for given in ("", "nothing", other, "%22%3E%3Cb%3E"):
        assert start(f"?symptom={given}") == "/triage/"


@pytest.mark.parametrize("url", PROBLEMS)
def test_a_problem_page_says_when_to_leave_a_step_out(client, url):
    problem = catalog().problems[url.split("/")[2]]
    items = Page(client.get(url)).all("ol[@class='steps']/li")
    assert [item.get("id") for item in items] == [step.id for step in problem.steps]
    for item, offered in zip(items, problem.steps, strict=True):
        said = [" ".join(line.itertext()) for line in item.findall("p[@class='except']")]
        tags = [words for tag, words in catalog().tags.items() if tag in catalog().steps[offered.id].tags]
        assert len(said) == len(offered.when) + len(tags), offered.id
        assert said[len(offered.when) :] == tags
        for line, (key, choice_ids) in zip(said, offered.when.items(), strict=False):
            question = catalog().questions[key]
            assert line.startswith(f"We ask: “{question.label}” Do this only if you answer “"), offered.id
            named = {choice.id for choice in question.choices if f"“{choice.label}”" in line}
            assert named == set(choice_ids), offered.id


def test_an_answer_in_the_faq_has_an_anchor_that_never_changes(client):
    ids = Page(client.get("/faq/")).ids
    for anchor in ("unlock-time", "password-seen-by-others", "teen-why", "cost", "code-late", "care-while-locked"):
        assert anchor in ids


def test_the_faq_is_valid_structured_data_and_says_what_the_page_says(client):
    page = Page(client.get("/faq/"))
    (script,) = page.all("script[@type='application/ld+json']")
    data = json.loads(script.text)
    assert (data["@context"], data["@type"]) == ("https://schema.org", "FAQPage")
    assert data["inLanguage"] == page.tree.get("lang")
    assert len(data["mainEntity"]) >= 16
    for question in data["mainEntity"]:
        assert question["@type"] == "Question"
        assert question["acceptedAnswer"]["@type"] == "Answer"
        (section,) = page.all(f"section[@id='{question['@id'][1:]}']")
        shown = " ".join(" ".join(section.itertext()).split())
        assert shown == f"{question['name']} {question['acceptedAnswer']['text']}"


def test_structured_data_cannot_end_its_script_element(client, monkeypatch):
    evil = catalog().faq["cost"].model_copy(update={"question": "</script ><b>&amp;"})
    monkeypatch.setitem(catalog().faq, "cost", evil)
    page = Page(client.get("/faq/"))
    (script,) = page.all("script[@type='application/ld+json']")
    assert "</script ><b>&amp;" in [question["name"] for question in json.loads(script.text)["mainEntity"]]


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("reset-password", "attempt"),
        ("newest-code", "asks-code"),
        ("clear-cache", "resets-trust"),
        ("other-device", "resets-trust"),
        ("reinstall-app", "attempt"),
    ],
)
def test_the_checklist_says_when_to_leave_a_step_out(client, step, said):
    page = Page(client.get("/checklist/"))
    title, exception = catalog().steps[step].title, catalog().tags[said]
    (item,) = [item for item in page.texts("ol[@class='checklist']/li") if item.startswith(title)]
    assert exception in item


def test_the_checklist_tells_first_who_must_not_use_it(client):
    page = Page(client.get("/checklist/"))
    (stop,) = page.all("div[@class='stop']")
    assert [link.get("href") for link in stop.iter("a")] == [
        "/problems/unauthorized-access/",
        "/problems/wrong-information/",
        "/problems/account-locked/",
    ]
    assert page.html.index('class="stop"') < page.html.index('class="checklist"')


def test_what_to_prepare_gives_a_reason_for_each_thing(client):
    items = Page(client.get("/prepare/")).all("dl/div")
    assert len(items) == len(catalog().details_questions)
    assert [item for item in items if not "".join(item.find("dd").itertext()).strip()] == []


# ---- the languages ----


@pytest.mark.parametrize("url", URLS)
def test_search_engines_find_each_page_in_every_language(client, url):
    path = url.partition("?")[0]
    wanted = [("en", path), ("x-default", path), ("es", f"/es{path}")]
    for start in START.values():
        links = Page(client.get(start + url)).all("link[@rel='alternate']")
        assert [(link.get("hreflang"), link.get("href")) for link in links] == [
            (code, f"http://localhost{there}") for code, there in wanted
        ]


def test_search_engines_hear_the_name_that_the_site_has_and_not_the_one_that_was_asked_for(client, settings):
    settings.WAYIN_ADDRESS = "https://help.harborpines.example"
    page = Page(client.get("/es/faq/"))
    assert [link.get("href") for link in page.all("link[@hreflang='es']")] == [
        "https://help.harborpines.example/es/faq/"
    ]


@pytest.mark.parametrize("url", [url for url in URLS if not url.startswith("/triage/")])
def test_the_switch_leads_to_the_same_page_in_the_other_language_and_back(client, url):
    english = Page(client.get(url))
    assert english.link("Español") == f"/es{url}"
    spanish = Page(client.get(f"/es{url}"))
    assert spanish.link("English") == url
    (switch,) = english.all("nav[@class='languages']//a")
    assert (switch.get("hreflang"), english.all("nav[@class='languages']//li")[0].get("lang")) == ("es", "es")


@pytest.mark.parametrize("query", ["symptom=locked-message", "symptom=a%26b&x=%C3%A9&x=%22%3E", "%ED%A0%80=%00&+"])
def test_the_switch_keeps_the_query_as_it_came(client, query):
    assert Page(client.get(f"/problems/account-locked/?{query}")).link("Español") == (
        f"/es/problems/account-locked/?{query}"
    )
    assert Page(client.get(f"/es/problems/account-locked/?{query}")).link("English") == (
        f"/problems/account-locked/?{query}"
    )


@pytest.mark.parametrize(
    "path",
    [
        "//elsewhere.example/",
        "///elsewhere.example/",
        "/\\elsewhere.example/",
        "/%2F/elsewhere.example/",
        "/%5Celsewhere.example",
    ],
)
@pytest.mark.parametrize("start", START.values())
def test_no_language_link_leads_off_the_site(client, start, path):
    page = Page(client.generic("GET", "/", PATH_INFO=start + unquote(path)))
    assert page.status == 404
    links = [link.get("href") for link in page.all("nav[@class='languages']//a")]
    assert links
    assert [link for link in links if not re.match(r"/[^/\\]", link)] == []
    # As a browser reads them, to which a backslash is a slash.
    hosts = {
        urlsplit(urljoin("http://localhost/", link.replace("\\", "/"))).hostname for link in page.attributes("href")
    }
    assert hosts == {"localhost"}


@pytest.mark.parametrize(
    ("wish", "offered"),
    [
        ("es", True),
        ("es-MX,es;q=0.9,en;q=0.8", True),
        ("ES-419", True),
        ("fr-CA,es;q=0.5", True),
        ("en;q=0.3,es;q=0.7", True),
        ("en-US,en;q=0.9,es;q=0.8", False),
        ("en", False),
        ("fr,de", False),
        ("est", False),
        ("*", False),
        ("", False),
        ("es;q=0", False),
        ("<b>es</b>", False),
        ("xx-" * 5000, False),
    ],
)
def test_spanish_is_offered_to_whose_browser_prefers_it_and_never_forced(client, wish, offered):
    response = client.get("/faq/?x=1", headers={"accept-language": wish})
    page = Page(response)
    assert (response.status_code, response["Content-Language"], page.tree.get("lang")) == (200, "en", "en")
    assert page.texts("span[@class='offer']") == (["Este sitio también está en español:"] if offered else [])
    # The switch itself is there for everybody.
    assert page.link("Español") == "/es/faq/?x=1"


@pytest.mark.parametrize("wish", ["en", "es", "fr"])
def test_who_is_on_a_spanish_page_has_chosen_and_is_offered_nothing(client, wish):
    response = client.get("/es/faq/", headers={"accept-language": wish})
    page = Page(response)
    assert (response.status_code, response["Content-Language"], page.tree.get("lang")) == (200, "es", "es")
    assert page.texts("span[@class='offer']") == []


def test_no_cookie_remembers_a_language(client):
    client.get("/es/")
    assert client.cookies == {}
    assert Page(client.get("/")).tree.get("lang") == "en"


@pytest.mark.parametrize(
    "url", ["/look.css", "/robots.txt", "/packet/packet-1.schema.json", "/packet/questionnaire.json"]
)
def test_what_is_the_same_in_every_language_has_one_address(client, url):
    assert client.get(url).status_code == 200
    assert client.get(f"/es{url}").status_code == 404


@pytest.mark.parametrize("url", ["/en/", "/en/faq/", "/es/es/", "/ES/", "/es-mx/", "/fr/"])
def test_a_language_has_one_address_and_no_other(client, url):
    assert client.get(url).status_code == 404


@pytest.mark.parametrize("url", ["/nowhere/", "/problems/nothing/", "/packet/fax/", "/problems/../settings.py"])
def test_a_page_that_is_not_there_still_gives_the_phone_advice(client, url):
    page = Page(client.get(url))
    assert page.status == 404
    assert "The number is on your bill" in page.text


def test_a_fault_of_ours_still_gives_the_phone_advice_and_shows_no_trace(client, settings):
    settings.ROOT_URLCONF = "test_pages"
    client.raise_request_exception = False
    page = Page(client.get("/fail/"))
    assert page.status == 500
    assert "is on your bill" in page.text
    assert "it failed" not in page.html
    assert "Traceback" not in page.html


def test_the_pages_of_errors_are_in_spanish_where_the_address_is(client, settings):
    settings.ROOT_URLCONF = "test_pages"
    client.raise_request_exception = False
    for page, status in (
        (Page(client.get("/es/problems/nothing/")), 404),
        (Page(client.get("/es/", headers={"host": "elsewhere.example"})), 400),
        (Page(client.get("/es/fail/")), 500),
    ):
        assert (page.status, page.tree.get("lang")) == (status, "es")
        assert [link for link in links_inside(page) if link.startswith("/") and not link.startswith("/es/")] == []
    assert "El número está en su factura" in Page(client.get("/es/nowhere/")).text


def test_a_request_that_no_page_of_ours_makes_is_refused_with_a_way_to_call(client):
    page = Page(client.get("/", headers={"host": "elsewhere.example"}))
    assert page.status == 400
    assert page.link("Or call: when and whom to contact") == "/contact/"


def test_robots_may_read_the_help_and_not_the_answers(client):
    response = client.get("/robots.txt")
    assert response["Content-Type"].startswith("text/plain")
    disallowed = ("/triage/", "/packet/", "/es/triage/", "/es/packet/")
    assert response.content.decode().splitlines() == ["User-agent: *", *(f"Disallow: {path}" for path in disallowed)]


def test_the_schema_can_be_fetched(client):
    response = client.get("/packet/packet-1.schema.json")
    assert response["Content-Type"] == "application/schema+json"
    assert response.json()["$id"] == "packet-1.schema.json"


@pytest.mark.parametrize("url", ["/", "/faq/", "/problems/account-locked/", "/es/", "/es/faq/"])
def test_help_pages_take_nothing_in(client, url):
    assert client.post(url, {"name": "value"}).status_code == 405
    assert client.head(url).status_code == 200


def test_an_address_without_its_last_slash_is_found(client):
    assert client.get("/problems/account-locked")["Location"] == "/problems/account-locked/"
    assert client.get("/es/problems/account-locked")["Location"] == "/es/problems/account-locked/"
    assert client.get("/es")["Location"] == "/es/"


@pytest.mark.parametrize("url", ["/nowhere/", "/es/nowhere/"])
def test_search_engines_are_told_of_no_page_that_is_not_there(client, url):
    page = Page(client.get(url))
    assert page.status == 404
    assert [link for link in page.all("link") if link.get("hreflang")] == []


def test_a_health_systems_own_colour_takes_no_stylesheet_more(client, fact_sheet, tmp_path):
    (link,) = Page(client.get("/")).all("link[@rel='stylesheet']")
    assert link.get("href").startswith("/static/site.")
    sheet = tmp_path / "organization.toml"
    sheet.write_text('[look]\naccent = "#7a1f3d"\n')
    fact_sheet(sheet)
    (link,) = Page(client.get("/")).all("link[@rel='stylesheet']")
    css = client.get(link.get("href")).content.decode()
    assert css.startswith((settings.BASE_DIR / "static" / "site.css").read_text())
    assert css.rstrip().endswith("{ :root { --accent: #7a1f3d; } }")
