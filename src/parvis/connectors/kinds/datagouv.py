"""A file published on data.gouv.fr, or on another portal made with udata, followed by its permanent number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from parvis.connectors.arrival import Arrival, Errand
from parvis.connectors.download import download
from parvis.connectors.setting import Setting
from parvis.errors import InputError, RemoteError
from parvis.values import msg

TITLE = msg("Un fichier de data.gouv.fr")
HELP = msg("Un fichier publié sur data.gouv.fr : par l'État, un syndicat, une association.")
ORDER = 90
EXTRA = ""
SETTINGS = (
    Setting(
        "address",
        msg("Adresse du fichier"),
        "address",
        msg("Sur la page du jeu de données, « Copier le lien stable » du fichier : https://www.data.gouv.fr/…/r/…"),
        required=True,
    ),
)
SECRET = None
EXAMPLES = ({"address": "https://www.data.gouv.fr/api/1/datasets/r/2f8d0b0e-6a1c-4f3b-9d3e-0c8e5b1f7a42"},)
_NUMBER = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)


def fetch(errand: Errand) -> Iterator[Arrival]:
    """Yield the file when its checksum, its date or its ETag changed."""
    parts = urlsplit(errand.settings["address"])
    numbers = _NUMBER.findall(errand.settings["address"])
    if not numbers:
        raise InputError(
            msg("Cette adresse n'est pas celle d'un fichier de data.gouv.fr."),
            msg("Sur la page du jeu de données, copiez le lien stable du fichier, et non l'adresse de la page."),
        )
    number = numbers[-1].lower()
    said = errand.client.json(f"{parts.scheme}://{parts.netloc}/api/2/datasets/resources/{number}/")
    resource = said.get("resource") if isinstance(said, dict) else None
    if not isinstance(resource, dict) or not resource.get("url"):
        raise RemoteError(msg("Ce portail ne connaît pas ce fichier, ou n'en donne pas l'adresse."))
    checksum = resource.get("checksum") or {}
    changed = [resource.get("last_modified") or "", checksum.get("value") or "" if isinstance(checksum, dict) else ""]
    known = errand.marks.get(number)
    hosted = resource.get("filetype") == "file"  # the portal keeps it: it knows when it changes
    if hosted and isinstance(known, dict) and known.get("changed") == changed:
        return
    yield from download(errand, str(resource["url"]), key=number, more={"changed": changed})
