"""A synthetic copy that remembers people is found out; one drawn from shares alone is not."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

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
    assert told.failed == ("singling_out", "inference")
    assert told.answer("singling_out").rate > 0.9
    assert told.answer("linkability").verdict == UNTRIED


def test_a_copy_drawn_from_the_same_shares_is_not(tmp_path: Path) -> None:
    told = judged(tmp_path, people(600, 1), people(600, 2))
    assert told.answer("singling_out").verdict == MET and told.answer("inference").verdict == MET


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
