"""What a visitor sent, read and cleaned: posted by a form, or given back as a packet.

Nothing else reads a request body.
"""

import datetime
import json
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from helpdesk.loaded import catalog, desk_catalog, organization, say
from triage import attached, picture, workers
from triage.answers import STEP_PREFIX, SYMPTOM_KEY, Answers, Pairs, from_pairs
from triage.documents import form_data
from triage.engine import Assessment, assess
from triage.forms import PICTURE, DetailsForm
from triage.packet import Packet, assemble
from triage.reference import new_reference, read_reference

# The cleaned picture, the reference and the time, as the review page carries them back to us.
CARRIED_PICTURE, REFERENCE, MADE_AT = "picture-data", "reference", "made-at"
REMOVE_PICTURE = "remove-picture"
# Bytes of a picture that still goes into a form, as base64 and with all that was typed.
_LONGEST_CARRIED = settings.DATA_UPLOAD_MAX_MEMORY_SIZE * 2 // 3
# What is wrong with a picture that nobody had time for.
BUSY = "busy"

# How long after it was made a packet still carries its own time. A page left open for longer gets a new one.
PACKET_AGE = datetime.timedelta(days=2)
# How far the clock of the replica that made it may be ahead of the one that reads it.
CLOCKS_APART = datetime.timedelta(minutes=15)

# The longest packet of ours has some thousands of values, and before each stands one of these signs. A file has room
# for three million, which would take 600 MB of memory and seconds to look up.
MOST_VALUES = 50_000
_BEFORE_A_VALUE = (b",", b"[", b"{")


@dataclass(frozen=True)
class Draft:
    """A support request as far as it has got.

    picture   clean base64, or empty
    waiting   base64 of a picture that comes back and that no worker process had time to look at: carried, never shown
    language  of a packet that was given back, which may be another than the page's
    """

    assessment: Assessment
    form: DetailsForm
    picture: str
    reference: str
    made_at: datetime.datetime
    waiting: str = ""
    language: str = ""

    @property
    def must_wait(self) -> bool:
        """Whether no worker process had time for the picture: the patient has nothing to mend."""
        return bool(self.waiting) or self.form.has_error(PICTURE, BUSY)

    def packet(self) -> Packet:
        """The packet, for a patient who reads this request's language. The form must be valid."""
        details, made_at = self.form.details(), self.made_at
        return assemble(catalog(), desk_catalog(), self.assessment, details, made_at, self.reference, self.picture)

    def typed(self) -> Pairs:
        """Hidden fields that carry everything typed back to us."""
        carried = [
            (REFERENCE, self.reference),
            (MADE_AT, self.made_at.isoformat()),
            (CARRIED_PICTURE, self.picture or self.waiting),
        ]
        return self.form.pairs() + [(name, value) for name, value in carried if value]

    def everything(self) -> Pairs:
        """Hidden fields that carry the coded answers too."""
        return self.assessment.answers.pairs() + self.typed()


def from_post(request: HttpRequest, answers: Answers, with_picture: bool = True) -> Draft:
    """What a form posted. The draft's form says what is wrong with it; a picture that is refused is left out.

    Without `with_picture` no picture is read, and so no worker process is needed.
    """
    assessment = assess(catalog(), answers)
    form = DetailsForm(assessment.evidence, request.POST, request.FILES)
    sent, comes_back = _sent_picture(request) if with_picture and form.takes_picture else (b"", False)
    reference, made_at = request.POST.get(REFERENCE, ""), request.POST.get(MADE_AT, "")
    return _draft(assessment, form, sent, comes_back, reference, made_at)


def from_packet(data: bytes) -> tuple[Draft, bool]:
    """What a packet's JSON holds, checked as if typed, and whether ids that we do not know were dropped.

    Raises attached.NotOursError where it is not a packet of ours.
    """
    document = _document(data)
    answers, dropped = from_pairs(catalog(), _coded_pairs(document))
    if not answers.symptoms:
        raise attached.NotOursError
    assessment = assess(catalog(), answers)
    typed: dict[str, str] = {}
    for question in assessment.evidence:
        typed |= form_data(question, _text(document["details"], question.id))
    form = DetailsForm(assessment.evidence, typed)
    sent = _decoded(_text(document, "picture")) if form.takes_picture else b""
    reference, made_at = _text(document, "reference"), _text(document, "made_at")
    draft = _draft(assessment, form, sent, comes_back=True, reference=reference, made_at=made_at)
    return replace(draft, language=_text(document, "language")), dropped


def _draft(
    assessment: Assessment, form: DetailsForm, sent: bytes, comes_back: bool, reference: str, made_at: str
) -> Draft:
    form.full_clean()
    reference = read_reference(reference) or new_reference()
    picture, waiting = _clean_picture(form, sent, comes_back)
    return Draft(assessment, form, picture, reference, _believable(made_at), waiting)


def _sent_picture(request: HttpRequest) -> tuple[bytes, bool]:
    """The picture, and whether it comes back from a page of ours: a new one is too large to be carried uncleaned."""
    if REMOVE_PICTURE in request.POST:
        return b"", False
    if uploaded := request.FILES.get(PICTURE):
        return bytes(uploaded.read()), False
    return _decoded(request.POST.get(CARRIED_PICTURE, "")), True


def _decoded(text: str) -> bytes:
    """The bytes; some that are no picture where the text is not base64, so that it is refused like one."""
    try:
        return b64decode(text, validate=True)
    except (Base64Error, ValueError):
        return b"?"


def _clean_picture(form: DetailsForm, sent: bytes, comes_back: bool) -> tuple[str, str]:
    """The picture cleaned, or else as it waits, both as base64. One that is refused is an error of the form."""
    if not sent:
        return "", ""
    try:
        return b64encode(workers.run(picture.clean, sent)).decode(), ""
    except picture.PictureError as error:
        reason = error.reason
    except workers.LimitError:
        reason = "broken"
    except workers.BusyError:
        if comes_back and len(sent) <= _LONGEST_CARRIED:
            return "", b64encode(sent).decode()
        reason = BUSY
    form.add_error(PICTURE, ValidationError(say(f"picture_errors.{reason}"), code=reason))
    return "", ""


def _believable(carried: str) -> datetime.datetime:
    """The time that the packet carries, or now where that is no time, too old, or well in the future."""
    now = datetime.datetime.now(ZoneInfo(organization().desks.support.time_zone or "UTC")).replace(microsecond=0)
    try:
        made_at = datetime.datetime.fromisoformat(carried).astimezone(now.tzinfo)
    except (ValueError, OverflowError):
        return now
    return made_at if now - PACKET_AGE <= made_at <= now + CLOCKS_APART else now


def _document(data: bytes) -> dict[str, Any]:
    if len(data) > attached.LONGEST or sum(map(data.count, _BEFORE_A_VALUE)) > MOST_VALUES:
        raise attached.NotOursError
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        raise attached.NotOursError from None
    parts = {"symptoms": list, "answers": dict, "tried": dict, "details": dict}
    if not isinstance(document, dict) or not all(isinstance(document.get(key), kind) for key, kind in parts.items()):
        raise attached.NotOursError
    return document


def _coded_pairs(document: dict[str, Any]) -> Pairs:
    pairs = [(SYMPTOM_KEY, str(symptom)) for symptom in document["symptoms"]]
    for question, choices in document["answers"].items():
        pairs += [(question, str(choice)) for choice in (choices if isinstance(choices, list) else [choices])]
    return pairs + [(STEP_PREFIX + step, str(result)) for step, result in document["tried"].items()]


def _text(table: dict[str, Any], key: str) -> str:
    value = table.get(key, "")
    return value if isinstance(value, str) else ""
