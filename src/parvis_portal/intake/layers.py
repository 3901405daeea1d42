"""The layers of a town whose areas may stand for where people live: what it released, and what waits of its deposits."""

from __future__ import annotations

import re
from collections.abc import Iterable

from parvis.privacy.rehearsal import MOST_AREAS
from parvis.text import words
from parvis.values import Column, Kind, Preparation, Version
from parvis_portal.catalogue import queries as catalogue
from parvis_portal.catalogue.models import Dataset
from parvis_portal.intake.models import Draft

_RELEASED, _WAITING = "dataset:", "draft:"  # how a policy names a layer
_LOOKED = 200  # datasets, and drafts, of a town that are looked at
_AREAS = re.compile(r"\b(?:quartiers?|iris|secteurs?|zones?|zonages?|ilots?|sections?|arrondissements?|hameaux|villages?|"
                    r"conseils? de quartier|bureaux? de vote|contours?|perimetres?|territoires?)\b")  # fmt: skip


def offered(draft: Draft) -> list[tuple[str, str]]:
    """Return the layers that seem to be of areas: (what a policy names it, its title)."""
    town = draft.organisation
    rows = catalogue.visible().filter(organisation=town, mapped=True, rows__lte=MOST_AREAS).select_related("current")
    out = [
        (f"{_RELEASED}{d.pk}", d.described.title or d.slug)
        for d in rows.order_by("-modified_at")[:_LOOKED]
        if d.current is not None and _seems([d.slug, d.described.title], d.current.version.columns)
    ]
    open_ones = Draft.objects.filter(
        submission__organisation=town, state__in=[Draft.State.WAITING, Draft.State.PROPOSED]
    ).exclude(pk=draft.pk)
    for other in open_ones.select_related("submission").order_by("-pk")[:_LOOKED]:
        profile = other.prepared.profile
        said = [other.submission.name, profile.table, other.title]
        if 0 < profile.rows <= MOST_AREAS and _drawn(profile.columns) and _seems(said, profile.columns):
            out.append((f"{_WAITING}{other.pk}", other.title))
    return out


def chosen(draft: Draft) -> Version | Preparation | None:
    """Return the layer that the policy of a draft names, as it is now; None when it names none, or when it is gone.

    A layer that waited when it was chosen is the dataset that it became.
    """
    wanted = draft.decided_policy.blurring
    if wanted is None or wanted.shape != "areas":
        return None
    if wanted.layer.startswith(_RELEASED):
        return _version(wanted.layer.removeprefix(_RELEASED), draft)
    number = wanted.layer.removeprefix(_WAITING)
    if not number.isdigit():
        return None
    other = Draft.objects.filter(pk=number, submission__organisation=draft.organisation).first()
    if other is None or other.state == Draft.State.DISCARDED:
        return None
    return _version(other.dataset_id or "", draft) if other.state == Draft.State.RELEASED else other.prepared


def _version(dataset: str, draft: Draft) -> Version | None:
    found = Dataset.objects.filter(pk=dataset, organisation=draft.organisation, current__withdrawn_at=None).first()
    return found.current.version if found is not None and found.current is not None else None


def _drawn(columns: Iterable[Column]) -> bool:
    return any(c.kind is Kind.GEOMETRY for c in columns)


def _seems(said: Iterable[str], columns: Iterable[Column]) -> bool:
    told = " ".join([*said, *(c.label or c.name for c in columns)])
    return bool(_AREAS.search(" ".join(words(told))))
