"""Reading the catalogue. ``visible(user)`` is the only door to datasets: what is not through it does not exist."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db.models import Count, Prefetch, QuerySet, Sum

from parvis.catalogue.frame import frame
from parvis.errors import GoneError, InputError, UnknownName
from parvis.store import originals, ready, timetable
from parvis.store.folder import Folder
from parvis.values import Extra, Version
from parvis.web import Entry, Listing
from parvis_portal.catalogue import search
from parvis_portal.catalogue.models import Dataset, Downloads, Release
from parvis_portal.people.models import Organisation, User

ORDERS = {"recent": "-modified_at", "title": "slug", "rows": "-rows", "stable": "pk"}
FACETS = {"theme": "theme", "organisation": "organisation__slug", "licence": "licence", "schema": "schema"}
MOST = 100  # entries of one list


def visible(user: Any = None) -> QuerySet[Dataset]:
    """Return the datasets that a person may read as published: the same for all, since what is released is public."""
    return Dataset.objects.filter(current__isnull=False, current__withdrawn_at__isnull=True)


def managed(user: Any) -> QuerySet[Dataset]:
    """Return every dataset of the organisations a person belongs to, released, withdrawn or not."""
    if not isinstance(user, User):
        return Dataset.objects.none()
    return Dataset.objects.filter(organisation__memberships__user=user)


def find(user: Any, name: str) -> Dataset:
    """Return a dataset by its id or slug. Raises: UnknownName; GoneError with the reason when it was withdrawn."""
    name = _askable(name)
    known = visible(user).select_related("organisation", "current").filter(pk=name)[:1]
    if known:
        return known[0]
    rows = Dataset.objects.select_related("organisation", "current")
    found = rows.filter(pk=name).first() or rows.filter(slug=name).first()
    if found is None or found.current is None:
        if found is not None and found.withdrawn_at and found.releases.exists():
            raise GoneError(
                "Ce jeu de données a été retiré le {day}. {reason}",
                day=f"{found.withdrawn_at:%d/%m/%Y}",
                reason=found.withdrawn_reason,
            )
        raise UnknownName("Le jeu de données « {name} » n'existe pas.", name=name[:80])
    if not visible(user).filter(pk=found.pk).exists():
        raise UnknownName("Le jeu de données « {name} » n'existe pas.", name=name[:80])
    return found


def shows(user: Any, dataset: str, version: str) -> bool:
    """Return whether a person may read a dataset, by its id, and this version is its current one."""
    return visible(user).filter(pk=dataset, current__version_id=version).exists()


def identity(user: Any, slug: str) -> str:
    """Return the id of the dataset that a person may read under a slug, "" for none."""
    return visible(user).filter(slug=_askable(slug)).values_list("pk", flat=True).first() or ""


def release(user: Any, dataset: Dataset, version: str) -> Release:
    """Return a release by its version's id or its number. Raises: UnknownName, GoneError."""
    rows, version = dataset.releases.all(), _askable(version)
    found = rows.filter(version_id=version).first()
    if found is None and version.isdigit() and len(version) < 9:
        found = rows.filter(number=int(version)).first()
    if found is None:
        raise UnknownName("La version « {version} » n'existe pas.", version=version[:80])
    if found.withdrawn_at:
        raise GoneError(
            "Cette version a été retirée le {day}. {reason}",
            day=f"{found.withdrawn_at:%d/%m/%Y}",
            reason=found.reason,
        )
    return found


def preceding(dataset: Dataset, release: Release) -> Release | None:
    """Return the newest release before another that may still be read."""
    rows = dataset.releases.filter(number__lt=release.number, withdrawn_at__isnull=True)
    return rows.order_by("-number").first()


def entry(dataset: Dataset) -> Entry:
    """Return the public view of a dataset that ``visible`` gave."""
    if dataset.current is None:
        raise UnknownName("Le jeu de données « {name} » n'existe pas.", name=dataset.slug)
    version = dataset.current.version
    return Entry(
        id=dataset.pk,
        slug=dataset.slug,
        organisation=dataset.organisation.slug,
        organisation_name=dataset.organisation.name,
        metadata=dataset.described,
        version=version,
        versions=tuple(r.version_id for r in dataset.releases.all() if not r.withdrawn_at),
        created_at=_iso(dataset.created_at),
        modified_at=_iso(dataset.modified_at),
        mailbox=dataset.organisation.email,
        siret=dataset.organisation.siret,
        frame=() if dataset.mapped else _frame(dataset.organisation_id, _moved()),
        files=ready.of(Folder(settings.DATA), version.id),
        extras=extras(dataset, version),
    )


def extras(dataset: Dataset, version: Version) -> tuple[Extra, ...]:
    """Return the files given with a version of a dataset beside those of its rows: its whole timetable, its original."""
    found = originals.of(Folder(settings.DATA), version.id)
    whole = (timetable.whole(dataset.slug),) if _in_timetable(dataset, version) else ()
    return (*whole, originals.offered(found)) if found is not None else whole


def _in_timetable(dataset: Dataset, version: Version) -> bool:
    if not (timetable.member(version) and version.source_digest):
        return False
    return version.id in _timetable(dataset.organisation_id, version.source_digest, _moved())


@functools.lru_cache(256)
def _timetable(organisation: int, digest: str, moved: int) -> frozenset[str]:
    """Return the versions that make the timetable of one original, none when it is not whole."""
    rows = (
        visible().filter(organisation=organisation, current__manifest__source_digest=digest).select_related("current")
    )
    found = [row.current.version for row in rows if row.current is not None]
    return frozenset(v.id for v in timetable.together(found[0], found).values()) if found else frozenset()


def listing(
    user: Any = None,
    words: str = "",
    filters: Mapping[str, str] | None = None,
    order: str = "",
    limit: int = 20,
    offset: int = 0,
    *,
    faceted: bool = True,
) -> Listing:
    """Return a page of the catalogue with its facets; a facet counts what its own filter leaves out.

    Beside the facets' names, ``filters`` may hold ``since`` and ``until``, moments of the last change in ISO 8601.
    Raises: InputError for a moment that is none.
    """
    chosen = {k: _askable(v) for k, v in (filters or {}).items() if k in FACETS and v}
    words = _askable(words)
    base = _changed(search.find(visible(user), words), filters or {})
    rows = _filtered(base, chosen)
    total = rows.count()
    if order in ORDERS:
        rows = rows.order_by(ORDERS[order], "pk")
    elif not words.strip():
        rows = rows.order_by("-modified_at", "pk")
    releases = Prefetch("releases", Release.objects.order_by("-number"))
    picked = rows.select_related("organisation", "current").prefetch_related(releases)
    page = picked[max(offset, 0) : max(offset, 0) + max(min(limit, MOST), 0)]
    facets = {name: _facet(base, chosen, name) for name in FACETS} if faceted else {}
    return Listing(tuple(entry(d) for d in page), total, facets)


def _askable(text: str) -> str:
    """Return a text as any database takes it: PostgreSQL holds no NUL and refuses to look for one."""
    return text.replace("\x00", "\ufffd")


def _filtered(rows: QuerySet[Dataset], chosen: Mapping[str, str], but: str = "") -> QuerySet[Dataset]:
    for name, value in chosen.items():
        if name != but:
            rows = rows.filter(**{FACETS[name]: value})
    return rows


def _changed(rows: QuerySet[Dataset], filters: Mapping[str, str]) -> QuerySet[Dataset]:
    if filters.get("since"):
        rows = rows.filter(modified_at__gte=_moment(filters["since"]))
    if filters.get("until"):
        rows = rows.filter(modified_at__lte=_moment(filters["until"]))
    return rows


def _moment(text: str) -> dt.datetime:
    try:
        told = dt.datetime.fromisoformat(text.strip())
    except ValueError:
        raise InputError("« {text} » n'est pas une date.", "Écrivez-la comme 2026-03-01.", text=text[:40]) from None
    return told if told.tzinfo else told.replace(tzinfo=dt.UTC)


def _facet(base: QuerySet[Dataset], chosen: Mapping[str, str], name: str) -> Sequence[tuple[str, int]]:
    field = FACETS[name]
    rows = _filtered(base, chosen, but=name).order_by().values(field).annotate(n=Count("pk", distinct=True))
    return tuple((r[field], r["n"]) for r in rows.order_by("-n", field) if r[field])


def owner() -> Organisation:
    """Return who holds the portal: the first organisation made."""
    return Organisation.objects.order_by("pk").first() or Organisation(name="Parvis", slug="parvis")


def counts(user: Any = None) -> Mapping[str, int]:
    """Return the figures of the home page."""
    told = visible(user).aggregate(datasets=Count("pk"), rows=Sum("rows"))
    return {
        "datasets": told["datasets"],
        "rows": told["rows"] or 0,
        "organisations": Organisation.objects.filter(datasets__in=visible(user)).distinct().count(),
    }


@functools.lru_cache(1024)
def _frame(organisation: int, moved: int) -> tuple[float, ...]:
    """Return the frame of the layers that an organisation publishes, reckoned once for each move of the catalogue."""
    rows = visible().filter(organisation=organisation, mapped=True)
    return frame(box or () for box in rows.values_list("current__manifest__bbox", flat=True))


def _moved() -> int:
    """Return the catalogue's stamp."""
    stamp = Folder(settings.DATA).stamp
    return stamp.stat().st_mtime_ns if stamp.exists() else 0


def _iso(moment: dt.datetime | None) -> str:
    return moment.astimezone(dt.UTC).isoformat(timespec="seconds") if moment else ""


def downloads(user: Any = None, *, by_organisation: bool = False) -> list[tuple[str, str, int]]:
    """Return how often what a person may read was downloaded: (id, month, count), oldest month first."""
    name = "dataset__organisation__slug" if by_organisation else "dataset_id"
    rows = Downloads.objects.filter(dataset__in=visible(user)).values(name, "month").annotate(n=Sum("count"))
    return [(str(r[name]), str(r["month"]), int(r["n"])) for r in rows.order_by("month", name)]
