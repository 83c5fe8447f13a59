"""The peers' packages, in a .venv of their own: the site needs none of them."""

import hashlib
import importlib.metadata
import os
import shutil
import subprocess
import sys

from trials.stack import ROOT

REQUIREMENTS = ROOT / "requirements" / "bench.txt"
FOLDER = ROOT / ".cache" / "bench"
PYTHON = FOLDER / "bin" / "python"
_STAMP = FOLDER / ".installed"


def are_here() -> bool:
    """Whether they are installed, in the versions that are pinned."""
    return _STAMP.exists() and _STAMP.read_text() == _wanted()


def have_peers() -> None:
    """Installs them from the package registry where they are not here.

    Raises subprocess.CalledProcessError where that fails; pip has said why.
    """
    if are_here():
        return
    print(f"installing the packages in {REQUIREMENTS.relative_to(ROOT)}", file=sys.stderr, flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", FOLDER], check=True)
    pip = [PYTHON, "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "-qq"]
    subprocess.run([*pip, "--require-hashes", "--requirement", REQUIREMENTS], check=True)
    _STAMP.write_text(_wanted())


def _wanted() -> str:
    return f"{sys.version} {hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()}"


def version(package: str) -> str:
    """The version of a peer; that of one of our own packages where the peers have no such package."""
    for packages in FOLDER.glob("lib/python*/site-packages"):
        for found in importlib.metadata.distributions(name=package, path=[str(packages)]):
            return found.version
    return importlib.metadata.version(package)


def program(name: str) -> str:
    """Where a program of this machine is. Raises RuntimeError where it is not."""
    # Some are for administrators, and so not on everybody's path.
    if path := shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin"):
        return path
    raise RuntimeError(f"{name} is missing: make set-up-trials installs it, or apt-get install {name}")


def program_version(name: str) -> str:
    """The program and its version, as it says itself."""
    words = [program(name), "-v" if name in ("nginx", "wrk") else "--version"]
    said = subprocess.run(words, check=False, capture_output=True, text=True)
    return " ".join((said.stdout + said.stderr).removeprefix("nginx version: ").split()[:2])
