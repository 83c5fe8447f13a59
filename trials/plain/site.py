"""The plain Django: a form, a page to look it over, and a PDF, each in the way that first comes to mind."""

from django import forms
from django.contrib import admin
from django.core.files.storage import default_storage
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import path
from weasyprint import HTML


class RequestForm(forms.Form):
    name = forms.CharField()
    words = forms.CharField(label="What happened?", widget=forms.Textarea)
    picture = forms.ImageField(required=False)


def fill_in(request: HttpRequest) -> HttpResponse:
    form = RequestForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        picture = form.cleaned_data.pop("picture")
        saved = default_storage.save(picture.name, picture) if picture else ""
        request.session["request"] = form.cleaned_data | {"picture": saved}
        return redirect("review")
    return render(request, "form.html", {"form": form})


def review(request: HttpRequest) -> HttpResponse:
    if "request" not in request.session:
        return redirect("form")
    return render(request, "review.html", request.session["request"])


def packet(request: HttpRequest) -> HttpResponse:
    if "request" not in request.session:
        return redirect("form")
    html = render_to_string("packet.html", request.session["request"])
    pdf = HTML(string=html, base_url=default_storage.path("")).write_pdf()
    headers = {"Content-Disposition": 'attachment; filename="support-request.pdf"'}
    return HttpResponse(pdf, content_type="application/pdf", headers=headers)


urlpatterns = [
    path("admin/", admin.site.urls),
    path("", fill_in, name="form"),
    path("review/", review, name="review"),
    path("packet.pdf", packet, name="packet"),
]
