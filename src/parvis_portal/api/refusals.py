"""What is said to whoever comes when there is no place, in the words of the dialect he speaks."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from parvis.dialects import ckan, native, ods_request, ods_v1, ogc_request, tabular, wfs
from parvis.errors import BusyError
from parvis.web import Request, Response

BUSY, AGAIN = "Trop de demandes arrivent à la fois.", "Réessayez dans quelques secondes."
# How addresses begin, and what their dialect says of an error; the first that fits.
_DIALECTS: tuple[tuple[str, Callable[[BusyError, Request], Response]], ...] = (
    ("/ogc/wfs", lambda e, r: wfs.fault(e)),
    ("/ogc", lambda e, r: ogc_request.fault(e)),
    ("/api/explore/", lambda e, r: ods_request.fault(e)),
    ("/api/v2/", lambda e, r: ods_request.fault(e)),
    ("/api/records/1.0/", lambda e, r: ods_v1.fault(e)),
    ("/api/datasets/1.0/", lambda e, r: ods_v1.fault(e)),
    ("/explore/dataset/", lambda e, r: ods_v1.fault(e)),
    ("/api/resources/", lambda e, r: tabular.fault(e)),
    ("/api/aggregation-exceptions/", lambda e, r: tabular.fault(e)),
    ("/api/3", ckan.fault),
    ("/api/action/", ckan.fault),
    ("/datastore/", ckan.fault),
    ("/api/", lambda e, r: native.fault(e)),
    ("/mcp", lambda e, r: native.fault(e)),
)
_PAGE = (
    '<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>{busy}</title><meta name="viewport" '
    'content="width=device-width"></head><body><main><h1>{busy}</h1><p>{again}</p></main></body></html>\n'
)
_OPEN = {"access-control-allow-origin": "*", "access-control-expose-headers": "Retry-After"}


@lru_cache(2000)
def refusal(path: str, after: int) -> Response:
    """Return the response, 503, to a question at a path for which there will be a place in some seconds."""
    path = path[:200]
    error = BusyError(BUSY, AGAIN, retry_after=after)
    for start, fault in _DIALECTS:
        if path.startswith(start):
            response = fault(error, Request("GET", path))
            return Response(response.status, response.body, response.media_type, {**_OPEN, **response.headers})
    headers = {"cache-control": "no-store", "retry-after": str(after)}
    return Response(503, _PAGE.format(busy=BUSY, again=AGAIN).encode(), "text/html; charset=utf-8", headers)
