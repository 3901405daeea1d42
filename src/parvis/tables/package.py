"""Guarded opening of ZIP packages: archives, XLSX, ODS. Nothing is believed of what a header declares.

Only stored and deflated members are opened: Python's bzip2 member of 7 kB can take 2 GB in one read. Bytes are
counted as they come out.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

from parvis.errors import InputError, LimitError
from parvis.tables.table import Limits

_CHUNK = 1 << 18
OVERLAP = 1024  # bytes of a window that come again in the next one: longer than any tag that is looked for
_FREE = 64 << 20  # bytes: a ratio is only judged beyond


@contextmanager
def opened(path: Path, limits: Limits) -> Iterator[zipfile.ZipFile]:
    """Give the package, once its list of members is found reasonable.

    Raises: InputError when it is damaged or of a forbidden kind; LimitError when it has too many members.
    """
    try:
        with zipfile.ZipFile(path) as package:
            members = package.infolist()
            if len(members) > limits.members * 10:
                raise LimitError(
                    "Cette archive contient {count} fichiers : c'est trop (la limite est de {limit}).",
                    count=len(members),
                    limit=limits.members * 10,
                )
            for member in members:
                if member.flag_bits & 1:
                    raise InputError(
                        "Cette archive est protégée par un mot de passe.",
                        "Renvoyez-la sans mot de passe : seul votre portail la recevra.",
                        code="archive.password",
                    )
                if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    raise InputError(
                        "Cette archive emploie une compression rare, qui n'est pas acceptée.",
                        "Recréez-la en ZIP ordinaire.",
                        code="archive.method",
                    )
            _overlapping(members)
            yield package
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        raise damaged() from error
    except zipfile.zlib.error as error:  # type: ignore[attr-defined]  # zlib, as zipfile knows it
        raise damaged() from error


def damaged() -> InputError:
    return InputError(
        "Ce fichier compressé est incomplet ou endommagé.",
        "L'envoi a peut-être été coupé : recréez le fichier et renvoyez-le.",
        code="archive.damaged",
    )


def _overlapping(members: list[zipfile.ZipInfo]) -> None:
    """Refuse members that share their bytes: the way one makes petabytes out of a few megabytes."""
    ends = sorted((m.header_offset, m.header_offset + 30 + m.compress_size) for m in members)
    if any(end > start for (_, end), (start, _) in pairwise(ends)):
        raise InputError("Les fichiers de cette archive se recouvrent : elle est refusée.", code="archive.overlap")


class Meter:
    """Counts what comes out of one package, over all its members."""

    def __init__(self, limits: Limits, packed: int) -> None:
        self.limits, self.packed, self.out = limits, max(packed, 1), 0

    def count(self, size: int) -> None:
        self.out += size
        most = self.limits.expanded
        if self.out > most or (self.out > _FREE and self.out > self.packed * self.limits.ratio):
            raise LimitError(
                "Cette archive contient, une fois décompressée, beaucoup plus de données que la limite autorisée.",
                "Envoyez les fichiers séparément, ou découpez-les.",
                code="archive.bomb",
            )


def chunks(package: zipfile.ZipFile, name: str, meter: Meter) -> Iterator[bytes]:
    """Yield a member's bytes, counted."""
    with package.open(name) as stream:
        while chunk := stream.read(_CHUNK):
            meter.count(len(chunk))
            yield chunk


_DOCTYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_ROOT = re.compile(rb"<(?:[^?!]|!--|\?(?!xml\s))")  # the first element, or what may hold anything before it


def xml(package: zipfile.ZipFile, name: str, meter: Meter, what: str) -> Iterator[bytes]:
    """Yield the bytes of an XML member in overlapping windows; a DOCTYPE is refused (XML bombs, outside files).

    It can only stand before the first element: what follows that is not searched, unless a comment or an instruction comes
    first, that may hide where it is.
    """
    tail = b""
    prolog = True
    for chunk in chunks(package, name, meter):
        window = tail + chunk
        if prolog and (_DOCTYPE.search(window) or window[:2] in (b"\xff\xfe", b"\xfe\xff")):
            raise InputError(
                "{what} contient des définitions XML interdites (DOCTYPE, entités).",
                "Ouvrez-le dans votre tableur et enregistrez-le à nouveau, puis renvoyez-le.",
                what=what,
                code="xml.doctype",
            )
        if prolog and (first := _ROOT.search(window)):
            prolog = first[0] in (b"<!--", b"<?")
        yield window
        tail = window[-OVERLAP:]
