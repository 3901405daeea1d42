"""GeoJSON (RFC 7946), its title, attribution and licence beside the features; in another system only when it is asked for."""

from __future__ import annotations

from parvis.store.writers import sql
from parvis.store.writers.frame import Format, Frame, Lines, dumped
from parvis.values import Kind

FORMAT = Format(".geojson", "application/geo+json; charset=utf-8", "GeoJSON", placed=True, common=True, lists=True)
_TOLD = ("attribution", "licence", "licence_url", "modified")


def lines(frame: Frame) -> Lines:
    shown = [c for c in frame.shown if not frame.foreign or c.kind is not Kind.GEOMETRY or c.point]
    epsg = int(frame.options.get("epsg", 4326))
    body, names = sql.pairs(shown, frame)
    shape = f"coalesce({sql.shape(frame.spot, epsg)}, 'null')"
    line = f'concat(\',\n{{"type":"Feature","geometry":\', {shape}, \',"properties":\', {body}, \'}}\')'
    return Lines(line, names, f'{{"type":"FeatureCollection",{_about(frame, epsg)}"features":[', "]}\n", 2)


def _about(frame: Frame, epsg: int) -> str:
    said: dict[str, object] = {}
    if epsg != 4326:
        said["crs"] = {"type": "name", "properties": {"name": f"urn:ogc:def:crs:EPSG::{epsg}"}}
    if not frame.foreign:
        said |= {"name": frame.about.get("title", "")} | {n: frame.about[n] for n in _TOLD if n in frame.about}
    return "".join(f"{dumped(name)}:{dumped(value)}," for name, value in said.items())
