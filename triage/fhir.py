"""PURE. The packet as HL7 FHIR R4: the Questionnaire that the site serves, and a QuestionnaireResponse for each packet.

https://hl7.org/fhir/R4/questionnaire.html and https://hl7.org/fhir/R4/questionnaireresponse.html. A system that takes
in forms can file a response beside other forms of the patient. A linkId is the id of the question or step.
"""

import datetime
from collections.abc import Iterable
from typing import Any

from helpdesk.catalog import Catalog, Question
from triage.answers import RESULTS
from triage.packet import Packet, Row

VERSION = "1"
SYMPTOMS, RESULT, PICTURE = "symptoms", "result", "picture"
# Groups, in the order of the form.
CODED, TRIED, SHEET_A, SHEET_B = "coded", "tried", "sheet-a", "sheet-b"

Resource = dict[str, Any]

_TYPES = {"choice": "choice", "choices": "choice", "line": "string", "text": "text", "date": "date"}


def questionnaire(catalog: Catalog, address: str) -> Resource:
    """Everything that a packet can answer. `address` is where the site serves it: its canonical URL."""
    picture = {"linkId": PICTURE, "text": catalog.packet.labels.picture, "type": "attachment"}
    return {
        "resourceType": "Questionnaire",
        "url": address,
        "version": VERSION,
        "name": "MyChartSupportRequest",
        "title": catalog.packet.title,
        "status": "active",
        "subjectType": ["Patient"],
        "language": catalog.language.code,
        "item": [
            _symptoms(catalog, address),
            _group(CODED, catalog.packet.labels.facts, [_question(q, address) for q in catalog.triage_questions]),
            _group(TRIED, catalog.packet.labels.tried, _steps(catalog, address)),
            _group(SHEET_A, catalog.packet.sheets.a_title, _sheet(catalog, "a", address)),
            _group(SHEET_B, catalog.packet.sheets.b_title, [*_sheet(catalog, "b", address), picture]),
        ],
    }


def response(packet: Packet, catalog: Catalog, address: str) -> Resource:
    """The packet's answers to the questionnaire at `address`, in its order. What was left open is left out."""
    answers, worded = packet.answers, packet.for_desk
    coded = (_item(key, [_coding(address, key, choice) for choice in ids]) for key, ids in answers.answers.items())
    results = {step.id: step.result for step in worded.tried}
    tried = (_item(_link(key), [_coding(address, RESULT, results[key])]) for key in catalog.steps if key in results)
    sheet_a = (_typed(packet, row, address) for row in worded.rows_a if row.id in packet.details)
    sheet_b = (_typed(packet, row, address) for row in worded.sheet_b if row.id in packet.details)
    groups = ((CODED, coded), (TRIED, tried), (SHEET_A, sheet_a), (SHEET_B, (*sheet_b, *_picture(packet))))
    return {
        "resourceType": "QuestionnaireResponse",
        "language": packet.for_patient.language.code,
        "identifier": {"system": f"{address}#reference", "value": packet.reference},
        "questionnaire": f"{address}|{VERSION}",
        "status": "completed",
        "authored": packet.made_at.isoformat(),
        "item": [
            _item(SYMPTOMS, [_coding(address, SYMPTOMS, symptom) for symptom in answers.symptoms]),
            *(
                {"linkId": group, "item": items}
                for group, items in ((name, list(part)) for name, part in groups)
                if items
            ),
        ],
    }


def _group(link_id: str, text: str, items: list[Resource]) -> Resource:
    return {"linkId": link_id, "text": text, "type": "group", "item": items}


def _symptoms(catalog: Catalog, address: str) -> Resource:
    return {
        "linkId": SYMPTOMS,
        "text": catalog.packet.labels.problem,
        "type": "choice",
        "required": True,
        "repeats": True,
        "answerOption": [_option(address, SYMPTOMS, s.id, s.label) for s in catalog.symptoms.values()],
    }


def _sheet(catalog: Catalog, sheet: str, address: str) -> list[Resource]:
    return [_question(question, address) for question in catalog.details_questions if question.sheet == sheet]


def _question(question: Question, address: str) -> Resource:
    item: Resource = {"linkId": question.id, "text": question.label, "type": _TYPES.get(question.kind, "string")}
    if question.when:
        item["enableWhen"] = [
            {"question": key, "operator": "=", **_coding(address, key, choice, "answerCoding")}
            for key, choices in question.when.items()
            for choice in choices
        ]
        item["enableBehavior"] = "any"
    if question.kind == "choices":
        item["repeats"] = True
    if question.choices:
        item["answerOption"] = [_option(address, question.id, c.id, c.label) for c in question.choices]
    return item


def _steps(catalog: Catalog, address: str) -> list[Resource]:
    words = catalog.packet.results
    options = [_option(address, RESULT, result, words[result]) for result in RESULTS]
    return [
        {"linkId": _link(step.id), "text": step.title, "type": "choice", "answerOption": options}
        for step in catalog.steps.values()
    ]


def _link(step_id: str) -> str:
    """Steps and questions are named apart, so that no linkId can stand twice."""
    return f"step-{step_id}"


def _coding(address: str, about: str, code: str, key: str = "valueCoding") -> Resource:
    """A coded answer. Codes such as "yes" mean something else in each question, so they name the question too."""
    return {key: {"system": address, "code": f"{about}.{code}"}}


def _option(address: str, about: str, code: str, display: str) -> Resource:
    option = _coding(address, about, code)
    option["valueCoding"]["display"] = display
    return option


def _item(link_id: str, answers: list[Resource]) -> Resource:
    return {"linkId": link_id, "answer": answers}


def _typed(packet: Packet, row: Row, address: str) -> Resource:
    value = packet.details[row.id]
    if isinstance(value, datetime.date):
        return _item(row.id, [{"valueDate": value.isoformat()}])
    return _item(row.id, [{"valueString": value} if row.own_words else _coding(address, row.id, value)])


def _picture(packet: Packet) -> Iterable[Resource]:
    if packet.picture:
        yield _item(PICTURE, [{"valueAttachment": {"contentType": "image/png", "data": packet.picture}}])
