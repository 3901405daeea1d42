"""TOTEM to the national budget schema: each line whole, and the reference tool's own output but for what it lacks."""

from __future__ import annotations

import csv
import io
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner

from parvis.cli.budget import budget
from parvis.errors import InputError
from parvis.schemas.budget import SCHEMA, scdl
from parvis.schemas.schema import load
from parvis.tables import repairs
from parvis.tables.sink import Sink
from parvis.values import Step

TOTEM = """<?xml version="1.0" encoding="UTF-8"?>
<DocumentBudgetaire xmlns="http://www.minefi.gouv.fr/cp/demat/docbudgetaire">
<EnTeteDocBudgetaire><LibelleColl V="Fontclaire"/><IdColl V="21580999700012"/></EnTeteDocBudgetaire>
<Budget><EnTeteBudget><LibelleEtab V="Principal"/><IdEtab V="21580999700012"/><Nomenclature V="M57-M57_D"/></EnTeteBudget>
<BlocBudget><NatDec V="10"/><Exer V="2024"/><CodTypBud V="P"/></BlocBudget>
<LigneBudget><Nature V="60612"/><Fonction V="020"/><CodRD V="D"/><MtReal V="12.50"/></LigneBudget>
<LigneBudget><Nature V="6811"/><CodRD V="D"/><OpBudg V="1"/><TypOpBudg V="2"/><ArtSpe V="true"/></LigneBudget>
</Budget></DocumentBudgetaire>"""


def rows_of(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode(), newline="")))


def test_a_line_has_its_chapter_its_section_and_the_names_of_its_codes(tmp_path: Path) -> None:
    file = tmp_path / "budget.xml"
    file.write_text(TOTEM, "utf-8")
    header, first, second = rows_of(scdl(file).content)
    assert header == [f.name for f in load(SCHEMA).fields]
    assert first == (
        "compte administratif,2024,21580999700012,Fontclaire,011,Charges à caractère général,60612,Energie - Electricité,"
        "020,Administration générale de la collectivité,,fonctionnement,réel,dépense,12.50,,,,,,,non spécialisé"
    ).split(",")
    assert (second[4], second[11], second[12], second[21]) == ("042", "fonctionnement", "ordre", "spécialisé")


def test_the_verb_writes_the_file(tmp_path: Path) -> None:
    file, target = tmp_path / "budget.xml", tmp_path / "budget.csv"
    file.write_text(TOTEM, "utf-8")
    told = CliRunner().invoke(budget, [str(file), "--out", str(target)])
    assert told.exit_code == 0 and target.read_bytes() == scdl(file).content


def test_another_file_is_no_budget(tmp_path: Path) -> None:
    file = tmp_path / "arbres.csv"
    file.write_text("essence;hauteur\nchêne;12\n")
    with pytest.raises(InputError, match="TOTEM"):
        scdl(file)


def test_the_conversion_touches_no_other_table(tmp_path: Path) -> None:
    sink = Sink(tmp_path)
    sink.rows("", ["nature", "sens"], [(2, ["60612", "dépense"])])
    kept = repairs.apply(sink.tables[0], [Step("budget_scdl")], tmp_path)
    assert list(kept.labels) == ["nature", "sens"] and kept.findings[0].code == "repairs.not_found"


DOCUMENTS = """DOCBUDG-21560046100010-056025-CA-2021-01032022000000 DOCBUDG-21560046100010-056025-DM2-2021-25112021000000
    DOCBUDG-21560046100085-056025-BP-2022-07042022000000 DOCBUDG-21560134500014-CFU-BP-2023 budget-crach-001""".split()
# What the reference tool leaves empty, which the schema requires: the plan de comptes fills it here.
LEFT_EMPTY = ("BGT_CONTNAT", "BGT_CONTNAT_LABEL", "BGT_SECTION")


@pytest.mark.shared
@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_line_of_a_real_budget_is_whole(shared: Path, name: str) -> None:
    header, *rows = rows_of(scdl(shared / "data" / "budget-totem" / name / "totem.xml").content)
    required = [header.index(f.name) for f in load(SCHEMA).required]
    assert [n for n, row in enumerate(rows) if not all(row[i] for i in required)] == []


@pytest.mark.shared
@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_real_budget_is_the_reference_tools_byte_for_byte_but_for_what_is_explained(shared: Path, name: str) -> None:
    """Explained: the step in lower case, as the schema's list has it; chapters and sections that it leaves empty; the
    signs that Windows made of a dash and an apostrophe, mended; blanks at the end of a name."""
    folder = shared / "data" / "budget-totem" / name
    expected = (folder / "expected.csv").read_bytes()
    header, *wanted = rows_of(expected)
    ours = rows_of(scdl(folder / "totem.xml").content)[1:]
    assert len(ours) == len(wanted)
    explained: Counter[str] = Counter()
    for own, theirs in zip(ours, wanted, strict=True):
        for i, field in enumerate(header):
            if own[i] == theirs[i]:
                continue
            mended = theirs[i].replace("\x96", "–").replace("\x92", "’").strip()
            same = (
                (field == "BGT_NATDEC" and own[i] == theirs[i].lower())
                or (field in LEFT_EMPTY and not theirs[i])
                or (field == "BGT_NATURE_LABEL" and own[i] == mended)
            )
            assert same, (field, own[i], theirs[i])
            explained[field] += 1
            own[i] = theirs[i]
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows([header, *ours])
    assert text.getvalue().encode() == expected
    print(f"\n{name}: {len(ours)} lines, cells explained: {dict(explained)}")
