"""A question to WFS sent as a body: XML of any version, or a form. It becomes the parameters of an address.

The XML is read by the standard library, which the web process may hold, from a short text that declares nothing: no entity, no
other document; and no deeper than a filter may be.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import Any
from urllib.parse import parse_qsl

from parvis.dialects.wfs_request import OwsError

BODY = 64 << 10  # bytes
DEPTH = 60
_OPERATIONS = ("GetCapabilities", "DescribeFeatureType", "GetFeature", "ListStoredQueries", "DescribeStoredQueries")
_ATTRIBUTES = ("service", "version", "outputFormat", "resultType", "count", "maxFeatures", "startIndex")


def told(body: bytes, media_type: str) -> list[tuple[str, str]]:
    """Return the parameters that a body says. Raises: OwsError."""
    if len(body) > BODY:
        raise OwsError("OperationParsingFailed", "", "Une demande ne peut dépasser {most} Kio.", most=BODY >> 10)
    form = media_type.partition(";")[0].strip().lower() == "application/x-www-form-urlencoded" or b"=" in body[:40]
    if form and b"<" not in body[:5]:  # some clients send a form without saying so
        return _form(body)
    return _read(body)


def _form(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=100)
    except ValueError as error:
        raise OwsError("OperationParsingFailed", "", "Cette demande a trop de paramètres.") from error


def _read(body: bytes) -> list[tuple[str, str]]:
    root = _root(body)
    operation = _name(root)
    if operation == "GetPropertyValue" or operation not in _OPERATIONS:
        raise OwsError(
            "OperationNotSupported", "request", "L'opération « {said} » n'est pas servie.", said=operation[:60]
        )
    out = [("request", operation), *((n, root.get(n, "")) for n in _ATTRIBUTES if root.get(n))]
    accepted = [_text(c) for v in _inside(root, "AcceptVersions") for c in v]
    if accepted:
        out.append(("acceptVersions", ",".join(accepted)))
    if names := [_text(c) for c in _inside(root, "TypeName")]:
        out.append(("typeNames", ",".join(names)))
    queries, stored = _inside(root, "Query"), _inside(root, "StoredQuery")
    if len(queries) + len(stored) > 1:
        raise OwsError("OptionNotSupported", "Query", "Une seule question à la fois.")
    for query in queries:
        out += _query(query)
    for query in stored:
        out.append(("storedQuery_Id", query.get("id", "")))
        out += [(p.get("name", ""), _text(p)) for p in _inside(query, "Parameter")]
    return out


def _query(query: Any) -> list[tuple[str, str]]:
    out = [("typeNames", " ".join((query.get("typeNames") or query.get("typeName") or "").split()).replace(" ", ","))]
    if system := query.get("srsName"):
        out.append(("srsName", system))
    if names := [_text(c) for c in _inside(query, "PropertyName")]:
        out.append(("propertyName", ",".join(names)))
    filters = _inside(query, "Filter")
    if len(filters) > 1:
        raise OwsError("OperationParsingFailed", "filter", "Une question a un seul filtre.")
    for one in filters:
        one.tail = None
        out.append(("filter", ET.tostring(one, "unicode")))
    sorts = [s for by in _inside(query, "SortBy") for s in _inside(by, "SortProperty")]
    if sorts:
        out.append(("sortBy", ",".join(_sort(s) for s in sorts)))
    return out


def _sort(node: Any) -> str:
    names = [_text(c) for c in node if _name(c) in ("ValueReference", "PropertyName")]
    way = next((_text(c) for c in _inside(node, "SortOrder")), "ASC")
    return f"{names[0] if names else ''} {way}"


def _root(body: bytes) -> Any:
    if re.search(rb"<!\s*(?:DOCTYPE|ENTITY)", body.replace(b"\0", b""), re.IGNORECASE):
        raise OwsError("OperationParsingFailed", "", "Une demande ne déclare pas de type de document.")
    reader: Any = ET.XMLPullParser(("start", "end"))
    depth, root = 0, None
    try:
        reader.feed(body)
        reader.close()
        for event, node in reader.read_events():
            root = node if root is None else root
            depth += 1 if event == "start" else -1
            if depth > DEPTH:
                raise OwsError("OperationParsingFailed", "", "Cette demande est trop imbriquée.")
    except (ET.ParseError, LookupError, ValueError) as error:
        raise OwsError("OperationParsingFailed", "", "Cette demande n'est pas du XML.") from error
    if root is None:
        raise OwsError("OperationParsingFailed", "", "Cette demande est vide.")
    return root


def _inside(node: Any, name: str) -> list[Any]:
    return [child for child in node if _name(child) == name]


def _name(node: Any) -> str:
    return str(node.tag).rpartition("}")[2]


def _text(node: Any) -> str:
    return (node.text or "").strip()
