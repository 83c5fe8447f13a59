"""What breaks around a site: processes, replicas, disks, the network, clocks, its own content."""

import datetime
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from fcntl import ioctl
from pathlib import Path
from statistics import median
from urllib.parse import parse_qsl

from trials.fault import ROOT, CannotTryError, Outcome, fault, inside
from trials.sites import EXAMPLE, Answer, Site, Sites, Visitor, ask, urlencoded
from trials.stack import Replica
from trials.watch import alive, below, children, until

WORDS = "Words that are typed once."


def codes(answers: Iterable[Answer]) -> str:
    """The statuses that came, each once."""
    return ", ".join(str(code or "no answer") for code in sorted({answer.status for answer in answers}))


def requests(visitors: Iterable[Visitor]) -> str:
    """How many requests there were, how many failed, and how many were asked to wait, with all that was typed."""
    answers = [answer for visitor in visitors for answer in visitor.answers]
    waiting = sum(answer.to_wait for answer in answers)
    failed = sum(not answer.good for answer in answers) - waiting
    return f"{failed} of {len(answers)} requests fail ({failed / len(answers):.1%}), {waiting} are asked to wait"


# ---- processes ----


@fault(
    "The server process of one replica of two is killed (SIGKILL) every 3 s, five times, under 2 journeys a second",
    "Every journey ends with its PDF, nothing typed twice; each replica is whole again in < 2 s",
)
def server_killed(sites: Sites, kills: int = 5) -> Outcome:
    replicas = sites.shared.stack.replicas
    with _journeys(sites.shared, a_second=2) as journeys:
        pages, whole = zip(*(_back_again(sites.shared, replicas[number % 2]) for number in range(kills)), strict=True)
    finished = sum(journey.result() for journey in journeys.values())
    figures = (
        f"{finished} of {len(journeys)} journeys finish; {requests(journeys)}; pages again after {median(pages):.1f} s "
        f"(at most {max(pages):.1f}), whole again after {median(whole):.1f} s (at most {max(whole):.1f})"
    )
    return Outcome(figures, finished == len(journeys) > 0 and max(whole) < 20, median(whole) < 2)


@contextmanager
def _journeys(site: Site, a_second: float) -> Iterator[dict]:
    """Journeys that start while the block runs, whatever became of those before; all have ended after it."""
    stop, journeys = threading.Event(), {}

    def start() -> None:
        while not stop.wait(1 / a_second):
            visitor = site.visitor()
            journeys[visitor] = pool.submit(visitor.journey, WORDS)

    with ThreadPoolExecutor(64) as pool:
        starting = threading.Thread(target=start)
        starting.start()
        try:
            yield journeys
        finally:
            stop.set()
            starting.join()


def _back_again(site: Site, replica: Replica) -> tuple[float, float]:
    """Seconds from the death of its server process until it answers, and until its process for PDFs does too."""
    time.sleep(3)
    os.kill(server_of(replica), signal.SIGKILL)
    start = time.perf_counter()
    ask(f"http://localhost:{replica.port}/", headers=site.visitor(direct=True).headers())
    answered = time.perf_counter() - start
    return answered, answered + until(replica.is_ready, 20)


def server_of(replica: Replica) -> int:
    """The process of a replica that answers requests."""
    return children(replica.process.pid)[-1]


@fault(
    "One replica of two is killed (SIGKILL, all of it) while 20 visitors look over what they typed",
    "All 20 go on to their PDF, nothing typed twice",
)
def replica_killed(sites: Sites) -> Outcome:
    with sites.fresh() as site:
        visitors = {f"Words of number {number}.": site.visitor() for number in range(20)}
        for words, visitor in visitors.items():
            visitor.send(words)
        site.stack.replicas[0].kill()
        went_on = sum(visitor.pdf().holds(words) for words, visitor in visitors.items())
    return Outcome(f"{went_on} of 20 go on; {requests(visitors.values())}", went_on == 20)


@fault(
    "The process that draws PDFs is killed (SIGKILL) while it draws, five times; then the server process above it",
    "503 with all that was typed; the next PDF within 2 s; 8 s later no process is left over",
    tests="tests/test_workers.py",
    only_ours=True,
)
def renderer_killed(sites: Sites) -> Outcome:
    replica, visitor = sites.shared.stack.replicas[0], sites.shared.visitor(direct=True, patient=False)
    words = "Long words. " * 150
    visitor.send(words)
    cut, seconds = [], []
    for _ in range(5):
        cut.append(_pdf_cut_short(visitor, replica))
        seconds.append(until(lambda: visitor.pdf().status == 200, 10))
    kept = all(answer.holds(words) for answer in cut)
    family = below(server_of(replica))
    os.kill(server_of(replica), signal.SIGKILL)
    until(lambda: not any(map(alive, family)), 8)
    left = sum(map(alive, family))
    figures = (
        f"{codes(cut)}, words kept: {kept}; next PDF after {median(seconds):.1f} s (at most {max(seconds):.1f}); "
        f"left over: {left} of {len(family)}"
    )
    return Outcome(figures, codes(cut) == "503" and kept and max(seconds) < 10 and not left, median(seconds) < 2)


def _pdf_cut_short(visitor: Visitor, replica: Replica) -> Answer:
    """The answer to a PDF whose process was killed as it was drawn."""
    # The fork server and the process that draws have one command; the second is the child of the first.
    both = [pid for pid, command in below(replica.process.pid).items() if "forkserver" in command]
    (drawing,) = [pid for pid in both if any(pid in children(above) for above in both)]
    killer = threading.Timer(0.04, os.kill, (drawing, signal.SIGKILL))
    killer.start()
    answer = visitor.pdf()
    killer.join()
    return answer


# ---- disks ----


@fault(
    "The disk is full to the last byte: the one with the logs, nginx's cache and all temporary files (a tmpfs)",
    "10 of 10 journeys finish; when there is room again, the log goes on without a restart",
)
def disk_full(sites: Sites) -> Outcome:
    done = on_a_full_disk(sites.kind)
    figures = (
        f"{done['finished']} of 10 journeys finish; {done['requests']}; with room again: "
        f"journey finishes: {done['after']}, log goes on: {done['logs']}"
    )
    return Outcome(figures, done["finished"] == 10 and done["after"] and done["logs"])


@inside("mount")
def on_a_full_disk(kind: str) -> dict:
    mount_tmpfs("/mnt")
    with ExitStack() as held, Sites(kind, held).fresh(folder=Path("/mnt"), replicas=1) as site:
        _must(site.visitor().journey(WORDS), "the site does not work before the disk is full")
        _fill(Path("/mnt/filler"))
        visitors = [site.visitor() for _ in range(10)]
        finished = sum(visitor.journey(WORDS) for visitor in visitors)
        logged = len(site.stack.logs())
        Path("/mnt/filler").unlink()
        after = site.visitor().journey(WORDS)
        until(lambda: len(site.stack.logs()) > logged, 3)
        logs = len(site.stack.logs()) > logged
    return {"finished": finished, "requests": requests(visitors), "after": after, "logs": logs}


def _must(true: object, otherwise: str) -> None:
    """A trial that did not do what it says must not look like one that passed."""
    if not true:
        raise RuntimeError(otherwise)


def _fill(file: Path) -> None:
    with file.open("wb", buffering=0) as filler, suppress(OSError):
        while True:
            filler.write(b"x" * 4096)


# What can be written, and the site's environment there: as in a container, and as deploy/wayin@.service has it.
WRITABLE = {"/tmp and /dev/shm": {"TMPDIR": ""}, "/dev/shm alone": {"TMPDIR": "/dev/shm"}}  # noqa: S108


@fault(
    "Nothing can be written but the proxy's own folder, a private /tmp and /dev/shm; then not even that /tmp",
    "A journey with a picture ends with its PDF in both; files written: 0",
)
def read_only_disks(sites: Sites) -> Outcome:
    said, sound = [], True
    for writable in WRITABLE:
        done = on_read_only_disks(sites.kind, writable)
        said.append(f"{writable}: journey ends {done['ends']}, files written: {done['files']}")
        sound = sound and done["ends"] == "well" and not done["files"]
    return Outcome("; ".join(said), sound)


@inside("mount")
def on_read_only_disks(kind: str, writable: str) -> dict:
    # The proxy's folder is a disk of its own, so that what the site writes is known by itself.
    mount_tmpfs("/mnt")
    _mount_private_tmp()
    mount_tmpfs("/dev/shm")  # noqa: S108
    # There the plain Django has its database, which is made before the disk is read-only.
    mount_tmpfs("/srv")
    for mounted in _disks():
        _mount("-o", "remount,bind,ro", mounted)
    if writable == "/dev/shm alone":  # noqa: S108
        _mount("-o", "remount,ro", "/tmp")  # noqa: S108
    environment = WRITABLE[writable] | {"SITE_FOLDER": "/srv"}
    options = {"folder": Path("/mnt"), "replicas": 1, "environment": environment}
    with ExitStack() as held, Sites(kind, held).fresh(**options) as site:
        _mount("-o", "remount,ro", "/srv")
        with _FilesWritten() as written:
            visitor = site.visitor(patient=False)
            visitor.send(WORDS, picture=picture())
            ends = "well" if visitor.pdf().holds(WORDS) else f"with {codes(visitor.answers)}"
    return {"ends": ends, "files": written.most}


def picture() -> bytes:
    """A picture as somebody would send it, 150 kB."""
    from io import BytesIO

    from PIL import Image

    file = BytesIO()
    Image.effect_noise((400, 400), 80).save(file, "PNG")
    return file.getvalue()


class _FilesWritten:
    """In a `with` block, how many files there were at once that were not there before, with and without a name.

    It looks five hundred times a second at all that can be written.
    """

    def __enter__(self) -> "_FilesWritten":
        self.most, self._before = 0, self._now()
        self._stop = threading.Event()
        self._looking = threading.Thread(target=self._look)
        self._looking.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._looking.join()

    def _look(self) -> None:
        while not self._stop.wait(0.002):
            self.most = max(self.most, self._now() - self._before)

    @staticmethod
    def _now() -> int:
        systems = [os.statvfs(place) for place in ("/tmp", "/dev/shm")]  # noqa: S108
        return sum(system.f_files - system.f_ffree for system in systems)


def _mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True)


def mount_tmpfs(place: str, size: str = "64m") -> None:
    """A small disk in memory, for this process and its children alone."""
    _mount("-t", "tmpfs", "-o", f"size={size},mode=1777", "tmpfs", place)


def _mount_private_tmp() -> None:
    """A new /tmp, with nothing in it but the project, if that is there."""
    kept = Path("/mnt/project")
    kept.mkdir()
    _mount("--bind", str(ROOT), str(kept))
    mount_tmpfs("/tmp")  # noqa: S108
    if ROOT.is_relative_to("/tmp"):  # noqa: S108
        ROOT.mkdir(parents=True)
        _mount("--bind", str(kept), str(ROOT))


def _disks() -> list[str]:
    """Where disks are mounted."""
    invented = {"proc", "sysfs", "devpts", "devtmpfs", "tmpfs", "cgroup", "cgroup2", "mqueue"}
    lines = [line.split(" - ") for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    return [about.split()[4] for about, source in lines if source.split()[0] not in invented]


# ---- the network ----


@fault(
    "There is no network but loopback (a network namespace of its own)",
    "Every page and every PDF is the same, byte by byte",
)
def no_network(sites: Sites) -> Outcome:
    alone, usual = without_network(sites.kind), _digests(sites.shared)
    other = [name for name in usual if alone.get(name) != usual[name]]
    figures = f"{len(usual) - len(other)} of {len(usual)} the same"
    return Outcome(figures + (f"; not {', '.join(other)[:100]}" if other else ""), not other and len(usual) > 1)


@inside("net")
def without_network(kind: str) -> dict:
    _loopback_up()
    with ExitStack() as held, Sites(kind, held).fresh(replicas=1) as site:
        return _digests(site)


def _loopback_up() -> None:
    """SIOCSIFFLAGS with IFF_UP, as `ip link set lo up` does; see netdevice(7)."""
    with socket.socket() as any_socket:
        ioctl(any_socket, 0x8914, struct.pack("16sh14x", b"lo", 0x1))


def _digests(site: Site) -> dict[str, str]:
    """A digest of each page that the first pages lead to, and of each PDF."""
    visitor = site.visitor()
    visitor.send(WORDS)
    content = {"the packet": visitor.pdf().content}
    if site.kind == "ours":
        # The same reference and time, for the same bytes.
        made = {"reference": "2345-678K", "made-at": f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}T00:00:00+00:00"}
        form = urlencoded(dict(parse_qsl(visitor.carried()[1].decode())) | made)
        content["the packet"] = visitor.ask("/packet/pdf/", form).content
        content |= {path: visitor.ask(path).content for path in ("/packet/blank.pdf", "/checklist/checklist.pdf")}
    found = {path for start in visitor.STARTS for path in _links(visitor, start)}
    content |= {path: without_token(visitor.ask(path).content) for path in sorted(found)}
    _must(all(content.values()), "a page has nothing in it")
    return {name: hashlib.sha256(held).hexdigest() for name, held in content.items()}


def _links(visitor: Visitor, path: str) -> set[str]:
    return {path, *re.findall(r'href="(/[^"?#]*)"', visitor.ask(path).content.decode())}


def without_token(content: bytes) -> bytes:
    """The page without what Django hides in a form against forgery, which is new each time."""
    return re.sub(rb'value="\w{64}"', b"", content)


# ---- clocks ----


@fault(
    "The clocks of two replicas are 10 minutes apart; what one shows to look over, the other makes into a file",
    "Both ways the file has the reference and the time of the page",
    only_ours=True,
)
def clocks_apart(sites: Sites) -> Outcome:
    libraries = [*Path("/").glob("usr/lib/*/faketime/libfaketime.so.1")]
    if not libraries:
        raise CannotTryError("needs faketime (apt-get install faketime)")
    ahead = {"LD_PRELOAD": str(libraries[0]), "FAKETIME": "+10m"}
    with sites.fresh(replicas=1) as right, sites.fresh(replicas=1, environment=ahead) as fast:
        shown, made = _shown_and_made(right, fast)
        late_shown, late_made = _shown_and_made(fast, right)
    apart = datetime.datetime.fromisoformat(late_shown["made-at"]) - datetime.datetime.fromisoformat(shown["made-at"])
    _must(apart > datetime.timedelta(minutes=9), "the clocks are not apart")
    references = [made["reference"] == shown["reference"], late_made["reference"] == late_shown["reference"]]
    times = [made["made_at"] == shown["made-at"], late_made["made_at"] == late_shown["made-at"]]
    figures = f"reference kept: {sum(references)} of 2, time kept: {sum(times)} of 2"
    return Outcome(figures, all(references + times))


def _shown_and_made(first: Site, second: Site) -> tuple[dict[str, str], dict]:
    """What the page of the first site carries, and the data that the second one makes of it."""
    visitor = first.visitor()
    visitor.send(WORDS)
    form = visitor.carried()
    return dict(parse_qsl(form[1].decode())), json.loads(second.visitor().ask("/packet/json/", form).content)


# ---- content ----


@fault(
    "A broken fact sheet is put in place of the good one; a running replica's process is killed; one is started anew",
    "The running one goes on, also with a new process; the start is refused, and the file and the key are named",
    tests="tests/test_security.py, tests/test_checks.py",
    only_ours=True,
)
def content_broken(sites: Sites) -> Outcome:
    with tempfile.TemporaryDirectory(prefix="wayin-facts-") as folder:
        facts = Path(folder) / "organization.toml"
        shutil.copy(EXAMPLE, facts)
        with sites.fresh(replicas=1, organization=str(facts)) as site:
            (replica,) = site.stack.replicas
            facts.write_text('[desks.support]\nphone = "call us"\n')
            served = sum(site.visitor(direct=True).ask("/contact/").status == 200 for _ in range(20))
            before = server_of(replica)
            os.kill(before, signal.SIGKILL)
            until(lambda: not alive(before), 25)
            goes_on = until(replica.is_ready, 15) < 15
            replica.stop()
            said = _said_at_start(replica)
    named = f"{facts}: desks.support.phone" in said
    figures = (
        f"the running one serves {served} of 20 pages, and with a new process {'goes on' if goes_on else 'ends'}; "
        f"start refused: {bool(said)}, file and key named: {named}"
    )
    return Outcome(figures, named and served == 20 and goes_on)


def _said_at_start(replica: Replica) -> str:
    """What it said as it refused to start; nothing where it started."""
    try:
        replica.start()
    except RuntimeError as error:
        return str(error)
    return ""
