"""Parquet: every type to text, shapes of GeoParquet to WGS84, damaged files refused."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pyproj
import pytest
import shapely

import reading
from parvis.errors import InputError, LimitError
from parvis.tables.sink import Sink
from parvis.tables.table import Limits
from reading import cells, codes, places


def told(tmp_path: Path, table: pa.Table, limits: Limits | None = None) -> Sink:
    pq.write_table(table, tmp_path / "t.parquet")
    return reading.of(tmp_path, tmp_path / "t.parquet", "table", limits)


def test_every_type_becomes_the_text_that_a_person_reads(tmp_path: Path) -> None:
    table = pa.table(
        {
            "texte": pa.array(["01", "", None]).dictionary_encode(),
            "entier": pa.array([12, None, -3]),
            "réel": pa.array([1.5, float("nan"), 270.0]),
            "montant": pa.array([Decimal("10.50"), None, Decimal("0.10")]),
            "oui": [True, False, None],
            "jour": [dt.date(2024, 3, 1), None, None],
            "instant": pa.array([dt.datetime(2024, 3, 1, 8, 30), None, None], pa.timestamp("us")),  # noqa: DTZ001  no zone in a cell
            "liste": [["a", "b"], None, []],
            "octets": pa.array([b"caf\xc3\xa9", None, b"x"]),
            "vide": pa.nulls(3),
        }
    )
    first, second, third = cells(told(tmp_path, table))
    assert first == {
        "texte": "01", "entier": "12", "réel": "1.5", "montant": "10.50", "oui": "true", "jour": "2024-03-01",
        "instant": "2024-03-01 08:30:00", "liste": '["a", "b"]', "octets": "café", "vide": None,
    }  # fmt: skip
    assert (second["texte"], second["réel"], third["réel"], third["montant"]) == (None, None, "270", "0.10")


def test_the_shapes_of_a_geoparquet_are_brought_to_wgs84(tmp_path: Path) -> None:
    crs = pyproj.CRS.from_epsg(2154).to_json_dict()
    about = {
        "version": "1.1.0",
        "primary_column": "lieu",
        "columns": {"lieu": {"encoding": "WKB", "geometry_types": [], "crs": crs}},
    }
    table = pa.table({"nom": ["Halle"], "lieu": [shapely.to_wkb(shapely.Point(586251.2, 6208406.5))]})
    sink = told(tmp_path, table.replace_schema_metadata({"geo": json.dumps(about)}))
    assert cells(sink) == [{"nom": "Halle"}]
    assert places(sink) == [(1.607, 42.966)]
    assert sink.tables[0].crs == "EPSG:2154"


@pytest.mark.parametrize(
    "geo",
    [
        "{",
        "[]",
        '{"primary_column": 3}',
        '{"primary_column": "nom", "columns": {"nom": {"encoding": "WKB"}}}',
        '{"primary_column": "absent", "columns": {"absent": {"encoding": "WKB"}}}',
    ],
)
def test_false_geographic_metadata_stop_nothing(tmp_path: Path, geo: str) -> None:
    sink = told(tmp_path, pa.table({"nom": ["Halle"]}).replace_schema_metadata({"geo": geo}))
    assert cells(sink) == [{"nom": "Halle"}]


def test_binary_columns_are_left_empty_and_said(tmp_path: Path) -> None:
    sink = told(tmp_path, pa.table({"nom": ["a"], "photo": [b"\xff\xd8\xff"]}))
    assert cells(sink) == [{"nom": "a", "photo": None}]
    assert codes(sink) == ["parquet.bytes"]


@pytest.mark.parametrize("cut", [4, 20, -1, -8, -200])
def test_a_damaged_file_is_refused(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"n": list(range(1000))}), path)
    with pytest.raises(InputError, match="endommagé"):
        reading.told(tmp_path, path.read_bytes()[:cut], "t.parquet")


def test_overwritten_pages_are_refused_or_read_but_never_crash(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"nom": [f"lieu {n}" for n in range(5000)]}), path)
    data = bytearray(path.read_bytes())
    for place in range(10, len(data) - 600, 37):
        data[place] ^= 0x5A
    with pytest.raises(InputError, match="endommagé"):
        reading.told(tmp_path, bytes(data), "t.parquet")


def test_too_many_rows_or_columns_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LimitError, match="lignes"):
        told(tmp_path, pa.table({"n": list(range(1000))}), Limits(rows=500))
    with pytest.raises(LimitError, match="colonnes"):
        reading.told(tmp_path / "..", (tmp_path / "t.parquet").read_bytes(), "t.parquet", Limits(columns=0))
