"""Views and tasks that go wrong with what was posted to them in their hands."""

import ctypes
import threading
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import path

from helpdesk import urls
from triage import workers
from triage.downloads import may_be_busy


def fail(request: HttpRequest) -> HttpResponse:
    """Raises what quotes all that was posted, in every place where an exception can hold words."""
    said = repr(request.POST)
    try:
        raise KeyError(said)
    except KeyError as cause:
        error = RuntimeError(said, request)
        error.add_note(said)
        raise error from cause


def fail_unseen(request: HttpRequest) -> HttpResponse:
    """Fails with all that was posted where no view can: in a thread, and while an object is thrown away."""
    said = repr(request.POST)
    thread = threading.Thread(target=quote, args=(said,))
    thread.start()
    thread.join()
    type("Thrown", (), {"__del__": lambda self: quote(said)})()
    return HttpResponse("nobody saw it")


def hang(said: str) -> None:
    time.sleep(60)


def take_memory(said: str) -> bytes:
    return said.encode() * 2**31


def crash(said: str) -> None:
    ctypes.string_at(0)


def quote(said: str) -> None:
    raise ValueError(said)


def in_worker(task: Callable[[str], object]) -> Callable[[HttpRequest], HttpResponse]:
    """A view that hands all that was posted to this task in the warm process."""

    @may_be_busy
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(repr(workers.run(task, repr(request.POST))))

    return view


TASKS = (hang, take_memory, crash, quote)

urlpatterns = [
    path("fail/", fail, name="fail"),
    path("fail/unseen/", fail_unseen, name="fail-unseen"),
    *(path(f"fail/{task.__name__}/", in_worker(task), name=task.__name__) for task in TASKS),
    *urls.urlpatterns,
]
handler404, handler500, handler400 = urls.handler404, urls.handler500, urls.handler400
