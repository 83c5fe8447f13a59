"""The files of deploy/ against each other and against the code that they run. What they do is in test_stack.py."""

import fnmatch
import gc
import re
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import browser
import pytest
from browser import ROOT
from django.conf import settings
from django.urls import reverse
from django.utils import translation

from helpdesk import probes
from helpdesk.loaded import languages
from triage import workers
from triage.renderers import RENDERERS

DEPLOY = ROOT / "deploy"
NGINX = (DEPLOY / "nginx.conf").read_text()
UNIT = (DEPLOY / "wayin@.service").read_text()
CONTAINER = (DEPLOY / "Containerfile").read_text()
KUBERNETES = (DEPLOY / "kubernetes.yaml").read_text()
GUNICORN = runpy.run_path(str(DEPLOY / "gunicorn.conf.py"))
MEGABYTE = 1024 * 1024


def value(text: str, key: str) -> str:
    """What stands after the key, which must stand there once: in systemd's, nginx's or YAML's way of writing it."""
    (found,) = re.findall(rf"^\s*(?:- )?{re.escape(key)}(?:=|: ?|\s+)(.*?);?(?:\s*#.*)?$", text, re.MULTILINE)
    return found


def seconds(text: str) -> int:
    return int(text.removesuffix("s"))


# systemd


@pytest.fixture(scope="module")
def unit(tmp_path_factory) -> Path:
    """The unit of one replica, as if the project lived here."""
    file = tmp_path_factory.mktemp("unit") / "wayin@8001.service"
    file.write_text(UNIT.replace("/opt/wayin/.venv/bin/python", sys.executable).replace("/opt/wayin", str(ROOT)))
    return file


def test_systemd_understands_every_line_of_the_unit(unit):
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
    ours = [line for line in done.stderr.splitlines() if unit.name in line]
    assert (ours, done.returncode) == ([], 0)


def test_the_unit_is_shut_in(unit):
    """systemd's own measure of what a unit could still do: 0 nothing, 10 everything. Ours has 1.0 with systemd 252."""
    words = ["systemd-analyze", "security", "--offline=yes", "--threshold=12", "--no-pager", unit]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-200:] + done.stderr


# nginx


def locations() -> Iterator[tuple[re.Pattern[str], str]]:
    """Where the addresses are that each location with a pattern takes, in nginx's order, and what it says of them."""
    for pattern, inside in re.findall(r"location ~ (\S+) \{(.*?)\n    \}", NGINX, re.DOTALL):
        yield re.compile(pattern), inside
    (rest,) = re.findall(r"location / \{(.*?)\n    \}", NGINX, re.DOTALL)
    yield re.compile(""), rest


def what_nginx_does_with(address: str) -> str:
    return next(inside for pattern, inside in locations() if pattern.search(address))


def addresses(*names: tuple) -> list[str]:
    found = []
    for language in languages():
        with translation.override(language):
            found += [reverse(name, args=arguments) for name, *arguments in names]
    return found


def test_in_every_language_nginx_keeps_nothing_that_was_typed():
    typed = [(name,) for name in ("triage", "question", "verdict", "details", "review", "resume")]
    for address in addresses(*typed, *(("packet", kind) for kind in RENDERERS)):
        assert "proxy_cache" not in what_nginx_does_with(address), address
    for address in addresses(
        ("home",), ("faq",), ("problem", "account-locked"), ("blank",), ("sample",), ("checklist-pdf",)
    ):
        assert "proxy_cache " in what_nginx_does_with(address), address


def test_in_every_language_nginx_counts_the_pdfs_of_a_visitor_and_nothing_else():
    for address in addresses(("packet", "pdf"), ("blank",), ("sample",), ("checklist-pdf",)):
        assert "limit_req " in what_nginx_does_with(address), address
    others = [
        ("home",),
        ("faq",),
        ("review",),
        ("checklist",),
        ("packet-start",),
        ("packet", "txt"),
        ("packet", "json"),
    ]
    for address in addresses(*others):
        assert "limit_req" not in what_nginx_does_with(address), address


def test_nginx_keeps_little_waiting_for_a_slow_reader():
    """`make faults` shows what it brings (slow-readers)."""
    tls = re.findall(r"^ *listen +.*443.*;", NGINX, re.MULTILINE)
    assert len(tls) == 2
    assert all("sndbuf=128k" in line for line in tls)


def test_what_is_loaded_is_taken_out_of_the_collectors_rounds_before_the_fork():
    try:
        GUNICORN["when_ready"](None)
        assert gc.get_freeze_count() > 10_000
    finally:
        gc.unfreeze()


def test_no_location_of_nginx_loses_the_headers_of_all():
    """nginx forgets those of the server where a location has one of its own."""
    places = [
        *(inside for _, inside in locations()),
        *re.findall(r"location (?:= )?/\w+/? *\{(.*?)\}", NGINX, re.DOTALL),
    ]
    assert len(places) >= 7
    assert not [inside for inside in places if "add_header" in inside or "proxy_set_header" in inside]


def test_nginx_knows_every_language_that_a_page_may_offer():
    (pattern,) = re.findall(r'map \$http_accept_language \$wished \{ "~(.*?)" ', NGINX)
    pattern = pattern.replace("(?<ours>", "(?P<ours>")
    for language in languages():
        found = re.match(pattern, f"fr-FR, {language}-XX;q=0.9")
        assert (found["ours"] if found else settings.LANGUAGE_CODE) == language


def test_what_nginx_takes_and_waits_for_fits_what_a_replica_takes_and_needs():
    # The buffer is the larger: what it is cut into on the way takes room too.
    assert re.findall(r"client_max_body_size +(\w+);", NGINX) == ["64k", "7m", "7m", "0"]
    for address in addresses(("review",), ("details",), ("resume",), ("packet", "pdf"), ("packet", "json")):
        assert "client_max_body_size 7m" in what_nginx_does_with(address), address
    assert value(NGINX, "client_body_buffer_size").strip() == "8m"
    assert settings.WAYIN_LONGEST_BODY < 7 * MEGABYTE
    (longest,) = re.findall(r'"~ \\S\{(\d+)\}" 1', NGINX)
    assert len(f"POST {'x' * (int(longest) - 1)} HTTP/1.1") < GUNICORN["limit_request_line"]
    assert NGINX.count("proxy_set_header") + 4 < GUNICORN["limit_request_fields"]
    (idle,) = re.findall(r"^    keepalive_timeout (\d+)s;$", NGINX.partition("\nserver {")[0], re.MULTILINE)
    assert int(idle) < GUNICORN["keepalive"]
    slowest_pdf = workers.PLACES * workers.SECONDS
    again, answer = (seconds(value(NGINX, f"proxy_{name}")) for name in ("next_upstream_timeout", "read_timeout"))
    assert slowest_pdf < again < answer


# A container, and Kubernetes


def test_the_container_and_kubernetes_mean_the_same_port_user_and_memory():
    assert re.findall(r"PORT=(\d+)", CONTAINER) == re.findall(r"EXPOSE (\d+)", CONTAINER) == ["8000"]
    assert '"--bind", "0.0.0.0:8000"' in CONTAINER
    assert (
        re.findall(r"containerPort: (\d+)", KUBERNETES)
        == [value(KUBERNETES, "prometheus.io/port").strip('"')]
        == ["8000"]
    )
    assert set(re.findall(r"port: (\w+)}", KUBERNETES)) == {"http"}
    assert value(CONTAINER, "USER") == ":".join(value(KUBERNETES, f"runAs{who}") for who in ("User", "Group"))
    assert value(KUBERNETES, "limits") == "{memory: 1Gi}"
    assert value(UNIT, "MemoryMax") == "1G"


def test_probes_ask_what_the_site_answers():
    asked = re.findall(r"httpGet: \{path: (\S+),", KUBERNETES) + re.findall(r"path: (/\w+)$", KUBERNETES, re.MULTILINE)
    asked += [f"/{name}" for name in re.findall(r'probe\.py"?,? "?(\w+)', CONTAINER + UNIT)]
    assert sorted(set(asked)) == sorted(probes.ANSWERS)
    after = dict(re.findall(r"(\w+)Probe:\n\s+httpGet: \{path: (\S+),", KUBERNETES))
    assert after == {"startup": "/readyz", "liveness": "/healthz", "readiness": "/healthz"}


def test_who_stops_a_replica_waits_until_its_pdfs_are_done():
    (pause,) = re.findall(r'command: \[sleep, "(\d+)"\]', KUBERNETES)
    assert workers.PLACES * workers.SECONDS < GUNICORN["graceful_timeout"] < int(value(UNIT, "TimeoutStopSec"))
    assert int(pause) + GUNICORN["graceful_timeout"] < int(value(KUBERNETES, "terminationGracePeriodSeconds"))


def test_kubernetes_shuts_the_replica_in():
    for key, wanted in {
        "runAsNonRoot": "true",
        "allowPrivilegeEscalation": "false",
        "readOnlyRootFilesystem": "true",
        "automountServiceAccountToken": "false",
        "capabilities": "{drop: [ALL]}",
        "seccompProfile": "{type: RuntimeDefault}",
        "egress": "[]",
    }.items():
        assert value(KUBERNETES, key) == wanted


def test_the_image_gets_all_that_the_site_is_made_of_and_nothing_else():
    kept = [
        line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")
    ]
    assert (ROOT / ".dockerignore").read_text().splitlines()[1] == "*"
    assert [path for path in kept if not (ROOT / path).exists()] == []
    needed = ["manage.py", "helpdesk", "triage", "templates", "static", *re.findall(r"deploy/\w+(?:\.\w+)+", CONTAINER)]
    needed += re.findall(r"COPY (requirements/\S+)", CONTAINER)
    assert sorted(set(needed) - {"deploy/Containerfile"}) == sorted(kept)
    assert not fnmatch.filter(kept, "tests*")


def test_the_image_gets_the_libraries_that_a_machine_gets():
    setup = runpy.run_path(str(ROOT / "bin" / "setup"))
    for stage in CONTAINER.split("\nFROM ")[1:]:
        assert set(setup["LIBRARIES"].values()) <= set(stage.split())
    assert {"fonts-noto-core", "fonts-noto-cjk"} <= set(CONTAINER.split())


# The rest


def test_the_readme_says_what_every_setting_does():
    readme = (DEPLOY / "README.md").read_text()
    said = set(re.findall(r"^\| `(\w+)` \|", readme, re.MULTILINE))
    there = set(re.findall(r"^(WAYIN_\w+) ", (ROOT / "helpdesk" / "settings.py").read_text(), re.MULTILINE))
    assert said == there - {"WAYIN_DEBUG", "WAYIN_ADDRESS", "WAYIN_LONGEST_FILE", "WAYIN_LONGEST_BODY"} | {"PORT"}


def test_the_probe_says_whether_a_replica_is_alive_and_ready(stack):
    assert asked(stack.replicas[0].port, "healthz") == 0
    assert asked(stack.replicas[0].port, "readyz", "5") == 0
    assert asked(stack.replicas[0].port, "nothing") == 1
    assert asked(browser.free_port(), "healthz") == 1
    assert asked(browser.free_port(), "readyz", "0.3") == 1


def asked(port: int, *words: str) -> int:
    environment = {"PORT": str(port), "PATH": "/usr/bin"}
    return subprocess.run([sys.executable, DEPLOY / "probe.py", *words], env=environment, check=False).returncode
