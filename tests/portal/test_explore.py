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
    assert client.get("/api/explore/v2.1/catalog/datasets/inconnu").status_code == 404
    assert client.get(f"/api/v2/catalog/datasets/{draft.dataset.slug}/records").json()["records"]
