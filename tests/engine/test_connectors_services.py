"""Services that answer page by page, as their documents say and as they really do: capped, blind to where a page
begins, saying errors with a success. A part is never taken for the whole."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from exchanges import visited
from parvis import connectors
from parvis.connectors.arrival import Errand
from parvis.errors import InputError, RemoteError
from parvis.outgoing import Client

Answer = tuple[int, str, bytes]
Asked = dict[str, str]


@contextmanager
def service(answer: Callable[[str, Asked, Any], Answer]) -> Iterator[str]:
    """Serve what a function makes of (path, query in lower case, headers)."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            asked = {k.lower(): v[0] for k, v in parse_qs(parts.query, keep_blank_values=True).items()}
            status, kind, body = answer(parts.path, asked, self.headers)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def go(kind: str, given: dict[str, Any], secret: str = "", marks: Any = None) -> tuple[list[Any], Any]:
    with Client(["127.0.0.1"]) as client:
        errand = Errand(connectors.settled(kind, given), client, dt.datetime.now(dt.UTC), secret, marks or {})
        return visited(kind, errand)


def said(value: Any, status: int = 200) -> Answer:
    return status, "application/json", json.dumps(value).encode()


def names(arrivals: list[Any]) -> list[int]:
    return [f["properties"]["n"] for f in json.loads(arrivals[0]["text"])["features"]]


# --- WFS ------------------------------------------------------------------------------------------

CAPABILITIES = """<?xml version="1.0"?><WFS_Capabilities xmlns="http://www.opengis.net/wfs/2.0"
 xmlns:ows="http://www.opengis.net/ows/1.1" version="2.0.0"><ows:OperationsMetadata><ows:Operation name="GetFeature">
<ows:Parameter name="outputFormat"><ows:AllowedValues><ows:Value>{form}</ows:Value></ows:AllowedValues></ows:Parameter>
</ows:Operation></ows:OperationsMetadata><FeatureTypeList><FeatureType><Name>ville:bancs</Name>
<DefaultCRS>urn:ogc:def:crs:EPSG::{crs}</DefaultCRS></FeatureType></FeatureTypeList></WFS_Capabilities>"""


def wfs(
    count: int, *, cap: int = 10**9, pages: bool = True, tells: str = "", crs: str = "4326", lies: int = 0
) -> Callable[..., Answer]:
    """A WFS of ``count`` shapes that gives ``cap`` of them at most, knows ``startIndex`` or not, tells how many or not."""

    def answer(path: str, asked: Asked, headers: Any) -> Answer:
        if asked["request"] == "GetCapabilities":
            return 200, "text/xml", CAPABILITIES.format(form="application/json", crs=crs).encode()
        start = int(asked.get("startindex", "0")) if pages else 0
        end = min(start + min(int(asked["count"]), cap), count)
        shapes = [{"type": "Feature", "geometry": None, "properties": {"n": n}} for n in range(start, max(end, start))]
        more: dict[str, Any] = {tells: lies or count} if tells else {}
        if crs != "4326":
            more["crs"] = {"type": "name", "properties": {"name": f"urn:ogc:def:crs:EPSG::{crs}"}}
        return said(
            {"type": "FeatureCollection", "features": shapes, "timeStamp": str(dt.datetime.now(dt.UTC)), **more}
        )

    return answer


@pytest.mark.parametrize(
    ("cap", "pages", "tells"),
    [(10**9, True, "numberMatched"), (7, True, "totalFeatures"), (7, True, ""), (10**9, False, ""), (1, True, "")],
)
def test_a_layer_comes_whole_however_its_service_counts(cap: int, pages: bool, tells: str) -> None:
    with service(wfs(20, cap=cap, pages=pages, tells=tells)) as address:
        given = {"address": f"{address}/wfs?map=ville.map", "layer": "bancs"}
        arrivals, _ = go("wfs", given)
        assert names(arrivals) == list(range(20))
        assert go("wfs", given)[0][0]["text"] == arrivals[0]["text"]  # the time of the answer is left out


@pytest.mark.parametrize(
    "server",
    [
        wfs(20, cap=7, pages=False, tells="numberMatched"),
        wfs(1500, pages=False),
        wfs(20, tells="numberMatched", lies=25),
    ],
)
def test_a_part_of_a_layer_is_never_taken_for_the_whole(server: Any) -> None:
    with service(server) as address, pytest.raises(RemoteError, match="rien n'est pris"):
        go("wfs", {"address": address, "layer": "bancs"})


def test_a_layer_in_lambert_says_its_system() -> None:
    with service(wfs(2, crs="2154")) as address:
        arrivals, _ = go("wfs", {"address": address, "layer": "ville:bancs"})
    assert json.loads(arrivals[0]["text"])["crs"]["properties"]["name"].endswith("2154")


def test_a_layer_that_is_not_there_lists_those_that_are() -> None:
    with service(wfs(2)) as address, pytest.raises(InputError, match="ville:bancs"):
        go("wfs", {"address": address, "layer": "bans"})


GML = '<wfs:FeatureCollection xmlns:wfs="http://www.opengis.net/wfs/2.0" timeStamp="{now}" numberMatched="1"/>'


def test_a_service_without_geojson_gives_gml_without_its_time() -> None:
    def answer(path: str, asked: Asked, headers: Any) -> Answer:
        if asked["request"] == "GetCapabilities":
            return 200, "text/xml", CAPABILITIES.format(form="application/gml+xml; version=3.2", crs="2154").encode()
        return 200, "text/xml", GML.format(now=dt.datetime.now(dt.UTC)).encode()

    with service(answer) as address:
        first, second = (go("wfs", {"address": address, "layer": "bancs"})[0][0] for _ in range(2))
    assert first["name"] == "bancs.gml" and first["text"] == second["text"] and "timeStamp" not in first["text"]


@pytest.mark.parametrize(
    "body",
    [
        b'<ows:ExceptionReport xmlns:ows="x"><ows:Exception><ows:ExceptionText>Filtre incompris</ows:ExceptionText>'
        b"</ows:Exception></ows:ExceptionReport>",
        b"<ServiceExceptionReport><ServiceException>Filtre incompris</ServiceException></ServiceExceptionReport>",
    ],
)
def test_an_error_that_a_wfs_says_with_a_success_is_an_error(body: bytes) -> None:
    with service(lambda *_: (200, "text/xml", body)) as address, pytest.raises(RemoteError, match="Filtre incompris"):
        go("wfs", {"address": address, "layer": "bancs"})


HOSTILE = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><WFS_Capabilities>&a;</WFS_Capabilities>',
    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><WFS_Capabilities>&b;</WFS_Capabilities>',
    "<?xml version='1.0' encoding='utf-16'?><!DOCTYPE x [<!ENTITY a 'b'>]><WFS_Capabilities>&a;</WFS_Capabilities>".encode(
        "utf-16"
    ),
    b"<html><body>Bienvenue</body></html>", b"", b"\x00" * 50, b"<a>" * 5000,
)  # fmt: skip


@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("kind", ["wfs", "s3", "webdav"])
def test_hostile_xml_is_refused_kindly(kind: str, body: bytes) -> None:
    given = {"wfs": {"layer": "bancs"}, "s3": {"bucket": "b"}, "webdav": {}}[kind]

    with service(lambda *_: (200, "text/xml", body)) as address:
        if kind == "webdav":
            with pytest.raises(RemoteError):
                go(kind, {"address": f"{address}/", **given})
            return
        if kind == "s3" and body.startswith(b"<html"):
            assert go(kind, {"address": address, **given})[0] == []
            return
        with pytest.raises(RemoteError):
            go(kind, {"address": address, **given})


# --- ArcGIS ---------------------------------------------------------------------------------------


def arcgis(
    count: int, *, pages: bool, cap: int, form: str = "JSON, geoJSON", loses: bool = False
) -> Callable[..., Answer]:
    def answer(path: str, asked: Asked, headers: Any) -> Answer:
        layer = {
            "name": "Bancs", "maxRecordCount": cap, "supportedQueryFormats": form,
            "fields": [{"name": "n", "type": "esriFieldTypeOID"}, {"name": "pose", "type": "esriFieldTypeDate"}],
            "advancedQueryCapabilities": {"supportsPagination": pages},
        }  # fmt: skip
        if not path.endswith("/query"):
            return said(layer)
        if "returncountonly" in asked:
            return said({"count": count})
        if "returnidsonly" in asked:
            return said({"objectIdFieldName": "n", "objectIds": list(range(count))[::-1]})
        if "objectids" in asked:
            numbers = [int(n) for n in asked["objectids"].split(",")][: cap - loses]
        else:
            start = int(asked["resultoffset"])
            numbers = list(range(start, min(start + min(int(asked["resultrecordcount"]), cap), count - loses)))
        values = [{"n": n, "pose": 1772409600000} for n in numbers]
        if asked["f"] == "geojson":
            return said({"features": [{"type": "Feature", "geometry": None, "properties": v} for v in values]})
        return said({"features": [{"attributes": v} for v in values]})

    return answer


@pytest.mark.parametrize("pages", [True, False])
@pytest.mark.parametrize("form", ["JSON, geoJSON", "JSON, AMF"])
def test_an_arcgis_layer_comes_whole_from_new_and_old_servers(pages: bool, form: str) -> None:
    with service(arcgis(25, pages=pages, cap=10, form=form)) as address:
        arrivals, _ = go("arcgis", {"address": f"{address}/arcgis/rest/services/Ville/MapServer/3/query?f=html"})
    assert names(arrivals) == list(range(25))
    assert json.loads(arrivals[0]["text"])["features"][0]["properties"]["pose"] == "2026-03-02"


@pytest.mark.parametrize("pages", [True, False])
def test_a_part_of_an_arcgis_layer_is_never_taken_for_the_whole(pages: bool) -> None:
    with (
        service(arcgis(25, pages=pages, cap=10, loses=True)) as address,
        pytest.raises(RemoteError, match="rien n'est"),
    ):
        go("arcgis", {"address": f"{address}/rest/services/Ville/FeatureServer/0"})


def test_an_arcgis_error_said_with_a_success_is_an_error() -> None:
    fault = said({"error": {"code": 499, "message": "Token Required"}})
    with service(lambda *_: fault) as address, pytest.raises(RemoteError, match="jeton"):
        go("arcgis", {"address": f"{address}/rest/services/Ville/FeatureServer/0"})
    with pytest.raises(InputError, match="FeatureServer"):
        go("arcgis", {"address": "https://sig.fontclaire.example/carte"})


# --- Portals and tables ---------------------------------------------------------------------------


def test_the_right_address_is_found_in_what_a_browser_shows() -> None:
    """Each portal's own service is reached from the address of a page, in any of the shapes it takes."""
    heard: list[str] = []

    def answer(path: str, asked: Asked, headers: Any) -> Answer:
        heard.append(path)
        return said({}, 404)

    number = "0f4f2c6e-5d0a-4a55-9d5a-7a2f8b1f3c11"
    grist = "/api/docs/sAm3Doc1234567890abcdef/download/csv"
    cases = [
        ("ckan", f"/fr/dataset/arbres/resource/{number}?inner_span=True", "/api/3/action/resource_show"),
        ("ckan", f"/portail/dataset/arbres/resource/{number}/download/a.csv", "/portail/api/3/action/resource_show"),
        ("datagouv", f"/fr/datasets/r/{number}", f"/api/2/datasets/resources/{number}/"),
        ("datagouv", f"/datasets/arbres/#/resources/{number}", f"/api/2/datasets/resources/{number}/"),
        (
            "opendatasoft",
            "/explore/dataset/arbres@agglo/table/?sort=x",
            "/api/explore/v2.1/catalog/datasets/arbres@agglo",
        ),
        ("opendatasoft", "/explore/assets/arbres/", "/api/explore/v2.1/catalog/datasets/arbres"),
        (
            "opendatasoft",
            "/api/explore/v2.1/catalog/datasets/arbres/records",
            "/api/explore/v2.1/catalog/datasets/arbres",
        ),
        ("grist", "/o/docs/sAm3Doc1234567890abcdef/Salles/p/4", "/o/docs" + grist),
        ("grist", "/sAm3Doc1234567890abcdef/Salles", grist),
        ("grist", "/o/mairie/doc/sAm3Doc1234567890abcdef", "/o/mairie" + grist),
    ]
    with service(answer) as address:
        for kind, page, wanted in cases:
            heard.clear()
            with pytest.raises(RemoteError):
                go(kind, {"address": address + page, "table": "Salles"})
            assert heard == [wanted], (kind, page)


@pytest.mark.parametrize(
    ("page", "wanted"),
    [
        ("/apps/files/?dir=/Open%20data", "/remote.php/dav/files/parvis/Open%20data/"),
        ("/nuage/index.php/apps/files/files/12?dir=/a/b", "/nuage/remote.php/dav/files/parvis/a/b/"),
        ("/apps/files", "/remote.php/dav/files/parvis/"),
        ("/index.php/s/AbCdEf123", "/public.php/webdav/"),
        ("/dav/x", "/dav/x/"),
    ],
)
def test_a_nextcloud_folder_is_found_from_what_a_browser_shows(page: str, wanted: str) -> None:
    from parvis.connectors.kinds import webdav

    settings = connectors.settled("webdav", {"address": f"https://nuage.example{page}", "user": "parvis"})
    assert webdav._place(Errand(settings, Client(), dt.datetime.now(dt.UTC)))[0] == f"https://nuage.example{wanted}"


def test_a_webdav_folder_that_moved_is_followed() -> None:
    """The listing and the files are asked for where the folder really is."""
    entry = (
        "<d:response><d:href>{}</d:href><d:propstat><d:prop><d:resourcetype>{}</d:resourcetype><d:getetag>1</d:getetag>"
        "</d:prop></d:propstat></d:response>"
    )
    listed = entry.format("/vrai/dossier/", "<d:collection/>") + entry.format("/vrai/dossier/a.csv", "")
    heard: list[tuple[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_PROPFIND(self) -> None:
            heard.append((self.command, self.path))
            self.rfile.read(int(self.headers["Content-Length"]))
            moved = self.path == "/court/"
            body = b"" if moved else f'<d:multistatus xmlns:d="DAV:">{listed}</d:multistatus>'.encode()
            self.send_response(301 if moved else 207)
            if moved:
                self.send_header("Location", "/vrai/dossier")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            heard.append((self.command, self.path))
            self.send_response(200)
            self.send_header("Content-Length", "3")
            self.end_headers()
            self.wfile.write(b"a;b")

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        arrivals, _ = go("webdav", {"address": f"http://127.0.0.1:{server.server_port}/court"})
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert [a["name"] for a in arrivals] == ["a.csv"]
    assert heard == [("PROPFIND", "/court/"), ("PROPFIND", "/vrai/dossier"), ("GET", "/vrai/dossier/a.csv")]


@pytest.mark.parametrize("kind", ["ckan", "datagouv", "opendatasoft", "grist"])
def test_an_address_of_another_page_is_said_to_be_so(kind: str) -> None:
    with pytest.raises(InputError, match="n'est pas celle d'un"):
        go(kind, {"address": "https://exemple.example/x", "table": "Salles"})


@pytest.mark.parametrize("kind", ["ckan", "datagouv", "opendatasoft", "baserow", "arcgis"])
@pytest.mark.parametrize(
    "body", [b"[]", b"null", b'"x"', b'{"success":true,"result":[],"fields":{},"resource":3,"metas":3}', b"{" * 9999]
)
def test_a_service_that_answers_anything_is_refused_kindly(kind: str, body: bytes) -> None:
    number = "0f4f2c6e-5d0a-4a55-9d5a-7a2f8b1f3c11"
    pages = {
        "ckan": f"/dataset/a/resource/{number}",
        "datagouv": f"/r/{number}",
        "opendatasoft": "/explore/dataset/a/",
        "baserow": "/",
        "arcgis": "/rest/services/V/MapServer/0",
    }
    with service(lambda *_: (200, "application/json", body)) as address, pytest.raises(RemoteError):
        go(kind, {"address": address + pages[kind], "table": "4"}, "clef")


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('attachment; filename="été 2026.csv"', "été 2026.csv"),
        ("attachment; filename*=UTF-8''%C3%A9t%C3%A9.csv", "été.csv"),
        ('attachment; filename="../../etc/passwd.csv"', "passwd.csv"),
        ("attachment", "donnees.csv"),
        ("", "donnees.csv"),
        (";;;=", "donnees.csv"),
    ],
)
def test_a_file_takes_the_name_that_its_server_gives(disposition: str, name: str) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/csv; charset=utf-8")
            self.send_header("Content-Disposition", disposition.encode().decode("latin-1"))
            self.end_headers()
            self.wfile.write(b"a;b\n1;2\n")

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        arrivals, _ = go("http", {"address": f"http://127.0.0.1:{server.server_port}/mes exports/donnees"})
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert arrivals[0]["name"] == name
