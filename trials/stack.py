"""The whole site on loopback, as deploy/ runs it: nginx with TLS in front of replicas that share nothing.

`make stack` prints its addresses and runs it until Ctrl-C.
"""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from http.client import HTTPConnection
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NGINX_CONF = ROOT / "deploy" / "nginx.conf"

# What Debian's own nginx.conf puts around a site, with the habits that ours has to undo: a log, compression of all.
# The workers are whoever starts this: another user might not be let into the folder of a test.
AROUND_THE_SITE = """\
user {user};
worker_processes auto;
worker_rlimit_nofile 10240;
pid {folder}/nginx.pid;
error_log {folder}/logs/nginx.log;
events {{ worker_connections 4096; }}
http {{
    types {{ text/html html; }}
    default_type application/octet-stream;
    access_log {folder}/logs/nginx-by-default.log;
    gzip on;
    client_body_temp_path {folder}/temporary/body;
    proxy_temp_path {folder}/temporary/proxy;
    fastcgi_temp_path {folder}/temporary/fastcgi;
    uwsgi_temp_path {folder}/temporary/uwsgi;
    scgi_temp_path {folder}/temporary/scgi;
    include {folder}/site.conf;
}}
"""


class Replica:
    """One gunicorn of ours, with its worker and its process for PDFs."""

    process: subprocess.Popen

    def __init__(self, port: int, log_file: Path, environment: Mapping[str, str]) -> None:
        self.port = port
        self.log_file = log_file
        self._environment = {**environment, "PORT": str(port)}

    def start(self) -> None:
        """Starts it, or starts it again on the same port, and waits until it is ready.

        Raises RuntimeError where it does not start, with what it said.
        """
        self.launch()
        self.wait_until_ready()

    def launch(self) -> None:
        """Starts it without waiting."""
        words = [sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py"]
        self.process = _launched(words, self.log_file, self._environment)

    def wait_until_ready(self) -> None:
        _wait(self.is_ready, self.process, self.log_file)

    def is_ready(self) -> bool:
        """Whether it has its content and can draw PDFs, as it says itself."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def kill(self) -> None:
        """SIGKILL to all of it at once, so that nothing is finished and nothing is said."""
        _kill(self.process)

    def stop(self) -> None:
        """SIGTERM, as systemd and Kubernetes send it; waits until what was under way is done."""
        _stop(self.process)


class Stack:
    """nginx and replicas, as a context manager.

    folder        for everything that they write: logs, the cache, temporary files; made where it is not there
    organization  the fact sheet, instead of the blank one
    environment   more for the replicas, or other than here

    Entering raises RuntimeError where a part does not start, with what it said.
    """

    nginx: subprocess.Popen

    def __init__(
        self,
        folder: Path,
        replicas: int = 2,
        organization: str | None = None,
        environment: Mapping[str, str] = {},
    ) -> None:
        self.folder = Path(folder).resolve()
        self.cache = self.folder / "cache"
        self.temporary = self.folder / "temporary"
        self.certificate = self.folder / "certificate.pem"
        self._key = self.folder / "key.pem"
        self._logs = self.folder / "logs"
        for needed in (self._logs, self.temporary):
            needed.mkdir(parents=True, exist_ok=True)
        self._plain_port, self._port, *ports = free_ports(2 + replicas)
        self.address = f"https://localhost:{self._port}"
        self.plain_address = f"http://localhost:{self._plain_port}"
        self._shared = self._environment(organization) | dict(environment)
        self.replicas = [Replica(port, self._logs / f"replica-{port}.log", self._shared) for port in ports]

    def __enter__(self) -> "Stack":
        try:
            for replica in self.replicas:
                replica.launch()
            self._make_certificate()
            self._make_pages()
            self.start_nginx()
            for replica in self.replicas:
                replica.wait_until_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        parts = [getattr(self, "nginx", None), *(getattr(replica, "process", None) for replica in self.replicas)]
        running = [part for part in parts if part]
        for part in running:
            part.terminate()
        for part in running:
            _stop(part)

    def start_nginx(self) -> None:
        """Starts nginx, or starts it again, and waits until it answers. Raises RuntimeError where it does not."""
        user = pwd.getpwuid(os.geteuid()).pw_name
        (self.folder / "nginx.conf").write_text(AROUND_THE_SITE.format(folder=self.folder, user=user))
        (self.folder / "site.conf").write_text(self._site())
        log = self._logs / "nginx.log"
        words = [_nginx(), "-p", str(self.folder), "-c", "nginx.conf", "-e", "stderr", "-g", "daemon off;"]
        self.nginx = _launched(words, log, os.environ)
        _wait(lambda: _listens(self._port), self.nginx, log)

    def context(self) -> ssl.SSLContext:
        """For clients: it trusts this stack's certificate and no other."""
        return ssl.create_default_context(cafile=str(self.certificate))

    def logs(self) -> str:
        """All that nginx and all replicas wrote."""
        return "".join(file.read_text(errors="replace") for file in sorted(self._logs.iterdir()))

    def _environment(self, organization: str | None) -> dict[str, str]:
        # Nothing of whoever starts this: a test's settings, or a fact sheet of another site.
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("WAYIN_", "DJANGO_"))}
        environment |= {"WAYIN_HTTPS": "1", "WAYIN_HOSTS": "localhost,127.0.0.1"}
        environment |= {"WAYIN_ACCESS_LOG": "1", "WAYIN_METRICS": "1", "TMPDIR": str(self.temporary)}
        environment["MALLOC_ARENA_MAX"] = "2"
        return environment | ({"WAYIN_ORGANIZATION": organization} if organization else {})

    def _make_certificate(self) -> None:
        names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
        kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
        files = ["-keyout", str(self._key), "-out", str(self.certificate)]
        words = ["openssl", "req", *kind, "-subj", "/CN=localhost", "-addext", names, *files]
        subprocess.run(words, check=True, capture_output=True)

    def _make_pages(self) -> None:
        """The pages that nginx has for when no replica answers, with the phone numbers of this fact sheet."""
        words = [sys.executable, "manage.py", "proxy_pages", str(self.folder / "proxy")]
        subprocess.run(words, cwd=ROOT, env=self._shared, check=True, capture_output=True)

    def _site(self) -> str:
        """The shipped configuration. Only its lines marked CHANGE are changed."""
        changes = {
            "server 127.0.0.1:8001": [f"server 127.0.0.1:{replica.port}" for replica in self.replicas],
            "server 127.0.0.1:8002": [],
            "proxy_cache_path /run/wayin": [f"proxy_cache_path {self.cache}"],
            "map $http_accept_language": ["map $http_accept_language"],
            "listen 80;": [f"listen 127.0.0.1:{self._plain_port};"],
            "listen [::]:80;": [],
            "listen 443": [f"listen 127.0.0.1:{self._port}"],
            "listen [::]:443": [],
            "server_name help.example.org": ["server_name localhost 127.0.0.1"],
            "return 301 https://help.example.org": [f"return 301 {self.address}"],
            "ssl_certificate /etc/ssl/certs/help.example.org.pem": [f"ssl_certificate {self.certificate}"],
            "ssl_certificate_key /etc/ssl/private/help.example.org.key": [f"ssl_certificate_key {self._key}"],
            "access_log /var/log/nginx/wayin.log": [f"access_log {self._logs}/nginx-wayin.log"],
            "limit_conn wayin_large 100": ["limit_conn wayin_large 100"],
            "root /opt/wayin/build": [f"root {self.folder}"],
        }
        lines = NGINX_CONF.read_text().splitlines()
        return "\n".join(new for line in lines for new in (_changed(line, changes) if "# CHANGE" in line else [line]))


def free_ports(count: int) -> list[int]:
    """So many ports of 127.0.0.1, all different, that nobody listens on."""
    with contextlib.ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


def _changed(line: str, changes: Mapping[str, list[str]]) -> list[str]:
    """The lines in place of this one: its beginning is replaced by each of the beginnings that stand for it."""
    statement = " ".join(line.split())
    for beginning, new_ones in changes.items():
        if statement.startswith(beginning):
            return [new + statement.removeprefix(beginning) for new in new_ones]
    raise RuntimeError(f"{NGINX_CONF} has a line marked CHANGE that nobody here knows how to change: {statement}")


def _nginx() -> str:
    # It is for administrators, and so not on everybody's path.
    path = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if not path:
        raise RuntimeError("nginx is missing: make set-up-test installs it, or apt-get install nginx")
    return path


def _launched(words: list[str], log_file: Path, environment: Mapping[str, str]) -> subprocess.Popen:
    """A part of the stack. It leads a session of its own, so that one signal can reach all that it starts."""
    with log_file.open("ab") as log:
        return subprocess.Popen(words, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True)


def _wait(ready: Callable[[], bool], process: subprocess.Popen, log_file: Path, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not ready():
        if process.poll() is not None or time.monotonic() > until:
            _kill(process)
            raise RuntimeError(f"{process.args} did not start:\n{log_file.read_text(errors='replace')}")
        time.sleep(0.02)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _stop(process: subprocess.Popen, seconds: float = 30) -> None:
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    # What is left of it goes too, as systemd would have it.
    _kill(process)


def _kill(process: subprocess.Popen) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def main() -> None:
    # Whatever ends it, its parts end with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with (
        contextlib.suppress(KeyboardInterrupt),
        tempfile.TemporaryDirectory(prefix="wayin-stack-") as folder,
        Stack(Path(folder), organization=os.environ.get("WAYIN_ORGANIZATION")) as stack,
    ):
        print(f"Way In: {stack.address} (its certificate: {stack.certificate})")
        print(f"        {stack.plain_address} leads there")
        replicas = ", ".join(f"http://127.0.0.1:{replica.port}" for replica in stack.replicas)
        print(f"        replicas: {replicas}")
        print(f"        logs and cache: {stack.folder}. Ctrl-C stops it.", flush=True)
        signal.pause()


if __name__ == "__main__":
    main()
