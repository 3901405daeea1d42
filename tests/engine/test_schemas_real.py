"""Real files: which schema each table carries, counted against what a person reads in them."""

from __future__ import annotations

import contextlib
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from parvis.errors import ParvisError
from parvis.profiling.profile import profile
from parvis.schemas.match import match
from parvis.schemas.schema import all_ids
from parvis.tables import repairs, types
from parvis.tables.read import read_into
from parvis.tables.sink import Sink

EXPECTED: dict[str, list[str]] = tomllib.loads(Path(__file__).with_name("expected_schemas.toml").read_text("utf-8"))
SHARE = 0.98  # of the files that carry a known schema
WRONG = 0.02  # of those that carry none and are given one
FOLDERS = """accessibilite budget-totem catalogue deliberations donnees-personnelles donnees-sensibles elections
    environnement equipements finances geographie marches mobilite participation reference schema-exemples
    secret-statistique services studies/bike-counts studies/canteen studies/elections studies/gbfs studies/gtfs
    studies/parking studies/school studies/waste-calendar studies/waste-tonnage subventions urbanisme vie-locale""".split()
DATA = """.csv .txt .xls .xlsx .ods .json .geojson .xml .zip .kml .kmz .gml""".split()
BIG = 8 << 20  # bytes: the two national files of names are no municipal file


def carried(path: Path) -> set[str]:
    """Return the first candidate of each table of a file."""
    found = set()
    with tempfile.TemporaryDirectory() as work:
        told = Path(work) / "read"
        told.mkdir()
        sink = Sink(told)
        with contextlib.suppress(ParvisError):  # refused with its sentence: nothing is carried
            read_into(path, path.name, sink)
        for number, raw in enumerate(sink.tables):
            place = Path(work) / str(number)
            place.mkdir()
            mended = repairs.apply(raw, repairs.propose(raw), place)
            columns = types.infer(mended)
            types.write(mended, columns, place / "typed.parquet")
            matches = match(profile(mended, columns, place / "typed.parquet"))
            found |= {m.schema for m in matches[:1]}
    return found


def files(data: Path) -> Iterator[str]:
    for folder in FOLDERS:
        for path in sorted((data / folder).rglob("*")):
            name = str(path.relative_to(data))
            plain = path.is_file() and path.suffix.lower() in DATA and path.stat().st_size < BIG
            if plain and not path.name.startswith("FICHE_") and "gbfs/schema/" not in name:
                yield name


def test_the_list_names_known_schemas() -> None:
    assert {s for schemas in EXPECTED.values() for s in schemas} <= set(all_ids())
    assert len(EXPECTED) > 300


@pytest.mark.shared
@pytest.mark.slow
def test_real_files_are_known_for_what_they_carry(shared: Path) -> None:
    missed, given, free = [], [], 0
    for name in files(shared / "data"):
        found, wanted = carried(shared / "data" / name), set(EXPECTED.get(name, ()))
        if wanted and found != wanted:
            missed.append(f"{name}: {sorted(wanted - found)} not found, {sorted(found - wanted)} instead")
        if not wanted:
            free += 1
            given += [f"{name}: {sorted(found)}"] if found else []
    print(
        f"\nschema right on {len(EXPECTED) - len(missed)} of {len(EXPECTED)} files; {len(given)} of {free} wrongly given"
    )
    print("\n".join(["missed:", *missed, "given:", *given]))
    assert len(missed) <= (1 - SHARE) * len(EXPECTED)
    assert len(given) <= WRONG * free
