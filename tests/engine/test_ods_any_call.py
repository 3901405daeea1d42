"""Any call at all of the Explore API gets an answer of the contract, never a fault of ours.

``PARVIS_CALLS`` says how many; 20,000 before a release.
"""

from __future__ import annotations

import json
import os
import random
import string
from typing import Any

import pytest
from tests.engine.test_ods import Client

from parvis.dialects import ods_catalogue, ods_records

CALLS = int(os.environ.get("PARVIS_CALLS", "1500"))
NAMES = (
    "select where group_by order_by limit offset refine exclude lang timezone include_links include_app_metas facet use_labels"
    " compressed epsg delimiter list_separator quote_all with_bom parquet_compression name_field description_field_list"
    " use_extension version cursor strict include_exports use_labels_in_exports apikey sort"
).split()
PIECES = [
    "essence", "quartier", "annee", "hauteur", "plante_le", "releve", "remarquable", "geo_point_2d", "title", "modified",
    "keyword", "records_count", "features", "*", "count(*)", "sum(hauteur)", "avg(", "range(annee, *, 1950, *)",
    "range(plante_le, 1 month)", "year(", "date_format(plante_le, 'yyyy')", "geo_cluster(geo_point_2d, 5)", "(", ")", ",", "+",
    "-", "/", "=", "!=", "<", ">", ":", " and ", " or ", " not ", " in ", " like ", " is null", " as x", " desc", "'Centre'",
    '"a"', "1", "-1", "0.5", "10000", "99999999999999999999", "date'2020'", "geom'POINT(2 48)'", "true", "null", "now()", "[",
    "]", "..", "%", "`essence`", "é", "\x00", "😀", "search(*, 'chene')", "within_distance(geo_point_2d, geom'POINT(2 48)', 1km)",
    "random(1)", "include(*e)", "exclude(a*)", "envelope(geo_point_2d)", "bbox(geo_point_2d)", "distance(", "median(annee)",
    "essence:Centre", "plante_le:2001/03", "facet(name=\"essence\",sort=\"-count\")", "Europe/Paris", "fr", "csv", "2154", ";",
    "ifnull(hauteur, 0)", "count(distinct essence)", "percentile(hauteur, 90)", "length(essence)", "json_format(essence)",
]  # fmt: skip


def value(rng: random.Random) -> str:
    turn = rng.random()
    if turn < 0.5:
        return "".join(rng.choice(PIECES) for _ in range(rng.randint(1, 5)))
    if turn < 0.7:
        return " ".join(rng.choice(PIECES) for _ in range(rng.randint(1, 8)))
    if turn < 0.85:
        return str(rng.choice([-1, 0, 1, 5, 100, 101, 10**9, "", "true", "false", "UTC", "fr", "x"]))
    return "".join(rng.choice(string.printable) for _ in range(rng.randint(0, 20)))


def path(rng: random.Random) -> str:
    base = rng.choice(["/api/explore/v2.1", "/api/explore/v2.1", "/api/explore/v2.0", "/api/v2"])
    dataset = rng.choice(["jeu-aaaaaaaaaaaa", "jeu-bbbbbbbbbbbb", "jeu-aaaaaaaaaaaa", "inconnu", "%", "..", "é"])
    form = rng.choice([*ods_records.FORMATS, "mvt", "x"])
    tail = rng.choice(
        ["", "/catalog", "/catalog/datasets", "/catalog/facets", "/catalog/exports",
         f"/catalog/exports/{rng.choice([*ods_catalogue.FORMATS, 'dcat_ap_ch', 'x'])}"]
        + [f"/catalog/datasets/{dataset}{t}" for t in ("", "/records", "/records", "/records", "/facets", "/facets", "/exports",
           f"/exports/{form}", f"/exports/{form}", "/attachments", f"/records/{'0' * 40}", "/aggregates")]
    )  # fmt: skip
    return base + tail


@pytest.mark.parametrize("part", range(3))
def test_any_call_gets_an_answer_of_the_contract(town: Any, pool: Any, part: int) -> None:
    get, rng, seen = Client(town, pool), random.Random(part), set[int]()
    for _ in range(CALLS // 3):
        asked: dict[str, Any] = {}
        for name in rng.sample(NAMES, rng.choice([0, 1, 1, 2, 3, 5])):
            asked[name] = [value(rng) for _ in range(rng.choice([1, 1, 1, 2]))]
        asked.setdefault("limit", "5")
        url = path(rng)
        response = get(url, rng.choice(["GET", "GET", "GET", "HEAD"]), **asked)
        body = response.body if isinstance(response.body, bytes) else b"".join(response.body)
        seen.add(response.status)
        assert response.status in (200, 400, 404, 410), (url, asked, response.status, body[:300])
        if response.status >= 400 and body:
            assert set(json.loads(body)) == {"error_code", "message"}
            assert "Traceback" not in body.decode()
    assert {200, 400, 404} <= seen
