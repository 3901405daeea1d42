"""A recipe replayed: what it does, what it shows, and what it says when the next file has another shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from parvis.errors import InputError
from parvis.tables import recipe, repairs
from parvis.tables.draft import SAME_FILE, Reference
from parvis.tables.sink import Sink
from parvis.tables.table import RawTable
from parvis.values import Recipe, Severity, Step, from_json, to_json

Rows = list[list[str | None]]


def table(work: Path, labels: list[str], rows: Rows, name: str = "") -> RawTable:
    sink = Sink(work)
    sink.rows(name, labels, list(enumerate(rows, 2)), header_line=1)
    return sink.tables[0]


def content(raw: RawTable) -> tuple[list[str], list[list[Any]]]:
    rows = pq.read_table(raw.path, columns=raw.columns()).to_pylist()
    return list(raw.labels), [list(r.values()) for r in rows]


def hand(name: str, /, **parameters: Any) -> Step:
    return Step(name, parameters, origin="hand")


def accept(steps: Sequence[Step], name: str) -> list[Step]:
    """Take an idea, as a person who presses its button."""
    return [Step(s.repair, s.parameters, origin="hand") if s.repair == name else s for s in steps]


WIDE: tuple[list[str], Rows] = (
    ["École", "2022", "2023", "2024"],
    [["Lac ", "12", "13", "14"], ["Bois", "9", None, "11"], ["Total", "21", "13", "25"]],
)


def test_each_step_shows_what_it_changes(tmp_path: Path) -> None:
    steps = [hand("rename", column="École", name="école"), hand("drop_columns", columns=["2022"])]
    mended, done = recipe.run(table(tmp_path, *WIDE), Recipe(tuple(steps)), tmp_path)
    told = {s.repair: s for s in done}
    assert told["drop_totals"].rows == (3, 2) and "21" in told["drop_totals"].before[0]
    assert told["trim"].cells == 1 and told["trim"].fresh
    assert (told["rename"].before, told["rename"].after) == (("École",), ("école",))
    assert told["drop_columns"].columns == (4, 3)
    assert told["drop_columns"].before[0] == "école : Lac · 2022 : 12 · 2023 : 13 · 2024 : 14"
    assert content(mended) == (["école", "2023", "2024"], [["Lac", "13", "14"], ["Bois", None, "11"]])


def test_a_wide_table_is_an_idea_that_a_person_accepts(tmp_path: Path) -> None:
    raw = table(tmp_path, *WIDE)
    mended, done = recipe.run(raw, None, tmp_path)
    idea = next(s for s in done if s.origin == "idea")
    assert idea.repair == "unpivot" and idea.rows == (2, 5) and idea.columns == (4, 3)
    assert "« 2022 », « 2023 », « 2024 »" in idea.text
    assert len(mended.labels) == 4  # an idea changes nothing
    mended, again = recipe.run(raw, Recipe(tuple(accept(done, "unpivot"))), tmp_path)
    assert content(mended)[1][0] == ["Lac", "2022", "12"] and mended.rows == 5
    assert not [s for s in again if s.origin == "idea"]


def test_a_step_that_is_off_stays_off_and_shows_what_it_would_do(tmp_path: Path) -> None:
    raw = table(tmp_path, *WIDE)
    _, done = recipe.run(raw, None, tmp_path)
    off = [replace(s, off=s.repair == "drop_totals") for s in done]
    mended, again = recipe.run(raw, Recipe(recipe.kept(off)), tmp_path)
    (step,) = [s for s in again if s.repair == "drop_totals"]
    assert step.off and step.rows == (3, 2)
    assert mended.rows == 3


def test_next_month_replays_and_proposes_what_is_new(tmp_path: Path) -> None:
    first = table(tmp_path, ["école", "CP"], [["Lac", "01004"], ["Bois", "75001"]])
    _, steps = recipe.run(first, Recipe((hand("rename", column="CP", name="code postal"),)), tmp_path)
    kept = from_json(Recipe, to_json(Recipe(recipe.kept(steps), labels=first.labels)))
    following = table(tmp_path, ["école", "CP"], [["Lac", "1004"], ["Pré ", "1500"], ["Parc", "75002"]])
    mended, done = recipe.run(following, kept, tmp_path)
    assert content(mended) == (["école", "code postal"], [["Lac", "01004"], ["Pré", "01500"], ["Parc", "75002"]])
    assert [(s.repair, s.fresh) for s in done] == [("trim", True), ("lost_zeros", True), ("rename", False)]
    assert not mended.findings


def test_a_column_that_changed_its_name_is_said_with_the_nearest_one(tmp_path: Path) -> None:
    step = hand("unpivot", keep=["Nom de l'école"], name="année", value="élèves")
    raw = table(tmp_path, ["Nom des écoles", "2025", "2026"], [["Lac", "1", "2"]])
    mended, (done, *_) = recipe.run(raw, Recipe((step,)), tmp_path)
    assert not done.found and done.lost == {"Nom de l'école": "Nom des écoles"}
    (finding,) = mended.findings
    assert finding.code == "repairs.column_missing" and finding.severity is Severity.BLOCK
    assert "Nom de l'école" in finding.text and "Nom des écoles" in finding.hint.format(**finding.values)
    assert finding.fix is not None
    mended, _ = recipe.run(raw, Recipe((finding.fix,)), tmp_path)
    assert mended.rows == 2 and not mended.findings


def test_case_accents_and_spaces_do_not_lose_a_column(tmp_path: Path) -> None:
    raw = table(tmp_path, ["MONTANT VOTE ", "x"], [["1", "a"]])
    mended, _ = recipe.run(raw, Recipe((hand("rename", column="Montant voté", name="montant"),)), tmp_path)
    assert mended.labels == ("montant", "x") and not mended.findings


def test_tables_of_one_year_each_become_one(tmp_path: Path) -> None:
    labels = ["association", "montant"]
    tables = [
        table(tmp_path, labels, [["Club", str(n)], ["Total", str(n)]], f"Subventions {2022 + n}") for n in range(3)
    ]
    references = {f"{SAME_FILE}{t.name}": Reference(t.name, t.path, t.labels, t.columns()) for t in tables}
    _, done = recipe.run(tables[0], None, tmp_path, references)
    assert "3 tableaux" in next(s.text for s in done if s.repair == "stack_tables")
    mended, again = recipe.run(tables[0], Recipe(tuple(accept(done, "stack_tables"))), tmp_path, references)
    assert content(mended) == (
        ["année", *labels],
        [["2022", "Club", "0"], ["2023", "Club", "1"], ["2024", "Club", "2"]],
    )
    assert "stack_tables" in [s.repair for s in again]
    _, others = recipe.run(tables[1], None, tmp_path, references)
    assert "stack_tables" not in [s.repair for s in others]  # the first table takes the others in


def dataset(work: Path, title: str, **columns: list[Any]) -> Reference:
    path = work / f"{len(list(work.iterdir()))}.parquet"
    pq.write_table(pa.table(columns), path)
    return Reference(title, path, list(columns), list(columns))


def test_columns_are_brought_from_a_released_dataset(tmp_path: Path) -> None:
    schools = dataset(tmp_path, "Écoles", uai=["A", "B", "B"], nom=["Le Lac", "Les Bois", "double"], classes=[3, 5, 9])
    raw = table(tmp_path, ["Ecole", "élèves"], [["LES BOIS", "9"], ["le lac", "12"], ["ailleurs", "1"]])
    step = hand("join_reference", column="Ecole", reference="dataset:1", key="", bring="classes")
    mended, (done, *_) = recipe.run(raw, Recipe((step,)), tmp_path, {"dataset:1": schools})
    assert content(mended) == (
        ["Ecole", "élèves", "classes"],
        [["LES BOIS", "9", "5"], ["le lac", "12", "3"], ["ailleurs", "1", None]],
    )
    assert "2 lignes sur 3" in done.text and "Écoles" in done.text


BAL = {
    "numero": [1, 3, 12, 12, 5],
    "suffixe": ["", "", "", "bis", ""],
    "voie_nom": ["Rue du Lac", "Rue du Lac", "Rue du Lac", "Rue du Lac", "Avenue du Général-de-Gaulle"],
    "commune_nom": ["Bourg-Neuf"] * 5,
    "long": [3.0, 3.1, 3.2, 3.25, 4.0],
    "lat": [47.0, 47.1, 47.2, 47.25, 48.0],
}


@pytest.mark.parametrize(
    ("text", "found", "score"),
    [
        ("12 bis, r. du lac 58990 BOURG NEUF", ("3.250000", "47.250000"), 1.0),
        ("3 RUE LAC", ("3.100000", "47.100000"), 1.0),
        ("5 av. du Gal de Gaulle", ("4.000000", "48.000000"), 1.0),
        ("7 rue du Lac", ("3.100000", "47.100000"), 0.8),
        ("rue du Lac", None, 0.6),
        ("8 rue des Inconnus", None, 0.0),
    ],
)
def test_an_address_is_placed_with_the_towns_own_base(
    tmp_path: Path, text: str, found: tuple[str, str] | None, score: float
) -> None:
    base = dataset(tmp_path, "Adresses", **BAL)
    raw = table(tmp_path, ["adresse"], [[text], ["1 rue du Lac"]])
    step = hand("geocode", column="adresse", reference="dataset:1", least="0.7")
    mended, (done, *_) = recipe.run(raw, Recipe((step,)), tmp_path, {"dataset:1": base})
    place = content(mended)[1][0]
    assert (tuple(place[1:3]) if place[1] else None) == found
    assert not found or float(place[3]) >= score - 0.03
    assert f"{1 + bool(found)} adresses sur" in done.text


def test_an_address_base_is_suggested_when_there_is_one(tmp_path: Path) -> None:
    base = dataset(tmp_path, "Adresses", **BAL)
    raw = table(tmp_path, ["lieu", "adresse"], [["a", "1 rue du Lac"], ["b", "3 rue du Lac"], ["c", "12 rue du Lac"]])
    _, steps = recipe.run(raw, None, tmp_path, {"dataset:1": base})
    assert [(s.repair, s.values["placed"]) for s in steps if s.origin == "idea"] == [("geocode", 3)]


def test_the_recipe_of_a_table_is_found_again(tmp_path: Path) -> None:
    june = table(tmp_path, ["lieu", "jour", "voix"], [["a", "b", "c"]], "juin 2026")
    other = table(tmp_path, ["x", "y"], [["a", "b"]], "notes")
    mine = Recipe(table="mai 2026", labels=("Lieu", "Jour", "Voix"), id="1")
    foreign = Recipe(table="juin 2026", labels=("lieu", "jour", "âge", "sexe"), id="2", named=False)
    assert recipe.choose([june, other], [mine, foreign]) == {"juin 2026": mine}
    exact = Recipe(labels=("LIEU", "JOUR", "VOIX"), id="3", named=False)
    assert recipe.choose([june, other], [exact]) == {"juin 2026": exact}


def test_a_form_is_read_or_says_what_is_missing() -> None:
    step = recipe.added("replace_values", {"column": ["état"], "pairs": ["B => Bon\n? =>\n"]}, ["état"])
    assert step.parameters == {"column": "état", "pairs": {"B": "Bon", "?": ""}}
    assert step.text == "Colonne « état » : « B » devient « Bon », « ? » est vidé."
    for name, posted, said in (
        ("rename", {"column": ["état"]}, "Nouveau nom"),
        ("rename", {"column": ["absente"], "name": ["x"]}, "absente"),
        ("header_line", {"line": ["0"]}, "nombre entier"),
        ("replace_values", {"column": ["état"], "pairs": ["B Bon"]}, "flèche"),
        ("filter_rows", {"column": ["état"], "act": ["drop"], "test": ["drop table"]}, "choix"),
    ):
        with pytest.raises(InputError) as error:
            recipe.added(name, posted, ["état"])
        assert said in error.value.text


def test_a_type_that_a_person_gives_is_kept(tmp_path: Path) -> None:
    from parvis.tables import types

    raw = table(tmp_path, ["bâtiment", "relevé"], [["12", "3,5"], ["14", "arrêt"], ["20", "4"], ["7", "vu"]])
    steps = (hand("set_type", column="bâtiment", kind="text"), hand("set_type", column="relevé", kind="number"))
    mended, done = recipe.run(raw, Recipe(steps), tmp_path)
    mended = from_json(RawTable, to_json(mended))
    columns = types.infer(mended)
    assert [str(c.kind) for c in columns] == ["text", "number"] and columns[1].odd == 2
    assert done[0].text == "La colonne « bâtiment » contient du texte (codes, numéros, noms)."


HOSTILE = ["'; DROP TABLE v0; --", '"', "\0", "{x}", "%s", "\\", "é" * 600]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("name", sorted(recipe.by_hand()))
def test_nothing_typed_in_a_step_breaks_it(tmp_path: Path, name: str, text: str) -> None:
    raw = table(tmp_path, ["a", text, "b"], [["1", text, "2"], ["3", None, "4"]])
    plugin = repairs.by_name()[name]
    read: dict[str, Any] = {}
    for key, asked in plugin.PARAMETERS.items():
        kinds = {"column": text, "columns": ["a", text], "pairs": {text: text}, "number": 2, "flag": True}
        read[key] = kinds.get(asked.kind, next(iter(asked.choices), text))
    for wrong in (read, {}, dict.fromkeys(read, 3), {**read, "column": None}):
        mended, done = recipe.run(raw, Recipe((Step(name, wrong, origin="hand"),)), tmp_path)
        assert done and done[0].text is not None and mended.rows <= 4


def test_the_header_that_a_person_chooses_is_read(tmp_path: Path) -> None:
    from parvis.tables import read as reading
    from parvis.values import Parcel

    file = tmp_path / "bassins.csv"
    file.write_text("lieu;type\nnom;bassins\nLac;2\n\nBois;3\n", "utf-8")
    parcel = Parcel(file, file.name, "0" * 64, file.stat().st_size)
    found = reading.read(parcel, tmp_path / "read", headers={"": 2})
    assert [(t.labels, t.header_line, t.rows) for t in found.tables] == [(("nom", "bassins"), 2, 2)]
    _, (done, *_) = recipe.run(found.tables[0], Recipe((hand("header_line", line=2),)), tmp_path)
    assert done.found
