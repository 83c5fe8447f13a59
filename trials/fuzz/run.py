"""Fuzzes one target in this process, which libFuzzer takes over. `make fuzz` starts it (trials/fuzz/__main__.py)."""

import hashlib
import json
import os
import random
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from trials.fuzz.targets import TARGETS

# Seconds of processor time from which a case is a hang.
HANG = 2.0
# Bytes by which the process may grow once it has settled. libFuzzer keeps the cases that it learns from in it.
GROWTH = 256 * 2**20
# How many of the changes repeat a piece of a case.
REPEATED = 0.1
# Seconds and MB after which libFuzzer itself ends the process.
TIMEOUT, MEMORY = 60, 2048


class Watched:
    """A target that never fails: what it does wrong is written down, and the search goes on."""

    def __init__(self, attempt: Callable[[bytes], None], folder: Path, seconds: int) -> None:
        self.attempt = attempt
        self.folder = folder
        self.began = time.monotonic()
        # A quarter of the time is for filling what is filled once.
        self.settles = self.began + seconds / 4
        self.settled = 0
        self.noted = 0.0
        self.cases = 0
        self.slowest = 0.0

    def __call__(self, case: bytes) -> None:
        began = time.thread_time()
        try:
            self.attempt(case)
        except Exception as error:  # noqa: BLE001 (all that a target lets out is a finding)
            self.found(case, _place(error), traceback.format_exc())
        took = time.thread_time() - began
        if took > HANG:
            self.found(case, "hang", f"{took:.2f} seconds")
        self.slowest = max(self.slowest, took)
        self.cases += 1
        if time.monotonic() - self.noted > 0.5:
            self.note()

    def note(self) -> None:
        """Writes down how far it is: libFuzzer ends the process without a word."""
        self.noted = time.monotonic()
        memory = _memory()
        if self.noted > self.settles and not self.settled:
            self.settled = memory
        grew = memory - self.settled if self.settled else 0
        if grew > GROWTH:
            self.found(b"", "memory", f"{grew:,} bytes more than when it had settled")
        figures = {"cases": self.cases, "seconds": self.noted - self.began, "slowest": self.slowest, "grew": grew}
        (self.folder / "noted.json").write_text(json.dumps(figures))

    def found(self, case: bytes, place: str, told: str) -> None:
        """Keeps the first case that went wrong in this way at this place."""
        name = hashlib.sha256(place.encode()).hexdigest()[:12]
        told_file = self.folder / "found" / f"{name}.txt"
        if not told_file.exists():
            told_file.write_text(told, errors="backslashreplace")
            told_file.with_suffix(".case").write_bytes(case)


def _place(error: Exception) -> str:
    """What went wrong and where in the code: the last two steps there, since the last may be the one that checks."""
    steps = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)[-2:]]
    return f"{type(error).__name__} {' '.join(steps)}"


def _memory() -> int:
    """Bytes of this process that are in memory now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def main(name: str, folder: Path, seconds: int) -> None:
    """Never returns."""
    import atheris

    target = TARGETS[name]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")
    with atheris.instrument_imports(include=list(target.modules)):
        attempt = target.prepare()
    learned, seeds, words = folder / "learned", folder / "seeds", folder / "words"
    seeds.mkdir(exist_ok=True)
    for number, seed in enumerate(target.seeds()):
        (seeds / str(number)).write_bytes(seed)
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in target.words()))
    options = {
        "max_total_time": seconds,
        "max_len": target.longest,
        "timeout": TIMEOUT,
        "rss_limit_mb": MEMORY,
        "dict": words,
        "artifact_prefix": f"{folder / 'found'}/",
    }
    arguments = [f"-{key}={value}" for key, value in options.items()]
    watched = Watched(attempt, folder, seconds)

    def changed(case: bytes, longest: int, seed: int) -> bytes:
        chance = random.Random(seed)  # noqa: S311 (chance, and no secret)
        return repeated(case, longest, chance) if chance.random() < REPEATED else atheris.Mutate(case, longest)

    atheris.Setup([sys.argv[0], *arguments, str(learned), str(seeds)], watched, custom_mutator=changed)
    atheris.Fuzz()


def repeated(case: bytes, longest: int, chance: random.Random) -> bytes:
    """The case with a short piece of it many times over: depth and length are what chance alone never finds."""
    start = chance.randrange(len(case) + 1)
    piece = case[start : start + chance.choice((1, 1, 2, 3, 8, 40))]
    room = max(0, longest - len(case))
    times = min(chance.choice((2, 40, 300, 3000, 50_000)), room // len(piece)) if piece else 0
    return case[:start] + piece * times + case[start:]


def _escaped(word: str) -> str:
    """As libFuzzer's dictionaries have it (https://llvm.org/docs/LibFuzzer.html#dictionaries)."""
    return "".join(f"\\x{byte:02x}" for byte in word.encode())


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
