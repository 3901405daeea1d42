"""Cells that hold several values: said by hand, kept with the column, and read one value at a time by Opendatasoft's clients."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from tests.engine.test_ods import BASE, NOW, V21, Client, Slugs

from parvis.dialects import ods_v1
from parvis.profiling.profile import profile
from parvis.store.folder import Folder
from parvis.store.pool import Pool
from parvis.tables import recipe, repairs, types
from parvis.tables.repairs import several_values
from parvis.tables.sink import Sink
from parvis.values import Kind, Recipe, Step
from parvis.web import Request

WASTE = ["verre;papier", "verre ; métal", "papier", None, "métal;verre;verre", " ; ", "piles"] * 3
HERE = f"{V21}/datasets/jeu-dddddddddddd"


def parts(cell: str | None) -> list[str]:
    return [p.strip() for p in (cell or "").split(";") if p.strip()]


@pytest.fixture(scope="module")
def get(making: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    work = tmp_path_factory.mktemp("several")
    folder = Folder(work / "data")
    rows = [{"borne": f"B{n}", "dechets": cell} for n, cell in enumerate(WASTE)]
    kinds = {"borne": Kind.TEXT, "dechets": Kind.TEXT}
    making.put(folder, making.protected(work / "waste.parquet", kinds, rows), "dddddddddddd")

    class Several(making.Catalogue):  # type: ignore[misc,name-defined]
        def find(self, dataset: str) -> Any:
            entry = super().find(dataset)
            columns = tuple(
                dataclasses.replace(c, separator=";" if c.name == "dechets" else "") for c in entry.version.columns
            )
            return dataclasses.replace(entry, version=dataclasses.replace(entry.version, columns=columns))

    pool = Pool(folder)
    yield Client(type("Town", (), {"catalogue": Several(folder)}), pool)
    pool.close()


def test_each_value_counts_in_facets_groups_and_refinements(get: Any) -> None:
    wanted = Counter(p for cell in WASTE for p in set(parts(cell)))
    facets = get.json(f"{HERE}/facets", facet="dechets")["facets"][0]["facets"]
    assert {f["value"]: f["count"] for f in facets} == wanted
    groups = get.json(f"{HERE}/records", group_by="dechets", select="count(*) as n", limit=100)["results"]
    assert {g["dechets"]: g["n"] for g in groups} == {**wanted, None: sum(not parts(c) for c in WASTE)}
    for question in ({"refine": "dechets:verre"}, {"where": "dechets = 'verre'"}, {"where": "'verre' in dechets"}):
        assert get.json(f"{HERE}/records", **question)["total_count"] == wanted["verre"]
    assert get.json(f"{HERE}/records", exclude="dechets:verre")["total_count"] == len(WASTE) - wanted["verre"]
    either = sum(bool({"papier", "métal"} & set(parts(c))) for c in WASTE)
    assert get.json(f"{HERE}/records", where="dechets in ('papier', 'métal')")["total_count"] == either
    assert get.json(f"{HERE}/records", where="startswith(dechets, 'mé')")["total_count"] == wanted["métal"]
    assert get.json(f"{HERE}/records", where="dechets is null")["total_count"] == sum(not parts(c) for c in WASTE)
    assert get.json(f"{HERE}/records", where="search(dechets, 'metal')")["total_count"] == wanted["métal"]
    facets = get.json(f"{HERE}/facets", facet="facet(name='dechets',disjunctive=true)", refine="dechets:verre")
    states = {f["value"]: (f["count"], f["state"]) for f in facets["facets"][0]["facets"]}
    assert states["papier"] == (wanted["papier"], "displayed") and states["verre"][1] == "refined"


def test_records_give_lists_and_files_the_separator_that_is_asked(get: Any) -> None:
    shown = get.json(f"{HERE}/records", limit=100)["results"]
    assert [r["dechets"] for r in shown] == [parts(c) or None for c in WASTE]
    one = get.json(f"{HERE}/records", limit=1, include_links="true")["results"][0]
    path = one["_links"][0]["href"].removeprefix(BASE)
    assert get.json(path)["dechets"] == parts(WASTE[0])
    told = get.json(HERE)
    (field,) = [f for f in told["fields"] if f["name"] == "dechets"]
    assert field["annotations"] == {"facet": [], "multivalued": [";"]}
    for sign in (",", "|"):
        body = b"".join(get(f"{HERE}/exports/csv", list_separator=sign).body).decode("utf-8-sig")
        lines = list(csv.DictReader(io.StringIO(body), delimiter=";"))
        assert [r["dechets"] for r in lines] == [sign.join(parts(c)) for c in WASTE]
    for form in ("json", "jsonl"):
        body = b"".join(get(f"{HERE}/exports/{form}").body)
        told = json.loads(body) if form == "json" else [json.loads(line) for line in body.splitlines()]
        assert [r["dechets"] for r in told] == [parts(c) or None for c in WASTE]
    grouped = b"".join(get(f"{HERE}/exports/json", group_by="dechets", select="count(*) as n").body)
    assert {r["dechets"] for r in json.loads(grouped)} == {None, *(p for c in WASTE for p in parts(c))}


def test_the_first_api_gives_them_in_one_text(get: Any) -> None:
    query = {"dataset": "jeu-dddddddddddd", "facet": "dechets", "refine.dechets": "piles"}
    request = Request("GET", "/api/records/1.0/search/", tuple(query.items()), base=BASE)
    told = json.loads(ods_v1.answer(request, get.catalogue, get.pool, None, NOW).body)  # type: ignore[arg-type]
    assert told["nhits"] == 3
    assert {r["fields"]["dechets"] for r in told["records"]} == {"piles"}
    request = Request("GET", "/api/records/1.0/search/", (("dataset", "jeu-dddddddddddd"),), base=BASE)
    told = json.loads(ods_v1.answer(request, get.catalogue, get.pool, None, NOW).body)  # type: ignore[arg-type]
    assert told["records"][0]["fields"]["dechets"] == "verre;papier"
    assert urlencode(query) and isinstance(get.catalogue, Slugs)


def table(work: Path, cells: list[str | None]) -> Any:
    work.mkdir(exist_ok=True)
    sink = Sink(work)
    sink.rows("", ["Borne", "Déchets"], [(n, [f"B{n}", c]) for n, c in enumerate(cells, 2)], header_line=1)
    return sink.tables[0]


def test_a_step_by_hand_is_kept_with_the_column(tmp_path: Path) -> None:
    raw = table(tmp_path, WASTE)
    steps = (
        Step("several_values", {"column": "Déchets", "sign": ";"}, origin="hand"),
        Step("rename", {"column": "Déchets", "name": "Matières"}, origin="hand"),
    )
    mended, done = recipe.run(raw, Recipe(steps), tmp_path)
    assert all(s.found for s in done)
    assert any("séparées par un point-virgule" in s.text for s in done)
    typed = types.infer(mended)
    types.write(mended, typed, tmp_path / "typed.parquet")
    columns = profile(mended, typed, tmp_path / "typed.parquet").columns
    assert {c.label: c.separator for c in columns} == {"Borne": "", "Matières": ";"}


def test_it_is_suggested_where_the_same_words_come_back_and_nowhere_else(tmp_path: Path) -> None:
    prose: list[str | None] = [f"Ouvert le {n} mai ; fermé le {n + 1} juin, sauf fête {n}" for n in range(60)]
    for number, (cells, wanted) in enumerate(((WASTE * 4, ["Déchets"]), (prose, []))):
        with repairs.Draft(table(tmp_path / str(number), cells)) as draft:
            assert [s.parameters["column"] for s in several_values.suggest(draft)] == wanted
