"""The content of `make growth` is content like ours, only more of it; and each copy costs what the one before it cost.

Costs are counted here in calls of functions, which are the same on every machine. `make growth` has the seconds.
"""

import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import ROOT

from helpdesk.catalog import load
from helpdesk.records import CONTENT
from trials import growth
from trials.growth import Curve

OURS = load("en")
# Copies of the content, all counted.
SIZES = (1, 4, 7)
LOCKED = "for-whom=self&codes-unasked=no&needed-today=refill"
PAGES = {
    "help page": "/problems/account-locked/?anew",
    "verdict page": f"/triage/verdict/?symptom=locked-message&{LOCKED}",
    "table of all problems": "/problems/?anew",
    "form of all symptoms": "/triage/",
    "help page in Spanish": "/es/problems/account-locked/?anew",
}
# What a process with this content has to say: its faults, its pages, and how many calls each thing took.
PROGRAM = """
import cProfile, json, sys
from django.core.checks import run_checks
from django.test import Client
import django

def counted(work):
    profile = cProfile.Profile()
    result = profile.runcall(work)
    return result, sum(entry.callcount for entry in profile.getstats())

asked, calls, pages = json.load(sys.stdin), {}, {}
django.setup()
client = Client(headers={"host": "localhost"})
faults, calls["start"] = counted(run_checks)
for name, path in asked.items():
    client.get(path)
    answer, calls[name] = counted(lambda: client.get(path))
    pages[name] = [answer.status_code, answer.content.decode()]
print(json.dumps({"faults": [str(fault) for fault in faults], "calls": calls, "pages": pages}))
"""


def run(content: Path, pages: dict[str, str]) -> dict:
    environment = growth.environment(content)
    environment["PYTHONPATH"] = f"{ROOT}:{environment.get('PYTHONPATH', '')}"
    environment.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")
    words = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(words, env=environment, input=json.dumps(pages), capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def larger(static_files, tmp_path_factory) -> Iterator[dict[int, dict]]:
    """What processes with so many copies of our content say."""
    said = {}
    for times in SIZES:
        content = growth.more_problems(tmp_path_factory.mktemp(f"times-{times}") / "content", times)
        copied = {"copy": f"/problems/account-locked-{times}/", "its verdict": copy_of(PAGES["verdict page"], times)}
        said[times] = run(content, PAGES | (copied if times > 1 else {}))
    return said


def copy_of(verdict: str, number: int) -> str:
    return verdict.replace("locked-message", f"locked-message-{number}")


@pytest.mark.parametrize("times", SIZES)
def test_more_problems_pass_every_check_and_are_served(larger, times):
    assert larger[times]["faults"] == []
    assert {name: status for name, (status, _) in larger[times]["pages"].items() if status != 200} == {}
    table, form = (larger[times]["pages"][name][1] for name in ("table of all problems", "form of all symptoms"))
    assert table.count('<th scope="row">') == times * len(OURS.problems)
    assert form.count('type="checkbox"') == times * len(OURS.symptoms)


@pytest.mark.parametrize("times", SIZES[1:])
def test_a_copy_of_a_problem_has_rules_steps_and_a_verdict_of_its_own(larger, times):
    pages = {name: html for name, (_, html) in larger[times]["pages"].items()}
    assert f'id="stop-trying-{times}"' in pages["copy"]
    assert f'href="/faq/#why-locked-{times}"' in pages["copy"]
    assert f'name="step-stop-trying-{times}"' in pages["its verdict"]
    assert 'name="step-stop-trying"' not in pages["its verdict"]


@pytest.mark.parametrize("what", ["start", *PAGES])
def test_the_last_copies_cost_no_more_calls_than_the_first(larger, what):
    first, middle, last = (larger[times]["calls"][what] for times in SIZES)
    assert last - middle <= 1.05 * (middle - first) + 50


@pytest.mark.parametrize("what", ["help page", "help page in Spanish"])
def test_a_help_page_costs_hardly_more_where_there_are_more_of_them(larger, what):
    assert larger[SIZES[-1]]["calls"][what] < 1.2 * larger[1]["calls"][what]


def test_more_languages_pass_every_check_and_are_served(static_files, tmp_path):
    content = growth.more_languages(tmp_path / "content", 5)
    said = run(content, {code: f"/{code}/" for code in ("es", *growth.CODES[:3])})
    assert said["faults"] == []
    assert [status for status, _ in said["pages"].values()] == [200] * 4
    assert '<html lang="ar" dir="rtl">' in said["pages"]["ar"][1]
    assert len(growth.CODES) + 2 >= max(growth.LANGUAGES)


def test_boxes_for_several_lines_take_as_much_as_they_are_given(tmp_path):
    questions = load("en", content=growth.longer_answers(tmp_path / "content", 4000)).questions
    assert {questions[box].max for box in growth.BOXES} == {4000}
    assert questions["name"].max == OURS.questions["name"].max


def test_a_table_of_toml_is_read_as_it_was_written():
    for file in (CONTENT / "rules" / "questions.toml", CONTENT / "en" / "faq.toml"):
        table = tomllib.loads(file.read_text("utf-8"))
        assert tomllib.loads(growth.toml(table)) == table


@pytest.mark.parametrize(("values", "power"), [([3, 3, 3], 0), ([2, 20, 200], 1), ([5, 500, 50_000], 2)])
def test_the_exponent_is_the_power_of_the_size(values, power):
    assert growth.exponent([1, 10, 100], values) == pytest.approx(power)


def test_what_grows_faster_than_the_size_is_told_even_where_a_constant_hides_it_at_first():
    rows = {
        "linear": [1, 10, 100],
        "hidden": [100, 101, 2000],
        "hardly more": [100, 101, 1200],
        "carried": [1, 20, 400],
    }
    curve = Curve("things", (1, 10, 100), lambda size: {}, more_is_better=("carried",))
    assert growth.exponent(curve.sizes, rows["hidden"]) < 1
    assert growth.worse_than_linear(curve, rows) == ["hidden"]
    assert "| hidden | 100 | 101 | 2000 | 0.65 | 1.30 |" in growth.report(curve, rows)


def test_every_round_takes_all_sizes_in_turn_and_the_one_in_the_middle_counts():
    taken = []

    def figures(size: int) -> dict[str, float]:
        taken.append(size)
        return {"ms": size * (1, 100, 2)[(len(taken) - 1) // 3]}

    assert growth.medians(Curve("things", (1, 10, 100), figures), 3) == {"ms": [2, 20, 200]}
    assert taken == [1, 10, 100] * 3
