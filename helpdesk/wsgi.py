"""The WSGI entry. Django runs no system checks under WSGI, so they run here: bad content stops the start."""

import os
import re
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

from helpdesk.ready import ReadyAnswers

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")

_django = get_wsgi_application()

if errors := [str(message) for message in run_checks() if message.is_serious()]:
    raise ImproperlyConfigured("\n".join(errors))

# What stands between the parts of a form, as https://www.rfc-editor.org/rfc/rfc2046#section-5.1.1 has it.
_BOUNDARY = re.compile(r""";\s*boundary=("?)([\w'()+,./:=?-]{1,70})\1\s*(?:;|$)""", re.ASCII | re.IGNORECASE)


def _site(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """The answer to a request, of whose content type only the kind and the boundary are listened to.

    Django reads this header before any middleware runs. Where it names an encoding that no text has (charset=hex), or
    one that is none, Django fails there, with the server's bare 500. All forms of this site are UTF-8.
    """
    named = environ.get("CONTENT_TYPE", "")
    kind, boundary = named.partition(";")[0], _BOUNDARY.search(named)
    environ["CONTENT_TYPE"] = f'{kind}; boundary="{boundary[2]}"' if boundary else kind
    return _django(environ, start_response)


# While somebody works on the words, each request reads them anew.
application = _site if settings.DEBUG else ReadyAnswers(_site)
