"""The least that Django can do: a view that returns ready bytes, and no middleware."""

from django.http import HttpRequest, HttpResponse
from django.urls import path
from startproject import *  # noqa: F403

INSTALLED_APPS = []
MIDDLEWARE = []
ROOT_URLCONF = __name__

PAGE = (FOLDER / "page.html").read_bytes()  # noqa: F405


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(PAGE)


urlpatterns = [path("", page)]
