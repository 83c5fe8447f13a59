"""The digests by which a browser knows our stylesheets and scripts."""

from base64 import b64encode
from functools import cache
from hashlib import sha384
from pathlib import Path

from django import template
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage

register = template.Library()


@register.simple_tag
@cache
def integrity(name: str) -> str:
    """What the static file must be, or the browser takes none of it (https://www.w3.org/TR/sri-2/).

    Empty, and so no demand, while developing: there the files change.
    """
    if settings.DEBUG:
        return ""
    file = Path(staticfiles_storage.path(staticfiles_storage.stored_name(name)))
    return f"sha384-{b64encode(sha384(file.read_bytes()).digest()).decode()}"
