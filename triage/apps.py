"""The form and the packet."""

from django.apps import AppConfig
from django.core.checks import register


class TriageConfig(AppConfig):
    """Registers the check of the content against the code, and what a replica needs to be ready."""

    name = "triage"

    def ready(self) -> None:
        from helpdesk import probes
        from triage import workers
        from triage.checks import check_consistency

        register(check_consistency)
        probes.PARTS["pdf"] = workers.answers
