"""PURE. Whether there are words for everything that the engine and the packet can say, and questions for all they ask.

`helpdesk.catalog.load` checks the content against itself; this checks it against the code.
"""

from collections.abc import Collection, Iterable

from helpdesk.catalog import Catalog, Condition, bad_condition
from triage.answers import LONELY_SYMPTOM, RESULTS
from triage.cleaning import SECRETS
from triage.engine import FLAGS, GRAVITY, NOTES, RULES, STEPS_DID_NOT_HELP
from triage.packet import SAFE_CONTACT_FLAGS
from triage.reference import ALPHABET

TABLE = "triage/engine.py: RULES"
# Warnings that no table of the engine gives: the code says them.
OTHER_FLAGS = ("locked", "not-proof", "email-not-safe", *SAFE_CONTACT_FLAGS.values())
# Questions whose answers the code reads, with the answers that it knows.
READ = {
    "for-whom": ("self", "child", "teen", "adult"),
    "needed-today": ("nothing",),
    "error-words": (),
    "safe-contact": (*SAFE_CONTACT_FLAGS, "email"),
}
# Problems of which the engine knows what would make them worse.
KNOWN_PROBLEMS = ("account-locked", "codes-not-arriving")
# Why a picture is not taken: by triage/picture.py, and "busy" by triage/drafts.py.
PICTURE_REASONS = ("too-big", "not-a-picture", "too-many-pixels", "several", "broken", "busy")


def faults(catalog: Catalog) -> Iterable[str]:
    """Everything in the content that does not fit the code, one line each, with its remedy."""
    yield from _read(catalog)
    yield from _rules(catalog)
    yield from _conditions(catalog)
    yield from _words(catalog)


def _read(catalog: Catalog) -> Iterable[str]:
    for question_id, choices in READ.items():
        question = catalog.questions.get(question_id)
        if not question:
            yield f"rules/questions.toml: the code reads the question {question_id}; put it back"
            continue
        for choice in choices:
            if not question.choice(choice):
                yield f"rules/questions.toml: {question_id}: the code reads the choice {choice}; put it back"
    if LONELY_SYMPTOM not in catalog.symptoms:
        yield f"rules/symptoms.toml: the code knows the symptom {LONELY_SYMPTOM}; put it back"
    for slug in KNOWN_PROBLEMS:
        if slug not in catalog.problems:
            yield f"rules/symptoms.toml: the engine knows the problem {slug}; put it back"


def _rules(catalog: Catalog) -> Iterable[str]:
    of_problem: dict[str, list[Condition]] = {slug: [] for slug in catalog.problems}
    for rule in RULES:
        of_problem.setdefault(rule.problem, []).append(rule.when)
    for slug in catalog.problems:
        conditions = of_problem[slug]
        if not conditions or conditions[-1]:
            yield f"{TABLE}: {slug}: needs a last row that always holds; add one without a condition"
        if {} in conditions[:-1]:
            yield f"{TABLE}: {slug}: a row that always holds hides those after it; move it to the end"
    for rule in RULES:
        where = f"{TABLE}: {rule.problem}: {rule.reason}"
        if rule.problem not in catalog.problems:
            yield f"{where}: there is no such problem; remove the row, or add the problem"
        if rule.verdict not in GRAVITY:
            yield f"{where}: {rule.verdict} is no verdict; take one of {', '.join(GRAVITY)}"
        if rule.desk and rule.desk not in catalog.desks:
            yield f"{where}: there is no desk called {rule.desk}"


def _conditions(catalog: Catalog) -> Iterable[str]:
    for rule in RULES:
        yield from bad_condition(catalog, rule.when, f"{TABLE}: {rule.problem}: {rule.reason}")
    for name, table in (("FLAGS", FLAGS), ("NOTES", NOTES)):
        for key, condition in table:
            yield from bad_condition(catalog, condition, f"triage/engine.py: {name}: {key}")


def _words(catalog: Catalog) -> Iterable[str]:
    reasons = {rule.reason for rule in RULES} | {note for note, _ in NOTES} | {STEPS_DID_NOT_HELP}
    whom, needed = (catalog.questions.get(key) for key in ("for-whom", "needed-today"))
    people = {choice.id for choice in whom.choices} if whom else set()
    needs = {choice.id for choice in needed.choices if choice.id != needed.exclusive} if needed else set()
    words = catalog.packet
    for file, said, given in (
        ("reasons.toml", reasons, catalog.reasons),
        ("verdicts.toml", GRAVITY, catalog.verdicts),
        ("flags.toml", {flag for flag, _ in FLAGS} | set(OTHER_FLAGS), catalog.flags),
        ("needs.toml", needs, catalog.needs),
        ("packet.toml: results", RESULTS, words.results),
        ("packet.toml: results_to_do", RESULTS, words.results_to_do),
        ("packet.toml: call.for_whom", people, words.call.for_whom),
        ("packet.toml: spelling", ALPHABET, words.spelling),
        ("interface.toml: secrets", SECRETS, catalog.interface.get("secrets", {})),
        ("interface.toml: picture_errors", PICTURE_REASONS, catalog.interface.get("picture_errors", {})),
    ):
        yield from _words_for(f"{catalog.language.code}/{file}", set(said), set(given))


def _words_for(where: str, said: Collection[str], given: Collection[str]) -> Iterable[str]:
    yield from (f"{where}: {key}: has no words, and can be said; add them" for key in sorted(set(said) - set(given)))
    yield from (f"{where}: {key}: nothing says this; remove it" for key in sorted(set(given) - set(said)))
