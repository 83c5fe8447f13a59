"""Finds the packet's data in a PDF that somebody gives back.

The site knows the names; the work is done in a worker process (triage/workers.py), and pypdf is loaded only there.
"""

from io import BytesIO

NAME = "support-request.json"
# The data of the longest packet with the largest picture takes about 2 MB.
LONGEST = 4 * 1024 * 1024


class NotOursError(Exception):
    """A file in which there is no packet of ours."""


def data_in(pdf: bytes) -> bytes:
    """The JSON that the PDF carries. Raises NotOursError, whatever is wrong with the file."""
    from pypdf import PdfReader, apply_configuration

    try:
        # No stream may unfold to more, so that a bomb is refused before it costs time and memory.
        with apply_configuration(zlib_maximum_output_length=LONGEST):
            found = PdfReader(BytesIO(pdf)).attachments.get(NAME)
    except Exception:  # noqa: BLE001 (a parser of hostile files raises whatever it likes)
        raise NotOursError from None
    if not found or len(found[0]) > LONGEST:
        raise NotOursError
    return found[0]
