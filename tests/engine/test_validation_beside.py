"""A table held against the others of its town: what they contradict, in a time that is bounded."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from tests.engine.test_validation_beyond import Table

from parvis.validation.across import Held
from parvis.validation.beside import Other, beside

NOW = "2026-11-25T10:00:00+00:00"
GRANTS = ["nomAttribuant", "idAttribuant", "dateConvention", "referenceDecision", "nomBeneficiaire", "objet", "montant"]
ACTS = ["COLL_NOM", "COLL_SIRET", "DELIB_ID", "DELIB_DATE", "DELIB_OBJET"]
TOWN = "21580999700012"


def grants(work: Path, references: Sequence[str]) -> Held:
    rows = [["Fontclaire", TOWN, "2026-04-01", r, "Chorale", "fonctionnement", "1000"] for r in references]
    table = Table(work, GRANTS, rows, "scdl/subventions")
    return Held("Subventions", table.profile, table.typed)


def acts(work: Path, numbers: Sequence[str], title: str = "Délibérations") -> Held:
    rows = [["Fontclaire", TOWN, n, "2026-03-01", f"objet {n}"] for n in numbers]
    table = Table(work, ACTS, rows, "scdl/deliberations")
    return Held(title, table.profile, table.typed)


def released(held: Held) -> Held:
    """The same table as it lies on the shelf: without the numbers of its lines."""
    target = held.typed.with_name("shelf.parquet")
    pq.write_table(pq.read_table(held.typed).drop_columns(["__line"]), target)
    return replace(held, typed=target)


def test_a_released_table_is_compared_and_each_remark_tells_which(tmp_path: Path) -> None:
    mine = grants(tmp_path / "s", ["2026-01", "2026-99"])
    other = Other("dataset:d1", released(acts(tmp_path / "d", ["2026-01", "2026-02"])), 3)
    findings, compared = beside(mine, [other], now=NOW)
    (said,) = findings
    assert said.code == "across.no_deliberation" and said.lines == (3,) and said.values["beside"] == "dataset:d1"
    assert said.text and "Délibérations" in said.text
    assert [(c.key, c.number, c.at, c.left) for c in compared] == [("dataset:d1", 3, NOW, False)]
    back, _ = beside(other.held, [Other("draft:x", mine)], now=NOW)
    assert back == ()


def test_what_one_of_several_tables_answers_is_no_remark(tmp_path: Path) -> None:
    mine = grants(tmp_path / "s", ["2025-01", "2026-01", "2026-99"])
    last = Other("a", acts(tmp_path / "a", ["2025-01", "2025-02"], "Délibérations 2025"))
    this = Other("b", acts(tmp_path / "b", ["2026-01", "2026-02"], "Délibérations 2026"))
    (said,), _ = beside(mine, [last, this], now=NOW)
    assert said.count == 1 and said.lines == (4,) and "2025" in said.text and "2026" in said.text
    assert said.place is not None and said.place.line == 4
    whole = Other("c", acts(tmp_path / "c", ["2025-01", "2026-01", "2026-99"]))
    assert beside(mine, [last, this, whole], now=NOW)[0] == ()


def test_a_table_of_no_schema_is_not_compared(tmp_path: Path) -> None:
    table = Table(tmp_path / "t", ["nom", "places"], [["Lac", "12"], ["Bois", "9"]])
    other = Other("a", acts(tmp_path / "a", ["1"]))
    assert beside(Held("Salles", table.profile, table.typed), [other], now=NOW) == ((), ())
    assert beside(other.held, [Other("b", Held("Salles", table.profile, table.typed))], now=NOW) == ((), ())


def test_a_table_that_is_gone_or_broken_is_left(tmp_path: Path) -> None:
    mine = grants(tmp_path / "s", ["1"])
    gone = Other("a", replace(acts(tmp_path / "a", ["1"]), typed=tmp_path / "none.parquet"))
    broken = Other("b", replace(acts(tmp_path / "b", ["1"]), typed=tmp_path / "broken.parquet"))
    broken.held.typed.write_bytes(b"PAR1 no table at all PAR1")
    findings, compared = beside(mine, [gone, broken], now=NOW)
    assert findings == () and [(c.key, c.left) for c in compared] == [("b", True)]


def test_big_tables_take_a_bounded_time_and_the_others_are_compared(tmp_path: Path) -> None:
    """Two files that give the same number to every row have as many pairs as there are rows times rows."""
    one, two = acts(tmp_path / "a", ["1", "2"]), acts(tmp_path / "b", ["1", "2"])
    for held, word in ((one, "x"), (two, "y")):
        columns = {c: pa.array([TOWN] * 300_000) for c in pq.read_schema(held.typed).names}
        columns["__line"] = pa.array(range(300_000))
        columns["delib_objet"] = pa.array([word] * 300_000)
        pq.write_table(pa.table(columns), held.typed)
    last = Other("c", acts(tmp_path / "c", ["3"]))
    started = time.monotonic()
    findings, compared = beside(one, [Other("b", two), last], now=NOW, seconds=4)
    assert time.monotonic() - started < 8
    assert findings == () and [(c.key, c.left) for c in compared] == [("b", True), ("c", False)]


def test_many_tables_cost_little(tmp_path: Path) -> None:
    mine = grants(tmp_path / "s", ["2026-01", "2026-99"])
    other = released(acts(tmp_path / "d", ["2026-01", "2026-02"]))
    beside(mine, [Other("first", other)], now=NOW)  # the nursery is there
    started = time.process_time(), time.monotonic()
    _, compared = beside(mine, [Other(f"d{n}", other) for n in range(40)], now=NOW)
    assert len(compared) == 40 and not any(c.left for c in compared)
    assert time.monotonic() - started[1] < 8
    print(f"\n40 tables: {time.monotonic() - started[1]:.2f} s")


def test_only_the_table_that_changed_is_looked_at_with_those_that_answer_for_the_same(tmp_path: Path) -> None:
    mine = grants(tmp_path / "s", ["2025-01", "2026-01"])
    last = Other("a", acts(tmp_path / "a", ["2025-01"]))
    this = Other("b", acts(tmp_path / "b", ["2026-01"]))
    near = Other("c", grants(tmp_path / "c", ["2026-01"]))
    findings, compared = beside(mine, [last, this, near], only="b", now=NOW)
    assert [c.key for c in compared] == ["a", "b"] and findings == ()
    assert [c.key for c in beside(mine, [last, this, near], only="c", now=NOW)[1]] == ["c"]
    assert beside(mine, [last], only="gone", now=NOW) == ((), ())
