"""JSON: lists of objects, wherever they stand in the file, each as a table; and JSON Lines."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from parvis.errors import InputError
from parvis.tables import objects
from parvis.tables.sink import too_wide
from parvis.values import Finding, Severity, msg

TITLE = "JSON"
SUFFIXES = (".json", ".jsonl", ".ndjson", ".jsonlines")

_TABLES = 20
_BY_LINE = re.compile(r"^\{[^\r\n]*\}[ \t]*\r?\n\s*\{")


def recognises(path: Path, head: bytes) -> float:
    start = objects.start(head)
    return 0.6 if re.match(r'\{\s*["}]|\[\s*[\[\]{"\d\-tfnNI]', start) else 0.0


def read(path: Path, name: str, sink: Any) -> Sequence[Finding]:
    """Put the lists of objects of the file into the sink, the largest first, nested objects as dotted columns."""
    with path.open("rb") as stream:
        start = objects.start(stream.read(1 << 16))
    if re.search(r'"\$schema"\s*:\s*"https?://json-schema\.org/', start):
        raise InputError(
            "C'est un schéma (JSON Schema), pas des données.",
            "Envoyez le fichier de données lui-même.",
            code="read.not_data",
        )
    source = objects.Objects(path, sink.limits)
    by_line = bool(_BY_LINE.match(start))

    def items() -> Iterable[objects.Item]:
        source.bad = 0
        return source.lines() if by_line else source.items()

    lists, labels, one_line = _survey(items(), sink.limits.columns)
    if not lists:
        _plain(source, items, sink)
        return list(source.remarks())
    facts = {"format": "json", "encoding": source.encoding.removesuffix("-sig")}
    read_ones: list[str] = []
    for path_in, count in lists.most_common(_TABLES):
        if read_ones and (count < 2 or len(labels[path_in]) < 2):
            continue
        columns = list(labels[path_in])
        rows = _rows(items(), path_in, columns, path_in in one_line)
        sink.rows(path_in if read_ones else "", columns, rows, **facts)
        read_ones.append(path_in)
    return [*source.remarks(), *_others(lists, read_ones)]


def _survey(items: Iterable[objects.Item], most: int) -> tuple[Counter[str], dict[str, dict[str, None]], set[str]]:
    """Return how many objects each list has, its labels, and the lists whose objects share their lines."""
    lists: Counter[str] = Counter()
    labels: dict[str, dict[str, None]] = {}
    last: dict[str, int] = {}
    shared = set()
    for item in items:
        if not item.listed or not isinstance(item.value, dict):
            continue
        lists[item.path] += 1
        known = labels.setdefault(item.path, {})
        for label in objects.flat(item.value):
            known.setdefault(label)
        if len(known) > most:
            raise too_wide(len(known), most)
        if last.get(item.path) == item.line:
            shared.add(item.path)
        last[item.path] = item.line
    return lists, labels, shared


def _rows(
    items: Iterable[objects.Item], chosen: str, columns: Sequence[str], one_line: bool
) -> Iterator[tuple[int, Sequence[str | None]]]:
    rank = 0
    for item in items:
        if item.listed and item.path == chosen and isinstance(item.value, dict):
            rank += 1
            row = objects.flat(item.value)
            yield rank if one_line else item.line, [row.get(c) for c in columns]


def _plain(source: objects.Objects, items: Any, sink: Any) -> None:
    """Put a list of lists (a grid) or of plain values into the sink, or else the one object that the file is."""
    facts = {"format": "json", "encoding": source.encoding.removesuffix("-sig")}
    listed = next((i for i in items() if i.listed), None)
    if listed is None:
        alone = objects.flat({i.path: i.value for i in items() if i.path})
        if not alone:
            raise InputError(
                "Ce fichier JSON ne contient aucune liste d'objets à lire comme un tableau.",
                "Exportez une liste d'objets ([{{…}}, {{…}}]), ou un CSV.",
                code="json.no_list",
            )
        sink.rows("", list(alone), [(1, list(alone.values()))], **facts)
        return
    same = (i for i in items() if i.listed and i.path == listed.path)
    if isinstance(listed.value, list):
        sink.grid("", ([objects.cell_text(c) for c in _list(i.value)] for i in same), **facts)
    else:
        sink.rows("", ["valeur"], ((n + 1, [objects.cell_text(i.value)]) for n, i in enumerate(same)), **facts)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _others(lists: Counter[str], read_ones: Sequence[str]) -> Iterator[Finding]:
    if len(read_ones) > 1:
        yield Finding(
            "json.lists",
            Severity.INFO,
            msg("Les listes de ce fichier JSON ont été lues, un tableau pour chacune : {paths}."),
            values={"paths": ", ".join(f"« {p[:80] or '…'} »" for p in read_ones)},
        )
    for path, count in lists.most_common(6):
        if path not in read_ones:
            yield Finding(
                "json.other_list",
                Severity.INFO,
                msg("La liste « {path} » ({count} objets) n'a pas été lue : elle est trop courte pour un tableau."),
                values={"path": path[:80] or "…", "count": count},
                hint=msg("Envoyez-la dans un fichier à part si elle doit être publiée."),
            )
