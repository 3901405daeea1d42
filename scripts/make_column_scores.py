"""Learn ``src/parvis/privacy/words/columns.txt``: the weights by which a column names people, narrows them down, or is nobody's.

    python scripts/make_column_scores.py            # learn and write
    python scripts/make_column_scores.py --judge    # leave out a fourth of the files at a time, and say what is missed

The tables are ours (``benchmarks/columns``, ``scripts/teaching/columns``), each written twice: as it is, and with its headers
cut short as programs do. No file of a town is read. Three logistic regressions: a first reading of each column, whether
the table is about people, then each column in sight of that. The same seed gives the same file.
"""

from __future__ import annotations

import dataclasses
import os
import pickle
import random
import re
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "src")]

import labelled  # noqa: E402  found by the path set above
import labelled_columns  # noqa: E402  found by the path set above

from parvis import pipeline  # noqa: E402  found by the path set above
from parvis.privacy import bearing  # noqa: E402  found by the path set above
from parvis.privacy import screen as screening  # noqa: E402  found by the path set above
from parvis.privacy.heading import speaks  # noqa: E402  found by the path set above
from parvis.schemas.schema import Field, all_ids, load  # noqa: E402  found by the path set above
from parvis.text import fold, words  # noqa: E402  found by the path set above
from parvis.values import Finding, Profile  # noqa: E402  found by the path set above

TEACHING = Path(__file__).parent / "teaching" / "columns"
TARGET = ROOT / "src" / "parvis" / "privacy" / "words" / "columns.txt"
RULED = (
    "taught",
    "judged",
    "unseen_e",
    "unseen_f",
    "unseen_g",
)  # the rules were mended on them: what they say is too good
SEED, FOLDS = 5, 4
EPOCHS, BATCH, RATE, PENALTY = 20, 256, 0.15, 1e-4
LEAST = 2  # tables in which a sign must be seen
CLASS = {name: at for at, name in enumerate(bearing.CLASSES)}
FIRST = {"none": 0, "direct": 1, "quasi": 2, "text": 2}  # of the first reading; all that is sensitive is 3
RESTYLED, FORGOTTEN, HEADER = 0.5, 0.3, 0.3  # weights of tables cut short, of rules hidden, of headers alone
FIELDS = 60  # of a schema
CONTACTS = frozenset(
    "contact nom prenom responsable telephone courriel mail email auteur beneficiaire titulaire referent".split()
)
CELLS = {  # of fields, by meaning or by type
    "address": "{num} {street}", "siret": "{pubsiret}", "siren": "2158#10000-99999", "insee_commune": "58#100-320",
    "postcode": "{cp}", "commune": "{town}", "latitude": "47.#1000-9999", "longitude": "3.#1000-9999",
    "url": "https://www.{townslug}.fr/#1-99", "date": "{isoday}", "datetime": "{isoday}T{time}", "integer": "#1-900",
    "number": "#1-900.#10-99", "boolean": "<true|false>", "year": "#2010-2026", "time": "{time}",
}  # fmt: skip
SMALL = frozenset("de du des d la le les l un une et en a au aux par pour".split())


T = TypeVar("T")


@dataclass(slots=True)
class Lesson:
    """A table that was read: what was found by rules, and what each column should be."""

    file: str
    name: str
    profile: Profile
    findings: Sequence[Finding]
    roles: Sequence[str]  # of its columns, "" where nobody says
    weight: float
    seen: bearing.Seen = field(init=False)
    classes: list[str] = field(init=False)
    table: list[str] = field(init=False)  # the table's signs, the first reading's among them

    @property
    def people(self) -> int:
        return int(any(r in ("quasi", "sensitive") for r in self.roles))


@dataclass(frozen=True, slots=True)
class Header:
    """A header alone, of a table about people."""

    signs: Sequence[str]
    kind: str


# --- Tables ---------------------------------------------------------------------------------------


def lessons() -> list[Lesson]:
    """Return every table that teaches, as it is and cut short."""
    files = [labelled_columns.FOLDER / f"{name}.txt" for name in RULED] + sorted(TEACHING.glob("tables_*.txt"))
    known = labelled.families(labelled.FOLDER / "judged.txt")
    out: list[Lesson] = []
    for restyle, rows, seed in ((False, 80, 1), (True, 60, 2)):
        sentences = labelled.sentences(known, 2000, seed)
        about = [s for s in sentences if any(x.hide and x.kind == "person" for x in s.labels)]
        for file in files:
            with tempfile.TemporaryDirectory() as folder:
                for table in labelled_columns.tables(file):
                    shown = restyled(table, random.Random(f"{seed}{table.name}")) if restyle else table
                    path = labelled_columns.write(shown, Path(folder), rows, seed, about)
                    out.append(read(path, file.stem, table.name, shown, RESTYLED if restyle else 1.0))
            print(file.name, len(out), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for table in of_schemas():
            path = labelled_columns.write(table, Path(folder), 40, SEED, about)
            out.append(read(path, "schemas", table.name, table, RESTYLED))
    return out


def of_schemas() -> Iterator[labelled_columns.LabelledTable]:
    """Yield a table for each national schema: places, works and bodies, whose columns are nobody's."""
    for schema in map(load, all_ids()):
        fields = [f for f in schema.fields if f.title or f.name][:FIELDS]
        columns = [labelled_columns.LabelledColumn(f.name, _cells_of(f), "" if _contact(f) else "none") for f in fields]
        yield labelled_columns.LabelledTable(schema.id.rpartition("/")[2], tuple(columns))


def _contact(field: Field) -> bool:
    """True for whom to ask: nobody says whether that is somebody."""
    told = {*words(field.name), *words(field.title), *bearing.plain(field.name)}
    return field.meaning in ("email", "phone", "person_name") or bool(told & CONTACTS)


def _cells_of(field: Field) -> str:
    if field.enum:
        return f"<{'|'.join(re.sub('[|<>;]', ' ', str(e)) for e in field.enum[:12])}>"
    if field.meaning in CELLS:
        return CELLS[field.meaning]
    return CELLS.get(field.type, "<Centre|Nord|Les Plaines|Gare> #1-99")


class _RulesAlone(screening._Table):
    """A table in which rules alone find."""

    def weighed(self, found: Sequence[Finding]) -> Iterator[Finding]:
        yield from found


screening._Table = _RulesAlone  # type: ignore[misc]  # the lessons are what rules alone find


def read(path: Path, file: str, name: str, table: labelled_columns.LabelledTable, weight: float) -> Lesson:
    told = pipeline.inspect(path).preparations[0]
    roles = {c.header: c.role for c in table.columns}
    found = [f for f in told.findings if f.code.startswith("privacy.")]
    profile = told.profile
    return Lesson(file, name, profile, found, [roles.get(c.label, "") for c in profile.columns], weight)


def restyled(table: labelled_columns.LabelledTable, chance: random.Random) -> labelled_columns.LabelledTable:
    """Return a table whose headers are as programs write them: « Date de naissance » gives « DATE_NAIS », « FOY_DAT_NAI »."""
    style = chance.choice(("cut", "joined", "prefixed", "camel", "cut", "prefixed"))
    loud, letters = chance.random() < 0.7, chance.choice((3, 4, 4, 5, 6))
    prefix = re.sub(r"[^a-z]", "", fold(table.name.split("_", 1)[-1]))[:3] or "tab"
    columns: list[labelled_columns.LabelledColumn] = []
    taken: set[str] = set()
    for column in table.columns:
        spaced = fold(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column.header))
        told = [w for w in re.findall(r"[a-z]+|\d+", spaced) if w not in SMALL][:4] or [fold(column.header)]
        cut = [w if w.isdigit() else w[:letters] for w in told]
        header = {
            "camel": told[0] + "".join(w.capitalize() for w in told[1:]),
            "joined": "".join(cut)[:14],
            "cut": "_".join(cut),
            "prefixed": "_".join([prefix, *cut]),
        }[style]
        header = header.upper() if loud and style != "camel" else header
        while fold(header) in taken:
            header += "2"
        taken.add(fold(header))
        columns.append(dataclasses.replace(column, header=header))
    return dataclasses.replace(table, name=f"export_{chance.randrange(10**6)}", columns=tuple(columns))


def headers() -> list[Header]:
    """Return the headers that stand alone in ``headers.txt``."""
    out, kind = [], ""
    for line in (TEACHING / "headers.txt").read_text("utf-8").splitlines():
        if line.startswith("= "):
            kind = line[2:].strip()
        elif line.strip() and not line.startswith("#"):
            out += [Header(signs_of_header(h.strip()), kind) for h in line.split(" | ")]
    return out


def signs_of_header(header: str) -> list[str]:
    signs = list(bearing._header(header))
    said = {*words(header), *bearing.plain(header)}
    return signs + [f"s:{name}" for name in bearing._SAID if speaks(said, name)]


# --- Signs ----------------------------------------------------------------------------------------


def prepare(given: Sequence[Lesson], alone: Sequence[Header]) -> None:
    """Find the signs of each table, and which matter its sensitive columns tell: labels do not say it, words do."""
    unsure: list[tuple[Lesson, int]] = []
    known: list[tuple[list[str], int]] = [(list(h.signs), CLASS[h.kind]) for h in alone if h.kind in bearing.MATTERS]
    for lesson in given:
        lesson.seen = bearing.seen(lesson.profile, lesson.findings)
        lesson.classes = list(lesson.roles)
        ruled = {str(f.values["name"]): str(f.values["meaning"]) for f in lesson.findings}
        for at, (column, role) in enumerate(zip(lesson.profile.columns, lesson.roles, strict=True)):
            if role != "sensitive":
                continue
            told = next((s[2:] for s in lesson.seen.columns[at] if s[:2] == "s:" and s[2:] in bearing.MATTERS), "")
            lesson.classes[at] = ruled.get(column.name, "") if ruled.get(column.name) in bearing.MATTERS else told
            if lesson.classes[at]:
                known.append((own_signs(lesson, at), CLASS[lesson.classes[at]]))
            else:
                unsure.append((lesson, at))
    matter = learn([s for s, _ in known], [k for _, k in known], [1.0] * len(known), classes=len(CLASS), epochs=10)
    for lesson, at in unsure:
        sums = matter.sums(own_signs(lesson, at))
        lesson.classes[at] = max(bearing.MATTERS, key=lambda name: sums[CLASS[name]])


def own_signs(lesson: Lesson, at: int) -> list[str]:
    return [s for s in lesson.seen.columns[at] if s[:2] in ("w=", "b=", "v=", "c:") or s[:1] in "pge"]


def forgotten(signs: Sequence[str]) -> list[str]:
    """Return signs without what rules said, so that they are not all that is learnt."""
    return [s for s in signs if not s.removeprefix("n").startswith("r:")]


# --- Learning -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Weights:
    signs: dict[str, int]
    values: np.ndarray  # a row for each sign and one of zeros, a column for each class

    def sums(self, signs: Sequence[str]) -> np.ndarray:
        return self.values[[self.signs[s] for s in signs if s in self.signs]].sum(axis=0)

    def chances(self, signs: Sequence[str]) -> np.ndarray:
        parts = np.exp((sums := self.sums(signs)) - sums.max())
        return parts / parts.sum()


@dataclass(frozen=True, slots=True)
class Learnt:
    first: Weights
    table: Weights
    column: Weights


def learn(
    rows: Sequence[Sequence[str]],
    wanted: Sequence[int],
    weights: Sequence[float],
    groups: Sequence[int] | None = None,
    *,
    classes: int,
    epochs: int = EPOCHS,
    rate: float = RATE,
    penalty: float = PENALTY,
) -> Weights:
    """Return the weights that tell rows apart; a sign of one of the ``groups`` alone teaches nothing."""
    held: defaultdict[int, set[str]] = defaultdict(set)
    for at, row in enumerate(rows):
        held[groups[at] if groups else at].update(row)
    seen = Counter(s for some in held.values() for s in some)
    signs = {sign: at for at, sign in enumerate(sorted(s for s, n in seen.items() if n >= LEAST))}
    none = len(signs)
    known = [[signs[s] for s in row if s in signs] for row in rows]
    width = max(map(len, known))
    table = np.full((len(rows), width), none, dtype=np.int32)
    for at, some in enumerate(known):
        table[at, : len(some)] = some
    values, squares = np.zeros((none + 1, classes)), np.full((none + 1, classes), 1e-3)
    kinds, heavy = np.array(wanted), np.array(weights)
    chance = np.random.default_rng(SEED)
    for _ in range(epochs):
        order = chance.permutation(len(rows))
        for start in range(0, len(order), BATCH):
            some = order[start : start + BATCH]
            scores = values[table[some]].sum(axis=1)
            chances = np.exp(scores - scores.max(axis=1, keepdims=True))
            chances /= chances.sum(axis=1, keepdims=True)
            chances[np.arange(len(some)), kinds[some]] -= 1
            chances *= heavy[some][:, None]
            for kind in range(classes):
                errors = np.repeat(chances[:, kind], width)
                slope = np.bincount(table[some].ravel(), weights=errors, minlength=none + 1) / len(some)
                slope += penalty * values[:, kind]
                squares[:, kind] += slope**2
                values[:, kind] -= rate * slope / np.sqrt(squares[:, kind])
            values[none] = 0
    return Weights(signs, values)


def learnt(given: Sequence[Lesson], alone: Sequence[Header]) -> Learnt:
    """Return the three readings learnt from tables; what one learns from another comes from tables that it had not seen."""
    firsts = _left_out(given, 3, lambda some: _first(some, alone), _read_first)
    for lesson, first in zip(given, firsts, strict=True):
        lesson.table = [*lesson.seen.table, *bearing.summed(first)]
    people = _left_out(given, FOLDS, _table, lambda told, x: float(told.chances(x.table)[1]))
    return Learnt(_first(given, alone), _table(given), _column(given, people, alone))


def _left_out(
    given: Sequence[Lesson], folds: int, fit: Callable[[list[Lesson]], Weights], ask: Callable[[Weights, Lesson], T]
) -> list[T]:
    """Return what is asked of each table of a reading that was learnt without it."""
    names = sorted({x.name for x in given})
    random.Random(SEED).shuffle(names)
    out: dict[int, T] = {}
    for part in range(folds):
        hidden = set(names[part::folds])
        told = fit([x for x in given if x.name not in hidden])
        out |= {at: ask(told, x) for at, x in enumerate(given) if x.name in hidden}
    return [out[at] for at in range(len(given))]


def _read_first(told: Weights, lesson: Lesson) -> list[list[float]]:
    return [told.chances(signs).tolist() for signs in lesson.seen.columns]


def _first(given: Sequence[Lesson], alone: Sequence[Header]) -> Weights:
    rows = list(_rows(given, [x.seen.columns for x in given]))
    rows += [(list(h.signs), h.kind, HEADER, -1 - at) for at, h in enumerate(alone)]
    return learn(*_parted(rows, lambda kind: FIRST.get(kind, 3)), epochs=10, classes=len(bearing.FIRST))


def _table(given: Sequence[Lesson]) -> Weights:
    rows = [x.table for x in given]
    people, weights = [x.people for x in given], [x.weight for x in given]
    return learn(rows, people, weights, classes=2, epochs=15, rate=0.1, penalty=2e-3)


def _column(given: Sequence[Lesson], people: Sequence[float], alone: Sequence[Header]) -> Weights:
    rows = list(_rows(given, [bearing.at_level(x.seen, p) for x, p in zip(given, people, strict=True)]))
    for at, header in enumerate(alone):
        for level in (3, 4):
            crossed = [f"{s}@{level}" for s in header.signs if s[:2] in ("w=", "s:", "p5")]
            rows.append(([*header.signs, *crossed], header.kind, HEADER / 2, -1 - at))
    return learn(*_parted(rows, CLASS.__getitem__), classes=len(CLASS))


Row = tuple[list[str], str, float, int]


def _rows(given: Sequence[Lesson], signs: Sequence[Sequence[Sequence[str]]]) -> Iterator[Row]:
    """Yield (signs, class, weight, table) of each column, with what rules say and without."""
    for at, (lesson, columns) in enumerate(zip(given, signs, strict=True)):
        ruled, free = (0.3, 0.5) if lesson.file in RULED else (1.0, FORGOTTEN)
        for some, kind in zip(columns, lesson.classes, strict=True):
            if kind:
                yield list(some), kind, lesson.weight * ruled, at
                yield forgotten(some), kind, lesson.weight * free, at


def _parted(
    rows: Sequence[Row], number: Callable[[str], int]
) -> tuple[list[list[str]], list[int], list[float], list[int]]:
    return [r[0] for r in rows], [number(r[1]) for r in rows], [r[2] for r in rows], [r[3] for r in rows]


# --- Judging --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Told:
    """A column of a table that was left out: what it is, what rules say of it, and the chances of each class."""

    role: str
    ruled: Sequence[str]  # meanings of the rules' findings that block, "text" for what stands inside sentences
    chances: np.ndarray


def left_out(given: Sequence[Lesson], alone: Sequence[Header], files: Sequence[str]) -> list[Told]:
    """Return what is told of the tables of files as they are, each read by what was learnt without its file."""
    out = []
    for part in range(FOLDS):
        hidden = set(files[part::FOLDS])
        known = learnt([x for x in given if x.file not in hidden], alone)
        for lesson in given:
            if lesson.file in hidden and lesson.weight == 1.0:
                out += told(known, lesson)
        print("part", part, len(out), flush=True)
    return out


def told(known: Learnt, lesson: Lesson) -> Iterator[Told]:
    table = [*lesson.seen.table, *bearing.summed(_read_first(known.first, lesson))]
    people = float(known.table.chances(table)[1])
    for at, signs in enumerate(bearing.at_level(lesson.seen, people)):
        column = lesson.profile.columns[at]
        ruled = [
            "text" if f.values["where"] == "text" else str(f.values["meaning"])
            for f in lesson.findings
            if f.values["name"] == column.name
        ]
        if lesson.roles[at]:
            yield Told(lesson.roles[at], ruled, known.column.chances(signs))


def role_of(one: Told, enough: dict[str, float], clear: float) -> str:
    """Return the role that a column gets: by rules where they block and are not overruled, else by the chances."""
    kept = [m for m in one.ruled if one.chances[0] < clear or m not in bearing.DOUBTFUL]
    if any(m not in ("text", *bearing.MATTERS) for m in kept):
        return "direct"
    if kept:
        return "text" if "text" in kept else "sensitive"
    chances = dict(zip(("none", "direct", "quasi", "text"), one.chances[:4], strict=True))
    chances["sensitive"] = one.chances[4:].sum()
    best = max(enough, key=lambda role: chances[role] / enough[role])
    return best if chances[best] >= enough[best] else ""


def right(wanted: str, role: str) -> bool:
    if wanted == "none":
        return not role
    return role in ("quasi", "sensitive", "direct") if wanted == "quasi" else role == wanted


def shares(columns: Sequence[Told], enough: dict[str, float], clear: float) -> dict[str, float]:
    total, good = Counter[str](), Counter[str]()
    for one in columns:
        total[one.role] += 1
        good[one.role] += right(one.role, role_of(one, enough, clear))
    return {role: round(good[role] / total[role], 3) for role in total}


def judge(columns: Sequence[Told]) -> None:
    """Print what rules find alone, what is found with the chances of ``bearing``, and the best ones for some budgets."""
    print("rules", shares(columns, dict.fromkeys(bearing.ENOUGH, 2.0), 2.0))
    print("as set", shares(columns, bearing.ENOUGH, bearing.CLEAR))
    tried = [
        ({"direct": d, "quasi": q, "text": 0.5, "sensitive": s}, clear)
        for d in (0.3, 0.45, 0.6, 0.75) for q in (0.4, 0.55, 0.7, 0.85) for s in (0.2, 0.3, 0.4, 0.55, 0.7)
        for clear in (0.6, 0.75, 0.9, 2.0)
    ]  # fmt: skip
    results = [(shares(columns, enough, clear), enough, clear) for enough, clear in tried]
    for budget in (0.04, 0.05, 0.06, 0.08, 0.1):
        held = [r for r in results if 1 - r[0]["none"] <= budget]
        if held:
            print(
                budget,
                max(held, key=lambda r: 2 * min(r[0]["direct"], 0.97) + min(r[0]["quasi"], 0.9) + r[0]["sensitive"]),
            )


def write(known: Learnt) -> None:
    """Write a line for each sign: itself and its weight for each class, those of the readings one after the other."""
    lines = []
    for name, least in (("first", 3), ("table", 1), ("column", 3)):
        weights: Weights = getattr(known, name)
        whole = np.rint((weights.values - weights.values.mean(axis=1, keepdims=True)) * bearing.SCALE).astype(int)
        lines.append(f"[{name}]")
        for sign, at in weights.signs.items():
            if np.abs(whole[at]).max() >= least:
                lines.append(f"{sign}\t{','.join(str(w) if w else '' for w in whole[at])}")
    text = "\n".join(lines) + "\n"
    TARGET.write_text(text, "utf-8")
    print(f"{len(lines)} signs, {len(text.encode()) / 1e6:.2f} MB")


def kept() -> list[Lesson]:
    """Return the lessons, read again unless the environment says where they are kept."""
    path = Path(os.environ["LESSONS"]) if "LESSONS" in os.environ else None
    if path is not None and path.is_file():
        return list(pickle.loads(path.read_bytes()))
    given = lessons()
    if path is not None:
        path.write_bytes(pickle.dumps(given))
    return given


def main() -> None:
    given, alone = kept(), headers()
    prepare(given, alone)
    print(len(given), "tables,", sum(len(x.roles) for x in given), "columns,", len(alone), "headers")
    if "--judge" in sys.argv:
        judge(left_out(given, alone, sorted({x.file for x in given} - set(RULED))))
        return
    write(learnt(given, alone))


if __name__ == "__main__":
    main()
