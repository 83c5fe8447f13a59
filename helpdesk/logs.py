"""Logs that cannot hold what a visitor typed: one JSON object a line, of fields that are named here and no others."""

import datetime
import json
import logging
import secrets
import traceback

from django.http import HttpRequest

# What a record may carry (`extra`) besides time, level and logger. Each is a number or one of a closed set of words.
FIELDS = ("error_id", "method", "route", "status", "seconds", "bytes")


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
    # gunicorn quotes what it refuses, and who sent it.
    refused = str(record.msg).startswith("Invalid request")
    return {"message": "Invalid request refused" if refused else record.getMessage()}
