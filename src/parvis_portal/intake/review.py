"""What the review page shows of a draft: findings by who can act, repairs before and after, rules, a preview."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from parvis.frozen import dataclass
from parvis.plugins import found as plugins
from parvis.privacy import criteria, untouched
from parvis.privacy import policy as policies
from parvis.privacy.criteria import Answer
from parvis.privacy.meanings import GROUNDS
from parvis.privacy.roles import roles
from parvis.privacy.trace import CODE as TRACE
from parvis.schemas import schema as schemas
from parvis.tables import parameters as questions
from parvis.tables import recipe as recipes
from parvis.text import fold, listed
from parvis.values import (
    BESIDE,
    NO_SCHEMA,
    Finding,
    Kind,
    Place,
    Policy,
    Preparation,
    Rule,
    Severity,
    Step,
    msg,
)
from parvis_portal.catalogue.models import Dataset
from parvis_portal.intake import neighbours, queries
from parvis_portal.intake.former import BORROWED
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
    ready: bool = False  # nothing new is to be decided: one press publishes
    within: str = ""  # the table of the same file that takes this one in
    aside: bool = False  # put aside by itself, as the same table was last time


def line(draft: Draft) -> Line:
    findings = queries.findings(draft) if draft.open else []
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
        blocks=sum(f.severity is Severity.BLOCK for f in findings),
        warns=sum(f.severity is Severity.WARN for f in findings),
        rows=int(draft.preparation["profile"]["rows"]),
        error=draft.error,
        ready=ready(draft),
        within=str(draft.preparation.get("within", "")),
        aside=draft.state == Draft.State.DISCARDED and draft.decided_by_id is None,
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
    fix: str = ""  # what the button that accepts its repair sends


def remark(finding: Finding, rank: int | None = None) -> Remark:
    return Remark(
        fix=f"fix:{rank}" if rank is not None and finding.fix is not None else "",
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


def grouped(findings: Sequence[Finding], own: int = 0) -> list[Group]:
    """Return the findings by severity, most serious first; the ``own`` first ones are on the whole file.

    What other files contradict is told apart (``beside``).
    """
    titles = {
        Severity.REFUSE: _("Empêche la lecture"),
        Severity.BLOCK: _("À décider avant de publier"),
        Severity.WARN: _("À corriger si possible"),
        Severity.INFO: _("Bon à savoir"),
    }
    ranked = [(f, n - own if n >= own else None) for n, f in enumerate(findings)]
    ranked = _gathered([(f, n) for f, n in ranked if BESIDE not in f.values])
    groups = [Group(str(s), t, [remark(f, n) for f, n in ranked if f.severity is s]) for s, t in titles.items()]
    return [g for g in groups if g.items]


_ABSENT = "schema.missing_field"
_MANY = 3  # columns that are missing from which they are said together


def _gathered(ranked: list[tuple[Finding, int | None]]) -> list[tuple[Finding, int | None]]:
    """Return the findings, those on columns that are missing said as one: a clerk adds them all at once."""
    absent = [f for f, _rank in ranked if f.code == _ABSENT]
    if len(absent) < _MANY:
        return ranked
    names = ", ".join(f"« {f.values['field']} »" for f in absent)
    one = dataclasses.replace(
        absent[0],
        message=msg("Il manque {count} colonnes obligatoires dans le schéma « {schema} » : {fields}."),
        values={**absent[0].values, "count": len(absent), "fields": names},
        hint=msg("Ajoutez-les sous ces noms exacts ; si l'une de vos colonnes dit la même chose, renommez-la."),
        count=len(absent),
    )
    first = next(n for n, (f, _rank) in enumerate(ranked) if f.code == _ABSENT)
    others = [(f, n) for f, n in ranked if f.code != _ABSENT]
    return [*others[:first], (one, None), *others[first:]]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A schema that a table may follow."""

    id: str
    title: str
    confidence: float
    reason: str


def schema(draft: Draft) -> dict[str, Any]:
    """Return what a table is held against, who chose it, and what it might be instead.

    ``state`` is "checked" (Parvis found it), "chosen" (a person did), "none" (a person wants none), "doubt" (Parvis is not
    sure: a person is asked) or "unknown".
    """
    preparation = draft.prepared
    near = [Candidate(m.schema, _(m.title), m.confidence, _(m.reason)) for m in preparation.profile.schemas]
    held = next((c for c in near if c.id == preparation.schema), None)
    doubtful = [c for c in near if c.confidence >= DOUBT]
    state = "doubt" if doubtful else "unknown"
    if preparation.schema:
        state = "chosen" if draft.schema else "checked"
    elif draft.schema == NO_SCHEMA:
        state = "none"
    return {
        "state": state,
        "held": held,
        "doubtful": doubtful if state == "doubt" else [],
        "others": [c for c in near if c.id != preparation.schema],
        "all": _all_schemas(),
    }


DOUBT = 0.35  # confidence from which a schema that is not sure is asked about


def _all_schemas() -> list[tuple[str, str]]:
    """Return every known schema, by title: (id, title)."""
    told = [(s, _(schemas.load(s).title)) for s in schemas.all_ids()]
    return sorted(told, key=lambda one: fold(one[1]))


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another table of the town that this one was held against, and what it contradicts."""

    title: str
    url: str
    waits: bool  # it is not released
    number: int
    items: Sequence[Remark]
    left: bool  # it took too long
    changed: bool  # it has a newer version, or is no longer there


def beside(draft: Draft) -> dict[str, Any] | None:
    """Return the other tables of the town that a draft was held against, those that contradict it first; None when none."""
    preparation = draft.prepared
    told = [c for c in preparation.beside if c.key != f"dataset:{draft.dataset_id}"]
    if not told:
        return None
    datasets = {f"dataset:{d.pk}": d for d in neighbours.datasets(draft, told)}
    waiting = {f"draft:{d.preparation['id']}": d for d in neighbours.drafts(draft, told)}
    lines = []
    for one in told:
        dataset, other = datasets.get(one.key), waiting.get(one.key)
        url = reverse("site:dataset", args=[dataset.slug]) if dataset is not None else ""
        current = dataset.current if dataset is not None else None
        lines.append(
            Neighbour(
                title=other.title if other is not None else one.title,
                url=reverse("intake:draft", args=[other.pk]) if other is not None else url,
                waits=one.key.startswith("draft:"),
                number=one.number,
                items=[remark(f) for f in preparation.findings if f.values.get(BESIDE) == one.key],
                left=one.left,
                changed=other is None and (current is None or current.number != one.number),
            )
        )
    lines.sort(key=lambda n: not n.items)
    return {
        "said": [n for n in lines if n.items],
        "silent": [n for n in lines if not n.items],
        "count": sum(len(n.items) for n in lines),
        "at": max(c.at for c in told),
        "changed": any(n.changed for n in lines),
    }


@dataclass(frozen=True, slots=True)
class StepLine:
    """A step as the page shows it: what it says, what it changes, and what a person may do of it."""

    rank: int
    text: str
    effects: Sequence[str]
    pairs: Sequence[tuple[str, str]]
    whole: bool  # the pairs are whole rows, not cells
    badge: str
    tone: str  # "", "warn", "good"
    off: bool
    acts: Sequence[tuple[str, str]]  # (what the button sends, what it says)


def steps(preparation: Preparation) -> list[StepLine]:
    """Return the steps that are done, or that a person does not want."""
    return [_step(n, s, preparation) for n, s in enumerate(preparation.recipe) if s.origin != "idea"]


def ideas(preparation: Preparation) -> list[StepLine]:
    """Return the steps that Parvis only suggests."""
    return [_step(n, s, preparation) for n, s in enumerate(preparation.recipe) if s.origin == "idea"]


def _step(n: int, step: Step, preparation: Preparation) -> StepLine:
    badge, tone = _badge(step, preparation)
    return StepLine(
        rank=n,
        text=_said(step.message, step.values) or step.repair,
        effects=_effects(step),
        pairs=list(zip(step.before, step.after, strict=False)),
        whole=any(len(text) > 40 for text in (*step.before, *step.after)),
        badge=badge,
        tone=tone,
        off=step.off,
        acts=_acts(n, step),
    )


def _badge(step: Step, preparation: Preparation) -> tuple[str, str]:
    if step.off:
        return _("non faite"), ""
    if step.lost:
        return _("colonne introuvable"), "block"
    if not step.found:
        return _("rien à faire ici"), ""
    if step.fresh and preparation.follows:
        return _("nouvelle"), "warn"
    return "", ""


def _effects(step: Step) -> list[str]:
    out = []
    if step.rows:
        out.append(_("lignes : %(before)s → %(after)s") % {"before": step.rows[0], "after": step.rows[1]})
    if step.columns:
        out.append(_("colonnes : %(before)s → %(after)s") % {"before": step.columns[0], "after": step.columns[1]})
    if step.cells:
        out.append(ngettext("%(n)s case changée", "%(n)s cases changées", step.cells) % {"n": step.cells})
    return out


def _acts(n: int, step: Step) -> list[tuple[str, str]]:
    if step.origin == "idea":
        return [(f"accept:{n}", _("Le faire"))]
    acts = []
    if any(step.lost.values()):
        near = ", ".join(f"« {x} »" for x in step.lost.values() if x)
        acts.append((f"nearest:{n}", _("Prendre %(near)s") % {"near": near}))
    acts.append((f"on:{n}", _("La refaire")) if step.off else (f"off:{n}", _("Ne pas le faire")))
    if step.origin == "hand":
        acts.append((f"remove:{n}", _("Retirer l'étape")))
    return acts


@dataclass(frozen=True, slots=True)
class Field:
    """One question of the form that adds a step, or of what becomes of a column."""

    name: str
    kind: str
    title: str
    help: str
    choices: Sequence[tuple[str, str]]
    value: str
    values: Sequence[str]
    optional: bool


_GROUPS = {
    "columns": msg("Les colonnes"),
    "rows": msg("Les lignes"),
    "table": msg("Le tableau"),
    "places": msg("Les lieux"),
}


def kinds() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the steps that may be added, by group: [(group, [(name, title)])]."""
    known = recipes.by_hand()
    return [
        (_(title), [(name, _(m.TITLE)) for name, m in known.items() if group == m.GROUP])
        for group, title in _GROUPS.items()
    ]


def adding(draft: Draft, name: str, posted: Mapping[str, Sequence[str]]) -> dict[str, Any] | None:
    """Return the form of a step to add, filled with what was sent; None when there is no such step."""
    plugin = recipes.by_hand().get(name)
    if plugin is None:
        return None
    labels = [c.label for c in draft.prepared.profile.columns if c.label and c.kind != "geometry"]
    fields = []
    for key, asked in plugin.PARAMETERS.items():
        given = list(posted.get(key, ()))
        choices = [(value, _(said)) for value, said in asked.choices.items()]
        if asked.kind in ("column", "columns"):
            choices = [(label, label) for label in labels]
        elif asked.kind == "reference":
            choices = _references(draft)
        fields.append(
            Field(key, asked.kind, _(asked.title), _(asked.help) if asked.help else "", choices,
                  given[0] if given else asked.default, given, asked.optional)
        )  # fmt: skip
    return {"name": name, "title": _(plugin.TITLE), "fields": fields}


def _references(draft: Draft) -> list[tuple[str, str]]:
    """Return the tables that a step may look into: (name, title)."""
    mine = str(draft.preparation["profile"].get("table", ""))
    tables = [str(d.preparation["profile"].get("table", "")) for d in draft.submission.drafts.order_by("pk")]
    out = [(f"table:{t}", _("dans ce fichier : %(table)s") % {"table": t}) for t in tables if t and t != mine]
    rows = Dataset.objects.filter(organisation=draft.organisation, current__isnull=False, current__withdrawn_at=None)
    return [*out, *((f"dataset:{d.pk}", d.described.title or d.slug) for d in rows.order_by("slug"))]


def change(preparation: Preparation, dataset: Dataset | None) -> str:
    """Return the sentence that says what is new since the last version, "" for a first one."""
    told = preparation.change
    if told is None or dataset is None:
        return ""
    parts = []
    if told.added is not None and told.removed is not None:
        parts += [ngettext("%(n)s ligne ajoutée", "%(n)s lignes ajoutées", told.added) % {"n": told.added}] * bool(
            told.added
        )
        gone = told.removed
        parts += [ngettext("%(n)s ligne retirée", "%(n)s lignes retirées", gone) % {"n": gone}] * bool(gone)
        if not parts:
            parts.append(_("les mêmes lignes"))
    else:
        parts.append(_("%(before)s lignes, puis %(after)s") % {"before": told.rows[0], "after": told.rows[1]})
    for labels, one, many in (
        (told.columns_added, _("nouvelle colonne %s"), _("nouvelles colonnes %s")),
        (told.columns_removed, _("colonne disparue %s"), _("colonnes disparues %s")),
    ):
        if labels:
            parts.append((one if len(labels) == 1 else many) % ", ".join(f"« {x} »" for x in labels[:6]))
    return _("Depuis la version %(number)s : %(what)s.") % {"number": told.number, "what": ", ".join(parts)}


def shape(preparation: Preparation) -> dict[str, Any] | None:
    """Return how the recipe of the last file went: steps replayed, new, that do not find their columns; None for a first."""
    if not preparation.follows:
        return None
    done = [s for s in preparation.recipe if s.origin != "idea" and not s.off]
    return {
        "replayed": sum(s.found and not s.fresh for s in done),
        "fresh": sum(s.fresh for s in done),
        "lost": sum(bool(s.lost) for s in done),
        "borrowed": preparation.follows.startswith(BORROWED),
    }


def ready(draft: Draft) -> bool:
    """True when a file of a known source may be published as it stands: nothing new is to be decided."""
    follows = str(draft.preparation.get("follows", ""))
    if draft.state not in (Draft.State.WAITING, Draft.State.PROPOSED) or not follows or follows.startswith(BORROWED):
        return False
    if draft.preparation.get("within") or draft.error or not draft.preparation["profile"]["rows"]:
        return False
    told = draft.rehearsed
    people = draft.decided_policy.anonymity is not None
    if (told is None and people) or (told is not None and (told.risen or told.refused)):
        return False
    return not queries.undecided(draft) and not waiting(draft.prepared)


def waiting(preparation: Preparation) -> list[Finding]:
    """Return what a person must look at before publishing, besides the columns to decide."""
    return [
        f
        for f in preparation.findings
        if f.severity in (Severity.BLOCK, Severity.REFUSE) and not f.code.startswith("privacy.")
    ]


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
    questions: Sequence[tuple[str, Sequence[Field]]]
    decided: bool
    by: str = ""


def rules(draft: Draft, also: str = "") -> list[RuleLine]:
    """Return what is decided or proposed for each column of the policy, and for the column ``also`` that has no rule yet."""
    preparation = draft.prepared
    columns = {c.name: c for c in preparation.profile.columns}
    titles = {name: _(d.TITLE) for name, d in plugins("parvis.profiling.detectors", "detectors").items()}
    choices = [(name, _(t.TITLE)) for name, t in policies.transforms().items()]
    grounds = [(name, _(said)) for name, said in GROUNDS.items()]
    told = list(draft.decided_policy.rules)
    if also in columns and not any(r.column == also for r in told):
        told.append(Rule(also, "keep"))
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
            questions=_questions(rule),
            decided=bool(rule.decided_by) or rule.column == also,
            by=rule.decided_by,
        )
        for rule in told
    ]


# What a column that nobody must decide on still tells of people, in the order of what matters most.
_TELLING = {
    "text": msg("Texte libre, à relire : {columns}. On y écrit parfois ce que le fichier ne devait pas dire."),
    "sensitive": msg("Protégé par la loi : {columns}. Parvis mesure si quelqu'un pourrait l'apprendre de son voisin."),
    "quasi": msg(
        "Ne nomme personne, mais aide à reconnaître quelqu'un : {columns}. Parvis en tient compte dans le risque."
    ),
}


def telling(draft: Draft) -> list[str]:
    """Return what the columns without a rule tell of people, a sentence for each way of telling."""
    preparation = draft.prepared
    ruled = {r.column for r in draft.decided_policy.rules}
    found = roles(preparation.profile, preparation.findings)
    told = [(found.get(c.name, ""), c.label or c.name) for c in preparation.profile.columns if c.name not in ruled]
    by_role = {role: [label for one, label in told if one == role] for role in _TELLING}
    return [_(_TELLING[role]).format(columns=listed(labels)) for role, labels in by_role.items() if labels]


def others(draft: Draft) -> list[tuple[str, str]]:
    """Return the columns that no rule speaks of: (name, label)."""
    ruled = {r.column for r in draft.decided_policy.rules}
    return [
        (c.name, c.label or c.name)
        for c in draft.prepared.profile.columns
        if c.name not in ruled and c.kind is not Kind.GEOMETRY
    ]


def chosen(posted: QueryDict, draft: Draft, *, every: bool = False) -> dict[str, policies.Choice]:
    """Return what the form says of each rule, by column. What was not sent is not decided.

    With ``every``, what the form proposes of a column is taken as decided, ticked or not. Raises: InputError.
    """
    out = {}
    ruled = {r.column: r for r in draft.decided_policy.rules}
    added = {name: Rule(name, "") for name, _label in others(draft) if f"transform:{name}" in posted}
    for rule in (ruled | added).values():
        transform = str(posted.get(f"transform:{rule.column}", ""))
        ground = str(posted.get(f"ground:{rule.column}", ""))
        if not transform or not (every or posted.get(f"decide:{rule.column}")):
            continue
        parameters = _parameters(posted, rule, transform)
        told = (transform, ground, rule.parameters if parameters is None else parameters)
        if not (rule.decided_by and told == (rule.transform, rule.ground, rule.parameters)):  # it stays whose it was
            out[rule.column] = policies.Choice(transform, ground, parameters)
    return out


def _parameters(posted: QueryDict, rule: Rule, transform: str) -> dict[str, Any] | None:
    """Return what was answered to the questions of a transform, None when they were not asked."""
    plugin = policies.transform(transform)
    asked = f"q:{rule.column}:{transform}:"
    if not plugin.PARAMETERS or asked not in posted:
        return None
    return questions.read(plugin, {name: posted.getlist(asked + name) for name in plugin.PARAMETERS}, ())


def _questions(rule: Rule) -> list[tuple[str, list[Field]]]:
    """Return what each transform asks, with the answers as they are: [(transform, fields)]."""
    out = []
    for name, plugin in policies.transforms().items():
        if not plugin.PARAMETERS:
            continue
        held = {**policies.defaults(plugin), **(rule.parameters if name == rule.transform else {})}
        fields = [
            Field(
                key, asked.kind, _(asked.title), _(asked.help) if asked.help else "", (), str(held[key] or ""), (),
                asked.optional,
            )
            for key, asked in plugin.PARAMETERS.items()
        ]  # fmt: skip
        out.append((name, fields))
    return out


def preview(draft: Draft) -> dict[str, Any]:
    """Return the first rows as they would be published under what was proposed or decided.

    While that is being tried, a column whose treatment changed shows nothing rather than what it was.
    """
    preparation, policy, told = draft.prepared, draft.decided_policy, draft.rehearsed
    if told is not None:
        columns = [c for c in told.columns if c.kind is not Kind.GEOMETRY]
        rows, stale = told.preview, False
    else:
        gone = {r.column for r in policy.rules if r.transform == "drop"}
        columns = [c for c in preparation.profile.columns if c.name not in gone and c.kind is not Kind.GEOMETRY]
        rows, stale = preparation.preview, _moved(policy) != _moved(preparation.policy)
    waiting = {c for c, _how in _moved(policy) ^ _moved(preparation.policy)} if stale else set()
    shown = [["…" if c.name in waiting else row.get(c.name) for c in columns] for row in rows]
    return {"columns": columns, "rows": shown, "stale": stale, "refused": told.refused if told else ""}


def _moved(policy: Policy) -> set[tuple[str, str]]:
    return {(r.column, f"{r.transform} {sorted(r.parameters.items())}") for r in policy.rules if r.transform != "drop"}


@dataclass(frozen=True, slots=True)
class Criterion:
    """One of the three questions of the CNIL: the verdicts of a raw copy and of what would be published."""

    name: str
    question: str
    before: str  # "met", "doubt", "failed" or "untried"
    after: str
    said: str
    attacks: Sequence[str]  # what was tried, the worst first
    hint: str
    lines: Sequence[int]  # of the original, of those who would still stand alone
    lines_before: Sequence[int]  # of those who would, were the file published as it came
    why_before: str


def risk(draft: Draft) -> dict[str, Any]:
    """Return what the law says of publishing a table and what an outsider could do with it, as far as it was tried."""
    told, policy = draft.rehearsed, draft.decided_policy
    out: dict[str, Any] = {
        "known": told is not None,
        "ground": policy.ground,
        "reason": policy.reason,
        "by": policy.decided_by,
    }
    if told is None or told.permission is None:
        return out
    out["risen"] = [_(f.message).format(**_said_of(f.values)) for f in told.risen]
    out["permission"] = {
        "verdict": told.permission.verdict,
        "headline": _(told.permission.headline),
        "said": [
            {"says": _(s.says), "todo": _(s.todo) if s.todo else "", "articles": [_(a.cite) for a in s.articles]}
            for s in told.permission.said
        ],
    }
    if told.before is not None and told.after is not None:
        pairs = zip(told.before.answers, told.after.answers, strict=True)
        out["criteria"] = [_criterion(before, after) for before, after in pairs]
        sentence, values = criteria.measured_on(told.after.scope)
        out["scope"] = _(sentence).format(**values)
        out["gauges"] = [round(100 * told.before.worst), round(100 * told.after.worst)]
    return out


def _said_of(values: Mapping[str, Any]) -> dict[str, Any]:
    return {k: _(v) if k == "criterion" else v for k, v in values.items()}


def _criterion(before: Answer, after: Answer) -> Criterion:
    tried = [_(a.message).format(**a.values) for a in after.attacks]
    worst = after.worst
    failed = after.verdict in (criteria.FAILED, criteria.DOUBT) and worst is not None
    return Criterion(
        name=_(criteria.NAMES[after.criterion]),
        question=_(criteria.QUESTIONS[after.criterion]),
        before=before.verdict,
        after=after.verdict,
        said=_(after.message).format(**after.values),
        attacks=tried,
        hint=_(worst.hint).format(**worst.values) if worst is not None and failed and worst.hint else "",
        lines=worst.lines if worst is not None and failed else (),
        lines_before=before.worst.lines if before.worst is not None else (),
        why_before=_(before.worst.message).format(**before.worst.values) if before.worst is not None else "",
    )


def original(draft: Draft) -> dict[str, Any]:
    """Return whether the file itself may be given, why, what stands in it beside the table, and what is chosen."""
    preparation = draft.prepared
    traces = [f for f in draft.submission.remarks if f.code == TRACE]
    told = untouched.may_give(preparation, draft.decided_policy, traces)
    chosen = draft.original if draft.original is not None else told.verdict == untouched.YES
    return {
        "may": told.verdict != untouched.NO,
        "says": _said(told.says, told.values),
        "beside": preparation.untouched.beside if told.verdict == untouched.ASK and preparation.untouched else (),
        "on": chosen,
        "name": draft.submission.name,
    }


_VERBS = {
    "receive": msg("a déposé le fichier"),
    "propose": msg("a proposé la publication"),
    "repair": msg("a changé les réparations de"),
    "approve": msg("a approuvé la publication"),
    "discard": msg("a écarté le brouillon"),
    "release": msg("a publié la version"),
    "withdraw": msg("a retiré les données"),
    "original.stop": msg("a cessé de donner le fichier d'origine"),
    "door.open": msg("a ouvert une clé pour les mesures"),
    "door.close": msg("a fermé la clé des mesures"),
    "expire": msg("a effacé du coffre, au terme de sa durée de garde, le fichier"),
}


def act(row: Act) -> dict[str, Any]:
    """Return a line of the journal as people read it."""
    said = row.details.get("reason") or row.details.get("name") or row.details.get("title") or ""
    return {"at": row.at, "by": row.by, "verb": _(_VERBS.get(row.verb, row.verb)), "details": said}
