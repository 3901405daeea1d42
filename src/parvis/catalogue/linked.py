"""A dataset as programs read it beside the catalogue: schema.org, Croissant for machine learning, a Frictionless package.

All are values ready for JSON. Sources: schema.org/Dataset and what search engines of datasets ask of it; Croissant 1.0
of MLCommons; Data Package 1.0 and Table Schema of Frictionless Data.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from parvis.catalogue.dcat import COMMUNE, Described, File
from parvis.catalogue.licences import LICENCES
from parvis.values import Column, Kind, Version

SHORT, LONG = 50, 5000  # characters that engines take of a description
_TYPES: Mapping[Kind, str] = {
    Kind.INTEGER: "sc:Integer",
    Kind.NUMBER: "sc:Float",
    Kind.BOOLEAN: "sc:Boolean",
    Kind.DATE: "sc:Date",
    Kind.DATETIME: "sc:DateTime",
}
_CROISSANT = {
    "@language": "fr",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "dct": "http://purl.org/dc/terms/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def schema_org(told: Described, version: Version, site: str) -> dict[str, Any]:
    """Return what search engines of data read of a version of a dataset; ``site`` is the portal's name."""
    out = {"@context": "https://schema.org/", **_common(told, version, site)}
    out["variableMeasured"] = [_variable(c) for c in version.columns]
    out["distribution"] = [
        _kept({
            "@type": "DataDownload", "name": file.title, "encodingFormat": _media(file), "contentUrl": file.url,
            "contentSize": f"{file.size} B" if file.size else "", "sha256": file.digest,
        })
        for file in told.files
    ]  # fmt: skip
    return _kept(out)


def croissant(told: Described, version: Version, site: str) -> dict[str, Any]:
    """Return the same as Croissant: the files, and the columns of the CSV as a record set.

    A file that is made when it is asked for has no digest before: the dataset is then said to be live.
    """
    out = {"@context": _CROISSANT, **_common(told, version, site)}
    out["@type"] = "sc:Dataset"
    out["conformsTo"] = "http://mlcommons.org/croissant/1.0"
    if not all(file.digest for file in told.files):
        out["isLiveDataset"] = True
    out["version"] = f"{version.number}.0.0"
    out["datePublished"] = told.issued
    out["citeAs"] = f"{told.publisher.name}, « {told.metadata.title} », {told.page}"
    out["distribution"] = [
        _kept({
            "@type": "cr:FileObject", "@id": file.format, "name": file.format, "description": file.title,
            "contentUrl": file.url, "encodingFormat": _media(file), "contentSize": f"{file.size} B" if file.size else "",
            "sha256": file.digest,
        })
        for file in told.files
    ]  # fmt: skip
    out["recordSet"] = [
        {
            "@type": "cr:RecordSet", "@id": "lignes", "name": "lignes",
            "field": [
                _kept({
                    "@type": "cr:Field", "@id": f"lignes/{c.name}", "name": c.name,
                    "description": c.description or c.label or c.name, "dataType": _TYPES.get(c.kind, "sc:Text"),
                    "source": {"fileObject": {"@id": "csv"}, "extract": {"column": c.name}},
                })
                for c in version.columns if c.kind != Kind.GEOMETRY
            ],
        }
    ]  # fmt: skip
    return _kept(out)


_FIELDS: Mapping[Kind, str] = {
    Kind.TEXT: "string", Kind.INTEGER: "integer", Kind.NUMBER: "number", Kind.BOOLEAN: "boolean", Kind.DATE: "date",
    Kind.DATETIME: "datetime", Kind.TIME: "time", Kind.GEOMETRY: "geojson",
}  # fmt: skip


def data_package(told: Described, version: Version, site: str) -> dict[str, Any]:
    """Return the dataset as a Frictionless package whose table is the CSV, each column with its type and its words."""
    metadata, licence = told.metadata, LICENCES.get(told.metadata.licence)
    table = next(file for file in told.files if file.format == "csv")
    fields = [
        _kept({"name": c.name, "type": _FIELDS[c.kind], "title": c.label, "description": c.description})
        for c in version.columns
    ]
    resource = {
        "name": "lignes", "path": table.url, "format": "csv", "mediatype": _media(table), "encoding": "utf-8",
        "profile": "tabular-data-resource", "dialect": {"delimiter": ",", "lineTerminator": "\r\n"},
        "schema": {"fields": fields, "missingValues": [""]},
    }  # fmt: skip
    return _kept({
        "profile": "tabular-data-package", "name": told.uri.rpartition("/")[2].lower(), "id": told.uri,
        "title": metadata.title, "description": _described(told, version), "homepage": told.page,
        "version": f"{version.number}.0.0", "created": told.modified, "keywords": list(metadata.keywords),
        "licenses": [{"name": licence.spdx, "path": licence.page, "title": licence.title}] if licence else [],
        "contributors": [{"title": told.publisher.name, "role": "publisher"}], "resources": [resource],
        "sources": [{"title": site, "path": told.page}],
    })  # fmt: skip


def _common(told: Described, version: Version, site: str) -> dict[str, Any]:
    metadata = told.metadata
    licence = LICENCES.get(metadata.licence)
    owner: dict[str, Any] = {"@type": "GovernmentOrganization", "name": told.publisher.name, "url": told.publisher.home}
    mailbox = metadata.contact or told.publisher.mailbox
    if mailbox:
        owner["contactPoint"] = {"@type": "ContactPoint", "contactType": "données ouvertes", "email": mailbox}
    return {
        "@type": "Dataset",
        "@id": told.uri,
        "identifier": told.uri,
        "name": metadata.title,
        "description": _described(told, version),
        "url": told.page,
        "inLanguage": "fr",
        "isAccessibleForFree": True,
        "license": licence.page if licence else "",
        "keywords": list(metadata.keywords),
        "creator": owner,
        "publisher": owner,
        "includedInDataCatalog": {"@type": "DataCatalog", "name": f"Données ouvertes : {site}"},
        "datePublished": told.issued,
        "dateModified": told.modified,
        "version": str(version.number),
        "temporalCoverage": _period(metadata.temporal_start, metadata.temporal_end),
        "spatialCoverage": _place(told),
    }


def _described(told: Described, version: Version) -> str:
    """Return the description, with what the file holds when it says too little for an engine to take it."""
    text = " ".join((told.metadata.description or told.metadata.title).split())
    if len(text) < SHORT:
        columns = ", ".join(c.label or c.name for c in version.columns[:8])
        text = f"{text.rstrip('.')}. {version.rows} lignes publiées par {told.publisher.name} : {columns}."
    return text[:LONG]


def _variable(column: Column) -> dict[str, Any]:
    return _kept({
        "@type": "PropertyValue", "name": column.label or column.name, "alternateName": column.name,
        "description": column.description, "unitText": column.unit,
    })  # fmt: skip


def _period(start: str, end: str) -> str:
    return f"{start or '..'}/{end or '..'}" if start or end else ""


def _place(told: Described) -> dict[str, Any]:
    place: dict[str, Any] = {"@type": "Place"}
    if told.metadata.territory:
        place["sameAs"] = COMMUNE + told.metadata.territory
    if len(told.bbox) == 4:
        west, south, east, north = told.bbox
        place["geo"] = {"@type": "GeoShape", "box": f"{south} {west} {north} {east}"}
    return place if len(place) > 1 else {}


def _media(file: File) -> str:
    return file.media_type.partition(";")[0]


def _kept(told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if value not in ("", [], {}, None)}
