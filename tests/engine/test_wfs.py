"""WFS 2.0 as old desktops ask it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from lxml import etree

from parvis.dialects import gml, wfs, wfs_request
from parvis.web import Request, Response, Site

BASE = "https://donnees.fontclaire.fr"
HERE = "/ogc/wfs?service=WFS&version=2.0.0&request="
TREES, PARCELS = "parvis:d_aaaaaaaaaaaa", "parvis:d_bbbbbbbbbbbb"
NAMES = {
    "wfs": "http://www.opengis.net/wfs/2.0", "ows": "http://www.opengis.net/ows/1.1", "gml": "http://www.opengis.net/gml/3.2",
    "p": wfs_request.SPACE, "xsd": "http://www.w3.org/2001/XMLSchema",
}  # fmt: skip


class Client:
    def __init__(self, town: Any, pool: Any) -> None:
        self.town, self.pool = town, pool

    def __call__(self, url: str, method: str = "GET") -> Response:
        parts = urlsplit(url.removeprefix(BASE))
        query = tuple(parse_qsl(parts.query, keep_blank_values=True))
        return wfs.answer(
            Request(method, parts.path, query, base=BASE), self.town.catalogue, self.pool, Site("Fontclaire")
        )

    def xml(self, what: str, status: int = 200) -> Any:
        response = self(HERE + what)
        assert isinstance(response.body, bytes)
        assert response.status == status, response.body[:600]
        return etree.fromstring(response.body)

    def codes(self, query: str, name: str = TREES, column: str = "code") -> list[str]:
        told = self.xml(f"GetFeature&typeNames={name}&count=1000&{query}")
        return [str(v) for v in told.xpath(f"//p:{column}/text()", namespaces=NAMES)]

    def refused(self, query: str, code: str = "") -> None:
        response = self(HERE + query)
        assert isinstance(response.body, bytes)
        assert response.status in (400, 501), response.body[:300]
        told = etree.fromstring(response.body)
        assert told.tag == "{http://www.opengis.net/ows/1.1}ExceptionReport"
        (fault,) = told.xpath("//ows:Exception", namespaces=NAMES)
        assert fault.get("exceptionCode") and (not code or fault.get("exceptionCode") == code)
        assert fault.xpath("ows:ExceptionText/text()", namespaces=NAMES)[0]


@pytest.fixture
def get(town: Any, pool: Any) -> Client:
    return Client(town, pool)


def where(inside: str) -> str:
    space = 'xmlns:fes="http://www.opengis.net/fes/2.0" xmlns:gml="http://www.opengis.net/gml/3.2"'
    return "filter=" + quote(f"<fes:Filter {space}>{inside}</fes:Filter>", safe="")


def compared(name: str, column: str, value: str) -> str:
    return (
        f"<fes:{name}><fes:ValueReference>{column}</fes:ValueReference><fes:Literal>{value}</fes:Literal></fes:{name}>"
    )


def test_capabilities_name_every_dataset_with_places(get: Client) -> None:
    told = get.xml("GetCapabilities")
    names = told.xpath("//wfs:FeatureType/wfs:Name/text()", namespaces=NAMES)
    assert names == [f"parvis:d_{name * 12}" for name in "abc"]
    systems = told.xpath("//wfs:FeatureType[1]/wfs:OtherCRS/text()", namespaces=NAMES)
    assert "urn:ogc:def:crs:EPSG::2154" in systems and "urn:ogc:def:crs:EPSG::3950" in systems


def test_a_type_is_described_with_all_its_columns(get: Client) -> None:
    told = get.xml(f"DescribeFeatureType&typeNames={TREES}")
    kinds = {e.get("name"): e.get("type") for e in told.xpath("//xsd:sequence/xsd:element", namespaces=NAMES)}
    assert (
        kinds["geometry"] == "gml:PointPropertyType"
        and kinds["annee"] == "xsd:long"
        and kinds["releve"] == "xsd:dateTime"
    )
    assert (
        get.xml(f"DescribeFeatureType&typeNames={PARCELS}").xpath("//xsd:element/@name", namespaces=NAMES)[0]
        == "geometry"
    )


def test_features_come_page_by_page(get: Client) -> None:
    told = get.xml(f"GetFeature&typeNames={TREES}&count=120")
    assert (told.get("numberMatched"), told.get("numberReturned")) == ("500", "120")
    seen: list[str] = []
    url = f"{HERE}GetFeature&typeNames={TREES}&count=120"
    while url:
        response = get(url)
        assert isinstance(response.body, bytes)
        page = etree.fromstring(response.body)
        seen += page.xpath("//p:code/text()", namespaces=NAMES)
        url = page.get("next") or ""
    assert len(seen) == 500 == len(set(seen))
    hits = get.xml(f"GetFeature&typeNames={TREES}&resultType=hits")
    assert (hits.get("numberMatched"), hits.get("numberReturned")) == ("500", "0")


def test_the_axes_are_those_of_the_system(get: Client, town: Any) -> None:
    row = next(r for r in town.rows if None not in (r["longitude"], r["latitude"]))
    query = f"GetFeature&typeNames={TREES}&{where(compared('PropertyIsEqualTo', 'code', row['code']))}"
    pos = "//gml:pos/text()"
    lat_first = get.xml(query).xpath(pos, namespaces=NAMES)[0].split()
    assert [float(v) for v in lat_first] == [row["latitude"], row["longitude"]]
    plain = get.xml(f"{query}&srsName=urn:ogc:def:crs:OGC:1.3:CRS84").xpath(pos, namespaces=NAMES)[0].split()
    assert [float(v) for v in plain] == [row["longitude"], row["latitude"]]
    lambert = get.xml(f"{query}&srsName=urn:ogc:def:crs:EPSG::2154")
    x, y = (float(v) for v in lambert.xpath(pos, namespaces=NAMES)[0].split())
    assert 500_000 < x < 800_000 and 6_700_000 < y < 6_900_000
    assert lambert.xpath("//gml:Point/@srsName", namespaces=NAMES) == ["urn:ogc:def:crs:EPSG::2154"]


def test_a_box_has_the_axes_of_its_system(get: Client, town: Any) -> None:
    def inside(row: Any) -> bool:
        x, y = row["longitude"], row["latitude"]
        return x is not None and y is not None and 2.05 <= x <= 2.1 and 48.05 <= y <= 48.1

    wanted = [r["code"] for r in town.rows if inside(r)]
    assert wanted and get.codes("bbox=48.05,2.05,48.1,2.1") == wanted
    assert get.codes("bbox=48.05,2.05,48.1,2.1,urn:ogc:def:crs:EPSG::4326") == wanted
    assert get.codes("bbox=2.05,48.05,2.1,48.1,urn:ogc:def:crs:OGC:1.3:CRS84") == wanted
    assert get.codes("bbox=2.05,48.05,2.1,48.1,EPSG:4326") == wanted  # as old desktops write it


def test_simple_filters_are_read(get: Client, town: Any) -> None:
    rows = town.rows
    assert get.codes(where(compared("PropertyIsEqualTo", "annee", "1950"))) == [
        r["code"] for r in rows if r["annee"] == 1950
    ]
    both = compared("PropertyIsGreaterThan", "parvis:annee", "2000") + compared(
        "PropertyIsEqualTo", "essence", "CHARME"
    )
    wanted = [r["code"] for r in rows if r["annee"] is not None and r["annee"] > 2000 and r["essence"] == "CHARME"]
    assert get.codes(where(f"<fes:And>{both}</fes:And>")) == wanted
    like = (
        '<fes:PropertyIsLike wildCard="*" singleChar="." escapeChar="!" matchCase="false"><fes:ValueReference>essence'
        "</fes:ValueReference><fes:Literal>ch*</fes:Literal></fes:PropertyIsLike>"
    )
    assert get.codes(where(like)) == [r["code"] for r in rows if r["essence"] and r["essence"].lower().startswith("ch")]
    null = "<fes:PropertyIsNull><fes:ValueReference>hauteur</fes:ValueReference></fes:PropertyIsNull>"
    assert get.codes(where(null)) == [r["code"] for r in rows if r["hauteur"] is None]
    between = (
        "<fes:PropertyIsBetween><fes:ValueReference>hauteur</fes:ValueReference><fes:LowerBoundary><fes:Literal>3</fes:Literal>"
        "</fes:LowerBoundary><fes:UpperBoundary><fes:Literal>4.5</fes:Literal></fes:UpperBoundary></fes:PropertyIsBetween>"
    )
    assert get.codes(where(between)) == [
        r["code"] for r in rows if r["hauteur"] is not None and 3 <= r["hauteur"] <= 4.5
    ]
    ring = "48 2 48.1 2 48.1 2.1 48 2.1 48 2"
    polygon = (
        f'<fes:Within><fes:ValueReference>geometry</fes:ValueReference><gml:Polygon srsName="urn:ogc:def:crs:EPSG::4326">'
        f"<gml:exterior><gml:LinearRing><gml:posList>{ring}</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon></fes:Within>"
    )
    box = (
        '<fes:BBOX><fes:ValueReference>geometry</fes:ValueReference><gml:Envelope srsName="urn:ogc:def:crs:EPSG::4326">'
        "<gml:lowerCorner>48 2</gml:lowerCorner><gml:upperCorner>48.1 2.1</gml:upperCorner></gml:Envelope></fes:BBOX>"
    )
    within, met = get.codes(where(polygon)), get.codes(where(box))
    assert within and set(within) < set(met)


def test_features_are_named_for_good(get: Client, town: Any) -> None:
    assert get.codes("resourceId=d_aaaaaaaaaaaa.3,d_aaaaaaaaaaaa.5") == ["00002", "00004"]
    assert get.codes("resourceId=d_bbbbbbbbbbbb.3") == []
    told = get.xml("GetFeature&storedquery_id=urn:ogc:def:query:OGC-WFS::GetFeatureById&id=d_aaaaaaaaaaaa.3")
    assert told.xpath("//p:code/text()", namespaces=NAMES) == ["00002"]
    named = where('<fes:ResourceId rid="d_aaaaaaaaaaaa.7"/>')
    assert get.codes(named) == ["00006"]


def test_geojson_is_given_too(get: Client) -> None:
    response = get(f"{HERE}GetFeature&typeNames={PARCELS}&outputFormat=application/json&count=2")
    assert isinstance(response.body, bytes)
    told = json.loads(response.body)
    assert told["numberMatched"] == 22 and told["features"][1]["id"] == "d_bbbbbbbbbbbb.2"
    assert told["features"][1]["geometry"]["type"] == "Polygon"


def test_columns_and_orders_are_chosen(get: Client) -> None:
    told = get.xml(f"GetFeature&typeNames={TREES}&count=5&propertyName=code,annee&sortBy=annee DESC")
    years = [int(v) for v in told.xpath("//p:annee/text()", namespaces=NAMES)]
    assert years == sorted(years, reverse=True) and not told.xpath("//p:essence", namespaces=NAMES)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "MissingParameterValue"), ("Transaction", "OperationNotSupported"), ("GetFeature", "MissingParameterValue"),
        ("GetFeature&typeNames=inconnu", "InvalidParameterValue"),
        (f"GetFeature&typeNames={TREES},{PARCELS}", "OptionNotSupported"),
        (f"GetFeature&typeNames={TREES}&srsName=EPSG:27572", "InvalidParameterValue"),
        (f"GetFeature&typeNames={TREES}&bbox=1,2,3", "InvalidParameterValue"),
        (f"GetFeature&typeNames={TREES}&bbox=nan,1,2,3", "InvalidParameterValue"),
        (f"GetFeature&typeNames={TREES}&count=-1", "InvalidParameterValue"),
        (f"GetFeature&typeNames={TREES}&outputFormat=shape-zip", "InvalidParameterValue"),
        (f"GetFeature&typeNames={TREES}&propertyName=x%22%20OR%201=1", "InvalidParameterValue"),
        (f"GetFeature&typeNames={TREES}&sortBy=inconnu", "InvalidParameterValue"),
        (f"GetFeature&typeNames={TREES}&inconnu=1", "InvalidParameterValue"),
        (f"GetFeature&typeNames={TREES}&filter=oui", "OperationParsingFailed"),
        (f"GetFeature&typeNames={TREES}&bbox=1,2,3,4&resourceId=d_a.1", "InvalidParameterValue"),
    ],
)  # fmt: skip
def test_faults_are_reports(get: Client, query: str, code: str) -> None:
    get.refused(query, code)


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><Filter><PropertyIsEqualTo><PropertyName>code</PropertyName>'
        "<Literal>&a;</Literal></PropertyIsEqualTo></Filter>",
        "<Filter>" + "<Not>" * 400 + "</Not>" * 400 + "</Filter>",
        "<Filter><And/></Filter>",
        "<Filter><PropertyIsEqualTo/></Filter>",
        "<Filter><Inconnu/></Filter>",
        "<Autre/>",
        "<Filter><PropertyIsEqualTo><PropertyName>x' OR 1=1</PropertyName><Literal>1</Literal></PropertyIsEqualTo></Filter>",
        "<Filter><Intersects><PropertyName>geometry</PropertyName><Point><pos>nan 2</pos></Point></Intersects></Filter>",
        "<Filter><Intersects><PropertyName>geometry</PropertyName><Point><pos>1</pos></Point></Intersects></Filter>",
        "<Filter><Intersects><PropertyName>geometry</PropertyName><Polygon/></Intersects></Filter>",
        "<Filter><BBOX><Envelope srsName='EPSG:1'><lowerCorner>1 1</lowerCorner>"
        "<upperCorner>2 2</upperCorner></Envelope></BBOX></Filter>",
        "<Filter>" + "x" * 30_000 + "</Filter>",
    ],
    ids=range(12),
)  # fmt: skip
def test_a_hostile_filter_is_refused(get: Client, text: str) -> None:
    get.refused(f"GetFeature&typeNames={TREES}&filter={quote(text, safe='')}")


def test_every_answer_is_xml_whatever_the_cells_hold(get: Client) -> None:
    told = get.xml(f"GetFeature&typeNames={TREES}&count=500")
    assert 'L\'Étang; le "vieux"' in told.xpath("//p:quartier/text()", namespaces=NAMES)


# --- Bodies ---------------------------------------------------------------------------------------

ROOT = (
    '<wfs:{name} service="WFS" version="{version}" xmlns:wfs="http://www.opengis.net/wfs/2.0" '
    'xmlns:fes="http://www.opengis.net/fes/2.0" xmlns:ogc="http://www.opengis.net/ogc" '
    'xmlns:gml="http://www.opengis.net/gml/3.2" {more}>{inside}</wfs:{name}>'
)


def sent(get: Client, body: bytes | str, media_type: str = "text/xml") -> Response:
    whole = body.encode() if isinstance(body, str) else body
    request = Request("POST", "/ogc/wfs", (), {"content-type": media_type}, whole, BASE)
    return wfs.answer(request, get.town.catalogue, get.pool, Site("Fontclaire"))


def asked(get: Client, name: str, inside: str = "", version: str = "2.0.0", more: str = "") -> Any:
    response = sent(get, ROOT.format(name=name, inside=inside, version=version, more=more))
    assert isinstance(response.body, bytes)
    assert response.status == 200, response.body[:500]
    assert response.headers["cache-control"] == "no-store" and not response.cacheable
    return etree.fromstring(response.body)


def test_a_body_asks_what_an_address_asks(get: Client) -> None:
    assert asked(get, "GetCapabilities").xpath("//wfs:FeatureType/wfs:Name/text()", namespaces=NAMES)
    assert asked(get, "DescribeFeatureType", f"<wfs:TypeName>{TREES}</wfs:TypeName>").tag.endswith("schema")
    condition = compared("PropertyIsEqualTo", "annee", "1950")
    sort = (
        "<fes:SortBy><fes:SortProperty><fes:ValueReference>code</fes:ValueReference><fes:SortOrder>DESC</fes:SortOrder>"
        "</fes:SortProperty></fes:SortBy>"
    )
    query = f'<wfs:Query typeNames="{TREES}"><fes:Filter>{condition}</fes:Filter>{sort}</wfs:Query>'
    told = asked(get, "GetFeature", query, more='count="1" startIndex="1"')
    codes = get.codes(where(condition))
    assert told.xpath("//p:code/text()", namespaces=NAMES) == sorted(codes, reverse=True)[1:2]
    following = get(told.get("next"))
    assert isinstance(following.body, bytes) and following.status == 200
    by_id = '<wfs:Parameter name="id">d_aaaaaaaaaaaa.3</wfs:Parameter>'
    stored = f'<wfs:StoredQuery id="urn:ogc:def:query:OGC-WFS::GetFeatureById">{by_id}</wfs:StoredQuery>'
    one = asked(get, "GetFeature", stored)
    assert one.xpath("//p:code/text()", namespaces=NAMES) == ["00002"]
    form = sent(get, f"service=WFS&request=GetFeature&typeNames={TREES}&count=1", "application/x-www-form-urlencoded")
    assert isinstance(form.body, bytes) and form.body.count(b"<wfs:member>") == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<",
        b"\x00\xff",
        b'<!DOCTYPE x [<!ENTITY a "b">]><GetFeature>&a;</GetFeature>',
        b'<!doctype x SYSTEM "file:///etc/passwd"><GetFeature/>',
        '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE x [<!ENTITY a "b">]><GetFeature>&a;</GetFeature>'.encode("utf-16"),
        b"<a>" * 5000,
        b"<a>" * 3000 + b"</a>" * 3000,
        b"<GetFeature>" + b" " * 70_000 + b"</GetFeature>",
        b"<Transaction/>",
        b"<LockFeature/>",
        b"<GetFeature/>",
        b'<?xml version="1.0" encoding="nothing"?><GetFeature/>',
        ROOT.format(name="GetFeature", version="2.0.0", more="", inside=f'<wfs:Query typeNames="{TREES}"/>' * 2).encode(),
        ROOT.format(
            name="GetFeature", version="2.0.0", more="",
            inside=f'<wfs:Query typeNames="{TREES}"><fes:Filter/><fes:Filter/></wfs:Query>',
        ).encode(),
        ROOT.format(name="GetFeature", version="2.0.0", more='count="x"', inside=f'<wfs:Query typeNames="{TREES}"/>').encode(),
    ],
)  # fmt: skip
def test_a_body_that_asks_nothing_possible_is_refused(get: Client, body: bytes) -> None:
    response = sent(get, body)
    assert isinstance(response.body, bytes)
    assert response.status in (400, 501), response.body[:300]
    assert etree.fromstring(response.body).tag.endswith("ExceptionReport")
    assert b"passwd" not in response.body and len(response.body) < 2000


# --- Older versions -------------------------------------------------------------------------------

OLD = {"gml": "http://www.opengis.net/gml", "p": wfs_request.SPACE, "wfs": "http://www.opengis.net/wfs"}


def old(get: Client, version: str, query: str, status: int = 200) -> Any:
    response = get(f"/ogc/wfs?service=WFS&version={version}&request={query}")
    assert isinstance(response.body, bytes)
    assert response.status == status, response.body[:300]
    return etree.fromstring(response.body)


@pytest.mark.parametrize("version", ["1.0.0", "1.1.0"])
def test_an_older_version_is_answered_in_its_own_words(get: Client, version: str, town: Any) -> None:
    told = old(get, version, "GetCapabilities")
    assert told.get("version") == version
    assert len(told.xpath("//wfs:FeatureType/wfs:Name", namespaces=OLD)) == 3
    assert old(get, version, f"DescribeFeatureType&typeName={TREES}").xpath("//@substitutionGroup") == ["gml:_Feature"]
    everything = old(get, version, f"GetFeature&typeName={TREES}")
    assert len(everything.xpath("//gml:featureMember", namespaces=OLD)) == 500
    fault = old(get, version, "GetFeature&typeName=rien", 400)
    assert etree.QName(fault).localname == ("ExceptionReport" if version == "1.1.0" else "ServiceExceptionReport")


def test_the_axes_of_an_older_version_are_those_it_knew(get: Client, town: Any) -> None:
    row = next(n for n, r in enumerate(town.rows) if r["longitude"] and r["latitude"])
    place, asked_for = town.rows[row], f"GetFeature&typeName={TREES}&featureid=d_aaaaaaaaaaaa.{row + 1}"
    x, y = repr(place["longitude"]), repr(place["latitude"])
    one = old(get, "1.1.0", asked_for).xpath("//gml:pos/text()", namespaces=OLD)
    assert one == [f"{y} {x}"]
    one = old(get, "1.1.0", f"{asked_for}&srsName=EPSG:4326").xpath("//gml:pos/text()", namespaces=OLD)
    assert one == [f"{x} {y}"]
    shape = old(get, "1.0.0", asked_for).xpath("//gml:Point", namespaces=OLD)[0]
    assert (shape.get("srsName"), shape[0].text) == ("EPSG:4326", f"{x},{y}")


def test_every_kind_of_shape_is_told_in_gml_2() -> None:
    square = [[[0, 0], [1, 0], [1, 1], [0, 0]], [[0.2, 0.1], [0.3, 0.1], [0.3, 0.2], [0.2, 0.1]]]
    shapes: list[dict[str, Any]] = [
        {"type": "Point", "coordinates": [1, 2]},
        {"type": "MultiPoint", "coordinates": [[1, 2], [3, 4]]},
        {"type": "MultiLineString", "coordinates": [[[0, 0], [1, 1]]]},
        {"type": "MultiPolygon", "coordinates": [square]},
    ]
    whole = {"type": "GeometryCollection", "geometries": shapes}
    told = etree.fromstring(f'<x xmlns:gml="http://www.opengis.net/gml">{gml.old_shape(whole, "EPSG:4326")}</x>')
    assert len(told.xpath("//gml:geometryMember", namespaces=OLD)) == 4
    assert len(told.xpath("//gml:innerBoundaryIs", namespaces=OLD)) == 1
    assert len(told.xpath("//gml:pointMember", namespaces=OLD)) == 2
    assert told.xpath("//gml:lineStringMember//gml:coordinates/text()", namespaces=OLD) == ["0,0 1,1"]
