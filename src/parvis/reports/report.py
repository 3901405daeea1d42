"""What a report says, whatever it is written on: one value made of what was found, sentences filled in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from parvis.frozen import dataclass
from parvis.plugins import found as plugins
from parvis.text import listed, number, plural, spaced
from parvis.validation import standing
from parvis.values import Finding, Place, Preparation, Reception, Severity, Step, msg

Say = Callable[[str], str]  # gives a French sentence of the engine in the reader's language
LINES = 10_000  # lines that a finding names when a report is made
_SAID = 8  # lines told in a sentence
_TITLES: Mapping[Severity, str] = {
    Severity.REFUSE: msg("Empêche la lecture"),
    Severity.BLOCK: msg("À décider avant de publier"),
    Severity.WARN: msg("À corriger si possible"),
    Severity.INFO: msg("Bon à savoir"),
}


@dataclass(frozen=True, slots=True)
class Remark:
    """One finding in words: where it is, what it is, why it matters, what to do, which repair does it."""

    code: str
    severity: str
    text: str
    where: str
    lines: str  # « lignes 3, 4, 5 et 209 autres », "" when the place says all
    hint: str
    why: str
    repair: str
    count: int
    examples: Sequence[str]


@dataclass(frozen=True, slots=True)
class Group:
    severity: str
    title: str
    remarks: Sequence[Remark]


@dataclass(frozen=True, slots=True)
class Measure:
    """One dimension of the score: its share in per cent, and why it is not full."""

    title: str
    share: int
    reason: str


@dataclass(frozen=True, slots=True)
class Part:
    """What is said of one table."""

    title: str
    facts: str
    schema: str
    level: str  # id of the level: "publishable" ...
    level_title: str
    level_meaning: str
    following: str  # title of the next level, "" at the top
    missing: Sequence[str]  # what stands between both
    total: int  # of 100
    measures: Sequence[Measure]
    action: str
    gain: int
    groups: Sequence[Group]


@dataclass(frozen=True, slots=True)
class Report:
    """What is said of a file. ``day`` is ISO 8601."""

    name: str
    day: str
    groups: Sequence[Group]  # about the file as a whole
    parts: Sequence[Part]


def report(reception: Reception, *, day: str, say: Say = str) -> Report:
    """Return what a report says of a file and of each of its tables; ``say`` translates the engine's sentences."""
    parts = tuple(_part(p, say, len(reception.preparations) > 1) for p in reception.preparations)
    return Report(reception.parcel.name, day[:10], groups(reception.findings, say), parts)


def groups(findings: Sequence[Finding], say: Say = str) -> tuple[Group, ...]:
    """Return the findings by severity, most serious first."""
    out = []
    for severity, title in _TITLES.items():
        some = tuple(remark(f, say) for f in findings if f.severity is severity)
        if some:
            out.append(Group(str(severity), say(title), some))
    return tuple(out)


def remark(finding: Finding, say: Say = str) -> Remark:
    """Return a finding in words."""
    return Remark(
        finding.code,
        str(finding.severity),
        _filled(finding.message, finding.values, say),
        where(finding.place, say),
        _lines(finding, say),
        _filled(finding.hint, finding.values, say),
        _filled(finding.why, finding.values, say),
        _repair(finding.fix, say),
        finding.count,
        tuple(finding.examples),
    )


def where(place: Place | None, say: Say = str) -> str:
    """Return a place in the words of the agent's program: sheet, cell or line, column."""
    if place is None:
        return ""
    parts = [say(msg("feuille « {sheet} »")).format(sheet=place.sheet) if place.sheet else ""]
    if place.cell:
        parts.append(say(msg("cellule {cell}")).format(cell=place.cell))
    elif place.line:
        parts.append(say(msg("ligne {line}")).format(line=place.line))
    if place.column:
        parts.append(say(msg("colonne « {column} »")).format(column=place.column))
    return ", ".join(p for p in parts if p)


# --- Steps ----------------------------------------------------------------------------------------


def _part(preparation: Preparation, say: Say, several: bool) -> Part:
    profile = preparation.profile
    stands = standing.standing(preparation.findings, preparation.schema)
    scored = standing.score(preparation.quality, preparation.findings)
    facts = [
        profile.format.upper(),
        profile.encoding,
        plural(profile.rows, "ligne"),
        plural(len(profile.columns), "colonne"),
    ]
    match = next((m for m in profile.schemas if m.schema == preparation.schema), None)
    codes = dict.fromkeys(f.code for f in stands.missing)
    return Part(
        title=profile.table if several or profile.table else preparation.parcel.name,
        facts=", ".join(f for f in facts if f),
        schema=f"{match.title} ({match.schema})" if match is not None else preparation.schema,
        level=str(stands.level),
        level_title=say(standing.TITLES[stands.level]),
        level_meaning=say(standing.meaning(stands.level, preparation.schema)),
        following=say(standing.TITLES[stands.following]) if stands.following is not None else "",
        missing=tuple(_filled(_of(stands.missing, c).message, _of(stands.missing, c).values, say) for c in list(codes)[:12]),
        total=scored.total,
        measures=tuple(
            Measure(say(d.title), int(100 * d.share), _filled(d.reason.message, d.reason.values, say) if d.reason else "")
            for d in scored.dimensions
        ),
        action=_advice(scored.action, say),
        gain=scored.gain,
        groups=groups(preparation.findings, say),
    )  # fmt: skip


def _of(findings: Sequence[Finding], code: str) -> Finding:
    return next(f for f in findings if f.code == code)


def _advice(finding: Finding | None, say: Say) -> str:
    if finding is None:
        return ""
    hint = _filled(finding.hint, finding.values, say)
    return f"{_filled(finding.message, finding.values, say)} {hint}".strip()


def _filled(sentence: str, values: Mapping[str, Any], say: Say) -> str:
    """Return a sentence in the reader's language; values may be sentences of the engine too."""
    if not sentence:
        return ""
    told = {k: say(v) if isinstance(v, str) and v else number(v) if _counted(v) else v for k, v in values.items()}
    return spaced(say(sentence).format(**told))


def _counted(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 10_000


def _lines(finding: Finding, say: Say) -> str:
    if len(finding.lines) < 2:
        return ""
    shown = [number(n) for n in finding.lines[:_SAID]]
    rest = finding.count - len(shown)
    if rest > 0:
        return say(msg("lignes {lines} et {count} autres")).format(lines=", ".join(shown), count=number(rest))
    return say(msg("lignes {lines}")).format(lines=listed(shown))


def _repair(step: Step | None, say: Say) -> str:
    """Return what the proposed repair would do, « a » devient « b »."""
    if step is None:
        return ""
    plugin = plugins("parvis.tables.repairs", "repairs").get(step.repair)
    title = say(plugin.TITLE) if plugin is not None else step.repair
    pairs = step.parameters.get("pairs")
    if isinstance(pairs, Mapping):
        shown = [f"« {a} » → « {b} »" for a, b in list(pairs.items())[:5]]
        return f"{title} : {', '.join(shown)}{' …' if len(pairs) > 5 else ''}"
    said = ", ".join(f"« {v} »" for v in step.parameters.values() if isinstance(v, str))
    return f"{title} : {said}" if said else title
