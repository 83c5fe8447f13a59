"""gunicorn as `make run`, the tests and production start it. Run from the project's root folder.

One such server is one replica, and PORT is where it listens. More replicas carry more (docs/decisions/0011).
"""

import gc
import os
import resource
from pathlib import Path

from gunicorn.glogging import Logger

wsgi_app = "helpdesk.wsgi"
bind = f"127.0.0.1:{os.environ.get('PORT') or '8000'}"
proc_name = "wayin"

# Processes scale, and are added as replicas. Threads only keep a slow phone, or a PDF, from holding the process.
worker_class = "gthread"
workers = 1
threads = 8
backlog = 256
# A worker that dies is forked again from what is loaded, in a tenth of a second instead of two.
preload_app = True

timeout = 30
# A packet with a picture may wait for its turn and be worked on twice: 2 x PLACES x SECONDS (triage/workers.py).
graceful_timeout = 26
keepalive = 5

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
# Not even that one says by a header where the site is mounted, or what was asked for.
forwarder_headers = ""

# The site itself writes a line for each request (WAYIN_ACCESS_LOG, helpdesk/monitoring.py).
accesslog = None
errorlog = "-"


class PrivateLogger(Logger):
    """gunicorn quotes a refused request and its sender, and the whole address of a failed one: not here."""

    def setup(self, cfg) -> None:
        # Only now: gunicorn has gone to the project's folder.
        from helpdesk.logs import PrivateFormatter

        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(PrivateFormatter())

    def access(self, *_) -> None:
        """Never, whatever the options: it names addresses and browsers. The site writes a line of its own."""


logger_class = PrivateLogger


def on_starting(server) -> None:
    # A memory image of a worker that crashes would hold what patients typed.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Python's own helper processes write warnings to standard error, which are no lines of our log.
    os.environ["PYTHONWARNINGS"] = "ignore"


def when_ready(server) -> None:
    """What is loaded stays: the collector need not look through it with every long page, nor a fork copy its memory."""
    gc.collect()
    gc.freeze()


def pre_request(worker, req) -> None:
    """gunicorn's own names the address where somebody turns its debug log on."""


def post_worker_init(worker) -> None:
    """Starts the process that draws PDFs, so that the first patient need not wait for it."""
    from helpdesk.logs import speak_for_python
    from triage import renderers

    speak_for_python()
    renderers.warm_up()
