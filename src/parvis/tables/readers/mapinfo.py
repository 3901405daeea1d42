"""MapInfo: TAB (with its .DAT, .MAP and .ID, as an archive lays them side by side) and MIF/MID."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from parvis.errors import InputError
from parvis.values import Finding, Severity, msg

TITLE = "MapInfo (TAB, MIF)"
SUFFIXES = (".tab", ".mif")

_MIF = re.compile(rb'^\s*version\s+\d+\s+charset\s+"', re.IGNORECASE)


def recognises(path: Path, head: bytes) -> float:
    return 0.9 if head[:40].lstrip().lower().startswith(b"!table") or _MIF.match(head[:200]) else 0.0


def read(path: Path, name: str, sink: Any) -> Sequence[Finding]:
    """Put the layer into the sink; the other parts lie beside ``path``, under the same stem."""
    from parvis.tables import layer

    if path.suffix.lower() not in SUFFIXES:
        raise _damaged()
    layer.gdal(path, sink, "mapinfo", damaged=_damaged)
    beside = [path.with_suffix(s) for s in (".mid", ".MID")]
    return [_no_table()] if path.suffix.lower() == ".mif" and not any(p.exists() for p in beside) else []


def _no_table() -> Finding:
    return Finding(
        "mapinfo.no_mid",
        Severity.WARN,
        msg("Le fichier .mid manque : la couche a des formes, mais ses colonnes d'information sont vides."),
        hint=msg("Renvoyez dans une même archive ZIP les fichiers .mif et .mid de la couche."),
    )


def _damaged() -> InputError:
    return InputError(
        "Cette couche MapInfo est incomplète ou endommagée : elle n'a pas pu être lue.",
        "Renvoyez dans une même archive ZIP ses fichiers .tab, .dat, .map et .id, ou exportez-la en GeoPackage.",
        code="mapinfo.damaged",
    )
