"""Files given with a dataset that are no writing of its rows alone, at the addresses of its exports in every dialect.

The whole timetable that a dataset is a table of; the very file that a version was made of, when it hides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from parvis.dialects import ranges
from parvis.errors import InputError, UnknownName
from parvis.store import export, originals, timetable
from parvis.store.folder import Folder
from parvis.store.pool import Pool
from parvis.values import Extra, Ready, Version
from parvis.web import FRESH, Catalogue, Entry, Request, Response

_TITLES = {timetable.NAME: timetable.FORMAT.title, originals.NAME: originals.TITLE}
NAMES = tuple(_TITLES)
# What asks for a part of the rows, in one dialect or another.
_PARTS = frozenset(
    "select where q order order_by group group_by having refine exclude near intersects within sample fields".split()
)
_PAGE = 100  # datasets asked for at once


def of(catalogue: Catalogue, folder: Folder, entry: Entry, version: Version) -> Sequence[Extra]:
    """Return the files given with a version of a dataset."""
    if version.id == entry.version.id and entry.extras:
        return entry.extras
    found = originals.of(folder, version.id)
    whole = [timetable.whole(entry.slug)] if tables(catalogue, version) else []
    return [*whole, originals.offered(found)] if found is not None else whole


def given(request: Request, catalogue: Catalogue, pool: Pool, entry: Entry, version: Version, name: str) -> Response:
    """Return one of ``NAMES``. Raises: UnknownName or InputError when the version has none, or when a part is asked for."""
    for parameter, value in request.query:
        if value and parameter.partition(".")[0] in _PARTS:
            raise InputError(
                "Le paramètre « {parameter} » ne va pas avec l'export {format}, qui est entier.",
                parameter=parameter[:40], format=_TITLES[name],
            )  # fmt: skip
    if name == originals.NAME:
        return _original(request, pool.folder, version)
    found, told = tables(catalogue, version), timetable.whole(entry.slug)
    headers = {**_named(told.name), "cache-control": FRESH}
    if request.method == "HEAD" and found:
        return Response(200, b"", told.media_type, headers)
    return Response(200, export.opened(timetable.stream(pool, found)), told.media_type, headers)


def _original(request: Request, folder: Folder, version: Version) -> Response:
    """Return the file that a version was made of, whole or by ranges."""
    found = originals.of(folder, version.id)
    headers = {**_named(found.name), "cache-control": FRESH} if found is not None else {}
    answer = (
        ranges.given(
            request, originals.path(folder, version.id), Ready(found.digest, found.size), found.media_type, headers,
            version.created_at,
        )
        if found is not None
        else None
    )  # fmt: skip
    if answer is None:
        raise UnknownName("Le fichier d'origine de ces données n'est pas donné : leur copie publiée l'est.")
    return answer


def _named(name: str) -> dict[str, str]:
    """Return the header that names a file, for old programs and for those that read every letter (RFC 6266)."""
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\' else "_" for c in name)
    more = f"; filename*=UTF-8''{quote(name, safe='')}" if plain != name else ""
    return {"content-disposition": f'attachment; filename="{plain}"{more}'}


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
