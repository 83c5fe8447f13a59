"""The help site, and the pages that only show content."""

from django.apps import AppConfig
from django.core.checks import register


class HelpdeskConfig(AppConfig):
    """Registers the checks."""

    name = "helpdesk"

    def ready(self) -> None:
        from helpdesk.checks import check_content, check_deployment

        register(check_content)
        register(check_deployment, deploy=True)
