"""Writers of files: one format, one module, which says what it is (``FORMAT``) and how it is written.

``lines(frame)`` gives the SQL of one line a row (and ``packed`` what stands around the lines); ``write(rows, told)`` yields the
bytes from batches of columns, in a query worker. ``WRITERS`` is the one list of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

from parvis.store.writers import (
    arrow,
    csv,
    duckdb,
    fgb,
    geojson,
    gpkg,
    gpx,
    ical,
    json,
    jsonl,
    jsonld,
    kml,
    ods,
    ov2,
    parquet,
    rdfxml,
    shp,
    sqlite,
    turtle,
    xlsx,
)
from parvis.store.writers.frame import Format

WRITERS: Mapping[str, ModuleType] = {
    "csv": csv, "xlsx": xlsx, "ods": ods, "json": json, "jsonl": jsonl, "geojson": geojson, "parquet": parquet, "arrow": arrow,
    "sqlite": sqlite, "duckdb": duckdb, "gpkg": gpkg, "shp": shp, "fgb": fgb, "kml": kml, "gpx": gpx, "ical": ical,
    "turtle": turtle, "jsonld": jsonld, "rdfxml": rdfxml, "ov2": ov2,
}  # fmt: skip
FORMATS: Mapping[str, Format] = {name: module.FORMAT for name, module in WRITERS.items()}
