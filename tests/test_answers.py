"""The coded answers: read from addresses and from JSON, whatever stands there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.catalog import load
from triage.answers import RESULTS, Answers, AnswersError, from_json, from_pairs

CATALOG = load("en")


def test_answers_are_read_from_an_address():
    pairs = [
        ("symptom", "locked-message"),
        ("symptom", "password-refused"),
        ("for-whom", "self"),
        ("needed-today", "records"),
        ("needed-today", "refill"),
        ("step-check-address", "worked"),
    ]
    answers, dropped = from_pairs(CATALOG, pairs)
    assert not dropped
    assert answers == Answers(
        ("password-refused", "locked-message"),
        {"for-whom": ("self",), "needed-today": ("refill", "records")},
        {"check-address": "worked"},
    )
    assert list(answers.answers) == ["for-whom", "needed-today"]


@pytest.mark.parametrize(
    "pair",
    [
        ("symptom", "no-such-symptom"),
        ("symptom", ""),
        ("for-whom", "nobody"),
        ("for-whom", ""),
        ("step-no-such-step", "worked"),
        ("step-check-address", "maybe"),
        ("step-", "worked"),
    ],
)
def test_an_unknown_id_is_dropped_and_the_page_is_told(pair):
    answers, dropped = from_pairs(CATALOG, [("symptom", "site-down"), pair])
    assert dropped
    assert answers == Answers(("site-down",))


@pytest.mark.parametrize("pair", [("asked", "for-whom"), ("utm_source", "x"), ("name", "Maria"), ("error-words", "x")])
def test_what_is_no_coded_answer_is_left_alone(pair):
    assert from_pairs(CATALOG, [pair]) == (Answers(), False)


@pytest.mark.parametrize(
    ("pairs", "symptoms", "answers"),
    [
        ([("symptom", "site-down"), ("symptom", "site-down")], ("site-down",), {}),
        ([("symptom", "none-of-these"), ("symptom", "site-down")], ("site-down",), {}),
        ([("symptom", "none-of-these")], ("none-of-these",), {}),
        ([("for-whom", "self"), ("for-whom", "teen")], (), {"for-whom": ("teen",)}),
        ([("needed-today", "nothing"), ("needed-today", "refill")], (), {"needed-today": ("refill",)}),
        ([("needed-today", "nothing")], (), {"needed-today": ("nothing",)}),
        ([("what-is-missing", "unsure"), ("what-is-missing", "all")], (), {"what-is-missing": ("all",)}),
    ],
)
def test_doubles_and_contradictions_are_settled(pairs, symptoms, answers):
    assert from_pairs(CATALOG, pairs) == (Answers(symptoms, answers), False)


NAMES = st.sampled_from(
    ["symptom", "nonsense", *(q.id for q in CATALOG.triage_questions), *(f"step-{s}" for s in CATALOG.steps)]
)
VALUES = st.sampled_from(
    ["nonsense", *CATALOG.symptoms, *RESULTS, *{c.id for q in CATALOG.triage_questions for c in q.choices}]
)
GOOD = st.sampled_from(
    [
        *(("symptom", symptom) for symptom in CATALOG.symptoms),
        *((question.id, choice.id) for question in CATALOG.triage_questions for choice in question.choices),
        *((f"step-{step}", result) for step in CATALOG.steps for result in RESULTS),
    ]
)


@given(st.lists(st.tuples(NAMES, VALUES) | GOOD, max_size=30))
def test_answers_survive_the_way_through_an_address(pairs):
    answers, _ = from_pairs(CATALOG, pairs)
    assert from_pairs(CATALOG, answers.pairs()) == (answers, False)


@given(st.lists(GOOD, max_size=30))
def test_answers_from_json_are_those_of_the_address(pairs):
    answers, _ = from_pairs(CATALOG, pairs)
    document = {
        "symptoms": list(reversed(answers.symptoms)),
        "answers": {key: list(choices) for key, choices in answers.answers.items()},
        "tried": dict(answers.tried),
    }
    assert from_json(CATALOG, document) == answers


def test_one_choice_may_be_written_without_a_list():
    assert from_json(CATALOG, {"answers": {"for-whom": "self"}}).answers == {"for-whom": ("self",)}


@pytest.mark.parametrize(
    ("document", "error"),
    [
        ([], 'write an object: {"symptoms": [...], "answers": {...}, "tried": {...}}'),
        ({"symptoms": "site-down"}, "symptoms: write a list of ids"),
        ({"symptoms": [1]}, "symptoms: write a list of ids"),
        ({"symptoms": ["no\nsuch"]}, "symptoms: there is no symptom 'no\\nsuch'"),
        ({"answers": []}, "answers: write an object"),
        ({"answers": {"shoe-size": "9"}}, "answers: there is no coded question 'shoe-size'"),
        ({"answers": {"error-words": "x"}}, "answers: there is no coded question 'error-words'"),
        ({"answers": {"for-whom": "nobody"}}, "answers: for-whom: there is no choice 'nobody'"),
        ({"answers": {"for-whom": None}}, "answers: for-whom: write a list of ids"),
        ({"answers": {"for-whom": ["self", "teen"]}}, "answers: for-whom: write one choice"),
        ({"answers": {"for-whom": []}}, "answers: for-whom: write one choice"),
        ({"tried": "all"}, "tried: write an object"),
        ({"tried": {"dance": "worked"}}, "tried: there is no step 'dance'"),
        (
            {"tried": {"call-back": "perhaps"}},
            "tried: call-back: write one of worked, no-help, not-tried, not 'perhaps'",
        ),
        (
            {"tried": {"call-back": ["worked"]}},
            "tried: call-back: write one of worked, no-help, not-tried, not ['worked']",
        ),
    ],
)
def test_a_bad_document_is_refused_in_one_line(document, error):
    with pytest.raises(AnswersError) as refusal:
        from_json(CATALOG, document)
    assert str(refusal.value) == error


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | VALUES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(JSON | st.fixed_dictionaries({}, optional={"symptoms": JSON, "answers": JSON, "tried": JSON}))
def test_any_json_is_read_or_refused_in_one_line(document):
    try:
        said = str(from_json(CATALOG, document).pairs())
    except AnswersError as error:
        said = str(error)
    assert "\n" not in said
