"""PURE. The one strict way in which this project reads its TOML files: frozen pydantic records.

A file that does not fit raises `ContentError`, which names the file, the key and the remedy.
"""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationError, ValidationInfo

CONTENT = Path(__file__).parent / "content"
PLACEHOLDER = re.compile(r"{(\w+)}")

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
    if not isinstance(value, dict):
        if named := set(PLACEHOLDER.findall(str(value))) & set(context.get("fact_names", ())):
            raise ValueError(f"{{{named.pop()}}} is a fact, which may be missing; write a pair, known and neutral")
        return value
    if set(value) != {"known", "neutral"} or not all(isinstance(sentence, str) for sentence in value.values()):
        raise ValueError('write a sentence, or { known = "...", neutral = "..." }')
    names = set(PLACEHOLDER.findall(value["known"]))
    if not names:
        raise ValueError("`known` names no fact; write a plain sentence instead")
    if unknown := names - set(context.get("fact_names", ())):
        raise ValueError(f"there is no fact called {', '.join(sorted(unknown))}; see docs/content.md")
    if set("{}") & set(PLACEHOLDER.sub("", value["known"])):
        raise ValueError("in `known`, braces hold the name of one fact and nothing else")
    facts: Facts = context.get("facts", {})
    return PLACEHOLDER.sub(lambda match: facts[match[1]], value["known"]) if names <= set(facts) else value["neutral"]


def _without_blanks(sentences: tuple[str, ...]) -> tuple[str, ...]:
    """Drops the sentences that the facts left unsaid."""
    return tuple(sentence for sentence in sentences if sentence)


Words = Annotated[str, BeforeValidator(_said)]
Sentences = Annotated[tuple[Words, ...], AfterValidator(_without_blanks)]


def read_toml(path: Path) -> Table:
    """The tables of one TOML file. Raises ContentError where it is missing, unreadable or not TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ContentError(f"{path}: there is no such file") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ContentError(f"{path}: cannot be read as TOML: {error}") from None


def parse(kind: type[R], table: object, where: str, context: dict[str, Any] | None = None) -> R:
    """`table` as a record. Raises ContentError with a line for each key that is wrong."""
    try:
        return kind.model_validate(table, context=context)
    except ValidationError as error:
        raise ContentError(*(_fault(where, detail) for detail in error.errors())) from None


def _fault(where: str, detail: Any) -> str:
    key = ".".join(str(part) for part in detail["loc"]) or "(whole table)"
    remedy = {
        "missing": "this key is missing; add it",
        "extra_forbidden": "there is no such key; check its spelling or remove it",
    }.get(detail["type"], detail["msg"].removeprefix("Value error, "))
    return f"{where}: {key}: {remedy}"
