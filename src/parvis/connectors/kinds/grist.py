"""A table of a Grist document: the shared spreadsheet of La Suite numérique."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote, urlencode, urlsplit

from parvis.connectors.arrival import Arrival, Errand
from parvis.connectors.download import fit, shown
from parvis.connectors.setting import Setting
from parvis.errors import InputError
from parvis.values import msg

TITLE = msg("Une table Grist")
HELP = msg("Une table d'un document Grist tenu par vos services.")
ORDER = 120
EXTRA = ""
SETTINGS = (
    Setting(
        "address",
        msg("Adresse du document"),
        "address",
        msg("Celle que montre votre navigateur, par exemple https://grist.numerique.gouv.fr/o/docs/…"),
        required=True,
    ),
    Setting(
        "table",
        msg("Nom de la table"),
        help=msg("Dans Grist, « Données brutes » : l'identifiant de la table."),
        required=True,
    ),
)
SECRET = Setting(
    "secret", msg("Clé d'API"), help=msg("Dans Grist, « Réglages du profil ». Inutile si le document est public.")
)
EXAMPLES = ({"address": "https://grist.fontclaire.example/o/mairie/a1b2c3d4e5f6/Salles", "table": "Salles"},)
_DOCUMENT = re.compile(r"(.*?)/(?:o/[\w-]+/)?(?:api/docs/|doc/)?([A-Za-z0-9_-]{12,36})(?:[/~].*)?")


def fetch(errand: Errand) -> Iterator[Arrival]:
    """Yield the table as CSV, under the labels that people see; whoever receives it knows whether it changed."""
    parts = urlsplit(errand.settings["address"])
    found = _DOCUMENT.fullmatch(parts.path)
    if not found:
        raise InputError(
            msg("Cette adresse n'est pas celle d'un document Grist."),
            msg("Ouvrez le document dans votre navigateur, puis copiez son adresse."),
        )
    team = re.match(r"(.*?/o/[\w-]+)/", parts.path)
    base = f"{parts.scheme}://{parts.netloc}{team[1] if team else found[1]}/api/docs/{quote(found[2])}"
    table = errand.settings["table"]
    query = urlencode({"tableId": table, "header": "label"})
    secret = {"Authorization": f"Bearer {errand.secret}"} if errand.secret else None
    with errand.client.ask(f"{base}/download/csv?{query}", secret=secret) as answer:
        yield Arrival(f"{fit(table)}.csv", answer, shown(f"{base}/{quote(table)}"), table)
