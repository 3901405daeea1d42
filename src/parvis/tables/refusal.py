"""What is no table of data, and the sentence that says so: empty files, web pages, images, texts, programs."""

from __future__ import annotations

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
_ARCHIVES = {b"7z\xbc\xaf": "7z", b"Rar!": "RAR", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"(\xb5/\xfd": "zstd"}


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
    _images(head)
    if head.startswith(b"%PDF"):
        raise InputError(
            "C'est un PDF : les tableaux des PDF ne sont pas encore lus.",
            "Demandez le tableur d'origine (XLSX, ODS ou CSV) à qui l'a produit. Attention aussi avant de diffuser ce "
            "PDF : un texte masqué par un rectangle noir reste lisible dessous.",
            code="read.pdf",
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
