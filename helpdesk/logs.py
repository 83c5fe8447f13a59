"""A log that cannot hold what a visitor typed."""

import logging
import traceback


class PrivateFormatter(logging.Formatter):
    """Says that something failed and where in the code, never the message of the exception: messages quote values.

    Nor does it print the words of a record about a request, or of a library: they can hold addresses and values.
    """

    def format(self, record: logging.LogRecord) -> str:
        line = f"{self.formatTime(record)} {record.levelname} {record.name}"
        if not record.exc_info or not record.exc_info[0]:
            if record.name.partition(".")[0] != "django":
                return f"{line} {record.pathname}:{record.lineno}"
            return line if hasattr(record, "request") else f"{line} {record.getMessage()!r}"
        kind, _, trace = record.exc_info
        places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)]
        return "\n  ".join([f"{line} {kind.__name__}", *places])
