"""What on-call sees of each request: a line in the log and a few numbers. Nothing in them is about a person."""

import logging

import prometheus_client
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from prometheus_client import Counter, Histogram

# One process is one replica, so its own numbers are all there are (docs/decisions/0011).
prometheus_client.disable_created_metrics()

REQUESTS = Counter("wayin_requests", "Requests that were answered", ["route", "method", "status"])
# From a page that is ready to a PDF that waited for its turn.
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20)
SECONDS = Histogram("wayin_request_seconds", "Seconds until the answer was made", ["route"], buckets=BUCKETS)

# A method is a word that a visitor chooses.
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_access = logging.getLogger("wayin.access")


# Where a request's environment (PEP 3333) has the name of its route, for who stands in front of Django.
ROUTE = "wayin.route"


def note(method: str, route: str, status: int, size: int, seconds: float) -> None:
    """Counts one request, and writes its line in the access log where that is on (WAYIN_ACCESS_LOG).

    route  of our own names (`route_of`)
    size   of the answer's body, in bytes
    """
    method = method if method in _METHODS else "other"
    REQUESTS.labels(route, method, status).inc()
    SECONDS.labels(route).observe(seconds)
    if _access.isEnabledFor(logging.INFO):
        line = {"method": method, "route": route, "status": status, "seconds": round(seconds, 4), "bytes": size}
        _access.info("", extra=line)


def route_of(request: HttpRequest) -> str:
    """The name of the address's pattern, never the address, which may be somebody's paste."""
    if request.path_info.startswith(settings.STATIC_URL):
        return "static"
    return (request.resolver_match and request.resolver_match.view_name) or "-"


def size_of(response: HttpResponse) -> int:
    """Bytes of the answer's body."""
    return int(response.get("Content-Length", 0)) if response.streaming else len(response.content)
