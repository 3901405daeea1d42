"""The shelf is the truth: rows are rebuilt from it, a backup brings all of it elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.portal.conftest import Town

from parvis.store import backup, shelf
from parvis.store.folder import Folder
from parvis_portal.catalogue import actions, queries
from parvis_portal.catalogue.models import Dataset, Release
from parvis_portal.intake.models import Draft


def test_the_catalogue_is_rebuilt_from_the_shelf_alone(folder: Path, released: Callable[..., Draft]) -> None:
    released()
    before = queries.listing(words="arbres").entries
    Draft.objects.all().delete()
    Dataset.objects.update(current=None)
    Release.objects.all().delete()
    Dataset.objects.all().delete()
    assert queries.listing().total == 0
    assert actions.reindex(Folder(folder)) == 1
    assert queries.listing(words="arbres").entries == before


def test_a_crash_between_the_shelf_and_the_rows_is_rolled_forward(folder: Path, released: Callable[..., Draft]) -> None:
    draft = released()
    Dataset.objects.filter(pk=draft.dataset_id).update(current=None)
    assert actions.stale(Folder(folder)) == [draft.dataset_id]
    actions.reindex(Folder(folder))
    assert actions.stale(Folder(folder)) == [] and queries.listing().total == 1


def test_what_the_shelf_does_not_know_is_not_public(folder: Path, released: Callable[..., Draft]) -> None:
    draft = released()
    (folder / "shelf" / "datasets" / f"{draft.dataset_id}.json").unlink()
    actions.reindex(Folder(folder))
    assert queries.listing().total == 0


def test_a_backup_restored_elsewhere_gives_the_same_answers(
    folder: Path, tmp_path: Path, town: Town, released: Callable[..., Draft], settings: object
) -> None:
    draft = released()
    address = f"/api/v1/datasets/{draft.dataset_id}/records?order=hauteur_m&limit=5"
    before = town.client("visitor").get(address).json()
    backup.backup(Folder(folder), tmp_path / "copy", "2026-01-01T00:00:00+00:00")
    backup.restore(tmp_path / "copy", Folder(tmp_path / "elsewhere"))
    settings.DATA = tmp_path / "elsewhere"  # type: ignore[attr-defined]  # pytest-django's fixture
    assert shelf.verify(Folder(tmp_path / "elsewhere")) == []
    assert town.client("visitor").get(address).json() == before
