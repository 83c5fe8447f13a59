"""This process's fact sheet and catalog: read once, then shared by all requests. Both are frozen."""

from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from helpdesk import catalog as catalogs
from helpdesk import organization as organizations
from helpdesk.catalog import Catalog
from helpdesk.organization import Organization


@lru_cache(maxsize=1)
def organization() -> Organization:
    """The fact sheet of the health system that runs this site. Raises ContentError."""
    return organizations.load(settings.WAYIN_ORGANIZATION)


@lru_cache(maxsize=1)
def catalog() -> Catalog:
    """All content, in the words that fit the fact sheet. Raises ContentError."""
    return catalogs.load(settings.LANGUAGE_CODE, organization())


def context(request: HttpRequest) -> dict[str, Any]:
    """What every template may use."""
    return {"catalog": catalog(), "site": catalog().site, "organization": organization()}
