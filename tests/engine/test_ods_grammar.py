"""A generated corpus of ODSQL, valid and broken, against an oracle in plain Python over the same rows.

``PARVIS_CORPUS`` says how many questions; 5,000 are asked before a release.
"""

from __future__ import annotations

import datetime as dt
import math
import os
import random
import re
import statistics
import unicodedata
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest
import shapely
from tests.engine.test_ods import NOW, TREES, Client

from parvis.dialects import odsql
from parvis.dialects.odsql import OdsqlError

COUNT = int(os.environ.get("PARVIS_CORPUS", "400"))
Row = dict[str, Any]
Test = tuple[str, Callable[[Row], bool]]
Value = tuple[str, Callable[[Row], Any]]


def folded(text: str) -> str:
    plain = unicodedata.normalize("NFD", text.lower())
    return unicodedata.normalize("NFC", "".join(c for c in plain if not unicodedata.combining(c)))


def words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", folded(text))


def quoted(rng: random.Random, text: str) -> str:
    mark = rng.choice("'\"")
    return mark + text.replace("\\", "\\\\").replace(mark, "\\" + mark) + mark


def levenshtein(a: str, b: str) -> int:
    line = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        last, line[0] = line[0], i
        for j, y in enumerate(b, 1):
            last, line[j] = line[j], min(line[j] + 1, line[j - 1] + 1, last + (x != y))
    return line[-1]


def nearly(text: Any, asked: str) -> bool:
    if text is None:
        return not words(asked)
    held, wanted = words(text), words(asked)
    for place, word in enumerate(wanted):
        most = 2 if len(word) > 5 else 1 if len(word) > 2 else 0
        if not any(levenshtein(h, word) <= most or (place == len(wanted) - 1 and h.startswith(word)) for h in held):
            return False
    return True


def metres(a: tuple[float, float], b: tuple[float, float]) -> float:
    (x1, y1), (x2, y2) = (tuple(map(math.radians, p)) for p in (a, b))
    half = math.sin((y2 - y1) / 2) ** 2 + math.cos(y1) * math.cos(y2) * math.sin((x2 - x1) / 2) ** 2
    return 2 * 6_371_008.8 * math.asin(math.sqrt(half))


COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b, ":": lambda a, b: a == b, "!=": lambda a, b: a != b, "<>": lambda a, b: a != b,
    "<": lambda a, b: a < b, "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
}  # fmt: skip


def compared(value: Callable[[Row], Any], sign: str, other: Callable[[Row], Any]) -> Callable[[Row], bool]:
    def true(row: Row) -> bool:
        a, b = value(row), other(row)
        return a is not None and b is not None and COMPARED[sign](a, b)

    return true


class Corpus:
    """Questions at random, each with what it says of a row."""

    def __init__(self, seed: int, rows: list[Row]) -> None:
        self.rng, self.rows = random.Random(seed), rows

    def cell(self, name: str) -> Any:
        return next(v for v in iter(lambda: self.rng.choice(self.rows)[name], object()) if v is not None)

    def word(self, text: str) -> str:
        return "".join(c.upper() if self.rng.random() < 0.3 else c for c in text)

    def space(self) -> str:
        return self.rng.choice([" ", "  ", "\n", "\t "])

    def condition(self, depth: int = 0) -> Test:
        turn = self.rng.random()
        if depth < 3 and turn < 0.5:
            kind = self.rng.choice(["and", "or", "not", "("])
            left = self.condition(depth + 1)
            if kind == "not":
                return f"{self.word('not')} ({left[0]})", lambda r: not left[1](r)
            if kind == "(":
                return f"({left[0]})", left[1]
            right = self.condition(depth + 1)
            text = f"({left[0]}){self.space()}{self.word(kind)}{self.space()}({right[0]})"
            if kind == "and":
                return text, lambda r: left[1](r) and right[1](r)
            return text, lambda r: left[1](r) or right[1](r)
        return self.rng.choice(
            [self.text, self.number, self.date, self.moment, self.flag, self.listed, self.interval, self.empty, self.like,
             self.start, self.fuzzy, self.full, self.place, self.shape, self.calculated, self.part, self.length]
        )()  # fmt: skip

    def sign(self) -> str:
        return self.rng.choice(list(COMPARED))

    def text(self) -> Test:
        name, sign = self.rng.choice(["essence", "quartier", "code"]), self.sign()
        value = self.cell(name) if self.rng.random() < 0.8 else "nulle part"
        return f"{name}{sign}{quoted(self.rng, value)}", compared(lambda r: r[name], sign, lambda r: value)

    def number(self) -> Test:
        name, sign = self.rng.choice(["annee", "hauteur"]), self.sign()
        value = self.cell(name) + self.rng.choice([0, 0, 1, 0.5, -3])
        return f"{name} {sign} {value}", compared(lambda r: r[name], sign, lambda r: value)

    def date(self) -> Test:
        sign, value = self.sign(), self.cell("plante_le")
        form = self.rng.choice(
            ["date'{:%Y-%m-%d}'", "date'{:%Y/%m/%d}'", "'{:%Y-%m-%d}'", "date'{:%Y/%m}'", "date'{:%Y}'"]
        )
        if form.endswith("%m}'"):
            value = value.replace(day=1)
        if form.endswith("%Y}'"):
            value = value.replace(day=1, month=1)
        return f"plante_le {sign} {form.format(value)}", compared(lambda r: r["plante_le"], sign, lambda r: value)

    def moment(self) -> Test:
        sign, value = self.sign(), self.cell("releve")
        zone = self.rng.choice(["", "Z", "+00:00"])
        return f"releve{sign}date'{value.isoformat()}{zone}'", compared(lambda r: r["releve"], sign, lambda r: value)

    def flag(self) -> Test:
        said, wanted = self.rng.choice(
            [
                ("remarquable", True),
                ("remarquable is true", True),
                ("remarquable = true", True),
                ("remarquable is false", False),
            ]
        )
        return said, lambda r: r["remarquable"] is wanted

    def listed(self) -> Test:
        name = self.rng.choice(["essence", "annee", "code"])
        values = [self.cell(name) for _ in range(self.rng.randint(1, 5))]
        said = ", ".join(quoted(self.rng, v) if isinstance(v, str) else str(v) for v in values)
        negative = self.rng.random() < 0.3
        word = f"{self.word('not')} {self.word('in')}" if negative else self.word("in")
        return f"{name} {word} ({said})", lambda r: (r[name] in values) is not negative

    def interval(self) -> Test:
        name = self.rng.choice(["annee", "hauteur", "plante_le"])
        low, high = sorted((self.cell(name), self.cell(name)))
        first, last = self.rng.choice("[]"), self.rng.choice("[]")
        between = self.rng.choice(["..", " TO ", " .. "])

        def said(value: Any) -> str:
            return f"date'{value.isoformat()}'" if isinstance(value, dt.date) else str(value)

        def true(row: Row) -> bool:
            v = row[name]
            above = v is not None and (v >= low if first == "[" else v > low)
            return above and (v <= high if last == "]" else v < high)

        return f"{name} in {first}{said(low)}{between}{said(high)}{last}", true

    def empty(self) -> Test:
        name = self.rng.choice(["essence", "hauteur", "plante_le", "remarquable"])
        if self.rng.random() < 0.5:
            return f"{name} {self.word('is null')}", lambda r: r[name] is None
        return f"{name} {self.word('is not null')}", lambda r: r[name] is not None

    def like(self) -> Test:
        name = self.rng.choice(["essence", "quartier"])
        text = self.cell(name)
        start = self.rng.randrange(len(text))
        piece = text[start : start + self.rng.randint(1, 5)].replace("%", "").replace("*", "") or "e"
        if self.rng.random() < 0.6:
            said = quoted(self.rng, f"%{piece}%")
            return f"{name} LIKE {said}", lambda r: r[name] is not None and folded(piece) in folded(r[name])
        word = self.rng.choice(words(text))
        return f"{name} like {quoted(self.rng, word)}", lambda r: r[name] is not None and word in words(r[name])

    def start(self) -> Test:
        text = self.cell("essence")[: self.rng.randint(1, 4)]
        said = quoted(self.rng, text)
        return f"startswith(essence, {said})", lambda r: r["essence"] is not None and r["essence"].startswith(text)

    def fuzzy(self) -> Test:
        text = self.rng.choice(words(self.cell("essence")))
        if len(text) > 4:
            spot = self.rng.randrange(len(text))
            text = text[:spot] + self.rng.choice("aeiox") + text[spot + self.rng.randint(0, 1) :]
        name = self.rng.choice(["search", "suggest"])
        return f"{name}(essence, {quoted(self.rng, text)})", lambda r: nearly(r["essence"], text)

    def full(self) -> Test:
        text = self.rng.choice(words(self.cell("essence")))

        def true(row: Row) -> bool:
            line = " ".join(folded(row[n]) for n in ("code", "essence", "quartier") if row[n] is not None)
            return text in line

        return quoted(self.rng, text), true

    def place(self) -> Test:
        here = (round(self.rng.uniform(2, 2.25), 3), round(self.rng.uniform(48, 48.2), 3))

        def at(row: Row) -> Any:
            return None if None in (row["longitude"], row["latitude"]) else (row["longitude"], row["latitude"])

        if self.rng.random() < 0.5:
            far, unit = self.rng.choice([(500, "m"), (2, "km"), (3.5, "km"), (1, "mi"), (4000, "ft")])
            limit = far * {"m": 1, "km": 1000, "mi": 1609.344, "ft": 0.3048}[unit]
            text = f"within_distance(geo_point_2d, geom'POINT({here[0]} {here[1]})', {far}{unit})"
            return text, lambda r: (p := at(r)) is not None and metres(here, p) <= limit
        box = (here[1], here[0], here[1] + 0.07, here[0] + 0.06)
        text = f"in_bbox(geo_point_2d, {box[0]}, {box[1]}, {box[2]}, {box[3]})"
        return text, lambda r: (p := at(r)) is not None and box[1] <= p[0] <= box[3] and box[0] <= p[1] <= box[2]

    def shape(self) -> Test:
        ring = [(2.0, 48.0), (2.2, 48.013), (2.113, 48.15), (2.0, 48.1)]
        shift = self.rng.random() / 10
        ring = [(round(x + shift, 4), y) for x, y in ring]
        area = shapely.Polygon(ring)
        name = self.rng.choice(["within", "intersects", "disjoint", "polygon"])

        def true(row: Row) -> bool:
            if None in (row["longitude"], row["latitude"]):
                return name == "disjoint"
            point = shapely.Point(row["longitude"], row["latitude"])
            inside = bool(
                shapely.contains(area, point) if name in ("within", "polygon") else shapely.intersects(area, point)
            )
            return inside is not (name == "disjoint")

        return f"{name}(geo_point_2d, geom'{area.wkt}')", true

    def value(self, depth: int = 0) -> Value:
        if depth < 2 and self.rng.random() < 0.6:
            (a, f), (b, g), sign = self.value(depth + 1), self.value(depth + 1), self.rng.choice("+-*/")

            def calculate(row: Row) -> Any:
                x, y = f(row), g(row)
                if x is None or y is None or (sign == "/" and y == 0):
                    return None
                return {"+": x + y, "-": x - y, "*": x * y, "/": x / y if y else None}[sign]

            return f"({a} {sign} {b})", calculate
        if self.rng.random() < 0.4:
            number = self.rng.choice([0, 1, 2, 10, 0.5])
            return str(number), lambda r: number
        name = self.rng.choice(["annee", "hauteur"])
        return name, lambda r: r[name]

    def calculated(self) -> Test:
        (a, f), sign = self.value(), self.rng.choice(["<", "<=", ">", ">="])
        limit = self.rng.choice([3.14159, 1000.31, 77.7, -0.777])
        return f"{a} {sign} {limit}", compared(f, sign, lambda r: limit)

    def part(self) -> Test:
        name, sign = self.rng.choice(["year", "month", "day"]), self.sign()
        value = getattr(self.cell("plante_le"), name)
        return f"{name}(plante_le) {sign} {value}", compared(
            lambda r: getattr(r["plante_le"], name) if r["plante_le"] else None, sign, lambda r: value
        )

    def length(self) -> Test:
        sign, value = self.sign(), len(self.cell("essence"))
        return f"length(essence){sign}{value}", compared(
            lambda r: len(r["essence"]) if r["essence"] is not None else None, sign, lambda r: value
        )


@pytest.fixture
def get(town: Any, pool: Any) -> Client:
    return Client(town, pool)


@pytest.mark.parametrize("part", range(4))
def test_every_valid_question_gets_the_rows_of_plain_python(get: Client, town: Any, part: int) -> None:
    corpus = Corpus(part, town.rows)
    for _ in range(COUNT // 4):
        text, true = corpus.condition()
        told = get.json(f"{TREES}/records", where=text, limit=100, select="code")
        wanted = [r["code"] for r in town.rows if true(r)]
        assert told["total_count"] == len(wanted), text
        assert [r["code"] for r in told["results"]] == wanted[:100], text


def test_every_broken_question_gets_the_fault_of_the_contract_or_rows(get: Client, town: Any) -> None:
    corpus = Corpus(99, town.rows)
    rng, faults = random.Random(5), 0
    for _ in range(COUNT // 2):
        text = corpus.condition()[0]
        spot = rng.randrange(len(text))
        text = rng.choice(
            [text[:spot], text[:spot] + rng.choice("()'\"[]`,;+*%§\\") + text[spot:], text[:spot] + text[spot + 2 :],
             text[spot:], text.replace("(", "", 1), f"{text} {text}", f"{text} and", f"or {text}", f"essence {text}"]
        )  # fmt: skip
        clause = rng.choice(["where", "where", "select", "group_by", "order_by"])
        asked: dict[str, Any] = {clause: text, "limit": 1}
        response = get(f"{TREES}/records", **asked)
        assert response.status in (200, 400), (clause, text, response.body)
        if response.status == 400:
            faults += 1
            assert isinstance(response.body, bytes)
            assert b'"error_code":"ODSQLError","message":"ODSQL query is malformed: ' in response.body, (clause, text)
    assert faults > COUNT // 8


def test_every_group_gets_the_figures_of_plain_python(get: Client, town: Any) -> None:
    rng = random.Random(7)
    keys: list[tuple[str, Callable[[Row], Any]]] = [
        ("essence", lambda r: r["essence"]),
        ("remarquable", lambda r: r["remarquable"]),
        ("year(plante_le)", lambda r: r["plante_le"].year if r["plante_le"] else None),
        ("month(plante_le)", lambda r: r["plante_le"].month if r["plante_le"] else None),
        ("date_format(plante_le, 'yyyy-MM')", lambda r: f"{r['plante_le']:%Y-%m}" if r["plante_le"] else None),
        ("range(plante_le, 1 month)", lambda r: r["plante_le"].replace(day=1).isoformat() if r["plante_le"] else None),
        ("range(plante_le, 1 y)", lambda r: r["plante_le"].replace(day=1, month=1).isoformat() if r["plante_le"] else None),
        ("range(hauteur, *, 10, 20, *)", lambda r: None if r["hauteur"] is None else "]*, 10[" if r["hauteur"] < 10
         else "[10, 20[" if r["hauteur"] < 20 else "[20, *["),
        ("range(annee, 10)", lambda r: None if r["annee"] is None else "[{}, {}[".format(a := r["annee"] // 10 * 10, a + 10)),
        ("length(essence)", lambda r: len(r["essence"]) if r["essence"] else None),
    ]  # fmt: skip
    figures: list[tuple[str, Callable[[list[Row]], Any]]] = [
        ("count(*)", len),
        ("count(hauteur)", lambda rows: sum(r["hauteur"] is not None for r in rows)),
        ("count(distinct quartier)", lambda rows: len({r["quartier"] for r in rows if r["quartier"] is not None})),
        ("sum(annee)", lambda rows: sum(h) if (h := [r["annee"] for r in rows if r["annee"] is not None]) else None),
        ("avg(hauteur)", lambda rows: statistics.fmean(h) if (h := heights(rows)) else None),
        ("min(hauteur)", lambda rows: min(heights(rows), default=None)),
        (
            "max(plante_le)",
            lambda rows: max((r["plante_le"].isoformat() for r in rows if r["plante_le"]), default=None),
        ),
        ("median(hauteur)", lambda rows: statistics.median(h) if (h := heights(rows)) else None),
    ]
    for _ in range(max(COUNT // 10, 20)):
        chosen = rng.sample(keys, rng.randint(1, 2))
        label, figure = rng.choice(figures)
        groups: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
        for row in town.rows:
            groups[tuple(f(row) for _, f in chosen)].append(row)
        by = ", ".join(f"{k} as k{n}" for n, (k, _) in enumerate(chosen))
        rows = get.rows(TREES, group_by=by, select=f"{label} as f", limit=20_000)
        found = {tuple(r[f"k{n}"] for n in range(len(chosen))): r["f"] for r in rows}
        assert set(found) == set(groups), by
        for key, held in groups.items():
            wanted = figure(held)
            assert found[key] == (pytest.approx(wanted) if isinstance(wanted, float) else wanted), (by, label, key)


def heights(rows: list[Row]) -> list[float]:
    return [r["hauteur"] for r in rows if r["hauteur"] is not None]


# --- The words of the language --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        ("yyyy-MM-dd", "%Y-%m-%d"), ("d/M/yy", "%-d/%-m/%y"), ("'le' dd", "le %d"), ("HH'h'mm", "%Hh%M"), ("''", "'"),
        ("ww xxxx", "%V %G"), ("100%", "100%%"), ("Q", None), ("'le", None),
    ],
)  # fmt: skip
def test_letters_of_dates_become_those_of_the_engine(pattern: str, wanted: str | None) -> None:
    assert odsql.engine_format(pattern) == wanted


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        ([], "2026-07-01T12:00"), ([("years", -1)], "2025-07-01T12:00"),
        ([("year", 2020), ("month", 2), ("day", 31)], "2020-02-29T12:00"),
        ([("months", 8)], "2027-03-01T12:00"), ([("days", -1), ("hour", 0)], "2026-06-30T00:00"),
        ([("weekday", 0)], "2026-07-06T12:00"), ([("mondays", 1)], "2026-07-06T12:00"), ([("mondays", -1)], "2026-06-29T12:00"),
        ([("wednesdays", 1)], "2026-07-01T12:00"), ([("weeks", 2)], "2026-07-15T12:00"),
    ],
)  # fmt: skip
def test_now_is_moved_as_it_is_told(told: list[tuple[str, int]], wanted: str) -> None:
    assert odsql.shifted(NOW, told).isoformat(timespec="minutes") == wanted + "+00:00"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("essence", odsql.Facet("essence")),
        ('facet(name="a", disjunctive=true)', odsql.Facet("a", disjunctive=True)),
        ('FACET(name="a",hierarchical=true, separator="-", sort="-num", limit=3)', odsql.Facet("a", False, True, "-", "-num", 3)),
    ],
)  # fmt: skip
def test_facets_are_read(text: str, wanted: odsql.Facet) -> None:
    assert odsql.facet(text) == wanted


@pytest.mark.parametrize("text", ['facet(nom="a")', "facet()", 'facet(name="a",sort="x")', 'facet(name="a",limit=-1)'])
def test_a_facet_that_says_nothing_is_a_fault(text: str) -> None:
    with pytest.raises(OdsqlError):
        odsql.facet(text)


def test_columns_are_chosen_by_pattern_label_and_expression(get: Client) -> None:
    assert list(get.rows(TREES, select="include(l*)", limit=1)[0]) == ["longitude", "latitude"]
    assert "code" not in get.rows(TREES, select="exclude(c*)", limit=1)[0]
    assert "longitude" not in get.rows(TREES, select="*, exclude(l*)", limit=1)[0]
    row = get.rows(TREES, select="*, annee + 1 as suivante, annee as `l'an`", where="annee = 1950", limit=1)[0]
    assert (row["suivante"], row["l'an"], row["annee"]) == (1951, 1950, 1950)
    assert (
        get.rows(TREES, select="upper(essence)", where="code='00002'")[0]["upper(essence)"]
        == "TILLEUL À PETITES FEUILLES"
    )


@pytest.mark.parametrize(
    ("language", "wanted"),
    [
        ("fr", "samedi 1 janvier 2000"), ("en", "Saturday 1 January 2000"), ("de", "Samstag 1 Januar 2000"),
        ("es", "sábado 1 enero 2000"),
    ],
)  # fmt: skip
def test_dates_are_written_out_in_the_language_of_the_question(get: Client, language: str, wanted: str) -> None:
    asked = {
        "select": "date_format(plante_le, 'EEEE d MMMM yyyy') as jour",
        "where": "code = '00000'",
        "lang": language,
    }
    assert get.rows(TREES, **asked) == [{"jour": wanted}]
    empty = get.rows(TREES, select="date_format(plante_le, 'EEEE') as jour", where="plante_le is null", limit=1)
    assert empty == [{"jour": None}]
    groups = get.rows(
        TREES, group_by="date_format(plante_le, 'MMM') as mois", select="count(*) as n", lang=language, limit=20
    )
    assert len(groups) == 13
    hours = get.rows(TREES, select="date_format(releve, 'h a') as heure", where="code = '00002'", lang="en")
    assert hours == [{"heure": "8 AM"}]


def test_several_conditions_are_all_to_be_met(get: Client) -> None:
    both = get.json(f"{TREES}/records", where=["annee > 1950", "hauteur < 10"])["total_count"]
    assert both == get.json(f"{TREES}/records", where="annee > 1950 and hauteur < 10")["total_count"]


@pytest.mark.parametrize(
    "where",
    [
        "distance(geo_point_2d, geom'POINT(2.05 48.05)', 2km)",
        "geometry(geo_point_2d, geom'POLYGON((2 48,2.1 48,2.1 48.1,2 48.1,2 48))', INTERSECTS)",
        "geometry(geo_point_2d, geom'POLYGON((2 48,2.1 48,2.1 48.1,2 48.1,2 48))', DISJOINT)",
        "polygon(geo_point_2d, geom'POLYGON((2 48,2.1 48,2.1 48.1,2 48.1,2 48))')",
        "bbox(geo_point_2d, geom'POINT(2 48)', geom'POINT(2.1 48.1)')",
        'intersects(geo_point_2d, geom\'{"type":"Polygon","coordinates":[[[2,48],[2.1,48],[2.1,48.1],[2,48.1],[2,48]]]}\')',
        "within_distance(geo_point_2d, geom'010100000066666666666600406666666666064840', 2km)",
        "plante_le > now(years=-30) and plante_le < now()",
        "`annee` in [1950..]",
    ],
)
def test_older_words_are_still_understood(get: Client, where: str) -> None:
    response = get(f"{TREES}/records", where=where)
    assert response.status == (400 if where.endswith("..]") else 200), response.body
