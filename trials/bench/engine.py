"""One maker of PDFs in a process of its own: `python -m trials.bench.engine NAME`.

It says that it is ready, and then for each folder on its standard input makes the PDF of the packet there. It answers
in JSON: wall seconds, seconds of a processor (its own and those of its children), and where the PDF was written.
"""

import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from trials.bench import peers
from trials.bench.makers import MAKERS
from trials.stack import ROOT
from trials.storm import cpu_seconds
from trials.watch import below


def main() -> None:
    # Whatever a library prints, the answers are alone on standard output.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    read, make = MAKERS[sys.argv[1]].start()
    print(json.dumps({"ready": True}), file=answers)
    for line in sys.stdin:
        folder = Path(line.strip())
        material = read(folder)
        before, start = processor_seconds(), time.perf_counter()
        pdf = make(material)
        seconds = time.perf_counter() - start
        used = processor_seconds() - before
        file = folder / f"{sys.argv[1]}.pdf"
        file.write_bytes(pdf)
        print(json.dumps({"seconds": seconds, "cpu": used, "pdf": str(file)}), file=answers)
    # Some libraries wait for their threads; nothing of them is needed any more.
    os._exit(0)


def processor_seconds() -> float:
    """Of this process, exactly, and of those below it, in hundredths of a second: add many of them up."""
    children = [pid for pid in below(os.getpid()) if pid != os.getpid()]
    used = time.process_time()
    for pid in children:
        with contextlib.suppress(OSError):
            used += cpu_seconds(pid)
    return used


class Engine:
    """A running maker of PDFs, as a context manager. `start` is how many seconds it took until it was ready."""

    def __init__(self, name: str) -> None:
        python = str(peers.PYTHON) if MAKERS[name].is_peer else sys.executable
        began = time.perf_counter()
        words = [python, "-m", "trials.bench.engine", name]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        # Python's own helper processes would warn of what is left when a maker ends.
        environment = os.environ | {"PYTHONWARNINGS": "ignore"}
        self._process = subprocess.Popen(words, cwd=ROOT, env=environment, **pipes)
        self._answer()
        self.start = time.perf_counter() - began

    def make(self, folder: Path) -> dict:
        """Wall and processor seconds of one PDF, and its file. Raises RuntimeError where the maker has ended."""
        self._process.stdin.write(f"{folder}\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict:
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._process.args} has ended")
        return json.loads(line)

    def __enter__(self) -> "Engine":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()


if __name__ == "__main__":
    main()
