"""The metrics of data.gouv.fr, asked as its tabular API is: how often each thing was downloaded, month by month.

    GET /api/datasets/data/?dataset_id__exact=ID&metric_month__sort=desc

The same for ``resources`` and ``organizations``. Visits are not counted: their column is always empty.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from parvis.dialects import tabular
from parvis.errors import ParvisError, UnknownName
from parvis.store.pool import Pool
from parvis.values import Column, Kind, Metadata, Policy, Version
from parvis.web import METHODS, Request, Response, finished, preflight

ROUTE = re.compile(r"/api/(?P<kind>datasets|resources|organizations)/data/?")
# One line: who the thing is, the month (2026-03), how many downloads.
Line = tuple[str, str, int]
Counted = Callable[[str], Sequence[Line]]  # the lines of a kind of things
_NAMES: Mapping[str, str] = {
    "datasets": "dataset_id", "resources": "resource_id", "organizations": "organization_id",
}  # fmt: skip


def answer(request: Request, counted: Counted, pool: Pool) -> Response:
    """Return the response to any request for metrics, faults too."""
    try:
        response = _dispatched(request, counted, pool)
    except ParvisError as error:
        response = tabular.fault(error)
    return finished(request, response, tabular.CORS)


def _dispatched(request: Request, counted: Counted, pool: Pool) -> Response:
    match = ROUTE.fullmatch(request.path)
    if match is None:
        raise UnknownName("Cette adresse n'existe pas.")
    if request.method == "OPTIONS":
        return Response(204, headers=preflight("*"))
    if request.method not in METHODS:
        return tabular.faulty(405, "Method not allowed", "Cette API ne fait que lire.", {"allow": ", ".join(METHODS)})
    kind = match["kind"]
    lines = counted(kind)
    version = _version(kind, lines)
    rows: list[Sequence[Any]] = [(who, month, None, count) for who, month, count in lines]
    body = tabular.page(request, f"/api/{kind}", version, rows, pool)
    return Response(200, body, headers={"cache-control": "no-cache"})


def _version(kind: str, lines: Sequence[Line]) -> Version:
    """Return a version that lies on no shelf, for questions about lines."""
    names = {_NAMES[kind]: Kind.TEXT, "metric_month": Kind.TEXT, "monthly_visit": Kind.INTEGER}
    names["monthly_download_resource"] = Kind.INTEGER
    columns = tuple(Column(name, name, kind_of) for name, kind_of in names.items())
    mark = hashlib.sha256(repr((kind, lines)).encode("utf-8", "replace")).hexdigest()[:32]
    return Version(mark, "", "", 0, len(lines), columns, Metadata(), Policy(), "")
