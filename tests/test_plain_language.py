"""How plain the site and the packet are as people read them: not the files (test_words.py), but what is shown.

A page is read block by block, and each block ends a sentence: a paragraph, a heading, a label, an item of a list, a
row of a table. Names, the buttons of other people's screens and what the patient typed are left out.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from urllib.parse import urlencode
from xml.etree.ElementTree import Element

import pytest
import variants
from django.test import Client
from plain import LANGUAGES, joined, long_enough, too_hard, too_long
from reading import POSTED, SYMPTOMS, Page, answered
from variants import VARIANTS, Variant

from helpdesk.languages import SOURCE
from helpdesk.loaded import organization
from triage import renderers
from triage.packet import Packet

pytestmark = pytest.mark.usefixtures("static_files", "fact_sheet")

START = {language: "" if language == SOURCE else f"/{language}" for language in LANGUAGES}
HELP = (
    "/",
    "/problems/",
    *(f"/problems/{slug}/" for slug in SYMPTOMS),
    "/checklist/",
    "/faq/",
    "/contact/",
    "/prepare/",
    "/what-to-expect/",
    "/stay-safe/",
    "/how-access-works/",
    "/privacy/",
    "/accessibility/",
    "/for-support-desks/",
    "/triage/",
    "/triage/resume/",
    "/packet/",
    "/nowhere/",
)
SECTIONS = ("sheet-a", "sheet-b", "for-you", "your-answers", "call")
# What else than one problem at a time: nothing typed, several problems at once, all steps tried.
OTHER_PACKETS = ("nothing typed, for a teen", "everything tried, example")

# Inside a block: all other elements are blocks, and so is a span with a look of its own.
INLINE = {"a", "abbr", "b", "bdi", "br", "code", "em", "i", "img", "small", "span", "strong"}
NOT_READ = {"script", "style", "template", "textarea", "input", "svg"}
# In texts: a bullet or a quote, and the number of a row.
BEFORE_WORDS = re.compile(r"^[-\"( ]*([ABS]\d+ )?")
SEPARATOR = "_" * 20
ADDRESS = r"https?://\S+|\b[\w.@-]+\.(?:example|org|com)\b\S*"

# (language, text) of each block, in order.
Blocks = list[tuple[str, str]]


# ---- reading ----


def blocks(element: Element, language: str) -> Blocks:
    found: Blocks = [(language, "")]
    _read(element, language, found)
    return found


def _read(element: Element, around: str, found: Blocks) -> None:
    """Adds the element's text to the last block, or to blocks of its own. `around` is the language around it."""
    classes = set(element.get("class", "").split())
    language = element.get("lang", around)
    is_block = element.tag not in INLINE or (element.tag == "span" and classes)
    if is_block:
        found.append((language, ""))
    if element.tag not in NOT_READ and "number" not in classes:
        _say(element.text, found)
        for child in element:
            _read(child, language, found)
            _say(child.tail, found)
    if is_block:
        found.append((around, ""))


def _say(text: str | None, found: Blocks) -> None:
    language, said = found[-1]
    found[-1] = (language, f"{said}{text or ''}")


def lines(text: str, language: str) -> Blocks:
    return [(language, line) for line in text.splitlines()]


def email(packet: Packet) -> Blocks:
    """The desk reads the text above the line, and the patient the one below."""
    above, _, below = renderers.as_email_text(packet).decode().partition(SEPARATOR)
    return lines(above, packet.for_desk.language.code) + lines(below, packet.for_patient.language.code)


def script(packet: Packet) -> Blocks:
    """All in the patient's language but what asks for an interpreter."""
    asking = {f'  "{line}"' for line in packet.for_desk.call.interpreter}
    desk, patient = packet.for_desk.language.code, packet.for_patient.language.code
    text = renderers.as_call_script(packet).decode()
    return [(desk if line in asking else patient, line) for line in text.splitlines()]


def parts(packet: Packet) -> dict[str, Blocks]:
    """Every part of the packet by name."""
    page = Page(renderers.as_html(packet))
    found = {part: page.all(f"section[@id='{part}']") for part in SECTIONS}
    sheets = {part: blocks(section, "") for part, sections in found.items() for section in sections}
    return sheets | {"e-mail": email(packet), "phone script": script(packet)}


def said(found: Blocks, language: str, typed: Iterable[str] = ()) -> list[str]:
    """What the blocks of this language say, without addresses, the health system's name and what was typed."""
    names = sorted(filter(None, {organization().organization.name, *typed}), key=len, reverse=True)
    left_out = re.compile("|".join([ADDRESS, *map(re.escape, names)]))
    items = (item for code, text in found if code == language for item in text.split("; "))
    texts = (BEFORE_WORDS.sub("", " ".join(left_out.sub("", item).split())) for item in items)
    return [text for text in texts if text]


# ---- pages ----


def triage() -> Iterator[str]:
    """Every coded question, and the answer and the form of each problem."""
    questions = set()
    for slug, symptom in SYMPTOMS.items():
        answers = answered(symptom, **VARIANTS[slug].chosen)
        query = urlencode(answers.pairs())
        yield from (f"/triage/question/?{query}&ask={key}" for key in answers.answers if key not in questions)
        yield from (f"/triage/verdict/?{query}", f"/triage/details/?{query}")
        questions |= set(answers.answers)


@cache
def pages(facts: str, language: str) -> dict[str, list[str]]:
    """What `main` says on each page. `facts` only tells apart what is remembered: `fact_sheet` must be set to it."""
    client = Client()
    shown = {url: Page(client.get(START[language] + url)) for url in (*HELP, *triage())}
    assert [url for url, page in shown.items() if page.status != 200] == ["/nowhere/"]
    return {url: said(blocks(page.all("main")[0], language), language) for url, page in shown.items()}


in_each_way = pytest.mark.parametrize(
    ("language", "facts"), [(code, facts) for code in LANGUAGES for facts in ("blank", "example")]
)


@in_each_way
def test_a_sixth_grader_can_read_every_page(fact_sheet, language, facts):
    fact_sheet(facts)
    texts = long_enough({url: joined(shown) for url, shown in pages(facts, language).items()})
    assert len(texts) > 50
    assert {url: hard for url, text in texts.items() if (hard := too_hard(language, text))} == {}


@in_each_way
def test_no_sentence_on_a_page_is_longer_than_25_words(fact_sheet, language, facts):
    fact_sheet(facts)
    found = {(url, long) for url, shown in pages(facts, language).items() for text in shown for long in too_long(text)}
    assert found == set()


def test_every_page_that_a_page_links_to_is_read(client):
    read = {url.partition("?")[0] for url in (*HELP, *triage())}
    linked = {link for url in HELP for link in Page(client.get(url)).attributes("href") if link.startswith("/")}
    addresses = {re.split("[?#]", link)[0] for link in linked}
    pages = {url for url in addresses if url.endswith("/") and not url.startswith(tuple(filter(None, START.values())))}
    assert len(pages) > 25
    assert pages - read == set()


# ---- the packet ----


def packet_variants() -> dict[str, Variant]:
    """One problem at a time, where patient and desk read the same language and where they do not, and others."""
    both_spanish = {slug: replace(VARIANTS[f"{slug}, desk reads Spanish"], language="es") for slug in SYMPTOMS}
    alone = {name: VARIANTS[name] for slug in SYMPTOMS for name in VARIANTS if name == slug or f"{slug}, " in name}
    others = {name: VARIANTS[name] for name in OTHER_PACKETS}
    return (
        alone
        | others
        | {f"{slug}, both read Spanish": variant for slug, variant in both_spanish.items()}
        | {f"{name}, in Spanish": replace(variant, language="es") for name, variant in others.items()}
    )


PACKETS = packet_variants()


def typed_into(packet: Packet) -> set[str]:
    """What the patient typed, line by line."""
    return {line for row in packet.for_patient.rows if row.own_words for line in row.value.splitlines()}


@pytest.fixture(scope="module")
def packets_said(made_once, static_files) -> Iterator[dict[str, dict[str, dict[str, list[str]]]]]:
    """What each part of each packet says, by language. All packets with one fact sheet are made in a row."""
    packets = {}
    with variants.usual_facts_after():
        for name, variant in sorted(PACKETS.items(), key=lambda item: item[1].facts):
            variants.use_facts(made_once.facts[variant.facts])
            packet = variants.packet_of(variant)
            packets[name] = {language: said_by_part(packet, language) for language in LANGUAGES}
        yield packets


def said_by_part(packet: Packet, language: str) -> dict[str, list[str]]:
    typed = typed_into(packet)
    shown = {part: said(found, language, typed) for part, found in parts(packet).items()}
    return {part: texts for part, texts in shown.items() if texts}


@pytest.mark.parametrize("name", PACKETS)
def test_a_sixth_grader_can_read_every_part_of_a_packet(packets_said, name):
    hard = {}
    for language, shown in packets_said[name].items():
        passages = long_enough({part: joined(texts) for part, texts in shown.items()})
        hard |= {(language, part): too_hard(language, text) for part, text in passages.items()}
    assert len(hard) >= 6
    assert {part: scores for part, scores in hard.items() if scores} == {}


@pytest.mark.parametrize("name", PACKETS)
def test_no_sentence_of_a_packet_is_longer_than_25_words(packets_said, name):
    parts = {(language, part): texts for language, by in packets_said[name].items() for part, texts in by.items()}
    assert [(part, long) for part, texts in parts.items() for text in texts for long in too_long(text)] == []


TEXTS = {"e-mail", "phone script"}
SHEETS = {"sheet-a", "sheet-b"}
PATIENT = {"for-you", "call"}


@pytest.mark.parametrize(
    ("name", "english", "spanish"),
    [
        ("account-locked", SHEETS | PATIENT | TEXTS, set()),
        ("account-locked, both read Spanish", set(), SHEETS | PATIENT | TEXTS),
        # The phone script begins with how to ask for an interpreter.
        (
            "account-locked, patient reads Spanish",
            SHEETS | TEXTS | {"call"},
            PATIENT | TEXTS | {"your-answers"},
        ),
        (
            "account-locked, desk reads Spanish",
            PATIENT | TEXTS | {"your-answers"},
            SHEETS | TEXTS | {"call"},
        ),
    ],
)
def test_each_part_is_read_in_its_language_and_without_what_was_typed(packets_said, name, english, spanish):
    shown = packets_said[name]
    assert {language: set(parts) for language, parts in shown.items()} == {"en": english, "es": spanish}
    everything = " ".join(text for parts in shown.values() for texts in parts.values() for text in texts)
    for typed in ("Hilda", "three times", "Then it said locked", "maria@example", "Old blue tablet"):
        assert typed in " ".join(POSTED.values())
        assert typed not in everything
