"""Linkage: joining what is published to somebody known elsewhere.

Four ways: knowing a few columns of a person as they are in the original; an identifier that stands in other files too; a
code that is the digest of something known (a NIR, a name, a mailbox); another published dataset that shares columns.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import combinations, permutations
from pathlib import Path

import numpy as np

from parvis.frozen import dataclass
from parvis.privacy.attacks.attack import LINKABILITY, Attack
from parvis.privacy.attacks.case import SAME, SEED, Array, Case, Coded, combined, load, named, texts
from parvis.text import fold
from parvis.values import Column, Kind, msg

TARGETS = 1_000  # persons tried
_SETS = 40  # sets of columns drawn at random for each number of columns known
_UNIQUE = 0.95  # share of distinct values from which a column of codes is an identifier
_HASHED = 200  # values of which digests are computed for each column
_PAIRED = 5  # columns whose values are joined two by two before hashing
_SHARED = 0.5  # share of our distinct values that another table must have for a column to be the same one
_FEW_ROWS = 3  # under which nothing is an identifier

HINT_KNOWN = msg("Regroupez ces colonnes, ou n'en gardez que ce qui informe le public.")
HINT_ID = msg("Retirez cet identifiant, ou remplacez-le par un numéro tiré au hasard pour cette seule publication.")
HINT_HASH = msg("Retirez ce code, ou tirez-le au hasard : une empreinte se recalcule à partir de ce qu'elle cache.")
OPEN_BASE = msg("Par {columns}, {won} ligne(s) sur {tried} se cherchent dans « {title} », qui donne {gives}.")
HINT_SHARED = msg("Regroupez les colonnes communes, ou publiez les deux jeux avec la même précision.")
KNOWN = msg(
    "Qui connaît {known} information(s) sur quelqu'un, prises au hasard, retrouve sa ligne {won} fois sur {tried}."
)
ALL_KNOWN = msg("Qui connaît {columns} de quelqu'un retrouve sa ligne {won} fois sur {tried}.")
SAID = msg("Qui en sait autant que « {who} » ({columns}) retrouve la ligne de quelqu'un {won} fois sur {tried}.")
IDENTIFIER = msg(
    "La colonne {columns} désigne chaque ligne par un identifiant qui peut se trouver dans d'autres fichiers."
)
HASH = msg(
    "La colonne {columns} est l'empreinte ({method}) de « {hidden} » : qui connaît cette valeur retrouve la ligne, "
    "{won} fois sur {tried}."
)
CODE = msg("La colonne {columns} est faite de codes : ce sont des pseudonymes, donc encore des données personnelles.")
SHARED = msg(
    "{won} ligne(s) sur {tried} se retrouvent seules dans le jeu « {title} » par {columns} : on y lit aussi {gained}."
)
SHARED_SAME = msg("{won} ligne(s) sur {tried} se retrouvent seules dans le jeu « {title} » par {columns}.")


@dataclass(frozen=True, slots=True)
class Public:
    """Another table that everybody may read: a version of the same dataset, or another dataset."""

    path: Path
    columns: Sequence[Column]
    title: str
    number: int = 0  # of a version of the same dataset, 0 for another dataset


@dataclass(frozen=True, slots=True)
class OpenBase:
    """Open data of the country: the sets of meanings by which a row is found in it, and what it tells of a person."""

    title: str
    by: Sequence[Sequence[str]]
    gives: str
    source: str


def attacks(
    case: Case, others: Sequence[Public] = (), knowledge: Mapping[str, Sequence[str]] | None = None
) -> Iterator[Attack]:
    """Yield what each way gives. ``knowledge`` says who knows what: « un voisin » -> names of columns."""
    if not case.rows:
        return
    yield from _known(case, knowledge or {})
    hashed = list(_hashes(case))
    yield from hashed
    yield from _identifiers(case, {label for a in hashed for label in a.columns})
    yield from _open_bases(case)
    for other in others:
        yield from shared(case, other)


# --- Knowing a few columns ------------------------------------------------------------------------


def _known(case: Case, knowledge: Mapping[str, Sequence[str]]) -> Iterator[Attack]:
    usable = [n for n in case.known if n in case.published]
    if not usable:
        return
    random = np.random.default_rng(SEED)
    targets = case.sample(TARGETS)
    for size in (1, 2, 3):
        if size < len(usable):
            sets = _drawn(usable, size, random)
            found = [_found(case, int(row), sets[i % len(sets)]) for i, row in enumerate(targets)]
            yield _told(case, f"linkability.known_{size}", found, (), KNOWN, known=size)
    yield _told(case, "linkability.known_all", [_found(case, int(r), usable) for r in targets], usable, ALL_KNOWN)
    for who, names in knowledge.items():
        some = [n for n in names if n in case.published]
        if some:
            found = [_found(case, int(r), some) for r in targets]
            yield _told(case, "linkability.said", found, some, SAID, who=who)


def _drawn(names: Sequence[str], size: int, random: np.random.Generator) -> list[tuple[str, ...]]:
    every = list(combinations(names, size))
    if len(every) <= _SETS:
        return every
    return [every[int(i)] for i in random.choice(len(every), _SETS, replace=False)]


def _found(case: Case, row: int, names: Sequence[str]) -> float:
    """Return the chance that the attacker points at the right person."""
    return 1.0 / case.possible(row, names)


def _told(
    case: Case, name: str, found: Sequence[float], names: Sequence[str], message: str, **values: object
) -> Attack:
    alone = [f == 1.0 for f in found]
    rows = case.sample(TARGETS)[np.flatnonzero(alone)]
    return Attack(
        name=name,
        criterion=LINKABILITY,
        tried=len(found),
        won=round(sum(found), 3),
        chance=1.0 / max(case.number, 1),
        message=message,
        columns=case.shown(names),
        values={
            "columns": case.named(names),
            "won": round(sum(found)),
            "tried": len(found),
            "alone": sum(alone),
            **values,
        },
        hint=HINT_KNOWN,
        lines=case.lines_of(rows),
        sampled=len(found) < case.rows,
    )


# --- Identifiers ----------------------------------------------------------------------------------


def _identifiers(case: Case, said: set[str]) -> Iterator[Attack]:
    """Yield the columns of codes that designate each row, as they stand in the town's own files."""
    for name, held in case.published.items():
        if held.column.label in said or not _designates(held, case.rows):
            continue
        if _coded(held):
            yield _column(case, "linkability.code", name, CODE, HINT_HASH)
        elif name in case.original and case.became(name) == SAME:
            yield _column(case, "linkability.identifier", name, IDENTIFIER, HINT_ID)


def _designates(held: Coded, rows: int) -> bool:
    """True for a column of codes, not of measures, whose values nearly never come twice, nor only count the rows."""
    if rows <= _FEW_ROWS or held.column.kind not in (Kind.TEXT, Kind.INTEGER) or held.size < _UNIQUE * rows:
        return False
    written = [t for t in texts(held)[:_HASHED] if t]
    if held.position is not None and _counts(held.position):
        return False
    return sum(any(c.isdigit() for c in t) and " " not in t.strip() for t in written) > len(written) / 2


def _counts(position: Array) -> bool:
    """True for 1, 2, 3 …: a number that stands for the row's place and nothing else."""
    steps = np.diff(position)
    return bool(len(steps)) and bool(np.all(steps == 1))


def _coded(held: Coded) -> bool:
    """True for codes that no person writes: letters and figures together, long, without a space."""
    written = [t for t in texts(held)[:_HASHED] if t]
    mixed = [t for t in written if _LOOKS_HASHED.fullmatch(t) and any(map(str.isalpha, t)) and any(map(str.isdigit, t))]
    return bool(written) and len(mixed) > 0.8 * len(written)


def _column(case: Case, name: str, column: str, message: str, hint: str) -> Attack:
    held = case.published[column]
    filled = int((~held.values.is_null().to_numpy(zero_copy_only=False)[held.codes]).sum())
    return Attack(
        name=name,
        criterion=LINKABILITY,
        tried=case.rows,
        won=filled,
        message=message,
        columns=case.shown([column]),
        values={"columns": case.named([column])},
        hint=hint,
        assumed=True,
    )


# --- Digests --------------------------------------------------------------------------------------

_LOOKS_HASHED = re.compile(r"(?:0x)?[0-9a-fA-F]{8,128}|[A-Za-z0-9+/_-]{20,88}={0,2}")
_SEPARATORS = ("", " ", "-", "_", ";", "|", ".")
METHODS: Mapping[str, Callable[[bytes], str]] = {
    "MD5": lambda b: hashlib.md5(b, usedforsecurity=False).hexdigest(),
    "SHA-1": lambda b: hashlib.sha1(b, usedforsecurity=False).hexdigest(),
    "SHA-224": lambda b: hashlib.sha224(b).hexdigest(),
    "SHA-256": lambda b: hashlib.sha256(b).hexdigest(),
    "SHA-384": lambda b: hashlib.sha384(b).hexdigest(),
    "SHA-512": lambda b: hashlib.sha512(b).hexdigest(),
    "SHA3-256": lambda b: hashlib.sha3_256(b).hexdigest(),
    "BLAKE2b": lambda b: hashlib.blake2b(b).hexdigest(),
    "CRC-32": lambda b: f"{zlib.crc32(b):08x}",
}


def _hashes(case: Case) -> Iterator[Attack]:
    """Yield the published codes that are digests of original columns, found by computing them."""
    suspects = [n for n, c in case.published.items() if c.column.kind is Kind.TEXT and _coded(c)]
    if not suspects:
        return
    hidden = [n for n in case.original if n not in suspects and case.original[n].column.kind is not Kind.NUMBER]
    rows = case.sample(_HASHED)
    plain = {n: _cells(case.original[n], rows) for n in hidden}
    for suspect in suspects:
        shown = [_plain_code(t) for t in _cells(case.published[suspect], rows)]
        hit = _source(plain, shown)
        if hit:
            names, method, won = hit
            yield Attack(
                name="linkability.hash",
                criterion=LINKABILITY,
                tried=len(rows),
                won=won,
                message=HASH,
                columns=case.shown([suspect]),
                values={
                    "columns": case.named([suspect]),
                    "method": method,
                    "hidden": " + ".join(case.shown(names)),
                    "won": won,
                    "tried": len(rows),
                },
                hint=HINT_HASH,
                sampled=len(rows) < case.rows,
            )


def _cells(held: Coded, rows: Array) -> list[str]:
    written = texts(held)
    return [written[c] or "" for c in held.codes[rows]]


def _plain_code(text: str) -> str:
    return text.lower().removeprefix("0x")


def _source(plain: Mapping[str, Sequence[str]], shown: Sequence[str]) -> tuple[tuple[str, ...], str, int] | None:
    """Return (columns, method, rows found) of what the codes are digests of, or None."""
    singles = [((name,), cells) for name, cells in plain.items()]
    names = sorted(plain, key=lambda n: -len(set(plain[n])))[:_PAIRED]
    pairs = [
        ((a, b), [f"{x}{sign}{y}" if x and y else "" for x, y in zip(plain[a], plain[b], strict=True)])
        for a, b in permutations(names, 2)
        for sign in _SEPARATORS
    ]
    for columns, cells in [*singles, *pairs]:
        probe = [i for i, c in enumerate(cells) if c and shown[i]][:5]  # a wrong way shows on the first ones
        for method, digest in METHODS.items():
            for variant in _VARIANTS:
                if probe and all(_is_digest(digest, variant, cells[i], shown[i]) for i in probe):
                    won = sum(bool(c) and _is_digest(digest, variant, c, s) for c, s in zip(cells, shown, strict=True))
                    return columns, method, won
    return None


_VARIANTS: tuple[Callable[[str], str], ...] = (
    lambda t: t,
    lambda t: t.strip(),
    lambda t: t.upper(),
    lambda t: t.lower(),
    fold,
    lambda t: fold(t).upper(),
    lambda t: re.sub(r"[\s.\-/]", "", t),
    lambda t: re.sub(r"[\s.\-/]", "", t)[:13],  # a NIR without its key
)


def _is_digest(digest: Callable[[bytes], str], variant: Callable[[str], str], cell: str, code: str) -> bool:
    told = digest(variant(cell).encode())
    return len(code) >= 8 and told.startswith(code)  # codes are often cut


# --- Open bases of the country ------------------------------------------------------------------


@cache
def open_bases() -> tuple[OpenBase, ...]:
    """Return the open data to which a table may be joined, in the order of the file."""
    told = tomllib.loads((Path(__file__).parents[1] / "open_bases.toml").read_text("utf-8"))["base"]
    return tuple(OpenBase(b["title"], tuple(tuple(x) for x in b["by"]), b["gives"], b["source"]) for b in told)


def _open_bases(case: Case) -> Iterator[Attack]:
    """Yield the bases that the columns left as they are may be looked up in, with the rows that they designate alone."""
    left: dict[str, str] = {}
    for name, held in case.published.items():
        if held.column.meaning and (name not in case.original or case.became(name) == SAME):
            left.setdefault(held.column.meaning, name)
    for base in open_bases():
        names = next(([left[m] for m in by] for by in base.by if set(by) <= set(left)), [])
        if not names:
            continue
        groups, sizes = case.grouped(names)
        filled = ~np.logical_or.reduce(
            [case.published[n].values.is_null().to_numpy(False)[case.published[n].codes] for n in names]
        )
        won = int(((sizes[groups] == 1) & filled).sum())
        if won:
            yield Attack(
                name="linkability.open_base",
                criterion=LINKABILITY,
                tried=case.rows,
                won=won,
                message=OPEN_BASE,
                columns=case.shown(names),
                values={
                    "columns": case.named(names),
                    "won": won,
                    "tried": case.rows,
                    "title": base.title,
                    "gives": base.gives,
                },
                hint=HINT_KNOWN,
                assumed=True,
            )


# --- Another dataset ------------------------------------------------------------------------------


def shared(case: Case, other: Public) -> Iterator[Attack]:
    """Yield what the columns that another dataset shares with this one let a reader join."""
    theirs = load(other.path, [c for c in other.columns if c.kind is not Kind.GEOMETRY])
    pairs = _same_columns(case.published, theirs)
    if not pairs:
        return
    ours_codes, theirs_codes = [], []
    for ours, their in pairs:
        first, second = _together(case.published[ours], theirs[their])
        ours_codes.append(first)
        theirs_codes.append(second)
    rows = case.rows
    count = len(theirs_codes[0])
    groups = combined([np.concatenate(p) for p in zip(ours_codes, theirs_codes, strict=True)], rows + count)
    mine, other_rows = groups[:rows], groups[rows:]
    size = int(groups.max()) + 1
    alone = np.flatnonzero(
        (np.bincount(mine, minlength=size) == 1)[mine] & (np.bincount(other_rows, minlength=size) == 1)[mine]
    )
    if not len(alone):
        return
    gained = [c.column.label or n for n, c in theirs.items() if n not in {t for _, t in pairs}]
    yield Attack(
        name="linkability.shared",
        criterion=LINKABILITY,
        tried=rows,
        won=len(alone),
        chance=1.0 / count if count else 0.0,
        message=SHARED if gained else SHARED_SAME,
        columns=case.shown([o for o, _ in pairs]),
        values={
            "columns": case.named([o for o, _ in pairs]),
            "title": other.title,
            "won": len(alone),
            "tried": rows,
            "gained": named(gained),
        },
        hint=HINT_SHARED,
        lines=case.lines_of(alone),
    )


def _same_columns(ours: Mapping[str, Coded], theirs: Mapping[str, Coded]) -> list[tuple[str, str]]:
    """Return the pairs of columns that hold the same thing: same name or meaning, and mostly the same values."""
    out: list[tuple[str, str]] = []
    taken: set[str] = set()
    for name, held in ours.items():
        same = [
            t
            for t, c in theirs.items()
            if t not in taken
            and (
                t == name
                or (held.column.meaning and held.column.meaning == c.column.meaning)
                or fold(c.column.label) == fold(held.column.label)
            )
        ]
        mine = {v for v in texts(held) if v is not None}
        best = max(same, key=lambda t: _overlap(mine, theirs[t]), default="")
        if best and held.size > 1 and _overlap(mine, theirs[best]) >= _SHARED:
            out.append((name, best))
            taken.add(best)
    return out


def _overlap(mine: set[str], other: Coded) -> float:
    return len(mine & {v for v in texts(other) if v is not None}) / len(mine) if mine else 0.0


def _together(first: Coded, second: Coded) -> tuple[Array, Array]:
    """Return the codes of both columns under the same numbers."""
    numbers: dict[str | None, int] = {}
    maps = []
    for held in (first, second):
        maps.append(np.array([numbers.setdefault(v, len(numbers)) for v in texts(held)] or [0], np.int64))
    return maps[0][first.codes], maps[1][second.codes]
