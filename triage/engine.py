"""PURE. What follows from the answers: which problems, which verdict and why, which steps, which evidence, which desk.

Rules 1, 2 and 9 of the design ("rules that must never break") live in this module, in `_harmful` and in RULES.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from helpdesk.catalog import Catalog, Condition, Problem, Question, Step
from triage.answers import Answers

# From the least grave to the gravest. Where several problems apply, the gravest verdict wins.
GRAVITY = ("try-first", "wait", "contact-support", "contact-clinic", "contact-now")
# These wait for what comes of the steps.
MENDABLE = ("try-first", "wait")


@dataclass(frozen=True)
class Rule:
    """This problem gets this verdict, for this reason, when each of these questions has one of these answers.

    `desk` names another desk than the problem's own.
    """

    problem: str
    verdict: str
    reason: str
    when: Condition
    desk: str = ""


def _rule(problem: str, verdict: str, reason: str, desk: str = "", **when: str) -> Rule:
    """`when` in short: can_sign_in="no unsure" is {"can-sign-in": ("no", "unsure")}."""
    condition = {key.replace("_", "-"): tuple(choices.split()) for key, choices in when.items()}
    return Rule(problem, verdict, reason, condition, desk)


# The first rule of a problem that holds decides about that problem; its last one always holds.
RULES = (
    _rule("wrong-password", "contact-support", "reset-failed", recovery_tried="did-not-work"),
    _rule("wrong-password", "contact-support", "reset-mail-missing", recovery_tried="no-mail"),
    _rule("wrong-password", "try-first", "lock-unsure", lock_seen="unsure"),
    _rule("wrong-password", "try-first", "password-often-mends"),
    _rule("forgot-username", "contact-support", "username-not-found", recovery_tried="did-not-work no-mail"),
    _rule("forgot-username", "try-first", "username-often-mends"),
    _rule("account-locked", "contact-support", "locked"),
    _rule("codes-not-arriving", "contact-support", "contacts-changed", contacts_current="no"),
    _rule("codes-not-arriving", "contact-support", "many-codes", codes_asked="several"),
    _rule("codes-not-arriving", "try-first", "codes-can-be-late"),
    _rule("activation", "contact-support", "activation-expired", activation_state="expired"),
    _rule("activation", "contact-support", "activation-used", activation_state="already-used"),
    _rule("activation", "try-first", "activation-often-found"),
    _rule("wrong-portal", "try-first", "many-mycharts"),
    _rule("app-or-browser", "contact-support", "fails-everywhere", works_elsewhere="no"),
    _rule("app-or-browser", "try-first", "device-often-mends"),
    _rule("error-message", "contact-support", "hold-message", message_kind="hold"),
    _rule("error-message", "contact-support", "message-says-call", message_kind="call-office"),
    _rule("error-message", "try-first", "message-may-pass"),
    _rule("portal-down", "wait", "outage-known", outage_known="yes"),
    _rule("portal-down", "try-first", "outage-unsure"),
    _rule("missing-results", "contact-clinic", "clinic-holds-records"),
    _rule(
        "wrong-information",
        "contact-clinic",
        "record-needs-clinic",
        "clinic",
        whose_information="mine-but-wrong",
    ),
    _rule("wrong-information", "contact-now", "other-persons-information"),
    _rule("unauthorized-access", "contact-now", "intruder-can-sign-in", can_sign_in="yes"),
    _rule("unauthorized-access", "contact-now", "intruder"),
    _rule("proxy-access", "contact-support", "proxy-limits", proxy_state="part-missing"),
    _rule("proxy-access", "contact-support", "proxy-ended", proxy_state="stopped"),
    _rule("proxy-access", "contact-support", "proxy-needs-form"),
    _rule("teen-record", "contact-clinic", "teen-law"),
    _rule("link-record", "try-first", "link-yourself", link_kind="other-system"),
    _rule("link-record", "contact-support", "records-need-staff"),
    _rule("identity-check", "contact-clinic", "identity-may-be-scam", identity_asked_how="call text-or-email"),
    _rule("identity-check", "contact-clinic", "identity-clinic"),
    _rule("none-of-these", "contact-support", "person-can-help"),
)
STEPS_DID_NOT_HELP = "steps-did-not-help"

# Reasons for care that stand beside those of the problems.
NOTES: tuple[tuple[str, Condition], ...] = (
    ("lock-unsure", {"lock-seen": ("unsure",)}),
    ("codes-unsure", {"codes-unasked": ("unsure",)}),
)

# Warnings to the agent who reads the packet.
FLAGS: tuple[tuple[str, Condition], ...] = (
    ("contacts-exposed", {"contacts-exposed": ("yes", "unsure")}),
    ("contacts-changed", {"contacts-current": ("no",)}),
    ("asked-by-other", {"for-whom": ("child", "teen", "adult")}),
    ("many-codes", {"codes-asked": ("several",)}),
)


@dataclass(frozen=True)
class Finding:
    """What a rule says about one problem."""

    problem: Problem
    verdict: str
    reason: str
    desk: str


@dataclass(frozen=True)
class Assessment:
    """Everything that follows from the answers.

    verdict    the gravest of the findings' verdicts, or contact-support once every step to try has failed
    reasons    ids, the gravest problem's first
    problems   the gravest first
    steps      what to try, without what would do harm
    evidence   the typed questions whose answers the desks need
    desks      ids, the first one to contact first
    needs      ids of what was needed from MyChart today and has a way around it
    flags      ids of the warnings to the agent
    answers    the answers that count: leftovers to questions that are not asked are gone
    solved     each problem has a step that may mend it and that worked, and nothing graver is left
    """

    verdict: str
    reasons: tuple[str, ...]
    problems: tuple[Problem, ...]
    steps: tuple[Step, ...]
    evidence: tuple[Question, ...]
    desks: tuple[str, ...]
    needs: tuple[str, ...]
    flags: tuple[str, ...]
    answers: Answers
    solved: bool


def assess(catalog: Catalog, answers: Answers) -> Assessment:
    """What to do about these answers. They may be incomplete; the result then stands on what is there.

    Raises ValueError where no symptom is ticked: there is nothing to assess.
    """
    if not answers.symptoms:
        raise ValueError("no symptom is ticked")
    answers = that_count(catalog, answers)
    findings = _findings(catalog, answers)
    verdict = findings[0].verdict
    problems = tuple(finding.problem for finding in findings)
    steps = _steps(catalog, answers, findings)
    reasons = _reasons(answers, findings)
    if verdict in MENDABLE and _all_failed(steps, answers):
        # "This often helps" is no reason any more.
        verdict, reasons = "contact-support", (STEPS_DID_NOT_HELP,)
    return Assessment(
        verdict=verdict,
        reasons=reasons,
        problems=problems,
        steps=steps,
        evidence=_evidence(catalog, answers, problems),
        desks=tuple(dict.fromkeys(finding.desk for finding in findings)),
        needs=tuple(need for need in answers.answers.get("needed-today", ()) if need in catalog.needs),
        flags=tuple(_flags(answers, problems)),
        answers=answers,
        solved=_solved(catalog, answers, findings),
    )


def next_question(catalog: Catalog, answers: Answers) -> Question | None:
    """The first question that is to be asked and has no answer yet, or None when all are answered."""
    counted = that_count(catalog, answers)
    return next((question for question in asked(catalog, counted) if question.id not in counted.answers), None)


def asked(catalog: Catalog, answers: Answers) -> tuple[Question, ...]:
    """The coded questions that these answers call for, in order, with the choices that make sense.

    Each question is asked once at most.
    """
    problems = active_problems(catalog, answers)
    wanted = {question for problem in problems for question in problem.questions}
    named = {catalog.symptoms[symptom].problem for symptom in answers.symptoms}
    return tuple(
        question.without_choices_for(named)
        for question in catalog.triage_questions
        if (question.always or question.id in wanted)
        and holds(question.when, answers)
        and not _only_tells_of(catalog, question, named)
    )


def active_problems(catalog: Catalog, answers: Answers) -> tuple[Problem, ...]:
    """The problems that the symptoms point to, and those that an answer gave away, in the catalog's order."""
    named = {catalog.symptoms[symptom].problem for symptom in answers.symptoms}
    return tuple(
        problem
        for problem in catalog.problems.values()
        if problem.slug in named or any(holds(condition, answers) for condition in problem.also_when)
    )


def holds(condition: Condition, answers: Answers) -> bool:
    """Whether each question in the condition has one of the answers given there."""
    return all(set(answers.answers.get(key, ())) & set(choices) for key, choices in condition.items())


def that_count(catalog: Catalog, answers: Answers) -> Answers:
    """The answers without leftovers: an answer counts only while its question is asked and offers it.

    An answer can call for a further question, so this looks again until nothing is added.
    """
    kept: dict[str, tuple[str, ...]] = {}
    while True:
        counted = Answers(answers.symptoms, kept, answers.tried)
        given = ((question, answers.answers.get(question.id, ())) for question in asked(catalog, counted))
        found = {question.id: choices for question, choices in given if choices and all(map(question.choice, choices))}
        if found == kept:
            return counted
        kept = found


def _only_tells_of(catalog: Catalog, question: Question, named: set[str]) -> bool:
    """Whether the question serves to discover a problem that the patient has already named."""
    return any(question.id in condition for slug in named for condition in catalog.problems[slug].also_when)


def _findings(catalog: Catalog, answers: Answers) -> tuple[Finding, ...]:
    """A finding for each problem, the gravest first."""
    findings = [_finding(problem, answers) for problem in active_problems(catalog, answers)]
    return tuple(sorted(findings, key=lambda finding: -GRAVITY.index(finding.verdict)))


def _finding(problem: Problem, answers: Answers) -> Finding:
    rule = next(rule for rule in RULES if rule.problem == problem.slug and holds(rule.when, answers))
    return Finding(problem, rule.verdict, rule.reason, rule.desk or problem.desk)


def _reasons(answers: Answers, findings: tuple[Finding, ...]) -> tuple[str, ...]:
    """The gravest first. While an outage is known, "a reset often helps" would only send people astray."""
    told = [finding.reason for finding in findings if findings[0].verdict != "wait" or finding.verdict == "wait"]
    notes = [note for note, condition in NOTES if holds(condition, answers)]
    return tuple(dict.fromkeys(told + notes))


def _steps(catalog: Catalog, answers: Answers, findings: tuple[Finding, ...]) -> tuple[Step, ...]:
    """The union of what the problems offer, less what would do harm."""
    harmful = _harmful({finding.problem.slug for finding in findings})
    offered: dict[str, Step] = {}
    for finding in findings:
        for step_id in _offered(finding.problem, answers):
            step = catalog.steps[step_id]
            if not step.tags & harmful and _fits(step, finding, findings[0].verdict):
                offered.setdefault(step_id, step)
    return tuple(sorted(offered.values(), key=lambda step: "first" not in step.tags))


def _offered(problem: Problem, answers: Answers) -> tuple[str, ...]:
    return tuple(step.id for step in problem.steps if holds(step.when, answers))


def _fits(step: Step, finding: Finding, verdict: str) -> bool:
    """Whether a step of this problem fits the verdict on all of them."""
    if verdict == "contact-now":
        return "protects" in step.tags
    # While an outage is known, only what the outage itself calls for may be tried.
    return verdict != "wait" or finding.verdict == "wait" or "attempt" not in step.tags


def _harmful(slugs: set[str]) -> set[str]:
    """The tags of steps that would make it worse, whichever problem offers them."""
    harmful = set()
    if "account-locked" in slugs:
        harmful |= {"attempt", "asks-code"}
    if "codes-not-arriving" in slugs:
        harmful |= {"resets-trust"}
    return harmful


def _all_failed(steps: tuple[Step, ...], answers: Answers) -> bool:
    """Whether every step that may mend it was tried in vain."""
    results = [answers.tried.get(step.id) for step in steps if step.may_mend]
    return bool(results) and set(results) == {"no-help"}


def _solved(catalog: Catalog, answers: Answers, findings: tuple[Finding, ...]) -> bool:
    """Whether each problem has a mending step of its own that worked, and none is a matter for others to settle."""
    worked = {step for step, result in answers.tried.items() if result == "worked" and catalog.steps[step].may_mend}
    settled = all(worked & set(_offered(finding.problem, answers)) for finding in findings)
    return settled and findings[0].verdict in (*MENDABLE, "contact-support")


def _evidence(catalog: Catalog, answers: Answers, problems: tuple[Problem, ...]) -> tuple[Question, ...]:
    wanted = {question for problem in problems for question in problem.evidence}
    return tuple(
        question
        for question in catalog.details_questions
        if (question.always or question.id in wanted) and _may_hold(question, answers)
    )


def _may_hold(question: Question, answers: Answers) -> bool:
    """Whether the condition holds, counting a coded question without an answer as open."""
    return holds({key: ids for key, ids in question.when.items() if key in answers.answers}, answers)


def _flags(answers: Answers, problems: tuple[Problem, ...]) -> Iterable[str]:
    if any(problem.slug == "account-locked" for problem in problems):
        yield "locked"
    yield from (flag for flag, condition in FLAGS if holds(condition, answers))
