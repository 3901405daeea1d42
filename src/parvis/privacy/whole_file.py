"""Every text that a file holds, wherever it stands: cells, headers, keys, names, attributes, formulas, comments.

Only for formats of which no byte is left unread; ``UnreadError`` says, in French, what could not be read. Runs in the confined
process. Sources: RFC 4180, RFC 8259, ECMA-376 (workbooks), APPNOTE (the bytes between the members of a ZIP).
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from parvis.errors import InputError
from parvis.privacy.held import Coordinate
from parvis.privacy.trace import LARGEST as PART
from parvis.privacy.trace import Package
from parvis.tables import package
from parvis.tables.table import Limits
from parvis.values import msg

LARGEST = 16 << 20  # bytes of a file: four seconds of work


class UnreadError(InputError):
    """Part of a file cannot be accounted for."""

    code = "untouched.unread"


def texts(path: Path, format: str, encoding: str, separator: str) -> Iterator[str]:
    """Yield the texts of a file that is not ``unreadable``. Raises: UnreadError."""
    yield from _READERS[format](path, encoding, separator)


def unreadable(path: Path, format: str) -> str:
    """Return why a file is not read whole, in French; "" when it is."""
    if format not in _READERS:
        return msg("Parvis ne sait pas rendre compte de chaque octet d'un fichier de ce format.")
    return msg("Le fichier est trop gros pour être relu tout entier.") if path.stat().st_size > LARGEST else ""


_MEDIA = {
    "csv": "text/csv", "geojson": "application/geo+json", "json": "application/json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}  # fmt: skip


def media_type(format: str, encoding: str) -> str:
    """Return the media type of a file of which ``texts`` are read; that of a CSV says its encoding."""
    if format != "csv":
        return _MEDIA[format]
    name = codecs.lookup(encoding or "utf-8").name
    return f"{_MEDIA[format]}; charset={re.sub('^cp125', 'windows-125', name)}"


# --- Plain texts ----------------------------------------------------------------------------------


def _decoded(path: Path, encoding: str) -> str:
    try:
        known = codecs.lookup(encoding or "utf-8").name
        text = path.read_bytes().decode("utf-8-sig" if known == "utf-8" else known)
    except (LookupError, UnicodeDecodeError):
        raise UnreadError(msg("Certains octets du fichier ne sont d'aucun texte.")) from None
    if "\0" in text:
        raise UnreadError(msg("Certains octets du fichier ne sont d'aucun texte."))
    return text


def _csv(path: Path, encoding: str, separator: str) -> Iterator[str]:
    text = _decoded(path, encoding)
    csv.field_size_limit(sys.maxsize)
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator or "\x1f"):
            yield from row
    except csv.Error:
        raise UnreadError(msg("Le fichier ne se relit pas tout entier.")) from None


# Words that say how GeoJSON is made, and what names a system of coordinates.
_GEOJSON = frozenset(
    "type features feature featurecollection geometry properties coordinates geometries point multipoint linestring "
    "multilinestring polygon multipolygon geometrycollection crs bbox name id".split()
)
_SYSTEM = re.compile(r"(?:urn:ogc:def:crs:[\w:.]{1,40}|EPSG:\d{4,6})")


_METRES = re.compile(r"-?\d{1,8}(?:\.\d+)?(?:[eE]-?\d{1,3})?")


def _json(path: Path, encoding: str, separator: str) -> Iterator[str]:
    try:
        held = json.loads(
            _decoded(path, encoding), object_pairs_hook=tuple, parse_int=Coordinate, parse_float=Coordinate
        )
    except (ValueError, RecursionError):
        raise UnreadError(msg("Le fichier ne se relit pas tout entier.")) from None
    for text in _leaves(held):
        if text.lower() not in _GEOJSON and not _SYSTEM.fullmatch(text):
            yield text


def _leaves(value: Any, key: str = "") -> Iterator[str]:
    """Yield keys and values; figures under « coordinates » as what they are."""
    waiting, numbers = [(value, key)], list[str]()
    while waiting:
        held, name = waiting.pop()
        if name == "id" and isinstance(held, str) and held.isdigit():
            numbers.append(held)  # of a feature
            continue
        if isinstance(held, tuple):
            for part, below in held:
                yield part
                waiting.append((below, part))
        elif isinstance(held, list):
            waiting += [(below, name) for below in held]
        elif isinstance(held, bool):
            yield "true" if held else "false"
        elif held is not None:
            at = name in ("coordinates", "bbox") and isinstance(held, Coordinate) and _METRES.fullmatch(held)
            yield held if at else str(held)
    told = sorted(map(int, numbers))
    if told != list(range(told[0], told[0] + len(told))) if told else False:  # counted one by one, they say nothing
        yield from numbers


# --- Workbooks ------------------------------------------------------------------------------------

_TIGHT = 64  # bytes that a program may put beside a member of a ZIP: times, sizes
_PARTS = re.compile(
    r"\[Content_Types\]\.xml|(?:.*/)?_rels/[^/]*\.rels|docProps/(?:core|app)\.xml|xl/workbook\.xml|xl/sharedStrings\.xml|"
    r"xl/styles\.xml|xl/theme/theme\d*\.xml|xl/calcChain\.xml|xl/worksheets/sheet\d*\.xml|xl/tables/table\d*\.xml"
)
# Attributes that hold numbers, places, colours or words of the format: nothing that somebody types.
_FORMAL = frozenset(
    "r s t ht min max width style ref sqref count uniqueCount id Id Type TargetMode ContentType PartName Extension rgb "
    "theme tint indexed numFmtId fontId fillId borderId xfId spans dyDescent hidden customHeight customWidth bestFit "
    "outlineLevel collapsed thickBot thickTop ph si ca cm vm aca bx topLeftCell activeCell pane state xSplit ySplit "
    "tabSelected workbookViewId zoomScale zoomScaleNormal defaultRowHeight defaultColWidth baseColWidth customFormat "
    "applyNumberFormat applyFont applyFill applyBorder applyAlignment applyProtection quotePrefix horizontal vertical "
    "wrapText left right top bottom header footer orientation paperSize scale fitToWidth fitToHeight horizontalDpi "
    "verticalDpi Ignorable schemaLocation uid lastEdited lowestEdited rupBuild appName xWindow yWindow windowWidth "
    "windowHeight tabRatio firstSheet activeTab calcId calcCompleted calcOnSave concurrentCalc fullCalcOnLoad iterateDelta "
    "sheetId localSheetId totalsRowShown totalsRowCount headerRowCount showFirstColumn showLastColumn showRowStripes "
    "showColumnStripes filterPriority preserve space date1904 defaultThemeVersion summaryBelow summaryRight fitToPage "
    "enableFormatConditionsCalculation filterPrivacy showGridLines rightToLeft showRowColHeaders codePage iterateCount "
    "refMode pageOrder errors blackAndWhite draft cellComments copies useFirstPageNumber firstPageNumber usePrinterDefaults "
    "horizontalCentered verticalCentered gridLines headings gridLinesSet applyPatternFill type visibility".split()
)
_NAMED = re.compile(r"Table\d*|Tableau\d*|TableStyle\w+|_xlnm\.\w+|_FilterDatabase|PivotStyle\w+|xl|ThisWorkbook")
_SHEETS = re.compile(r"(?:Feuil(?:le)?|Sheet|Tabelle)\s?\d*", re.IGNORECASE)
_CODES = re.compile(r"&(?:[LCRPNDTFAZGBIUSXYEK]|\"[^\"]*\"|\d+)")  # of headers and footers: the page, the day, a font
_LITERAL = re.compile(r"\"((?:[^\"]|\"\")*)\"")
_WITHIN = re.compile(r"[A-Za-z]\w*|[\w/.-]+\.(?:xml|rels|bin)|/?(?:xl|docProps)/[\w/.\[\]-]+|rId\d+")
_PROGRAMS = re.compile(
    r"(?:openpyxl|xlsxwriter|rust_xlsxwriter|Apache POI|EPPlus|ClosedXML|Microsoft Excel|LibreOffice)[\w ./-]{0,20}"
)
# Of the properties, what programs write of themselves and of the workbook's form.
_OF_PROGRAMS = frozenset(
    "Application AppVersion DocSecurity ScaleCrop SharedDoc LinksUpToDate HyperlinksChanged created modified revision "
    "TotalTime Template".split()
)
_OF_FORM = frozenset({"Feuilles de calcul", "Worksheets", "Plages nommées", "Named Ranges"})


def _workbook(path: Path, encoding: str, separator: str) -> Iterator[str]:
    _must_be_tight(path)
    with package.opened(path, Limits()) as held:
        document = Package(held, path.stat().st_size)
        odd = [n for n in document.names if not _PARTS.fullmatch(n)]
        if odd or len(set(held.namelist())) < len(held.namelist()):
            raise UnreadError(
                msg("Le classeur contient une partie que Parvis ne sait pas relire : « {part} »."),
                part=(odd or ["?"])[0][-60:],
            )
        for name in document.names:
            yield from _part(name, document.data(name))


def _must_be_tight(path: Path) -> None:
    """Refuse a ZIP that holds bytes beside its members: before them, between, after, or in a comment."""
    with path.open("rb") as stream, zipfile.ZipFile(stream) as archive:
        members = sorted(archive.infolist(), key=lambda m: m.header_offset)
        at, odd = 0, bool(archive.comment)
        for member in members:
            stream.seek(member.header_offset)
            head = stream.read(30)
            extra = int.from_bytes(head[28:30], "little")
            odd = odd or member.header_offset - at not in (0, 12, 16, 20, 24)  # what says the size after a member
            odd = odd or bool(member.comment) or extra > _TIGHT or len(member.extra) > _TIGHT
            at = member.header_offset + 30 + int.from_bytes(head[26:28], "little") + extra + member.compress_size
        odd = odd or archive.start_dir - at not in (0, 12, 16, 20, 24)
        stream.seek(archive.start_dir)
        listed = stream.read()
        size = sum(46 + len(m.filename.encode()) + len(m.extra) + len(m.comment) for m in members)
        odd = odd or len(listed) - size > 22 + 20 + 56  # the end, and that of large archives
    if odd:
        raise UnreadError(msg("Des octets restent entre les parties du classeur, que rien ne lit."))


def _part(name: str, data: bytes) -> Iterator[str]:
    from lxml import etree

    if len(data) >= PART:
        raise UnreadError(msg("Le fichier est trop gros pour être relu tout entier."))
    if re.search(rb"<!(?:DOCTYPE|ENTITY)", data[:65536], re.IGNORECASE):
        raise UnreadError(msg("Le fichier ne se relit pas tout entier."))
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise UnreadError(msg("Le fichier ne se relit pas tout entier.")) from None
    above: Any = root.getroottree().xpath("/comment() | /processing-instruction()")
    for node in (*above, *root.iter()):
        if not isinstance(node.tag, str):
            yield str(node.text or "").strip()  # a comment, an instruction
        else:
            yield from _element(name, node)


def _element(part: str, node: Any) -> Iterator[str]:
    tag, text = node.tag.rpartition("}")[2], (node.text or "")
    formal = part.startswith(("xl/theme/", "xl/styles"))
    for key, value in node.attrib.items():
        name = str(key).rpartition("}")[2]
        if tag == "numFmt" and name == "formatCode":
            yield from (m.replace('""', '"') for m in _LITERAL.findall(value) if not re.fullmatch(r"[\W\d]*", m))
        elif formal or name in _FORMAL or _figures(value):
            continue
        elif tag in ("Relationship", "Default", "Override", "workbookPr", "sheetPr", "fileVersion"):
            if not _WITHIN.fullmatch(value) and not value.startswith("http://schemas.openxmlformats.org/"):
                yield value
        elif not (_NAMED.fullmatch(value) or _SHEETS.fullmatch(value)) and name not in ("val", "operator", "uri"):
            yield value
    if tag == "cellStyle" and "builtinId" not in node.attrib:
        yield str(node.get("name", ""))
    if tag == "si":
        yield "".join(t.text or "" for t in node.iter() if isinstance(t.tag, str) and t.tag.endswith("}t"))
        return
    if tag == "is":
        yield "".join(t.text or "" for t in node.iter() if isinstance(t.tag, str) and t.tag.endswith("}t"))
        return
    if tag == "t" and any(
        a.tag.rpartition("}")[2] in ("si", "is") for a in node.iterancestors() if isinstance(a.tag, str)
    ):
        return
    if tag == "v" and node.getparent().get("t") == "s":  # the number of a shared text
        return
    if tag.endswith(("Header", "Footer")):
        yield _CODES.sub(" ", text).strip()
    elif tag == "f" or tag.startswith("formula"):
        yield from (m.replace('""', '"') for m in _LITERAL.findall(text))
    elif tag == "definedName":
        yield from _LITERAL.findall(text)
    elif part.startswith("docProps/"):
        known = _figures(text) or text in _OF_FORM or _SHEETS.fullmatch(text) or _PROGRAMS.fullmatch(text)
        if text.strip() and tag not in _OF_PROGRAMS and not known:
            yield text
    elif text.strip():
        yield text
    if (node.tail or "").strip():
        yield str(node.tail)


def _figures(text: str) -> bool:
    return re.fullmatch(r"[-+\d.,:;%\s]*", text) is not None


_READERS: Mapping[str, Callable[[Path, str, str], Iterator[str]]] = {
    "csv": _csv, "geojson": _json, "json": _json, "xlsx": _workbook,
}  # fmt: skip
