"""What the tests have a worker process do. Imports nothing of ours but what a task needs."""

import ctypes
import os
import resource
import socket
import time
from collections.abc import Iterable
from pathlib import Path


def sleep(seconds: float) -> str:
    time.sleep(seconds)
    return "slept"


def spin() -> None:
    while True:
        pass


def eat(size: int) -> int:
    return len(bytearray(size))


def eat_more_and_more() -> None:
    eaten = []
    while True:
        eaten.append(bytearray(64 * 1024 * 1024))


def crash() -> None:
    ctypes.string_at(0)


def leave() -> None:
    os._exit(3)


def write(path: str) -> None:
    Path(path).write_bytes(b"x" * 4096)


def echo(value: object) -> object:
    return value


def fail(words: str) -> None:
    raise LookupError(words)


def connect() -> None:
    socket.create_connection(("192.0.2.1", 80), timeout=1)


def resident() -> int:
    """Bytes that this process has in memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def refused(pictures: Iterable[bytes]) -> tuple[int, list[float]]:
    """How far the peak of memory rises while these are refused, and the seconds that each takes."""
    from triage.picture import PictureError, clean

    before, seconds = _peak(), []
    for sent in pictures:
        start = time.perf_counter()
        try:
            clean(sent)
        except PictureError:
            seconds.append(time.perf_counter() - start)
    return _peak() - before, seconds


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
