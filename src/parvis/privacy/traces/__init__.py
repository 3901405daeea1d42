"""Hidden places of files, one plugin a format: what stands there that nobody sees and everybody can read.

A module declares TITLE, SUFFIXES, ``recognises(head, name) -> bool`` and ``look(path, name, into)``, which fills a
``trace.Gathered``. EXAMPLES are made by the tests, since most formats are packages. ``look`` here runs them in the confined
process: a file made to harm harms nothing.
"""

from __future__ import annotations

import dataclasses
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from types import ModuleType
from typing import Any

from parvis.errors import BusyError, ParvisError
from parvis.plugins import found
from parvis.privacy import wording
from parvis.privacy.trace import CODE, HINT, HINTS, SENTENCES, WHY, Gathered, Package, Trace
from parvis.tables import cage, package
from parvis.tables.read import HEAD, plain_name
from parvis.tables.table import Limits
from parvis.values import Finding, Place, Severity

_NAMES = "names"  # the plugin that is asked of every file
_MOST = 100  # members of an archive that are looked into


def plugins() -> Mapping[str, ModuleType]:
    """Return the plugins by name."""
    return found("parvis.privacy.traces", "traces")


def may_hide(name: str) -> bool:
    """Return whether a file of this name may have hidden places, or names somebody itself."""
    suffix = PurePath(name).suffix.lower()
    return wording.file_names_someone(name) or suffix in _suffixes()


def look(
    path: Path, name: str = "", *, as_it_came: bool = False, allowance: cage.Allowance | None = None
) -> tuple[Finding, ...]:
    """Return what stands in the hidden places of a file, as findings of code « privacy.trace ».

    They block when the file would be published ``as_it_came``, and warn otherwise: the published copy of a table holds
    none of it. ``values`` carry "trace" (the kind), "count", "people" (meanings, joined) and never what was found.
    Raises: BusyError only, when the confined process cannot be started.
    """
    path = path.resolve()
    shown = plain_name(name or path.name)
    severity = Severity.BLOCK if as_it_came else Severity.WARN
    try:
        with tempfile.TemporaryDirectory(prefix="parvis-") as work:
            told = cage.run(
                "parvis.privacy.traces:inside",
                {"path": str(path), "name": shown, "work": work},
                allowance or cage.Allowance(seconds=60.0),
                reads=[path],
                writes=[Path(work)],
            )
    except BusyError:
        raise
    except ParvisError:
        return (_finding(Trace("unread"), severity),)
    return tuple(_finding(_received(t), severity) for t in told)


def inside(path: str, name: str, work: str) -> list[dict[str, Any]]:
    """Return the traces of a file as plain data. Runs in the confined process."""
    return [dataclasses.asdict(t) for t in gather(Path(path), name, Path(work))]


def gather(path: Path, name: str, work: Path | None = None) -> tuple[Trace, ...]:
    """Return the traces of a file that is trusted, or in a process that may be lost.

    The documents and photos of an archive are looked into as well when there is a folder to open them in (``work``).
    """
    into = Gathered()
    with path.open("rb") as stream:
        head = stream.read(HEAD)
    known = {n: p for n, p in plugins().items() if p.recognises(head, name.lower())}
    for plugin in known.values():
        _look(plugin, path, name, into)
    if head[:4] == b"PK\3\4" and set(known) <= {_NAMES} and work is not None:
        _members(path, work, into)
    return into.found()


def _look(plugin: ModuleType, path: Path, name: str, into: Gathered) -> None:
    try:
        plugin.look(path, name, into)
    except MemoryError:
        raise
    except Exception:  # a damaged part hides nothing of what the others say, and is said
        into.add("unread")


def _members(path: Path, work: Path, into: Gathered) -> None:
    """Look into the members of an archive, one after the other: their names were judged with the archive's."""
    try:
        with package.opened(path, Limits()) as held:
            archive = Package(held, path.stat().st_size)
            for name in [n for n in archive.names if PurePath(n).suffix.lower() in _suffixes()][:_MOST]:
                one = work / "member"
                one.write_bytes(archive.data(name))
                with one.open("rb") as stream:
                    head = stream.read(HEAD)
                for plugin in (p for n, p in plugins().items() if n != _NAMES):
                    if plugin.recognises(head, name.lower()):
                        _look(plugin, one, name, into)
    except (ParvisError, OSError, zipfile.BadZipFile):
        into.add("unread")


def _suffixes() -> frozenset[str]:
    return frozenset(s for p in plugins().values() for s in p.SUFFIXES)


def _received(told: Mapping[str, Any]) -> Trace:
    """Return a trace that the confined process told; what it says of places is not believed beyond its length."""
    kind = str(told.get("kind", ""))
    return Trace(
        kind=kind if kind in SENTENCES else "property",
        count=int(told.get("count", 1)),
        sheet=plain_name(str(told.get("sheet", ""))) if told.get("sheet") else "",
        cell=str(told.get("cell", ""))[:12],
        page=int(told.get("page", 0)),
        people=tuple(str(p)[:40] for p in told.get("people", ())),
    )


def _finding(found_trace: Trace, severity: Severity) -> Finding:
    t = found_trace
    place = Place(sheet=t.sheet, cell=t.cell) if t.sheet or t.cell else None
    values = {"trace": t.kind, "count": t.count, "sheet": t.sheet, "page": t.page, "people": ", ".join(t.people)}
    return Finding(
        code=CODE,
        severity=severity,
        message=SENTENCES[t.kind],
        place=place,
        values=values,
        hint=HINTS.get(t.kind, HINT),
        why=WHY,
        count=t.count,
    )


def about_people(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return the traces in which a person was recognised: those that matter even beside a clean copy."""
    return tuple(f for f in findings if f.code == CODE and f.values.get("people"))
