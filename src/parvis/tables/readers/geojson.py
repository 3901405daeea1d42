"""GeoJSON: features with their properties and shapes (RFC 7946), one per line too (GeoJSON Text Sequences)."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from parvis.errors import InputError
from parvis.tables import objects
from parvis.tables.sink import too_wide
from parvis.values import Finding

TITLE = "GeoJSON"
SUFFIXES = (".geojson", ".geojsonl", ".geojsons", ".json")

_SURE = re.compile(r'"type"\s*:\s*"(?:FeatureCollection|Feature)"')
_MAYBE = re.compile(r'"(?:features|geometry|coordinates)"\s*:')
_BATCH = 10_000
_CRS = ("crs.properties.name", "crs.properties.code", "crs.name")


def recognises(path: Path, head: bytes) -> float:
    start = objects.start(head)
    if not start.startswith("{"):
        return 0.0
    return 0.9 if _SURE.search(start) else 0.75 if _MAYBE.search(start) and '"type"' in start else 0.0


def read(path: Path, name: str, sink: Any) -> Sequence[Finding]:
    """Put the features into the sink: one row each, shapes in WGS84."""
    from parvis.tables import layer

    source = _Source(path, sink.limits)
    labels = source.survey()

    def chunks() -> Iterator[layer.Chunk]:
        source.stream.bad = 0
        features = source.features()
        while batch := list(itertools.islice(features, _BATCH)):
            yield _chunk(batch, labels)

    layer.write(sink, "", labels, chunks, crs=source.crs, silent=True, format="geojson", encoding=source.encoding)
    return list(source.stream.remarks())


class _Source:
    """A GeoJSON file, gone through several times."""

    def __init__(self, path: Path, limits: Any) -> None:
        self.stream = objects.Objects(path, limits, exact=False)
        self.limits = limits
        self.crs = ""
        with path.open("rb") as file:
            first = file.readline(1 << 20)
        start = objects.start(first)
        self.by_line = (
            bool(re.search(r'^\{.*"type"\s*:\s*"Feature"(?!C).*\}\s*$', start, re.DOTALL)) and first[-1:] == b"\n"
        )

    @property
    def encoding(self) -> str:
        return self.stream.encoding.removesuffix("-sig")

    def survey(self) -> list[str]:
        """Return the labels of all the features, in the order they are met; notes the reference system."""
        labels: dict[str, None] = {}
        count = 0
        for item in self._items():
            if _is_feature(item):
                count += 1
                for label in _properties(item.value):
                    labels.setdefault(label)
                if len(labels) > self.limits.columns:
                    raise too_wide(len(labels), self.limits.columns)
            elif item.path in _CRS and isinstance(item.value, str | int):
                self.crs = _system(str(item.value))
        if not count:
            raise InputError(
                "Ce fichier GeoJSON ne contient aucun objet (« features »).",
                "Vérifiez l'export de la couche, puis renvoyez-le.",
                code="geojson.empty",
            )
        return list(labels)

    def features(self) -> Iterator[objects.Item]:
        return (i for i in self._items() if _is_feature(i))

    def _items(self) -> Iterable[objects.Item]:
        return self.stream.lines() if self.by_line else self.stream.items()


def _is_feature(item: objects.Item) -> bool:
    return item.listed and item.path in ("features", "") and isinstance(item.value, dict)


def _properties(feature: dict[str, Any]) -> dict[str, str | None]:
    properties = feature.get("properties")
    out = objects.flat(properties) if isinstance(properties, dict) else {}
    if isinstance(feature.get("id"), str) and "id" not in out:
        out = {"id": feature["id"], **out}
    return out


def _system(name: str) -> str:
    """Return what PROJ understands of an old "crs" member: urn:ogc:def:crs:EPSG::2154, EPSG:2154, CRS84."""
    if "CRS84" in name:
        return "OGC:CRS84"
    code = re.search(r"(?:EPSG|epsg)\D*?(?:\d+\.[\d.]+:)?(\d{4,6})\b|^(\d{4,6})$", name)
    return f"EPSG:{code[1] or code[2]}" if code else ""


def _chunk(batch: Sequence[objects.Item], labels: Sequence[str]) -> Any:
    import numpy as np
    import pyarrow as pa
    import shapely

    from parvis.tables import layer

    rows = [_properties(item.value) for item in batch]
    cells = [pa.array([row.get(label) for row in rows], pa.string()) for label in labels]
    texts = np.array([item.text if item.value.get("geometry") else None for item in batch], object)
    return layer.Chunk(cells, np.array(shapely.from_geojson(texts, on_invalid="ignore"), object))
