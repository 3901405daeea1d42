"""Downloads are counted by month, without a trace of who; the metrics of data.gouv.fr's API tell them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils import timezone
from tests.portal.conftest import Town

from parvis_portal.api import counting
from parvis_portal.catalogue import actions
from parvis_portal.catalogue.models import Downloads
from parvis_portal.intake.models import Draft


def taken(client: Any, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 200, address
    if answer.streaming:
        b"".join(answer.streaming_content)


def test_each_file_given_counts_once_by_whatever_address(town: Town, released: Callable[..., Draft]) -> None:
    dataset = released().dataset
    assert dataset is not None
    counting.tally.bring()
    Downloads.objects.all().delete()
    client, pk, slug = town.client("visitor"), dataset.pk, dataset.slug
    explore = f"/api/explore/v2.1/catalog/datasets/{slug}/exports"
    files = [
        f"/api/v1/datasets/{pk}/exports/csv", f"{explore}/json", f"/explore/dataset/{slug}/download/?format=csv",
        f"/api/resources/{pk}/data/csv/", f"/datastore/dump/{pk}", f"/api/records/1.0/download/?dataset={slug}",
        f"/api/v2/catalog/datasets/{slug}/exports/csv",
    ]  # fmt: skip
    for address in files:
        taken(client, address)
    client.head(f"/api/v1/datasets/{pk}/exports/csv")
    client.get("/api/v1/datasets/inconnu/exports/csv")
    client.get(f"{explore}")
    taken(client, f"/api/v1/datasets/{pk}/records")
    month = f"{timezone.localdate():%Y-%m}"
    told = client.get(f"/api/datasets/data/?dataset_id__exact={pk}").json()
    line = {"dataset_id": pk, "metric_month": month, "monthly_visit": None, "monthly_download_resource": len(files)}
    assert [{k: v for k, v in row.items() if k != "__id"} for row in told["data"]] == [line]
    assert told["meta"] == {"page": 1, "page_size": 20, "total": 1}
    by_town = client.get("/api/organizations/data/?organization_id__exact=fontclaire").json()["data"]
    assert by_town[0]["monthly_download_resource"] == len(files)
    assert client.get("/api/resources/data/?resource_id__exact=rien").json()["data"] == []
    assert {f.name for f in Downloads._meta.get_fields()} == {"id", "dataset", "month", "count"}


def test_months_are_sorted_paged_and_summed_as_the_tabular_api_does(town: Town, released: Callable[..., Draft]) -> None:
    dataset = released().dataset
    assert dataset is not None
    counting.tally.bring()
    Downloads.objects.all().delete()
    actions.add_downloads(
        {(dataset.slug, f"2025-{m:02d}"): m for m in range(1, 13)} | {("rien", "2025-01"): 9, ("\x00", "x"): 1}
    )
    client = town.client("visitor")
    told = client.get("/api/datasets/data/?metric_month__sort=desc&page_size=5").json()
    assert [r["metric_month"] for r in told["data"]] == [f"2025-{m:02d}" for m in range(12, 7, -1)]
    assert told["links"]["next"].startswith("http://testserver/api/datasets/data/?")
    assert len(client.get(told["links"]["next"].removeprefix("http://testserver")).json()["data"]) == 5
    summed = client.get("/api/datasets/data/?dataset_id__groupby&monthly_download_resource__sum").json()["data"]
    assert summed == [{"dataset_id": dataset.pk, "monthly_download_resource__sum": 78}]
    wrong = client.get("/api/datasets/data/?rien__exact=1")
    assert wrong.status_code == 400 and wrong.json()["errors"]
    assert client.post("/api/datasets/data/").status_code == 405
    from django.conf import settings

    from parvis.store.folder import Folder

    actions.withdraw(Folder(settings.DATA), dataset, "Raison", by=None, now="2026-01-01T00:00:00+00:00")
    assert client.get("/api/datasets/data/").json()["data"] == []
