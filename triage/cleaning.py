"""PURE. Everything that a visitor types is hostile until it has gone through here.

`clean_line` and `clean_text` make text that reads the same on the screen, on paper, in an e-mail and in a file.
`find_secret` finds what must never be sent to a desk.
"""

import re
import unicodedata
from collections.abc import Callable

# Bidi overrides, embeddings and isolates reorder what a reader sees. ZWJ and ZWNJ stay: scripts and emoji need them.
_REORDERING = {*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C}
_INVISIBLE = {0x200B, *range(0x2060, 0x2070), 0xFEFF, 0x00AD, 0x180E, *range(0xFFF0, 0xFFFC), *range(0xE0000, 0xE0100)}
# Code points that never become characters. Others may be younger than this Python, such as a new emoji, and stay.
_NO_CHARACTERS = {
    *range(0xFDD0, 0xFDF0),
    *(plane | last for plane in range(0, 0x110000, 0x10000) for last in (0xFFFE, 0xFFFF)),
}
_DROPPED = _REORDERING | _INVISIBLE | _NO_CHARACTERS
_JOINERS = "\u200c\u200d"

# More marks than this on one letter is a prank ("Zalgo"); no written language needs so many.
_MARKS_A_LETTER = 4


def _is_mark(character: str) -> bool:
    """Whether a normal form may move it: it is a mark, or falls apart into marks alone."""
    return bool(unicodedata.combining(unicodedata.normalize("NFD", character)[0]))


# To bring n marks in a row into their order takes n * n steps: minutes for what one form may hold. Thirty are enough
# for every language (https://www.unicode.org/reports/tr15/#Stream_Safe_Text_Format).
_MARKS = frozenset(filter(_is_mark, map(chr, range(0x300, 0x20000))))
_TOO_MANY_MARKS = re.compile("([{0}]{{30}})[{0}]+".format("".join(sorted(_MARKS))))
_LINES = 60


def clean_line(typed: str) -> str:
    """One line: normal form C, no control or reordering characters, white space folded to single spaces."""
    return _fold(_clean(typed))


def clean_text(typed: str) -> str:
    """Several lines, cleaned each like `clean_line`, with at most one empty line between two, and 60 lines in all.

    Lines beyond the sixtieth are joined to it, so that nothing typed is lost.
    """
    lines = [_fold(line) for line in _clean(typed.replace("\r\n", "\n").replace("\r", "\n")).split("\n")]
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")
    kept = text.split("\n")
    if len(kept) <= _LINES:
        return text
    return "\n".join([*kept[: _LINES - 1], " ".join(filter(None, kept[_LINES - 1 :]))])


def clean_address(typed: str) -> str:
    """A web address without what follows `?` or `#`: a link from an e-mail can carry a key there."""
    return re.split(r"[?#]", clean_line(typed), maxsplit=1)[0].strip()


def _fold(line: str) -> str:
    folded = " ".join(line.split())
    return folded if folded.strip(_JOINERS + " ") else ""


def _clean(typed: str) -> str:
    # Each kind of character is looked at once: one field can hold two million.
    shown = typed.translate({ord(character): _clean_character(character) for character in set(typed)})
    # Dropping comes first: a letter and its mark may only then stand side by side, and make one character.
    bounded = shown if _MARKS.isdisjoint(shown) else _TOO_MANY_MARKS.sub(r"\1", shown)
    shown = unicodedata.normalize("NFC", bounded)
    piled = {character for character in set(shown) if unicodedata.category(character) in ("Mn", "Me")}
    return _with_few(piled, shown) if piled else shown


def _with_few(piled: set[str], shown: str) -> str:
    """Without those of the marks that are more than _MARKS_A_LETTER on one letter."""
    marks = 0
    cleaned = []
    for character in shown:
        if character in piled:
            marks += 1
        elif character not in _JOINERS:
            marks = 0
        if marks <= _MARKS_A_LETTER or character in _JOINERS:
            cleaned.append(character)
    return "".join(cleaned)


def _clean_character(character: str) -> str:
    """The character, or what stands for it: a space for tabs and the like, nothing for what cannot be shown."""
    category = unicodedata.category(character)
    if character == "\n":
        return "\n"
    if category in ("Zl", "Zp") or character in "\t\v\f\x85":
        return " "
    if ord(character) in _DROPPED or category in ("Cc", "Cs", "Co"):
        return ""
    return character


# ---- what must never be sent to a desk ----
#
# Each pattern reads 50,000 characters in one go, whatever they are: white space is possessive (\s*+), so that it is
# not tried again in other portions, and words have a longest length.

# English and Spanish alike, whatever the page: people mix them.
_CALLED_PASSWORD = r"(?:pass\s?(?:word|code|phrase)s?|pwd?|contrase(?:ñ|n)as?|mi clave)"
_CALLED_CODE = r"(?:(?:pass|pass )?codes?|c(?:ó|o)digos?|otp|pins?)"

_IS = r"(?:is|was|are|es|era|fue|son)"
_MY = r"(?:my|the|your|mi|la|el|su)"

# What people write after "my password is" when they tell what MyChart says, not what the password is.
_NOT_A_SECRET = frozenset(
    """
    a accepted again also already always an and any asked asks at bad being bit blank broken by called cannot case
    changed copied correct created declined deleted denied different disabled emailed empty entered expired expiring
    failing filled fine for forgotten from given gone good going hard has having hidden i if impossible in incorrect
    invalid is it just known locked long lost matching missing mistyped must my needed needs never new no not nothing
    now ok old on once only or out please quite really recognised recognized refused rejected required reset right
    saved secure sent set short should shown so still stored stolen strong that the there they this to too try typed
    unchanged unrecognised unrecognized updated used valid very weak we what when which will with working wrong you
    your

    abierta aceptada activada actualizada al algo ambas antigua así aún bien bloqueada borrada borrosa buena
    caducada cambiada campo cierta como con conocida correcta corrige corta creada creo de debe del demasiado
    desactivada desconocida desde después diferente difícil distinta el ella en entre enviada equivocada errónea
    error esa escriba está esta este exacta exitosamente fácil falsa guardada hasta hay idéntica igual ilegible
    imposible inactiva incorrecta ingrese inhabilitada inservible inválida invalida la larga las lo los mal mala más
    máxima mi mía mínima mínimo misma muy necesaria ni ninguna no nueva numérica obligatoria olvidada otra para
    perdida pero por porque privada qué que rechazada reconocida recordada requerida restablecida robada secreta
    segura sensible si siempre sin solo sólo su suficiente suya también tampoco temporal tiene todavía un una única
    usada vacía válida vencida verdadera vieja ya
    """.split()  # noqa: SIM905 (a list of words reads best as words)
)

# Codes that are no secret, by the word before "code".
_OTHER_CODES = frozenset("area country error fault http message postal reason response status zip".split())  # noqa: SIM905


def _password(text: str) -> bool:
    told = rf"\b{_CALLED_PASSWORD}\s*+(?:\b{_IS}\b|[:=])\s*+[:=]?\s*+[\"“'‘]?(\S+)"
    if any(_is_told(match[1]) for match in re.finditer(told, text, re.IGNORECASE)):
        return True
    mixed = r"(?=\S{0,40}[0-9])(?=\S{0,40}[a-z])\S{6,40}+"
    after = rf"\b{_CALLED_PASSWORD}\s*+[-–—,]?\s*+{mixed}"
    before = rf"(?<!\S){mixed}\s++(?:as|como|{_IS})\s++{_MY}\s++{_CALLED_PASSWORD}\b"
    return bool(re.search(f"{after}|{before}", text, re.IGNORECASE))


def _is_told(word: str) -> bool:
    """Whether the word after "is" seems to be the secret itself."""
    bare = word.strip(".,;:!?\"“”'‘’()").lower()
    # Spanish words are listed in the form that agrees with "contraseña": -a for -o, and without the -s of several.
    one = bare.removesuffix("s")
    return not {bare, one, f"{one[:-1]}a"} & _NOT_A_SECRET and any(character.isalnum() for character in bare)


_GOT = r"(?:got|received|sent me|gave me|recib(?:í|i)|me (?:lleg(?:ó|o)|mandaron|enviaron|dieron))"
_BY_TEXT = (
    r"(?:by|in|on|from|por|en)\s++(?:an? |the |my |una? |el |la |mi )?"
    r"(?:text|sms|e-?mail|mail|message|voice|phone|call|mensaje|correo|tel(?:é|e)fono|llamada)"
)


def _code(text: str) -> bool:
    digits = r"(?:\d{3}[ -]\d{3}|\d{4}[ -]\d{4}|\d{4,8})"
    told = rf"(?:\b(\w{{1,20}})\W{{1,3}})?\b{_CALLED_CODE}\b\s*+(?:\b{_IS}\b|[:=])?\s*+#?{digits}(?![-/.:]?\d)"
    texted = rf"(?<![\d-]){digits}\s++(?:as|como|{_IS})\s++{_MY}\s++((?:\w{{1,20}}+\s++){{0,3}}?){_CALLED_CODE}\b"
    # "I got 482913 by text", and "the code I got was 482913".
    got = rf"()\b{_GOT}\s++(?:the |a |el |un |code |c(?:ó|o)digo ){{0,2}}{digits}\s++{_BY_TEXT}"
    words = r"(?:\s++(?!error|fault|postal)\w{1,12}+){1,4}?"
    late = rf"(?:\b(\w{{1,20}})\W{{1,3}})?\b{_CALLED_CODE}\b{words}\s++{_IS}\s*+:?\s*+{digits}(?![-/.:]?\d)"
    # The form in which MyChart prints activation codes.
    if re.search(r"(?<![\w-])[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5}(?![\w-])", text):
        return True
    matches = (match for told in (told, texted, got, late) for match in re.finditer(told, text, re.IGNORECASE))
    return any(not _OTHER_CODES & set((match[1] or "").lower().split()) for match in matches)


def _social_security(text: str) -> bool:
    if re.search(r"(?<![\d-])\d{3}[-– ]\d{2}[-– ]\d{4}(?![\d-])", text):
        return True
    told = rf"\b(?:ssn|social(?: security)?|seguro social)(?: number| no)?\.?\s*+(?:{_IS}|[:=])?\s*+#?\d{{4,9}}\b"
    return bool(re.search(told, text, re.IGNORECASE))


def _card(text: str) -> bool:
    """Payment cards by their length and first digit, in one piece or in the groups that stand on the card."""
    unbroken = r"[2-6]\d{15}|3\d{13,14}|4\d{12}|[46]\d{18}"
    grouped = r"[2-6]\d{3}(?:[ -]\d{4}){3}|3\d{3}[ -]\d{6}[ -]\d{5}"
    runs = re.finditer(rf"(?<![\d-])(?:{unbroken}|{grouped})(?![\d-])", text)
    return any(_passes_luhn(re.sub(r"\D", "", match[0])) for match in runs)


def _passes_luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B: the check digit of payment cards."""
    doubled = [int(digit) * (1 + index % 2) for index, digit in enumerate(reversed(digits))]
    return sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0


def _insurance(text: str) -> bool:
    whose = r"\b(?:member|policy|subscriber|insurance|group|medicare|medicaid)(?: card)?"
    number = rf"\s*+(?:{_IS}|[:=])?\s*+#?(?=[\w-]{{0,40}}\d)[\w-]{{5}}"
    told = whose + rf"\s*+(?:id|no|number|nr|#)\.?{number}"
    spanish_whose = (
        r"(?:miembro|p(?:ó|o)liza|afiliad[oa]|asegurad[oa]|grupo|seguro(?! social)(?: m(?:é|e)dico)?|medicare)"
    )
    spanish_told = rf"\b(?:n(?:ú|u)mero|id) del? (?:mi )?{spanish_whose}{number}"
    # The fixed form of a Medicare number, which needs no word before it.
    medicare = r"\b[1-9][A-Z][A-Z0-9]\d-?[A-Z][A-Z0-9]\d-?[A-Z]{2}\d{2}\b"
    return bool(re.search(f"{told}|{spanish_told}|{medicare}", text, re.IGNORECASE))


def _security_answer(text: str) -> bool:
    asked = r"maiden name|first pet|(?:security|secret) answer"
    spanish_asked = (
        r"(?:apellido de soltera|primera mascota)(?: de mi (?:madre|mam(?:á|a)))?|respuesta (?:secreta|de seguridad)"
    )
    told = rf"(?:{asked}|{spanish_asked})\s*+(?:{_IS}|[:=])\s*+(\S+)"
    return any(_is_told(match[1]) for match in re.finditer(told, text, re.IGNORECASE))


def _link(text: str) -> bool:
    """A link with a key in it, such as the one in a password-reset e-mail: whoever has it can use it."""
    return bool(
        re.search(
            r"\bhttps?://[^\s?#]{1,300}+[?#]\S{0,300}?(?<![a-z])(?:token|code|key|ticket|reset)\w{0,20}=\S{6}",
            text,
            re.IGNORECASE,
        )
    )


SECRETS: dict[str, Callable[[str], bool]] = {
    "password": _password,
    "code": _code,
    "social-security": _social_security,
    "card": _card,
    "insurance": _insurance,
    "security-answer": _security_answer,
    "link": _link,
}


def find_secret(text: str) -> str | None:
    """The id of the first kind of secret that the text seems to hold (a key of SECRETS), or None.

    It goes by patterns, so it can miss a secret that is told in other words. The page warns as well.
    """
    return next((kind for kind, found in SECRETS.items() if found(text)), None)
