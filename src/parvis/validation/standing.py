"""Where a table stands: the level it reaches, its score by dimension, why, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from parvis.frozen import dataclass
from parvis.values import Finding, Severity, Version, msg


class Level(StrEnum):
    """Three steps, each of which contains the one before; WAITING is none of them."""

    WAITING = "waiting"  # a person must decide something first, or the file could not be read
    PUBLISHABLE = "publishable"
    CONFORMING = "conforming"
    EXEMPLARY = "exemplary"


TITLES: Mapping[Level, str] = {
    Level.WAITING: msg("À décider"),
    Level.PUBLISHABLE: msg("Publiable"),
    Level.CONFORMING: msg("Conforme"),
    Level.EXEMPLARY: msg("Exemplaire"),
}
MEANINGS: Mapping[Level, str] = {
    Level.WAITING: msg("Il reste une décision à prendre avant de publier."),
    Level.PUBLISHABLE: msg("Vous pouvez publier dès maintenant ; rien ne vous en empêche."),
    Level.CONFORMING: msg("Le fichier suit son schéma : les outils nationaux l'acceptent."),
    Level.EXEMPLARY: msg("Rien à redire : le fichier est juste, complet et bien décrit."),
}
# What the middle level means of a table that was held against no schema.
_COHERENT = msg("Rien ne s'y contredit ; il n'a été vérifié contre aucun schéma.")
DIMENSIONS: Mapping[str, tuple[str, float]] = {  # name -> (title, weight)
    "completeness": (msg("Cellules remplies"), 0.2),
    "validity": (msg("Valeurs justes"), 0.35),
    "uniqueness": (msg("Sans doublon"), 0.1),
    "consistency": (msg("Cohérence"), 0.2),
    "documentation": (msg("Colonnes décrites"), 0.15),
}
# What of the findings weighs on each dimension, to say why it is not full.
_WEIGHS: Mapping[str, tuple[str, ...]] = {
    "completeness": ("schema.required_cell", "schema.missing", "columns.empty", "continuity.column_emptied"),
    "validity": ("types.", "schema.", "values.siret", "values.insee_unknown"),
    "uniqueness": ("rows.duplicate", "schema.not_unique", "values.duplicate_id"),
    "consistency": ("values.", "across.", "continuity.", "schema.together"),
    "documentation": ("metadata.", "columns.", "schema.unknown_columns"),
}
# Remarks that no agent can mend in the file, or that tell of it and blame nothing.
_NEUTRAL = ("rows.alike", "schema.pattern_unread", "schema.not_verified", "check.", "continuity.columns_new")
_CONFORMITY = ("schema.", "types.", "values.siret_key", "values.siret_spoilt")


@dataclass(frozen=True, slots=True)
class Standing:
    """The level reached, the next one (None at the top), and the findings that stand between both."""

    level: Level
    following: Level | None
    missing: Sequence[Finding]


def meaning(level: Level, schema: str) -> str:
    """Return what a level means; ``schema`` is the id of the one that the table was held against, "" for none."""
    return MEANINGS[level] if schema or level is not Level.CONFORMING else _COHERENT


def standing(findings: Sequence[Finding], schema: str = "") -> Standing:
    """Return the level that a table reaches; ``schema`` is the id of the one it was held against, "" for none.

    Publishable: nothing waits for a decision. Conforming: no cell and no required column is against the schema; without
    a schema, nothing of the table contradicts itself. Exemplary: no remark that an agent could act on. A column that
    the schema does not require never counts.
    """
    acted = [f for f in findings if not f.code.startswith(_NEUTRAL)]
    waiting = [f for f in acted if f.severity in (Severity.REFUSE, Severity.BLOCK)]
    if waiting:
        return Standing(Level.WAITING, Level.PUBLISHABLE, waiting)
    codes = _CONFORMITY if schema else (*_CONFORMITY, "values.", "rows.")
    against = [f for f in acted if f.severity is Severity.WARN and f.code.startswith(codes)]
    if against:
        return Standing(Level.PUBLISHABLE, Level.CONFORMING, against)
    left = [f for f in acted if f.severity is Severity.WARN or f.code.startswith(("metadata.", "schema.writing"))]
    if left:
        return Standing(Level.CONFORMING, Level.EXEMPLARY, left)
    return Standing(Level.EXEMPLARY, None, ())


@dataclass(frozen=True, slots=True)
class Dimension:
    """One side of quality: its share 0..1, and the finding that lowers it most, None when it is full."""

    name: str
    title: str
    share: float
    reason: Finding | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """``total`` is out of 100. ``action`` is the finding to mend first, ``gain`` the points that it would bring."""

    total: int
    dimensions: Sequence[Dimension]
    action: Finding | None = None
    gain: int = 0


def score(quality: Mapping[str, float], findings: Sequence[Finding]) -> Score:
    """Return the score of a table from its measured quality (``validation.run.quality``) and what was found."""
    known = {name: share for name, share in quality.items() if name in DIMENSIONS}
    dimensions = tuple(
        Dimension(name, title, known[name], _reason(name, findings) if known[name] < 1 else None)
        for name, (title, _) in DIMENSIONS.items()
        if name in known
    )
    total = _total(known)
    action = _first(findings, dimensions)
    gain = 0
    if action is not None:
        helped = {d.name: 1.0 for d in dimensions if d.reason is not None and d.reason.code == action.code}
        gain = max(_total({**known, **helped}) - total, 0)
    return Score(total, dimensions, action, gain)


def history(versions: Sequence[Version]) -> tuple[tuple[Version, int], ...]:
    """Return the versions of a dataset with the score each one had, oldest first; those never measured are left out."""
    measured = [v for v in versions if v.quality]
    return tuple((v, _total(v.quality)) for v in sorted(measured, key=lambda v: (v.created_at, v.number)))


# --- Steps ----------------------------------------------------------------------------------------


def _total(quality: Mapping[str, float]) -> int:
    weights = {name: DIMENSIONS[name][1] for name in quality if name in DIMENSIONS}
    whole = sum(weights.values())
    return round(100 * sum(quality[n] * w for n, w in weights.items()) / whole) if whole else 0


def _reason(dimension: str, findings: Sequence[Finding]) -> Finding | None:
    said = [f for f in findings if f.code.startswith(_WEIGHS[dimension]) and f.severity is not Severity.REFUSE]
    return max(said, key=_weight, default=None)


def _first(findings: Sequence[Finding], dimensions: Sequence[Dimension]) -> Finding | None:
    """Return what to do next: what waits for a decision, else what is easiest among what weighs most."""
    waiting = [f for f in findings if f.severity in (Severity.REFUSE, Severity.BLOCK)]
    if waiting:
        return waiting[0]
    acted = [f for f in findings if f.hint and not f.code.startswith(_NEUTRAL)]
    warned = [f for f in acted if f.severity is Severity.WARN]
    return max(warned or acted, key=_weight, default=None)


def _weight(finding: Finding) -> tuple[int, bool, int]:
    rank = {Severity.REFUSE: 3, Severity.BLOCK: 2, Severity.WARN: 1, Severity.INFO: 0}
    return rank[finding.severity], finding.fix is not None, finding.count
