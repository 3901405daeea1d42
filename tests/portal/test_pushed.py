"""Rows that a program sends as it measures them: by the key of a dataset, sealed, then decided on like any file."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from tests.portal.conftest import Town

from parvis.store import pushed as rows_sent
from parvis.store.folder import Folder
from parvis_portal.intake import actions, pushed
from parvis_portal.intake.models import Door, Draft
from parvis_portal.jobs import worker

MEASURES = [{"capteur": f"C{n % 3}", "mesure_le": f"2026-03-01T{n:02d}:00:00", "niveau": n * 1.5} for n in range(12)]


@pytest.fixture
def sensors(released: Callable[..., Draft]) -> Any:
    content = "capteur;mesure_le;niveau\n" + "".join(f"C{n};2026-02-0{n + 1}T08:00:00;{n},5\n" for n in range(5))
    found = released("capteurs.csv", content.encode()).dataset
    assert found is not None
    return found


def opened(town: Town, slug: str) -> str:
    page = town.client("referent").post(f"/mairie/jeux/{slug}/mesures/", {"act": "open"}).content.decode()
    found = re.search(r"pushkey=([0-9a-f]{56})", page)
    assert found, page
    return found[1]


def send(town: Town, slug: str, key: str, body: Any, status: int = 200) -> Any:
    address = f"/api/push/1.0/{slug}/realtime/push/?pushkey={key}"
    answer = town.client("visitor").post(address, json.dumps(body), "application/json")
    assert answer.status_code == status, answer.content
    return answer.json()


def work(minutes: int = 6) -> None:
    pushed.ask_due(timezone.now() + dt.timedelta(minutes=minutes))
    worker.run(once=True)


def test_what_a_program_sends_is_published_once_a_person_agrees(town: Town, sensors: Any) -> None:
    key = opened(town, sensors.slug)
    assert send(town, sensors.slug, key, MEASURES[:5]) == {"status": "OK"}
    assert send(town, sensors.pk, key, MEASURES[5]) == {"status": "OK"}
    work(minutes=1)
    assert not sensors.drafts.filter(state=Draft.State.WAITING).exists()  # rows wait for those that follow
    work()
    draft = sensors.drafts.get(state=Draft.State.WAITING)
    assert draft.prepared.profile.rows == 6
    told = town.client("visitor").get(f"/api/explore/v2.1/catalog/datasets/{sensors.slug}/records").json()
    assert told["total_count"] == 5  # nothing is public by itself
    send(town, sensors.slug, key, MEASURES[6:])
    work()
    assert sensors.drafts.filter(state=Draft.State.WAITING).count() == 1  # one at a time on the desk
    actions.approve(draft, town.users["referent"])
    worker.run(once=True)
    work()
    second = sensors.drafts.get(state=Draft.State.WAITING)
    assert second.prepared.profile.rows == 12  # all of them, from the first
    actions.approve(second, town.users["referent"])
    worker.run(once=True)
    told = town.client("visitor").get(f"/api/explore/v2.1/catalog/datasets/{sensors.slug}/records?limit=20").json()
    assert told["total_count"] == 12
    assert {r["capteur"] for r in told["results"]} == {"C0", "C1", "C2"}


def test_a_wrong_key_opens_no_door_and_says_nothing_of_what_exists(town: Town, sensors: Any) -> None:
    refused = send(town, sensors.slug, "0" * 56, MEASURES[0], 403)
    key = opened(town, sensors.slug)
    for slug, said in ((sensors.slug, "0" * 56), ("inconnu", key), (sensors.slug, "x" * 5000), ("\x00", key)):
        assert send(town, slug, said, MEASURES[0], 403) == refused
    assert set(refused) == {"status", "errorcode", "error"}
    again = opened(town, sensors.slug)
    send(town, sensors.slug, key, MEASURES[0], 403)  # the former one ended
    send(town, sensors.slug, again, MEASURES[0])
    for body in ([], [1], "x", [[]], None):
        send(town, sensors.slug, again, body, 400)
    assert again not in json.dumps(list(Door.objects.values()), default=str)


def test_rows_lie_sealed_and_go_with_their_door(town: Town, sensors: Any, folder: Path) -> None:
    key = opened(town, sensors.slug)
    send(town, sensors.slug, key, [{"capteur": "Quetzalbrindille", "niveau": 1}])
    send(town, sensors.slug, key, [{"capteur": "Quetzalbrindille", "niveau": 2}])
    kept = [p for p in folder.rglob("*") if p.is_file() and "pushed" in p.parts]
    assert len(kept) == 2 and all(b"Quetzal" not in p.read_bytes() for p in kept)
    assert [r["niveau"] for r in rows_sent.gathered(Folder(folder), sensors.pk)] == [1, 2]
    assert len([p for p in folder.rglob("*") if p.is_file() and "pushed" in p.parts]) == 1
    assert [r["niveau"] for r in rows_sent.gathered(Folder(folder), sensors.pk)] == [1, 2]
    town.client("referent").post(f"/mairie/jeux/{sensors.slug}/mesures/", {"act": "close"})
    assert not [p for p in folder.rglob("*") if p.is_file() and "pushed" in p.parts]
    send(town, sensors.slug, key, MEASURES[0], 403)


def test_a_door_that_is_full_says_so(town: Town, sensors: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    key = opened(town, sensors.slug)
    monkeypatch.setattr(rows_sent, "MOST", 3)
    send(town, sensors.slug, key, MEASURES[:3])
    assert "3 lignes" in send(town, sensors.slug, key, MEASURES[3], 400)["error"]
    monkeypatch.setattr(rows_sent, "MOST", 300)
    monkeypatch.setattr(rows_sent, "BYTES", 10)
    send(town, sensors.slug, key, MEASURES[3], 400)
