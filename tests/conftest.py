"""What every test may ask for: the real files that lie beside the repository, when they are there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("PARVIS_SHARED", Path(__file__).resolve().parents[2] / "shared"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real municipal files. A test that needs it skips, loudly, where it is absent."""
    if not (SHARED / "data").is_dir():
        pytest.skip(f"REAL FILES ABSENT: {SHARED} is not there, so this promise was not checked")
    return SHARED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one loud line what was not checked for want of the real files, of a browser or of a server."""
    skipped = [str(r.longrepr[2]) for r in terminalreporter.stats.get("skipped", []) if isinstance(r.longrepr, tuple)]
    for word in ("REAL FILES ABSENT", "NO BROWSER", "NO SERVER"):
        count = sum(word in s for s in skipped)
        if count:
            terminalreporter.write_sep("!", f"{word}: {count} tests skipped", red=True)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep all that the browser does in one process, which serves Fontclaire once."""
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.xdist_group("browser"))
