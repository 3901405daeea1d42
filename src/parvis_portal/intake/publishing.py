"""``parvis publish``: files, folders and archives through the portal's own door, and what came of each.

A table that nothing blocks is released at once under its proposed policy: whoever runs the command decides so. The
others wait on the review page, and the refused ones say why.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from django.conf import settings
from django.urls import reverse

from parvis.errors import InputError, ParvisError
from parvis.frozen import dataclass
from parvis.store import disk
from parvis.store.folder import Folder
from parvis.values import Severity
from parvis_portal.intake import actions, queries
from parvis_portal.intake.models import Draft, Submission
from parvis_portal.jobs import worker
from parvis_portal.people.models import Organisation, User

Told = Callable[[float, str], None]
_LEFT = frozenset({".ds_store", "thumbs.db", "desktop.ini"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one table, or of one file that holds none."""

    file: str
    table: str
    state: str  # "released", "waiting", "refused", "unchanged"
    reason: str = ""
    address: str = ""


def publish(paths: Sequence[Path], organisation: str, told: Told, by: User | None = None) -> list[Outcome]:
    """Bring files in, release what may be, and return what came of each, in the order given."""
    owner = _owner(organisation)
    files = list(_files(paths))
    outcomes: list[Outcome] = []
    for number, path in enumerate(files):
        told(number / max(len(files), 1), path.name)
        outcomes += publish_one(path, owner, by)
    told(1.0, "Terminé")
    return outcomes


def publish_one(path: Path, owner: Organisation, by: User | None = None) -> list[Outcome]:
    """Bring one file in, and return what came of each of its tables."""
    folder = Folder(settings.DATA)
    try:
        with path.open("rb") as stream, disk.said_kindly():
            digest = _digest(path)
            known = Submission.objects.filter(organisation=owner, digest=digest, name=path.name).first()
            if known is not None and known.state != Submission.State.WAITING:
                return [_again(o) for o in _outcomes(known)]
            submission = known or actions.receive(folder, owner, by, path.name, stream, origin="publish")
    except ParvisError as error:
        return [Outcome(path.name, "", "refused", error.text)]
    except OSError as error:
        return [
            Outcome(
                path.name, "", "refused", f"Ce fichier ne peut pas être lu ({error.strerror or 'erreur du disque'})."
            )
        ]
    worker.run(once=True)
    submission.refresh_from_db()
    for draft in submission.drafts.filter(state=Draft.State.WAITING):
        if not _blocked(draft):
            try:
                actions.save(draft, by, dataset=draft.dataset, rules=queries.proposed(draft))
                actions.approve(draft, by)
            except ParvisError as error:
                Draft.objects.filter(pk=draft.pk).update(error=error.text[:500])
    worker.run(once=True)
    submission.refresh_from_db()
    return _outcomes(submission)


def exit_code(outcomes: Sequence[Outcome]) -> int:
    """Return 0 when all is released, 1 when something waits, 3 when nothing could be released."""
    states = {o.state for o in outcomes}
    if not states & {"released", "unchanged", "waiting"}:
        return 3
    return 1 if "waiting" in states else 0


def _blocked(draft: Draft) -> bool:
    """True when a person must look first; what was decided of the file before, and holds for this one, is decided."""
    stops = [f for f in draft.prepared.findings if f.severity in (Severity.BLOCK, Severity.REFUSE)]
    others = [f for f in stops if not f.code.startswith("privacy.")]
    return bool(others or draft.prepared.within or queries.undecided(draft)) or draft.prepared.profile.rows == 0


def _outcomes(submission: Submission) -> list[Outcome]:
    if submission.state != Submission.State.READY:
        return [Outcome(submission.name, "", "refused", submission.reason or "L'examen n'a pas abouti.")]
    return [_outcome(d) for d in submission.drafts.order_by("pk")]


def _outcome(draft: Draft) -> Outcome:
    table = str(draft.preparation["profile"].get("table", ""))
    name = draft.submission.name
    if draft.state == Draft.State.RELEASED and draft.dataset is not None:
        return Outcome(
            name, table, "released", "", settings.ADDRESS + reverse("site:dataset", args=[draft.dataset.slug])
        )
    if draft.state == Draft.State.DISCARDED:
        return Outcome(name, table, "refused", "Ce tableau a été écarté.")
    columns = queries.undecided(draft)
    first = next((f for f in draft.prepared.findings if f.severity in (Severity.BLOCK, Severity.REFUSE)), None)
    reason = draft.error or (first.text if first else "")
    if not reason and columns:
        reason = f"À décider : {', '.join(columns)}."
    if not reason and draft.prepared.profile.rows == 0:
        reason = "Ce tableau ne contient aucune ligne."
    return Outcome(
        name, table, "waiting", reason or "Une personne doit décider.", reverse("intake:draft", args=[draft.pk])
    )


def _again(outcome: Outcome) -> Outcome:
    if outcome.state != "released":
        return outcome
    return Outcome(outcome.file, outcome.table, "unchanged", "", outcome.address)


def _owner(slug: str) -> Organisation:
    rows = Organisation.objects.all()
    found = rows.filter(slug=slug).first() if slug else rows.order_by("pk").first()
    if found is None and slug:
        raise InputError("La commune « {slug} » n'existe pas sur ce portail.", slug=slug)
    return found or Organisation.objects.create(slug="commune", name="Ma commune")


def _files(paths: Sequence[Path]) -> list[Path]:
    out: list[Path] = []
    for path in paths:
        inside = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        out += [p for p in inside if p.name.lower() not in _LEFT and not p.name.startswith((".", "~$"))]
    return out


def _digest(path: Path) -> str:
    return disk.digest(path)
