"""Types of features and their values in XML, as every version of WFS has them but for the names of GML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from parvis.dialects.wfs_request import SPACE, TYPES, cell, fields_of, place_of, type_name, written
from parvis.values import Column
from parvis.web import Entry

SCHEMAS = "http://schemas.opengis.net"


def schema(entries: Sequence[Entry], space: str, where: str, feature: str) -> str:
    """Return the XML schema of the types of datasets, over a version of GML: its namespace, where under ``SCHEMAS`` it is
    described, and what it calls any feature."""
    return (
        f'<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:gml="{space}" xmlns:parvis="{SPACE}" '
        f'targetNamespace="{SPACE}" elementFormDefault="qualified" version="1.0">'
        f'<xsd:import namespace="{space}" schemaLocation="{SCHEMAS}/{where}"/>'
        f"{''.join(_type(e, feature) for e in entries)}</xsd:schema>"
    )


def _type(entry: Entry, feature: str) -> str:
    name, kind = type_name(entry.id), "gml:GeometryPropertyType" if entry.version.geometry else "gml:PointPropertyType"
    told = [(place_of(entry.version), kind)] + [(c.name, f"xsd:{TYPES[c.kind]}") for c in fields_of(entry.version)]
    fields = "".join(f'<xsd:element name="{n}" type="{k}" minOccurs="0" nillable="true"/>' for n, k in told)
    return (
        f'<xsd:complexType name="{name}Type"><xsd:complexContent><xsd:extension base="gml:AbstractFeatureType">'
        f"<xsd:sequence>{fields}</xsd:sequence></xsd:extension></xsd:complexContent></xsd:complexType>"
        f'<xsd:element name="{name}" type="parvis:{name}Type" substitutionGroup="{feature}"/>'
    )


def inside(values: Mapping[str, Any], columns: Sequence[Column], place: str, drawn: str) -> str:
    """Return what stands in a feature: its geometry, ``drawn`` in GML ("" for none), then each cell that has a value."""
    shape = f"<parvis:{place}>{drawn}</parvis:{place}>" if drawn else ""
    filled = [(c, values[c.name]) for c in columns if values[c.name] is not None]
    return shape + "".join(f"<parvis:{c.name}>{written(cell(v, c.kind))}</parvis:{c.name}>" for c, v in filled)
