"""Opendatasoft's first API, asked as old programs, embeds and links ask it."""

from __future__ import annotations

import csv
import io
import json
import random
from collections import Counter, defaultdict
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from tests.engine.test_ods import BASE, NOW, Slugs
from tests.engine.test_ods_grammar import metres

from parvis.dialects import ods_v1
from parvis.web import Request, Response

SEARCH, DOWNLOAD = "/api/records/1.0/search/", "/api/records/1.0/download/"
TREES, PARCELS = "jeu-aaaaaaaaaaaa", "jeu-bbbbbbbbbbbb"


class First:
    def __init__(self, town: Any, pool: Any) -> None:
        self.catalogue, self.pool = Slugs(town.catalogue), pool

    def __call__(self, url: str, asked: dict[str, Any] | None = None, method: str = "GET") -> Response:
        parts = urlsplit(url)
        query = [*parse_qsl(parts.query, keep_blank_values=True)]
        for name, value in (asked or {}).items():
            query += [(name, str(v)) for v in (value if isinstance(value, list) else [value])]
        request = Request(method, parts.path, tuple(query), {}, base=BASE)
        return ods_v1.answer(request, self.catalogue, self.pool, None, NOW)

    def body(self, url: str, asked: dict[str, Any] | None = None, status: int = 200) -> bytes:
        response = self(url, asked)
        body = response.body if isinstance(response.body, bytes) else b"".join(response.body)
        assert response.status == status, body[:500]
        return body

    def json(self, url: str, asked: Any = None, status: int = 200) -> Any:
        return json.loads(self.body(url, asked, status))


@pytest.fixture
def get(town: Any, pool: Any) -> First:
    return First(town, pool)


def test_a_search_has_the_shape_that_programs_know(get: First, town: Any) -> None:
    told = get.json(SEARCH, {"dataset": TREES, "rows": 2, "start": 1})
    assert set(told) == {"nhits", "parameters", "records"}
    assert told["nhits"] == 500
    assert told["parameters"]["dataset"] == TREES
    record, row = told["records"][1], town.rows[2]
    assert set(record) == {"datasetid", "recordid", "fields", "geometry", "record_timestamp"}
    assert record["fields"]["geo_point_2d"] == [row["latitude"], row["longitude"]]
    assert record["geometry"] == {"type": "Point", "coordinates": [row["longitude"], row["latitude"]]}
    assert set(record["fields"]) - {"geo_point_2d"} == {n for n, v in row.items() if v is not None}
    one = get.json(f"/api/datasets/1.0/{TREES}/records/{record['recordid']}")
    assert one == record
    shape = get.json(SEARCH, {"dataset": PARCELS, "rows": 1})["records"][0]
    assert shape["fields"]["geo_shape"]["type"] == "Polygon"


@pytest.mark.parametrize(
    ("q", "true"),
    [
        ("erable", lambda r: "Érable" in (r["essence"] or "")),
        ("tilleul AND centre", lambda r: "Tilleul" in (r["essence"] or "") and "entre" in (r["quartier"] or "")),
        ("tilleul OR charme", lambda r: (r["essence"] or "") in ("Tilleul à petites feuilles", "CHARME")),
        ("NOT essence:charme", lambda r: r["essence"] != "CHARME"),
        ("annee>=1950 annee<1960", lambda r: r["annee"] is not None and 1950 <= r["annee"] < 1960),
        ("annee:1950", lambda r: r["annee"] == 1950),
        ("annee:[1950 TO 1960]", lambda r: r["annee"] is not None and 1950 <= r["annee"] <= 1960),
        ("plante_le>2010/01/01", lambda r: r["plante_le"] is not None and r["plante_le"].isoformat() > "2010-01-01"),
        ("#null(essence)", lambda r: r["essence"] is None),
        ('#exact(essence,"CHARME")', lambda r: r["essence"] == "CHARME"),
        ('#startswith(essence,"Ch")', lambda r: (r["essence"] or "").startswith("Ch")),
        ("#distance(48.05,2.05,2000)", lambda r: None not in (r["longitude"], r["latitude"])
         and metres((2.05, 48.05), (r["longitude"], r["latitude"])) <= 2000),
        ("plante_le<=#now(years=-20)", lambda r: r["plante_le"] is not None and r["plante_le"].isoformat() <= "2006-07-01"),
        ('quartier:"Les Prés"', lambda r: r["quartier"] == "Les Prés"),
        ("", lambda r: True),
    ],
)  # fmt: skip
def test_words_of_the_search_box_are_understood(get: First, town: Any, q: str, true: Any) -> None:
    told = get.json(SEARCH, {"dataset": TREES, "q": q, "rows": 500})
    assert [r["fields"]["code"] for r in told["records"] if "code" in r["fields"]] == [
        r["code"] for r in town.rows if true(r) and r["code"] is not None
    ]


def test_rows_are_refined_excluded_sorted_and_counted(get: First, town: Any) -> None:
    told = get.json(SEARCH, {"dataset": TREES, "refine.essence": "CHARME", "exclude.quartier": "Centre", "rows": 0,
                               "facet": ["essence", "plante_le"]})  # fmt: skip
    kept = [r for r in town.rows if r["essence"] == "CHARME" and r["quartier"] != "Centre"]
    assert told["nhits"] == len(kept)
    species, planted = told["facet_groups"]
    assert species["facets"] == [{"count": len(kept), "state": "refined", "name": "CHARME", "path": "CHARME"}]
    years = Counter(str(r["plante_le"].year) for r in kept if r["plante_le"])
    assert {f["path"]: f["count"] for f in planted["facets"]} == years
    largest = get.json(SEARCH, {"dataset": TREES, "sort": "annee", "rows": 5, "fields": "annee"})["records"]
    smallest = get.json(SEARCH, {"dataset": TREES, "sort": "-annee", "rows": 5, "fields": "annee"})["records"]
    assert largest[0]["fields"]["annee"] == max(r["annee"] for r in town.rows if r["annee"])
    assert smallest[0]["fields"]["annee"] == min(r["annee"] for r in town.rows if r["annee"])


def test_places_are_filtered_by_circle_and_polygon(get: First, town: Any) -> None:
    near = get.json(SEARCH, {"dataset": TREES, "geofilter.distance": "48.05,2.05,2000", "rows": 0})["nhits"]
    placed = [r for r in town.rows if None not in (r["longitude"], r["latitude"])]
    assert near == sum(metres((2.05, 48.05), (r["longitude"], r["latitude"])) <= 2000 for r in placed)
    box = get.json(SEARCH, {"dataset": TREES, "geofilter.polygon": "(48,2),(48,2.1),(48.1,2.1),(48.1,2)", "rows": 0})[
        "nhits"
    ]
    assert box == sum(r["longitude"] <= 2.1 and r["latitude"] <= 48.1 for r in placed)


def test_downloads_are_served_at_both_addresses(get: First) -> None:
    response = get(
        f"/explore/dataset/{TREES}/download/?format=csv&timezone=Europe/Berlin&use_labels_for_header=true&csv_separator=;"
    )
    assert response.status == 200  # no redirect: old programs do not follow
    lines = list(csv.reader(io.StringIO(b"".join(response.body).decode(), newline=""), delimiter=";"))  # type: ignore[arg-type]
    assert len(lines) == 501
    assert lines[0][:2] == ["Geo Point", "Code"]
    rows = json.loads(get.body(DOWNLOAD, {"dataset": TREES, "rows": 1200}))
    assert len(rows) == 500
    assert rows[0]["fields"]["code"] == "00000"
    features = json.loads(get.body(DOWNLOAD, {"dataset": TREES, "format": "geojson", "q": "annee:1950"}))["features"]
    assert {f["properties"]["annee"] for f in features} == {1950}
    assert get.body(DOWNLOAD, {"dataset": PARCELS, "format": "shp"})[:2] == b"PK"
    assert get.body(DOWNLOAD, {"dataset": TREES, "format": "xls"})[:2] == b"PK"
    get.json(DOWNLOAD, {"dataset": TREES, "format": "inconnu"}, 400)


def test_an_analysis_gives_its_series(get: First, town: Any) -> None:
    asked = {
        "dataset": TREES,
        "x": "plante_le",
        "precision": "month",
        "y.n.func": "COUNT",
        "y.h.func": "AVG",
        "y.h.expr": "hauteur",
    }
    rows = get.json("/api/records/1.0/analyze/", asked)
    groups: dict[Any, list[Any]] = defaultdict(list)
    for row in town.rows:
        day = row["plante_le"]
        groups[(day.year, day.month) if day else (None, None)].append(row)
    assert len(rows) == len(groups)
    for row in rows:
        held = groups[row["x"]["year"], row["x"]["month"]]
        heights = [r["hauteur"] for r in held if r["hauteur"] is not None]
        assert row["n"] == len(held)
        assert row["h"] == (pytest.approx(sum(heights) / len(heights)) if heights else None)
    week = get.json(
        "/api/records/1.0/analyze/", {"dataset": TREES, "x": "plante_le", "periodic": "weekday", "y.n.func": "COUNT"}
    )
    days = Counter(r["plante_le"].weekday() if r["plante_le"] else None for r in town.rows)
    assert {r["x"]["weekday"]: r["n"] for r in week} == days
    two = get.json(
        "/api/records/1.0/analyze/", {"dataset": TREES, "x": ["essence", "remarquable"], "y.n.func": "COUNT"}
    )
    assert sum(r["n"] for r in two) == 500
    assert set(two[0]["x"]) == {"essence", "remarquable"}
    most = get.json(
        "/api/records/1.0/analyze/", {"dataset": TREES, "x": "annee", "y.n.func": "COUNT", "sort": "n", "maxpoints": 3}
    )
    assert len(most) == 3


def test_clusters_hold_every_place(get: First, town: Any) -> None:
    told = get.json("/api/records/1.0/geocluster/", {"dataset": TREES, "clusterprecision": 9, "clusterdistance": 40})
    placed = [r for r in town.rows if None not in (r["longitude"], r["latitude"])]
    assert sum(c["count"] for c in told["clusters"]) == len(placed)
    assert all(48 <= c["cluster_center"][0] <= 48.2 for c in told["clusters"])


def test_the_catalogue_is_searched(get: First) -> None:
    told = get.json("/api/datasets/1.0/search/", {"q": "arbres", "rows": 2, "facet": "features"})
    assert told["nhits"] == 3
    assert len(told["datasets"]) == 2
    assert {"datasetid", "metas", "fields", "has_records", "features", "attachments"} <= set(told["datasets"][0])
    assert {f["name"]: f["count"] for f in told["facet_groups"][0]["facets"]} == {
        "analyze": 3,
        "geo": 3,
        "timeserie": 2,
    }
    assert get.json("/api/datasets/1.0/search/", {"refine.features": "timeserie"})["nhits"] == 2
    assert get.json(f"/api/datasets/1.0/{TREES}/")["datasetid"] == TREES


def test_faults_have_a_number_and_a_sentence(get: First) -> None:
    told = get.json(SEARCH, {"dataset": "inconnu"}, 404)
    assert set(told) == {"errorcode", "error"}
    assert "inconnu" in told["error"]
    for asked in ({}, {"dataset": TREES, "rows": 99_999}, {"dataset": TREES, "sort": "x"}, {"dataset": TREES, "timezone": "Mars"},
                  {"dataset": TREES, "geofilter.distance": "a,b"}, {"dataset": TREES, "refine.inconnue": "1"}):  # fmt: skip
        assert set(get.json(SEARCH, asked, 400)) == {"errorcode", "error"}
    get.json(SEARCH, {"dataset": TREES, "rows": 100, "start": 9_950, "strict": "true"}, 400)
    script = get.body(SEARCH, {"dataset": TREES, "rows": 0, "callback": "f.g"})
    assert script.startswith(b"/**/f.g({")
    assert get.body(SEARCH, {"dataset": TREES, "rows": 0, "callback": "alert(1)//"}).startswith(b"{")


def test_any_words_get_rows_or_a_clean_fault(get: First) -> None:
    rng = random.Random(3)
    pieces = ["essence:", "annee>", "(", ")", '"', "#null(", "#exact(", "#now(", "#distance(", "#polygon(", "OR", "AND", "NOT",
              "-", "[", "]", " TO ", "charme", "1950", "\x00", "😀", ",", "essence", "plante_le=", "*", "\\", "é",
              ":"]  # fmt: skip
    for _ in range(300):
        q = "".join(rng.choice(pieces) + rng.choice(["", " "]) for _ in range(rng.randint(1, 9)))
        response = get(SEARCH, {"dataset": TREES, "q": q, "rows": 1})
        assert response.status in (200, 400), (q, response.body)
    for q in ("(" * 500, "a " * 3000, "NOT " * 200):
        assert get(SEARCH, {"dataset": TREES, "q": q}).status == 400
