"""PURE. The languages that there are words in, and what each has of its own: its name, its direction, its dates.

A language is a folder in the content with a language.toml. How it writes dates, times and lists comes from Unicode's
CLDR (https://cldr.unicode.org), through Babel.
"""

import datetime
import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from babel import Locale, UnknownLocaleError, dates, lists
from pydantic import AfterValidator

from helpdesk.records import CONTENT, ContentError, Record, Words, parse, read_toml

# The language that the others are translated from. Its pages have no prefix.
SOURCE = "en"
# The one folder that holds no words.
RULES = "rules"
# Written as in the `lang` attribute and in addresses: https://www.rfc-editor.org/rfc/rfc5646, in lower case.
CODE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")
# Narrow no-break spaces, which CLDR puts into times and dates, are missing from many fonts.
_NARROW = {0x202F: "\N{NO-BREAK SPACE}"}
# What stands around a number inside text that runs from right to left, so that its parts keep their order.
ISOLATE, END_ISOLATE = "\N{LEFT-TO-RIGHT ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"


def _known_locale(name: str) -> str:
    try:
        Locale.parse(name)
    except (ValueError, UnknownLocaleError):
        raise ValueError(
            f'CLDR knows no locale {name!r}; write one such as "es_US", or a near one if it lacks the language'
        ) from None
    return name


class Language(Record):
    """One language of the site.

    code    the name of its folder
    name    as its own speakers call it
    locale  whose dates, times and lists it uses, such as es_US
    """

    code: str
    name: Words
    locale: Annotated[str, AfterValidator(_known_locale)]

    @cached_property
    def _locale(self) -> Locale:
        return Locale.parse(self.locale)

    @property
    def direction(self) -> Literal["ltr", "rtl"]:
        """Where its lines begin."""
        return "rtl" if self._locale.text_direction == "rtl" else "ltr"

    def name_of(self, code: str) -> str:
        """What this language calls another: "Spanish" for es; the code itself where CLDR has no name."""
        return self._locale.languages.get(code.partition("-")[0]) or code

    def calls(self, name: str) -> bool:
        """Whether this is what the language calls some language: "Vietnamese"."""
        return name.casefold() in self._names

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(str(name).casefold() for name in self._locale.languages.values())

    def date(self, day: datetime.date) -> str:
        """A day in words: "September 27, 1950"."""
        return str(dates.format_date(day, "long", locale=self._locale)).translate(_NARROW)

    def date_for_all(self, day: datetime.date) -> str:
        """A day that nobody can misread, whatever they read: "September 27, 1950 (1950-09-27)"."""
        return f"{self.date(day)} ({self.isolate(day.isoformat())})"

    def moment(self, moment: datetime.datetime) -> str:
        """A day with its time and time zone: "November 24, 2026 (2026-11-24), 13:05 UTC"."""
        return f"{self.date_for_all(moment.date())}, {self.isolate(f'{moment:%H:%M} {moment.tzname()}')}"

    def time(self, time: datetime.time) -> str:
        """A time of the day: "7:00 AM"."""
        return str(dates.format_time(time, "short", locale=self._locale)).translate(_NARROW)

    def city(self, time_zone: str) -> str:
        """The city that gives a time zone its name, as people say it: "Nueva York" for America/New_York."""
        city = str(dates.get_timezone_location(time_zone, self._locale, return_city=True))
        # CLDR has no name of its own for some: "Indiana/Indianapolis".
        return city.rpartition("/")[2]

    def any_of(self, items: Iterable[str]) -> str:
        """The items as a choice: "a, b, or c"."""
        return str(lists.format_list(list(items), "or", locale=self._locale))

    def month(self, typed: str) -> int | None:
        """1 to 12 for the name of a month, whole or its first letters ("Sep", "sept."); None for none or several."""
        name = typed.strip(". ").casefold()
        whole = {number for number, full in self._months if full == name}
        begun = {number for number, full in self._months if len(name) > 2 and full.startswith(name)}
        numbers = whole or begun
        return numbers.pop() if len(numbers) == 1 else None

    @cached_property
    def _months(self) -> tuple[tuple[int, str], ...]:
        names = (
            dates.get_month_names(width, context, self._locale)
            for width in ("wide", "abbreviated")
            for context in ("format", "stand-alone")
        )
        return tuple((number, str(name).casefold()) for table in names for number, name in table.items())

    def isolate(self, value: str) -> str:
        """A number, address or code that keeps its own order inside this language's text."""
        return value if self.direction == "ltr" else f"{ISOLATE}{value}{END_ISOLATE}"


def load(content: Path = CONTENT) -> Mapping[str, Language]:
    """The languages of this content by code, the source first. Raises ContentError."""
    return {code: read(content, code) for code in codes(content)}


def codes(content: Path = CONTENT) -> tuple[str, ...]:
    """The codes of the languages, the source first: each folder with words is one."""
    folders = {path.parent.name for path in content.glob("*/*.toml")}
    others = sorted(folders - {SOURCE, RULES})
    return (SOURCE, *others)


def read(content: Path, code: str) -> Language:
    """The language of this folder. Raises ContentError."""
    where = f"{code}/language.toml"
    if not CODE.fullmatch(code):
        raise ContentError(f'{where}: name the folder as in "es" or "zh-hans", in lower case, not {code!r}')
    return parse(Language, {"code": code} | read_toml(content / where), where)
