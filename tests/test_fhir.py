"""The packet as HL7 FHIR R4: by the models of the standard, and by what the models do not look at."""

import base64
import datetime
import io
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import translation
from fhir.resources.R4B.questionnaire import Questionnaire
from fhir.resources.R4B.questionnaireresponse import QuestionnaireResponse
from variants import VARIANTS, use_facts

from helpdesk.loaded import catalog, catalog_in, desk_catalog
from triage import fhir
from triage.answers import RESULTS
from triage.renderers import as_fhir, questionnaire, questionnaire_address

pytestmark = pytest.mark.usefixtures("static_files", "fact_sheet")

each = pytest.mark.parametrize("name", VARIANTS)
Item = dict[str, Any]

# https://hl7.org/fhir/R4/valueset-item-type.html and the like, as far as an empty list would hide a mistake.
TYPES = {"group", "choice", "string", "text", "date", "attachment"}
VALUES = {
    "choice": "valueCoding",
    "string": "valueString",
    "text": "valueString",
    "date": "valueDate",
    "attachment": "valueAttachment",
}


def asked() -> Item:
    return json.loads(questionnaire())


def flat(items: list[Item]) -> Iterator[Item]:
    for item in items:
        yield item
        yield from flat(item.get("item", []))


def codings(item: Item) -> list[tuple[str, str]]:
    return [(option["valueCoding"]["system"], option["valueCoding"]["code"]) for option in item["answerOption"]]


# ---- the questionnaire ----


def test_the_questionnaire_fits_the_model_of_the_standard():
    document = asked()
    read = Questionnaire.model_validate(document)
    assert json.loads(read.model_dump_json()) == document


def test_what_the_model_does_not_look_at_is_right_too():
    document = asked()
    assert document["resourceType"] == "Questionnaire"
    assert document["status"] in {"draft", "active", "retired", "unknown"}
    assert document["name"].isidentifier()
    items = list(flat(document["item"]))
    assert {item["type"] for item in items} == TYPES
    assert [link for link, times in Counter(item["linkId"] for item in items).items() if times > 1] == []
    for item in items:
        # https://hl7.org/fhir/R4/questionnaire.html#invs: que-1, que-4, que-5, que-7
        assert bool(item.get("item")) == (item["type"] == "group"), item["linkId"]
        assert ("answerOption" in item) == (item["type"] == "choice"), item["linkId"]
        assert item["text"].strip(), item["linkId"]
        if item["type"] == "choice":
            assert len(set(codings(item))) == len(codings(item)) > 1, item["linkId"]
            assert all(option["valueCoding"]["display"].strip() for option in item["answerOption"])
        for condition in item.get("enableWhen", []):
            assert condition["operator"] == "=", item["linkId"]
            (earlier,) = (other for other in items if other["linkId"] == condition["question"])
            assert items.index(earlier) < items.index(item)
            wanted = condition["answerCoding"]
            assert (wanted["system"], wanted["code"]) in codings(earlier)
        if len(item.get("enableWhen", [])) > 1:
            assert item["enableBehavior"] in {"all", "any"}


def test_any_of_the_conditions_is_enough_only_where_they_are_about_one_question():
    """FHIR knows "all" and "any" for the whole list, ours are "all questions, any choice"."""
    for item in flat(asked()["item"]):
        assert len({condition["question"] for condition in item.get("enableWhen", [])}) <= 1, item["linkId"]


def test_everything_that_is_ever_asked_is_in_it():
    links = {item["linkId"]: item for item in flat(asked()["item"])}
    for question in catalog().questions.values():
        item = links[question.id]
        assert item["text"] == question.label
        assert len(item.get("answerOption", [])) == len(question.choices)
        assert item.get("repeats", False) == (question.kind == "choices")
    for step in catalog().steps.values():
        assert len(codings(links[f"step-{step.id}"])) == len(RESULTS)
    assert len(codings(links["symptoms"])) == len(catalog().symptoms)
    required = [link for link, item in links.items() if item.get("required")]
    assert required == ["symptoms"]


def test_its_address_is_where_the_site_serves_it(client, settings):
    address = asked()["url"]
    assert address == questionnaire_address()
    assert address.startswith(f"{settings.WAYIN_ADDRESS}/")
    response = client.get(address.removeprefix(settings.WAYIN_ADDRESS))
    assert response.status_code == 200
    assert response["Content-Type"] == "application/fhir+json"
    assert response.content == questionnaire()
    assert client.post(address.removeprefix(settings.WAYIN_ADDRESS)).status_code == 405


def test_its_address_follows_the_name_of_the_site(settings):
    settings.WAYIN_ADDRESS = "https://help.example.org"
    assert asked()["url"] == "https://help.example.org/packet/questionnaire.json"


def test_the_command_prints_what_the_site_serves(client):
    printed = io.StringIO()
    call_command("questionnaire", stdout=printed)
    assert printed.getvalue().encode() == client.get("/packet/questionnaire.json").content


@pytest.mark.parametrize("facts", ["blank", "spanish desk"])
def test_the_questionnaire_is_in_the_language_of_the_desk_whoever_asks_for_it(packets, client, facts):
    use_facts(packets.facts[facts])
    document = asked()
    assert document["language"] == desk_catalog().language.code == ("es" if facts == "spanish desk" else "en")
    assert document["title"] == desk_catalog().packet.title
    labels = {item["linkId"]: item["text"] for item in flat(document["item"])}
    assert labels["name"] == desk_catalog().questions["name"].label
    assert labels["step-stop-trying"] == desk_catalog().steps["stop-trying"].title
    for language in ("en", "es"):
        with translation.override(language):
            assert asked() == document
    served = client.get("/packet/questionnaire.json", headers={"accept-language": "es"})
    assert json.loads(served.content) == document
    assert client.get("/es/packet/questionnaire.json").status_code == 404


def test_the_questionnaires_in_two_languages_differ_in_words_alone(packets):
    documents = []
    for facts in ("blank", "spanish desk"):
        use_facts(packets.facts[facts])
        documents.append(without_words(asked()))
    assert documents[0] == documents[1]
    assert catalog_in("es").packet.title != catalog_in("en").packet.title


def without_words(document: object) -> object:
    if isinstance(document, list):
        return [without_words(item) for item in document]
    if not isinstance(document, dict):
        return document
    words = {"title", "text", "display", "language"}
    return {key: without_words(value) for key, value in document.items() if key not in words}


# ---- the responses ----


@each
def test_a_response_fits_the_model_of_the_standard(packets, name):
    document = json.loads(as_fhir(packets[name]))
    read = QuestionnaireResponse.model_validate(document)
    assert json.loads(read.model_dump_json(exclude_none=True))["item"] == document["item"]


@each
def test_a_response_answers_the_questionnaire_and_nothing_else(packets, name):
    answered = json.loads(as_fhir(packets[name]))
    assert faults(asked(), answered) == []
    assert answered["questionnaire"] == f"{asked()['url']}|{asked()['version']}"


def faults(form: Item, response: Item) -> list[str]:
    """What is wrong with a response, by the questionnaire that it answers."""
    found = []
    if response.get("status") not in {"in-progress", "completed", "amended", "entered-in-error", "stopped"}:
        found.append("status")
    moment = datetime.datetime.fromisoformat(response["authored"])
    found += ["authored"] * (moment.tzinfo is None)
    known = {item["linkId"]: item for item in flat(form["item"])}
    given = list(flat(response["item"]))
    links = Counter(item["linkId"] for item in given)
    found += [f"twice: {link}" for link, times in links.items() if times > 1]
    found += [f"unknown: {link}" for link in links if link not in known]
    found += [f"missing: {link}" for link, item in known.items() if item.get("required") and link not in links]
    answers = {item["linkId"]: item.get("answer", []) for item in given}
    for item in given:
        if item["linkId"] in known:
            found += faults_of(known[item["linkId"]], item, answers)
    return found + misplaced(form["item"], response["item"])


def faults_of(question: Item, item: Item, answers: dict[str, list[Item]]) -> Iterator[str]:
    link = question["linkId"]
    if question["type"] == "group":
        if "answer" in item or not item.get("item"):
            yield f"group: {link}"
        return
    if not item.get("answer") or "item" in item:
        yield f"no answer: {link}"
    if len(item.get("answer", [])) > 1 and not question.get("repeats"):
        yield f"several: {link}"
    for answer in item.get("answer", []):
        yield from faults_in(question, answer)
    conditions = question.get("enableWhen", [])
    if conditions and not any(holds(condition, answers) for condition in conditions):
        yield f"not enabled: {link}"


def faults_in(question: Item, answer: Item) -> Iterator[str]:
    link = question["linkId"]
    if list(answer) != [VALUES[question["type"]]]:
        yield f"value: {link}"
    elif "valueCoding" in answer and (
        answer["valueCoding"]["system"],
        answer["valueCoding"]["code"],
    ) not in codings(question):
        yield f"option: {link}"
    elif "valueString" in answer and not answer["valueString"].strip():
        yield f"empty: {link}"
    elif "valueDate" in answer:
        datetime.date.fromisoformat(answer["valueDate"])
    elif "valueAttachment" in answer and not base64.b64decode(answer["valueAttachment"]["data"], validate=True):
        yield f"attachment: {link}"


def holds(condition: Item, answers: dict[str, list[Item]]) -> bool:
    return any(
        answer.get("valueCoding") == condition["answerCoding"] for answer in answers.get(condition["question"], [])
    )


def misplaced(form: list[Item], given: list[Item]) -> list[str]:
    """An item stands in the group, and in the order, that the questionnaire has it in."""
    order = [item["linkId"] for item in form]
    places = [order.index(item["linkId"]) for item in given if item["linkId"] in order]
    found = ["order"] if places != sorted(places) or len(places) < len(given) else []
    groups = {item["linkId"]: item.get("item", []) for item in form}
    for item in given:
        if groups.get(item["linkId"]):
            found += misplaced(groups[item["linkId"]], item.get("item", []))
    return found


@each
def test_a_response_says_what_the_packet_says(packets, name):
    packet = packets[name]
    document = json.loads(as_fhir(packet))
    items = {item["linkId"]: item["answer"] for item in flat(document["item"]) if "answer" in item}
    for key, value in packet.details.items():
        (answer,) = items[key]
        assert str(value) in (
            answer.get("valueString"),
            answer.get("valueDate"),
            answer.get("valueCoding", {}).get("code", "").removeprefix(f"{key}."),
        )
    assert [answer["valueCoding"]["code"] for answer in items["symptoms"]] == [
        f"symptoms.{symptom}" for symptom in packet.answers.symptoms
    ]
    steps = {f"step-{step.id}" for step in packet.for_desk.tried}
    assert {link for link in items if link.startswith("step-")} == steps
    assert ("picture" in items) == bool(packet.picture)
    if packet.picture:
        assert items["picture"] == [{"valueAttachment": {"contentType": "image/png", "data": packet.picture}}]
    assert document["identifier"]["value"] == packet.reference
    assert document["language"] == packet.for_patient.language.code
    assert set(packet.answers.answers) <= set(items)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"status": "done"}, "status"),
        ({"item": []}, "missing: symptoms"),
        ({"item": [{"linkId": "x", "answer": [{"valueString": "y"}]}]}, "unknown: x"),
        ({"item": [{"linkId": "symptoms", "answer": [{"valueString": "y"}]}]}, "value: symptoms"),
        ({"item": [{"linkId": "symptoms", "answer": []}]}, "no answer: symptoms"),
        ({"item": [{"linkId": "name", "answer": [{"valueString": "a"}, {"valueString": "b"}]}]}, "several: name"),
        (
            {"item": [{"linkId": "symptoms", "answer": [{"valueCoding": {"system": "x", "code": "y"}}]}]},
            "option: symptoms",
        ),
        ({"item": [{"linkId": "helper-name", "answer": [{"valueString": "a"}]}]}, "not enabled: helper-name"),
        ({"item": [{"linkId": "symptoms", "answer": [{"valueCoding": {}, "valueString": "y"}]}]}, "value: symptoms"),
    ],
)
def test_these_checks_find_what_is_wrong(packets, change, fault):
    good = json.loads(as_fhir(packets["account-locked"]))
    try:
        found = faults(asked(), good | change)
    except KeyError:
        found = ["value: symptoms"]
    assert fault in found


def test_an_answer_left_open_is_left_out(packets):
    document = json.loads(as_fhir(packets["nothing typed"]))
    assert [item["linkId"] for item in document["item"]] == [fhir.SYMPTOMS, fhir.CODED, fhir.TRIED]
    assert "null" not in json.dumps(document)
