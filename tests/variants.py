"""Packets, each another way to be long, short, foreign or hostile; each made once for all tests.

python tests/variants.py FOLDER     writes them as PDF, for validators that are programs of their own
"""

import datetime
import os
import re
import sys
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from unittest.mock import patch
from zoneinfo import ZoneInfo

if __name__ == "__main__":
    import django

    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")
    django.setup()

import browser
from django.conf import settings
from django.utils import translation
from PIL import Image, ImageDraw
from reading import POSTED, REFERENCE, SYMPTOMS, answered

from helpdesk import catalog as catalogs
from helpdesk import loaded, organization
from triage import downloads, renderers, workers
from triage.answers import Answers
from triage.engine import assess
from triage.forms import DetailsForm
from triage.packet import Packet, assemble
from triage.picture import clean

# As old as a packet may be that keeps its time, when it is given back.
MADE_AT = datetime.datetime.now(datetime.UTC).replace(microsecond=0) - datetime.timedelta(hours=1)
EVERY = tuple(SYMPTOMS.values())[:-1]
# Between them these ask nearly every typed question.
MANY = ("locked-message", "code-missing", "page-or-app-broken", "records-missing")

Typed = Mapping[str, str]


@dataclass(frozen=True)
class Variant:
    """What was ticked and typed, on the site in which language. `facts` names a fact sheet, `picture` a picture."""

    symptoms: tuple[str, ...]
    typed: Typed
    facts: str = "blank"
    picture: str = ""
    tried: str = ""
    language: str = "en"
    chosen: Mapping[str, str] = field(default_factory=lambda: {"for_whom": "child", "way_in": "both"})


def everywhere(text: str) -> Typed:
    """This text in every box that takes any."""
    free = {question.id for question in catalogs.load("en").details_questions if question.kind in ("line", "text")}
    return POSTED | dict.fromkeys(free, text)


SELF = {"for_whom": "self", "way_in": "both"}
ADULT = {"for_whom": "adult", "way_in": "app"}
FOR_OTHERS = ("proxy-access", "teen-record")
WORDS = {
    "Arabic": "الرمز لا يصل إلى هاتفي، ولا أستطيع الدخول منذ يوم الاثنين. ",
    "Hebrew": "הקוד לא מגיע לטלפון שלי ואני לא מצליח להיכנס. ",
    "Chinese": "我無法登入我的帳戶,驗證碼沒有來。我不知道該怎麼辦。",
    "Korean": "인증 코드가 오지 않아서 로그인할 수 없습니다. ",
    "Tagalog": "Hindi dumarating ang code sa aking telepono kaya hindi ako makapasok. Señora Peñaflor, ñg. ",
    "Russian": "Код не приходит, и я не могу войти с понедельника. ",
    "Haitian Creole": "Kòd la pa rive sou telefòn mwen, kidonk mwen pa ka antre depi lendi. Èske ou ka ede m? ",
    "Vietnamese": "Tôi không nhận được mã xác nhận nên không đăng nhập được. ",
    "other scripts": "मैं लॉग इन नहीं कर सकता। ฉันเข้าสู่ระบบไม่ได้ Не могу войти მე ვერ შევდივარ አልቻልኩም Ω ",
    "emoji": "hello \U0001f600 \U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f1fa\U0001f1f8 \U0001f44d\U0001f3fd ❤️ ",
    # Younger than the fonts, private, and not there at all.
    "signs that no font has": "a \U0001faea b \U0001fac8 c \ue000 d \U0010fffd e \U0001fbff f \u0378 g ",
    "marks": "Z\u0301\u0316\u0317\u0318algo e\u0301 \u0301 a\u200db ",
    "markup": '<b>&amp;</b> <section class="sheet" id="sheet-b" lang="fr"> {{7*7}} ]]> --> \\ %s \x07\x1b[31m ',
}

VARIANTS = {
    **{
        f"{slug}": Variant((symptom,), POSTED, chosen=(SELF, ADULT)[number % 2 or slug in FOR_OTHERS])
        for number, (slug, symptom) in enumerate(SYMPTOMS.items())
    },
    "nothing typed": Variant(("locked-message",), {}, chosen=SELF),
    "nothing typed, for a teen": Variant(("care-for-someone",), {}, chosen={"for_whom": "teen"}),
    "every problem, nothing typed": Variant(EVERY, {}),
    "every problem, longest answers": Variant(EVERY, everywhere("wwww wwww\n" * 400), tried="no-help"),
    "4,000 letters without a space": Variant(MANY, everywhere("W" * 4000)),
    "4,000 letters as words": Variant(MANY, everywhere("word " * 800)),
    "4,000 wide letters": Variant(MANY, everywhere("我" * 4000)),
    **{f"in {name}": Variant(MANY, everywhere(words * 3)) for name, words in WORDS.items()},
    "a screen as picture": Variant(("page-or-app-broken",), POSTED, picture="screen"),
    "a tall picture, example": Variant(("other-message",), POSTED, "example", "tall", chosen=SELF),
    "everything tried, example": Variant(MANY, POSTED, "example", tried="worked"),
    "A4 with a logo as PNG": Variant(MANY, POSTED, "a4 png", "small"),
    "A4 with a logo as SVG": Variant(("not-my-information",), POSTED, "a4 svg", chosen=SELF),
    "in marks, with a line after": Variant(MANY, everywhere("z\u0301\u0302\u0303\u0304" * 60 + "\nEnd of it")),
    "in joiners, with a line after": Variant(MANY, everywhere("a\u200d\u200d\u200d\u200d" * 60 + "\nEnd of it")),
    "everything at its longest, A4": Variant(MANY, everywhere("我 wwww\n" * 400), "a4 png", "screen", "no-help"),
}

# The packet of each problem, where the patient and the desk read different languages.
VARIANTS |= {
    **{f"{slug}, patient reads Spanish": replace(VARIANTS[slug], language="es", tried="no-help") for slug in SYMPTOMS},
    **{f"{slug}, desk reads Spanish": replace(VARIANTS[slug], facts="spanish desk") for slug in SYMPTOMS},
}

_LOOK = """
[look]
accent = "#7a1f3d"
paper = "A4"
logo = "logo.{kind}"
"""
_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 40"><title>Harbor Pines</title>'
    '<path fill="#7a1f3d" fill-opacity=".6" d="M0 0h120v40H0z"/><text x="8" y="26" fill="#fff">Pines</text></svg>'
)


def picture(name: str) -> bytes:
    """A picture as somebody would send it."""
    size = {"screen": (1179, 800), "tall": (700, 2400), "small": (24, 24)}[name]
    image = Image.new("RGBA", size, (250, 250, 255, 255))
    draw = ImageDraw.Draw(image)
    for line in range(0, size[1], 40):
        draw.text((10, line), f"Your account is locked. Error 1031, line {line}", fill=(line % 255, 20, 60, 200))
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def write_fact_sheets(folder: Path) -> dict[str, Path]:
    """The fact sheets that the variants name."""
    example = browser.ROOT / browser.EXAMPLE_ORGANIZATION
    logo = Image.new("RGBA", (240, 80), (122, 31, 61, 90))
    logo.save(folder / "logo.png")
    (folder / "logo.svg").write_text(_SVG)
    facts = {"blank": organization.BLANK, "example": example}
    bare = re.sub(r"^\[look\]\n(?:(?!\[).*\n)*", "", example.read_text(), flags=re.MULTILINE)
    for kind in ("png", "svg"):
        facts[f"a4 {kind}"] = folder / f"a4-{kind}.toml"
        facts[f"a4 {kind}"].write_text(bare + _LOOK.format(kind=kind))
    facts["spanish desk"] = folder / "spanish-desk.toml"
    facts["spanish desk"].write_text(f'language = "es"\n{example.read_text()}')
    return facts


CACHES = (
    loaded.languages,
    loaded.organization,
    loaded.catalog_in,
    renderers.stylesheet,
    renderers.logo_file,
    downloads._blank_pdf,
    downloads._checklist_pdf,
    downloads._sample_pdf,
)


def use_facts(path: Path) -> None:
    """Makes this the fact sheet of the process, and forgets what was made with another one."""
    if path != settings.WAYIN_ORGANIZATION:
        settings.WAYIN_ORGANIZATION = path
        for cache in CACHES:
            cache.cache_clear()


@contextmanager
def usual_facts_after() -> Iterator[None]:
    usual = settings.WAYIN_ORGANIZATION
    try:
        yield
    finally:
        use_facts(usual)


def packet_of(variant: Variant) -> Packet:
    """The packet as the site would make it. The right fact sheet is in use."""
    with translation.override(variant.language):
        return _packet_of(variant)


def _packet_of(variant: Variant) -> Packet:
    answers = answered(*variant.symptoms, **variant.chosen)
    if variant.tried:
        steps = assess(loaded.catalog(), answers).steps
        answers = Answers(answers.symptoms, answers.answers, {step.id: variant.tried for step in steps})
    assessment = assess(loaded.catalog(), answers)
    longest = {question.id: question.max for question in assessment.evidence}
    form = DetailsForm(assessment.evidence, {key: text[: longest.get(key)] for key, text in variant.typed.items()})
    assert form.is_valid(), form.errors
    shown = b64encode(clean(picture(variant.picture))).decode() if variant.picture and form.takes_picture else ""
    made_at = MADE_AT.astimezone(ZoneInfo(loaded.organization().desks.support.time_zone or "UTC"))
    return assemble(loaded.catalog(), loaded.desk_catalog(), assessment, form.details(), made_at, REFERENCE, shown)


class Packets:
    """The forty, each made when it is first asked for. `use` its fact sheet before asking the site about one."""

    def __init__(self, folder: Path) -> None:
        self.facts = write_fact_sheets(folder)
        self._packets: dict[str, Packet] = {}
        self._pdfs: dict[str, bytes] = {}

    def use(self, name: str) -> None:
        use_facts(self.facts[VARIANTS[name].facts])

    def __getitem__(self, name: str) -> Packet:
        self.use(name)
        if name not in self._packets:
            self._packets[name] = packet_of(VARIANTS[name])
        return self._packets[name]

    def pdf(self, name: str) -> bytes:
        packet = self[name]
        if name not in self._pdfs:
            # However slow the machine is: how long it may take is for other tests to say.
            with patch.object(workers, "SECONDS", 60):
                self._pdfs[name] = renderers.as_pdf(packet)
        return self._pdfs[name]

    def json(self, name: str) -> bytes:
        return renderers.as_json(self[name])


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    packets = Packets(folder)
    for name in VARIANTS:
        (folder / f"{re.sub(r'[^a-z0-9]+', '-', name.lower())}.pdf").write_bytes(packets.pdf(name))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
