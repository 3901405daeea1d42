"""Longitude written under « latitude », and the other way round."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from parvis.dates import folded
from parvis.tables.draft import Draft
from parvis.tables.parameters import Parameter
from parvis.values import Step, msg

TITLE = "Échanger latitude et longitude"
GROUP = "places"
ORDER = 160
KEEPS = True
PARAMETERS = {
    "latitude": Parameter("column", msg("Colonne nommée latitude")),
    "longitude": Parameter("column", msg("Colonne nommée longitude")),
}
SENTENCE = msg("Les valeurs de « {latitude} » et de « {longitude} » sont échangées.")
EXAMPLES = [
    (
        (["lat", "lon"], [["3.1", "47.0"], ["3.2", "47.1"]]),
        {"latitude": "lat", "longitude": "lon"},
        (["lat", "lon"], [["47.0", "3.1"], ["47.1", "3.2"]]),
    ),
]
_LOOK = 2000  # cells
_LATITUDE, _LONGITUDE = re.compile(r"\blat(?:itude)?\b"), re.compile(r"\b(?:lon|lng|long|longitude)\b")


def suggest(draft: Draft) -> Sequence[Step]:
    """Suggest it when every latitude is one of mainland France's longitudes, and the other way round."""
    latitude, longitude = _column(draft, _LATITUDE), _column(draft, _LONGITUDE)
    if latitude is None or longitude is None or latitude == longitude:
        return []
    lat, lon = _numbers(draft.few(latitude, _LOOK)), _numbers(draft.few(longitude, _LOOK))
    if len(lat) < 2 or len(lon) < 2 or not all(-6 < x < 10 for x in lat) or not all(41 < y < 52 for y in lon):
        return []
    parameters = {"latitude": draft.labels[latitude], "longitude": draft.labels[longitude]}
    return [Step("swap_coordinates", parameters)]


def apply(draft: Draft, parameters: Mapping[str, Any]) -> bool:
    a, b = draft.find(str(parameters.get("latitude", ""))), draft.find(str(parameters.get("longitude", "")))
    if a is None or b is None or a == b:
        return False
    draft.rewrite({a: f"c{b}", b: f"c{a}"})
    return True


def _column(draft: Draft, pattern: re.Pattern[str]) -> int | None:
    found = [i for i, x in enumerate(draft.labels) if pattern.search(re.sub(r"[^a-z]+", " ", folded(x)))]
    return found[0] if len(found) == 1 else None


def _numbers(cells: Sequence[str]) -> list[float]:
    out = []
    for cell in cells:
        try:
            out.append(float(cell.replace(",", ".")))
        except ValueError:
            return []
    return out
