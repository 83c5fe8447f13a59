"""What is fuzzed: how a case is tried, what must hold, what it starts from, and which words it may use.

A target lets no exception out but for a finding. The documented ones are caught where they may come, and looked at.
"""

import importlib.util
import logging
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trials.fuzz import seeds

Attempt = Callable[[bytes], None]


class BrokenError(Exception):
    """What must hold does not."""


def must(hold: str, holds: bool) -> None:
    """Raises BrokenError where it does not hold."""
    if not holds:
        raise BrokenError(hold)


@dataclass(frozen=True)
class Target:
    """One target.

    prepare   imports what is tried, while atheris instruments these modules, and returns what tries one case
    longest   bytes of a case
    """

    what: str
    prepare: Callable[[], Attempt]
    modules: tuple[str, ...]
    seeds: Callable[[], Iterable[bytes]]
    words: Callable[[], Iterable[str]]
    longest: int


def _django() -> None:
    import django

    django.setup()
    # As in the process that opens files (triage/limits.py): a decoder may warn of each case.
    logging.disable()


def _picture() -> Attempt:
    from io import BytesIO

    from PIL import Image

    from triage.consistency import PICTURE_REASONS
    from triage.picture import COLOURS, HEIGHT, WIDTH, PictureError, clean

    def attempt(case: bytes) -> None:
        try:
            made = clean(case)
        except PictureError as error:
            must("a reason with words", error.reason in PICTURE_REASONS)
            return
        must("cleaning twice is cleaning once", clean(made) == made)
        image = Image.open(BytesIO(made), formats=("PNG",))
        must("a size within bounds", image.width <= WIDTH and image.height <= HEIGHT)
        must("few colours", image.getcolors(COLOURS) is not None)
        must("nothing but pixels", image.info == {})

    return attempt


def _pdf() -> Attempt:
    from triage.attached import LONGEST, NotOursError, data_in

    logging.disable()

    def attempt(case: bytes) -> None:
        try:
            must("no more than the longest", len(data_in(case)) <= LONGEST)
        except NotOursError:
            return

    return attempt


def _packet() -> Attempt:
    _django()
    from triage import workers
    from triage.attached import NotOursError
    from triage.drafts import from_packet
    from triage.renderers import as_json

    # In this process, so that coverage leads there too. The target "picture" is about what this does.
    workers.run = lambda task, *arguments: task(*arguments)

    def attempt(case: bytes) -> None:
        try:
            draft, _ = from_packet(case)
        except NotOursError:
            return
        dict(draft.form.errors)
        if draft.form.is_valid():
            again, dropped = from_packet(data := as_json(draft.packet()))
            must("what we wrote is known to us", not dropped)
            must("giving back changes nothing", as_json(again.packet()) == data)

    return attempt


def _in_file(attempt: Callable[[Path], object]) -> Attempt:
    """A case as a content file: it is read, or refused with lines that each name the file and what is wrong."""
    from helpdesk.records import ContentError

    folder = tempfile.mkdtemp(prefix="fuzz-")
    file = Path(folder) / "case.toml"

    def in_file(case: bytes) -> None:
        file.write_bytes(case)
        try:
            attempt(file)
        except ContentError as error:
            must("a fault that is named", bool(error.faults))
            for fault in error.faults:
                where, _, what = fault.partition(f"{file.name}: ")
                must("the file and what is wrong in it", bool(what.strip()) and "\n" not in where)

    return in_file


def _facts() -> Attempt:
    from helpdesk import languages, organization

    offered = languages.load()

    def attempt(file: Path) -> None:
        read = organization.load(file)
        for language in offered.values():
            read.facts(language)
        for _, text in read.texts():
            organization.said(text, "en")

    return _in_file(attempt)


def _record() -> Attempt:
    from helpdesk import catalog, languages
    from helpdesk.organization import FACTS
    from helpdesk.records import parse, read_toml

    kinds = [getattr(catalog, name, None) or getattr(languages, name) for name in seeds.RECORDS]
    contexts = [{"facts": facts, "fact_names": tuple(FACTS)} for facts in ({}, dict.fromkeys(FACTS, "7"))]

    def attempt(file: Path) -> None:
        case = file.read_bytes()
        file.write_bytes(case[1:])
        number = case[0] if case else 0
        table: dict[str, Any] = read_toml(file)
        parse(kinds[number % len(kinds)], table, file.name, contexts[number % 2])

    return _in_file(attempt)


def _content() -> Attempt:
    import functools
    import shutil

    from helpdesk import catalog, languages, records, translations
    from helpdesk.records import CONTENT, ContentError

    copy = Path(tempfile.mkdtemp(prefix="fuzz-")) / "content"
    shutil.copytree(CONTENT, copy)
    files = [copy / file.relative_to(CONTENT) for file in seeds.content_files()]
    # The other files are read once.
    once = functools.cache(records.read_toml)
    changed = files[0]
    for module in (catalog, languages, translations):
        module.read_toml = lambda path: (records.read_toml if path == changed else once)(path)

    def attempt(case: bytes) -> None:
        nonlocal changed
        changed = files[case[0] % len(files)] if case else files[0]
        kept = changed.read_bytes()
        changed.write_bytes(case[1:])
        try:
            catalog.load("es" if changed.is_relative_to(copy / "es") else "en", content=copy)
        except ContentError as error:
            must("faults that are named", bool(error.faults) and all(": " in fault for fault in error.faults))
        finally:
            changed.write_bytes(kept)

    return attempt


def _cleaning() -> Attempt:
    from triage import cleaning as guided

    # The same without instruments, to see how long it takes.
    spec = importlib.util.spec_from_file_location("plain_cleaning", guided.__file__)
    plain = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = plain
    spec.loader.exec_module(plain)

    def attempt(case: bytes) -> None:
        text = case.decode("utf-8", "replace")
        for clean in (guided.clean_line, guided.clean_text, guided.clean_address):
            must("cleaning twice is cleaning once", clean(clean(text)) == clean(text))
            clean(text).encode()
        must("one line", "\n" not in guided.clean_line(text))
        guided.find_secret(text)
        before, _, rest = text.partition("|")
        part, _, after = rest.partition("|")
        if part:
            hostile = before + part * (50_000 // len(part)) + after
            for read in (plain.clean_text, plain.find_secret):
                began = time.thread_time()
                read(hostile)
                took = time.thread_time() - began
                must(f"{read.__name__} in time, not {took:.3f} seconds", took < SLOW)

    return attempt


# Seconds for 50,000 characters. They take 0.05 at the most on a machine that is not busy.
SLOW = 0.25


def _answers() -> Attempt:
    from urllib.parse import parse_qsl

    from helpdesk import catalog as catalogs
    from triage.answers import LONELY_SYMPTOM, from_pairs
    from triage.engine import GRAVITY, assess, next_question

    catalog = catalogs.load()

    def attempt(case: bytes) -> None:
        pairs = parse_qsl(case.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=None)
        answers, _ = from_pairs(catalog, pairs)
        must("what we wrote is known to us", from_pairs(catalog, answers.pairs()) == (answers, False))
        must("the lonely symptom alone", len(answers.symptoms) < 2 or LONELY_SYMPTOM not in answers.symptoms)
        next_question(catalog, answers)
        if not answers.symptoms:
            return
        found = assess(catalog, answers)
        must("a verdict with reason and desk", found.verdict in GRAVITY and bool(found.reasons and found.desks))
        must("the same from the answers that count", assess(catalog, found.answers) == found)
        tags = {tag for step in found.steps for tag in step.tags}
        problems = {problem.slug for problem in found.problems}
        # Rules that must never break (docs/design.md).
        must("no attempt at a record in danger", found.verdict != "contact-now" or "attempt" not in tags)
        must("no attempt at a locked account", "account-locked" not in problems or "attempt" not in tags)
        must("no loss of trust without codes", "codes-not-arriving" not in problems or "resets-trust" not in tags)

    return attempt


TARGETS = {
    "picture": Target(
        "a picture that is sent (triage/picture.py)",
        _picture,
        ("triage.picture", "PIL"),
        seeds.pictures,
        seeds.picture_words,
        16_384,
    ),
    "pdf": Target(
        "a PDF that is given back (triage/attached.py)",
        _pdf,
        ("triage.attached", "pypdf"),
        seeds.pdfs,
        seeds.pdf_words,
        65_536,
    ),
    "packet": Target(
        "a packet's data that is given back (triage/drafts.py)",
        _packet,
        ("triage.drafts", "triage.documents", "triage.answers", "triage.forms", "triage.reference", "triage.engine"),
        seeds.packets,
        seeds.packet_words,
        16_384,
    ),
    "facts": Target(
        "a fact sheet (helpdesk/organization.py)",
        _facts,
        ("helpdesk.organization", "helpdesk.records", "tomllib"),
        seeds.fact_sheets,
        seeds.fact_words,
        8_192,
    ),
    "record": Target(
        "one content file as a record (helpdesk/records.py)",
        _record,
        ("helpdesk.records", "helpdesk.catalog", "helpdesk.languages", "tomllib"),
        seeds.records,
        seeds.record_words,
        8_192,
    ),
    "content": Target(
        "all content with one file changed (helpdesk/catalog.py)",
        _content,
        ("helpdesk.catalog", "helpdesk.translations", "helpdesk.languages"),
        seeds.contents,
        seeds.record_words,
        32_768,
    ),
    "cleaning": Target(
        "a text that is typed (triage/cleaning.py)", _cleaning, ("triage.cleaning",), seeds.texts, seeds.text_words, 512
    ),
    "answers": Target(
        "the answers in an address (triage/answers.py, triage/engine.py)",
        _answers,
        ("triage.answers", "triage.engine"),
        seeds.addresses,
        seeds.address_words,
        2_048,
    ),
}
