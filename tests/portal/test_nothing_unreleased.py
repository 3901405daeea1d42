"""No row of an unreleased dataset reaches a visitor, by any address: all routes are walked with what he could guess."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from urllib.parse import quote

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.converters import get_converters
from tests.portal.conftest import Town

from parvis.dialects import ckan, dcat, oai
from parvis.dialects.openapi import PREFIX, ROUTES
from parvis.store import ready
from parvis_portal.catalogue import actions, jobs
from parvis_portal.intake.models import Draft, Submission

MARKER = "Quetzalbrindille"
PRIVATE = ("Objet;Montant\n" + "".join(f"{MARKER} {n};{n}\n" for n in range(30))).encode()


def patterns(found: list[URLPattern | URLResolver], before: str = "") -> Iterator[tuple[str, dict[str, object]]]:
    """Yield every route as (template with %(name)s, converters)."""
    for pattern in found:
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern.url_patterns, before + str(pattern.pattern))
        else:
            converters = dict(getattr(pattern.pattern, "converters", {}))
            yield before + str(pattern.pattern), converters


def filled(route: str, guesses: list[str]) -> Iterator[str]:
    """Yield the addresses of a route with every guess in every place."""
    places = re.findall(r"<(?:(\w+):)?(\w+)>", route)
    plain = re.sub(r"<(?:\w+:)?(\w+)>", "{}", route).removeprefix("^").removesuffix("$")
    for values in itertools.product(guesses, repeat=len(places)):
        fits = all(
            re.fullmatch(get_converters()[kind or "str"].regex, v) for (kind, _), v in zip(places, values, strict=True)
        )
        if fits:
            yield "/" + plain.format(*(quote(v, safe="/") for v in values)).lstrip("/")


def test_no_row_of_an_unreleased_dataset_reaches_a_visitor_by_any_route(
    town: Town, drop: Callable[..., Submission], released: Callable[..., Draft]
) -> None:
    public = released()
    waiting = drop("secret.csv", PRIVATE).drafts.get()
    reserved = actions.reserve(town.organisation, "Secret")
    waiting.dataset = reserved
    waiting.save()
    withdrawn = released("retire.csv", PRIVATE)
    from django.conf import settings

    from parvis.store.folder import Folder

    assert withdrawn.dataset is not None and public.dataset is not None
    version = withdrawn.dataset.releases.get().version_id
    jobs.write_files("", lambda *_: None)
    written = [f.digest for f in ready.of(Folder(settings.DATA), version).values()]
    actions.withdraw(Folder(settings.DATA), withdrawn.dataset, "Raison", by=None, now="2026-01-01T00:00:00+00:00")
    preparation = waiting.prepared
    guesses = [
        reserved.pk, reserved.slug, withdrawn.dataset.pk, withdrawn.dataset.slug, version, "1", str(waiting.pk),
        str(waiting.submission.pk), preparation.id, preparation.parcel.digest, "secret.csv", "fichier",
        public.dataset.pk, written[0],
    ]  # fmt: skip
    addresses: set[str] = set()
    for route, _ in patterns(get_resolver().url_patterns):
        addresses.update(filled(route, guesses))
    for told in ROUTES:
        for dataset, other in itertools.product(guesses, guesses):
            path = PREFIX + told.path.replace("{dataset}", dataset).replace("{id}", dataset).replace("{version}", other)
            addresses |= {path.replace("{format}", form) for form in ("csv", "gpkg", "ical")}
    addresses |= {f"/catalog.{form}" for form in dcat.FORMS}
    addresses |= {f"/dataset/{guess}.{form}" for guess in guesses for form in dcat.FORMS}
    for verb in ("ListRecords&", *(f"GetRecord&identifier=oai:testserver:{guess}&" for guess in guesses)):
        addresses |= {f"/oai?verb={verb}metadataPrefix={prefix}" for prefix in oai.PREFIXES}
    for guess in guesses:
        addresses |= {
            f"/api/resources/{guess}/{tail}"
            for tail in ("", "profile/", "data/", "data/csv/", "data/json/", "swagger/")
        }
        addresses |= {f"/api/3/action/{name}?id={guess}&resource_id={guess}" for name in ckan.ACTIONS}
        here = f"/ogc/collections/{guess}"
        tails = ("", "/items", "/items/1", "/queryables", "/tiles", "/tilejson.json", "/xyz/0/0/0.pbf", ".pmtiles")
        addresses |= {
            f"/ogc/wfs?request=GetFeature&typeNames=d_{guess}",
            f"/ogc/wfs?request=DescribeFeatureType&typeNames=d_{guess}",
            *(f"/ogc/wfs?version={v}&request=GetFeature&typeName=d_{guess}" for v in ("1.1.0", "1.0.0")),
            *(f"/api/{kind}/data/?dataset_id__exact={guess}" for kind in ("datasets", "resources", "organizations")),
            f"/api/explore/v2.1/catalog/datasets/{guess}/attachments",
            f"/api/explore/v2.1/catalog/datasets/{guess}/records?apikey={guess}",
        }
        addresses |= {here + tail for tail in tails} | {f"{here}/tiles/WebMercatorQuad/0/0/0"}
        first = (
            "search/?",
            "download/?",
            "download/?format=json&",
            "analyze/?x=objet&",
            "geocluster/?",
            "boundingbox/?",
        )
        addresses |= {f"/api/records/1.0/{told}dataset={guess}" for told in first}
        addresses |= {f"/api/datasets/1.0/{guess}/", f"/api/datasets/1.0/{guess}/records/{version[:24]}{0:016x}"}
        addresses |= {f"/explore/dataset/{guess}/download/?format={form}" for form in ("csv", "json", "mvt", "xls")}
        addresses |= {f"/explore/embed/dataset/{guess}/{tab}/" for tab in ("table", "map", "analyze")}
        addresses |= {f"/datastore/dump/{guess}?format={form}" for form in ("csv", "json", "xml")}
    addresses |= {f"/en{a}" for a in addresses if not a.startswith("/api")}
    client = town.client("visitor")
    seen = 0
    for address in sorted(addresses):
        for query in ("", f"?q={MARKER}", f"?search={MARKER}&where=objet%20contains%20'{MARKER[:6]}'"):
            if query and not address.startswith(("/donnees", "/api", "/en/donnees")):
                continue
            answer = client.get(address + query)
            body = b"".join(answer.streaming_content) if answer.streaming else answer.content
            assert answer.status_code < 500 or answer.status_code == 503, (address, answer.status_code)
            assert not re.search(rf"{MARKER}[ +]\d".encode(), body), (
                address + query
            )  # a row; the words asked are echoed
            seen += answer.status_code == 200
    assert len(addresses) > 300 and seen > 10
