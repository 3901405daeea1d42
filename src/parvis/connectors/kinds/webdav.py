"""A WebDAV folder: Nextcloud, and most shared disks of town halls; also a Nextcloud folder shared by a link."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urljoin, urlsplit

from parvis.connectors.arrival import NAMES, Arrival, Errand, Listed, due
from parvis.connectors.download import basic, markup, shown
from parvis.connectors.setting import Setting
from parvis.errors import RemoteError
from parvis.outgoing import DOCUMENT
from parvis.values import msg

TITLE = msg("Un dossier Nextcloud ou WebDAV")
HELP = msg("Un dossier partagé : Nextcloud, ownCloud, un disque réseau qui parle WebDAV.")
ORDER = 30
EXTRA = ""
SETTINGS = (
    Setting(
        "address",
        msg("Adresse du dossier"),
        "address",
        msg("L'adresse WebDAV du dossier, celle de sa page dans Nextcloud, ou un lien de partage (…/s/…)."),
        required=True,
    ),
    Setting("user", msg("Identifiant"), help=msg("Inutile pour un lien de partage.")),
    NAMES,
    Setting("deep", msg("Chercher aussi dans les sous-dossiers"), "flag", default=False),
)
SECRET = Setting(
    "secret",
    msg("Mot de passe"),
    help=msg("Avec Nextcloud : un mot de passe d'application (Paramètres, Sécurité), jamais celui de la personne."),
)
EXAMPLES = (
    {
        "address": "https://nuage.fontclaire.example/remote.php/dav/files/parvis/open-data/",
        "user": "parvis",
        "names": ["*.csv", "*.xlsx"],
    },
    {"address": "https://nuage.fontclaire.example/s/AbCdEfGhIj12345"},
)
_DAV = "{DAV:}"
_PAGE = re.compile(r"(.*?)(?:/index\.php)?/apps/files(?:/.*)?")
_SHARE = re.compile(r"(.*)/s/([A-Za-z0-9]{6,64})/?")
_PROPERTIES = (
    b'<?xml version="1.0"?><d:propfind xmlns:d="DAV:"><d:prop><d:resourcetype/><d:getcontentlength/><d:getetag/>'
    b"<d:getlastmodified/></d:prop></d:propfind>"
)
_FOLDERS, _DEPTH = 200, 5


def fetch(errand: Errand) -> Iterator[Arrival]:
    """Yield the files that are new or whose ETag changed."""
    address, secret = _place(errand)
    base, members = _asked(errand, address, secret)
    for one in due(_listed(errand, base, secret, members), errand):
        address = urljoin(base, quote(one.path))
        with errand.client.ask(address, secret=secret) as answer:
            yield Arrival(one.name, answer, shown(address), one.path, one.mark)


def _place(errand: Errand) -> tuple[str, dict[str, str] | None]:
    """Return the address of the folder, ended by « / », and the header that opens it."""
    address, _, query = errand.settings["address"].partition("?")
    address, user = address.rstrip("/"), errand.settings["user"]
    page, share = _PAGE.fullmatch(address), _SHARE.fullmatch(address)
    if page and user:  # what a browser shows of a Nextcloud folder
        folder = quote(dict(parse_qsl(query)).get("dir", "/").strip("/"))
        address = f"{page[1]}/remote.php/dav/files/{quote(user)}/{folder}".rstrip("/")
    if share:
        return f"{share[1].removesuffix('/index.php')}/public.php/webdav/", basic(share[2], errand.secret)
    return f"{address}/", basic(user, errand.secret) if user else None


def _listed(errand: Errand, base: str, secret: dict[str, str] | None, members: Any) -> Iterator[Listed]:
    """Yield the files of a folder, and of those under it when they are asked for; ``members`` is its own answer."""
    waiting, seen = [("", 0)], 0
    while waiting and seen < _FOLDERS:
        folder, depth = waiting.pop(0)
        if seen:
            _, members = _asked(errand, urljoin(base, quote(folder)), secret)
        seen += 1
        for path, facts in _members(members, base, folder):
            if facts is None:
                if errand.settings["deep"] and depth < _DEPTH:
                    waiting.append((path, depth + 1))
            else:
                yield Listed(path, facts[0], facts)


def _asked(errand: Errand, address: str, secret: dict[str, str] | None) -> tuple[str, Any]:
    """Return what a folder holds, and its address once redirections are followed."""
    asked = {"Depth": "1", "Content-Type": "application/xml"}
    with errand.client.ask(
        address, method="PROPFIND", headers=asked, secret=secret, body=_PROPERTIES, size=DOCUMENT
    ) as answer:
        root = markup(answer.read(), answer.host)
    if not str(root.tag).endswith("multistatus"):
        raise RemoteError(
            msg("« {host} » répond, mais pas comme un dossier WebDAV."),
            msg("Vérifiez l'adresse : c'est celle du dossier qu'il faut."),
            host=answer.host,
        )
    return f"{answer.address.rstrip('/')}/", root


def _members(root: Any, base: str, folder: str) -> Iterator[tuple[str, list[Any] | None]]:
    """Yield what a folder holds: (path under the base, [size, ETag or date]), None for a folder."""
    start = unquote(urlsplit(base).path)
    for response in root.iterfind(f"{_DAV}response"):
        href = response.findtext(f"{_DAV}href") or ""
        path = unquote(urlsplit(urljoin(base, href)).path)
        inner = path.removeprefix(start).strip("/")
        # What a server says to lie elsewhere is not asked for: the password goes to this folder alone.
        if not path.startswith(start) or not inner or inner == folder.strip("/") or ".." in inner.split("/"):
            continue
        properties = response.find(f"{_DAV}propstat/{_DAV}prop")
        if properties is None:
            continue
        if properties.find(f"{_DAV}resourcetype/{_DAV}collection") is not None:
            yield f"{inner}/", None
        else:
            size = properties.findtext(f"{_DAV}getcontentlength") or "0"
            etag = properties.findtext(f"{_DAV}getetag") or ""
            changed = etag or properties.findtext(f"{_DAV}getlastmodified") or ""
            yield inner, [int(size) if size.isdigit() else 0, changed]
