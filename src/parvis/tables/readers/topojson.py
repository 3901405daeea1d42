"""TopoJSON: the layers of web maps, whose shapes share their edges. Read by GDAL."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from parvis.errors import InputError
from parvis.tables import objects
from parvis.values import Finding

TITLE = "TopoJSON"
SUFFIXES = (".topojson", ".json")

_TYPE = re.compile(r'"type"\s*:\s*"Topology"')


def recognises(path: Path, head: bytes) -> float:
    start = objects.start(head)
    return 0.93 if start.startswith("{") and _TYPE.search(start) else 0.0


def read(path: Path, name: str, sink: Any) -> Sequence[Finding]:
    """Put every layer into the sink.

    Raises: InputError when it is cut, nested too deep or holds no object.
    """
    from parvis.tables import layer

    source = objects.Objects(path, sink.limits)
    for _ in source.items():  # GDAL's parser is not asked before ours has gone through without harm
        pass
    link: Path = sink.path(".topojson")
    link.symlink_to(path)
    try:
        layer.gdal(link, sink, "topojson", damaged=_damaged)
    finally:
        link.unlink(missing_ok=True)
    if not any(t.rows for t in sink.tables):
        raise _damaged()
    return ()


def _damaged() -> InputError:
    return InputError(
        "Ce fichier TopoJSON est vide ou mal formé : il n'a pas pu être lu.",
        "Exportez la couche en GeoJSON, puis renvoyez-la.",
        code="json.topojson",
    )
