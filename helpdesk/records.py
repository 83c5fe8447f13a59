"""PURE. The one strict way in which this project reads its TOML files: frozen pydantic records.

A file that does not fit raises `ContentError`, which names the file, the key and the remedy.
"""

import re
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, ValidationInfo

CONTENT = Path(__file__).parent / "content"
PROJECT = CONTENT.parent.parent
PLACEHOLDER = re.compile(r"{(\w+)}")
# What tomllib says -> what may have gone wrong.
TOML_HINTS = {
    "Illegal character '\\n'": "a quote may be missing at the end of that line",
    "Unterminated string": "a quote may be missing",
    'Expected "\'"': "a quote may be missing",
    "Expected newline": "a quote may be missing, or one too many",
    "Unclosed": "a quote, a comma or a bracket may be missing",
    "Invalid value": "write a text in quotes, and leave out a key that has no value",
}

Facts = Mapping[str, str]
Table = dict[str, Any]
R = TypeVar("R", bound="Record")


class ContentError(Exception):
    """A content file or fact sheet that cannot be used; `faults` lists every fault found, one line each."""

    def __init__(self, *faults: str) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class Record(BaseModel):
    """A frozen record that refuses keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


def _said(value: object, info: ValidationInfo) -> object:
    """A sentence, or a pair of sentences of which the facts choose one (docs/content.md)."""
    context = info.context or {}
    fact_names = context.get("fact_names", ())
    if not isinstance(value, dict):
        return _plain(value, fact_names)
    if set(value) != {"known", "neutral"} or not all(isinstance(sentence, str) for sentence in value.values()):
        raise ValueError('write a sentence, or { known = "...", neutral = "..." }')
    names = set(PLACEHOLDER.findall(value["known"]))
    if not names:
        raise ValueError("`known` names no fact; write a plain sentence instead")
    if unknown := names - set(fact_names):
        raise ValueError(f"there is no fact called {', '.join(sorted(unknown))}; see docs/content.md")
    if set("{}") & set(PLACEHOLDER.sub("", value["known"])):
        raise ValueError("in `known`, braces hold the name of one fact and nothing else")
    facts: Facts = context.get("facts", {})
    neutral = _plain(value["neutral"], fact_names)
    return PLACEHOLDER.sub(lambda match: facts[match[1]], value["known"]) if names <= set(facts) else neutral


def _plain(sentence: object, fact_names: Collection[str]) -> object:
    """A sentence that holds no fact: braces would be printed as they stand."""
    if isinstance(sentence, str):
        if named := set(PLACEHOLDER.findall(sentence)) & set(fact_names):
            raise ValueError(f"{{{named.pop()}}} is a fact, which may be missing; write a pair, known and neutral")
        if set("{}") & set(sentence):
            raise ValueError("braces hold a fact in the `known` form of a pair, and stand nowhere else; take them out")
    return sentence


def written(value: object) -> object:
    """The value; refuses words of which nothing is left."""
    if isinstance(value, str) and not value.strip():
        raise ValueError("this is empty; write the words")
    return value


def _said_always(value: object) -> object:
    if isinstance(value, dict) and value.get("neutral") == "":
        raise ValueError("this must say something without the fact too; write the words of `neutral`")
    return value


def _one_said_always(value: object) -> object:
    if isinstance(value, list) and all(isinstance(item, dict) and item.get("neutral") == "" for item in value):
        raise ValueError("write at least one sentence that is said whatever the facts")
    return value


def _without_blanks(sentences: tuple[str, ...]) -> tuple[str, ...]:
    """Drops the sentences that the facts left unsaid."""
    return tuple(sentence for sentence in sentences if sentence)


# Words that may be left out, words that must be said, and at least one sentence.
MaybeWords = Annotated[str, BeforeValidator(_said)]
Words = Annotated[MaybeWords, BeforeValidator(_said_always), BeforeValidator(written)]
Sentences = Annotated[
    tuple[Annotated[MaybeWords, BeforeValidator(written)], ...],
    AfterValidator(_without_blanks),
    BeforeValidator(_one_said_always),
]
# At least one id.
Ids = Annotated[tuple[str, ...], Field(min_length=1)]


def shown(path: Path) -> str:
    """The path as messages name it: from the project's folder on, where it is in there."""
    whole = path.resolve()
    return whole.relative_to(PROJECT).as_posix() if whole.is_relative_to(PROJECT) else str(path)


def read_toml(path: Path) -> Table:
    """The tables of one TOML file. Raises ContentError where it is missing, unreadable or not TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ContentError(f"{shown(path)}: there is no such file") from None
    except (OSError, ValueError, RecursionError) as error:
        hints = "".join(f"; {hint}" for start, hint in TOML_HINTS.items() if str(error).startswith(start))
        raise ContentError(f"{shown(path)}: cannot be read as TOML: {error}{hints}") from None


def parse(kind: type[R], table: object, where: str, context: dict[str, Any] | None = None) -> R:
    """`table` as a record. Raises ContentError with a line for each key that is wrong."""
    try:
        return kind.model_validate(table, context=context)
    except ValidationError as error:
        raise ContentError(*(_fault(where, detail) for detail in error.errors())) from None


def _fault(where: str, detail: Any) -> str:
    # People count from one.
    parts = (str(part + 1) if isinstance(part, int) else part for part in detail["loc"])
    key = ".".join(parts) or "(whole table)"
    remedy = {
        "missing": "this key is missing; add it",
        "extra_forbidden": "there is no such key; check its spelling or remove it",
        "too_short": "the list is empty; write at least one",
    }.get(detail["type"], detail["msg"].removeprefix("Value error, "))
    return f"{where}: {key}: {remedy}"
