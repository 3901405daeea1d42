"""The path of one file, and the only place that knows the order of its steps.

``collect`` takes the bytes in, ``prepare`` shows all that an agent must see before deciding, ``commit`` makes
the decided table an immutable version on the shelf. ``inspect``, ``check`` and ``protect`` are the same steps on
a file of one's own, with no data folder.
"""

from __future__ import annotations

import dataclasses
import hashlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from parvis.catalogue import metadata as describing
from parvis.errors import ParvisError
from parvis.privacy import policy as policies
from parvis.privacy import protect as protecting
from parvis.privacy import screen as screening
from parvis.profiling import profile as profiling
from parvis.schemas import match as matching
from parvis.schemas.schema import Schema
from parvis.schemas.schema import load as load_schema
from parvis.store import inbox, shelf, vault
from parvis.store.folder import Folder
from parvis.tables import read as reading
from parvis.tables import repairs, types
from parvis.tables.table import RawTable
from parvis.validation import run as validation
from parvis.values import (
    Finding,
    Metadata,
    Parcel,
    Policy,
    Preparation,
    Profile,
    Reception,
    SchemaMatch,
    Severity,
    Step,
    Version,
)

Progress = Callable[[float, str], None]

# Under this confidence a schema is only a candidate: checking against it would drown the agent in remarks
# about a file that never meant to follow it.
SURE = 0.6
PREVIEW_ROWS = 20


@dataclass(frozen=True, slots=True)
class Examined:
    """One table of a file, read, repaired, typed and looked at: what ``prepare`` keeps of it."""

    raw: RawTable
    typed: Path
    steps: Sequence[Step]
    preparation: Preparation


def collect(folder: Folder, name: str, stream: BinaryIO, *, origin: str, now: str, limit: int = 0) -> Parcel:
    """Return the parcel of bytes that arrived under a name. See ``store.inbox.put`` for limits and errors."""
    return inbox.put(folder, name, stream, origin, now, **({"limit": limit} if limit else {}))


def prepare(
    folder: Folder,
    parcel: Parcel,
    *,
    schema: str = "",
    recipe: Sequence[Step] = (),
    territory: str = "",
    now: str,
    progress: Progress | None = None,
) -> Reception:
    """Return all that is to be seen of a parcel: remarks on the file, and one preparation per table found.

    ``schema`` imposes a schema id; ``recipe`` replays accepted repairs instead of proposing new ones;
    ``territory`` is the commune's INSEE code; ``now`` is ISO 8601 UTC. The original bytes go to the vault.
    Bad content never raises: it is a finding. Doing it again gives the same preparations.
    """
    kept = vault.keep(folder, parcel)
    with folder.workspace() as work:
        findings, tables = _examine(kept, work, _Expected(schema, tuple(recipe), territory, now), progress)
        for table in tables:
            vault.stage(folder, table.preparation.id, table.typed)
    return Reception(kept, findings, tuple(t.preparation for t in tables))


def commit(
    folder: Folder,
    preparation: Preparation,
    policy: Policy,
    metadata: Metadata,
    *,
    dataset: str,
    number: int = 1,
    now: str,
) -> Version:
    """Return the version made of a preparation under a decided policy: protected, measured again, on the shelf.

    Nothing is public yet: ``store.shelf.release`` makes it so. Doing it again gives the same version.
    Raises: RefusedError, naming the columns, while personal data awaits a decision.
    """
    with folder.workspace() as work:
        safe = protecting.protect(
            vault.staged_path(folder, preparation.id), preparation.profile, policy, work / "safe.parquet"
        )
        return shelf.put(
            folder,
            safe,
            dataset=dataset,
            number=number,
            metadata=metadata,
            findings=tuple(f for f in preparation.findings if _may_be_shown(f)),
            quality=preparation.quality,
            schema=preparation.schema,
            crs=preparation.profile.crs,
            bbox=preparation.profile.bbox,
            point=preparation.profile.point,
            source_digest=preparation.parcel.digest,
            now=now,
        )


def forget(folder: Folder, preparation: Preparation) -> None:
    """Erase what was staged for a preparation that was decided, one way or the other."""
    vault.forget(folder, preparation.id)


# --- The same on a file of one's own --------------------------------------------------------------


@contextmanager
def opened(
    path: str | Path, *, schema: str = "", territory: str = ""
) -> Iterator[tuple[Reception, tuple[Examined, ...]]]:
    """Give what is to be seen of a file that stays where it is, and its tables while the block lasts."""
    source = Path(path)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    with tempfile.TemporaryDirectory(prefix="parvis-") as work:
        parcel = _parcel_of(source, now)
        findings, tables = _examine(parcel, Path(work), _Expected(schema, (), territory, now), None)
        yield Reception(parcel, findings, tuple(t.preparation for t in tables)), tables


def inspect(path: str | Path) -> Reception:
    """Return what a file is: format, encoding, tables, columns with types and meanings, candidate schemas."""
    with opened(path) as (reception, _):
        return reception


def check(path: str | Path, schema: str = "") -> Reception:
    """Return the file's findings against a schema (id, file), or against the one it seems to follow."""
    with opened(path, schema=schema) as (reception, _):
        return reception


def protect(path: str | Path, target: str | Path, policy: Policy | None = None) -> tuple[protecting.SafeTable, ...]:
    """Write the protected copy of each table into a folder, as Parquet, under a decided policy.

    Without a policy the proposed one is applied as if accepted: the safest choice for each column.
    """
    folder = Path(target)
    folder.mkdir(parents=True, exist_ok=True)
    with opened(path) as (reception, tables):
        if not tables:
            raise reason_of_refusal(reception)
        return tuple(_protect_one(t, folder, policy, alone=len(tables) == 1) for t in tables)


def reason_of_refusal(reception: Reception) -> ParvisError:
    """Return the error that says why nothing could be read of a file."""
    from parvis.errors import InputError

    first = next((f for f in reception.findings if f.severity is Severity.REFUSE), None)
    if first is None:
        return InputError("Aucun tableau n'a été trouvé dans « {name} ».", name=reception.parcel.name)
    return InputError(first.message, first.hint, **first.values)


def _protect_one(table: Examined, folder: Path, policy: Policy | None, *, alone: bool) -> protecting.SafeTable:
    preparation = table.preparation
    chosen = policy if policy is not None else policies.accept(preparation.policy, by="parvis protect")
    stem = Path(preparation.parcel.name).stem
    name = stem if alone else f"{stem}-{preparation.profile.table or preparation.id}"
    safe_name = "".join(c if c.isalnum() or c in "-_. " else "_" for c in name)
    return protecting.protect(table.typed, preparation.profile, chosen, folder / f"{safe_name}.parquet")


# --- Steps ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Expected:
    """What is known of a file before it is read."""

    schema: str
    recipe: tuple[Step, ...]
    territory: str
    now: str


def _examine(
    parcel: Parcel, work: Path, expected: _Expected, progress: Progress | None
) -> tuple[tuple[Finding, ...], tuple[Examined, ...]]:
    say: Progress = progress or (lambda share, what: None)
    say(0.05, "Lecture du fichier")
    read = reading.read(parcel, work / "read")
    examined = []
    for index, raw in enumerate(read.tables):
        share = 0.3 + 0.65 * index / len(read.tables)
        say(share, f"Examen de « {raw.name} »" if raw.name else "Examen du tableau")
        place = work / f"table{index}"
        place.mkdir()
        examined.append(_examine_table(parcel, raw, place, expected))
    say(1.0, "Terminé")
    return tuple(read.findings), tuple(examined)


def _examine_table(parcel: Parcel, raw: RawTable, work: Path, expected: _Expected) -> Examined:
    steps = expected.recipe or repairs.propose(raw)
    repaired = repairs.apply(raw, steps, work)
    columns = types.infer(repaired)
    typed = work / "typed.parquet"
    types.write(repaired, columns, typed)
    profile = profiling.profile(repaired, columns, typed)
    matches = matching.match(profile)
    wanted, mapping = _schema_for(expected.schema, profile, matches)
    profile = dataclasses.replace(profile, schemas=matches)
    if wanted is not None:
        profile = describing.describe_columns(profile, wanted, mapping)
    findings = (
        *repaired.findings,
        *types.findings(repaired, columns),
        *validation.check(typed, repaired, profile, wanted, mapping),
        *screening.screen(typed, profile),
    )
    metadata = describing.prefill(parcel, profile, matches[0] if wanted and matches else None, expected.territory)
    policy = policies.propose(profile, findings)
    preparation = Preparation(
        id=hashlib.sha256(f"{parcel.digest}\n{parcel.received_at}\n{raw.name}".encode()).hexdigest()[:24],
        parcel=parcel,
        profile=profile,
        recipe=steps,
        findings=(*findings, *describing.complete(metadata)),
        policy=policy,
        metadata=metadata,
        staged="",
        preview=protecting.preview(typed, profile, policy, PREVIEW_ROWS),
        schema=wanted.id if wanted else "",
        quality=validation.quality(profile, findings),
    )
    return Examined(repaired, typed, steps, preparation)


def _schema_for(asked: str, profile: Profile, matches: Sequence[SchemaMatch]) -> tuple[Schema | None, dict[str, str]]:
    """Return the schema to check against and its field -> column mapping: the one asked, else a sure match."""
    if asked:
        wanted = matching.open_schema(asked)
        return wanted, dict(matching.fit(profile, wanted).mapping)
    best = matches[0] if matches else None
    if best is None or best.confidence < SURE:
        return None, {}
    return load_schema(best.schema), dict(best.mapping)


def _may_be_shown(finding: Finding) -> bool:
    """What a reader of the published version may know: remarks on quality, never on what was removed."""
    return finding.severity in (Severity.WARN, Severity.INFO) and not finding.code.startswith("privacy.")


def _parcel_of(path: Path, now: str) -> Parcel:
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return Parcel(path=path, name=path.name, digest=digest, size=path.stat().st_size, origin="cli", received_at=now)
