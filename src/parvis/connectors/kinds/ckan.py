"""A resource of a CKAN portal: brought when the portal, or the file itself, says that it changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from parvis.connectors.arrival import Arrival, Errand
from parvis.connectors.download import download
from parvis.connectors.setting import Setting
from parvis.errors import InputError, RemoteError
from parvis.values import msg

TITLE = msg("Un fichier d'un portail CKAN")
HELP = msg("Un fichier publié sur un portail CKAN, suivi à chaque mise à jour.")
ORDER = 110
EXTRA = ""
SETTINGS = (
    Setting(
        "address",
        msg("Adresse de la page du fichier"),
        "address",
        msg("Celle que montre votre navigateur : …/dataset/…/resource/…"),
        required=True,
    ),
)
SECRET = Setting("secret", msg("Clé d'API"), help=msg("Seulement si le jeu de données n'est pas public."))
EXAMPLES = ({"address": "https://donnees.agglo.example/dataset/arbres/resource/0f4f2c6e-5d0a-4a55-9d5a-7a2f8b1f3c11"},)
_RESOURCE = re.compile(r"(.*?)/(?:\w\w(?:_\w\w)?/)?dataset/[^/]+/resource/([\w-]+)(?:/.*)?")


def fetch(errand: Errand) -> Iterator[Arrival]:
    """Yield the file of the resource when it changed."""
    address = errand.settings["address"].partition("?")[0]
    found = _RESOURCE.fullmatch(address)
    if not found:
        raise InputError(
            msg("Cette adresse n'est pas celle d'un fichier de portail CKAN."),
            msg("Ouvrez la page du fichier (la ressource), puis copiez son adresse."),
        )
    base, number = found[1], found[2]
    secret = {"Authorization": errand.secret} if errand.secret else None
    said = errand.client.json(f"{base}/api/3/action/resource_show?{urlencode({'id': number})}", secret=secret)
    resource = said.get("result") if isinstance(said, dict) and said.get("success") else None
    if not isinstance(resource, dict) or not resource.get("url"):
        raise RemoteError(msg("Ce portail ne connaît pas ce fichier, ou n'en donne pas l'adresse."))
    changed = [resource.get(k) or "" for k in ("last_modified", "hash", "revision_id")]
    known = errand.marks.get(number)
    hosted = resource.get("url_type") == "upload"  # the portal keeps it: it knows when it changes
    if hosted and isinstance(known, dict) and known.get("changed") == changed:
        return
    place = urljoin(f"{base}/", str(resource["url"]))
    same = urlsplit(place).netloc == urlsplit(base).netloc
    yield from download(
        errand, place, key=number, name=_name(resource, place), secret=secret if same else None,
        more={"changed": changed},
    )  # fmt: skip


def _name(resource: dict[str, Any], place: str) -> str:
    """Return a name when the address of the file gives none."""
    last = urlsplit(place).path.rpartition("/")[2]
    if "." in last or not resource.get("name"):
        return ""
    suffix = re.sub(r"[^a-z0-9]", "", str(resource.get("format") or "").lower())
    return f"{resource['name']}.{suffix}" if suffix else ""
