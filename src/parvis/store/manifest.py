"""What the disk says of versions and datasets: manifests and records, the truth that rows only index."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from parvis.errors import ParvisError
from parvis.frozen import dataclass
from parvis.values import Column, Metadata, Policy, Version, from_json, to_json

FORMAT = 1  # of the files below; a reader refuses a later one rather than misread it


@dataclass(frozen=True, slots=True)
class ReleaseRecord:
    """One release of a dataset. ``withdrawn_at`` and ``reason`` are its tombstone."""

    version: str
    number: int
    released_at: str  # ISO 8601, UTC
    withdrawn_at: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DatasetRecord:
    """A dataset as the shelf knows it: identity, owner, releases in order, the current one."""

    id: str
    slug: str
    organisation: str  # slug
    organisation_name: str
    insee: str = ""
    created_at: str = ""
    releases: Sequence[ReleaseRecord] = ()
    current: str = ""  # version id, "" when nothing is public

    def release(self, version: str) -> ReleaseRecord | None:
        return next((r for r in self.releases if r.version == version), None)


def version_id(
    release: str, content: str, columns: Sequence[Column], schema: str, policy: Policy, about: Metadata
) -> str:
    """Return the id of a version: the digest of its content, columns, schema, policy and metadata, as one release.

    ``release`` names the dataset and the number: the same bytes under two owners, or brought back after a withdrawal,
    are two versions of one object.
    """
    names = [(c.name, c.label, str(c.kind)) for c in columns]
    rules = [(r.column, r.transform, to_json(r.parameters)) for r in policy.rules]
    said = json.dumps([release, content, names, schema, rules, to_json(about)], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def read_version(path: Path) -> Version:
    return from_json(Version, _load(path))


def read_record(path: Path) -> DatasetRecord:
    return from_json(DatasetRecord, _load(path))


def as_file(value: Version | DatasetRecord) -> dict[str, object]:
    """Return what is written of a manifest or a record."""
    return {"format": FORMAT, **to_json(value)}


def _load(path: Path) -> dict[str, object]:
    data: dict[str, object] = json.loads(path.read_text("utf-8"))
    if data.get("format") != FORMAT:
        raise ParvisError(
            "« {name} » a été écrit par une version plus récente de Parvis.", "Mettez Parvis à jour.", name=path.name
        )
    return data
