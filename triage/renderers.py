"""Packet -> bytes, one function a rendering. Each shows what the packet holds and asks nobody anything."""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from helpdesk.loaded import catalog, desk_catalog, languages, organization
from triage import attached, fhir, pdf, workers
from triage.attached import NotOursError
from triage.drafts import from_packet
from triage.packet import Packet, Row

SCHEMA = settings.BASE_DIR / "triage" / "schema" / "packet-1.schema.json"
# A request of a patient who does not exist.
EXAMPLE = SCHEMA.with_name("example.json")


@dataclass(frozen=True)
class Rendering:
    """How to make one form of the packet, and what to call it. File names say nothing about anybody."""

    render: Callable[[Packet], bytes]
    content_type: str
    file_name: str


def as_html(packet: Packet) -> bytes:
    """A page that stands alone: it can be saved, opened without a network, and printed."""
    logo, picture = (_data_address(*held) for held in (logo_file(), (b64decode(packet.picture), "image/png")))
    context = {"packet": packet, "stylesheet": stylesheet(), "picture": picture, "logo": logo}
    return render_to_string("triage/paper.html", context).encode()


def as_pdf(packet: Packet) -> bytes:
    """The same page as PDF/A-3a and PDF/UA-1, with the packet's data in it.

    Raises pdf.TooLongError, workers.BusyError and workers.LimitError.
    """
    return workers.run(pdf.render, *_for_pdf(packet))


def warm_up() -> None:
    """Starts the process for PDFs and has it draw the example in each language, so that the first patient need not
    wait while it finds its fonts and sets what all packets have."""
    workers.warm_up(_examples())


def _examples() -> Iterator[tuple[object, ...]]:
    for language in languages():
        # Content of one's own may lack what the example answers. Pages come before papers.
        with translation.override(language), suppress(NotOursError):
            yield _for_pdf(example())


def example() -> Packet:
    """The request of a patient who does not exist, in the language of the page."""
    own = EXAMPLE.with_suffix(f".{catalog().language.code}.json")
    draft, _ = from_packet((own if own.exists() else EXAMPLE).read_bytes())
    return draft.packet()


def _for_pdf(packet: Packet) -> tuple[object, ...]:
    """What pdf.render wants for it."""
    context = {"packet": packet, "picture": pdf.PICTURE, "logo": pdf.LOGO if organization().look.logo else ""}
    html = render_to_string("triage/paper.html", context)
    enclosed = [
        pdf.Enclosed(attached.NAME, "The request as data, by packet-1.schema.json", as_json(packet).decode()),
        pdf.Enclosed("support-request.fhir.json", "The request as FHIR R4", as_fhir(packet).decode()),
    ]
    pictures = {pdf.LOGO: logo_file(), pdf.PICTURE: (b64decode(packet.picture), "image/png")}
    # By how long a packet takes one could tell whether somebody gave these answers before. An intruder never may.
    keeps = packet.for_desk.verdict.id != "contact-now"
    return html, stylesheet() + _ON_EVERY_PAGE, packet.made_at, enclosed, pictures, keeps


@lru_cache(maxsize=1)
def stylesheet() -> str:
    """The paper stylesheet, for the paper that this health system uses."""
    css = (settings.BASE_DIR / "static" / "paper.css").read_text(encoding="utf-8")
    look = organization().look
    return f"{css}\n@page {{ size: {look.paper} }}\n:root {{ --accent: {look.accent} }}\n"


# Browsers do not know this: the reference on every page is the one that the first page has. So the style sheet is the
# same for all packets, and is read once.
_ON_EVERY_PAGE = """
@page { @bottom-left { content: string(reference) } }
.mast-reference .reference { string-set: reference content() }
"""


@lru_cache(maxsize=1)
def logo_file() -> tuple[bytes, str]:
    """The health system's logo and its media type; both empty where it has none."""
    look = organization().look
    return (look.logo.read_bytes(), look.logo_type) if look.logo else (b"", "")


def _data_address(content: bytes, media_type: str) -> str:
    return f"data:{media_type};base64,{b64encode(content).decode()}" if content else ""


def as_email_text(packet: Packet) -> bytes:
    """Sheet A alone, as text for an e-mail or a web form: `Field: value` lines, nothing about who the patient is."""
    return _text("triage/email.txt", packet)


def as_call_script(packet: Packet) -> bytes:
    """What to say on the phone, with the facts of both sheets."""
    return _text("triage/call.txt", packet)


def as_json(packet: Packet) -> bytes:
    """The packet as data, by triage/schema/packet-1.schema.json."""
    return _json(as_data(packet))


def as_data(packet: Packet) -> dict[str, Any]:
    """What as_json writes. Ids are for machines and never change; labels are in the desk's language."""
    worded = packet.for_desk
    return {
        "$schema": SCHEMA.name,
        "version": 1,
        "reference": packet.reference,
        "made_at": packet.made_at.isoformat(),
        "language": packet.for_patient.language.code,
        "desk_language": worded.language.code,
        "organization": packet.organization.organization.name,
        "verdict": worded.verdict.id,
        "reasons": list(packet.reason_ids),
        "problems": [problem.slug for problem in worded.problems],
        "requests": list(worded.requests),
        "warnings": [warning.id for warning in worded.warnings],
        "desks": [desk.id for desk in worded.desks],
        "symptoms": list(packet.answers.symptoms),
        "answers": {question: list(choices) for question, choices in packet.answers.answers.items()},
        "tried": {step.id: step.result for step in worded.tried},
        "details": {key: str(value) for key, value in packet.details.items()},
        "sheet_a": [_row(row) for row in worded.rows_a],
        "sheet_b": [_row(row) for row in worded.sheet_b],
        "picture": packet.picture,
    }


def as_fhir(packet: Packet) -> bytes:
    """The packet as a FHIR R4 QuestionnaireResponse."""
    return _json(fhir.response(packet, desk_catalog(), questionnaire_address()))


def questionnaire() -> bytes:
    """The FHIR R4 Questionnaire that packets answer, in the desk's language."""
    return _json(fhir.questionnaire(desk_catalog(), questionnaire_address()))


def questionnaire_address() -> str:
    """Where this site serves the Questionnaire, and so its canonical address."""
    return f"{settings.WAYIN_ADDRESS}{reverse('questionnaire')}"


def _json(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False, indent=2).encode() + b"\n"


def _row(row: Row) -> dict[str, Any]:
    return {
        "id": row.id,
        "number": row.number,
        "label": row.label,
        "values": list(row.values),
        "own_words": row.own_words,
    }


def _text(template: str, packet: Packet) -> bytes:
    lines = render_to_string(template, {"packet": packet}).splitlines()
    return ("\n".join(line.rstrip() for line in lines).strip("\n") + "\n").encode()


RENDERERS = {
    "pdf": Rendering(as_pdf, "application/pdf", "support-request.pdf"),
    "html": Rendering(as_html, "text/html; charset=utf-8", "support-request.html"),
    "txt": Rendering(as_email_text, "text/plain; charset=utf-8", "support-request-email.txt"),
    "call": Rendering(as_call_script, "text/plain; charset=utf-8", "phone-script.txt"),
    "json": Rendering(as_json, "application/json", "support-request.json"),
    "fhir": Rendering(as_fhir, "application/fhir+json", "support-request.fhir.json"),
}
