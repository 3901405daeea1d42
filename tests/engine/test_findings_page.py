"""Every remark of Parvis has its line in the documentation."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]


def maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_findings_page", ROOT / "scripts" / "make_findings_page.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_every_code_has_its_line() -> None:
    page = (ROOT / "docs" / "reference" / "findings.md").read_text("utf-8")
    written = set(re.findall(r"^\| `([^`]+)`", page, re.MULTILINE))
    known = maker().codes()
    assert set(known) <= written, "run: python scripts/make_findings_page.py"
    assert len(known) > 150 and all(said.message for said in known.values())


def test_every_check_says_why_and_what_to_do() -> None:
    """A remark that waits for an agent gives a hint; so the page has no empty cell for what validation says."""
    known = maker().codes()
    silent = [c for c, said in known.items() if c.split(".")[0] in ("values", "across", "continuity") and not said.hint]
    # Questions made through a shortcut share the hint of their file.
    assert set(silent) <= {"values.vote_total", "values.more_voters", "values.budget_orders", "values.budget_section",
                                   "values.vote_candidates"}  # fmt: skip


def test_every_difference_with_validata_has_its_proof() -> None:
    page = (ROOT / "docs" / "reference" / "validata.md").read_text("utf-8")
    told = tomllib.loads((ROOT / "tests" / "cases" / "validata" / "differences.toml").read_text("utf-8"))
    reasons = {reason for table in told.values() for reason in table.values()}
    assert reasons == set(re.findall(r"^### (\w+)$", page, re.MULTILINE))
