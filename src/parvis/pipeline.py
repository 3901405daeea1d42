"""The path of one file, and the only place that knows the order of its steps.

``collect`` takes the bytes in, ``prepare`` shows all that an agent must see before deciding, ``rework`` does so again
under other repairs, ``commit`` makes
the decided table an immutable version on the shelf. ``inspect``, ``check`` and ``protect`` are the same steps on
a file of one's own, with no data folder.
"""

from __future__ import annotations

import dataclasses
import hashlib
import secrets
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import parvis.tables  # noqa: F401  before numpy and Arrow: it says how they are to be loaded
from parvis import cycles
from parvis.catalogue import metadata as describing
from parvis.errors import InputError, ParvisError, RefusedError, UnknownName
from parvis.frozen import dataclass
from parvis.privacy import policy as policies
from parvis.privacy import protect as protecting
from parvis.privacy import screen as screening
from parvis.privacy import wording
from parvis.privacy.people import may_count, rows_are_people
from parvis.profiling import profile as profiling
from parvis.schemas import match as matching
from parvis.schemas.schema import Schema
from parvis.schemas.schema import load as load_schema
from parvis.store import diff, disk, inbox, shelf, vault
from parvis.store.folder import Folder
from parvis.tables import read as reading
from parvis.tables import recipe as recipes
from parvis.tables import types
from parvis.tables.draft import SAME_FILE, Reference
from parvis.tables.table import SHAPE, RawTable
from parvis.tables.texts import texts_of
from parvis.tables.typed import Cells, typed_table
from parvis.validation import across as comparing
from parvis.validation import beside as neighbours
from parvis.validation import continuity as continuing
from parvis.validation import outlines as outlining
from parvis.validation import run as validation
from parvis.values import (
    BESIDE,
    NO_SCHEMA,
    Anonymity,
    Blurring,
    Change,
    Finding,
    Hiding,
    Kind,
    Metadata,
    Parcel,
    Policy,
    Preparation,
    Profile,
    Reception,
    Recipe,
    SchemaMatch,
    Severity,
    Step,
    Version,
    from_json,
    to_json,
)

if TYPE_CHECKING:
    from parvis.privacy.attacks.linkage import Public
    from parvis.privacy.criteria import Criteria
    from parvis.privacy.rehearsal import Rehearsal
    from parvis.store.originals import Original

Progress = Callable[[float, str], None]

# Under this confidence a schema is only a candidate: checking against it would drown the agent in remarks
# about a file that never meant to follow it.
SURE = 0.6
PREVIEW_ROWS = 20
# Rows up to which a table is kept as it was read while a person decides: its repairs are then changed at once.
HOMES = 11  # of a square, as Insee shows them
KEPT_ROWS = 1_000_000
COUNTED_ROWS = 2_000  # of a table of counts in which it is looked how often one person may count
TRIED_ROWS = 50_000  # of a table for which the price of other choices is told


@dataclass(frozen=True, slots=True)
class Examined:
    """One table of a file, read, repaired, typed and looked at: what ``prepare`` keeps of it."""

    raw: RawTable
    cells: Cells
    steps: Sequence[Step]
    preparation: Preparation
    others: Sequence[str] = ()  # names of the other tables of the file

    @property
    def typed(self) -> Path:
        """The typed Parquet, written when it is first asked for."""
        return self.cells.file()


def collect(folder: Folder, name: str, stream: BinaryIO, *, origin: str, now: str, limit: int = 0) -> Parcel:
    """Return the parcel of bytes that arrived under a name. See ``store.inbox.put`` for limits and errors."""
    return inbox.put(folder, name, stream, origin, now, **({"limit": limit} if limit else {}))


def prepare(
    folder: Folder,
    parcel: Parcel,
    *,
    schema: str = "",
    recipe: Sequence[Recipe] = (),
    references: Sequence[Version] = (),
    outlines: Sequence[Version] = (),
    territory: str = "",
    now: str,
    progress: Progress | None = None,
) -> Reception:
    """Return all that is to be seen of a parcel: remarks on the file, and one preparation per table found.

    ``schema`` imposes a schema id; ``recipe`` gives the recipes that its tables may replay (``tables.recipe.choose``);
    ``references`` are the released versions that steps may look into; ``outlines`` those that may be the commune's own
    outline; ``territory`` is the commune's INSEE code; ``now`` is ISO 8601 UTC. The original bytes go to the vault. Bad
    content never raises: it is a finding. Doing it again gives the same preparations.
    """
    kept = vault.keep(folder, parcel)
    drawn = _drawn(folder, outlines, territory)
    expected = _Expected(schema, tuple(recipe), _datasets(folder, references), territory, now, outlines=drawn)
    with folder.workspace() as work:
        plain = vault.original(folder, kept, work)
        findings, tables = _examine(kept, work, expected, progress, plain=plain)
        traces = _traces(plain)
        tables = _held_whole(plain, tables, traces)
        _stage(folder, tables)
    return Reception(kept, (*findings, *traces), tuple(t.preparation for t in tables))


def rework(
    folder: Folder,
    preparation: Preparation,
    steps: Sequence[Step],
    *,
    schema: str = "",
    references: Sequence[Version] = (),
    outlines: Sequence[Version] = (),
    territory: str = "",
    now: str,
    progress: Progress | None = None,
) -> Preparation:
    """Return the preparation of the same table under other steps; what was staged of it is replaced.

    ``schema`` is the id of the one that a person chose, NO_SCHEMA for none, "" when Parvis chooses. The file is read again
    only when a step says how to read it, or when what was read was not kept. Raises: InputError when the file does not
    give this table any more.
    """
    wanted = Recipe(tuple(steps), preparation.profile.table, preparation.labels, preparation.follows, schema=schema)
    drawn = _drawn(folder, outlines, territory)
    expected = _Expected("", (wanted,), _datasets(folder, references), territory, now, outlines=drawn)
    say: Progress = progress or (lambda share, what: None)
    with folder.workspace() as work:
        read = (
            None if _headers((wanted, Recipe(preparation.recipe))) else vault.staged_read(folder, preparation.id, work)
        )
        if read is not None:
            facts, path = read
            raw = dataclasses.replace(from_json(RawTable, facts["table"]), path=path)
            others = _siblings_staged(folder, facts["others"], work)
            say(0.3, "Reprise des étapes")
            table = _examine_table(preparation.parcel, raw, work, expected, wanted, others)
            if not table.others:  # the file is one table: it is held against what this one became
                with suppress(UnknownName):  # gone from the vault at its term: it cannot be given any more
                    (table,) = _held_whole(vault.original(folder, preparation.parcel, work), [table])
            _stage_typed(folder, table)
        else:
            plain, only = vault.original(folder, preparation.parcel, work), preparation.profile.table
            _, tables = _examine(preparation.parcel, work, expected, progress, only, plain)
            found = next(iter(tables), None)
            if found is None:
                raise InputError(
                    "Avec cette étape, le fichier ne donne plus le tableau « {table} ».",
                    "Vérifiez le numéro de la ligne des titres.",
                    table=preparation.profile.table or preparation.parcel.name,
                )
            (table,) = _held_whole(plain, [found])
            _stage(folder, [table])
    return table.preparation


def change(folder: Folder, preparation: Preparation, version: Version) -> Change:
    """Return what is new in a prepared table since a version; of a synthetic copy, only how many rows it had."""
    if version.policy.synthesis is not None:
        return Change(version.number, (version.rows, preparation.profile.rows), at=version.created_at)
    with folder.workspace() as work:
        typed = vault.staged(folder, preparation.id, work)
        return diff.change(typed, preparation.profile, version, folder.object(version.object))


def annotate(
    folder: Folder,
    preparation: Preparation,
    *,
    references: Sequence[Version] = (),
    outlines: Sequence[Version] = (),
    territory: str = "",
    now: str,
    say: Callable[[str], str] = str,
    progress: Progress | None = None,
) -> None:
    """Keep beside a preparation the spreadsheet that it came from, its cells coloured and commented (``copied``).

    The original is read again, so that every line of a remark is marked. ``say`` translates the engine's sentences.
    Raises: what reading and writing raise, each with its sentence.
    """
    from parvis.reports import marked as marking  # a file that is only looked at is neither written nor attacked
    from parvis.reports import report as reporting

    wanted = Recipe(preparation.recipe, preparation.profile.table, preparation.labels, preparation.follows)
    expected = _Expected(
        preparation.schema or NO_SCHEMA,
        (wanted,),
        _datasets(folder, references),
        territory,
        now,
        lines=reporting.LINES,
        outlines=_drawn(folder, outlines, territory),
    )
    with folder.workspace() as work:
        plain, only = vault.original(folder, preparation.parcel, work), preparation.profile.table
        _, tables = _examine(preparation.parcel, work, expected, progress, only, plain)
        near = [f for f in preparation.findings if BESIDE in f.values]  # what other files contradict is not found again
        told = [(t.raw, (*t.preparation.findings, *near)) for t in tables]
        made = marking.write(plain.path, plain.name, told, work / "copy.xlsx", say)
        vault.put_copy(folder, preparation.id, made)


def rehearse(
    folder: Folder,
    preparation: Preparation,
    policy: Policy,
    *,
    others: Sequence[Version] = (),
    inhabitants: int = 0,
    follows: str = "",
    dataset: str = "",
    layer: Version | Preparation | None = None,
) -> Rehearsal:
    """Return what a prepared table would be under a policy, whether it is decided or not yet.

    ``others`` are the town's released versions that an outsider would hold against it; ``inhabitants`` of the town;
    ``follows`` the version before, ``dataset`` the one that it would renew; ``layer`` that of the town's areas, when the
    policy wants them. Nothing is raised for a policy that cannot be applied: it is said.
    """
    from parvis.privacy import budget, criteria, publishable
    from parvis.privacy.rehearsal import Rehearsal
    from parvis.store import proofs

    profile, findings = preparation.profile, preparation.findings
    speaks = rows_are_people(profile, findings)
    other: dict[str, Any] = {}
    try:
        with folder.workspace() as work:
            staged = vault.staged(folder, preparation.id, work)
            given, tried = _given(folder, dataset, layer, work, others), policies.accept(policy, "rehearsal")
            other = {"spent": budget.used(given.spent), **_other_choices(staged, preparation, tried, given, work)}
            budget.check(tried, preparation.metadata.title, given.spent, "")
            safe = protecting.protect(staged, profile, tried, work / "safe.parquet", given)
            before, after = _attacked(folder, staged, preparation, safe, _public_of(folder, others, dataset), given)
            shown = protecting.first_rows(safe, PREVIEW_ROWS)
    except ParvisError as error:
        facts = publishable.facts_of(findings, policy, inhabitants=inhabitants, people=speaks)
        return Rehearsal(refused=error.text, permission=publishable.may_publish(facts), **other)
    facts = publishable.facts_of(findings, policy, after, inhabitants=inhabitants, people=speaks)
    then = proofs.public(folder, follows) if follows else None
    risen = criteria.rises(then.after, after) if then is not None and then.after is not None and after else ()
    return Rehearsal(
        preview=shown, columns=safe.columns, permission=publishable.may_publish(facts), before=before, after=after,
        price=safe.price, hidden=safe.hidden, blurred=safe.blurred, averaged=safe.averaged, synthetic=safe.synthetic,
        risen=risen, **other,
    )  # fmt: skip


def _given(
    folder: Folder,
    dataset: str,
    layer: Version | Preparation | None,
    work: Path,
    others: Sequence[Version],
    *,
    number: int = 0,
) -> protecting.Given:
    """Return what applying a policy to a table of a dataset needs besides the table."""
    from parvis.privacy.geography import areas
    from parvis.privacy.rehearsal import Released
    from parvis.store import drawing

    laid: tuple[areas.Area, ...] = ()
    if isinstance(layer, Version):
        laid = areas.read(folder.object(layer.object), layer.columns)
    elif layer is not None:
        laid = areas.read(vault.staged(folder, layer.id, work), layer.profile.columns)
    spent = drawing.spent(folder, dataset, but=number)
    before = [Released(folder.object(v.object), v.columns, _number_in(v, dataset)) for v in others]
    return protecting.Given(secret=drawing.secret(folder), areas=laid, spent=spent, before=before)


def _number_in(version: Version, dataset: str) -> int:
    """Return the number of a version of this dataset, 0 for that of another one."""
    return version.number if version.dataset == dataset else 0


def _public_of(folder: Folder, versions: Sequence[Version], dataset: str) -> list[Public]:
    """Return what attacks hold against a table: its dataset's versions, and what was made of other files about people.

    What needed nothing done to it, and was not measured, tells of nobody: it joins with anything, and says nothing. Nor does
    a synthetic copy, whose rows are nobody's.
    """
    from parvis.privacy.attacks.linkage import Public
    from parvis.store import proofs

    def of_people(version: Version) -> bool:
        proof = proofs.public(folder, version.id)
        return proof is not None and proof.after is not None

    real = [v for v in versions if v.policy.synthesis is None]
    near = [v for v in real if v.dataset == dataset or policies.treated(v.policy) or of_people(v)]
    return [Public(folder.object(v.object), v.columns, v.metadata.title, _number_in(v, dataset)) for v in near]


def _other_choices(
    staged: Path, preparation: Preparation, policy: Policy, given: protecting.Given, work: Path
) -> dict[str, Any]:
    """Return what the other choices would cost, under what is decided of columns; none is looked for in a large table."""
    from parvis.privacy import prices

    columns = preparation.profile.columns
    # Squares and areas are columns by which rows are made alike: they stay.
    placed = dataclasses.replace(_bare(policy), blurring=policy.blurring if policy.synthesis is None else None)
    bare = protecting.protect(staged, preparation.profile, placed, work / "bare.parquet", given)
    if bare.rows > TRIED_ROWS:
        return {}
    policy = dataclasses.replace(policy, anonymity=protecting.asked_of_rows(policy, preparation.profile, bare.columns))
    own = {c.name for c in columns} if rows_are_people(preparation.profile, preparation.findings) else set[str]()
    return dict(prices.of_others(bare.path, bare.columns, policy, given, own, [c.meaning for c in columns]))


def _bare(policy: Policy) -> Policy:
    """Return the policy of the columns alone: nothing is done to the rows."""
    nothing: dict[str, Any] = dict.fromkeys(policies.WISHES)
    return dataclasses.replace(policies.in_force(policy), **nothing)


@disk.said_kindly()
def commit(
    folder: Folder,
    preparation: Preparation,
    policy: Policy,
    metadata: Metadata,
    *,
    dataset: str,
    number: int = 1,
    others: Sequence[Version] = (),
    inhabitants: int = 0,
    traces: Sequence[Finding] = (),
    layer: Version | Preparation | None = None,
    original: bool | None = None,
    now: str,
) -> Version:
    """Return the version made of a preparation under a decided policy: protected, attacked, on the shelf with its proof.

    ``others`` are the town's released versions that an outsider would hold against it; ``inhabitants`` of the town;
    ``traces`` what was found in the hidden places of the file; ``layer`` that of the town's areas, when the policy wants them.
    ``original`` gives the file itself too, when it may be; None only when nothing else stands in it than the table.
    Nothing is public yet: ``store.shelf.release`` makes it so. Doing it again gives the same version.
    Raises: RefusedError, naming the columns, while personal data awaits a decision, with what the law says against it, or
    when the dataset has no budget of noise left.
    """
    from parvis.privacy import budget
    from parvis.privacy import proof as proving
    from parvis.store import proofs

    with folder.workspace() as work:
        staged = vault.staged(folder, preparation.id, work)
        given = _given(folder, dataset, layer, work, others, number=number)
        budget.check(policy, metadata.title, given.spent, now[:10])
        if policy.synthesis is not None:
            metadata = describing.as_synthetic(metadata)
        safe = protecting.protect(staged, preparation.profile, policy, work / "safe.parquet", given)
        before, after = _attacked(folder, staged, preparation, safe, _public_of(folder, others, dataset), given)
        _may_leave(preparation, policy, after, inhabitants)
        version = shelf.put(
            folder,
            safe,
            dataset=dataset,
            number=number,
            metadata=metadata,
            findings=_public(preparation, policy),
            quality=preparation.quality,
            schema=preparation.schema,
            crs=preparation.profile.crs,
            # The frame of the places as they were would give some of them back.
            bbox=() if policy.blurring is not None or policy.synthesis is not None else preparation.profile.bbox,
            point=preparation.profile.point,
            source_digest=preparation.parcel.digest,
            policy=wording.nameless(safe.policy, preparation.profile),
            now=now,
        )
    proofs.keep(
        folder,
        proving.prove(
            preparation.profile, preparation.findings, wording.nameless(policy, preparation.profile), version.columns,
            version.rows,
            source_digest=preparation.parcel.digest, result_digest=version.object, salt=secrets.token_hex(16), now=now,
            title=metadata.title, dataset=dataset, version=version.id, number=number, before=before, after=after,
            inhabitants=inhabitants, people=rows_are_people(preparation.profile, preparation.findings), traces=traces,
        ),
    )  # fmt: skip
    if original is not False:
        _give(folder, preparation, policy, version, traces, asked=bool(original))
    return version


def _give(
    folder: Folder,
    preparation: Preparation,
    policy: Policy,
    version: Version,
    traces: Sequence[Finding],
    *,
    asked: bool,
) -> None:
    """Keep the original of a version, to be given with it, when nothing forbids it and it is wanted."""
    from parvis.privacy import traces as looking
    from parvis.privacy import untouched
    from parvis.store import originals

    wanted = (untouched.YES, untouched.ASK) if asked else (untouched.YES,)
    if originals.stopped(folder, version.id):  # done again: what was stopped stays so
        return
    if untouched.may_give(preparation, policy, traces).verdict not in wanted:
        return
    with folder.workspace() as work:
        try:
            plain = vault.original(folder, preparation.parcel, work)
        except ParvisError:  # its time in the vault has passed: the table is enough
            return
        # Now that the file itself would be read by all, each of its hidden places is looked at, whatever its name.
        seen = looking.look(plain.path, preparation.parcel.name, as_it_came=True)
        if untouched.may_give(preparation, policy, seen).verdict in wanted:
            originals.keep(folder, version.id, plain.path, _as_original(preparation, plain))


def _as_original(preparation: Preparation, plain: Parcel) -> Original:
    from parvis.privacy import whole_file
    from parvis.store.originals import Original

    form = preparation.profile.format
    media_type = whole_file.media_type(form, preparation.profile.encoding)
    return Original(reading.plain_name(preparation.parcel.name), plain.digest, plain.size, media_type, form)


def look_again(folder: Folder, version: Version, now: str) -> str:
    """Look at the original of a version as if it came today; return why it may not be given any more, "" when it may.

    What is found since stops it at once, and erases its bytes.
    """
    from parvis.privacy import traces as looking
    from parvis.privacy import untouched
    from parvis.store import originals

    found = originals.of(folder, version.id)
    if found is None:
        return originals.stopped(folder, version.id)
    place = originals.path(folder, version.id)
    parcel = Parcel(place, found.name, found.digest, found.size, "original", now)
    with folder.workspace() as work:
        _, tables = _examine(parcel, work, _Expected("", (), {}, version.metadata.territory, now), None)
        seen = looking.look(place, found.name, as_it_came=True)
        tables = _held_whole(parcel, tables, seen)
        told = untouched.seen_again([t.preparation for t in tables], version.policy, seen)
    if told.verdict == untouched.NO:
        why = told.says.format(**told.values)
        originals.stop(folder, version.id, why)
        return why
    originals.looked(folder, version.id)
    return ""


def _attacked(
    folder: Folder,
    staged: Path,
    preparation: Preparation,
    safe: protecting.SafeTable,
    others: Sequence[Public],
    given: protecting.Given,
) -> tuple[Criteria | None, Criteria | None]:
    """Return what an outsider could do with a raw copy, and with what would be published; None of a table of nobody."""
    profile, drawn = preparation.profile, safe.policy.synthesis is not None
    if not profile.rows or not (drawn or rows_are_people(profile, preparation.findings)):
        return None, None
    from parvis.privacy import measure as measuring

    columns = wording.discreet(preparation.parcel, profile)[1].columns  # a header may name somebody
    title = preparation.metadata.title
    before = measuring.measure(staged, columns, staged, columns, title=title)
    if drawn:
        return before, _attacked_copy(staged, profile, safe, given)
    return before, measuring.measure(
        staged, columns, safe.path, safe.columns, rows=safe.kept, title=title, others=others
    )


def _attacked_copy(staged: Path, profile: Profile, safe: protecting.SafeTable, given: protecting.Given) -> Criteria:
    """Return what a synthetic copy tells of people, beside one that was made without half of them."""
    from parvis.privacy import measure as measuring
    from parvis.privacy.attacks.copies import Blind
    from parvis.privacy.synthesis import draw

    assert safe.policy.synthesis is not None
    beside = safe.path.with_name("beside.parquet")
    bare = protecting.protect(staged, profile, _bare(safe.policy), safe.path.with_name("real.parquet"), given)
    least = draw.least_shared([c.meaning for c in profile.columns])
    rows = draw.unseen(bare.path, bare.columns, safe.policy.synthesis, given.drawing, beside, least)
    meanings = {c.name: c.meaning for c in profile.columns}
    columns = [dataclasses.replace(c, meaning=c.meaning or meanings.get(c.name, "")) for c in bare.columns]
    return measuring.measure_synthetic(bare.path, columns, safe.path, safe.columns, blind=Blind(beside, rows))


def _may_leave(preparation: Preparation, policy: Policy, after: Criteria | None, inhabitants: int) -> None:
    from parvis.privacy import publishable

    speaks = rows_are_people(preparation.profile, preparation.findings)
    facts = publishable.facts_of(preparation.findings, policy, after, inhabitants=inhabitants, people=speaks)
    told = publishable.may_publish(facts)
    if told.verdict in ("no", "not_yet"):
        first = next(s for s in told.said if s.verdict == told.verdict)
        raise RefusedError(first.says, first.todo)


def forget(folder: Folder, preparation: Preparation) -> None:
    """Erase what was staged for a preparation that was decided, one way or the other."""
    vault.forget(folder, preparation.id)


def tend(folder: Folder, drafts: Collection[str], arrivals: Collection[str]) -> int:
    """Put the vault in order: seal what still lies plain, erase what nobody waits for any more; return how many files.

    ``drafts`` are the ids of the preparations that wait for a decision, ``arrivals`` the names of awaited files of the inbox.
    """
    return vault.tend(folder, drafts=drafts, arrivals=arrivals)


def erase(folder: Folder, digest: str) -> bool:
    """Erase the original that has this digest from the vault, for good; return whether it was there."""
    return vault.erase(folder, digest)


def outline(folder: Folder, path: str | Path) -> tuple[int, int]:
    """Keep the outlines of communes of a file, in place of those that it gives again; return (given, kept in all).

    Raises: InputError when the file is not read, or is no layer of communes.
    """
    given: list[tuple[str, str, bytes]] = []
    with opened(path) as (reception, tables):
        if not tables:
            raise reason_of_refusal(reception)
        layers = [t for t in tables if t.raw.geometry] or list(tables[:1])
        for table in layers:
            given += outlining.collected(table.typed, table.preparation.profile)
    with folder.workspace() as work:
        made = work / "outlines.parquet"
        kept = outlining.write(made, given, folder.outlines)
        disk.flush_file(made)
        disk.rename(made, folder.outlines)
    return len({code for code, _, _ in given}), kept


# --- The same on a file of one's own --------------------------------------------------------------


@contextmanager
def opened(
    path: str | Path,
    *,
    schema: str = "",
    territory: str = "",
    recipe: Sequence[Recipe] = (),
    lines: int = validation.LINES,
) -> Iterator[tuple[Reception, tuple[Examined, ...]]]:
    """Give what is to be seen of a file that stays where it is, and its tables while the block lasts.

    ``lines`` is how many of its lines a finding names.
    """
    source = Path(path)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    with tempfile.TemporaryDirectory(prefix="parvis-") as work:
        parcel = _parcel_of(source, now)
        expected = _Expected(schema, tuple(recipe), {}, territory, now, lines)
        with cycles.left_alone():
            findings, tables = _examine(parcel, Path(work), expected, None)
        yield Reception(parcel, findings, tuple(t.preparation for t in tables)), tables


def inspect(path: str | Path, recipe: Sequence[Recipe] = ()) -> Reception:
    """Return what a file is: format, encoding, tables, columns with types and meanings, candidate schemas.

    ``recipe`` replays the steps that were accepted on another file of the same source (``tables.recipe.load``).
    """
    with opened(path, recipe=recipe) as (reception, _):
        return reception


def check(
    path: str | Path, schema: str = "", *, beside: Sequence[str | Path] = (), former: str | Path | None = None
) -> Reception:
    """Return the file's findings against a schema (id, file), or against the one it seems to follow.

    ``beside`` are other files of the town that must say the same (deliberations, budget); ``former`` the delivery before.
    """
    with verified(path, schema=schema, beside=beside, former=former) as (reception, _):
        return reception


@contextmanager
def verified(
    path: str | Path,
    *,
    schema: str = "",
    beside: Sequence[str | Path] = (),
    former: str | Path | None = None,
    lines: int = validation.LINES,
) -> Iterator[tuple[Reception, tuple[Examined, ...]]]:
    """Give what ``check`` returns, and the tables while the block lasts."""
    with ExitStack() as stack:
        reception, tables = stack.enter_context(opened(path, schema=schema, lines=lines))
        near = [t for other in beside for t in stack.enter_context(opened(other))[1]]
        before = stack.enter_context(opened(former))[1] if former is not None else ()
        tables = _held_against(tables, near, before)
        yield dataclasses.replace(reception, preparations=tuple(t.preparation for t in tables)), tables


def compared(folder: Folder, preparation: Preparation, version: Version) -> tuple[Finding, ...]:
    """Return what a prepared table lost since a version, of the columns that the version's policy left as they were."""
    if version.policy.synthesis is not None:
        return ()
    touched = policies.touched(version.policy, version.columns)
    columns = tuple(c for c in version.columns if c.name not in touched)
    profile = preparation.profile
    left = dataclasses.replace(profile, columns=tuple(c for c in profile.columns if c.name not in touched))
    before = continuing.Former(columns, version.rows, folder.object(version.object), version.created_at[:10])
    with folder.workspace() as work:
        return continuing.continuity(before, left, vault.staged(folder, preparation.id, work))


def beside(
    folder: Folder,
    preparation: Preparation,
    *,
    versions: Sequence[Version] = (),
    waiting: Sequence[Preparation] = (),
    only: str = "",
    now: str,
) -> Preparation:
    """Return the preparation with what other tables of the town contradict in it, in place of what was said before.

    ``versions`` are released ones, read as far as their policies left them as they were; ``waiting`` tables not yet
    decided. Each remark holds the key of the other table: « dataset:ID » or « draft:ID of the preparation ». ``only`` is
    the key of the one that changed: what was said of the others stays.
    """
    others = [_released(folder, v) for v in versions]
    with folder.workspace() as work:
        mine = _staged(folder, preparation, work)
        speaking = [p for p in waiting if p.id != preparation.id and any(c.field for c in p.profile.columns)]
        near = [(p.id, _staged(folder, p, work)) for p in speaking]
        others += [neighbours.Other(f"draft:{key}", held) for key, held in near if held is not None]
        said, compared = neighbours.beside(mine, others, only=only, now=now) if mine is not None else ((), ())
    again = {c.key for c in compared}
    kept = [c for c in preparation.beside if only and c.key not in again]
    stay = {c.key for c in kept}
    findings = (*(f for f in preparation.findings if f.values.get(BESIDE, "") in {"", *stay}), *said)
    quality = validation.quality(preparation.profile, findings)
    return dataclasses.replace(preparation, findings=findings, quality=quality, beside=(*kept, *compared))


def _released(folder: Folder, version: Version) -> neighbours.Other:
    touched = policies.touched(version.policy, version.columns)
    columns = tuple(c for c in version.columns if c.name not in touched)
    title = version.metadata.title or version.metadata.source
    held = comparing.Held(title, Profile("parquet", version.rows, columns), folder.object(version.object))
    return neighbours.Other(f"dataset:{version.dataset}", held, version.number)


def _staged(folder: Folder, preparation: Preparation, work: Path) -> comparing.Held | None:
    """Return a table that waits, as others are held against it; None once it was decided."""
    title = preparation.metadata.title or preparation.profile.table or preparation.parcel.name
    try:
        return comparing.Held(title, preparation.profile, vault.staged(folder, preparation.id, work))
    except UnknownName:
        return None


def protect(
    path: str | Path, target: str | Path, policy: Policy | None = None, recipe: Sequence[Recipe] = ()
) -> tuple[protecting.SafeTable, ...]:
    """Write the protected copy of each table into a folder, as Parquet, under a decided policy.

    Without a policy the proposed one is applied as if accepted: the safest choice for each column.
    """
    folder = Path(target)
    folder.mkdir(parents=True, exist_ok=True)
    with opened(path, recipe=recipe) as (reception, tables):
        if not tables:
            raise reason_of_refusal(reception)
        return tuple(_protect_one(t, folder, policy, alone=len(tables) == 1) for t in tables)


def reason_of_refusal(reception: Reception) -> ParvisError:
    """Return the error that says why nothing could be read of a file."""
    first = next((f for f in reception.findings if f.severity is Severity.REFUSE), None)
    if first is None:
        return InputError("Aucun tableau n'a été trouvé dans « {name} ».", name=reception.parcel.name)
    return InputError(first.message, first.hint, **first.values)


def _held_against(
    tables: Sequence[Examined], near: Sequence[Examined], before: Sequence[Examined]
) -> tuple[Examined, ...]:
    """Return the tables with what other files contradict in them, and what they lost since the delivery before."""
    told = comparing.across([_held(t) for t in (*tables, *near)]) if near or len(tables) > 1 else {}
    out = []
    for number, table in enumerate(tables):
        same = [b for b in before if b.raw.name == table.raw.name] or (
            before if len(before) == len(tables) == 1 else []
        )
        more = list(told.get(number, ()))
        if same:
            was = same[0].preparation.profile
            more += continuing.continuity(
                continuing.Former(was.columns, was.rows, same[0].typed), table.preparation.profile, table.typed
            )
        findings = (*table.preparation.findings, *more)
        preparation = dataclasses.replace(
            table.preparation, findings=findings, quality=validation.quality(table.preparation.profile, findings)
        )
        out.append(dataclasses.replace(table, preparation=preparation) if more else table)
    return tuple(out)


def _held(table: Examined) -> comparing.Held:
    title = table.raw.name or table.preparation.parcel.name
    return comparing.Held(title, table.preparation.profile, table.typed)


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
    recipe: tuple[Recipe, ...]
    references: Mapping[str, Reference]
    territory: str
    now: str
    lines: int = validation.LINES  # named in each finding
    outlines: Sequence[outlining.Source] = ()


def _examine(
    parcel: Parcel,
    work: Path,
    expected: _Expected,
    progress: Progress | None,
    only: str | None = None,
    plain: Parcel | None = None,
) -> tuple[tuple[Finding, ...], tuple[Examined, ...]]:
    """Read and look at the tables of a parcel, or the ``only`` one; ``plain`` is the same where its bytes can be read."""
    say: Progress = progress or (lambda share, what: None)
    say(0.05, "Lecture du fichier")
    read = reading.read(plain or parcel, work / "read", headers=_headers(expected.recipe))
    chosen = recipes.choose(read.tables, expected.recipe) if only is None else {only: expected.recipe[0]}
    others = {f"{SAME_FILE}{t.name}": _as_reference(t) for t in read.tables} if len(read.tables) > 1 else {}
    examined = []
    for index, raw in enumerate(read.tables):
        if only is not None and raw.name != only:
            continue
        share = 0.3 + 0.65 * index / len(read.tables)
        say(share, f"Examen de « {raw.name} »" if raw.name else "Examen du tableau")
        place = work / f"table{index}"
        place.mkdir()
        examined.append(_examine_table(parcel, raw, place, expected, chosen.get(raw.name), others))
    say(1.0, "Terminé")
    return tuple(read.findings), _taken_in(examined)


def _traces(parcel: Parcel) -> tuple[Finding, ...]:
    """Return what stands in the hidden places of a file; a plain text or a layer has none but its name."""
    from parvis.privacy import traces

    if not traces.may_hide(parcel.name):
        return ()
    found = traces.look(parcel.path, parcel.name)
    # The published copy of a table holds none of it: that is for whoever sends the file itself to somebody.
    return tuple(dataclasses.replace(f, severity=Severity.INFO) for f in found)


def _held_whole(plain: Parcel, tables: Sequence[Examined], traces: Sequence[Finding] = ()) -> tuple[Examined, ...]:
    """Return the table of a file that holds but one, saying what else stands in the file; others as they are."""
    from parvis.privacy import untouched

    if len(tables) != 1 or tables[0].others or not untouched.worth_a_look(tables[0].preparation, traces):
        return tuple(tables)
    (table,) = tables
    seen = untouched.look(plain.path, table.preparation.profile, table.typed)
    return (dataclasses.replace(table, preparation=dataclasses.replace(table.preparation, untouched=seen)),)


def _taken_in(tables: Sequence[Examined]) -> tuple[Examined, ...]:
    """Return the tables, those that another one takes in saying by which."""
    by = {name: t.raw.name for t in reversed(tables) for name in t.preparation.takes_in}
    return tuple(
        dataclasses.replace(t, preparation=dataclasses.replace(t.preparation, within=by[t.raw.name]))
        if t.raw.name in by and by[t.raw.name] != t.raw.name
        else t
        for t in tables
    )


def _headers(told: Sequence[Recipe]) -> dict[str, int]:
    """Return the lines that the recipes of this source give as headers, by name of table."""
    out = {}
    for recipe in (r for r in told if r.named):
        for step in recipe.steps:
            if step.repair == "header_line" and not step.off and isinstance(step.parameters.get("line"), int):
                out[recipe.table] = int(step.parameters["line"])
    return out


def _as_reference(raw: RawTable) -> Reference:
    return Reference(raw.name, raw.path, raw.labels, raw.columns(), SHAPE if raw.geometry else "")


def _datasets(folder: Folder, versions: Sequence[Version]) -> dict[str, Reference]:
    """Return released versions as steps look into them, named after their dataset."""
    return {
        f"dataset:{v.dataset}": Reference(
            v.metadata.title,
            folder.object(v.object),
            [c.label or c.name for c in v.columns],
            [c.name for c in v.columns],
            v.geometry,
        )
        for v in versions
    }


def _stage(folder: Folder, tables: Sequence[Examined]) -> None:
    """Keep what ``commit`` and ``rework`` start from."""
    for table in tables:
        _stage_typed(folder, table)
        if table.raw.rows <= KEPT_ROWS:
            others = {n: _identity(table.preparation.parcel, n) for n in table.others}
            facts = {"table": to_json(table.raw), "others": others}
            vault.stage_read(folder, table.preparation.id, facts, table.raw.path)


def _stage_typed(folder: Folder, table: Examined) -> None:
    """Keep the typed table, and what was found in it: committing it will ask again."""
    vault.stage(folder, table.preparation.id, table.typed)
    told = tuple(f for f in table.preparation.findings if f.code.startswith("privacy."))
    screening.remember(table.typed, table.preparation.profile, told)


def _siblings_staged(folder: Folder, others: Mapping[str, str], work: Path) -> dict[str, Reference]:
    """Return the other tables of a file as they were read, those that are still there."""
    out = {}
    for name, preparation in others.items():
        read = vault.staged_read(folder, preparation, work) if len(others) > 1 else None
        if read is not None:
            out[f"{SAME_FILE}{name}"] = _as_reference(
                dataclasses.replace(from_json(RawTable, read[0]["table"]), path=read[1])
            )
    return out


def _examine_table(
    parcel: Parcel,
    raw: RawTable,
    work: Path,
    expected: _Expected,
    recipe: Recipe | None,
    others: Mapping[str, Reference],
) -> Examined:
    repaired, steps = recipes.run(raw, recipe, work, {**others, **expected.references})
    texts = texts_of(repaired)
    columns = types.infer(repaired, texts)
    typed = typed_table(repaired, columns, texts, work)
    profile = profiling.profile(repaired, columns, typed)
    profile = _with_former_names(profile, repaired, columns, typed, steps)
    matches = matching.match(profile)
    told = recipe.schema if recipe is not None and recipe.named else ""
    wanted, mapping = _schema_for(told or expected.schema, profile, matches)
    if wanted is not None and told and all(m.schema != wanted.id for m in matches):
        matches = (*matches, matching.fit(profile, wanted))
    profile = dataclasses.replace(profile, schemas=matches)
    if wanted is not None:
        profile = describing.describe_columns(profile, wanted, mapping)
    findings = (
        *repaired.findings,
        *types.findings(repaired, columns),
        *validation.check(
            typed,
            repaired,
            profile,
            wanted,
            mapping,
            today=expected.now,
            territory=expected.territory,
            lines=expected.lines,
        ),
        *screening.screen(typed, titled := wording.titled(profile, parcel)),
    )
    match = next((m for m in matches if wanted is not None and m.schema == wanted.id), None)
    metadata = describing.prefill(*wording.discreet(parcel, profile), match, expected.territory)
    profile = titled  # whoever screens this table again must read the same words
    policy = policies.propose(profile, findings)
    if rows_are_people(profile, findings):
        if profile.point or any(c.kind is Kind.GEOMETRY for c in profile.columns):
            policy = dataclasses.replace(policy, blurring=Blurring(HOMES))
        policy = dataclasses.replace(policy, anonymity=_alone(typed, profile, policy))
    else:
        policy = dataclasses.replace(policy, hiding=_too_small(typed, profile, policy))
    preparation = Preparation(
        id=_identity(parcel, raw.name),
        parcel=parcel,
        profile=profile,
        recipe=_without_people(steps, findings),
        findings=(*findings, *describing.complete(metadata)),
        policy=policy,
        metadata=metadata,
        staged="",
        preview=protecting.preview(typed, profile, policy, PREVIEW_ROWS),
        schema=wanted.id if wanted else "",
        quality=validation.quality(profile, findings),
        labels=tuple(raw.labels),
        follows=recipe.id if recipe else "",
    )
    examined = Examined(raw, typed, steps, preparation, tuple(n.removeprefix(SAME_FILE) for n in others))
    return _placed(examined, repaired, expected) if expected.outlines else examined


def _alone(typed: Path | Cells, profile: Profile, policy: Policy) -> Anonymity | None:
    """Return what makes rows alike, once what is proposed of columns is done; None when nobody stands alone."""
    from parvis.privacy import anonymity

    with tempfile.TemporaryDirectory(prefix="parvis-") as work:
        try:
            whole = typed.file() if isinstance(typed, Cells) else typed
            safe = protecting.protect(whole, profile, policies.accept(policy, "proposal"), Path(work) / "safe.parquet")
            return anonymity.propose(safe.path, safe.columns, profile.columns)
        except ParvisError:  # what stops it is said when the policy is tried
            return None


def _too_small(typed: Path | Cells, profile: Profile, policy: Policy) -> Hiding | None:
    """Return how the small counts of a table are hidden; None of one that counts nobody, or on a harmless matter."""
    columns = [c for c in profile.columns if (r := policy.rule(c.name)) is None or r.transform == "keep"]
    if not may_count(columns, profile.rows):
        return None
    from parvis.privacy import counts

    path = typed.file() if isinstance(typed, Cells) else typed
    found = counts.proposed(path, columns, profile)
    if found is None or found.rare or found.whole or profile.rows > COUNTED_ROWS:
        return found
    from parvis.privacy.tabular import ways

    try:
        return dataclasses.replace(found, each=ways.figures_of_one(path, found))
    except ParvisError:  # what stops it is said when the policy is tried
        return found


def _placed(table: Examined, repaired: RawTable, expected: _Expected) -> Examined:
    """Return the table with what lies out of its commune, as its outline tells it: rougher remarks give way."""
    profile = table.preparation.profile
    said = outlining.look(
        table.typed, repaired, profile, expected.outlines, territory=expected.territory, lines=expected.lines
    )
    if said is None:
        return table
    findings = (*(f for f in table.preparation.findings if f.code not in outlining.REPLACED), *said)
    quality = validation.quality(profile, findings)
    return dataclasses.replace(
        table, preparation=dataclasses.replace(table.preparation, findings=findings, quality=quality)
    )


def _drawn(folder: Folder, own: Sequence[Version], territory: str) -> tuple[outlining.Source, ...]:
    """Return where outlines of communes lie: what the town released of its own, then what the operator gave."""
    sources = []
    for version in own:
        code = next((c.name for c in version.columns if c.meaning == "insee_commune"), "")
        path = folder.object(version.object)
        if code or (version.rows == 1 and territory):
            sources.append(outlining.Source(path, version.geometry, code, "" if code else territory))
    given = outlining.Source(folder.outlines)
    return (*sources, *([given] if given.path.is_file() else []))


def _identity(parcel: Parcel, table: str) -> str:
    own = isinstance(parcel, _OwnFile)  # nothing is kept of it under this name
    mark = str(parcel.path.resolve()) if own else parcel.digest
    return hashlib.sha256(f"{mark}\n{parcel.received_at}\n{table}".encode()).hexdigest()[:24]


def _with_former_names(
    profile: Profile, raw: RawTable, columns: Sequence[types.TypedColumn], typed: Cells, steps: Sequence[Step]
) -> Profile:
    """Return the profile, columns that were given another name keeping what the former one said of them.

    « Présidente » says whose names these are; « Structure » would hide it, and publish them.
    """
    former: dict[str, str] = {}
    for step in steps:
        if step.repair == "rename" and step.found and not step.off and step.origin != "idea":
            before, after = str(step.parameters["column"]), " ".join(str(step.parameters["name"]).split())
            former[after] = former.pop(before, before)
    if not former:
        return profile
    then = dataclasses.replace(raw, labels=tuple(former.get(x, x) for x in raw.labels))
    told = profiling.profile(then, [dataclasses.replace(c, label=former.get(c.label, c.label)) for c in columns], typed)
    meanings = {c.name: c.meaning for c in told.columns}
    personal = {name for name, detector in profiling.detectors().items() if detector.PERSONAL}

    def meaning(name: str, now: str) -> str:
        before = meanings.get(name, "")
        return before if before and (not now or before in personal) else now

    renamed = tuple(dataclasses.replace(c, meaning=meaning(c.name, c.meaning)) for c in profile.columns)
    return dataclasses.replace(profile, columns=renamed)


def _without_people(steps: Sequence[Step], findings: Sequence[Finding]) -> tuple[Step, ...]:
    """Return the steps without what their examples show of columns that hold personal data."""
    secret = {str(f.values.get("column", "")) for f in policies.blocking(findings)} - {""}
    for step in reversed(steps):  # a column may have had another name before
        if step.repair == "rename" and str(step.parameters.get("name", "")) in secret:
            secret.add(str(step.parameters.get("column", "")))
    return tuple(recipes.discreet(s, secret) for s in steps) if secret else tuple(steps)


def _schema_for(asked: str, profile: Profile, matches: Sequence[SchemaMatch]) -> tuple[Schema | None, dict[str, str]]:
    """Return the schema to check against and its field -> column mapping: the one asked, else a sure match."""
    if asked == NO_SCHEMA:
        return None, {}
    if asked:
        wanted = matching.open_schema(asked)
        return wanted, dict(matching.fit(profile, wanted).mapping)
    best = matches[0] if matches else None
    if best is None or best.confidence < SURE:
        return None, {}
    return load_schema(best.schema), dict(best.mapping)


def _public(preparation: Preparation, policy: Policy) -> tuple[Finding, ...]:
    """Return what a reader of the published version may know: remarks on quality, never on what was removed.

    A remark on a column that the policy changes may quote what it takes away, and one on points quotes both coordinates:
    neither is kept. Repairs and lines speak of the original, which stays private; so may a remark on another file.
    """
    if policy.synthesis is not None:
        return ()
    touched = policies.touched(policy)
    if touched & {*preparation.profile.point}:
        touched |= {*preparation.profile.point}
    labels = {c.label for c in preparation.profile.columns if c.name in touched}
    return tuple(
        dataclasses.replace(f, fix=None, lines=())
        for f in preparation.findings
        if f.severity in (Severity.WARN, Severity.INFO)
        and not f.code.startswith(("privacy.", "continuity.", "across."))
        and not labels & {f.place.column if f.place is not None else ""}
        and not any(f"« {label} »" in str(told) for told in f.values.values() for label in labels)
    )


class _OwnFile(Parcel):
    """A file of one's own: its digest is reckoned when somebody asks for it, as it costs a tenth of a check."""

    __slots__ = ("_told",)
    _told: str

    @property
    def digest(self) -> str:
        if not self._told:
            with self.path.open("rb") as stream:
                object.__setattr__(self, "_told", hashlib.file_digest(stream, "sha256").hexdigest())
        return self._told

    @digest.setter
    def digest(self, value: str) -> None:
        object.__setattr__(self, "_told", value)


def _parcel_of(path: Path, now: str) -> Parcel:
    with path.open("rb"):  # what cannot be opened is said before anything else
        size = path.stat().st_size
    return _OwnFile(path=path, name=path.name, digest="", size=size, origin="cli", received_at=now)
