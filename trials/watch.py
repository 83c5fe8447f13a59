"""What the processes of a site take while something is done to it: memory, and room on a disk. Linux only."""

import contextlib
import os
import re
import resource
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

MIB = 1024 * 1024


def below(*pids: int) -> dict[int, str]:
    """These processes and every one below them, each with its command."""
    parents, commands = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            commands[int(folder.name)] = (folder / "cmdline").read_text().replace("\0", " ")
    family = set(pids)
    while more := {pid for pid, above in parents.items() if above in family} - family:
        family |= more
    return {pid: commands[pid] for pid in sorted(family & commands.keys())}


def children(pid: int) -> list[int]:
    """The processes that this one started, oldest first."""
    with contextlib.suppress(OSError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def alive(pid: int) -> bool:
    """Whether the process runs; one that only waits to be buried does not."""
    try:
        return not re.search(r"^State:\s+[ZX]", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    except OSError:
        return False


def until(true: Callable[[], object], seconds: float) -> float:
    """Seconds until this is true; `seconds` or more where it never was."""
    start = time.perf_counter()
    while time.perf_counter() - start < seconds and not true():
        time.sleep(0.02)
    return time.perf_counter() - start


class Watch:
    """In a `with` block, the most that these processes and this file system took, looked at a hundred times a second.

    memory  bytes that the processes grew by, all together (resident)
    disk    bytes that the file system of the folder grew by; files without a name count as well
    """

    def __init__(self, *pids: int, folder: Path | None = None) -> None:
        self.pids, self.folder = pids, folder
        self.memory = self.disk = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> "Watch":
        self._before = self._now()
        self._thread.start()
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._stop.wait(0.01):
            memory, disk = self._now()
            self.memory = max(self.memory, memory - self._before[0])
            self.disk = max(self.disk, disk - self._before[1])

    def _now(self) -> tuple[int, int]:
        return sum(map(resident, self.pids)), used(self.folder) if self.folder else 0


def resident(pid: int) -> int:
    """Bytes that this process has in memory; 0 where it is gone."""
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()
    return 0


def used(folder: Path) -> int:
    """Bytes taken on the file system that the folder is on."""
    system = os.statvfs(folder)
    return (system.f_blocks - system.f_bfree) * system.f_frsize
