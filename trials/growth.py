"""`make growth`: what it takes when there is more of everything. Prints a table a curve, as Markdown.

More problems (with symptoms, steps and frequent questions of their own), more languages, longer answers, more replicas.
The content is our own, copied so many times; it passes every check that content must pass. Each size runs as a replica
of its own, and the rounds take all sizes in turn. Pages and PDFs are given in processor time of the site, which a busy
machine disturbs less than time on the clock.

Of each row the exponent is told by which it grows with what grows: 0 for nothing, 1 for twice the work with twice as
many, 2 for four times the work. The one from the second largest size to the largest counts, since what is the same at
every size hides it before. Whatever is over WORSE is worse than linear, and the run fails.
"""

import argparse
import json
import math
import os
import shutil
import signal
import statistics
import sys
import tempfile
import threading
import time
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from helpdesk import languages, translations
from helpdesk.languages import RULES, SOURCE
from helpdesk.records import CONTENT
from trials.sites import Form, ask
from trials.stack import Replica, Stack, free_ports
from trials.storm import cpu_seconds, proportional, table
from trials.watch import below

# An exponent that is worse than linear. From one run to the next an exponent varies by a tenth.
WORSE = 1.15
# Seconds of processor time after which a page has been asked for often enough.
ENOUGH = 0.5

TIMES = (1, 3, 10, 30, 100)
LANGUAGES = (2, 5, 10, 20)
CHARACTERS = (10, 100, 1000, 4000)
REPLICAS = (1, 2, 3)

# ---- content that is larger ----

# Languages that CLDR knows, for copies of the translation that we have. The words stay Spanish.
CODES = ["ar", "cs", "da", "de", "fi", "fr", "hu", "it", "ja", "ko", "nl", "pl", "pt", "ro", "ru", "sv", "uk", "vi"]
# The engine's rules stand in code, so a larger catalog needs more of those as well: settings that add them.
SETTINGS = '''\
"""The site's own settings, and rules of the engine for problems that are copies."""

from dataclasses import replace

from helpdesk.settings import *
from triage import engine

engine.RULES += tuple(
    replace(rule, problem=f"{rule.problem}-{number}") for number in range(2, {times} + 1) for rule in engine.RULES
)
'''


def more_problems(folder: Path, times: int) -> Path:
    """Our content with so many times the problems, symptoms, steps and frequent questions; beside it `grown.py`, the
    settings that it needs. The folder must not be there yet.
    """
    shutil.copytree(CONTENT, folder)
    codes = languages.codes(folder)
    numbers = range(2, times + 1)
    _grow(folder / RULES / "symptoms.toml", lambda rules: _more_symptoms(rules, numbers))
    _grow(folder / RULES / "steps.toml", lambda rules: {"step": _copies(rules["step"], numbers)})
    for code in codes:
        words = folder / code
        _grow(words / "symptoms.toml", lambda said: said | {"symptoms": _copies(said["symptoms"], numbers)})
        _grow(words / "steps.toml", lambda said: _copies(said, numbers))
        _grow(words / "faq.toml", lambda said: said | {"faq": _copied_records(said["faq"], numbers)})
    for file in sorted(folder.glob("*/problems/*.toml")):
        of_rules = file.parent.parent.name == RULES
        for number in numbers:
            problem = tomllib.loads(file.read_text("utf-8"))
            copy = _copied_rules(problem, number) if of_rules else problem
            file.with_stem(f"{file.stem}-{number}").write_text(toml(copy), "utf-8")
    for code in codes:
        if code != SOURCE:
            translation = translations.load(folder, code)
            translations.save(folder, translation.recorded(translation.source))
    folder.with_name("grown.py").write_text(SETTINGS.replace("{times}", str(times)), "utf-8")
    return folder


def more_languages(folder: Path, count: int) -> Path:
    """Our content in so many languages. The folder must not be there yet."""
    shutil.copytree(CONTENT, folder)
    spanish = folder / "es"
    for code in CODES[: count - len(languages.codes(folder))]:
        shutil.copytree(spanish, folder / code)
        (folder / code / "language.toml").write_text(toml({"name": f"Language {code}", "locale": code}), "utf-8")
    return folder


def longer_answers(folder: Path, characters: int) -> Path:
    """Our content whose boxes for several lines take so many characters. The folder must not be there yet."""
    shutil.copytree(CONTENT, folder)

    def longer(rules: dict[str, Any]) -> dict[str, Any]:
        questions = [rule | ({"max": characters} if rule["kind"] == "text" else {}) for rule in rules["question"]]
        return {"question": questions}

    _grow(folder / RULES / "questions.toml", longer)
    return folder


def _grow(file: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    file.write_text(toml(change(tomllib.loads(file.read_text("utf-8")))), "utf-8")


def _copies(tables: Mapping[str, Any], numbers: Iterable[int]) -> dict[str, Any]:
    return {**tables, **{f"{key}-{number}": value for number in numbers for key, value in tables.items()}}


def _copied_records(records: Sequence[Mapping[str, Any]], numbers: Iterable[int]) -> list[Mapping[str, Any]]:
    return [*records, *({**record, "id": f"{record['id']}-{number}"} for number in numbers for record in records)]


def _more_symptoms(rules: Mapping[str, Any], numbers: Iterable[int]) -> dict[str, Any]:
    def more(symptoms: Sequence[Mapping[str, str]]) -> list[Mapping[str, str]]:
        copies = (
            {"id": f"{symptom['id']}-{number}", "problem": f"{symptom['problem']}-{number}"}
            for number in numbers
            for symptom in symptoms
        )
        return [*symptoms, *copies]

    return {"group": [{**group, "symptoms": more(group["symptoms"])} for group in rules["group"]]}


def _copied_rules(problem: Mapping[str, Any], number: int) -> dict[str, Any]:
    """The rules of a copy, which leads to copies. No answer gives it away: a hundred could not be told apart by one."""
    steps = [
        {**step, "id": f"{step['id']}-{number}"} if isinstance(step, dict) else f"{step}-{number}"
        for step in problem["steps"]
    ]
    named = {key: [f"{name}-{number}" for name in problem[key]] for key in ("faq", "related")}
    return {**{key: value for key, value in problem.items() if key != "also_when"}, **named, "steps": steps}


def toml(table: Mapping[str, Any]) -> str:
    """A table without dates as TOML: a line for each key."""
    return "".join(f"{json.dumps(key)} = {_value(value)}\n" for key, value in table.items())


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_value(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    # A basic string, a number and a boolean of TOML are written like those of JSON.
    return json.dumps(value, ensure_ascii=False)


def environment(content: Path) -> dict[str, str]:
    """For a site with this content, and of whoever starts it nothing."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("WAYIN_", "DJANGO_"))}
    ours |= {"WAYIN_CONTENT": str(content)}
    if content.with_name("grown.py").exists():
        ours |= {"DJANGO_SETTINGS_MODULE": "grown", "PYTHONPATH": str(content.parent)}
    return ours


# ---- what it takes ----

LOCKED = {"symptom": "locked-message", "for-whom": "self", "codes-unasked": "no", "needed-today": "refill"}
VERDICT = f"/triage/verdict/?{urlencode(LOCKED)}"
# With a query, so that it is made anew each time.
HELP_PAGE = "/problems/account-locked/?anew"
PAGES = {
    "help page, ms": HELP_PAGE,
    "verdict page, ms": VERDICT,
    "table of all problems, ms": "/problems/?anew",
    "form of all symptoms, ms": "/triage/",
}
START, WORK, MEMORY = "start-up, s", "start-up, s of a core", "memory, MB"
# Boxes for several lines that this patient is shown.
BOXES = ("error-words", "what-happened")


@contextmanager
def site(content: Path) -> Iterator[tuple[Replica, float]]:
    """A replica of its own with this content, and the seconds that it took until it was ready."""
    with tempfile.TemporaryDirectory(prefix="wayin-growth-") as folder:
        replica = Replica(free_ports(1)[0], Path(folder) / "log", environment(content) | {"TMPDIR": folder})
        began = time.monotonic()
        try:
            replica.start()
            yield replica, time.monotonic() - began
        finally:
            replica.stop()


def processor_ms(replica: Replica, path: str, form: Form | None = None) -> float:
    """Milliseconds of a core for one answer, in all processes of the replica. Raises RuntimeError where it fails."""
    asked, used, before = 0, 0.0, _used(replica)
    while used < ENOUGH or asked < 3:
        answer = ask(f"http://localhost:{replica.port}{path}", form, {"Host": "localhost"})
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status or 'no answer'}")
        asked, used = asked + 1, _used(replica) - before
    return 1000 * used / asked


def _used(replica: Replica) -> float:
    return sum(cpu_seconds(pid) for pid in below(replica.process.pid))


def _memory(replica: Replica) -> float:
    """Megabytes of all that serves pages, without the process for PDFs, which has no content."""
    serving = [pid for pid, command in below(replica.process.pid).items() if "multiprocessing" not in command]
    return sum(map(proportional, serving)) / 2**20


Figures = dict[str, float]


def of_content(content: Path) -> Figures:
    with site(content) as (replica, seconds):
        work = _used(replica)
        pages = {name: processor_ms(replica, path) for name, path in PAGES.items()}
        return {START: seconds, WORK: work, MEMORY: _memory(replica), **pages}


def of_answers(content: Path, characters: int) -> Figures:
    """A packet as PDF whose boxes for several lines are full."""
    words = ("My account is locked and I do not know why. " * (characters // 40 + 1))[:characters]
    fields = LOCKED | dict.fromkeys(BOXES, words) | {"name": "Maria Lopez"}
    form = ("application/x-www-form-urlencoded", urlencode(fields).encode())
    with site(content) as (replica, _):
        processor_ms(replica, "/packet/pdf/", form)
        return {"PDF, ms": processor_ms(replica, "/packet/pdf/", form)}


def of_replicas(count: int) -> Figures:
    """What so many replicas carry behind nginx with TLS, asked for verdict pages as fast as they come."""
    with (
        tempfile.TemporaryDirectory(prefix="wayin-growth-") as folder,
        Stack(Path(folder), count, environment={"WAYIN_ACCESS_LOG": "0"}) as stack,
    ):
        before = sum(map(_used, stack.replicas))
        answers = _hammered(stack, seconds=4)
        used = sum(map(_used, stack.replicas)) - before
        memory = sum(map(_memory, stack.replicas))
        return {"requests/s": answers / 4, "verdict page, ms": 1000 * used / answers, MEMORY: memory}


def _hammered(stack: Stack, seconds: float, clients: int = 8) -> int:
    """How many verdict pages so many clients get in this time, each on a connection of its own."""
    end, got = time.monotonic() + seconds, []

    def client() -> None:
        connection = HTTPSConnection("localhost", urlsplit(stack.address).port, context=stack.context(), timeout=30)
        while time.monotonic() < end:
            connection.request("GET", VERDICT)
            answer = connection.getresponse()
            answer.read()
            got.append(answer.status == 200)
        connection.close()

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(got)


# ---- curves ----


@dataclass(frozen=True)
class Curve:
    """What grows, its sizes, and what a size of it takes. `more_is_better` are the rows that are to grow."""

    name: str
    sizes: Sequence[int]
    measured: Callable[[int], Figures]
    more_is_better: tuple[str, ...] = ()


def exponent(sizes: Sequence[float], values: Sequence[float]) -> float:
    """The power of the size by which the value grows: the slope of a straight line through their logarithms."""
    across, up = [math.log(size) for size in sizes], [math.log(value) for value in values]
    return statistics.linear_regression(across, up).slope


def medians(curve: Curve, rounds: int) -> dict[str, list[float]]:
    """For each row the median of the rounds at each size. Every round takes all sizes in turn."""
    taken = [[curve.measured(size) for size in curve.sizes] for _ in range(rounds)]
    return {
        row: [statistics.median(sizes[place][row] for sizes in taken) for place in range(len(curve.sizes))]
        for row in taken[0][0]
    }


def worse_than_linear(curve: Curve, found: Mapping[str, Sequence[float]]) -> list[str]:
    """The rows that grow by more than what grows, from its second largest size to its largest."""
    ends = {row: exponent(curve.sizes[-2:], values[-2:]) for row, values in found.items()}
    return [row for row, end in ends.items() if row not in curve.more_is_better and end > WORSE]


def report(curve: Curve, found: Mapping[str, Sequence[float]]) -> str:
    rows = [
        [
            row,
            *(f"{value:.{2 if value < 10 else 0}f}" for value in values),
            f"{exponent(curve.sizes, values):.2f}",
            f"{exponent(curve.sizes[-2:], values[-2:]):.2f}",
        ]
        for row, values in found.items()
    ]
    return table([curve.name, *(f"{size:,}" for size in curve.sizes), "exponent", "at the end"], rows)


def curves(folder: Path) -> Iterator[Curve]:
    """All curves. Each makes its content in the folder when it first needs it."""
    ours = len(list((CONTENT / RULES / "problems").glob("*.toml")))
    problems = cache(lambda size: more_problems(folder / f"problems-{size}" / "content", size // ours))
    spoken = cache(lambda count: more_languages(folder / f"languages-{count}", count))
    roomy = cache(lambda: longer_answers(folder / "answers", max(CHARACTERS)))
    yield Curve("problems", [ours * times for times in TIMES], lambda size: of_content(problems(size)))
    yield Curve("languages", LANGUAGES, lambda count: of_content(spoken(count)))
    yield Curve("characters in each long answer", CHARACTERS, lambda size: of_answers(roomy(), size))
    yield Curve("replicas", REPLICAS, of_replicas, more_is_better=("requests/s",))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", help="curves: problems, languages, characters, replicas (default: all)")
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    # Whatever ends it, its servers end with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    worse = []
    with tempfile.TemporaryDirectory(prefix="wayin-growth-") as folder:
        for curve in curves(Path(folder)):
            if chosen.names and not curve.name.startswith(tuple(chosen.names)):
                continue
            found = medians(curve, chosen.rounds)
            print(report(curve, found), flush=True)
            worse += [f"{row} with more {curve.name}" for row in worse_than_linear(curve, found)]
    print("".join(f"- worse than linear: {row}\n" for row in worse) or "Nothing is worse than linear.")
    sys.exit(bool(worse))


if __name__ == "__main__":
    main()
