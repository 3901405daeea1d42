"""The only way out: every request and connection that Parvis makes towards another machine goes through a ``Client``.

A name is resolved once, each of its addresses is judged, and the connection is made to the very address that was
judged: a name cannot change its mind between. A redirection is a new request, judged the same. Nothing reaches the
inner network, the machine itself or a cloud's metadata, except the hosts that the operator lists.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import json
import re
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from email.message import Message
from functools import cached_property
from types import TracebackType
from typing import Any, Self
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from parvis.errors import InputError, RefusedError, RemoteError, TooLarge
from parvis.values import msg

SECONDS = 20.0  # for a connection to be made, and each part of an answer to come
WHOLE = 600.0  # for all that one client does
HOPS = 5
SIZE = 2 << 30  # bytes of one answer, once unpacked
DOCUMENT = 32 << 20  # bytes of an answer that is kept in memory
_PORTS = {"http": 80, "https": 443}
_LOWEST = 1024  # under it, the web's own ports alone: 22 or 25 speak to something else
_MOVED = (301, 302, 303, 307, 308)
_PLAIN = re.compile(r"[\x21-\x5b\x5d-\x7e\u00a0-\uffff]+")  # no space, no control sign, no backslash
_NUMBER = re.compile(r"(?:0x[0-9a-f]*|\d+)(?:\.(?:0x[0-9a-f]*|\d+))*\.?", re.IGNORECASE)
_SAFE = "/%:@!$&'()*+,;=~-._?"
_PART = 1 << 16  # bytes

# What a library takes for public and is not: a cloud's own services, and blocks with a special use.
_SPECIAL = tuple(map(ipaddress.ip_network, ("168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24", "3fff::/20")))
_GLOBAL = ipaddress.IPv6Network("2000::/3")  # RFC 4291: the only block of IPv6 that is given out
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address behind a translator
_NEVER = tuple(  # not even when the operator lists the name: metadata of clouds, everybody, nobody
    map(
        ipaddress.ip_network,
        ("169.254.0.0/16", "168.63.129.16/32", "100.100.100.200/32", "fd00:ec2::254/128", "fe80::/10", "224.0.0.0/4",
         "240.0.0.0/4", "0.0.0.0/8", "ff00::/8", "::/128"),
    )
)  # fmt: skip

Resolver = Callable[[str, int], Iterable[str]]


def is_public(number: str) -> bool:
    """Return whether an IP address is one of the public internet, whatever it is wrapped in."""
    try:
        address = ipaddress.ip_address(number.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        inner = _inner(address)
        if inner is not None:
            return is_public(str(inner))
        if address not in _GLOBAL:
            return False
    if any(address in block for block in _SPECIAL if block.version == address.version):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _inner(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that an IPv6 one wraps: mapped, 6to4, Teredo, behind a translator."""
    if address in _TRANSLATED:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]


def resolved(host: str, port: int) -> list[str]:
    """Return the addresses of a host, as the machine's own resolver says."""
    return sorted({str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)})


class Client:
    """A guarded way out for one piece of work; ``with`` it: what is still open at the end is cut.

    ``inside`` lists what the operator lets it reach of the inner network: « nas.mairie.lan », « 10.1.2.3:5432 »,
    « 10.1.0.0/16 ». ``whole`` is the time all its work may take, in seconds; ``trust`` the certificates believed.
    """

    def __init__(
        self,
        inside: Sequence[str] = (),
        *,
        resolve: Resolver = resolved,
        seconds: float = SECONDS,
        whole: float = WHOLE,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._inside = tuple(_Opening(entry) for entry in inside if entry.strip())
        self._resolve = resolve
        self._seconds = seconds
        self._until = time.monotonic() + whole
        self._trust = trust
        self._open: list[socket.socket] = []
        self._watch: threading.Timer | None = None

    @cached_property
    def trust(self) -> ssl.SSLContext:
        """The certificates believed: the machine's own unless others were given."""
        return self._trust or ssl.create_default_context()

    @property
    def left(self) -> float:
        """Seconds that remain. Raises: RemoteError when there are none."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise _too_long()
        return left

    def addresses(self, host: str, port: int) -> list[str]:
        """Return the addresses of a host that may be reached, IPv4 first: not every town hall has IPv6.

        Raises: RefusedError when one of them is inside and the operator did not list it; RemoteError when unknown.
        """
        name = host.strip("[]").lower().rstrip(".")
        _must_be_plain(name)
        try:
            found = list(self._resolve(name, port))
        except (OSError, UnicodeError) as error:
            raise RemoteError(
                msg("« {host} » n'est pas trouvé."),
                msg("Vérifiez l'orthographe de l'adresse."),
                host=host,
                retryable=True,
            ) from error
        for number in found:
            if not self._may(name, port, number):
                raise _inner_address(host)
        if not found:
            raise RemoteError(msg("« {host} » n'est pas trouvé."), host=host, retryable=True)
        return sorted(found, key=lambda number: ":" in number)

    def listed(self, host: str, port: int) -> bool:
        """Return whether the operator opened this very host: what goes there stays in the town hall's network."""
        name = host.strip("[]").lower().rstrip(".")
        return any(o.names(name, port) or o.holds(name, port) for o in self._inside)

    def connect(self, host: str, port: int) -> socket.socket:
        """Return a connection to a host that may be reached; it is cut when the client's time is over.

        Raises: RefusedError, RemoteError.
        """
        numbers = self.addresses(host, port)
        last: OSError | None = None
        for number in numbers:
            try:
                made = socket.create_connection((number, port), min(self._seconds, self.left))
            except OSError as error:
                last = error
                continue
            self._open.append(made)
            self._start_watch()
            return made
        raise _silent(host) from last

    def ask(
        self,
        address: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        secret: Mapping[str, str] | None = None,
        body: bytes | None = None,
        size: int = SIZE,
        allowed: Collection[int] = (),
        only_https: bool = False,
    ) -> Answer:
        """Return the answer of a request, its redirections followed; the caller closes it (``with``).

        ``secret`` headers go to the first host only, and never in clear over the internet. ``size`` is in bytes.
        Raises: InputError for an address that is none, RefusedError for one inside, RemoteError for any answer that
        is neither a success nor ``allowed``.
        """
        first = _origin(address)
        for _ in range(HOPS + 1):
            asked = dict(headers or {})
            if secret and _origin(address) == first:
                self._must_be_safe(address)
                asked |= secret
            answer = self._one(address, method, asked, body, size, only_https)
            if answer.status not in _MOVED or answer.status in allowed:
                break
            place = urljoin(address, quote(said(answer.headers, "Location"), safe=_SAFE + "#[]"))
            answer.close()
            if urlsplit(address).scheme == "https" and urlsplit(place).scheme == "http":
                raise RefusedError(
                    msg("« {host} » renvoie vers une adresse non protégée (http) : Parvis n'y va pas."),
                    host=answer.host,
                )
            address = place
            if answer.status == http.client.SEE_OTHER:
                method, body = "GET", None
        else:
            raise RemoteError(msg("« {host} » renvoie sans fin d'une adresse à l'autre."), host=answer.host)
        if not (http.client.OK <= answer.status < http.client.MULTIPLE_CHOICES or answer.status in allowed):
            answer.close()
            raise refusal(answer.status, answer.host)
        return answer

    def json(self, address: str, *, size: int = DOCUMENT, **more: Any) -> Any:
        """Return what an address answers in JSON. Raises: as ``ask``; RemoteError when it is something else."""
        asked = {"Accept": "application/json", **(more.pop("headers", None) or {})}
        with self.ask(address, headers=asked, size=size, **more) as answer:
            content = answer.read()
        try:
            return json.loads(content)
        except (ValueError, RecursionError) as error:
            raise RemoteError(
                msg("« {host} » répond autre chose que ce qui est attendu."),
                msg("Vérifiez l'adresse : c'est peut-être celle d'une page et non celle du service."),
                host=answer.host,
            ) from error

    def close(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
        for one in self._open:
            with contextlib.suppress(OSError):
                one.close()
        self._open.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- Steps ------------------------------------------------------------------------------------

    def _one(
        self, address: str, method: str, headers: Mapping[str, str], body: bytes | None, size: int, only_https: bool
    ) -> Answer:
        parts, host, port = split(address)
        if only_https and (parts.scheme != "https" or port != _PORTS["https"]):
            raise InputError(msg("Donnez une adresse qui commence par https://, sans numéro de port."))
        if port < _LOWEST and port not in _PORTS.values() and not self.listed(host, port):
            raise RefusedError(msg("Le port {port} n'est pas un port du web : Parvis n'y va pas."), port=port)
        connection = _Pinned(self, host, port, self.trust if parts.scheme == "https" else None)
        target = quote(parts.path or "/", safe=_SAFE) + (f"?{quote(parts.query, safe=_SAFE)}" if parts.query else "")
        sent = {"User-Agent": "Parvis", "Accept": "*/*", "Accept-Encoding": "gzip", **headers}
        try:
            connection.request(method, target, body=body, headers=sent)
            return Answer(connection, connection.getresponse(), address, host, size, self)
        except ssl.SSLCertVerificationError as error:
            connection.close()
            raise RemoteError(
                msg("Le certificat de « {host} » n'est pas valable ({why}) : rien ne lui a été demandé."),
                msg("Prévenez celui qui tient ce serveur."),
                host=host,
                why=error.verify_message or error.reason or "TLS",
            ) from error
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise _too_long() if self._until < time.monotonic() else _silent(host) from error
        except (UnicodeError, ValueError) as error:
            connection.close()
            raise InputError(msg("Un réglage contient un signe qu'un en-tête web ne peut pas porter.")) from error
        except BaseException:
            connection.close()
            raise

    def _may(self, host: str, port: int, number: str) -> bool:
        try:
            address = ipaddress.ip_address(number.partition("%")[0])
        except ValueError:
            return False
        if isinstance(address, ipaddress.IPv6Address):
            address = _inner(address) or address
        if any(address in block for block in _NEVER if block.version == address.version):
            return False
        return is_public(number) or any(o.names(host, port) or o.holds(str(address), port) for o in self._inside)

    def _must_be_safe(self, address: str) -> None:
        parts, host, port = split(address)
        if parts.scheme == "http" and not self.listed(host, port):
            raise RefusedError(
                msg("Un mot de passe ne s'envoie pas à une adresse non protégée (http)."),
                msg("Donnez l'adresse en https://."),
            )

    def _start_watch(self) -> None:
        if self._watch is None:
            self._watch = threading.Timer(self.left, self._cut)
            self._watch.daemon = True
            self._watch.start()

    def _cut(self) -> None:
        """End the conversations that last: what waits for its next byte gets an end instead."""
        for one in self._open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


class Answer:
    """What a web server answered: ``status``, ``headers``, and a stream of its unpacked bytes, counted and timed."""

    def __init__(
        self,
        connection: http.client.HTTPConnection,
        raw: http.client.HTTPResponse,
        address: str,
        host: str,
        size: int,
        client: Client,
    ) -> None:
        self.status = raw.status
        self.headers = raw.headers
        self.address = address  # the last one, redirections followed
        self.host = host
        self._connection, self._raw, self._client = connection, raw, client
        self._left = size
        self._size = size
        packing = raw.headers.get("Content-Encoding", "identity").strip().lower()
        if packing not in ("", "identity", "gzip", "x-gzip"):
            self.close()
            raise RemoteError(msg("« {host} » répond sous une forme que Parvis n'a pas demandée."), host=host)
        self._unpack = zlib.decompressobj(31) if "gzip" in packing else None
        self._ended = False

    def read(self, count: int = -1) -> bytes:
        """Return at most ``count`` bytes, all that is left when negative; b"" at the end.

        Raises: TooLarge past the size allowed; RemoteError when the answer was cut.
        """
        if count < 0:
            parts = []
            while part := self.read(_PART):
                parts.append(part)
            return b"".join(parts)
        out = b""
        while not out and not self._ended and count:
            out = self._some(count)
        self._left -= len(out)
        if self._left < 0:
            raise TooLarge(
                msg("« {host} » envoie plus de {size} Mo : Parvis s'arrête là."), host=self.host, size=self._size >> 20
            )
        return out

    def _some(self, count: int) -> bytes:
        if self._unpack is not None and self._unpack.unconsumed_tail:
            return self._unpack.decompress(self._unpack.unconsumed_tail, count)
        try:
            self._client.left  # noqa: B018  a trickle is not waited for
            part = self._raw.read1(min(count, _PART))
        except (OSError, http.client.HTTPException) as error:
            raise self._broken() from error
        if not part:
            self._ended = True
            self._client.left  # noqa: B018  cut by the clock, an answer ends as if it were whole
            if self._raw.length or (self._unpack is not None and not self._unpack.eof and self.status != 304):
                raise self._broken()
            return b""
        if self._unpack is None:
            return part
        try:
            return self._unpack.decompress(part, count)
        except zlib.error as error:
            raise self._broken() from error

    def _broken(self) -> RemoteError:
        return RemoteError(
            msg("L'envoi de « {host} » s'est arrêté avant la fin."),
            msg("Parvis réessaiera."),
            retryable=True,
            host=self.host,
        )

    def close(self) -> None:
        self._raw.close()
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Opening:
    """One line of the operator's list: a name, an address or a network, with a port or for all of them."""

    def __init__(self, entry: str) -> None:
        text = entry.strip().lower()
        found = re.fullmatch(r"(\[[^\]]+\]|[^:]+):(\d+)", text)
        self.port = int(found[2]) if found else 0
        text = (found[1] if found else text).strip("[]")
        self.name, self.block = text.rstrip("."), None
        with contextlib.suppress(ValueError):
            self.block = ipaddress.ip_network(text, strict=False)

    def names(self, host: str, port: int) -> bool:
        return self.block is None and host == self.name and self.port in (0, port)

    def holds(self, number: str, port: int) -> bool:
        if self.block is None or self.port not in (0, port):
            return False
        with contextlib.suppress(ValueError):
            address = ipaddress.ip_address(number)
            return address.version == self.block.version and address in self.block
        return False


class _Pinned(http.client.HTTPConnection):
    """A web connection made by the client to an address that it judged; TLS is checked against the name asked."""

    def __init__(self, client: Client, host: str, port: int, trust: ssl.SSLContext | None) -> None:
        super().__init__(host, port)
        self.default_port = _PORTS["https" if trust else "http"]  # so that Host names no usual port
        self._client, self._trust = client, trust

    def connect(self) -> None:
        plain = self._client.connect(self.host, self.port)
        self.sock = self._trust.wrap_socket(plain, server_hostname=self.host) if self._trust else plain
        if self._trust:
            self._client._open.append(self.sock)


def split(address: str) -> tuple[SplitResult, str, int]:
    """Return the parts of a web address, its host and port. Raises: InputError."""
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").encode("idna").decode("ascii") if parts.hostname else ""
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except (ValueError, UnicodeError):
        parts, host, port = urlsplit(""), "", 0
    if not host or parts.scheme not in _PORTS or not _PLAIN.fullmatch(address):
        raise InputError(msg("Cette adresse n'en est pas une : elle commence par https:// et n'a pas d'espace."))
    if parts.username is not None or parts.password is not None:
        raise InputError(
            msg("Une adresse ne porte ni identifiant ni mot de passe."), msg("Écrivez-les dans les champs prévus.")
        )
    _must_be_plain(host)
    return parts, host, port


def said(headers: Message, name: str) -> str:
    """Return a header's text, "" when absent: many servers write UTF-8 where the web's rule reads Latin-1."""
    text = str(headers.get(name, ""))
    with contextlib.suppress(UnicodeError):
        text = text.encode("latin-1").decode("utf-8")
    return text


def refusal(status: int, host: str) -> RemoteError:
    """Return the error of a web answer that is no success."""
    hint, retryable = msg("Vérifiez l'adresse."), False
    if status in (401, 403, 407):
        said = msg("« {host} » refuse l'accès (réponse {status}).")
        hint = msg("Vérifiez l'identifiant et le mot de passe ou la clé, et les droits de ce compte.")
    elif status in (404, 410):
        said = msg("« {host} » dit que rien n'existe à cette adresse (réponse {status}).")
    elif status == 429:
        said, hint, retryable = msg("« {host} » demande d'attendre (réponse 429)."), msg("Parvis réessaiera."), True
    elif status >= 500:
        said, hint, retryable = msg("« {host} » est en panne (réponse {status})."), msg("Parvis réessaiera."), True
    else:
        said = msg("« {host} » répond {status} au lieu de donner le fichier.")
    return RemoteError(said, hint, retryable=retryable, host=host, status=status)


def _origin(address: str) -> tuple[str, str, int]:
    parts, host, port = split(address)
    return parts.scheme, host.lower(), port


def _must_be_plain(host: str) -> None:
    """Refuse an IP address written so that two programs would not read the same one: 127.1, 0x7f000001, 0177.0.0.1."""
    if _NUMBER.fullmatch(host):
        try:
            ipaddress.IPv4Address(host)
        except ValueError as error:
            raise _inner_address(host) from error


def _inner_address(host: str) -> RefusedError:
    return RefusedError(
        msg("L'adresse « {host} » est intérieure au réseau : elle est refusée."),
        msg("Si elle doit être jointe, l'administrateur l'ajoute au réglage PARVIS_INSIDE."),
        host=host,
    )


def _silent(host: str) -> RemoteError:
    return RemoteError(
        msg("« {host} » ne répond pas."),
        msg("Vérifiez l'adresse ; si elle est bonne, le service est peut-être arrêté : Parvis réessaiera."),
        retryable=True,
        host=host,
    )


def _too_long() -> RemoteError:
    return RemoteError(
        msg("L'autre machine est trop lente : Parvis s'est arrêté avant la fin."), msg("Parvis réessaiera."), True
    )
