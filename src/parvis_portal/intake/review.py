"""What the review page shows of a draft: findings by who can act, repairs before and after, rules, a preview."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from parvis.plugins import found as plugins
from parvis.privacy.meanings import GROUNDS
from parvis.values import Finding, Place, Policy, Preparation, Severity, Step, msg
from parvis_portal.intake.models import Draft
from parvis_portal.people.models import Act


@dataclass(frozen=True, slots=True)
class Line:
    """A draft as the desk lists it."""

    title: str
    file_name: str
    table: str
    state: str
    state_title: str
    at: Any
    url: str
    public_url: str
    blocks: int
    warns: int
    rows: int
    error: str


def line(draft: Draft) -> Line:
    findings = draft.preparation.get("findings", [])
    dataset = draft.dataset
    public = dataset is not None and dataset.current_id is not None and draft.state == Draft.State.RELEASED
    return Line(
        title=draft.title,
        file_name=draft.submission.name,
        table=str(draft.preparation["profile"].get("table", "")),
        state=draft.state,
        state_title=draft.get_state_display(),
        at=draft.decided_at or draft.submission.received_at,
        url=reverse("intake:draft", args=[draft.pk]),
        public_url=reverse("site:dataset", args=[dataset.slug]) if public and dataset else "",
        blocks=sum(f["severity"] == "block" for f in findings),
        warns=sum(f["severity"] == "warn" for f in findings),
        rows=int(draft.preparation["profile"]["rows"]),
        error=draft.error,
    )


@dataclass(frozen=True, slots=True)
class Remark:
    """A finding in the reader's language, its places filled in."""

    severity: str
    text: str
    where: str
    hint: str
    why: str
    count: int
    examples: Sequence[str]
    code: str


def remark(finding: Finding) -> Remark:
    return Remark(
        severity=str(finding.severity),
        text=_said(finding.message, finding.values),
        where=where(finding.place),
        hint=_said(finding.hint, finding.values),
        why=_said(finding.why, finding.values),
        count=finding.count,
        examples=finding.examples,
        code=finding.code,
    )


def _said(sentence: str, values: Mapping[str, Any]) -> str:
    """Return a sentence of the engine in the reader's language; the values it carries may be sentences too."""
    if not sentence:
        return ""
    told = {k: _(v) if isinstance(v, str) and v else v for k, v in values.items()}
    return _(sentence).format(**told)


def where(place: Place | None) -> str:
    """Return where a finding stands, in the words of the agent's program."""
    if place is None:
        return ""
    parts = [
        _("feuille « %s »") % place.sheet if place.sheet else "",
        _("cellule %s") % place.cell if place.cell else "",
        _("colonne « %s »") % place.column if place.column and not place.cell else "",
        _("ligne %s") % place.line if place.line and not place.cell else "",
    ]
    return ", ".join(p for p in parts if p)


@dataclass(frozen=True, slots=True)
class Group:
    severity: str
    title: str
    items: Sequence[Remark]


def grouped(findings: Sequence[Finding]) -> list[Group]:
    """Return the findings by severity, most serious first."""
    titles = {
        Severity.REFUSE: _("Empêche la lecture"),
        Severity.BLOCK: _("À décider avant de publier"),
        Severity.WARN: _("À corriger si possible"),
        Severity.INFO: _("Bon à savoir"),
    }
    groups = [Group(str(s), t, [remark(f) for f in findings if f.severity is s]) for s, t in titles.items()]
    return [g for g in groups if g.items]


@dataclass(frozen=True, slots=True)
class Repair:
    text: str
    pairs: Sequence[tuple[str, str]]


def repairs(steps: Sequence[Step]) -> list[Repair]:
    return [Repair(_said(s.message, s.values) or s.repair, list(zip(s.before, s.after, strict=False))) for s in steps]


@dataclass(frozen=True, slots=True)
class RuleLine:
    """What is proposed for one column, and what may be chosen instead."""

    column: str
    label: str
    meaning: str
    reason: str
    transform: str
    ground: str
    choices: Sequence[tuple[str, str]]
    grounds: Sequence[tuple[str, str]]
    decided: bool


def rules(draft: Draft) -> list[RuleLine]:
    preparation = draft.prepared
    columns = {c.name: c for c in preparation.profile.columns}
    titles = {name: _(d.TITLE) for name, d in plugins("parvis.profiling.detectors", "detectors").items()}
    transforms = plugins("parvis.privacy.transforms", "transforms")
    choices = [(name, _(t.TITLE)) for name, t in transforms.items()]
    grounds = [(name, _(said)) for name, said in GROUNDS.items()]
    return [
        RuleLine(
            column=rule.column,
            label=columns[rule.column].label if rule.column in columns else rule.column,
            meaning=titles.get(columns[rule.column].meaning, "") if rule.column in columns else "",
            reason=_(rule.reason) if rule.reason else "",
            transform=rule.transform,
            ground=rule.ground,
            choices=choices,
            grounds=grounds,
            decided=bool(rule.decided_by),
        )
        for rule in draft.decided_policy.rules
    ]


def chosen(posted: Mapping[str, Any], draft: Draft) -> dict[str, tuple[str, str]]:
    """Return what the form says of each rule: column -> (transform, ground). What was not sent is not decided."""
    out = {}
    for rule in draft.decided_policy.rules:
        transform = str(posted.get(f"transform:{rule.column}", ""))
        if transform and posted.get(f"decide:{rule.column}"):
            out[rule.column] = (transform, str(posted.get(f"ground:{rule.column}", "")))
    return out


def preview(preparation: Preparation, policy: Policy) -> dict[str, Any]:
    """Return the first rows as they would be published under what was proposed."""
    gone = {r.column for r in policy.rules if r.transform == "drop"}
    hidden = {r.column for r in policy.rules if r.transform != "drop"}
    columns = [c for c in preparation.profile.columns if c.name not in gone and c.kind != "geometry"]
    rows = [[row.get(c.name) for c in columns] for row in preparation.preview]
    return {"columns": columns, "rows": rows, "hidden": [c.label for c in columns if c.name in hidden]}


_VERBS = {
    "receive": msg("a déposé le fichier"),
    "propose": msg("a proposé la publication"),
    "approve": msg("a approuvé la publication"),
    "discard": msg("a écarté le brouillon"),
    "release": msg("a publié la version"),
    "withdraw": msg("a retiré les données"),
}


def act(row: Act) -> dict[str, Any]:
    """Return a line of the journal as people read it."""
    said = row.details.get("reason") or row.details.get("name") or row.details.get("title") or ""
    return {"at": row.at, "by": row.by, "verb": _(_VERBS.get(row.verb, row.verb)), "details": said}
