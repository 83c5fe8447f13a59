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
        catalogs = [loaded.catalog_in(language) for language in loaded.languages()]
    except ContentError:
        # helpdesk.E001 says it.
        return []
    faults = dict.fromkeys(fault for catalog in catalogs for fault in consistency.faults(catalog))
    return [checks.Error(fault, hint=HINT, id="triage.E001") for fault in faults]
