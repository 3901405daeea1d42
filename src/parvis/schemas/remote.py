"""A schema at an https address: fetched with limits, never from inside the network it runs in."""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
import time
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from parvis.errors import InputError, LimitError, RemoteError
from parvis.schemas.schema import SIZE
from parvis.values import msg

SECONDS = 10.0  # for one answer to begin, and each of its parts to come
WHOLE = 30.0  # for all of it, redirections too
_HOPS = 3
_PORT = 443
_MOVED = (301, 302, 303, 307, 308)
_SAFE = "/%:@!$&'()*+,;=~-._?"


def fetch(address: str) -> bytes:
    """Return the bytes of a schema of 5 MB at most.

    Only https on its usual port, and only hosts whose every address is public: each redirection is checked the same.
    Raises: InputError for an address that is not so, RemoteError when it does not answer, LimitError when too large.
    """
    until = time.monotonic() + WHOLE
    for _ in range(_HOPS + 1):
        status, place, body = _ask(address, until)
        if status not in _MOVED:
            break
        address = urljoin(address, place)
    if status != http.client.OK:
        raise RemoteError(msg("L'adresse du schéma répond {status}."), status=status, retryable=status >= 500)
    if len(body) > SIZE:
        raise LimitError(msg("Ce schéma dépasse {size} Mo."), size=SIZE >> 20)
    return body


def is_public(number: str) -> bool:
    """Return whether an IP address is one of the public internet, whatever it is wrapped in."""
    try:
        address = ipaddress.ip_address(number.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if inner is not None:
            return is_public(str(inner))
        if address in _TRANSLATED:
            return is_public(str(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)))
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address behind a translator


# --- Steps ----------------------------------------------------------------------------------------


def _ask(address: str, until: float) -> tuple[int, str, bytes]:
    parts, host = _split(address)
    connection = _Pinned(host, _public(host))
    path = quote(parts.path or "/", safe=_SAFE) + (f"?{quote(parts.query, safe=_SAFE)}" if parts.query else "")
    watch = threading.Timer(max(until - time.monotonic(), 0.0), connection.cut)
    watch.daemon = True
    watch.start()
    try:
        connection.request("GET", path, headers={"User-Agent": "Parvis", "Accept": "application/json, */*;q=0.1"})
        answer = connection.getresponse()
        return answer.status, answer.headers.get("Location", ""), _body(answer, until)
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        raise RemoteError(
            msg("« {host} » ne répond pas."),
            msg("Réessayez plus tard, ou téléchargez le schéma et donnez son fichier."),
            retryable=True,
            host=host,
        ) from error
    finally:
        watch.cancel()
        connection.close()


def _split(address: str) -> tuple[SplitResult, str]:
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port or _PORT
    except ValueError:
        parts, host, port = urlsplit(""), "", _PORT
    if parts.scheme != "https" or not host or port != _PORT:
        raise InputError(msg("Donnez une adresse qui commence par https://, sans numéro de port."))
    return parts, host


def _body(answer: http.client.HTTPResponse, until: float) -> bytes:
    """Return what the answer holds, one byte over the limit at most; a trickle is not waited for."""
    out = b""
    while len(out) <= SIZE:
        if time.monotonic() > until:
            raise TimeoutError
        part = answer.read1(min(1 << 16, SIZE + 1 - len(out)))
        if not part:
            break
        out += part
    return out


def _public(host: str) -> str:
    """Return a public address of a host: what lies inside the network is not for a schema to reach."""
    try:
        found = sorted({str(info[4][0]) for info in socket.getaddrinfo(host, _PORT, type=socket.SOCK_STREAM)})
    except (OSError, UnicodeError) as error:
        raise RemoteError(msg("« {host} » n'est pas trouvé."), host=host, retryable=True) from error
    if not found or not all(map(is_public, found)):
        raise InputError(msg("L'adresse « {host} » est intérieure au réseau : elle est refusée."), host=host)
    return min(found, key=lambda number: ":" in number)  # IPv4 first: not every town hall has IPv6


class _Pinned(http.client.HTTPSConnection):
    """A connection to the very address that was checked: a name may not change its mind between."""

    def __init__(self, host: str, number: str) -> None:
        self._context_of_trust = ssl.create_default_context()
        super().__init__(host, _PORT, timeout=SECONDS, context=self._context_of_trust)
        self._number = number

    def cut(self) -> None:
        """End a conversation that lasts: what waits for its next byte gets an end instead."""
        if isinstance(self.sock, socket.socket):
            with contextlib.suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)

    def connect(self) -> None:
        plain = socket.create_connection((self._number, self.port), self.timeout)
        self.sock = self._context_of_trust.wrap_socket(plain, server_hostname=self.host)
