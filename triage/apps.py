"""The form and the packet."""

from django.apps import AppConfig
from django.core.checks import register


class TriageConfig(AppConfig):
    """Registers the check of the content against the code."""

    name = "triage"

    def ready(self) -> None:
        from triage.checks import check_consistency

        register(check_consistency)
