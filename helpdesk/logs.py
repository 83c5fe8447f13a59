"""Logs that cannot hold what a visitor typed: one JSON object a line, of fields that are named here and no others."""

import datetime
import json
import logging
import secrets
import sys
import threading
import traceback
from typing import Any

from django.http import HttpRequest

# What a record may carry (`extra`) besides time, level and logger. Each is a number or one of a closed set of words.
FIELDS = ("error_id", "method", "route", "status", "seconds", "bytes")
# What gunicorn says of its processes, and so of nobody.
OF_PROCESSES = (
    "Starting gunicorn",
    "Listening at",
    "Using worker",
    "Booting worker",
    "Worker exiting",
    "Worker (pid:",
    "WORKER TIMEOUT",
    "Autorestarting worker",
    "Handling signal",
    "Hang up",
    "Reason:",
    "Shutting down",
)


class PrivateFormatter(logging.Formatter):
    """Says that something failed and where in the code, never the message of the exception: messages quote values.

    Nor does it print the words of a record about a request, or of a library: they can hold addresses and values.
    """

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.datetime.fromtimestamp(record.created, datetime.UTC).isoformat(timespec="milliseconds")
        line = {"time": time, "level": record.levelname, "logger": record.name}
        line |= {name: value for name in FIELDS if (value := _carried(record, name)) is not None}
        return json.dumps(line | _told(record), ensure_ascii=False)


def error_id(request: HttpRequest) -> str:
    """The name of the one failure of this request, for the page and the log: eight hexadecimal digits, made up here."""
    if not hasattr(request, "error_id"):
        request.error_id = secrets.token_hex(4)
    return request.error_id


def _carried(record: logging.LogRecord, name: str) -> object:
    """A field of the record, or of the request that the record is about."""
    return getattr(record, name, getattr(getattr(record, "request", None), name, None) if name == "error_id" else None)


def _told(record: logging.LogRecord) -> dict[str, object]:
    if record.exc_info and record.exc_info[0]:
        kind, _, trace = record.exc_info
        places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)]
        return {"exception": kind.__name__, "at": places}
    if record.name == "wayin.access" or hasattr(record, "request"):
        return {}
    if record.name.partition(".")[0] not in ("django", "gunicorn", "wayin"):
        return {"at": [f"{record.pathname}:{record.lineno}"]}
    # Of gunicorn, only what its words begin with as here: it quotes what it refuses, and who sent it.
    if record.name.startswith("gunicorn") and not str(record.msg).startswith(OF_PROCESSES):
        return {}
    return {"message": record.getMessage()}


def speak_for_python() -> None:
    """Has the log say what Python itself would write to standard error, with all that it quotes."""
    log = logging.getLogger("wayin")

    def say(failed: Any) -> None:
        log.error("", exc_info=(failed.exc_type, failed.exc_value, failed.exc_traceback))

    threading.excepthook = sys.unraisablehook = say
    logging.captureWarnings(capture=True)
    # A line that cannot be written is lost, instead of being quoted beside the log.
    logging.raiseExceptions = False
