"""django-helpdesk as its handbook installs it, without teams."""

from startproject import *  # noqa: F403

INSTALLED_APPS += [  # noqa: F405
    "django.contrib.sites",
    "django.contrib.humanize",
    "rest_framework",
    "django_cleanup.apps.CleanupConfig",
    "helpdesk",
]
SITE_ID = 1
HELPDESK_TEAMS_MODE_ENABLED = False
ROOT_URLCONF = "desk_site"
