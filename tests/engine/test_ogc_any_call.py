"""Calls at random, of parameters that exist and values that do not fit: never a fault of ours."""

from __future__ import annotations

import os
import random
from typing import Any
from urllib.parse import quote

from tests.engine import test_ogc, test_wfs

CALLS = int(os.environ.get("PARVIS_CALLS", "400"))
VALUES = (
    "",
    "1",
    "0",
    "-1",
    "10",
    "1e9",
    "nan",
    "2.05,48.05,2.1,48.1",
    "48,2,49,3",
    "0,0,0,0",
    "1,2,3",
    "abc",
    "é'\"<>&",
    "true",
    "code",
    "-annee,code",
    "geometry",
    "../..",
    "2020-01-01",
    "2020-01-01/..",
    "../..",
    "html",
    "json",
    "cql2-json",
    "cql2-text",
    "annee > 1950",
    "annee > 'x'",
    "S_INTERSECTS(geometry, BBOX(2,48,3,49))",
    "S_TOUCHES(geometry, LINESTRING(0 0, 90 90))",
    "essence LIKE '%é%' AND NOT remarquable",
    '{"op":"=","args":[{"property":"annee"},1950]}',
    "{}",
    "[]",
    "null",
    "(((((",
    "T_DURING(plante_le, INTERVAL('..', '2010-01-01'))",
    "annee ^ 999 > 1",
    "annee / 0 = 1",
    "10 div annee = 0",
    "\x00",
    "%00",
    "☃" * 50,
    "http://www.opengis.net/def/crs/EPSG/0/2154",
    "http://www.opengis.net/def/crs/EPSG/0/3948",
    "EPSG:4326",
    "urn:ogc:def:crs:EPSG::3857",
    "700000,6600000,710000,6610000",
    "700000,6600000,710000,6610000,EPSG:2154",
    "d_aaaaaaaaaaaa.3",
    "parvis:d_bbbbbbbbbbbb",
    "application/json",
    "<Filter><PropertyIsEqualTo><ValueReference>annee</ValueReference><Literal>1950</Literal></PropertyIsEqualTo></Filter>",
    "hits",
    "<Filter><Intersects><ValueReference>geometry</ValueReference><Point><pos>48 2</pos></Point></Intersects></Filter>",
    "<Filter>",
)
PATHS = (
    "",
    "/conformance",
    "/collections",
    "/api",
    "/tileMatrixSets",
    "/{c}",
    "/{c}/items",
    "/{c}/items",
    "/{c}/items/3",
    "/{c}/queryables",
    "/{c}/tiles",
    "/{c}/tiles/WebMercatorQuad",
    "/{c}/tilejson.json",
    "/{c}/xyz/{n}/{n}/{n}.pbf",
    "/{c}/tiles/WebMercatorQuad/{n}/{n}/{n}",
)
NAMES = (
    "limit",
    "offset",
    "bbox",
    "bbox-crs",
    "crs",
    "datetime",
    "filter",
    "filter-lang",
    "filter-crs",
    "sortby",
    "properties",
    "f",
    "skipGeometry",
    "annee",
    "essence",
    "code",
    "plante_le",
    "surface",
    "inconnu",
)
OLD = (
    "typeNames",
    "count",
    "startIndex",
    "bbox",
    "srsName",
    "filter",
    "cql_filter",
    "outputFormat",
    "propertyName",
    "sortBy",
    "resourceId",
    "resultType",
    "storedquery_id",
    "id",
    "version",
)


def asked(rng: random.Random, names: tuple[str, ...], most: int) -> str:
    chosen = rng.sample(names, rng.randint(0, most))
    return "&".join(f"{n}={quote(rng.choice(VALUES), safe='')}" for n in chosen)


def test_no_call_of_the_api_is_a_fault_of_ours(town: Any, pool: Any) -> None:
    get, rng, good = test_ogc.Client(town, pool), random.Random(7), 0
    for _ in range(CALLS):
        path = rng.choice(PATHS).replace("{c}", f"collections/{rng.choice('abcz') * 12}")
        while "{n}" in path:
            path = path.replace("{n}", str(rng.choice([0, 0, 1, 2, 5, 30, "x"])), 1)
        url = f"/ogc{path}?{asked(rng, NAMES, 3)}"
        response = get(url)
        assert response.status in (200, 204, 303, 400, 404), (url, response.status, response.body)
        good += response.status in (200, 204, 303)
    assert good > CALLS / 20


def test_no_call_of_the_wfs_is_a_fault_of_ours(town: Any, pool: Any) -> None:
    get, rng, good = test_wfs.Client(town, pool), random.Random(11), 0
    for _ in range(CALLS):
        operation = rng.choice(
            ["GetFeature", "GetFeature", "GetFeature", "DescribeFeatureType", "GetCapabilities", "x"]
        )
        name = f"&typenames=d_{rng.choice('abcz') * 12}" if rng.random() < 0.7 else ""
        said = asked(rng, OLD, 3).replace("typeNames", "namespaces") if name else asked(rng, OLD, 3)
        url = f"{test_wfs.HERE.replace('&version=2.0.0', '')}{operation}{name}&{said}"
        response = get(url)
        assert response.status in (200, 400, 501), (url, response.status, response.body)
        good += response.status == 200
    assert good > CALLS / 20
