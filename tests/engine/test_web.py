"""What every dialect says of how long its answers are worth."""

from __future__ import annotations

from typing import Any

import pytest

from parvis.dialects import ckan, native, ods, ogc, tabular, wfs
from parvis.web import FRESH, PINNED, Request, Response, Site, finished

ID, SITE = "aaaaaaaaaaaa", Site("Fontclaire")
ADDRESSES = {
    "native": f"/api/v1/datasets/{ID}/records",
    "native catalogue": "/api/v1/datasets",
    "ods": f"/api/explore/v2.1/catalog/datasets/{ID}/records",
    "ods catalogue": "/api/explore/v2.1/catalog/facets",
    "tabular": f"/api/resources/{ID}/data/",
    "ogc": f"/ogc/collections/{ID}/items",
    "wfs": f"/ogc/wfs?service=WFS&version=2.0.0&request=GetFeature&typeNames=d_{ID}&count=2",
    "ckan": f"/api/3/action/datastore_search?resource_id={ID}",
}


def ask(town: Any, pool: Any, address: str, method: str = "GET", **headers: str) -> Response:
    from urllib.parse import parse_qsl

    path, _, query = address.partition("?")
    names = {n.replace("_", "-"): v for n, v in headers.items()}
    request = Request(method, path, tuple(parse_qsl(query)), names, base="https://donnees.fontclaire.fr")
    if path.startswith("/api/v1"):
        return native.answer(request, town.catalogue, pool)
    if path.startswith("/api/explore"):
        return ods.answer(request, town.catalogue, pool)
    if path.startswith("/api/resources"):
        return tabular.answer(request, town.catalogue, pool)
    if path.startswith("/api/3"):
        return ckan.answer(request, town.catalogue, pool, SITE)
    answer = wfs.answer if path.startswith("/ogc/wfs") else ogc.answer
    return answer(request, town.catalogue, pool, SITE)


@pytest.mark.parametrize("name", ADDRESSES)
def test_every_answer_has_a_tag_and_who_has_it_gets_nothing_again(town: Any, pool: Any, name: str) -> None:
    first = ask(town, pool, ADDRESSES[name])
    assert first.status == 200 and first.headers["etag"].startswith('"'), first.headers
    if name == "wfs":  # it tells the moment when it was asked: another second, another answer
        return
    again = ask(town, pool, ADDRESSES[name], if_none_match=first.headers["etag"])
    assert (again.status, again.body) == (304, b"") and again.headers["etag"] == first.headers["etag"]
    head = ask(town, pool, ADDRESSES[name], "HEAD")
    assert (head.status, head.body, head.headers["etag"]) == (200, b"", first.headers["etag"])
    other = ask(town, pool, ADDRESSES[name], if_none_match='"autre"')
    assert other.status == 200 and other.body
    assert "immutable" not in first.headers.get("cache-control", "")


@pytest.mark.parametrize("name", ["native", "ods", "tabular", "ogc"])
def test_what_is_asked_of_one_version_never_changes(town: Any, pool: Any, name: str) -> None:
    address = f"{ADDRESSES[name]}?version={town.trees.id}"
    assert ask(town, pool, address).headers["cache-control"] == PINNED
    by_path = ask(town, pool, f"/api/v1/datasets/{ID}/versions/{town.trees.id}/records")
    assert by_path.headers["cache-control"] == PINNED
    assert ask(town, pool, f"{ADDRESSES[name]}?version=").headers.get("cache-control", FRESH) != PINNED


def test_faults_streams_and_private_answers_are_left_as_they_are() -> None:
    request = Request("GET", "/api/v1/x", (("version", "1"),), {"if-none-match": "*"})
    fault = finished(request, Response(404, b"{}", headers={"cache-control": "no-store"}), {})
    assert fault.status == 404 and "etag" not in fault.headers and fault.headers["cache-control"] == "no-store"
    stream = finished(request, Response(200, iter([b"a"]), headers={"cache-control": FRESH}), {})
    assert stream.status == 200 and "etag" not in stream.headers and stream.headers["cache-control"] == PINNED
    private = finished(request, Response(200, b"a", headers={"cache-control": "private, max-age=60"}), {})
    assert private.status == 200 and "etag" not in private.headers
