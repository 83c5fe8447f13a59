"""What somebody sends to a site: slowly, too much, in disguise, or in the hope that it is taken for something else."""

import os
import random
import re
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from io import BytesIO
from pathlib import Path
from statistics import median

from pypdf import PdfReader
from pypdf.generic import StreamObject

from trials.failures import WORDS, codes, mount_tmpfs, without_token
from trials.fault import ROOT, Outcome, fault, inside
from trials.raw import Said, crowd, talk
from trials.sites import Answer, Site, Sites, Visitor, urlencoded
from trials.watch import MIB, Watch, below

# What is hostile is listed once, where the tests are. They want the site's settings.
sys.path.append(str(ROOT / "tests"))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")

# How many slow clients come at once, for how many seconds; and the seconds after which a normal visitor gives up.
SLOW, SECONDS, PATIENCE = 300, 8, 5


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def _p95(answers: Iterable[Answer]) -> float:
    """Seconds within which 95 % of the answers were there; a request without one counts with the time it waited."""
    seconds = sorted(answer.seconds for answer in answers)
    return seconds[int(0.95 * (len(seconds) - 1))]


def _head(method: str, path: str, headers: Mapping[str, str]) -> bytes:
    """The beginning of a request, without the empty line that ends its headers."""
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "".join(f"{line}\r\n" for line in lines).encode()


def _processes(site: Site) -> dict[int, str]:
    return below(*(replica.process.pid for replica in site.stack.replicas))


# ---- slow clients ----

LINE_SLOW = "Behind nginx every page comes, p95 < 1 s (without nginx: a figure, no line)"
BEHIND, WITHOUT = "behind nginx", "without nginx"


@fault(f"{SLOW} clients send one header a second, and never the last one", LINE_SLOW)
def slow_headers(sites: Sites, **options: object) -> Outcome:
    return _beside_slow_ones(sites.shared, "headers", lambda one: _head("GET", "/", one.headers()), **options)


@fault(f"{SLOW} clients send one byte a second of a form", LINE_SLOW)
def slow_bodies(sites: Sites, **options: object) -> Outcome:
    def head(one: Visitor) -> bytes:
        content_type, body = one.filled_in(WORDS)
        length = {"Content-Type": content_type, "Content-Length": str(len(body) + 100_000)}
        return _head("POST", one.FORM, one.headers() | length)

    return _beside_slow_ones(sites.shared, "body", head, **options)


@fault(f"{SLOW} clients ask 20 times for the largest file and read 50 bytes a second", LINE_SLOW)
def slow_readers(sites: Sites, **options: object) -> Outcome:
    return _beside_slow_ones(sites.shared, "read", lambda one: _head("GET", one.LARGEST, one.headers()), **options)


def _beside_slow_ones(
    site: Site,
    slowly: str,
    head: Callable[[Visitor], bytes],
    count: int = SLOW,
    seconds: float = SECONDS,
    ways: Iterable[str] = (BEHIND, WITHOUT),
) -> Outcome:
    """How normal visitors fare for so many seconds beside so many slow ones."""
    figures, sound, in_time = [], True, True
    for way in ways:
        direct = way == WITHOUT
        slow_one = site.visitor(direct)
        slow_one.ask(slow_one.LARGEST)
        idle = _visits(site, direct, seconds / 4)
        certificate = site.stack.certificate if slow_one.context else None
        with crowd(slowly, count, slow_one.address, head(slow_one), not direct, certificate) as slow:
            busy = _visits(site, direct, seconds)
        got = sum(answer.status == 200 for answer in busy)
        times = f"p95 {_ms(_p95(busy))}, without them {_ms(_p95(idle))}"
        figures.append(f"{way} {got / len(busy):.0%} of pages, {times}; they held {slow.most} connections")
        if not direct:
            sound, in_time = got == len(busy), _p95(busy) < 1
    return Outcome("; ".join(figures), sound, in_time)


def _visits(site: Site, direct: bool, seconds: float) -> list[Answer]:
    """A page each tenth of a second, by visitors who do not wait for each other."""
    with ThreadPoolExecutor(64) as pool:
        until, waiting = time.monotonic() + seconds, []
        while time.monotonic() < until:
            visitor = site.visitor(direct, patient=False)
            waiting.append(pool.submit(visitor.ask, visitor.PAGE, None, PATIENCE))
            time.sleep(0.1)
        return [visit.result() for visit in waiting]


# ---- too much ----


@fault("A form of 10,000 fields, without nginx", "400, median of five < 50 ms")
def ten_thousand_fields(sites: Sites) -> Outcome:
    visitor = sites.shared.visitor(direct=True, patient=False)
    form = urlencoded(visitor.token() | {f"field-{number}": "x" for number in range(10_000)})
    answers = [visitor.ask(visitor.FORM, form) for _ in range(5)]
    seconds = median(answer.seconds for answer in answers)
    return Outcome(f"{codes(answers)}, {_ms(seconds)}", codes(answers) == "400", seconds < 0.05)


@fault(
    "An upload of 100 MB: with its length, in chunks, and with Expect: 100-continue",
    "Each refused (411, 413) in < 1 s, or hung up on; memory + < 20 MB; on disk 0",
    tests="tests/test_security.py",
)
def upload_of_100_mb(sites: Sites) -> Outcome:
    done = uploads(sites.kind)
    ways = [f"{way} {' '.join(str(status or 'hung up') for status in row)}" for way, row in done["statuses"].items()]
    taken = f"memory + {done['memory']} MB, disk + {done['disk']} MB"
    refused = all(status in (0, 411, 413) for row in done["statuses"].values() for status in row)
    sound = refused and done["memory"] < 20 and not done["disk"]
    return Outcome(f"{', '.join(ways)}; at most {_ms(done['seconds'])}; {taken}", sound, done["seconds"] < 1)


@inside("mount")
def uploads(kind: str) -> dict:
    mount_tmpfs("/mnt", "512m")
    statuses, seconds = {}, []
    with ExitStack() as held, Sites(kind, held).fresh(folder=Path("/mnt"), replicas=1) as site:
        site.visitor().journey(WORDS)
        # The logs are on this disk too, so whole MB are counted.
        with Watch(*_processes(site), *below(site.stack.nginx.pid), folder=site.stack.folder) as watch:
            for way in (BEHIND, WITHOUT):
                said = [_upload(site.visitor(way == WITHOUT), how) for how in ("length", "chunks", "Expect")]
                statuses[way] = [one.statuses[-1] if one.statuses else 0 for one in said]
                seconds += [one.seconds for one in said]
    memory, disk = watch.memory // MIB, watch.disk // MIB
    return {"statuses": statuses, "seconds": max(seconds), "memory": memory, "disk": disk}


def _upload(visitor: Visitor, how: str) -> Said:
    """The form with a file of 100 MB."""
    content_type, body = visitor.filled_in(WORDS, picture=b"HERE")
    before, after = body.split(b"HERE")
    parts = [before, *[bytes(MIB)] * 100, after]
    headers = visitor.headers() | {"Content-Type": content_type, "Connection": "close"}
    if how == "chunks":
        headers["Transfer-Encoding"] = "chunked"
        parts = [b"%x\r\n%b\r\n" % (len(part), part) for part in parts] + [b"0\r\n\r\n"]
    else:
        headers["Content-Length"] = str(sum(map(len, parts)))
    if how == "Expect":
        # Who expects that waits for it: 100 means that all of it would be taken.
        headers["Expect"] = "100-continue"
        parts = []
    return talk(visitor.address, [_head("POST", visitor.FORM, headers), b"\r\n", *parts], visitor.context, wait=5)


@fault(
    "Forms that abuse multipart, without nginx: 5 MB of spaces as base64, before all parts, behind all parts; 10,000 "
    "headers of a part; 101 files",
    "Each refused with < 500 or hung up on, median < 0.2 s; memory + < 40 MB; the next visitor is served",
)
def multipart_abuse(sites: Sites) -> Outcome:
    site = sites.shared
    with Watch(*_processes(site)) as watch:
        said = {name: _abuse(site.visitor(direct=True), name) for name in ABUSES}
    served = site.visitor(direct=True, patient=False).journey(WORDS)
    seconds = median(one.seconds for one in said.values())
    answers = [f"{name} {' '.join(map(str, one.statuses)) or 'hung up'}" for name, one in said.items()]
    figures = f"{', '.join(answers)}; {_ms(seconds)}; memory + {watch.memory // MIB} MB; next visitor served: {served}"
    refused = all(400 <= status < 500 for one in said.values() for status in one.statuses)
    return Outcome(figures, refused and watch.memory < 40 * MIB and served, seconds < 0.2)


_SIZE = 5 * MIB
_FILE = b'--edge\r\nContent-Disposition: form-data; name="picture"; filename="a.png"'
_END = b"\r\n--edge--\r\n"
# What stands before the honest fields, and what behind them.
ABUSES = {
    "base64": (b"", _FILE + b"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b" " * _SIZE + _END),
    "before": (b" " * _SIZE + b"\r\n", _END),
    "behind": (b"", _END + b" " * _SIZE),
    "headers": (b"", _FILE + b"\r\nX-Header: x" * 10_000 + b"\r\n\r\nx" + _END),
    "files": (b"", (_FILE + b"\r\n\r\nx\r\n") * 101 + _END),
}


def _abuse(visitor: Visitor, name: str) -> Said:
    fields = {**visitor.token(), visitor.WORDS: WORDS}
    field = '--edge\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    before, behind = ABUSES[name]
    body = before + "".join(field.format(*pair) for pair in fields.items()).encode() + behind
    headers = visitor.headers() | {"Content-Type": "multipart/form-data; boundary=edge", "Connection": "close"}
    head = _head("POST", visitor.FORM, headers | {"Content-Length": str(len(body))})
    return talk(visitor.address, [head + b"\r\n", body], wait=20)


@fault(
    "Text that makes endless papers: 4,000 line breaks, 2,000 letters of a wide script, 200,000 without a space",
    "Each answered in < 5 s with the PDF, of at most 20 pages, or with what to mend (422); nothing typed is lost",
    tests="tests/test_renderers.py",
)
def endless_text(sites: Sites) -> Outcome:
    figures, sound, slowest = [], True, 0.0
    texts = {"line breaks": "a\n" * 4000, "wide": "我 wwww " * 285, "unbroken": "x" * 200_000}
    for name, words in texts.items():
        visitor = sites.shared.visitor(direct=True, patient=False)
        page = visitor.send(words)
        answer = page if visitor.refused else visitor.pdf()
        seconds = max(one.seconds for one in visitor.answers)
        pages = len(PdfReader(BytesIO(answer.content)).pages) if answer.content.startswith(b"%PDF-") else 0
        figures.append(f"{name} {answer.status or 'no answer'} in {_ms(seconds)}" + f", {pages} pages" * bool(pages))
        sound = sound and answer.status in (200, 422) and pages <= 20 and page.holds(words)
        slowest = max(slowest, seconds)
    return Outcome("; ".join(figures), sound, slowest < 5)


@fault(
    "Two visitors ask without end for the costliest paper that the site makes, four others 5 times for a plain one",
    "Every good one comes in the end; pages meanwhile: 100 %, p95 < 1 s",
    tests="tests/test_workers.py",
)
def costly_papers(sites: Sites) -> Outcome:
    # Our form takes 2,000 letters; the plain one takes any number, and 28,000 cost it some seconds.
    costly = "我 wwww " * (285 if sites.kind == "ours" else 4000)
    site, stop = sites.shared, threading.Event()
    with ThreadPoolExecutor(6) as pool:
        evil = [pool.submit(_papers_without_end, site, costly, stop) for _ in range(2)]
        time.sleep(0.5)
        good = [pool.submit(_papers, site) for _ in range(4)]
        pages = _visits(site, direct=False, seconds=SECONDS)
        papers = [paper for one in good for paper in one.result()]
        stop.set()
        made = sum(one.result() for one in evil)
    came, served = sum(came for came, _ in papers), sum(page.status == 200 for page in pages)
    slowest = max(seconds for _, seconds in papers)
    figures = (
        f"{came} of {len(papers)} good papers come, the slowest after {_ms(slowest)}, beside {made} costly ones; "
        f"{served / len(pages):.0%} of pages, p95 {_ms(_p95(pages))}"
    )
    return Outcome(figures, came == len(papers) and served == len(pages), _p95(pages) < 1)


def _papers_without_end(site: Site, words: str, stop: threading.Event) -> int:
    visitor, made = site.visitor(patient=False), 0
    visitor.send(words)
    while not stop.is_set():
        made += visitor.pdf().status == 200
    return made


def _papers(site: Site) -> list[tuple[bool, float]]:
    """Whether each of five papers came, and after how many seconds of waiting and asking again."""
    visitor, papers = site.visitor(), []
    visitor.send(WORDS)
    for _ in range(5):
        start = time.perf_counter()
        papers.append((visitor.pdf().holds(WORDS), time.perf_counter() - start))
    return papers


# ---- pictures ----


@fault(
    "Pictures that are bombs: 20,000 x 20,000, 9,000 x 9,000, texts of 90 MB, moving ones; 25 million honest pixels",
    "Each refused in < 1 s, or in the PDF; nothing typed is lost; memory + < 300 MB",
    tests="tests/test_picture.py",
)
def bombs(sites: Sites) -> Outcome:
    from test_picture import HOSTILE, png_head

    unfold = ("too-many-pixels", "several")
    pictures = [sent for name, (sent, reason) in HOSTILE.items() if reason in unfold or "MB" in name]
    return _with_pictures(sites, [*pictures, png_head(5000, 5000)])


@fault(
    "What is no picture, or another thing as well: EPS, SVG, PDF, HTML, TIFF, halves; pictures with a page behind "
    "them, and with names in every corner",
    "Each refused in < 1 s, or in the PDF; nothing typed is lost; what came along is on no page and in no PDF",
    tests="tests/test_picture.py",
)
def disguises(sites: Sites) -> Outcome:
    from test_picture import CANARY, HOSTILE, HTML, saved, screen, with_canaries

    none = [sent for name, (sent, reason) in HOSTILE.items() if reason in ("not-a-picture", "broken", "") and sent]
    pages = [saved(screen(), kind) + HTML for kind in ("PNG", "JPEG", "WEBP")]
    named = [with_canaries(kind) for kind in ("PNG", "PNG, few colours", "JPEG", "WEBP")]
    return _with_pictures(sites, [*none, *pages, *named], traces=(CANARY.encode(), b"script>alert"))


def _with_pictures(sites: Sites, pictures: Iterable[bytes], traces: Iterable[bytes] = ()) -> Outcome:
    site = sites.shared
    lost, traced, ends, refusing, slowest = 0, 0, Counter(), [], 0.0
    with Watch(*_processes(site)) as watch:
        for sent in pictures:
            visitor = site.visitor(direct=True, patient=False)
            page = visitor.send(WORDS, picture=sent)
            answer = page if visitor.refused else visitor.pdf()
            refusing += [page.seconds] * visitor.refused
            ends["refused" if visitor.refused else f"PDF {answer.status or 'no answer'}"] += 1
            slowest = max(slowest, *(one.seconds for one in visitor.answers))
            lost += not (page.holds(WORDS) and answer.holds(WORDS))
            traced += any(trace in part for trace in traces for part in (page.content, *_parts(answer.content)))
    figures = (
        f"{', '.join(f'{count} {end}' for end, count in ends.most_common())}; refused in at most "
        f"{_ms(max(refusing))}, slowest step {_ms(slowest)}; words lost: {lost}; memory + {watch.memory // MIB} MB"
    )
    well_ended = ends.keys() <= {"refused", "PDF 200"}
    sound = well_ended and not lost and not traced and watch.memory < 300 * MIB
    return Outcome(figures + (f"; traces left: {traced}" if traces else ""), sound, max(refusing) < 1)


def _parts(content: bytes) -> Iterator[bytes]:
    """The file as it is, and what each stream of a PDF unfolds to."""
    yield content
    if content.startswith(b"%PDF-"):
        document = PdfReader(BytesIO(content))
        for number in range(1, int(document.trailer["/Size"])):
            with suppress(Exception):
                item = document.get_object(number)
                if isinstance(item, StreamObject):
                    yield item.get_data()


@fault(
    "Names of an uploaded file that would be headers, paths or reversed: CR LF, quotes, ../, bidi, 2,000 letters",
    "The PDF's own name is always support-request.pdf, no header is added, the file's name is nowhere",
)
def file_names(sites: Sites) -> Outcome:
    from test_picture import saved, screen

    made, well_named, told = 0, 0, 0
    for name in FILE_NAMES:
        visitor = sites.shared.visitor(direct=True, patient=False)
        visitor.send(WORDS, picture=saved(screen(), "PNG"), file_name=name)
        if not visitor.refused:
            pdf = visitor.pdf()
            made += 1
            disposition = pdf.headers.get_all("Content-Disposition")
            well_named += (
                disposition == ['attachment; filename="support-request.pdf"'] and "X-Canary" not in pdf.headers
            )
        told += any(b"Canary" in part for answer in visitor.answers for part in _parts(answer.content))
    figures = f"{made} PDFs of {len(FILE_NAMES)}, {well_named} with that name alone; the file's name is in {told}"
    return Outcome(figures, well_named == made > 0 and not told)


FILE_NAMES = [
    "Canary%0d%0aX-Canary: 1.png",
    "../../Canary/passwd.png",
    'Canary\\"; filename=\\"b.png',
    "Canary\u202egnp.exe.png",
    "Canary" * 333 + ".png",
]


# ---- words ----


@fault(
    "15 kinds of markup that fetch, attach or run something, as the patient's words, with a server that waits for them",
    "It is asked 0 times; the PDF has no script and encloses only the packet's data; all of it reads as typed",
    tests="tests/test_renderers.py",
)
def markup(sites: Sites) -> Outcome:
    from test_renderers import PAYLOADS

    with _listener() as (port, asked):
        words = "\n".join(payload.replace("192.0.2.1", f"127.0.0.1:{port}") for payload in PAYLOADS.values())
        visitor = sites.shared.visitor(direct=True, patient=False)
        visitor.send(words, name=words.splitlines()[0])
        pdf = visitor.pdf()
    enclosed = sorted(PdfReader(BytesIO(pdf.content)).attachments)
    own = {"support-request.json", "support-request.fhir.json"}
    scripts = any(b"/JavaScript" in part for part in _parts(pdf.content))
    figures = (
        f"asked {len(asked)} times; script: {scripts}; encloses {', '.join(enclosed) or 'nothing'}; "
        f"reads as typed: {pdf.holds(words)}"
    )
    return Outcome(figures, not asked and not scripts and set(enclosed) <= own and pdf.holds(words))


@contextmanager
def _listener() -> Iterator[tuple[int, list[object]]]:
    """A port of this machine, and who connected to it."""
    asked: list[object] = []

    def listen() -> None:
        with suppress(OSError):
            while True:
                connection, place = server.accept()
                asked.append(place)
                connection.close()

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=listen, daemon=True).start()
        yield server.getsockname()[1], asked
        server.shutdown(socket.SHUT_RDWR)


# Controls, marks that turn the direction of text, and letters that nobody sees.
HARMFUL = re.compile(
    "[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]"
)


@fault(
    "17 hostile texts: controls, bidi marks, unseen letters, surrogates, piles of marks, emoji, 2,000 letters unbroken",
    "No 500; each PDF in < 4 s; no letter that controls, turns or hides text is on the page",
    tests="tests/test_cleaning.py, tests/test_renderers.py",
)
def hostile_text(sites: Sites) -> Outcome:
    from test_renderers import HOSTILE

    usual = Counter(HARMFUL.findall(_page_and_pdf(sites.shared, WORDS)[0].text))
    failed, harmful, slowest = 0, 0, 0.0
    for words in HOSTILE.values():
        page, pdf = _page_and_pdf(sites.shared, words)
        failed += not (page.good and pdf.status == 200)
        harmful += bool(Counter(HARMFUL.findall(page.text)) - usual)
        slowest = max(slowest, pdf.seconds)
    figures = f"{failed} of {len(HOSTILE)} fail; slowest PDF {_ms(slowest)}; such letters on {harmful} pages"
    return Outcome(figures, not failed and not harmful, slowest < 4)


def _page_and_pdf(site: Site, words: str) -> tuple[Answer, Answer]:
    visitor = site.visitor(direct=True, patient=False)
    return visitor.send(words), visitor.pdf()


# ---- requests that are taken for something else ----

# Two servers in a row could read where such a request ends in two ways.
AMBIGUOUS = {
    "two lengths": "Content-Length: 5\r\nContent-Length: 50",
    "a length and chunks": "Content-Length: 5\r\nTransfer-Encoding: chunked",
    "a space before the colon": "Transfer-Encoding : chunked",
    "chunks by another name": "Transfer-Encoding: identity",
    "a length with a sign": "Content-Length: +5",
    "a length in hexadecimal": "Content-Length: 0x5",
    "a folded line": "X-One: 1\r\n Transfer-Encoding: chunked",
    "a line end without CR": "X-One: 1\nTransfer-Encoding: chunked",
    "200 headers": "\r\n".join(f"X-{number}: 1" for number in range(200)),
    "a header of 9 KB": f"X-One: {'x' * 9000}",
    "an address of 6 KB": "",
}


@fault(
    f"{len(AMBIGUOUS)} requests that two servers could read differently (two lengths, a length and chunks, ...), each "
    "with another one hidden in it; after each, 3 visitors send a form",
    "Each refused (4xx, 501) or hung up on, or both answered by themselves; every visitor gets their own page alone",
)
def smuggling(sites: Sites) -> Outcome:
    figures, sound = [], True
    for way in (BEHIND, WITHOUT):
        ends, crossed = Counter(), 0
        for number, name in enumerate(AMBIGUOUS):
            statuses = _statuses_with_one_hidden(sites.shared.visitor(way == WITHOUT), name)
            ends[" and ".join(map(str, statuses)) or "hung up"] += 1
            sound = sound and (len(statuses) == 2 or all(400 <= status < 500 or status == 501 for status in statuses))
            marks = [f"Mark{number:x}a{visitor}" for visitor in range(3)]
            crossed += sum(_alien(mark, sites.shared.visitor(way == WITHOUT).send(mark)) for mark in marks)
        figures.append(
            f"{way} {', '.join(f'{count} x {end}' for end, count in ends.most_common())}; crossed: {crossed}"
        )
        sound = sound and not crossed
    return Outcome("; ".join(figures), sound)


def _statuses_with_one_hidden(visitor: Visitor, name: str) -> list[int]:
    path = f"/{'x' * 6000}" if name.startswith("an address") else visitor.FORM
    head = _head("POST", path, visitor.headers()) + f"{AMBIGUOUS[name]}\r\n".lstrip().encode()
    hidden = _head("GET", "/hidden", visitor.headers())
    return talk(visitor.address, [head + b"\r\n0\r\n\r\n" + hidden + b"\r\n"], visitor.context, wait=1).statuses


def _alien(mark: str, answer: Answer) -> bool:
    """Whether a visitor's own mark is missing, or somebody else's is there."""
    return set(re.findall("Mark[0-9a-f]+", answer.text)) != {mark}


@fault(
    "Headers that only a proxy may set, from a visitor: Host; X-Forwarded-Host, -Proto and -For, Forwarded, "
    "X-Original-URL, X-HTTP-Method-Override, X-Over-Limit",
    "A foreign Host 400; with the others page and PDF are as without them",
)
def forged_headers(sites: Sites) -> Outcome:
    visitor = sites.shared.visitor(patient=False)
    usual = without_token(visitor.ask(visitor.PAGE).content)
    visitor.more = {
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-For": "127.0.0.1",
        "Forwarded": "for=127.0.0.1;host=evil.example;proto=http",
        "X-Original-URL": "/admin/",
        "X-HTTP-Method-Override": "DELETE",
        "X-Over-Limit": "REJECTED_DRY_RUN",
    }
    same = without_token(visitor.ask(visitor.PAGE).content) == usual
    visitor.send(WORDS)
    pdf = visitor.pdf().status
    visitor.more = {"Host": "evil.example"}
    foreign = visitor.ask(visitor.PAGE).status
    figures = f"foreign Host {foreign}; with the others the page is the same: {same}, PDF {pdf}"
    return Outcome(figures, (foreign, same, pdf) == (400, True, 200))


# ---- many at once ----


@fault(
    "500 visitors, 16 at a time, their steps mixed by chance; each sends the form twice (a double click), and every "
    "tenth saves the PDF, goes Back, sends it again and saves it again",
    "Every page and every PDF has its own visitor's words and nobody else's",
)
def mixed_visitors(sites: Sites, people: int = 500) -> Outcome:
    visitors = {f"Mark{number:x}": sites.shared.visitor() for number in range(people)}
    twice, savers = [*visitors] * 2, [*visitors][::10]
    random.Random(7).shuffle(twice)  # noqa: S311 (no secret)
    with ThreadPoolExecutor(16) as pool:

        def all_at_once(marks: list[str], step: Callable[[str], Answer]) -> Iterator[tuple[str, Answer]]:
            return zip(marks, pool.map(step, marks), strict=True)

        answers = [*all_at_once(twice, lambda mark: visitors[mark].send(mark))]
        for _ in range(2):
            answers += all_at_once(savers, lambda mark: visitors[mark].pdf())
            answers += all_at_once(savers, lambda mark: visitors[mark].send(mark))
    failed = sum(answer.status != 200 for _, answer in answers)
    crossed = sum(_alien(mark, answer) for mark, answer in answers if answer.status == 200)
    figures = f"{len(answers) - failed} of {len(answers)} pages and PDFs come; words crossed or lost: {crossed}"
    return Outcome(figures, not failed and not crossed)
