"""What a fault is, and how one is tried in namespaces of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Outcome:
    """What one site did.

    figures  in words
    sound    whether it is up to the pass line but for its times
    in_time  whether it is up to those too, which a busy machine may not be
    """

    figures: str
    sound: bool
    in_time: bool = True

    @property
    def holds(self) -> bool:
        return self.sound and self.in_time


class CannotTryError(Exception):
    """This machine lacks what the fault needs. The argument says what, and how to get it."""


Attempt = Callable[..., Outcome]


@dataclass(frozen=True)
class Fault:
    """What is done, what must come of it, and the tests that show the same in the small."""

    name: str
    attempt: Attempt
    done: str
    line: str
    tests: str
    only_ours: bool


FAULTS: dict[str, Fault] = {}


def fault(done: str, line: str, tests: str = "", only_ours: bool = False) -> Callable[[Attempt], Attempt]:
    """Makes a function one of the faults, under its own name. It takes the Sites to try it on."""

    def enter(attempt: Attempt) -> Attempt:
        name = attempt.__name__.replace("_", "-")
        FAULTS[name] = Fault(name, attempt, done, line, tests, only_ours)
        return attempt

    return enter


INSIDE: dict[str, Callable[..., dict]] = {}


def inside(*namespaces: str) -> Callable[[Callable[..., dict]], Callable[..., dict]]:
    """Makes a function run in a process in namespaces of its own ("mount", "net"), with JSON going in and out.

    What is mounted there is there for that process alone. Raises CannotTryError where that cannot be had.
    """

    def enter(function: Callable[..., dict]) -> Callable[..., dict]:
        INSIDE[function.__name__] = function

        def call(*arguments: object) -> dict:
            if not _can_unshare(namespaces):
                raise CannotTryError(f"needs root, and namespaces of its own ({', '.join(namespaces)})")
            words = [*_unshare(namespaces), sys.executable, "-m", "trials.faults", "--inside", function.__name__]
            words.append(json.dumps(arguments))
            done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
            if done.returncode:
                raise RuntimeError(f"{function.__name__} failed:\n{done.stdout}{done.stderr}")
            return json.loads(done.stdout.splitlines()[-1])

        return call

    return enter


def _unshare(namespaces: Iterable[str]) -> list[str]:
    return ["unshare", *(f"--{namespace}" for namespace in namespaces), "--fork", "--kill-child", "--"]


@cache
def _can_unshare(namespaces: tuple[str, ...]) -> bool:
    try:
        done = subprocess.run([*_unshare(namespaces), "true"], capture_output=True, check=False)
    except FileNotFoundError:
        return False
    return os.geteuid() == 0 and done.returncode == 0
