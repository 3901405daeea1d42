"""A mailbox: the attachments of letters from the senders that are listed. Nothing is deleted, moved or marked as read.

The box is opened for reading only (EXAMINE) and letters are looked at without their mark (PEEK): a person who shares
it sees no difference. What was seen is kept as the number of the last letter (UID) and the box's own number.
"""

from __future__ import annotations

import contextlib
import email
import email.policy
import imaplib
import io
import re
import ssl
from collections.abc import Iterator
from email.header import decode_header, make_header
from email.message import EmailMessage, Message
from email.utils import getaddresses
from typing import Any

from parvis.connectors.arrival import NAMES, Arrival, Errand, Seen, Unread, chosen
from parvis.connectors.setting import Setting
from parvis.errors import RefusedError, RemoteError, TooLarge
from parvis.outgoing import Client
from parvis.text import fold
from parvis.values import msg

TITLE = msg("Une boîte aux lettres")
HELP = msg("Les pièces jointes reçues à une adresse du service, des seuls expéditeurs que vous nommez.")
ORDER = 50
EXTRA = ""
SETTINGS = (
    Setting("host", msg("Serveur IMAP"), "host", msg("Par exemple imap.mairie.fr"), required=True),
    Setting("port", msg("Port"), "number", default=993, least=1, most=65535),
    Setting(
        "safety",
        msg("Protection de l'échange"),
        "choice",
        default="tls",
        choices=(("tls", msg("TLS (port 993)")), ("starttls", msg("STARTTLS (port 143)"))),
    ),
    Setting("user", msg("Identifiant"), required=True),
    Setting("box", msg("Dossier de la boîte"), default="INBOX"),
    Setting(
        "senders",
        msg("Expéditeurs acceptés"),
        "lines",
        msg("Un par ligne : finances@mairie.fr, ou @mairie.fr pour tout un domaine."),
        required=True,
    ),
    Setting("subject", msg("Mots de l'objet"), help=msg("Vide : tous les messages de ces expéditeurs.")),
    NAMES,
)
SECRET = Setting("secret", msg("Mot de passe"), required=True)
EXAMPLES = ({"host": "imap.fontclaire.example", "user": "donnees", "senders": ["@fontclaire.example"]},)
_LETTER = 60 << 20  # bytes
_LETTERS = 2000  # looked at in one visit
_HEADS = 200  # asked for at once
_UID = re.compile(rb"UID (\d+)")
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")


def fetch(errand: Errand) -> Iterator[Arrival | Seen]:
    """Yield the attachments of the letters that came since the last visit."""
    settings = errand.settings
    try:
        box = _opened(errand)
    except ssl.SSLCertVerificationError as error:
        raise RemoteError(
            msg("Le certificat de « {host} » n'est pas valable : le mot de passe ne lui est pas donné."),
            host=settings["host"],
        ) from error
    try:
        yield from _letters(errand, box)
        box.end()
    except imaplib.IMAP4.error as error:
        raise RemoteError(
            msg("« {host} » a interrompu l'échange."), msg("Parvis réessaiera."), retryable=True, host=settings["host"]
        ) from error
    finally:
        box.cut()  # without a farewell when the exchange was broken: nothing more would be understood


def _opened(errand: Errand) -> _Box:
    settings = errand.settings
    try:
        box = _Box(errand.client, settings["host"], settings["port"], settings["safety"])
    except imaplib.IMAP4.error as error:
        raise RemoteError(
            msg("« {host} » ne parle pas IMAP à ce port."),
            msg("Vérifiez le serveur et le port."),
            host=settings["host"],
        ) from error
    try:
        box.enter(settings["user"], errand.secret)
    except imaplib.IMAP4.error as error:
        box.cut()
        if "[UNAVAILABLE]" in str(error):  # RFC 5530: the server's own trouble, not the password
            raise RemoteError(msg("« {host} » est en panne."), retryable=True, host=settings["host"]) from error
        raise RemoteError(
            msg("« {host} » refuse l'identifiant ou le mot de passe."), msg("Vérifiez-les."), host=settings["host"]
        ) from error
    return box


class _Box(imaplib.IMAP4):
    """An IMAP session over the client's guarded connection, TLS before any password."""

    def __init__(self, client: Client, host: str, port: int, safety: str) -> None:
        self._client, self._safety = client, safety
        super().__init__(host, port, timeout=30)
        if safety == "starttls":
            self.starttls(client.trust)

    def _create_socket(self, timeout: float | None) -> Any:
        plain = self._client.connect(self.host, int(self.port))
        plain.settimeout(timeout)
        return self._client.trust.wrap_socket(plain, server_hostname=self.host) if self._safety == "tls" else plain

    def read(self, size: int) -> bytes:
        if size > _LETTER:
            raise _too_large()
        return super().read(size)

    def enter(self, user: str, secret: str) -> None:
        """Sign in: LOGIN, or AUTHENTICATE for letters that LOGIN cannot write."""
        if (user + secret).isascii():
            super().login(user if re.fullmatch(r"[\w.@+-]+", user) else self._quote(user), secret)
        else:
            self.authenticate("PLAIN", lambda _: f"\0{user}\0{secret}".encode())

    def end(self) -> None:
        with contextlib.suppress(imaplib.IMAP4.error, OSError):
            self.logout()

    def cut(self) -> None:
        with contextlib.suppress(OSError):
            self.shutdown()


def _too_large() -> TooLarge:
    return TooLarge(msg("Un message dépasse {size} Mo : il n'est pas lu."), size=_LETTER >> 20)


def _letters(errand: Errand, box: _Box) -> Iterator[Arrival | Seen]:
    name = errand.settings["box"]
    state, told = box.select(_quoted(name), readonly=True)
    if state != "OK":
        raise RemoteError(msg("Le dossier « {box} » n'existe pas dans cette boîte."), box=name)
    known = errand.marks.get(name) or {}
    same, last = _number(box.response("UIDVALIDITY")[1]), 0
    if isinstance(known, dict) and known.get("validity") == same:
        last = int(known.get("uid", 0))
    _, told = box.uid("SEARCH", f"UID {last + 1}:*")
    # « last + 1:* » gives the last letter even when it is older: the star and the number may stand in any order.
    numbers = sorted(n for n in map(int, (told[0] or b"").split()) if n > last)[:_LETTERS]
    for start in range(0, len(numbers), _HEADS):
        part = numbers[start : start + _HEADS]
        kept = {n: size for n, size, head in _heads(box, part) if _wanted(errand, head)}
        for number in part:
            mark = {"validity": same, "uid": number}
            before = {"validity": same, "uid": number - 1}
            if number not in kept:
                continue
            if kept[number] <= _LETTER:
                yield from _attached(errand, box, number, before, mark)
            else:
                origin = f"mail:{errand.settings['user']}/{name}"
                yield Arrival(f"message {number}", Unread(_too_large()), origin, name, mark)
        yield Seen(name, {"validity": same, "uid": part[-1]})


def _heads(box: _Box, numbers: list[int]) -> Iterator[tuple[int, int, Message]]:
    asked = "(UID RFC822.SIZE BODY.PEEK[HEADER.FIELDS (FROM SUBJECT)])"
    _, told = box.uid("FETCH", ",".join(map(str, numbers)), asked)
    for item in told:
        if isinstance(item, tuple):
            uid, size = _UID.search(item[0]), _SIZE.search(item[0])
            if uid:
                yield int(uid[1]), int(size[1]) if size else 0, email.message_from_bytes(item[1])


def _wanted(errand: Errand, head: Message) -> bool:
    """True when the one sender is listed, and the subject holds all the words asked for."""
    senders = [address.lower() for _, address in getaddresses([str(h) for h in head.get_all("From", [])])]
    if len(senders) != 1:
        return False
    sender, domain = senders[0], "@" + senders[0].rpartition("@")[2]
    if not any(line.lower() in (sender, domain) for line in errand.settings["senders"]):
        return False
    try:
        subject = str(make_header(decode_header(str(head.get("Subject", "")))))
    except (UnicodeError, LookupError, ValueError):
        subject = str(head.get("Subject", ""))
    return all(word in fold(subject) for word in fold(errand.settings["subject"]).split())


def _attached(errand: Errand, box: _Box, number: int, before: Any, mark: Any) -> Iterator[Arrival | Seen]:
    """Yield the attachments of a letter; its number is only kept with the last one."""
    _, told = box.uid("FETCH", str(number), "(BODY.PEEK[])")
    raw = next((item[1] for item in told if isinstance(item, tuple)), b"")
    letter = email.message_from_bytes(raw, policy=email.policy.default)
    found = [(n, c) for n, c in _parts(letter) if chosen(n, errand.settings["names"])]
    box_name = errand.settings["box"]
    for place, (name, content) in enumerate(found, 1):
        origin = f"mail:{errand.settings['user']}/{box_name}"
        yield Arrival(name, io.BytesIO(content), origin, box_name, mark if place == len(found) else before)


def _parts(letter: EmailMessage) -> Iterator[tuple[str, bytes]]:
    for part in letter.walk():
        try:
            name = part.get_filename() or ""
            content = part.get_payload(decode=True) if name and not part.is_multipart() else None
        except (UnicodeError, LookupError, ValueError):
            continue
        # A picture laid in the text is no attachment; some programs also say « inline » of a file that is one.
        laid = part.get_content_disposition() == "inline" and part.get_content_maintype() == "image"
        if isinstance(content, bytes) and content and not laid:
            yield name.replace("\\", "/").rpartition("/")[2], content


def _number(told: Any) -> int:
    value = told[0] if told else None
    return int(value) if value else 0


def _quoted(box: str) -> str:
    """Return the name of a box as IMAP writes it: modified UTF-7, in quotes. Raises: RefusedError."""
    if any(ord(c) < 32 for c in box):
        raise RefusedError(msg("Le nom du dossier contient un signe invisible."))
    out, rest = [], ""
    for sign in [*box, ""]:
        if sign and not " " <= sign <= "~":
            rest += sign
            continue
        if rest:
            packed = rest.encode("utf-16-be").hex()
            out.append("&" + _base64(bytes.fromhex(packed)) + "-")
            rest = ""
        out.append("&-" if sign == "&" else sign)
    return '"' + "".join(out).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _base64(data: bytes) -> str:
    import base64

    return base64.b64encode(data).decode("ascii").rstrip("=").replace("/", ",")
