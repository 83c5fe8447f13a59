"""HTML -> a PDF that desks, screen readers and archives accept: PDF/A-3a and PDF/UA-1 in one file.

What the site says and hears of that. The work itself is done by triage/typesetter.py, in a worker process
(triage/workers.py): only there is WeasyPrint loaded, which takes a third of a second and 30 MB of memory.
"""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

# No honest packet comes near; a text made of nothing but line breaks does.
PAGES = 20
# The addresses by which the HTML refers to its pictures.
PICTURE, LOGO = "packet:picture", "packet:logo"

# Address -> content and media type.
Pictures = Mapping[str, tuple[bytes, str]]


class TooLongError(Exception):
    """The document would have more than PAGES pages."""


@dataclass(frozen=True)
class Enclosed:
    """A file inside the PDF."""

    name: str
    description: str
    content: str
    media_type: str = "application/json"


def render(
    html: str,
    stylesheet: str,
    made_at: datetime.datetime,
    enclosed: Iterable[Enclosed] = (),
    pictures: Pictures | None = None,
    keeps: bool = True,
) -> bytes:
    """The PDF. The same arguments give the same bytes. Raises TooLongError.

    `keeps` is whether the process may keep what was not typed (triage/standing.py) for packets with the same answers.
    """
    from triage import typesetter

    return typesetter.render(html, stylesheet, made_at, enclosed, pictures, keeps)


def render_form(html: str, stylesheet: str, pictures: Pictures | None = None) -> bytes:
    """A form to print or to type into: PDF/UA-1, with a field for each input in the HTML.

    Not PDF/A: that wants a drawn appearance of each field, which WeasyPrint leaves to the viewer.
    """
    from triage import typesetter

    return typesetter.render_form(html, stylesheet, pictures)


def warm_up() -> None:
    """Does what the first document would otherwise wait for. Once in a process, and takes a fifth of a second."""
    from triage import typesetter

    typesetter.warm_up()
