"""WFS in reading, for desktops that know nothing newer: ``/ogc/wfs``, in 2.0.0, and in 1.1.0 and 1.0.0 (``wfs_old``).

GetCapabilities, DescribeFeatureType, GetFeature (its hits and GetFeatureById too) and the list of stored queries, by an
address or by a body (``wfs_post``). Features are those of the OGC API: same numbers, same systems; GML or GeoJSON. Faults are
exception reports.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from parvis.dialects import cql2, fes, gml, ogc_crs, ogc_items, wfs_old, wfs_post, wfs_types
from parvis.dialects.ogc_request import CORS, dumped, extent, is_placed
from parvis.dialects.wfs_request import (
    GEOJSON,
    GML,
    SPACE,
    VERSIONS,
    XML,
    Asked,
    OwsError,
    attribute,
    edition,
    fields_of,
    place_of,
    type_name,
    urn,
    written,
)
from parvis.errors import BusyError, GoneError, InputError, LimitError, ParvisError, UnknownColumn, UnknownName
from parvis.store.pool import Pool
from parvis.values import All, Column, Order, Query, Some, Version, Where
from parvis.web import FRESH, Catalogue, Entry, Request, Response, Site, finished, preflight

LIMIT, MOST = 1000, 10_000
TOLD = 1000  # types of a capabilities document
_GEOJSON = ("application/json", "application/geo+json", "geojson", "json", "application/vnd.geo+json")
_KNOWN = frozenset((
    "service", "version", "request", "acceptversions", "acceptformats", "sections", "updatesequence", "typenames", "typename",
    "srsname", "bbox", "count", "maxfeatures", "startindex", "outputformat", "resourceid", "featureid", "filter", "propertyname",
    "resulttype", "sortby", "namespaces", "namespace", "exceptions", "filter_language", "resolve", "resolvedepth", "language",
    "cql_filter", "storedquery_id", "id",
))  # fmt: skip
_BY_ID = "urn:ogc:def:query:OGC-WFS::GetFeatureById"


def answer(
    request: Request, catalogue: Catalogue, pool: Pool, site: Site, now: datetime.datetime | None = None
) -> Response:
    """Return the response to any request to the service: faults too, as reports."""
    if request.method == "OPTIONS":
        return Response(204, headers={**CORS, **_PREFLIGHT})
    version = VERSIONS[0]
    try:
        if request.method not in METHODS:
            raise OwsError("OptionNotSupported", request.method[:20], "Ce service se lit par GET ou POST.")
        sent = wfs_post.told(request.body, request.headers.get("content-type", "")) if request.method == "POST" else []
        told = _parameters([*request.query, *sent])
        asked = Asked(request, told, catalogue, pool, site, now or datetime.datetime.now(datetime.UTC))
        version = asked.version
        response = _answered(asked)
    except ParvisError as error:
        response = fault(error, version)
    if request.method == "POST":  # what depends on a body is nobody else's answer
        response = dataclasses.replace(
            response, cacheable=False, headers={**response.headers, "cache-control": "no-store"}
        )
    return finished(request, response, CORS)


METHODS = ("GET", "HEAD", "POST")
_PREFLIGHT = preflight("Accept", "Content-Type", methods=(*METHODS, "OPTIONS"))


def fault(error: Exception, version: str = VERSIONS[0]) -> Response:
    """Return what the service says of an error, in the words of a version."""
    headers = {"cache-control": "no-store"}

    def _report(status: int, code: str, locator: str, text: str, headers: Mapping[str, str]) -> Response:
        if version != VERSIONS[0]:
            return wfs_old.report(version, status, code, locator, text, headers)
        return _reported(status, code, locator, text, headers)

    if isinstance(error, OwsError):
        status = {"OptionNotSupported": 501, "OperationNotSupported": 501}.get(error.ows, 400)
        return _report(status, error.ows, error.locator, error.text, headers)
    if isinstance(error, BusyError):
        return _report(503, "NoApplicableCode", "", error.text, {**headers, "retry-after": str(error.retry_after)})
    if isinstance(error, GoneError):
        return _report(410, "InvalidParameterValue", "typeNames", error.text, headers)
    if isinstance(error, UnknownColumn):
        return _report(400, "InvalidParameterValue", "propertyName", error.text, headers)
    if isinstance(error, UnknownName):
        return _report(400, "InvalidParameterValue", "typeNames", error.text, headers)
    if isinstance(error, InputError | LimitError):
        where = str(error.values.get("parameter", "") or "filter")
        return _report(400, "OperationParsingFailed", where, error.text, headers)
    return _report(500, "NoApplicableCode", "", "Une panne est survenue de notre fait. Réessayez plus tard.", headers)


def _reported(status: int, code: str, locator: str, text: str, headers: Mapping[str, str]) -> Response:
    place = f" locator={attribute(locator)}" if locator else ""
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<ows:ExceptionReport xmlns:ows="http://www.opengis.net/ows/1.1" version="2.0.0" '
        f'xml:lang="fr"><ows:Exception exceptionCode="{code}"{place}><ows:ExceptionText>{written(text)}</ows:ExceptionText>'
        "</ows:Exception></ows:ExceptionReport>\n"
    )
    return Response(status, body.encode("utf-8", "replace"), XML, headers)


# --- The request ----------------------------------------------------------------------------------


def _parameters(told: Sequence[tuple[str, str]]) -> dict[str, str]:
    out: dict[str, str] = {}
    for name, value in told:
        key = name.lower()
        if key not in _KNOWN:
            raise OwsError("InvalidParameterValue", name[:60], "Le paramètre « {name} » n'existe pas.", name=name[:60])
        if key in out and out[key] != value:
            raise OwsError(
                "InvalidParameterValue", name[:60], "Le paramètre « {name} » est dit deux fois.", name=name[:60]
            )
        out[key] = value.strip()
    return out


def _answered(asked: Asked) -> Response:
    if asked.get("service") and asked.get("service").upper() != "WFS":
        raise OwsError(
            "InvalidParameterValue", "service", "Ce service est WFS, pas « {said} ».", said=asked.get("service")[:40]
        )
    operation = asked.get("request").lower()
    if not operation:
        raise OwsError(
            "MissingParameterValue", "request", "« request » dit ce qui est demandé : GetCapabilities, GetFeature…"
        )
    if operation == "getcapabilities":
        accepted = [v.strip() for v in asked.get("acceptversions").split(",") if v.strip()]
        if accepted and not any(edition(v) for v in accepted):
            served = ", ".join(VERSIONS)
            raise OwsError(
                "VersionNegotiationFailed", "acceptVersions", "Les versions servies sont {served}.", served=served
            )
        if asked.version != VERSIONS[0]:
            return _xml(wfs_old.capabilities(asked, _placed(asked)))
        return _xml(_capabilities(asked))
    if operation == "describefeaturetype":
        return _described(asked)
    if operation == "getfeature":
        return _features(asked)
    if operation == "liststoredqueries":
        return _xml(_stored(asked, described=False))
    if operation == "describestoredqueries":
        return _xml(_stored(asked, described=True))
    raise OwsError(
        "OperationNotSupported", "request", "L'opération « {said} » n'est pas servie.", said=asked.get("request")[:60]
    )


def _xml(body: str, media_type: str = XML) -> Response:
    whole = '<?xml version="1.0" encoding="UTF-8"?>\n' + body
    return Response(200, whole.encode("utf-8", "replace"), media_type, {"cache-control": FRESH}, cacheable=True)


# --- Types ----------------------------------------------------------------------------------------


def _found(asked: Asked, name: str) -> tuple[Entry, Version]:
    local = name.strip().rpartition(":")[2]
    try:
        entry = asked.catalogue.find(local.removeprefix("d_"))
    except UnknownName as error:
        raise OwsError(
            "InvalidParameterValue", "typeNames", "Le type « {name} » n'existe pas.", name=name[:80]
        ) from error
    if not is_placed(entry.version):
        raise OwsError(
            "InvalidParameterValue", "typeNames", "Le type « {name} » n'a pas de coordonnées.", name=name[:80]
        )
    return entry, entry.version


def _placed(asked: Asked) -> list[Entry]:
    out: list[Entry] = []
    start = 0
    while len(out) < TOLD:
        listing = asked.catalogue.list("", {}, "stable", 100, start, faceted=False)
        out += [e for e in listing.entries if is_placed(e.version)]
        start += len(listing.entries)
        if not listing.entries or start >= listing.total:
            break
    return out[:TOLD]


def _capabilities(asked: Asked) -> str:
    def operation(name: str, parameters: str = "") -> str:
        where = f'<ows:DCP><ows:HTTP><ows:Get xlink:href="{written(asked.address)}?"/>'
        where += f'<ows:Post xlink:href="{written(asked.address)}"/></ows:HTTP></ows:DCP>'
        return f'<ows:Operation name="{name}">{where}{parameters}</ows:Operation>'

    def values(name: str, *said: str) -> str:
        inside = "".join(f"<ows:Value>{written(v)}</ows:Value>" for v in said)
        return f'<ows:Parameter name="{name}"><ows:AllowedValues>{inside}</ows:AllowedValues></ows:Parameter>'

    def constraint(name: str, holds: bool) -> str:
        said = "TRUE" if holds else "FALSE"
        return (
            f'<ows:Constraint name="{name}"><ows:NoValues/><ows:DefaultValue>{said}</ows:DefaultValue></ows:Constraint>'
        )

    formats = values("outputFormat", GML, GEOJSON)
    operations = (
        operation("GetCapabilities", values("AcceptVersions", *VERSIONS)) + operation("DescribeFeatureType")
        + operation("ListStoredQueries") + operation("DescribeStoredQueries")
        + operation("GetFeature", values("resultType", "results", "hits") + formats)
        + '<ows:Parameter name="version"><ows:AllowedValues>'
        + "".join(f"<ows:Value>{v}</ows:Value>" for v in VERSIONS) + "</ows:AllowedValues></ows:Parameter>"
        + "".join(constraint(n, n in _HELD) for n in _CONSTRAINTS)
        + f"<ows:Constraint name=\"CountDefault\"><ows:NoValues/><ows:DefaultValue>{LIMIT}</ows:DefaultValue></ows:Constraint>"
    )  # fmt: skip
    types = "".join(_type(asked, e) for e in _placed(asked))
    return (
        f'<wfs:WFS_Capabilities {_SPACES} version="2.0.0" xsi:schemaLocation="http://www.opengis.net/wfs/2.0 '
        'http://schemas.opengis.net/wfs/2.0/wfs.xsd">'
        f"<ows:ServiceIdentification><ows:Title>{written('Données ouvertes : ' + asked.site.name)}</ows:Title>"
        f"<ows:Abstract>{written(asked.site.description)}</ows:Abstract>"
        "<ows:ServiceType>WFS</ows:ServiceType>"
        + "".join(f"<ows:ServiceTypeVersion>{v}</ows:ServiceTypeVersion>" for v in VERSIONS)
        + "<ows:Fees>NONE</ows:Fees><ows:AccessConstraints>NONE</ows:AccessConstraints></ows:ServiceIdentification>"
        f"<ows:ServiceProvider><ows:ProviderName>{written(asked.site.name)}</ows:ProviderName>"
        "<ows:ServiceContact/></ows:ServiceProvider>"
        f"<ows:OperationsMetadata>{operations}</ows:OperationsMetadata>"
        f"<wfs:FeatureTypeList>{types}</wfs:FeatureTypeList>{_FILTERS}</wfs:WFS_Capabilities>"
    )


def _type(asked: Asked, entry: Entry) -> str:
    metadata, box = entry.version.metadata, extent(entry.version) or (-180.0, -90.0, 180.0, 90.0)
    keywords = "".join(f"<ows:Keyword>{written(k)}</ows:Keyword>" for k in metadata.keywords)
    others = "".join(f"<wfs:OtherCRS>{urn(c)}</wfs:OtherCRS>" for c in ogc_crs.SYSTEMS if c != 4326)
    return (
        f"<wfs:FeatureType><wfs:Name>parvis:{type_name(entry.id)}</wfs:Name><wfs:Title>{written(metadata.title)}</wfs:Title>"
        f"<wfs:Abstract>{written(metadata.description)}</wfs:Abstract>"
        + (f"<ows:Keywords>{keywords}</ows:Keywords>" if keywords else "")
        + f"<wfs:DefaultCRS>{urn(4326)}</wfs:DefaultCRS>{others}"
        f"<wfs:OutputFormats><wfs:Format>{GML}</wfs:Format><wfs:Format>{GEOJSON}</wfs:Format></wfs:OutputFormats>"
        f"<ows:WGS84BoundingBox><ows:LowerCorner>{box[0]} {box[1]}</ows:LowerCorner>"
        f"<ows:UpperCorner>{box[2]} {box[3]}</ows:UpperCorner></ows:WGS84BoundingBox>"
        f'<wfs:MetadataURL xlink:href="{written(asked.request.base)}/dataset/{entry.id}.xml"/></wfs:FeatureType>'
    )


def _described(asked: Asked) -> Response:
    names = [n for n in asked.get("typenames", "typename").split(",") if n.strip()]
    entries = [_found(asked, n)[0] for n in names[:50]] if names else _placed(asked)[:50]
    if asked.version != VERSIONS[0]:
        return _xml(wfs_old.described(asked, entries))
    return _xml(wfs_types.schema(entries, "http://www.opengis.net/gml/3.2", "gml/3.2.1/gml.xsd", "gml:AbstractFeature"))


# --- Features -------------------------------------------------------------------------------------


def _features(asked: Asked) -> Response:
    names, ids = asked.get("typenames", "typename"), [i for i in asked.get("resourceid", "featureid").split(",") if i]
    if stored := asked.get("storedquery_id"):
        if stored.lower() != _BY_ID.lower() and not stored.lower().endswith("getfeaturebyid"):
            raise OwsError("InvalidParameterValue", "storedQuery_Id", "Cette question gardée n'existe pas.")
        ids = [asked.get("id")]
    if not names and ids:
        names = ids[0].rpartition(".")[0]
    if not names:
        raise OwsError("MissingParameterValue", "typeNames", "« typeNames » dit le type des objets demandés.")
    if "," in names:
        raise OwsError("OptionNotSupported", "typeNames", "Un seul type à la fois : les jointures ne sont pas servies.")
    entry, version = _found(asked, names)
    old = asked.version != VERSIONS[0]
    crs = _system(asked.get("srsname"), "srsName") if asked.get("srsname") else 4326
    if old and (asked.version == "1.0.0" or asked.get("srsname").lower().startswith("epsg:")):
        crs = ogc_crs.CRS84 if crs == 4326 else crs  # longitude first
    where = _conditions(asked, entry, version, ids)
    columns = _wanted(asked, version)
    hits = asked.get("resulttype").lower() == "hits"
    if old:
        wfs_old.must_be_possible(asked, hits)
    # Before 2.0 there were no pages: who names no number wants them all.
    limit = 0 if hits else asked.number(MOST if old else LIMIT, MOST, "count", "maxfeatures")
    offset = asked.number(0, ogc_items.FAR, "startindex")
    query = Query(where=where, order=_orders(asked, version), limit=max(limit, 1), offset=offset)
    json_wanted = _form(asked) == GEOJSON
    kept = ogc_crs.CRS84 if json_wanted and not asked.get("srsname") else crs
    features, total = ogc_items.features_of(asked.pool, version, query, columns, kept)
    features = features[:limit]
    if json_wanted:
        return _as_json(asked, entry, features, total, kept)
    if old:
        body = wfs_old.collection(asked, entry, version, features, columns, total, crs, hits)
        return _xml(body, wfs_old.media_type(asked.version))
    return _xml(_as_gml(asked, entry, version, features, columns, total, crs, (limit, offset, hits)), GML)


def _form(asked: Asked) -> str:
    said = asked.get("outputformat").lower()
    if not said or "gml" in said or said.startswith("text/xml") or said == "xmlschema":
        return GML
    if said.split(";")[0].strip() in _GEOJSON:
        return GEOJSON
    raise OwsError("InvalidParameterValue", "outputFormat", "Le format « {said} » n'est pas servi.", said=said[:60])


def _system(text: str, parameter: str) -> int:
    try:
        return ogc_crs.read(text, parameter)
    except InputError as error:
        raise OwsError("InvalidParameterValue", parameter, error.message, error.hint, **error.values) from error


def _axes(text: str) -> int:
    """Return the system of a name that a filter or a box says: an old « EPSG:4326 » has its longitude first."""
    code = _system(text, "srsName") if text else 4326
    return ogc_crs.CRS84 if code == 4326 and re.match(r"(?i)epsg:|http://www\.opengis\.net/gml/srs/", text) else code


def _conditions(asked: Asked, entry: Entry, version: Version, ids: Sequence[str]) -> Where | None:
    parts: list[Where] = []
    given = [n for n in ("filter", "bbox", "cql_filter") if asked.get(n)] + (["resourceid"] if ids else [])
    if len(given) > 1:
        said = "« filter », « bbox » et « resourceId » s'excluent : dites une seule condition."
        raise OwsError("InvalidParameterValue", given[0], said)
    place = place_of(version)
    if asked.get("bbox"):
        numbers = asked.get("bbox").split(",")
        system = numbers.pop() if len(numbers) in (5, 7) else ""
        try:
            parts.append(ogc_items.in_box(",".join(numbers), _axes(system), version))
        except InputError as error:
            raise OwsError("InvalidParameterValue", "bbox", error.message, error.hint, **error.values) from error
    if asked.get("filter"):
        tree, named = fes.read(asked.get("filter"), lambda shape, system: _moved(shape, _axes(system)), place)
        ids = [*ids, *named]
        if tree is not None:
            parts.append(cql2.read(json.dumps(tree), "cql2-json", version))
    if asked.get("cql_filter"):
        parts.append(cql2.read(asked.get("cql_filter"), "cql2-text", version))
    if ids:
        parts.append(_identified(ids, entry))
    return All(tuple(parts)) if len(parts) > 1 else parts[0] if parts else None


def _moved(shape: Any, code: int) -> Any:
    """Return a GeoJSON geometry of a system in degrees."""
    import shapely

    moved = ogc_crs.shape_to_degrees(cql2.shape_of(shape), code)
    return json.loads(shapely.to_geojson(shapely.from_wkb(moved)))


def _identified(ids: Sequence[str], entry: Entry) -> Where:
    """Return the rows of ids (« d_abc.12 »); one of another type names nothing."""
    if len(ids) > 1000:
        raise LimitError("Une liste ne peut dépasser {limit} valeurs.", limit=1000)
    numbers = []
    for said in ids:
        name, _, number = said.strip().rpartition(".")
        mine = not name or name.rpartition(":")[2] == type_name(entry.id)
        if mine and re.fullmatch(r"[1-9]\d{0,11}", number, re.ASCII):
            numbers.append(int(number))
    return ogc_items.numbered(numbers) if numbers else Some(())


def _wanted(asked: Asked, version: Version) -> list[Column]:
    columns = fields_of(version)
    said = asked.get("propertyname").strip("()")
    if not said or said == "*":
        return columns
    wanted = [n.strip().rpartition(":")[2].rpartition("/")[2] for n in said.split(",") if n.strip()]
    known = {c.name: c for c in columns}
    for name in wanted:
        if name not in known and name != place_of(version):
            raise OwsError(
                "InvalidParameterValue", "propertyName", "La propriété « {name} » n'existe pas.", name=name[:60]
            )
    return [known[n] for n in dict.fromkeys(wanted) if n in known]


def _orders(asked: Asked, version: Version) -> tuple[Order, ...]:
    out = []
    known = {c.name for c in fields_of(version)}
    for part in asked.get("sortby").split(",") if asked.get("sortby") else ():
        name, _, way = part.strip().partition(" ")
        name = name.rpartition(":")[2].rpartition("/")[2]
        if name not in known or way.strip().upper() not in ("", "A", "D", "ASC", "DESC"):
            raise OwsError("InvalidParameterValue", "sortBy", "Le tri « {said} » n'est pas possible.", said=part[:60])
        out.append(Order(name, way.strip().upper().startswith("D")))
    return tuple(out[:10])


def _as_json(asked: Asked, entry: Entry, features: list[dict[str, Any]], total: int, crs: int) -> Response:
    named = [{**f, "id": f"{type_name(entry.id)}.{f['id']}"} for f in features]
    told: dict[str, Any] = {
        "type": "FeatureCollection", "features": named, "totalFeatures": total, "numberMatched": total,
        "numberReturned": len(named), "timeStamp": asked.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }  # fmt: skip
    if crs != ogc_crs.CRS84:
        told["crs"] = {"type": "name", "properties": {"name": urn(crs)}}
    return Response(200, dumped(told), f"{GEOJSON}; charset=utf-8", {"cache-control": FRESH}, cacheable=True)


def _as_gml(
    asked: Asked, entry: Entry, version: Version, features: Sequence[dict[str, Any]], columns: Sequence[Column], total: int,
    crs: int, page: tuple[int, int, bool],
) -> str:  # fmt: skip
    limit, offset, hits = page
    name, place, srs = type_name(entry.id), place_of(version), urn(crs)
    members = []
    for feature in features:
        identity = f"{name}.{feature['id']}"
        drawn = gml.shape(feature["geometry"], srs, f"{identity}.g") if feature["geometry"] is not None else ""
        inside = wfs_types.inside(feature["properties"], columns, place, drawn)
        members.append(f'<wfs:member><parvis:{name} gml:id="{identity}">{inside}</parvis:{name}></wfs:member>')
    described = [
        ("service", "WFS"),
        ("version", "2.0.0"),
        ("request", "DescribeFeatureType"),
        ("typeNames", f"parvis:{name}"),
    ]
    schema = f"{asked.address}?{urlencode(described)}"
    links = ""
    if not hits and limit and offset + limit < total:
        links += f" next={attribute(_page(asked, offset + limit, limit))}"
    if not hits and limit and offset:
        links += f" previous={attribute(_page(asked, max(0, offset - limit), limit))}"
    return (
        f'<wfs:FeatureCollection {_SPACES} xmlns:parvis="{SPACE}" timeStamp="{asked.now.strftime("%Y-%m-%dT%H:%M:%SZ")}" '
        f'numberMatched="{total}" numberReturned="{len(members)}"{links} xsi:schemaLocation="http://www.opengis.net/wfs/2.0 '
        "http://schemas.opengis.net/wfs/2.0/wfs.xsd http://www.opengis.net/gml/3.2 http://schemas.opengis.net/gml/3.2.1/gml.xsd "
        f'{SPACE} {written(schema)}">{"".join(members)}</wfs:FeatureCollection>'
    )


def _page(asked: Asked, start: int, limit: int) -> str:
    kept = [(n, v) for n, v in asked.told.items() if n not in ("count", "maxfeatures", "startindex")]
    return f"{asked.address}?{urlencode([*kept, ('count', str(limit)), ('startIndex', str(start))])}"


def _stored(asked: Asked, described: bool) -> str:
    types = "".join(
        f"<wfs:ReturnFeatureType>parvis:{type_name(e.id)}</wfs:ReturnFeatureType>" for e in _placed(asked)[:50]
    )
    title = "<wfs:Title xml:lang=\"fr\">L'objet d'un identifiant</wfs:Title>"
    if not described:
        inside = f'<wfs:StoredQuery id="{_BY_ID}">{title}{types}</wfs:StoredQuery>'
        return (
            f'<wfs:ListStoredQueriesResponse {_SPACES} xmlns:parvis="{SPACE}">{inside}</wfs:ListStoredQueriesResponse>'
        )
    inside = (
        f'<wfs:StoredQueryDescription id="{_BY_ID}">{title}<wfs:Parameter name="ID" type="xsd:string"/>'
        '<wfs:QueryExpressionText returnFeatureTypes="" isPrivate="true" '
        'language="urn:ogc:def:queryLanguage:OGC-WFS::WFS_QueryExpression"/></wfs:StoredQueryDescription>'
    )
    return f'<wfs:DescribeStoredQueriesResponse {_SPACES} xmlns:xsd="http://www.w3.org/2001/XMLSchema">{inside}</wfs:DescribeStoredQueriesResponse>'


_SPACES = (
    'xmlns:wfs="http://www.opengis.net/wfs/2.0" xmlns:ows="http://www.opengis.net/ows/1.1" '
    'xmlns:gml="http://www.opengis.net/gml/3.2" xmlns:fes="http://www.opengis.net/fes/2.0" '
    'xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
)
_CONSTRAINTS = (
    "ImplementsBasicWFS", "ImplementsTransactionalWFS", "ImplementsLockingWFS", "KVPEncoding", "XMLEncoding", "SOAPEncoding",
    "ImplementsInheritance", "ImplementsRemoteResolve", "ImplementsResultPaging", "ImplementsStandardJoins",
    "ImplementsSpatialJoins", "ImplementsTemporalJoins", "ImplementsFeatureVersioning", "ManageStoredQueries",
)  # fmt: skip
_HELD = frozenset(("ImplementsBasicWFS", "KVPEncoding", "XMLEncoding", "ImplementsResultPaging"))


def _filter_capabilities() -> str:
    def holds(name: str, yes: bool) -> str:
        said = "TRUE" if yes else "FALSE"
        return (
            f'<fes:Constraint name="{name}"><ows:NoValues/><ows:DefaultValue>{said}</ows:DefaultValue></fes:Constraint>'
        )

    conformance = "".join(holds(n, yes) for n, yes in (
        ("ImplementsQuery", True), ("ImplementsAdHocQuery", True), ("ImplementsFunctions", False),
        ("ImplementsResourceId", True), ("ImplementsMinStandardFilter", True), ("ImplementsStandardFilter", True),
        ("ImplementsMinSpatialFilter", True), ("ImplementsSpatialFilter", True), ("ImplementsMinTemporalFilter", False),
        ("ImplementsTemporalFilter", False), ("ImplementsVersionNav", False), ("ImplementsSorting", True),
        ("ImplementsExtendedOperators", False),
    ))  # fmt: skip
    compared = (
        "PropertyIsEqualTo", "PropertyIsNotEqualTo", "PropertyIsLessThan", "PropertyIsGreaterThan", "PropertyIsLessThanOrEqualTo",
        "PropertyIsGreaterThanOrEqualTo", "PropertyIsLike", "PropertyIsNull", "PropertyIsNil", "PropertyIsBetween",
    )  # fmt: skip
    comparisons = "".join(f'<fes:ComparisonOperator name="{n}"/>' for n in compared)
    places = "".join(f'<fes:SpatialOperator name="{n}"/>' for n in (
        "BBOX", "Intersects", "Disjoint", "Within", "Contains", "Touches", "Crosses", "Overlaps", "Equals",
    ))  # fmt: skip
    operands = "".join(f'<fes:GeometryOperand name="gml:{n}"/>' for n in (
        "Envelope", "Point", "LineString", "Polygon", "MultiPoint", "MultiCurve", "MultiSurface",
    ))  # fmt: skip
    return (
        f"<fes:Filter_Capabilities><fes:Conformance>{conformance}</fes:Conformance>"
        '<fes:Id_Capabilities><fes:ResourceIdentifier name="fes:ResourceId"/></fes:Id_Capabilities>'
        "<fes:Scalar_Capabilities><fes:LogicalOperators/>"
        f"<fes:ComparisonOperators>{comparisons}</fes:ComparisonOperators></fes:Scalar_Capabilities>"
        f"<fes:Spatial_Capabilities><fes:GeometryOperands>{operands}</fes:GeometryOperands>"
        f"<fes:SpatialOperators>{places}</fes:SpatialOperators></fes:Spatial_Capabilities></fes:Filter_Capabilities>"
    )


_FILTERS = _filter_capabilities()
