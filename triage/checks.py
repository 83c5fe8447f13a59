"""Turns content that does not fit the code into system-check errors."""

from typing import Any

from django.core import checks

from helpdesk import loaded
from helpdesk.records import ContentError
from triage import consistency

HINT = "docs/content.md tells how content and code fit together."


def check_consistency(**_: Any) -> list[checks.CheckMessage]:
    """E001: the engine or the packet could say something that has no words, or ask what nobody asks."""
    try:
        catalog = loaded.catalog()
    except ContentError:
        # helpdesk.E001 says it.
        return []
    return [checks.Error(fault, hint=HINT, id="triage.E001") for fault in consistency.faults(catalog)]
