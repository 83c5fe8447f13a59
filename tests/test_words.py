"""The plain-language gate: reads the words as they stand on disk, in every language, without Django.

What must have words follows from the rules, so a new problem, step or question asks for its words and breaks nothing
else. What the subject itself calls for stands in the lists below.

Each rule for words is checked twice, as the words read with a full fact sheet ("known") and with a blank one
("neutral"). plain.py has what differs between languages: formulas, bounds and banned words.
"""

from __future__ import annotations

import json
import re
import string
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from plain import FACT, LANGUAGES, joined, long_enough, scored, sentences, too_hard, too_long

from helpdesk.catalog import OPENING_FIELDS
from helpdesk.languages import SOURCE, codes
from helpdesk.organization import FACTS
from helpdesk.translations import entries
from triage.reference import ALPHABET

CONTENT = Path(__file__).resolve().parent.parent / "helpdesk" / "content"
WORDS = CONTENT / "en"
RULES = CONTENT / "rules"

FILES = sorted(path.relative_to(WORDS).as_posix() for path in WORDS.rglob("*.toml"))
FORMS = ["known", "neutral"]
TRANSLATIONS = [language for language in LANGUAGES if language != SOURCE]

NOT_WORDS = {"id", "group"}  # keys whose values are for machines

# Our words, not the patient's: the agent's words may have them.
OURS = re.compile(r"(?<!front )\b(desks?|packets?)\b", re.IGNORECASE)
FOR_AGENTS = {"flags.toml", "packet.toml", "pages/for-support-desks.toml"}
KEYS_FOR_AGENTS = {"packet", "short", "desk", "for_support_desks"}
# What we ask the patient to do, which no health system sets: (file, step).
OUR_ADVICE = {("steps.toml", "restart-device"), ("steps.toml", "check-network"), ("steps.toml", "try-later")}
PHONE_NUMBER = re.compile(r"\d{3}[-. ]\d{3,4}")
# What packet.toml fills in beside the opening of the phone script: a language, and the spelling of the reference.
PACKET_FIELDS = {*OPENING_FIELDS, "language", "letter", "word"}

QUOTED = re.compile(r"“[^”]*”")
# Quoted in English, and not the name of something on a screen of MyChart or of a phone, so only in the reader's
# language: our own buttons, headings and answers, and what a person says.
OUR_QUOTES = {
    "“Go on with a saved request”",
    "“Change what you wrote”",
    "“none of these”",
    "“Privacy at risk”",
    "“Take care”",
    "“In the patient’s own words”",
    "“not given”",
    "“My account is locked”",
    "“I do not know.”",
    "“I will call you back.”",
    "“I will not give that. I will call back at the number on my bill.”",
    "“I think that someone else can see a private record.”",
}

in_every_language = pytest.mark.parametrize("language", LANGUAGES)
in_every_translation = pytest.mark.parametrize("language", TRANSLATIONS)
in_both_forms = pytest.mark.parametrize("form", FORMS)
in_every_file = pytest.mark.parametrize("file", FILES)


# ---- reading ----


@cache
def load(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def leaves(value: Any, form: str, path: str = "") -> Iterator[tuple[str, str]]:
    """Every (key path, text) of a file, in its known or its neutral form."""
    if isinstance(value, str):
        if path.rpartition(".")[2] not in NOT_WORDS and value:
            yield path, value
    elif isinstance(value, list):
        for number, item in enumerate(value):
            name = item.get("id", number) if isinstance(item, dict) else number
            yield from leaves(item, form, f"{path}.{name}")
    elif isinstance(value, dict):
        if set(value) == {"known", "neutral"}:
            yield from leaves(value[form], form, path)
        else:
            for key, item in value.items():
                yield from leaves(item, form, f"{path}.{key}".lstrip("."))


def texts(file: str, form: str, language: str = SOURCE) -> list[tuple[str, str]]:
    return list(leaves(load(CONTENT / language / file), form))


@cache
def passages(language: str, form: str) -> dict[str, str]:
    """Each file as a formula should see it. Those with too few words to score are scored together."""
    return long_enough({file: joined(text for _, text in texts(file, form, language)) for file in FILES})


def quoted(entry: object) -> list[str]:
    return QUOTED.findall(json.dumps(entry, ensure_ascii=False))


@cache
def names_on_screens() -> set[str]:
    """What English quotes because a screen shows it."""
    return {name for words in entries(WORDS).values() for name in quoted(words) if "{" not in name} - OUR_QUOTES


def searchable(file: str) -> str:
    """Keys, ids and words of a file, in both forms, for the list of content below."""
    parts = [f"{path} {text}" for form in FORMS for path, text in texts(file, form)]
    return "\n".join(parts).lower().replace("’", "'")


# ---- what the rules say there is ----

SLUGS = sorted(path.stem for path in (RULES / "problems").glob("*.toml"))
STEPS = load(RULES / "steps.toml")["step"]
CHECKLIST = load(RULES / "checklist.toml")["steps"]
TYPED = [row["id"] for row in load(RULES / "questions.toml")["question"] if row["stage"] == "details"]


# ---- the rules for words, in every language ----


def test_there_are_words_to_check() -> None:
    assert len(FILES) > len(SLUGS) > 0


def test_every_language_of_the_site_has_its_rules_for_plain_words() -> None:
    assert set(codes(CONTENT)) == set(LANGUAGES), "add a row to LANGUAGES in tests/plain.py"


@pytest.mark.parametrize(
    ("language", "rule", "slip"),
    [
        ("en", "banned", "Please log in."),
        ("en", "banned", "It’s an invalid code."),
        ("en", "times", "Wait for 10 to 15 more minutes."),
        ("en", "ages", "when your child turns 12"),
        ("es", "banned", "Por favor, espere."),
        ("es", "banned", "Su código es inválido."),
        ("es", "banned", "Tiene que loguearse."),
        ("es", "banned", "Abre tu correo."),
        ("es", "banned", "¿No puedes entrar?"),
        ("es", "times", "Espere de 10 a 15 minutos."),
        ("es", "times", "Tarda dos o tres días hábiles."),
        ("es", "times", "Se abre en una hora."),
        ("es", "ages", "desde la edad de 12"),
        ("es", "ages", "cuando cumpla los 12"),
    ],
)
def test_the_rules_find_what_they_are_there_to_find(language: str, rule: str, slip: str) -> None:
    assert getattr(LANGUAGES[language], rule).search(slip)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Authorization of representative access necessitates supplementary documentation. "),
        ("es", "La autorización del acceso de representantes requiere documentación complementaria. "),
    ],
)
def test_the_formulas_find_a_hard_text_and_let_an_easy_one_pass(language: str, text: str) -> None:
    assert len(too_hard(language, text * 20)) == len(LANGUAGES[language].measures)
    assert too_hard(language, "Call us today. " * 20) == []


def test_a_button_in_two_languages_is_no_part_of_the_sentence_around_it() -> None:
    text = "Toque “Forgot password?” (“¿Olvidó su contraseña?”) en la página. Luego diga: “No la tengo”."
    assert scored(text) == "Toque en la página. Luego diga: “No la tengo”."
    assert sentences(text) == ["Toque “Forgot password?” en la página.", "Luego diga: “No la tengo”."]


@pytest.mark.parametrize("words", [25, 26])
def test_a_sentence_of_25_words_is_not_too_long_and_one_of_26_is(words: int) -> None:
    assert len(too_long(f"{'One ' * (words - 1)}end. Go on.")) == words - 25


@in_both_forms
@in_every_language
def test_a_sixth_grader_can_read_every_file(language: str, form: str) -> None:
    hard = {file: too_hard(language, text) for file, text in passages(language, form).items()}
    assert {file: scores for file, scores in hard.items() if scores} == {}, "shorten sentences or words"


@in_both_forms
@in_every_file
@in_every_language
def test_no_sentence_is_longer_than_25_words(language: str, file: str, form: str) -> None:
    found = [f"{path}: {sentence}" for path, text in texts(file, form, language) for sentence in too_long(text)]
    assert not found, "\n".join(found)


@in_both_forms
@in_every_file
@in_every_language
def test_no_banned_word_is_used(language: str, file: str, form: str) -> None:
    banned = LANGUAGES[language].banned
    found = [f"{path}: {hit[0]!r}" for path, text in texts(file, form, language) for hit in banned.finditer(text)]
    assert not found, "\n".join(found)


@in_both_forms
@in_every_file
@in_every_language
def test_quotes_are_curly_marks_are_in_pairs_and_the_text_is_tidy(language: str, file: str, form: str) -> None:
    def own_marks(text: str) -> str:
        """The text without the English names of buttons, which have no mark at their beginning."""
        return QUOTED.sub(lambda name: "“”" if name[0] in names_on_screens() else name[0], text)

    untidy = [
        f"{path}: {text}"
        for path, text in texts(file, form, language)
        if re.search(r"['\"`<>]|  |\n|^\s|\s$|\s[.,!?]|[^\S ]", text)
        or any(own_marks(text).count(first) != own_marks(text).count(last) for first, last in LANGUAGES[language].pairs)
    ]
    assert not untidy, "\n".join(untidy)


@in_both_forms
@in_every_file
@in_every_language
def test_nothing_that_differs_between_health_systems_is_written_as_a_fact(language: str, file: str, form: str) -> None:
    rules = LANGUAGES[language]
    stated = [
        f"{path}: {hit[0]!r}"
        for path, text in texts(file, form, language)
        for pattern in (rules.times, rules.ages, PHONE_NUMBER)
        for hit in pattern.finditer(text)
        if (file, path.partition(".")[0]) not in OUR_ADVICE
    ]
    assert not stated, "use a fact in a known form, or a neutral sentence:\n" + "\n".join(stated)


@in_every_file
@in_every_language
def test_braces_hold_facts_and_only_known_forms_use_them(language: str, file: str) -> None:
    known, neutral = (
        {name for _, text in texts(file, form, language) for name in FACT.findall(text)} for form in FORMS
    )
    fields = PACKET_FIELDS if file == "packet.toml" else set()
    if file == "interface.toml":  # tests/test_interface.py knows its fields; none may look like a fact
        fields = known - set(FACTS)
    assert known <= set(FACTS) | fields
    assert neutral <= fields, "a neutral form, or plain text, needs a fact"


@in_every_file
@in_every_language
def test_that_a_lock_opens_by_itself_is_never_promised(language: str, file: str) -> None:
    promised = [
        sentence
        for _, text in texts(file, "known", language)
        for sentence in sentences(text)
        if "{lockout_minutes}" in sentence and f" {LANGUAGES[language].may} " not in sentence
    ]
    assert not promised


# ---- a translation beside its source ----


def test_what_we_quote_of_our_own_is_quoted_somewhere() -> None:
    assert OUR_QUOTES - {name for words in entries(WORDS).values() for name in quoted(words)} == set()


@in_every_translation
def test_the_name_of_a_button_on_a_screen_stands_in_english_too(language: str) -> None:
    source, translated = entries(WORDS), entries(CONTENT / language)
    missing = [
        f"{entry}: {name}"
        for entry in source.keys() & translated.keys()
        for name in quoted(source[entry])
        if name in names_on_screens() and name not in quoted(translated[entry])
    ]
    assert not missing, "the screen may be in English:\n" + "\n".join(sorted(missing))


@in_every_translation
def test_no_sentence_of_a_list_is_left_out(language: str) -> None:
    source, translated = entries(WORDS), entries(CONTENT / language)
    lists = {entry for entry, words in source.items() if isinstance(words, list)}
    assert len(lists) > 200
    assert [entry for entry in sorted(lists) if len(translated.get(entry, ())) != len(source[entry])] == []


# ---- English alone ----


@in_both_forms
@pytest.mark.parametrize("file", [file for file in FILES if file not in FOR_AGENTS])
def test_patients_do_not_read_our_own_words(file: str, form: str) -> None:
    found = [
        f"{path}: {hit[0]!r}"
        for path, text in texts(file, form)
        if not KEYS_FOR_AGENTS & set(path.split("."))
        for hit in OURS.finditer(text)
    ]
    assert not found, "say support, the people who help you, or your papers:\n" + "\n".join(found)


def test_who_is_afraid_of_someone_is_warned_before_anything_else() -> None:
    steps = load(WORDS / "steps.toml")
    for step in ("secure-email", "change-password", "check-contacts"):
        assert "not safe for you" in steps[step]["do"][0]
    sections = {section["id"]: section for section in load(WORDS / "pages/contact.toml")["sections"]}
    assert "afraid" in sections["intruder"]["text"][0]
    assert "afraid" in load(WORDS / "problems/unauthorized-access.toml")["stop"][0]
    assert "safe phone" in load(WORDS / "verdicts.toml")["contact-now"]["text"][0]


# ---- structure ----


@pytest.mark.parametrize("slug", SLUGS)
def test_every_faq_that_a_problem_names_is_answered(slug: str) -> None:
    named = load(RULES / "problems" / f"{slug}.toml")["faq"]
    answered = {faq["id"] for faq in load(WORDS / "faq.toml")["faq"]}
    assert named
    assert set(named) <= answered


def test_every_faq_has_its_own_id_a_known_group_and_a_short_answer() -> None:
    faqs = load(WORDS / "faq.toml")["faq"]
    groups = load(WORDS / "faq.toml")["groups"]
    assert len(faqs) >= 16
    assert len({faq["id"] for faq in faqs}) == len(faqs)
    assert len({faq["question"] for faq in faqs}) == len(faqs)
    assert {faq["group"] for faq in faqs} == set(groups)
    assert all(1 <= len(faq["answer"]) <= 4 for faq in faqs)
    assert all(faq["question"].endswith("?") for faq in faqs)


@pytest.mark.parametrize("file", [file for file in FILES if file.startswith("pages/")])
def test_a_page_has_a_title_a_lead_and_sections_with_stable_ids(file: str) -> None:
    page = load(WORDS / file)
    assert set(page) == {"title", "description", "lead", "sections"}
    assert len(sentences(page["description"])) == 1
    ids = [section["id"] for section in page["sections"]]
    assert len(set(ids)) == len(ids)
    for section in page["sections"]:
        assert set(section) <= {"id", "title", "text", "items"}
        assert section["title"]
        assert section.get("text") or section.get("items")


def test_every_character_of_a_reference_has_a_word_that_begins_with_it() -> None:
    spelling = load(WORDS / "packet.toml")["spelling"]
    assert set(spelling) == set(ALPHABET)
    assert len(set(spelling.values())) == len(spelling)
    for character, word in spelling.items():
        if character in string.ascii_uppercase:
            assert word.startswith(character.lower())


def test_the_email_words_hold_nothing_personal() -> None:
    email = load(WORDS / "packet.toml")["email"]
    assert FACT.findall(" ".join(email.values())) == []


# ---- the list of content: each item, where it stands, and words that occur there ----

# A word that the page of each problem must have.
PROBLEMS = {
    "wrong-password": "password",
    "forgot-username": "username",
    "account-locked": "locked",
    "codes-not-arriving": "code",
    "activation": "activation",
    "wrong-portal": "address",
    "app-or-browser": "browser",
    "error-message": "hold",
    "portal-down": "not working",
    "missing-results": "results",
    "wrong-information": "close",
    "unauthorized-access": "privacy office",
    "proxy-access": "proxy",
    "teen-record": "teen",
    "link-record": "record",
    "identity-check": "call",
    "none-of-these": "contact",
}

EVIDENCE = [
    "name", "birth-date", "phone", "email", "mrn", "device", "browser", "app-version", "error-words",
    "began", "last-sign-in", "visit", "code-times",
]  # fmt: skip

# What the quick checklist must have: the step that stands on it, and words of that step.
CHECKLIST_ITEMS = [
    ("right address", "check-address", ["address"]),
    ("right app", "right-app", ["app"]),
    ("reset the password to the end", "reset-password", ["last button"]),
    ("cache", "clear-cache", ["cached", "cookies"]),
    ("update the app", "update-app", ["update"]),
    ("update the browser", "update-browser", ["update"]),
    ("reinstall", "reinstall-app", ["get it again"]),
    ("other device", "other-device", ["one time only"]),
    ("other browser", "other-browser", ["one time"]),
    ("activation mail", "find-activation", ["activation code"]),
    ("junk folder", "check-junk", ["junk"]),
    ("codes", "newest-code", ["newest"]),
    ("contact details", "ask-contacts", ["phone", "e-mail", "do not need to sign in"]),
]

# The exceptions printed beside a step of the checklist, by tag, and a word that each must have.
EXCEPTIONS = {"attempt": "locked", "asks-code": "asked for a code", "resets-trust": "do not arrive"}

CONTENT_LIST = [
    # when and whom to contact
    ("trigger: cannot reset", "pages/contact.toml", ["cannot-reset", "reset e-mail"]),
    ("trigger: locked", "pages/contact.toml", ["locked", "mychart support"]),
    ("trigger: hold message", "pages/contact.toml", ["hold-message", "write down the words"]),
    ("trigger: missing records", "pages/contact.toml", ["missing-records", "clinic"]),
    ("trigger: no codes", "pages/contact.toml", ["no-codes", "many codes"]),
    ("trigger: intruder", "pages/contact.toml", ["intruder", "privacy office now"]),
    ("trigger: proxy set-up", "pages/contact.toml", ["proxy-set-up", "proxy access"]),
    ("trigger: linking", "pages/contact.toml", ["linking", "two records"]),
    ("trigger: identity", "pages/contact.toml", ["identity-confirmation", "call back"]),
    ("stop repeated attempts", "pages/contact.toml", ["stop-trying", "do not try to sign in again"]),
    ("contact safely", "pages/contact.toml", ["safely", "number on your bill"]),
    # what to prepare
    ("prepare: general", "pages/prepare.toml", ["general", "pen"]),
    ("prepare: MRN not needed", "pages/prepare.toml", ["mrn", "do not need it"]),
    ("prepare: never needed", "pages/prepare.toml", ["not-needed", "social security", "insurance"]),
    ("prepare: picture, cropped", "pages/prepare.toml", ["picture", "cropping"]),
    ("prepare: no record in it", "pages/prepare.toml", ["never show your health record"]),
    ("prepare: no password in it", "pages/prepare.toml", ["never show a password"]),
    # what to expect
    ("expect: reset", "pages/what-to-expect.toml", ["reset your password"]),
    ("expect: unlock", "pages/what-to-expect.toml", ["open a locked account"]),
    ("expect: resend", "pages/what-to-expect.toml", ["resend"]),
    ("expect: update contacts", "pages/what-to-expect.toml", ["update the phone and e-mail"]),
    ("expect: help with codes", "pages/what-to-expect.toml", ["sign-in codes"]),
    ("expect: identity checks", "pages/what-to-expect.toml", ["identity", "check who you are"]),
    ("expect: in person at times", "pages/what-to-expect.toml", ["in person", "photo id"]),
    ("expect: proxy forms", "pages/what-to-expect.toml", ["proxy-forms", "form"]),
    ("expect: outage estimate", "pages/what-to-expect.toml", ["outage", "estimate"]),
    ("expect: other ways to care", "pages/what-to-expect.toml", ["pharmacy", "other ways"]),
    ("expect: what support cannot do", "pages/what-to-expect.toml", ["cannot", "see your password"]),
    ("expect: no promises", "pages/what-to-expect.toml", ["how-long", "cannot promise"]),
    # staying safe
    ("safe: password manager", "pages/stay-safe.toml", ["password manager"]),
    ("safe: unique password", "pages/stay-safe.toml", ["unique password"]),
    ("safe: biometrics", "pages/stay-safe.toml", ["(biometrics)", "your finger"]),
    ("safe: current contacts", "pages/stay-safe.toml", ["contacts", "up to date"]),
    ("safe: no public devices", "pages/stay-safe.toml", ["public", "library"]),
    ("safe: no public Wi-Fi", "pages/stay-safe.toml", ["public wi-fi"]),
    ("safe: proxy early", "pages/stay-safe.toml", ["set up help early", "proxy access"]),
    ("safe: no routine changes", "pages/stay-safe.toml", ["no-routine-change", "do not need to change"]),
    ("safe: help against someone at home", "pages/stay-safe.toml", ["social worker", "safe number"]),
    ("safe: someone at home", "pages/stay-safe.toml", ["home", "history", "hidden program", "pdf"]),
    # how access works
    ("access: credentials", "pages/how-access-works.toml", ["credentials", "username"]),
    ("access: identity verification", "pages/how-access-works.toml", ["identity-verification", "photo id"]),
    ("access: device and browser", "pages/how-access-works.toml", ["device-browser", "cookies"]),
    ("access: security features", "pages/how-access-works.toml", ["security-features", "two-step"]),
    ("access: benefits", "pages/how-access-works.toml", ["benefits", "test results"]),
    ("access: privacy", "pages/how-access-works.toml", ["privacy-considerations", "proxy access"]),
    # questions
    ("faq: how long an unlock takes", "faq.toml", ["unlock-time", "how long until"]),
    ("faq: who has my password sees my record", "faq.toml", ["password-seen-by-others", "what you see"]),
    ("faq: a teen's record", "faq.toml", ["teen-why", "the law gives teens"]),
    ("faq: what it costs", "faq.toml", ["does mychart cost anything"]),
    ("faq: staff see no password", "faq.toml", ["password-seen-by-staff", "nobody"]),
    ("faq: codes stay on", "faq.toml", ["turn-off-codes", "another way"]),
    ("faq: care while locked out", "faq.toml", ["care-while-locked", "do not need mychart to get care"]),
    ("faq: a hold is not explained", "faq.toml", ["hold-meaning", "cannot know the reason"]),
    ("faq: who looked", "faq.toml", ["who-looked", "privacy office"]),
    ("faq: a saved request", "faq.toml", ["saved-request", "go on with a saved request", "keep nothing"]),
    ("faq: two sheets", "faq.toml", ["why-two-sheets", "sheet b"]),
    ("faq: look-alike sites", "faq.toml", ["look-alike", "fake"]),
    # lines and pages that every site needs
    ("emergency line", "site.toml", ["emergency", "911", "do not wait for mychart"]),
    ("scam line", "site.toml", ["scam", "never ask for your password"]),
    ("trademark", "site.toml", ["trademark of epic systems corporation", "not approved"]),
    ("privacy: nothing kept", "pages/privacy.toml", ["keeps nothing"]),
    ("privacy: no cookies", "pages/privacy.toml", ["no cookies", "other website"]),
    ("privacy: server log", "pages/privacy.toml", ["web server", "no internet address", "firewall"]),
    ("privacy: files stay", "pages/privacy.toml", ["file that you save stays"]),
    ("privacy: a PDF holds the answers", "pages/privacy.toml", ["holds your answers as data"]),
    ("privacy: the picture", "pages/privacy.toml", ["paints it anew", "carried in the page", "forgets it"]),
    ("privacy: the rules of who gets it", "pages/privacy.toml", ["rules of that office"]),
    ("accessibility: keyboard", "pages/accessibility.toml", ["keyboard", "screen reader", "400"]),
    ("accessibility: empty forms", "pages/accessibility.toml", ["empty forms", "type into them"]),
    ("accessibility: limits", "pages/accessibility.toml", ["not yet been tested"]),
    ("page not found: phone", "pages/not-found.toml", ["still call", "bill"]),
    ("server error: phone", "pages/server-error.toml", ["still call", "bill"]),
    ("busy: other ways", "pages/busy.toml", ["print", "e-mail text", "phone script"]),
    # the packet
    ("packet: sheet A is safe to e-mail", "packet.toml", ["safe to e-mail"]),
    ("packet: sheet B is private", "packet.toml", ["never send it by ordinary e-mail"]),
    ("packet: not proof", "flags.toml", ["not proof of identity", "already on file"]),
    ("packet: never asked for", "packet.toml", ["never_ask", "your password", "social security"]),
    ("packet: refuse a password", "packet.toml", ["i will not give that", "call back"]),
]


@pytest.mark.parametrize("slug", SLUGS)
def test_every_problem_has_its_page_with_all_of_its_parts(slug: str) -> None:
    file = f"problems/{slug}.toml"
    words, rules = load(WORDS / file), load(RULES / file)
    missing = [key for key in ("title", "lead", "causes", "stop", "can", "cannot", "request") if not words.get(key)]
    missing += [key for key in ("steps", "evidence", "faq", "related") if not rules.get(key)]
    assert not missing


@pytest.mark.parametrize(("slug", "word"), PROBLEMS.items())
def test_a_problem_of_the_subject_is_there_and_speaks_of_what_it_is_about(slug: str, word: str) -> None:
    assert slug in SLUGS
    assert word in searchable(f"problems/{slug}.toml")


@pytest.mark.parametrize("item", TYPED)
def test_everything_that_is_asked_for_comes_with_its_reason(item: str) -> None:
    question = load(WORDS / "questions.toml")[item]
    assert question["label"]
    assert question["short"]
    assert question["why"]


def test_everything_to_prepare_is_asked_for() -> None:
    assert set(EVIDENCE) <= set(TYPED)


@pytest.mark.parametrize("step", CHECKLIST)
def test_everything_on_the_checklist_says_what_to_do_and_why(step: str) -> None:
    words = load(WORDS / "steps.toml")[step]
    assert words["title"]
    assert words["do"]
    assert words["why"]


@pytest.mark.parametrize(("item", "step", "words"), CHECKLIST_ITEMS, ids=[row[0] for row in CHECKLIST_ITEMS])
def test_the_checklist_has_what_the_subject_calls_for(item: str, step: str, words: list[str]) -> None:
    assert step in CHECKLIST, f"{item}: add it to rules/checklist.toml"
    said = load(WORDS / "steps.toml")[step]
    for form in FORMS:
        text = " ".join(text for _, text in leaves(said, form)).lower()
        assert [word for word in words if word not in text] == [], f"{item}: not found in the step {step}"


@pytest.mark.parametrize(("tag", "word"), EXCEPTIONS.items())
def test_the_checklist_says_who_must_leave_a_step_out(tag: str, word: str) -> None:
    assert [step for step in CHECKLIST if tag in STEPS[step]]
    assert word in load(WORDS / "tags.toml")[tag]


@pytest.mark.parametrize(("item", "file", "words"), CONTENT_LIST, ids=[row[0] for row in CONTENT_LIST])
def test_every_item_of_the_subject_has_its_place(item: str, file: str, words: list[str]) -> None:
    text = searchable(file)
    assert [word for word in words if word not in text] == [], f"{item}: not found in {file}"
