"""The Explore API 2.1 as OpenAPI tells it, at the address where the original has its own: ``/swagger.json``.

Written from the contract, not from our handlers: a program that calls at random what it says gets answers of the contract.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from parvis import __version__
from parvis.dialects.ods_request import LANGUAGES, MOST_GROUPS, PREFIXES

_TEXT: dict[str, Any] = {"type": "string"}
_YES_NO: dict[str, Any] = {"type": "boolean"}


def document(base: str, exports: Sequence[str], catalogue_exports: Sequence[str]) -> dict[str, Any]:
    """Return the description. ``exports`` and ``catalogue_exports`` are the formats of both kinds of file."""
    one, catalogue = "/catalog/datasets/{dataset_id}", "/catalog/datasets"
    asks = ("select", "where", "order_by", "limit", "offset", "refine", "exclude", "lang", "timezone", "group_by")
    shows = ("include_links", "include_app_metas")
    facets = ("facet", "refine", "exclude", "where", "timezone")
    files = (*(n for n in asks if n not in ("limit", "lang")), "export_limit")
    csv = ("delimiter", "list_separator", "quote_all", "with_bom")
    paths = {
        catalogue: _get("getDatasets", "Query catalog datasets", (*asks, *shows), "results_dataset"),
        "/catalog/exports": _get("listExportFormats", "List export formats", (), "enum-format-links"),
        "/catalog/exports/{format}": _get(
            "exportDatasets", "Export a catalog", ("catalogue_format", *files, *csv)
        ),
        "/catalog/facets": _get("getDatasetsFacets", "List facet values", facets, "facets-response"),
        one: _get("getDataset", "Show dataset information", ("dataset_id", "select", "lang", "timezone", *shows), "dataset"),
        f"{one}/records": _get("getRecords", "Query dataset records", ("dataset_id", *asks, *shows), "results"),
        f"{one}/records/{{record_id}}": _get(
            "getRecord", "Read a dataset record", ("dataset_id", "record_id", "select", "lang", "timezone"), "record"
        ),
        f"{one}/exports": _get("listDatasetExportFormats", "List export formats", ("dataset_id",), "enum-format-links"),
        f"{one}/exports/{{format}}": _get(
            "exportRecords",
            "Export a dataset",
            ("dataset_id", "format", *files, *csv, "lang", "use_labels", "compressed", "epsg", "parquet_compression",
             "name_field", "description_field_list", "use_extension"),
        ),
        f"{one}/facets": _get("getRecordsFacets", "List facet values", ("dataset_id", *facets, "lang"), "facets-response"),
        f"{one}/attachments": _get("getDatasetAttachments", "List attachments", ("dataset_id",), "attachments"),
    }  # fmt: skip
    parameters = dict(_PARAMETERS)
    parameters["format"] = _parameter("format", {"type": "string", "enum": list(exports)}, place="path")
    parameters["catalogue_format"] = _parameter(
        "format", {"type": "string", "enum": list(catalogue_exports)}, place="path"
    )
    keys = {"type": "apiKey", "description": "A key made by a person of the portal."}
    return {
        "openapi": "3.0.3",
        "info": {"title": "Explore API v2.1", "version": f"V2.1 (Parvis {__version__})"},
        "servers": [{"url": f"{base}{PREFIXES[0]}"}],
        "security": [{}, {"apikey": []}],
        "paths": paths,
        "components": {
            "parameters": parameters,
            "schemas": _SCHEMAS,
            "securitySchemes": {"apikey": {**keys, "in": "query", "name": "apikey"}},
        },
    }


def _get(identity: str, summary: str, parameters: Sequence[str], answers: str = "") -> dict[str, Any]:
    told = {"application/json": {"schema": {"$ref": f"#/components/schemas/{answers}"}}} if answers else {"*/*": {}}
    faults = {"400": "The query is malformed.", "404": "There is no such thing.", "401": "The API key is not valid."}
    faults |= {"410": "It was withdrawn.", "429": "Too many requests.", "503": "Too many requests at once."}
    fault = {"application/json": {"schema": {"$ref": "#/components/schemas/fault"}}}
    responses = {code: {"description": said, "content": fault} for code, said in faults.items()}
    return {
        "get": {
            "operationId": identity,
            "summary": summary,
            "parameters": [{"$ref": f"#/components/parameters/{name}"} for name in parameters],
            "responses": {"200": {"description": summary, "content": told}, **responses},
        }
    }


def _parameter(name: str, schema: Mapping[str, Any], example: Any = None, place: str = "query") -> dict[str, Any]:
    told: dict[str, Any] = {"name": name, "in": place, "schema": dict(schema)}
    if place == "path":
        told["required"] = True
    return told if example is None else {**told, "example": example}


def _several(name: str, example: str) -> dict[str, Any]:
    return _parameter(name, {"type": "array", "items": _TEXT}, [example])


_PARAMETERS: dict[str, Any] = {
    "dataset_id": _parameter("dataset_id", _TEXT, place="path"),
    "record_id": _parameter("record_id", {"type": "string", "pattern": "^[0-9a-f]{40}$"}, place="path"),
    "select": _parameter("select", _TEXT, "count(*) as n"),
    "where": _several("where", "search('école')"),
    "group_by": _parameter("group_by", _TEXT, "year(modified)"),
    "order_by": _parameter("order_by", _TEXT, "random(1)"),
    "limit": _parameter("limit", {"type": "integer", "minimum": -1, "maximum": MOST_GROUPS, "default": 10}),
    "export_limit": _parameter("limit", {"type": "integer", "minimum": -1, "default": -1}),
    "offset": _parameter("offset", {"type": "integer", "minimum": 0, "default": 0}),
    "refine": _several("refine", "modified:2020"),
    "exclude": _several("exclude", "modified:2020"),
    "facet": _several("facet", "facet(name='modified', disjunctive=true)"),
    "lang": _parameter("lang", {"type": "string", "enum": list(LANGUAGES)}),
    "timezone": _parameter("timezone", {"type": "string", "default": "UTC"}, "Europe/Berlin"),
    "include_links": _parameter("include_links", {**_YES_NO, "default": False}),
    "include_app_metas": _parameter("include_app_metas", {**_YES_NO, "default": False}),
    "use_labels": _parameter("use_labels", {**_YES_NO, "default": False}),
    "compressed": _parameter("compressed", {**_YES_NO, "default": False}),
    "epsg": _parameter("epsg", {"type": "integer", "default": 4326}),
    "delimiter": _parameter("delimiter", {"type": "string", "enum": [";", ",", "\t", "|"], "default": ";"}),
    "list_separator": _parameter("list_separator", {"type": "string", "default": ","}),
    "quote_all": _parameter("quote_all", {**_YES_NO, "default": False}),
    "with_bom": _parameter("with_bom", {**_YES_NO, "default": True}),
    "parquet_compression": _parameter("parquet_compression", {"type": "string", "enum": ["snappy", "zstd"]}),
    "name_field": _parameter("name_field", _TEXT),
    "description_field_list": _parameter("description_field_list", _TEXT),
    "use_extension": _parameter("use_extension", {**_YES_NO, "default": True}),
}


def _object(required: Sequence[str] = (), **properties: Any) -> dict[str, Any]:
    told = {"type": "object", "properties": properties}
    return {**told, "required": list(required)} if required else told


def _list(items: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": dict(items)}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


_COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}
_SCHEMAS: dict[str, Any] = {
    "fault": {
        "anyOf": [
            _object(("error_code", "message"), error_code=_TEXT, message=_TEXT),
            _object(("errorcode", "error"), errorcode={"type": "integer"}, error=_TEXT, call_limit=_COUNT),
        ]
    },
    "links": _list(_object(("rel", "href"), rel=_TEXT, href=_TEXT)),
    "enum-format-links": _object(("links",), links=_ref("links")),
    "record": {"type": "object"},
    "results": _object(("results",), total_count=_COUNT, results=_list(_ref("record")), _links=_ref("links")),
    "dataset": {"type": "object"},
    "results_dataset": _object(("results",), total_count=_COUNT, results=_list(_ref("dataset")), _links=_ref("links")),
    "facet-value": _object(
        ("name", "value", "count", "state"), name=_TEXT, value=_TEXT, count=_COUNT,
        state={"type": "string", "enum": ["displayed", "refined", "excluded"]}, facets=_list(_ref("facet-value")),
    ),
    "facets-response": _object(
        ("facets",), links=_ref("links"), _links=_ref("links"),
        facets=_list(_object(("name", "facets"), name=_TEXT, facets=_list(_ref("facet-value")))),
    ),
    "attachments": _object(
        ("attachments",),
        attachments=_list(_object(
            ("href", "metas"), href=_TEXT, metas=_object(("mime-type", "title"), title=_TEXT, **{"mime-type": _TEXT}),
        )),
    ),
}  # fmt: skip
