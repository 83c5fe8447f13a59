"""`make bench` takes turns, compares like with like, and lets nobody win by leaving something out."""

import os
import re
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest
from weasyprint import HTML

from trials.bench import facts, packet, pages, peers, servers
from trials.bench.engine import Engine
from trials.bench.facts import Facts, Reader
from trials.bench.figures import Measured, in_turn


@pytest.fixture(scope="module")
def papers(tmp_path_factory) -> tuple[Path, list[Facts]]:
    """The folder of two packets of the made-up patient, and what has to stand on the papers of each."""
    folder = tmp_path_factory.mktemp("papers")
    return folder, facts.write(folder, 2)


def measured(*rounds: list[float]) -> Measured:
    return Measured(dict(enumerate(rounds)))


# ---- rounds ----


def test_everyone_has_a_turn_before_anyone_has_another():
    assert list(in_turn(["a", "b", "c"], 2)) == [(0, "a"), (0, "b"), (0, "c"), (1, "a"), (1, "b"), (1, "c")]


def test_a_ratio_is_that_of_the_same_rounds_so_a_machine_that_slows_down_for_all_changes_nothing():
    ours, theirs = measured([1], [10], [1]), measured([2], [20], [2])
    assert ours.ratio(theirs) == 0.5
    # Those who were not there when it was slow are compared in the rounds that both have.
    assert measured([1], [10]).ratio(Measured({1: [20]})) == 0.5


def test_one_slow_document_does_not_move_the_median_but_the_p90():
    its = measured([1, 1, 1], [1, 1, 1], [1, 1, 9], [1, 1, 9])
    assert (its.median, its.at(0.9)) == (1, 9)
    assert its.mean == pytest.approx(28 / 12)


# ---- facts ----


def test_what_is_laid_out_without_html_has_every_word_of_the_page(papers):
    folder, _ = papers
    html = (folder / "0" / facts.HTML).read_text()
    words = unescape(re.sub(r"<[^>]*>", " ", html.partition("<body>")[2]))
    assert facts.squeezed("".join(facts.texts(Reader(html).blocks))) == facts.squeezed(words)


def test_words_that_stand_in_no_paragraph_are_not_lost_in_silence():
    with pytest.raises(ValueError, match="Call us"):
        Reader("<body><div><p>Hello</p>Call us</div>")


def test_a_line_within_a_cell_stays_a_line():
    html = '<body><table><tr><th>Open</th><td><span class="line">Monday</span> <span class="line hint">New'
    (table,) = Reader(f"{html}\n York</span></td></tr></table>").blocks
    assert table["rows"] == [["Open", "Monday\nNew York"]]


def test_no_two_packets_are_alike(papers):
    folder, wanted = papers
    for file in (facts.HTML, facts.BLOCKS, facts.PICTURE, facts.DOCUMENT):
        assert (folder / "0" / file).read_bytes() != (folder / "1" / file).read_bytes()
    assert set(wanted[0].words) != set(wanted[1].words)


def test_papers_with_all_of_it_pass(papers):
    folder, wanted = papers
    assert wanted[0].missing(HTML(folder / "0" / facts.HTML).write_pdf()) == []


@pytest.mark.parametrize("lost", ["207-555-0000", "Your Social Security number."])
def test_papers_without_a_value_or_a_piece_of_advice_do_not(papers, lost):
    folder, wanted = papers
    html = (folder / "0" / facts.HTML).read_text()
    assert lost in html
    assert wanted[0].missing(HTML(string=html.replace(lost, "")).write_pdf()) == [lost] * wanted[0].words.count(lost)


def test_where_the_patient_sent_no_picture_none_is_wanted(tmp_path):
    (wanted,) = facts.write(tmp_path, 1, with_picture=False)
    assert wanted.missing(HTML(tmp_path / "0" / facts.HTML).write_pdf()) == []


def test_nor_do_papers_without_the_picture(papers):
    folder, wanted = papers
    html = re.sub(r"<img[^>]*>", "", (folder / "0" / facts.HTML).read_text())
    assert wanted[0].missing(HTML(string=html).write_pdf()) == ["the picture"]


def test_a_maker_that_leaves_something_out_ends_the_run(papers):
    folder, wanted = papers

    class Sloppy:
        def make(self, folder: Path) -> dict[str, str]:
            file = folder / "sloppy.pdf"
            file.write_bytes(HTML(string="<h1>MyChart support request</h1>").write_pdf())
            return {"pdf": str(file)}

    with pytest.raises(packet.LeftOutError, match=r"plain.*Maria Example 0"):
        packet._checked("plain", Sloppy(), folder / "0", wanted[0])


# ---- makers ----


def test_ours_is_made_in_a_process_of_its_own_and_is_all_that_it_says(papers):
    folder, wanted = papers
    with Engine("ours") as engine:
        made = engine.make(folder / "1")
    pdf = Path(made["pdf"]).read_bytes()
    assert wanted[1].missing(pdf) == []
    paper = packet.Paper.read(pdf)
    assert (paper.tagged, paper.standards, paper.enclosed) == (True, ("PDF/A-3a", "PDF/UA-1"), 2)
    assert made["cpu"] > 0
    assert made["seconds"] > 0


def test_a_plain_pdf_says_nothing_of_the_kind(papers):
    folder, _ = papers
    paper = packet.Paper.read(HTML(folder / "0" / facts.HTML).write_pdf())
    assert (paper.tagged, paper.standards, paper.enclosed) == (False, (), 0)


@pytest.mark.skipif(not peers.are_here(), reason="the peers are installed by `make bench`")
@pytest.mark.parametrize("name", ["reportlab", "typst", "typst-a"])
def test_a_peer_makes_all_of_it_too(papers, name):
    folder, wanted = papers
    with Engine(name) as engine:
        assert wanted[0].missing(Path(engine.make(folder / "0")["pdf"]).read_bytes()) == []


def test_the_table_says_how_much_of_the_plain_time_each_took():
    paper = packet.Paper(1000, 1, tagged=True, standards=(), enclosed=0)
    rounds = {"ours": [0.1, 0.2, 0.1], "plain": [0.2, 0.4, 0.2]}
    figures = {
        name: packet.Figures(*(measured(*([second] for second in its)) for _ in range(5)), paper)
        for name, its in rounds.items()
    }
    head, _, ours, plain = (line.split(" | ") for line in packet.warm(figures).splitlines())
    assert ours[head.index("x plain")] == "0.50"
    assert plain[head.index("ours / it")] == "0.50"
    assert plain[head.index("x plain")] == "1.00"


# ---- pages ----

SAID = """\
Running 2s test @ http://127.0.0.1:8000/
  1 threads and 8 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     4.10ms    2.00ms  35.00ms   91.50%
    Req/Sec     1.55k   206.28     1.80k    60.99%
  Latency Distribution
     50%  812.00us
     75%    5.00ms
     90%    9.00ms
     99%    1.02s
  3100 requests in 2.01s, 22.30MB read
Requests/sec:   1542.20
Transfer/sec:      2.27MB
""".replace("1.02s", "1.02s ")  # as long as with a unit of two letters


def test_what_wrk_says_is_read_in_milliseconds():
    assert pages.Asked.read(SAID) == pages.Asked(1542.2, 0.812, 1020, 3100, 0)


@pytest.mark.parametrize(
    ("line", "failed"),
    [
        ("  Non-2xx or 3xx responses: 618", 618),
        ("  Socket errors: connect 0, read 3, write 0, timeout 2", 5),
    ],
)
def test_a_request_that_failed_is_not_taken_for_a_quick_one(line, failed):
    assert pages.Asked.read(f"{SAID}{line}\n").failed == failed


@pytest.mark.parametrize(
    ("settings", "path", "size"), [("bare", "/", 7000), ("rows", "/7000/", 7000), ("rows", "/4000/", 4000)]
)
def test_a_plain_django_page_has_about_as_many_bytes_as_ours(tmp_path, settings, path, size):
    (tmp_path / "page.html").write_bytes(b"x" * 7000)
    asks = "import django; django.setup(); from django.test import Client as C; "
    asks += f"print(len(C(headers={{'host': 'localhost'}}).get('{path}').content))"
    environment = os.environ | {"SITE_FOLDER": str(tmp_path), "DJANGO_SETTINGS_MODULE": settings}
    done = subprocess.run(
        [sys.executable, "-c", asks], cwd=servers.SITES, env=environment, capture_output=True, text=True, check=True
    )
    assert int(done.stdout) == pytest.approx(size, rel=0.03)


def test_all_of_our_pages_that_are_measured_are_there(client):
    for page in pages.our_pages():
        content_type = page.headers.get("Content-Type", "")
        got = client.post(page.path, page.body, content_type=content_type) if page.body else client.get(page.path)
        assert got.status_code == 200, page.title
