"""The data folder: one place for everything that must be kept, and nothing else."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from parvis.frozen import dataclass
from parvis.store import disk


@dataclass(frozen=True, slots=True)
class Folder:
    """Names of the data folder's places; each is made when it is first asked for.

    ``inbox`` and ``vault`` are private; ``shelf`` holds what is or was public.
    """

    root: Path

    @property
    def inbox(self) -> Path:
        return disk.make(self.root / "inbox", private=True)

    @property
    def vault(self) -> Path:
        return disk.make(self.root / "vault", private=True)

    @property
    def raw(self) -> Path:
        return disk.make(self.root / "vault" / "raw", private=True)

    @property
    def staged(self) -> Path:
        return disk.make(self.root / "vault" / "staged", private=True)

    @property
    def work(self) -> Path:
        return disk.make(self.root / "vault" / "work", private=True)

    @property
    def shelf(self) -> Path:
        return disk.make(self.root / "shelf")

    @property
    def objects(self) -> Path:
        return disk.make(self.root / "shelf" / "objects")

    @property
    def indexes(self) -> Path:
        return disk.make(self.root / "shelf" / "indexes")

    @property
    def versions(self) -> Path:
        return disk.make(self.root / "shelf" / "versions")

    @property
    def datasets(self) -> Path:
        return disk.make(self.root / "shelf" / "datasets")

    def proof(self, version: str) -> Path:
        """Return where the proof sheet of a version lies, as everybody may read it."""
        return disk.make(self.root / "shelf" / "proofs") / f"{version}.json"

    def private_proof(self, version: str) -> Path:
        """Return where the whole proof sheet lies: who decided, and the digest of the original."""
        return disk.make(self.root / "vault" / "proofs", private=True) / f"{version}.json"

    @property
    def staging(self) -> Path:
        """Where an object waits, complete, to be named: on the same disk as the objects."""
        return disk.make(self.root / "shelf" / "staging", private=True)

    @property
    def outlines(self) -> Path:
        """The outlines of communes that the operator gave, if any (``parvis outlines``)."""
        return disk.make(self.root / "outlines", private=True) / "communes.parquet"

    @property
    def lock(self) -> Path:
        return self.shelf / ".lock"

    @property
    def database(self) -> Path:
        return self.root / "portal.sqlite3"

    @property
    def secret(self) -> Path:
        return self.root / "secret_key"

    @property
    def vault_key(self) -> Path:
        """The keys of the vault; may be a link to a file of another disk."""
        return self.root / "vault_key"

    @property
    def stamp(self) -> Path:
        """A file whose time moves with anything public: what was made before is no longer worth giving."""
        return self.root / "shelf" / ".stamp"

    def object(self, digest: str) -> Path:
        return self.objects / digest[:2] / f"{digest}.parquet"

    def index(self, digest: str) -> Path:
        """Return where the side index of an object lies, if it has one."""
        return self.indexes / f"{digest}.index"

    @property
    def files(self) -> Path:
        """Where the files of versions lie that are written once, and the descriptions that name them."""
        return disk.make(self.root / "shelf" / "files")

    @property
    def originals(self) -> Path:
        """Where the originals lie that everybody may have, and the descriptions that name them."""
        return disk.make(self.root / "shelf" / "originals")

    def tiles(self, version: str) -> Path:
        """Return where the file of a version's tiles lies, if somebody asked for it."""
        return disk.make(self.root / "shelf" / "tiles") / f"{version}.pmtiles"

    @contextmanager
    def workspace(self) -> Iterator[Path]:
        """Give an empty private folder for one piece of work, erased after it."""
        place = self.work / secrets.token_hex(8)
        place.mkdir(mode=0o700)
        try:
            yield place
        finally:
            with suppress(OSError):  # what stopped the work is what must be said; a leftover is swept at the next start
                disk.erase_tree(place)
