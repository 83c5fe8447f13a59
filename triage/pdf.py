"""The PDF, by WeasyPrint: it fetches nothing, and has a limit on pages."""

import threading
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher

PAGES = 16


class TooLongError(Exception):
    """The document would have more than PAGES pages."""


class FetchNothing(URLFetcher):
    """Refuses every address, and counts how often it was asked, so that a test can see that nobody asked."""

    def __init__(self) -> None:
        super().__init__(timeout=1, allowed_protocols=(), allow_redirects=False, fail_on_errors=False)
        self.asked = 0

    def fetch(self, url: str, headers: Any = None) -> Any:
        self.asked += 1
        raise ValueError("the packet refers to nothing outside itself")


# Pango's font map is not safe to share between threads, and each FontConfiguration leaks about 0.25 MiB. So there is
# one for the process, and one render at a time. (Threads would gain nothing: layout holds the interpreter's lock.)
_lock = threading.Lock()


@lru_cache(maxsize=1)
def _fonts() -> FontConfiguration:
    return FontConfiguration()


@lru_cache(maxsize=2)
def _stylesheet(path: Path) -> CSS:
    return CSS(string=path.read_text(encoding="utf-8"), font_config=_fonts(), url_fetcher=FetchNothing())


def render(html: str, fetcher: FetchNothing | None = None) -> bytes:
    """A tagged PDF/UA-1 of the HTML. Raises TooLongError."""
    with _lock:
        document = HTML(string=html, url_fetcher=fetcher or FetchNothing()).render(
            stylesheets=[_stylesheet(settings.BASE_DIR / "static" / "paper.css")],
            font_config=_fonts(),
            pdf_variant="pdf/ua-1",
        )
        if len(document.pages) > PAGES:
            raise TooLongError(f"{len(document.pages)} pages")
        pdf: bytes = document.write_pdf(pdf_variant="pdf/ua-1")
        return pdf
