"""What the recoding promises, held against the attacks: written by other hands, they must agree."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pcsv
import pyarrow.parquet as pq
import pytest

from parvis.privacy.criteria import FAILED, MET, Criteria
from parvis.privacy.measure import measure
from parvis.privacy.microdata import coding, hierarchies, local
from parvis.privacy.microdata.demand import Demand, Diversity
from parvis.privacy.microdata.recoded import Recoded
from parvis.values import Column, Kind

AGES, TOWNS = [str(a) for a in range(20, 60)], ["Fontclaire", "Valbrune", "Rocheplate", "Boisjoli"]


def described(table: pa.Table, secret: str) -> tuple[Column, ...]:
    return tuple(Column(n, n, Kind.TEXT, "social_aid" if n == secret else "") for n in table.column_names)


def judged(folder: Path, original: pa.Table, recoded: Recoded, secret: str) -> Criteria:
    rows = recoded.kept_rows()
    shown = pa.table({**recoded.columns(), secret: original.column(secret).take(pa.array(rows))})
    pq.write_table(original, folder / "o.parquet")
    pq.write_table(shown, folder / "p.parquet")
    before, after = described(original, secret), described(shown, secret)
    return measure(folder / "o.parquet", before, folder / "p.parquet", after, rows=rows.tolist())


def attack(criteria: Criteria, name: str) -> Any:
    return next(a for x in criteria.answers for a in x.attacks if a.name == name)


def register(rows: int) -> pa.Table:
    chance = np.random.default_rng(3)

    def drawn(words: Sequence[str], share: Sequence[float] | None = None) -> list[str]:
        return [words[i] for i in chance.choice(len(words), rows, p=share)]

    return pa.table(
        {"age": drawn(AGES), "commune": drawn(TOWNS, [0.7, 0.2, 0.07, 0.03]), "aide": drawn(["APA", "RSA", "PCH"])}
    )


@pytest.mark.parametrize("k", [5, 11])
def test_a_recoded_register_singles_nobody_out_and_links_no_more_than_one_in_k(tmp_path: Path, k: int) -> None:
    table = register(600)
    held = [
        hierarchies.of_lines("age", [(a, f"{int(a) // 10 * 10} ans") for a in AGES]),
        hierarchies.of_lines("commune", [(t, "nord" if t < "G" else "sud") for t in TOWNS]),
    ]
    columns = {n: table.column(n).to_pylist() for n in table.column_names}
    recoded = local.peel(coding.coded(columns, held, sensitive=["aide"]), Demand(k, diversity=(Diversity("aide", 2),)))
    told = judged(tmp_path, table, recoded, "aide")
    assert told.answer("singling_out").verdict == MET
    assert attack(told, "linkability.known_all").rate <= 1 / k
    assert attack(told, "inference.same_secret").won == 0


@pytest.mark.shared
def test_the_census_recoded_at_five_holds_where_its_raw_copy_fails(tmp_path: Path, shared: Path) -> None:
    folder = shared / "data" / "privacy" / "adult"
    told = pcsv.read_csv(folder / "adult.csv", parse_options=pcsv.ParseOptions(delimiter=";"))
    told = pa.table({n: pa.array([str(v) for v in told.column(n).to_pylist()]) for n in told.column_names}).slice(
        0, 6000
    )
    names = [n for n in told.column_names if n != "salary-class"]
    held = [hierarchies.given(folder / f"adult_hierarchy_{n}.csv", n) for n in names]
    recoded = local.peel(coding.coded({n: told.column(n).to_pylist() for n in names}, held), Demand(5))
    after = judged(tmp_path, told, recoded, "salary-class")
    pq.write_table(told, tmp_path / "raw.parquet")
    columns = described(told, "salary-class")
    before = measure(tmp_path / "raw.parquet", columns, tmp_path / "raw.parquet", columns)
    assert before.answer("singling_out").verdict == before.answer("linkability").verdict == FAILED
    assert after.answer("singling_out").verdict == MET
    assert attack(after, "linkability.known_all").rate <= 0.2 < attack(before, "linkability.known_all").rate
