"""WFS 1.1.0 and 1.0.0, for desktops and programs that stopped there: the same features in GML 3.1.1 and GML 2.

Version 1.1 tells places in the order of the axes of an urn, and longitude first for an old « EPSG:4326 »; version 1.0 always
tells longitude first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from parvis.dialects import gml, ogc_crs, wfs_types
from parvis.dialects.ogc_request import extent
from parvis.dialects.wfs_request import (
    GEOJSON,
    SPACE,
    XML,
    Asked,
    OwsError,
    attribute,
    place_of,
    type_name,
    urn,
    written,
)
from parvis.values import Column, Version
from parvis.web import Entry, Response

GML3, GML2 = "text/xml; subtype=gml/3.1.1", "text/xml; subtype=gml/2.1.2"
_WFS, _GML, _OGC = "http://www.opengis.net/wfs", "http://www.opengis.net/gml", "http://www.opengis.net/ogc"
_SPACES = (
    f'xmlns:wfs="{_WFS}" xmlns:gml="{_GML}" xmlns:ogc="{_OGC}" xmlns:ows="http://www.opengis.net/ows" '
    f'xmlns:parvis="{SPACE}" xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
)
_SCHEMAS = "http://schemas.opengis.net"


def media_type(version: str) -> str:
    """Return what the features of a version are told in."""
    return GML3 if version == "1.1.0" else GML2


def system_name(code: int, version: str, asked: str) -> str:
    """Return the name of a system as who asks knows it."""
    if version == "1.0.0" or asked.lower().startswith("epsg:"):
        return f"EPSG:{4326 if code == ogc_crs.CRS84 else code}"
    return urn(code)


# --- Faults ---------------------------------------------------------------------------------------


def report(version: str, status: int, code: str, locator: str, text: str, headers: Mapping[str, str]) -> Response:
    place = f" locator={attribute(locator)}" if locator else ""
    if version == "1.1.0":
        body = (
            f'<ows:ExceptionReport xmlns:ows="http://www.opengis.net/ows" version="1.0.0" language="fr"><ows:Exception '
            f'exceptionCode="{code}"{place}><ows:ExceptionText>{written(text)}</ows:ExceptionText></ows:Exception>'
            "</ows:ExceptionReport>"
        )
    else:
        body = (
            f'<ServiceExceptionReport xmlns="{_OGC}" version="1.2.0"><ServiceException code="{code}"{place}>'
            f"{written(text)}</ServiceException></ServiceExceptionReport>"
        )
    whole = f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'
    return Response(status, whole.encode("utf-8", "replace"), XML, headers)


# --- What there is --------------------------------------------------------------------------------


def capabilities(asked: Asked, entries: Sequence[Entry]) -> str:
    return _capabilities_11(asked, entries) if asked.version == "1.1.0" else _capabilities_10(asked, entries)


def _capabilities_11(asked: Asked, entries: Sequence[Entry]) -> str:
    address = written(asked.address)

    def operation(name: str, parameters: str = "") -> str:
        doors = f'<ows:Get xlink:href="{address}?"/><ows:Post xlink:href="{address}"/>'
        return (
            f'<ows:Operation name="{name}"><ows:DCP><ows:HTTP>{doors}</ows:HTTP></ows:DCP>{parameters}</ows:Operation>'
        )

    def values(name: str, *told: str) -> str:
        inside = "".join(f"<ows:Value>{written(v)}</ows:Value>" for v in told)
        return f'<ows:Parameter name="{name}">{inside}</ows:Parameter>'

    operations = (
        operation("GetCapabilities", values("AcceptVersions", "1.1.0", "1.0.0"))
        + operation("DescribeFeatureType", values("outputFormat", GML3))
        + operation("GetFeature", values("resultType", "results", "hits") + values("outputFormat", GML3, GEOJSON))
    )
    return (
        f'<wfs:WFS_Capabilities {_SPACES} version="1.1.0" xsi:schemaLocation="{_WFS} {_SCHEMAS}/wfs/1.1.0/wfs.xsd">'
        f"<ows:ServiceIdentification><ows:Title>{written('Données ouvertes : ' + asked.site.name)}</ows:Title>"
        f"<ows:Abstract>{written(asked.site.description)}</ows:Abstract><ows:ServiceType>WFS</ows:ServiceType>"
        "<ows:ServiceTypeVersion>1.1.0</ows:ServiceTypeVersion><ows:Fees>NONE</ows:Fees>"
        "<ows:AccessConstraints>NONE</ows:AccessConstraints></ows:ServiceIdentification>"
        f"<ows:ServiceProvider><ows:ProviderName>{written(asked.site.name)}</ows:ProviderName><ows:ServiceContact/>"
        f"</ows:ServiceProvider><ows:OperationsMetadata>{operations}</ows:OperationsMetadata>"
        f"<wfs:FeatureTypeList><wfs:Operations><wfs:Operation>Query</wfs:Operation></wfs:Operations>"
        f"{''.join(_type_11(e) for e in entries)}</wfs:FeatureTypeList>{_FILTERS_11}</wfs:WFS_Capabilities>"
    )


def _type_11(entry: Entry) -> str:
    metadata, box = entry.version.metadata, extent(entry.version) or (-180.0, -90.0, 180.0, 90.0)
    keywords = "".join(f"<ows:Keyword>{written(k)}</ows:Keyword>" for k in metadata.keywords)
    others = "".join(f"<wfs:OtherSRS>{urn(c)}</wfs:OtherSRS>" for c in ogc_crs.SYSTEMS if c != 4326)
    return (
        f"<wfs:FeatureType><wfs:Name>parvis:{type_name(entry.id)}</wfs:Name><wfs:Title>{written(metadata.title)}</wfs:Title>"
        f"<wfs:Abstract>{written(metadata.description)}</wfs:Abstract>"
        + (f"<ows:Keywords>{keywords}</ows:Keywords>" if keywords else "")
        + f"<wfs:DefaultSRS>{urn(4326)}</wfs:DefaultSRS>{others}"
        f"<wfs:OutputFormats><wfs:Format>{GML3}</wfs:Format><wfs:Format>{GEOJSON}</wfs:Format></wfs:OutputFormats>"
        f"<ows:WGS84BoundingBox><ows:LowerCorner>{box[0]} {box[1]}</ows:LowerCorner>"
        f"<ows:UpperCorner>{box[2]} {box[3]}</ows:UpperCorner></ows:WGS84BoundingBox></wfs:FeatureType>"
    )


def _capabilities_10(asked: Asked, entries: Sequence[Entry]) -> str:
    address = written(asked.address)

    def doors(inside: str) -> str:
        get, post = f'<Get onlineResource="{address}?"/>', f'<Post onlineResource="{address}"/>'
        return "".join(f"{inside}<DCPType><HTTP>{door}</HTTP></DCPType>" if n == 0 else
                       f"<DCPType><HTTP>{door}</HTTP></DCPType>" for n, door in enumerate((get, post)))  # fmt: skip

    types = "".join(_type_10(e) for e in entries)
    return (
        f'<WFS_Capabilities xmlns="{_WFS}" xmlns:ogc="{_OGC}" xmlns:parvis="{SPACE}" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" version="1.0.0" '
        f'xsi:schemaLocation="{_WFS} {_SCHEMAS}/wfs/1.0.0/WFS-capabilities.xsd">'
        f"<Service><Name>WFS</Name><Title>{written('Données ouvertes : ' + asked.site.name)}</Title>"
        f"<Abstract>{written(asked.site.description)}</Abstract><OnlineResource>{address}</OnlineResource>"
        "<Fees>NONE</Fees><AccessConstraints>NONE</AccessConstraints></Service><Capability><Request>"
        f"<GetCapabilities>{doors('')}</GetCapabilities>"
        f"<DescribeFeatureType>{doors('<SchemaDescriptionLanguage><XMLSCHEMA/></SchemaDescriptionLanguage>')}"
        "</DescribeFeatureType>"
        f"<GetFeature>{doors('<ResultFormat><GML2/></ResultFormat>')}</GetFeature></Request></Capability>"
        f"<FeatureTypeList><Operations><Query/></Operations>{types}</FeatureTypeList>{_FILTERS_10}</WFS_Capabilities>"
    )


def _type_10(entry: Entry) -> str:
    metadata, box = entry.version.metadata, extent(entry.version) or (-180.0, -90.0, 180.0, 90.0)
    sides = "".join(f' {n}="{v}"' for n, v in zip(("minx", "miny", "maxx", "maxy"), box, strict=True))
    return (
        f"<FeatureType><Name>parvis:{type_name(entry.id)}</Name><Title>{written(metadata.title)}</Title>"
        f"<Abstract>{written(metadata.description)}</Abstract><Keywords>{written(', '.join(metadata.keywords))}</Keywords>"
        f"<SRS>EPSG:4326</SRS><LatLongBoundingBox{sides}/></FeatureType>"
    )


def _filters() -> tuple[str, str]:
    compared = ("EqualTo", "NotEqualTo", "LessThan", "GreaterThan", "LessThanEqualTo", "GreaterThanEqualTo")
    told = "".join(
        f"<ogc:ComparisonOperator>{n}</ogc:ComparisonOperator>" for n in (*compared, "Like", "Between", "NullCheck")
    )
    shapes = "".join(
        f"<ogc:GeometryOperand>gml:{n}</ogc:GeometryOperand>" for n in ("Envelope", "Point", "LineString", "Polygon")
    )
    spatial = ("BBOX", "Intersects", "Disjoint", "Within", "Contains", "Touches", "Crosses", "Overlaps", "Equals")
    places = "".join(f'<ogc:SpatialOperator name="{n}"/>' for n in spatial)
    newer = (
        f"<ogc:Filter_Capabilities><ogc:Spatial_Capabilities><ogc:GeometryOperands>{shapes}</ogc:GeometryOperands>"
        f"<ogc:SpatialOperators>{places}</ogc:SpatialOperators></ogc:Spatial_Capabilities><ogc:Scalar_Capabilities>"
        f"<ogc:LogicalOperators/><ogc:ComparisonOperators>{told}</ogc:ComparisonOperators></ogc:Scalar_Capabilities>"
        "<ogc:Id_Capabilities><ogc:EID/><ogc:FID/></ogc:Id_Capabilities></ogc:Filter_Capabilities>"
    )
    older = (
        "<ogc:Filter_Capabilities><ogc:Spatial_Capabilities><ogc:Spatial_Operators>"
        f"{''.join(f'<ogc:{n}/>' for n in ('BBOX', 'Intersect', *spatial[2:]))}</ogc:Spatial_Operators>"
        "</ogc:Spatial_Capabilities><ogc:Scalar_Capabilities><ogc:Logical_Operators/><ogc:Comparison_Operators>"
        "<ogc:Simple_Comparisons/><ogc:Like/><ogc:Between/><ogc:NullCheck/></ogc:Comparison_Operators>"
        "</ogc:Scalar_Capabilities></ogc:Filter_Capabilities>"
    )
    return newer, older


_FILTERS_11, _FILTERS_10 = _filters()


# --- Types ----------------------------------------------------------------------------------------


def described(asked: Asked, entries: Sequence[Entry]) -> str:
    where = "gml/3.1.1/base/gml.xsd" if asked.version == "1.1.0" else "gml/2.1.2/feature.xsd"
    return wfs_types.schema(entries, _GML, where, "gml:_Feature")


# --- Features -------------------------------------------------------------------------------------


def collection(
    asked: Asked, entry: Entry, version: Version, features: Sequence[dict[str, Any]], columns: Sequence[Column], total: int,
    crs: int, hits: bool,
) -> str:  # fmt: skip
    newer, name, place = asked.version == "1.1.0", type_name(entry.id), place_of(version)
    srs = system_name(crs, asked.version, asked.get("srsname"))
    shape = gml.shape if newer else gml.old_shape
    members = []
    for feature in features:
        identity = f"{name}.{feature['id']}"
        drawn = shape(feature["geometry"], srs, f"{identity}.g") if feature["geometry"] is not None else ""
        inside = wfs_types.inside(feature["properties"], columns, place, drawn)
        said = "gml:id" if newer else "fid"
        members.append(
            f'<gml:featureMember><parvis:{name} {said}="{identity}">{inside}</parvis:{name}></gml:featureMember>'
        )
    query = {"service": "WFS", "version": asked.version, "request": "DescribeFeatureType", "typeName": f"parvis:{name}"}
    schema = f"{asked.address}?{urlencode(query)}"
    told, box = "", "<gml:boundedBy><gml:null>unknown</gml:null></gml:boundedBy>"
    if newer:
        count, box = total if hits else len(members), ""
        told = f' numberOfFeatures="{count}" timeStamp="{asked.now.strftime("%Y-%m-%dT%H:%M:%SZ")}"'
    where = "wfs/1.1.0/wfs.xsd" if newer else "wfs/1.0.0/WFS-basic.xsd"
    return (
        f'<wfs:FeatureCollection {_SPACES}{told} xsi:schemaLocation="{_WFS} {_SCHEMAS}/{where} {SPACE} {written(schema)}">'
        f"{box}{''.join(members)}</wfs:FeatureCollection>"
    )


def must_be_possible(asked: Asked, hits: bool) -> None:
    """Refuse what a version does not know. Raises: OwsError."""
    if asked.version == "1.0.0" and hits:
        raise OwsError("OptionNotSupported", "resultType", "La version 1.0.0 ne compte pas sans donner.")
