"""PURE. The fact sheet: what one health system says about itself, its MyChart and its desks.

Everything is optional. A blank fact is normal, and makes the pages say a neutral sentence instead.
"""

import datetime
import itertools
import re
from collections.abc import Iterable, Mapping
from operator import attrgetter
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, model_validator

from helpdesk.languages import CODE, SOURCE, Language
from helpdesk.records import CONTENT, Facts, Record, parse, read_toml, shown

BLANK = CONTENT / "organization.toml"


def _https(address: str) -> str:
    """Patients are sent nowhere that is not a plain https address."""
    parts = urlsplit(address)
    if parts.scheme != "https" or not parts.hostname or "@" in parts.netloc or re.search(r"\s", address):
        raise ValueError(f"write an address that starts with https://, not {address!r}")
    return address


def _phone(number: str) -> str:
    # Three digits at least: 711 is the relay service for TTY in the US.
    if not re.fullmatch(r"\+?[0-9 ().\-]{3,24}", number) or len(re.findall(r"[0-9]", number)) < 3:
        raise ValueError(f"write a phone number in digits, spaces, brackets and dashes, not {number!r}")
    return number


def _security_contact(address: str) -> str:
    if not re.fullmatch(r"(?:mailto:[^\s@]+@|https://|tel:\+?[0-9-])\S+", address):
        raise ValueError(f"write an address that starts with mailto:, https:// or tel:, not {address!r}")
    return address


def _time(value: object) -> object:
    if isinstance(value, datetime.time) or (isinstance(value, str) and re.fullmatch(r"[0-9]{2}:[0-9]{2}", value)):
        return value
    raise ValueError(f'write a time such as "07:00", not {value!r}')


def _time_zone(key: str) -> str:
    try:
        ZoneInfo(key)
    except (KeyError, ValueError, OSError):
        raise ValueError(f'write a time zone such as "America/Chicago", not {key!r}') from None
    return key


def _accent(colour: str) -> str:
    """White stands on the accent and the accent on white: both must be easy to read."""
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", colour):
        raise ValueError(f'write a colour as "#14505c", not {colour!r}')
    if (contrast := 1.05 / (_luminance(colour) + 0.05)) < 4.5:
        raise ValueError(
            f"{colour} is too light: {contrast:.1f} to 1 on white, and 4.5 is the least; take a darker one"
        )
    return colour


def _luminance(colour: str) -> float:
    """Relative luminance, 0 for black and 1 for white, by WCAG 2.2 (https://www.w3.org/TR/WCAG22/#dfn-relative-luminance)."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _logo(path: Path, info: ValidationInfo) -> Path:
    logo = Path((info.context or {}).get("folder", ".")) / path
    if logo.suffix not in LOGO_TYPES:
        raise ValueError(f"take a {' or '.join(LOGO_TYPES)} file, not {path}")
    if not _is_file(logo):
        raise ValueError(f"there is no file {logo}")
    if logo.stat().st_size > LOGO_BYTES:
        raise ValueError(f"{path} has {logo.stat().st_size} bytes, and {LOGO_BYTES} is the most; make it smaller")
    return logo


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        # Such as a name that is longer than any file's.
        return False


def _in_languages(value: object, info: ValidationInfo) -> object:
    """Words without a language are in the one that the fact sheet is written in."""
    own = (info.context or {}).get("language", SOURCE)
    if isinstance(value, str):
        return {own: value} if value.strip() else {}
    if not isinstance(value, dict):
        raise ValueError('write a text, or one for each language, such as { en = "...", es = "..." }')
    if unknown := [key for key in value if not CODE.fullmatch(key)]:
        raise ValueError(f'{unknown[0]!r} is no code of a language; write one such as "es"')
    given = {code: words for code, words in value.items() if not isinstance(words, str) or words.strip()}
    if own not in (given or value):
        raise ValueError(f"write this in {own!r} too: other languages fall back on it")
    return {code: given[code] for code in (own, *given) if code in given}


def _language_code(code: str) -> str:
    if not CODE.fullmatch(code):
        raise ValueError(f'write the code of a language, such as "en" or "es", not {code!r}')
    return code


LOGO_TYPES = {".png": "image/png", ".svg": "image/svg+xml"}
# It is on every page, and in every PDF.
LOGO_BYTES = 100_000

# How long a contact for security is to be trusted after somebody has checked it.
TRUSTED = datetime.timedelta(days=360)

# The health system's own words: language -> words. Empty: not given.
Text = Annotated[dict[str, str], BeforeValidator(_in_languages)]
Accent = Annotated[str, AfterValidator(_accent)]
Logo = Annotated[Path, AfterValidator(_logo)]
Address = Annotated[str, AfterValidator(_https)]
Phone = Annotated[str, AfterValidator(_phone)]
SecurityContact = Annotated[str, AfterValidator(_security_contact)]
Time = Annotated[datetime.time, BeforeValidator(_time)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
Years = Annotated[int, Field(ge=0, le=120)]
Count = Annotated[int, Field(ge=1, le=100_000)]


class Sourced(Record):
    """A table of facts that says where they come from and when somebody last checked them."""

    source: str = ""
    verified_on: datetime.date | None = None

    @model_validator(mode="after")
    def _says_where_from(self) -> "Sourced":
        if self.is_given and not (self.source and self.verified_on):
            raise ValueError("say where these facts come from: add `source` and `verified_on` to this table")
        return self

    @property
    def is_given(self) -> bool:
        """Whether any fact in this table is given."""
        return bool(self.model_fields_set - {"source", "verified_on"})


class About(Sourced):
    """Who runs the site. `made_up` marks an example, and every page then says so."""

    name: str = ""
    emergency_number: Phone | None = None
    made_up: bool = False


class Portal(Sourced):
    """The official MyChart: where people sign in, and where they read of outages."""

    sign_in_address: Address | None = None
    status_address: Address | None = None


class App(Sourced):
    """The app's name in the store, and the name to pick inside it."""

    name: str = ""
    listing: str = ""


class Rules(Sourced):
    """Lock-out, codes, activation and cost. Times in the unit that the name gives."""

    lockout_attempts: Count | None = None
    lockout_minutes: Count | None = None
    code_minutes: Count | None = None
    reset_minutes: Count | None = None
    activation_days: Count | None = None
    cost: Text = {}


class Ages(Sourced):
    """The age bands of this health system and its state, in years."""

    child_until: Years | None = None
    teen_from: Years | None = None
    adult_from: Years | None = None

    @model_validator(mode="after")
    def _in_order(self) -> "Ages":
        bands = ("child_until", "teen_from", "adult_from")
        given = [(name, age) for name in bands if (age := getattr(self, name)) is not None]
        for (name, age), (later, later_age) in itertools.pairwise(given):
            if age > later_age:
                raise ValueError(f"`{name}` is {age} and `{later}` is {later_age}; the ages must not go down")
        return self


class Security(Sourced):
    """Whom to tell of a weakness of this site: for /.well-known/security.txt (RFC 9116), and not for patients."""

    contact: SecurityContact | None = None
    policy: Address | None = None

    @property
    def expires(self) -> datetime.date | None:
        """The day from which nobody should trust these facts: RFC 9116, 2.5.5 wants less than a year."""
        return self.verified_on + TRUSTED if self.verified_on else None


# As static/site.css and static/paper.css have it.
OUR_ACCENT = "#14505c"


class Look(Record):
    """How the site and the paper look: accent colour, logo, paper size.

    accent  "#" and six digits; dark enough to read on white (contrast 4.5 to 1, WCAG 2.2, 1.4.3)
    logo    a PNG or SVG file; a relative path starts from the folder of the fact sheet
    paper   "Letter" in the US, "A4" elsewhere
    """

    accent: Accent = OUR_ACCENT
    logo: Logo | None = None
    paper: Literal["Letter", "A4"] = "Letter"

    @property
    def own_accent(self) -> bool:
        """Whether the accent is another than ours, so that the stylesheet as it comes will not do."""
        return self.accent != OUR_ACCENT

    @property
    def logo_type(self) -> str:
        """The media type of the logo; empty where there is none."""
        return LOGO_TYPES[self.logo.suffix] if self.logo else ""


class Hours(Record):
    """Opening hours of some days, in the desk's own time zone."""

    days: Text
    open: Time
    close: Time

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> "Hours":
        if self.open >= self.close:
            raise ValueError(f"{next(iter(self.days.values()), 'hours')}: `open` must be earlier than `close`")
        return self


class Desk(Sourced):
    """How to reach one desk. `handles` moves problems to it from the desk that the rules name."""

    name: Text = {}
    phone: Phone | None = None
    menu_hint: Text = {}
    tty: Phone | None = None
    hours: tuple[Hours, ...] = ()
    time_zone: TimeZone | None = None
    web_form: Address | None = None
    secure_message: Text = {}
    reply: Text = {}
    handles: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _hours_have_a_time_zone(self) -> "Desk":
        if self.hours and not self.time_zone:
            raise ValueError("`hours` need a `time_zone`")
        return self

    @property
    def can_be_reached(self) -> bool:
        """Whether the fact sheet gives any way to reach this desk."""
        return bool(self.phone or self.web_form or self.secure_message)


class Desks(Record):
    """The four desks. Their ids are those of content/rules/desks.toml."""

    support: Desk = Desk()
    privacy: Desk = Desk()
    clinic: Desk = Desk()
    records: Desk = Desk()

    @model_validator(mode="after")
    def _each_problem_moves_once(self) -> "Desks":
        moved = [slug for desk in (self.support, self.privacy, self.clinic, self.records) for slug in desk.handles]
        if twice := sorted({slug for slug in moved if moved.count(slug) > 1}):
            raise ValueError(f"two desks have {', '.join(twice)} in `handles`; leave it with one")
        return self


class Place(Sourced):
    """Somewhere to get help in person."""

    name: str
    address: tuple[str, ...] = ()
    hours: Text = {}
    bring: Text = {}


class Organization(Record):
    """One health system's fact sheet.

    language  in which its desks read requests, and in which the fact sheet is written
    """

    language: Annotated[str, AfterValidator(_language_code)] = SOURCE
    organization: About = About()
    portal: Portal = Portal()
    app: App = App()
    rules: Rules = Rules()
    ages: Ages = Ages()
    desks: Desks = Desks()
    places: tuple[Place, ...] = ()
    security: Security = Security()
    look: Look = Look()

    def desk(self, desk_id: str) -> Desk:
        """The desk with this id; blank where the fact sheet says nothing about it."""
        desk: Desk = getattr(self.desks, desk_id)
        return desk

    def facts(self, language: Language) -> Facts:
        """The facts that sentences in this language may use, by name; only those that are given."""
        values = {name: attrgetter(place)(self) for name, place in FACTS.items()}
        texts = {name: value.get(language.code) for name, value in values.items() if isinstance(value, dict)}
        plain = {name: value for name, value in values.items() if name not in texts and value not in (None, "")}
        return {name: text for name, text in texts.items() if text} | {
            name: language.isolate(str(value)) for name, value in plain.items()
        }

    def texts(self) -> Iterable[tuple[str, Mapping[str, str]]]:
        """Every text of the health system's own, with the key under which the fact sheet has it."""
        return _texts(self, "")


# What a sentence may name -> where the fact sheet says it.
FACTS = {
    "organization_name": "organization.name",
    "emergency_number": "organization.emergency_number",
    "sign_in_address": "portal.sign_in_address",
    "status_address": "portal.status_address",
    "app_name": "app.name",
    "app_listing": "app.listing",
    "lockout_attempts": "rules.lockout_attempts",
    "lockout_minutes": "rules.lockout_minutes",
    "code_minutes": "rules.code_minutes",
    "reset_minutes": "rules.reset_minutes",
    "activation_days": "rules.activation_days",
    "child_until": "ages.child_until",
    "teen_from": "ages.teen_from",
    "adult_from": "ages.adult_from",
    "cost": "rules.cost",
}


def load(path: Path = BLANK) -> Organization:
    """The fact sheet in the file `path`. Raises ContentError, which names each key that is wrong."""
    table = read_toml(path)
    language = table.get("language")
    context = {"folder": path.parent, "language": language if isinstance(language, str) else SOURCE}
    return parse(Organization, table, shown(path), context)


def said(text: Mapping[str, str], language: str) -> tuple[str, str]:
    """The text in this language, or else in the one that it is given in, and which that is. Both empty: not given."""
    if language in text:
        return text[language], language
    return next(((words, code) for code, words in text.items()), ("", ""))


def _texts(value: object, where: str) -> Iterable[tuple[str, Mapping[str, str]]]:
    if isinstance(value, dict):
        yield where, value
    elif isinstance(value, tuple):
        for number, item in enumerate(value, 1):
            yield from _texts(item, f"{where}.{number}")
    elif isinstance(value, Record):
        for name in type(value).model_fields:
            yield from _texts(getattr(value, name), f"{where}.{name}".lstrip("."))
