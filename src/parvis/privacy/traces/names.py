"""Names of files: that of the file itself, and those of the members of an archive."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from parvis.privacy.trace import Gathered, people_in
from parvis.tables import package
from parvis.tables.table import Limits
from parvis.values import msg

TITLE = msg("Noms de fichiers")
SUFFIXES = ()

_OFFICE = re.compile(rb"\[Content_Types\]\.xml|mimetypeapplication/vnd\.oasis")
# Names of files are often all in small letters: what follows a title is somebody's all the same.
_TITLED = re.compile(r"\b(mme|mlle|mr|m|madame|monsieur|mademoiselle|consorts) ([a-zà-ÿ]{2,}(?: [a-zà-ÿ]{2,})?)\b")
_MOST = 2000  # names that are read


def recognises(head: bytes, name: str) -> bool:
    return True


def look(path: Path, name: str, into: Gathered) -> None:
    into.add("file_name", [spelled(name)], count=int(bool(people_in([spelled(name)]))))
    with path.open("rb") as stream:
        head = stream.read(4096)
    if head[:4] == b"PK\3\4" and not _OFFICE.search(head) and zipfile.is_zipfile(path):
        with package.opened(path, Limits()) as held:
            told = [spelled(n) for n in held.namelist()[:_MOST]]
        personal = [t for t in told if people_in([t])]
        into.add("member_name", personal, count=len(personal))


def spelled(name: str) -> str:
    """Return a file's name as words: « Courrier_DURAND_Rose.pdf » -> « Courrier DURAND Rose »."""
    stem = re.sub(r"\.\w{1,5}$", "", name.replace("\\", "/").rpartition("/")[2])
    if "@" in stem:
        return stem
    words = re.sub(r"[_\-.]+|(?<=[a-zà-ÿ])(?=[A-Z])", " ", stem)
    return _TITLED.sub(lambda m: f"{m[1].capitalize()} {m[2].title()}", words)
