"""The demonstration's portal: Fontclaire's raw files through the same door as any, then the decisions of its agents.

Some are released, some wait for a decision, some are refused with the reason. Nothing is written by hand: the pipeline
is run on the files, and people who do not exist decide.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from parvis.errors import ParvisError
from parvis.frozen import dataclass
from parvis_portal.demo.offices import write_town
from parvis_portal.intake import actions, publishing, queries
from parvis_portal.intake.models import Draft
from parvis_portal.jobs import worker
from parvis_portal.people import actions as people
from parvis_portal.people.models import Organisation, Role, User

Told = Callable[[float, str], None]
MARK = "demo-complete"
PASSWORD = "fontclaire-2026"  # noqa: S105  (printed on the screen: the demonstration holds nothing real)


@dataclass(frozen=True, slots=True)
class Account:
    role: str
    email: str
    password: str


ACCOUNTS = (
    ("agent@fontclaire.example", "Camille, agente", Role.AGENT),
    ("referent@fontclaire.example", "Dominique, référente", Role.REFERENT),
    ("admin@fontclaire.example", "Claude, administratrice", Role.ADMINISTRATOR),
)
# Files whose personal columns the referent has decided on as proposed; the others wait on the desk.
DECIDED = (
    "Annuaire associations",
    "export_ads",
    "equipements",
    "horaires_services",
    "prenoms",
    "resultats",
    "deliberations_2024",
    "subv",
    "Subv",
    "irve",
    "lieux_covoiturage",
)


def fill(data: Path, told: Told) -> list[Account]:
    """Fill a data folder with Fontclaire, once, and return the accounts. A run that was cut is finished by the next."""
    town = _town()
    users = {role: people.account(email, name, PASSWORD, town, role) for email, name, role in ACCOUNTS}
    if not (data / MARK).exists():
        _publish(town, users, told)
        (data / MARK).touch()
    told(1.0, "Fontclaire est prête")
    return [Account(str(role.label), email, PASSWORD) for email, _, role in ACCOUNTS]


def _town() -> Organisation:
    return people.organisation(
        "fontclaire",
        name="Fontclaire",
        insee="58999",
        siret="21580999700012",
        population=12400,
        email="donnees@fontclaire.example",
        publisher="Le maire de Fontclaire",
        address="Hôtel de ville, place du Marché, 58990 Fontclaire",
        description="Commune fictive de 12 400 habitants : ses données sont inventées pour montrer Parvis.",
    )


def _publish(town: Organisation, users: dict[Role, User], told: Told) -> None:
    with tempfile.TemporaryDirectory(prefix="fontclaire-") as place:
        files = write_town(Path(place))
        for number, path in enumerate(files):
            told(0.95 * number / len(files), path.name)
            publishing.publish_one(path, town, users[Role.AGENT])
    told(0.96, "Décisions de la référente")
    for draft in Draft.objects.filter(state=Draft.State.WAITING).select_related("submission"):
        if draft.submission.name.startswith(DECIDED):
            _decide(draft, users[Role.REFERENT])
    worker.run(once=True)


def _decide(draft: Draft, referent: User) -> None:
    """Accept what is proposed for each column, and release."""
    accepted = queries.proposed(draft)
    try:
        draft = actions.save(draft, referent, draft.described, accepted, draft.dataset)
        if not queries.undecided(draft):
            actions.approve(draft, referent)
    except ParvisError as error:
        Draft.objects.filter(pk=draft.pk).update(error=error.text[:500])
