"""Numbers of people's rows become the means of groups: as many people as asked share each, and nothing else is lost."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parvis.errors import InputError, RefusedError
from parvis.privacy import averages
from parvis.privacy import policy as policies
from parvis.privacy import protect as protecting
from parvis.privacy.microdata.microaggregation import in_blocks, information_lost, mdav
from parvis.values import Anonymity, Averaging, Column, Kind, Policy, Profile, Rule

KINDS = {"int64": Kind.INTEGER, "string": Kind.TEXT, "double": Kind.NUMBER}


def table(tmp_path: Path, rows: dict[str, list[Any]], meanings: dict[str, str] | None = None) -> tuple[Path, Profile]:
    path, held = tmp_path / "typed.parquet", pa.table(rows)
    pq.write_table(held, path)
    columns = tuple(
        Column(n, n, KINDS[str(held.schema.field(n).type)], meaning=(meanings or {}).get(n, ""), filled=held.num_rows)
        for n in held.column_names
    )
    return path, Profile("csv", held.num_rows, columns)


PEOPLE: dict[str, list[Any]] = {
    "age": [20 + n % 37 for n in range(200)],
    "sexe": ["FM"[n % 2] for n in range(200)],
    "cotisation": [900.0 + 13.7 * n for n in range(200)],
    "enfants": [n % 4 for n in range(200)],
}


@pytest.mark.parametrize("k", [3, 5, 20])
def test_each_mean_is_that_of_as_many_rows_as_asked(tmp_path: Path, k: int) -> None:
    path, profile = table(tmp_path, PEOPLE)
    policy = Policy(averaging=Averaging(k, ("cotisation", "enfants"), decided_by="x"))
    safe = protecting.protect(path, profile, policy, tmp_path / "safe.parquet")
    shown = [tuple(r.values()) for r in pq.read_table(safe.path, columns=["cotisation", "enfants"]).to_pylist()]
    assert min(Counter(shown).values()) >= k and len(shown) == 200
    assert np.mean([r for r, _ in shown]) == pytest.approx(np.mean(PEOPLE["cotisation"]), rel=1e-3)
    told = {c.name: c for c in safe.columns}
    assert told["cotisation"].kind is Kind.NUMBER and f"au moins {k} personnes" in told["cotisation"].description
    assert told["age"].description == "" and told["age"].kind is Kind.INTEGER
    assert (
        safe.averaged is not None
        and 0 < safe.averaged.loss < 1
        and set(safe.averaged.by_column) == {"cotisation", "enfants"}
    )


def test_a_larger_group_costs_more(tmp_path: Path) -> None:
    path, profile = table(tmp_path, PEOPLE)
    costs = []
    for k in (2, 5, 20, 80):
        told = averages.apply(path, profile.columns, Averaging(k, ("cotisation",)), (), "", tmp_path / f"{k}.parquet")
        costs.append(told.loss)
    assert costs == sorted(costs) and costs[0] < 0.001 < costs[-1] < 1


def test_means_are_those_of_people_who_share_the_rest_too(tmp_path: Path) -> None:
    path, profile = table(tmp_path, PEOPLE, {"age": "age", "sexe": "sex"})
    wanted = Anonymity(5, ("age", "sexe", "cotisation"), decided_by="x")
    policy = Policy(anonymity=wanted, averaging=Averaging(3, ("cotisation",), decided_by="x"))
    safe = protecting.protect(path, profile, policy, tmp_path / "safe.parquet")
    shown = [tuple(r.values()) for r in pq.read_table(safe.path, columns=["age", "sexe", "cotisation"]).to_pylist()]
    assert min(Counter(shown).values()) >= 5, "the stricter of the two"
    kinds = {c.name: c.kind for c in safe.columns}
    assert kinds["cotisation"] is Kind.NUMBER and kinds["age"] is Kind.TEXT, "a mean is a number, not a span"


def test_the_means_of_enough_people_tell_nobody_s_income(tmp_path: Path) -> None:
    path, profile = table(tmp_path, {**PEOPLE, "revenu": [900.5 + 13.7 * n for n in range(200)]}, {"revenu": "income"})

    def told(k: int, rule: str = "drop") -> protecting.SafeTable:
        rules = (Rule("revenu", rule, decided_by="x"),) if rule else ()
        policy = Policy(rules=rules, averaging=Averaging(k, ("revenu",), decided_by="x"))
        return protecting.protect(path, profile, policy, tmp_path / "safe.parquet")

    safe = told(11)
    assert min(Counter(pq.read_table(safe.path).column("revenu").to_pylist()).values()) >= 11
    assert told(11, "").rows == 200
    with pytest.raises(RefusedError, match="revenu"):
        told(5)
    shown = protecting.preview(path, profile, policies.accept(safe.policy, "x"), 5)
    assert {r["revenu"] for r in shown} == {"[à décider]"}, "a few rows cannot show what all of them make"


def test_rows_of_one_person_are_not_several_people(tmp_path: Path) -> None:
    rows: dict[str, list[Any]] = {
        "foyer": [f"f{n // 5}" for n in range(60)],
        "sexe": ["F"] * 60,
        "montant": [float(100 * (n // 5)) for n in range(60)],
    }
    path, profile = table(tmp_path, rows)
    policy = Policy(
        anonymity=Anonymity(4, ("sexe",), person="foyer", decided_by="x"),
        averaging=Averaging(4, ("montant",), decided_by="x"),
    )
    safe = protecting.protect(path, profile, policy, tmp_path / "safe.parquet")
    held = pq.read_table(safe.path).to_pylist()
    for mean in {r["montant"] for r in held}:
        assert len({r["foyer"] for r in held if r["montant"] == mean}) >= 4


def test_a_number_that_is_missing_singles_out_nobody(tmp_path: Path) -> None:
    amounts: list[float | None] = [float(n) for n in range(40)]
    amounts[7] = None
    alone: list[float | None] = [None] * 39 + [12345.0]
    path, profile = table(tmp_path, {"montant": amounts, "prime": alone})
    policy = Policy(averaging=Averaging(4, ("montant", "prime"), decided_by="x"))
    safe = protecting.protect(path, profile, policy, tmp_path / "safe.parquet")
    held = pq.read_table(safe.path)
    shown = Counter(tuple(r.values()) for r in held.to_pylist())
    assert min(shown.values()) >= 4
    assert held.column("prime").null_count == 40, "the mean of one number would be that number"
    assert held.column("montant").null_count == 0


def test_what_cannot_be_averaged_is_refused_in_french(tmp_path: Path) -> None:
    path, profile = table(tmp_path, {"sexe": ["F", "M"] * 4, "lon": [3.1] * 8, "n": [1] * 8}, {"lon": "longitude"})
    for columns, k in ((("sexe",), 3), (("lon",), 3), ((), 3), (("n",), 1), (("n",), 2000)):
        with pytest.raises(InputError):
            averages.apply(path, profile.columns, Averaging(k, columns), (), "", tmp_path / "out.parquet")
    with pytest.raises(RefusedError):
        averages.apply(path, profile.columns, Averaging(9, ("n",)), (), "", tmp_path / "out.parquet")
    assert averages.candidates(profile.columns) == ("n",)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=8, max_size=80), st.integers(2, 8), st.integers(8, 20))
def test_blocks_leave_no_class_too_small(numbers: list[float], k: int, most: int) -> None:
    group = in_blocks(np.array(numbers)[:, None], k, most)
    assert np.bincount(group).min() >= min(k, len(numbers)) and len(group) == len(numbers)


def test_blocks_cost_little_and_a_long_table_takes_seconds() -> None:
    rng = np.random.default_rng(0)
    points = rng.normal(size=(6000, 3))
    whole, cut = information_lost(points, mdav(points, 5)), information_lost(points, in_blocks(points, 5, 1500))
    assert cut < 1.25 * whole
    begun = time.process_time()
    in_blocks(rng.normal(size=(100_000, 3)), 5)
    assert time.process_time() - begun < 30
