"""PURE. What is translated, from which words, and who has looked at it.

An entry is the smallest thing to translate: a text, a list of texts, or a pair of known and neutral texts, named by
its file and keys: "steps.toml: check-address.do". Beside the words of a language lies sources.json. It keeps for each
entry a digest of the source words that it translates, a digest of the translation itself, and who reviewed it when.
`manage.py translations` writes that file; people write only the words.
"""

import datetime
import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from helpdesk.languages import SOURCE
from helpdesk.records import PLACEHOLDER, ContentError, Record, read_toml, shown

SOURCES = "sources.json"
# Files with words that are not translated: each language says these of itself.
_OF_ITSELF = {"language.toml"}
# Keys whose values are for machines, and the same in every language.
_FOR_MACHINES = {"id", "group"}

# An entry's name -> its words, as the file has them.
Entries = Mapping[str, Any]


class Origin(Record):
    """Where the words of one entry come from. Empty: nobody has reviewed them.

    source  digest of the source words
    words   digest of the translation
    """

    source: str
    words: str
    reviewed_by: str = ""
    reviewed_on: datetime.date | None = None


_ORIGINS = TypeAdapter(dict[str, Origin])


@dataclass(frozen=True)
class Translation:
    """One language beside the source language."""

    language: str
    source: Entries
    words: Entries
    origins: Mapping[str, Origin]

    def faults(self) -> Iterable[str]:
        """What is missing, too much, or holds other fields than its source, one line each, with its remedy."""
        for name in sorted(self.source.keys() - self.words.keys()):
            yield f"{self.language}/{name}: has no words in this language; translate them"
        for name in sorted(self.words.keys() - self.source.keys()):
            yield f"{self.language}/{name}: has no source in {SOURCE}/; remove it"
        for name in sorted(self.words.keys() & self.source.keys()):
            wanted, given = (_form(entries[name]) for entries in (self.source, self.words))
            if wanted != given:
                yield f"{self.language}/{name}: has {_said(given)}, and its source {_said(wanted)}; make them the same"

    def stale(self) -> tuple[str, ...]:
        """The entries whose source changed since they were translated, or of which nobody recorded the source."""
        return tuple(name for name in self._shared() if not self._is_of(name, self.source, "source"))

    def unrecorded(self) -> tuple[str, ...]:
        """Those of the stale entries that are new: nobody has ever said that they are translated."""
        return tuple(name for name in self._shared() if name not in self.origins)

    def untranslated(self) -> tuple[str, ...]:
        """The entries that say the same as their source, letter by letter. Some may, such as a name."""
        return tuple(name for name in self._shared() if self.words[name] == self.source[name])

    def unreviewed(self) -> tuple[str, ...]:
        """The entries that no person has reviewed as they now stand, against the source as it now stands."""
        return tuple(name for name in self._shared() if not self._is_reviewed(name))

    def recorded(self, names: Collection[str]) -> "Translation":
        """The same, with these entries taken as translations of the source as it now stands."""
        return self._with({name: self._origin(name) for name in names})

    def reviewed(self, names: Collection[str], by: str, on: datetime.date) -> "Translation":
        """The same, with these entries reviewed by this person on this day."""
        review = {"reviewed_by": by, "reviewed_on": on}
        return self._with({name: self._origin(name).model_copy(update=review) for name in names})

    def _shared(self) -> Iterable[str]:
        return (name for name in self.source if name in self.words)

    def _is_of(self, name: str, entries: Entries, kind: str) -> bool:
        origin = self.origins.get(name)
        return bool(origin) and getattr(origin, kind) == digest(entries[name])

    def _is_reviewed(self, name: str) -> bool:
        as_recorded = self._is_of(name, self.source, "source") and self._is_of(name, self.words, "words")
        return as_recorded and bool(self.origins[name].reviewed_by)

    def _origin(self, name: str) -> Origin:
        """What is on record, where it still holds; else a new record, which nobody has reviewed."""
        new = Origin(source=digest(self.source[name]), words=digest(self.words[name]))
        old = self.origins.get(name)
        return old if old and (old.source, old.words) == (new.source, new.words) else new

    def _with(self, origins: Mapping[str, Origin]) -> "Translation":
        known = {**self.origins, **origins}
        kept = {name: known[name] for name in self._shared() if name in known}
        return Translation(self.language, self.source, self.words, kept)


def load(content: Path, language: str) -> Translation:
    """This language beside its source. Raises ContentError where a file cannot be read."""
    return Translation(language, entries(content / SOURCE), entries(content / language), _origins(content / language))


def save(content: Path, translation: Translation) -> None:
    """Writes sources.json, one entry a line, so that people can read what changed."""
    lines = (f"{_json(name)}: {_json(origin.model_dump(mode='json'))}" for name, origin in translation.origins.items())
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    (content / translation.language / SOURCES).write_text(text, encoding="utf-8")


def entries(folder: Path) -> Entries:
    """Every entry in the files of one language, in their order. Raises ContentError."""
    files = {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*.toml"))
        if path.name not in _OF_ITSELF
    }
    return {f"{name}: {key}": words for name, path in files.items() for key, words in _entries(read_toml(path))}


def digest(words: object) -> str:
    """Twelve hexadecimal digits that tell whether the words of an entry have changed."""
    return hashlib.sha256(_json(words).encode()).hexdigest()[:12]


def _entries(value: Any, key: str = "") -> Iterable[tuple[str, Any]]:
    if isinstance(value, dict) and set(value) != {"known", "neutral"}:
        for name, item in value.items():
            if name not in _FOR_MACHINES:
                yield from _entries(item, f"{key}.{name}".lstrip("."))
    elif isinstance(value, list) and (named := [item for item in value if isinstance(item, dict) and "id" in item]):
        # One without an id beside them is refused where the records are made.
        for item in named:
            yield from _entries(item, f"{key}.{item['id']}")
    else:
        yield key, value


def _form(words: object) -> tuple[str, ...]:
    """The fields that the words hold. What must be the same in every language."""
    return tuple(sorted(set(PLACEHOLDER.findall(_json(words)))))


def _said(fields: tuple[str, ...]) -> str:
    return ", ".join(f"{{{field}}}" for field in fields) or "no field"


def _origins(folder: Path) -> Mapping[str, Origin]:
    file = folder / SOURCES
    if not file.exists():
        return {}
    try:
        return _ORIGINS.validate_json(file.read_bytes())
    except OSError as error:
        raise ContentError(f"{shown(file)}: cannot be read: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors()[0]
        why = ": ".join((*map(str, first["loc"]), first["msg"]))
        raise ContentError(f"{shown(file)}: cannot be read, so take back the last change to it: {why}") from None


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
