"""An ordinary page of Django: a template with a loop of sixty rows, behind the middleware of every new project.

/8000/ has about as many bytes as it says, and its links written out; those of /8000/links/ are looked up, as the
handbook has it.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from startproject import *  # noqa: F403

ROOT_URLCONF = __name__

ROWS = 60
# What a row and the page around them have of their own.
ROW, AROUND = 43, 680


def page(request: HttpRequest, size: int, looked_up: bool = False) -> HttpResponse:
    words = "x" * max(1, (size - AROUND) // ROWS - ROW)
    rows = [{"slug": f"row-{number}", "title": f"Row {number}", "words": words} for number in range(ROWS)]
    return render(request, "links.html" if looked_up else "rows.html", {"rows": rows})


urlpatterns = [
    path("<int:size>/", page),
    path("<int:size>/links/", page, {"looked_up": True}),
    path("rows/<slug:slug>/", page, name="row"),
]
