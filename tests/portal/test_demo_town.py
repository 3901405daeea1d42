"""Fontclaire is invented, always the same, and shaped like a real town's files."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest
from lxml import etree

from parvis_portal.demo.offices import write_town
from parvis_portal.demo.town import INSEE, SIREN, SIRET, luhn_closed

FAMILIES = ("finances", "sig", "urbanisme", "mobilite", "environnement", "vie-locale", "participation", "services")
TOTEM = "{http://www.minefi.gouv.fr/cp/demat/docbudgetaire}"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[Path, ...]]:
    folder = tmp_path_factory.mktemp("town")
    return folder, write_town(folder)


def test_the_same_seed_gives_the_same_bytes(town: tuple[Path, tuple[Path, ...]], tmp_path: Path) -> None:
    folder, files = town
    again = write_town(tmp_path)
    assert [p.relative_to(tmp_path) for p in again] == [p.relative_to(folder) for p in files]
    assert [p.name for p, q in zip(files, again, strict=True) if p.read_bytes() != q.read_bytes()] == []


def test_another_seed_gives_another_town(town: tuple[Path, tuple[Path, ...]], tmp_path: Path) -> None:
    _, files = town
    other = write_town(tmp_path, seed=7)
    assert sum(p.read_bytes() != q.read_bytes() for p, q in zip(files, other, strict=True)) > len(files) / 2


def test_the_eight_families_are_there_in_many_formats(town: tuple[Path, tuple[Path, ...]]) -> None:
    folder, files = town
    assert len(files) >= 50
    assert {p.relative_to(folder).parts[0] for p in files} >= set(FAMILIES)
    suffixes = {p.suffix for p in files}
    assert suffixes >= {".csv", ".xls", ".xlsx", ".ods", ".zip", ".geojson", ".kml", ".gpkg", ".json", ".xml", ".pdf"}
    assert sum(p.stat().st_size for p in files) < 12_000_000


def test_every_budget_balances_to_the_cent(town: tuple[Path, tuple[Path, ...]]) -> None:
    budgets = [p for p in town[1] if p.name.startswith("DOCBUDG")]
    assert len(budgets) == 3
    for path in budgets:
        amount = "MtReal" if "-CA-" in path.name else "MtPropNouv"
        sums: dict[tuple[str, str, str], Decimal] = {}
        for line in etree.parse(path).iter(f"{TOTEM}LigneBudget"):
            value = {child.tag.removeprefix(TOTEM): child.get("V", "") for child in line}
            for key in (
                ("all", value["CaracSup"], value["CodRD"]),
                (value["OpBudg"], value["CaracSup"], value["CodRD"]),
            ):
                sums[key] = sums.get(key, Decimal(0)) + Decimal(value[amount])
        for section in "FI":
            assert sums["all", section, "R"] == sums["all", section, "D"], (path.name, section)
        assert sums["1", "F", "D"] == sums["1", "I", "R"]
        assert sums["1", "I", "D"] == sums["1", "F", "R"]


@pytest.mark.shared
def test_fontclaire_does_not_exist(shared: Path) -> None:
    assert luhn_closed(SIREN[:-1]) == SIREN
    assert luhn_closed(SIRET[:-1]) == SIRET
    codes = [p for p in (shared / "data" / "reference").rglob("*") if p.suffix in {".csv", ".json", ".txt"}]
    assert codes
    given = re.compile(rf"(?<![0-9]){INSEE}(?![0-9])".encode())
    assert [p.name for p in codes if given.search(p.read_bytes())] == []
