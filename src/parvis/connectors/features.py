"""Shapes asked page by page from a service, written as one GeoJSON file that is the same when nothing changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from parvis.errors import LimitError, RemoteError
from parvis.values import msg

MOST = 2_000_000  # shapes of one layer
Page = tuple[Sequence[Mapping[str, Any]], int | None]  # shapes, and how many there are in all when the service says it


def paged(ask: Callable[[int], Page], size: int, host: str) -> Iterator[Mapping[str, Any]]:
    """Yield the shapes of all the pages: ``ask(start)`` gives the one that begins there, of ``size`` at most.

    A service that caps its pages, or that ignores where a page begins, never makes a part be taken for the whole.
    Raises: RemoteError when the pages end before the count the service said; LimitError past two million.
    """
    start, first = 0, ""
    while True:
        shapes, total = ask(start)
        head = json.dumps(shapes[0], sort_keys=True, default=str) if shapes else ""
        if start and head == first:  # the same page again: the service does not know where a page begins
            total = total if len(shapes) < size else max(total or 0, start + 1)
            break
        if not shapes:
            break
        first = head if not start else first
        yield from shapes
        start += len(shapes)
        if total is not None and start >= total:
            return
        if start > MOST:
            raise LimitError(msg("Cette couche dépasse {most} objets : Parvis s'arrête là."), most=MOST)
    if total is not None and start < total:
        raise RemoteError(
            msg("« {host} » n'a donné que {count} objets, et il y en a davantage : rien n'est pris."),
            msg("Demandez à celui qui tient le service d'élever sa limite, ou une autre adresse."),
            host=host,
            count=start,
        )


def collection(shapes: Iterable[Mapping[str, Any]], crs: Any = None) -> Iterator[bytes]:
    """Yield the bytes of a GeoJSON file; ``crs`` is the member that says the system of its coordinates, if not WGS84."""
    head = f'"crs":{_written(crs)},' if crs else ""
    yield f'{{"type":"FeatureCollection",{head}"features":['.encode()
    for number, shape in enumerate(shapes):
        yield (b",\n" if number else b"\n") + _written(shape).encode()
    yield b"\n]}\n"


def _written(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
