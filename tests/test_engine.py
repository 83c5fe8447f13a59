"""What follows from the answers: tables, then the rules that must never break, over all reachable answers."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from helpdesk.catalog import Question, load
from triage.answers import RESULTS, Answers
from triage.engine import GRAVITY, RULES, Assessment, active_problems, asked, assess, holds, next_question

CATALOG = load("en")
SYMPTOMS = tuple(CATALOG.symptoms)
INTRUDER_SYMPTOMS = ("changes-not-mine", "codes-not-asked", "someone-has-password")

# Rule 1. The only steps that may be offered while privacy is at risk; the last two only with a safe way in.
SAFE_WITH_AN_INTRUDER = {
    "stop-trying",
    "write-message",
    "close-record",
    "no-picture",
    "secure-email",
    "safe-phone",
    "keep-evidence",
    "call-back",
}
ONLY_WITH_A_SAFE_WAY_IN = {"change-password", "check-contacts"}

# Rule 2. Each of these is one more attempt on a locked account, or one more code.
NEVER_WHILE_LOCKED = {
    "check-typing",
    "reset-password",
    "recover-username",
    "newest-code",
    "other-code-way",
    "set-clock",
    "type-activation",
    "other-browser",
    "other-device",
    "reinstall-app",
    "try-later",
    "link-accounts",
    # These need a sign-in first.
    "check-whose-record",
    "check-dates",
    "change-password",
    "check-contacts",
}
NEVER_WITHOUT_CODES = {"clear-cache", "other-browser", "other-device", "reinstall-app"}


def answered(symptoms: str, answers: str = "", **tried: str) -> Answers:
    """answered("code-missing", "code-way=text codes-asked=once", check_signal="no-help")"""
    pairs = (pair.split("=") for pair in answers.split())
    results = {step.replace("_", "-"): result for step, result in tried.items()}
    return Answers(tuple(symptoms.split()), {key: tuple(value.split(",")) for key, value in pairs}, results)


# ---- tables ----


@pytest.mark.parametrize(
    ("symptoms", "answers", "verdict", "reasons", "desks"),
    [
        ("password-refused", "recovery-tried=did-not-work", "contact-support", "reset-failed", "support"),
        ("reset-fails", "recovery-tried=no-mail", "contact-support", "reset-mail-missing", "support"),
        ("password-refused", "recovery-tried=not-yet", "try-first", "password-often-mends", "support"),
        ("password-refused", "lock-seen=unsure recovery-tried=not-yet", "try-first", "lock-unsure", "support"),
        ("password-refused", "lock-seen=no recovery-tried=unsure", "try-first", "password-often-mends", "support"),
        ("username-forgotten", "recovery-tried=did-not-work", "contact-support", "username-not-found", "support"),
        ("username-forgotten", "recovery-tried=no-mail", "contact-support", "username-not-found", "support"),
        ("username-forgotten", "recovery-tried=not-yet", "try-first", "username-often-mends", "support"),
        ("locked-message", "", "contact-support", "locked", "support"),
        ("code-missing", "contacts-current=no codes-asked=once", "contact-support", "contacts-changed", "support"),
        ("code-missing", "contacts-current=no codes-asked=several", "contact-support", "contacts-changed", "support"),
        ("code-refused", "codes-asked=several contacts-current=yes", "contact-support", "many-codes", "support"),
        ("code-refused", "codes-asked=once contacts-current=yes", "try-first", "codes-can-be-late", "support"),
        ("activation-trouble", "activation-state=expired", "contact-support", "activation-expired", "support"),
        ("activation-trouble", "activation-state=already-used", "contact-support", "activation-used", "support"),
        ("activation-trouble", "activation-state=never-came", "try-first", "activation-often-found", "support"),
        ("portal-unsure", "", "try-first", "many-mycharts", "support"),
        ("page-or-app-broken", "works-elsewhere=no", "contact-support", "fails-everywhere", "support"),
        ("page-or-app-broken", "works-elsewhere=not-tried", "try-first", "device-often-mends", "support"),
        ("other-message", "message-kind=hold", "contact-support", "hold-message", "support"),
        ("other-message", "message-kind=call-office", "contact-support", "message-says-call", "support"),
        ("other-message", "message-kind=unsure", "try-first", "message-may-pass", "support"),
        ("site-down", "outage-known=yes", "wait", "outage-known", "support"),
        ("site-down", "outage-known=no", "try-first", "outage-unsure", "support"),
        ("records-missing", "", "contact-clinic", "clinic-holds-records", "clinic"),
        ("not-my-information", "whose-information=mine-but-wrong", "contact-clinic", "record-needs-clinic", "clinic"),
        ("not-my-information", "whose-information=someone-else", "contact-now", "other-persons-information", "privacy"),
        ("not-my-information", "whose-information=unsure", "contact-now", "other-persons-information", "privacy"),
        ("not-my-information", "", "contact-now", "other-persons-information", "privacy"),
        ("changes-not-mine", "can-sign-in=yes", "contact-now", "intruder-can-sign-in", "privacy"),
        ("codes-not-asked", "can-sign-in=no", "contact-now", "intruder", "privacy"),
        ("someone-has-password", "", "contact-now", "intruder", "privacy"),
        ("care-for-someone", "proxy-state=part-missing", "contact-support", "proxy-limits", "support"),
        ("care-for-someone", "proxy-state=stopped", "contact-support", "proxy-ended", "support"),
        ("care-for-someone", "proxy-state=not-set-up", "contact-support", "proxy-needs-form", "support"),
        ("teen-record-blocked", "for-whom=teen", "contact-clinic", "teen-law", "clinic"),
        ("two-records", "link-kind=other-system", "try-first", "link-yourself", "support"),
        ("two-records", "link-kind=same-system", "contact-support", "records-need-staff", "support"),
        ("asked-identity", "identity-asked-how=call", "contact-clinic", "identity-may-be-scam", "clinic"),
        ("asked-identity", "identity-asked-how=text-or-email", "contact-clinic", "identity-may-be-scam", "clinic"),
        ("asked-identity", "identity-asked-how=letter", "contact-clinic", "identity-clinic", "clinic"),
        ("none-of-these", "", "contact-support", "person-can-help", "support"),
        # Several at once: the gravest first, each with its own reason and desk.
        ("password-refused locked-message", "", "contact-support", "locked password-often-mends", "support"),
        ("locked-message records-missing", "", "contact-clinic", "clinic-holds-records locked", "clinic support"),
        ("site-down changes-not-mine", "outage-known=yes", "contact-now", "intruder outage-known", "privacy support"),
        # An answer gives another problem away.
        ("password-refused", "lock-seen=yes", "contact-support", "locked password-often-mends", "support"),
        (
            "code-missing",
            "codes-unasked=yes can-sign-in=yes",
            "contact-now",
            "intruder-can-sign-in codes-can-be-late",
            "privacy support",
        ),
    ],
)
def test_the_answers_decide_the_verdict_its_reasons_and_the_desks(symptoms, answers, verdict, reasons, desks):
    assessment = assess(CATALOG, answered(symptoms, answers))
    assert assessment.verdict == verdict
    assert assessment.reasons == tuple(reasons.split())
    assert assessment.desks == tuple(desks.split())


def test_the_table_above_has_a_row_for_every_rule():
    rows = test_the_answers_decide_the_verdict_its_reasons_and_the_desks.pytestmark[0].args[1]
    shown = {reason for *_, reasons, _ in rows for reason in reasons.split()}
    assert shown == {rule.reason for rule in RULES}


@pytest.mark.parametrize(
    ("symptoms", "answers", "steps"),
    [
        ("password-refused", "lock-seen=no recovery-tried=not-yet", "check-address check-typing reset-password"),
        (
            "password-refused",
            "lock-seen=no recovery-tried=no-mail",
            "check-address check-typing check-junk ask-contacts",
        ),
        ("password-refused", "lock-seen=unsure recovery-tried=not-yet", "check-address write-message reset-password"),
        (
            "site-down password-refused",
            "outage-known=yes lock-seen=no recovery-tried=not-yet",
            "check-notice check-address try-later",
        ),
        ("locked-message records-missing", "", "stop-trying write-message wait-as-told"),
        ("password-refused", "lock-seen=yes", "stop-trying write-message wait-as-told check-address"),
        ("locked-message", "", "stop-trying write-message wait-as-told"),
        ("username-forgotten", "recovery-tried=unsure", "check-address recover-username"),
        (
            "code-missing",
            "code-way=text codes-asked=once contacts-current=yes",
            "check-signal newest-code other-code-way write-message",
        ),
        (
            "code-missing",
            "code-way=email codes-asked=several contacts-current=no",
            "ask-contacts newest-code write-message",
        ),
        ("locked-message code-missing", "code-way=app", "stop-trying write-message wait-as-told"),
        (
            "page-or-app-broken",
            "way-in=app works-elsewhere=yes",
            "restart-device check-network vpn-off update-app reinstall-app",
        ),
        (
            "page-or-app-broken code-missing",
            "way-in=browser works-elsewhere=not-tried code-way=text codes-asked=once contacts-current=yes",
            "check-signal newest-code other-code-way write-message restart-device check-network vpn-off update-browser",
        ),
        ("site-down", "outage-known=yes", "check-notice check-address try-later"),
        ("not-my-information", "whose-information=someone-else", "close-record no-picture keep-evidence"),
        ("not-my-information", "whose-information=mine-but-wrong", "check-whose-record keep-evidence"),
        (
            "changes-not-mine",
            "can-sign-in=yes contacts-exposed=yes trusted-device=yes",
            "safe-phone secure-email change-password check-contacts keep-evidence",
        ),
        ("changes-not-mine", "can-sign-in=yes contacts-exposed=no trusted-device=no", "keep-evidence"),
        (
            "changes-not-mine",
            "can-sign-in=no contacts-exposed=yes trusted-device=yes",
            "stop-trying safe-phone secure-email keep-evidence",
        ),
        (
            "changes-not-mine",
            "can-sign-in=no contacts-exposed=unsure trusted-device=unsure",
            "stop-trying safe-phone keep-evidence",
        ),
        ("changes-not-mine", "can-sign-in=no contacts-exposed=no", "stop-trying keep-evidence"),
        (
            "changes-not-mine locked-message",
            "can-sign-in=yes contacts-exposed=no trusted-device=yes",
            "stop-trying keep-evidence write-message",
        ),
        ("care-for-someone", "proxy-state=not-set-up", "own-account proxy-papers"),
        ("teen-record-blocked", "", "check-age-rule own-account"),
        ("asked-identity", "identity-asked-how=call", "call-back bring-id"),
        ("none-of-these", "", "describe write-message"),
    ],
)
def test_the_answers_decide_the_steps_and_their_order(symptoms, answers, steps):
    assert [step.id for step in assess(CATALOG, answered(symptoms, answers)).steps] == steps.split()


@pytest.mark.parametrize(
    ("symptoms", "answers", "flags"),
    [
        ("password-refused", "for-whom=self lock-seen=no", ""),
        ("locked-message", "", "locked"),
        ("other-message", "lock-seen=yes", "locked"),
        ("code-missing", "contacts-current=no", "contacts-changed"),
        ("code-missing", "codes-asked=several contacts-current=yes", "many-codes"),
        ("changes-not-mine", "contacts-exposed=unsure", "contacts-exposed"),
        ("portal-unsure", "for-whom=child", "asked-by-other"),
        ("portal-unsure", "for-whom=teen", "asked-by-other"),
        ("portal-unsure", "for-whom=adult", "asked-by-other"),
        (
            "locked-message code-missing changes-not-mine",
            "for-whom=adult codes-asked=several contacts-current=no contacts-exposed=yes",
            "locked contacts-exposed contacts-changed asked-by-other many-codes",
        ),
    ],
)
def test_the_answers_decide_what_the_agent_is_warned_of(symptoms, answers, flags):
    assert assess(CATALOG, answered(symptoms, answers)).flags == tuple(flags.split())


@pytest.mark.parametrize(
    ("symptoms", "answers", "questions"),
    [
        ("teen-record-blocked", "", "for-whom proxy-state needed-today"),
        ("changes-not-mine", "", "for-whom can-sign-in contacts-exposed trusted-device needed-today"),
        ("changes-not-mine", "can-sign-in=yes", "for-whom can-sign-in contacts-exposed trusted-device needed-today"),
        ("changes-not-mine", "can-sign-in=no", "for-whom can-sign-in contacts-exposed trusted-device needed-today"),
        # Nobody who says "locked" is asked whether it is locked, nor an intruder's victim about strange codes.
        (
            "password-refused locked-message",
            "",
            "for-whom codes-unasked recovery-tried way-in this-device needed-today",
        ),
        ("locked-message codes-not-asked", "", "for-whom can-sign-in contacts-exposed trusted-device needed-today"),
        # An answer calls for further questions.
        (
            "locked-message",
            "codes-unasked=yes can-sign-in=no",
            "for-whom can-sign-in contacts-exposed trusted-device codes-unasked needed-today",
        ),
    ],
)
def test_symptoms_and_answers_decide_the_questions(symptoms, answers, questions):
    assert [question.id for question in asked(CATALOG, answered(symptoms, answers))] == questions.split()


@pytest.mark.parametrize(
    ("symptoms", "answers", "evidence"),
    [
        ("locked-message", "for-whom=self", "error-words last-sign-in portal-address"),
        ("teen-record-blocked", "for-whom=teen", "error-words helper-name helper-relation"),
        ("page-or-app-broken", "for-whom=self way-in=app", "error-words last-sign-in device app-version"),
        ("page-or-app-broken", "for-whom=self way-in=browser", "error-words last-sign-in device browser"),
        ("records-missing code-missing", "for-whom=self", "error-words last-sign-in code-times portal-address visit"),
    ],
)
def test_the_problems_and_the_answers_decide_the_evidence(symptoms, answers, evidence):
    always = {"what-happened", "began", "name", "birth-date", "phone", "email", "safe-contact", "mrn"}
    always |= {"call-number", "language", "interpreter"}
    wanted = [question.id for question in assess(CATALOG, answered(symptoms, answers)).evidence]
    assert [question for question in wanted if question not in always] == evidence.split()
    assert always <= set(wanted)


def test_when_every_step_has_failed_a_person_is_needed():
    answers = answered("portal-unsure", "way-in=browser signed-in-before=yes", check_address="no-help")
    assessment = assess(CATALOG, answers)
    assert assessment.verdict == "contact-support"
    assert assessment.reasons == ("steps-did-not-help",)


@pytest.mark.parametrize(
    ("symptoms", "answers", "tried"),
    [
        ("portal-unsure", "way-in=app", {"check_address": "no-help"}),  # right-app is still untried
        ("portal-unsure", "way-in=browser", {"check_address": "not-tried"}),
        ("portal-unsure", "way-in=browser", {"reset_password": "no-help"}),  # was never offered
        ("portal-unsure", "way-in=browser", {}),
    ],
)
def test_while_a_step_is_left_the_verdict_stays(symptoms, answers, tried):
    assert assess(CATALOG, answered(symptoms, answers, **tried)).verdict == "try-first"


@pytest.mark.parametrize(
    ("symptoms", "tried", "solved"),
    [
        ("portal-unsure", {"check_address": "worked"}, True),
        ("portal-unsure", {"check_address": "no-help"}, False),
        ("portal-unsure", {"reset_password": "worked"}, False),  # was never offered
        ("none-of-these", {"describe": "worked", "write_message": "worked"}, False),  # only done
        ("locked-message", {"stop_trying": "worked"}, False),
        ("locked-message", {"wait_as_told": "worked"}, True),
    ],
)
def test_it_is_solved_only_by_a_step_that_may_mend(symptoms, tried, solved):
    assert assess(CATALOG, answered(symptoms, **tried)).solved is solved


def test_what_was_needed_today_is_kept_where_there_is_a_way_around():
    assert assess(CATALOG, answered("site-down", "needed-today=refill,symptoms")).needs == ("refill", "symptoms")
    assert assess(CATALOG, answered("site-down", "needed-today=nothing")).needs == ()


def test_nothing_can_be_assessed_without_a_symptom():
    with pytest.raises(ValueError, match="no symptom"):
        assess(CATALOG, Answers())


# ---- properties: walks through all reachable answers ----


def chosen(question: Question) -> st.SearchStrategy[tuple[str, ...]]:
    ids = [choice.id for choice in question.choices]
    if question.kind == "choice":
        return st.sampled_from(ids).map(lambda choice: (choice,))
    several = [choice for choice in ids if choice != question.exclusive]
    return st.just((question.exclusive,)) | st.sets(st.sampled_from(several), min_size=1).map(
        lambda picked: tuple(choice for choice in several if choice in picked)
    )


CHOSEN = {question.id: chosen(question) for question in CATALOG.triage_questions}
TRIED = st.dictionaries(st.sampled_from(tuple(CATALOG.steps)), st.sampled_from(RESULTS), max_size=12)


@st.composite
def walks(
    draw: Callable[..., object],
    having: tuple[str, ...] = (),
    knowing: Mapping[str, tuple[str, ...]] | None = None,
    whole: bool = True,
) -> Answers:
    """What one patient ticks and answers, question after question; with one symptom of `having`, if given.

    knowing   answers this patient gives wherever the question comes up
    whole     False: may stop half-way, as somebody does who posts an old page
    """
    symptoms = draw(st.sets(st.sampled_from(SYMPTOMS), min_size=0 if having else 1, max_size=4))
    if having:
        symptoms |= {draw(st.sampled_from(having))}
    answers = Answers(tuple(symptom for symptom in SYMPTOMS if symptom in symptoms))
    left = 99 if whole else draw(st.integers(0, 12))
    while left and (question := next_question(CATALOG, answers)):
        offered = CHOSEN[question.id].filter(lambda chosen, question=question: all(map(question.choice, chosen)))
        choices = (knowing or {}).get(question.id) or draw(offered)
        answers = replace(answers, answers={**answers.answers, question.id: choices})
        left -= 1
    return replace(answers, tried=draw(TRIED))


def step_ids(assessment: Assessment) -> set[str]:
    return {step.id for step in assessment.steps}


def slugs(assessment: Assessment) -> set[str]:
    return {problem.slug for problem in assessment.problems}


def own_verdict(slug: str, answers: Answers) -> str:
    return next(rule.verdict for rule in RULES if rule.problem == slug and holds(rule.when, answers))


def privacy_is_at_risk(assessment: Assessment) -> bool:
    seen = assessment.answers.answers.get("whose-information")
    others = "wrong-information" in slugs(assessment) and seen != ("mine-but-wrong",)
    return others or "unauthorized-access" in slugs(assessment)


INTRUDERS = (
    walks(having=(*INTRUDER_SYMPTOMS, "not-my-information"), whole=False)
    | walks(having=INTRUDER_SYMPTOMS, knowing={"can-sign-in": ("yes",), "trusted-device": ("yes",)})
    | walks(
        having=("password-refused", "code-missing", "locked-message", "username-forgotten"),
        knowing={"codes-unasked": ("yes",)},
    )
)


@settings(max_examples=200)
@given(INTRUDERS)
def test_rule_1_when_privacy_is_at_risk_the_verdict_is_contact_now_and_nothing_is_tried_again(answers):
    assessment = assess(CATALOG, answers)
    assume(privacy_is_at_risk(assessment))
    assert assessment.verdict == "contact-now"
    assert step_ids(assessment) <= SAFE_WITH_AN_INTRUDER | ONLY_WITH_A_SAFE_WAY_IN
    if step_ids(assessment) & ONLY_WITH_A_SAFE_WAY_IN:
        assert answers.answers["can-sign-in"] == ("yes",)
        assert answers.answers["trusted-device"] == ("yes",)
    assert assessment.desks[0] == "privacy"
    assert not assessment.solved


@settings(max_examples=200)
@given(
    walks(having=("locked-message",), whole=False)
    | walks(having=("password-refused", "other-message"), knowing={"lock-seen": ("yes",)})
)
def test_rule_2_on_a_locked_account_nothing_is_ever_attempted(answers):
    assessment = assess(CATALOG, answers)
    assume("account-locked" in slugs(assessment))
    assert not step_ids(assessment) & NEVER_WHILE_LOCKED
    assert assessment.verdict in ("contact-support", "contact-clinic", "contact-now")
    assert "locked" in assessment.flags


@settings(max_examples=200)
@given(walks(having=("code-missing", "code-refused"), whole=False))
def test_rule_2_while_codes_do_not_arrive_no_device_is_made_unknown(answers):
    assert not step_ids(assess(CATALOG, answers)) & NEVER_WITHOUT_CODES


def test_rule_2_no_step_says_to_turn_off_two_step_verification():
    said = " ".join(line for step in CATALOG.steps.values() for line in (step.title, *step.do, step.why)).lower()
    assert not re.search(r"(turn|switch)(ing)? (it )?off .{0,40}(two|2)[ -](step|factor)", said)
    assert not re.search(r"(disable|remove|stop|turn off|switch off) .{0,30}(verification|sign-in codes|codes)", said)
    assert "two-factor" not in said


@given(walks())
def test_the_gravest_verdict_wins(answers):
    gravest = max(
        (own_verdict(problem.slug, answers) for problem in active_problems(CATALOG, answers)), key=GRAVITY.index
    )
    assessment = assess(CATALOG, answers)
    if assessment.reasons[0] == "steps-did-not-help":
        assert gravest in ("try-first", "wait")
        assert assessment.verdict == "contact-support"
    else:
        assert assessment.verdict == gravest


@given(walks())
def test_the_evidence_is_the_union_of_what_each_problem_needs(answers):
    assessment = assess(CATALOG, answers)
    union = {key for problem in assessment.problems for key in problem.evidence}
    union |= {question.id for question in CATALOG.details_questions if question.always}
    if answers.answers["for-whom"] == ("self",):
        union -= {"helper-name", "helper-relation"}
    if answers.answers.get("way-in") == ("app",):
        union -= {"browser"}
    if answers.answers.get("way-in") == ("browser",):
        union -= {"app-version"}
    ids = [question.id for question in assessment.evidence]
    assert set(ids) == union
    assert len(ids) == len(union)


@given(st.data())
def test_no_question_is_asked_twice_and_the_walk_ends(data):
    symptoms = data.draw(st.sets(st.sampled_from(SYMPTOMS), min_size=1))
    answers = Answers(tuple(symptoms))
    seen: list[str] = []
    while question := next_question(CATALOG, answers):
        assert question.id not in seen
        seen.append(question.id)
        offered = CHOSEN[question.id].filter(lambda chosen, question=question: all(map(question.choice, chosen)))
        answers = replace(answers, answers={**answers.answers, question.id: data.draw(offered)})
    assert len(seen) <= len(CATALOG.triage_questions)
    # All that was answered still counts: no later answer makes an earlier question pointless.
    assert set(assess(CATALOG, answers).answers.answers) == set(seen)


@given(walks(whole=False))
def test_nobody_is_left_without_a_desk_a_reason_words_and_something_to_do(answers):
    assessment = assess(CATALOG, answers)
    assert assessment.verdict in CATALOG.verdicts
    assert assessment.desks
    assert set(assessment.desks) <= set(CATALOG.desks)
    assert assessment.reasons
    assert all(CATALOG.reasons[reason] for reason in assessment.reasons)
    assert all(problem.title and problem.request for problem in assessment.problems)
    assert all(CATALOG.flags[flag] for flag in assessment.flags)
    assert assessment.steps
    assert len(step_ids(assessment)) == len(assessment.steps)


@given(walks(having=("page-or-app-broken", "portal-unsure", "other-message", "site-down", "two-records")))
def test_when_all_that_may_mend_has_failed_support_is_to_be_contacted(answers):
    mending = [step.id for step in assess(CATALOG, answers).steps if step.may_mend]
    assessment = assess(CATALOG, replace(answers, tried=dict.fromkeys(mending, "no-help")))
    assert assessment.verdict in ("contact-support", "contact-clinic", "contact-now")


@given(walks())
def test_it_is_never_solved_by_what_was_not_offered_or_cannot_mend(answers):
    assessment = assess(CATALOG, answers)
    worked = {step for step, result in answers.tried.items() if result == "worked" and CATALOG.steps[step].may_mend}
    own = [{step.id for step in p.steps if holds(step.when, answers)} & worked for p in assessment.problems]
    assert assessment.solved == (all(own) and assessment.verdict not in ("contact-clinic", "contact-now"))


@pytest.mark.parametrize(
    ("symptoms", "tried"),
    [
        ("password-refused records-missing", {"check-address": "worked"}),
        ("locked-message records-missing", {"check-dates": "worked"}),
        ("password-refused changes-not-mine", {"check-address": "worked"}),
    ],
)
def test_one_success_does_not_hide_a_graver_problem(symptoms, tried):
    assert not assess(CATALOG, replace(answered(symptoms, ""), tried=tried)).solved


@given(walks(having=("site-down",), knowing={"outage-known": ("yes",)}))
def test_during_a_known_outage_nobody_is_sent_to_reset_a_password(answers):
    assessment = assess(CATALOG, answers)
    assume(assessment.verdict == "wait")
    assert not step_ids(assessment) & {"check-typing", "reset-password", "recover-username", "type-activation"}
    assert not set(assessment.reasons) & {"password-often-mends", "username-often-mends", "activation-often-found"}


@given(walks())
def test_what_comes_first_comes_before_all_else(answers):
    first = ["first" in step.tags for step in assess(CATALOG, answers).steps]
    assert first == sorted(first, reverse=True)


@given(walks(having=("someone-has-password",)))
def test_an_e_mail_account_is_secured_only_from_a_device_that_is_trusted(answers):
    assessment = assess(CATALOG, answers)
    trusted = assessment.answers.answers.get("trusted-device") == ("yes",)
    assert trusted or not step_ids(assessment) & {"secure-email", "change-password", "check-contacts"}


@pytest.mark.parametrize("symptom", ["care-for-someone", "teen-record-blocked"])
def test_who_asks_about_another_person_is_never_taken_for_the_patient(symptom):
    answers = answered(symptom, "for-whom=self")
    assert next_question(CATALOG, answers).id == "for-whom"
    assert "self" not in [choice.id for choice in next_question(CATALOG, answers).choices]
    assert "helper-name" in [question.id for question in assess(CATALOG, answers).evidence]


@pytest.mark.parametrize(("answer", "reason"), [("lock-seen", "lock-unsure"), ("codes-unasked", "codes-unsure")])
def test_an_i_do_not_know_that_matters_is_met_with_care(answer, reason):
    assert reason in assess(CATALOG, answered("password-refused", f"{answer}=unsure")).reasons
    assert reason not in assess(CATALOG, answered("password-refused", f"{answer}=no")).reasons


@given(walks(), st.randoms(use_true_random=False))
def test_the_order_of_symptoms_and_answers_does_not_matter(answers, random):
    def shuffled(items):
        return random.sample(list(items), len(items))

    other = Answers(
        tuple(shuffled(answers.symptoms)),
        dict(shuffled(answers.answers.items())),
        dict(shuffled(answers.tried.items())),
    )
    one, two = assess(CATALOG, answers), assess(CATALOG, other)
    assert replace(two, answers=one.answers) == one
    assert two.answers.answers == one.answers.answers


@given(walks(), st.fixed_dictionaries({}, optional=CHOSEN))
def test_leftovers_to_questions_that_are_not_asked_do_not_matter(answers, leftovers):
    mixed = assess(CATALOG, replace(answers, answers={**leftovers, **answers.answers}))
    assert mixed == assess(CATALOG, answers)


@given(walks(whole=False), st.sampled_from(INTRUDER_SYMPTOMS))
def test_a_sign_of_an_intruder_added_to_anything_gives_contact_now(answers, symptom):
    worse = replace(answers, symptoms=(*answers.symptoms, symptom))
    assert assess(CATALOG, worse).verdict == "contact-now"


# Rule 3. Every question whose words come near a secret, and why it asks for none.
NEAR_A_SECRET = {
    "codes-unasked": "whether one came",
    "recovery-tried": "what became of a reset",
    "code-way": "which way it should come",
    "codes-asked": "how many times",
    "activation-state": "what is wrong with it",
    "code-times": "the times only",
}


def test_rule_3_no_question_asks_for_a_secret():
    secret = re.compile(
        r"password|passcode|\bcodes?\b|\bpin\b|social security|\bssn\b|\bcard\b|insurance|maiden|security question",
        re.IGNORECASE,
    )
    near = {question.id for question in CATALOG.questions.values() if secret.search(question.label + question.short)}
    assert near == set(NEAR_A_SECRET)
    coded = {question.id for question in CATALOG.triage_questions}
    assert near - coded == {"code-times"}
    assert CATALOG.questions["code-times"].hint == "the times only, never the code"


def test_rule_3_no_question_can_be_made_a_must():
    assert "required" not in Question.model_fields
    assert "if you know it" in CATALOG.questions["mrn"].label
