"""Budgets in TOTEM: one row per line, the document's facts on each, nothing that names a person."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import reading
from parvis.errors import InputError
from parvis.tables.read import read
from parvis.values import Parcel
from reading import cells, codes, lines

LINE = (
    '<LigneBudget{more}><Nature V="{nature}"/>{chapter}<CodRD V="{sense}"/><MtPrev V="{amount}"/><OpBudg V="{order}"/>'
    "{section}</LigneBudget>"
)
BUDGET = """<?xml version="1.0" encoding="ISO-8859-1"?>
<DocumentBudgetaire xmlns="http://www.minefi.gouv.fr/cp/demat/docbudgetaire">
<EnTeteDocBudgetaire><LibelleColl V="Fontclaire"/><IdColl V="{siret}"/></EnTeteDocBudgetaire>
<Budget><EnTeteBudget><LibelleEtab V="Budget é"/><IdEtab V="{siret}"/><Nomenclature V="M57-M57_A"/></EnTeteBudget>
<BlocBudget><NatDec V="{step}"/><Exer V="2025"/><CodTypBud V="P"/></BlocBudget>
{lines}
<Annexes><DATA_PERSONNEL><PERSONNEL><EmploiGradeAgent V="Camille Exemple"/></PERSONNEL></DATA_PERSONNEL>
<DATA_SIGNATAIRE><SIGNATAIRE><Signataire V="Dominique Exemple"/></SIGNATAIRE></DATA_SIGNATAIRE></Annexes></Budget>
</DocumentBudgetaire>"""


def line(nature: str, sense: str = "D", amount: str = "10.00", order: str = "0", more: str = "", **said: str) -> str:
    chapter = f'<ContNat V="{said["chapter"]}"/>' if said.get("chapter") else ""
    section = f'<CaracSup V="{said["section"]}" Code="Section"/>' if said.get("section") else ""
    return LINE.format(
        nature=nature, sense=sense, amount=amount, chapter=chapter, section=section, order=order, more=more
    )


def budget(tmp_path: Path, *rows: str, siret: str = "21560046100010", step: str = "01") -> Any:
    content = BUDGET.format(siret=siret, step=step, lines="\n".join(rows))
    return reading.told(tmp_path, content.encode("latin-1"), "budget.xml")


def test_each_line_is_a_row_with_the_facts_of_its_document(tmp_path: Path) -> None:
    sink = budget(
        tmp_path, line("6411", chapter="012", section="F"), line("1641", "R", "5.50", chapter="16", order="1")
    )
    first, second = cells(sink)
    assert {k: first[k] for k in ("exercice", "nature_document", "siret", "etablissement", "type_budget")} == {
        "exercice": "2025", "nature_document": "budget primitif", "siret": "21560046100010", "etablissement": "Budget é",
        "type_budget": "budget principal",
    }  # fmt: skip
    assert (first["nature"], first["chapitre"], first["sens"], first["section"], first["prevu"], first["ordre"]) == (
        "6411", "012", "dépense", "fonctionnement", "10.00", "réel"
    )  # fmt: skip
    assert (second["sens"], second["section"], second["ordre"]) == ("recette", "investissement", "ordre")
    assert lines(sink) == [6, 7]


def test_annexes_are_left_aside_and_said_without_a_name(tmp_path: Path) -> None:
    sink = budget(tmp_path, line("6411", chapter="012"))
    assert codes(sink) == ["totem.annexes"]
    assert "personnel, signataires" in sink.findings[0].text
    assert "Exemple" not in str(cells(sink)) + str(sink.findings)


def test_subtotals_are_not_counted_twice(tmp_path: Path) -> None:
    sink = budget(tmp_path, line("6411"), line("64", more=' calculated="true"'))
    assert [row["nature"] for row in cells(sink)] == ["6411"]
    assert "totem.subtotals" in codes(sink)


@pytest.mark.parametrize(
    ("nature", "chapter", "order", "section"),
    [
        ("6411", "", "0", "fonctionnement"), ("7411", "74", "0", "fonctionnement"), ("2051", "", "0", "investissement"),
        ("28051", "040", "1", "investissement"), ("6811", "042", "1", "fonctionnement"), ("002", "", "0", "fonctionnement"),
        ("001", "", "0", "investissement"), ("023", "", "0", "fonctionnement"), ("021", "", "0", "investissement"),
    ],
)  # fmt: skip
def test_the_section_is_derived_when_it_is_not_said(
    tmp_path: Path, nature: str, chapter: str, order: str, section: str
) -> None:
    sink = budget(tmp_path, line(nature, chapter=chapter, order=order))
    assert cells(sink)[0]["section"] == section


def test_codes_are_named_and_a_chapter_that_is_not_said_is_found(tmp_path: Path) -> None:
    sink = budget(tmp_path, line("60612"), line("2804412", "R", order="1"), line("739999", chapter="73"))
    first, second, third = cells(sink)
    assert (first["chapitre"], first["libelle_chapitre"]) == ("011", "Charges à caractère général")
    assert first["libelle_nature"] == "Énergie - Électricité" and first["section"] == "fonctionnement"
    assert (second["chapitre"], second["section"]) == ("040", "investissement")
    assert third["chapitre"] == "73" and third["libelle_nature"]
    found = {f.code: f for f in sink.findings}
    assert found["totem.chapters"].count == 2 and "M57_A 2024" in found["totem.chapters"].text
    assert "739999" in found["totem.accounts_unknown"].text


def test_accounts_of_a_department_are_left_without_names(tmp_path: Path) -> None:
    content = BUDGET.replace("M57-M57_A", "M52").format(siret="21560046100010", step="01", lines=line("60612"))
    sink = reading.told(tmp_path, content.encode("latin-1"), "budget.xml")
    assert "totem.plan_unknown" in codes(sink)
    assert cells(sink)[0]["section"] == "fonctionnement" and cells(sink)[0]["libelle_nature"] is None


def test_a_wrong_siret_and_an_unknown_step_are_said(tmp_path: Path) -> None:
    assert {"totem.siret", "totem.nature_document"} <= set(
        codes(budget(tmp_path, line("6411"), siret="2156", step="77"))
    )


def test_a_budget_without_lines_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="aucune ligne"):
        budget(tmp_path)


def test_a_cut_budget_is_refused_with_its_line(tmp_path: Path) -> None:
    content = BUDGET.format(siret="1", step="01", lines=line("6411"))
    with pytest.raises(InputError, match="ligne 6"):
        reading.told(tmp_path, content[: content.index("</LigneBudget>")].encode("latin-1"), "budget.xml")


@pytest.mark.shared
def test_the_sums_of_a_real_account_are_those_of_its_own_document(shared: Path, tmp_path: Path) -> None:
    path = next((shared / "data" / "budget-totem").glob("*-CA-2021-*")) / "totem.xml"
    read(Parcel(path, path.name, "", 1), tmp_path / "caged")
    rows = cells(reading.of(tmp_path, path))
    sums: dict[tuple[str, str, str], Decimal] = {}
    for row in rows:
        key = (row["section"], row["sens"], row["ordre"])
        sums[key] = sums.get(key, Decimal(0)) + Decimal(row["realise"] or 0)
    assert sums["fonctionnement", "dépense", "réel"] == Decimal("2282436.65")
    assert sums["fonctionnement", "recette", "réel"] == Decimal("3835551.43")
    assert sums["investissement", "dépense", "réel"] == Decimal("999553.87")
    assert (
        sums["fonctionnement", "dépense", "ordre"] == sums["investissement", "recette", "ordre"] == Decimal("96637.25")
    )
