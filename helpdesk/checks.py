"""Turns a bad content file or fact sheet into system-check errors, and old facts into warnings."""

import datetime
from collections.abc import Iterable
from typing import Any

from django.core import checks
from django.utils import timezone

from helpdesk import loaded
from helpdesk.organization import Organization, Sourced
from helpdesk.records import ContentError

OLD = datetime.timedelta(days=365)


def check_content(**_: Any) -> list[checks.CheckMessage]:
    """E001: a content file or the fact sheet cannot be used. W001: facts that nobody has checked for a year."""
    try:
        loaded.catalog()
    except ContentError as error:
        hint = "Mend the file and run `manage.py check` again. docs/content.md and docs/fact-sheet.md explain the keys."
        return [checks.Error(fault, hint=hint, id="helpdesk.E001") for fault in error.faults]
    return list(_old_facts(loaded.organization(), timezone.localdate()))


def _old_facts(organization: Organization, today: datetime.date) -> Iterable[checks.CheckMessage]:
    for where, table in _tables(organization):
        if table.verified_on and table.verified_on < today - OLD:
            yield checks.Warning(
                f"fact sheet: {where}: last checked on {table.verified_on}, more than a year ago",
                hint="Check these facts at their source and set `verified_on` to the day.",
                id="helpdesk.W001",
            )


def _tables(organization: Organization) -> Iterable[tuple[str, Sourced]]:
    for name in ("organization", "portal", "app", "rules", "ages"):
        yield name, getattr(organization, name)
    for desk in type(organization.desks).model_fields:
        yield f"desks.{desk}", organization.desk(desk)
    for place in organization.places:
        yield f"places: {place.name}", place
