"""What is no table of data, and the sentence that says so: empty files, web pages, images, texts, programs."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from parvis.errors import InputError, LimitError
from parvis.tables.table import Limits

_IMAGES = {
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"II*\x00": "TIFF",
    b"MM\x00*": "TIFF",
}
_PROGRAMS = {b"MZ": "exécutable Windows", b"\x7fELF": "exécutable Linux", b"#!": "script", b"\xca\xfe\xba\xbe": "Java"}
_ARCHIVES = {b"7z\xbc\xaf": "7z", b"Rar!": "RAR", b"(\xb5/\xfd": "zstd"}


def check(path: Path, name: str, head: bytes, limits: Limits) -> None:
    """Raise the precise refusal when the bytes are surely not something that Parvis reads."""
    size = path.stat().st_size
    if not head.strip(b"\x00\xef\xbb\xbf\xff\xfe \t\r\n"):
        raise InputError("Le fichier est vide.", "Vérifiez l'export, puis renvoyez le fichier.", code="read.empty")
    if size > limits.size:
        raise LimitError(
            "Ce fichier fait {size} Mo ; la limite est de {limit} Mo.",
            "Découpez-le, par année par exemple.",
            size=size >> 20,
            limit=limits.size >> 20,
        )
    _names(name)
    _images(head)
    if is_html(head) and Path(name).suffix.lower() not in (".xls", ".xlsx"):
        raise web_page()
    _office(path, head)
    if _SVG.match(head[:4096]):
        raise InputError(
            "C'est une image (SVG), pas un tableau de données.",
            "Envoyez le tableur d'où elle vient.",
            code="read.image",
        )
    for magic, kind in _PROGRAMS.items():
        if head.startswith(magic) and not (magic == b"MZ" and b"\x00" not in head[:64]):
            raise InputError("C'est un programme ({kind}), pas des données.", code="read.program", kind=kind)
    for magic, kind in _ARCHIVES.items():
        if head.startswith(magic):
            raise InputError(
                "Les archives {kind} ne sont pas lues.", "Renvoyez une archive ZIP.", code="read.archive", kind=kind
            )
    if head.startswith(b"{\\rtf"):
        raise InputError("C'est un texte (RTF), pas un tableau.", "Envoyez un tableur.", code="read.text")


# The first element says it: an « <svg » deeper is a word of a cell, or a drawing in the balloon of a map.
_SVG = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml.*?\?>\s*)?(?:<!--.*?-->\s*)*(?:<!doctype\s+svg|<(?:\w+:)?svg\b)",
    re.DOTALL | re.IGNORECASE,
)


def is_html(head: bytes) -> bool:
    """True when the bytes are those of a web page."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:400].lower()
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<body", b"<table", b"<script", b"<meta")):
        return True
    return start.startswith((b"<?xml", b"<!--")) and b"<html" in head[:2000].lower()


def web_page() -> InputError:
    return InputError(
        "Ce fichier est une page web (HTML), pas un tableau de données.",
        "Le lien de téléchargement a sans doute donné une page d'accueil ou de connexion : téléchargez le fichier à "
        "nouveau, puis renvoyez-le.",
        code="read.html",
    )


_FORBIDDEN = (".exe", ".bat", ".cmd", ".com", ".js", ".vbs", ".ps1", ".sh", ".msi", ".scr", ".jar", ".dll", ".lnk", ".hta",
              ".php", ".py")  # fmt: skip


def _names(name: str) -> None:
    suffix = Path(name).suffix.lower()
    if suffix in _FORBIDDEN:
        raise InputError(
            "L'extension {suffix} n'est pas acceptée.",
            "Envoyez un fichier de données : CSV, XLSX, ODS, GeoJSON, shapefile zippé.",
            suffix=suffix,
            code="read.program",
        )


def _office(path: Path, head: bytes) -> None:
    """Refuse slides and drawings, which open like workbooks but hold no table of data, and the old Word files."""
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        _old_office(path)
    if not head.startswith(b"PK"):
        return
    try:
        with zipfile.ZipFile(path) as package:
            names = set(package.namelist())
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, ValueError):
        return
    if "ppt/presentation.xml" in names or b"vnd.oasis.opendocument.presentation" in head[:200]:
        raise InputError("C'est un diaporama, pas un tableau.", "Envoyez le tableur d'origine.", code="read.document")


def _old_office(path: Path) -> None:
    """Refuse a Word or PowerPoint file of before 2007: the names of its streams are written in its directory."""
    with path.open("rb") as stream:
        data = stream.read(8 << 20)
    names = {w: w.encode("utf-16-le") for w in ("WordDocument", "PowerPoint Document", "Workbook", "Book")}
    if names["Workbook"] in data or names["Book"] in data:
        return
    if names["WordDocument"] in data:
        raise InputError(
            "C'est un document Word d'un ancien format (.doc).",
            "Ouvrez-le et enregistrez-le au format DOCX ou ODT, puis renvoyez-le : ses tableaux seront lus.",
            code="read.document",
        )
    if names["PowerPoint Document"] in data:
        raise InputError("C'est un diaporama, pas un tableau.", "Envoyez le tableur d'origine.", code="read.document")


def _images(head: bytes) -> None:
    for magic, kind in _IMAGES.items():
        if head.startswith(magic) and not (magic == b"BM" and b"\x00" not in head[:32]):
            if kind == "PNG" and len(head) > 24:
                width, height = (int.from_bytes(head[i : i + 4], "big") for i in (16, 20))
                if width * height > 100_000_000:
                    raise LimitError(
                        "Cette image est trop grande ({width} × {height} pixels).", width=width, height=height
                    )
            raise InputError(
                "C'est une image ({kind}), pas un tableau de données.",
                "Envoyez le tableur d'où elle vient.",
                code="read.image",
                kind=kind,
            )


def unknown(name: str) -> InputError:
    """Return the refusal of a file that no reader recognises."""
    return InputError(
        "Ce fichier (« {suffix} ») n'est d'aucun format que Parvis sait lire.",
        "Exportez-le en CSV, XLSX, ODS, GeoJSON ou shapefile zippé, puis renvoyez-le.",
        code="read.unknown",
        suffix=Path(name).suffix[:12] or "sans extension",
    )
