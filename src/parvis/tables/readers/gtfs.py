"""GTFS: the timetables of a bus network, one table per file of the archive.

Format: gtfs.org, Schedule Reference. Files are CSV in UTF-8 whose first line is the header.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from parvis.errors import InputError, LimitError, ParvisError
from parvis.tables import package, sniff
from parvis.tables.sink import too_wide
from parvis.values import Finding, Place, Severity, msg

TITLE = "Horaires de transport (GTFS)"
SUFFIXES = (".zip", ".gtfs")

TABLES = {
    "agency": "Exploitants",
    "stops": "Arrêts",
    "routes": "Lignes",
    "trips": "Courses",
    "stop_times": "Horaires aux arrêts",
    "calendar": "Calendrier",
    "calendar_dates": "Exceptions du calendrier",
    "shapes": "Tracés",
    "frequencies": "Fréquences",
    "transfers": "Correspondances",
    "pathways": "Cheminements",
    "levels": "Niveaux",
    "fare_attributes": "Tarifs",
    "fare_rules": "Règles tarifaires",
    "fare_products": "Titres de transport",
    "fare_leg_rules": "Règles tarifaires par trajet",
    "fare_media": "Supports de titres",
    "areas": "Zones",
    "stop_areas": "Arrêts par zone",
    "networks": "Réseaux",
    "route_networks": "Lignes par réseau",
    "location_groups": "Groupes d'arrêts",
    "booking_rules": "Règles de réservation",
    "timeframes": "Plages horaires",
    "rider_categories": "Catégories de voyageurs",
    "feed_info": "Informations sur le jeu",
    "attributions": "Attributions",
    "translations": "Traductions",
}
_NEEDED = {"stops", "routes", "trips", "stop_times"}


def recognises(path: Path, head: bytes) -> float:
    if not head.startswith(b"PK"):
        return 0.0
    try:
        with zipfile.ZipFile(path) as archive:
            known = {_stem(n) for n in archive.namelist()} & set(TABLES)
    except (zipfile.BadZipFile, OSError, ValueError):
        return 0.0
    return 0.92 if len(known & _NEEDED) >= 3 else 0.0


def read(path: Path, name: str, sink: Any) -> Sequence[Finding]:
    """Put every known file into the sink, in the order of a timetable."""
    findings = []
    with package.opened(path, sink.limits) as archive:
        members = {_stem(n): n for n in reversed(archive.namelist()) if not n.startswith("__MACOSX")}
        meter = package.Meter(sink.limits, path.stat().st_size)
        for stem, title in TABLES.items():
            if stem not in members:
                continue
            try:
                findings += _member(archive, members[stem], title, sink, meter)
            except LimitError:
                raise
            except ParvisError as error:
                findings.append(_refused(title, members[stem], error))
        others = [
            n for s, n in members.items() if s not in TABLES and not n.endswith("/") and n.lower().endswith(".txt")
        ]
    if others:
        findings.append(_others(others))
    missing = sorted(_NEEDED - set(members))
    if missing:
        findings.append(_missing(missing))
    return findings


def _stem(member: str) -> str:
    base = member.replace("\\", "/").rpartition("/")[2].lower()
    return base[:-4] if base.endswith(".txt") else base


def _member(archive: zipfile.ZipFile, member: str, title: str, sink: Any, meter: package.Meter) -> list[Finding]:
    import pyarrow as pa
    from pyarrow import csv

    out: Path = sink.path(".txt")
    skipped: list[int] = []

    def uneven(row: Any) -> str:
        skipped.append(row.number or 0)
        return "skip"

    try:
        with out.open("wb") as target:
            for chunk in package.chunks(archive, member, meter):
                target.write(chunk)
        with out.open("rb") as stream:
            labels = _labels(stream.readline(1 << 20))
            alone = not stream.read(64).strip()
        if alone or not any(labels):
            return []  # a file that is there for form: its header, no row
        if len(labels) > sink.limits.columns:
            raise too_wide(len(labels), sink.limits.columns)
        names = [f"c{i}" for i in range(len(labels))]
        convert = csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, quoted_strings_can_be_null=True,
            null_values=[""], check_utf8=True,
        )  # fmt: skip
        parse: Any = csv.ParseOptions(newlines_in_values=True, invalid_row_handler=uneven)  # type: ignore[arg-type]  # a str by the book
        reading = csv.ReadOptions(column_names=names, skip_rows=1, use_threads=False, encoding=_encoding(out))
        sink.table(title, labels, _batches(out, reading, parse, convert), format="gtfs", encoding=_encoding(out), separator=",",
                   header_line=1)  # fmt: skip
    except pa.ArrowInvalid as error:
        raise InputError("Ce fichier n'est pas un CSV bien formé.", code="gtfs.broken") from error
    finally:
        out.unlink(missing_ok=True)
    return [_uneven(title, member, skipped)] if skipped else []


def _batches(out: Path, reading: Any, parse: Any, convert: Any) -> Iterator[Any]:
    import pyarrow as pa
    from pyarrow import csv

    line = 2
    with csv.open_csv(out, reading, parse, convert) as stream:
        for batch in stream:
            lines = pa.array(range(line, line + batch.num_rows), pa.int64())
            line += batch.num_rows
            yield pa.RecordBatch.from_arrays([*batch.columns, lines], [*batch.schema.names, "__line"])


def _labels(first: bytes) -> list[str]:
    import csv

    text = first.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    return [label.strip() for label in next(csv.reader(io.StringIO(text)), [])]


def _encoding(path: Path) -> str:
    with path.open("rb") as stream:
        head = stream.read(4 << 20)
    try:
        head[: max(0, len(head) - 8) if len(head) == 4 << 20 else None].decode("utf-8")
    except UnicodeDecodeError:
        return sniff.french(head.split(b"\n")[:5000])
    return "utf-8"


def _refused(title: str, member: str, error: ParvisError) -> Finding:
    return Finding(
        "gtfs.file_refused",
        Severity.WARN,
        msg("Le fichier « {name} » n'a pas été lu. {reason}"),
        Place(sheet=title),
        {"name": member[-80:], "reason": error.text},
    )


def _uneven(title: str, member: str, lines: Sequence[int]) -> Finding:
    return Finding(
        "gtfs.uneven",
        Severity.WARN,
        msg("Lignes laissées de côté dans « {name} », car elles n'ont pas le nombre de colonnes annoncé : {count}."),
        Place(sheet=title, line=lines[0] or None),
        {"name": member[-80:], "count": len(lines)},
        count=len(lines),
    )


def _others(names: Sequence[str]) -> Finding:
    return Finding(
        "gtfs.other_files",
        Severity.INFO,
        msg("Des fichiers qui ne sont pas du format GTFS n'ont pas été lus : {names}."),
        values={"names": ", ".join(n[-60:] for n in names[:10])},
    )


def _missing(names: Sequence[str]) -> Finding:
    return Finding(
        "gtfs.missing",
        Severity.WARN,
        msg("Il manque à ce jeu GTFS des fichiers obligatoires : {names}."),
        values={"names": ", ".join(f"{n}.txt" for n in names)},
        hint=msg("Demandez un export complet à l'exploitant du réseau."),
    )
