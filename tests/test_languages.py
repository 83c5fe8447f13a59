"""What each language has of its own, and the middleware that answers in the language of the address."""

import datetime
import shutil
from pathlib import Path

import pytest
from django.conf import settings as site_settings
from django.http import HttpResponse
from django.test import Client
from django.utils import translation
from reading import Page

from helpdesk import languages, loaded, middleware
from helpdesk.languages import Language
from helpdesk.records import CONTENT, ContentError

ENGLISH, SPANISH = (languages.read(CONTENT, code) for code in ("en", "es"))
MEXICAN = Language(code="es-mx", name="Español", locale="es_MX")
ARABIC = Language(code="ar", name="العربية", locale="ar")
RUSSIAN = Language(code="ru", name="Русский", locale="ru")
KOREAN = Language(code="ko", name="한국어", locale="ko")
FRENCH = Language(code="fr", name="Français", locale="fr")
VIETNAMESE = Language(code="vi", name="Tiếng Việt", locale="vi")

BORN = datetime.date(1950, 9, 27)
MADE_AT = datetime.datetime(2026, 11, 24, 13, 5, tzinfo=datetime.UTC)
# What keeps the parts of a number in order inside text that runs from right to left.
APART, TOGETHER = "\u2066", "\u2069"
NARROW = "\u202f"


# ---- dates, times, lists, names ----


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (ENGLISH, "September 27, 1950"),
        (SPANISH, "27 de septiembre de 1950"),
        (ARABIC, "27 سبتمبر 1950"),
        (KOREAN, "1950년 9월 27일"),
    ],
)
def test_a_day_is_said_as_the_language_says_it(language, said):
    assert language.date(BORN) == said


def test_a_day_for_all_cannot_be_misread_whatever_one_reads():
    assert ENGLISH.date_for_all(BORN) == "September 27, 1950 (1950-09-27)"
    assert SPANISH.date_for_all(BORN) == "27 de septiembre de 1950 (1950-09-27)"
    assert ARABIC.date_for_all(BORN) == f"27 سبتمبر 1950 ({APART}1950-09-27{TOGETHER})"


def test_a_moment_is_a_day_with_its_time_and_time_zone():
    assert ENGLISH.moment(MADE_AT) == "November 24, 2026 (2026-11-24), 13:05 UTC"
    assert SPANISH.moment(MADE_AT) == "24 de noviembre de 2026 (2026-11-24), 13:05 UTC"
    assert ARABIC.moment(MADE_AT).endswith(f", {APART}13:05 UTC{TOGETHER}")
    east = MADE_AT.astimezone(datetime.timezone(datetime.timedelta(hours=-5), "EST"))
    assert ENGLISH.moment(east).endswith(", 08:05 EST")


@pytest.mark.parametrize(
    ("language", "morning", "evening"),
    [
        (ENGLISH, "7:00\u00a0AM", "7:30\u00a0PM"),
        (SPANISH, "7:00\u00a0a.m.", "7:30\u00a0p.m."),
        (FRENCH, "07:00", "19:30"),
    ],
)
def test_a_time_is_said_as_the_language_says_it(language, morning, evening):
    assert language.time(datetime.time(7, 0)) == morning
    assert language.time(datetime.time(19, 30)) == evening


@pytest.mark.parametrize("language", [ENGLISH, SPANISH, MEXICAN, ARABIC, RUSSIAN, KOREAN, FRENCH, VIETNAMESE])
def test_no_day_or_time_holds_a_space_that_many_fonts_lack(language):
    for said in (language.time(datetime.time(7, 0)), language.date(BORN), language.moment(MADE_AT)):
        assert NARROW not in said


def test_a_time_zone_is_named_by_its_city_in_the_language():
    assert ENGLISH.city("America/New_York") == "New York"
    assert SPANISH.city("America/New_York") == "Nueva York"
    assert ENGLISH.city("America/Indiana/Indianapolis") == "Indianapolis"


@pytest.mark.parametrize(
    ("language", "said"), [(ENGLISH, ["a", "a or b", "a, b, or c"]), (SPANISH, ["a", "a o b", "a, b o c"])]
)
def test_a_choice_is_joined_as_the_language_joins_it(language, said):
    assert [language.any_of("abc"[:count]) for count in (1, 2, 3)] == said


def test_a_language_names_the_others_in_its_own_words():
    assert (ENGLISH.name_of("es"), ENGLISH.name_of("en"), ENGLISH.name_of("zh-hans")) == (
        "Spanish",
        "English",
        "Chinese",
    )
    assert (SPANISH.name_of("es"), SPANISH.name_of("en")) == ("español", "inglés")
    assert ENGLISH.name_of("qqq") == "qqq"


def test_a_language_runs_in_the_direction_of_its_script():
    assert (ENGLISH.direction, SPANISH.direction, ARABIC.direction) == ("ltr", "ltr", "rtl")


def test_a_number_stands_apart_only_in_text_that_runs_from_right_to_left():
    assert ENGLISH.isolate("207-555-0110") == SPANISH.isolate("207-555-0110") == "207-555-0110"
    assert ARABIC.isolate("207-555-0110") == f"{APART}207-555-0110{TOGETHER}"


# ---- the names of months ----


@pytest.mark.parametrize(
    ("language", "typed", "month"),
    [
        *((ENGLISH, typed, 9) for typed in ("Sep", "sept.", "September", "SEPTEMBER", " septem ")),
        *((SPANISH, typed, 9) for typed in ("sep", "sept.", "Septiembre", "SEPT")),
        *((SPANISH, typed, 1) for typed in ("ene", "Ene.", "enero")),
        *((SPANISH, typed, 12) for typed in ("dic", "DICIEMBRE")),
        *((language, typed, 5) for language in (ENGLISH, SPANISH) for typed in ("may", "May.")),
        (MEXICAN, "ago.", 8),
        (RUSSIAN, "сентябрь", 9),
        (RUSSIAN, "сентября", 9),
        # Short, and yet the whole name.
        (KOREAN, "9월", 9),
        (VIETNAMESE, "tháng 1", 1),
        (VIETNAMESE, "tháng 10", 10),
    ],
)
def test_a_month_is_known_by_its_name_or_its_first_letters(language, typed, month):
    assert language.month(typed) == month


@pytest.mark.parametrize(
    ("language", "typed"),
    [
        *((language, typed) for language in (ENGLISH, SPANISH) for typed in ("", ".", " . ", "9", "ju", "m", "xyz")),
        (ENGLISH, "enero"),
        (ENGLISH, "Septiembre"),
        (ENGLISH, "Septembers"),
        (SPANISH, "January"),
    ],
)
def test_what_is_no_month_of_the_language_is_none(language, typed):
    assert language.month(typed) is None


@pytest.mark.parametrize(("language", "typed"), [(FRENCH, "jui"), (VIETNAMESE, "tháng")])
def test_letters_that_begin_several_months_are_none_of_them(language, typed):
    assert language.month(typed) is None


@pytest.mark.parametrize("language", [ENGLISH, SPANISH])
@pytest.mark.parametrize("number", range(1, 13))
def test_every_month_that_the_language_says_in_a_date_is_one_that_it_knows(language, number):
    words = language.date(datetime.date(2001, number, 1)).replace(",", "").split()
    assert [language.month(word) for word in words if language.month(word)] == [number]


# ---- the folders of the content ----


@pytest.fixture
def content(tmp_path: Path) -> Path:
    """A copy of the content that a test may spoil."""
    return shutil.copytree(CONTENT, tmp_path / "content")


def add(content: Path, folder: str, text: str = 'name = "Русский"\nlocale = "ru"\n') -> None:
    (content / folder).mkdir(exist_ok=True)
    (content / folder / "language.toml").write_text(text, encoding="utf-8")


def test_what_we_ship_is_in_english_and_spanish():
    assert {code: language.name for code, language in languages.load().items()} == {"en": "English", "es": "Español"}


def test_the_source_comes_first_and_the_others_follow_by_their_codes(content):
    add(content, "zh-hans")
    add(content, "ar")
    (content / "fr").mkdir()
    assert languages.codes(content) == ("en", "ar", "es", "zh-hans")
    assert list(languages.load(content)) == ["en", "ar", "es", "zh-hans"]


@pytest.mark.parametrize("folder", ["ES-us", "español", "e", "spanish", "es_us", "es-", "es us"])
def test_a_folder_whose_name_is_no_code_is_refused(content, folder):
    add(content, folder)
    with pytest.raises(ContentError) as refused:
        languages.load(content)
    assert refused.value.faults == (
        f'{folder}/language.toml: name the folder as in "es" or "zh-hans", in lower case, not {folder!r}',
    )


@pytest.mark.parametrize("locale", ["", "tlh", "es-US", "es_XX", "../es", "Spanish"])
def test_a_locale_that_cldr_does_not_know_is_refused_with_what_to_write(content, locale):
    add(content, "es", f'name = "Español"\nlocale = "{locale}"\n')
    with pytest.raises(ContentError) as refused:
        languages.load(content)
    (said,) = refused.value.faults
    assert said == (
        f"es/language.toml: locale: CLDR knows no locale {locale!r}; "
        'write one such as "es_US", or a near one if it lacks the language'
    )


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('locale = "es_US"\n', "es/language.toml: name: this key is missing; add it"),
        ('name = " "\nlocale = "es_US"\n', "es/language.toml: name: this is empty; write the words"),
        ('name = "Español"\n', "es/language.toml: locale: this key is missing; add it"),
        ('name = "Español"\nlocale = 1\n', "es/language.toml: locale: Input should be a valid string"),
        (
            'name = "Español"\nlocale = "es_US"\ndirection = "ltr"\n',
            "es/language.toml: direction: there is no such key; check its spelling or remove it",
        ),
        ('name = "Español\n', "es/language.toml: cannot be read as TOML: "),
    ],
)
def test_a_slip_in_what_a_language_says_of_itself_is_named(content, text, fault):
    add(content, "es", text)
    with pytest.raises(ContentError) as refused:
        languages.load(content)
    (said,) = refused.value.faults
    assert said.partition("content/")[2].startswith(fault) or said.startswith(fault)


def test_what_a_language_is_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        ENGLISH.name = "Other"


# ---- the middleware: the address says in which language the answer is ----


@pytest.fixture
def client(static_files, fact_sheet) -> Client:
    return Client(raise_request_exception=False)


LOCKED = "symptom=locked-message&for-whom=self&codes-unasked=no&needed-today=refill"
FORM = "application/x-www-form-urlencoded"


def too_long(client: Client, url: str) -> HttpResponse:
    body = b"x" * (site_settings.WAYIN_LONGEST_BODY + 1)
    return client.generic("POST", url, body, content_type=FORM)


@pytest.mark.parametrize(
    ("url", "language"),
    [
        ("/", "en"),
        ("/faq/", "en"),
        ("/es/", "es"),
        ("/es/faq/", "es"),
        (f"/es/triage/verdict/?{LOCKED}", "es"),
        ("/es", "es"),
        ("/es/triage/verdict/", "es"),
        ("/es/nowhere/", "es"),
        ("/es/packet/pdf/", "es"),
        ("/robots.txt", "en"),
        # What only looks like a language of ours.
        ("/ES/", "en"),
        ("/est/", "en"),
        ("/es-mx/", "en"),
        ("/fr/", "en"),
        ("/faq/es/", "en"),
        ("/?language=es", "en"),
    ],
)
@pytest.mark.parametrize("wished", ["", "es", "en", "fr", "es-MX,es;q=0.9,en;q=0.1", "*", "\xff", "x" * 5000])
def test_the_address_alone_decides_the_language_whatever_the_browser_wishes(client, url, language, wished):
    response = client.get(url, headers={"accept-language": wished})
    assert response["Content-Language"] == language
    assert "Accept-Language" in response["Vary"]
    if response["Content-Type"].startswith("text/html") and response.content:
        assert Page(response).tree.get("lang") == language


@pytest.mark.parametrize("wished", ["es", "en", "es-MX,es;q=0.9"])
def test_nobody_is_sent_to_another_language(client, wished):
    for url in ("/", "/es/", "/faq/", "/es/faq/"):
        response = client.get(url, headers={"accept-language": wished})
        assert response.status_code == 200
        assert not response.cookies
    there = client.get("/es/triage/verdict/", headers={"accept-language": wished})
    assert there["Location"] == "/es/triage/"
    assert client.get("/es/problems", headers={"accept-language": wished})["Location"] == "/es/problems/"


def test_the_next_request_starts_in_the_source_language_again(client):
    client.get("/es/")
    assert translation.get_language() == "en"
    assert Page(client.get("/")).tree.get("lang") == "en"


def test_an_answer_that_names_its_language_already_keeps_it(rf):
    def handler(request):
        return HttpResponse(headers={"Content-Language": "fr", "Vary": "Origin"})

    response = middleware.language(handler)(rf.get("/es/"))
    assert response["Content-Language"] == "fr"
    assert response["Vary"] == "Origin, Accept-Language"


@pytest.mark.parametrize(
    ("status", "ask"),
    [
        (404, lambda client: client.get("/es/nowhere/")),
        (404, lambda client: client.get("/es/problems/nothing/")),
        (404, lambda client: client.get("/es/es/")),
        (405, lambda client: client.get("/es/packet/pdf/")),
        (411, lambda client: client.generic("POST", "/es/triage/review/")),
        (413, lambda client: too_long(client, f"/es/triage/review/?{LOCKED}")),
        (413, lambda client: too_long(client, "/es/nowhere/")),
        (400, lambda client: client.get("/es/", headers={"host": "elsewhere.example"})),
        (422, lambda client: client.post(f"/es/triage/review/?{LOCKED}", "phone=1", content_type=FORM)),
        (422, lambda client: client.post("/es/triage/resume/", "x=1", content_type=FORM)),
    ],
)
def test_a_page_that_says_what_went_wrong_is_in_spanish_under_es(client, status, ask):
    response = ask(client)
    assert (response.status_code, response["Content-Language"]) == (status, "es")
    page = Page(response)
    spanish = loaded.catalog_in("es")
    assert page.tree.get("lang") == "es"
    assert page.texts("aside[@class='emergency']")[0].startswith("¿Es una emergencia?")
    assert spanish.site.scam in page.text
    assert [link for link in page.all("nav//a") if link.get("href").startswith("/es/")]
    english = loaded.catalog_in("en")
    assert english.site.scam not in page.text
    assert not {*page.texts("h1"), *page.texts("h2")} & {line for lines in english.interface.values() for line in lines}


@pytest.mark.parametrize(
    ("url", "title"),
    [
        ("/es/nowhere/", "No encontramos esa página"),
        ("/es/packet/pdf/", "Su solicitud no está aquí"),
    ],
)
def test_a_page_that_is_not_there_has_its_title_in_spanish(client, url, title):
    assert Page(client.get(url)).texts("h1") == [title]


def test_a_body_that_is_too_long_is_refused_in_spanish_with_a_way_to_call(client):
    page = Page(too_long(client, f"/es/triage/review/?{LOCKED}"))
    assert page.texts("h1") == ["No pudimos leer eso"]
    assert page.link("O llame: cuándo pedir ayuda y a quién") == "/es/contact/"
    assert page.link("Empezar otra vez") == "/es/triage/"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "POST"])
def test_a_method_that_a_page_does_not_know_is_refused_in_its_language(client, method):
    response = client.generic(method, "/es/faq/", b"x")
    assert (response.status_code, response["Content-Language"]) == (405, "es")
    assert "GET" in response["Allow"]


@pytest.mark.parametrize("method", ["OPTIONS", "GET"])
@pytest.mark.parametrize("path", ["*", "nowhere", "es", "es/faq/"])
def test_a_path_without_its_first_slash_breaks_nothing(client, method, path):
    """A server may get one: OPTIONS * asks about the server itself."""
    response = client.generic(method, "/", PATH_INFO=path)
    assert response.status_code == 404
    assert response["Content-Language"] == "en"
