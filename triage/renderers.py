"""Packet -> bytes, one function a rendering. Each shows what the packet holds and asks nobody anything."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string

from triage import pdf
from triage.packet import Packet, Row

SCHEMA = settings.BASE_DIR / "triage" / "schema" / "packet-1.schema.json"


@dataclass(frozen=True)
class Rendering:
    """How to make one form of the packet, and what to call it. File names say nothing about anybody."""

    render: Callable[[Packet], bytes]
    content_type: str
    file_name: str


def as_html(packet: Packet) -> bytes:
    """A page that stands alone: it can be saved, opened without a network, and printed."""
    stylesheet = (settings.BASE_DIR / "static" / "paper.css").read_text(encoding="utf-8")
    return render_to_string("triage/paper.html", {"packet": packet, "stylesheet": stylesheet}).encode()


def as_pdf(packet: Packet) -> bytes:
    """The same page as a tagged PDF. Raises pdf.TooLongError."""
    return pdf.render(render_to_string("triage/paper.html", {"packet": packet}))


def as_email_text(packet: Packet) -> bytes:
    """Sheet A alone, as text for an e-mail or a web form: `Field: value` lines, nothing about who the patient is."""
    return _text("triage/email.txt", packet)


def as_call_script(packet: Packet) -> bytes:
    """What to say on the phone, with the facts of both sheets."""
    return _text("triage/call.txt", packet)


def as_json(packet: Packet) -> bytes:
    """The packet as data, by triage/schema/packet-1.schema.json."""
    return json.dumps(as_data(packet), ensure_ascii=False, indent=2).encode() + b"\n"


def as_data(packet: Packet) -> dict[str, Any]:
    """What as_json writes. Ids are for machines and never change; labels are in the packet's language."""
    return {
        "$schema": SCHEMA.name,
        "version": 1,
        "reference": packet.reference,
        "made_at": packet.made_at.isoformat(),
        "language": packet.language,
        "organization": packet.organization.organization.name,
        "verdict": packet.verdict.id,
        "reasons": list(packet.reason_ids),
        "problems": [problem.slug for problem in packet.problems],
        "requests": list(packet.requests),
        "warnings": [warning.id for warning in packet.warnings],
        "desks": [desk.id for desk in packet.desks],
        "symptoms": list(packet.answers.symptoms),
        "answers": {question: list(choices) for question, choices in packet.answers.answers.items()},
        "tried": {step.id: step.result for step in packet.tried},
        "details": {key: str(value) for key, value in packet.details.items()},
        "sheet_a": [_row(row) for row in (*([packet.exact_words] if packet.exact_words else []), *packet.sheet_a)],
        "sheet_b": [_row(row) for row in packet.sheet_b],
    }


def _row(row: Row) -> dict[str, Any]:
    return {"id": row.id, "label": row.label, "values": list(row.values), "own_words": row.own_words}


def _text(template: str, packet: Packet) -> bytes:
    lines = render_to_string(template, {"packet": packet}).splitlines()
    return ("\n".join(line.rstrip() for line in lines).strip("\n") + "\n").encode()


RENDERERS = {
    "pdf": Rendering(as_pdf, "application/pdf", "support-request.pdf"),
    "html": Rendering(as_html, "text/html; charset=utf-8", "support-request.html"),
    "txt": Rendering(as_email_text, "text/plain; charset=utf-8", "support-request-email.txt"),
    "call": Rendering(as_call_script, "text/plain; charset=utf-8", "phone-script.txt"),
    "json": Rendering(as_json, "application/json", "support-request.json"),
}
