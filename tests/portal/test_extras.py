"""Files given with a dataset beside those of its rows: on its page, in every catalogue, and gone with it."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rdflib import Graph, URIRef
from rdflib.namespace import DCAT, DCTERMS
from tests.portal.conftest import Town

from parvis.dialects.openapi import PREFIX
from parvis.privacy import policy as policies
from parvis.store import timetable
from parvis.store.folder import Folder
from parvis.values import to_json
from parvis_portal.catalogue import actions as cataloguing
from parvis_portal.catalogue.models import Dataset
from parvis_portal.intake import actions
from parvis_portal.intake.models import Draft, Submission
from parvis_portal.jobs import worker

V21 = "/api/explore/v2.1/catalog/datasets"
NETWORK = {
    "agency": "agency_id,agency_name,agency_url,agency_timezone\nA,Bus de la ville,https://bus.example,Europe/Paris\n",
    "stops": "stop_id,stop_name,stop_lat,stop_lon\nS1,Gare,47.20,3.10\nS2,Place du marché,47.21,3.11\n",
    "routes": "route_id,agency_id,route_short_name,route_type\nL1,A,1,3\n",
    "trips": "route_id,service_id,trip_id\nL1,SEM,T1\nL1,SEM,T2\n",
    "stop_times": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
    "T1,08:00:00,08:00:00,S1,1\nT1,08:09:00,08:09:00,S2,2\nT2,24:50:00,24:50:00,S1,1\nT2,25:01:00,25:01:00,S2,2\n",
    "calendar": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
    "SEM,1,1,1,1,1,0,0,20260901,20270630\n",
}


def network() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in NETWORK.items():
            archive.writestr(f"{name}.txt", text)
    return out.getvalue()


def bytes_of(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else bytes(answer.content)


def publish(draft: Draft, town: Town) -> Dataset:
    draft.policy = to_json(policies.accept(draft.decided_policy, by="referent"))
    draft.save()
    actions.approve(draft, town.users["referent"])
    worker.run(once=True)
    draft.refresh_from_db()
    assert draft.state == Draft.State.RELEASED, draft.error
    assert draft.dataset is not None
    return draft.dataset


def test_a_timetable_is_offered_whole_by_each_of_its_tables(
    town: Town, drop: Callable[..., Submission], folder: Path
) -> None:
    drafts = list(drop("reseau.zip", network()).drafts.order_by("pk"))
    named = {timetable.member(d.current.version): d for d in (publish(one, town) for one in drafts) if d.current}
    assert set(named) == set(NETWORK)
    stops = named["stops"]
    visitor, base = town.client("visitor"), "http://testserver"

    address = f"{PREFIX}/datasets/{stops.pk}/exports/gtfs"
    page = visitor.get(f"/donnees/{stops.slug}/").content.decode()
    assert address in page
    with zipfile.ZipFile(io.BytesIO(bytes_of(visitor.get(address)))) as archive:
        rows = list(csv.DictReader(io.StringIO(archive.read("stop_times.txt").decode())))
    assert [r["arrival_time"] for r in rows] == ["08:00:00", "08:09:00", "24:50:00", "25:01:00"]

    graph = Graph().parse(data=visitor.get(f"/dataset/{stops.pk}.ttl").content, format="turtle")
    (file,) = graph.subjects(DCAT.downloadURL, URIRef(base + address))
    assert [str(o) for o in graph.objects(file, DCTERMS.format)] == [
        "http://publications.europa.eu/resource/authority/file-type/GTFS"
    ]
    assert str(graph.value(file, DCAT.mediaType)).endswith("application/zip")
    assert [str(o) for o in graph.objects(file, DCTERMS.conformsTo)] == [
        "https://gtfs.org/documentation/schedule/reference/"
    ]
    assert "mobility-data-standard/gtfs" in visitor.get("/catalog.jsonld").content.decode()
    assert address in visitor.get(f"/dataset/{stops.pk}.jsonld?profiles=schemaorg").content.decode()
    assert address in visitor.get(f"/dataset/{stops.pk}.jsonld?profiles=croissant").content.decode()

    package = visitor.get(f"/api/3/action/package_show?id={stops.pk}").json()["result"]
    (resource,) = [r for r in package["resources"] if r["format"] == "GTFS"]
    assert resource["url"] == base + address and resource["mimetype"] == "application/zip"
    shown = visitor.get(f"/api/3/action/resource_show?id={resource['id']}").json()["result"]
    assert shown == resource
    assert visitor.get("/api/3/action/package_search?fq=res_format:GTFS").json()["result"]["count"] == len(NETWORK)

    assert ";gtfs" in visitor.get("/catalog.csv").content.decode()
    told = visitor.get(f"{V21}/{stops.slug}").json()
    (other,) = told["alternative_exports"]
    assert other["mimetype"] == "application/zip"
    for at in (other["url"].removeprefix(base), f"{V21}/{stops.slug}/exports/gtfs?limit=-1&timezone=UTC",
               f"/explore/dataset/{stops.slug}/download/?format=gtfs",
               f"/api/v2/catalog/datasets/{stops.slug}/exports/gtfs"):  # fmt: skip
        answer = visitor.get(at)
        assert answer.status_code == 200 and answer["content-type"] == "application/zip", at
        assert zipfile.ZipFile(io.BytesIO(bytes_of(answer))).testzip() is None
    links = visitor.get(f"{V21}/{stops.slug}/exports").json()["links"]
    assert "gtfs" in {link["rel"] for link in links}
    assert visitor.get(f"{V21}/{stops.slug}/exports/gtfs?where=stop_id='S1'").status_code == 400

    cataloguing.withdraw(Folder(folder), named["trips"], "Une erreur", by=None, now="2026-01-01T00:00:00+00:00")
    for at in (address, f"{V21}/{stops.slug}/exports/gtfs"):
        assert visitor.get(at).status_code == 400
    for at in (f"/donnees/{stops.slug}/", f"/dataset/{stops.pk}.ttl", f"{V21}/{stops.slug}"):
        assert "exports/gtfs" not in visitor.get(at).content.decode(), at


def test_any_other_dataset_has_none(town: Town, released: Callable[..., Draft]) -> None:
    dataset = released().dataset
    assert dataset is not None
    visitor = town.client("visitor")
    assert "GTFS" not in {e["title"] for e in visitor.get(f"{V21}/{dataset.slug}").json()["alternative_exports"]}
    assert visitor.get(f"{V21}/{dataset.slug}/exports/gtfs").status_code == 400
