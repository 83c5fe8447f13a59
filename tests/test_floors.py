"""No package is older than the version that mended its last known fault (requirements/floors.toml)."""

import re
import tomllib
from collections.abc import Mapping
from importlib import metadata

import pytest
from browser import ROOT
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

FILE = tomllib.loads((ROOT / "requirements" / "floors.toml").read_text(encoding="utf-8"))
FLOORS = {floor["name"]: floor["least"] for floor in FILE["floor"] if "least" in floor}
NAMES = [floor["name"] for floor in FILE["floor"]]


def locked(name: str) -> dict[str, Requirement]:
    """The packages that a lock file names, each with its one version."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    found = [Requirement(line) for line in re.findall(r"^([a-z0-9].*?) \\$", text, re.MULTILINE)]
    return {canonicalize_name(requirement.name): requirement for requirement in found}


def asked_for() -> dict[str, Requirement]:
    """What pyproject.toml wants for the site to run."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = [Requirement(line) for line in project["dependencies"]]
    return {canonicalize_name(requirement.name): requirement for requirement in found}


def least(requirement: Requirement) -> str:
    """The lowest version that the requirement lets in: "0" where it lets in any."""
    bounds = [part.version for part in requirement.specifier if part.operator in (">=", "==", "~=")]
    return max(bounds, key=Version, default="0")


def too_low(versions: Mapping[str, str]) -> list[str]:
    """Each package that is below its floor, with both versions."""
    return [
        f"{name} {version} is below {FLOORS[name]}"
        for name, version in versions.items()
        if name in FLOORS and Version(version) < Version(FLOORS[name])
    ]


def test_what_is_installed_is_at_or_above_the_floors():
    # Some packages are for another kind of Python.
    wanted = [name for name, package in locked("run").items() if not package.marker or package.marker.evaluate()]
    assert len(wanted) > 25
    assert too_low({name: metadata.version(name) for name in wanted}) == []


@pytest.mark.parametrize("lock", ["run", "test", "trials"])
def test_what_is_locked_is_at_or_above_the_floors(lock):
    versions = {name: least(requirement) for name, requirement in locked(lock).items()}
    assert set(FLOORS) <= set(versions)
    assert too_low(versions) == []


def test_what_is_asked_for_lets_nothing_below_the_floors_in():
    assert too_low({name: least(requirement) for name, requirement in asked_for().items()}) == []


def test_every_package_that_runs_has_a_floor_or_none_known():
    assert sorted(set(NAMES)) == sorted(NAMES)
    assert set(asked_for()) <= set(NAMES)
    assert set(NAMES) == set(locked("run"))


def test_a_floor_says_why_since_when_and_where_that_is_written():
    for floor in FILE["floor"]:
        keys = {"name", "least", "why", "since", "source"} if "least" in floor else {"name", "why"}
        assert floor.keys() == keys, floor["name"]
        known = re.match(r"none known on \d{4}-\d\d-\d\d\b", floor["why"])
        assert bool(known) == ("least" not in floor), floor["name"]
        assert floor.get("since", FILE["looked"]) <= FILE["looked"], floor["name"]
    for fault in FILE.get("open", []):
        assert fault.keys() == {"name", "fault", "since", "held_by", "source"}, fault["name"]
        assert fault["name"] in NAMES


@pytest.mark.parametrize(
    ("name", "version", "low"),
    [
        ("django", "5.2.18", True),
        ("django", "5.2.9", True),  # as text it would be above
        ("django", "5.2.19", False),
        ("django", "5.3", False),
        ("weasyprint", "70.0rc1", True),
        ("weasyprint", "70", False),
        ("pillow", "12.3.0", True),
        ("brotlicffi", "1.2.0.0", False),
        ("zopfli", "0.0.1", False),
    ],
)
def test_a_version_below_its_floor_is_named(name, version, low):
    assert too_low({name: version}) == [f"{name} {version} is below {FLOORS.get(name)}"] * low


@pytest.mark.parametrize(
    ("wanted", "lowest"),
    [("x", "0"), ("x>=5.2.19,<5.3", "5.2.19"), ("x==1.0", "1.0"), ("x<2", "0"), ("x>=1,>=9,>=10", "10")],
)
def test_the_lowest_version_that_may_come_in_is_read_from_the_bounds(wanted, lowest):
    assert least(Requirement(wanted)) == lowest
