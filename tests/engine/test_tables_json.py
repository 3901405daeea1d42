"""JSON: the list of objects is found where it stands; NaN, cuts and nesting are mended or refused with a line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import reading
from parvis.errors import InputError
from parvis.tables.sink import Sink
from reading import cells, lines


def told(tmp_path: Path, content: Any) -> Sink:
    return reading.told(tmp_path, content, "liste.json")


ROWS = [{"nom": "Stade", "adresse": {"rue": "des Lilas", "cp": "01000"}}, {"nom": "Halle", "couvert": True}]
FLAT = [
    {"nom": "Stade", "adresse.rue": "des Lilas", "adresse.cp": "01000", "couvert": None},
    {"nom": "Halle", "adresse.rue": None, "adresse.cp": None, "couvert": "true"},
]


@pytest.mark.parametrize(
    "content",
    [
        ROWS,
        {"records": ROWS},
        {"total": 2, "marches": {"marche": ROWS}, "autres": [{"a": 1}]},
        "\n".join(map(json.dumps, ROWS)).encode(),
    ],
)
def test_the_list_of_objects_is_found_and_flattened(tmp_path: Path, content: Any) -> None:
    assert cells(told(tmp_path, content)) == FLAT


def test_a_list_left_aside_is_said(tmp_path: Path) -> None:
    sink = told(tmp_path, {"records": ROWS, "autres": [{"a": 1}]})
    assert ["autres" in f.text for f in sink.findings] == [True]


def test_every_list_of_objects_is_a_table(tmp_path: Path) -> None:
    sent = {
        "lieux": [{"nom": f"Lieu {n}", "places": n} for n in range(4)],
        "tarifs": [{"nom": "a", "prix": 1}, {"nom": "b", "prix": 2}],
    }
    sink = told(tmp_path, sent)
    assert [(t.name, t.rows) for t in sink.tables] == [("", 4), ("tarifs", 2)]
    assert cells(sink, 1)[1] == {"nom": "b", "prix": "2"}


def test_topojson_gives_its_layers(tmp_path: Path) -> None:
    zone = {"type": "Polygon", "arcs": [[0]], "properties": {"nom": "Centre"}}
    arc = [[2.0, 48.0], [2.1, 48.0], [2.1, 48.1], [2.0, 48.0]]
    sent = {
        "type": "Topology",
        "objects": {"zones": {"type": "GeometryCollection", "geometries": [zone]}},
        "arcs": [arc],
    }
    sink = told(tmp_path, sent)
    assert (sink.tables[0].format, sink.tables[0].geometry, cells(sink)[0]["nom"]) == ("topojson", True, "Centre")


def test_numbers_keep_the_digits_that_were_written(tmp_path: Path) -> None:
    assert cells(told(tmp_path, b'[{"a": 12345678901234567890, "b": 1.10, "c": 1e3}]')) == [
        {"a": "12345678901234567890", "b": "1.10", "c": "1e3"}
    ]


def test_lists_of_words_are_joined_and_other_lists_stay_json(tmp_path: Path) -> None:
    assert cells(told(tmp_path, [{"a": ["x", "y"], "b": [{"n": 1}], "c": [], "d": {}}])) == [
        {"a": "x|y", "b": '[{"n": "1"}]', "c": None, "d": None}
    ]


def test_nan_and_infinity_are_left_empty_and_said(tmp_path: Path) -> None:
    sink = told(tmp_path, b'[{"a": NaN, "b": 1}, {"a": 1e500, "b": -Infinity}]')
    assert cells(sink) == [{"a": None, "b": "1"}, {"a": None, "b": None}]
    assert [(f.code, f.count) for f in sink.findings] == [("json.nan", 3)]


def test_lines_are_those_of_the_file_or_ranks_when_it_has_one(tmp_path: Path) -> None:
    assert lines(told(tmp_path, json.dumps(ROWS, indent=1).encode())) == [2, 9]


def test_objects_of_one_line_are_numbered(tmp_path: Path) -> None:
    assert lines(told(tmp_path, ROWS)) == [1, 2]


def test_a_list_of_lists_is_a_grid(tmp_path: Path) -> None:
    assert cells(told(tmp_path, [["nom", "ville"], ["Stade", "Foix"], ["Halle", "Pamiers"]])) == [
        {"nom": "Stade", "ville": "Foix"},
        {"nom": "Halle", "ville": "Pamiers"},
    ]


def test_accents_of_a_faulty_program_are_read(tmp_path: Path) -> None:
    assert cells(told(tmp_path, '[{"nom": "Théâtre d\'été"}]'.encode("cp1252"))) == [{"nom": "Théâtre d'été"}]


@pytest.mark.parametrize("codec", ["utf-16", "utf-8-sig"])
def test_marked_encodings_are_read(tmp_path: Path, codec: str) -> None:
    assert cells(told(tmp_path, json.dumps([{"nom": "été"}], ensure_ascii=False).encode(codec))) == [{"nom": "été"}]


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b'[{"a": 1},\n{"a": ', "ligne 2"),
        (b'[{"a": 1},\n{"a" 2}]', "ligne 2"),
        (b'[{"a": 1}] suite', "ligne 1"),
        (b"[" * 300_000, "emboîte"),
        (b'{"a":' * 300_000, "emboîte"),
        (b'[{"a":' + b"[" * 300_000, "emboîte"),
        (b'{"a": []}', "liste"),
        (b'{"type": "Topology", "objects": {}, "arcs": []}', "TopoJSON"),
        (b'{"$schema": "https://json-schema.org/draft/2020-12/schema", "required": ["a", "b"]}', "schéma"),
        (b'{"a": 1}\n{"a": 2', "ligne 2"),
        (b'[{"a": 0123}]', "ligne 1"),
    ],
)
def test_what_is_no_list_is_refused_with_a_reason(tmp_path: Path, content: bytes, word: str) -> None:
    with pytest.raises(InputError, match=word):
        told(tmp_path, content)
