"""`make lighthouse`: what Lighthouse says of every kind of page, in every language, as on a phone. Prints Markdown.

The pages are those of the made-up health system behind nginx with TLS. Lighthouse slows them down to a slow phone's
processor and network. Its four scores are performance, accessibility, best practices and search (SEO); each page is
looked at three times, or twice where that settles which run is the one in the middle.

What carries answers, or what a patient typed, must not be found by search: robots.txt keeps it out. Lighthouse takes
points off for that; it is said, and is no fault. All else under 100 is one.
"""

import argparse
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from trials.stack import ROOT, Stack
from trials.storm import table

FOLDER = ROOT / "trials" / "lighthouse"
INSTALLED = ROOT / ".cache" / "lighthouse"
ORGANIZATION = "helpdesk/content/organization.example.toml"
CHROMIUM_OPTIONS = [
    "--no-sandbox",  # it cannot have its own sandbox in a container or as root
    "--disable-gpu",
    "--disable-quic",
    "--ignore-certificate-errors",  # the stack's own certificate
]

CATEGORIES = {
    "performance": "performance",
    "accessibility": "accessibility",
    "best-practices": "best practices",
    "seo": "search",
}
# The one audit that a private page is to fail.
NOT_FOUND_BY_SEARCH = "is-crawlable"
# The stretch of the way that a patient with this symptom goes.
STARTED = "symptom=locked-message"
ANSWERED = f"{STARTED}&for-whom=self&codes-unasked=no&needed-today=refill"
WAY = {
    "triage": f"/triage/?{STARTED}",
    "question": f"/triage/question/?{STARTED}",
    "verdict": f"/triage/verdict/?{ANSWERED}",
    "details": f"/triage/details/?{ANSWERED}",
    "review": f"/triage/details/?{ANSWERED}",
    "resume": "/triage/resume/",
}


@dataclass(frozen=True)
class Page:
    """A page by its kind and language. Where there is a `form`, it is what this form at the address leads to."""

    kind: str
    language: str
    path: str
    form: str = ""

    @property
    def name(self) -> str:
        return f"{self.kind} {self.language}"

    @property
    def private(self) -> bool:
        return self.kind in WAY


@dataclass(frozen=True)
class Scores:
    """The scores of one page, 0 to 100, and the audits that are not perfect, by category."""

    page: Page
    scores: Mapping[str, int]
    failed: Mapping[str, list[str]]

    def wrong(self) -> list[str]:
        """The audits that cost points, without the one that a private page is to fail."""
        short = [category for category in CATEGORIES if self.scores[category] < 100]
        told = [(category, audit) for category in short for audit in self.failed[category]]
        return [f"{CATEGORIES[category]}: {audit}" for category, audit in told if not self._on_purpose(audit)]

    def shown(self, category: str) -> str:
        score, failed = str(self.scores[category]), self.failed[category]
        return f"{score} (on purpose)" if failed and all(map(self._on_purpose, failed)) else score

    def _on_purpose(self, audit: str) -> bool:
        return self.page.private and audit == NOT_FOUND_BY_SEARCH


def pages() -> Iterator[Page]:
    """Each kind of page in each language; of the problems, one."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")
    import django
    from django.urls import reverse
    from django.utils import translation

    django.setup()
    from helpdesk import urls
    from helpdesk.loaded import languages

    names = [pattern.name for pattern in urls.pages if hasattr(pattern, "name")]
    for code in languages():
        with translation.override(code):
            start, form = reverse("home").rstrip("/"), reverse("review")
            for name in names:
                path = reverse(name, args=["account-locked"] if name == "problem" else [])
                yield Page(name, code, path)
            for name, path in WAY.items():
                yield Page(name, code, start + path, form if name == "review" else "")


def scored(stack: Stack, wanted: Iterable[Page]) -> Iterator[Scores]:
    """The scores, each as soon as it is there. Raises RuntimeError where a page could not be looked at."""
    named = {page.name: page for page in wanted}
    asked = {name: {"address": stack.address + page.path, "form": page.form} for name, page in named.items()}
    task = {"chromium": _chromium(), "options": CHROMIUM_OPTIONS, "pages": asked}
    words = ["node", str(FOLDER / "scores.mjs")]
    environment = os.environ | {"NODE_EXTRA_CA_CERTS": str(stack.certificate)}
    pipe = subprocess.PIPE
    with subprocess.Popen(words, env=environment, stdin=pipe, stdout=pipe, text=True) as process:
        process.stdin.write(json.dumps(task))
        process.stdin.close()
        for line in process.stdout:
            said = json.loads(line)
            yield Scores(named[said["name"]], said["scores"], said["failed"])
    if process.returncode:
        raise RuntimeError("Lighthouse could not look at every page, see above")


def install() -> None:
    """Lighthouse as its lock file has it, into .cache. No script of a package runs. Raises where npm fails."""
    lock = FOLDER / "package-lock.json"
    digest, stamp = hashlib.sha256(lock.read_bytes()).hexdigest(), INSTALLED / ".made-with"
    if stamp.exists() and stamp.read_text() == digest:
        return
    INSTALLED.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=INSTALLED.parent) as folder:
        made = Path(folder) / "lighthouse"
        made.mkdir()
        for name in ("package.json", lock.name):
            shutil.copy(FOLDER / name, made)
        quiet = ["--silent", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(["npm", "ci", *quiet, "--prefix", str(made)], check=True, stdout=subprocess.DEVNULL)
        (made / stamp.name).write_text(digest)
        # Moved last, so that an interrupted run leaves no half of it.
        shutil.rmtree(INSTALLED, ignore_errors=True)
        made.replace(INSTALLED)


def _chromium() -> str:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if not path:
        raise RuntimeError("Chromium is missing: make set-up-test installs it, or apt-get install chromium")
    return path


def report(found: Iterable[Scores]) -> str:
    """A row a page, and below it what costs points."""
    found = list(found)
    rows = [
        [scores.page.kind, scores.page.language, *(scores.shown(category) for category in CATEGORIES)]
        for scores in found
    ]
    faults = [f"- {scores.page.name}: {fault}\n" for scores in found for fault in scores.wrong()]
    return table(["page", "language", *CATEGORIES.values()], rows) + "\n" + ("".join(faults) or "Nothing is wrong.\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("kinds", nargs="*", help="kinds of pages, such as home and verdict (default: all)")
    chosen = parser.parse_args()
    # Whatever ends it, the stack ends with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    wanted = [page for page in pages() if not chosen.kinds or page.kind in chosen.kinds]
    install()
    found = []
    with (
        tempfile.TemporaryDirectory(prefix="wayin-lighthouse-") as folder,
        Stack(Path(folder), organization=ORGANIZATION) as stack,
    ):
        for scores in scored(stack, wanted):
            print(f"{len(found) + 1}/{len(wanted)} {scores.page.name}", file=sys.stderr, flush=True)
            found.append(scores)
    print(report(found), end="")
    sys.exit(any(scores.wrong() for scores in found))


if __name__ == "__main__":
    main()
