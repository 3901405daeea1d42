"""What the vault keeps, and for how long: an original goes when nothing needs it any more, and the journal says so."""

from __future__ import annotations

import datetime as dt
import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.urls import reverse
from django.utils import timezone
from tests.portal.conftest import ASSOCIATIONS, SECRET, TREES, Town

from parvis import pipeline
from parvis.privacy import policy as policies
from parvis.store import backup, inbox, proofs, retention
from parvis.store.folder import Folder
from parvis_portal.intake import actions, keeping, queries
from parvis_portal.intake.models import Draft, Source, Submission
from parvis_portal.jobs import worker
from parvis_portal.jobs.actions import enqueue
from parvis_portal.jobs.models import JobRun
from parvis_portal.people.models import Act


def originals(folder: Path) -> set[str]:
    return {p.name.partition(".")[0] for p in retention.originals(Folder(folder))}


def tended(days: int = 0) -> None:
    """Let the vault be tended as if so many days had passed."""
    past = timezone.now() - dt.timedelta(days=days)
    Submission.objects.update(received_at=past)
    Draft.objects.filter(decided_at__isnull=False).update(decided_at=past)
    enqueue("intake.tend", "")
    worker.run(once=True)


def test_an_original_is_erased_when_its_time_has_passed_and_the_journal_says_so(
    town: Town, released: Callable[..., Draft], folder: Path, settings: Any
) -> None:
    draft = released()
    digest = draft.submission.digest
    tended(settings.VAULT_DAYS - 1)
    assert originals(folder) == {digest}
    tended(settings.VAULT_DAYS + 1)
    assert originals(folder) == set()
    line = Act.objects.get(verb="expire")
    assert (
        line.by == "Parvis"
        and line.target == f"submission:{draft.submission.pk}"
        and line.organisation == town.organisation
    )
    assert line.details == {"name": "arbres.csv", "digest": digest, "days": settings.VAULT_DAYS}
    assert draft.dataset is not None
    page = town.client("referent").get(reverse("intake:history", args=[draft.dataset.slug]))
    assert page.status_code == 200
    assert town.client("visitor").get(f"/donnees/{draft.dataset.slug}/").status_code == 200  # what is public stays
    tended(settings.VAULT_DAYS + 1)
    assert Act.objects.filter(verb="expire").count() == 1


def test_what_the_rows_show_of_the_cells_goes_with_the_original(
    town: Town, drop: Callable[..., Submission], folder: Path, settings: Any
) -> None:
    draft = drop("associations.csv", ASSOCIATIONS).drafts.get()
    actions.save(draft, town.users["referent"], rules=queries.proposed(draft))
    actions.approve(draft, town.users["referent"])
    worker.run(once=True)
    draft.refresh_from_db()
    assert draft.state == Draft.State.RELEASED and any(c.examples for c in draft.prepared.profile.columns)
    seen = policies.seen(draft.prepared.findings)
    tended(settings.VAULT_DAYS + 1)
    draft.refresh_from_db()
    for model in (Draft, Submission, Act):
        for row in model.objects.values():
            assert SECRET.lower() not in json.dumps(row, default=str).lower(), model
    assert not any(c.examples or c.minimum for c in draft.prepared.profile.columns) and not draft.prepared.preview
    assert policies.seen(draft.prepared.findings) == seen  # the next file is held against it
    again = drop("associations.csv", ASSOCIATIONS + b"Club 99;Mme Rose Martin;rose@courriel.example;7\n").drafts.get()
    assert again.dataset_id == draft.dataset_id and not queries.undecided(again)


def test_a_backup_brings_the_proof_sheets(
    town: Town, released: Callable[..., Draft], folder: Path, tmp_path: Path
) -> None:
    draft = released()
    assert draft.dataset is not None and draft.dataset.current is not None
    version = draft.dataset.current.version_id
    backup.backup(Folder(folder), tmp_path / "copy")
    backup.restore(tmp_path / "copy", tmp_path / "again")
    for read in (proofs.public, proofs.whole):
        assert read(Folder(tmp_path / "again"), version) == read(Folder(folder), version) is not None


def test_the_time_counts_from_the_last_decision(
    town: Town, released: Callable[..., Draft], folder: Path, settings: Any
) -> None:
    draft = released()
    Submission.objects.update(received_at=timezone.now() - dt.timedelta(days=settings.VAULT_DAYS + 20))
    enqueue("intake.tend", "")
    worker.run(once=True)
    assert originals(folder) == {draft.submission.digest}


def test_an_original_stays_while_something_waits_for_it(
    town: Town, drop: Callable[..., Submission], folder: Path, settings: Any
) -> None:
    submission = drop("arbres.csv", TREES)
    tended(settings.VAULT_DAYS * 10)
    assert originals(folder) == {submission.digest}
    told = retention.noted(Folder(folder))
    assert told is not None and told.held == (submission.digest,)
    assert retention.late(Folder(folder), dt.datetime(2100, 1, 1, tzinfo=dt.UTC)) == []
    draft = submission.drafts.get()
    actions.discard(draft, town.users["referent"])
    worker.run(once=True)
    tended(settings.VAULT_DAYS * 10)
    assert originals(folder) == set()


def test_the_last_file_of_a_source_that_goes_by_itself_stays(
    town: Town, released: Callable[..., Draft], folder: Path, settings: Any
) -> None:
    first, second = released(), released("arbres-2.csv", TREES + b"Orme;Gare;3,5;2001;3,1;47,1\n")
    source = Source.objects.create(organisation=town.organisation, name="Serveur", connector="http", schedule="daily")
    Submission.objects.update(source=source)
    tended(settings.VAULT_DAYS + 1)
    assert originals(folder) == {second.submission.digest} != {first.submission.digest}
    Source.objects.update(enabled=False)
    tended(settings.VAULT_DAYS + 1)
    assert originals(folder) == set()


def test_a_refused_file_is_erased_too(drop: Callable[..., Submission], folder: Path, settings: Any) -> None:
    assert drop("rien.pdf", b"%PDF-1.7\n").state == Submission.State.REFUSED
    assert originals(folder)
    tended(settings.VAULT_DAYS + 1)
    assert originals(folder) == set()


def test_an_arrival_that_nothing_awaits_is_swept(town: Town, folder: Path) -> None:
    place = Folder(folder)
    lost = inbox.put(place, "a.csv", io.BytesIO(b"a;b\n1;2\n"), "test", actions.now())
    awaited = actions.receive(place, town.organisation, None, "b.csv", io.BytesIO(b"a;b\n3;4\n"), origin="test")
    for path in place.inbox.iterdir():
        os.utime(path, (0, 0))
    pipeline.tend(place, keeping.drafts(), keeping.arrivals())
    assert not lost.path.exists() and awaited.as_parcel.path.exists()


def test_the_vault_is_tended_once_a_day_by_itself(released: Callable[..., Draft]) -> None:
    released()
    JobRun.objects.filter(name="intake.tend").delete()
    now = timezone.now()
    keeping.ask_due(now)
    keeping.ask_due(now + dt.timedelta(hours=3))
    assert JobRun.objects.filter(name="intake.tend").count() == 1
    keeping.ask_due(now + dt.timedelta(days=1, minutes=1))
    assert JobRun.objects.filter(name="intake.tend").count() == 2
