"""The repairs of a file changed after it was examined, and replayed on the next one."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from parvis import pipeline
from parvis.errors import InputError
from parvis.privacy import policy as policies
from parvis.store.folder import Folder
from parvis.tables import recipe as recipes
from parvis.values import Parcel, Preparation, Reception, Recipe, Step

NOW = "2026-11-25T10:00:00+00:00"
YEARS = ("2024", "2025")


def workbook(path: Path, years: tuple[str, ...] = YEARS) -> bytes:
    """Write one sheet with a table a year, one under the other, as a swimming pool's office keeps it."""
    import xlsxwriter

    book = xlsxwriter.Workbook(str(path))
    sheet, line = book.add_worksheet("Fréquentation"), 0
    for turn, year in enumerate(years):
        sheet.write_row(line, 0, [f"Entrées {year}"])
        sheet.write_row(line + 1, 0, ["Piscine", "Janvier", "Février", "Mars"])
        sheet.write_row(line + 2, 0, ["Lac", 12 + turn, 13, 14])
        sheet.write_row(line + 3, 0, ["Bois", 2, 3 + turn, 4])
        line += 6
    book.close()
    return path.read_bytes()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "data")


def parcel(folder: Folder, name: str, content: str | bytes) -> Parcel:
    path = folder.inbox / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return Parcel(path, name, hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_size, "test", NOW)


def prepared(folder: Folder, name: str, content: str | bytes, recipe: tuple[Recipe, ...] = ()) -> Reception:
    return pipeline.prepare(folder, parcel(folder, name, content), recipe=recipe, now=NOW)


def hand(name: str, /, **parameters: object) -> Step:
    return Step(name, parameters, origin="hand")


def accepted(preparation: Preparation, *more: Step) -> tuple[Step, ...]:
    return (*(s for s in preparation.recipe if s.origin != "idea"), *more)


def test_steps_are_changed_without_reading_the_file_again(folder: Folder) -> None:
    (first,) = prepared(folder, "a.csv", "NOM;NB\nLac;1\nBois;2\n").preparations
    Path(first.parcel.path).unlink()
    second = pipeline.rework(folder, first, accepted(first, hand("rename", column="NB", name="bassins")), now=NOW)
    assert [c.label for c in second.profile.columns] == ["NOM", "bassins"]
    assert second.id == first.id and second.recipe[-1].origin == "hand"
    third = pipeline.rework(folder, second, accepted(first), now=NOW)
    assert [c.label for c in third.profile.columns] == ["NOM", "NB"]
    pipeline.forget(folder, third)
    assert not list(folder.staged.iterdir())


def test_another_header_line_reads_the_file_again(folder: Folder) -> None:
    text = "lieu;type;note\nnom;bassins;état\nLac;2;bon\nBois;3;bon\n"
    (first,) = prepared(folder, "a.csv", text).preparations
    second = pipeline.rework(folder, first, (hand("header_line", line=2),), now=NOW)
    assert [c.label for c in second.profile.columns] == ["nom", "bassins", "état"] and second.profile.rows == 2
    assert [s.repair for s in second.recipe] == ["header_line"]
    third = pipeline.rework(folder, second, (), now=NOW)
    assert [c.label for c in third.profile.columns] == ["lieu", "type", "note"]
    with pytest.raises(InputError):
        pipeline.rework(folder, first, (hand("header_line", line=99),), now=NOW)


def test_stacked_years_become_one_long_table_and_so_does_the_next_file(folder: Folder, tmp_path: Path) -> None:
    one, two = prepared(folder, "a.xlsx", workbook(tmp_path / "a.xlsx")).preparations
    idea = next(s for s in one.recipe if s.repair == "stack_tables")
    assert not one.within and not two.within
    steps = accepted(one, hand("stack_tables", name=idea.parameters["name"]))
    steps += (hand("unpivot", keep=[idea.parameters["name"], "Piscine"], name="mois", value="entrées"),)
    long = pipeline.rework(folder, one, steps, now=NOW)
    assert long.profile.rows == 12 and long.takes_in == (two.profile.table,)
    recipe = Recipe(recipes.kept(long.recipe), long.profile.table, long.labels, "7")
    following = workbook(tmp_path / "b.xlsx", ("2024", "2025", "2026"))
    again, *absorbed = prepared(folder, "b.xlsx", following, (recipe,)).preparations
    assert again.follows == "7" and again.profile.rows == 18
    assert [p.within for p in absorbed] == [again.profile.table] * 2


def test_examples_show_nothing_of_people(folder: Folder) -> None:
    rows = "".join(f"Club {n};Zyxalinde Martin;zyxalinde{n}@courriel.example;{n}\n" for n in range(12))
    (first,) = prepared(folder, "a.csv", f"club;Présidente;Courriel;n\n{rows}").preparations
    assert policies.blocking(first.findings)
    steps = (hand("rename", column="Présidente", name="Dirigeante"), hand("drop_columns", columns=["n"]),
             hand("filter_rows", act="drop", column="club", test="is", value="Club 3"),
             hand("replace_values", column="Dirigeante", pairs={"Zyxalinde Martin": "Zyxalinde Bernard"}))  # fmt: skip
    second = pipeline.rework(folder, first, accepted(first, *steps), now=NOW)
    shown = [text for s in second.recipe for text in (*s.before, *s.after)]
    assert any("Club" in t for t in shown) and not any("yxalinde" in t for t in shown)


def test_a_recipe_is_kept_in_a_file_and_replayed_by_the_command_line(tmp_path: Path) -> None:
    june, july, recipe = tmp_path / "juin.csv", tmp_path / "juillet.csv", tmp_path / "recette.json"
    june.write_text("NOM;CP\nLac;1004\nBois;75001\nÉtang;1500\n", "utf-8")
    july.write_text("NOM;CP\nPré;1004\n", "utf-8")
    kept = parvis("inspect", june, "--keep-recipe", recipe)
    assert kept.returncode == 0, kept.stderr
    told = json.loads(recipe.read_text("utf-8"))
    told["recipes"][0]["steps"].append({"repair": "rename", "parameters": {"column": "NOM", "name": "lieu"}})
    recipe.write_text(json.dumps(told), "utf-8")
    (found,) = json.loads(parvis("inspect", july, "--recipe", recipe, "--json").stdout)["tables"]
    assert [c["label"] for c in found["columns"]] == ["lieu", "CP"]
    assert found["columns"][1]["examples"] == ["01004"]
    wrong = parvis("inspect", july, "--recipe", july)
    assert wrong.returncode == 3 and "n'est pas une recette" in wrong.stderr
    made = parvis("protect", july, "--recipe", recipe, "--out", tmp_path / "out")
    assert made.returncode == 0 and (tmp_path / "out" / "juillet.parquet").exists()


def parvis(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "parvis.cli.main", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
