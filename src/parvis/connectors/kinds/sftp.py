"""An SFTP server: what most software houses use to hand over exports. Needs the extra « sftp » (paramiko).

The server's key is kept at the first visit; another key later is refused, as a stolen name would show it.
"""

from __future__ import annotations

import base64
import hashlib
import io
import stat
from collections.abc import Iterator
from itertools import islice
from typing import Any

from parvis.connectors.arrival import NAMES, Arrival, Errand, Listed, Seen, Unread, due, missing
from parvis.connectors.setting import Setting
from parvis.errors import InputError, RefusedError, RemoteError, TooLarge
from parvis.outgoing import SIZE
from parvis.values import msg

TITLE = msg("Un serveur SFTP")
HELP = msg("Un serveur d'échange de fichiers : celui d'un éditeur, d'un syndicat, de votre prestataire.")
ORDER = 40
EXTRA = "sftp"
SETTINGS = (
    Setting("host", msg("Serveur"), "host", msg("Par exemple sftp.editeur.fr"), required=True),
    Setting("port", msg("Port"), "number", default=22, least=1, most=65535),
    Setting("user", msg("Identifiant"), required=True),
    Setting("path", msg("Dossier"), help=msg("Vide : le dossier d'accueil."), default="."),
    NAMES,
    Setting("deep", msg("Chercher aussi dans les sous-dossiers"), "flag", default=False),
    Setting(
        "fingerprint",
        msg("Empreinte du serveur"),
        help=msg("SHA256:… donnée par celui qui tient le serveur. Vide : celle de la première visite est retenue."),
    ),
)
SECRET = Setting("secret", msg("Mot de passe ou clé privée"), "long", required=True)
EXAMPLES = ({"host": "sftp.editeur.example", "user": "fontclaire", "path": "exports", "names": ["*.csv"]},)
HOST = "#host"  # the mark of the server's key; no file has such a path
_FOLDERS, _DEPTH, _FILES = 500, 5, 10_000


def fetch(errand: Errand) -> Iterator[Arrival | Seen]:
    """Yield the files that are new or whose size or date changed."""
    try:
        import paramiko
    except ImportError as error:
        raise missing("sftp", error) from error
    transport = paramiko.Transport(errand.client.connect(errand.settings["host"], errand.settings["port"]))
    transport.banner_timeout = transport.auth_timeout = 20
    try:
        transport.start_client(timeout=20)
        yield from _recognised(errand, transport.get_remote_server_key())
        _enter(errand, transport)
        session = paramiko.SFTPClient.from_transport(transport)
        if session is None:
            raise paramiko.SSHException
        session.get_channel().settimeout(60)
        yield from _files(errand, session)
    except paramiko.AuthenticationException as error:
        raise RemoteError(
            msg("« {host} » refuse l'identifiant, le mot de passe ou la clé."),
            msg("Vérifiez-les auprès de celui qui tient le serveur."),
            host=errand.settings["host"],
        ) from error
    except (paramiko.SSHException, paramiko.SFTPError) as error:
        raise RemoteError(
            msg("L'échange avec « {host} » s'est interrompu."),
            msg("Parvis réessaiera."),
            retryable=True,
            host=errand.settings["host"],
        ) from error
    finally:
        transport.close()


def _recognised(errand: Errand, key: Any) -> Iterator[Seen]:
    found = "SHA256:" + base64.b64encode(hashlib.sha256(key.asbytes()).digest()).decode("ascii").rstrip("=")
    wanted = errand.settings["fingerprint"] or errand.marks.get(HOST, "")
    if wanted and wanted.rstrip("=") != found:
        raise RefusedError(
            msg("Le serveur « {host} » n'est plus celui de la première visite : son empreinte est {found}."),
            msg("Demandez à celui qui le tient si c'est voulu ; si oui, écrivez cette empreinte dans les réglages."),
            host=errand.settings["host"],
            found=found,
        )
    if errand.marks.get(HOST) != found:
        yield Seen(HOST, found)


def _enter(errand: Errand, transport: Any) -> None:
    user, secret = errand.settings["user"], errand.secret
    if "-----BEGIN" in secret:
        transport.auth_publickey(user, _key(secret))
    else:
        transport.auth_password(user, secret)


def _key(text: str) -> Any:
    import paramiko

    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            return kind.from_private_key(io.StringIO(text.strip() + "\n"))
        except (paramiko.SSHException, ValueError):
            continue
    raise InputError(
        msg("Cette clé privée n'est pas lisible."),
        msg("Donnez une clé Ed25519, ECDSA ou RSA, sans phrase de passe, en entier (de BEGIN à END)."),
    )


def _files(errand: Errand, session: Any) -> Iterator[Arrival]:
    base = errand.settings["path"].rstrip("/") or "/"
    for one in due(_listed(errand, session, base), errand):
        origin = f"sftp://{errand.settings['host']}/{one.path}"
        if one.size > SIZE:  # what is asked ahead is counted from the size that the server says
            reason = TooLarge(msg("« {name} » dépasse {size} Mo : il n'est pas pris."), name=one.name, size=SIZE >> 20)
            yield Arrival(one.name, Unread(reason), origin, one.path, one.mark)
            continue
        with session.open(f"{base}/{one.path}", "rb") as file:
            file.prefetch(one.size, max_concurrent_requests=32)
            yield Arrival(one.name, file, origin, one.path, one.mark)


def _listed(errand: Errand, session: Any, base: str) -> Iterator[Listed]:
    waiting, count, seen = [("", 0)], 0, 0
    while waiting and seen < _FOLDERS:
        folder, depth = waiting.pop(0)
        seen += 1
        try:
            members = list(islice(session.listdir_iter(f"{base}/{folder}" if folder else base), _FILES))
        except FileNotFoundError as error:
            raise RemoteError(
                msg("Le dossier « {path} » n'existe pas sur le serveur."), path=f"{base}/{folder}".rstrip("/")
            ) from error
        except PermissionError as error:
            raise RemoteError(
                msg("Le serveur ne laisse pas lire le dossier « {path} »."), path=f"{base}/{folder}".rstrip("/")
            ) from error
        for member in members:
            path, mode = f"{folder}{member.filename}", member.st_mode or 0
            if stat.S_ISDIR(mode) and errand.settings["deep"] and depth < _DEPTH:
                waiting.append((f"{path}/", depth + 1))
            elif stat.S_ISREG(mode) and count < _FILES:
                count += 1
                yield Listed(path, member.st_size or 0, [member.st_size, member.st_mtime])
