"""The WSGI entry. System checks do not run under WSGI, so bad content stops the start here."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")

application = get_wsgi_application()

from helpdesk import loaded  # noqa: E402 (needs the settings)

loaded.catalog()
