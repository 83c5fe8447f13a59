"""`make storm`: what the whole site does when everyone comes at once. Prints its figures as Markdown.

Visitors come at random and do not know of each other: visits begin as a Poisson process from a seeded generator, and
the loop is open (trials/arrivals.py). Of 100 requests 80 are for help pages, 15 for pages of the way (5 of them the
review page, by POST) and 5 for a packet (trials/visitors.py). On top of that rate come the stylesheets and icons that
browsers fetch, and those who are refused a PDF: they ask again after as long as the refusal says, twelve times in all.
Each visitor has a connection of its own over HTTP/1.1; what its TLS handshake takes is in the time of its first page.

The generator has the last core to itself, the site the others: on a machine of two cores the figures are those of one.
"""

import argparse
import asyncio
import gc
import math
import os
import signal
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from trials.arrivals import Answer, Crowd, Site, percentile, seeded
from trials.plain.stack import PlainStack
from trials.plain.visitors import PlainAsked, cookies
from trials.stack import Stack
from trials.visitors import Asked
from trials.watch import below

ATTEMPTS = 12

KINDS = {
    "help": "help page",
    "triage": "page of the way",
    "review": "review page (POST)",
    "picture": "review page with a picture (POST)",
    "packet": "packet (POST)",
    "file": "stylesheet, icon",
}
PAGES = ("help", "triage", "review")
# What needs the process for PDFs, and may be refused.
HEAVY = ("picture", "packet")


@dataclass(frozen=True)
class Phase:
    """A stretch of the plan with one rate, in requests a second. Its first seconds are left out: they fill up."""

    name: str
    start: float
    seconds: float
    rate: float
    left_out: float = 4.0

    def holds(self, at: float) -> bool:
        return self.start + self.left_out <= at < self.end

    @property
    def end(self) -> float:
        return self.start + self.seconds

    @property
    def measured(self) -> float:
        return self.seconds - self.left_out


def phases(idle: float, storm: Sequence[float], seconds: float) -> list[Phase]:
    """Idle, the steps of the storm, and idle again. Idle is twice as long as a step, since little happens in it."""
    plan = [Phase("idle", 0, 2 * seconds, idle)]
    for rate in storm:
        plan.append(Phase(f"storm, {rate:g}/s", plan[-1].end, seconds, rate))
    return [*plan, Phase("rest", plan[-1].end, 2 * seconds, idle, left_out=seconds)]


# ---- what the machine does meanwhile ----

PARTS = ("nginx", "site", "PDFs")
USED = (*PARTS, "generator", "others")


@dataclass(frozen=True)
class Sample:
    """Seconds of the plan, and for each part its memory in bytes and the seconds of a core that it has used so far."""

    at: float
    memory: Mapping[str, int]
    cpu: Mapping[str, float]


@dataclass
class StackWatch:
    """Looks at the processes of a stack once a second."""

    stack: Stack
    now: Callable[[], float]
    samples: list[Sample] = field(default_factory=list)

    def __enter__(self) -> "StackWatch":
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(1):
            self.samples.append(self.sample())

    def sample(self) -> Sample:
        memory, cpu = dict.fromkeys(PARTS, 0), dict.fromkeys(PARTS, 0.0)
        for pid, part in self._processes():
            try:
                memory[part] += proportional(pid)
                cpu[part] += cpu_seconds(pid)
            except OSError:  # it has just ended
                continue
        cpu["generator"] = time.process_time()
        return Sample(self.now(), memory, cpu | {"others": machine_seconds() - sum(cpu.values())})

    def _processes(self) -> Iterator[tuple[int, str]]:
        for pid in below(self.stack.nginx.pid):
            yield pid, "nginx"
        for pid, command in below(*(replica.process.pid for replica in self.stack.replicas)).items():
            yield pid, "PDFs" if "multiprocessing" in command else "site"

    def most(self, start: float, end: float) -> dict[str, int]:
        """The most memory that each part had in this time, in bytes."""
        held = [sample.memory for sample in self.samples if start <= sample.at < end]
        return {part: max((memory[part] for memory in held), default=0) for part in PARTS}

    def cores(self, phase: Phase) -> dict[str, float]:
        """How many cores each part used in this phase, on average."""
        first, *_, last = (sample for sample in self.samples if phase.start <= sample.at < phase.end)
        return {part: (last.cpu[part] - first.cpu[part]) / (last.at - first.at) for part in last.cpu}


def proportional(pid: int) -> int:
    """Bytes of memory, what is shared counted in shares (PSS)."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def machine_seconds() -> float:
    """Seconds of all cores that were at work, or kept from us by other machines on the same hardware."""
    user, nice, system, _, _, *interrupts_and_stolen = map(int, Path("/proc/stat").read_text().split()[1:9])
    return (user + nice + system + sum(interrupts_and_stolen)) / os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """Seconds of a core, with those of its children that have ended."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, words[11:15])) / os.sysconf("SC_CLK_TCK")


# ---- what it comes to ----


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines) + "\n"


def milliseconds(answers: Sequence[Answer]) -> str:
    """p50 / p95 / p99 of those that were answered well."""
    seconds = [answer.seconds for answer in answers if answer.outcome == "well"]
    if not seconds:
        return "-"
    return " / ".join(f"{1000 * percentile(seconds, share):.0f}" for share in (0.5, 0.95, 0.99))


@dataclass
class Report:
    """The figures of one run. `ended` is how many tasks were ended because they took too long or too much memory."""

    plan: list[Phase]
    answers: list[Answer]
    watch: StackWatch
    crowd: Crowd
    ended: int

    def of(self, phase: Phase, *kinds: str) -> list[Answer]:
        return [answer for answer in self.answers if phase.holds(answer.due) and answer.ask.kind in kinds]

    def times(self) -> str:
        head = ["phase", "offered", "held", *(f"{KINDS[kind]}, ms" for kind in (*PAGES, *HEAVY)), "refused", "failed"]
        return table(head, [self._times(phase) for phase in self.plan])

    def _times(self, phase: Phase) -> list[object]:
        mix = self.of(phase, *PAGES, *HEAVY)
        offered = [answer for answer in mix if not answer.attempt]
        held = [answer for answer in self.answers if phase.holds(answer.done) and answer.ask.kind != "file"]
        outcomes = Counter(answer.outcome for answer in mix)
        return [
            phase.name,
            f"{len(offered) / phase.measured:.0f}/s",
            f"{sum(answer.outcome != 'failed' for answer in held) / phase.measured:.0f}/s",
            *(milliseconds(self.of(phase, kind)) for kind in (*PAGES, *HEAVY)),
            f"{outcomes['refused'] / phase.measured:.1f}/s",
            outcomes["failed"],
        ]

    def cores(self) -> str:
        rows = []
        for phase in self.plan:
            cores = self.watch.cores(phase)
            made = [answer for answer in self.answers if phase.holds(answer.done) and answer.ask.kind == "packet"]
            arrived = sum(answer.outcome == "well" for answer in made) / phase.measured
            woke = [answer.woke - answer.due for answer in self.answers if phase.holds(answer.due)]
            late = f"{1000 * percentile(woke, 0.5):.1f} / {1000 * percentile(woke, 0.99):.1f}"
            rows.append([phase.name, *(f"{cores[part]:.2f}" for part in USED), f"{arrived:.1f}/s", late])
        return table(["phase", *(f"{part}, cores" for part in USED), "packets", "generator late, ms"], rows)

    def memory(self) -> str:
        idle, rest = self.plan[0], self.plan[-1]
        stretches = (idle.end - 3, idle.end), (idle.end, rest.end), (rest.end, math.inf)
        rows = {part: [self.watch.most(*stretch)[part] for stretch in stretches] for part in PARTS}
        rows["all"] = [sum(held) for held in zip(*rows.values(), strict=True)]
        lines = [[part, *(f"{held / 2**20:.0f} MB" for held in row)] for part, row in rows.items()]
        return table(["memory (PSS)", "idle", "most", "after"], lines)

    def packets(self) -> str:
        """Who wanted a packet, and how long it took them to get it, refusals counted in."""
        wanted: dict[int, list[Answer]] = defaultdict(list)
        for answer in self.answers:
            if answer.ask.kind == "packet":
                wanted[answer.visit].append(answer)
        waits = [tries[-1].done - tries[0].due for tries in wanted.values() if tries[-1].outcome == "well"]
        rows = {
            "wanted": len(wanted),
            "arrived at the first try": sum(tries[0].outcome == "well" for tries in wanted.values()),
            "arrived in the end": len(waits),
            "tries, on average": f"{sum(map(len, wanted.values())) / max(1, len(wanted)):.1f}",
            "seconds until it arrived, p50 / p95 / longest": " / ".join(
                f"{percentile(waits, share):.1f}" for share in (0.5, 0.95, 1)
            ),
        }
        return table(["packets", ""], list(rows.items()))

    def pages(self) -> str:
        """How much longer pages took while packets were refused than when little happened."""
        rows = []
        for phase in self.plan[1:]:
            refused = sum(answer.outcome == "refused" for answer in self.of(phase, "packet"))
            times = [self._p95(phase, kind) / self._p95(self.plan[0], kind) for kind in PAGES]
            rows.append([phase.name, f"{refused / phase.measured:.1f}/s", *(f"{ratio:.1f}" for ratio in times)])
        return table(["p95 / p95 when idle", "packets refused", *(KINDS[kind] for kind in PAGES)], rows)

    def _p95(self, phase: Phase, kind: str) -> float:
        return percentile([answer.seconds for answer in self.of(phase, kind) if answer.outcome == "well"], 0.95)

    def notes(self) -> str:
        outcomes = {
            outcome: Counter(f"{a.ask.kind} {a.trouble or a.status}" for a in self.answers if a.outcome == outcome)
            for outcome in ("refused", "failed")
        }
        sizes = {kind: [a.size for a in self.answers if a.ask.kind == kind and a.outcome == "well"] for kind in KINDS}
        said = [
            f"{self.crowd.connections} TLS handshakes for {len(self.answers)} requests",
            "bytes, on average: "
            + ", ".join(f"{KINDS[kind]} {sum(held) / max(1, len(held)):,.0f}" for kind, held in sizes.items()),
            f"tasks ended at a limit: {self.ended}",
            *(f"{name}: {dict(counted) or 'none'}" for name, counted in outcomes.items()),
        ]
        return "".join(f"- {line}\n" for line in said)


async def storm(site: Site, stack: Stack, plan: list[Phase], seed: int, asked: Asked) -> Report:
    random = seeded(seed)
    visits = [visit for phase in plan for visit in asked.visits(random, phase.rate, phase.seconds, phase.start)]
    crowd = Crowd(site, attempts=ATTEMPTS)
    start = time.monotonic()
    gc.collect()
    gc.freeze()
    with StackWatch(stack, lambda: time.monotonic() - start) as watch:
        await crowd.come(visits)
        await asyncio.sleep(max(0, plan[-1].start + plan[-1].seconds - crowd.now()) + 5)
    ended = stack.logs().count("broke its limit")
    return Report(plan, sorted(crowd.answers, key=lambda answer: answer.due), watch, crowd, ended)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rates", default="25,50,100,200", help="steps of the storm, in requests a second")
    parser.add_argument("--idle", type=float, default=10, help="requests a second before and after")
    parser.add_argument("--seconds", type=float, default=15, help="of a step; idle and rest take twice as long")
    parser.add_argument("--replicas", type=int, default=2)
    parser.add_argument("--without", choices=["cache", "nginx"], help="what to leave out, to see what it brings")
    parser.add_argument("--plain", action="store_true", help="the same at a plain Django")
    parser.add_argument("--shared", action="store_true", help="let the site use the generator's core too")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    # Whatever ends it, the stack ends with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    plan = phases(chosen.idle, [float(rate) for rate in chosen.rates.split(",")], chosen.seconds)
    asked = PlainAsked() if chosen.plain else Asked(fresh=chosen.without == "cache")
    cores = sorted(os.sched_getaffinity(0))
    if not chosen.shared:
        # What is started from here on stays on these.
        os.sched_setaffinity(0, cores[:-1] or cores)
    with (
        tempfile.TemporaryDirectory(prefix="wayin-storm-") as folder,
        (PlainStack if chosen.plain else Stack)(Path(folder), chosen.replicas) as stack,
    ):
        os.sched_setaffinity(0, cores[-1:])
        site = _site(stack, direct=chosen.without == "nginx")
        report = asyncio.run(storm(site, stack, plan, chosen.seed, asked))
    for part in (report.times, report.pages, report.cores, report.packets, report.memory, report.notes):
        print(part())
    sys.exit(any(answer.outcome == "failed" for answer in report.answers))


def _site(stack: Stack, direct: bool) -> Site:
    """nginx with TLS, or the first replica itself, which believes only this machine's own address."""
    if isinstance(stack, PlainStack):
        return Site(int(stack.address.rpartition(":")[2]), headers=cookies(stack))
    if direct:
        return Site(stack.replicas[0].port, headers="X-Forwarded-Proto: https\r\n", spread=False)
    return Site(int(stack.address.rpartition(":")[2]), stack.context())


if __name__ == "__main__":
    main()
