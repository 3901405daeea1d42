"""A layer of a WFS service: GeoServer, QGIS Server, MapServer, the Géoplateforme."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import chain, islice
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from parvis.connectors.arrival import Arrival, Errand
from parvis.connectors.download import basic, fit, markup, shown, written
from parvis.connectors.features import Page, collection, paged
from parvis.connectors.setting import Setting
from parvis.errors import InputError, RemoteError
from parvis.frozen import dataclass
from parvis.outgoing import DOCUMENT, SIZE
from parvis.values import msg

TITLE = msg("Une couche d'un service WFS")
HELP = msg("Une couche de votre SIG, de l'intercommunalité ou de l'État, à l'adresse de son service WFS.")
ORDER = 70
EXTRA = ""
SETTINGS = (
    Setting(
        "address", msg("Adresse du service"), "address", msg("Par exemple https://sig.agglo.fr/wfs"), required=True
    ),
    Setting("layer", msg("Nom de la couche"), required=True),
    Setting(
        "filter", msg("Filtre (CQL)"), help=msg("Pour GeoServer seulement, par exemple insee='58999'. Vide : tout.")
    ),
    Setting("user", msg("Identifiant"), help=msg("Seulement si le service en demande un.")),
)
SECRET = Setting("secret", msg("Mot de passe"), help=msg("Seulement si le service en demande un."))
EXAMPLES = ({"address": "https://sig.fontclaire.example/wfs", "layer": "voirie:troncons"},)
_PAGE = 1000
_PART = 128 << 20  # bytes of a page
_OURS = frozenset(
    "service request version typename typenames outputformat count maxfeatures startindex srsname".split()
)
_TIME = re.compile(rb'\stimeStamp="[^"]*"')


@dataclass(frozen=True, slots=True)
class _Layer:
    name: str
    version: str
    json: str  # the output format that gives GeoJSON, or ""
    degrees: bool  # longitude and latitude are offered


def fetch(errand: Errand) -> Iterator[Arrival]:
    """Yield the layer, as GeoJSON where the service gives it, else as GML; whoever receives it knows what changed."""
    layer = _layer(errand)
    name = fit(layer.name.rpartition(":")[2]) or "couche"
    if layer.json:
        crs: dict[str, Any] = {}
        host = urlsplit(errand.settings["address"]).hostname or ""
        shapes = paged(lambda start: _page(errand, layer, start, crs), _PAGE, host)
        first = list(islice(shapes, 1))  # the first page says the system of the coordinates
        with written(collection(chain(first, shapes), crs.get("crs"))) as file:
            yield Arrival(f"{name}.geojson", file, shown(errand.settings["address"]), layer.name)
    else:
        with _ask(errand, _asked(errand, layer, 0, 0)) as answer, written(_timeless(answer)) as file:
            _must_not_be_a_fault(file.read(4096), answer.host)
            file.seek(0)
            yield Arrival(f"{name}.gml", file, shown(errand.settings["address"]), layer.name)


def _layer(errand: Errand) -> _Layer:
    """Return what the service says of the layer. Raises: InputError, listing the layers, when it is not there."""
    with _ask(errand, {"service": "WFS", "request": "GetCapabilities"}, DOCUMENT) as answer:
        content = answer.read()
        _must_not_be_a_fault(content[:4096], answer.host)
        root = markup(content, answer.host)
    if not str(root.tag).endswith("WFS_Capabilities"):
        raise RemoteError(
            msg("« {host} » répond, mais ce n'est pas un service WFS."), msg("Vérifiez l'adresse."), host=answer.host
        )
    wanted = errand.settings["layer"]
    found = {n.findtext("{*}Name") or "": n for n in root.iterfind("{*}FeatureTypeList/{*}FeatureType")}
    short = [n for n in found if n.rpartition(":")[2] == wanted.rpartition(":")[2]]
    name = wanted if wanted in found else short[0] if len(short) == 1 else ""
    if not name:
        raise InputError(
            msg("La couche « {layer} » n'existe pas dans ce service."),
            msg("Il propose : {known}."),
            layer=wanted,
            known=", ".join(sorted(found)[:30]) or "—",
        )
    systems = " ".join(filter(None, (e.text for e in found[name].iter("{*}DefaultCRS", "{*}OtherCRS", "{*}DefaultSRS",
                                                                      "{*}OtherSRS", "{*}SRS"))))  # fmt: skip
    return _Layer(name, root.get("version") or "2.0.0", _json_format(root), bool(re.search(r"4326|CRS84", systems)))


def _json_format(root: Any) -> str:
    """Return the name under which the service gives GeoJSON, "" when it does not."""
    said = [str(e.text or "").strip() for e in root.iter("{*}Value", "{*}Format")]
    said += [e.tag.rpartition("}")[2] for e in root.iterfind(".//{*}ResultFormat/*")]
    wanted = [
        f for f in said if "geojson" in f.lower() or "geo+json" in f.lower() or f.lower().startswith("application/json")
    ]
    return next(
        (f for f in wanted if f.lower().startswith("application/json") or "/" in f), wanted[0] if wanted else ""
    )


def _asked(errand: Errand, layer: _Layer, start: int, count: int) -> dict[str, str]:
    two = layer.version.startswith("2")
    asked = {"service": "WFS", "request": "GetFeature", "version": layer.version}
    asked["typeNames" if two else "typeName"] = layer.name
    if layer.json:
        asked["outputFormat"] = layer.json
        if layer.degrees:
            asked["srsName"] = "EPSG:4326"
    if count:
        asked["count" if two else "maxFeatures"] = str(count)
        if start:
            asked["startIndex"] = str(start)
    if errand.settings["filter"]:
        asked["cql_filter"] = errand.settings["filter"]
    return asked


def _page(errand: Errand, layer: _Layer, start: int, crs: dict[str, Any]) -> Page:
    with _ask(errand, _asked(errand, layer, start, _PAGE), _PART) as answer:
        content = answer.read()
    _must_not_be_a_fault(content[:4096], answer.host)
    try:
        said = json.loads(content)
        shapes = said["features"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise RemoteError(msg("« {host} » n'a pas répondu en GeoJSON."), host=answer.host) from error
    if said.get("crs") and not layer.degrees:
        crs["crs"] = said["crs"]
    total = next((said[k] for k in ("numberMatched", "totalFeatures") if isinstance(said.get(k), int)), None)
    return shapes, total


def _ask(errand: Errand, asked: Mapping[str, str], size: int = SIZE) -> Any:
    """Ask the service; what its address already holds (a map, a key) is kept."""
    parts = urlsplit(errand.settings["address"])
    kept = [(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if k.lower() not in _OURS]
    address = parts._replace(query=urlencode([*kept, *asked.items()]), fragment="").geturl()
    user = errand.settings["user"]
    return errand.client.ask(address, secret=basic(user, errand.secret) if user else None, size=size)


def _must_not_be_a_fault(head: bytes, host: str) -> None:
    """A WFS says its errors in XML, with a success as its status."""
    if re.search(rb"<(?:\w+:)?(?:ServiceException|ExceptionReport|ServiceExceptionReport)\b", head):
        said = re.search(rb"<(?:\w+:)?(?:ExceptionText|ServiceException)\b[^>]*>\s*([^<]{1,300})", head)
        why = said[1].decode("utf-8", "replace").strip() if said else ""
        raise RemoteError(msg("Le service « {host} » répond par une erreur : {why}"), host=host, why=why or "—")


def _timeless(answer: Any) -> Iterator[bytes]:
    """Yield GML without the time of the answer, so that the same layer gives the same bytes."""
    head = b""
    while len(head) < 4096 and (part := answer.read(1 << 16)):
        head += part
    yield _TIME.sub(b"", head, count=1)
    while part := answer.read(1 << 16):
        yield part
