"""GeoPackage: a layer with its index of places, and what it is in the file's own metadata."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from parvis.store.writers import sqlite
from parvis.store.writers.frame import Cell, Format

if TYPE_CHECKING:
    from parvis.store.writers.batches import Rows

FORMAT = Format(
    ".gpkg", "application/geopackage+sqlite3", "GeoPackage", placed=True, whole=True, common=True, exact=True
)
TABLE = "donnees"
_KEPT = ("fid", "geom")  # that the format has for itself


def write(rows: Rows, told: Mapping[str, Any]) -> Iterator[bytes]:
    from parvis.store.writers import batches, layer

    path, about = rows.work / "export.gpkg", told["about"]
    kind = "Point" if rows.place is not None and len(rows.cells[rows.place].at) == 2 else "Unknown"
    layer.write(
        rows, path, "GPKG", names(rows.plain), told, kind=kind, layer=TABLE,
        options={"FID": "fid", "IDENTIFIER": about.get("title", TABLE), "DESCRIPTION": about.get("attribution", "")},
        words={n: about[n] for n in ("title", "attribution", "licence", "licence_url", "modified") if n in about},
    )  # fmt: skip
    _still(path, about)
    yield from batches.read(path)


def names(cells: list[Cell]) -> list[str]:
    """Return names that the format has not taken."""
    return [f"{n}_" if n.casefold() in _KEPT else n for n in sqlite.columns(cells)]


def _still(path: Any, about: Mapping[str, str]) -> None:
    """Make the file say when its data changed, and not when it was written: the same rows give the same bytes."""
    import sqlite3

    day = f"{about.get('modified', '')[:19] or '2000-01-01T00:00:00'}.000Z"
    base = sqlite3.connect(path)
    with base:
        base.execute("UPDATE gpkg_contents SET last_change = ?", [day])
        base.execute("UPDATE gpkg_metadata_reference SET timestamp = ?", [day])
    base.close()
