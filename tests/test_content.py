"""The shipped content against the rules and the engine: nothing is missing, unused or out of reach."""

from dataclasses import replace

import pytest

from helpdesk.catalog import Condition, load
from triage.answers import Answers
from triage.engine import GRAVITY, RULES, asked, assess, next_question

CATALOG = load("en")
SLUGS = list(CATALOG.problems)


def meeting(*conditions: Condition) -> Answers:
    """Answers that meet each of these conditions."""
    return Answers((), {key: ids[:1] for condition in conditions for key, ids in condition.items()})


def named(slug: str) -> tuple[str, ...]:
    return tuple(symptom.id for symptom in CATALOG.symptoms.values() if symptom.problem == slug)[:1]


@pytest.mark.parametrize("slug", SLUGS)
def test_a_problem_is_reached_from_a_symptom(slug):
    assert named(slug)


@pytest.mark.parametrize("slug", SLUGS)
def test_a_problem_says_all_that_its_page_and_its_row_need(slug):
    problem = CATALOG.problems[slug]
    for part in (
        problem.causes,
        problem.stop,
        problem.can,
        problem.cannot,
        problem.steps,
        problem.faq,
        problem.related,
    ):
        assert part
    assert slug not in problem.related
    assert len(set(problem.related)) == len(problem.related)


@pytest.mark.parametrize("slug", SLUGS)
def test_a_problem_alone_leads_through_its_questions_to_a_verdict_with_steps_and_a_desk(slug):
    answers = Answers(named(slug))
    while question := next_question(CATALOG, answers):
        answers = replace(answers, answers={**answers.answers, question.id: (question.choices[-1].id,)})
    assessment = assess(CATALOG, answers)
    assert CATALOG.problems[slug] in assessment.problems
    assert assessment.steps
    assert assessment.desks


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.problem}: {rule.reason}")
def test_a_rule_asks_only_what_its_problem_asks(rule):
    always = {question.id for question in CATALOG.triage_questions if question.always}
    assert set(rule.when) <= always | set(CATALOG.problems[rule.problem].questions)


def test_every_verdict_is_given():
    assert {rule.verdict for rule in RULES} == set(GRAVITY)


def test_every_desk_handles_something_or_can_be_given_something_to_handle():
    assert list(CATALOG.desks) == ["support", "privacy", "clinic", "records"]
    own = {problem.desk for problem in CATALOG.problems.values()} | {rule.desk for rule in RULES if rule.desk}
    assert {"support", "privacy", "clinic"} <= own


@pytest.mark.parametrize("question", CATALOG.triage_questions, ids=lambda question: question.id)
def test_a_coded_question_is_asked_of_somebody(question):
    askers = [
        problem.slug for problem in CATALOG.problems.values() if question.always or question.id in problem.questions
    ]
    answers = meeting(question.when)
    assert any(question in asked(CATALOG, replace(answers, symptoms=named(slug))) for slug in askers)


@pytest.mark.parametrize("question", CATALOG.details_questions, ids=lambda question: question.id)
def test_a_typed_question_is_asked_of_somebody(question):
    askers = [
        problem.slug for problem in CATALOG.problems.values() if question.always or question.id in problem.evidence
    ]
    answers = meeting(question.when)
    assert any(question in assess(CATALOG, replace(answers, symptoms=named(slug))).evidence for slug in askers)


@pytest.mark.parametrize("question", CATALOG.questions.values(), ids=lambda question: question.id)
def test_a_question_has_choices_only_where_it_is_one_to_choose_from(question):
    assert bool(question.choices) == (question.kind in ("choice", "choices"))
    if question.stage == "triage":
        assert question.kind in ("choice", "choices")
        # What was needed from MyChart says something about a person's health.
        assert question.sheet == ("b" if question.id == "needed-today" else "a")
        assert len(question.choices) >= 2


def test_i_do_not_know_is_an_answer_wherever_it_can_be():
    without = [
        question.id
        for question in CATALOG.triage_questions
        if not {"unsure", "not-tried"} & {choice.id for choice in question.choices}
    ]
    assert without == ["for-whom", "needed-today"]


@pytest.mark.parametrize("step", CATALOG.steps)
def test_a_step_is_offered_to_somebody(step):
    offers = [
        (problem.slug, offered.when)
        for problem in CATALOG.problems.values()
        for offered in problem.steps
        if offered.id == step
    ]
    assert any(
        step in {offered.id for offered in assess(CATALOG, replace(meeting(when), symptoms=named(slug))).steps}
        for slug, when in offers
    )


@pytest.mark.parametrize("slug", SLUGS)
def test_the_conditions_of_a_problem_ask_only_what_it_asks_itself(slug):
    problem = CATALOG.problems[slug]
    assert {key for offered in problem.steps for key in offered.when} <= set(problem.questions)


def test_a_step_on_the_checklist_may_mend_and_stands_there_once():
    assert len(set(CATALOG.checklist)) == len(CATALOG.checklist)
    assert all(CATALOG.steps[step].may_mend for step in CATALOG.checklist)


def test_every_tag_that_can_do_harm_is_explained_on_the_checklist():
    used = {tag for step in CATALOG.checklist for tag in CATALOG.steps[step].tags}
    assert used == set(CATALOG.tags) == {"attempt", "asks-code", "resets-trust"}


def test_what_keeps_the_record_safe_is_never_said_to_mend_it():
    assert not [step.id for step in CATALOG.steps.values() if "protects" in step.tags and step.may_mend]


def test_the_questions_and_answers_are_many_and_have_those_that_matter_most():
    assert len(CATALOG.faq) >= 16
    assert {"unlock-time", "password-seen-by-others", "teen-why", "cost"} <= set(CATALOG.faq)
    assert {faq.group for faq in CATALOG.faq.values()} == set(CATALOG.faq_groups)
    assert all(faq.answer for faq in CATALOG.faq.values())


def test_none_of_these_leads_to_a_person():
    assessment = assess(CATALOG, Answers(("none-of-these",)))
    assert assessment.verdict == "contact-support"
    assert assessment.desks == ("support",)
