"""A parcel -> its raw tables and what there is to say about it, read in a confined process.

Bad content never raises: it gives a finding of severity REFUSE and no table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from parvis.errors import BusyError, ParvisError
from parvis.frozen import dataclass
from parvis.plugins import found
from parvis.tables import archive, cage, refusal
from parvis.tables.table import Limits, RawTable
from parvis.values import Finding, Parcel, Place, Severity, from_json, msg, to_json

_DOUBT = 0.2  # up to here, nothing says that the file is of this format
HEAD = 1 << 16  # bytes shown to the readers' ``recognises``
SURE = 0.5  # from here a reader takes a ZIP as its own; below it is opened as an archive


@dataclass(frozen=True, slots=True)
class Read:
    """What a file gave: its tables in order, remarks, and its format ("" when it was not recognised)."""

    tables: Sequence[RawTable]
    findings: Sequence[Finding]
    format: str = ""

    @property
    def refused(self) -> bool:
        return not self.tables


def read(parcel: Parcel, work: Path, limits: Limits | None = None, headers: Mapping[str, int] | None = None) -> Read:
    """Return the tables of the parcel, as Parquet files under ``work`` (an empty folder that you own).

    ``headers`` gives, by name of sheet, the line that a person chose as its header.
    Raises: BusyError only, when the confined process cannot be started.
    """
    limits = limits or Limits()
    work = work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    arguments = {
        "path": str(parcel.path.resolve()),
        "name": plain_name(parcel.name),
        "work": str(work),
        "limits": to_json(limits),
        "headers": dict(headers or {}),
    }
    allowance = cage.Allowance(limits.memory, limits.seconds, limits.expanded)
    path = parcel.path.resolve()
    try:
        beside = archive.parts(path) if path.name == parcel.name else []
        told = cage.run("parvis.tables.read:inside", arguments, allowance, reads=[path, *beside], writes=[work])
        return _received(told, work)
    except BusyError:
        raise
    except ParvisError as error:
        return Read((), (_refusal(error),))


def plain_name(name: str) -> str:
    """Return a file's name that is safe to show and to think with: no folder, no control or direction sign, 120 long."""
    bare = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(c for c in bare if c.isprintable()).strip() or "fichier"
    stem, dot, suffix = shown.rpartition(".")
    return shown if len(shown) <= 120 else f"{stem[: 119 - len(suffix)]}{dot}{suffix[:20]}"


def _received(told: Mapping[str, Any], work: Path) -> Read:
    """Return what the confined process told, once its paths are seen to be where it may write."""
    answer = from_json(Read, told)
    for table in answer.tables:
        if table.path.parent != work or table.path.is_symlink() or not table.path.is_file():
            raise ParvisError("La lecture de ce fichier a donné une réponse incohérente : elle a été écartée.")
    return answer


def _refusal(error: ParvisError) -> Finding:
    line = error.values.get("line")
    place = Place(line=line) if isinstance(line, int) else None
    code = str(error.values.get("code", f"read.{error.code}"))
    return Finding(code, Severity.REFUSE, error.message, place, values=dict(error.values), hint=error.hint)


# --- Inside the cage ------------------------------------------------------------------------------


def inside(path: str, name: str, work: str, limits: Mapping[str, Any], headers: Mapping[str, int]) -> Any:
    """Read one file; called in the confined process, with JSON arguments."""
    from parvis.tables.sink import Sink

    sink = Sink(Path(work), from_json(Limits, limits), headers=headers)
    found_format = read_into(Path(path), name, sink)
    if not sink.tables and not any(f.severity is Severity.REFUSE for f in sink.findings):
        sink.find(
            Finding(
                "read.no_table",
                Severity.REFUSE,
                msg("Aucun tableau n'a été trouvé dans ce fichier."),
                hint=msg("Il faut une ligne de titres de colonnes et au moins une ligne de données."),
            )
        )
    return to_json(Read(sink.tables, sink.findings, found_format))


def read_into(path: Path, name: str, sink: Any, depth: int = 0) -> str:
    """Put the tables of one file into the sink, and return its format.

    Raises: InputError or LimitError, in French, when there is nothing to read.
    """
    with path.open("rb") as stream:
        head = stream.read(HEAD)
    refusal.check(path, name, head, sink.limits)
    reader, score = choose(path, name, head)
    if archive.is_archive(head) and score < SURE:
        told = archive.read(path, name, sink, read_into, depth)
        formats = {t.format for t in sink.tables}
        return formats.pop() or told if len(formats) == 1 else told  # a zipped shapefile is a shapefile
    if reader is None:
        raise refusal.unknown(name)
    for finding in reader.read(path, name, sink) or ():
        sink.find(finding)
    return reader.__name__.rpartition(".")[2]


def choose(path: Path, name: str, head: bytes) -> tuple[ModuleType | None, float]:
    """Return the reader that recognises these bytes best, and how surely; the name settles what the bytes leave open."""
    suffix = Path(name.lower()).suffix
    best: tuple[float, ModuleType | None] = (0.0, None)
    for module in found("parvis.tables.readers", "readers").values():
        score = float(module.recognises(path, head))
        if score > 0:
            score += 0.1 if suffix in module.SUFFIXES else 0.0
            best = max(best, (score, module), key=lambda pair: pair[0])
    return (best[1], best[0]) if best[0] > _DOUBT else (None, 0.0)
