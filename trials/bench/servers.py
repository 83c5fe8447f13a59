"""The servers of the pages: ours, the peers' and nginx, each one process on 127.0.0.1."""

import importlib.util
import os
import pwd
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from trials.bench import peers
from trials.sites import EXAMPLE
from trials.stack import ROOT, _stop, _wait, free_ports

SITES = Path(__file__).with_name("sites")
DJANGO = "django.core.wsgi:get_wsgi_application"
THREADS = "8"

NGINX = """\
user {user};
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
events {{ worker_connections 1024; }}
http {{
    types {{ text/html html; }}
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        root {folder}/files;
    }}
}}
"""


@dataclass(frozen=True)
class Program:
    """How a server is started: its words, the folder it runs in, and its environment."""

    words: list[str]
    folder: Path
    environment: Mapping[str, str]


class Server:
    """A running server, as a context manager. Entering raises RuntimeError where it does not start."""

    def __init__(self, start: Callable[[int, Path], Program], folder: Path, ready: str) -> None:
        (self.port,) = free_ports(1)
        self._program, self._log, self._ready = start(self.port, folder), folder / f"{self.port}.log", ready

    def __enter__(self) -> "Server":
        program = self._program
        with self._log.open("wb") as log:
            how = {"cwd": program.folder, "env": program.environment, "start_new_session": True}
            self.process = subprocess.Popen(program.words, stdout=log, stderr=log, **how)
        try:
            _wait(lambda: self.get(self._ready)[0] == 200, self.process, self._log)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        _stop(self.process)

    def get(self, path: str, headers: Mapping[str, str] = {}, body: bytes | None = None) -> tuple[int, bytes]:
        """Status and content; status 0 where no answer came."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("POST" if body else "GET", path, body, dict(headers))
            answer = connection.getresponse()
            return answer.status, answer.read()
        except OSError:
            return 0, b""
        finally:
            connection.close()


def ours(server: str) -> Callable[[int, Path], Program]:
    """Our site as `make run` starts it; by the other server with the same number of threads."""

    def start(port: int, folder: Path) -> Program:
        environment = _clean() | {"PORT": str(port), "WAYIN_ORGANIZATION": str(EXAMPLE)}
        if server == "gunicorn":
            words = [sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py"]
        else:
            words = [sys.executable, *_granian(port), "helpdesk.wsgi:application"]
            if not importlib.util.find_spec("granian"):
                (packages,) = peers.FOLDER.glob("lib/python*/site-packages")
                environment["PYTHONPATH"] = str(packages)
        return Program(words, ROOT, environment)

    return start


def django(server: str, settings: str) -> Callable[[int, Path], Program]:
    """One of the Django sites in sites/, with a database in the folder where it has one."""

    def start(port: int, folder: Path) -> Program:
        environment = _clean() | {"SITE_FOLDER": str(folder), "DJANGO_SETTINGS_MODULE": settings, "HOME": str(folder)}
        return Program([str(peers.PYTHON), *_peer(server, port)], SITES, environment)

    return start


def wagtail(server: str) -> Callable[[int, Path], Program]:
    """The site that `wagtail start` makes, in production's settings."""

    def start(port: int, folder: Path) -> Program:
        environment = _clean() | {"DJANGO_SETTINGS_MODULE": "start.settings.production", "HOME": str(folder)}
        return Program([str(peers.PYTHON), *_peer(server, port)], folder / "wagtail", environment)

    return start


def nginx(port: int, folder: Path) -> Program:
    """Nothing but a file."""
    user = pwd.getpwuid(os.geteuid()).pw_name
    (folder / "nginx.conf").write_text(NGINX.format(user=user, port=port, folder=folder))
    words = [peers.program("nginx"), "-p", str(folder), "-c", "nginx.conf", "-e", "stderr"]
    return Program(words, folder, os.environ)


def prepare(folder: Path, page: bytes) -> None:
    """What the peers serve: a file of these bytes, django-helpdesk's knowledge base, and Wagtail's first site."""
    (folder / "files").mkdir()
    for file in (folder / "files" / "page.html", folder / "page.html"):
        file.write_bytes(page)
    desk = _clean() | {"SITE_FOLDER": str(folder), "DJANGO_SETTINGS_MODULE": "desk"}
    _run(SITES, desk, "-m", "django", "migrate", "--verbosity", "0")
    _run(SITES, desk, "-c", "import django; django.setup(); import desk_site; desk_site.fill()")
    start = folder / "wagtail"
    start.mkdir()
    _run(folder, _clean(), str(peers.FOLDER / "bin" / "wagtail"), "start", "start", str(start))
    # The plain names of static files: nobody has collected them.
    (start / "start" / "settings" / "local.py").write_text(
        'SECRET_KEY = "made up"\nALLOWED_HOSTS = ["127.0.0.1"]\nfrom .base import STORAGES\n'
        'STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"\n'
    )
    settings = {"DJANGO_SETTINGS_MODULE": "start.settings.production"}
    _run(start, _clean() | settings, "manage.py", "migrate", "--verbosity", "0")


def _peer(server: str, port: int) -> list[str]:
    if server == "granian":
        return [*_granian(port), "--factory", DJANGO]
    words = ["-m", "gunicorn", "--worker-class", "gthread", "--workers", "1", "--threads", THREADS]
    return [*words, "--no-control-socket", "--bind", f"127.0.0.1:{port}", f"{DJANGO}()"]


def _granian(port: int) -> list[str]:
    words = ["-m", "granian", "--interface", "wsgi", "--workers", "1", "--blocking-threads", THREADS, "--no-ws"]
    return [*words, "--host", "127.0.0.1", "--port", str(port)]


def _clean() -> dict[str, str]:
    """Nothing of whoever starts this: a fact sheet of another site, or settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("WAYIN_", "DJANGO_", "PYTHON"))}


def _run(folder: Path, environment: Mapping[str, str], *words: str) -> None:
    how = {"cwd": folder, "env": environment, "capture_output": True, "text": True}
    done = subprocess.run([str(peers.PYTHON), *words], check=False, **how)
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)}:\n{done.stdout}{done.stderr}")
