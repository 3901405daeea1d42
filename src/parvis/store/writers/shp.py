"""Shapefile: in a zip, one for each kind of shape, with what it is in a text beside, which leaves while the rest is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from parvis.store.writers.archive import Archive
from parvis.store.writers.frame import Cell, Format

if TYPE_CHECKING:
    from parvis.store.writers.batches import Rows

FORMAT = Format(".zip", "application/zip", "Shapefile", placed=True, whole=True, exact=True)
_KINDS = {0: "Point", 1: "LineString", 3: "Polygon", 4: "MultiPoint"}  # by the numbers of shapely
_ALIKE = {2: 1, 5: 1, 6: 3}  # a shapefile holds single and several lines together, and surfaces too
_LETTERS = 10  # of a name


def write(rows: Rows, told: Mapping[str, Any]) -> Iterator[bytes]:
    from parvis.store.writers import batches, layer

    points = rows.place is not None and len(rows.cells[rows.place].at) == 2
    options = {"ENCODING": "UTF-8", "DBF_DATE_LAST_UPDATE": told["about"].get("modified", "")[:10] or "2000-01-01"}
    short, archive = _short(rows.plain), Archive()
    rows.relation.limit(1).fetchall()  # a question that cannot be answered still gets its status
    yield archive.kept("lisez-moi.txt", _told(rows.plain, short, told["about"]).encode("utf-8", "replace"))
    found = {0} if points else {_ALIKE.get(n, n) for n in layer.families(rows)} & set(_KINDS)
    for family in sorted(found) or [0]:
        name = "donnees" if len(found) < 2 else f"donnees_{_KINDS[family].lower()}"
        only = (family, *(n for n, alike in _ALIKE.items() if alike == family))
        layer.write(
            rows, rows.work / f"{name}.shp", "ESRI Shapefile", short, told, kind=_KINDS[family],
            only=() if points and told["options"].get("epsg", 4326) == 4326 else only, options=options,
        )  # fmt: skip
    for path in sorted(rows.work.iterdir()):
        yield from archive.streamed(path.name, batches.read(path))
        path.unlink()
    yield archive.end()


def _told(cells: Sequence[Cell], short: Sequence[str], about: Mapping[str, str]) -> str:
    """Return what the text beside says: whose the data are, and what the short names stand for."""
    said = [about[n] for n in ("title", "attribution", "licence", "licence_url") if n in about]
    cut = [f"{s} : {c.label or c.name}" for s, c in zip(short, cells, strict=True) if s != c.name]
    if cut:
        said += ["", "Un shapefile ne tient que des noms de dix lettres :", *cut]
    return "\r\n".join(said) + "\r\n"


def _short(cells: Sequence[Cell]) -> list[str]:
    """Return names of at most ten letters, none twice: what a shapefile holds."""
    out: list[str] = []
    for cell in cells:
        short, n = cell.name[:_LETTERS], 0
        while short.casefold() in {o.casefold() for o in out}:
            n += 1
            short = f"{cell.name[: 9 - len(str(n))]}_{n}"
        out.append(short)
    return out
