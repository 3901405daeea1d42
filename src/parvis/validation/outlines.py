"""Points and shapes held against the outlines of communes that an operator, or the town itself, gave.

Nothing of the sort comes with Parvis: outlines of the whole country weigh more than all the rest. They lie in one Parquet
file of the data folder (``code``, ``name``, ``shape`` in WKB, WGS84), or are a dataset that the town released.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from parvis.errors import InputError
from parvis.france import is_insee_commune
from parvis.frozen import dataclass
from parvis.tables import engine as engines
from parvis.tables.table import LINE, RawTable
from parvis.text import fold
from parvis.validation.regexes import literal
from parvis.validation.table import quoted
from parvis.values import Column, Finding, Kind, Place, Profile, Severity, msg

FAR = 100  # metres out of its outline from which a point is said: outlines are drawn with less care than that
ROWS = 1_000_000  # rows beyond which nothing is looked at
CODES = 3000  # communes of one table
_DEGREE = 111_200.0  # metres
_FEW = 5  # points from which something may be said of a whole table
_MOST = 0.8  # share of the points inside from which the others are said to be out
_CODES = frozenset(
    ["code", "codgeo", "insee", "insee com", "code insee", "code commune", "code insee commune", "com", "depcom"]
)
_NAMES = frozenset(["nom", "nom com", "nom commune", "libelle", "libgeo", "commune", "name", "nom m"])
REPLACED = ("values.point_out_of_commune", "values.point_astray")  # rough remarks that outlines make needless


@dataclass(frozen=True, slots=True)
class Source:
    """A Parquet file of outlines. ``code`` names its column of INSEE codes; "" when the whole is the outline of ``of``."""

    path: Path
    shape: str = "shape"
    code: str = "code"
    of: str = ""


def look(
    typed: Path, raw: RawTable, profile: Profile, sources: Sequence[Source], *, territory: str = "", lines: int = 100
) -> tuple[Finding, ...] | None:
    """Return what of a table lies out of its commune; None when no outline tells anything of it.

    The commune is the one that each row's INSEE code names, else the town's own (``territory``, an INSEE code).
    """
    place = _columns(profile)
    if place is None or not sources or profile.rows > ROWS:
        return None
    code = next((c for c in profile.columns if c.meaning == "insee_commune" and c.filled), None)
    rows = _rows(typed, place, code)
    codes = sorted({str(c) for c in rows["code"] if c})[:CODES] if code is not None else [territory]
    outlines = _outlines(sources, [c for c in codes if c])
    if not outlines:
        return None
    if code is not None:
        return tuple(_by_code(raw, rows, outlines, code, lines))
    return tuple(_in_town(raw, rows, outlines[territory], place, lines)) if territory in outlines else None


def collected(typed: Path, profile: Profile) -> list[tuple[str, str, bytes]]:
    """Return (code, name, WKB) of the communes of a layer. Raises: InputError when it is no layer of communes."""
    import pyarrow.parquet as pq
    import shapely

    shape = next((c for c in profile.columns if c.kind is Kind.GEOMETRY), None)
    code = next((c for c in _codes(profile) if c.filled), None)
    if shape is None or code is None:
        raise InputError(
            "Ce fichier n'est pas une couche de communes.",
            "Il faut des contours, et une colonne de codes INSEE : par exemple ceux de geo.api.gouv.fr ou d'Admin Express (IGN).",
        )
    name = next((c for c in profile.columns if fold(c.label).replace("_", " ") in _NAMES), None)
    wanted = [code.name, shape.name, *([name.name] if name is not None else [])]
    table = pq.read_table(typed, columns=wanted)
    told = [str(c or "").strip().upper() for c in table.column(code.name).to_pylist()]
    names = table.column(name.name).to_pylist() if name is not None else [""] * len(told)
    shapes = shapely.from_wkb(table.column(shape.name).to_pylist(), on_invalid="ignore")
    out = []
    for one, said, drawn in zip(told, names, shapes, strict=True):
        if drawn is not None and is_insee_commune(one) and drawn.geom_type in ("Polygon", "MultiPolygon"):
            out.append((one, str(said or "")[:200], bytes(shapely.to_wkb(shapely.make_valid(drawn)))))
    if not out:
        raise InputError(
            "Aucun contour de commune n'a été trouvé dans ce fichier.",
            "Il faut des polygones, et le code INSEE de chaque commune.",
        )
    return out


def write(path: Path, communes: Sequence[tuple[str, str, bytes]], before: Path | None) -> int:
    """Write outlines, in place of those of the same codes in the file before. Return how many the file now holds."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    names = ("code", "name", "shape")
    fresh = pa.table(dict(zip(names, map(list, zip(*communes, strict=True)), strict=True)), _schema())
    if before is not None and before.exists():
        kept = pq.read_table(before, columns=list(names))
        kept = kept.filter(pc.invert(pc.is_in(kept.column("code"), fresh.column("code").combine_chunks())))
        fresh = pa.concat_tables([kept, fresh])
    fresh = fresh.sort_by("code")
    pq.write_table(fresh, path, compression="zstd", row_group_size=500)
    return len(set(fresh.column("code").to_pylist()))


# --- Steps ----------------------------------------------------------------------------------------


def _schema() -> Any:
    import pyarrow as pa

    text: Any = pa.string()
    return pa.schema([("code", text), ("name", text), ("shape", pa.binary())])


def _codes(profile: Profile) -> Iterator[Column]:
    """Yield the columns that may hold the codes of communes, the likeliest first."""
    columns = [c for c in profile.columns if c.kind is not Kind.GEOMETRY]
    yield from (c for c in columns if c.meaning == "insee_commune" and c.distinct >= 0.9 * profile.rows)
    yield from (c for c in columns if " ".join(fold(c.label).replace("_", " ").split()) in _CODES)


def _columns(profile: Profile) -> tuple[Column, ...] | None:
    """Return the columns of the places: longitude and latitude, or shapes."""
    named = {c.name: c for c in profile.columns}
    if profile.point and all(n in named for n in profile.point):
        return named[profile.point[0]], named[profile.point[1]]
    shape = next((c for c in profile.columns if c.kind is Kind.GEOMETRY and c.filled), None)
    return (shape,) if shape is not None else None


def _rows(typed: Path, place: Sequence[Column], code: Column | None) -> dict[str, Any]:
    """Return « line », « code » and « shape » of the rows that have a place, in their order."""
    import numpy as np
    import shapely

    cells = [quoted(c.name) for c in place]
    told = f"CAST({quoted(code.name)} AS VARCHAR)" if code is not None else "''"
    with engines.connect() as engine:
        found = engine.sql(
            f"SELECT {LINE}, upper(trim({told})), {', '.join(cells)} FROM read_parquet({literal(str(typed))}) "
            f"WHERE {' AND '.join(f'{c} IS NOT NULL' for c in cells)}"
        ).to_arrow_table()
    values = [found.column(i) for i in range(found.num_columns)]
    if len(place) == 2:
        x, y = (np.array(v.to_pylist(), float) for v in values[2:])
        shapes = shapely.points(x, y)
    else:
        shapes = np.array(shapely.from_wkb(values[2].to_pylist(), on_invalid="ignore"), object)
    return {"line": values[0].to_pylist(), "code": values[1].to_pylist(), "shape": shapes}


def _outlines(sources: Sequence[Source], codes: Sequence[str]) -> dict[str, Any]:
    """Return the outline of each of these communes, a little larger than it is; of several sources the first one's."""
    import pyarrow as pa
    import shapely

    out: dict[str, Any] = {}
    for source in sources:
        if not source.path.is_file():
            continue
        wanted = [c for c in codes if c not in out]
        try:
            found = _read(source, wanted)
        except (pa.ArrowException, OSError, KeyError):  # a dataset of the town may be anything
            continue
        parts: dict[str, list[Any]] = {}
        for code, wkb in found:
            shape = shapely.from_wkb(wkb, on_invalid="ignore") if wkb else None
            if shape is not None and shape.geom_type in ("Polygon", "MultiPolygon"):
                parts.setdefault(str(code), []).append(shapely.make_valid(shape))
        out |= {code: _wider(shapely.union_all(shapes)) for code, shapes in parts.items()}
    return out


def _read(source: Source, wanted: Sequence[str]) -> list[tuple[Any, Any]]:
    """Return (code, WKB) of the communes wanted that a source has."""
    import pyarrow.parquet as pq

    if source.of:
        told = pq.read_table(source.path, columns=[source.shape]) if source.of in wanted else None
        return [(source.of, s) for s in told.column(0).to_pylist()] if told is not None else []
    columns = [source.code, source.shape]
    if not wanted:
        return []
    some = pq.read_table(source.path, columns=columns, filters=[(source.code, "in", list(wanted))])
    return list(zip(*(some.column(n).to_pylist() for n in columns), strict=True))


def _wider(shape: Any) -> Any:
    """Return an outline ``FAR`` metres wider, ready to be asked of many points."""
    import numpy as np
    import shapely

    _, south, _, north = shape.bounds
    flat = max(float(np.cos(np.radians((south + north) / 2))), 0.05)  # a degree of longitude, against one of latitude
    plane = shapely.transform(shape, lambda c: c * (flat, 1.0)).buffer(FAR / _DEGREE)
    wide = shapely.transform(plane, lambda c: c / (flat, 1.0))
    shapely.prepare(wide)
    return wide


def _by_code(
    raw: RawTable, rows: dict[str, Any], outlines: dict[str, Any], code: Column, lines: int
) -> Iterator[Finding]:
    import numpy as np
    import shapely

    told, number = np.array([str(c or "") for c in rows["code"]]), np.array(rows["line"])
    out: list[int] = []
    examples: list[str] = []
    for one, outline in outlines.items():
        mine = np.flatnonzero(told == one)
        off = mine[~shapely.intersects(outline, rows["shape"][mine])]
        out += [int(number[i]) for i in off]
        examples += [f"{one} : {_shown(rows['shape'][i])}" for i in off[:2]]
    if out:
        out.sort()
        yield Finding(
            "values.point_off_outline",
            Severity.WARN,
            msg("{count} lieu(x) tombent hors du contour de la commune que dit leur code INSEE, à plus de {far} m."),
            _place(raw, code, out[0]),
            {"count": len(out), "far": FAR, "column": code.label},
            hint=msg(
                "Regardez ces lignes sur une carte : le code est celui d'une autre commune, ou les coordonnées sont fausses."
            ),
            why=msg("Le point s'affichera dans une autre commune que celle que la ligne annonce."),
            count=len(out),
            examples=tuple(examples[:5]),
            lines=tuple(out[:lines]),
        )


def _in_town(
    raw: RawTable, rows: dict[str, Any], outline: Any, place: Sequence[Column], lines: int
) -> Iterator[Finding]:
    import numpy as np
    import shapely

    inside = shapely.intersects(outline, rows["shape"])
    total, off = len(inside), np.flatnonzero(~inside)
    out = sorted(int(rows["line"][i]) for i in off)
    if total < _FEW or not out:
        return
    if len(out) == total:
        yield Finding(
            "values.point_none_in_town",
            Severity.WARN,
            msg("Aucun des {count} lieux ne tombe dans le contour de la commune."),
            _place(raw, place[0], out[0]),
            {"count": total, "column": place[0].label},
            hint=msg("Si ces lieux sont bien dans la commune, leurs coordonnées sont lues dans un mauvais système : ajoutez "
                     "l'étape « Dire le système des coordonnées »."),
            why=msg("La carte montrerait ces lieux dans une autre commune."),
            count=total,
            lines=tuple(out[:lines]),
        )  # fmt: skip
    elif 1 - len(out) / total >= _MOST:
        yield Finding(
            "values.point_out_of_town",
            Severity.INFO,
            msg("{count} lieu(x) sur {total} tombent hors du contour de la commune, à plus de {far} m."),
            _place(raw, place[0], out[0]),
            {"count": len(out), "total": total, "far": FAR, "column": place[0].label},
            hint=msg(
                "Regardez-les sur une carte ; s'ils sont vraiment dans une commune voisine, il n'y a rien à faire."
            ),
            why=msg("Presque tous les autres sont dans la commune : ceux-ci sont peut-être mal placés."),
            count=len(out),
            examples=tuple(_shown(rows["shape"][i]) for i in off[:5]),
            lines=tuple(out[:lines]),
        )


def _shown(shape: Any) -> str:
    west, south, east, north = shape.bounds
    return f"{(west + east) / 2:.5f} ; {(south + north) / 2:.5f}"


def _place(raw: RawTable, column: Column, line: int) -> Place:
    at = next((i for i, label in enumerate(raw.labels) if label == column.label), None)
    return raw.place(line, at)
