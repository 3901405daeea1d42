"""Whether the very file that a town sent may be given beside its published copy.

``look`` holds every text of the file against the table, in the confined process; ``may_give`` is the one place that says yes,
no, or that a person must decide. A file of which a byte is not accounted for is never given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any

from parvis.errors import BusyError, ParvisError
from parvis.frozen import dataclass
from parvis.privacy import policy as policies
from parvis.privacy import whole_file
from parvis.privacy.trace import people_in
from parvis.tables import cage, repairs
from parvis.values import Column, Finding, Policy, Preparation, Profile, Step, Untouched, from_json, msg, to_json

MOST = 30  # texts beside a table that a person can read before deciding
YES, ASK, NO = "yes", "ask", "no"

SEVERAL = msg("Le fichier contient plusieurs tableaux : ce que vous n'en publiez pas y serait encore.")
NOT_LOOKED = msg("Le fichier n'a pas été relu tout entier.")
TREATED = msg("Vous changez ou retirez quelque chose du tableau : le fichier d'origine le dirait encore.")
LOST = msg("L'étape « {step} » retire ou remplace des choses qui sont encore dans le fichier d'origine.")
PEOPLE = msg("Hors du tableau, le fichier parle de personnes.")
MANY = msg("Le fichier contient {count} textes que le tableau publié n'a pas : c'est trop pour les vérifier un par un.")
BESIDE = msg("Hors du tableau, le fichier contient aussi ce qui suit. Relisez-le avant de le donner.")
GROUNDED = msg(
    "Ce tableau garde des données personnelles pour une raison que vous avez donnée : le fichier les a aussi."
)
FOUND = msg("Des données personnelles y ont été reconnues depuis sa publication.")
PLAIN = msg("Tout ce que contient le fichier est dans le tableau publié.")


@dataclass(frozen=True, slots=True)
class Giving:
    """The answer: ``verdict`` is YES, ASK (a person decides, no unless she says so) or NO; ``says`` is a French sentence."""

    verdict: str
    says: str
    values: Mapping[str, Any] = field(default_factory=dict)


def may_give(preparation: Preparation, policy: Policy, traces: Sequence[Finding]) -> Giving:
    """Return whether the file of a table may be given as it came, once the table is published under a policy.

    ``traces`` is what stands in the hidden places of the file.
    """
    held = preparation.untouched
    if policies.treated(policy):
        return Giving(NO, TREATED)
    if (step := _losing(preparation.recipe)) is not None:
        return Giving(NO, LOST, {"step": _title(step)})
    if hiding := _hiding(traces):
        return Giving(NO, hiding[0].message, hiding[0].values)
    if held is None:
        return Giving(NO, NOT_LOOKED)
    if held.unread:
        return Giving(NO, held.unread, held.values)
    if held.people:
        return Giving(NO, PEOPLE)
    if held.count > MOST:
        return Giving(NO, MANY, {"count": held.count})
    if held.count:
        return Giving(ASK, BESIDE)
    if policies.blocking(preparation.findings) or policy.ground:
        return Giving(ASK, GROUNDED)
    return Giving(YES, PLAIN)


def seen_again(preparations: Sequence[Preparation], policy: Policy, traces: Sequence[Finding]) -> Giving:
    """Return whether a file that is given still may be, from what is found in it today; ``policy`` is its version's."""
    if len(preparations) != 1:
        return Giving(NO, SEVERAL)
    (one,) = preparations
    decided = {r.column for r in policy.rules if r.decided_by}
    if any(f.values["name"] not in decided for f in policies.blocking(one.findings)):
        return Giving(NO, FOUND)
    return may_give(one, policy, traces)


def worth_a_look(preparation: Preparation, traces: Sequence[Finding]) -> bool:
    """Return whether a file may have to be given one day: none of what needs no reading of it forbids it."""
    return not _hiding(traces) and _losing(preparation.recipe) is None


def _hiding(traces: Sequence[Finding]) -> list[Finding]:
    """Return the traces that forbid: that a program or an office wrote the file is told among its texts."""
    return [t for t in traces if t.values.get("trace") != "author" or t.values.get("people")]


def _losing(steps: Sequence[Step]) -> Step | None:
    """Return the first step that took something away of what stands in the file."""
    done = (s for s in steps if s.found and not s.off and s.origin != "idea")
    known = repairs.by_name()
    return next((s for s in done if not getattr(known.get(s.repair), "KEEPS", False)), None)


def _title(step: Step) -> str:
    known = repairs.by_name().get(step.repair)
    return str(known.TITLE) if known is not None else step.repair


# --- Looking --------------------------------------------------------------------------------------


def look(path: Path, profile: Profile, typed: Path, *, allowance: cage.Allowance | None = None) -> Untouched:
    """Return what a file holds beside the one table that was read of it. Raises: BusyError only."""
    if why := whole_file.unreadable(path, profile.format):
        return Untouched(why)
    told = {
        "path": str(path.resolve()), "format": profile.format, "encoding": profile.encoding, "separator": profile.separator,
        "typed": str(typed.resolve()), "columns": [to_json(c) for c in profile.columns],
    }  # fmt: skip
    try:
        found = cage.run(
            "parvis.privacy.untouched:inside", told, allowance or cage.Allowance(seconds=60.0), reads=[path, typed]
        )
    except BusyError:
        raise
    except ParvisError as error:
        return Untouched(error.message, error.values)
    beside = tuple(str(t)[:200] for t in found["beside"])
    return Untouched(beside=beside, count=int(found["count"]), people=tuple(str(p)[:40] for p in found["people"]))


def inside(
    path: str, format: str, encoding: str, separator: str, typed: str, columns: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return the texts beside a table as plain data. Runs in the confined process."""
    from parvis.privacy import held

    known = [from_json(Column, c) for c in columns]
    table = held.of(Path(typed), known)
    out, count = held.beside(table, whole_file.texts(Path(path), format, encoding, separator), most=2000)
    # A header that names somebody is published without the name.
    people = people_in([*out, *(c.label for c in known)])
    return {"beside": out[:MOST], "count": count, "people": list(people)}
