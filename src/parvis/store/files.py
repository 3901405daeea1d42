"""Files in the fashion of other systems: places in one cell, moments with their zone, maps and linked data.

Each writer takes the batches of a question and what ``export.stream`` tells of them; « place » there names the column that
puts a row on the map, which is no column of the file. Options, all with a default: ``delimiter``, ``quote_all``, ``bom``,
``use_labels``, ``list_separator``, ``zone``, ``epsg``, ``name_field``, ``description_fields``, ``extension``, ``base``.
"""

from __future__ import annotations

import datetime
import json
import math
import re
import struct
import zoneinfo
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from xml.sax.saxutils import escape as _escape

from parvis.values import Kind

if TYPE_CHECKING:
    import pyarrow as pa

PLACE = "\x1fplace"  # name of the column that places rows
_FORMULA = re.compile(r"^[=+\-@\t\r\n＝＋－＠]")
_PLAIN_NUMBER = re.compile(r"^[+-]?[\d\s.,]+$")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_URI = ":/?#[]@!$&'()*+,;=%~"
_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))

Told = Mapping[str, Any]
Writer = Callable[["pa.RecordBatchReader", Told], Iterator[bytes]]


def rows(reader: pa.RecordBatchReader, told: Told) -> Iterator[list[dict[str, Any]]]:
    """Yield batches of rows as objects: geometries as such, moments with their zone, numbers that are none empty."""
    kinds = {n: Kind(told["kinds"][n]) if n in told["kinds"] else Kind.GEOMETRY for n in reader.schema.names}
    zone = zoneinfo.ZoneInfo(told["zone"]) if told.get("zone") else datetime.UTC
    makers = {n: _maker(k, zone) for n, k in kinds.items()}
    for batch in reader:
        columns = [
            [None if v is None else makers[n](v) for v in c.to_pylist()]
            for n, c in zip(batch.schema.names, batch.columns, strict=True)
        ]
        yield [dict(zip(batch.schema.names, row, strict=True)) for row in zip(*columns, strict=True)]


def _maker(kind: Kind, zone: datetime.tzinfo) -> Callable[[Any], Any]:
    if kind is Kind.GEOMETRY:
        return json.loads
    if kind is Kind.DATETIME:
        return lambda v: _moment(v, zone)
    if kind is Kind.NUMBER:
        return lambda v: float(v) if math.isfinite(v) else None
    if kind is Kind.INTEGER:
        return int
    if kind in (Kind.TEXT, Kind.BOOLEAN):
        return lambda v: v
    return lambda v: v.isoformat()


def _moment(value: datetime.datetime, zone: datetime.tzinfo) -> str:
    there = value.replace(tzinfo=datetime.UTC)
    try:
        return there.astimezone(zone).isoformat()
    except OverflowError:
        return there.isoformat()


def _shown(value: Any) -> Any:
    """Return a cell for JSON: a shape is a feature, a place has its two numbers."""
    if isinstance(value, dict) and "type" in value:
        return {"type": "Feature", "geometry": value, "properties": {}}
    return value


def geometry(value: Any) -> Any:
    """Return a place as GeoJSON."""
    if isinstance(value, dict) and "lon" in value:
        return {"type": "Point", "coordinates": [value["lon"], value["lat"]]}
    return value


def _dumped(value: Any) -> str:
    return _encoder.encode(value)


# --- Tables ---------------------------------------------------------------------------------------


def csv(reader: pa.RecordBatchReader, told: Told) -> Iterator[bytes]:
    delimiter, every = told.get("delimiter", ";"), told.get("quote_all", False)
    names = reader.schema.names
    text = {n for n in names if told["kinds"].get(n) in (Kind.TEXT, Kind.GEOMETRY)}
    heads = [told["labels"][n] if told.get("use_labels") else n for n in names]
    if told.get("bom"):
        yield b"\xef\xbb\xbf"
    yield (delimiter.join(cell(harmless(h), delimiter, every) for h in heads) + "\r\n").encode()
    for batch in rows(reader, told):
        lines = [
            delimiter.join(
                "" if v is None else cell(_said(v, n in text), delimiter, every and n in text) for n, v in row.items()
            )
            for row in batch
        ]
        yield "".join(f"{line}\r\n" for line in lines).encode("utf-8", "replace")


def _said(value: Any, text: bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return f"{value['lat']}, {value['lon']}" if "lon" in value else _dumped(value)
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else repr(value)
    return harmless(str(value)) if text else str(value)


def harmless(text: str) -> str:
    """Return text that no spreadsheet runs; a true number is never touched."""
    return f"'{text}" if _FORMULA.match(text) and not _PLAIN_NUMBER.match(text) else text


def cell(text: str, delimiter: str, every: bool) -> str:
    """Return a cell of CSV, between quotes when it must, or when ``every`` one is."""
    if every or delimiter in text or '"' in text or "\n" in text or "\r" in text:
        return '"' + text.replace('"', '""') + '"'
    return text


def json_list(reader: pa.RecordBatchReader, told: Told) -> Iterator[bytes]:
    yield b"["
    first = True
    for batch in rows(reader, told):
        body = ",\n".join(_dumped({n: _shown(v) for n, v in row.items()}) for row in batch)
        if body:
            yield (body if first else f",\n{body}").encode("utf-8", "replace")
            first = False
    yield b"]\n"


def jsonl(reader: pa.RecordBatchReader, told: Told) -> Iterator[bytes]:
    for batch in rows(reader, told):
        lines = (_dumped({n: _shown(v) for n, v in row.items()}) for row in batch)
        yield "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")


# --- Maps -----------------------------------------------------------------------------------------


def geojson(reader: pa.RecordBatchReader, told: Told) -> Iterator[bytes]:
    moved = _moving(told)
    first = True
    crs = ""
    if told.get("epsg", 4326) != 4326:
        name = f"urn:ogc:def:crs:EPSG::{told['epsg']}"
        crs = f'"crs":{_dumped({"type": "name", "properties": {"name": name}})},'
    yield f'{{"type":"FeatureCollection",{crs}"features":['.encode()
    for batch in rows(reader, told):
        body = ",\n".join(_dumped(_feature(row, moved, told)) for row in batch)
        if body:
            yield (body if first else f",\n{body}").encode("utf-8", "replace")
            first = False
    yield b"]}\n"


def _feature(row: dict[str, Any], moved: Callable[[Any], Any], told: Told) -> dict[str, Any]:
    place = moved(geometry(row.pop(PLACE)))
    kept = {n: v for n, v in row.items() if told["kinds"].get(n) != Kind.GEOMETRY or n in told.get("points", ())}
    return {"type": "Feature", "geometry": place, "properties": kept}


def _moving(told: Told) -> Callable[[Any], Any]:
    """Return what brings a GeoJSON geometry to the system asked for."""
    code = told.get("epsg", 4326)
    if code == 4326:
        return lambda g: g
    import pyproj

    move = pyproj.Transformer.from_crs(4326, code, always_xy=True)

    def moved(shape: Any) -> Any:
        if shape is None:
            return None
        if "geometries" in shape:
            return {**shape, "geometries": [moved(g) for g in shape["geometries"]]}
        return {**shape, "coordinates": places(shape["coordinates"])}

    def places(tree: Any) -> Any:
        if tree and not isinstance(tree[0], list | tuple):
            return [round(v, 3) for v in move.transform(tree[0], tree[1])]
        return [places(part) for part in tree]

    return moved


def kml(reader: pa.RecordBatchReader, told: Told) -> Iterator[bytes]:
    title = _xml(told.get("title", ""))
    yield (
        '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2">'
        f"<Document><name>{title}</name>\n"
    ).encode()
    for batch in rows(reader, told):
        yield "".join(_placemark(row, told) for row in batch).encode("utf-8", "replace")
    yield b"</Document></kml>\n"


def _placemark(row: dict[str, Any], told: Told) -> str:
    place = geometry(row.pop(PLACE))
    if place is None:
        return ""
    data = "".join(
        f'<Data name="{_xml(n, quoted=True)}"><value>{_xml(_said(v, text=False))}</value></Data>'
        for n, v in row.items()
        if v is not None and not isinstance(v, dict)
    )
    name = _xml(_name(row, told))
    return f"<Placemark><name>{name}</name><ExtendedData>{data}</ExtendedData>{_kml_shape(place)}</Placemark>\n"


def _name(row: Mapping[str, Any], told: Told) -> str:
    wanted = told.get("name_field")
    if wanted and row.get(wanted) is not None:
        return _said(row[wanted], text=False)
    return next((v for n, v in row.items() if isinstance(v, str) and told["kinds"].get(n) == Kind.TEXT), "")


def _kml_shape(shape: Any) -> str:
    def line(places: Sequence[Any]) -> str:
        return " ".join(f"{p[0]},{p[1]}" for p in places)

    kind, held = shape["type"], shape.get("coordinates")
    if kind == "Point":
        return f"<Point><coordinates>{held[0]},{held[1]}</coordinates></Point>"
    if kind == "LineString":
        return f"<LineString><coordinates>{line(held)}</coordinates></LineString>"
    if kind == "Polygon":
        rings = [f"<LinearRing><coordinates>{line(ring)}</coordinates></LinearRing>" for ring in held]
        inner = "".join(f"<innerBoundaryIs>{r}</innerBoundaryIs>" for r in rings[1:])
        return f"<Polygon><outerBoundaryIs>{rings[0]}</outerBoundaryIs>{inner}</Polygon>" if rings else ""
    return f"<MultiGeometry>{''.join(map(_kml_shape, _parts(shape)))}</MultiGeometry>"


def _parts(shape: Any) -> list[Any]:
    """Return the single shapes of one of several."""
    if shape["type"] == "GeometryCollection":
        return list(shape["geometries"])
    if shape["type"].startswith("Multi"):
        return [{"type": shape["type"][5:], "coordinates": c} for c in shape["coordinates"]]
    return [shape]


def gpx(reader: pa.RecordBatchReader, told: Told) -> Iterator[bytes]:
    """Points as waypoints, then what is drawn as tracks: a second place would break the order that GPX asks for."""
    yield (
        b'<?xml version="1.0" encoding="UTF-8"?>\n<gpx version="1.1" creator="Parvis"'
        b' xmlns="http://www.topografix.com/GPX/1/1" xmlns:d="https://parvis.example/gpx">\n'
    )
    tracks: list[str] = []
    for batch in rows(reader, told):
        points: list[str] = []
        for row in batch:
            place = geometry(row.pop(PLACE))
            if place is None:
                continue
            inside = _gpx_about(row, told)
            for shape in _flat(place):
                if shape["type"] == "Point":
                    x, y = shape["coordinates"][:2]
                    points.append(f'<wpt lat="{y}" lon="{x}">{inside}</wpt>\n')
                else:
                    tracks.append(f"<trk>{inside}{_gpx_lines(shape)}</trk>\n")
        if points:
            yield "".join(points).encode("utf-8", "replace")
    for track in tracks:
        yield track.encode("utf-8", "replace")
    yield b"</gpx>\n"


def _flat(shape: Any) -> Iterator[Any]:
    parts = _parts(shape)
    for part in parts:
        if part is not shape and (part["type"].startswith("Multi") or part["type"] == "GeometryCollection"):
            yield from _flat(part)
        else:
            yield part


def _gpx_lines(shape: Any) -> str:
    lines = shape["coordinates"] if shape["type"] == "Polygon" else [shape["coordinates"]]
    return "".join(
        f"<trkseg>{''.join(f'<trkpt lat={chr(34)}{p[1]}{chr(34)} lon={chr(34)}{p[0]}{chr(34)}/>' for p in line)}</trkseg>"
        for line in lines
    )


def _gpx_about(row: Mapping[str, Any], told: Told) -> str:
    out = f"<name>{_xml(_name(row, told))}</name>"
    wanted = told.get("description_fields") or list(row)
    said = [(n, _said(row[n], text=False)) for n in wanted if row.get(n) is not None and not isinstance(row[n], dict)]
    if told.get("description_fields") or not told.get("extension", True):
        out += f"<desc>{_xml(', '.join(f'{n}: {v}' for n, v in said))}</desc>"
    if told.get("extension", True):
        out += "<extensions>" + "".join(f"<d:{_tag(n)}>{_xml(v)}</d:{_tag(n)}>" for n, v in said) + "</extensions>"
    return out


def _tag(name: str) -> str:
    tag = re.sub(r"[^\w.-]", "_", name, flags=re.ASCII)
    return tag if re.match(r"[A-Za-z_]", tag) else f"_{tag}"


def ov2(reader: pa.RecordBatchReader, told: Told) -> Iterator[bytes]:
    """Points of interest for navigation devices: hundred thousandths of degrees, and a name."""
    for batch in rows(reader, told):
        out = []
        for row in batch:
            place = geometry(row.pop(PLACE))
            for shape in _flat(place) if place else ():
                if shape["type"] == "Point":
                    x, y = (round(c * 100_000) for c in shape["coordinates"][:2])
                    name = _name(row, told).encode("latin-1", "replace")[:200] + b"\0"
                    out.append(struct.pack("<BIii", 2, 13 + len(name), x, y) + name)
        yield b"".join(out)


def layer(reader: pa.RecordBatchReader, told: Told) -> Iterator[bytes]:
    """A shapefile in a zip or a FlatGeobuf, written by GDAL. One shapefile for each kind of shape."""
    import tempfile
    import zipfile
    from pathlib import Path

    import numpy as np
    import pyogrio
    import shapely

    shapefile = told["format"] == "shp"
    names = [n for n in reader.schema.names if n != PLACE and told["kinds"].get(n) != Kind.GEOMETRY]
    kept: list[dict[str, Any]] = []
    shapes: list[Any] = []
    for batch in rows(reader, told):
        for row in batch:
            place = geometry(row.pop(PLACE))
            shapes.append(_dumped(_moving(told)(place)) if place else None)
            kept.append({n: row[n] for n in names})
    whole = all(s is not None for s in shapes)
    drawn = shapely.from_geojson(np.array(shapes, object)) if shapes else np.array([], object)
    kinds = np.array([_family(g) for g in drawn], object)
    with tempfile.TemporaryDirectory() as work:
        done: list[Path] = []
        groups = sorted({k for k in kinds if k}) if shapefile else [""]
        for kind in groups or ["Point"]:
            chosen = np.flatnonzero(kinds == kind) if shapefile else np.arange(len(drawn))
            base = "export" if len(groups) < 2 else f"export_{kind.lower()}"
            path = Path(work) / f"{base}{'.shp' if shapefile else '.fgb'}"
            columns = [_numpy([kept[i][n] for i in chosen], told["kinds"][n]) for n in names]
            wkb = np.array([None if drawn[i] is None else shapely.to_wkb(drawn[i]) for i in chosen], object)
            pyogrio.raw.write(
                path, wkb, [c for c, _ in columns], _short(names) if shapefile else names, field_mask=[m for _, m in columns],
                geometry_type=kind if shapefile else "Unknown", crs=f"EPSG:{told.get('epsg', 4326)}",
                driver="ESRI Shapefile" if shapefile else "FlatGeobuf", **_layer_options(shapefile, whole, told),
            )  # fmt: skip
            done += sorted(p for p in Path(work).iterdir() if p.stem == base)
        out = done[0] if done else Path(work) / "empty"
        if shapefile:
            out = Path(work) / "all.zip"
            with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
                for path in done:
                    member = zipfile.ZipInfo(path.name)  # the same rows give the same bytes, whatever the hour
                    member.compress_type = zipfile.ZIP_DEFLATED
                    archive.writestr(member, path.read_bytes())
        with out.open("rb") as stream:
            while chunk := stream.read(1 << 18):
                yield chunk


def _layer_options(shapefile: bool, whole: bool, told: Told) -> dict[str, str]:
    """A FlatGeobuf has an index of places when every row has one."""
    if shapefile:
        return {"ENCODING": "UTF-8", "DBF_DATE_LAST_UPDATE": told.get("created_at", "")[:10] or "2000-01-01"}
    return {"SPATIAL_INDEX": "YES" if whole else "NO"}


def _family(shape: Any) -> str:
    if shape is None:
        return ""
    kind = str(shape.geom_type)
    return {"LinearRing": "LineString", "GeometryCollection": ""}.get(kind, kind)


def _numpy(values: Sequence[Any], kind: str) -> tuple[Any, Any]:
    import numpy as np

    empty = np.array([v is None for v in values], bool)
    if kind in (Kind.INTEGER, Kind.NUMBER):
        typed = np.int64 if kind == Kind.INTEGER else np.float64
        return np.array([0 if v is None else v for v in values], typed), empty
    if kind == Kind.BOOLEAN:
        return np.array([bool(v) for v in values], bool), empty
    return np.array([None if v is None else str(v) for v in values], object), empty


def _short(names: Sequence[str]) -> list[str]:
    """Return names of at most ten letters, none twice: what a shapefile holds."""
    out: list[str] = []
    for name in names:
        short, n = name[:10], 0
        while short in out:
            n += 1
            short = f"{name[: 9 - len(str(n))]}_{n}"
        out.append(short)
    return out


# --- Linked data ----------------------------------------------------------------------------------


def turtle(reader: pa.RecordBatchReader, told: Told) -> Iterator[bytes]:
    yield b"@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n"
    for line, row in _numbered(reader, told):
        pairs = [
            f"<{_uri(told, f'#{quote(n)}')}> {_term(v, told['kinds'].get(n, ''))}"
            for n, v in row.items()
            if v is not None
        ]
        if pairs:
            yield f"<{_uri(told, f'/{line}')}> {' ; '.join(pairs)} .\n".encode("utf-8", "replace")


def _term(value: Any, kind: str) -> str:
    said = _dumped(_said(value, text=False)) if not isinstance(value, str) else _dumped(value)
    said = re.sub(r"[\x7f-\x9f]", lambda m: f"\\u{ord(m[0]):04x}", said)
    return f"{said}{'^^xsd:' + _XSD[kind] if kind in _XSD else ''}"


_XSD: dict[str, str] = {
    Kind.INTEGER: "integer", Kind.NUMBER: "double", Kind.BOOLEAN: "boolean", Kind.DATE: "date", Kind.DATETIME: "dateTime",
    Kind.TIME: "time",
}  # fmt: skip


def rdfxml(reader: pa.RecordBatchReader, told: Told) -> Iterator[bytes]:
    space = _xml(_uri(told, "#"), quoted=True)
    rdf, xsd = "http://www.w3.org/1999/02/22-rdf-syntax-ns#", "http://www.w3.org/2001/XMLSchema#"
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n<rdf:RDF xmlns:rdf="{rdf}" xmlns:f="{space}">\n'.encode()
    for line, row in _numbered(reader, told):
        inside = []
        for name, value in row.items():
            if value is None:
                continue
            kind = told["kinds"].get(name, "")
            typed = f' rdf:datatype="{xsd}{_XSD[kind]}"' if kind in _XSD else ""
            inside.append(f"<f:{_tag(name)}{typed}>{_xml(_said(value, text=False))}</f:{_tag(name)}>")
        about = _xml(_uri(told, f"/{line}"), quoted=True)
        yield f'<rdf:Description rdf:about="{about}">{"".join(inside)}</rdf:Description>\n'.encode("utf-8", "replace")
    yield b"</rdf:RDF>\n"


def jsonld(reader: pa.RecordBatchReader, told: Told) -> Iterator[bytes]:
    yield f'{{"@context":{_dumped({"@vocab": _uri(told, "#")})},"@graph":['.encode()
    first = True
    for line, row in _numbered(reader, told):
        held = {n: _said(v, text=False) if isinstance(v, dict) else v for n, v in row.items() if v is not None}
        body = _dumped({"@id": _uri(told, f"/{line}"), **held})
        yield (body if first else f",\n{body}").encode("utf-8", "replace")
        first = False
    yield b"]}\n"


def _numbered(reader: pa.RecordBatchReader, told: Told) -> Iterator[tuple[int, dict[str, Any]]]:
    line = 0
    for batch in rows(reader, told):
        for row in batch:
            line += 1
            yield line, row


def _uri(told: Told, tail: str) -> str:
    return quote(f"{told.get('base') or 'urn:parvis'}{tail}", safe=_URI)


def _xml(text: str, quoted: bool = False) -> str:
    clean = _NOT_XML.sub("\ufffd", text)
    return _escape(clean, {'"': "&quot;"} if quoted else {})


WRITERS: Mapping[str, Writer] = {
    "csv": csv, "json": json_list, "jsonl": jsonl, "geojson": geojson, "kml": kml, "gpx": gpx, "ov2": ov2, "shp": layer,
    "fgb": layer, "turtle": turtle, "rdfxml": rdfxml, "jsonld": jsonld,
}  # fmt: skip
