"""Coordinates in metres in the columns of a spreadsheet make a map, whatever their system and their headers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyproj
import pytest

from parvis import pipeline
from parvis.values import Severity

TOWNS = {  # longitude, latitude of the middle of a town
    2154: (2.35, 48.85),
    27572: (1.9, 47.9),
    3942: (9.15, 41.92),
    3944: (5.37, 43.3),
    3946: (3.08, 45.78),
    3948: (7.75, 48.58),
    3950: (3.06, 50.63),
    5490: (-61.06, 14.6),
    2972: (-52.33, 4.93),
    2975: (55.45, -20.88),
    4471: (45.23, -12.78),
    32631: (4.83, 45.75),
}


def sheet(tmp_path: Path, code: int, labels: tuple[str, str], *, swap: bool = False, comma: bool = True) -> Path:
    """Write sixty places around a town as a CSV in a projection."""
    east, north = TOWNS[code]
    there = pyproj.Transformer.from_crs(4326, code, always_xy=True)
    lines = [f"nom;{labels[0]};{labels[1]}"]
    for n in range(60):
        x, y = there.transform(east + n % 7 / 1000, north + n % 11 / 1000)
        first, second = (y, x) if swap else (x, y)
        cells = [f"{first:.2f}", f"{second:.2f}"]
        lines.append(";".join([f"Lieu {n}", *(c.replace(".", ",") if comma else c for c in cells)]))
    path = tmp_path / "lieux.csv"
    path.write_text("\n".join(lines), "utf-8")
    return path


def seen(path: Path) -> tuple[Any, Any]:
    with pipeline.opened(path) as (_, tables):
        return tables[0].preparation.profile, tables[0].preparation.findings


@pytest.mark.parametrize("code", TOWNS)
def test_metres_in_two_columns_give_points_where_the_town_is(code: int, tmp_path: Path) -> None:
    profile, findings = seen(sheet(tmp_path, code, ("X", "Y")))
    assert profile.point == ("longitude", "latitude")
    west, south, east, north = profile.bbox
    assert abs(west - TOWNS[code][0]) < 0.001
    assert abs(south - TOWNS[code][1]) < 0.001
    assert east - west < 0.01 > north - south - 0.001
    (said,) = [f for f in findings if f.code == "geo.projected_columns"]
    assert said.severity is Severity.WARN  # only the values say so


@pytest.mark.parametrize(
    "labels",
    [("x_l93", "y_l93"), ("Coord X (Lambert 93)", "Coord Y (Lambert 93)"), ("XL93", "YL93"), ("X Lambert93", "Y Lambert93"),
     ("LAMB93_X", "LAMB93_Y")],
)  # fmt: skip
def test_a_header_that_names_the_system_is_believed_when_the_points_fall_there(
    labels: tuple[str, str], tmp_path: Path
) -> None:
    profile, findings = seen(sheet(tmp_path, 2154, labels))
    assert profile.point
    (said,) = [f for f in findings if f.code == "geo.projected_columns"]
    assert said.severity is (Severity.INFO if "LAMB93" not in labels[0] else said.severity)
    assert "Lambert-93" in said.text


@pytest.mark.parametrize(
    "labels",
    [
        ("CoordX", "CoordY"),
        ("Abscisse", "Ordonnée"),
        ("x_coord", "y_coord"),
        ("Est", "Nord"),
        ("XCOORD", "YCOORD"),
        ("LAMBX", "LAMBY"),
        ("coordx", "coordy"),
        ("X (m)", "Y (m)"),
    ],
)
def test_usual_headers_are_known(labels: tuple[str, str], tmp_path: Path) -> None:
    assert seen(sheet(tmp_path, 2154, labels))[0].point


def test_northings_under_x_are_put_right(tmp_path: Path) -> None:
    profile, _ = seen(sheet(tmp_path, 2154, ("X", "Y"), swap=True))
    assert abs(profile.bbox[0] - 2.35) < 0.001


def test_a_header_that_lies_is_not_believed(tmp_path: Path) -> None:
    profile, findings = seen(sheet(tmp_path, 3946, ("X_L93", "Y_L93")))
    assert abs(profile.bbox[1] - 45.78) < 0.001
    (said,) = [f for f in findings if f.code == "geo.projected_columns"]
    assert "CC46" in said.text


def test_rows_without_coordinates_keep_their_place(tmp_path: Path) -> None:
    path = tmp_path / "lieux.csv"
    rows = [f"Lieu {n};{'' if n % 3 else 652000 + n};{'' if n % 3 else 6862000 + n}" for n in range(30)]
    path.write_text("\n".join(["nom;X;Y", *rows, "Zéro;0;0"]), "utf-8")
    with pipeline.opened(path) as (_, tables):
        import pyarrow.parquet as pq

        content = pq.read_table(tables[0].typed).to_pylist()
    assert [bool(r["longitude"]) for r in content] == [n % 3 == 0 for n in range(30)] + [False]
    assert content[0]["nom"] == "Lieu 0"


def test_numbers_that_are_no_place_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "sommes.csv"
    path.write_text("\n".join(["nom;X;Y", *(f"a{n};{n * 10_000};{n * 3000}" for n in range(1, 40))]), "utf-8")
    profile, findings = seen(path)
    assert not profile.point
    assert "geo.projected_columns" not in [f.code for f in findings]
