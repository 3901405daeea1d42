"""The catalogue as a dialect may see it: what this caller may read, through ``visible`` and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from parvis.values import Version
from parvis.web import Entry, Listing
from parvis_portal.catalogue import queries


class PortalCatalogue:
    """Satisfies ``parvis.web.Catalogue`` for one caller."""

    def __init__(self, user: Any = None) -> None:
        self.user = user

    def find(self, dataset: str) -> Entry:
        return queries.entry(queries.find(self.user, dataset))

    def version(self, dataset: str, version: str) -> Version:
        return queries.release(self.user, queries.find(self.user, dataset), version).version

    def list(
        self,
        words: str = "",
        filters: Mapping[str, str] | None = None,
        order: str = "",
        limit: int = 20,
        offset: int = 0,
    ) -> Listing:
        return queries.listing(self.user, words, filters, order, limit, offset)
