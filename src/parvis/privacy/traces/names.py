"""Names of files: that of the file itself, and those of the members of an archive."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from parvis.privacy.trace import Gathered
from parvis.privacy.wording import file_names_someone, spelled
from parvis.tables import package
from parvis.tables.table import Limits
from parvis.values import msg

TITLE = msg("Noms de fichiers")
SUFFIXES = (".zip",)

_OFFICE = re.compile(rb"\[Content_Types\]\.xml|mimetypeapplication/vnd\.oasis")
_MOST = 2000  # names that are read


def recognises(head: bytes, name: str) -> bool:
    return True


def look(path: Path, name: str, into: Gathered) -> None:
    into.add("file_name", [spelled(name)], count=int(file_names_someone(name)))
    with path.open("rb") as stream:
        head = stream.read(4096)
    if head[:4] == b"PK\3\4" and not _OFFICE.search(head) and zipfile.is_zipfile(path):
        with package.opened(path, Limits()) as held:
            personal = [spelled(n) for n in held.namelist()[:_MOST] if file_names_someone(n)]
        into.add("member_name", personal, count=len(personal))
