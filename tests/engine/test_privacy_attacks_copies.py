"""A synthetic copy that remembers people is found out; one drawn from shares alone is not."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from parvis.privacy.attacks.copies import Blind
from parvis.privacy.criteria import FAILED, MET, UNTRIED, Criteria
from parvis.privacy.measure import measure_synthetic
from parvis.values import Column, Kind

COLUMNS = (
    Column("age", "Âge", Kind.INTEGER, "age"),
    Column("metier", "Métier"),
    Column("quartier", "Quartier"),
    Column("aide", "Aide", Kind.TEXT, "social_aid"),
)
Row = tuple[int, str, str, str]


def people(count: int, seed: int) -> list[Row]:
    chance = random.Random(seed)
    return [
        (
            chance.randint(18, 90),
            chance.choice([f"métier {i}" for i in range(30)]),
            chance.choice(["Nord", "Sud", "Gare", "Lac"]),
            chance.choice(["APA", "RSA", "aucune", "aucune"]),
        )
        for _ in range(count)
    ]


def judged(folder: Path, real: Sequence[Row], made: Sequence[Row]) -> Criteria:
    for name, rows in (("o", real), ("s", made)):
        cells: dict[str, list[Any]] = {c.name: [r[i] for r in rows] for i, c in enumerate(COLUMNS)}
        pq.write_table(pa.table(cells), folder / f"{name}.parquet")
    return measure_synthetic(folder / "o.parquet", COLUMNS, folder / "s.parquet", COLUMNS)


def test_a_copy_that_is_the_original_in_another_order_is_found_out(tmp_path: Path) -> None:
    real = people(600, 1)
    told = judged(tmp_path, real, random.Random(1).sample(real, len(real)))
    assert told.failed == ("singling_out", "linkability", "inference")
    assert told.answer("singling_out").rate > 0.9 and told.answer("linkability").rate > 0.2


def test_a_copy_drawn_from_the_same_shares_is_not(tmp_path: Path) -> None:
    told = judged(tmp_path, people(600, 1), people(600, 2))
    assert {told.answer(c).verdict for c in ("singling_out", "linkability", "inference")} == {MET}


def test_a_few_people_copied_among_drawn_ones_are_seen(tmp_path: Path) -> None:
    real = people(600, 1)
    told = judged(tmp_path, real, [*people(560, 2), *real[:40]])
    assert told.answer("singling_out").verdict == FAILED
    copied = next(a for a in told.answer("singling_out").attacks if a.name == "singling_out.copied")
    assert 40 <= copied.won < 80 and copied.text.startswith(f"{copied.won} personne(s) sur 600")


def test_people_copied_but_for_one_column_are_seen(tmp_path: Path) -> None:
    real = people(600, 1)
    told = judged(tmp_path, real, [(r[0], r[1], "ailleurs", r[3]) for r in real])
    near = next(a for a in told.answer("singling_out").attacks if a.name == "singling_out.near_copy")
    assert near.excess > 0.5 and told.answer("singling_out").verdict == FAILED


def test_empty_tables_and_other_columns_are_no_error(tmp_path: Path) -> None:
    assert judged(tmp_path, people(3, 1), []).answer("singling_out").verdict == UNTRIED


def test_what_a_copy_made_without_people_tells_of_them_is_luck(tmp_path: Path) -> None:
    """Where columns go together, a copy that never saw somebody may well hold somebody like her."""
    chance = random.Random(5)

    def bound(count: int) -> list[Row]:
        ages = [chance.randint(18, 90) for _ in range(count)]
        return [(a, f"métier {a // 6}", ["Nord", "Sud", "Gare", "Lac"][a % 4], ["APA", "RSA"][a > 60]) for a in ages]

    real, drawn = bound(60), bound(600)
    severe = judged(tmp_path, real, drawn)
    assert severe.answer("singling_out").verdict == FAILED, "beside columns drawn one by one"
    held, out = real[:30], np.arange(30, 60)
    cells: dict[str, list[Any]] = {c.name: [r[i] for r in [*drawn, *held]] for i, c in enumerate(COLUMNS)}
    pq.write_table(pa.table(cells).slice(0, 600), tmp_path / "blind.parquet")
    told = measure_synthetic(
        tmp_path / "o.parquet", COLUMNS, tmp_path / "s.parquet", COLUMNS, blind=Blind(tmp_path / "blind.parquet", out)
    )
    assert told.answer("singling_out").verdict == MET and told.answer("inference").verdict == MET
