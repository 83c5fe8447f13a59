"""`make fuzz`: each target for a while, one after the other. Prints its figures as Markdown.

    make fuzz                                    every target for a minute
    make fuzz SECONDS=300 ARGS="picture pdf"     these two for five minutes each

What was found lies in build/fuzz/<target>/found/: the case, and beside it what came of it. What was learned stays in
build/fuzz/<target>/learned/, so that a later run goes on from there.
"""

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path

from trials.fuzz.targets import TARGETS

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "fuzz"
HEAD = ("target", "what is fuzzed", "seconds", "cases", "cases/s", "edges", "found", "slowest case", "memory grew")


def main() -> int:
    """How many targets found something."""
    parser = argparse.ArgumentParser(prog="make fuzz")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("targets", nargs="*", default=[], metavar="target", help=", ".join(TARGETS))
    given = parser.parse_args()
    if unknown := sorted(set(given.targets) - set(TARGETS)):
        parser.error(f"there is no target called {unknown[0]}; there are {', '.join(TARGETS)}")
    _row(HEAD)
    _row(["---"] * len(HEAD))
    return sum(fuzzed(name, given.seconds) for name in given.targets or TARGETS)


def fuzzed(name: str, seconds: int) -> bool:
    """Whether it found anything. libFuzzer takes over a process, so each target has one of its own."""
    folder = FOLDER / name
    for part in ("found", "learned"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    for old in (folder / "found").iterdir():
        old.unlink()
    with (folder / "log").open("wb") as log:
        command = [sys.executable, "-m", "trials.fuzz.run", name, str(folder), str(seconds)]
        ended = subprocess.run(command, cwd=ROOT, stdout=log, stderr=log, check=False).returncode
    noted = folder / "noted.json"
    figures = json.loads(noted.read_text()) if noted.exists() else {}
    noted.unlink(missing_ok=True)
    found = len(list((folder / "found").glob("*.txt"))) + bool(ended)
    _row(_cells(name, figures, _edges(folder / "log"), found, ended))
    return bool(found)


def _cells(name: str, figures: dict[str, float], edges: str, found: int, ended: int) -> list[str]:
    if not figures:
        return [name, TARGETS[name].what, *["-"] * 4, f"it did not start: see build/fuzz/{name}/log", "-", "-"]
    return [
        name,
        TARGETS[name].what,
        f"{figures['seconds']:.0f}",
        f"{figures['cases']:,.0f}",
        f"{figures['cases'] / figures['seconds']:,.0f}",
        edges,
        f"{found}{f', ended by {ended}' if ended else ''}",
        f"{figures['slowest'] * 1000:.0f} ms",
        f"{figures['grew'] / 2**20:.0f} MB",
    ]


def _edges(log: Path) -> str:
    """How many branches of the instrumented code were taken, as libFuzzer counted them last."""
    counted = re.findall(rb" cov: (\d+)", log.read_bytes())
    return counted[-1].decode() if counted else "-"


def _row(cells: list[str] | tuple[str, ...]) -> None:
    print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    sys.exit(min(main(), 1))
