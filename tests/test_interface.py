"""The words of interface.toml and what says them: templates and code name words that there are, all of them and no
others, and nothing is said past them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest
from browser import ROOT
from django.template import Context, Template
from django.utils import translation

from helpdesk.catalog import Interface, load
from helpdesk.languages import codes
from helpdesk.loaded import say
from helpdesk.records import ContentError
from triage import consistency


def lines_of(interface: Interface) -> dict[str, str]:
    return {f"{table}.{name}": line for table, lines in interface.items() for name, line in lines.items()}


CATALOGS = {code: load(code) for code in codes()}
LINES = lines_of(CATALOGS["en"].interface)
TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*.*") if path.is_file())
CODE = sorted(path for folder in ("helpdesk", "triage") for path in (ROOT / folder).rglob("*.py"))

# {% fill say.table.name field=... %}, and any other use of the words. A catalog's interface is `say` in its language.
FILLED = re.compile(r"{%\s*fill [\w.]*\b(?:say|interface)\.(\w+\.\w+)(.*?)%}")
# The same of the packet's words.
LABEL_FILLED = re.compile(r"{%\s*fill [\w.]*\blabels\.(\w+)(.*?)%}")
LABEL = re.compile(r"\blabels\.(\w+)")
SAID = re.compile(r"\b(?:say|interface)\.(\w+\.\w+)")
# Not text, but what a page puts into a tag of base.html, and what only a style says.
NO_TEXT = re.compile(r"{% block (?:width|media) %}.*?{% endblock %}|<style>.*?</style>", re.DOTALL)
SYNTAX = re.compile(r"{#.*?#}|{%.*?%}|{{.*?}}", re.DOTALL)
# Attributes that people read or hear.
SHOWN = re.compile(r"""\b(?:title|alt|placeholder|aria-label|label|data-\w+)=(?:"([^"]*)"|'([^']*)')""")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def fields_of(line: str) -> set[str]:
    return {field for _, field, _, _ in Formatter().parse(line) if field is not None}


def said_in_templates() -> Iterator[tuple[str, str, set[str]]]:
    """(template, key, fields that it fills in) of each use."""
    for path in TEMPLATES:
        text = text_of(path)
        for key, given in FILLED.findall(text):
            yield name_of(path), key, set(re.findall(r"(\w+)=", given))
        for key in SAID.findall(FILLED.sub("", text)):
            yield name_of(path), key, set()


def labels_in_templates() -> Iterator[tuple[str, str, set[str]]]:
    """(template, label of the packet, fields that it fills in) of each use."""
    for path in TEMPLATES:
        text = text_of(path)
        for label, given in LABEL_FILLED.findall(text):
            yield name_of(path), label, set(re.findall(r"(\w+)=", given))
        for label in LABEL.findall(LABEL_FILLED.sub("", text)):
            yield name_of(path), label, set()


def said_in_code() -> Iterator[tuple[str, re.Pattern[str], set[str]]]:
    """(module, pattern of the keys, fields that it fills in) of each call. An f-string may say any key that fits."""
    for path in CODE:
        for node in ast.walk(ast.parse(text_of(path))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "say":
                yield name_of(path), pattern_of(node.args[0]), {str(word.arg) for word in node.keywords}


def pattern_of(key: ast.expr) -> re.Pattern[str]:
    parts = key.values if isinstance(key, ast.JoinedStr) else [key]
    return re.compile("".join(re.escape(part.value) if isinstance(part, ast.Constant) else "[^.]+" for part in parts))


IN_TEMPLATES = list(said_in_templates())
LABELS_IN_TEMPLATES = list(labels_in_templates())
IN_CODE = [
    (where, said.pattern, [key for key in LINES if said.fullmatch(key)], given) for where, said, given in said_in_code()
]


def test_there_is_something_to_check():
    assert len(LINES) > 200
    assert len(TEMPLATES) > 30
    assert len(IN_TEMPLATES) > 150
    assert len(LABELS_IN_TEMPLATES) > 50
    assert len(IN_CODE) > 40


@pytest.mark.parametrize(("where", "key", "given"), IN_TEMPLATES)
def test_a_template_says_words_that_there_are_and_fills_in_their_fields(where, key, given):
    assert key in LINES
    assert given == fields_of(LINES[key])


@pytest.mark.parametrize(("where", "label", "given"), LABELS_IN_TEMPLATES)
def test_a_template_fills_in_the_fields_of_the_packet_s_labels(where, label, given):
    assert given == fields_of(getattr(CATALOGS["en"].packet.labels, label))


@pytest.mark.parametrize("language", CATALOGS)
def test_every_language_says_the_same_lines_with_the_same_fields(language):
    lines = lines_of(CATALOGS[language].interface)
    assert list(lines) == list(LINES)
    assert [key for key, line in lines.items() if fields_of(line) != fields_of(LINES[key])] == []
    labels, english = (CATALOGS[code].packet.labels.model_dump() for code in (language, "en"))
    assert [key for key, line in labels.items() if fields_of(line) != fields_of(english[key])] == []


@pytest.mark.usefixtures("fact_sheet")
def test_the_words_are_in_the_language_at_hand():
    assert say("common.back") == "Back"
    with translation.override("es"):
        assert say("common.back") == "Atrás"
        assert say("form.choice", name="MRN") == "Elija una de las respuestas de “MRN”."
    assert say("form.choice", name="MRN") == "Choose one of the answers to “MRN”."


@pytest.mark.parametrize(("where", "pattern", "keys", "given"), IN_CODE)
def test_the_code_says_words_that_there_are_and_fills_in_their_fields(where, pattern, keys, given):
    assert keys
    assert [key for key in keys if not fields_of(LINES[key]) <= given] == []
    assert given <= set().union(*(fields_of(LINES[key]) for key in keys))


def test_every_line_is_said_somewhere():
    used = {key for _, key, _ in IN_TEMPLATES} | {key for _, _, keys, _ in IN_CODE for key in keys}
    assert set(LINES) - used == set()


def test_no_words_stand_twice():
    assert len(set(LINES.values())) == len(LINES)


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_a_template_holds_no_words_of_its_own(path):
    text = SYNTAX.sub("", NO_TEXT.sub("", text_of(path)))
    shown = [value for values in SHOWN.findall(text) for value in values]
    bare = re.sub(r"<[^>]*>", " ", text)
    assert [found for found in (bare, *shown) if re.search(r"[^\W\d_]", found)] == []


def test_nothing_is_said_past_the_content():
    other_ways = re.compile(r"gettext|templatetags\.i18n|{%-?\s*(?:block)?trans")
    assert [name_of(path) for path in (*TEMPLATES, *CODE) if other_ways.search(text_of(path))] == []


def test_the_reasons_to_refuse_a_picture_are_those_that_the_code_has():
    raised = re.findall(r'PictureError\("([\w-]+)"\)', text_of(ROOT / "triage" / "picture.py"))
    given = re.findall(r'\b(?:reason|BUSY) = "([\w-]+)"', text_of(ROOT / "triage" / "drafts.py"))
    assert {*raised, *given} == set(consistency.PICTURE_REASONS)


@pytest.mark.usefixtures("fact_sheet")
@pytest.mark.parametrize("key", ["home.dance", "dance.home", "home"])
def test_words_that_there_are_not_are_an_error_and_not_silence(key):
    with pytest.raises(ContentError, match=r"interface\.toml: there is no "):
        say(key)
    with translation.override("es"), pytest.raises(ContentError, match=r"interface\.toml: there is no "):
        say(key)


@pytest.mark.parametrize(("kind", "said"), [("off", "L'aide & co: <b>"), ("on", "L&#x27;aide &amp; co: &lt;b&gt;")])
def test_a_line_with_fields_is_escaped_in_html_and_nowhere_else(kind, said):
    line = Template("{% autoescape " + kind + " %}{% fill words who=who %}{% endautoescape %}")
    assert line.render(Context({"words": "L'aide & co: {who}", "who": "<b>"})) == said
