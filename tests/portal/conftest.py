"""A town with its four kinds of people, its own data folder, and a file brought to the point a test needs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from parvis_portal.intake.models import Draft, Submission
from parvis_portal.people.models import Organisation, Role, User

PASSWORD = "un mot de passe de test"

# Columns of figures that hardly repeat: each is a part of a file worth asking for alone.
MEASURES = "".join(
    [
        "Passages;Longueur;Largeur;Hauteur;Poids\n",
        *(f"{n % 89};{';'.join(f'{(n * k) % 9973 / 7:.4f}' for k in (13, 29, 37, 71))}\n" for n in range(12_000)),
    ]
).encode()
TREES = (
    "Espèce;Quartier;Hauteur (m);Plantation;Longitude;Latitude\n"
    + "".join(
        f"{kind};{place};{height},5;{year};3,{100 + n};47,{200 + n}\n"
        for n, (kind, place, height, year) in enumerate(
            [("Tilleul", "Les Vergers", 8, 1998), ("Érable plane", "Gare", 6, 2004), ("Platane", "Centre", 14, 1952)]
            * 4
        )
    )
).encode("cp1252")
SECRET = "Zyxalinde"  # a first name that stands nowhere else
ASSOCIATIONS = (
    "Association;Président;Courriel;Subvention\n"
    + "".join(f"Club {n};Mme {SECRET} Martin;{SECRET.lower()}{n}@courriel.example;{100 + n}\n" for n in range(12))
).encode()


@dataclass
class Town:
    organisation: Organisation
    users: dict[str, User]

    def client(self, role: str) -> Client:
        client = Client()
        if role != "visitor":
            client.force_login(self.users[role], backend="django.contrib.auth.backends.ModelBackend")
        return client


@pytest.fixture
def alone() -> Iterator[None]:
    """The browser of other tests leaves its loop at work in this thread, which a thread of the portal never has."""
    left = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(left)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Any) -> Iterator[Path]:
    """Every test has its own data folder, and speaks French whatever page came before; query workers die with it."""
    from django.utils import translation

    from parvis_portal.api import engine

    translation.deactivate()

    settings.DATA = tmp_path / "data"
    settings.DATA.mkdir()
    settings.QUERY_WORKERS = 1
    settings.FILES_AFTER = 1e9  # no job comes by itself, however slow the machine
    yield settings.DATA
    engine.close()


@pytest.fixture
def town(transactional_db: None) -> Town:
    from parvis_portal.people import actions

    owner = actions.organisation("fontclaire", name="Fontclaire", insee="58999", email="donnees@fontclaire.example")
    users = {
        role: actions.account(f"{role}@fontclaire.example", f"Une personne ({role})", PASSWORD, owner, Role(role))
        for role in ("agent", "referent", "administrator")
    }
    return Town(owner, users)


@pytest.fixture
def drop(town: Town, folder: Path) -> Callable[..., Submission]:
    """Bring bytes in and let the workers examine them."""
    import io

    from parvis.store.folder import Folder
    from parvis_portal.intake import actions
    from parvis_portal.jobs import worker

    def dropped(name: str, content: bytes, organisation: Organisation | None = None) -> Submission:
        sender = town.users["agent"]
        submission = actions.receive(
            Folder(folder), organisation or town.organisation, sender, name, io.BytesIO(content), origin="test"
        )
        worker.run(once=True)
        submission.refresh_from_db()
        return submission

    return dropped


@pytest.fixture
def released(drop: Callable[..., Submission], town: Town) -> Callable[..., Draft]:
    """Bring a file all the way to the public, as a referent would."""
    from parvis_portal.intake import actions
    from parvis_portal.jobs import worker

    def make(name: str = "arbres.csv", content: bytes = TREES) -> Draft:
        draft = drop(name, content).drafts.get()
        actions.approve(draft, town.users["referent"])
        worker.run(once=True)
        draft.refresh_from_db()
        assert draft.state == Draft.State.RELEASED, draft.error
        return draft

    return make
