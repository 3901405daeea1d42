"""A table looked at by its values and its forms says what its rows say, cell by cell and finding by finding."""

from __future__ import annotations

import dataclasses
import random
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parvis import pipeline
from parvis.privacy import screen, spans
from parvis.profiling import profile as profiling
from parvis.schemas.schema import load
from parvis.tables import rewrite, typed, types
from parvis.tables.forms import forms, keys_of
from parvis.tables.table import LINE, RawTable
from parvis.tables.texts import Texts, texts_of
from parvis.validation import run
from parvis.values import Profile

ROWS = 600
CELLS: dict[str, list[str | None]] = {
    "nom": ["Judo", "Théâtre de Bel-Air", "Rose Martin", None],
    "siret": ["21340172201787", "21340172201788", "3,5E+13"],
    "date": ["2026-01-31", "31/01/2026", "demain", None],
    "montant": ["1234,50", "12", "-3,5", "NC", None],
    "aide": ["oui", "non"],
    "observations": ["appeler le 06 12 34 56 78", "voir alice.durand@exemple.fr", "rien", None],
}


def drawn(work: Path, seed: int) -> RawTable:
    """Return a table of columns whose cells come often, and of two where they nearly all differ."""
    draw = random.Random(seed)
    cells: dict[str, list[str | None]] = {label: [draw.choice(c) for _ in range(ROWS)] for label, c in CELLS.items()}
    odd = draw.choice(["x", "1 234,5", "7e777", "00/00/0000"])
    cells["prix"] = [odd if draw.random() < 0.01 else f"{draw.randrange(10**6)},{n % 100:02d}" for n in range(ROWS)]
    cells["reference"] = [f"2026-{n:05d}" for n in draw.sample(range(10**5), ROWS)]
    cells["dossier"] = [
        None if n % 9 == 0 else f"D{n} {draw.choice(['', 'Rose Martin', '0612345678'])}" for n in range(ROWS)
    ]
    table: dict[str, Any] = {f"c{i}": pa.array(c, pa.string()) for i, c in enumerate(cells.values())}
    table[LINE] = pa.array(range(2, ROWS + 2), pa.int64())
    path = work / f"raw-{seed}.parquet"
    pq.write_table(pa.table(table), path, row_group_size=170)
    return RawTable("", path, list(cells), ROWS, "csv", header_line=1)


def both(raw: RawTable, work: Path) -> tuple[typed.Cells, Path, tuple[types.TypedColumn, ...]]:
    """Return a table by its values, and the typed Parquet of the same."""
    texts = texts_of(raw)
    columns = types.infer(raw, texts)
    whole = work / "whole.parquet"
    types.write(raw, columns, whole)
    return typed.typed_table(raw, columns, texts, work), whole, columns


@pytest.fixture(params=range(6))
def raw(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RawTable:
    monkeypatch.setattr(rewrite, "LARGE", 100)
    monkeypatch.setattr(profiling, "EXACT", 10**9)
    monkeypatch.setattr(run, "_OFTEN", 100)
    return drawn(tmp_path, request.param)


def test_the_rows_are_those_of_the_typed_file(raw: RawTable, tmp_path: Path) -> None:
    cells, whole, columns = both(raw, tmp_path)
    assert columns == types.infer(raw)
    assert len(cells.values) >= 5
    told = []
    with duckdb.connect() as engine:
        for table in (cells, whole):
            rows = engine.execute(f"SELECT * FROM {typed.relation_of(table)}")
            names = [(d[0], str(d[1])) for d in rows.description]
            told.append((names, rows.fetchall()))
    assert told[0] == told[1]
    assert cells.names == [name for name, _ in told[0][0]]
    assert pq.read_table(cells.file()).equals(pq.read_table(whole))


def test_the_values_are_those_of_the_rows(raw: RawTable, tmp_path: Path) -> None:
    cells, whole, _ = both(raw, tmp_path)
    with duckdb.connect() as engine:
        for name, rows in cells.values.items():
            wanted = engine.execute(
                f'SELECT "{name}", count(*), min({LINE}) FROM {typed.relation_of(whole)} GROUP BY 1 ORDER BY 3'
            ).fetchall()
            assert sorted(zip(*rows.to_pydict().values(), strict=True), key=lambda r: int(r[2])) == wanted


def test_profile_checks_and_screening_say_the_same(raw: RawTable, tmp_path: Path) -> None:
    cells, whole, columns = both(raw, tmp_path)

    def told(table: Path | typed.Cells) -> tuple[Profile, Any, Any, Any]:
        profile = profiling.profile(raw, columns, table)
        checked = run.check(table, raw, profile, None, {}, today="2026-02-01")
        schema = load("scdl/subventions")
        against = run.check(
            table, raw, profile, schema, {"montant": "prix", "nomBeneficiaire": "nom", "idBeneficiaire": "siret"}
        )
        return profile, checked, against, screen.screen(table, profile)

    one, other = told(cells), told(whole)
    for mine, its in zip(one[0].columns, other[0].columns, strict=True):
        assert mine == dataclasses.replace(its, mean=mine.mean)
        assert mine.mean == pytest.approx(its.mean)
    assert one[1:3] == other[1:3]
    assert sorted(one[3], key=repr) == sorted(other[3], key=repr)
    assert one[3]


TEXTS = st.text(st.sampled_from("0123456789 .-/+()@abAé'nNé"), max_size=24)


@given(texts=st.lists(st.one_of(st.none(), TEXTS), max_size=40), start=st.integers(0, 5))
def test_a_form_is_its_text_with_zeros_for_digits(texts: list[str | None], start: int) -> None:
    cells = pa.array(texts, pa.string()).slice(start)
    wanted = [None if t is None else "".join("0" if c in "0123456789" else c for c in t) for t in cells.to_pylist()]
    assert forms(cells).to_pylist() == wanted


@settings(max_examples=60, deadline=None)
@given(texts=st.lists(TEXTS, min_size=1, max_size=40), bare=st.booleans())
def test_what_may_hold_a_value_has_a_form_that_may(texts: list[str], bare: bool) -> None:
    seen = [*texts, "06 12 34 56 78", "tel. 0033 6 12 34 56 78", "1 84 12 76 451 089 46", "FR7630006000011234567890189"]
    with duckdb.connect() as engine:
        zeros = "translate(t, '123456789', '000000000')"
        told = engine.execute(
            f"SELECT t FROM (SELECT unnest(?) AS t) WHERE {spans.may_hold('t', bare_names=bare)} "
            f"AND NOT {spans.may_hold_form(f'({zeros})', bare_names=bare)}",
            [seen],
        ).fetchall()
    assert told == []


@settings(max_examples=300, deadline=None)
@given(
    texts=st.integers(1, 33).flatmap(
        lambda n: st.lists(st.text("ab01é", min_size=n, max_size=n), min_size=1, max_size=40)
    ),
    start=st.integers(0, 3),
)
def test_texts_of_one_length_have_a_number_each(texts: list[str], start: int) -> None:
    cells, keys = pa.array(["before"] * start + texts).slice(start), list[Any]()
    wide = {len(t.encode()) for t in texts}
    assert keys_of(cells, keys) is (len(wide) == 1 and max(wide) <= 32)
    told = dict(zip(texts, keys[0].tolist(), strict=True)) if keys else {}
    assert all(told[t] == k for t, k in zip(texts, keys[0].tolist() if keys else (), strict=False))
    assert len(set(told.values())) == len(told)
    assert not keys_of(pa.array(["a", None]), keys) and not keys_of(pa.array([], pa.string()), keys)


@pytest.mark.parametrize("twice", [(), (150_001,)])
def test_references_of_a_large_table_are_told_apart_one_by_one(tmp_path: Path, twice: tuple[int, ...]) -> None:
    cells = [f"{n:07d}" for n in range(200_000)]
    for at in twice:
        cells[at] = cells[3]
    lines = pa.array(range(2, 200_002), pa.int64())
    pq.write_table(pa.table({"c0": cells, LINE: lines}), tmp_path / "raw.parquet", row_group_size=60_000)
    table = RawTable("", tmp_path / "raw.parquet", ["reference"], 200_000, format="csv")
    texts = Texts(table)
    assert texts.counts("c0") == (200_000, 200_000 - len(twice))
    assert texts.all_differ("c0") is not bool(twice)
    cells_of, _, columns = both(table, tmp_path)
    profile = profiling.profile(table, columns, cells_of)
    found = run.check(cells_of, table, profile, None, {}, today="2026-01-01")
    assert [f.lines for f in found if f.code == "values.duplicate_id"] == [(150_003,)] * len(twice)


def test_many_forms_are_no_forms() -> None:
    assert (
        forms(pa.array([f"{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}{chr(97 + n // 676 % 26)}" for n in range(20_000)]))
        is None
    )


def test_a_big_text_file_keeps_every_cell_whatever_comes_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from parvis.tables.readers import csv

    monkeypatch.setattr(csv, "_SMALL", 100)
    monkeypatch.setattr(csv, "_GROUP", 300)
    monkeypatch.setattr(csv, "_BLOCK", 4000)
    rows = [
        ("Judo" if n < 400 else f"Club {n}", f"R-{n}" if n < 500 else "même", "", "oui" if n % 3 else "", f"{n},5")
        for n in range(2000)
    ]
    path = tmp_path / "clubs.csv"
    path.write_text("\n".join(["nom;reference;vide;aide;prix", *(";".join(r) for r in rows)]) + "\n", "utf-8")
    from parvis.tables.sink import Sink

    sink = Sink(tmp_path)
    csv.read(path, "clubs.csv", sink)
    (table,) = sink.tables
    held = pq.read_table(table.path)
    assert held.column(LINE).to_pylist() == list(range(2, 2002))
    assert [
        tuple(c or "" for c in r) for r in zip(*(held.column(f"c{i}").to_pylist() for i in range(5)), strict=True)
    ] == rows


def test_a_check_writes_no_typed_file(tmp_path: Path) -> None:
    path = tmp_path / "aides.csv"
    path.write_text("nom;montant\n" + "".join(f"Judo {n};{n},5\n" for n in range(30)), "utf-8")
    with pipeline.opened(path) as (_, (table,)):
        assert not list(table.cells.work.glob("typed*"))
        assert pq.read_table(table.typed).num_rows == 30


def test_a_column_that_turns_out_various_has_no_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from parvis.tables import texts

    monkeypatch.setattr(rewrite, "LARGE", 100)
    monkeypatch.setattr(texts, "_LOOK", 50)
    cells = ["même"] * 60 + [f"R{n}" for n in range(340)]
    path = tmp_path / "raw.parquet"
    pq.write_table(pa.table({"c0": cells, "c1": ["oui"] * 400, LINE: range(2, 402)}), path)
    told = texts_of(RawTable("", path, ["numero", "aide"], 400))
    assert list(told.values) == ["c1"]
    assert told.counts("c0") == (400, 341) and told.counts("c1") == (400, 1)


def test_columns_of_one_text_have_the_values_that_a_query_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from parvis.tables import texts
    from parvis.tables.readers import csv
    from parvis.tables.sink import Sink

    monkeypatch.setattr(csv, "_SMALL", 100)
    monkeypatch.setattr(csv, "_GROUP", 300)
    monkeypatch.setattr(csv, "_BLOCK", 4000)
    monkeypatch.setattr(rewrite, "LARGE", 100)
    rows = [
        ("Fontclaire", "", "oui" if n < 700 else "non", "2024" if n % 7 else "", "même" if n < 1999 else "autre")
        for n in range(2000)
    ]
    path = tmp_path / "clubs.csv"
    path.write_text("\n".join(["ville;vide;aide;année;fin", *(";".join(r) for r in rows)]) + "\n", "utf-8")
    sink = Sink(tmp_path)
    csv.read(path, "clubs.csv", sink)
    (table,) = sink.tables
    told = texts.texts_of(table).values
    assert list(texts._alone(table.path, table.columns())) == ["c0", "c1"]
    monkeypatch.setattr(texts, "_TINY", 0)
    asked = texts.texts_of(table).values
    assert told.keys() == asked.keys() == set(table.columns())
    for name, values in told.items():
        order = [(name, "ascending")]
        assert values.sort_by(order).equals(asked[name].sort_by(order)), name
