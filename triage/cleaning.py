"""PURE. Everything that a visitor types is hostile until it has gone through here.

`clean_line` and `clean_text` make text that reads the same on the screen, on paper, in an e-mail and in a file.
`find_secret` finds what must never be sent to a desk.
"""

import re
import unicodedata
from collections.abc import Callable

# Bidi overrides, embeddings and isolates reorder what a reader sees. ZWJ and ZWNJ stay: scripts and emoji need them.
_REORDERING = {*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C}
_INVISIBLE = {0x200B, 0x2060, 0xFEFF, 0x00AD, 0x180E, *range(0xFFF9, 0xFFFC), *range(0xE0000, 0xE0080)}
_DROPPED = _REORDERING | _INVISIBLE
_JOINERS = {0x200C, 0x200D}

# More marks than this on one letter is a prank ("Zalgo"); no written language needs so many.
_MARKS_A_LETTER = 4
_LINES = 60


def clean_line(typed: str) -> str:
    """One line: normal form C, no control or reordering characters, white space folded to single spaces."""
    return " ".join(_clean(typed).split())


def clean_text(typed: str) -> str:
    """Several lines, cleaned each like `clean_line`, with at most one empty line between two, and 60 lines in all.

    Lines beyond the sixtieth are joined to it, so that nothing typed is lost.
    """
    lines = [" ".join(line.split()) for line in _clean(typed.replace("\r\n", "\n").replace("\r", "\n")).split("\n")]
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")
    kept = text.split("\n")
    if len(kept) <= _LINES:
        return text
    return "\n".join([*kept[: _LINES - 1], " ".join(filter(None, kept[_LINES - 1 :]))])


def _clean(typed: str) -> str:
    marks = 0
    cleaned = []
    for character in unicodedata.normalize("NFC", typed):
        category = unicodedata.category(character)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if marks <= _MARKS_A_LETTER:
            cleaned.append(_clean_character(character, category))
    return "".join(cleaned)


def _clean_character(character: str, category: str) -> str:
    """The character, or what stands for it: a space for tabs and the like, nothing for what cannot be shown."""
    if character == "\n":
        return "\n"
    if category in ("Zl", "Zp") or character in "\t\v\f\x85":
        return " "
    if ord(character) in _JOINERS:
        return character
    if ord(character) in _DROPPED or category in ("Cc", "Cs", "Cn", "Co"):
        return ""
    return character


# ---- what must never be sent to a desk ----

_CALLED_PASSWORD = r"(?:pass\s?words?|pass\s?codes?|pass\s?phrases?|pwd|contrase(?:ñ|n)as?)"
_CALLED_CODE = r"(?:codes?|otp|pins?)"

# What people write after "my password is" when they tell what MyChart says, not what the password is.
_NOT_A_PASSWORD = frozenset(
    """
    a again also already always an and any bad being bit blank broken cannot case changed correct different empty
    expired expiring failing fine for forgotten gone good going hard has having hidden in incorrect invalid is it just
    known locked long lost missing must my needs never new no not now ok old on only or out quite really refused
    rejected required reset right saved short should so still that the there this to too unrecognised unrecognized
    used very weak what working wrong
    """.split()  # noqa: SIM905 (a list of words reads best as words)
)


def _password(text: str) -> bool:
    told = rf"\b{_CALLED_PASSWORD}\s*(?:\bis\b|\bwas\b|\bes\b|[:=])\s*[:=]?\s*[\"“'‘]?(\S+)"
    return any(_looks_like_a_password(match[1]) for match in re.finditer(told, text, re.IGNORECASE))


def _looks_like_a_password(word: str) -> bool:
    return word.strip(".,;!?\"”'’()").lower() not in _NOT_A_PASSWORD and bool(word.strip(".,;!?\"”'’()"))


def _code(text: str) -> bool:
    told = rf"(?<!error )(?<!error-)\b{_CALLED_CODE}\b\s*(?:\bis\b|\bwas\b|[:=#])?\s*\d{{3}}[ -]?\d{{1,5}}\b"
    return bool(re.search(told, text, re.IGNORECASE))


def _social_security(text: str) -> bool:
    if re.search(r"(?<![\d-])\d{3}[- ]\d{2}[- ]\d{4}(?![\d-])", text):
        return True
    return bool(re.search(r"\b(?:ssn|social security)\b\D{0,20}\d{4,9}\b", text, re.IGNORECASE))


def _card(text: str) -> bool:
    runs = re.finditer(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)", text)
    return any(_passes_luhn(re.sub(r"\D", "", match[0])) for match in runs)


def _passes_luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B: the check digit of payment cards."""
    doubled = [int(digit) * (1 + index % 2) for index, digit in enumerate(reversed(digits))]
    return sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0 and len(set(digits)) > 1


def _insurance(text: str) -> bool:
    whose = r"\b(?:member|policy|subscriber|insurance|group|medicare|medicaid)"
    told = whose + r"\s*(?:id|no|number|nr|#)\.?\s*(?:is|[:=#])?\s*(?=[\w-]*\d)[\w-]{5,}"
    return bool(re.search(told, text, re.IGNORECASE))


def _security_answer(text: str) -> bool:
    told = r"(?:maiden name|first pet|security answer|secret answer)\s*(?:is|was|[:=])\s*\S"
    return bool(re.search(told, text, re.IGNORECASE))


SECRETS: dict[str, Callable[[str], bool]] = {
    "password": _password,
    "code": _code,
    "social-security": _social_security,
    "card": _card,
    "insurance": _insurance,
    "security-answer": _security_answer,
}


def find_secret(text: str) -> str | None:
    """The id of the first kind of secret that the text seems to hold (a key of SECRETS), or None.

    It goes by patterns, so it can miss a secret that is told in other words. The page warns as well.
    """
    return next((kind for kind, found in SECRETS.items() if found(text)), None)
