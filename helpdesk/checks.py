"""Turns a bad content file or fact sheet into system-check errors, and facts and settings to look at into warnings."""

import datetime
import os
import re
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core import checks
from django.utils import timezone

from helpdesk import loaded
from helpdesk.languages import SOURCE
from helpdesk.organization import Organization, Sourced
from helpdesk.records import ContentError

OLD = datetime.timedelta(days=365)
SOON = datetime.timedelta(days=30)
VARIABLES = (
    "WAYIN_ACCESS_LOG",
    "WAYIN_CONTENT",
    "WAYIN_DEBUG",
    "WAYIN_HOSTS",
    "WAYIN_HTTPS",
    "WAYIN_METRICS",
    "WAYIN_ORGANIZATION",
)
# How many stale translations a warning names; `manage.py translations` shows all.
SHOWN = 10
THIS_MACHINE = {"localhost", "127.0.0.1", "[::1]"}
# Numbers and names that are kept free for examples: 555-01xx in North America, and RFC 2606.
FREE_FOR_EXAMPLES = re.compile(r"\b555[-. ]?01[0-9]{2}\b|[\w.-]+\.example\b(?!\.\w)|\bexample\.(?:com|net|org)\b")


def check_content(**_: Any) -> list[checks.CheckMessage]:
    """E001: a content file or the fact sheet cannot be used. W001: facts checked too long ago. W002: not yet.

    W005: a translation whose source changed. W006: the contact for security will soon be too old to be trusted.
    """
    if faults := list(_faults()):
        documents = "docs/content.md, docs/translations.md and docs/fact-sheet.md"
        hint = f"Mend the file and run `manage.py check` again. {documents} explain the keys."
        return [checks.Error(fault, hint=hint, id="helpdesk.E001") for fault in faults]
    organization, today = loaded.organization(), timezone.localdate()
    return [*_days(organization, today), *_expiry(organization, today), *_stale()]


def _faults() -> Iterable[str]:
    """What is wrong with the content, in every language. A fault of the source looks like another in translations."""
    try:
        loaded.catalog_in(SOURCE)
        loaded.desk_catalog()
        languages = loaded.languages()
    except ContentError as error:
        yield from error.faults
        return
    for language in languages:
        try:
            loaded.catalog_in(language)
        except ContentError as error:
            yield from error.faults


def _stale() -> Iterable[checks.CheckMessage]:
    for language in loaded.languages():
        if stale := loaded.catalog_in(language).stale:
            more = f" and {len(stale) - SHOWN} more" if len(stale) > SHOWN else ""
            yield checks.Warning(
                f"{language}: the {SOURCE} words changed since these were translated: {', '.join(stale[:SHOWN])}{more}",
                hint=f"Run `manage.py translations {language}`. docs/translations.md tells what to do.",
                id="helpdesk.W005",
            )


def check_deployment(**_: Any) -> list[checks.CheckMessage]:
    """Only with --deploy. E002: HTTPS without a name. W003: a variable that nothing reads. W004: a made-up fact."""
    try:
        organization = loaded.organization()
    except ContentError:
        organization = Organization()
    return [*_settings(), *_made_up(organization)]


def _settings() -> Iterable[checks.CheckMessage]:
    if settings.SECURE_SSL_REDIRECT and set(settings.ALLOWED_HOSTS) <= THIS_MACHINE:
        yield checks.Error(
            "WAYIN_HTTPS is 1, but the site answers to no name other than this machine's own",
            hint="Set WAYIN_HOSTS to the names that patients use, such as help.example.org.",
            id="helpdesk.E002",
        )
    for name in sorted(os.environ):
        if name.startswith("WAYIN_") and name not in VARIABLES:
            yield checks.Warning(
                f"{name}: nothing reads this variable",
                hint=f"Check its spelling. There are {', '.join(VARIABLES)}.",
                id="helpdesk.W003",
            )


def _made_up(organization: Organization) -> Iterable[checks.CheckMessage]:
    found = ["made_up = true"] if organization.organization.made_up else []
    found += dict.fromkeys(FREE_FOR_EXAMPLES.findall(organization.model_dump_json()))
    if found:
        yield checks.Warning(
            f"fact sheet: this is made up, or only an example: {', '.join(found)}",
            hint="Before patients see the site, write your own facts.",
            id="helpdesk.W004",
        )


def _days(organization: Organization, today: datetime.date) -> Iterable[checks.CheckMessage]:
    for where, table in _tables(organization):
        if table.verified_on and table.verified_on > today + datetime.timedelta(days=1):
            yield checks.Warning(
                f"fact sheet: {where}: last checked on {table.verified_on}, which is still to come",
                hint="Set `verified_on` to the day on which somebody checked these facts.",
                id="helpdesk.W002",
            )
        if table.verified_on and table.verified_on < today - OLD:
            yield checks.Warning(
                f"fact sheet: {where}: last checked on {table.verified_on}, more than a year ago",
                hint="Check these facts at their source and set `verified_on` to the day.",
                id="helpdesk.W001",
            )


def _expiry(organization: Organization, today: datetime.date) -> Iterable[checks.CheckMessage]:
    expires = organization.security.expires
    if expires and expires < today + SOON:
        yield checks.Warning(
            f"fact sheet: security: /.well-known/security.txt is not to be trusted from {expires} on",
            hint="Check whom to tell of a weakness, and set `verified_on` to the day.",
            id="helpdesk.W006",
        )


def _tables(organization: Organization) -> Iterable[tuple[str, Sourced]]:
    for name in ("organization", "portal", "app", "rules", "ages", "security"):
        yield name, getattr(organization, name)
    for desk in type(organization.desks).model_fields:
        yield f"desks.{desk}", organization.desk(desk)
    for place in organization.places:
        yield f"places: {place.name}", place
