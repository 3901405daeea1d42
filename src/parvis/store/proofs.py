"""The proof sheets of versions: what everybody may read on the shelf, the whole in the vault."""

from __future__ import annotations

from parvis.privacy import proof as proving
from parvis.privacy.proof import Proof
from parvis.store import disk
from parvis.store.folder import Folder


def keep(folder: Folder, proof: Proof) -> None:
    """Keep the proof of a version, whole in the vault and without what stays private on the shelf.

    Doing it again for the same version replaces it. Raises: LimitError when the disk refuses.
    """
    with disk.said_kindly():
        disk.write(folder.private_proof(proof.version), proving.dump(proof).encode())
        disk.write(folder.proof(proof.version), proving.dump(proving.public(proof)).encode())


def public(folder: Folder, version: str) -> Proof | None:
    """Return the proof of a version as everybody may read it, None when there is none."""
    path = folder.proof(version)
    return proving.load(path.read_text("utf-8")) if path.exists() else None


def whole(folder: Folder, version: str) -> Proof | None:
    """Return the whole proof of a version: who decided, and the digest of the original."""
    path = folder.private_proof(version)
    return proving.load(path.read_text("utf-8")) if path.exists() else None
