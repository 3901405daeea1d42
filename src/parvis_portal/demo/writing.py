"""The file formats that offices export, written as their programs write them, faults included."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

Row = Sequence[Any]
EPOCH = datetime(2026, 1, 5, 9, 0, 0)  # noqa: DTZ001  (workbook properties have no time zone)
ZIP_DATE = (2026, 1, 5, 9, 0, 0)


def french(value: Any) -> str:
    """Return a cell as a French spreadsheet exports it: decimal comma, day first."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Oui" if value else "Non"
    if isinstance(value, float):
        return f"{value:.2f}".replace(".", ",")
    if isinstance(value, datetime):
        return value.strftime("%d/%m/%Y %H:%M")
    if isinstance(value, date):
        return value.strftime("%d/%m/%Y")
    return str(value)


def plain(value: Any) -> str:
    """Return a cell as a program writes it: decimal point, ISO dates."""
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def csv(
    path: Path,
    rows: Iterable[Row],
    *,
    separator: str = ";",
    encoding: str = "cp1252",
    newline: str = "\r\n",
    cell: Any = french,
) -> None:
    def quoted(text: str) -> str:
        needs = any(c in text for c in (separator, '"', "\n", "\r"))
        return '"' + text.replace('"', '""') + '"' if needs else text

    text = newline.join(separator.join(quoted(cell(c)) for c in row) for row in rows) + newline
    path.write_bytes(text.encode(encoding, "replace"))


def xlsx(path: Path, sheets: Mapping[str, Sequence[Row]], merged: Mapping[str, Sequence[str]] | None = None) -> None:
    """Write a workbook; ``merged`` gives per sheet the ranges to merge ("A1:D1"), their first cell keeping its text.

    A sheet whose name starts with "~" is hidden, under its name without the sign.
    """
    import xlsxwriter

    book = xlsxwriter.Workbook(str(path), {"default_date_format": "dd/mm/yyyy"})
    book.set_properties({"created": EPOCH, "author": "Service communal"})
    bold = book.add_format({"bold": True, "align": "center"})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name.removeprefix("~"))
        if name.startswith("~"):
            sheet.hide()
        for r, row in enumerate(rows):
            for c, value in enumerate(row):
                if value is not None:
                    sheet.write(r, c, value)
        for area in (merged or {}).get(name, ()):
            first = area.split(":")[0]
            column, line = ord(first[0]) - 65, int(first[1:]) - 1
            sheet.merge_range(area, rows[line][column], bold)
    book.close()


def xls(path: Path, sheets: Mapping[str, Sequence[Row]]) -> None:
    import xlwt

    book = xlwt.Workbook(encoding="utf-8")
    day = xlwt.easyxf(num_format_str="DD/MM/YYYY")
    for name, rows in sheets.items():
        sheet = book.add_sheet(name)
        for r, row in enumerate(rows):
            for c, value in enumerate(row):
                if isinstance(value, date):
                    sheet.write(r, c, value, day)
                elif value is not None:
                    sheet.write(r, c, value)
    book.save(str(path))


_ODS = (
    '<?xml version="1.0" encoding="UTF-8"?><office:document-content '
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.3"><office:body>'
    "<office:spreadsheet>{sheets}</office:spreadsheet></office:body></office:document-content>"
)
_ODS_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
_ODS_MANIFEST = (
    '<?xml version="1.0" encoding="UTF-8"?><manifest:manifest '
    'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.3">'
    f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{_ODS_TYPE}"/>'
    '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>'
)


def ods(path: Path, sheets: Mapping[str, Sequence[Row]]) -> None:
    def cell(value: Any) -> str:
        if value is None or value == "":
            return "<table:table-cell/>"
        text = f"<text:p>{escape(french(value))}</text:p>"
        if isinstance(value, int | float) and not isinstance(value, bool):
            return f'<table:table-cell office:value-type="float" office:value="{value}">{text}</table:table-cell>'
        if isinstance(value, date):
            day = f'office:value-type="date" office:date-value="{value.isoformat()}"'
            return f"<table:table-cell {day}>{text}</table:table-cell>"
        return f'<table:table-cell office:value-type="string">{text}</table:table-cell>'

    def table(name: str, rows: Sequence[Row]) -> str:
        lines = "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in rows)
        return f'<table:table table:name="{escape(name)}">{lines}</table:table>'

    content = _ODS.format(sheets="".join(table(n, r) for n, r in sheets.items()))
    zipped(path, {"mimetype": _ODS_TYPE, "META-INF/manifest.xml": _ODS_MANIFEST, "content.xml": content})


def zipped(path: Path, members: Mapping[str, str | bytes]) -> None:
    """Write a zip whose dates do not change; an OpenDocument's ``mimetype`` must come first and bare."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name, ZIP_DATE)
            info.compress_type = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            archive.writestr(info, content)


def geojson(path: Path, features: Iterable[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> None:
    """Write (geometry, properties) pairs as a FeatureCollection."""
    collection = {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "geometry": g, "properties": p} for g, p in features],
    }
    path.write_text(json.dumps(collection, ensure_ascii=False, default=str), "utf-8")


def point(place: tuple[float, float]) -> dict[str, Any]:
    return {"type": "Point", "coordinates": list(place)}


def layer(
    path: Path,
    driver: str,
    name: str,
    geometries: Sequence[Mapping[str, Any]],
    fields: Mapping[str, Sequence[Any]],
    *,
    crs: str = "EPSG:4326",
    encoding: str = "UTF-8",
) -> None:
    """Write one layer through GDAL, reprojected to ``crs``; geometries are GeoJSON in degrees."""
    import numpy as np
    import pyogrio
    import shapely
    from pyproj import Transformer
    from shapely.geometry import shape

    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": "2026-01-05T09:00:00.000Z"})
    project = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform
    shapes = [shapely.transform(shape(g), project, interleaved=False) for g in geometries]
    options: dict[str, Any] = {"encoding": encoding}
    if driver == "ESRI Shapefile":
        options["DBF_DATE_LAST_UPDATE"] = "2026-01-05"
    pyogrio.raw.write(
        path,
        geometry=np.array([shapely.to_wkb(s) for s in shapes], dtype=object),
        field_data=[np.array(v, dtype=object if isinstance(v[0], str) else None) for v in fields.values()],
        fields=list(fields),
        layer=name,
        driver=driver,
        geometry_type=shapes[0].geom_type,
        crs=crs,
        **options,
    )


def shapefile(
    path: Path, name: str, geometries: Sequence[Mapping[str, Any]], fields: Mapping[str, Sequence[Any]]
) -> None:
    """Write a zipped Lambert-93 shapefile with a cp1252 table, as a land-survey office sends it."""
    import tempfile

    with tempfile.TemporaryDirectory() as work:
        target = Path(work) / f"{name}.shp"
        layer(target, "ESRI Shapefile", name, geometries, fields, crs="EPSG:2154", encoding="CP1252")
        zipped(path, {p.name: p.read_bytes() for p in sorted(Path(work).iterdir()) if p.suffix != ".cpg"})


def scanned_pdf(path: Path) -> None:
    """Write a PDF whose only page is a picture: what a copier sends."""
    width, height = 60, 80
    grey = bytes((x * 7 + y * 13) % 60 + 190 for y in range(height) for x in range(width))
    image = b"<< /Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceGray /BitsPerComponent 8 " % (
        width,
        height,
    )
    page = b"q 595 0 0 842 0 0 cm /Im0 Do Q"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R "
        b"/Resources << /XObject << /Im0 4 0 R >> >> >>",
        image + b"/Length %d >>\nstream\n%s\nendstream" % (len(grey), grey),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(page), page),
    ]
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % p for p in places)
    out += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table)
    path.write_bytes(bytes(out))


def docx(path: Path, paragraphs: Sequence[str]) -> None:
    word = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    body = "".join(f"<w:p><w:r><w:t>{escape(p)}</w:t></w:r></w:p>" for p in paragraphs)
    office = "http://schemas.openxmlformats.org"
    main_type = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    zipped(
        path,
        {
            "[Content_Types].xml": f'<?xml version="1.0"?><Types xmlns="{office}/package/2006/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/word/document.xml" ContentType="{main_type}"/></Types>',
            "_rels/.rels": f'<?xml version="1.0"?><Relationships xmlns="{office}/package/2006/relationships">'
            f'<Relationship Id="r1" Type="{office}/officeDocument/2006/relationships/officeDocument" '
            'Target="word/document.xml"/></Relationships>',
            "word/document.xml": f'<?xml version="1.0"?><w:document xmlns:w="{word}"><w:body>{body}'
            "</w:body></w:document>",
        },
    )
