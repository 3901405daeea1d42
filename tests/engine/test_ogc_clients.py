"""The programs that read maps, run against a live server: GDAL (what QGIS stands on) and OWSLib."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from socketserver import ThreadingMixIn
from typing import Any
from urllib.parse import parse_qsl
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest

from parvis.dialects import ogc, wfs, wfs_request
from parvis.web import Request, Site

SITE = Site("Fontclaire")
# GDAL asks while it holds Python: it is run apart from the server that answers it.
READ = """
import json, sys, pyogrio, pyogrio.raw
address, layer, options = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
bbox = tuple(options.pop("bbox")) if "bbox" in options else None
layers = [str(n) for n in pyogrio.list_layers(address)[:, 0]]
meta, _, places, columns = pyogrio.raw.read(address, layer=layer or None, bbox=bbox, **options)
import shapely
boxes = [None if w is None else list(shapely.from_wkb(w).bounds) for w in places]
table = {str(n): [str(v) for v in c] for n, c in zip(meta["fields"], columns)}
print(json.dumps({"layers": layers, "crs": meta["crs"], "boxes": boxes, "table": table}))
"""


class Threaded(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def live(town: Any, pool: Any) -> Iterator[str]:
    """A server of the town's features, by its address."""

    def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        query = tuple(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
        headers = {n[5:].replace("_", "-").lower(): v for n, v in environ.items() if n.startswith("HTTP_")}
        path = environ["PATH_INFO"]
        headers["content-type"] = environ.get("CONTENT_TYPE", "")
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        request = Request(environ["REQUEST_METHOD"], path, query, headers, body, base=f"http://{headers['host']}")
        if path == wfs_request.ADDRESS:
            response = wfs.answer(request, town.catalogue, pool, SITE)
        else:
            response = ogc.answer(request, town.catalogue, pool, SITE)
        start(f"{response.status} .", [("content-type", response.media_type), *response.headers.items()])
        return [response.body] if isinstance(response.body, bytes) else response.body

    server = make_server("127.0.0.1", 0, application, Threaded, Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def gdal(address: str, layer: str = "", **options: Any) -> Any:
    done = subprocess.run(
        [sys.executable, "-c", READ, address, layer, json.dumps(options)], capture_output=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    return json.loads(done.stdout)


def places(rows: Any) -> set[tuple[float, float]]:
    return {(r["longitude"], r["latitude"]) for r in rows if None not in (r["longitude"], r["latitude"])}


def test_gdal_reads_every_feature_of_the_api(live: str, town: Any) -> None:
    told = gdal(f"OAPIF:{live}/ogc", "a" * 12)
    assert set(told["layers"]) == {name * 12 for name in "abc"}
    assert told["table"]["code"] == [r["code"] for r in town.rows]
    assert {(b[0], b[1]) for b in told["boxes"] if b} == places(town.rows)


def test_gdal_reads_the_api_in_lambert(live: str, town: Any) -> None:
    import pyproj

    told = gdal(f"OAPIF:{live}/ogc", "b" * 12, CRS="http://www.opengis.net/def/crs/EPSG/0/2154")
    assert told["crs"] == "EPSG:2154"
    move = pyproj.Transformer.from_crs(4326, 2154, always_xy=True).transform
    assert told["boxes"][20][:2] == pytest.approx(move(2.25, 48.125), abs=0.01)


def test_gdal_asks_a_box_of_the_api(live: str, town: Any) -> None:
    told = gdal(f"OAPIF:{live}/ogc", "a" * 12, bbox=[2.055, 48.055, 2.105, 48.105])
    wanted = [r["code"] for r in town.rows if r["longitude"] and r["latitude"]
              and 2.055 <= r["longitude"] <= 2.105 and 48.055 <= r["latitude"] <= 48.105]  # fmt: skip
    assert wanted and told["table"]["code"] == wanted


def test_gdal_asks_a_condition_of_the_api(live: str, town: Any) -> None:
    told = gdal(f"OAPIF:{live}/ogc", "a" * 12, where="annee > 2020 AND essence = 'CHARME'")
    assert told["table"]["code"] == [
        r["code"] for r in town.rows if r["annee"] is not None and r["annee"] > 2020 and r["essence"] == "CHARME"
    ]


def test_gdal_reads_every_feature_of_the_wfs(live: str, town: Any) -> None:
    told = gdal(f"WFS:{live}/ogc/wfs", f"parvis:d_{'a' * 12}")
    assert set(told["layers"]) == {f"parvis:d_{name * 12}" for name in "abc"}
    assert told["table"]["code"] == [r["code"] for r in town.rows]
    assert {(round(b[0], 9), round(b[1], 9)) for b in told["boxes"] if b} == places(town.rows)


def test_gdal_asks_the_wfs_a_box_and_a_condition(live: str, town: Any) -> None:
    told = gdal(f"WFS:{live}/ogc/wfs", f"parvis:d_{'a' * 12}", where="annee = 1950")
    assert told["table"]["code"] == [r["code"] for r in town.rows if r["annee"] == 1950]
    boxed = gdal(f"WFS:{live}/ogc/wfs", f"parvis:d_{'a' * 12}", bbox=[2.055, 48.055, 2.105, 48.105])
    assert boxed["boxes"] and all(2.055 <= b[0] <= 2.105 and 48.055 <= b[1] <= 48.105 for b in boxed["boxes"])
    areas = gdal(f"WFS:{live}/ogc/wfs", f"parvis:d_{'b' * 12}")
    assert areas["boxes"][3] == pytest.approx([3, 43, 3.5, 43.5])


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_owslib_reads_the_api(live: str, town: Any) -> None:
    features = pytest.importorskip("owslib.ogcapi.features")
    reader = features.Features(f"{live}/ogc")
    assert reader.feature_collections() == [name * 12 for name in "abc"]
    assert reader.conformance()["conformsTo"] and reader.api()["openapi"].startswith("3.0")
    assert "annee" in reader.collection_queryables("a" * 12)["properties"]
    told = reader.collection_items("a" * 12, limit=5, filter="annee = 1950")
    assert told["numberMatched"] == sum(r["annee"] == 1950 for r in town.rows)
    assert reader.collection_item("a" * 12, "3")["properties"]["code"] == "00002"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_owslib_reads_the_wfs(live: str, town: Any) -> None:
    old = pytest.importorskip("owslib.wfs")
    reader = old.WebFeatureService(f"{live}/ogc/wfs", version="2.0.0")
    name = f"parvis:d_{'a' * 12}"
    assert name in reader.contents and reader.contents[name].title == "Arbres d'alignement"
    assert reader.get_schema(name)["properties"]["annee"] in ("long", "integer")
    body = reader.getfeature(typename=[name], maxfeatures=3, outputFormat="application/geo+json").read()
    assert len(json.loads(body)["features"]) == 3
    boxed = reader.getfeature(
        typename=[name], bbox=(2.055, 48.055, 2.105, 48.105), srsname="urn:ogc:def:crs:EPSG::4326"
    ).read()
    wanted = sum(1 for x, y in ((r["longitude"], r["latitude"]) for r in town.rows)
                 if x is not None and y is not None and 2.055 <= x <= 2.105 and 48.055 <= y <= 48.105)  # fmt: skip
    assert f'numberMatched="{wanted}"' in (boxed.decode() if isinstance(boxed, bytes) else boxed)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("version", ["1.0.0", "1.1.0"])
def test_owslib_reads_the_older_versions(live: str, town: Any, version: str) -> None:
    """« 1.0.0 » is what OWSLib asks for when nobody says otherwise."""
    old = pytest.importorskip("owslib.wfs")
    reader = old.WebFeatureService(f"{live}/ogc/wfs", version=version)
    name = f"parvis:d_{'a' * 12}"
    assert name in reader.contents and reader.contents[name].title == "Arbres d'alignement"
    assert reader.get_schema(name)["properties"]["annee"] in ("long", "integer")
    body = reader.getfeature(typename=[name], maxfeatures=3).read()
    assert (body if isinstance(body, bytes) else body.encode()).count(b"<gml:featureMember>") == 3
    by_body = reader.getfeature(typename=[name], maxfeatures=4, method="Post").read()
    assert (by_body if isinstance(by_body, bytes) else by_body.encode()).count(b"<gml:featureMember>") == 4


@pytest.mark.parametrize("version", ["1.0.0", "1.1.0"])
def test_gdal_reads_the_older_versions(live: str, town: Any, version: str) -> None:
    told = gdal(f"WFS:{live}/ogc/wfs?version={version}", f"parvis:d_{'a' * 12}")
    assert told["table"]["code"] == [r["code"] for r in town.rows]
    assert {(round(b[0], 9), round(b[1], 9)) for b in told["boxes"] if b} == places(town.rows)
    areas = gdal(f"WFS:{live}/ogc/wfs?version={version}", f"parvis:d_{'b' * 12}")
    assert areas["boxes"][3] == pytest.approx([3, 43, 3.5, 43.5])
