"""A full disk, an unreadable file: a sentence, nothing half done, and the same work succeeds once there is room."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.portal.conftest import TREES, Town

from parvis.store import disk, shelf
from parvis.store.folder import Folder
from parvis_portal.intake import publishing
from parvis_portal.intake.models import Draft, Submission
from parvis_portal.jobs import worker


def full(step: str, place: Path) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_disk_full_when_a_file_arrives_refuses_it_with_a_sentence(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "arbres.csv"
    file.write_bytes(TREES)
    with monkeypatch.context() as patched:
        patched.setattr(disk, "hook", full)
        [told] = publishing.publish_one(file, town.organisation)
    assert told.state == "refused" and "disque est plein" in told.reason
    assert not Submission.objects.exists()
    [told] = publishing.publish_one(file, town.organisation)
    assert told.state == "released"


def test_a_disk_full_when_a_version_is_made_gives_the_draft_back_with_the_reason(
    town: Town, folder: Path, drop: Callable[..., Submission], monkeypatch: pytest.MonkeyPatch
) -> None:
    from parvis_portal.intake import actions

    draft = drop("arbres.csv", TREES).drafts.get()
    actions.approve(draft, town.users["referent"])
    with monkeypatch.context() as patched:
        patched.setattr(disk, "hook", full)
        worker.run(once=True)
    draft.refresh_from_db()
    assert draft.state == Draft.State.WAITING and "disque est plein" in draft.error
    assert not list(shelf.records(Folder(folder)))
    actions.approve(draft, town.users["referent"])
    worker.run(once=True)
    draft.refresh_from_db()
    assert draft.state == Draft.State.RELEASED and draft.number == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read_is_refused_with_a_sentence(town: Town, tmp_path: Path) -> None:
    file = tmp_path / "arbres.csv"
    file.write_bytes(TREES)
    file.chmod(0)
    [told] = publishing.publish_one(file, town.organisation)
    assert told.state == "refused" and "ne peut pas être lu" in told.reason


def test_a_file_that_went_away_is_refused_with_a_sentence(town: Town, tmp_path: Path) -> None:
    [told] = publishing.publish_one(tmp_path / "parti.csv", town.organisation)
    assert told.state == "refused" and told.reason.endswith(".")
