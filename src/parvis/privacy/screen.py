"""What personal data a typed table holds: whole columns by their meaning, every cell of text by what stands in it.

The whole table is looked at, not a sample. DuckDB keeps the distinct cells where something may stand (``spans.may_hold``),
and only those are read by ``spans.find``. No finding ever carries the value it is about.
"""

from __future__ import annotations

import dataclasses
import hashlib
import threading
from collections import OrderedDict, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from parvis import france
from parvis.frozen import dataclass
from parvis.privacy import bearing, disguised, names, numbers, rewritten, spans, sql
from parvis.privacy.about import (
    HOMES,
    About,
    about,
    after_the_dead,
    identifies,
    is_choice,
    is_of_things,
    is_scene,
    is_secret,
    names_a_place,
    says_trait,
    shows_a_home,
    theme,
    theme_of_cells,
    title_words,
)
from parvis.privacy.alike import alike, alike_sql, numbered_sql
from parvis.privacy.heading import head, speaks
from parvis.privacy.meanings import (
    BESIDE_PEOPLE,
    DIRECT,
    HINT,
    HINT_BESIDE,
    HINT_LABEL,
    HINT_TEXT,
    HINT_WORDS,
    IN_LABEL,
    MEANINGS,
    QUASI,
    SENSITIVE,
    WHY,
    WHY_BUSINESS,
    WHY_IBAN,
    WHY_NIR,
    WHY_SAFETY,
    WHY_SENSITIVE,
)
from parvis.privacy.words import classes
from parvis.tables.table import TIMES
from parvis.text import listed, words
from parvis.values import Column, Finding, Kind, Place, Profile, Severity

if TYPE_CHECKING:
    from parvis.tables.typed import Cells  # the pages that show what was found never hold the engine

COLUMN, TEXT, LABEL = "column", "text", "label"  # where a value stands: the whole cell, inside it, in the header
_SAMPLE = 500  # distinct cells that settle a doubt on what a column means
_KNOWN_NAME = 4  # weight of a surname that is known
_SEVERAL, _NEARLY = 8, 0.6  # different cells that must be surnames and nothing else, and their share
_ENOUGH = 0.4  # share of them that must be surnames
_AT_ONCE = 40  # columns looked at by one query ...
_SHORT = 20_000  # ... of a table of at most so many rows, or whose values are at hand
_ANY_CELL = frozenset({"phone", "nir"})  # columns where any cell of figures may be one
_NO_NAMES = ("nomb", "nomen", "nomin")  # nombre, nomenclature, nomination
_WORDS, _WORDS_OF_PEOPLE = 3, 8  # of a cell that holds one thing, and of one whose header says that it is somebody
_OF_ANIMALS = frozenset({"birth_date", "last_name", "identifier"})
_FEW = 60  # different cells of a column of choices
_MANY_VALUES = 2_000  # of a column from which their forms are looked at first
_BATCH = 5000  # distinct cells read at once
_KNOWN = 20_000  # texts of which it is remembered what stands in them ...
_NAME = 120  # ... characters of the longest of them: longer ones never come twice
_LARGE = 50_000  # rows from which what was found is remembered ...
_REMEMBERED = 8  # ... for the last tables
_SHEETS = frozenset({"xlsx", "xlsm", "xlsb", "xls", "ods"})
_BESIDE_SURNAMES = frozenset({"first_name", "civility", "birth_date", "nir", "sex", "email", "phone"})
_WHY = {
    "nir": WHY_NIR,
    "iban": WHY_IBAN,
    "safety": WHY_SAFETY,
    "business_secret": WHY_BUSINESS,
    **dict.fromkeys(SENSITIVE, WHY_SENSITIVE),
}
_TRAITS = frozenset({"age", "sex", "nationality", "occupation", "civility"})  # a row that has one is about somebody
_REMARKS = frozenset(
    "observation observations commentaire commentaires remarque remarques note notes motif motifs".split()
)
_PRIVATE = frozenset("domicile perso personnel personnelle prive privee portable mobile gsm".split())
_RING = frozenset("tel telephone portable mobile gsm phone".split())
_SECU = frozenset("nir secu ss securite".split())
# What these are is read in the cells, one by one: a mailbox or a telephone of no finding is a counter's.
_SEEN_IN_CELLS = frozenset({"email", "phone", "ip_address", "nir", "iban", "plate", "siret", "geometry"})
_PLACE_MEANINGS = frozenset("address commune region department geometry url json opening_hours colour ban_key".split())
_WHERE = frozenset("longitude latitude lonlat address ban_key parcel geometry".split())
_WHERE_HEADERS = frozenset("implantation emplacement localisation adresse lieu rue voie x y coordonnees".split())

_lock = threading.Lock()
_screened: OrderedDict[tuple[str, str], tuple[Finding, ...]] = OrderedDict()


def screen(typed: Path | Cells, profile: Profile) -> tuple[Finding, ...]:
    """Return what blocks the release of a typed table: one finding for each column and each meaning.

    ``values`` carry "column" (label), "name" (column's name), "meaning", "where" ("column", "text" or "label"),
    "count" (cells) and "filled" (cells that are not empty); ``place`` the first line. A large table that this process
    has screened already, to the byte and under the same profile, is not read again.
    """
    if not isinstance(typed, Path):
        from parvis.tables.engine import named  # late: the pages that show what was found never hold the engine

        with sql.connect() as engine:
            named(engine, "rows_of_table", typed.relation, profile.rows * len(profile.columns))
            return look(engine, "rows_of_table", profile, cells=typed)
    key = (_digest(typed), repr(profile)) if profile.rows >= _LARGE else None
    with _lock:
        if key is not None and key in _screened:
            return _screened[key]
    with sql.connect() as engine:
        found = look(engine, sql.source(typed), profile)
    remember(typed, profile, found)
    return found


def remember(typed: Path, profile: Profile, found: tuple[Finding, ...]) -> None:
    """Keep what was found in a large table for the next time that this file is screened."""
    if profile.rows >= _LARGE:
        with _lock:
            _screened[_digest(typed), repr(profile)] = found
            while len(_screened) > _REMEMBERED:
                _screened.popitem(last=False)


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def look(
    engine: Any,
    relation: str,
    profile: Profile,
    columns: Sequence[Column] | None = None,
    cells: Cells | None = None,
    *,
    few: bool = False,
) -> tuple[Finding, ...]:
    """Do the same on a relation of an engine that has the columns and, if it may, ``__line``.

    ``columns`` are those to look at when they are no longer the profile's, which still says what the table is about.
    ``cells`` are the same rows when their values are at hand; ``few`` is for some rows of a table, all read.
    """
    table = _Table(engine, relation, profile, cells)
    chosen = profile.columns if columns is None else columns
    if few:
        table.read_rows(chosen)
    else:
        table.read_texts(chosen)
    table.settle()
    found = tuple(f for column in chosen for f in table.findings(column))
    return found if columns is not None else tuple(table.weighed(found))


@dataclass(slots=True)
class _Seen:
    """Cells of one column where one meaning stands, and the first line."""

    count: int = 0
    line: int | None = None

    def add(self, count: int, line: int | None) -> None:
        self.count += count
        if line is not None and (self.line is None or line < self.line):
            self.line = line


def _is_only_that(column: Column, seen: _Seen) -> bool:
    """True when most cells of a column hold a thing, and are too short to hold others.

    « Alice Durand 06 … » under « personne à prévenir » is a column of people.
    """
    longest = _WORDS_OF_PEOPLE if speaks(head(column), "person") else _WORDS
    short = all(len(e.split()) <= longest for e in column.examples)
    return short and seen.count * 2 >= column.filled >= 10


def _reaches(column: Column, low: int, high: int) -> bool:
    """Return whether a column of numbers may have one between two others: its least and its greatest were counted."""
    if column.minimum is None or column.maximum is None:
        return True
    return float(column.minimum) <= high and float(column.maximum) >= low


def _of_many(test: str, told: str, whole: str) -> str:
    """Return the query of the texts of ``screened`` where something may stand, one for all that differ by a number alone.

    Thousands of texts have some hundreds of forms: only these are tested. Each text of the columns ``whole`` stays.
    """
    apart = f"which IN ({whole}) OR strlen(cell) > {_NAME}" if whole else f"strlen(cell) > {_NAME}"
    return (
        "WITH texts AS (SELECT *, translate(cell, '123456789', '000000000') AS form FROM screened), "
        f"forms AS MATERIALIZED (SELECT form, {test} AS may, {numbered_sql('form')} AS number "
        "FROM (SELECT DISTINCT form FROM texts)) "
        "SELECT which, min(cell), CAST(sum(times) AS BIGINT), min(line) FROM texts JOIN forms USING (form) "
        f"WHERE may{told} GROUP BY which, CASE WHEN {apart} THEN cell ELSE {alike_sql('cell', 'form', 'number')} END"
    )


def _is_given(word: str) -> bool:
    return france.first_name_weight(word) >= _KNOWN_NAME


def _is_surname(word: str) -> bool:
    return france.surname_weight(word) >= _KNOWN_NAME


@dataclass(slots=True)
class _Table:
    """A table being screened, and what its columns together say it is about."""

    engine: Any
    relation: str
    profile: Profile
    cells: Cells | None = None
    people: bool = field(init=False, default=False)
    places: bool = field(init=False, default=False)
    about: About = field(init=False)
    line: str = field(init=False)
    inside: dict[str, dict[str, _Seen]] = field(default_factory=dict)  # what stands in the texts of each column
    read: dict[tuple[str, bool], frozenset[str]] = field(default_factory=dict)  # what stands in texts read already
    samples: dict[str, list[str]] = field(default_factory=dict)  # some cells of the columns asked for them
    present: frozenset[str] = field(init=False)  # a column that was taken away still says what the table is about

    def __post_init__(self) -> None:
        described = self.engine.execute(f"SELECT * FROM {self.relation} LIMIT 0").description
        self.present = frozenset(d[0] for d in described)
        self.line = sql.LINE if sql.LINE in self.present else "NULL"
        self.about = about(self.profile, lambda _: False)  # before names are read: what the headers tell
        self.places = self.about.places and not self._beside(None, _BESIDE_SURNAMES - {"email", "phone"})
        self.about = about(self.profile, self._whole)
        self.people, self.places = self.about.people, self.about.places

    def settle(self) -> None:
        """Say again what the table is about, once it was seen which columns name people."""
        named = {c.name for c in self.profile.columns if self._seen_to_name(c)}
        if named:
            self.about = about(self.profile, self._whole, named)
            self.people, self.places = self.about.people, self.about.places

    def _seen_to_name(self, column: Column) -> bool:
        if after_the_dead(column, self.profile):
            return False
        seen = self.inside.get(column.name, {}).get("person_name")
        return (seen is not None and _is_only_that(column, seen)) or self._only_surnames(column)

    def _only_surnames(self, column: Column) -> bool:
        """True for « Famille » over nothing but surnames."""
        if column.kind is not Kind.TEXT or column.meaning or not speaks(head(column), "person", several=False):
            return False
        return self._nothing_but_surnames(column)

    def _files_named(self, column: Column) -> bool:
        """True for files that bear the names of those whose photos or papers they are: « durand_alice.jpg »."""
        if column.kind is not Kind.TEXT or not speaks(head(column), "papers"):
            return False
        cells = [words(c) for c in self._sample(column)]
        named = sum(any(map(_is_given, c)) and any(map(_is_surname, c)) and len(c) <= _WORDS_OF_PEOPLE for c in cells)
        return len(cells) >= _SEVERAL and named >= _NEARLY * len(cells)

    def _nothing_but_surnames(self, column: Column) -> bool:
        cells = [words(c) for c in self._sample(column)]
        bare = sum(bool(c) and all(map(_is_surname, c)) for c in cells)
        return len(cells) >= _SEVERAL and bare >= _NEARLY * len(cells)

    def read_texts(self, columns: Sequence[Column]) -> None:
        """Read the columns of text, together where that is possible: the tests of a query cost more than most columns."""
        texts = [c for c in columns if c.kind is Kind.TEXT]
        for bare in (True, False):
            some = self._formed([c for c in texts if self._may_name(c) is bare], bare)
            together = [c for c in some if self._has_values(c) or self.profile.rows <= _SHORT]
            for start in range(0, len(together), _AT_ONCE):
                part = together[start : start + _AT_ONCE]
                landlines = [self._landlines(c) for c in part]
                for at, cell, count, line in self._candidates_of(part, bare):
                    self._read(part[at], cell, count, line, bare, landlines[at])
            for column in (c for c in some if c not in together):
                ours = self._landlines(column)
                for cell, count, line in self._candidates(column, bare):
                    self._read(column, cell, count, line, bare, ours)

    def read_rows(self, columns: Sequence[Column]) -> None:
        """Read every cell of text of some rows: the tests that spare the cells of a table would cost more."""
        texts = [c for c in columns if c.kind is Kind.TEXT]
        if not texts:
            return
        ways = [(c, self._may_name(c), self._landlines(c)) for c in texts]
        for line, *cells in self._rows(
            f"SELECT {self.line}, {', '.join(sql.quoted(c.name) for c in texts)} FROM {self.relation}"
        ):
            for (column, bare, landlines), cell in zip(ways, cells, strict=True):
                if cell is not None:
                    self._read(column, cell, 1, line, bare, landlines)

    def _has_values(self, column: Column) -> bool:
        return self.cells is not None and column.name in self.cells.values

    def findings(self, column: Column) -> Iterator[Finding]:
        label = self._in_label(column)
        if label is not None:
            yield label
        for meaning in self._held_back(column):
            told = self._filled(column)
            if told.count:
                yield self._finding(column, meaning, COLUMN, told)
        if column.kind is Kind.GEOMETRY:
            return
        whole = column.meaning if self._whole(column) else self._by_header(column)
        if column.kind is Kind.TEXT:
            seen = self._told_inside(column)
        elif column.kind in (Kind.INTEGER, Kind.NUMBER):
            seen = self._figures(column)
        else:
            seen = {}
        other = "" if whole and whole not in ("email", "phone") else self._disguised(column)
        if other and 2 * seen.get(other, _Seen()).count < column.filled:
            yield self._finding(column, other, COLUMN, self._filled(column))
        if whole and whole not in ("email", "phone"):
            told = self._filled(column)
            if told.count:
                yield self._finding(column, whole, COLUMN, told)
        for meaning, told in seen.items():
            if meaning != whole or whole in ("email", "phone"):
                where = COLUMN if meaning in (whole, column.meaning, other) or column.kind is not Kind.TEXT else TEXT
                if where == TEXT and meaning not in SENSITIVE and _is_only_that(column, told):
                    where = COLUMN  # « SIRET ou NIR », « alice.durand » in most cells
                if not (meaning == "person_name" and whole in ("last_name", "first_name", "person_name")):
                    yield self._finding(column, meaning, where, told)

    def _told_inside(self, column: Column) -> dict[str, _Seen]:
        """Return what stands in the texts of a column: a counter's telephone is somebody's in a table about people."""
        seen = dict(self.inside.get(column.name, {}))
        landlines = seen.pop(numbers.LANDLINE, None)
        if landlines is not None and self._landlines(column):
            phones = _Seen(landlines.count, landlines.line)
            if "phone" in seen:
                phones.add(seen["phone"].count, seen["phone"].line)
            seen["phone"] = phones
        return seen

    # --- Columns that are personal by what they mean ---

    def _whole(self, column: Column) -> bool:
        if self.about.past or (self.about.animals and column.meaning in _OF_ANIMALS):
            return False
        if column.meaning == "person_name":
            if after_the_dead(column, self.profile) or names_a_place(column, self.profile):
                return False
            return not self._all_places(column)
        if column.meaning == "last_name" and names_a_place(column, self.profile):
            return False
        if column.meaning == "last_name" and speaks(head(column), "person"):
            return True
        if column.meaning == "last_name" and not self._beside(column, _BESIDE_SURNAMES):
            return self._surnames(column)
        if column.meaning in DIRECT:
            return True
        if column.meaning == "identifier":
            return not self.places and (self.people or not self.about.equipment)
        if column.meaning == "siret":
            return self.about.sole_trader
        if self.about.homes and column.meaning in ("address", "case_number"):
            return True
        if column.meaning == "address" and is_scene(column, self.about):
            return False
        if column.meaning in BESIDE_PEOPLE:
            return self.people or (column.meaning in SENSITIVE and self._of_someone(column))
        return column.meaning == "first_name" and self.people

    def _by_header(self, column: Column) -> str:
        """Return the meaning that only the header tells, where a row is somebody."""
        if column.meaning in MEANINGS and column.meaning not in SENSITIVE:
            return ""
        if self.about.homes and head(column) & HOMES and not shows_a_home(column):
            return "case_number"
        if self.about.past or is_of_things(column) or not (self.people or self._of_someone(column)):
            return ""
        if self._names_alone(column):
            return "last_name"
        if self._files_named(column):
            return "person_name"
        title = title_words(self.profile)
        heads = title.union(*(head(c) for c in self.profile.columns))
        told = "case_number" if identifies(column, each=self.about.each) else theme(column, heads, title)
        if told or column.kind is not Kind.TEXT or column.distinct > _FEW:
            return told
        return theme_of_cells(column, self._sample(column), each=self.about.each)

    def _disguised(self, column: Column) -> str:
        """Return the meaning of what a column says in another writing: base64, a page's address, a key made of a name."""
        if self.about.past or not self._may_be_written_otherwise(column):
            return ""
        cells = self._sample(column)
        told = rewritten.meaning(cells, head(column))
        return told or (disguised.meaning(cells) if column.kind is Kind.TEXT else "")

    def _may_be_written_otherwise(self, column: Column) -> bool:
        if column.kind is Kind.TEXT:
            return rewritten.may_hold(column.examples) or disguised.may_hold(column.examples)
        if column.kind not in (Kind.INTEGER, Kind.NUMBER) or column.filled < _SEVERAL:
            return False
        least, most = column.minimum, column.maximum
        if column.meaning == "phone":
            return True
        return least is not None and most is not None and rewritten.in_reach(float(least), float(most))

    def _names_alone(self, column: Column) -> bool:
        """True for surnames under a header that says who they are, not what: « mis en cause », « nom_petit »; under any where
        they are nothing else and each row is one person."""
        if (
            column.kind is not Kind.TEXT
            or column.meaning not in ("", "occupation")
            or after_the_dead(column, self.profile)
        ):
            return False
        said = head(column)
        named = any(w.startswith("nom") and not w.startswith(_NO_NAMES) for w in said)
        if named or speaks(said, "person"):
            return self._surnames(column)
        return self.about.each and not speaks(said, "goods") and self._nothing_but_surnames(column)

    def _held_back(self, column: Column) -> Iterator[str]:
        """Yield what a column tells that the law holds back, whatever its cells are."""
        if self.about.exposed and self._is_where(column):
            yield "safety"
        if self.about.secrets and is_secret(column):
            yield "business_secret"
        if self.about.homes and shows_a_home(column):
            yield "presence"
        if self.about.ballot and is_choice(column):
            yield "belief"

    def _is_where(self, column: Column) -> bool:
        if column.name not in self.present:
            return False
        return column.kind is Kind.GEOMETRY or column.meaning in _WHERE or self._headed(column, _WHERE_HEADERS)

    def _of_someone(self, column: Column) -> bool:
        """True when a row is one person rather than a count of several."""
        return self._beside(column, _TRAITS) and not self.about.counted

    def _all_places(self, column: Column) -> bool:
        """True when every cell, read again, names a place or someone of the past."""
        cells = self._sample(column)
        return bool(cells) and all(names.refuted(c) for c in cells)

    def _surnames(self, column: Column) -> bool:
        """True when enough cells are surnames of the country: « nom » alone also heads trees and gymnasiums."""
        cells = self._sample(column)
        if sum(words(c)[:1] != [] and words(c)[0] in classes.NOUNS for c in cells) * 2 > len(cells):
            return False  # « Fontaine Martin »
        known = sum(any(map(_is_surname, words(c))) and len(words(c)) <= 3 for c in cells)
        return known >= _ENOUGH * len(cells) and not self.places

    def _sample(self, column: Column) -> list[str]:
        if column.name not in self.present:
            return []
        if column.name not in self.samples:
            name = sql.quoted(column.name)
            with self._counted(column) as rows:  # of values, each comes once already
                told = self._rows(
                    f"SELECT DISTINCT CAST({name} AS VARCHAR) FROM {rows} WHERE {name} IS NOT NULL LIMIT {_SAMPLE}"
                )
            self.samples[column.name] = [r[0] for r in told]
        return self.samples[column.name]

    def _headed(self, column: Column, among: frozenset[str]) -> bool:
        return bool(head(column) & among)

    def _beside(self, column: Column | None, among: frozenset[str]) -> bool:
        return any(c.meaning in among for c in self.profile.columns if c is not column)

    def _filled(self, column: Column) -> _Seen:
        name = sql.quoted(column.name)
        living = ""
        if column.meaning == "birth_date" and column.kind in (Kind.DATE, Kind.DATETIME):
            living = f" AND {name} >= DATE '1900-01-01'"
        with self._counted(column) as rows:
            count, line = self._rows(
                f"SELECT sum({TIMES}), min({self.line}) FROM {rows} WHERE {name} IS NOT NULL{living}"
            )[0]
        return _Seen(int(count or 0), line)

    @contextmanager
    def _counted(self, column: Column) -> Iterator[str]:
        """Give the rows of a column as a FROM clause: its values with their times and first lines where they are at hand."""
        if self.cells is not None and self._has_values(column):
            self.engine.register("values_of_column", self.cells.values[column.name])
            yield "values_of_column"
            self.engine.unregister("values_of_column")
        else:
            yield f"(SELECT *, 1 AS {TIMES} FROM {self.relation})"

    # --- Cells of text ---

    def _read(self, column: Column, cell: str, count: int, line: int | None, bare: bool, landlines: bool) -> None:
        """Note what stands in a cell that comes so many times."""
        meanings = set(self._meanings(cell, bare))
        if column.meaning == "phone":
            meanings.add(spans.whole_phone(cell))
        if not meanings:
            return
        seen = self.inside.setdefault(column.name, defaultdict(_Seen))
        if numbers.LANDLINE in meanings and "phone" not in meanings:
            seen["phone" if landlines else numbers.LANDLINE].add(count, line)
        for meaning in sorted(meanings.intersection(spans.TEXT_MEANINGS)):  # the same findings in the same order
            seen[meaning].add(count, line)

    def _meanings(self, cell: str, bare: bool) -> frozenset[str]:
        """Return what stands in a cell, known already when it differs from one that was read by its number alone."""
        key = (alike(cell), bare) if len(cell) <= _NAME else None
        known = self.read.get(key) if key is not None else None
        if known is None:
            known = frozenset(s.meaning for s in spans.find(cell, bare_names=bare))
            if key is not None and len(self.read) < _KNOWN:
                self.read[key] = known
        return known

    def _candidates_of(self, columns: Sequence[Column], bare: bool) -> Iterator[tuple[int, str, int, int | None]]:
        """Yield (position of the column, cell, times, first line) of the distinct cells where something may stand."""
        parts = []
        for at, column in enumerate(columns):
            cell = sql.quoted(column.name)
            if self.cells is not None and self._has_values(column):
                self.engine.register(f"values_{at}", self.cells.values[column.name])
                rows = f"SELECT {cell} AS cell, {TIMES} AS times, {sql.LINE} AS line FROM values_{at}"
            else:
                rows = f"SELECT {cell} AS cell, count(*) AS times, min({self.line}) AS line FROM {self.relation} GROUP BY 1"
            parts.append(f"SELECT {at} AS which, cell, times, line FROM ({rows}) WHERE cell IS NOT NULL")
        self.engine.execute(f"CREATE OR REPLACE TEMP TABLE screened AS {' UNION ALL '.join(parts)}")
        any_cell = ", ".join(str(at) for at, c in enumerate(columns) if c.meaning in _ANY_CELL)
        told = f" OR (which IN ({any_cell}) AND strlen(cell) BETWEEN 9 AND 30)" if any_cell else ""
        held = self._rows("SELECT count(*) FROM screened")[0][0]
        if held < _MANY_VALUES:
            query = (
                f"SELECT which, cell, times, line FROM screened WHERE {spans.may_hold('cell', bare_names=bare)}{told}"
            )
        else:
            query = _of_many(spans.may_hold_form("form", bare_names=bare), told, any_cell)
        answer = self.engine.execute(query)
        while rows := answer.fetchmany(_BATCH):
            yield from rows
        self.engine.execute("DROP TABLE screened")

    def _candidates(self, column: Column, bare: bool) -> Iterator[tuple[str, int, int | None]]:
        """Yield the same of one column."""
        test = spans.may_hold("cell", bare_names=bare)
        if column.meaning in _ANY_CELL:
            test = f"({test} OR strlen(cell) BETWEEN 9 AND 30)"
        facts = f"count(*) AS times, min({self.line}) AS line"
        cells = f"SELECT {sql.quoted(column.name)} AS cell, {self.line} FROM {self.relation}"
        if column.distinct * 3 > self.profile.rows:  # nearly all differ: test each rather than group all of them
            query = f"SELECT cell, {facts} FROM ({cells}) WHERE cell IS NOT NULL AND {test} GROUP BY cell"
        else:
            query = (
                f"WITH d AS MATERIALIZED (SELECT cell, {facts} FROM ({cells}) WHERE cell IS NOT NULL GROUP BY cell) "
                f"SELECT * FROM d WHERE {test}"
            )
        answer = self.engine.execute(query)
        while rows := answer.fetchmany(_BATCH):
            yield from rows

    def _formed(self, columns: Sequence[Column], bare: bool) -> list[Column]:
        """Return the columns, without those no form of whose texts may hold anything: « 2026-0001 » nearly never comes twice."""
        held = {c.name: forms for c in columns if c.meaning not in _ANY_CELL and (forms := self._forms(c)) is not None}
        if not held:
            return list(columns)
        import pyarrow as pa  # late, as all that holds the engine

        which = [name for name, forms in held.items() for _ in range(len(forms))]
        rows = pa.table({"which": which, "form": pa.chunked_array([c for f in held.values() for c in f.chunks])})
        self.engine.register("forms_of_columns", rows)
        test = spans.may_hold_form("form", bare_names=bare)
        told = dict(self._rows(f"SELECT which, bool_or({test}) FROM forms_of_columns GROUP BY 1"))
        self.engine.unregister("forms_of_columns")
        return [c for c in columns if c.name not in held or told.get(c.name)]

    def _forms(self, column: Column) -> Any:
        """Return the forms of a column's texts, or of its many values, where they are few."""
        if self.cells is None or not self._has_values(column):
            known = self.cells.forms(column.name) if self.cells is not None else None
            return known.column("form") if known is not None else None
        values = self.cells.values[column.name].column(column.name)
        if len(values) < _MANY_VALUES:
            return None  # they are as quick to look at
        import pyarrow as pa

        from parvis.tables.forms import forms

        seen = forms(values.drop_null().combine_chunks())
        return pa.chunked_array([seen.dictionary]) if seen is not None else None

    def _may_name(self, column: Column) -> bool:
        """False where « Jean Jaurès » alone is a place or an author rather than someone of today."""
        if (
            column.meaning in _PLACE_MEANINGS
            or after_the_dead(column, self.profile)
            or names_a_place(column, self.profile)
        ):
            return False
        return not self.places or self._headed(column, _REMARKS)

    def _landlines(self, column: Column) -> bool:
        """True when a telephone that is no mobile is someone's all the same."""
        return self.people or self._headed(column, _PRIVATE)

    # --- Columns of numbers ---

    def _figures(self, column: Column) -> dict[str, _Seen]:
        """NIR that a program took for numbers, telephones that lost their zero."""
        seen: dict[str, _Seen] = defaultdict(_Seen)
        low, high = (
            (10**12, 9 * 10**14) if self._headed(column, _SECU) or column.meaning == "nir" else (10**14, 9 * 10**14)
        )
        for cell, count, line in self._integers(column, low, high):
            if france.is_nir(str(cell), key=cell >= 10**14):
                seen["nir"].add(count, line)
        if self._headed(column, _RING) or column.meaning == "phone":
            landlines = self._landlines(column)
            for cell, count, line in self._integers(column, 10**8, 10**9 - 1):
                if landlines or not numbers.is_landline(str(cell)[0]):
                    seen["phone"].add(count, line)
        return seen

    def _integers(self, column: Column, low: int, high: int) -> list[tuple[int, int, int | None]]:
        if self.cells is not None and not _reaches(column, low, high):
            return []
        name = sql.quoted(column.name)
        with self._counted(column) as rows:
            return self._rows(
                f"SELECT CAST({name} AS BIGINT), CAST(sum({TIMES}) AS BIGINT), min({self.line}) FROM {rows} "
                f"WHERE {name} BETWEEN {sql.literal(low)} AND {sql.literal(high)} GROUP BY 1"
            )

    # --- What all the signs together tell ---

    def weighed(self, found: Sequence[Finding]) -> Iterator[Finding]:
        """Yield what rules found, less what they doubted of and is nobody's, and what they did not see."""
        told = bearing.weigh(self.profile, found, self.about)
        clear = {
            id(f) for f in found
            if f.values["where"] == COLUMN and f.values["meaning"] in bearing.DOUBTFUL and told[f.values["name"]].clear
        }  # fmt: skip
        left = [f for f in found if id(f) not in clear]
        yield from left
        blocked = {f.values["name"] for f in left if f.values["where"] != LABEL}
        for column in self.profile.columns:
            if column.name in self.present and column.name not in blocked:
                yield from self._likely(column, told[column.name])

    def _likely(self, column: Column, told: bearing.Bearing) -> Iterator[Finding]:
        """Yield what a column likely is, where rules said nothing."""
        if self.about.past or column.filled < _SEVERAL or column.meaning in _SEEN_IN_CELLS:
            return
        meaning = self._naming(column, told) if told.role == "direct" else ""
        if told.role == "sensitive" and not column.field and (self.about.people or not self.about.counted):
            meaning = told.matter
        seen = self._filled(column) if meaning else _Seen()
        if seen.count:
            finding = self._finding(column, meaning, COLUMN, seen)
            hint = HINT_WORDS if told.words else HINT_BESIDE
            words_told = listed(f"« {w} »" for w in told.words)
            yield dataclasses.replace(
                finding, hint=hint, values={**finding.values, "weighed": True, "words": words_told}
            )

    def _naming(self, column: Column, told: bearing.Bearing) -> str:
        """Return what a column that names people is, by its cells, "" where they name nobody."""
        if column.meaning in MEANINGS:
            listed_names = (
                column.meaning == "first_name" and self.about.counted and not self.people
            )  # « prenoms », « nombre »
            return "" if listed_names else column.meaning
        if column.kind in (Kind.DATE, Kind.DATETIME):
            return "birth_date"
        if column.meaning in QUASI or says_trait(column):
            return ""  # an age that no two rows share is still an age
        if column.kind is not Kind.TEXT or sum(any(map(str.isdigit, e)) for e in column.examples) * 2 >= len(
            column.examples
        ):
            return "identifier"
        cells = [words(c) for c in self._sample(column)]
        named = sum(any(_is_surname(w) or _is_given(w) for w in c) for c in cells)
        sure = told.chances[bearing.DIRECT] >= bearing.SURE or named >= _ENOUGH * len(cells)
        return "person_name" if sure and column.meaning not in _PLACE_MEANINGS else ""

    # --- Findings ---

    def _in_label(self, column: Column) -> Finding | None:
        found = {s.meaning for s in spans.find(column.label, bare_names=False)} & set(spans.TEXT_MEANINGS)
        if not found:
            return None
        return self._finding(column, min(found), LABEL, _Seen(1, self.profile.header_line))

    def _finding(self, column: Column, meaning: str, where: str, seen: _Seen) -> Finding:
        said = MEANINGS[meaning]
        message = {COLUMN: said.column, TEXT: said.text, LABEL: IN_LABEL}[where]
        return Finding(
            code=f"privacy.{meaning}",
            severity=Severity.BLOCK,
            message=message,
            place=Place(
                sheet=self.profile.table if self.profile.format in _SHEETS else "", line=seen.line, column=column.label
            ),
            values={
                "column": column.label or column.name,
                "name": column.name,
                "meaning": meaning,
                "where": where,
                "count": seen.count,
                "filled": column.filled,
                "landlines": self._landlines(column),
                "names": self._may_name(column),
            },
            hint={COLUMN: HINT, TEXT: HINT_TEXT, LABEL: HINT_LABEL}[where],
            why=_WHY.get(meaning, WHY),
            count=seen.count,
        )

    def _rows(self, query: str) -> list[Any]:
        return list(self.engine.execute(query).fetchall())
