"""A JSON Schema of flat objects, said again as a Table Schema: objects alone, in a list, or as GeoJSON properties."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_DEPTH = 6
_FORMATS = {"date": "date", "date-time": "datetime", "time": "time"}
_INSIDE = ("features", "properties")  # what leads from a GeoJSON collection to the properties of its shapes


def as_table_schema(document: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the Table Schema of the flat object described, None when there is none. References are local ones only."""
    rows = _rows(document, document, 0)
    if rows is None:
        return None
    needed = rows.get("required")
    required = {n for n in needed if isinstance(n, str)} if isinstance(needed, list) else set()
    return {**document, "fields": list(_fields(rows["properties"], required, document))}


def _rows(node: Any, whole: Mapping[str, Any], depth: int) -> Mapping[str, Any] | None:
    """Return the description of one row: the object whose properties are plain values."""
    node = _resolved(node, whole)
    if not isinstance(node, Mapping) or depth > _DEPTH:
        return None
    if node.get("type") == "array" or "items" in node:
        return _rows(node.get("items"), whole, depth + 1)
    properties = node.get("properties")
    if not isinstance(properties, Mapping):
        parts = node.get("allOf")
        found = (_rows(p, whole, depth + 1) for p in parts) if isinstance(parts, list) else ()
        return next((f for f in found if f is not None), None)
    inner = next((i for i in _INSIDE if isinstance(_resolved(properties.get(i), whole), Mapping)), "")
    return _rows(properties[inner], whole, depth + 1) if inner else node


def _fields(properties: Mapping[str, Any], required: set[str], whole: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for name, said in properties.items():
        told = _resolved(said, whole)
        if not isinstance(told, Mapping):
            continue
        kind = told.get("type")
        if isinstance(kind, list):
            kind = next((k for k in kind if k != "null"), "string")
        items = _resolved(told.get("items"), whole)
        limits = items if kind == "array" and isinstance(items, Mapping) else told
        yield {
            "name": name,
            "title": told.get("title"),
            "type": _FORMATS.get(str(told.get("format")), kind or "any"),
            "constraints": {
                "required": name in required,
                **{k: limits.get(k) for k in ("enum", "pattern", "minimum", "maximum", "minLength", "maxLength")},
            },
        }


def _resolved(node: Any, whole: Mapping[str, Any]) -> Any:
    """Return the node that a local reference names; chains and circles stop after a few steps."""
    for _ in range(_DEPTH):
        if not isinstance(node, Mapping) or not isinstance(node.get("$ref"), str):
            return node
        target: Any = whole
        for part in node["$ref"].removeprefix("#").strip("/").split("/"):
            target = target.get(part) if isinstance(target, Mapping) else None
        node = target
    return None
