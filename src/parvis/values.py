"""The nouns of Parvis: frozen values that the library, the command line, the jobs and the pages share.

A value is what can be computed from bytes. What has an owner, a right or a workflow is a row of the
portal, which may keep a value as JSON (``to_json`` / ``from_json``) and never declares its fields again.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import field
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from parvis.frozen import dataclass

V = TypeVar("V")


def msg(text: str) -> str:
    """Return the text unchanged: marks a French sentence of the engine for the translators."""
    return text


# --- What arrives ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Parcel:
    """One arrival: where its bytes lie, the name it came under, its digest, origin and time."""

    path: Path
    name: str
    digest: str  # SHA-256, hexadecimal
    size: int  # bytes
    origin: str = ""  # "upload", "cli", a source's address
    received_at: str = ""  # ISO 8601, UTC


# --- Remarks --------------------------------------------------------------------------------------


class Severity(StrEnum):
    """How far a finding stops the file: REFUSE the file, BLOCK the release until a person decides,
    WARN (can be released, should be mended), INFO (good to know)."""

    REFUSE = "refuse"
    BLOCK = "block"
    WARN = "warn"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the file: any part may be unknown. Lines count from 1, as the agent's program shows them."""

    sheet: str = ""
    line: int | None = None
    column: str = ""  # label of the column, as the agent wrote it
    cell: str = ""  # "F14", for spreadsheets


@dataclass(frozen=True, slots=True)
class Step:
    """One repair of a recipe: which plugin of ``tables.repairs``, with what, and what it changes.

    ``origin`` is "" for what Parvis proposes and does, "idea" for what it only suggests, "hand" for what a person added.
    What follows ``values`` says what came of it on one file: a recipe that is kept does not hold it.
    """

    repair: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    before: Sequence[str] = ()  # a few cells as they were ...
    after: Sequence[str] = ()  # ... and as they become, same order
    message: str = ""  # French sentence with {places}
    values: Mapping[str, Any] = field(default_factory=dict)
    origin: str = ""
    off: bool = False  # a person does not want it
    fresh: bool = False  # not in the recipe that was replayed: this file alone needs it
    found: bool = True  # it found what it repairs
    lost: Mapping[str, str] = field(default_factory=dict)  # columns not found any more -> the nearest header, or ""
    rows: Sequence[int] = ()  # before, after; empty when the step touches no row
    columns: Sequence[int] = ()  # before, after; empty when it touches none
    cells: int = 0  # cells that it changed

    @property
    def text(self) -> str:
        return self.message.format(**self.values)


NO_SCHEMA = "-"  # a person said that a table follows no schema


@dataclass(frozen=True, slots=True)
class Recipe:
    """The steps accepted once for a table of a source, to be replayed on its next files."""

    steps: Sequence[Step] = ()
    table: str = ""  # name of the table they were accepted on
    labels: Sequence[str] = ()  # its headers, as the file had them
    id: str = ""  # whose it is: given back by the preparation that replayed it
    named: bool = True  # the file comes from the same source; when not, only the very same headers will do
    schema: str = ""  # id of the schema that a person chose, NO_SCHEMA for none, "" when Parvis chooses


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark on a file: reading, schema, privacy, metadata alike.

    ``message``, ``why`` and ``hint`` are French sentences with ``{places}`` filled from ``values``.
    The same remark on many cells is one finding with ``count`` and its first ``place``.
    """

    code: str  # "csv.header_below_title", "siret.scientific", "privacy.nir" ...
    severity: Severity
    message: str
    place: Place | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    hint: str = ""  # what to do
    why: str = ""  # why it matters
    count: int = 1
    examples: Sequence[str] = ()  # offending cells, at most 5; never filled for personal data
    fix: Step | None = None
    lines: Sequence[int] = ()  # the first lines concerned, in order; all of them when as many as ``count``

    @property
    def text(self) -> str:
        return self.message.format(**self.values)


# --- What a table is ------------------------------------------------------------------------------


class Kind(StrEnum):
    """Type of a column's values once read. GEOMETRY is WKB in WGS84 longitude, latitude."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    TIME = "time"
    GEOMETRY = "geometry"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name in the APIs, its label in the file, its type, its meaning and what it holds."""

    name: str  # lower case ASCII letters, digits and _, unique, starts with a letter
    label: str
    kind: Kind = Kind.TEXT
    meaning: str = ""  # name of a detector: "siret", "email", "person_name" ... or ""
    unit: str = ""
    description: str = ""
    filled: int = 0  # rows that have a value
    distinct: int = 0  # exact up to 100,000 rows, estimated beyond
    minimum: Any = None  # JSON-safe
    maximum: Any = None
    mean: float | None = None
    examples: Sequence[str] = ()
    field: str = ""  # name of the schema's field this column was mapped to, or ""
    separator: str = ""  # what stands between the values of a cell that holds several, or ""


@dataclass(frozen=True, slots=True)
class SchemaMatch:
    """How well a table fits a schema: confidence from 0 to 1, field -> column, and the reason in French."""

    schema: str
    title: str
    confidence: float
    mapping: Mapping[str, str] = field(default_factory=dict)
    missing: Sequence[str] = ()  # required fields that no column holds
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """What a table is: how the file was read, its columns, the schemas it may follow."""

    format: str  # "csv", "xlsx", "geojson", "totem" ...
    rows: int
    columns: Sequence[Column]
    table: str = ""  # sheet, layer or member of the archive
    encoding: str = ""
    separator: str = ""
    header_line: int | None = None  # 1-based, last line of the header
    titles: Sequence[str] = ()  # title lines found above the header
    schemas: Sequence[SchemaMatch] = ()  # best first
    crs: str = ""  # "EPSG:2154": the reference system the file came in
    bbox: Sequence[float] = ()  # west, south, east, north in degrees
    point: Sequence[str] = ()  # (longitude column, latitude column) when the table has such a pair


# --- Privacy --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rule:
    """What is done to one column before it may leave, and why."""

    column: str
    transform: str  # plugin of privacy.transforms: "keep", "drop", "mask" ...
    parameters: Mapping[str, Any] = field(default_factory=dict)
    ground: str = ""  # legal ground; compulsory to keep a column that holds personal data
    reason: str = ""  # what was seen that makes this rule proposed
    decided_by: str = ""  # "" while it is only proposed


@dataclass(frozen=True, slots=True)
class Anonymity:
    """How rows that are people are made alike, so that nobody stands alone among them.

    At least ``k`` persons share what is shown of ``keys`` (names of columns); in each such group a column of ``sensitive``
    holds at least ``diversity`` values (0: not asked), spread as in the whole table within ``closeness`` (0: not asked).
    ``shape`` is "classes" (each group as precise as it can be), "columns" (one precision for a whole column) or "sets"
    (spans and lists of values); ``first`` names the keys whose detail matters most; ``person`` the column that says whose a
    row is, "" when each row is a person.
    """

    k: int
    keys: Sequence[str] = ()
    shape: str = "classes"
    first: Sequence[str] = ()
    sensitive: Sequence[str] = ()
    diversity: int = 0
    closeness: float = 0.0
    person: str = ""
    decided_by: str = ""  # "" while it is only proposed


@dataclass(frozen=True, slots=True)
class Averaging:
    """Which numbers of rows that are people are replaced by the mean of the most alike ``k`` persons: names of columns."""

    k: int
    columns: Sequence[str]
    decided_by: str = ""  # "" while it is only proposed


@dataclass(frozen=True, slots=True)
class Hiding:
    """How small counts are hidden in a table that counts people or companies, so that nobody recalculates them.

    All are names of columns: ``values`` are the counts, or sums when ``contributors`` counts who stands behind them;
    ``largest`` are the largest contributions to a sum, which are never published. ``unit`` is "persons" or "companies".
    ``rates`` are shares that give counts back, emptied with them: of ``whole``, when the counts themselves are not given.
    With ``rare``, nothing else is hidden than the words of that column that count less than ``base``: given names.
    ``way`` is "hide", or what is done to every figure instead: "round" to a multiple of ``base``, "key" (moved a little,
    always alike), "noise" of differential privacy, of ``epsilon``, one person counting in ``each`` of the finest figures at
    the most and for ``most`` in each.
    """

    dimensions: Sequence[str]
    values: Sequence[str]
    contributors: str = ""
    largest: Sequence[str] = ()
    unit: str = "persons"
    rates: Sequence[str] = ()
    whole: str = ""
    rare: str = ""
    way: str = "hide"
    base: int = 10
    epsilon: float = 1.0
    each: int = 1
    most: float = 1.0
    decided_by: str = ""  # "" while it is only proposed


@dataclass(frozen=True, slots=True)
class Blurring:
    """How the places of people are hidden: "squares" of at least ``k`` homes, points "moved" among as many, or "areas"
    of the town, small ones joined until they hold as many.

    ``home`` is the column that says whose household a row is, "" when each row is one. ``layer`` is whatever its owner finds
    the layer of areas by.
    """

    k: int
    shape: str = "squares"
    home: str = ""
    layer: str = ""
    decided_by: str = ""  # "" while it is only proposed


@dataclass(frozen=True, slots=True)
class Synthesis:
    """A synthetic copy is published in place of the rows: drawn from noisy counts, of ``epsilon`` in all."""

    epsilon: float
    decided_by: str = ""  # "" while it is only proposed


Wish = Anonymity | Averaging | Hiding | Blurring | Synthesis  # what is done to rows, beside the rules of columns


@dataclass(frozen=True, slots=True)
class Policy:
    """What is done to each column, then to rows that are people. A column without a rule is kept as it is.

    A ``synthesis`` takes the place of what would be done to the rows. ``ground`` is why the table is published although
    people could be singled out in it, ``reason`` in a person's words and ``decided_by`` that person: all three or none.
    """

    rules: Sequence[Rule] = ()
    note: str = ""
    anonymity: Anonymity | None = None
    hiding: Hiding | None = None
    blurring: Blurring | None = None
    averaging: Averaging | None = None
    synthesis: Synthesis | None = None
    ground: str = ""
    reason: str = ""
    decided_by: str = ""

    def rule(self, column: str) -> Rule | None:
        return next((r for r in self.rules if r.column == column), None)


@dataclass(frozen=True, slots=True)
class Risk:
    """Measured risk of singling out: rows, smallest group of the quasi-identifiers, unique rows."""

    rows: int
    keys: Sequence[str] = ()
    smallest_group: int | None = None
    unique_rows: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """What is new in a table since a version: rows and labels of columns. ``added`` and ``removed`` count rows."""

    number: int  # of the version
    rows: tuple[int, int] = (0, 0)  # before, after
    added: int | None = None  # None when they could not be told apart
    removed: int | None = None
    columns_added: Sequence[str] = ()
    columns_removed: Sequence[str] = ()
    at: str = ""  # ISO 8601: when the version was made


BESIDE = "beside"  # in a finding's values: the key of the other table that it speaks of


@dataclass(frozen=True, slots=True)
class Compared:
    """Another table of the town that a table was held against: ``key`` is whatever its owner finds it by."""

    key: str
    title: str
    number: int = 0  # of its version, 0 when it is not released
    at: str = ""  # ISO 8601: when
    left: bool = False  # it took too long, and was left


@dataclass(frozen=True, slots=True)
class Untouched:
    """What the very file that came holds beside the table that is published of it.

    ``unread`` says in French why some of the file is not known, "" when every text of it was held against the table.
    """

    unread: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)  # of the places of ``unread``
    beside: Sequence[str] = ()  # the first texts that the table has not
    count: int = 0  # of these texts, each once
    people: Sequence[str] = ()  # meanings of the personal data recognised in them


# --- The agent's view of a file -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Preparation:
    """All that an agent sees of one table before deciding: nothing of it is public.

    ``preview`` shows at most 20 rows as they would be published under ``policy``.
    ``staged`` is the digest of the private typed Parquet that ``commit`` starts from.
    """

    id: str
    parcel: Parcel
    profile: Profile
    recipe: Sequence[Step]
    findings: Sequence[Finding]
    policy: Policy
    metadata: Metadata
    staged: str
    preview: Sequence[Mapping[str, Any]] = ()
    risk: Risk | None = None
    schema: str = ""  # id of the schema it was checked against, or ""
    quality: Mapping[str, float] = field(default_factory=dict)  # dimension -> 0..1
    labels: Sequence[str] = ()  # headers as they were read, before any repair
    follows: str = ""  # id of the recipe that was replayed
    within: str = ""  # name of the table that took this one in
    change: Change | None = None  # what is new since the version it would follow
    beside: Sequence[Compared] = ()  # other tables of the town that it was held against
    untouched: Untouched | None = None  # what the file holds beside it, when it may be given as it came

    @property
    def takes_in(self) -> tuple[str, ...]:
        """Names of the other tables of the file that its steps take in."""
        done = (s for s in self.recipe if s.found and not s.off and s.origin != "idea")
        return tuple(str(name) for s in done for name in s.values.get("names", ()))

    @property
    def blocked(self) -> bool:
        """True when a person must decide before anything can be released."""
        return any(f.severity in (Severity.BLOCK, Severity.REFUSE) for f in self.findings)


@dataclass(frozen=True, slots=True)
class Reception:
    """What came of a parcel: remarks on the file as a whole, and one preparation per table found."""

    parcel: Parcel
    findings: Sequence[Finding]
    preparations: Sequence[Preparation]

    @property
    def refused(self) -> bool:
        return not self.preparations


# --- What is published ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a reader must know of a dataset. Dates are ISO 8601 days."""

    title: str = ""
    description: str = ""
    theme: str = ""  # one of catalogue.themes
    keywords: Sequence[str] = ()
    licence: str = "lov2"  # id of catalogue.licences
    producer: str = ""
    service: str = ""
    contact: str = ""  # a role's mailbox, never a person's
    frequency: str = ""  # id of catalogue.frequencies
    temporal_start: str = ""
    temporal_end: str = ""
    territory: str = ""  # INSEE code of the commune
    attribution: str = ""
    source: str = ""  # name of the original file


@dataclass(frozen=True, slots=True)
class Ready:
    """A file of a version that lies written: its bytes never change."""

    digest: str  # SHA-256, hexadecimal
    size: int  # bytes


@dataclass(frozen=True, slots=True)
class Extra:
    """A file given with a dataset that is no writing of its rows alone: the timetable that it is a table of, its original."""

    format: str  # last part of its address
    title: str
    media_type: str
    name: str  # of the file
    size: int = 0  # bytes, 0 when it is made as it is sent
    digest: str = ""  # SHA-256, hexadecimal
    follows: str = ""  # address of the standard that it keeps
    kind: str = ""  # of file, when ``format`` does not say it: "csv", "xlsx" ...


@dataclass(frozen=True, slots=True)
class Version:
    """An immutable state of a dataset. ``id`` is the digest of content, schema and policy."""

    id: str
    dataset: str  # id of the dataset
    object: str  # SHA-256 of the Parquet file
    size: int  # bytes of the Parquet file
    rows: int
    columns: Sequence[Column]
    metadata: Metadata
    policy: Policy
    created_at: str  # ISO 8601, UTC
    number: int = 1  # 1, 2, 3 ... within the dataset
    schema: str = ""
    quality: Mapping[str, float] = field(default_factory=dict)
    findings: Sequence[Finding] = ()  # what remains known of it, safe to show
    risk: Risk | None = None
    crs: str = ""
    bbox: Sequence[float] = ()
    point: Sequence[str] = ()
    geometry: str = ""  # name of the geometry column, or ""
    source_digest: str = ""  # SHA-256 of the original, which stays private
    engine: str = ""  # version of Parvis that made it

    def column(self, name: str) -> Column | None:
        return next((c for c in self.columns if c.name == name), None)


# --- Questions ------------------------------------------------------------------------------------


class Op(StrEnum):
    EQ = "="
    NE = "!="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="
    IN = "in"
    CONTAINS = "contains"  # folded: case and accents do not count
    STARTS = "starts"
    NULL = "null"
    FILLED = "filled"


@dataclass(frozen=True, slots=True)
class Test:
    """``column op value``; ``value`` is a tuple for IN and unused for NULL and FILLED."""

    column: str
    op: Op
    value: Any = None


@dataclass(frozen=True, slots=True)
class All:
    parts: Sequence[Where]


@dataclass(frozen=True, slots=True)
class Some:
    parts: Sequence[Where]


@dataclass(frozen=True, slots=True)
class Not:
    part: Where


@dataclass(frozen=True, slots=True)
class Search:
    """Words that must all appear somewhere in the row's text columns, accents and case folded."""

    words: str


@dataclass(frozen=True, slots=True)
class Box:
    """Rows whose geometry or point meets the box (degrees)."""

    west: float
    south: float
    east: float
    north: float


@dataclass(frozen=True, slots=True)
class Holds:
    """Rows for which an expression that says yes or no says yes."""

    expression: Expression


Where = Test | All | Some | Not | Search | Box | Holds


class Calc(StrEnum):
    """What an expression may calculate; ``store.expressions`` says on what and how."""

    ADD = "+"
    SUBTRACT = "-"
    MULTIPLY = "*"
    DIVIDE = "/"  # by zero: nothing
    REMAINDER = "%"  # the same
    WHOLE = "div"  # whole part of a division
    POWER = "^"  # nothing when it is no number
    EQ = "="
    NE = "!="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="
    ROW = "row"  # number of the row in the version, from 0
    LENGTH = "length"
    LOWER = "lower"
    UPPER = "upper"
    STARTS = "starts"  # case and accents count
    CONTAINS = "contains"  # the same
    WORDS = "words"  # holds each of the words, case and accents folded
    LIKE = "like"  # text with * for anything, folded
    PATTERN = "pattern"  # exact: % for anything, _ for one sign, a backslash before one that means itself
    UNACCENTED = "unaccented"  # accents off, case kept
    FUZZY = "fuzzy"  # holds words nearly like these, the last one unfinished
    ANY = "any"  # one of several values is this one
    IFNULL = "ifnull"
    CASE = "case"  # the value when a condition holds, else nothing
    YEAR = "year"
    MONTH = "month"
    DAY = "day"
    HOUR = "hour"
    MINUTE = "minute"
    SECOND = "second"
    WEEKDAY = "weekday"  # 1 is Monday
    QUARTER = "quarter"
    FORMAT = "format"  # a date by the engine's letters
    JOIN = "join"  # texts end to end
    # The values of a cell that holds several: text, separator. The sign 31 stands before, between and after them, or only
    # between them the one that a third argument says.
    PARTS = "parts"
    PICK = "pick"  # the text of that place among those that follow, from 1
    BUCKET = "bucket"  # start of the period a date lies in: date, how many, unit
    RANGE = "range"  # "[10, 50[": value, then bounds in order, an empty one for none
    STEP = "step"  # the same with bounds every so much
    RANDOM = "random"  # the same for the same row and seed
    POINT = "point"  # of a longitude and a latitude
    CENTROID = "centroid"
    DISTANCE = "distance"  # metres
    NEAR = "near"  # at most so many metres
    BOX = "box"  # west, south, east, north
    INTERSECTS = "intersects"
    WITHIN = "within"
    ENCLOSES = "encloses"
    TOUCHES = "touches"
    CROSSES = "crosses"
    OVERLAPS = "overlaps"
    SAME_PLACE = "equals"
    CLUSTER = "cluster"  # number of the map's cell: place, zoom, radius in pixels
    COUNT = "count"
    COUNT_DISTINCT = "count_distinct"  # exact
    SUM = "sum"
    AVG = "avg"
    MIN = "min"
    MAX = "max"
    PERCENTILE = "percentile"  # of a value, from 0 to 100
    ENVELOPE = "envelope"  # the box around all
    FARTHEST = "farthest"  # the places that lie farthest each way: what a line drawn around all goes by


@dataclass(frozen=True, slots=True)
class Field:
    """The cell of a column."""

    name: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A value said by who asks; ``kind`` is None for nothing. A geometry is WKB in hexadecimal."""

    value: Any
    kind: Kind | None


@dataclass(frozen=True, slots=True)
class Call:
    what: Calc
    arguments: Sequence[Expression] = ()


Expression = Field | Literal | Call


@dataclass(frozen=True, slots=True)
class Named:
    """An expression and its name in the answer."""

    expression: Expression
    name: str


@dataclass(frozen=True, slots=True)
class Sort:
    """An order by an expression, or by the name of a calculated column."""

    by: Expression | str
    descending: bool = False


class Function(StrEnum):
    COUNT = "count"
    COUNT_DISTINCT = "count_distinct"  # exact
    SUM = "sum"
    AVG = "avg"
    MIN = "min"
    MAX = "max"
    MEDIAN = "median"


@dataclass(frozen=True, slots=True)
class Aggregate:
    function: Function
    column: str = ""  # "" only for COUNT: rows
    name: str = ""  # name in the answer


@dataclass(frozen=True, slots=True)
class Order:
    name: str  # a column, a group key or an aggregate's name
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A question that all dialects share. Rows come in the shelf's order unless ``order`` says otherwise."""

    select: Sequence[str] = ()  # empty: every column
    where: Where | None = None
    group: Sequence[str] = ()
    aggregates: Sequence[Aggregate] = ()
    order: Sequence[Order] = ()
    limit: int = 20
    offset: int = 0
    cursor: str = ""  # opaque, given by the previous page
    count: bool = True  # give the total number of rows
    # Calculated questions: ``shown`` stands for ``select`` and ``aggregates``, ``by`` for ``group``, ``sorts`` for ``order``.
    shown: Sequence[Named] = ()
    by: Sequence[Named] = ()
    sorts: Sequence[Sort] = ()
    having: Where | None = None  # of groups: its fields are names of the answer
    sample: int = 0  # rows drawn among those that meet the condition, 0 for all of them
    seed: int = 0  # which draw
    zone: str = ""  # time zone in which moments, kept in UTC, are told and cut

    @property
    def calculated(self) -> bool:
        return bool(self.shown or self.by or self.sorts or self.having or self.sample)


@dataclass(frozen=True, slots=True)
class Page:
    """The answer: ``rows`` are tuples of JSON-safe values in the order of ``columns``."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]
    total: int | None = None
    cursor: str = ""  # "" on the last page


# --- Figures --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture of data and everything a reader who does not see it needs.

    ``kind`` is "bar", "line", "histogram", "map" ...; ``query`` gives the data; ``encodings`` say which
    column goes where ("x", "y", "colour", "size").
    """

    kind: str
    title: str
    query: Query
    encodings: Mapping[str, str] = field(default_factory=dict)
    sentence: str = ""  # what the picture says, in French


# --- Values as JSON -------------------------------------------------------------------------------


def to_json(value: Any) -> Any:
    """Return the value as plain JSON types (dict, list, str, numbers); paths become text."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        out = {f.name: to_json(getattr(value, f.name)) for f in dataclasses.fields(value)}
        if isinstance(value, Test | All | Some | Not | Search | Box | Holds | Field | Literal | Call):
            out["is"] = type(value).__name__
        return out
    if isinstance(value, Mapping):
        return {str(k): to_json(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(v) for v in value]
    if isinstance(value, StrEnum | Path):
        return str(value)
    return value


def from_json(cls: type[V], data: Any) -> V:
    """Return the value of class ``cls`` that ``to_json`` wrote. Unknown keys are ignored, so that a
    manifest written by a later version can still be read."""
    return typing.cast(V, _read(cls, data))


_WHERES: dict[str, type] = {c.__name__: c for c in (Test, All, Some, Not, Search, Box, Holds, Field, Literal, Call)}


def _read(wanted: Any, data: Any) -> Any:
    origin = typing.get_origin(wanted)
    if wanted is Any or wanted is object:
        return tuple(data) if isinstance(data, list) else data
    if origin in (types.UnionType, typing.Union):
        if data is None:
            return None
        if isinstance(data, dict) and data.get("is") in _WHERES:
            return _read(_WHERES[data["is"]], data)
        if isinstance(data, str) and str in typing.get_args(wanted):
            return data
        return _read(next(a for a in typing.get_args(wanted) if a is not type(None)), data)
    if dataclasses.is_dataclass(wanted):
        hints = _hints(wanted)
        known = {f.name: _read(hints[f.name], data[f.name]) for f in dataclasses.fields(wanted) if f.name in data}
        return typing.cast(Any, wanted)(**known)
    if origin is not None and issubclass(origin, Mapping):
        return {k: _read(typing.get_args(wanted)[1], v) for k, v in data.items()}
    if origin is not None and issubclass(origin, Sequence):
        return tuple(_read(typing.get_args(wanted)[0], v) for v in data)
    if isinstance(wanted, type) and issubclass(wanted, StrEnum | Path):
        return wanted(data)
    return data


_HINTS: dict[Any, dict[str, Any]] = {}


def _hints(cls: Any) -> dict[str, Any]:
    if cls not in _HINTS:
        _HINTS[cls] = typing.get_type_hints(cls)
    return _HINTS[cls]
