"""Breaks things on purpose, and says what came of it, for our site and for a plain Django beside it.

    make faults                                every fault, on both sites, as a table
    make faults ARGS="server-killed bombs"     these alone
    make faults ARGS="--only ours"             one site

A fault is a function in failures.py (what breaks around the site) or attacks.py (what somebody sends to it). Those that
change the machine's disks or network do so in namespaces of their own, and need root for that; nothing is changed for
anybody else. Everything is sent to this machine alone.
"""

import argparse
import datetime
import importlib.metadata
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import traceback
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

import django

from trials import attacks, failures  # noqa: F401 (their faults enter themselves)
from trials.fault import FAULTS, INSIDE, CannotTryError, Fault
from trials.sites import KINDS, Sites


def table(chosen: Iterable[str], kinds: Iterable[str]) -> bool:
    """Prints the table in Markdown, each row as soon as it is there. Whether ours is up to every pass line."""
    holds = True
    _row("fault", "what is done", "pass line", "ours", "holds", "a plain Django", "holds")
    _row(*["---"] * 7)
    with ExitStack() as held:
        sites = {kind: Sites(kind, held) for kind in kinds}
        for name in chosen:
            fault = FAULTS[name]
            ours, plain = (_tried(fault, sites.get(kind)) for kind in KINDS)
            holds = holds and ours[1] != NO
            _row(name, fault.done, f"{fault.line} ({fault.tests})" if fault.tests else fault.line, *ours, *plain)
    return holds


YES, NO, NEITHER = "yes", "**no**", "-"


def _tried(fault: Fault, sites: Sites | None) -> tuple[str, str]:
    """The figures, and whether the pass line holds."""
    if not sites or (fault.only_ours and sites.kind != "ours"):
        return "n/a" if fault.only_ours else "not tried", NEITHER
    try:
        outcome = fault.attempt(sites)
    except CannotTryError as error:
        return f"SKIPPED: {error}", NEITHER
    except Exception as error:  # noqa: BLE001 (one fault that breaks the trial must not end the others)
        traceback.print_exc()
        return f"the trial itself broke: {error!r}"[:200], NO
    return outcome.figures, YES if outcome.holds else NO


def _row(*cells: str) -> None:
    print(f"| {' | '.join(' '.join(cell.split()).replace('|', '/') for cell in cells)} |", flush=True)


def machine() -> str:
    """Where and with what the figures were measured."""
    found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**30
    path = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    nginx = subprocess.run([path, "-v"], capture_output=True, text=True, check=True).stderr.strip()
    versions = [f"{name} {importlib.metadata.version(name)}" for name in ("django", "gunicorn", "weasyprint", "pillow")]
    return (
        f"{datetime.datetime.now(datetime.UTC):%d %B %Y}: {os.cpu_count()} processors "
        f"({found[1].strip() if found else platform.machine()}), {memory} GB of memory, Linux {platform.release()}, "
        f"Python {platform.python_version()}, {', '.join(versions)}, {nginx.removeprefix('nginx version: ')}"
    )


def main() -> int:
    if sys.argv[1:2] == ["--inside"]:
        print(json.dumps(INSIDE[sys.argv[2]](*json.loads(sys.argv[3]))))
        return 0
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__.partition("\n")[0])
    parser.add_argument("faults", nargs="*", help=f"these alone, of: {', '.join(FAULTS)}")
    parser.add_argument("--only", choices=KINDS, help="one site alone")
    options = parser.parse_args()
    if unknown := set(options.faults) - set(FAULTS):
        parser.error(f"no such fault: {', '.join(sorted(unknown))}")
    django.setup()
    print(f"{machine()}\n", flush=True)
    return 0 if table(options.faults or FAULTS, [options.only] if options.only else KINDS) else 1


if __name__ == "__main__":
    sys.exit(main())
