"""The catalogue as a dialect may see it: what this caller may read, through ``visible`` and nothing else."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings

from parvis.dialects.bare import Published
from parvis.errors import ParvisError
from parvis.store.folder import Folder
from parvis.values import Version
from parvis.web import Entry, Listing, Site
from parvis_portal.catalogue import queries

_published: dict[str, Published] = {}
_shown: dict[tuple[str, str, str], int] = {}  # what ``visible`` showed, and the catalogue's stamp at that time
_named: dict[tuple[str, str], tuple[int, str]] = {}  # slug -> the stamp at that time, the id
_MOST = 5000


def _moved() -> int:
    """Return when the catalogue last moved, 0 when it never did."""
    try:
        return os.stat(_stamp(str(settings.DATA))).st_mtime_ns  # noqa: PTH116  at each question
    except FileNotFoundError:
        return 0


@functools.lru_cache(100)
def _stamp(data: str) -> str:
    return str(Folder(Path(data)).stamp)


def site() -> Site:
    """Return who holds the portal, as the dialects tell it."""
    owner = queries.owner()
    return Site(owner.name, owner.description, owner.email, owner.siret, owner.insee)


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
        *,
        faceted: bool = True,
    ) -> Listing:
        return queries.listing(self.user, words, filters, order, limit, offset, faceted=faceted)


class RowsCatalogue(PortalCatalogue):
    """The same for questions about rows, which need the current version alone: its manifest is read once, from the
    shelf, and the door of ``visible`` asked for that very version."""

    def find(self, dataset: str) -> Entry:
        held = _published.get(str(settings.DATA))
        if held is None:
            held = _published.setdefault(str(settings.DATA), Published(Folder(settings.DATA)))
        identity = dataset if dataset.isalnum() and held.holds(dataset) else self._identity(dataset)
        try:
            entry = held.find(identity) if identity else None
        except ParvisError:  # withdrawn, or absent: the portal says why
            entry = None
        if entry is not None and self._shows(identity, entry.version.id):
            return entry
        return self._told(dataset)

    def _told(self, dataset: str) -> Entry:
        """Return what the portal's own rows tell of a dataset, or say why there is none."""
        return super().find(dataset)

    def _identity(self, slug: str) -> str:
        """Return the id of the dataset that has a slug, "" for none; asked once for each move of the catalogue's stamp."""
        at, key = _moved(), (str(settings.DATA), slug)
        known = _named.get(key)
        if at and known is not None and known[0] == at:
            return known[1]
        found = self._named(slug)
        if len(_named) > _MOST:
            _named.clear()
        if found:
            _named[key] = (at, found)
        return found

    def _shows(self, dataset: str, version: str) -> bool:
        """Ask the door of ``visible`` once for each move of the catalogue's stamp."""
        at, key = _moved(), (str(settings.DATA), dataset, version)
        if at and _shown.get(key) == at:
            return True
        shown = self._visible(dataset, version)
        if shown:
            if len(_shown) > _MOST:
                _shown.clear()
            _shown[key] = at
        return shown

    def _named(self, slug: str) -> str:
        return queries.identity(self.user, slug)

    def _visible(self, dataset: str, version: str) -> bool:
        return queries.shows(self.user, dataset, version)


class NotYetError(Exception):
    """Only the database knows this."""


class KnownCatalogue(RowsCatalogue):
    """The same for what was asked since the catalogue's stamp moved: it never asks the database. Raises: NotYetError."""

    def version(self, dataset: str, version: str) -> Version:
        raise NotYetError

    def list(self, *args: Any, **kwargs: Any) -> Listing:
        raise NotYetError

    def _told(self, dataset: str) -> Entry:
        raise NotYetError

    def _named(self, slug: str) -> str:
        raise NotYetError

    def _visible(self, dataset: str, version: str) -> bool:
        raise NotYetError
