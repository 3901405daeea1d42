"""OGC filters (FES 2.0, and the 1.1 that old desktops send): what they ask becomes the tree that ``cql2`` reads.

Read by the standard library, which the web process may hold, from a text that declares nothing: no entity, no other document.
A filter is a few elements, and one beyond ``DEPTH`` is refused.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any

from parvis.errors import InputError, LimitError

LONGEST = 20_000  # characters
DEPTH = 40
_COMPARED = {
    "PropertyIsEqualTo": "=", "PropertyIsNotEqualTo": "<>", "PropertyIsLessThan": "<", "PropertyIsGreaterThan": ">",
    "PropertyIsLessThanOrEqualTo": "<=", "PropertyIsGreaterThanOrEqualTo": ">=",
}  # fmt: skip
_SPATIAL = {
    "Intersects": "s_intersects", "Disjoint": "s_disjoint", "Within": "s_within", "Contains": "s_contains",
    "Touches": "s_touches", "Crosses": "s_crosses", "Overlaps": "s_overlaps", "Equals": "s_equals", "BBOX": "s_intersects",
}  # fmt: skip
_SIGNS = {"Add": "+", "Sub": "-", "Mul": "*", "Div": "/"}


class FilterError(InputError):
    """What cannot be read in a filter."""


def read(text: str, move: Callable[[Any, str], Any], place: str) -> tuple[Any, list[str]]:
    """Return a filter as a CQL2 tree (None for none), and the ids of features that it names.

    ``move`` brings a GeoJSON geometry of a system (its name, "" when none is said) to degrees; ``place`` is the name of
    the geometry, for a box that names none. Raises: FilterError, LimitError.
    """
    if len(text) > LONGEST:
        raise LimitError("Un filtre ne peut dépasser {limit} caractères.", limit=LONGEST)
    if re.search(r"<!(?:DOCTYPE|ENTITY)", text, re.IGNORECASE):
        raise FilterError("Un filtre ne déclare pas de type de document.")
    try:
        root = ET.fromstring(text.encode("utf-8", "replace"))  # noqa: S314  short, and without declarations
    except ET.ParseError as error:
        raise FilterError("Ce filtre n'est pas du XML : « {start} ».", start=text[:40]) from error
    if _name(root) != "Filter":
        raise FilterError("« {name} » n'est pas un filtre.", name=_name(root)[:40])
    reader = _Reader(move, place)
    parts = [reader.condition(child, 0) for child in _children(root) if not _is_id(child)]
    ids = [_identity(child) for child in _children(root) if _is_id(child)]
    if len(parts) > 1 or (parts and ids):
        raise FilterError("Un filtre contient une seule condition.")
    return (parts[0] if parts else None), ids


class _Reader:
    def __init__(self, move: Callable[[Any, str], Any], place: str) -> None:
        self.move, self.place = move, place

    def condition(self, node: Any, depth: int) -> Any:
        if depth > DEPTH:
            raise LimitError("Ce filtre est trop imbriqué.", "Posez plusieurs questions.")
        name, children = _name(node), _children(node)
        if name in ("And", "Or"):
            parts = [self.condition(c, depth + 1) for c in children]
            if not parts:
                raise FilterError("« {name} » attend des conditions.", name=name)
            return parts[0] if len(parts) == 1 else {"op": name.lower(), "args": parts}
        if name == "Not":
            (inner,) = self._several(node, children, 1)
            return {"op": "not", "args": [self.condition(inner, depth + 1)]}
        if name in _COMPARED:
            sides = [self.value(c, depth + 1) for c in self._several(node, children, 2)]
            if node.get("matchCase") == "false":
                sides = [{"op": "casei", "args": [s]} if isinstance(s, str | dict) else s for s in sides]
            return {"op": _COMPARED[name], "args": sides}
        if name == "PropertyIsBetween":
            value, low, high = self._several(node, children, 3)
            return {"op": "between", "args": [
                self.value(value, depth + 1),
                *(self.value(self._several(b, _children(b), 1)[0], depth + 1) for b in (low, high)),
            ]}  # fmt: skip
        if name in ("PropertyIsNull", "PropertyIsNil"):
            (inner,) = self._several(node, children, 1)
            return {"op": "isNull", "args": [self.value(inner, depth + 1)]}
        if name == "PropertyIsLike":
            return self._like(node, children, depth)
        if name in _SPATIAL:
            return self._spatial(node, name, children)
        raise FilterError("La condition « {name} » n'est pas connue.", name=name[:60])

    def value(self, node: Any, depth: int) -> Any:
        if depth > DEPTH:
            raise LimitError("Ce filtre est trop imbriqué.", "Posez plusieurs questions.")
        name, text = _name(node), (node.text or "").strip()
        if name in ("ValueReference", "PropertyName"):
            return {"property": _local(text)}
        if name == "Literal":
            return node.text or ""  # a filter has no types: the column says what it is
        if name in _SIGNS:
            sides = [self.value(c, depth + 1) for c in self._several(node, _children(node), 2)]
            return {"op": _SIGNS[name], "args": [_number(s) if isinstance(s, str) else s for s in sides]}
        raise FilterError("« {name} » n'est pas une valeur connue.", name=name[:60])

    def _several(self, node: Any, children: list[Any], count: int) -> list[Any]:
        if len(children) != count:
            raise FilterError("« {name} » attend {count} éléments.", name=_name(node)[:40], count=count)
        return children

    def _like(self, node: Any, children: list[Any], depth: int) -> Any:
        value, pattern = self._several(node, children, 2)
        wild, single = node.get("wildCard") or "*", node.get("singleChar") or "?"
        escape = node.get("escapeChar") or node.get("escape") or "\\"
        if not all(len(sign) == 1 for sign in (wild, single, escape)):
            raise FilterError("Les signes d'un modèle ont une seule lettre.")
        said, text, at = [], pattern.text or "", 0
        while at < len(text):
            sign = text[at]
            if sign == escape and at + 1 < len(text):
                at += 1
                said.append(re.sub(r"([\\%_])", r"\\\1", text[at]))
            else:
                said.append("%" if sign == wild else "_" if sign == single else re.sub(r"([\\%_])", r"\\\1", sign))
            at += 1
        sides: list[Any] = [self.value(value, depth + 1), "".join(said)]
        if node.get("matchCase") == "false":
            sides = [{"op": "casei", "args": [s]} for s in sides]
        return {"op": "like", "args": sides}

    def _spatial(self, node: Any, name: str, children: list[Any]) -> Any:
        if name == "BBOX" and len(children) == 1:
            reference, shape = {"property": self.place}, children[0]
        else:
            first, shape = self._several(node, children, 2)
            reference = self.value(first, 0)
        system = shape.get("srsName") or ""
        return {"op": _SPATIAL[name], "args": [reference, self.move(_geometry(shape, 0), system)]}


def _is_id(node: Any) -> bool:
    return _name(node) in ("ResourceId", "FeatureId", "GmlObjectId")


def _identity(node: Any) -> str:
    return str(node.get("rid") or node.get("fid") or node.get("{http://www.opengis.net/gml}id") or "")


def _children(node: Any) -> list[Any]:
    return [child for child in node if isinstance(child.tag, str)]


def _name(node: Any) -> str:
    return str(node.tag).rpartition("}")[2]


def _local(text: str) -> str:
    """Return a name without its prefix or path: « app:code », « //trees/code »."""
    return text.rpartition("/")[2].rpartition(":")[2]


def _number(text: str) -> float:
    said = text.strip()
    if not re.fullmatch(r"-?\d{1,18}(?:\.\d+)?(?:[eE][-+]?\d{1,3})?", said):
        raise FilterError("« {said} » n'est pas un nombre.", said=said[:40])
    return int(said) if re.fullmatch(r"-?\d+", said) else float(said)


# --- Geometries -----------------------------------------------------------------------------------

_MEMBERS = {
    "MultiPoint": ("MultiPoint", "Point"), "MultiCurve": ("MultiLineString", "LineString"),
    "MultiLineString": ("MultiLineString", "LineString"), "MultiSurface": ("MultiPolygon", "Polygon"),
    "MultiPolygon": ("MultiPolygon", "Polygon"),
}  # fmt: skip


def _geometry(node: Any, depth: int) -> Any:
    """Return a GML 2 or 3 shape as GeoJSON, in the order it was written in."""
    if depth > 6:
        raise LimitError("Cette géométrie est trop imbriquée.")
    name = _name(node)
    if name in ("Envelope", "Box"):
        if name == "Envelope" and len(corners := [_numbers(c) for c in _children(node)]) == 2:
            low, high = corners
        else:
            places = _places(node)
            if len(places) != 2:
                raise FilterError("Un rectangle a deux coins.")
            low, high = places
        if min(len(low), len(high)) < 2:
            raise FilterError("Un rectangle a deux coins.")
        (x, y), (to_x, to_y) = low[:2], high[:2]
        ring = [[x, y], [to_x, y], [to_x, to_y], [x, to_y], [x, y]]
        return {"type": "Polygon", "coordinates": [ring]}
    if name == "Point":
        places = _places(node)
        if len(places) != 1:
            raise FilterError("Un point a une seule place.")
        return {"type": "Point", "coordinates": places[0]}
    if name in ("LineString", "LinearRing"):
        return {"type": "LineString", "coordinates": _places(node)}
    if name == "Polygon":
        rings = [_places(ring) for ring in node.iter() if isinstance(ring.tag, str) and _name(ring) == "LinearRing"]
        return {"type": "Polygon", "coordinates": rings}
    if name in _MEMBERS:
        kind, single = _MEMBERS[name]
        parts = [c for m in _children(node) for c in _children(m) if _name(c) == single]
        return {"type": kind, "coordinates": [_geometry(p, depth + 1)["coordinates"] for p in parts]}
    raise FilterError("La géométrie « {name} » n'est pas connue.", name=name[:40])


def _places(node: Any) -> list[list[float]]:
    out: list[list[float]] = []
    for child in _children(node):
        name = _name(child)
        if name == "pos":
            out.append(_numbers(child)[:2])
        elif name == "posList":
            size = 3 if child.get("srsDimension") == "3" else 2
            numbers = _numbers(child)
            if len(numbers) % size:
                raise FilterError("Il manque une coordonnée à une géométrie.")
            out += [numbers[n : n + 2] for n in range(0, len(numbers), size)]
        elif name == "coordinates":
            out += [_floats(pair.split(","))[:2] for pair in (child.text or "").split()]
    if any(len(p) < 2 for p in out):
        raise FilterError("Il manque une coordonnée à une géométrie.")
    return out


def _numbers(node: Any) -> list[float]:
    return _floats((node.text or "").split())


def _floats(said: list[str]) -> list[float]:
    try:
        return [float(s) for s in said]
    except ValueError as error:
        raise FilterError("« {said} » n'est pas une coordonnée.", said=" ".join(said)[:40]) from error
