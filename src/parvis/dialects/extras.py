"""Files given with a dataset that are no writing of its rows alone, at the addresses of its exports in every dialect.

Today the whole timetable that a dataset is a table of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from parvis.errors import InputError
from parvis.store import export, timetable
from parvis.store.pool import Pool
from parvis.values import Extra, Version
from parvis.web import FRESH, Catalogue, Entry, Request, Response

NAMES = (timetable.NAME,)
_TITLES = {timetable.NAME: timetable.FORMAT.title}
# What asks for a part of the rows, in one dialect or another.
_PARTS = frozenset(
    "select where q order order_by group group_by having refine exclude near intersects within sample fields".split()
)
_PAGE = 100  # datasets asked for at once


def of(catalogue: Catalogue, entry: Entry, version: Version) -> Sequence[Extra]:
    """Return the files given with a version of a dataset."""
    if version.id == entry.version.id and entry.extras:
        return entry.extras
    return [timetable.whole(entry.slug)] if tables(catalogue, version) else []


def given(request: Request, catalogue: Catalogue, pool: Pool, entry: Entry, version: Version, name: str) -> Response:
    """Return one of ``NAMES``. Raises: InputError when the version has none, or when a part of it is asked for."""
    for parameter, value in request.query:
        if value and parameter.partition(".")[0] in _PARTS:
            raise InputError(
                "Le paramètre « {parameter} » ne va pas avec l'export {format}, qui est entier.",
                parameter=parameter[:40], format=_TITLES[name],
            )  # fmt: skip
    found, told = tables(catalogue, version), timetable.whole(entry.slug)
    headers = {"content-disposition": f'attachment; filename="{told.name}"', "cache-control": FRESH}
    if request.method == "HEAD" and found:
        return Response(200, b"", told.media_type, headers)
    return Response(200, export.opened(timetable.stream(pool, found)), told.media_type, headers)


def tables(catalogue: Catalogue, version: Version) -> Mapping[str, Version]:
    """Return the tables of the timetable that a version is of: what its organisation published of the same original."""
    if not timetable.member(version):
        return {}
    owner, found, total = catalogue.find(version.dataset).organisation, list[Version](), 1
    start = 0
    while start < total:
        listing = catalogue.list("", {"organisation": owner}, "stable", _PAGE, start, faceted=False)
        found += [e.version for e in listing.entries]
        start, total = start + _PAGE, listing.total
    return timetable.together(version, found)
