"""Opendatasoft's first API, asked as old programs, embeds and links ask it."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import random
import statistics
from collections import Counter, defaultdict
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import shapely
from tests.engine.test_ods import BASE, NOW, Slugs
from tests.engine.test_ods_grammar import metres

from parvis.dialects import ods_push, ods_v1, ods_v1_analysis
from parvis.errors import RefusedError
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
    plain = get.body(DOWNLOAD, {"dataset": TREES, "fields": "code,annee", "csv_separator": ",", "sort": "-code"})
    assert plain.decode().splitlines()[:2] == ["code,annee", "00000,1900"]
    rows = json.loads(get.body(DOWNLOAD, {"dataset": TREES, "rows": 1200, "format": "json"}))
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
        if day is not None:
            groups[day.year, day.month].append(row)
    assert len(rows) == len(groups)
    for row in rows:
        held = groups[row["x"]["year"], row["x"]["month"]]
        heights = [r["hauteur"] for r in held if r["hauteur"] is not None]
        assert row["n"] == len(held)
        assert row["h"] == (pytest.approx(sum(heights) / len(heights)) if heights else None)
    week = get.json(
        "/api/records/1.0/analyze/", {"dataset": TREES, "x": "plante_le", "periodic": "weekday", "y.n.func": "COUNT"}
    )
    days = Counter(r["plante_le"].weekday() for r in town.rows if r["plante_le"])
    assert {r["x"]["weekday"]: r["n"] for r in week} == days
    two = get.json(
        "/api/records/1.0/analyze/", {"dataset": TREES, "x": ["essence", "remarquable"], "y.n.func": "COUNT"}
    )
    assert sum(r["n"] for r in two) == sum(None not in (r["essence"], r["remarquable"]) for r in town.rows)
    assert set(two[0]["x"]) == {"essence", "remarquable"}
    most = get.json(
        "/api/records/1.0/analyze/", {"dataset": TREES, "x": "annee", "y.n.func": "COUNT", "sort": "n", "maxpoints": 3}
    )
    assert len(most) == 3


ANALYZE = "/api/records/1.0/analyze/"


def test_an_axis_is_cut_sorted_and_added_up(get: First, town: Any) -> None:
    days = get.json(ANALYZE, {"dataset": TREES, "x": "plante_le", "y.n.func": "COUNT", "y.n.cumulative": "true"})
    planted = sorted(r["plante_le"] for r in town.rows if r["plante_le"])
    assert days[0]["x"] == {"year": planted[0].year, "month": planted[0].month, "day": planted[0].day}
    assert [d["n"] for d in days] == sorted(d["n"] for d in days)
    assert days[-1]["n"] == len(planted)
    weeks = get.json(ANALYZE, {"dataset": TREES, "x": "plante_le", "precision": "week", "sort": "-x"})
    monday = planted[-1] - dt.timedelta(days=planted[-1].weekday())
    assert weeks[0]["x"] == {"year": monday.year, "month": monday.month, "day": monday.day}
    hours = get.json(ANALYZE, {"dataset": TREES, "x": "releve", "precision": "hour"})
    assert hours[0]["x"] == {"year": 2026, "month": 1, "day": 1, "hour": 8}
    kinds = get.json(ANALYZE, {"dataset": TREES, "x": "essence", "y.n.func": "COUNT", "sort": "n"})
    assert [k["n"] for k in kinds] == sorted((k["n"] for k in kinds), reverse=True)
    least = get.json(ANALYZE, {"dataset": TREES, "x": "essence", "y.n.func": "COUNT", "sort": "-n"})
    assert [k["n"] for k in least] == sorted(k["n"] for k in kinds)
    names = get.json(ANALYZE, {"dataset": TREES, "x": ["essence", "annee"], "sort": "x.essence,-x.annee"})
    assert [(n["x"]["essence"], -n["x"]["annee"]) for n in names] == sorted(
        (n["x"]["essence"], -n["x"]["annee"]) for n in names
    )


def test_a_series_is_spread_squared_and_calculated(get: First, town: Any) -> None:
    heights = [r["hauteur"] for r in town.rows if r["hauteur"] is not None]
    asked = {f"y.{f}.{k}": v for f in ("STDDEV", "SUMSQUARES", "MEDIAN") for k, v in (("func", f), ("expr", "hauteur"))}
    told = get.json(ANALYZE, {"dataset": TREES, **asked, "y.twice.func": "MAX", "y.twice.expr": "(hauteur * 2) + 1",
                              "y.c.func": "CONSTANT", "y.c.expr": "12.5"})  # fmt: skip
    assert len(told) == 1
    assert told[0]["STDDEV"] == pytest.approx(statistics.pstdev(heights))
    assert told[0]["SUMSQUARES"] == pytest.approx(sum(h * h for h in heights))
    assert told[0]["MEDIAN"] == pytest.approx(statistics.median(heights), abs=0.2)
    assert told[0]["twice"] == pytest.approx(max(heights) * 2 + 1)
    assert told[0]["c"] == 12.5
    spread = get.json(
        ANALYZE, {"dataset": TREES, "x": "quartier", "y.s.func": "STDDEV", "y.s.expr": "hauteur", "sort": "s"}
    )
    assert [p["s"] for p in spread] == sorted((p["s"] for p in spread), reverse=True)
    sheet = get(ANALYZE, {"dataset": TREES, "x": "plante_le", "precision": "month", "format": "csv"})
    assert sheet.media_type.startswith("text/csv")
    assert isinstance(sheet.body, bytes)
    assert sheet.body.startswith(b"x.year;x.month;count")
    cut = get(ANALYZE, {"dataset": TREES, "x": "annee", "maxpoints": 3})
    assert cut.headers["ods-analyze-truncated"] == "true"
    for wrong in (
        {"x": "nulle"}, {"x": "annee", "y.a.func": "EVAL"}, {"y.a.func": "SUM"}, {"x": "plante_le", "precision": "siècle"},
        {"y.a.func": "SUM", "y.a.expr": "count(*)"}, {"y.a.func": "SUM", "y.a.expr": "hauteur, annee"},
        {"y.a.func": "CONSTANT", "y.a.expr": "1e999"},
        {"y.a.func": "QUANTILES", "y.a.expr": "hauteur", "y.a.subsets": "200"},
    ):  # fmt: skip
        get.json(ANALYZE, {"dataset": TREES, **wrong}, 400)


def test_several_values_of_a_facet_add_up_when_it_is_said(get: First, town: Any) -> None:
    both = {"dataset": TREES, "refine.quartier": ["Centre", "centre"], "rows": 0, "facet": "quartier"}
    assert get.json(SEARCH, both)["nhits"] == 0
    told = get.json(SEARCH, {**both, "disjunctive.quartier": "true"})
    assert told["nhits"] == sum(r["quartier"] in ("Centre", "centre") for r in town.rows)
    assert told["parameters"]["refine"] == {"quartier": ["Centre", "centre"]}
    states = {f["name"]: f["state"] for f in told["facet_groups"][0]["facets"]}
    assert states["Centre"] == states["centre"] == "refined"
    assert states["Les Prés"] == "displayed"
    assert get.json(SEARCH, {"dataset": TREES, "q.un": "charme", "q.deux": "annee>1950", "rows": 0})["nhits"] == sum(
        (r["annee"] or 0) > 1950 and (r["essence"] or "") == "CHARME" for r in town.rows
    )


def test_facets_are_sorted_as_asked(get: First) -> None:
    def names(field: str, sort: str) -> list[str]:
        told = get.json(SEARCH, {"dataset": TREES, "rows": 0, "facet": field, f"facetsort.{field}": sort})
        return [f["name"] for f in told["facet_groups"][0]["facets"]]

    assert names("essence", "alphanum") == sorted(names("essence", ""))
    assert names("essence", "-alphanum") == sorted(names("essence", ""), reverse=True)
    assert names("annee", "num") == sorted(names("annee", ""), key=int)


def test_a_page_too_heavy_is_refused_and_its_download_is_not(get: First, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ods_v1, "HEAVY", 20_000)
    assert "trop lourde" in get.json(SEARCH, {"dataset": TREES, "rows": 500}, 400)["error"]
    assert len(get.json(SEARCH, {"dataset": TREES, "rows": 500, "fields": "code", "sort": "code"}, 400)) == 2
    assert len(get.json(SEARCH, {"dataset": TREES, "rows": 20})["records"]) == 20
    assert len(get.json(DOWNLOAD, {"dataset": TREES, "format": "json"})) == 500


def test_boxes_and_bare_polygons_are_understood(get: First, town: Any) -> None:
    inside = [
        r for r in town.rows if None not in (r["longitude"], r["latitude"])
        and 2.05 <= r["longitude"] <= 2.15 and 48.02 <= r["latitude"] <= 48.1
    ]  # fmt: skip
    box = {"dataset": TREES, "geofilter.bbox": "48.02,2.05,48.1,2.15"}
    assert get.json(SEARCH, {**box, "rows": 0})["nhits"] == len(inside)
    bare = {"dataset": TREES, "geofilter.polygon": "48.019,2.049,48.019,2.151,48.101,2.151,48.101,2.049", "rows": 0}
    assert get.json(SEARCH, bare)["nhits"] == len(inside)
    around = get.json("/api/records/1.0/boundingbox/", box)
    assert around["count"] == len(inside)
    assert around["bbox"] == [
        min(r["longitude"] for r in inside), min(r["latitude"] for r in inside),
        max(r["longitude"] for r in inside), max(r["latitude"] for r in inside),
    ]  # fmt: skip
    features = get.json(SEARCH, {**box, "format": "geojson", "rows": 3})["features"]
    assert {f["geometry"]["type"] for f in features} == {"Point"}
    shapes = get.json(SEARCH, {"dataset": PARCELS, "format": "geojson", "rows": 1})["features"]
    assert shapes[0]["geometry"]["type"] == "Polygon"
    for wrong in ("a,b,c,d", "1,2,3", "1,2,3,1e9"):
        get.json(SEARCH, {"dataset": TREES, "geofilter.bbox": wrong}, 400)


def test_clusters_have_an_outline_and_series(get: First, town: Any) -> None:
    asked = {"dataset": TREES, "clusterprecision": 12, "clusterdistance": 50, "y.h.func": "MAX", "y.h.expr": "hauteur"}
    told = get.json("/api/records/1.0/geocluster/", asked)
    assert set(told) == {"clusters", "count", "series", "clusterprecision"}
    assert {c["cluster"]["type"] for c in told["clusters"]} <= {"Point", "LineString", "Polygon"}
    assert all(set(c["series"]) == {"h"} for c in told["clusters"])
    placed = [r["hauteur"] for r in town.rows if None not in (r["longitude"], r["latitude"], r["hauteur"])]
    assert told["series"]["h"]["max"] == max(placed)
    bare = get.json("/api/records/1.0/geocluster/", {**asked, "return_polygons": "false"})
    assert "cluster" not in bare["clusters"][0]


def test_a_form_a_former_name_and_a_page_for_the_eye(get: First) -> None:
    assert get(SEARCH, {"dataset": TREES, "rows": 1}, method="POST").status == 200
    assert get.json(SEARCH, {"dataset": f"{TREES}@public", "rows": 1})["nhits"] == 500
    assert b"\n    " in get.body(SEARCH, {"dataset": TREES, "rows": 1, "pretty_print": "true"})
    assert get.body(SEARCH, {"dataset": TREES, "rows": 1, "format": "csv"}).count(b"\n") == 2
    assert get.body(SEARCH, {"dataset": TREES, "format": "jsonl"}).count(b"\n") == 10
    fields = get.json(f"/api/datasets/1.0/{TREES}/")["fields"]
    assert all(isinstance(f["annotations"], list) for f in fields)
    assert {"name": "facet", "args": []} in next(f for f in fields if f["name"] == "essence")["annotations"]


# --- Push ------------------------------------------------------------------------------------------

PUSH = "/api/push/1.0/capteurs/realtime/push/"


def pushed(body: bytes, receiver: Any = None, key: str = "une-clef", method: str = "POST", path: str = PUSH) -> Any:
    request = Request(method, path, (("pushkey", key),) if key else (), body=body, base=BASE)
    response = ods_push.answer(request, receiver)
    assert isinstance(response.body, bytes)
    return response.status, json.loads(response.body)


def test_a_push_without_source_is_refused_with_what_to_do() -> None:
    status, told = pushed(b'{"a": 1}')
    assert status == 403
    assert "à la minute" in told["error"]
    assert pushed(b"", method="GET")[0] == 405
    assert pushed(b"", path="/api/push/1.0/")[0] == 404


def test_rows_that_are_pushed_reach_their_source_whole_or_not_at_all() -> None:
    taken: list[Any] = []

    def receiver(dataset: str, key: str, rows: Any) -> None:
        if key != "une-clef":
            raise RefusedError("La clef n'est pas celle de ce jeu.")
        taken.append((dataset, rows))

    assert pushed(b'{"a": 1}', receiver) == (200, {"status": "OK"})
    assert pushed(b'[{"a": 1}, {"a": 2}]', receiver)[0] == 200
    assert taken == [("capteurs", [{"a": 1}]), ("capteurs", [{"a": 1}, {"a": 2}])]
    assert pushed(b'{"a": 1}', receiver, key="autre")[0] == 403
    assert pushed(b'{"a": 1}', receiver, key="")[0] == 403
    for body in (b"", b"[", b"[]", b"3", b'[{"a": 1}, 3]', b"[" * 100_000, b'{"a":1}' + b" " * ods_push.BODY,
                 json.dumps([{"a": 1}] * 1001).encode(), json.dumps({str(n): n for n in range(501)}).encode()):  # fmt: skip
        assert pushed(body, receiver)[0] == 400, body[:40]
    assert len(taken) == 2


def test_clusters_hold_every_place(get: First, town: Any) -> None:
    told = get.json("/api/records/1.0/geocluster/", {"dataset": TREES, "clusterprecision": 9, "clusterdistance": 40})
    placed = [r for r in town.rows if None not in (r["longitude"], r["latitude"])]
    assert sum(c["count"] for c in told["clusters"]) == len(placed)
    assert all(48 <= c["cluster_center"][0] <= 48.2 for c in told["clusters"])


def test_a_cluster_is_drawn_by_the_line_around_its_places(get: First, town: Any) -> None:
    """Convex, clockwise, closed, its corners places of its rows, as in the original's own documentation."""
    told = get.json("/api/records/1.0/geocluster/", {"dataset": TREES, "clusterprecision": 9, "clusterdistance": 400})
    placed = [(r["longitude"], r["latitude"]) for r in town.rows if None not in (r["longitude"], r["latitude"])]
    (polygon,) = [c["cluster"] for c in told["clusters"] if c["count"] == max(d["count"] for d in told["clusters"])]
    assert polygon["type"] == "Polygon"
    (ring,) = polygon["coordinates"]
    assert ring[0] == ring[-1] and ring[0][1] == min(y for _, y in ring)
    assert {tuple(c) for c in ring} <= set(placed)
    turns = [
        (bx - ax) * (cy - by) - (by - ay) * (cx - bx)
        for (ax, ay), (bx, by), (cx, cy) in zip(ring, ring[1:], [*ring[2:], ring[1]], strict=False)
    ]
    assert all(t < 0 for t in turns)
    if len(told["clusters"]) == 1:
        assert shapely.Polygon(ring).equals(shapely.MultiPoint(placed).convex_hull)


def test_one_place_is_a_point_and_two_a_line() -> None:
    centre = {"lon": 2.0, "lat": 48.0}
    drawn = [
        ods_v1_analysis._outline({"coordinates": [list(c) for c in places]}, centre)["type"]
        for places in ([(2, 48)] * 4, [(2, 48), (3, 49)] * 4, [(2, 48), (3, 49), (4, 50)], [(2, 48), (3, 49), (4, 48)])
    ]
    assert drawn == ["Point", "LineString", "LineString", "Polygon"]
    assert ods_v1_analysis._outline(None, centre) == {"type": "Point", "coordinates": [2.0, 48.0]}


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
