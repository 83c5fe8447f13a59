"""The arrows between the modules: triage -> helpdesk, never back, and the pure half knows no Django."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PURE = [
    "helpdesk.records",
    "helpdesk.languages",
    "helpdesk.organization",
    "helpdesk.translations",
    "helpdesk.catalog",
    "triage.answers",
    "triage.consistency",
    "triage.engine",
    "triage.fhir",
    "triage.cleaning",
    "triage.reference",
    "triage.packet",
]
HELPDESK = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "helpdesk").rglob("*.py"))


def imported(file: Path) -> Iterator[str]:
    """Every module that the file imports, also inside a function."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            assert not node.level, f"{file}: write the whole name of the module"
            if (ROOT / node.module).is_dir():
                yield from (f"{node.module}.{alias.name}" for alias in node.names)
            else:
                yield node.module


@pytest.mark.parametrize("module", [*PURE, "triage.device"])
def test_a_pure_module_starts_without_django(module):
    program = f"import {module}, sys; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0


@pytest.mark.parametrize("module", PURE)
def test_a_pure_module_imports_only_the_standard_library_pydantic_babel_and_pure_modules(module):
    others = {name for name in imported(ROOT / f"{module.replace('.', '/')}.py") if name not in PURE}
    assert {name.partition(".")[0] for name in others} <= {*sys.stdlib_module_names, "pydantic", "babel"}


@pytest.mark.parametrize("file", HELPDESK)
def test_nothing_in_helpdesk_imports_triage(file):
    assert "triage" not in {name.partition(".")[0] for name in imported(ROOT / file)}


def test_every_module_that_calls_itself_pure_is_tested_here():
    files = [*(ROOT / "helpdesk").glob("*.py"), *(ROOT / "triage").glob("*.py")]
    pure = {path for path in files if path.read_text(encoding="utf-8").startswith('"""PURE.')}
    assert {path.relative_to(ROOT).as_posix() for path in pure} == {f"{name.replace('.', '/')}.py" for name in PURE}


def test_the_content_holds_data_only():
    assert not list((ROOT / "helpdesk" / "content").rglob("*.py"))
