"""Addresses of the triage and the packet."""

from django.urls import path

from triage import views

urlpatterns = [
    path("triage/", views.symptoms, name="triage"),
    path("triage/question/", views.question, name="question"),
    path("triage/verdict/", views.verdict, name="verdict"),
    path("triage/details/", views.details, name="details"),
    path("triage/review/", views.review, name="review"),
    path("packet/", views.packet_start, name="packet-start"),
    path("packet/packet-1.schema.json", views.schema, name="schema"),
    path("packet/<slug:kind>/", views.packet, name="packet"),
]
