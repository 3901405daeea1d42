"""What the codes of public accounts mean: named by year and nomenclature, kin answering for what is unknown."""

from __future__ import annotations

from pathlib import Path

import pytest

from parvis import accounts
from parvis.accounts import plan


def of(nomenclature: str, year: int) -> accounts.Plan:
    found = plan(nomenclature, year)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("asked", "year", "said", "exact"),
    [
        ("M57-M57_A", 2024, "M57_A 2024", True),
        ("M57_D", 2023, "M57_D 2023", True),
        ("M14-M14_COM_500_3500", 2021, "M14_COM_500_3500 2021", True),
        ("M14", 2012, "M14_COM_SUP3500 2021", False),
        ("M57_P", 2026, "M57_D 2024", False),
        ("M57_A", 2021, "M57_A 2022", False),
        ("M57", 2024, "M57_D 2024", False),
        ("M41", 2022, "M4 2022", False),
        ("M49_A", 2030, "M49_A 2024", False),
        ("M14_CCAS_SUP3500", 2022, "M14_COM_SUP3500 2022", False),
    ],
)
def test_a_nomenclature_is_read_with_its_plan_or_the_nearest_kin(asked: str, year: int, said: str, exact: bool) -> None:
    found = of(asked, year)
    assert (found.said, found.exact) == (said, exact)


@pytest.mark.parametrize("asked", ["", "M52", "M61_D", "M71", "M571", "57", "texte"])
def test_the_accounts_of_departments_and_regions_are_unknown(asked: str) -> None:
    assert plan(asked, 2022) is None


@pytest.mark.parametrize(
    ("nature", "sense", "order", "chapter"),
    [
        ("60612", "D", "", "011"),
        ("6411", "D", "", "012"),
        ("2804412", "R", "2", "040"),
        ("6811", "D", "2", "042"),
        ("6811", "D", "?", "042"),
        ("021", "R", "2", "021"),
        ("023", "D", "2", "023"),
        ("001", "R", "", "001"),
        ("60612123", "D", "", "011"),  # a town divides its accounts as it likes
        ("1641", "R", "", "16"),
        ("9", "D", "", ""),
        ("", "D", "", ""),
    ],
)
def test_the_chapter_of_a_line_follows_from_its_account_and_operation(
    nature: str, sense: str, order: str, chapter: str
) -> None:
    assert of("M57_A", 2024).chapter(nature, sense, order) == chapter


def test_codes_are_named() -> None:
    town = of("M14_COM_500_3500", 2021)
    assert town.chapter_name("012") == "Charges de personnel et frais assimilés" and town.section("012") == "F"
    assert town.nature_name("60612") == "Energie - Electricité" == town.nature_name("606129")
    assert town.function_name("211") == "Ecoles maternelles"  # its own plan has no function: the fuller one answers
    assert town.chapter_name("45412") == town.chapter_name("4541") != ""
    assert (town.section("nul"), town.nature_name("x"), town.function_name("")) == ("", "", "")


def test_every_account_that_bears_a_chapter_bears_a_known_one() -> None:
    for year, name in accounts._parts():
        found = of(name, year)
        used = {c for a in found.natures.values() for c in a.chapters if c}
        assert {c for c in used if not found.section(c)} == set(), found.said


@pytest.mark.shared
def test_the_lexicon_is_what_the_script_makes_of_the_official_plans(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parents[2] / "scripts"))
    import make_accounts

    written = make_accounts.TARGET.read_text("utf-8")
    monkeypatch.setattr(make_accounts, "TARGET", tmp_path / "accounts.txt")
    make_accounts.main(shared / "data" / "budget-plans-de-comptes")
    assert (tmp_path / "accounts.txt").read_text("utf-8") == written
    assert len(written.encode()) < 1_000_000
