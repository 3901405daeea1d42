"""The description of our OGC APIs (OpenAPI 3.0), with each collection's own properties as parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from parvis import __version__
from parvis.dialects import ogc_crs
from parvis.dialects.ogc_request import GEOJSON, JSON, OPENAPI, PREFIX, SCHEMA, property_columns
from parvis.values import Version

_FAULT = {"schema": {"$ref": "#/components/schemas/exception"}}
_DEFAULT = {
    "400": {"description": "Un paramètre inconnu ou mal écrit.", "content": {JSON: _FAULT}},
    "404": {"description": "Ce qui est nommé n'existe pas.", "content": {JSON: _FAULT}},
    "410": {"description": "Ces données ont été retirées.", "content": {JSON: _FAULT}},
    "503": {"description": "Trop de demandes à la fois.", "content": {JSON: _FAULT}},
}


def document(base: str, name: str, collections: Sequence[tuple[str, Version]]) -> dict[str, Any]:
    """Return the description; ``collections`` are told one by one, the others by the general path."""
    paths: dict[str, Any] = {
        "/": _get("La page d'accueil", JSON, ["f"]),
        "/api": _get("Cette description", OPENAPI, ["f"]),
        "/conformance": _get("Les classes de conformité", JSON, ["f"]),
        "/functions": _get("Les fonctions d'un filtre", JSON, ["f"]),
        "/collections": _get("Les collections", JSON, ["bbox", "datetime", "limit", "offset", "f"]),
        "/collections/{collectionId}": _get("Une collection", JSON, ["collectionId", "version", "f"]),
        "/collections/{collectionId}/queryables": _get("Ce qui se filtre", SCHEMA, ["collectionId", "version", "f"]),
        "/collections/{collectionId}/schema": _get("Le schéma des objets", SCHEMA, ["collectionId", "version", "f"]),
        "/collections/{collectionId}/items": _get("Les objets", GEOJSON, ["collectionId", *_ITEMS]),
        "/collections/{collectionId}/items/{featureId}": _get(
            "Un objet", GEOJSON, ["collectionId", "featureId", "crs", "version", "f"]
        ),
        "/tileMatrixSets": _get("Les grilles de tuiles", JSON, ["f"]),
        "/tileMatrixSets/{tileMatrixSetId}": _get("Une grille de tuiles", JSON, ["tileMatrixSetId", "f"]),
        "/collections/{collectionId}/tiles": _get("Les jeux de tuiles", JSON, ["collectionId", "version", "f"]),
        "/collections/{collectionId}/tiles/{tileMatrixSetId}": _get(
            "Un jeu de tuiles", JSON, ["collectionId", "tileMatrixSetId", "version", "f"]
        ),
        "/collections/{collectionId}/tiles/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}": _get(
            "Une tuile", "application/vnd.mapbox-vector-tile",
            ["collectionId", "tileMatrixSetId", "tileMatrix", "tileRow", "tileCol", "version", "f"],
        ),
        "/collections/{collectionId}/tilejson.json": _get("Les tuiles (TileJSON)", JSON, ["collectionId", "version"]),
    }  # fmt: skip
    for identity, version in collections:
        own = _get(f"Les objets : {version.metadata.title}", GEOJSON, _ITEMS)
        own["get"]["operationId"] = f"items_{identity}"
        own["get"]["parameters"] += [_property(c.name, c.label, str(c.kind)) for c in property_columns(version)]
        paths[f"/collections/{identity}/items"] = own
    return {
        "openapi": "3.0.3",
        "info": {"title": f"Données ouvertes : {name}", "version": __version__},
        "servers": [{"url": f"{base}{PREFIX}"}],
        "paths": paths,
        "components": {
            "parameters": _PARAMETERS,
            "schemas": {
                "exception": {
                    "type": "object", "required": ["code"],
                    "properties": {"code": {"type": "string"}, "description": {"type": "string"}},
                },
                "any": {"type": "object"},
            },
        },
    }  # fmt: skip


_ITEMS = [
    "bbox", "bbox-crs", "datetime", "limit", "offset", "crs", "filter", "filter-lang", "filter-crs", "sortby", "properties",
    "skipGeometry", "version", "f",
]  # fmt: skip


def _get(summary: str, media_type: str, parameters: Sequence[str]) -> dict[str, Any]:
    schema = {"schema": {"$ref": "#/components/schemas/any"}}
    if "mapbox" in media_type:
        schema = {"schema": {"type": "string", "format": "binary"}}
    return {
        "get": {
            "summary": summary,
            "parameters": [{"$ref": f"#/components/parameters/{p}"} for p in parameters],
            "responses": {"200": {"description": summary, "content": {media_type: schema}}, **_DEFAULT},
        }
    }


def _in(place: str, name: str, description: str, schema: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    told = {"name": name, "in": place, "description": description, "schema": dict(schema), **more}
    return {**told, "required": True} if place == "path" else told


def _property(name: str, label: str, kind: str) -> dict[str, Any]:
    types = {"integer": "integer", "number": "number", "boolean": "boolean"}
    return _in("query", name, f"Les objets dont « {label or name} » vaut cela.", {"type": types.get(kind, "string")})


_TEXT = {"type": "string"}
_CRS = {"type": "string", "format": "uri", "enum": [ogc_crs.uri(c) for c in ogc_crs.SYSTEMS]}
_NUMBERS = {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 6}
_LIST = {"type": "array", "items": {"type": "string"}}
_FLAT: dict[str, Any] = {"style": "form", "explode": False}
_WHOLE = {"type": "integer", "minimum": 0}
_PARAMETERS: dict[str, Any] = {
    "collectionId": _in("path", "collectionId", "L'identifiant de la collection.", _TEXT),
    "featureId": _in("path", "featureId", "Le numéro de l'objet.", {"type": "string", "pattern": "^[1-9][0-9]*$"}),
    "tileMatrixSetId": _in("path", "tileMatrixSetId", "La grille.", {"type": "string", "enum": ["WebMercatorQuad"]}),
    "tileMatrix": _in("path", "tileMatrix", "Le zoom.", _WHOLE),
    "tileRow": _in("path", "tileRow", "La ligne, du nord au sud.", _WHOLE),
    "tileCol": _in("path", "tileCol", "La colonne, d'ouest en est.", _WHOLE),
    "bbox": _in("query", "bbox", "Ouest, sud, est, nord.", _NUMBERS, **_FLAT),
    "bbox-crs": _in("query", "bbox-crs", "Le système du rectangle.", _CRS),
    "crs": _in("query", "crs", "Le système des objets rendus.", _CRS),
    "datetime": _in("query", "datetime", "Un moment, ou un intervalle : 2026-01-01/..", _TEXT),
    "limit": _in("query", "limit", "Combien d'objets.", {"type": "integer", "minimum": 1, "maximum": 10000, "default": 10}),
    "offset": _in("query", "offset", "Combien d'objets passer.", {"type": "integer", "minimum": 0, "default": 0}),
    "filter": _in("query", "filter", "Une condition CQL2.", _TEXT),
    "filter-lang": _in("query", "filter-lang", "Comment elle s'écrit.", {
        "type": "string", "enum": ["cql2-text", "cql2-json"], "default": "cql2-text",
    }),
    "filter-crs": _in("query", "filter-crs", "Le système de ses géométries.", _CRS),
    "sortby": _in("query", "sortby", "Les colonnes du tri, « - » devant pour décroître.", _LIST, **_FLAT),
    "properties": _in("query", "properties", "Les colonnes rendues.", _LIST, **_FLAT),
    "skipGeometry": _in("query", "skipGeometry", "Rendre les objets sans leur géométrie.", {"type": "boolean"}),
    "version": _in("query", "version", "Le numéro d'une version antérieure.", _TEXT),
    "f": _in("query", "f", "La forme de la réponse.", {"type": "string", "enum": ["json", "html"]}),
}  # fmt: skip
