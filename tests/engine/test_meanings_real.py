"""What columns of real files mean, counted against a list made by eye: how many are right, how many are missed."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from parvis.profiling.profile import detectors, profile
from parvis.tables import repairs, types
from parvis.tables.read import read_into
from parvis.tables.sink import Sink
from parvis.values import Kind

EXPECTED: dict[str, dict[str, str]] = tomllib.loads(
    Path(__file__).with_name("expected_meanings.toml").read_text("utf-8")
)
PRECISION, RECALL = 0.97, 0.93
# Whose columns no file may hide: each must be found wherever the list has it.
PERSONAL = "person_name last_name first_name email phone nir iban birth_date plate".split()


def told(path: Path, work: Path) -> dict[str, str]:
    """Return the meaning of each column of a file's first table, by header."""
    work.mkdir()
    sink = Sink(work)
    read_into(path, path.name, sink)
    raw = sink.tables[0]
    mended = repairs.apply(raw, repairs.propose(raw), work)
    columns = types.infer(mended)
    types.write(mended, columns, work / "typed.parquet")
    known = {label.split(",")[0] for label in raw.labels} | set(raw.labels)  # not those that a repair added
    return {
        c.label: c.meaning
        for c in profile(mended, columns, work / "typed.parquet").columns
        if c.kind is not Kind.GEOMETRY and c.label in known
    }


def test_the_list_names_known_meanings() -> None:
    assert {m for columns in EXPECTED.values() for m in columns.values()} <= set(detectors())
    assert len(EXPECTED) >= 50


@pytest.mark.shared
@pytest.mark.slow
def test_real_columns_are_known_for_what_they_mean(shared: Path, tmp_path: Path) -> None:
    right, wrong, missed = 0, [], []
    for number, (name, wanted) in enumerate(EXPECTED.items()):
        found = told(shared / "data" / name, tmp_path / str(number))
        for label, meaning in found.items():
            expected = wanted.get(label, "")
            right += bool(meaning) and meaning == expected
            if meaning and meaning != expected:
                wrong.append(f"{name}, {label}: {meaning} for {expected or 'nothing'}")
            if expected and meaning != expected:
                missed.append(f"{name}, {label}: {expected}")
        missed += [f"{name}, {label}: column not read" for label in wanted if label not in found]
    precision, recall = right / (right + len(wrong)), right / (right + len(missed))
    print(f"\nmeanings: precision {precision:.1%}, recall {recall:.1%} on {right + len(missed)} columns")
    print("\n".join(["wrong:", *wrong, "missed:", *missed]))
    assert precision >= PRECISION and recall >= RECALL
    assert [m for m in missed if m.rpartition(": ")[2] in PERSONAL] == []
