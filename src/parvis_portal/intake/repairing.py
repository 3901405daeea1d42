"""The steps of a table, changed by a person: each change names the job that does them again, and can be undone."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from parvis.errors import InputError
from parvis.schemas import schema as schemas
from parvis.tables import recipe as recipes
from parvis.tables.parameters import columns_of
from parvis.values import NO_SCHEMA, Preparation, Step, to_json
from parvis_portal.intake.models import Draft
from parvis_portal.jobs.actions import enqueue
from parvis_portal.people import audit
from parvis_portal.people.models import User

UNDONE = 20  # changes that may be undone
UNDONE_SIZE = 4 << 20  # characters that they take at the most
MOST = 60  # steps of one table

Posted = Mapping[str, Sequence[str]]


@transaction.atomic
def change(draft: Draft, by: User | None, act: str, posted: Posted | None = None) -> Draft:
    """Change the steps of a table and ask for it to be prepared again.

    ``act`` is "off:2", "on:2", "accept:2", "remove:2", "add:rename" (with the form's answers), "fix:3" (the repair that the
    finding of this rank proposes), "nearest:2" (the columns it lost replaced by the nearest ones), "undo", or
    "schema:scdl/subventions" (what the table is to be held against; "schema:-" nothing, "schema:" what Parvis finds,
    "schema:?" what the form says).
    Raises: InputError when the draft was decided, when the step is not there or the form is not filled.
    """
    found = Draft.objects.select_for_update(of=("self",)).select_related("submission__organisation").get(pk=draft.pk)
    if not found.open:
        raise InputError("Ce brouillon a déjà été décidé.", "Rechargez la page pour voir où il en est.")
    now = [to_json(s) for s in recipes.kept(found.prepared.recipe)]
    if act.startswith("schema:"):
        found.schema = _schema(act.removeprefix("schema:"), posted or {})
        found.recipe = now
    elif act == "undo":
        if not found.former:
            raise InputError("Il n'y a rien à annuler.")
        found.recipe, found.former = found.former[-1], found.former[:-1]
    else:
        steps = changed(found.prepared, act, posted or {})
        if len(steps) > MOST:
            raise InputError("Une recette a au plus {most} étapes.", most=MOST)
        found.recipe, found.former = [to_json(s) for s in steps], _undoable([*found.former, now])
    return ask(found, by, act)


def _schema(asked: str, posted: Posted) -> str:
    """Return the id of the schema that a person chose. Raises: InputError when there is no such schema."""
    wanted = next(iter(posted.get("schema", ())), "") if asked == "?" else asked
    if asked == "?" and not wanted:
        raise InputError("Choisissez un schéma dans la liste.")
    if wanted not in ("", NO_SCHEMA, *schemas.all_ids()):
        raise InputError("Parvis ne connaît pas le schéma « {schema} ».", schema=wanted[:80])
    return wanted


def _undoable(former: list[Any]) -> list[Any]:
    """Return the last recipes that may be gone back to: fewer of them when they hold pasted tables."""
    kept: list[Any] = []
    size = 0
    for recipe in reversed(former[-UNDONE:]):
        size += len(json.dumps(recipe))
        if kept and size > UNDONE_SIZE:
            break
        kept.append(recipe)
    return kept[::-1]


def ask(draft: Draft, by: User | None, act: str) -> Draft:
    """Ask for a table to be prepared again under the steps wanted of it."""
    draft.state, draft.error = Draft.State.WORKING, ""
    draft.job = enqueue("intake.rework", draft.pk)
    draft.save()
    audit.write(by, draft.organisation, "repair", f"draft:{draft.pk}", title=draft.title, act=act[:60])
    return draft


@transaction.atomic
def restore(draft: Draft, by: User | None) -> Draft:
    """Take up again a table that was put aside. Raises: InputError when it was not."""
    found = Draft.objects.select_for_update(of=("self",)).select_related("submission__organisation").get(pk=draft.pk)
    if found.state != Draft.State.DISCARDED:
        raise InputError("Ce tableau n'a pas été écarté.")
    found.recipe = [to_json(s) for s in recipes.kept(found.prepared.recipe)]
    found.decided_by = found.decided_at = None
    return ask(found, by, "restore")


def changed(preparation: Preparation, act: str, posted: Posted) -> list[Step]:
    """Return the steps once changed, as they are kept. Raises: InputError."""
    verb, _, what = act.partition(":")
    steps = list(preparation.recipe)
    if verb == "add":
        labels = _labels(preparation)
        return [*recipes.kept(steps), *recipes.kept([recipes.added(what, posted, labels)])]
    if verb == "fix":
        return _fixed(preparation, _rank(what, len(preparation.findings)))
    n = _rank(what, len(steps))
    step = steps[n]
    if verb == "accept" and step.origin == "idea":
        del steps[n]
        return [*recipes.kept(steps), *recipes.kept([dataclasses.replace(step, origin="hand")])]
    if verb == "remove" and step.origin == "hand":
        del steps[n]
    elif verb in ("off", "on") and step.origin != "idea":
        steps[n] = dataclasses.replace(step, off=verb == "off")
    elif verb == "nearest" and step.lost:
        for column, near in step.lost.items():
            step = recipes.replaced(step, column, near) if near else step
        steps[n] = step
    else:
        raise InputError("Cette étape ne peut pas être changée ainsi.")
    return list(recipes.kept(steps))


def _fixed(preparation: Preparation, n: int) -> list[Step]:
    finding = preparation.findings[n]
    if finding.fix is None:
        raise InputError("Cette remarque ne propose pas de réparation.")
    steps, fix = list(preparation.recipe), dataclasses.replace(finding.fix, origin="hand", off=False)
    lost = next((k for k, s in enumerate(steps) if s.repair == fix.repair and s.lost), None)
    again = next((k for k, s in enumerate(steps) if _same_matter(s, fix)), None)
    if lost is not None and finding.code == "repairs.column_missing":
        steps[lost] = dataclasses.replace(fix, origin=steps[lost].origin)
    elif again is not None:
        steps[again] = fix
    else:
        steps.append(fix)
    return list(recipes.kept(steps))


def _same_matter(step: Step, fix: Step) -> bool:
    """True when a repair says a person's step again with other settings, of the same columns, and it is done once."""
    plugin = recipes.by_hand().get(fix.repair)
    if step.repair != fix.repair or step.origin != "hand" or not getattr(plugin, "ONCE", False):
        return False
    return columns_of(step.parameters, plugin) == columns_of(fix.parameters, plugin)


def _labels(preparation: Preparation) -> list[str]:
    return [c.label for c in preparation.profile.columns]


def _rank(text: str, count: int) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < count):
        raise InputError("Cette étape n'est plus là.", "Rechargez la page.")
    return int(text)
