"""The plain Django as its handbooks run it: gunicorn with its default settings, behind nginx with its own."""

import os
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from trials.stack import ROOT, Replica, Stack, _launched

SITE = """
upstream plain {{ {servers} }}
server {{
    listen 127.0.0.1:{port};
    location / {{
        proxy_pass http://plain;
        proxy_set_header Host $host;
    }}
}}
"""


class PlainReplica(Replica):
    """One gunicorn with one worker, which is its default."""

    def launch(self) -> None:
        words = [sys.executable, "-m", "gunicorn", "trials.plain.wsgi", "--bind", f"127.0.0.1:{self.port}"]
        self.process = _launched(words, self.log_file, self._environment)

    def is_ready(self) -> bool:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=5).close()
        except OSError:
            return False
        return True


class PlainStack(Stack):
    """nginx without TLS in front of replicas that share a database and a folder of pictures."""

    def __init__(self, folder: Path, replicas: int = 2, environment: Mapping[str, str] = {}) -> None:
        super().__init__(folder, replicas)
        self._listen = urlsplit(self.address).port
        self.address = f"http://localhost:{self._listen}"
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("WAYIN_", "DJANGO_"))}
        # gunicorn puts its control socket into HOME.
        own = {"HOME": str(self.folder), "TMPDIR": str(self.temporary), "SITE_FOLDER": str(self.folder)}
        self._plain = inherited | own | environment
        self.replicas = [PlainReplica(replica.port, replica.log_file, self._plain) for replica in self.replicas]

    def __enter__(self) -> "PlainStack":
        words = [sys.executable, "-m", "django", "migrate", "--settings", "trials.plain.settings", "--verbosity", "0"]
        subprocess.run(words, cwd=ROOT, env=self._plain, check=True)
        super().__enter__()
        return self

    def context(self) -> None:
        """It speaks no TLS."""

    def _make_certificate(self) -> None:
        pass

    def _make_pages(self) -> None:
        pass

    def _site(self) -> str:
        servers = " ".join(f"server 127.0.0.1:{replica.port};" for replica in self.replicas)
        return SITE.format(servers=servers, port=self._listen)
