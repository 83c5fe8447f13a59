"""How plain words have to be, in each language: in the files (test_words.py) and as shown (test_plain_language.py).

A score is a tripwire, not a proof: people have to read the words too.
"""

import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

with warnings.catch_warnings():  # textstat 0.7.4 imports pkg_resources, which is deprecated
    warnings.simplefilter("ignore")
    import textstat

LONGEST_SENTENCE = 25
ENOUGH_WORDS = 100  # a shorter text has no meaningful score

NAMES = re.compile(
    r"\b(MyChart Central|MyCharts?|Way In|Epic Systems Corporation|Epic|Chrome|Safari|Firefox"
    r"|JavaScript|Gmail|Wi-Fi)\b"
)
# What a screen shows, and the same in brackets in the reader's language: “Forgot password?” (“¿Olvidó su contraseña?”).
# What a person says is scored: it stands after a colon, or ends as a sentence does.
BRACKETED = re.compile(r"\s*\(“[^”]*”\)")
QUOTED_NAME = re.compile(rf"(?<!: )“[^”]*[^”.!,]”(?:{BRACKETED.pattern})?")
FACT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Measure:
    """A formula of textstat, and what it may give at the most or at the least."""

    name: str
    formula: Callable[[str], float]
    most: float = float("inf")
    least: float = float("-inf")


@dataclass(frozen=True)
class Plain:
    """The rules for words of one language.

    textstat   what textstat calls it
    banned     words that no patient may read
    times      a number of minutes, hours, days: it belongs in the fact sheet, however it is written
    ages       an age in numbers
    may        what a sentence says that promises nothing
    pairs      marks that open and close a sentence
    """

    textstat: str
    measures: tuple[Measure, ...]
    banned: re.Pattern[str]
    times: re.Pattern[str]
    ages: re.Pattern[str]
    may: str
    pairs: tuple[str, ...] = ("“”", "()")


# One row a language. The bounds of Spanish: INFLESZ 65 and Fernández-Huerta 70 are where "fairly easy" begins. textstat
# counts too few syllables in Spanish, which makes a text look easier by up to 10 points: that much is added.
LANGUAGES = {
    "en": Plain(
        "en_US",
        (Measure("Flesch-Kincaid grade", textstat.flesch_kincaid_grade, most=6.0),),
        banned=re.compile(
            r"\b(log(ged|ging)? ?(in|on|out|off)(to)?|logins?|please|simply|just|invalid|oops"
            r"|authenticat(e[sd]?|ing|ion)|verify your identity"
            r"|\w+n’t|\w+’(re|ve|ll|m|d)|(it|that|there|here|what|who|where|how|he|she|let)’s)\b",
            re.IGNORECASE,
        ),
        times=re.compile(
            r"\b(\d+|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|thirty|sixty)"
            r"(\s*(-|–|to|or)\s*\d+)?[\s-]+"
            r"((more|business|working|full)\s+)?(second|minute|hour|day|week|month|year)s?\b",
            re.IGNORECASE,
        ),
        ages=re.compile(r"\b(age|aged|turns?|birthday)\s+(of\s+)?\d+", re.IGNORECASE),
        may="may",
    ),
    "es": Plain(
        "es",
        (
            Measure("INFLESZ", textstat.szigriszt_pazos, least=75.0),
            Measure("Fernández-Huerta", textstat.fernandez_huerta, least=79.0),
        ),
        banned=re.compile(
            r"\b(por favor|simplemente|solo tiene que|inválid[oa]s?|autentic\w+|log[- ]?in|logu?e\w+|ups"
            r"|verifi(que|car) su identidad"
            # The reader is "usted" throughout.
            r"|tu|tus|tú|te|ti|tuy[oa]s?|puedes|tienes|debes|quieres|necesitas|haz)\b",
            re.IGNORECASE,
        ),
        times=re.compile(
            # "Una hora" may also be a time of day: it counts where it lasts.
            r"\b(\d+|media|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|doce|quince|veinte|treinta|sesenta"
            r"|(en|por|tras|durante|después de|dentro de) una?)"
            r"(\s*[-–]\s*\d+|\s+(a|o|y)\s+\w+)?\s+(más\s+)?(segundo|minuto|hora|día|semana|mes|año)(s|es)?\b",
            re.IGNORECASE,
        ),
        ages=re.compile(r"\b(edad(es)? de|cumpl\w+( los)?|a los) \d+\b", re.IGNORECASE),
        may="puede",
        pairs=("“”", "()", "¿?", "¡!"),
    ),
}


def sentences(text: str) -> list[str]:
    """Its sentences, without the second name of a button. A name that ends in "?" ends no sentence."""
    parts = re.split(r"(?<=[.!?])[”’)]*\s+(?=[^a-záéíóúñ])", BRACKETED.sub("", text))
    return [part for part in parts if part]


def word_count(text: str) -> int:
    return len(re.findall(r"[\w{][\w’{}@./-]*", text))


def too_long(text: str) -> list[str]:
    """The sentences of the text that nobody can take in at once, each with its number of words."""
    counted = ((sentence, word_count(sentence)) for sentence in sentences(text))
    return [f"{sentence} ({words} words)" for sentence, words in counted if words > LONGEST_SENTENCE]


def scored(text: str) -> str:
    """The text as a formula should see it: no names, buttons or facts, and a full stop at its end."""
    for pattern in (QUOTED_NAME, FACT, NAMES):
        text = pattern.sub("", text)
    text = re.sub(r"\s+([.,:;!?])", r"\1", re.sub(r"\s+", " ", text)).strip(" :,;")
    if not re.search(r"\w", text):
        return ""
    return text if re.search(r"[.!?][”’)]*$", text) else text + "."


def joined(texts: Iterable[str]) -> str:
    """The texts as one, for a formula."""
    return " ".join(filter(None, map(scored, texts)))


def long_enough(passages: Mapping[str, str]) -> dict[str, str]:
    """The same passages by name. Those with too few words to score are put together until they have enough."""
    enough: dict[str, str] = {}
    names, text = "", ""
    for name, passage in sorted(passages.items(), key=lambda item: word_count(item[1])):
        names, text = f"{names}, {name}".strip(", "), f"{text} {passage}".strip()
        if word_count(text) >= ENOUGH_WORDS:
            enough[names] = text
            names, text = "", ""
    return enough | ({names: text} if text else {})


def scores(language: str, text: str) -> dict[str, float]:
    """What each formula of the language gives for the text."""
    if not LANGUAGES[language].measures:
        return {}
    textstat.set_lang(LANGUAGES[language].textstat)  # it is the same for the whole process: say it each time
    return {measure.name: measure.formula(text) for measure in LANGUAGES[language].measures}


def too_hard(language: str, text: str) -> list[str]:
    """The formulas that find the text too hard, with what they give."""
    given = scores(language, text)
    return [
        f"{measure.name} {given[measure.name]}"
        for measure in LANGUAGES[language].measures
        if not measure.least <= given[measure.name] <= measure.most
    ]
