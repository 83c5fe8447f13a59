"""Addresses of the triage and the packet."""

from django.urls import path

from triage import downloads, views

urlpatterns = [
    path("triage/", views.symptoms, name="triage"),
    path("triage/question/", views.question, name="question"),
    path("triage/verdict/", views.verdict, name="verdict"),
    path("triage/details/", views.details, name="details"),
    path("triage/review/", views.review, name="review"),
    path("triage/resume/", views.resume, name="resume"),
    path("packet/", downloads.start, name="packet-start"),
    path("packet/blank.pdf", downloads.blank, name="blank"),
    path("packet/sample.pdf", downloads.sample, name="sample"),
    path("packet/<slug:kind>/", downloads.packet, name="packet"),
    path("checklist/checklist.pdf", downloads.checklist, name="checklist-pdf"),
]
