"""A file at a web address: brought when its ETag or its date says that it changed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from parvis.connectors.arrival import Arrival, Errand
from parvis.connectors.download import basic, download
from parvis.connectors.setting import Setting
from parvis.errors import InputError
from parvis.values import msg

TITLE = msg("Un fichier à une adresse web")
HELP = msg("Le lien de téléchargement d'un logiciel métier, d'un partenaire ou d'un autre portail.")
ORDER = 20
EXTRA = ""
SETTINGS = (
    Setting("address", msg("Adresse du fichier"), "address", msg("Elle commence par https://."), required=True),
    Setting("name", msg("Nom à donner au fichier"), help=msg("Vide : celui que donne le serveur.")),
    Setting("user", msg("Identifiant"), help=msg("Seulement si le serveur en demande un.")),
    Setting(
        "header",
        msg("En-tête qui porte la clé"),
        help=msg("Seulement si la documentation du service le demande, par exemple X-API-Key."),
    ),
)
SECRET = Setting("secret", msg("Mot de passe ou clé"), help=msg("Seulement si le serveur en demande."))
EXAMPLES = ({"address": "https://exports.editeur.example/fontclaire/marches.csv"},)
_HEADER = re.compile(r"[A-Za-z0-9-]{1,60}")


def fetch(errand: Errand) -> Iterator[Arrival]:
    """Yield the file when it changed."""
    settings = errand.settings
    yield from download(errand, settings["address"], key="file", name=settings["name"], secret=_secret(errand))


def _secret(errand: Errand) -> dict[str, str] | None:
    user, header, secret = errand.settings["user"], errand.settings["header"], errand.secret
    if user:
        return basic(user, secret)
    if not secret:
        return None
    if not header:
        return {"Authorization": f"Bearer {secret}"}
    if not _HEADER.fullmatch(header):
        raise InputError(msg("« {header} » n'est pas le nom d'un en-tête."), header=header)
    return {header: secret}
