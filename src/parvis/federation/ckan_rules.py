"""What the CKAN harvester of data.gouv.fr takes of packages, and what it drops."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from parvis.federation import licences
from parvis.federation.harvested import Item
from parvis.values import Finding, Severity, msg

TYPES = frozenset({"file", "file.upload", "api", "documentation", "image", "visualization"})


def items(packages: Sequence[Mapping[str, Any]]) -> Iterator[Item]:
    """Yield what becomes of each package."""
    for package in packages:
        yield Item(
            str(package.get("id") or package.get("name") or ""),
            str(package.get("title") or ""),
            tuple(_remarks(package)),
        )


def _remarks(package: Mapping[str, Any]) -> Iterator[Finding]:
    def said(code: str, severity: Severity, message: str, **values: Any) -> Finding:
        return Finding(code, severity, message, values=values)

    resources = package.get("resources")
    if package.get("type") not in (None, "dataset"):
        yield said(
            "harvest.not_dataset",
            Severity.REFUSE,
            msg("Ce n'est pas un jeu de données (« {type} ») : il est passé."),
            type=str(package["type"])[:40],
        )
    if not isinstance(resources, list) or not resources:
        yield said("harvest.no_file", Severity.REFUSE, msg("Sans aucun fichier, ce jeu est passé."))
        resources = []
    if not package.get("title"):
        yield said("harvest.no_title", Severity.REFUSE, msg("Sans titre, ce jeu est refusé."))
    if not licences.known(str(package.get("license_id") or "")) and not licences.known(
        str(package.get("license_title") or "")
    ):
        yield said(
            "harvest.unknown_licence",
            Severity.WARN,
            msg("La licence « {licence} » n'est pas reconnue : elle sera « non précisée »."),
            licence=str(package.get("license_id") or "")[:120],
        )
    for resource in resources:
        if not isinstance(resource, dict):
            continue
        name = str(resource.get("name") or resource.get("id") or "")[:80]
        if not resource.get("url"):
            yield said(
                "harvest.file_without_address",
                Severity.WARN,
                msg("Le fichier « {file} » n'a pas d'adresse : il est abandonné."),
                file=name,
            )
        if resource.get("resource_type") not in (None, "", *TYPES):
            yield said(
                "harvest.unknown_file_type",
                Severity.WARN,
                msg("Le fichier « {file} » est d'une sorte inconnue (« {type} ») : il est passé."),
                file=name,
                type=str(resource["resource_type"])[:40],
            )
    extras = {e.get("key"): e.get("value") for e in package.get("extras") or [] if isinstance(e, dict)}
    spatial = extras.get("spatial")
    if spatial is None:
        yield said("harvest.no_place", Severity.INFO, msg("Aucun territoire n'est dit."))
    elif not _polygon(spatial):
        yield said(
            "harvest.place_point", Severity.WARN, msg("Le territoire n'est pas un polygone : il n'est pas repris.")
        )
    if not extras.get("frequency"):
        yield said("harvest.no_frequency", Severity.INFO, msg("La fréquence de mise à jour n'est pas dite."))


def _polygon(spatial: Any) -> bool:
    try:
        told = json.loads(spatial) if isinstance(spatial, str) else spatial
    except (ValueError, RecursionError):
        return False
    return isinstance(told, dict) and told.get("type") in ("Polygon", "MultiPolygon")
