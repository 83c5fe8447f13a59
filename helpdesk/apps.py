"""The help site, and the pages that only show content."""

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import register
from django.utils.autoreload import StatReloader, autoreload_started


class HelpdeskConfig(AppConfig):
    """Registers the checks, and has the development server start anew when words change."""

    name = "helpdesk"

    def ready(self) -> None:
        from helpdesk.checks import check_content, check_deployment

        register(check_content)
        register(check_deployment, deploy=True)
        autoreload_started.connect(_watch_content)


def _watch_content(sender: StatReloader, **_: object) -> None:
    sender.watch_dir(settings.WAYIN_CONTENT, "**/*.toml")
