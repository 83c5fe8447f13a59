"""The visitors of `make storm` at the plain Django, which has one page of each kind for what ours has many of."""

import http.client
from urllib.parse import urlsplit

from trials.arrivals import Ask
from trials.plain.stack import PlainStack
from trials.visitors import Asked, Language, Request, a_screen, multipart

# Django believes a form whose token is that of the cookie.
TOKEN = "c" * 32
TYPED = [("csrfmiddlewaretoken", TOKEN), ("name", "Maria Example"), ("words", "Your account has been locked. " * 20)]


class PlainAsked(Asked):
    """The same visits: as many help pages (the form), pages of the way (to look it over), forms sent and packets."""

    def __init__(self) -> None:
        self.files = self.paper = ()
        without, with_picture = _request("review", {}), _request("picture", {"picture": a_screen()})
        self.languages = dict.fromkeys(("en", "es"), Language((Ask("help", "/"),) * 4, (without,), (with_picture,)))


def _request(kind: str, files: dict[str, bytes]) -> Request:
    body, content_type = multipart(TYPED, files)
    way = (Ask("triage", "/review/"),) * 3
    return Request(way, Ask(kind, "/", body, content_type), Ask("packet", "/packet.pdf"))


def cookies(stack: PlainStack) -> str:
    """The header of a visitor who has filled in the form once, so that no page sends them back to it."""
    place = urlsplit(stack.address)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=10)
    body, content_type = multipart(TYPED, {})
    own = f"csrftoken={TOKEN}"
    connection.request("POST", "/", body, {"Content-Type": content_type, "Cookie": own})
    session = connection.getresponse().headers["Set-Cookie"].partition(";")[0]
    connection.close()
    return f"Cookie: {own}; {session}\r\n"
