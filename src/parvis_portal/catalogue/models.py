"""What is released. These rows index the shelf: ``actions.reindex`` rebuilds them from its manifests and records."""

from __future__ import annotations

import functools
import json
import secrets
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from parvis.values import Metadata, Version, from_json
from parvis_portal.people.models import Organisation


def new_id() -> str:
    """Return a dataset's public id: never derived from its title, never changed."""
    return secrets.token_hex(6)


@functools.lru_cache(256)
def _version(manifest: str) -> Version:
    """Read a manifest once: it is the same at each page of a version, and costs more than the page's own query."""
    return from_json(Version, json.loads(manifest))


@functools.lru_cache(256)
def _metadata(said: str) -> Metadata:
    return from_json(Metadata, json.loads(said))


class Dataset(models.Model):
    """The public thing. It exists from its first draft, and is public once ``current`` is set."""

    id = models.CharField(primary_key=True, max_length=12, default=new_id, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="datasets")
    slug = models.SlugField(unique=True, max_length=80)
    current = models.OneToOneField("Release", on_delete=models.SET_NULL, null=True, related_name="+")
    metadata = models.JSONField(default=dict)  # values.Metadata of the current release
    theme = models.CharField(max_length=30, blank=True, db_index=True)
    licence = models.CharField(max_length=20, blank=True)
    schema = models.CharField(max_length=80, blank=True)
    rows = models.BigIntegerField(default=0)
    mapped = models.BooleanField(default=False)  # it has places to draw
    created_at = models.DateTimeField(null=True)
    modified_at = models.DateTimeField(null=True, db_index=True)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = _("jeu de données")
        indexes: ClassVar = [models.Index(fields=["organisation", "slug"])]

    def __str__(self) -> str:
        return self.slug

    @property
    def described(self) -> Metadata:
        return _metadata(json.dumps(self.metadata))


class Release(models.Model):
    """The act that made a version public. ``withdrawn_at`` is its tombstone."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="releases")
    version_id = models.CharField(max_length=64, db_index=True)
    number = models.PositiveIntegerField()
    manifest = models.JSONField()  # values.Version
    released_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("-number",)
        constraints: ClassVar = [models.UniqueConstraint(fields=["dataset", "version_id"], name="released_once")]

    def __str__(self) -> str:
        return f"{self.dataset_id} v{self.number}"

    @property
    def version(self) -> Version:
        return _version(json.dumps(self.manifest))


class Downloads(models.Model):
    """How often the files of a dataset were given in a month: nothing of who asked."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="downloads")
    month = models.CharField(max_length=7)  # 2026-03
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["dataset", "month"], name="one_count_a_month")]

    def __str__(self) -> str:
        return f"{self.dataset_id} {self.month}"


class Term(models.Model):
    """A word's stem in a dataset's public text and how much it weighs: search without a server, on any database."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="terms")
    stem = models.CharField(max_length=60)
    weight = models.FloatField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["stem", "dataset"])]

    def __str__(self) -> str:
        return self.stem
