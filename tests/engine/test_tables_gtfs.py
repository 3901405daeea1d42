"""Timetables: one table per file of the archive, under its French name."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest

import reading
from parvis.errors import InputError, LimitError
from parvis.tables.sink import Sink
from parvis.tables.table import Limits
from reading import cells, codes, lines

STOPS = 'stop_id,stop_name,stop_lat,stop_lon\nA,Mairie,42.9,1.6\nB,"Gare, côté ville",42.95,1.65\n'
FILES = {
    "agency.txt": "agency_id,agency_name\n1,Réseau\n",
    "stops.txt": STOPS,
    "routes.txt": "route_id,route_short_name,route_type\nL1,01,3\n",
    "trips.txt": "route_id,service_id,trip_id\nL1,S,T1\n",
    "stop_times.txt": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\nT1,25:10:00,25:11:00,A,1\n",
    "calendar.txt": "service_id,monday,start_date,end_date\nS,1,20260101,20261231\n",
    "transfers.txt": "from_stop_id,to_stop_id,transfer_type\n",
}


def timetable(tmp_path: Path, limits: Limits | None = None, **more: str | bytes) -> Sink:
    path = tmp_path / "reseau.zip"
    files: dict[str, Any] = FILES | {f"{name}.txt": content for name, content in more.items()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in files.items():
            if content:
                package.writestr(name, content)
    return reading.of(tmp_path, path, limits=limits)


def test_each_file_is_a_table_under_its_french_name(tmp_path: Path) -> None:
    sink = timetable(tmp_path)
    assert [t.name for t in sink.tables] == [
        "Exploitants",
        "Arrêts",
        "Lignes",
        "Courses",
        "Horaires aux arrêts",
        "Calendrier",
    ]
    assert {t.format for t in sink.tables} == {"gtfs"}
    assert cells(sink, 1)[1] == {
        "stop_id": "B",
        "stop_name": "Gare, côté ville",
        "stop_lat": "42.95",
        "stop_lon": "1.65",
    }
    assert cells(sink, 4)[0]["arrival_time"] == "25:10:00"
    assert lines(sink, 1) == [2, 3]
    assert codes(sink) == []


def test_codes_keep_their_zeros_and_empty_cells_are_empty(tmp_path: Path) -> None:
    sink = timetable(tmp_path, routes="route_id,route_short_name,route_long_name\nL1,01,\n")
    assert cells(sink, 2) == [{"route_id": "L1", "route_short_name": "01", "route_long_name": None}]


@pytest.mark.parametrize("codec", ["utf-8-sig", "cp1252"])
def test_accents_are_read_in_other_encodings_too(tmp_path: Path, codec: str) -> None:
    assert cells(timetable(tmp_path, stops=STOPS.encode(codec)), 1)[1]["stop_name"] == "Gare, côté ville"


def test_uneven_lines_are_left_out_and_said(tmp_path: Path) -> None:
    sink = timetable(tmp_path, stops=STOPS + "C,trop court\n")
    assert sink.tables[1].rows == 2
    assert "gtfs.uneven" in codes(sink)


def test_missing_and_foreign_files_are_said(tmp_path: Path) -> None:
    sink = timetable(tmp_path, stop_times="", horaires="a,b\n1,2\n")
    assert set(codes(sink)) == {"gtfs.missing", "gtfs.other_files"}
    assert "stop_times.txt" in sink.findings[-1].text


def test_one_damaged_file_does_not_stop_the_others(tmp_path: Path) -> None:
    sink = timetable(tmp_path, shapes=b'shape_id,"\x00\xff\n"""' + b"\x00" * 50)
    assert "Arrêts" in [t.name for t in sink.tables]


def test_a_timetable_that_swells_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LimitError, match="décompressée"):
        timetable(tmp_path, Limits(expanded=5_000_000), shapes="shape_id,shape_pt_lat\n" + "a,1\n" * 2_000_000)


def test_an_archive_of_other_texts_is_no_timetable(tmp_path: Path) -> None:
    path = tmp_path / "textes.zip"
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("stops.txt", "nom;ville\nHalle;Foix\nStade;Pamiers\n")
    sink = reading.of(tmp_path, path)
    assert [t.format for t in sink.tables] == ["csv"]


@pytest.mark.parametrize("name", ["../stops.txt", "/stops.txt"])
def test_names_that_climb_lead_nowhere(tmp_path: Path, name: str) -> None:
    path = tmp_path / "reseau.zip"
    with zipfile.ZipFile(path, "w") as package:
        for file, content in FILES.items():
            package.writestr(name if file == "stops.txt" else file, content)
    before = set(tmp_path.parent.rglob("*.txt"))
    try:
        reading.of(tmp_path, path)
    except InputError as error:
        assert error.text
    assert set(tmp_path.parent.rglob("*.txt")) == before
