"""Rounds taken in turn, and what they come to. On a machine that others use too, only the ratios hold."""

import os
import platform
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean, median

from trials.arrivals import percentile
from trials.bench import peers


def in_turn(names: Iterable[str], rounds: int) -> Iterator[tuple[int, str]]:
    """A B C A B C ...: what disturbs the machine for a while then falls on all alike. Each with its round's number."""
    names = list(names)
    for number in range(rounds):
        for name in names:
            yield number, name


@dataclass
class Measured:
    """The values of one contender, round by round."""

    rounds: dict[int, list[float]] = field(default_factory=dict)

    def add(self, number: int, value: float) -> None:
        self.rounds.setdefault(number, []).append(value)

    @property
    def values(self) -> list[float]:
        return [value for values in self.rounds.values() for value in values]

    @property
    def median(self) -> float:
        return median(self.values)

    @property
    def mean(self) -> float:
        """For what is counted in steps too large for one value, such as a child's hundredths of a second."""
        return fmean(self.values)

    def at(self, share: float) -> float:
        """The percentile, 0.9 for p90."""
        return percentile(self.values, share)

    def ratio(self, other: "Measured") -> float:
        """The median of the ratios of rounds: what one took beside what the other took at that time."""
        both = self.rounds.keys() & other.rounds.keys()
        return median(median(self.rounds[number]) / median(other.rounds[number]) for number in both)


def machine(packages: Iterable[str], programs: Iterable[str]) -> str:
    """Where and with what the figures were measured, in one line."""
    found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    versions = [f"{package} {peers.version(package)}" for package in packages]
    versions += [peers.program_version(program) for program in programs]
    model = found[1].strip() if found else platform.machine()
    return (
        f"{os.cpu_count()} cores ({model}), Linux {platform.release()}, Python {platform.python_version()}, "
        + ", ".join(versions)
    )
