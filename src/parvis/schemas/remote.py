"""A schema at an https address: fetched with limits, never from inside the network it runs in."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from urllib.parse import urljoin, urlsplit

from parvis.errors import InputError, RemoteError
from parvis.schemas.schema import SIZE

SECONDS = 10.0
_HOPS = 3


def fetch(address: str) -> bytes:
    """Return the bytes of a schema. Raises: InputError for an address that is not public https; RemoteError."""
    for _ in range(_HOPS + 1):
        status, place, body = _ask(address)
        if status not in (301, 302, 303, 307, 308):
            break
        address = urljoin(address, place)
    if status != 200:
        raise RemoteError("L'adresse du schéma répond {status}.", status=status, retryable=status >= 500)
    if len(body) > SIZE:
        raise InputError("Ce schéma est trop gros.")
    return body


def _ask(address: str) -> tuple[int, str, bytes]:
    parts = urlsplit(address)
    if parts.scheme != "https" or not parts.hostname:
        raise InputError("Donnez une adresse qui commence par https://.")
    number = _public(parts.hostname, parts.port or 443)
    connection = _Pinned(parts.hostname, number, parts.port or 443)
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("GET", path, headers={"User-Agent": "Parvis", "Accept": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.headers.get("Location", ""), answer.read(SIZE + 1)
    except (OSError, http.client.HTTPException) as error:
        raise RemoteError(
            "« {host} » ne répond pas.", "Réessayez plus tard.", retryable=True, host=parts.hostname
        ) from error
    finally:
        connection.close()


def _public(host: str, port: int) -> str:
    """Return a public address of a host: what lies inside the network is not for a schema to reach."""
    try:
        found = {str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError) as error:
        raise RemoteError("« {host} » n'est pas trouvé.", host=host, retryable=True) from error
    for number in sorted(found):
        if not ipaddress.ip_address(number.split("%")[0]).is_global:
            raise InputError("L'adresse « {host} » est intérieure au réseau : elle est refusée.", host=host)
    return sorted(found)[0]


class _Pinned(http.client.HTTPSConnection):
    """A connection to the very address that was checked: a name may not change its mind between."""

    def __init__(self, host: str, number: str, port: int) -> None:
        super().__init__(host, port, timeout=SECONDS, context=ssl.create_default_context())
        self._number = number

    def connect(self) -> None:
        plain = socket.create_connection((self._number, self.port), self.timeout)
        self.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=self.host)
