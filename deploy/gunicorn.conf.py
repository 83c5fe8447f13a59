"""gunicorn as `make run`, the tests and production start it. Run from the project's root folder.

PORT changes the port; WAYIN_ACCESS_LOG=1 turns the access log on (to standard output).
"""

import logging
import os
from pathlib import Path

from gunicorn.glogging import Logger

wsgi_app = "helpdesk.wsgi"
bind = f"127.0.0.1:{os.environ.get('PORT') or '8000'}"
proc_name = "wayin"

# Sized for two cores: processes scale, threads only keep a slow phone from holding a process.
worker_class = "gthread"
workers = 2
threads = 8
backlog = 256

timeout = 30
graceful_timeout = 20
keepalive = 5
# A worker is replaced now and then, so that a leak in a native library stays small; jitter keeps the
# workers from leaving together.
max_requests = 2000
max_requests_jitter = 200

# Our own answers are coded and short. The longest address (everything ticked) stays under 4094.
limit_request_line = 4094
limit_request_fields = 60
limit_request_field_size = 8190

# The worker's heartbeat is a file: a busy disk must not make it look dead.
if Path("/dev/shm").is_dir():  # noqa: S108 - not a temporary file of ours
    worker_tmp_dir = "/dev/shm"  # noqa: S108
# The control socket would be one more door, in the home folder.
control_socket_disable = True
# Believe X-Forwarded-* only from a proxy on this machine.
forwarded_allow_ips = "127.0.0.1,::1"

# Off by default. Never the address that was asked for (QuietLogger), the visitor's, the browser or the referrer.
accesslog = "-" if os.environ.get("WAYIN_ACCESS_LOG") == "1" else None
access_log_format = "%(m)s %(U)s %(s)s %(M)sms"
errorlog = "-"


class NothingPersonal(logging.Filter):
    """gunicorn quotes a refused request and its sender, and the whole address of a failed one: drop both."""

    def filter(self, record: logging.LogRecord) -> bool:
        if str(record.msg).startswith("Invalid request from"):
            record.msg = "Invalid request refused"
        elif str(record.msg).startswith("Error handling request") and isinstance(record.args, tuple):
            record.args = tuple(_pattern(str(word).partition("?")[0]) for word in record.args)
        return True


class QuietLogger(Logger):
    """Names the pattern of an address instead of the address, which may be somebody's paste."""

    def setup(self, cfg) -> None:
        super().setup(cfg)
        self.error_log.addFilter(NothingPersonal())

    def atoms(self, resp, req, environ, request_time):
        return super().atoms(resp, req, environ, request_time) | {"U": _pattern(environ.get("PATH_INFO", ""))}


def _pattern(path: str) -> str:
    from django.urls import Resolver404, resolve
    from django.utils import translation

    from helpdesk.alternates import language_of

    try:
        # Django knows the addresses of one language at a time.
        with translation.override(language_of(path)):
            return f"/{resolve(path).route}"
    except Resolver404:
        return "-"


logger_class = QuietLogger


def post_worker_init(worker) -> None:
    """Starts the process that draws PDFs, so that the first patient need not wait for it."""
    from triage import workers

    workers.warm_up()
