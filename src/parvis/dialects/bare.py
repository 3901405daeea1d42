"""The bare adapter: questions about published rows, answered before any web framework is entered.

Records, aggregates and exports need only the shelf and its query workers. ``Bare`` answers those as a WSGI
application and gives every other request to the application behind it.
"""

from __future__ import annotations

import logging
import os
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from parvis.dialects import native
from parvis.errors import GoneError, UnknownName
from parvis.store import shelf
from parvis.store.cache import Cache
from parvis.store.folder import Folder
from parvis.store.manifest import DatasetRecord
from parvis.store.pool import Pool
from parvis.values import Version
from parvis.web import Entry, Listing, Request, Response

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
_ROWS = re.compile(
    r"/api/v1/datasets/([0-9A-Za-z]{1,64})/(?:versions/[0-9A-Za-z]{1,64}/)?(?:records|aggregates|exports/[^/]+)"
)
_WORDS = {200: "OK", 204: "No Content", 304: "Not Modified", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed",
          406: "Not Acceptable", 410: "Gone", 422: "Unprocessable Content", 503: "Service Unavailable"}  # fmt: skip
MOST_ARGUMENTS = 200  # of a query string


class Published:
    """What the shelf says is public, read again only when the record of a dataset changes. Usable from threads."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self._datasets = str(folder.datasets)
        self._lock = threading.Lock()
        self._known: dict[str, tuple[tuple[int, int], DatasetRecord, Entry | None]] = {}
        self._versions: dict[str, Version] = {}

    def holds(self, dataset: str) -> bool:
        """True when the shelf has a record of this id: a slug is the catalogue's business."""
        # An address may be longer than any name of a file: the disk would answer with an error of its own.
        return len(dataset) <= 64 and dataset.isalnum() and os.path.isfile(self._path(dataset))  # noqa: PTH113  each question asks: a Path would cost more than the look

    def find(self, dataset: str) -> Entry:
        """Return a dataset by its id. Raises: UnknownName, GoneError with the reason."""
        record, entry = self._read(dataset)
        if entry is None:
            last = next((r for r in reversed(record.releases) if r.withdrawn_at), None)
            if last is None:
                raise UnknownName("Le jeu de données « {name} » n'existe pas.", name=dataset)
            raise GoneError(
                "Ce jeu de données a été retiré le {day} : {reason}", day=last.withdrawn_at[:10], reason=last.reason
            )
        return entry

    def version(self, dataset: str, version: str) -> Version:
        """Return a version of a dataset by its id or its number. Raises: UnknownName, GoneError."""
        record, _ = self._read(dataset)
        told = next((r for r in reversed(record.releases) if version in (r.version, str(r.number))), None)
        if told is None:
            raise UnknownName("La version « {version} » n'existe pas.", version=version)
        if told.withdrawn_at:
            raise GoneError(
                "Cette version a été retirée le {day} : {reason}", day=told.withdrawn_at[:10], reason=told.reason
            )
        return self._version(told.version)

    def list(
        self,
        words: str = "",
        filters: Mapping[str, str] | None = None,
        order: str = "",
        limit: int = 20,
        offset: int = 0,
        *,
        faceted: bool = True,
    ) -> Listing:
        """Return the datasets in the order of their ids: searching is the portal's business."""
        found = [e for r in shelf.records(self.folder) if (e := self._read(r.id)[1]) is not None]
        return Listing(found[offset : offset + limit], len(found))

    def _read(self, dataset: str) -> tuple[DatasetRecord, Entry | None]:
        try:
            state = os.stat(self._path(dataset))  # noqa: PTH116  as above
        except FileNotFoundError:
            raise UnknownName("Le jeu de données « {name} » n'existe pas.", name=dataset) from None
        mark = (state.st_mtime_ns, state.st_ino)  # a record is always replaced, never written in place
        with self._lock:
            known = self._known.get(dataset)
            if known is None or known[0] != mark:
                record = shelf.record(self.folder, dataset)
                known = self._known[dataset] = (mark, record, self._entry(record))
        return known[1], known[2]

    def _path(self, dataset: str) -> str:
        return f"{self._datasets}/{dataset}.json"

    def _entry(self, record: DatasetRecord) -> Entry | None:
        if not record.current:
            return None
        version = self._version(record.current)
        left = [r for r in reversed(record.releases) if not r.withdrawn_at]
        return Entry(
            record.id, record.slug, record.organisation, record.organisation_name, version.metadata, version,
            tuple(r.version for r in left), record.created_at, left[0].released_at if left else record.created_at,
        )  # fmt: skip

    def _version(self, identity: str) -> Version:
        found = self._versions.get(identity)
        if found is None:
            if len(self._versions) > 2000:
                self._versions.clear()
            found = self._versions[identity] = shelf.load(self.folder, identity)
        return found


class Bare:
    """A WSGI application around another.

    ``pool`` and ``cache`` give this process's own; ``address`` is where the portal is seen from, "" to believe the
    request; ``trusted`` says whether a Host header may be believed; ``keep`` is a header put on answers that may be
    kept as long as the catalogue does not change.
    """

    def __init__(
        self,
        inner: Application,
        folder: Folder,
        pool: Callable[[], Pool],
        cache: Callable[[], Cache],
        *,
        address: str = "",
        trusted: Callable[[str], bool] = lambda host: True,
        keep: str = "",
    ) -> None:
        self.inner, self.pool, self.cache = inner, pool, cache
        self.address, self.trusted, self.keep = address.rstrip("/"), trusted, keep
        self.published = Published(folder)

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        match = _ROWS.fullmatch(path)
        host = environ.get("HTTP_HOST", "")
        if match is None or not self.published.holds(match.group(1)) or not self.trusted(host):
            return self.inner(environ, start)
        response = self._answer(environ, path, host)
        headers = [("content-type", response.media_type), *response.headers.items()]
        if self.keep and response.cacheable:
            headers.append((self.keep, "1"))
        body = response.body
        if isinstance(body, bytes):
            if environ["REQUEST_METHOD"] != "HEAD" and response.status not in (204, 304):
                headers.append(("content-length", str(len(body))))
            body = [body]
        start(f"{response.status} {_WORDS.get(response.status, 'Status')}", headers)
        return body

    def _answer(self, environ: dict[str, Any], path: str, host: str) -> Response:
        try:
            query = _arguments(environ.get("QUERY_STRING", ""))
            base = self.address or f"{environ.get('wsgi.url_scheme', 'http')}://{host}"
            headers = {
                "accept": environ.get("HTTP_ACCEPT", ""),
                "if-none-match": environ.get("HTTP_IF_NONE_MATCH", ""),
            }
            request = Request(environ["REQUEST_METHOD"], path, tuple(query), headers, base=base)
            return native.answer(request, self.published, self.pool(), self.cache())
        except Exception as error:
            logging.getLogger("parvis.api").exception("a question about rows failed")
            return native.fault(error)


def _arguments(text: str) -> list[tuple[str, str]]:
    """Return the parameters of a query string. A crowd of them stays as it is: no route knows its name."""
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_ARGUMENTS, errors="replace")
    except ValueError:
        return [(text[:60], "")]
