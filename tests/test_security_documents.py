"""What SECURITY.md, docs/security.md and docs/asvs.md say is so: figures, fields, sums, and whatever they name."""

import ast
import importlib
import re
import runpy
from collections import Counter
from functools import cache

import pytest
from browser import ROOT

from helpdesk.catalog import Question
from helpdesk.loaded import catalog
from triage.answers import STEP_PREFIX, SYMPTOM_KEY
from triage.drafts import CARRIED_PICTURE, MADE_AT, REFERENCE
from triage.forms import PICTURE, ResumeForm

DOCUMENTS = ("SECURITY.md", "docs/security.md", "docs/asvs.md")
MB = 1024 * 1024


def text(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def tables(document: str, heading: str = "") -> list[list[str]]:
    """The cells of each row of the tables below this heading (or of all), without the rows that head them."""
    shown = text(document)
    if heading:
        shown = shown.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^(?:\|.*\|\n)+", f"{shown}\n", re.MULTILINE)
    lines = [line for table in rows for line in table.splitlines()[2:]]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


# ---- what they name is there ----


def named(document: str) -> set[str]:
    """What stands in the text as code."""
    return set(re.findall(r"`([^`\n]+)`", text(document)))


@cache
def names_of_tests(file: str) -> set[str]:
    tree = ast.parse(text(file))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def cited_tests(words: str) -> list[tuple[str, str]]:
    return re.findall(r"(tests/\w+\.py)::(\w+)", words)


# requirements/run.txt, and deploy/nginx.conf: ssl_protocols. What `make` makes is not there at first.
FILE = re.compile(r"(?!build/)((?:[\w-][\w.-]*/)+[\w.@-]+|[\w-]+\.(?:md|toml))(?:: (\S.*))?")


def cited_files(words: str) -> list[tuple[str, str]]:
    """Each file with the setting that is named in it, or none."""
    found = [FILE.fullmatch(word) for word in re.findall(r"`([^`\n]+)`", words)]
    return [(match[1], match[2] or "") for match in found if match]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_test_that_is_named_exists(document):
    missing = [f"{file}::{test}" for file, test in cited_tests(text(document)) if test not in names_of_tests(file)]
    assert missing == []


def test_tests_are_cited_at_all():
    assert len(set(cited_tests(text("docs/asvs.md")))) > 100
    assert len(set(cited_tests(text("docs/security.md")))) > 10


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_and_setting_that_is_named_exists(document):
    found = cited_files(text(document))
    assert len(found) > 2
    assert [file for file, _ in found if not (ROOT / file).exists()] == []
    settings = [(file, setting) for file, setting in found if setting]
    assert [pair for pair in settings if not re.search(rf"(?<!\w){re.escape(pair[1])}(?!\w)", text(pair[0]))] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_to_a_file(document):
    links = re.findall(r"\]\((?!https:)([^)#]+)\)", text(document))
    assert links
    assert [link for link in links if not ((ROOT / document).parent / link).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_target_of_make_that_is_named_exists(document):
    targets = {words.split()[1] for words in named(document) if words.startswith("make ")}
    known = set(re.findall(r"^([a-z-]+):", text("Makefile"), re.MULTILINE))
    assert targets <= known


# ---- the standard, row by row ----

ANSWERS = ("met", "deviation", "adopter", "n/a")
# How many requirements of level 1 and level 2 each chapter of ASVS 5.0.0 has.
CHAPTERS = {
    1: (8, 19), 2: (4, 7), 3: (8, 11), 4: (2, 8), 5: (4, 5), 6: (13, 22), 7: (6, 12), 8: (4, 3), 9: (4, 3),
    10: (5, 24), 11: (3, 11), 12: (3, 6), 13: (1, 12), 14: (2, 7), 15: (3, 10), 16: (0, 16), 17: (0, 7),
}  # fmt: skip
# Those of level 3 that the design was made for.
LEVEL_3 = ["1.3.12", "3.4.8", "3.6.1", "5.2.6", "14.2.7", "14.2.8", "15.2.5", "15.4.2"]


def requirements() -> list[list[str]]:
    return [row for row in tables("docs/asvs.md") if re.fullmatch(r"\d+\.\d+\.\d+", row[0])]


def test_every_requirement_stands_there_once_in_its_chapter():
    ids = [row[0] for row in requirements()]
    assert [found for found, times in Counter(ids).items() if times > 1] == []
    assert ids == sorted(ids, key=lambda found: [int(part) for part in found.split(".")])
    for chapter, counts in CHAPTERS.items():
        levels = Counter(row[1] for row in requirements() if row[0].startswith(f"{chapter}."))
        assert (levels["1"], levels["2"]) == counts, chapter
        (section,) = re.findall(rf"^## V{chapter} .*\n(?:(?!## ).*\n)*", text("docs/asvs.md"), re.MULTILINE)
        assert set(re.findall(r"^\| (\d+)\.", section, re.MULTILINE)) == {str(chapter)}
    assert [row[0] for row in requirements() if row[1] == "3"] == LEVEL_3


def test_every_requirement_has_an_answer_and_what_is_met_names_what_shows_it():
    for row in requirements():
        assert len(row) == 5, row[0]
        requirement, _, asks, answer, how = row
        assert answer in ANSWERS, requirement
        assert asks, requirement
        assert len(how) > 5, requirement
        if answer == "met":
            assert cited_tests(how) or cited_files(how) or "](" in how, requirement


def test_the_sums_are_right():
    for name, levels in (("1", "1"), ("2", "2"), ("3, those named here", "3"), ("all", "123")):
        answers = Counter(row[3] for row in requirements() if row[1] in levels)
        apply = answers.total() - answers["n/a"]
        sums = [answers.total(), apply, *(answers[answer] for answer in ANSWERS)]
        assert [name, *map(str, sums)] in tables("docs/asvs.md", "Sums")


def test_whatever_is_not_met_is_told_in_the_list_of_what_falls_short():
    told = text("docs/security.md").split("\n## Where it falls short\n")[1].split("\n## ")[0]
    named_there = set(re.findall(r"\b\d+\.\d+\.\d+\b", told))
    assert named_there == {row[0] for row in requirements() if row[3] == "deviation"}


# ---- the fields ----


def test_every_field_is_classified_as_the_catalog_has_it():
    rows = tables("docs/security.md", "Every field")
    levels = {name: row[1] for row in rows for name in re.findall(r"`([^`]+)`", row[0])}
    questions = {
        question.id: "1" if question.stage == "triage" else {"a": "2", "b": "3"}[question.sheet]
        for question in catalog().questions.values()
    }
    (packet,) = ResumeForm().fields
    others = {SYMPTOM_KEY: "1", STEP_PREFIX: "1", REFERENCE: "2", MADE_AT: "2"}
    others |= {PICTURE: "3", CARRIED_PICTURE: "3", packet: "3"}
    passed_on = re.findall(r"^ *proxy_set_header +(?!Connection)(\S+)", text("deploy/nginx.conf"), re.MULTILINE)
    headers = dict.fromkeys(passed_on, "0") | {"User-Agent": "2"}
    assert levels == questions | others | headers
    assert [row[0] for row in rows if len(row) != 5 or not all(row)] == []


def test_every_field_says_its_sheet_and_that_it_rests_nowhere():
    rows = {row[0].strip("`"): row for row in tables("docs/security.md", "Every field")}
    for question in catalog().questions.values():
        _, level, goes_to, rests, _ = rows[question.id]
        assert f"sheet {question.sheet.upper()}" in goes_to, question.id
        assert ("address" in goes_to) == (level == "1"), question.id
        assert rests == ("browser history" if level == "1" else "nowhere"), question.id


# ---- the figures ----


def figures(cell: str) -> list[float]:
    """The numbers of a cell before what it says of those who pass them; a MB has 1,048,576 bytes."""
    limit = re.split(r", (?:else|the rest|then)\b", cell)[0]
    found = re.findall(r"(\d[\d,]*(?:\.\d+)?)( MB| kB)?", limit)
    return [float(number.replace(",", "")) * {" MB": MB, " kB": 1024}.get(unit, 1) for number, unit in found]


def in_code(file: str, name: str) -> list[float]:
    """The same as the code, or the file of a server, has it."""
    if file.endswith("questions.toml"):
        lengths = [question.max for question in catalog().details_questions]
        return [min(lengths), max(lengths), Question.model_fields[name].default]
    if file == "deploy/gunicorn.conf.py":
        return [runpy.run_path(str(ROOT / file))[name]]
    if file.endswith(".py"):
        return [getattr(importlib.import_module(file.removesuffix(".py").replace("/", ".")), name)]
    written = "\n".join(re.findall(rf"^\s*{name}[ =].*$", text(file), re.MULTILINE))
    # Each once, and no 0, which is no limit.
    found = dict.fromkeys(re.findall(r"[ =]([1-9]\d*)(k|m|G|r/s)?(?=;|$| nodelay)", written, re.MULTILINE))
    return [int(number) * {"k": 1024, "m": MB, "G": 1024 * MB}.get(unit, 1) for number, unit in found]


def limits() -> dict[str, list[str]]:
    return {row[0]: row[1:] for row in tables("docs/security.md", "Limits")}


@pytest.mark.parametrize("what", limits())
def test_each_limit_is_the_one_in_the_code(what):
    at_most, set_by = limits()[what]
    code = [number for file, name in cited_files(set_by) for number in in_code(file, name)]
    assert code
    assert figures(at_most) == code


def test_every_kind_of_limit_is_told():
    told = " ".join(limits())
    for kind in ("body", "fields", "files", "header", "answer", "pixels", "pages", "time", "memory", "requests at"):
        assert kind in told
