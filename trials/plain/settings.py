"""The plain Django that our own site is compared with (docs/reliability.md). Nothing here is part of Way In."""

from pathlib import Path

from trials.bench.sites.startproject import *  # noqa: F403
from trials.bench.sites.startproject import FOLDER, TEMPLATES

TEMPLATES[0]["DIRS"] = [Path(__file__).parent / "templates"]
ROOT_URLCONF = "trials.plain.site"
WSGI_APPLICATION = "trials.plain.wsgi.application"
# The one folder that it writes into.
MEDIA_ROOT = FOLDER / "media"
