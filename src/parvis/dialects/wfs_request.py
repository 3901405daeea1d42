"""What the versions of WFS share: one request and its parameters, the names of types, texts of XML, faults."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from parvis.dialects import cql2, ogc_crs
from parvis.dialects.ogc_request import PREFIX, property_columns
from parvis.errors import InputError
from parvis.frozen import dataclass
from parvis.store.pool import Pool
from parvis.values import Column, Kind, Version
from parvis.web import Catalogue, Request, Site

ADDRESS = f"{PREFIX}/wfs"
SPACE = "https://parvis.example/wfs"  # a name, not an address: what we write in XML is ours
XML = "text/xml; charset=utf-8"
GML = "application/gml+xml; version=3.2"
GEOJSON = "application/geo+json"
VERSIONS = ("2.0.0", "1.1.0", "1.0.0")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class OwsError(InputError):
    """A fault with its code and the parameter at fault."""

    def __init__(self, code: str, locator: str, message: str, hint: str = "", **values: object) -> None:
        super().__init__(message, hint, **values)
        self.ows, self.locator = code, locator


@dataclass(frozen=True, slots=True)
class Asked:
    """One request; ``told`` are its parameters, whose names have no case."""

    request: Request
    told: Mapping[str, str]
    catalogue: Catalogue
    pool: Pool
    site: Site
    now: datetime.datetime

    def get(self, *names: str) -> str:
        return next((self.told[n] for n in names if self.told.get(n)), "")

    @property
    def version(self) -> str:
        """The version of the answer: the one that was asked for, the newest when it is not one of ours."""
        said = self.get("version")
        if self.get("request").lower() == "getcapabilities" and (accepted := self.get("acceptversions")):
            said = next((v.strip() for v in accepted.split(",") if edition(v.strip())), "")
        return edition(said) or VERSIONS[0]

    @property
    def address(self) -> str:
        return f"{self.request.base}{ADDRESS}"

    def number(self, default: int, most: int, *names: str) -> int:
        said = self.get(*names)
        if said and not re.fullmatch(r"\d{1,12}", said, re.ASCII):
            raise OwsError("InvalidParameterValue", names[0], "« {said} » n'est pas un nombre entier.", said=said[:40])
        return min(int(said), most) if said else default


def edition(said: str) -> str:
    """Return the version of ours that one asked for stands for: 1.1 for 1.1.3, "" for one that never was."""
    return next((v for v in VERSIONS if said[:3] == v[:3]), "")


def type_name(dataset: str) -> str:
    """Return the name of a type: one of XML, which cannot begin with a digit."""
    return f"d_{dataset}"


def urn(code: int) -> str:
    return "urn:ogc:def:crs:OGC:1.3:CRS84" if code == ogc_crs.CRS84 else f"urn:ogc:def:crs:EPSG::{code}"


TYPES: dict[Kind, str] = {
    Kind.TEXT: "string", Kind.INTEGER: "long", Kind.NUMBER: "double", Kind.BOOLEAN: "boolean", Kind.DATE: "date",
    Kind.DATETIME: "dateTime", Kind.TIME: "time",
}  # fmt: skip


def place_of(version: Version) -> str:
    """Return the name of the geometry: that of its column, or one that no column has."""
    if version.geometry:
        return version.geometry
    return cql2.EVERYWHERE if version.column(cql2.EVERYWHERE) is None else f"{cql2.EVERYWHERE}_"


def fields_of(version: Version) -> list[Column]:
    return property_columns(version)


def cell(value: Any, kind: Kind) -> str:
    if kind is Kind.BOOLEAN:
        return "true" if value else "false"
    if kind is Kind.DATETIME:
        said = str(value).replace(" ", "T")
        return said if said.endswith("Z") else f"{said}Z"
    return str(value)


def written(text: str) -> str:
    return escape(_NOT_XML.sub("\ufffd", text), {'"': "&quot;"})


def attribute(text: str) -> str:
    return quoteattr(_NOT_XML.sub("\ufffd", text))
