"""What is translated, from which words, who has looked at it, and the command that tells and keeps it."""

import datetime
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import EXAMPLE_ORGANIZATION, ROOT
from django.core.management import CommandError, call_command
from reading import Page, post

from helpdesk import loaded, translations
from helpdesk.records import CONTENT, ContentError
from helpdesk.translations import Origin

pytestmark = pytest.mark.usefixtures("static_files", "fact_sheet")

SHIPPED = translations.load(CONTENT, "es")
LOCKED = "symptom=locked-message&for-whom=self&codes-unasked=no&needed-today=refill"
# A page of each kind: a start, a list, words alone, a form, an answer, and one that is not there.
PAGES = ("/", "/faq/", "/privacy/", "/triage/?symptom=locked-message", f"/triage/verdict/?{LOCKED}", "/nowhere/")
# What a page says in each language while not everything is reviewed.
UNREVIEWED = {
    "en": SHIPPED.source["packet.toml: labels.unreviewed"],
    "es": SHIPPED.words["packet.toml: labels.unreviewed"],
}


@pytest.fixture
def content(tmp_path, settings) -> Iterator[Path]:
    """A copy of the content that a test may change, in use by site and command. Nothing is on record yet."""
    copy = shutil.copytree(CONTENT, tmp_path / "content")
    (copy / "es" / "sources.json").unlink(missing_ok=True)
    settings.WAYIN_CONTENT = copy
    loaded.forget()
    yield copy
    loaded.forget()


@pytest.fixture
def recorded(content) -> Path:
    """The same, with every entry recorded as a translation of today's words."""
    run("es", "--record", "*")
    return content


def run(*words: str) -> str:
    """What the command prints."""
    out = io.StringIO()
    call_command("translations", *words, stdout=out)
    return out.getvalue()


def failed(*words: str) -> tuple[int, str, str]:
    """The status with which the command ends, its last words, and what it printed before."""
    out = io.StringIO()
    with pytest.raises(CommandError) as error:
        call_command("translations", *words, stdout=out)
    return error.value.returncode, str(error.value), out.getvalue()


def change(file: Path, old: str, new: str) -> None:
    """Changes one place of a file, and has the site read everything anew."""
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), encoding="utf-8")
    loaded.forget()


def change_english(content: Path) -> None:
    change(content / "en" / "site.toml", "Watch out for scams", "Beware of scams")


def change_spanish(content: Path) -> None:
    change(content / "es" / "site.toml", "Cuidado con las estafas", "Ojo con las estafas")


def origins(content: Path) -> dict[str, dict]:
    return json.loads((content / "es" / "sources.json").read_text(encoding="utf-8"))


def today() -> datetime.date:
    return datetime.datetime.now().astimezone().date()


def unreviewed(content: Path) -> set[str]:
    return set(translations.load(content, "es").unreviewed())


# ---- what we ship ----


def test_every_english_entry_has_words_in_spanish():
    assert len(SHIPPED.source) > 1000
    assert list(SHIPPED.faults()) == []


def test_an_entry_is_named_by_its_file_and_its_keys():
    for name in (
        "steps.toml: check-address.do",
        "faq.toml: faq.unlock-time.answer",
        "pages/contact.toml: sections.locked.title",
        "problems/account-locked.toml: lead",
        "packet.toml: call.for_whom.self",
    ):
        assert name in SHIPPED.source


def test_what_is_for_machines_and_what_a_language_says_of_itself_is_not_translated():
    assert [name for name in SHIPPED.source if name.endswith((".id", ".group"))] == []
    assert [name for name in SHIPPED.source if name.startswith("language.toml")] == []


def test_every_spanish_entry_is_on_record_as_a_translation_of_today_s_english():
    assert list(SHIPPED.stale()) == []
    assert list(SHIPPED.origins) == list(SHIPPED.source)


def test_nothing_is_on_record_as_reviewed_without_a_name_and_a_day():
    assert [
        name for name, origin in SHIPPED.origins.items() if bool(origin.reviewed_by) != bool(origin.reviewed_on)
    ] == []


# ---- what is refused ----


@pytest.mark.parametrize(
    ("file", "old", "new", "fault"),
    [
        (
            "steps.toml",
            '\nwhy = "Muchos sistemas de salud',
            '\n# why = "Muchos sistemas de salud',
            "es/steps.toml: check-address.why: has no words in this language; translate them",
        ),
        (
            "site.toml",
            "# Lines that stand",
            'motto = "Bienvenido"\n# Lines that stand',
            "es/site.toml: motto: has no source in en/; remove it",
        ),
        (
            "site.toml",
            "Llame ahora al {emergency_number}.",
            "Llame ahora al {organization_name}.",
            "es/site.toml: emergency: has {organization_name}, and its source {emergency_number}; make them the same",
        ),
        (
            "interface.toml",
            "Su referencia es {reference}.",
            "Esta es su referencia.",
            "es/interface.toml: review.reference: has no field, and its source {reference}; make them the same",
        ),
        (
            "packet.toml",
            '"Hola. Hablo {language}."',
            '"Hola. Hablo {idioma}."',
            "es/packet.toml: call.interpreter: has {idioma}, and its source {language}; make them the same",
        ),
    ],
)
def test_words_that_are_missing_too_much_or_hold_other_fields_are_refused_by_name(content, file, old, new, fault):
    change(content / "es" / file, old, new)
    with pytest.raises(ContentError) as error:
        loaded.catalog_in("es")
    assert fault in error.value.faults
    status, _, shown = failed("es")
    assert status == 1
    assert f"to translate or to mend:\n  {fault}\n" in shown


def test_a_file_that_has_not_been_translated_is_named_entry_by_entry(content):
    (content / "es" / "tags.toml").unlink()
    with pytest.raises(ContentError) as error:
        loaded.catalog_in("es")
    for tag in ("attempt", "asks-code", "resets-trust"):
        assert f"es/tags.toml: {tag}: has no words in this language; translate them" in error.value.faults


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_question_that_lost_its_id_is_named_and_stops_nothing_else(content, language):
    change(content / language / "faq.toml", 'id = "unlock-time"\n', "")
    with pytest.raises(ContentError) as error:
        loaded.catalog_in(language)
    assert f"{language}/faq.toml: ?: id: this key is missing; add it" in error.value.faults
    assert "faq.unlock-time.question: has no " in failed("es")[2]


def test_english_is_translated_from_nothing(content):
    shutil.rmtree(content / "es")
    assert not loaded.catalog_in("en").unreviewed


# ---- what became stale ----


def test_what_nobody_recorded_is_stale(content):
    assert list(translations.load(content, "es").stale()) == list(SHIPPED.source)


def test_a_changed_english_word_makes_exactly_its_entry_stale(recorded):
    assert translations.load(recorded, "es").stale() == ()
    change_english(recorded)
    assert translations.load(recorded, "es").stale() == ("site.toml: scam_title",)


def test_a_changed_spanish_word_makes_nothing_stale(recorded):
    change_spanish(recorded)
    assert translations.load(recorded, "es").stale() == ()


def test_the_command_shows_what_is_stale_with_both_texts_and_ends_with_status_1(recorded):
    change_english(recorded)
    status, last, shown = failed("es")
    assert (status, last) == (1, "There is something to translate: es")
    assert (
        "to look at again, since the en words changed:\n"
        "  site.toml: scam_title\n"
        "    en: Beware of scams\n"
        "    es: Cuidado con las estafas\n"
    ) in shown


def test_without_a_language_the_command_goes_through_all_of_them(recorded):
    assert run() == run("es")
    change_english(recorded)
    assert failed()[0] == 1


def test_record_with_a_pattern_clears_what_it_names_and_nothing_else(recorded):
    change_english(recorded)
    change(recorded / "en" / "tags.toml", "do not arrive", "never arrive")
    assert run("es", "--record", "site.toml: *").startswith("7 entries recorded, 0 of them as reviewed.")
    assert translations.load(recorded, "es").stale() == ("tags.toml: resets-trust",)
    run("es", "--record", "site.toml: scam", "tags.toml: resets-trust")
    assert translations.load(recorded, "es").stale() == ()
    assert "to look at again" not in run("es")


def test_a_system_check_warns_of_what_is_stale(recorded, capsys):
    change_english(recorded)
    call_command("check")
    warned = capsys.readouterr().err
    assert "es: the en words changed since these were translated: site.toml: scam_title\n" in warned
    assert "Run `manage.py translations es`" in warned


def test_what_was_never_recorded_is_counted_and_what_the_site_refuses_is_named(content):
    change(content / "es" / "site.toml", "Ayuda para entrar en MyChart", "")
    out = io.StringIO()
    with pytest.raises(CommandError) as ended:
        call_command("translations", "es", stdout=out)
    assert ended.value.returncode == 1
    assert "es/site.toml: tagline: this is empty; write the words" in out.getvalue()
    assert "to record, once they are translated:\n" in out.getvalue()
    assert "words changed" not in out.getvalue()


# ---- who has reviewed it ----


def test_a_review_is_kept_with_name_and_day(recorded):
    before = today()
    said = run("es", "--review", "site.toml: scam*", "--by", " Ana Ruiz ")
    assert said.startswith("2 entries recorded, 2 of them as reviewed.")
    kept = [translations.load(recorded, "es").origins[f"site.toml: {key}"] for key in ("scam", "scam_title")]
    assert [origin.reviewed_by for origin in kept] == ["Ana Ruiz", "Ana Ruiz"]
    assert all(before <= origin.reviewed_on <= today() for origin in kept)
    assert unreviewed(recorded) == set(SHIPPED.source) - {"site.toml: scam", "site.toml: scam_title"}
    assert "  site.toml: 5\n" in run("es")


def test_a_review_also_records_what_it_read(content):
    run("es", "--review", "site.toml: scam_title", "--by", "Ana Ruiz")
    assert list(origins(content)) == ["site.toml: scam_title"]
    assert "site.toml: scam_title" not in translations.load(content, "es").stale()


@pytest.mark.parametrize("change_it", [change_english, change_spanish])
def test_a_review_lapses_when_the_source_or_the_translation_changes_and_a_record_does_not_bring_it_back(
    recorded, change_it
):
    run("es", "--review", "site.toml: *", "--by", "Ana Ruiz")
    assert "site.toml: scam_title" not in unreviewed(recorded)
    change_it(recorded)
    assert "site.toml: scam_title" in unreviewed(recorded)
    run("es", "--record", "*")
    assert "site.toml: scam_title" in unreviewed(recorded)
    assert "site.toml: scam" not in unreviewed(recorded)
    run("es", "--review", "site.toml: scam_title", "--by", "Luis Soto")
    assert "site.toml: scam_title" not in unreviewed(recorded)


def test_to_record_again_what_has_not_changed_keeps_its_review(recorded):
    run("es", "--review", "site.toml: *", "--by", "Ana Ruiz")
    kept = origins(recorded)
    run("es", "--record", "*")
    assert origins(recorded) == kept


def test_what_waits_for_a_review_only_is_counted_and_ends_well(recorded):
    shown = run("es")
    assert shown.startswith(f"es: {len(SHIPPED.source)} entries\n")
    assert "to review by a person:\n" in shown
    assert "  tags.toml: 3\n" in shown
    assert "  problems/account-locked.toml: 7\n" in shown
    run("es", "--review", "*", "--by", "Ana Ruiz")
    done = run("es")
    assert done.startswith(f"es: {len(SHIPPED.source)} entries\n")
    assert "to review" not in done
    # Names are the same in every language.
    assert "still the same as in en:\n" in done
    assert "  site.toml: 1\n" in done


# ---- what the command refuses ----


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("es", "--record", "steps.toml: dance.*"), "steps.toml: dance.*: there is no such entry"),
        (("es", "--record", "*", "step.toml: *"), "step.toml: *: there is no such entry"),
        (("es", "--review", "Faq.toml: *", "--by", "Ana Ruiz"), "Faq.toml: *: there is no such entry"),
        (("fr",), "fr: there is no such folder with a language.toml; there are es"),
        (("en", "--record", "*"), "en: there is no such folder with a language.toml; there are es"),
        (("../es",), "../es: there is no such folder with a language.toml; there are es"),
        (("es", "--review", "*"), "Say who reviewed it: --by 'Ana Ruiz'"),
        (("es", "--review", "*", "--by", "  "), "Say who reviewed it: --by 'Ana Ruiz'"),
        (("--record", "*"), "Name the language first, such as: translations es --record ..."),
    ],
)
def test_a_slip_ends_with_status_2_and_one_line_and_writes_nothing(content, words, said):
    assert failed(*words) == (2, said, "")
    assert not (content / "es" / "sources.json").exists()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"site.toml: scam": 1}', '{"site.toml: scam": {"source": "0"}}', "\udcff"]
)
@pytest.mark.parametrize("words", [("es",), ("es", "--record", "*")])
def test_a_broken_record_ends_with_status_2_and_one_line_that_names_the_file(content, text, words):
    file = content / "es" / "sources.json"
    file.write_bytes(text.encode(errors="surrogateescape"))
    status, last, shown = failed(*words)
    assert (status, shown) == (2, "")
    assert last.startswith(f"{file}: cannot be read, so take back the last change to it: ")
    assert "\n" not in last
    assert file.read_bytes() == text.encode(errors="surrogateescape")


def test_a_broken_record_keeps_the_site_from_starting_with_one_line_too(content):
    (content / "es" / "sources.json").write_text('{"a": 1, "b": 2}', encoding="utf-8")
    with pytest.raises(ContentError) as error:
        loaded.catalog_in("es")
    (fault,) = error.value.faults
    assert fault.startswith(f"{content / 'es' / 'sources.json'}: cannot be read, so take back the last change to it: a")
    assert "\n" not in fault


def test_the_command_ends_as_it_says_where_a_person_runs_it(recorded):
    def status(*words: str) -> tuple[int, str]:
        command = [sys.executable, "manage.py", "translations", *words]
        environment = os.environ | {"WAYIN_CONTENT": str(recorded)}
        ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        return ended.returncode, ended.stderr

    assert status("es") == (0, "")
    change_english(recorded)
    assert status() == (1, "CommandError: There is something to translate: es\n")
    assert status("es", "--record", "dance") == (2, "CommandError: dance: there is no such entry\n")


# ---- the fact sheet ----


def test_facts_that_have_no_words_in_spanish_are_listed(recorded, fact_sheet, tmp_path):
    text = (ROOT / EXAMPLE_ORGANIZATION).read_text(encoding="utf-8")
    left = [line for line in text.splitlines() if not line.startswith(("cost.es", "bring.es"))]
    sheet = tmp_path / "organization.toml"
    sheet.write_text("\n".join(left).replace(', days.es = "Sábado"', ""), encoding="utf-8")
    fact_sheet(sheet)
    assert (
        "to add to the fact sheet, which has no words in this language:\n"
        "  rules.cost\n"
        "  desks.support.hours.2.days\n"
        "  places.1.bring\n"
        "  places.2.bring\n"
    ) in run("es")


@pytest.mark.parametrize("facts", ["blank", "example"])
def test_facts_that_are_not_given_or_have_their_words_are_not_listed(recorded, fact_sheet, facts):
    fact_sheet(facts)
    assert "fact sheet" not in run("es")


# ---- sources.json ----


def test_the_record_has_an_entry_a_line_in_the_order_of_the_source(recorded):
    first, *lines, last = (recorded / "es" / "sources.json").read_text(encoding="utf-8").splitlines()
    assert (first, last) == ("{", "}")
    read = [json.loads(f"{{{line.removesuffix(',')}}}") for line in lines]
    assert [list(entry) for entry in read] == [[name] for name in SHIPPED.source]


def test_to_write_the_record_twice_gives_the_same_bytes(recorded):
    file = recorded / "es" / "sources.json"
    once = file.read_bytes()
    assert once.endswith(b"}\n")
    run("es", "--record", "verdicts.toml: *", "desks.toml: *")
    assert file.read_bytes() == once
    translations.save(recorded, translations.load(recorded, "es"))
    assert file.read_bytes() == once


def test_what_is_recorded_bit_by_bit_ends_as_what_is_recorded_at_once(recorded):
    at_once = (recorded / "es" / "sources.json").read_bytes()
    (recorded / "es" / "sources.json").unlink()
    files = sorted({name.partition(": ")[0] for name in SHIPPED.source}, reverse=True)
    for file in files:
        run("es", "--record", f"{file}: *")
    assert (recorded / "es" / "sources.json").read_bytes() == at_once


def test_an_entry_that_is_gone_leaves_the_record_too(recorded):
    for language in ("en", "es"):
        file = recorded / language / "packet.toml"
        file.write_text(file.read_text(encoding="utf-8").replace("\npicture_alt = ", "\n# "), encoding="utf-8")
    assert "packet.toml: labels.picture_alt" in origins(recorded)
    run("es", "--record", "site.toml: *")
    assert "packet.toml: labels.picture_alt" not in origins(recorded)
    assert "packet.toml: labels.picture" in origins(recorded)


def test_a_digest_tells_words_apart_and_nothing_else():
    given = {translations.digest(words) for words in ("Sí", "Si", ["Sí"], {"known": "Sí", "neutral": "Si"})}
    assert len(given) == 4
    assert translations.digest(["a", "b"]) == translations.digest(["a", "b"])
    assert Origin(source="1", words="2").reviewed_by == ""


# ---- what the pages say of it ----


def said(client, language: str) -> dict[str, tuple[int, int]]:
    """How often each page says, in its own language and in the other, that not everything is reviewed."""
    start = {"en": "", "es": "/es"}
    other = {"en": "es", "es": "en"}[language]
    pages = {url: Page(client.get(start[language] + url)).text for url in PAGES}
    pages["review"] = Page(post(client, f"{start[language]}/triage/review/?{LOCKED}", {"began": "hoy"})).text
    return {url: (text.count(UNREVIEWED[language]), text.count(UNREVIEWED[other])) for url, text in pages.items()}


def test_a_page_in_spanish_says_once_in_spanish_that_not_everything_is_reviewed(client, recorded):
    assert said(client, "es") == dict.fromkeys((*PAGES, "review"), (1, 0))


def test_a_page_in_english_never_says_so(client, recorded):
    assert said(client, "en") == dict.fromkeys((*PAGES, "review"), (0, 0))


def test_no_page_says_so_when_all_is_reviewed_and_each_does_again_when_a_word_changes(client, recorded):
    run("es", "--review", "*", "--by", "Ana Ruiz")
    loaded.forget()
    assert said(client, "es") == dict.fromkeys((*PAGES, "review"), (0, 0))
    change_english(recorded)
    assert said(client, "es") == dict.fromkeys((*PAGES, "review"), (1, 0))
