"""What is decided for each column: proposed by the machine, accepted or changed by a person, checked before use.

A policy is kept as JSON (``dump``) and read from JSON or TOML (``load``), with the same names:
``rules`` = list of ``column``, ``transform``, ``parameters``, ``ground``, ``reason``, ``decided_by``; ``note``.
"""

from __future__ import annotations

import dataclasses
import json
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from parvis.errors import InputError, RefusedError, UnknownColumn, UnknownName
from parvis.plugins import found
from parvis.privacy import law
from parvis.privacy.meanings import GROUNDS, MEANINGS, NEVER
from parvis.privacy.screen import COLUMN, LABEL
from parvis.values import (
    Column,
    Finding,
    Hiding,
    Kind,
    Policy,
    Profile,
    Rule,
    Severity,
    Wish,
    from_json,
    msg,
    to_json,
)

PLACES = msg("les lieux")
COUNTS = msg("les petits effectifs")
ROWS = msg("les lignes")  # where the label of a column stands, for what is done to rows
WISHES = ("anonymity", "averaging", "hiding", "blurring", "synthesis")  # fields of a policy: what is done to rows
_UNDECIDED: Mapping[str, tuple[str, str]] = {
    "anonymity": (
        msg("Des personnes seraient seules de leur sorte : personne n'a décidé de les regrouper."),
        ROWS,
    ),
    "averaging": (msg("Des nombres deviendraient des moyennes : personne ne l'a décidé."), ROWS),
    "hiding": (
        msg("De petits effectifs diraient quelque chose de quelqu'un : personne n'a décidé de les cacher."),
        COUNTS,
    ),
    "blurring": (msg("Le lieu où vivent des personnes se lirait : personne n'a décidé de le cacher."), PLACES),
    "synthesis": (msg("Une copie synthétique remplacerait les lignes : personne ne l'a décidé."), ROWS),
}
AVERAGED = ("income", "social_aid", "health")  # meanings that the mean of enough people no longer tells of anybody
ADDED_UP = (
    "",
    "age",
    "amount",
    "percentage",
    "unit",
    *AVERAGED,
)  # of numbers that have a mean: a code or a year has none
_LARGEST = 1 << 20  # bytes of a policy file
_STRONGEST = ("drop", "mask", "year", "mask_text")


def transforms() -> Mapping[str, ModuleType]:
    """Return the transforms by name."""
    return found("parvis.privacy.transforms", "transforms")


def transform(name: str) -> ModuleType:
    """Return a transform. Raises: UnknownName."""
    known = transforms()
    if name not in known:
        raise UnknownName(
            "Le traitement « {name} » n'existe pas.",
            "Les traitements sont : {known}.",
            name=name,
            known=", ".join(known),
        )
    return known[name]


# --- Proposed -------------------------------------------------------------------------------------


def propose(profile: Profile, findings: Sequence[Finding]) -> Policy:
    """Return the safest sensible rule for each column that privacy findings block; nothing is decided yet."""
    rules = []
    for column in profile.columns:
        seen = [f for f in blocking(findings) if f.values["name"] == column.name]
        if seen:
            rules.append(_proposed(column, seen))
    return Policy(rules=tuple(rules))


def blocking(findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings that a rule must answer."""
    return [
        f for f in findings if f.severity is Severity.BLOCK and f.code.startswith("privacy.") and "name" in f.values
    ]


def _proposed(column: Column, seen: Sequence[Finding]) -> Rule:
    wanted = [_wanted(column, f) for f in seen]
    name = min(wanted, key=_STRONGEST.index)
    if not all(answers(name, f) for f in seen):
        name = "drop"
    reasons = dict.fromkeys(MEANINGS[f.values["meaning"]].reason for f in seen)
    return Rule(column=column.name, transform=name, parameters=_parameters(name, seen), reason=" ".join(reasons))


def _wanted(column: Column, finding: Finding) -> str:
    values = finding.values
    if values["where"] == LABEL:
        return "drop"
    if values["where"] != COLUMN:
        return "mask_text"
    # Most are mailboxes or counters of services: only those of people go.
    some = (
        column.kind is Kind.TEXT
        and values["meaning"] in ("email", "phone")
        and 2 * int(values["count"]) < int(values["filled"])
    )
    return "mask_text" if some else MEANINGS[values["meaning"]].transform


def _parameters(name: str, seen: Sequence[Finding]) -> dict[str, Any]:
    if name != "mask_text":
        return {}
    home = any(f.values["meaning"] == "phone" and f.values.get("landlines") for f in seen)
    named = all(f.values.get("names", True) for f in seen)
    return ({"landlines": True} if home else {}) | ({} if named else {"names": False})


# --- Decided --------------------------------------------------------------------------------------


def accept(policy: Policy, by: str) -> Policy:
    """Return the policy with every rule that nobody decided yet decided by ``by``."""
    who = _who(by)
    rules = tuple(r if r.decided_by else dataclasses.replace(r, decided_by=who) for r in policy.rules)
    open_ones = {n: w for n in WISHES if (w := getattr(policy, n)) is not None and not w.decided_by}
    wishes = {n: dataclasses.replace(w, decided_by=who) for n, w in open_ones.items()}
    return dataclasses.replace(policy, rules=rules, **wishes)


class Choice(NamedTuple):
    """What a person wants of a column; ``parameters`` is None where he said nothing of them."""

    transform: str
    ground: str = ""
    parameters: Mapping[str, Any] | None = None


def decide(
    policy: Policy,
    column: str,
    transform: str,
    parameters: Mapping[str, Any] | None = None,
    *,
    ground: str = "",
    by: str,
) -> Policy:
    """Return the policy with the rule of one column decided by ``by``.

    Raises: RefusedError when personal data would stay without a legal ground (``GROUNDS``); UnknownName for an
    unknown transform or ground; InputError for a parameter that the transform does not have.
    """
    before = policy.rule(column)
    rule = Rule(
        column=column,
        transform=transform,
        parameters=dict(parameters or {}),
        ground=ground,
        reason=before.reason if before else "",
        decided_by=_who(by),
    )
    sound(rule)
    if before and before.reason and not ground and not _takes_anything(transform):
        raise RefusedError(
            "La colonne « {column} » contient des données personnelles : elle ne peut rester sans fondement légal.",
            "Choisissez un fondement légal, ou un traitement qui retire ces données.",
            column=column,
        )
    others = [r for r in policy.rules if r.column != column]
    at = next((i for i, r in enumerate(policy.rules) if r.column == column), len(others))
    return dataclasses.replace(policy, rules=(*others[:at], rule, *others[at:]))


def wish(policy: Policy, name: str, wanted: Wish | None, *, by: str) -> Policy:
    """Return the policy under which rows are treated as wanted (``name`` is one of ``WISHES``), decided by ``by``.

    None leaves them as they are. Raises: UnknownName.
    """
    if name not in WISHES:
        raise UnknownName("Le choix « {name} » n'existe pas.", name=name)
    told: dict[str, Any] = {name: None if wanted is None else dataclasses.replace(wanted, decided_by=_who(by))}
    return dataclasses.replace(policy, **told)


def override(policy: Policy, ground: str, reason: str, *, by: str) -> Policy:
    """Return the policy under which a table is published although people could be singled out in it; "" takes it back.

    Raises: UnknownName for an unknown ground; InputError without a reason in a person's words.
    """
    if not ground:
        return dataclasses.replace(policy, ground="", reason="", decided_by="")
    sound(Rule("", "keep", ground=ground))
    said = " ".join(reason.split())[:1000]
    if len(said) < 10:
        raise InputError(
            "Écrivez pourquoi ce tableau peut être publié malgré ce risque.",
            "Une phrase suffit : elle sera lue dans la fiche de preuve.",
        )
    return dataclasses.replace(policy, ground=ground, reason=said, decided_by=_who(by))


def seen(findings: Sequence[Finding]) -> dict[str, tuple[str, ...]]:
    """Return what personal data was seen in each column: name -> "meaning in where". A decision answers that, no more."""
    out: dict[str, set[str]] = {}
    for finding in blocking(findings):
        out.setdefault(finding.values["name"], set()).add(f"{finding.values['meaning']} in {finding.values['where']}")
    return {name: tuple(sorted(what)) for name, what in out.items()}


def replayed(
    policy: Policy, profile: Profile, findings: Sequence[Finding], former: Policy, known: Mapping[str, Sequence[str]]
) -> Policy:
    """Return a proposed policy with the former decisions on the same columns, decided by whom they were.

    ``known`` is what was ``seen`` when they were taken: where something else is found now, the column waits for a person.
    """
    now, names = seen(findings), {c.name for c in profile.columns}
    for rule in former.rules:
        fresh = set(now.get(rule.column, ())) - set(known.get(rule.column, ()))
        if rule.column not in names or not rule.decided_by or fresh or rule.transform not in transforms():
            continue
        before = policy.rule(rule.column)
        again = dataclasses.replace(rule, reason=before.reason if before else rule.reason)
        others = [r for r in policy.rules if r.column != rule.column]
        at = next((i for i, r in enumerate(policy.rules) if r.column == rule.column), len(others))
        policy = dataclasses.replace(policy, rules=(*others[:at], again, *others[at:]))
    wanted = former.anonymity
    if wanted is not None and wanted.decided_by and {*wanted.keys, *wanted.sensitive} <= names:
        # What is new beside it waits: a column that nobody judged may be what isolates.
        proposed = policy.anonymity
        if proposed is None or set(proposed.keys) <= set(wanted.keys):
            policy = dataclasses.replace(policy, anonymity=wanted)
    hiding, now_hidden = former.hiding, _figures(policy.hiding)
    if hiding is not None and hiding.decided_by and {*hiding.dimensions, *_figures(hiding)} <= names:
        # Figures that are new beside those that were judged wait for a person.
        policy = dataclasses.replace(policy, hiding=hiding if now_hidden <= _figures(hiding) else policy.hiding)
    if former.blurring is not None and former.blurring.decided_by and policy.blurring is not None:
        policy = dataclasses.replace(policy, blurring=former.blurring)
    means, copy = former.averaging, former.synthesis
    if means is not None and means.decided_by and set(means.columns) <= names:
        policy = dataclasses.replace(policy, averaging=means)
    if copy is not None and copy.decided_by and not set(now) - set(known):
        policy = dataclasses.replace(policy, synthesis=copy)
    return policy


def _figures(hiding: Hiding | None) -> set[str]:
    """Return the columns of a table of counts that are hidden in, or that give back what is."""
    if hiding is None:
        return set()
    return {*hiding.values, *hiding.rates, *filter(None, (hiding.whole, hiding.rare))}


def treated(policy: Policy) -> bool:
    """Return whether something was done to a table under a policy: to a column, or to its rows."""
    return any(r.transform != "keep" for r in policy.rules) or any(getattr(policy, n) is not None for n in WISHES)


def _takes_anything(name: str) -> bool:
    return bool(transform(name).REMOVES)


def _who(by: str) -> str:
    who = by.strip()
    if not who:
        raise InputError("Une décision porte le nom de qui la prend.")
    return who[:200]


def in_force(policy: Policy) -> Policy:
    """Return the policy without the rules of columns that a decided averaging turns into means: it takes their place."""
    means = policy.averaging
    if means is None or not means.decided_by or policy.synthesis is not None:
        return policy
    return dataclasses.replace(policy, rules=tuple(r for r in policy.rules if r.column not in means.columns))


def touched(policy: Policy, columns: Sequence[Column] = ()) -> set[str]:
    """Return the names of the columns that a policy does not leave as they were; all of ``columns`` for a synthetic copy."""
    changed = {r.column for r in in_force(policy).rules if r.transform != "keep"}
    changed |= {*policy.averaging.columns} if policy.averaging is not None else set()
    changed |= {*policy.hiding.values} if policy.hiding is not None and policy.hiding.way != "hide" else set()
    return changed | ({c.name for c in columns} if policy.synthesis is not None else set())


def averaged(policy: Policy, finding: Finding) -> bool:
    """Return whether the means of a decided averaging take away what a finding saw: those of as many as the law asks."""
    means, meaning = policy.averaging, str(finding.values["meaning"])
    if means is None or not means.decided_by or finding.values["name"] not in means.columns:
        return False
    return finding.values["where"] == COLUMN and meaning in AVERAGED and means.k >= _least(finding)


def _least(finding: Finding) -> int:
    """Return how many people the law asks to share what is shown on the matter of a finding."""
    return int(law.threshold("k", {str(finding.values["meaning"])}).value)


# --- Checked --------------------------------------------------------------------------------------


def sound(rule: Rule) -> dict[str, Any]:
    """Return the rule's parameters with their defaults. Raises: UnknownName, InputError."""
    plugin = transform(rule.transform)
    unknown = sorted(set(rule.parameters) - set(plugin.PARAMETERS))
    if unknown:
        raise InputError(
            "Le traitement « {name} » n'a pas de réglage « {unknown} ».",
            name=rule.transform,
            unknown=", ".join(unknown),
        )
    if rule.ground and rule.ground not in GROUNDS:
        raise UnknownName(
            "Le fondement légal « {name} » n'existe pas.",
            "Les fondements sont : {known}.",
            name=rule.ground,
            known=", ".join(GROUNDS),
        )
    usual = defaults(plugin)
    for name, default in usual.items():
        given = rule.parameters.get(name, default)
        if type(given) is not type(default):
            raise InputError("Le réglage « {name} » attend une valeur d'un autre type.", name=name)
    return {**usual, **rule.parameters}


def defaults(plugin: ModuleType) -> dict[str, Any]:
    """Return the parameters of a transform as they are when nobody says otherwise."""
    made: dict[str, Callable[[str], Any]] = {"number": int, "flag": bool}
    return {name: made.get(asked.kind, str)(asked.default) for name, asked in plugin.PARAMETERS.items()}


def answers(name: str, finding: Finding) -> bool:
    """Return whether a transform takes away what a finding saw."""
    taken = transform(name).REMOVES.get(finding.values["where"], ())
    return "*" in taken or finding.values["meaning"] in taken


def check(policy: Policy, profile: Profile, findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return what still stands between the policy and a release: undecided columns, missing grounds, bad rules."""
    policy, names = in_force(policy), {c.name: c for c in profile.columns}
    out = [_bad(msg("La politique parle d'une colonne « {column} » que le tableau n'a pas."), r.column, "unknown_column")
           for r in policy.rules if r.column not in names]  # fmt: skip
    twice = {r.column for r in policy.rules if sum(o.column == r.column for o in policy.rules) > 1}
    out += [_bad(msg("La colonne « {column} » a deux règles."), name, "two_rules") for name in sorted(twice)]
    for rule in policy.rules:
        if rule.column in names and names[rule.column].kind is Kind.GEOMETRY and rule.transform not in ("keep", "drop"):
            out.append(
                _bad(msg("La géométrie « {column} » ne peut qu'être gardée ou retirée."), rule.column, "geometry")
            )
    for finding in (f for f in blocking(findings) if not averaged(policy, f)):
        name, means = finding.values["name"], policy.averaging
        problem = _unanswered(policy.rule(name), finding)
        if problem and means is not None and name in means.columns and finding.values["meaning"] in AVERAGED:
            problem = msg("La colonne « {column} » demande des moyennes d'au moins {least} personnes.")
        if problem:
            out.append(_bad(problem, finding.values["column"], "undecided", name, least=_least(finding)))
    for name, (told, place) in _UNDECIDED.items():
        wanted = getattr(policy, name)
        # A synthetic copy has no row of anybody: what would be done to the rows no longer matters.
        if wanted is not None and not wanted.decided_by and (name == "synthesis" or policy.synthesis is None):
            out.append(_bad(told, place, name))
    return tuple({(f.message, f.values["name"]): f for f in out}.values())


def undecided(policy: Policy, profile: Profile, findings: Sequence[Finding]) -> tuple[str, ...]:
    """Return the labels of the columns that ``check`` complains of."""
    return tuple(dict.fromkeys(str(f.values["column"]) for f in check(policy, profile, findings)))


def _unanswered(rule: Rule | None, finding: Finding) -> str:
    if rule is None or not rule.decided_by:
        if finding.values["meaning"] == "safety":
            return msg(
                "La colonne « {column} » montre des équipements de sécurité : personne n'a décidé ce qu'elle devient."
            )
        return msg(
            "La colonne « {column} » contient des données personnelles : personne n'a décidé ce qu'elle devient."
        )
    if answers(rule.transform, finding):
        return ""
    if finding.values["meaning"] in NEVER and rule.ground != "not_personal":
        return msg(
            "La colonne « {column} » contient des numéros qui ne se publient jamais, quel que soit le fondement."
        )
    if not rule.ground:
        return msg("La colonne « {column} » garderait des données protégées par la loi sans fondement légal.")
    return ""


def _bad(message: str, column: str, code: str, name: str = "", **more: Any) -> Finding:
    values = {"column": column, "name": name or column, **more}
    return Finding(f"policy.{code}", Severity.BLOCK, message, values=values)


# --- Kept -----------------------------------------------------------------------------------------


def dump(policy: Policy) -> str:
    """Return the policy as JSON text."""
    return json.dumps(to_json(policy), ensure_ascii=False, indent=2) + "\n"


def load(path: str | Path) -> Policy:
    """Return the policy of a JSON or TOML file. Raises: InputError when it is not one, UnknownName."""
    file = Path(path)
    try:
        if file.stat().st_size > _LARGEST:
            raise InputError("« {name} » est trop gros pour une politique.", name=file.name)
        text = file.read_text("utf-8")
        data = tomllib.loads(text) if file.suffix.lower() == ".toml" else json.loads(text)
    except OSError as error:
        raise InputError("« {name} » ne peut pas être lu.", name=file.name) from error
    except (ValueError, RecursionError) as error:
        raise InputError("« {name} » n'est ni du JSON ni du TOML lisible.", name=file.name) from error
    return read(data, file.name)


def read(data: Any, name: str = "politique") -> Policy:
    """Return the policy that plain data holds. Raises: InputError, UnknownName."""
    if not _shaped(data):
        raise InputError(
            "« {name} » n'est pas une politique.",
            "Il y faut une liste « rules » de règles : column, transform, parameters, ground, reason, decided_by.",
            name=name,
        )
    policy = from_json(Policy, data)
    for rule in policy.rules:
        sound(rule)
    return policy


def _shaped(data: Any) -> bool:
    if (
        not isinstance(data, dict)
        or not isinstance(data.get("rules"), list)
        or not isinstance(data.get("note", ""), str)
    ):
        return False
    return all(
        isinstance(r, dict)
        and isinstance(r.get("column"), str)
        and isinstance(r.get("transform"), str)
        and isinstance(r.get("parameters", {}), dict)
        and all(isinstance(r.get(k, ""), str) for k in ("ground", "reason", "decided_by"))
        for r in data["rules"]
    )


def known_columns(policy: Policy, profile: Profile) -> None:
    """Raise UnknownColumn for a rule on a column that the table does not have."""
    names = {c.name for c in profile.columns}
    for rule in policy.rules:
        if rule.column not in names:
            raise UnknownColumn("Le tableau n'a pas de colonne « {column} ».", column=rule.column)
