"""The addresses that Opendatasoft's clients know, through the whole portal."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.portal.conftest import Town

from parvis_portal.intake.models import Draft


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else bytes(answer.content)


def test_a_dataset_is_asked_by_its_slug_without_redirect(town: Town, released: Callable[..., Draft]) -> None:
    draft = released()
    assert draft.dataset is not None
    client, base = town.client("visitor"), f"/api/explore/v2.1/catalog/datasets/{draft.dataset.slug}"
    told = client.get("/api/explore/v2.1/catalog/datasets?where='tilleul' or publisher is not null").json()
    assert told["total_count"] == 1
    assert told["results"][0]["dataset_id"] == draft.dataset.slug
    rows = client.get(f"{base}/records", {"where": "quartier = 'Gare'", "limit": "3"})
    assert rows.status_code == 200
    assert rows.json()["total_count"] == 4
    assert rows.headers["access-control-allow-origin"] == "*"
    facets = client.get(f"{base}/facets", {"facet": "quartier"}).json()["facets"][0]["facets"]
    assert {f["value"]: f["count"] for f in facets} == {"Gare": 4, "Centre": 4, "Les Vergers": 4}
    lines = body(client.get(f"{base}/exports/csv")).decode("utf-8-sig").splitlines()
    assert len(lines) == 13
    assert lines[0].startswith("geo_point_2d;")
    features = json.loads(body(client.get(f"{base}/exports/geojson")))["features"]
    assert len(features) == 12
    for paper in client.get(f"{base}/attachments").json()["attachments"]:
        answer = client.get(paper["href"].removeprefix("http://testserver"))
        answer.close()
        assert answer.status_code == 200 and answer.headers["content-type"].startswith(paper["metas"]["mime-type"])
    assert client.get("/api/explore/v2.1/catalog/datasets/inconnu").status_code == 404
    assert client.get(f"/api/v2/catalog/datasets/{draft.dataset.slug}/records").json()["records"]


def test_links_of_a_former_portal_still_lead_to_the_data(town: Town, released: Callable[..., Draft]) -> None:
    draft = released()
    assert draft.dataset is not None
    client, slug = town.client("visitor"), draft.dataset.slug
    found = client.get(f"/api/records/1.0/search/?dataset={slug}&q=quartier:Gare&rows=2")
    assert (found.status_code, found.json()["nhits"]) == (200, 4)
    file = client.get(f"/explore/dataset/{slug}/download/?format=csv&use_labels_for_header=true&csv_separator=;")
    assert file.status_code == 200
    assert len(body(file).decode().splitlines()) == 13
    assert client.get(f"/api/datasets/1.0/{slug}/").json()["datasetid"] == slug
    for tab in ("", "information/", "table/", "map/", "analyze/", "export/", "api/"):
        page = client.get(f"/explore/dataset/{slug}/{tab}")
        assert page.status_code == 200
        assert draft.dataset.described.title in page.content.decode()
        assert page.headers["X-Frame-Options"] == "DENY"
        assert f'rel="canonical" href="http://testserver/donnees/{slug}/"' in page.content.decode()
    assert draft.dataset.described.title in client.get("/explore/?q=arbres").content.decode()
    for tab, sign in (("table", "<table"), ("map", "<parvis-map"), ("analyze", "<svg"), ("", "<table")):
        light = client.get(f"/explore/embed/dataset/{slug}/{tab}/" if tab else f"/explore/embed/dataset/{slug}/")
        assert sign in light.content.decode()
        assert "<form" not in light.content.decode()
        assert "Licence Ouverte" in light.content.decode()
    assert client.post(f"/api/push/1.0/{slug}/realtime/push/?pushkey=x", {}, "application/json").status_code == 403
    asked = client.post("/api/records/1.0/search/", {"dataset": slug, "q": "quartier:Gare"})
    assert asked.json()["nhits"] == 4
    framed = client.get(f"/explore/embed/dataset/{slug}/table/")
    assert framed.status_code == 200
    assert "X-Frame-Options" not in framed.headers
    assert "frame-ancestors *" in framed.headers["Content-Security-Policy"]
    assert client.get("/explore/dataset/inconnu/table/").status_code == 404
