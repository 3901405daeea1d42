"""Archives of any usual kind, the parts of layers in them, deliveries of urban planning; bombs and traps are stopped."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from pyogrio.raw import write

from parvis import pipeline
from parvis.errors import InputError, LimitError, ParvisError
from parvis.tables.read import read
from parvis.tables.table import Limits
from parvis.values import Parcel, Severity
from reading import cells, codes, places, told

CSV = b"nom;places\nHalle;300\nFoyer;80\n"
L93 = shapely.Point(652381, 6862047)


def zipped(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def tarred(members: dict[str, bytes], mode: str = "w", **more: Any) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:  # type: ignore[call-overload]  # the mode is a variable
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            for key, value in more.items():
                setattr(info, key, value)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("salles.csv.gz", gzip.compress(CSV)),
        ("salles.csv.bz2", bz2.compress(CSV)),
        ("salles.csv.xz", lzma.compress(CSV)),
        ("salles.zip", zipped({"salles.csv": CSV})),
        ("salles.tar", tarred({"salles.csv": CSV})),
        ("salles.tar.gz", tarred({"salles.csv": CSV}, "w:gz")),
        ("salles.tgz", tarred({"dossier/salles.csv": CSV, "._salles.csv": b"x"}, "w:gz")),
        ("salles.tar.xz", tarred({"salles.csv": CSV}, "w:xz")),
        ("deux.gz", gzip.compress(CSV[:12]) + gzip.compress(CSV[12:])),
        ("bourre.gz", gzip.compress(CSV) + b"\x00" * 512),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_archives_of_any_usual_kind_are_opened(name: str, content: bytes, tmp_path: Path) -> None:
    sink = told(tmp_path, content, name)
    assert cells(sink) == [{"nom": "Halle", "places": "300"}, {"nom": "Foyer", "places": "80"}]
    assert sink.tables[0].format == "csv"


def test_files_of_the_same_name_keep_apart(tmp_path: Path) -> None:
    sink = told(tmp_path, zipped({"2024/salles.csv": CSV, "2025/salles.csv": CSV}), "salles.zip")
    assert [t.name for t in sink.tables] == ["salles.csv", "2025/salles.csv"]


def test_documents_beside_data_are_said_and_alone_are_read(tmp_path: Path) -> None:
    row = (
        "<w:tr><w:tc><w:p><w:r><w:t>{}</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>{}</w:t></w:r></w:p></w:tc></w:tr>"
    )
    body = "".join(row.format(*pair) for pair in (("Salle", "Places"), ("Halle", "300"), ("Foyer", "80")))
    word = zipped(
        {"word/document.xml": f'<w:document xmlns:w="w"><w:body><w:tbl>{body}</w:tbl></w:body></w:document>'.encode()}
    )
    sink = told(tmp_path, zipped({"salles.csv": CSV, "notice.docx": word}), "salles.zip")
    assert [t.format for t in sink.tables] == ["csv"]
    assert "archive.documents" in codes(sink)
    (tmp_path / "work").rename(tmp_path / "before")
    sink = told(tmp_path, zipped({"salles.docx": word}), "salles.zip")
    assert [t.format for t in sink.tables] == ["docx"]


# --- Layers in parts ------------------------------------------------------------------------------


def layer(folder: Path, name: str, count: int = 3, **options: Any) -> list[Path]:
    """Write a shapefile in Lambert-93 and return its files."""
    shapes = shapely.to_wkb(np.array([shapely.Point(L93.x + n, L93.y) for n in range(count)]))
    fields = np.array([f"Lieu {n} été" for n in range(count)], object)
    write(folder / f"{name}.shp", shapes, [fields], ["NOM"], geometry_type="Point", crs="EPSG:2154", **options)
    return sorted(folder.glob(f"{name}.*"))


@pytest.mark.parametrize("missing", [".prj", ".cpg", ".shx", ".dbf", ""])
def test_a_loose_shapefile_is_read_with_the_parts_that_lie_beside_it(missing: str, tmp_path: Path) -> None:
    folder = tmp_path / "couche"
    folder.mkdir()
    for part in layer(folder, "lieux", encoding="latin1"):
        if part.suffix == missing:
            part.unlink()
    path = folder / "lieux.shp"
    got = read(Parcel(path, path.name, "", path.stat().st_size), tmp_path / "work")
    (table,) = got.tables
    assert (table.rows, table.crs) == (3, "EPSG:2154")
    if missing != ".dbf":
        assert table.labels == ("NOM",)
    said = {f.code: f.severity for f in got.findings}
    assert said.get("geo.no_system") == (Severity.BLOCK if missing == ".prj" else None)
    assert ("shapefile.no_dbf" in said) == (missing == ".dbf")
    assert sorted(p.suffix for p in folder.iterdir()) == sorted({".cpg", ".dbf", ".prj", ".shp", ".shx"} - {missing})


def test_a_lone_dbf_is_a_table(tmp_path: Path) -> None:
    layer(tmp_path, "lieux")
    (tmp_path / "lieux.shp").unlink()
    with pipeline.opened(tmp_path / "lieux.dbf") as (reception, tables):
        assert not reception.refused
        assert tables[0].preparation.profile.columns[0].label == "NOM"


def test_a_lone_shp_gives_its_shapes(tmp_path: Path) -> None:
    layer(tmp_path, "lieux")
    sink = told(tmp_path, (tmp_path / "lieux.shp").read_bytes(), "lieux.shp")
    assert places(sink)[0] == (2.351, 48.857)
    assert {"shapefile.no_dbf", "geo.no_system"} <= set(codes(sink))


def test_a_mif_without_its_mid_says_what_is_missing(tmp_path: Path) -> None:
    shape = shapely.to_wkb(np.array([L93]))
    fields = [np.array(["Halle"], object)]
    path = tmp_path / "lieux.mif"
    write(path, shape, fields, ["NOM"], geometry_type="Point", crs="EPSG:2154", driver="MapInfo File", FORMAT="MIF")
    whole = read(Parcel(path, path.name, "", 1), tmp_path / "whole")
    assert ([t.crs for t in whole.tables], whole.findings) == (["EPSG:2154"], ())
    path.with_suffix(".mid").unlink()
    alone = read(Parcel(path, path.name, "", 1), tmp_path / "alone")
    assert [f.code for f in alone.findings] == ["mapinfo.no_mid"]


# --- Deliveries of urban planning -----------------------------------------------------------------


def delivery(tmp_path: Path, folder: str, layers: dict[str, str], *more: str) -> bytes:
    members: dict[str, bytes] = {f"{folder}/{name}": b"%PDF-1.4 piece" for name in more}
    for name in layers:
        for part in layer(tmp_path, name):
            members[f"{folder}/Donnees_geographiques/{part.name}"] = part.read_bytes()
    return zipped(members)


def test_a_plan_names_its_layers_and_says_its_pieces(tmp_path: Path) -> None:
    content = delivery(
        tmp_path,
        "01234_PLU_20240315",
        {"01234_ZONE_URBA_20240315": "", "01234_PRESCRIPTION_SURF_20240315": ""},
        "Pieces_ecrites/3_Reglement/01234_reglement_20240315.pdf",
        "Pieces_ecrites/2_PADD/01234_padd_20240315.pdf",
    )
    sink = told(tmp_path, content, "01234_PLU_20240315.zip")
    assert {t.name for t in sink.tables} == {"ZONE_URBA", "PRESCRIPTION_SURF"}
    said = {f.code: f.text for f in sink.findings}
    assert "15/03/2024" in said["cnig.delivery"]
    assert "plan local d'urbanisme" in said["cnig.delivery"]
    assert "règlement (1)" in said["cnig.documents"]


def test_easements_are_told_by_their_layers(tmp_path: Path) -> None:
    content = delivery(
        tmp_path, "123456789_AC1_01_20240315", {"AC1_ASSIETTE_SUP_S": "", "AC1_GENERATEUR_SUP_S": ""}, "Actes/acte.pdf"
    )
    sink = told(tmp_path, content, "sup.zip")
    assert {t.name for t in sink.tables} == {"AC1_ASSIETTE_SUP_S", "AC1_GENERATEUR_SUP_S"}
    assert "servitudes" in next(f.text for f in sink.findings if f.code == "cnig.delivery")


def test_an_ordinary_archive_is_no_delivery(tmp_path: Path) -> None:
    sink = told(tmp_path, zipped({"ZONE.csv": CSV, "PLU.csv": CSV}), "a.zip")
    assert "cnig.delivery" not in codes(sink)


@pytest.mark.shared
def test_real_deliveries_say_what_they_are(shared: Path, tmp_path: Path) -> None:
    for path in (shared / "data/urbanisme/plu-cnig").glob("*.zip"):
        got = read(Parcel(path, path.name, "", path.stat().st_size), tmp_path / path.stem)
        assert {"cnig.delivery", "cnig.documents"} <= {f.code for f in got.findings}
        assert all("." not in t.name for t in got.tables)


# --- Hostile archives -----------------------------------------------------------------------------

ZEROS = b"0;" * (150 << 19)
HOSTILE = {
    "bomb.gz": gzip.compress(ZEROS),
    "bomb.bz2": bz2.compress(ZEROS),
    "bomb.xz": lzma.compress(ZEROS),
    "bomb.tar.gz": tarred({"a.csv": ZEROS}, "w:gz"),
    "cut.bz2": bz2.compress(CSV * 50)[:40],
    "cut.xz": lzma.compress(CSV * 50)[:60],
    "cut.tar": tarred({"a.csv": CSV * 2000})[:9000],
    "false.bz2": b"BZh9" + b"\x00" * 50,
    "false.xz": b"\xfd7zXZ\x00" + b"\xff" * 50,
    "up.tar": tarred({"../../salles.csv": CSV}),
    "root.tar": tarred({"/etc/salles.csv": CSV}),
    "link.tar": tarred({"lien.csv": b""}, type=tarfile.SYMTYPE, linkname="/etc/passwd"),
    "hard.tar": tarred({"lien.csv": b""}, type=tarfile.LNKTYPE, linkname="/etc/passwd"),
    "device.tar": tarred({"zero.csv": b""}, type=tarfile.CHRTYPE, devmajor=1, devminor=5),
    "many.tar": tarred({f"{n}.csv": CSV for n in range(501)}),
    "nested.gz": gzip.compress(gzip.compress(gzip.compress(CSV))),
    "nested.tgz": gzip.compress(tarred({"a.zip": zipped({"b.zip": zipped({"c.csv": CSV})})})),
    "empty.tar": tarred({"a": b""}),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_archive_is_refused_in_french(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(HOSTILE[name])
    got = read(Parcel(path, name, "", path.stat().st_size), tmp_path / "read", Limits(seconds=40))
    assert not got.tables
    assert said(got.findings)
    assert "d'une forme que Parvis ne connaît pas encore" not in str([f.text for f in got.findings]), (
        "an unforeseen error"
    )
    assert [p for p in (tmp_path / "read").iterdir() if p.stat().st_size > 1 << 20] == []


def said(findings: Any) -> bool:
    return any(f.severity in (Severity.REFUSE, Severity.WARN) for f in findings)


@pytest.mark.parametrize("name", ["bomb.gz", "bomb.bz2", "bomb.xz", "bomb.tar.gz"])
def test_a_bomb_is_stopped_by_what_comes_out(name: str, tmp_path: Path) -> None:
    with pytest.raises(LimitError, match="limite"):
        told(tmp_path, HOSTILE[name], name)


def test_a_giant_xz_dictionary_is_refused(tmp_path: Path) -> None:
    wide = lzma.compress(CSV, filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 30}])
    with pytest.raises((InputError, ParvisError), match="endommagé"):
        told(tmp_path, wide, "salles.csv.xz")
