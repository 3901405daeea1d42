"""Archives: a ZIP or a gzip of files, each one read by the reader of its own kind.

Members are written under names of our own, so that no name of the archive can lead outside the work folder; what
comes out is counted over all levels.
"""

from __future__ import annotations

import gzip
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from parvis.errors import InputError, LimitError, ParvisError
from parvis.tables import package, sniff
from parvis.values import Finding, Place, Severity, msg

Reader = Callable[[Path, str, Any, int], str]

_DEPTH = 2  # archives in archives
_JUNK = re.compile(r"(?:^|/)(?:__MACOSX/|\._|\.DS_Store$|Thumbs\.db$|desktop\.ini$|~\$)")
_LAYERS = {  # layers made of several files: the main one, and those that go with it
    ".shp": (".shp", ".shx", ".dbf", ".prj", ".cpg", ".qpj", ".sbn", ".sbx", ".idx", ".xml", ".shp.xml"),
    ".tab": (".tab", ".dat", ".map", ".id", ".ind"),
    ".mif": (".mif", ".mid"),
}
_SIDE = (".pdf", ".doc", ".docx", ".odt", ".md", ".qml", ".sld", ".qgz", ".lyr", ".url", ".rtf")


@dataclass(frozen=True, slots=True)
class _Member:
    info: zipfile.ZipInfo
    name: str  # as the agent reads it

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.name).suffix.lower()


def is_archive(head: bytes) -> bool:
    return head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b"))


def read(path: Path, name: str, sink: Any, reader: Reader, depth: int = 0) -> str:
    """Put the tables of every member into the sink; ``reader(path, name, sink, depth)`` reads one file."""
    if depth >= _DEPTH:
        raise InputError(
            "« {name} » est une archive dans une archive : elle n'est pas ouverte.",
            "Envoyez ses fichiers directement.",
            name=name,
            code="archive.nested",
        )
    with path.open("rb") as stream:
        if stream.read(2) == b"\x1f\x8b":
            return _gzip(path, name, sink, reader, depth)
    with package.opened(path, sink.limits) as archive:
        members = _members(archive, sink.limits.members)
        meter = package.Meter(sink.limits, path.stat().st_size)
        for group in _groups(members):
            _read_group(archive, group, sink, meter, reader=reader, depth=depth)
    return "zip"


def _gzip(path: Path, name: str, sink: Any, reader: Reader, depth: int) -> str:
    out = sink.path(".bin")
    meter = package.Meter(sink.limits, path.stat().st_size)
    try:
        with gzip.open(path) as stream, out.open("wb") as target:
            while chunk := stream.read(1 << 18):
                meter.count(len(chunk))
                target.write(chunk)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise package.damaged() from error
    inner = re.sub(r"\.t?gz$", "", name, flags=re.IGNORECASE) or "fichier"
    if name.lower().endswith((".tgz", ".tar.gz")):
        raise InputError("Les archives TAR ne sont pas lues.", "Renvoyez une archive ZIP.", code="read.archive")
    try:
        return reader(out, inner, sink, depth + 1)
    finally:
        out.unlink(missing_ok=True)


def _members(archive: zipfile.ZipFile, limit: int) -> list[_Member]:
    """Return the members that hold something, once all their names are found harmless."""
    out = []
    for info in archive.infolist():
        name = _name(info)
        parts = PurePosixPath(name.replace("\\", "/")).parts
        if name.startswith(("/", "\\")) or ".." in parts or re.match(r"^[A-Za-z]:", name) or "\x00" in info.filename:
            raise InputError(
                "L'archive contient un nom de fichier interdit (« {name} »).",
                "Recréez l'archive à partir d'un dossier ordinaire.",
                name=name[:80],
                code="archive.path",
            )
        mode = info.external_attr >> 16
        if info.create_system == 3 and stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise InputError(
                "L'archive contient un lien vers un autre fichier, ce qui n'est pas autorisé.",
                "Remplacez le lien par le fichier lui-même.",
                code="archive.link",
            )
        if not info.is_dir() and not _JUNK.search(name) and info.file_size:
            out.append(_Member(info, name))
    if len(out) > limit:
        raise LimitError(
            "Cette archive contient {count} fichiers ; la limite est de {limit}.", count=len(out), limit=limit
        )
    return out


def _name(info: zipfile.ZipInfo) -> str:
    """Return a member's name: UTF-8 when it says so or is so, else the DOS or Windows code page that reads French."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        raw = info.filename.encode("cp437")
    except UnicodeEncodeError:
        return info.filename
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode(sniff.french([raw]), "replace")


def _groups(members: Sequence[_Member]) -> list[list[_Member]]:
    """Return the members by file to read: the parts of one layer together, the main one first."""
    layers: dict[tuple[str, str], list[_Member]] = {
        (m.name[:-4].lower(), m.suffix): [m] for m in sorted(members, key=lambda m: m.name) if m.suffix in _LAYERS
    }
    alone = []
    for member in members:
        if member.suffix in _LAYERS:
            continue
        home = next((k for k in layers if member.name.lower() in (k[0] + s for s in _LAYERS[k[1]])), None)
        if home is None:
            alone.append([member])
        else:
            layers[home].append(member)
    return [*layers.values(), *alone]


def _read_group(
    archive: zipfile.ZipFile,
    group: Sequence[_Member],
    sink: Any,
    meter: package.Meter,
    *,
    reader: Reader,
    depth: int,
) -> None:
    first = group[0]
    if first.suffix in _SIDE:
        sink.find(_left(first.name, msg("c'est un document, pas un tableau.")))
        return
    base = sink.path("")
    written = []
    try:
        for member in group:
            target = base.with_name(base.name + member.suffix)
            with target.open("wb") as out:
                for chunk in package.chunks(archive, member.info.filename, meter):
                    out.write(chunk)
            written.append(target)
        inside = sink.member(_shown(first.name))
        reader(written[0], PurePosixPath(first.name).name, inside, depth + 1)
        sink.absorb(inside)
    except LimitError:
        raise
    except ParvisError as error:
        beside = error.values.get("code") in ("read.metadata", "read.document", "read.pdf", "read.text", "read.image")
        sink.find(
            _left(first.name, error.message[:1].lower() + error.message[1:]) if beside else _refused(first.name, error)
        )
    finally:
        for path in written:
            path.unlink(missing_ok=True)


def _shown(name: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in PurePosixPath(name).name)[:120]


def _left(name: str, why: str) -> Finding:
    return Finding(
        "archive.left_out",
        Severity.INFO,
        msg("« {name} » n'a pas été lu : {why}"),
        Place(sheet=_shown(name)),
        {"name": _shown(name), "why": why},
    )


def _refused(name: str, error: ParvisError) -> Finding:
    return Finding(
        "archive.member_refused",
        Severity.WARN,
        msg("Le fichier « {name} » de l'archive n'a pas été lu. {reason}"),
        Place(sheet=_shown(name)),
        {"name": _shown(name), "reason": error.text},
    )
