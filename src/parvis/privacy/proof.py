"""The proof sheet of a version: what was found, what was done, the risk before and after, what remains, and the law.

A value like another, kept as JSON; a page, a PDF or an entry of the RGPD register are drawn from it. No original value
ever enters it. ``public`` is what everybody may read: neither who decided by name, nor lines of the original.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any

from parvis import __version__
from parvis.frozen import dataclass
from parvis.privacy import criteria as judging
from parvis.privacy import law, publishable, wording
from parvis.privacy import policy as policies
from parvis.privacy.budget import spent_by
from parvis.privacy.criteria import DOUBT, FAILED, UNTRIED, Criteria
from parvis.privacy.law import Article, Threshold
from parvis.privacy.meanings import GROUNDS
from parvis.privacy.publishable import Permission
from parvis.values import Column, Finding, Hiding, Policy, Profile, Rule, from_json, msg, to_json

FORMAT = 1  # of the JSON
THE_TOWN = "commune"  # who decided, for everybody

ALL_OF_THEM = (policies.ROWS, policies.COUNTS, policies.PLACES)  # where the label of a column stands, a sentence

NOTHING_LEFT = msg("Aucun risque au-dessus des seuils n'a été trouvé par les attaques menées.")
KEPT = msg("La colonne « {column} » garde des données personnelles. {ground}")
DESPITE = msg("Publié malgré le risque mesuré. {ground} La commune dit pourquoi : « {reason} »")
DOUBTFUL = msg("{criterion} : {sentence}")
FAILING = msg("{criterion} : {sentence}")
NOT_MEASURED = msg("Les trois critères n'ont pas été mesurés sur cette version.")
GROUPED = msg("Regroupées ; personnes qui se ressemblent, au moins")
SQUARED = msg("Remplacés par des carreaux ; foyers de chacun, au moins")
MOVED = msg("Déplacés ; foyers possibles de chacun, au moins")
AREAS = msg("Remplacés par les quartiers, réunis au besoin ; foyers de chacun, au moins")
SMALL = msg("Cachés, avec ceux qui permettraient de les recalculer")
ROUNDED = msg("Tous arrondis au multiple de")
KEYED = msg("Tous changés un peu, de la même façon dans chaque tableau")
NOISY = msg("Bruit ajouté à chacun (confidentialité différentielle), epsilon")
MEANS = msg("Nombres remplacés par des moyennes ; personnes de chacune, au moins")
COPIED = msg("Remplacées par une copie synthétique, où aucune ligne n'est celle d'une personne ; epsilon")
NOBODY_THERE = msg("Les lignes publiées parlent d'organismes, de lieux ou de choses, et non de personnes.")
NO_PROMISE = msg(
    "Une mesure n'est pas une promesse : d'autres fichiers peuvent paraître demain. Elle est refaite à chaque version."
)
DIFFERENCE = msg("{count} publication(s) de la commune ont été confrontées à celle-ci.")
ALONE = msg("Aucune autre publication de la commune n'a été confrontée à celle-ci.")


@dataclass(frozen=True, slots=True)
class Remark:
    """A French sentence with {places} and their values."""

    message: str
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return self.message.format(**self.values)


@dataclass(frozen=True, slots=True)
class Found:
    """Personal or protected data seen in a column, or in a hidden place of the file (``column`` is then "")."""

    column: str  # label
    meaning: str
    where: str  # "column", "text", "label", or the hidden place
    count: int
    message: str
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return self.message.format(**self.values)


@dataclass(frozen=True, slots=True)
class Done:
    """What was decided of a column: the treatment, why, on which ground, by whom."""

    column: str  # label
    transform: str
    title: str  # French title of the treatment
    parameters: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    ground: str = ""
    ground_text: str = ""
    articles: Sequence[Article] = ()  # behind the ground
    decided_by: str = ""


@dataclass(frozen=True, slots=True)
class Side:
    """One side of the passage: the digest of the bytes, rows and columns.

    ``commitment`` is the SHA-256 of a secret ``salt`` and of the digest: whoever holds the salt can prove at any time what
    the original was, and nobody can try possible originals against it.
    """

    digest: str  # SHA-256
    rows: int
    columns: int
    commitment: str = ""
    salt: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """The proof sheet. ``before`` is the risk of a raw copy, ``after`` that of what is published."""

    title: str
    made_at: str  # ISO 8601, UTC
    source: Side
    result: Side
    found: Sequence[Found]
    done: Sequence[Done]
    permission: Permission
    remains: Sequence[Remark]
    before: Criteria | None = None
    after: Criteria | None = None
    thresholds: Sequence[Threshold] = ()
    dataset: str = ""
    version: str = ""
    number: int = 0
    engine: str = ""  # version of Parvis

    @property
    def deciders(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(d.decided_by for d in self.done if d.decided_by))

    @property
    def removed(self) -> tuple[str, ...]:
        """Labels of the columns that are not published."""
        return tuple(d.column for d in self.done if d.transform == "drop")


def prove(
    profile: Profile,
    findings: Sequence[Finding],
    policy: Policy,
    columns: Sequence[Column],
    rows: int,
    *,
    source_digest: str,
    result_digest: str,
    salt: str = "",
    now: str,
    title: str = "",
    dataset: str = "",
    version: str = "",
    number: int = 0,
    before: Criteria | None = None,
    after: Criteria | None = None,
    traces: Sequence[Finding] = (),
    as_it_came: bool = False,
    inhabitants: int = 0,
    kind: str = "",
    people: bool = True,
) -> Proof:
    """Return the proof sheet of a table that went through the privacy engine.

    ``profile`` and ``findings`` are those of the original, ``columns`` and ``rows`` of what is published; digests are
    SHA-256 of the original's bytes and of the published Parquet; ``salt`` is drawn at random and kept with the proof in the
    journal; ``now`` is ISO 8601 UTC. See ``publishable.facts_of``
    for the others.
    """
    facts = publishable.facts_of(
        findings, policy, after, traces=traces, as_it_came=as_it_came, inhabitants=inhabitants, kind=kind,
        people=people,
    )  # fmt: skip
    labels = {c.name: wording.without_people(c.label or c.name) for c in profile.columns}
    subjects = {str(f.values["meaning"]) for f in policies.blocking(findings)}
    return Proof(
        title=title or profile.table,
        made_at=now,
        source=Side(source_digest, profile.rows, len(profile.columns), committed(source_digest, salt), salt),
        result=Side(result_digest, rows, len(columns)),
        found=(*(_found(f) for f in policies.blocking(findings)), *(_trace(t) for t in traces)),
        done=(
            *(_done(r, labels.get(r.column, r.column)) for r in policies.in_force(policy).rules),
            *_done_to_rows(policy, labels),
        ),
        permission=publishable.may_publish(facts),
        remains=tuple(_remains(findings, policy, after, people)),
        before=before,
        after=after,
        thresholds=_thresholds(subjects, drawn=spent_by(policy, "", "") is not None),
        dataset=dataset,
        version=version,
        number=number,
        engine=__version__,
    )


def public(proof: Proof) -> Proof:
    """Return the proof as everybody may read it: decided by the town, no line of the original, no bare digest of it.

    The digest of a short original lets one who knows all of it but a cell try the values of that cell: the commitment,
    under a secret salt, proves as much and gives nothing to try.
    """
    return dataclasses.replace(
        proof,
        source=dataclasses.replace(proof.source, digest="", salt=""),
        done=tuple(dataclasses.replace(d, decided_by=THE_TOWN if d.decided_by else "") for d in proof.done),
        found=tuple(dataclasses.replace(f, values=_without_lines(f.values)) for f in proof.found),
        before=judging.public(proof.before) if proof.before else None,
        after=judging.public(proof.after) if proof.after else None,
    )


def dump(proof: Proof) -> str:
    """Return the proof as JSON text, always the same for the same proof."""
    return json.dumps({"format": FORMAT, **to_json(proof)}, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def load(text: str) -> Proof:
    """Return the proof that ``dump`` wrote."""
    return from_json(Proof, json.loads(text))


def committed(digest: str, salt: str) -> str:
    """Return the commitment to a digest under a salt, "" without a salt."""
    return hashlib.sha256(f"{salt}\n{digest}".encode()).hexdigest() if salt else ""


def seal(proof: Proof) -> str:
    """Return the SHA-256 of the proof: what a manifest or a journal keeps to show that it was not changed since."""
    return hashlib.sha256(dump(proof).encode()).hexdigest()


# --- What it is made of ---------------------------------------------------------------------------


def _found(finding: Finding) -> Found:
    return Found(
        column=_label(finding),
        meaning=str(finding.values["meaning"]),
        where=str(finding.values["where"]),
        count=finding.count,
        message=finding.message,
        values={"column": _label(finding), "count": finding.values.get("count", finding.count)},
    )


def _label(finding: Finding) -> str:
    """Return the column's header, that of a column named after somebody without his name."""
    return wording.without_people(str(finding.values.get("column", "")))


def _trace(finding: Finding) -> Found:
    return Found(
        "", str(finding.values.get("trace", "")), "hidden", finding.count, finding.message, _nameless(finding.values)
    )


def _nameless(values: Mapping[str, Any]) -> dict[str, Any]:
    return {k: wording.without_people(v) if isinstance(v, str) else v for k, v in values.items()}


def _done(rule: Rule, label: str) -> Done:
    return Done(
        column=label,
        transform=rule.transform,
        title=policies.transform(rule.transform).TITLE,
        parameters=dict(rule.parameters),
        reason=rule.reason,
        ground=rule.ground,
        ground_text=GROUNDS.get(rule.ground, ""),
        articles=tuple(law.article(a) for a in law.grounds().get(rule.ground, ())),
        decided_by=rule.decided_by,
    )


def _done_to_rows(policy: Policy, labels: Mapping[str, str]) -> Iterator[Done]:
    copy = policy.synthesis
    if copy is not None:
        yield Done(policies.ROWS, "synthesis", COPIED, {"epsilon": copy.epsilon}, decided_by=copy.decided_by)
        return
    if policy.anonymity is not None:
        wanted = policy.anonymity
        yield Done(policies.ROWS, "alike", GROUPED, {"k": wanted.k}, decided_by=wanted.decided_by)
    if policy.averaging is not None:
        means = policy.averaging
        for name in means.columns:
            yield Done(labels.get(name, name), "means", MEANS, {"k": means.k}, decided_by=means.decided_by)
    if policy.hiding is not None:
        title, told = _counts_done(policy.hiding)
        yield Done(policies.COUNTS, policy.hiding.way, title, told, decided_by=policy.hiding.decided_by)
    if policy.blurring is not None:
        title = {"squares": SQUARED, "areas": AREAS}.get(policy.blurring.shape, MOVED)
        yield Done(policies.PLACES, "blur", title, {"k": policy.blurring.k}, decided_by=policy.blurring.decided_by)


def _counts_done(hiding: Hiding) -> tuple[str, dict[str, Any]]:
    if hiding.way == "round":
        return ROUNDED, {"base": hiding.base}
    if hiding.way == "noise":
        return NOISY, {"epsilon": hiding.epsilon}
    return (KEYED if hiding.way == "key" else SMALL), {}


def _remains(findings: Sequence[Finding], policy: Policy, after: Criteria | None, people: bool) -> list[Remark]:
    """Return what a reader must still know: what is kept, which criteria are not met, the limits of a measure."""
    out = []
    for finding in policies.blocking(findings):
        rule = policy.rule(finding.values["name"])
        if rule is not None and rule.ground and not policies.answers(rule.transform, finding):
            values = {"column": _label(finding), "ground": GROUNDS[rule.ground]}
            out.append(Remark(KEPT, values))
    out = list({r.text: r for r in out}.values())
    if policy.ground:
        out.insert(0, Remark(DESPITE, {"ground": GROUNDS[policy.ground], "reason": policy.reason}))
    if after is None:
        return [*out, Remark(NOT_MEASURED if people else NOBODY_THERE)]
    for answer in after.answers:
        said = {"criterion": judging.NAMES[answer.criterion], "sentence": answer.text}
        if answer.verdict == FAILED and answer.worst is not None:
            out.append(Remark(FAILING, {**said, "sentence": answer.worst.text}))
        elif answer.verdict == DOUBT:
            out.append(Remark(DOUBTFUL, {**said, "sentence": answer.worst.text if answer.worst else answer.text}))
        elif answer.verdict == UNTRIED:
            out.append(Remark(DOUBTFUL, said))
    if not after.failed:
        out.append(Remark(NOTHING_LEFT))
    others = len(after.scope.others)
    return [*out, Remark(DIFFERENCE, {"count": others}) if others else Remark(ALONE), Remark(NO_PROMISE)]


def _thresholds(subjects: set[str], *, drawn: bool) -> tuple[Threshold, ...]:
    left = {"inhabitants"} if drawn else {"inhabitants", "epsilon"}
    names = dict.fromkeys(t.name for t in law.thresholds() if t.name not in left)
    return tuple(law.threshold(name, subjects) for name in names)


def _without_lines(values: Mapping[str, Any]) -> Mapping[str, Any]:
    return {k: v for k, v in values.items() if k not in ("line", "lines", "cell")}


# --- The register ---------------------------------------------------------------------------------

PURPOSE = msg("Publication de données ouvertes : « {title} »")
BASIS = msg("Mission d'intérêt public (RGPD, article 6, 1 e) ; CRPA, articles L. 312-1-1 et L. 312-1-2")
EVERYBODY = msg("Toute personne : les données sont publiées en ligne, sous licence de réutilisation.")
NO_TRANSFER = msg("Aucun transfert organisé ; un site public se lit de partout.")
KEEPING = msg(
    "La version reste en ligne jusqu'à son retrait ; l'original reste à la mairie, sans échéance fixée par Parvis."
)
SECURITY = msg(
    "Données personnelles retirées ou regroupées avant toute publication, risque mesuré par des attaques, original dans un "
    "dossier privé du serveur (non chiffré), décisions au journal."
)
PEOPLE = msg("Les personnes dont parlent les lignes du fichier d'origine.")
NOBODY = msg("Aucune : les données publiées ne permettent de reconnaître personne.")
FIELDS: Mapping[str, str] = {
    "name": msg("Nom du traitement"),
    "purpose": msg("But"),
    "controller": msg("Responsable du traitement"),
    "contact": msg("Délégué à la protection des données"),
    "basis": msg("Base légale"),
    "people": msg("Personnes concernées"),
    "data": msg("Données"),
    "published": msg("Données personnelles publiées"),
    "recipients": msg("Destinataires"),
    "transfers": msg("Transferts hors de l'Union européenne"),
    "keeping": msg("Durée de conservation"),
    "security": msg("Mesures de sécurité"),
    "decided": msg("Décidé par"),
    "since": msg("Date"),
    "proof": msg("Empreinte de la fiche de preuve"),
}


@dataclass(frozen=True, slots=True)
class RegisterEntry:
    """An entry of the register of processing of article 30 of the RGPD; field -> remark, in the order of ``FIELDS``."""

    entries: Mapping[str, Remark]

    def lines(self) -> tuple[tuple[str, str], ...]:
        """Return (French name of the field, what it says)."""
        return tuple((label, self.entries[name].text) for name, label in FIELDS.items())


def register_entry(proof: Proof, *, controller: str, contact: str = "", people: str = "") -> RegisterEntry:
    """Return the entry of the register for a version. ``contact`` is the data protection officer's mailbox.

    The entry says the meanings of the data, never a value.
    """
    meanings = dict.fromkeys(f.meaning for f in proof.found if f.column)
    told = ", ".join(dict.fromkeys(f.column for f in proof.found if f.column)) or "—"
    kept = [d for d in proof.done if d.ground and d.ground != "not_personal"]
    despite = next((r for r in proof.remains if r.message == DESPITE), None)
    shown = _plain(", ".join(d.column for d in kept)) if kept else Remark(NOBODY)
    says: dict[str, Remark] = {
        "name": Remark(PURPOSE, {"title": proof.title}),
        "purpose": Remark(PURPOSE, {"title": proof.title}),
        "controller": _plain(controller),
        "contact": _plain(contact or "—"),
        "basis": Remark(BASIS) if not kept else _plain(" ".join(dict.fromkeys(d.ground_text for d in kept))),
        "people": _plain(people) if people else Remark(PEOPLE) if meanings or proof.before else Remark(NOBODY),
        "data": _plain(told),
        "published": despite or shown,
        "recipients": Remark(EVERYBODY),
        "transfers": Remark(NO_TRANSFER),
        "keeping": Remark(KEEPING),
        "security": Remark(SECURITY),
        "decided": _plain(", ".join(proof.deciders) or "—"),
        "since": _plain(proof.made_at[:10]),
        "proof": _plain(seal(proof)),
    }
    return RegisterEntry(says)


def _plain(text: str) -> Remark:
    return Remark("{text}", {"text": text})
