"""What stands before Django: answers already made are given again without it, and bodies are compressed.

The loop that holds the connections (``server``) asks ``known`` first and answers without a thread; the rest comes here.

Only what anybody may read is kept: a GET without a cookie whose response says so. It is worth as long as the stamp of
the catalogue does not move: one file that every release and withdrawal touches.

Whoever sends a body holds a thread until its last byte: those threads are counted, so that slow senders never close
the pages to readers.
"""

from __future__ import annotations

import gzip
import os
import threading
import zlib
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import brotli

from parvis.frozen import dataclass

Headers = list[tuple[str, str]]  # names in lower case
SMALL = 800  # bytes under which nothing is gained
LYING = 8 << 20  # bytes of a written file beyond which it is sent as it lies: to compress it would cost seconds
BODIES = 16  # bodies received at once, of 48 threads
BODIES_EACH = 6  # from one address: a whole office may stand behind it
BUSY = "Trop d'envois arrivent à la fois. Réessayez dans quelques secondes."
KEEP = "x-parvis-keep"
IN_LOOP = "parvis.loop"  # in the environment of a question that the loop itself works on
_LEFT = ("etag", "cache-control", "vary", "access-control-allow-origin", "access-control-expose-headers", "link")
_TEXT = ("text/", "application/json", "application/geo+json", "application/xml", "application/atom+xml",
         "application/x-ndjson", "application/javascript", "image/svg+xml", "application/vnd.oai.openapi")  # fmt: skip


class SlowError(Exception):
    """A question is not one that the loop itself may work on."""


class Question(NamedTuple):
    """All that the answer to a plain question may depend on; ``target`` is the address as it was written."""

    scheme: str
    forwarded: str  # the scheme that a proxy tells
    host: str
    target: str
    accept: str
    coding: str


@dataclass(frozen=True, slots=True)
class _Kept:
    status: str
    headers: Headers
    body: bytes
    etag: str
    # The same heads as they go on the wire, but for the date.
    head: bytes
    unchanged: bytes

    def matches(self, known: str) -> bool:
        """True when a reader who has one of these tags has this very answer."""
        return bool(self.etag) and any(tag.strip().removeprefix("W/") in ("*", self.etag) for tag in known.split(","))


def _kept(status: str, headers: Headers, body: bytes) -> _Kept:
    left = [(n, v) for n, v in headers if n in _LEFT]
    etag = _header(headers, "etag")
    return _Kept(status, headers, body, etag, _wire(status, headers), _wire("304 Not Modified", left))


def _wire(status: str, headers: Headers) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return f"HTTP/1.1 {status}\r\n{lines}".encode("latin-1")


class Front:
    """A WSGI application around another. ``limit`` bounds the bytes kept; ``proxied`` says that all comes through a
    proxy of ours, which tells at the end of ``X-Forwarded-For`` who asks."""

    def __init__(
        self, inner: Callable[..., Iterable[bytes]], stamp: Path, limit: int, *, proxied: bool = False
    ) -> None:
        self.inner, self.stamp, self.limit, self.proxied = inner, str(stamp), limit, proxied
        # Whether the loop itself may work on a question (method, path, query); else it goes to a thread.
        self.quick: Callable[[str, str, str], bool] = getattr(inner, "quick", lambda *_: False)
        self._lock = threading.Lock()
        self._kept: OrderedDict[Question, _Kept] = OrderedDict()
        self._size = 0
        self._at = 0
        self._sending: Counter[str] = Counter()

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if self.proxied and (told := environ.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip()):
            environ["REMOTE_ADDR"] = told[:45]  # what stands before was said by the asker himself
        if environ["REQUEST_METHOD"] in ("GET", "HEAD", "OPTIONS"):
            return self._read(environ, start)
        sender = environ.get("REMOTE_ADDR", "")
        with self._lock:
            if self._sending.total() >= BODIES or self._sending[sender] >= BODIES_EACH:
                return _busy(start)
            self._sending[sender] += 1
        try:
            return self._ask(environ, start, coding(environ.get("HTTP_ACCEPT_ENCODING", "")), None)
        finally:
            with self._lock:
                self._sending[sender] -= 1
                self._sending += Counter()  # who sends nothing any more is forgotten

    def known(self, question: Question, tags: str, dated: bytes, head: bool) -> bytes | None:
        """Return the bytes of the whole answer to a question without cookie or body, or None when it is not kept.

        ``tags`` is what the reader says to have already (``If-None-Match``), ``dated`` a line of the head that says
        when this is sent, ``head`` asks for the head alone.
        """
        found = self._find(question)
        if found is None:
            return None
        if tags and found.matches(tags):
            return b"%b%b\r\n" % (found.unchanged, dated)
        return b"%b%b\r\n%b" % (found.head, dated, b"" if head else found.body)

    def _read(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        accepted = coding(environ.get("HTTP_ACCEPT_ENCODING", ""))
        known = environ.get("HTTP_IF_NONE_MATCH", "")
        key = self._key(environ, accepted)
        if key is not None:
            found = self._find(key)
            if found is not None:
                if found.matches(known):
                    return _not_modified(found, start)
                start(found.status, found.headers)
                return [] if environ["REQUEST_METHOD"] == "HEAD" else [found.body]
        if known:
            environ["HTTP_IF_NONE_MATCH"] = known.replace('-br"', '"').replace('-gzip"', '"')
        return self._ask(environ, start, accepted, key)

    def _ask(
        self, environ: dict[str, Any], start: Callable[..., Any], accepted: str, key: Question | None
    ) -> Iterable[bytes]:
        """Ask the inner application, compress what it says and keep it when it may be."""
        told: list[tuple[str, Headers]] = []

        def hear(status: str, headers: Headers, exc_info: Any = None) -> Callable[[bytes], object]:
            told[:] = [(status, [(n.lower(), v) for n, v in headers])]
            return lambda _: None

        at = self._at
        body = self.inner(environ, hear)
        status, headers = told[0]
        keep = (KEEP, "1") in headers
        if keep:
            headers.remove((KEEP, "1"))
            keep = status.startswith("200")
        streaming = streams(body)
        if environ["REQUEST_METHOD"] == "HEAD" or not _compressible(headers):
            if not (keep and key and environ["REQUEST_METHOD"] == "GET" and not streaming):
                start(status, _varying(headers))
                return body
            accepted = ""
        if streaming:
            return _streamed(status, headers, body, accepted, start)
        try:
            whole = b"".join(body)
        finally:
            close = getattr(body, "close", None)
            if close is not None:
                close()
        headers, whole = _compressed(headers, whole, accepted)
        if keep and key is not None and environ["REQUEST_METHOD"] == "GET" and not _sets_cookie(headers):
            self._keep(key, _kept(status, headers, whole), at)
        start(status, headers)
        return [whole]

    def _key(self, environ: dict[str, Any], accepted: str) -> Question | None:
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return None
        if environ.get("HTTP_COOKIE") or environ.get("HTTP_RANGE") or environ.get("HTTP_AUTHORIZATION"):
            return None
        return Question(
            environ.get("wsgi.url_scheme", ""),
            environ.get("HTTP_X_FORWARDED_PROTO", ""),
            environ.get("HTTP_HOST", ""),
            environ.get("RAW_URI") or f"{environ.get('PATH_INFO', '')}?{environ.get('QUERY_STRING', '')}",
            environ.get("HTTP_ACCEPT", ""),
            accepted,
        )

    def _find(self, key: Question) -> _Kept | None:
        try:
            at = os.stat(self.stamp).st_mtime_ns  # noqa: PTH116  at each question: a Path would cost more than the look
        except FileNotFoundError:
            at = 0
        with self._lock:
            if at != self._at:
                self._kept.clear()
                self._size, self._at = 0, at
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def _keep(self, key: Question, answer: _Kept, at: int) -> None:
        size = _cost(key, answer)
        if size > self.limit // 20:
            return
        with self._lock:
            if at != self._at or key in self._kept:  # the catalogue moved while this was made: it may be old
                return
            self._kept[key] = answer
            self._size += size
            while self._size > self.limit:
                self._size -= _cost(*self._kept.popitem(last=False))


def _cost(key: Question, answer: _Kept) -> int:
    """Return the bytes an answer takes: a reader chooses the length of his question, so it counts too."""
    said = sum(map(len, key)) + len(answer.head)
    return len(answer.body) + 4 * said + 2000  # a letter of a text takes up to four bytes


def _busy(start: Callable[..., Any]) -> Iterable[bytes]:
    body = BUSY.encode()
    length = ("content-length", str(len(body)))
    start("503 Service Unavailable", [("content-type", "text/plain; charset=utf-8"), ("retry-after", "5"), length])
    return [body]


def _not_modified(found: _Kept, start: Callable[..., Any]) -> Iterable[bytes]:
    start("304 Not Modified", [(n, v) for n, v in found.headers if n in _LEFT])
    return []


def streams(body: Any) -> bool:
    """True for a body that must not be held whole: Django's own responses say so, a server's file wrapper does not."""
    return bool(getattr(body, "streaming", not isinstance(body, list | tuple)))


def coding(accepted: str) -> str:
    if not accepted:
        return ""
    names = {
        part.split(";")[0].strip().lower() for part in accepted.split(",") if not part.replace(" ", "").endswith(";q=0")
    }
    return "br" if "br" in names else "gzip" if "gzip" in names else ""


def _compressible(headers: Headers) -> bool:
    if _header(headers, "content-range") or (
        _header(headers, "accept-ranges") and int(_header(headers, "content-length") or 0) > LYING
    ):
        return False
    return _header(headers, "content-type").startswith(_TEXT) and not _header(headers, "content-encoding")


def _compressed(headers: Headers, body: bytes, coding: str) -> tuple[Headers, bytes]:
    if coding and len(body) >= SMALL:
        body = brotli.compress(body, quality=4) if coding == "br" else gzip.compress(body, 5, mtime=0)
        headers = [*_tagged(headers, coding), ("content-encoding", coding)]
    out = [(n, v) for n, v in headers if n not in ("content-length", "vary")]
    return [*out, ("content-length", str(len(body))), ("vary", _vary(headers))], body


def _streamed(
    status: str, headers: Headers, body: Iterable[bytes], coding: str, start: Callable[..., Any]
) -> Iterable[bytes]:
    if coding:  # a stream is compressed as it goes; gzip is what every program reads
        out = [(n, v) for n, v in _tagged(headers, "gzip") if n not in ("content-length", "vary")]
        start(status, [*out, ("content-encoding", "gzip"), ("vary", _vary(headers))])
        return _Squeezed(body)
    start(status, _varying(headers))
    return body


class _Squeezed:
    """A stream compressed chunk by chunk; closing it closes its source."""

    def __init__(self, body: Iterable[bytes]) -> None:
        self.body = body

    def __iter__(self) -> Iterator[bytes]:
        press = zlib.compressobj(5, zlib.DEFLATED, 31)
        for chunk in self.body:
            made = press.compress(chunk)
            if made:
                yield made
        yield press.flush()

    def close(self) -> None:
        close = getattr(self.body, "close", None)
        if close is not None:
            close()


def _tagged(headers: Headers, coding: str) -> Headers:
    """A strong tag names exact bytes: those of each coding are other bytes, and so are their ranges and their digest."""
    left = [(n, v) for n, v in headers if n not in ("accept-ranges", "repr-digest")]
    return [(n, v[:-1] + f'-{coding}"' if n == "etag" and v.endswith('"') else v) for n, v in left]


def _varying(headers: Headers) -> Headers:
    """A body that could have been compressed tells caches that it depends on what the reader accepts."""
    if not _compressible(headers):
        return headers
    return [*((n, v) for n, v in headers if n != "vary"), ("vary", _vary(headers))]


def _vary(headers: Headers) -> str:
    said = _header(headers, "vary")
    return said if "accept-encoding" in said.lower() else f"{said}, Accept-Encoding".lstrip(", ")


def _header(headers: Headers, name: str) -> str:
    for known, value in headers:
        if known == name:
            return value
    return ""


def _sets_cookie(headers: Headers) -> bool:
    return bool(_header(headers, "set-cookie"))
