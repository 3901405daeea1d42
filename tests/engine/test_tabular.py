"""The tabular API of data.gouv.fr, asked as its clients ask it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest

from parvis.dialects import tabular
from parvis.store.cache import Cache
from parvis.web import Request, Response

BASE = "https://donnees.fontclaire.fr"
HERE = "/api/resources/aaaaaaaaaaaa/"


class Client:
    def __init__(self, town: Any, pool: Any, cache: Cache | None = None) -> None:
        self.town, self.pool, self.cache = town, pool, cache

    def __call__(self, url: str, method: str = "GET", **headers: str) -> Response:
        parts = urlsplit(url)
        query = tuple(parse_qsl(parts.query, keep_blank_values=True))
        names = {n.replace("_", "-"): v for n, v in headers.items()}
        return tabular.answer(
            Request(method, parts.path, query, names, base=BASE), self.town.catalogue, self.pool, self.cache
        )

    def json(self, url: str, status: int = 200) -> Any:
        response = self(url)
        assert isinstance(response.body, bytes)
        assert response.status == status, response.body[:400]
        assert response.headers["access-control-allow-origin"] == "*"
        return json.loads(response.body)

    def rows(self, query: str) -> list[dict[str, Any]]:
        return list(self.json(f"{HERE}data/?{query}")["data"])

    def every(self, query: str) -> Iterator[dict[str, Any]]:
        url = f"{BASE}{HERE}data/?{query}"
        while url:
            told = self.json(url.removeprefix(BASE))
            yield from told["data"]
            url = told["links"]["next"]


@pytest.fixture
def get(town: Any, pool: Any) -> Client:
    return Client(town, pool)


def test_a_resource_gives_its_date_its_file_and_its_addresses(get: Client) -> None:
    told = get.json(HERE)
    assert set(told) == {"created_at", "url", "links"}
    assert [(one["rel"], one["type"]) for one in told["links"]] == [
        ("profile", "GET"),
        ("data", "GET"),
        ("swagger", "GET"),
    ]
    for link in told["links"]:
        assert get(link["href"].removeprefix(BASE)).status == 200


def test_a_profile_names_the_columns_as_the_file_does(get: Client, town: Any) -> None:
    told = get.json(f"{HERE}profile/")
    profile = told["profile"]
    assert profile["header"] == [c.label for c in town.trees.columns]
    assert profile["columns"]["Hauteur"]["python_type"] == "float"
    assert profile["columns"]["Plante le"]["python_type"] == "date"
    assert profile["total_lines"] == 500
    assert told["indexes"] is None and told["deleted_at"] is None
    assert "Remarquable" in profile["categorical"]


def test_the_first_page_has_twenty_rows_numbered_from_one(get: Client) -> None:
    told = get.json(f"{HERE}data/")
    assert [row["__id"] for row in told["data"]] == list(range(1, 21))
    assert list(told["data"][0])[:2] == ["__id", "Code"]
    assert told["meta"] == {"page": 1, "page_size": 20, "total": 500}
    assert told["links"]["prev"] is None
    assert told["links"]["next"] == f"{BASE}{HERE}data/?page=2&page_size=20"
    assert get.json(f"{HERE}data/?page=3&page_size=5")["links"]["prev"].endswith("?page=2&page_size=5")


def test_all_pages_together_hold_each_row_once(get: Client) -> None:
    seen = [row["__id"] for row in get.every("page_size=150&Quartier__isnotnull")]
    assert len(seen) == len(set(seen)) == get.json(f"{HERE}data/?Quartier__isnotnull")["meta"]["total"]


@pytest.mark.parametrize(
    ("query", "keeps"),
    [
        ("Annee__exact=1950", lambda r: r["annee"] == 1950),
        ("Annee__differs=1950", lambda r: r["annee"] != 1950),
        ("Annee__less=1950", lambda r: r["annee"] is not None and r["annee"] <= 1950),
        ("Annee__greater=1950", lambda r: r["annee"] is not None and r["annee"] >= 1950),
        ("Annee__strictly_less=1950", lambda r: r["annee"] is not None and r["annee"] < 1950),
        ("Annee__STRICTLY_GREATER=1950", lambda r: r["annee"] is not None and r["annee"] > 1950),
        ("annee__exact=1950", lambda r: r["annee"] == 1950),
        ("Hauteur__isnull", lambda r: r["hauteur"] is None),
        ("Hauteur__exact=null", lambda r: r["hauteur"] is None),
        ("Hauteur__differs=null", lambda r: r["hauteur"] is not None),
        ("Essence__contains=TILL", lambda r: r["essence"] is not None and "till" in r["essence"].lower()),
        ("Essence__notcontains=till", lambda r: r["essence"] is not None and "till" not in r["essence"].lower()),
        ("Quartier__in=Centre,centre", lambda r: r["quartier"] in ("Centre", "centre")),
        ("Quartier__notin=Centre,centre", lambda r: r["quartier"] is not None and r["quartier"] not in ("Centre", "centre")),
        ("Remarquable__exact=true", lambda r: r["remarquable"] is True),
        ("Plante%20le__greater=2010-01-01", lambda r: r["plante_le"] is not None and r["plante_le"].year >= 2010),
        ("or=(Annee__exact.1950,and(Hauteur__strictly_less.2,Remarquable__exact.true))",
         lambda r: r["annee"] == 1950 or (r["hauteur"] is not None and r["hauteur"] < 2 and r["remarquable"] is True)),
        ('or=("Plante le"__isnull,Essence__exact."CHARME")', lambda r: r["plante_le"] is None or r["essence"] == "CHARME"),
        ("Annee__greater=1950&or=(Hauteur__isnull,Essence__isnull)",
         lambda r: r["annee"] is not None and r["annee"] >= 1950 and (r["hauteur"] is None or r["essence"] is None)),
    ],
)  # fmt: skip
def test_each_operator_keeps_the_rows_that_it_says(get: Client, town: Any, query: str, keeps: Any) -> None:
    wanted = [n for n, row in enumerate(town.rows, 1) if keeps(row)]
    assert wanted, "a test that keeps nothing shows nothing"
    query = quote(query, safe='=&%(),."_')
    assert [row["__id"] for row in get.every(f"{query}&page_size=200")] == wanted


def test_rows_are_sorted_by_columns_and_by_their_own_number(get: Client) -> None:
    years = [row["Annee"] for row in get.rows("Annee__sort=desc&Annee__isnotnull&page_size=50")]
    assert years == sorted(years, reverse=True)
    assert [row["__id"] for row in get.rows("__id__sort=desc&page_size=2")] == [500, 499]
    assert [row["__id"] for row in get.rows("__id__in=3,7")] == [3, 7]
    assert [row["__id"] for row in get.rows("__id__greater=499")] == [499, 500]


def test_columns_are_chosen_in_the_order_asked(get: Client) -> None:
    assert list(get.rows("columns=Hauteur,Code,__id&page_size=1")[0]) == ["Hauteur", "Code", "__id"]


def test_groups_and_totals_carry_the_names_of_the_contract(get: Client, town: Any) -> None:
    told = get.json(f"{HERE}data/?Remarquable__groupby&Annee__count&Hauteur__avg&Annee__greater=1950")
    assert "total" not in told["meta"]
    (yes,) = [row for row in told["data"] if row["Remarquable"] is True]
    rows = [r for r in town.rows if r["remarquable"] is True and r["annee"] is not None and r["annee"] >= 1950]
    heights = [r["hauteur"] for r in rows if r["hauteur"] is not None]
    assert yes["Annee__count"] == len(rows)
    assert yes["Hauteur__avg"] == pytest.approx(sum(heights) / len(heights))
    (whole,) = get.rows("Hauteur__sum&Hauteur__min&Hauteur__max")
    assert set(whole) == {"Hauteur__sum", "Hauteur__min", "Hauteur__max"}
    assert len(get.rows("Essence__groupby")) == 7  # six, and those of which nothing is said


def test_exports_hold_all_rows_under_the_same_conditions(get: Client) -> None:
    response = get(f"{HERE}data/csv/?Annee__greater=1950")
    body = response.body if isinstance(response.body, bytes) else b"".join(response.body)
    rows = list(csv.reader(io.StringIO(body.decode("utf-8-sig"))))
    assert rows[0][:3] == ["__id", "Code", "Essence"]
    assert len(rows) - 1 == get.json(f"{HERE}data/?Annee__greater=1950")["meta"]["total"]
    response = get(f"{HERE}data/json/?page=7")
    body = response.body if isinstance(response.body, bytes) else b"".join(response.body)
    assert len(json.loads(body)) == 500
    assert list(json.loads(body)[0])[:2] == ["__id", "Code"]


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("TESTCOLUM_NAME__EXACT=BIDULEpage=1", None),
        ("limit=1", "Malformed query: argument 'limit=1' could not be parsed"),
        ("page_size=1001", "Page size exceeds allowed maximum: 1000"),
        ("page_size=201&strict=true", "Page size exceeds allowed maximum: 200"),
        ("page=0", "Page number must be greater than 0"),
        ("page=x", "Malformed query: invalid value for page: x"),
        ("Annee__between=1", "Malformed query: argument 'Annee__between=1' could not be parsed"),
        ("Annee__sort=up", "Malformed query: argument 'Annee__sort=up' could not be parsed"),
        ("or=(Annee__exact.1", "Malformed query: argument 'or(Annee__exact.1' could not be parsed"),
        ("or=()", "Malformed query: argument 'or()' could not be parsed"),
        ("or=(page__x)", None),
        ("columns=Code&Annee__sum", "Malformed query: the argument `columns` cannot be set alongside aggregators"),
        ("or=(" + "or(" * 40 + "Annee__exact.1" + ")" * 41, None),
        ("or=(" + ",".join(["Annee__exact.1"] * 300) + ")", "Malformed query: more than 200 conditions"),
        ("Annee__exact=abc", None),
        ("__id__exact=abc", "Malformed query: argument '__id__exact=abc' could not be parsed"),
    ],
)
def test_a_question_that_cannot_be_read_is_a_fault_in_the_words_of_the_original(
    get: Client, query: str, detail: str | None
) -> None:
    (error,) = get.json(f"{HERE}data/?{query}", 400)["errors"]
    assert error["code"] is None
    if detail is not None:
        assert (error["title"], error["detail"]) == ("Invalid query string", detail)


def test_an_unknown_column_is_the_database_s_own_fault_with_its_message(get: Client) -> None:
    (error,) = get.json(f"{HERE}data/?Rien__exact=1", 400)["errors"]
    assert error["title"] == "Database error"
    assert error["detail"]["message"] == "column Rien does not exist"
    assert get.json(f"{HERE}data/?x%22%3Bdrop__exact=1", 400)["errors"][0]["detail"]["code"] == "42703"


def test_what_is_absent_withdrawn_or_not_to_be_written_says_so(get: Client) -> None:
    for url in (
        "/api/resources/zzzzzzzzzzzz/",
        "/api/resources/zzzzzzzzzzzz/data/",
        f"{HERE}nothing/",
        "/api/resources//",
    ):
        assert get.json(url, 404)["errors"][0]["title"] == "Not found"
    assert get(f"{HERE}data/", method="POST").status == 405
    assert get(f"{HERE}data/", method="OPTIONS").status == 204
    assert get(f"{HERE}data/", method="HEAD").body == b""


def test_the_walls_of_the_original_come_back_when_asked_for(get: Client) -> None:
    long = "/api/resources/cccccccccccc/data/csv/"
    assert get(f"{long}?strict=true").status == 200  # 25,000 rows
    tabular_wall, tabular.WALL = tabular.WALL, 1000
    try:
        (error,) = get.json(f"{long}?strict=true", 403)["errors"]
        assert error["title"] == "Output is too long"
        assert error["detail"].startswith("The output has more than 1000 rows")
        assert get(long).status == 200
    finally:
        tabular.WALL = tabular_wall


def test_every_dataset_may_be_aggregated(get: Client) -> None:
    assert sorted(get.json("/api/aggregation-exceptions/")) == ["aaaaaaaaaaaa", "bbbbbbbbbbbb", "cccccccccccc"]


def test_a_repeated_question_is_answered_without_a_worker(town: Any, pool: Any) -> None:
    cache = Cache(1 << 20)
    first = Client(town, pool, cache)(f"{HERE}data/?Annee__exact=1950")

    class Nobody:
        def __getattr__(self, name: str) -> Any:
            raise AssertionError(name)

    again = Client(town, Nobody(), cache)(f"{HERE}data/?Annee__exact=1950")
    assert again.body == first.body
    assert (
        Client(town, Nobody(), cache)(f"{HERE}data/?Annee__exact=1950", if_none_match=first.headers["etag"]).status
        == 304
    )


def test_shapes_have_no_other_operators_than_being_there(get: Client) -> None:
    swagger = get.json("/api/resources/bbbbbbbbbbbb/swagger/")
    (parameters,) = [p["get"]["parameters"] for path, p in swagger["paths"].items() if path.endswith("/data/")]
    names = {p["name"] for p in parameters}
    assert "Geometry__isnull" in names
    assert "Geometry__exact" not in names
    assert {"Surface__avg", "Parcelle__groupby", "page_size"} <= names
    assert "Parcelle__avg" not in names
    rows = get.json("/api/resources/bbbbbbbbbbbb/data/?Geometry__isnull")["data"]
    assert [row["Parcelle"] for row in rows] == ["vide"]
