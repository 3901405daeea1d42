"""A watched folder of this machine: what other programs leave there, once it is whole.

Only under the folder that the operator opened: a path never leaves it, by dots or by links.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from parvis.connectors.arrival import NAMES, Arrival, Errand, Listed, due
from parvis.connectors.setting import Setting
from parvis.errors import InputError, RefusedError
from parvis.values import msg

TITLE = msg("Un dossier surveillé")
HELP = msg("Un dossier de la machine de Parvis où vos logiciels déposent leurs exports.")
ORDER = 10
EXTRA = ""
SETTINGS = (
    Setting("path", msg("Sous-dossier"), help=msg("Vide : tout le dossier ouvert à votre commune.")),
    NAMES,
    Setting("deep", msg("Chercher aussi dans les sous-dossiers"), "flag", default=False),
)
SECRET = None
EXAMPLES: tuple[dict[str, Any], ...] = ({"path": "finances", "names": ["*.csv"]}, {})
_QUIET = 5.0  # seconds without a change before a file is thought whole
_DEPTH = 8
_FILES = 10_000


def fetch(errand: Errand) -> Iterator[Arrival]:
    """Yield the files that are new or changed, and that nobody has been writing to for five seconds."""
    root = _root(errand)
    for one in due(_listed(errand, root), errand):
        try:
            handle = os.open(root / one.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            continue  # gone since, or a link put in its place
        with os.fdopen(handle, "rb") as stream:
            facts = os.fstat(handle)
            if stat.S_ISREG(facts.st_mode) and _mark(facts) == one.mark:
                yield Arrival(one.name, stream, f"folder:{one.path}", one.path, one.mark)


def _root(errand: Errand) -> Path:
    if errand.folder is None:
        raise RefusedError(
            msg("Aucun dossier de cette machine n'est ouvert aux sources."),
            msg("L'administrateur en ouvre un avec le réglage PARVIS_FOLDERS."),
        )
    root = errand.folder.resolve()
    place: Path = (root / errand.settings["path"].strip("/\\").replace("\\", "/")).resolve()
    if place != root and root not in place.parents:
        raise RefusedError(msg("Ce sous-dossier sort du dossier ouvert à votre commune : il est refusé."))
    if not place.is_dir():
        raise InputError(
            msg("Le dossier « {path} » n'existe pas."),
            msg("Créez-le dans le dossier ouvert à votre commune, puis réessayez."),
            path=errand.settings["path"] or place.name,
        )
    return place


def _listed(errand: Errand, root: Path) -> Iterator[Listed]:
    count = 0
    for place, folders, files in os.walk(root, followlinks=False):
        inner = Path(place).relative_to(root)
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        if not errand.settings["deep"] or len(inner.parts) >= _DEPTH:
            folders.clear()
        for name in sorted(files):
            try:
                facts = os.lstat(Path(place) / name)
            except OSError:
                continue
            whole = errand.now.timestamp() - facts.st_mtime >= _QUIET
            if stat.S_ISREG(facts.st_mode) and whole:
                count += 1
                yield Listed((inner / name).as_posix(), facts.st_size, _mark(facts))
            if count >= _FILES:
                return


def _mark(facts: os.stat_result) -> list[int]:
    return [facts.st_size, facts.st_mtime_ns]
