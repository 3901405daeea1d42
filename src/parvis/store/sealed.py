"""Files that only this installation opens: encrypted and authenticated piece by piece, under a key that lies apart.

Whoever gets hold of the vault, of a backup or of an old disk without the key reads nothing and changes nothing unseen.
A file of any size passes through a few megabytes of memory. The construction is STREAM (Hoang, Reyhanitabar, Rogaway and
Vizár 2015, doi:10.1007/978-3-662-47989-6_24) over AES-256-GCM: each piece is numbered, the last one says that it is, so that
none is moved, dropped or cut. Each file has a key of its own, drawn from the installation's and bound to
what it is for.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

from parvis.errors import LimitError
from parvis.store import disk
from parvis.tables import fork
from parvis.values import msg

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    from parvis.store.folder import Folder

SUFFIX = ".sealed"
PIECE = 1 << 20  # bytes of the content in each piece but the last
_ORIGINALS = frozenset({"inbox", "raw"})  # folders of what arrived, that goes from the first to the second
_MARK = b"parvis vault 1\n\0"
_KEY, _NAME, _SALT, _TAG = 32, 8, 32, 16  # bytes
_HEADER = len(_MARK) + _NAME + _SALT


class Sealer:
    """Seals what it is given into an open file that will lie at ``place``: ``write`` as it comes, then ``close`` once."""

    def __init__(self, folder: Folder, target: IO[bytes], place: Path) -> None:
        key = keys(folder, make=True)[0]
        self._target, self._left, self._number = target, bytearray(), 0
        self._header = _MARK + _name(key) + secrets.token_bytes(_SALT)
        self._cipher = _cipher(key, self._header, place)
        target.write(self._header)

    def write(self, content: bytes) -> None:
        self._left += content
        while len(self._left) > PIECE:  # one piece is kept back: only the last may be the last
            self._put(bytes(self._left[:PIECE]), last=False)
            del self._left[:PIECE]

    def close(self) -> None:
        """Write what is left, as the last piece; the file stays open for whoever flushes it."""
        self._put(bytes(self._left), last=True)
        self._left.clear()

    def _put(self, piece: bytes, *, last: bool) -> None:
        self._target.write(self._cipher.encrypt(_nonce(self._number, last=last), piece, self._header))
        self._number += 1


def seal(folder: Folder, source: Path, target: Path) -> None:
    """Write a sealed copy of a file, whole and flushed, or not at all; ``source`` stays."""
    with source.open("rb") as stream:
        _written(folder, iter(lambda: stream.read(PIECE), b""), target)


def seal_bytes(folder: Folder, content: bytes, target: Path) -> None:
    """The same for a few bytes."""
    _written(folder, [content], target)


def _written(folder: Folder, pieces: Iterable[bytes], target: Path) -> None:
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        with beside.open("xb") as stream:
            disk.hook("seal", beside)
            sealer = Sealer(folder, stream, target)
            for piece in pieces:
                sealer.write(piece)
            sealer.close()
            disk.flush(stream)
        disk.rename(beside, target)
    finally:
        beside.unlink(missing_ok=True)


def unseal(folder: Folder, source: Path, target: Path) -> str:
    """Write the content of a sealed file, and return its SHA-256.

    Raises: LimitError when no key opens it, or when it was damaged; nothing is left then.
    """
    digest = hashlib.sha256()
    try:
        with target.open("xb") as out:
            for piece in pieces(folder, source):
                digest.update(piece)
                out.write(piece)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return digest.hexdigest()


def pieces(folder: Folder, source: Path) -> Iterator[bytes]:
    """Yield the content of a sealed file, each piece once it is known to be what was written. Raises as ``unseal``."""
    from cryptography.exceptions import InvalidTag

    with source.open("rb") as stream:
        header = stream.read(_HEADER)
        cipher = _cipher(_key_of(folder, header, source), header, source)
        number, piece = 0, stream.read(PIECE + _TAG)
        while True:
            after = stream.read(PIECE + _TAG)
            try:
                yield cipher.decrypt(_nonce(number, last=not after), piece, header)
            except InvalidTag as error:
                raise _damaged(source) from error
            if not after:
                return
            number, piece = number + 1, after


# --- Keys -----------------------------------------------------------------------------------------


def keys(folder: Folder, *, make: bool = False) -> list[bytes]:
    """Return the keys of the vault, the one in use first; those under it open what was sealed before.

    With ``make``, an installation that has none draws its own, which nobody else may read.
    Raises: LimitError when the file of keys cannot be read as such.
    """
    fork.hold()
    path = folder.vault_key
    if not path.exists():
        if not make:
            return []
        _draw(path)
    lines = [line.strip() for line in path.read_text("ascii", errors="replace").splitlines()]
    try:
        found = [bytes.fromhex(line) for line in lines if line and not line.startswith("#")]
    except ValueError:
        found = []
    if not found or any(len(key) != _KEY for key in found):
        raise LimitError(
            msg("La clé du coffre est illisible : les fichiers d'origine ne peuvent être ni ouverts ni enfermés."),
            msg("Remettez en place la copie du fichier « {name} » que vous gardez à part."),
            name=path.name,
        )
    return found


def _draw(path: Path) -> None:
    """Make the key of an installation, once: of two processes that start together, both use the first one's."""
    disk.make(path.parent)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with open(beside, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as stream:
            disk.hook("key", beside)
            stream.write(secrets.token_bytes(_KEY).hex().encode() + b"\n")
            disk.flush(stream)
        try:
            os.link(beside, path)  # unlike a rename, never over another one
        except FileExistsError:
            return
        disk.flush_folder(path.parent)
    finally:
        beside.unlink(missing_ok=True)


def kept_apart(folder: Folder) -> bool:
    """Return whether nobody but this account may read the key; True when there is none."""
    path = folder.vault_key
    return not path.exists() or (path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)) == 0


def opens(folder: Folder, source: Path) -> bool:
    """Return whether one of the keys is the one that a sealed file was closed with."""
    with source.open("rb") as stream:
        header = stream.read(_HEADER)
    return _named(header) in {_name(key) for key in keys(folder)}


def _key_of(folder: Folder, header: bytes, source: Path) -> bytes:
    if len(header) != _HEADER or not header.startswith(_MARK):
        raise _damaged(source)
    for key in keys(folder):
        if _name(key) == _named(header):
            return key
    raise LimitError(
        msg(
            "Ce fichier du coffre a été enfermé avec une autre clé que celle de cette installation : il ne s'ouvre pas."
        ),
        msg("Ajoutez l'ancienne clé, sur une ligne à elle, à la fin du fichier « {name} » du dossier des données."),
        name=folder.vault_key.name,
    )


def _damaged(source: Path) -> LimitError:
    return LimitError(
        msg("Ce fichier du coffre est abîmé : il n'est plus tel qu'il a été enfermé ({name})."),
        msg("Reprenez-le d'une sauvegarde, ou déposez de nouveau le fichier d'origine."),
        name=source.name[:12],
    )


def _named(header: bytes) -> bytes:
    return header[len(_MARK) : len(_MARK) + _NAME]


def _name(key: bytes) -> bytes:
    """Return what tells a key from the others, and nothing of it."""
    return hashlib.sha256(b"parvis vault key\0" + key).digest()[:_NAME]


def _cipher(key: bytes, header: bytes, place: Path) -> AESGCM:
    # Here, as a check of one's own file seals nothing and should not wait for a library of ciphers.
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    drawn = HKDF(
        algorithm=SHA256(), length=_KEY, salt=header[-_SALT:], info=b"parvis vault\0" + _purpose(place).encode()
    )
    return AESGCM(drawn.derive(key))


def _purpose(place: Path) -> str:
    """Return what a file is for: one that is put in another's place does not open. The digest of an original tells it."""
    return "original" if place.parent.name in _ORIGINALS else place.name


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
