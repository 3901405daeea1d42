"""The maps' dialects through the whole portal: what is published is on them, what is withdrawn is not."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from tests.portal.conftest import Town

from parvis_portal.catalogue import actions
from parvis_portal.intake.models import Draft

BENCHES = ("Numéro;Essence;Longitude;Latitude\n" + "".join(
    f"{n};Chêne;{2 + n / 100:.2f};{48 + n / 100:.2f}\n" for n in range(30)
)).encode()  # fmt: skip


def test_a_published_file_is_on_the_map_until_it_is_withdrawn(town: Town, released: Callable[..., Draft]) -> None:
    from parvis.store.folder import Folder

    dataset = released("arbres.csv", BENCHES).dataset
    assert dataset is not None
    client, here = town.client("visitor"), f"/ogc/collections/{dataset.pk}"

    def get(address: str) -> Any:
        return client.get(address, headers={"accept": "application/json"})

    listed = get("/ogc/collections").json()["collections"]
    assert [c["id"] for c in listed] == [dataset.pk]
    told = get(f"{here}/items?bbox=2.1,48.1,2.2,48.2").json()
    assert told["numberMatched"] == 11 and told["features"][0]["geometry"]["type"] == "Point"
    assert get(f"{here}/items?crs=http://www.opengis.net/def/crs/EPSG/0/2154")["Content-Crs"].endswith("/2154>")
    tile = get(f"{here}/xyz/0/0/0.pbf")
    assert tile.status_code == 200 and tile["Content-Type"] == "application/vnd.mapbox-vector-tile"
    part = client.get(f"{here}.pmtiles", headers={"range": "bytes=0-6"})
    assert part.status_code == 206 and b"".join(part.streaming_content) == b"PMTiles"
    old = get(f"/ogc/wfs?service=WFS&request=GetFeature&typeNames=d_{dataset.pk}&outputFormat=application/json")
    assert json.loads(old.content)["numberMatched"] == 30
    page = client.get(here, headers={"accept": "text/html"})
    assert page.status_code == 303 and client.get(page["Location"].removeprefix("http://testserver")).status_code == 200
    folder = Folder(settings.DATA)
    file = folder.tiles(dataset.releases.get().version_id)
    assert file.exists()
    actions.withdraw(folder, dataset, "Raison", by=None, now="2026-01-01T00:00:00+00:00")
    assert not file.exists()
    for tail in ("", "/items", "/items/1", "/tiles", "/xyz/0/0/0.pbf", ".pmtiles", "/tilejson.json", "/queryables"):
        assert get(here + tail).status_code == 410, tail
    assert get(f"/ogc/wfs?request=GetFeature&typeNames=d_{dataset.pk}").status_code in (400, 410)
    assert get("/ogc/collections").json()["collections"] == []


def test_what_is_not_served_is_no_error_of_the_portal(
    town: Town, released: Callable[..., Draft], caplog: pytest.LogCaptureFixture
) -> None:
    dataset = released("arbres.csv", BENCHES).dataset
    assert dataset is not None
    client = town.client("visitor")
    with caplog.at_level(logging.INFO, logger="parvis.api"):
        for question in ("request=Transaction", f"request=GetFeature&typeNames=d_{dataset.pk},d_{dataset.pk}"):
            assert client.get(f"/ogc/wfs?service=WFS&{question}").status_code == 501
    told = [r for r in caplog.records if r.name.startswith(("django", "parvis.api"))]
    assert {r.levelname for r in told} == {"INFO"}
    assert len(told) == 2
