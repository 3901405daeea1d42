"""What is drawn for publications: the secret that draws it, and what former versions of a dataset used of its budget."""

from __future__ import annotations

import hashlib
import hmac

from parvis.privacy import budget
from parvis.privacy.tabular.noise import Spent
from parvis.store import manifest, sealed
from parvis.store.folder import Folder


def secret(folder: Folder) -> bytes:
    """Return the secret of this installation from which noise is drawn: whoever has it takes the noise off again.

    It comes from the oldest key of the vault, which stays when the key is changed: the same people must keep the same noise.
    """
    return hmac.new(sealed.keys(folder, make=True)[-1], b"parvis drawing 1", hashlib.sha256).digest()


def spent(folder: Folder, dataset: str, *, but: int = 0) -> tuple[Spent, ...]:
    """Return what the versions of a dataset used of its budget of noise, withdrawn ones too: what was read stays known.

    ``but`` is the number of the version that is being made again. The manifests are the account: nothing else is kept.
    """
    numbers: dict[int, Spent] = {}
    for path in sorted(folder.versions.glob("*.json")) if dataset else ():
        found = manifest.read_version(path)
        one = budget.spent_by(found.policy, f"{found.metadata.title}, version {found.number}", found.created_at[:10])
        if one is not None and found.dataset == dataset and found.number != but:
            numbers[found.number] = one
    return tuple(numbers[n] for n in sorted(numbers))
