"""A file that lies on the disk, given whole or by ranges of bytes (RFC 9110), with its digest (RFC 9530)."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path

from parvis.values import Ready
from parvis.web import Request, Response, matches

CHUNK = 1 << 18  # bytes sent at once
EXPOSED = ("Accept-Ranges", "Content-Length", "Content-Range", "Repr-Digest", "Last-Modified")
_RANGE = re.compile(r"(\d{0,18})-(\d{0,18})", re.ASCII)


def given(
    request: Request, path: Path, found: Ready, media_type: str, headers: Mapping[str, str], modified: str
) -> Response | None:
    """Return a file, the part of it that is asked for, or that it is known already; None when it is gone.

    ``modified`` is ISO 8601, UTC. Several ranges at once get the whole file, as the standard allows.
    """
    tag, day = f'"{found.digest}"', _day(modified)
    digest = base64.b64encode(bytes.fromhex(found.digest)).decode()
    told = {
        **headers,
        "etag": tag,
        "last-modified": day,
        "accept-ranges": "bytes",
        "repr-digest": f"sha-256=:{digest}:",
    }
    if matches(request, tag) or _unchanged(request, day):
        return Response(304, headers=told)
    if not path.exists():
        return None
    if request.method == "HEAD":
        return Response(200, b"", media_type, {**told, "content-length": str(found.size)})
    part = _asked(request, found.size) if _still(request, tag, day) else None
    if part == ():
        return Response(416, b"", media_type, {**told, "content-range": f"bytes */{found.size}"})
    start, end = part or (0, found.size)
    try:
        body = Piece(path, start, end - start)
    except FileNotFoundError:  # a newer version came between
        return None
    told["content-length"] = str(end - start)
    if part:
        told["content-range"] = f"bytes {start}-{end - 1}/{found.size}"
    return Response(206 if part else 200, body, media_type, told)


class Piece:
    """A part of a file, chunk by chunk: opened at once, since an erased file is still read by who has it open."""

    def __init__(self, path: Path, start: int, length: int) -> None:
        self._stream = path.open("rb")
        self._stream.seek(start)
        self._left = length

    def __iter__(self) -> Iterator[bytes]:
        try:
            while self._left > 0 and (chunk := self._stream.read(min(CHUNK, self._left))):
                self._left -= len(chunk)
                yield chunk
        finally:
            self.close()

    def close(self) -> None:
        self._stream.close()


def _asked(request: Request, size: int) -> tuple[int, int] | tuple[()] | None:
    """Return the first byte asked for and the one after the last, () when there is none such, None for the whole file."""
    unit, _, said = request.headers.get("range", "").partition("=")
    match = _RANGE.fullmatch(said.strip()) if unit.strip().lower() == "bytes" else None
    if match is None or not any(match.groups()):
        return None
    first, last = match.groups()
    if not first:  # the last bytes
        count = min(int(last), size)
        return (size - count, size) if count else ()
    if last and int(last) < int(first):
        return None
    if int(first) >= size:
        return ()
    return int(first), min(int(last) + 1, size) if last else size


def _still(request: Request, tag: str, day: str) -> bool:
    """True when a part may be given: the reader has no other one, or parts of this very file."""
    known = request.headers.get("if-range", "").strip()
    return not known or known in (tag, day)


def _unchanged(request: Request, day: str) -> bool:
    """True when the reader knows the file by its date, and names no tag."""
    known = request.headers.get("if-modified-since", "")
    if not known or "if-none-match" in request.headers:
        return False
    try:
        return parsedate_to_datetime(day) <= parsedate_to_datetime(known)
    except (ValueError, TypeError):
        return False


def _day(modified: str) -> str:
    moment = datetime.fromisoformat(modified)
    return format_datetime((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC), usegmt=True)
