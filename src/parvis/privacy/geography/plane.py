"""Degrees to metres and back, in the system in which Insee draws its squares."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from parvis.frozen import dataclass

Array = Any  # numpy arrays: their shapes are in the docstrings

# West, south, east, north in degrees -> the EPSG code in which Insee publishes squares there.
_SYSTEMS = (
    (5490, (-63.5, 14.0, -60.5, 18.5)),  # Antilles
    (2972, (-55.0, 1.5, -51.0, 6.5)),  # Guyane
    (2975, (55.0, -21.6, 56.0, -20.6)),  # La Réunion
    (4471, (44.8, -13.2, 45.5, -12.4)),  # Mayotte
)
_EUROPE = 3035


@dataclass(frozen=True, eq=False)
class Points:
    """Places of persons: ``xy`` (n, 2) metres in ``system`` (EPSG), ``homes`` (n,) whole numbers, the household of each.

    A row without a place has NaN in ``xy``.
    """

    xy: Array
    homes: Array
    system: int

    @property
    def placed(self) -> Array:
        """(n,): the row has a place."""
        return ~np.isnan(self.xy).any(axis=1)

    def households(self) -> Array:
        """Return (m, 2): the place of each household, once."""
        placed = np.flatnonzero(self.placed)
        _, first = np.unique(self.homes[placed], return_index=True)
        return self.xy[placed[first]]


def points(
    longitudes: Sequence[float], latitudes: Sequence[float], homes: Sequence[Any] | None = None, system: int = 0
) -> Points:
    """Return the places of rows in metres. ``homes`` says whose household a row is; each place is one when not given.

    ``system`` imposes the EPSG code, else it is that of where most places lie. Places are the same home within a metre.
    What is no place on Earth is a row without a place.
    """
    lon, lat = np.asarray(longitudes, float), np.asarray(latitudes, float)
    out = ~(np.isfinite(lon) & np.isfinite(lat) & (np.abs(lon) <= 180) & (np.abs(lat) <= 90))
    lon, lat = np.where(out, np.nan, lon), np.where(out, np.nan, lat)
    system = system or system_of(lon, lat)
    xy = np.full((len(lon), 2), np.nan)
    if (~out).any():
        xy[~out] = np.column_stack(_transformer(4326, system).transform(lon[~out], lat[~out]))
    xy[~np.isfinite(xy).all(axis=1)] = np.nan
    if homes is None:
        keys = np.where(np.isnan(xy), -1.0, np.round(xy))
        _, whose = np.unique(keys, axis=0, return_inverse=True) if len(xy) else (None, np.empty(0, np.int64))
    else:
        numbers: dict[Any, int] = {}
        whose = np.array([numbers.setdefault(h, len(numbers)) for h in homes], np.int64)
    return Points(xy, np.asarray(whose).reshape(-1), system)


def system_of(longitudes: Array, latitudes: Array) -> int:
    """Return the EPSG code of the system in metres where most of the places lie."""
    if not len(longitudes) or np.isnan(longitudes).all():
        return _EUROPE
    lon, lat = float(np.nanmedian(longitudes)), float(np.nanmedian(latitudes))
    for code, (west, south, east, north) in _SYSTEMS:
        if west <= lon <= east and south <= lat <= north:
            return code
    if -30 <= lon <= 45 and 25 <= lat <= 72:
        return _EUROPE
    return (32600 if lat >= 0 else 32700) + min(60, int((lon + 180) // 6) + 1)  # UTM


def degrees(xy: Array, system: int) -> tuple[Array, Array]:
    """Return (longitudes, latitudes) of places in metres, rounded to a tenth of a metre or so."""
    lon, lat = _transformer(system, 4326).transform(xy[:, 0], xy[:, 1])
    lon, lat = np.round(np.asarray(lon, float), 6), np.round(np.asarray(lat, float), 6)
    return np.where(np.isfinite(lon), lon, np.nan), np.where(np.isfinite(lat), lat, np.nan)


def polygon(ring: Sequence[tuple[float, float]]) -> bytes:
    """Return the WKB of a polygon of one ring, closed."""
    closed = [*ring, ring[0]]
    return struct.pack("<BIII", 1, 3, 1, len(closed)) + b"".join(struct.pack("<dd", x, y) for x, y in closed)


@cache
def _transformer(source: int, target: int) -> Any:
    from pyproj import Transformer  # late: only a table with places needs it

    return Transformer.from_crs(source, target, always_xy=True)
