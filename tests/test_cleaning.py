"""What visitors type: cleaned so that it reads the same everywhere, and searched for what must never be sent."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.cleaning import SECRETS, clean_line, clean_text, find_secret

ANYTHING = st.text(st.characters(codec=None), max_size=80) | st.text(
    st.sampled_from("e\u0301\u0300\u200b\u200d\u200c\u202e\u2066\ufeff\n\r\t \ud800\udc00\U000e0041❤\ufe0f👩क\u094d"),
    max_size=30,
)


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("  It   says\tno \n again ", "It says no again"),
        ("a\x00b\x07c\x1bd\x7fe\x9ff", "abcdef"),
        ("one\u2028two\u2029three\x85four", "one two three four"),
        ("no\u00a0break\u3000space", "no break space"),
        ("ex\u202egnp.exe", "exgnp.exe"),
        ("\u2066isolate\u2069 \u200fmark\u200e \u061carabic", "isolate mark arabic"),
        ("zero\u200bwidth\u2060join\ufeffer soft\u00adhyphen", "zerowidthjoiner softhyphen"),
        ("plus\u2061\u2064 old\u206a\u206f", "plus old"),
        ("lone \ud83d surrogate \udc00", "lone surrogate"),
        ("private \ue000 use", "private use"),
        ("not \ufdd0 a \uffff character \U0001ffff", "not a character"),
        ("tags\U000e0001\U000e0041\U000e007f", "tags"),
        ("e\u0301 is one letter", "\u00e9 is one letter"),
        ("e\u200b\u0301 too", "\u00e9 too"),
        ("Z" + "\u0335" * 40 + "algo", "Z" + "\u0335" * 4 + "algo"),
        ("Z" + "\u0335\u200b" * 40 + "algo", "Z" + "\u0335" * 4 + "algo"),
        ("", ""),
        (" \u200b\u202e\n", ""),
        ("\u200d\u200c \u200d", ""),
    ],
)
def test_a_line_keeps_what_can_be_read_and_nothing_else(typed, line):
    assert clean_line(typed) == line


@pytest.mark.parametrize(
    "text",
    [
        "Ceci n’est pas ‘une’ “panne” – c’est l’été…",
        "Zażółć gęślą jaźń, İstanbul, Việt Nam, Ελλάδα, Ёлка",
        "لا أستطيع تسجيل الدخول إلى حسابي",
        "می\u200cخواهم وارد شوم",  # Persian needs ZWNJ
        "我无法登录 MyChart，验证码没有来。",
        "ログインできません。パスワードを忘れました",
        "로그인할 수 없습니다",
        "मुझे मदद चाहिए: क्\u200dष और क्\u200cष",  # conjuncts with ZWJ and ZWNJ
        "নমস্কার র\u200d্যাব ক্ষ",
        "ශ්\u200dරී ලංකා",
        "ฉันเข้าสู่ระบบไม่ได้",
        "שָׁלוֹם עֲלֵיכֶם",
        "👩\u200d👩\u200d👧\u200d👦 👩🏽\u200d⚕️ ❤️ 🏳️\u200d🌈 1️⃣ 🇺🇸 👍🏿",
        "🫨 🩷 🪿",  # younger than some Pythons
        "x² ≤ 10 €, 37 °C, ½ tablet",
        "𠮷野家 𝒜",
    ],
)
def test_every_script_and_every_emoji_comes_through_unharmed(text):
    assert clean_line(text) == unicodedata.normalize("NFC", text)
    assert clean_text(text) == clean_line(text)
    assert find_secret(text) is None


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("one\r\ntwo\rthree\nfour", "one\ntwo\nthree\nfour"),
        ("\n\n one  two \n\n\n\n three\t\n\n", "one two\n\nthree"),
        ("a\n\u200b\n\x07\n\nb", "a\n\nb"),
        ("\n".join(f"line {number}" for number in range(60)), "\n".join(f"line {number}" for number in range(60))),
        ("x\n" * 4000, "\n".join(["x"] * 59 + [" ".join(["x"] * 3941)])),
    ],
)
def test_a_text_keeps_its_lines_but_no_more_than_sixty(typed, text):
    assert clean_text(typed) == text


def test_four_thousand_characters_without_a_space_are_left_as_they_are():
    assert clean_line("W" * 4000) == "W" * 4000
    assert clean_text("字" * 4000) == "字" * 4000


@given(ANYTHING)
def test_cleaning_never_fails_and_cleaning_twice_is_cleaning_once(typed):
    line, text = clean_line(typed), clean_text(typed)
    assert clean_line(line) == line
    assert clean_text(text) == text
    find_secret(typed)


@given(ANYTHING)
def test_what_is_clean_can_be_shown_stored_and_printed_anywhere(typed):
    for clean in (clean_line(typed), clean_text(typed)):
        assert clean == unicodedata.normalize("NFC", clean)
        assert clean == clean.strip()
        clean.encode("utf-8")
        assert {unicodedata.category(character) for character in clean.replace("\n", "")}.isdisjoint({"Cc", "Cs", "Co"})
        assert not set(clean) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u200b\ufeff")
    assert "\n" not in clean_line(typed)


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("My password is Fluffy2024", "password"),
        ("my password is fluffy", "password"),
        ("password: hunter2!", "password"),
        ("Password = “Sommer-7”", "password"),
        ("My pass word was Rex!1950", "password"),
        ("passcode: tulip", "password"),
        ("my passcode is Sunny88x", "password"),
        ("The passphrase is correcthorse", "password"),
        ("pwd: x7Kq92", "password"),
        ("pw: x7Kq92", "password"),
        ("user maria, password fluffy123", "password"),
        ("I typed Summer2024! as my password", "password"),
        ("mi contraseña es Girasol8", "password"),
        ("My old password was Tulip99. The new password is Tulip100.", "password"),
        ("It says wrong. My password is:\nBluebird5", "password"),
        ("My code is 482913", "code"),
        ("code: 482 913", "code"),
        ("The code was 4829-1374", "code"),
        ("Your MyChart verification code is 482913. Do not share it.", "code"),
        ("482913 is your MyChart verification code", "code"),
        ("They sent me 482913 as my code", "code"),
        ("sign-in code 482913", "code"),
        ("security code #48291", "code"),
        ("OTP 482913", "code"),
        ("pin: 4821", "code"),
        ("My PIN is 4821", "code"),
        ("codes: 482913 and 512044", "code"),
        ("my passcode 482913", "code"),
        ("I got 482913 by text", "code"),
        ("They sent me the code 482913 in an e-mail", "code"),
        ("The code I got was 482913", "code"),
        ("The code in the message was 482913", "code"),
        ("el código es 482913", "code"),
        ("mi codigo: 482913", "code"),
        ("El código que recibí es 482913", "code"),
        ("It is 7XK4P-9QW2M-3TT8Z", "code"),
        ("SSN 123-45-6789", "social-security"),
        ("123 45 6789", "social-security"),
        ("123–45–6789", "social-security"),
        ("ssn: 123456789", "social-security"),
        ("my social security number is 123456789", "social-security"),
        ("last 4 of my social security: 6789", "social-security"),
        ("The last four digits of my SSN are 6789", "social-security"),
        ("4111 1111 1111 1111", "card"),
        ("my Visa 4111111111111111 was charged", "card"),
        ("5500-0000-0000-0004", "card"),
        ("amex 3782 822463 10005", "card"),
        ("Member ID: XYZ123456789", "insurance"),
        ("policy number 48213377", "insurance"),
        ("My insurance number is W1234-5678", "insurance"),
        ("Medicare number 1EG4-TE5-MK73", "insurance"),
        ("Medicare 1EG4-TE5-MK73", "insurance"),
        ("group # 0048213", "insurance"),
        ("insurance card number A48213377", "insurance"),
        ("My mother’s maiden name is Kowalski", "security-answer"),
        ("first pet: Rex", "security-answer"),
        ("The security answer was Springfield", "security-answer"),
        ("Mi contraseña era Luna-1950 y la cambié", "password"),
        ("mi clave: girasol", "password"),
        ("Escribí Girasol88 como mi contraseña", "password"),
        ("mi clave Girasol88 no sirve", "password"),
        ("482913 es su código de verificación de MyChart", "code"),
        ("Me llegó el código 482913 por mensaje", "code"),
        ("Recibí 482913 en un correo", "code"),
        ("Los códigos son 482913 y 512044", "code"),
        ("Mi número de Seguro Social es 123456789", "social-security"),
        ("Seguro Social: 6789", "social-security"),
        ("Mi número de póliza es 48213377", "insurance"),
        ("número de mi seguro médico: W1234-5678", "insurance"),
        ("El apellido de soltera de mi madre es Ruiz", "security-answer"),
        ("La respuesta secreta era Springfield", "security-answer"),
        ("https://mychart.example.org/reset?token=8d2f0c11aa", "link"),
        ("I used https://mychart.example.org/a/b#resetkey=8d2f0c11aa twice", "link"),
        ("https://mychart.example.org/?lang=en&ticket=8d2f0c11aa", "link"),
    ],
)
def test_a_secret_is_found(text, secret):
    assert find_secret(text) == secret


@pytest.mark.parametrize(
    "text",
    [
        # about passwords
        "It says my password is incorrect",
        "It says “Your password is wrong.”",
        "The password is not accepted",
        "My password was changed yesterday, not by me",
        "My password is the same as before",
        "My password is denied every time",
        "It says the password is declined",
        "The password is accepted, and then the page stays blank",
        "My password was typed with care, three times",
        "Invalid username or password: please try again",
        "Password: must have 8 characters, it says",
        "Wrong password. Try again. Error 1031",
        "I forgot my password",
        "What is my password?",
        "I reset my password 3 times on Tuesday",
        "The password reset e-mail did not come",
        "My password is saved in the browser",
        "The password: I cannot remember it",
        "password - then nothing happens",
        "the password field is empty",
        "Dice que mi contraseña es incorrecta",
        "Dice que las contraseñas son incorrectas",
        "La contraseña es la misma de antes",
        "Mi contraseña fue rechazada 3 veces",
        "La clave es muy larga",
        "mi contraseña era buena hasta ayer",
        "La contraseña fue actualizada",
        "Su contraseña fue restablecida",
        "La contraseña fue exitosamente cambiada",
        "mi usuario y contraseña son válidos",
        "Contraseña: Requerido",
        "Contraseña: Este campo es obligatorio.",
        "Contraseña: Campo obligatorio",
        "Contraseña: mínimo 8 caracteres",
        "La contraseña es sensible a mayúsculas",
        "La clave es llamar temprano",
        "Contraseña: no la recuerdo",
        "Olvidé mi contraseña",
        "Cambié la contraseña 3 veces el martes",
        "El correo para cambiar la contraseña no llega",
        # about codes
        "El código postal es 04101",
        "código de error 1031",
        "Código de error: 500123",
        "El código de error es 1031",
        "Pedí 3 códigos el 24/11/2026",
        "Pedí el código a las 9:15",
        "Me llegó el código a las 9:15 por mensaje",
        "El código no llega desde 2025",
        "MyChart pide el número de Seguro Social",
        "Me pide el número de mi seguro 3 veces",
        "Pregunta el apellido de soltera de mi madre",
        "error code 500123",
        "Error code: 500123",
        "Error: code 1031",
        "It shows code 1234-567 on the screen",
        "HTTP code 503",
        "status code 4040",
        "It says message code 20417",
        "zip code 04101",
        "ZIP code: 04101-2233",
        "area code 207",
        "My area code 207-555-0199 changed",
        "I asked for a code at 9:15",
        "codes: 9:15, 9:20 and 9:40",
        "Codes asked for on 2026-11-24 at 09:15",
        "codes: 2026-11-24 and 2026-11-25",
        "I asked for 3 codes on 11/24/2026",
        "the code never came, 4 times",
        "The code has 6 digits, it says",
        "activation code expired in 2025",
        "The error code I got was 500123",
        "error code on the page was 1031",
        "The code of the error was 1031",
        "It gave me 1031 on the page",
        "I got 2026 from a list",
        "I received 4821 in one day",
        "7XK4P-9QW2M",
        "7xk4p-9qw2m-3tt8z-1abc2",
        "https://mychart.example.org/help?page=activation-help",
        "pins and needles since 2025",
        # numbers that are no secret
        "207-555-0199",
        "(207) 555-0199 ext. 12",
        "+1 207 555 0199",
        "207-555-0199 207-555-0123",
        "Phone 2075550199, work 2075550123",
        "MRN 12345678",
        "MRN: 0012-345-678",
        "E0012345678",
        "1950-09-27",
        "27.09.1950",
        "2026-11-24 0915 0920 2026-11-25 1000 1005",
        "Reference ABCD-2345",
        "Chrome 131.0.6778.86 on Windows 10",
        "iOS 17.5.1, app 10.8.2",
        "https://mychart.harborpines.example/mychart/Authentication/Login?code=500",
        "Ticket 20261124000012",
        "Visit 3 May 2026, Dr. Lee, room 1204",
        # about things that are secret elsewhere
        "It asks for my Social Security number",
        "It asks for my Social Security number. In 2025 it did not.",
        "I will not give my SSN",
        "It wants the last 4 digits of my social security number",
        "It asked for my insurance number 3 times",
        "The insurance card is new since 2026-01-05",
        "I am in the Medicare group since 2019",
        "It asks what my mother’s maiden name is. I do not know.",
        "It says my security answer is incorrect",
        "The security answer was refused",
        "maria.example@example.com",
        "17-year-old son",
    ],
)
def test_honest_words_are_not_taken_for_a_secret(text):
    assert find_secret(text) is None


@pytest.mark.parametrize("wrap", ["{}", "Hello. {} Thank you.", "first line\n\n{}\n\nlast line", "({})"])
@pytest.mark.parametrize("text", ["my password is Fluffy2024", "code 482913", "123-45-6789", "4111 1111 1111 1111"])
def test_a_secret_is_found_wherever_it_stands(wrap, text):
    assert find_secret(wrap.format(text))


@pytest.mark.parametrize("number", ["4111 1111 1111 1112", "1234 5678 9012 3456", "0000 0000 0000 0000"])
def test_a_number_that_no_card_can_have_is_let_through(number):
    assert find_secret(number) is None


ADVERSARIAL = {
    "one letter": "a",
    "digits": "1",
    "digits and dashes": "1-",
    "digits and spaces": "4111 ",
    "spaces": " ",
    "new lines": "\n",
    "marks": "\u0301",
    "joiners": "\u200d",
    "password": "password",
    "password:": "password:",
    "password is": "password is ",
    "password is is": "password is is",
    "code": "code ",
    "code:": "code:",
    "policyid-": "policyid-",
    "member number": "member number ",
    "ssn": "ssn ",
    "social security": "social security",
    "maiden name is": "maiden name is ",
    "is my": "a1 is my ",
    "as my": "a1as my",
    "x1": "x1",
    "marks out of order": "\u0301\u0323",
    "marks that fall apart": "\u0f73",
}
AFTER_A_WORD = (
    "contraseña",
    "mi clave es",
    "código",
    "número de póliza",
    "seguro social",
    "me llegó el código",
    "password",
    "password is",
    "pass",
    "code",
    "member id",
    "ssn",
    "first pet",
    "last 4 of my",
)


def seconds(text: str) -> float:
    began = time.perf_counter()
    for found in SECRETS.values():
        found(text)
    clean_line(text)
    clean_text(text)
    return time.perf_counter() - began


@pytest.mark.parametrize("part", ADVERSARIAL.values(), ids=ADVERSARIAL)
def test_fifty_thousand_hostile_characters_take_no_long_time(part):
    # Work that grows with the square of the length would take many seconds.
    assert seconds(part * (50_000 // len(part))) < 2


@pytest.mark.parametrize("word", AFTER_A_WORD)
@pytest.mark.parametrize("part", [" ", "\n", "-", "1", "a", ".", "1 "])
def test_a_word_before_fifty_thousand_hostile_characters_makes_it_no_slower(word, part):
    assert seconds(word + part * (50_000 // len(part)) + "\u2603") < 2
