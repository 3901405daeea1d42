"""What the tests of the engine share: a small shelf of Fontclaire, made through the store itself, and its pool."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from parvis.errors import GoneError, UnknownName
from parvis.privacy.protect import SafeTable, protect
from parvis.store import shelf
from parvis.store.folder import Folder
from parvis.store.manifest import DatasetRecord
from parvis.store.pool import Pool
from parvis.values import Column, Kind, Metadata, Policy, Profile, Rule, Version
from parvis.web import Entry, Listing

LINE = "__line"  # line in the original: what protection takes off
NOW = "2026-03-01T08:00:00+00:00"
TYPES: dict[Kind, pa.DataType] = {
    Kind.TEXT: pa.string(),
    Kind.INTEGER: pa.int64(),
    Kind.NUMBER: pa.float64(),
    Kind.BOOLEAN: pa.bool_(),
    Kind.DATE: pa.date32(),
    Kind.DATETIME: pa.timestamp("us"),
    Kind.TIME: pa.time64("us"),
    Kind.GEOMETRY: pa.binary(),
}
TREES: dict[str, Kind] = {
    "code": Kind.TEXT,
    "essence": Kind.TEXT,
    "quartier": Kind.TEXT,
    "annee": Kind.INTEGER,
    "hauteur": Kind.NUMBER,
    "remarquable": Kind.BOOLEAN,
    "plante_le": Kind.DATE,
    "releve": Kind.DATETIME,
    "ronde": Kind.TIME,
    "longitude": Kind.NUMBER,
    "latitude": Kind.NUMBER,
}
SPECIES = (
    "Érable champêtre",
    "Chêne pédonculé",
    "Tilleul à petites feuilles",
    "CHARME",
    "Châtaignier d'Inde",
    "=SOMME(A1)",
)


def protected(path: Path, kinds: dict[str, Kind], rows: Sequence[dict[str, Any]]) -> SafeTable:
    """Write rows and return them protected, every column kept by somebody's decision."""
    schema = pa.schema([(LINE, pa.int64()), *((name, TYPES[kind]) for name, kind in kinds.items())])
    typed = path.with_suffix(".typed")
    pq.write_table(pa.Table.from_pylist([{LINE: n + 2, **row} for n, row in enumerate(rows)], schema), typed)
    columns = tuple(
        Column(
            name,
            name.replace("_", " ").capitalize(),
            kind,
            filled=sum(r[name] is not None for r in rows),
            distinct=len({r[name] for r in rows if r[name] is not None}),
        )
        for name, kind in kinds.items()
    )
    rules = tuple(Rule(name, "keep", ground="not_personal", decided_by="essai") for name in kinds)
    return protect(typed, Profile("csv", len(rows), columns), Policy(rules), path)


def trees(count: int = 500) -> list[dict[str, Any]]:
    """Return the same trees every time: holes everywhere, several of each value, hostile texts among them."""
    out = []
    for i in range(count):
        day = dt.date(2000, 1, 1) + dt.timedelta(days=(i * 37) % 9000)
        row: dict[str, Any] = {
            "code": f"{i:05d}",
            "essence": SPECIES[i * 7 % len(SPECIES)],
            "quartier": ("Centre", "Les Prés", 'L\'Étang; le "vieux"', "Nord\nSud", "centre")[i % 5],
            "annee": 1900 + i % 130,
            "hauteur": round((i * 13 % 300) / 10, 1),
            "remarquable": i % 3 == 0,
            "plante_le": day,
            "releve": dt.datetime(2026, 1, 1, 8, 30) + dt.timedelta(minutes=i % 50),  # noqa: DTZ001  cells have no zone
            "ronde": dt.time(8 + i % 10, i % 60),
            "longitude": 2.0 + (i % 25) / 100,
            "latitude": 48.0 + (i // 25) / 100,
        }
        for place, name in enumerate(TREES):
            if name != "code" and (i + place * 3) % 11 == 0:
                row[name] = None
        out.append(row)
    return out


def put(folder: Folder, safe: Any, dataset: str, number: int = 1, **more: Any) -> Version:
    """Publish a table: on the shelf, then current."""
    metadata = Metadata(title="Arbres d'alignement", theme="environnement", producer="Fontclaire")
    version = shelf.put(folder, safe, dataset=dataset, number=number, metadata=metadata, now=NOW, **more)
    shelf.release(folder, DatasetRecord(dataset, f"jeu-{dataset}", "fontclaire", "Fontclaire"), version.id, NOW)
    return version


class ShelfCatalogue:
    """The catalogue read from the shelf alone."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder

    def find(self, dataset: str) -> Entry:
        known = shelf.record(self.folder, dataset)
        if not known.current:
            last = known.releases[-1]
            raise GoneError("Ces données ont été retirées : {reason}", reason=last.reason)
        version = shelf.version(self.folder, known.current)
        left = tuple(r.version for r in reversed(known.releases) if not r.withdrawn_at)
        return Entry(
            known.id, known.slug, known.organisation, known.organisation_name, version.metadata, version, left,
            known.created_at, version.created_at,
        )  # fmt: skip

    def version(self, dataset: str, version: str) -> Version:
        numbered = {str(r.number): r.version for r in shelf.record(self.folder, dataset).releases}
        found = shelf.version(self.folder, numbered.get(version, version))
        if found.dataset != dataset:
            raise UnknownName("La version « {version} » n'existe pas.", version=version)
        return found

    def list(
        self,
        words: str = "",
        filters: Any = None,
        order: str = "",
        limit: int = 20,
        offset: int = 0,
        *,
        faceted: bool = True,
    ) -> Listing:
        known = [self.find(r.id) for r in shelf.records(self.folder) if r.current]
        known = [e for e in known if words.lower() in e.metadata.title.lower()]
        moments = {name: (filters or {}).get(name, "") for name in ("since", "until")}
        known = [e for e in known if e.modified_at >= moments["since"]]
        known = [e for e in known if not moments["until"] or e.modified_at <= moments["until"]]
        for name, value in (filters or {}).items():
            if name in moments:
                continue
            known = [e for e in known if value == getattr(e.metadata if name != "organisation" else e, name, "")]
        themes = {e.metadata.theme for e in known}
        facets = {"theme": [(t, sum(e.metadata.theme == t for e in known)) for t in sorted(themes)]}
        return Listing(known[offset : offset + limit], len(known), facets)


@dataclass(frozen=True)
class Shelf:
    folder: Folder
    catalogue: ShelfCatalogue
    rows: list[dict[str, Any]]
    trees: Version  # with a pair of coordinates
    parcels: Version  # with geometries
    indexed: Version  # long enough for an index


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """A shelf with trees (points), parcels (polygons) and a table that has a side index."""
    import shapely

    from parvis.store import index

    work = tmp_path_factory.mktemp("town")
    folder = Folder(work / "data")
    rows = trees()
    first = put(folder, protected(work / "trees.parquet", TREES, rows), "aaaaaaaaaaaa", point=("longitude", "latitude"))
    shapes = [
        {
            "parcelle": f"P{i}",
            "surface": float(i),
            "geometry": shapely.to_wkb(shapely.box(i, 40 + i, i + 0.5, 40.5 + i)),
        }
        for i in range(20)
    ]
    shapes += [
        {"parcelle": "point", "surface": 0.0, "geometry": shapely.to_wkb(shapely.Point(2.25, 48.125))},
        {"parcelle": "vide", "surface": None, "geometry": None},
    ]
    kinds = {"parcelle": Kind.TEXT, "surface": Kind.NUMBER, "geometry": Kind.GEOMETRY}
    second = put(folder, protected(work / "parcels.parquet", kinds, shapes), "bbbbbbbbbbbb", bbox=(0, 40, 20, 60))
    long = trees(25_000)
    third = put(folder, protected(work / "long.parquet", TREES, long), "cccccccccccc", point=("longitude", "latitude"))
    assert index.build(folder, third)
    return Shelf(folder, ShelfCatalogue(folder), rows, first, second, third)


@pytest.fixture(scope="session")
def pool(town: Shelf) -> Iterator[Pool]:
    """Query workers over the town's shelf."""
    made = Pool(town.folder)
    yield made
    made.close()


@pytest.fixture(scope="session")
def making() -> SimpleNamespace:
    """How a test makes a shelf of its own: ``protected``, ``put``, ``trees``, ``TREES``, ``Catalogue``."""
    return SimpleNamespace(protected=protected, put=put, trees=trees, TREES=TREES, NOW=NOW, Catalogue=ShelfCatalogue)
