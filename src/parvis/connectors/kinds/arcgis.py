"""A layer of an ArcGIS service (FeatureServer or MapServer), by its REST interface, whatever its age."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from parvis.connectors.arrival import Arrival, Errand
from parvis.connectors.download import fit, shown, written
from parvis.connectors.features import Page, collection, paged
from parvis.connectors.setting import Setting
from parvis.errors import InputError, RemoteError
from parvis.values import msg

TITLE = msg("Une couche d'un service ArcGIS")
HELP = msg("Une couche publiée avec ArcGIS Server ou ArcGIS Online, à son adresse REST.")
ORDER = 80
EXTRA = ""
SETTINGS = (
    Setting(
        "address",
        msg("Adresse de la couche"),
        "address",
        msg("Elle finit par FeatureServer/0 ou MapServer/0 (le numéro de la couche)."),
        required=True,
    ),
    Setting("where", msg("Filtre"), help=msg("Par exemple INSEE = '58999'. Vide : tout.")),
)
SECRET = Setting("secret", msg("Jeton d'accès"), help=msg("Seulement si la couche n'est pas publique."))
EXAMPLES = ({"address": "https://sig.fontclaire.example/arcgis/rest/services/Voirie/FeatureServer/0"},)
_LAYER = re.compile(r"(.+/(?:Feature|Map)Server/\d+)(?:/query)?/?", re.IGNORECASE)
_PAGE = 1000
_PART = 128 << 20  # bytes of a page


def fetch(errand: Errand) -> Iterator[Arrival]:
    """Yield the layer as GeoJSON in longitude and latitude, its dates as dates."""
    found = _LAYER.fullmatch(errand.settings["address"].partition("?")[0])
    if not found:
        raise InputError(
            msg("Cette adresse n'est pas celle d'une couche ArcGIS."),
            msg("Elle doit finir par FeatureServer/ ou MapServer/ et le numéro de la couche, par exemple 0."),
        )
    address = found[1]
    layer = _ask(errand, address, {})
    if not isinstance(layer.get("fields"), list):
        raise RemoteError(
            msg("Ce service ne donne pas le contenu de cette couche."), msg("Choisissez une autre couche.")
        )
    dates = {str(f.get("name")) for f in layer["fields"] if f.get("type") == "esriFieldTypeDate"}
    host = urlsplit(address).hostname or ""
    shapes = (_shape(s, dates) for s in _shapes(errand, address, layer, host))
    name = fit(str(layer.get("name") or "couche"))
    with written(collection(shapes)) as file:
        yield Arrival(f"{name}.geojson", file, shown(address), address)


def _shapes(errand: Errand, address: str, layer: Mapping[str, Any], host: str) -> Iterator[Mapping[str, Any]]:
    where = errand.settings["where"] or "1=1"
    formats = str(layer.get("supportedQueryFormats", "")).lower()
    common = {"outFields": "*", "outSR": "4326", "f": "geojson" if "geojson" in formats else "json"}
    able = (layer.get("advancedQueryCapabilities") or {}).get("supportsPagination", False)
    key = _key(layer)
    if able:
        count = min(int(layer.get("maxRecordCount") or _PAGE), _PAGE)
        asked = {**common, "where": where, "resultRecordCount": str(count)}
        if key:
            asked["orderByFields"] = key
        total = int(_ask(errand, f"{address}/query", {"where": where, "returnCountOnly": "true"}).get("count", 0))

        def ask(start: int) -> Page:
            return _page(errand, address, {**asked, "resultOffset": str(start)}), total

        yield from paged(ask, count, host)
        return
    # Servers before 10.3 do not page: the numbers of all the objects first, then the objects by their numbers.
    numbers = sorted(_ask(errand, f"{address}/query", {"where": where, "returnIdsOnly": "true"}).get("objectIds") or ())
    step = min(int(layer.get("maxRecordCount") or 500), 500)
    for start in range(0, len(numbers), step):
        part = numbers[start : start + step]
        got = _page(errand, address, {**common, "objectIds": ",".join(map(str, part))})
        if len(got) != len(part):
            raise RemoteError(
                msg("« {host} » n'a donné que {count} objets, et il y en a davantage : rien n'est pris."),
                host=host,
                count=start + len(got),
            )
        yield from got


def _key(layer: Mapping[str, Any]) -> str:
    said = layer.get("objectIdField")
    fields = layer.get("fields") or ()
    return str(said or next((f.get("name") for f in fields if f.get("type") == "esriFieldTypeOID"), "") or "")


def _page(errand: Errand, address: str, asked: Mapping[str, str]) -> Sequence[Mapping[str, Any]]:
    said = _ask(errand, f"{address}/query", asked)
    shapes = said.get("features") or ()
    return [s if s.get("type") == "Feature" else _feature(s) for s in shapes]


def _ask(errand: Errand, address: str, asked: Mapping[str, str]) -> Any:
    """Return an answer; ArcGIS says its errors with a success as its status."""
    kept = [(k, v) for k, v in parse_qsl(urlsplit(errand.settings["address"]).query) if k.lower() == "token"]
    query = urlencode([*kept, *{"f": "json", **asked}.items()])
    secret = {"X-Esri-Authorization": f"Bearer {errand.secret}"} if errand.secret else None
    said = errand.client.json(f"{address}?{query}", secret=secret, size=_PART)
    fault = said.get("error") if isinstance(said, dict) else {"message": "?"}
    if isinstance(fault, dict):
        code = fault.get("code")
        if code in (401, 403, 498, 499):
            raise RemoteError(msg("Cette couche demande un jeton d'accès, ou refuse celui qui est donné."))
        raise RemoteError(
            msg("Le service répond par une erreur : {why}"), why=str(fault.get("message") or code or "?")[:200]
        )
    return said


def _shape(shape: Mapping[str, Any], dates: set[str]) -> dict[str, Any]:
    properties = {
        k: _day(v) if k in dates and isinstance(v, int | float) else v
        for k, v in (shape.get("properties") or {}).items()
    }
    return {"type": "Feature", "geometry": shape.get("geometry"), "properties": properties}


def _day(milliseconds: float) -> str:
    """Return a date of ArcGIS, milliseconds since 1970 in UTC, as people and readers write it."""
    moment = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(milliseconds=milliseconds)
    whole = not (moment.hour or moment.minute or moment.second or moment.microsecond)
    return moment.date().isoformat() if whole else moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _feature(shape: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object of the older Esri JSON as GeoJSON."""
    return {
        "type": "Feature",
        "geometry": _geometry(shape.get("geometry") or {}),
        "properties": shape.get("attributes") or {},
    }


def _geometry(esri: Mapping[str, Any]) -> dict[str, Any] | None:
    if isinstance(esri.get("x"), int | float):
        return {"type": "Point", "coordinates": [esri["x"], esri["y"]]}
    if esri.get("points"):
        return {"type": "MultiPoint", "coordinates": esri["points"]}
    if esri.get("paths"):
        return {"type": "MultiLineString", "coordinates": esri["paths"]}
    if esri.get("rings"):
        return {"type": "MultiPolygon", "coordinates": _polygons(esri["rings"])}
    return None


def _polygons(rings: Sequence[Sequence[Sequence[float]]]) -> list[list[Any]]:
    """Return rings as polygons: in Esri's order a clockwise ring is an outline, the others are holes in one."""
    outlines = [[r] for r in rings if _area(r) <= 0]
    for hole in (r for r in rings if _area(r) > 0):
        home = next((o for o in outlines if _inside(hole[0], o[0])), None)
        if home is not None:
            home.append(hole)
        else:
            outlines.append([hole])
    return outlines


def _area(ring: Sequence[Sequence[float]]) -> float:
    """Return twice the signed area: positive when the ring turns anticlockwise."""
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, [*ring[1:], ring[0]], strict=True))


def _inside(point: Sequence[float], ring: Sequence[Sequence[float]]) -> bool:
    x, y, odd = point[0], point[1], False
    for a, b in zip(ring, [*ring[1:], ring[0]], strict=True):
        if (a[1] > y) != (b[1] > y) and x < (b[0] - a[0]) * (y - a[1]) / (b[1] - a[1]) + a[0]:
            odd = not odd
    return odd
