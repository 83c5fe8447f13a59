"""Addresses of the site. Each is public and never changes. Pages in other languages have its code before them."""

from django.conf.urls.i18n import i18n_patterns
from django.urls import include, path

from helpdesk import views

pages = [
    path("", views.home, name="home"),
    path("problems/", views.problems, name="problems"),
    path("problems/<slug:slug>/", views.problem, name="problem"),
    path("checklist/", views.checklist, name="checklist"),
    path("faq/", views.faq, name="faq"),
    path("contact/", views.contact, name="contact"),
    path("prepare/", views.prepare, name="prepare"),
    path("what-to-expect/", views.page, {"name": "what-to-expect"}, name="what-to-expect"),
    path("stay-safe/", views.page, {"name": "stay-safe"}, name="stay-safe"),
    path("how-access-works/", views.page, {"name": "how-access-works"}, name="how-access-works"),
    path("privacy/", views.page, {"name": "privacy"}, name="privacy"),
    path("accessibility/", views.page, {"name": "accessibility"}, name="accessibility"),
    path("for-support-desks/", views.for_support_desks, name="for-support-desks"),
    path("", include("triage.urls")),
]
# What is the same in every language.
urlpatterns = [
    path("look.css", views.look, name="look"),
    path("logo", views.logo, name="logo"),
    path("robots.txt", views.robots, name="robots"),
    path(".well-known/security.txt", views.security, name="security"),
    path("", include("triage.machine_urls")),
    *i18n_patterns(*pages, prefix_default_language=False),
]
handler404 = "helpdesk.views.not_found"
handler500 = "helpdesk.views.server_error"
handler400 = "helpdesk.views.bad_request"
