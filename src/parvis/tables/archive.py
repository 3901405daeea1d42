"""Archives: ZIP, TAR, and one file in gzip, bzip2 or xz; each file in them is read by the reader of its own kind.

Members are written under names of our own, so that no name of the archive can lead outside the work folder; what
comes out is counted over all levels. Documents that stand beside data go with them, and are not read; documents alone are.
"""

from __future__ import annotations

import bz2
import lzma
import re
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from parvis.errors import InputError, LimitError, ParvisError
from parvis.frozen import dataclass
from parvis.tables import cnig, package, sniff
from parvis.text import late
from parvis.values import Finding, Place, Severity, msg

Reader = Callable[[Path, str, Any, int], str]

_DEPTH = 2  # archives in archives
_JUNK = late(r"(?:^|/)(?:__MACOSX/|\._|\.DS_Store$|Thumbs\.db$|desktop\.ini$|~\$)")
_LAYERS = {  # layers made of several files: the main one, and those that go with it
    ".shp": (".shp", ".shx", ".dbf", ".prj", ".cpg", ".qpj", ".sbn", ".sbx", ".idx", ".xml", ".shp.xml"),
    ".tab": (".tab", ".dat", ".map", ".id", ".ind"),
    ".mif": (".mif", ".mid"),
}
_DOCUMENTS = (".pdf", ".docx", ".odt")  # may hold tables, but stand beside the data as their notice
_SIDE = (
    *_DOCUMENTS,
    ".doc",
    ".md",
    ".qml",
    ".sld",
    ".qgz",
    ".lyr",
    ".url",
    ".rtf",
    ".cpg~",
    ".bak",
    ".jpg",
    ".jpeg",
    ".png",
)
_STEP = 1 << 18
_DICTIONARY = 128 << 20  # bytes of memory that unpacking xz may take
_PACKED = {b"\x1f\x8b": "gz", b"BZh": "bz2", b"\xfd7zXZ\x00": "xz"}
_SHORT = late(r"\.(gz|bz2|xz|tgz|tbz2?|txz)$", re.IGNORECASE)

Chunks = Callable[[package.Meter], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class _Member:
    name: str  # as the agent reads it
    chunks: Chunks  # its bytes, counted

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.name).suffix.lower()


def is_archive(head: bytes) -> bool:
    return head.startswith((b"PK\x03\x04", b"PK\x05\x06", *_PACKED)) or _is_tar(head)


def _is_tar(head: bytes) -> bool:
    return head[257:262] == b"ustar"


def parts(path: Path) -> list[Path]:
    """Return the files that make one layer with this one, when it lies beside them: the .dbf, .shx and .prj of a .shp."""
    suffixes = _LAYERS.get(path.suffix.lower(), ())
    if not suffixes:
        return []
    wanted = {f"{path.stem}{s}".lower() for s in suffixes}
    beside = [p for p in path.parent.iterdir() if p.name.lower() in wanted and p != path]
    return sorted(p for p in beside if p.is_file() and not p.is_symlink())


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
        head = stream.read(512)
    packed = next((kind for magic, kind in _PACKED.items() if head.startswith(magic)), "")
    if packed:
        return _packed(path, name, packed, sink, reader=reader, depth=depth)
    with _tar(path, sink) if _is_tar(head) else _zip(path, sink) as members:
        meter = package.Meter(sink.limits, path.stat().st_size)
        groups = _groups(members)
        delivery = cnig.delivery([m.name for m in members])
        data = [g for g in groups if g[0].suffix not in _SIDE]
        alone = [] if data else [g for g in groups if g[0].suffix in _DOCUMENTS]
        taken: set[str] = set()
        for group in data or alone:
            title = _title(group[0].name, delivery, taken)
            _read_group(group, title, sink, meter, reader=reader, depth=depth)
        beside = [g[0].name for g in groups if g not in data and g not in alone]
        if beside:
            sink.find(delivery.documents(beside) if delivery else _beside(beside))
        if delivery:
            sink.find(delivery.said())
    return "tar" if _is_tar(head) else "zip"


def _packed(path: Path, name: str, kind: str, sink: Any, *, reader: Reader, depth: int) -> str:
    """Read the one file that was compressed; a TAR in it is opened as if it came alone."""
    out = sink.path(".bin")
    meter = package.Meter(sink.limits, path.stat().st_size)
    try:
        with path.open("rb") as stream, out.open("wb") as target:
            for chunk in _expanded(stream, kind):
                meter.count(len(chunk))
                target.write(chunk)
        inner = _SHORT.sub(lambda m: ".tar" if m[1].lower().startswith("t") else "", name) or "fichier"
        with out.open("rb") as stream:
            inside_tar = _is_tar(stream.read(512))
        return reader(out, inner, sink, depth if inside_tar else depth + 1)
    except (EOFError, zlib.error, lzma.LZMAError, ValueError) as error:
        raise package.damaged() from error
    except OSError as error:
        if error.errno is not None:  # bz2 says a damaged file by an OSError without number
            raise
        raise package.damaged() from error
    finally:
        out.unlink(missing_ok=True)


def _expanded(stream: Any, kind: str) -> Iterator[bytes]:
    """Yield the bytes of a compressed file, never more than a step at a time, however much the next ones hold."""
    unpacker = _unpacker(kind)
    started = False
    while True:
        if unpacker.eof:
            rest = unpacker.unused_data or stream.read(_STEP)
            if not rest.strip(b"\x00"):
                return
            if not started:
                raise EOFError
            unpacker = _unpacker(kind)  # several files put end to end
            data = rest
        else:
            data = b"" if kind != "gz" and not unpacker.needs_input else stream.read(_STEP)
            if kind == "gz":
                data = unpacker.unconsumed_tail or data
            if not data and (kind == "gz" or unpacker.needs_input):
                raise EOFError
        chunk = unpacker.decompress(data, _STEP)
        started = True
        yield chunk
        while kind == "gz" and unpacker.unconsumed_tail:
            yield unpacker.decompress(unpacker.unconsumed_tail, _STEP)


def _unpacker(kind: str) -> Any:
    if kind == "gz":
        return zlib.decompressobj(31)
    return bz2.BZ2Decompressor() if kind == "bz2" else lzma.LZMADecompressor(memlimit=_DICTIONARY)


@contextmanager
def _zip(path: Path, sink: Any) -> Iterator[list[_Member]]:
    with package.opened(path, sink.limits) as archive:
        kept = []
        for info in archive.infolist():
            name = _name(info)
            _harmless(name, info.filename)
            mode = info.external_attr >> 16
            if info.create_system == 3 and stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise _link()
            if not info.is_dir() and not _JUNK.search(name) and info.file_size:
                kept.append(_Member(name, _of_zip(archive, info.filename)))
        _few(kept, sink.limits.members)
        yield kept


def _of_zip(archive: zipfile.ZipFile, member: str) -> Chunks:
    return lambda meter: package.chunks(archive, member, meter)


@contextmanager
def _tar(path: Path, sink: Any) -> Iterator[list[_Member]]:
    try:
        with tarfile.open(path, "r:") as archive:
            kept = []
            for number, info in enumerate(archive):
                if number > sink.limits.members * 10:
                    _few(range(number), sink.limits.members * 10)
                _harmless(info.name, info.name)
                if not (info.isreg() or info.isdir()):
                    raise _link()
                if info.isreg() and not _JUNK.search(info.name) and info.size:
                    kept.append(_Member(info.name, _of_tar(archive, info)))
            _few(kept, sink.limits.members)
            yield kept
    except (tarfile.TarError, EOFError, UnicodeError) as error:
        raise package.damaged() from error


def _of_tar(archive: tarfile.TarFile, info: tarfile.TarInfo) -> Chunks:
    def chunks(meter: package.Meter) -> Iterator[bytes]:
        stream = archive.extractfile(info)
        while stream is not None and (chunk := stream.read(_STEP)):
            meter.count(len(chunk))
            yield chunk

    return chunks


def _harmless(name: str, raw: str) -> None:
    """Refuse an archive one of whose names leads outside."""
    inside = PurePosixPath(name.replace("\\", "/")).parts
    if name.startswith(("/", "\\")) or ".." in inside or re.match(r"^[A-Za-z]:", name) or "\x00" in raw:
        raise InputError(
            "L'archive contient un nom de fichier interdit (« {name} »).",
            "Recréez l'archive à partir d'un dossier ordinaire.",
            name=name[:80],
            code="archive.path",
        )


def _link() -> InputError:
    return InputError(
        "L'archive contient un lien vers un autre fichier, ce qui n'est pas autorisé.",
        "Remplacez le lien par le fichier lui-même.",
        code="archive.link",
    )


def _few(members: Sequence[Any], limit: int) -> None:
    if len(members) > limit:
        raise LimitError(
            "Cette archive contient {count} fichiers ; la limite est de {limit}.", count=len(members), limit=limit
        )


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


def _title(name: str, delivery: cnig.Delivery | None, taken: set[str]) -> str:
    """Return what a member is called: its own name, with its folder or a number when another one bears it."""
    choices = (
        delivery.layer(name) if delivery else "",
        _shown(name),
        "".join(c for c in name if c.isprintable())[-120:],
    )
    title = next((c for c in choices if c and c not in taken), f"{_shown(name)} ({len(taken) + 1})")
    taken.add(title)
    return title


def _read_group(
    group: Sequence[_Member], title: str, sink: Any, meter: package.Meter, *, reader: Reader, depth: int
) -> None:
    first = group[0]
    base = sink.path("")
    written = []
    try:
        for member in group:
            target = base.with_name(base.name + member.suffix)
            with target.open("wb") as out:
                for chunk in member.chunks(meter):
                    out.write(chunk)
            written.append(target)
        inside = sink.member(title)
        reader(written[0], PurePosixPath(first.name).name, inside, depth + 1)
        sink.absorb(inside)
    except LimitError:
        raise
    except ParvisError as error:
        beside = error.values.get("code") in ("read.metadata", "read.document", "read.pdf", "read.text", "read.image")
        why = error.message.format(**error.values)
        sink.find(_left(first.name, why[:1].lower() + why[1:]) if beside else _refused(first.name, error))
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


def _beside(names: Sequence[str]) -> Finding:
    shown = ", ".join(f"« {_shown(n)} »" for n in names[:5]) + (" …" if len(names) > 5 else "")
    return Finding(
        "archive.documents",
        Severity.INFO,
        msg("Documents joints aux données, qui n'ont pas été lus ({count}) : {names}."),
        values={"count": len(names), "names": shown},
        hint=msg("Envoyez à part ceux dont les tableaux doivent être publiés."),
        count=len(names),
    )


def _refused(name: str, error: ParvisError) -> Finding:
    return Finding(
        "archive.member_refused",
        Severity.WARN,
        msg("Le fichier « {name} » de l'archive n'a pas été lu. {reason}"),
        Place(sheet=_shown(name)),
        {"name": _shown(name), "reason": error.text},
    )
