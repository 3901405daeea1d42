"""GBFS: shared bicycles, scooters and cars; one table per feed, moments as dates, texts in French when there are.

Format: General Bikeshare Feed Specification, versions 1.0 to 3.0.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from parvis.errors import InputError
from parvis.tables import objects
from parvis.values import Finding, Severity, msg

TITLE = "Vélos et véhicules partagés (GBFS)"
SUFFIXES = (".json",)

_FEEDS = ("stations", "bikes", "vehicles", "vehicle_types", "plans", "regions", "alerts", "calendars", "rental_hours",
          "geofencing_zones", "versions", "datasets", "feeds", "system_id")  # fmt: skip
_INDEX = ("feeds", "versions", "datasets")
_MOMENT = re.compile(r"(?:^|_)(?:last_(?:reported|updated)|available_until|start|end|start_time|end_time)$")
_ENVELOPE = (re.compile(r'"last_updated"\s*:\s*["\d]'), re.compile(r'"ttl"\s*:\s*\d'), re.compile(r'"data"\s*:\s*\{'))
_FEW = 50  # values of a list, in the feed that describes the service
_EPOCH = (1_000_000_000, 4_000_000_000)  # seconds: 2001 to 2096


def recognises(path: Path, head: bytes) -> float:
    start = objects.start(head)
    if not start.startswith("{") or not all(p.search(start) for p in _ENVELOPE):
        return 0.0
    if re.search(r'"data"\s*:\s*\{\s*"[a-z]{2}(?:-[A-Za-z]{2})?"\s*:\s*\{\s*"feeds"', start):
        return 0.93
    return 0.93 if any(f'"{f}"' in start for f in _FEEDS) else 0.0


def read(path: Path, name: str, sink: Any) -> Sequence[Finding]:
    """Put the feed's list into the sink, each row with the moment at which the feed was made.

    Raises: InputError for the index of the feeds, which holds addresses and no data.
    """
    source = objects.Objects(path, sink.limits)
    moment, language, feed = "", "", ""
    alone: dict[str, Any] = {}
    lists: dict[str, list[Any]] = {}
    for item in source.items():
        path_in = item.path.removeprefix("data.")
        if item.path == "last_updated":
            moment = _moment(item.value)
        elif item.path == "data.language":
            language = str(item.value)
        if item.listed:
            feed = feed or item.path
            if len(kept := lists.setdefault(path_in, [])) < _FEW:
                kept.append(item.value)
        elif item.path.startswith("data."):
            alone[path_in] = item.value
    feed = feed.removeprefix("data.")
    if feed.rpartition(".")[2] in _INDEX:
        raise InputError(
            "C'est l'index d'un service de véhicules partagés (GBFS) : il ne contient que les adresses des flux.",
            "Envoyez les flux eux-mêmes : station_information, station_status, vehicle_types…",
            code="gbfs.index",
        )
    facts = {"format": "gbfs", "encoding": source.encoding.removesuffix("-sig")}
    if feed.startswith("geofencing_zones"):
        return [*_zones(path, sink, moment, facts), *source.remarks()]
    if "system_id" in alone or not feed:
        rows = [(1, _row({**alone, **lists}, language))]
    else:
        rows = [(n, _row(item.value, language)) for n, item in enumerate(_items(source, feed), 1)]
    labels = list(dict.fromkeys(k for _, row in rows for k in row))
    if not labels:
        raise InputError("Ce flux GBFS est vide.", "Recommencez le téléchargement plus tard.", code="gbfs.empty")
    extra = ["feed_last_updated"] if moment else []
    sink.rows(
        "",
        [*labels, *extra],
        ((n, [*(r.get(x) for x in labels), *([moment] if extra else [])]) for n, r in rows),
        **facts,
    )
    return list(source.remarks())


def _items(source: objects.Objects, feed: str) -> Iterator[objects.Item]:
    source.bad = 0
    return (i for i in source.items() if i.listed and i.path == f"data.{feed}" and isinstance(i.value, dict))


def _row(value: Mapping[str, Any], language: str) -> dict[str, str | None]:
    """Return an object as one row: texts in several languages give the French one, moments become dates."""
    out = objects.flat({k: _one_language(v, language) for k, v in value.items()})
    return {k: _moment(v) if v and _MOMENT.search(k) and v.isdigit() else v for k, v in out.items()}


def _one_language(value: Any, language: str) -> Any:
    if (
        not isinstance(value, list)
        or not value
        or not all(isinstance(v, dict) and set(v) == {"text", "language"} for v in value)
    ):
        return value
    for wanted in ("fr", language[:2] or "fr", ""):
        for told in value:
            if str(told["language"]).lower().startswith(wanted):
                return told["text"]
    return None


def _moment(value: Any) -> str:
    text = str(value)
    if text.isdigit() and _EPOCH[0] < int(text) < _EPOCH[1]:
        return dt.datetime.fromtimestamp(int(text), dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return text


def _zones(path: Path, sink: Any, moment: str, facts: Mapping[str, Any]) -> Iterator[Finding]:
    """Put the zones into the sink with their shapes."""
    import numpy as np
    import pyarrow as pa
    import shapely

    from parvis.tables import layer

    source = objects.Objects(path, sink.limits, exact=False)
    features = [
        i
        for i in source.items()
        if i.listed and i.path.endswith("geofencing_zones.features") and isinstance(i.value, dict)
    ]
    rows = [_row(i.value.get("properties") or {}, "") for i in features]
    labels = list(dict.fromkeys(k for row in rows for k in row)) or ["name"]
    if not features:
        raise InputError("Ce flux GBFS est vide.", "Recommencez le téléchargement plus tard.", code="gbfs.empty")
    cells = [pa.array([row.get(x) for row in rows], pa.string()) for x in labels]
    cells.append(pa.array([moment or None] * len(rows), pa.string()))
    texts = np.array([i.text if i.value.get("geometry") else None for i in features], object)
    shapes = np.array(shapely.from_geojson(texts, on_invalid="ignore"), object)
    layer.write(
        sink, "", [*labels, "feed_last_updated"], lambda: [layer.Chunk(cells, shapes.copy())], silent=True, **facts
    )
    yield Finding(
        "gbfs.zones",
        Severity.INFO,
        msg("Zones de circulation du service lues avec leurs formes : {count}."),
        values={"count": len(rows)},
        count=len(rows),
    )
