"""Settings. A fresh clone runs with no environment variable set.

WAYIN_ORGANIZATION  path of the health system's fact sheet (default: the blank one)
WAYIN_CONTENT       path of the rules and words, with a folder for each language (default: our own)
WAYIN_HOSTS         host names that the site answers to, with commas between (default: this machine only)
WAYIN_HTTPS         1 where a proxy in front speaks HTTPS: redirects, HSTS (default: 0)
WAYIN_ACCESS_LOG    1 writes a line for each request to standard output (default: 0)
WAYIN_METRICS       1 opens /metrics for Prometheus (default: 0)
WAYIN_DEBUG         1 for development only (default: 0)
"""

import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from helpdesk import languages
from helpdesk.organization import BLANK
from helpdesk.records import CONTENT


def env_bool(name: str) -> bool:
    """True for 1, false for 0 or nothing. Raises ImproperlyConfigured for anything else."""
    value = os.environ.get(name, "")
    if value not in ("", "0", "1"):
        raise ImproperlyConfigured(f"{name} must be 1 or 0, not {value!r}")
    return value == "1"


def env_list(name: str, default: str) -> list[str]:
    """The items between the commas; those of `default` where there are none."""
    items = [item.strip() for item in os.environ.get(name, "").split(",") if item.strip()]
    return items or [item.strip() for item in default.split(",")]


BASE_DIR = Path(__file__).resolve().parent.parent

DEBUG = env_bool("WAYIN_DEBUG")
# Nothing that outlives a process is signed: there are no sessions, no cookies and no accounts. So a fresh key for each
# process is safe, and there is no secret to keep or to lose.
SECRET_KEY = secrets.token_urlsafe(50)
ALLOWED_HOSTS = env_list("WAYIN_HOSTS", "localhost,127.0.0.1,[::1]")
# Where this site is known to be: the first of its names. FHIR wants an absolute address for its questionnaire.
WAYIN_ADDRESS = f"{'https' if env_bool('WAYIN_HTTPS') else 'http'}://{ALLOWED_HOSTS[0]}"
WAYIN_ORGANIZATION = Path(os.environ.get("WAYIN_ORGANIZATION") or BLANK)
WAYIN_CONTENT = Path(os.environ.get("WAYIN_CONTENT") or CONTENT)

INSTALLED_APPS = [
    "helpdesk",
    "triage",
    "crispy_forms",
    "django.forms",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "helpdesk.middleware.observed",
    "helpdesk.middleware.headers",
    "django.middleware.security.SecurityMiddleware",
    "helpdesk.middleware.answers_probes",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "helpdesk.middleware.language",
    "helpdesk.middleware.own_forms",
    "helpdesk.middleware.bounded_body",
    "django.middleware.common.CommonMiddleware",
]
ROOT_URLCONF = "helpdesk.urls"
WSGI_APPLICATION = "helpdesk.wsgi.application"
# The server keeps nothing (docs/decisions/0001): no database, no sessions, no cookies, no cache.
DATABASES: dict[str, dict[str, str]] = {}

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "helpdesk.loaded.context",
                "helpdesk.alternates.context",
            ],
            "builtins": [
                "django.templatetags.static",
                "crispy_forms.templatetags.crispy_forms_filters",
                "helpdesk.templatetags.integrity",
                "helpdesk.templatetags.once",
                "helpdesk.templatetags.words",
                "triage.templatetags.fields",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
CRISPY_ALLOWED_TEMPLATE_PACKS = ("wayin",)
CRISPY_TEMPLATE_PACK = "wayin"
CRISPY_FAIL_SILENTLY = False

LANGUAGE_CODE = languages.SOURCE
LANGUAGES = [(code, code) for code in languages.codes(WAYIN_CONTENT)]
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "build" / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
# WhiteNoise would let every other site read our static files.
WHITENOISE_ALLOW_ALL_ORIGINS = False

# What a visitor may send. The longest part is a picture, or a PDF that is given back; it is never put on disk.
WAYIN_LONGEST_FILE = 6 * 1024 * 1024
WAYIN_LONGEST_BODY = WAYIN_LONGEST_FILE + 256 * 1024
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = WAYIN_LONGEST_BODY
# Everything else: a filled-in form (12 kB) with the cleaned picture that it carries (1.5 MB at the most).
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
DATA_UPLOAD_MAX_NUMBER_FILES = 1

SECURE_REFERRER_POLICY = "no-referrer"
SECURE_SSL_REDIRECT = env_bool("WAYIN_HTTPS")
SECURE_HSTS_SECONDS = 63_072_000 if SECURE_SSL_REDIRECT else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_SSL_REDIRECT
# Machines ask a replica itself, without TLS.
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]
# Whether a request came by HTTPS is for the server to say (wsgi.url_scheme): it knows which proxies to believe
# (deploy/gunicorn.conf.py). Django would believe a header whoever sends it.
SECURE_PROXY_SSL_HEADER = None
WAYIN_METRICS = env_bool("WAYIN_METRICS")
SILENCED_SYSTEM_CHECKS = [
    "security.W002",  # clickjacking: our CSP says frame-ancestors 'none'
    "security.W003",  # CSRF: a token would need a cookie; middleware.own_forms refuses the forms of other sites
    "security.W021",  # HSTS preload is the health system's choice for its whole domain
]

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"private": {"()": "helpdesk.logs.PrivateFormatter"}},
    "filters": {"failures": {"()": "django.utils.log.CallbackFilter", "callback": lambda record: record.exc_info}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "private"},
        "stdout": {"class": "logging.StreamHandler", "formatter": "private", "stream": "ext://sys.stdout"},
    },
    # Libraries write here too, and may quote what they were given.
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "django": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
        # Only what failed: a line for each page that is not there, or each PDF that is turned away, helps nobody.
        "django.request": {"handlers": ["stderr"], "level": "ERROR", "filters": ["failures"], "propagate": False},
        "wayin.access": {
            "handlers": ["stdout"],
            "level": "INFO" if env_bool("WAYIN_ACCESS_LOG") else "CRITICAL",
            "propagate": False,
        },
    },
}
