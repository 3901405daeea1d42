"""What a query worker knows of shapes: the functions on geometries that the engine has not, batch by batch.

A shape said by who asks is kept here under a number; the SQL holds the number alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from parvis.store.writers import gpx, kml

EARTH = 6_371_008.8  # metres, mean radius


class Shapes:
    """The functions ``point_*`` and ``shape_*`` of one engine, and the shapes of the question in hand."""

    def __init__(self, engine: duckdb.DuckDBPyConnection) -> None:
        self._said: list[Any] = []
        for name, kinds, gives, function in self._functions():
            engine.create_function(name, function, kinds, gives, type="arrow")  # type: ignore[call-overload]  # its stubs want an enum

    def bound(self, parameters: Sequence[Any]) -> list[Any]:
        """Return the values of a question, its shapes kept and replaced by their numbers."""
        import shapely

        self._said, out = [], []
        for value in parameters:
            if isinstance(value, dict):
                shape = shapely.from_wkb(bytes.fromhex(value["shape"]))
                shapely.prepare(shape)
                self._said.append(shape)
                out.append(len(self._said) - 1)
            else:
                out.append(value)
        return out

    def _shape(self, numbers: Any) -> Any:
        return self._said[numbers[0].as_py()]

    def _functions(self) -> list[tuple[str, list[str], str, Callable[..., Any]]]:
        import shapely

        def floats(array: Any) -> Any:
            return array.to_numpy(zero_copy_only=False)

        def shapes(array: Any) -> Any:
            return shapely.from_wkb(np.array(array.to_pylist(), object), on_invalid="ignore")

        def point(test: Callable[..., Any]) -> Callable[..., Any]:
            return lambda x, y, n: pa.array(test(self._shape(n), floats(x), floats(y)))

        def shape(test: Callable[..., Any]) -> Callable[..., Any]:
            return lambda w, n: pa.array(test(shapes(w), self._shape(n)))

        def either(name: str, test: Callable[..., Any]) -> list[tuple[str, list[str], str, Callable[..., Any]]]:
            """Return a relation of a place, or of a shape, to the shape that was said."""

            def of_point(x: Any, y: Any, n: Any) -> Any:
                return pa.array(test(shapely.points(floats(x), floats(y)), self._shape(n)))

            return [
                (f"point_{name}", ["DOUBLE", "DOUBLE", "INTEGER"], "BOOLEAN", of_point),
                (f"shape_{name}", ["BLOB", "INTEGER"], "BOOLEAN", shape(test)),
            ]

        def apart(x: Any, y: Any, n: Any) -> Any:
            return pa.array(_metres(shapely.points(floats(x), floats(y)), self._shape(n)))

        def middle(w: Any, axis: Any) -> Any:
            centre = shapely.centroid(shapes(w))
            return pa.array((shapely.get_x if axis[0].as_py() == 0 else shapely.get_y)(centre))

        def side(w: Any, n: Any) -> Any:
            return pa.array(shapely.bounds(shapes(w))[:, n[0].as_py()])

        def drawn(told: Callable[..., str | None], *given: Any) -> Any:
            """Return what draws each shape that is there, told as GeoJSON."""
            rows = zip(*(g.to_pylist() for g in given), strict=True)
            return pa.array([None if row[0] is None else told(*row) for row in rows], pa.string())

        return [
            ("shape_kml", ["VARCHAR"], "VARCHAR", lambda t: drawn(kml.drawn, t)),
            ("shape_gpx", ["VARCHAR", "VARCHAR", "INTEGER"], "VARCHAR", lambda t, i, n: drawn(gpx.drawn, t, i, n)),
            ("shape_moved", ["VARCHAR", "INTEGER"], "VARCHAR", _moved),
            ("point_intersects", ["DOUBLE", "DOUBLE", "INTEGER"], "BOOLEAN", point(shapely.intersects_xy)),
            ("point_within", ["DOUBLE", "DOUBLE", "INTEGER"], "BOOLEAN", point(shapely.contains_xy)),
            ("point_distance", ["DOUBLE", "DOUBLE", "INTEGER"], "DOUBLE", apart),
            ("shape_intersects", ["BLOB", "INTEGER"], "BOOLEAN", shape(lambda s, o: shapely.intersects(o, s))),
            ("shape_within", ["BLOB", "INTEGER"], "BOOLEAN", shape(lambda s, o: shapely.contains(o, s))),
            ("shape_distance", ["BLOB", "INTEGER"], "DOUBLE", shape(_metres)),
            ("shape_middle", ["BLOB", "INTEGER"], "DOUBLE", middle),
            ("shape_side", ["BLOB", "INTEGER"], "DOUBLE", side),
            *either("encloses", shapely.contains), *either("touches", shapely.touches),
            *either("crosses", shapely.crosses), *either("overlaps", shapely.overlaps),
            *either("equals", shapely.equals),
        ]  # fmt: skip


def _moved(texts: Any, systems: Any) -> Any:
    """Return shapes told as GeoJSON in another system of coordinates."""
    import shapely

    from parvis.store.writers import layer

    drawn = shapely.from_geojson(np.array(texts.to_pylist(), object), on_invalid="ignore")
    there = layer.moved(drawn, systems[0].as_py())
    return pa.array(shapely.to_geojson(there).tolist(), pa.string())


def _metres(shapes: Any, other: Any) -> Any:
    """Return the metres between shapes and another one, from nearest point to nearest point."""
    import shapely

    flat = np.cos(np.radians(shapely.centroid(other).y))

    def pressed(shape: Any) -> Any:
        return shapely.transform(shape, lambda xy: xy * (flat, 1.0))

    lines = shapely.shortest_line(pressed(shapes), pressed(other))
    filled = ~shapely.is_missing(lines)
    ends = shapely.get_coordinates(lines[filled]).reshape(-1, 2, 2) / (flat, 1.0)
    lon, lat = np.radians(ends[:, :, 0]), np.radians(ends[:, :, 1])
    half = np.sin((lat[:, 1] - lat[:, 0]) / 2) ** 2
    half += np.cos(lat[:, 0]) * np.cos(lat[:, 1]) * np.sin((lon[:, 1] - lon[:, 0]) / 2) ** 2
    out = np.full(len(lines), np.nan)
    out[filled] = 2 * EARTH * np.arcsin(np.sqrt(np.minimum(half, 1)))
    return out
