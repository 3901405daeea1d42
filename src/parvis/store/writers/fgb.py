"""FlatGeobuf: a layer with its index of places, when every row has one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from parvis.store.writers import sqlite
from parvis.store.writers.frame import Format

if TYPE_CHECKING:
    from parvis.store.writers.batches import Rows

FORMAT = Format(".fgb", "application/vnd.flatgeobuf", "FlatGeobuf", named=False, placed=True, whole=True, exact=True)


def write(rows: Rows, told: Mapping[str, Any]) -> Iterator[bytes]:
    from parvis.store.writers import batches, layer

    path, about = rows.work / "export.fgb", told["about"]
    index = {"SPATIAL_INDEX": "YES" if told["everywhere"] else "NO", "TITLE": about.get("title", "")}
    layer.write(
        rows, path, "FlatGeobuf", sqlite.columns(rows.plain), told, layer="donnees",
        options={**index, "DESCRIPTION": about.get("attribution", "")},
        kind="Point" if rows.place is not None and len(rows.cells[rows.place].at) == 2 else "Unknown",
    )  # fmt: skip
    yield from batches.read(path)
