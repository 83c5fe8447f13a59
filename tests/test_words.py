"""The plain-language gate: reads the words as they stand on disk, without Django.

What must have words follows from the rules, so a new problem, step or question asks for its words and breaks nothing
else. What the subject itself calls for stands in the lists below.

Each rule for words is checked twice, as the words read with a full fact sheet ("known") and with a blank one
("neutral"). A grade is a tripwire, not a proof: people have to read the words too.
"""

from __future__ import annotations

import re
import string
import tomllib
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from helpdesk.catalog import OPENING_FIELDS
from helpdesk.organization import FACTS
from triage.reference import ALPHABET

with warnings.catch_warnings():  # textstat 0.7.4 imports pkg_resources, which is deprecated
    warnings.simplefilter("ignore")
    import textstat

CONTENT = Path(__file__).resolve().parent.parent / "helpdesk" / "content"
WORDS = CONTENT / "en"
RULES = CONTENT / "rules"

FILES = sorted(path.relative_to(WORDS).as_posix() for path in WORDS.rglob("*.toml"))
FORMS = ["known", "neutral"]

HIGHEST_GRADE = 6.0
LONGEST_SENTENCE = 25
ENOUGH_WORDS = 100  # a shorter text has no meaningful grade

NOT_WORDS = {"id", "group"}  # keys whose values are for machines

NAMES = re.compile(
    r"\b(MyChart Central|MyCharts?|Way In|Epic Systems Corporation|Epic|Chrome|Safari|Firefox"
    r"|JavaScript|Gmail|Wi-Fi)\b"
)
QUOTED_BUTTON = re.compile(r"“[^”]*[^”.!?,]”")  # a whole sentence in quotes is scored
FACT = re.compile(r"\{(\w+)\}")
BANNED = re.compile(
    r"\b(log(ged|ging)? ?(in|on|out|off)(to)?|logins?|please|simply|just|invalid|oops"
    r"|authenticat(e[sd]?|ing|ion)|verify your identity"
    r"|\w+n’t|\w+’(re|ve|ll|m|d)|(it|that|there|here|what|who|where|how|he|she|let)’s)\b",
    re.IGNORECASE,
)
# Spelled and written numbers alike: such a time belongs in the fact sheet.
NUMBERED_TIME = re.compile(
    r"\b(\d+|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|thirty|sixty)"
    r"(\s*(-|–|to|or)\s*\d+)?[\s-]+"
    r"((more|business|working|full)\s+)?(second|minute|hour|day|week|month|year)s?\b",
    re.IGNORECASE,
)
# Our words, not the patient's: the agent's words may have them.
OURS = re.compile(r"(?<!front )\b(desks?|packets?)\b", re.IGNORECASE)
FOR_AGENTS = {"flags.toml", "packet.toml", "pages/for-support-desks.toml"}
KEYS_FOR_AGENTS = {"packet", "short", "desk"}
NUMBERED_AGE = re.compile(r"\b(age|aged|turns?|birthday)\s+(of\s+)?\d+", re.IGNORECASE)
# What we ask the patient to do, which no health system sets: (file, step).
OUR_ADVICE = {("steps.toml", "restart-device"), ("steps.toml", "check-network"), ("steps.toml", "try-later")}
PHONE_NUMBER = re.compile(r"\d{3}[-. ]\d{3,4}")


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


def texts(file: str, form: str) -> list[tuple[str, str]]:
    return list(leaves(load(WORDS / file), form))


def sentences(text: str) -> list[str]:
    return [part for part in re.split(r"(?<=[.!?])[”’)]*\s+", text) if part]


def word_count(text: str) -> int:
    return len(re.findall(r"[\w{][\w’{}@./-]*", text))


def scored(text: str) -> str:
    """The text as a formula should see it: no names, buttons or facts, and a full stop at its end."""
    for pattern in (QUOTED_BUTTON, FACT, NAMES):
        text = pattern.sub("", text)
    text = re.sub(r"\s+([.,:;!?])", r"\1", re.sub(r"\s+", " ", text)).strip(" :,;")
    if not re.search(r"\w", text):
        return ""
    return text if re.search(r"[.!?][”’)]*$", text) else text + "."


def passage(file: str, form: str) -> str:
    return " ".join(filter(None, (scored(text) for _, text in texts(file, form))))


def long_passage(file: str, form: str) -> str:
    """A file with too few words to score is scored together with the other short ones."""
    text = passage(file, form)
    if word_count(text) >= ENOUGH_WORDS:
        return text
    others = (passage(other, form) for other in FILES if other != file)
    return " ".join([text, *(other for other in others if word_count(other) < ENOUGH_WORDS)])


def searchable(file: str) -> str:
    """Keys, ids and words of a file, in both forms, for the list of content below."""
    parts = [f"{path} {text}" for form in FORMS for path, text in texts(file, form)]
    return "\n".join(parts).lower().replace("’", "'")


# ---- what the rules say there is ----

SLUGS = sorted(path.stem for path in (RULES / "problems").glob("*.toml"))
STEPS = load(RULES / "steps.toml")["step"]
CHECKLIST = load(RULES / "checklist.toml")["steps"]
TYPED = [row["id"] for row in load(RULES / "questions.toml")["question"] if row["stage"] == "details"]


# ---- the rules for words ----


def test_there_are_words_to_check() -> None:
    assert len(FILES) > len(SLUGS) > 0


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("file", FILES)
def test_a_sixth_grader_can_read_the_file(file: str, form: str) -> None:
    grade = textstat.flesch_kincaid_grade(long_passage(file, form))
    assert grade <= HIGHEST_GRADE, f"{file} ({form}) is at grade {grade}; shorten sentences or words"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("file", FILES)
def test_no_sentence_is_longer_than_25_words(file: str, form: str) -> None:
    too_long = [
        f"{path}: {sentence} ({word_count(sentence)})"
        for path, text in texts(file, form)
        for sentence in sentences(text)
        if word_count(sentence) > LONGEST_SENTENCE
    ]
    assert not too_long, "\n".join(too_long)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("file", FILES)
def test_no_banned_word_or_contraction_is_used(file: str, form: str) -> None:
    found = [f"{path}: {hit[0]!r}" for path, text in texts(file, form) for hit in BANNED.finditer(text)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("file", FILES)
def test_quotes_and_apostrophes_are_curly_and_the_text_is_tidy(file: str, form: str) -> None:
    untidy = [
        f"{path}: {text}"
        for path, text in texts(file, form)
        if re.search(r"['\"`<>]|  |\n|^\s|\s$|\s[.,!?]|[^\S ]", text) or text.count("“") != text.count("”")
    ]
    assert not untidy, "\n".join(untidy)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("file", FILES)
def test_nothing_that_differs_between_health_systems_is_written_as_a_fact(file: str, form: str) -> None:
    stated = [
        f"{path}: {hit[0]!r}"
        for path, text in texts(file, form)
        for pattern in (NUMBERED_TIME, NUMBERED_AGE, PHONE_NUMBER)
        for hit in pattern.finditer(text)
        if (file, path.partition(".")[0]) not in OUR_ADVICE
    ]
    assert not stated, "use a fact in a known form, or a neutral sentence:\n" + "\n".join(stated)


@pytest.mark.parametrize("file", FILES)
def test_braces_hold_facts_and_only_known_forms_use_them(file: str) -> None:
    known, neutral = (
        {(path, name) for path, text in texts(file, form) for name in FACT.findall(text)} for form in FORMS
    )
    fields = set(OPENING_FIELDS) if file == "packet.toml" else set()
    assert {name for _, name in known} <= set(FACTS) | fields
    assert {name for _, name in neutral} <= fields, "a neutral form, or plain text, needs a fact"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("file", [file for file in FILES if file not in FOR_AGENTS])
def test_patients_do_not_read_our_own_words(file: str, form: str) -> None:
    found = [
        f"{path}: {hit[0]!r}"
        for path, text in texts(file, form)
        if not KEYS_FOR_AGENTS & set(path.split("."))
        for hit in OURS.finditer(text)
    ]
    assert not found, "say support, the people who help you, or your papers:\n" + "\n".join(found)


@pytest.mark.parametrize("file", FILES)
def test_that_a_lock_opens_by_itself_is_never_promised(file: str) -> None:
    promised = [
        sentence
        for _, text in texts(file, "known")
        for sentence in sentences(text)
        if "{lockout_minutes}" in sentence and " may " not in sentence
    ]
    assert not promised


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
