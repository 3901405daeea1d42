"""What changed in a version, as a visitor reads it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.portal.conftest import Town

from parvis_portal.catalogue import actions as catalogue
from parvis_portal.intake import actions
from parvis_portal.intake.models import Draft, Submission
from parvis_portal.jobs import worker


def table(heights: list[int]) -> bytes:
    lines = "".join(f"A{n:03d};Tilleul {n};{h}\n" for n, h in enumerate(heights) if h)
    return f"Code;Essence;Hauteur (m)\n{lines}".encode()


def test_a_visitor_reads_what_changed_line_by_line(
    town: Town, released: Callable[..., Draft], drop: Callable[..., Submission], folder: Any
) -> None:
    first = released("arbres.csv", table([5 + n for n in range(20)]))
    dataset = first.dataset
    assert dataset is not None
    draft = drop("arbres.csv", table([5, 0, 99, *(8 + n for n in range(17)), 7])).drafts.get()
    draft.dataset = dataset
    draft.save()
    actions.approve(draft, town.users["referent"])
    worker.run(once=True)
    dataset.refresh_from_db()
    client, base = town.client("visitor"), f"/donnees/{dataset.slug}/versions"
    assert f"{base}/2/changements/" in client.get(f"/donnees/{dataset.slug}/").content.decode()
    page = client.get(f"{base}/2/changements/").content.decode()
    for said in ("1 ligne ajoutée", "1 ligne retirée", "1 ligne changée", "<del>7</del>", "<ins>99</ins>", "A020"):
        assert said in page, said
    assert "première version" in client.get(f"{base}/1/changements/").content.decode()
    told = client.get(f"/api/v1/datasets/{dataset.pk}/changes").json()
    assert (told["added"], told["removed"], told["changed"]) == (1, 1, 1)
    assert client.get(f"/api/v1/datasets/{dataset.pk}/changes.atom").status_code == 200
    from parvis.store.folder import Folder

    version = dataset.releases.get(number=1).version_id
    catalogue.withdraw(
        Folder(folder), dataset, "Une ligne de trop", by=None, now="2026-01-01T00:00:00+00:00", version=version
    )
    gone = client.get(f"/api/v1/datasets/{dataset.pk}/records?version=1")
    assert (gone.status_code, gone.json()["error"]["reason"]) == (410, "Une ligne de trop")
    assert client.get(f"{base}/1/changements/").status_code == 410
