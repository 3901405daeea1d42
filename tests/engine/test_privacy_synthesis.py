"""A synthetic copy looks like its original as a whole, stands for nobody in it, says what it is, and costs what is told."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from parvis.errors import InputError, RefusedError
from parvis.privacy import protect as protecting
from parvis.privacy.attacks.copies import Blind
from parvis.privacy.criteria import FAILED, MET
from parvis.privacy.measure import measure_synthetic
from parvis.privacy.stream import Stream
from parvis.privacy.synthesis import domain, draw, tree
from parvis.privacy.tabular import noise
from parvis.values import Column, Kind, Policy, Profile, Rule, Synthesis

SECRET = b"a secret of thirty-two bytes ..."
KINDS = {"int64": Kind.INTEGER, "string": Kind.TEXT, "double": Kind.NUMBER, "bool": Kind.BOOLEAN, "date32[day]": Kind.DATE,
         "timestamp[s]": Kind.DATETIME}  # fmt: skip


def people(count: int = 2000, seed: int = 1) -> dict[str, list[Any]]:
    """Rows whose columns go together: a trade by age, a district by trade, a grant that grows with age."""
    chance = np.random.default_rng(seed)
    ages = chance.integers(18, 90, count)
    trades = np.where(ages > 62, "retraite", np.where(chance.random(count) < 0.6, "bureau", "atelier"))
    districts = np.where(trades == "atelier", "Gare", np.where(chance.random(count) < 0.5, "Centre", "Vergers"))
    return {
        "age": ages.tolist(),
        "metier": trades.tolist(),
        "quartier": districts.tolist(),
        "aide": np.round(20.0 * ages + chance.normal(0, 40, count), 2).tolist(),
        "licence": (chance.random(count) < 0.3).tolist(),
        "inscription": [dt.date(2020, 1, 1) + dt.timedelta(int(d)) for d in chance.integers(0, 1500, count)],
    }


def written(tmp_path: Path, rows: dict[str, list[Any]], meanings: dict[str, str] | None = None) -> tuple[Path, Profile]:
    path, held = tmp_path / "typed.parquet", pa.table(rows)
    pq.write_table(held, path)
    columns = tuple(
        Column(
            n,
            n.capitalize(),
            KINDS[str(held.schema.field(n).type)],
            meaning=(meanings or {}).get(n, ""),
            filled=held.num_rows,
        )
        for n in held.column_names
    )
    return path, Profile("csv", held.num_rows, columns)


def copied(
    tmp_path: Path, epsilon: float = 3.0, rows: dict[str, list[Any]] | None = None, secret: bytes = SECRET
) -> Any:
    path, profile = written(tmp_path, people() if rows is None else rows)
    made = draw.make(path, profile.columns, Synthesis(epsilon), secret, tmp_path / "copy.parquet")
    return made, pq.read_table(tmp_path / "copy.parquet")


def test_columns_and_what_links_them_are_kept(tmp_path: Path) -> None:
    made, copy = copied(tmp_path)
    real = pa.table(people())
    assert abs(copy.num_rows - 2000) < 60 and copy.column_names == real.column_names
    assert [str(f.type) for f in copy.schema] == [str(f.type) for f in real.schema]
    assert made.told.apart < 0.06 and made.told.together < 0.15
    assert np.mean(copy["age"].to_pylist()) == pytest.approx(np.mean(real["age"].to_pylist()), rel=0.05)
    retired = [a for a, t in zip(copy["age"].to_pylist(), copy["metier"].to_pylist(), strict=True) if t == "retraite"]
    assert np.mean([a > 60 for a in retired]) > 0.9, "age and trade go together"
    assert np.corrcoef(copy["age"].to_pylist(), copy["aide"].to_pylist())[0, 1] > 0.8
    assert len(made.told.linked) == 5 and ("Age", "Aide") in {tuple(sorted(p)) for p in made.told.linked}


def test_the_same_table_and_secret_give_the_same_copy(tmp_path: Path) -> None:
    _, first = copied(tmp_path)
    assert copied(tmp_path)[1].equals(first)
    assert not copied(tmp_path, secret=b"y" * 32)[1].equals(first)
    rows = people()
    rows["age"][0] += 1
    other = copied(tmp_path, rows=rows)[1]
    same = [a == b for a, b in zip(other["aide"].to_pylist(), first["aide"].to_pylist(), strict=False)]
    assert sum(same) < 60, "two tables that differ by one number share no draw"


def test_more_budget_is_nearer_and_less_is_farther(tmp_path: Path) -> None:
    path, profile = written(tmp_path, people(600))
    apart = [p.together for p in draw.prices(path, profile.columns, SECRET)]
    assert len(apart) == len(draw.EPSILONS) and apart == sorted(apart, reverse=True) and apart[0] > apart[-1]


def test_a_rare_value_is_never_copied_whatever_is_drawn(tmp_path: Path) -> None:
    rows = people()
    rows["metier"][:9] = ["dresseur d'ours"] * 9
    rows["age"][9] = 119
    rows["aide"][9] = 99_999.0
    for seed in range(4):
        made, copy = copied(tmp_path, 10.0, rows, bytes([seed]) * 32)
        assert "dresseur d'ours" not in copy["metier"].to_pylist() and max(copy["age"].to_pylist()) < 100
        assert max(copy["aide"].to_pylist()) < 3000
    assert not made.told.left_out


def test_what_is_one_s_own_is_left_out_and_said(tmp_path: Path) -> None:
    rows = {**people(200), "dossier": [f"D-{n:05}" for n in range(200)], "lon": [3.1 + n / 1e4 for n in range(200)]}
    path, profile = written(tmp_path, rows, {"lon": "longitude"})
    made = draw.make(path, profile.columns, Synthesis(3.0), SECRET, tmp_path / "c.parquet")
    assert set(made.told.left_out) == {"Dossier", "Lon"}
    assert {c.name for c in made.columns} == set(people(1))


def test_empty_cells_stay_as_many(tmp_path: Path) -> None:
    rows = people()
    for n in range(0, 2000, 4):
        rows["aide"][n] = rows["quartier"][n] = None
    _, copy = copied(tmp_path, rows=rows)
    assert copy["aide"].null_count == pytest.approx(500, abs=60)
    assert copy["quartier"].null_count == pytest.approx(500, abs=60)


def test_a_table_of_too_few_rows_or_a_budget_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="au moins 50 lignes"):
        copied(tmp_path, rows=people(49))
    for epsilon in (0.0, -1.0, 1000.0):
        with pytest.raises(InputError, match="epsilon"):
            copied(tmp_path, epsilon)
    with pytest.raises(RefusedError, match="peut être copiée"):
        copied(tmp_path, rows={"nom": [f"n{i}" for i in range(60)]})


def test_the_published_copy_says_that_it_is_one_in_each_column(tmp_path: Path) -> None:
    path, profile = written(tmp_path, people(), {"age": "age"})
    policy = Policy((Rule("aide", "keep", ground="consent", decided_by="x"),), synthesis=Synthesis(3.0, decided_by="x"))
    safe = protecting.protect(path, profile, policy, tmp_path / "safe.parquet", protecting.Given(secret=SECRET))
    assert all("synthétiques" in c.description for c in safe.columns)
    assert safe.synthetic is not None and safe.synthetic.epsilon == 3.0 and safe.rows == safe.synthetic.rows
    assert {c.name: c.filled for c in safe.columns}["age"] > 1900
    real = set(zip(*people().values(), strict=True))
    assert not real & set(zip(*pq.read_table(safe.path).to_pydict().values(), strict=True))


def test_the_attacks_find_nobody_in_a_copy(tmp_path: Path) -> None:
    path, profile = written(tmp_path, people(800), {"metier": "health"})
    out, blind = tmp_path / "c.parquet", tmp_path / "b.parquet"
    made = draw.make(path, profile.columns, Synthesis(3.0), SECRET, out)
    rows = draw.unseen(path, profile.columns, Synthesis(3.0), SECRET, blind)
    assert len(rows) == 400
    told = measure_synthetic(path, profile.columns, out, made.columns, blind=Blind(blind, rows))
    assert {a.verdict for a in told.answers} == {MET}, [a.text for x in told.answers for a in x.attacks]


@pytest.mark.parametrize("seed", [3, 4])
def test_a_copy_that_holds_real_people_is_found_out_beside_one_that_holds_none(tmp_path: Path, seed: int) -> None:
    path, profile = written(tmp_path, people(1500))
    out, blind = tmp_path / "c.parquet", tmp_path / "b.parquet"
    made = draw.make(path, profile.columns, Synthesis(3.0), bytes([seed]) * 32, out)
    rows = draw.unseen(path, profile.columns, Synthesis(3.0), bytes([seed]) * 32, blind)
    real, drawn = pq.read_table(path), pq.read_table(out)
    pq.write_table(pa.concat_tables([drawn.slice(60), real.slice(700, 60)]), out)
    told = measure_synthetic(path, profile.columns, out, made.columns, blind=Blind(blind, rows))
    assert told.answer("singling_out").verdict == FAILED, "four in a hundred are real"


# --- What it is made of ---------------------------------------------------------------------------


def test_a_budget_in_rho_is_what_epsilon_allows() -> None:
    for epsilon in (0.1, 1.0, 3.0, 10.0):
        rho = noise.rho_of(epsilon, 1e-6)
        assert rho + 2 * np.sqrt(rho * np.log(1e6)) == pytest.approx(epsilon)


def test_counts_below_nothing_do_not_make_people() -> None:
    noisy = np.random.default_rng(0).normal(0, 20, 900)
    noisy[0] += 1000
    fitted = tree._fitted(noisy, 1000)
    assert fitted.min() == 0 and fitted.sum() == pytest.approx(1000) and fitted[0] > 700


def test_the_pair_that_tells_most_is_drawn_most_often_and_never_for_sure() -> None:
    stream = Stream(SECRET, "pairs")
    pairs, scores = [(0, 1), (0, 2), (1, 2)], [30, 10, 0]
    drawn = [tree._drawn(pairs, scores, Fraction(1, 10), stream) for _ in range(3000)]
    expected = np.exp(np.array(scores) / 20)
    for pair, share in zip(pairs, expected / expected.sum(), strict=True):
        assert drawn.count(pair) / 3000 == pytest.approx(share, abs=0.035)


def test_the_noise_of_a_copy_is_that_of_its_budget() -> None:
    column = Column("x", "x")
    codes = np.repeat([1, 2], [5000, 3000])
    held = domain.Domain(column, codes, (None, "a", "b"))
    rho = noise.rho_of(1.0, 1e-6)
    off = [
        tree._noisy(np.bincount(codes).astype(float), Fraction(rho).limit_denominator(10**6), Stream(SECRET, str(n)))[1]
        - 5000
        for n in range(400)
    ]
    assert np.std(off) == pytest.approx((1 / (2 * rho)) ** 0.5, rel=0.15)
    made = tree.measure([held], 1.0, 1e-6, Stream(SECRET, "x"))
    assert made.rows == pytest.approx(8000, abs=60) and not made.pairs


def test_no_end_of_a_span_is_anybody_s_number() -> None:
    for low, high, whole in (
        (18, 87, True),
        (0.13, 0.97, False),
        (1234.56, 98765.4, False),
        (5, 5, True),
        (-3.7, 12.9, False),
    ):
        edges = domain._edges(low, high, whole, 30)
        assert edges[0] <= low and edges[-1] > high and 2 <= len(edges) <= 80
        width = edges[1] - edges[0]
        assert np.allclose(np.diff(edges), width) and np.isclose(edges[0] / width, round(edges[0] / width))
