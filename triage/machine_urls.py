"""Addresses of what machines need to read a packet: the same in every language."""

from django.urls import path

from triage import downloads

urlpatterns = [
    path("packet/packet-1.schema.json", downloads.schema, name="schema"),
    path("packet/questionnaire.json", downloads.fhir_questionnaire, name="questionnaire"),
]
