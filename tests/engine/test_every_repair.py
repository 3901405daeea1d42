"""Every repair does what its own examples say, and the recipe can be replayed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from parvis.tables import recipe, repairs
from parvis.tables.sink import Sink
from parvis.tables.table import RawTable
from parvis.values import Recipe, Step


def table(work: Path, labels: list[str], rows: list[list[str | None]]) -> RawTable:
    sink = Sink(work)
    sink.rows("", labels, list(enumerate(rows, 2)), header_line=1)
    return sink.tables[0]


def content(raw: RawTable) -> tuple[list[str], list[list[Any]]]:
    rows = pq.read_table(raw.path, columns=raw.columns()).to_pylist()
    return list(raw.labels), [list(r.values()) for r in rows]


CASES = [(m, n, case) for m in repairs.plugins() for n, case in enumerate(m.EXAMPLES)]


@pytest.mark.parametrize(("plugin", "number", "case"), CASES, ids=[f"{m.__name__[23:]}-{n}" for m, n, _ in CASES])
def test_a_repair_turns_its_examples_into_what_it_says(plugin: Any, number: int, case: Any, tmp_path: Path) -> None:
    (labels, rows), *asked, after = case
    raw = table(tmp_path, labels, rows)
    with repairs.Draft(raw) as draft:
        parameters = asked or [s.parameters for s in plugin.propose(draft)]
        for read in parameters:
            assert plugin.apply(draft, read) == (after is not None)
        mended = draft.written(tmp_path / "mended.parquet")
    wanted = after or (labels, rows)
    assert content(mended) == (wanted[0], [list(r) for r in wanted[1]])
    if not asked:
        assert bool(parameters) == ((labels, rows) != after)


@pytest.mark.parametrize("plugin", repairs.plugins(), ids=lambda m: m.__name__[23:])
def test_a_repair_declares_what_it_must(plugin: Any) -> None:
    assert plugin.TITLE
    assert plugin.EXAMPLES
    assert isinstance(plugin.ORDER, int)
    assert plugin.__doc__
    assert hasattr(plugin, "propose") or plugin.PARAMETERS


@pytest.mark.parametrize("plugin", repairs.plugins(), ids=lambda m: m.__name__[23:])
def test_a_repair_looks_at_a_table_without_rows(plugin: Any, tmp_path: Path) -> None:
    with repairs.Draft(table(tmp_path, ["siret", "année", "2023"], [])) as draft:
        for ask in ("propose", "suggest"):
            assert not list(getattr(plugin, ask, lambda _: ())(draft))


@pytest.mark.parametrize("plugin", recipe.by_hand().values(), ids=lambda m: m.__name__[23:])
def test_a_repair_added_by_hand_says_what_it_asks_and_what_it_does(plugin: Any, tmp_path: Path) -> None:
    assert plugin.GROUP in ("columns", "rows", "table", "places")
    assert all(p.title for p in plugin.PARAMETERS.values())
    (labels, rows), read, _ = plugin.EXAMPLES[0]
    assert set(read) <= set(plugin.PARAMETERS)
    step = Step(plugin.__name__.rpartition(".")[2], read, origin="hand")
    _, (done, *_) = recipe.run(table(tmp_path, labels, rows), Recipe((step,)), tmp_path)
    assert done.text and "{" not in done.text


def test_a_recipe_is_replayed_on_the_next_file(tmp_path: Path) -> None:
    first = table(
        tmp_path,
        ["ID,N,9", "CP,C,5", "NOM,C,9"],
        [["1", "1004", "Halle "], ["2", "75001", "Parc"], ["3", "1500", "Bois"]],
    )
    steps = repairs.propose(first)
    assert [s.repair for s in steps] == ["dbase_headers", "trim", "lost_zeros"]
    following = table(tmp_path, ["ID,N,9", "CP,C,5", "NOM,C,9"], [["9", "2100", " Lac"]])
    mended = repairs.apply(following, steps, tmp_path)
    assert content(mended) == (["ID", "CP", "NOM"], [["9", "02100", "Lac"]])
    assert mended.findings == ()


def test_a_step_that_finds_nothing_any_more_says_so(tmp_path: Path) -> None:
    raw = table(tmp_path, ["nom"], [["Halle"]])
    mended = repairs.apply(raw, [Step("lost_zeros", {"column": "CP", "width": 5})], tmp_path)
    assert [f.code for f in mended.findings] == ["repairs.not_found"]
    assert "CP" in mended.findings[0].text


def test_numbers_under_a_date_header_are_asked_about(tmp_path: Path) -> None:
    raw = table(tmp_path, ["date_ouverture", "lieu"], [["46100", "Stade"], ["46131", "Halle"]])
    mended = repairs.apply(raw, repairs.propose(raw), tmp_path)
    (finding,) = mended.findings
    assert finding.severity == "block"
    assert finding.fix is not None
    decided = repairs.apply(raw, [finding.fix], tmp_path)
    assert content(decided)[1][0] == ["2026-03-19", "Stade"]
    decided, _ = recipe.run(raw, Recipe((finding.fix,)), tmp_path)
    assert content(decided)[1][0] == ["2026-03-19", "Stade"] and not decided.findings  # nothing is asked any more


def test_lines_survive_the_repairs(tmp_path: Path) -> None:
    raw = table(tmp_path, ["a", "b"], [["x", "1"], ["Total", "1"], ["y", "2"]])
    mended = repairs.apply(raw, repairs.propose(raw), tmp_path)
    assert pq.read_table(mended.path).column("__line").to_pylist() == [2, 4]
