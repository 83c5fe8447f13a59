"""Two made-up languages for tests, not shipped: one runs from right to left, one has long words.

python tests/pseudo.py FOLDER     writes content with them, for WAYIN_CONTENT
"""

import re
import shutil
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from helpdesk import translations
from helpdesk.languages import SOURCE
from helpdesk.records import CONTENT
from trials.growth import toml

RIGHT_TO_LEFT, LONG_WORDS = "ar", "de"
# Keys whose values are for machines.
SAME_IN_EVERY_LANGUAGE = {"id", "group"}
# What a translator leaves as it is: fields, the words of a screen that may be English, addresses, file names, MyChart.
KEPT = re.compile(r"({\w+}|“[^”{]*”|\S+@\S+\w|\bMyChart\b|\b[\w-]+(?:\.\w+)+\b)")
# A digit after an Arabic letter takes part in the order of the line, which after a Hebrew one it does not.
LETTERS = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "ابثدعفغهيجكلمنوپقرسطتحشخئزابثدعفغهيجكلمنوپقرسطتحشخئز",
)
UMLAUTS = str.maketrans("aouAOU", "äöüÄÖÜ")
LONG = 10


def right_to_left(words: str) -> str:
    return words.translate(LETTERS)


def long_words(words: str) -> str:
    return re.sub(r"[^\W\d_]+", lambda found: _grown(found[0]), words)


def _grown(word: str) -> str:
    """By 60 % and a little, or to 32 letters where it is long already."""
    extra = 32 - len(word) if len(word) >= LONG else (len(word) * 3 + 4) // 5
    tail = "".join(reversed(word)).lower().translate(UMLAUTS) * 4
    return word + tail[:extra]


LANGUAGES: dict[str, tuple[str, Callable[[str], str]]] = {
    RIGHT_TO_LEFT: (right_to_left("Pseudo Arabic"), right_to_left),
    LONG_WORDS: ("Pseudolangwörtersprachenbezeichnung", long_words),
}


def write(folder: Path) -> Path:
    """Our content in the source language and these two. The folder must not be there yet."""
    shutil.copytree(CONTENT, folder, ignore=_other_languages)
    for code, (name, change) in LANGUAGES.items():
        for file in sorted((CONTENT / SOURCE).rglob("*.toml")):
            path = folder / code / file.relative_to(CONTENT / SOURCE)
            path.parent.mkdir(parents=True, exist_ok=True)
            own = {"name": name, "locale": code}
            words = own if file.name == "language.toml" else changed(tomllib.loads(file.read_text("utf-8")), change)
            path.write_text(toml(words), "utf-8")
        translation = translations.load(folder, code)
        translations.save(folder, translation.recorded(translation.source))
    return folder


def _other_languages(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if name != SOURCE and (Path(folder) / name / "language.toml").exists()]


def changed(value: Any, change: Callable[[str], str]) -> Any:
    """The same tables and lists with every sentence changed, but for what is kept in it."""
    if isinstance(value, dict):
        return {
            key: item if key in SAME_IN_EVERY_LANGUAGE and isinstance(item, str) else changed(item, change)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [changed(item, change) for item in value]
    # Split by a pattern in brackets, every other part is what the pattern found.
    return "".join(part if number % 2 else change(part) for number, part in enumerate(KEPT.split(value)))


if __name__ == "__main__":
    write(Path(sys.argv[1]))
