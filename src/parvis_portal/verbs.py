"""The verbs that need the portal, as a library: what ``parvis.publish``, ``parvis.serve`` and the others find.

Each one opens a data folder first: a process works on one folder only.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from parvis.frozen import dataclass
from parvis.store.folder import Folder

if TYPE_CHECKING:
    from parvis_portal.demo.portal import Account
    from parvis_portal.intake.publishing import Outcome

Told = Callable[[float, str], None]
DATA = "parvis-data"


@dataclass(frozen=True, slots=True)
class Reindexed:
    """What ``reindex`` found: datasets of the shelf, leftovers swept away, withdrawals finished."""

    datasets: int
    swept: int
    erased: int


@dataclass(frozen=True, slots=True)
class Collected:
    """What came of a visit: "done" or "failed", files brought, files already known, and what was said."""

    source: int
    name: str
    state: str
    brought: int
    same: int
    said: str = ""


def _silent(share: float, what: str) -> None:
    """The default of ``told``: nobody listens."""


def opened(data: str | Path = DATA) -> Path:
    """Load the portal on a data folder, its tables up to date, and return the folder."""
    folder = Path(data)
    os.environ["PARVIS_DATA"] = str(folder.absolute())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "parvis_portal.settings")
    import django
    from django.core.management import call_command

    folder.mkdir(parents=True, exist_ok=True)
    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
    return folder


def publish(
    paths: str | Path | Iterable[str | Path], data: str | Path = DATA, organisation: str = "", told: Told = _silent
) -> list[Outcome]:
    """Bring files, folders and archives in, release what may be, and return what came of each table.

    ``told(share, what)`` is called as it goes. Raises: UnknownName when the organisation is not known.
    """
    opened(data)
    from parvis_portal.intake import publishing

    given = [paths] if isinstance(paths, str | Path) else list(paths)
    return publishing.publish([Path(p) for p in given], organisation, told)


def collect(data: str | Path = DATA, source: str = "", organisation: str = "", told: Told = _silent) -> list[Collected]:
    """Visit a source now, by its number or its name, or all those that are not paused; examine what they bring.

    Raises: UnknownName when no source has this name.
    """
    opened(data)
    from parvis_portal.intake import sources
    from parvis_portal.jobs import worker as working

    found = sources.named(source, organisation)
    visits = []
    for number, one in enumerate(found):
        told(number / len(found), one.name)
        visits.append(sources.visit(one, None))
    told(0.9, "Examen des fichiers")
    working.run(once=True)
    for visit in visits:
        visit.refresh_from_db()
    told(1.0, "Terminé")
    return [
        Collected(v.source_id, v.source.name, v.state, v.brought, v.same, " ".join([*v.remarks, v.error]).strip())
        for v in visits
    ]


def serve(
    data: str | Path = DATA,
    host: str = "127.0.0.1",
    port: int = 8000,
    workers: int = 1,
    web: int = 1,
    quiet: bool = False,
) -> int:
    """Serve pages, API and jobs as one tree of processes until a signal; return the exit code."""
    folder = opened(data)
    from parvis_portal import tree

    tree.settle(folder)
    return tree.serve(folder, host, port, workers, web, quiet)


def mcp(data: str | Path = DATA) -> None:
    """Answer a program that speaks the Model Context Protocol over standard input and output, until it closes them."""
    folder = Folder(opened(data))
    from django.conf import settings

    from parvis_portal.api import engine
    from parvis_portal.api import mcp as speaking
    from parvis_portal.api.catalogue import PortalCatalogue, site
    from parvis_portal.catalogue import actions

    if actions.stale(folder):
        actions.reindex(folder)
    try:
        speaking.speak(PortalCatalogue(), engine.pool(), site(), settings.ADDRESS)
    finally:
        engine.close()


def worker(data: str | Path = DATA, once: bool = False) -> int:
    """Do the jobs that wait, then those that come unless ``once``; return how many were done."""
    opened(data)
    from parvis_portal.jobs import worker as working

    return working.run(once=once)


def reindex(data: str | Path = DATA) -> Reindexed:
    """Rebuild the catalogue from the shelf, the only truth."""
    opened(data)
    from parvis.store import shelf
    from parvis.store.folder import Folder
    from parvis_portal.catalogue import actions

    folder = Folder(Path(data))
    repaired = shelf.repair(folder)
    return Reindexed(actions.reindex(folder), repaired.swept, repaired.erased)


def demo(data: str | Path = "parvis-data/demo", told: Told = _silent) -> list[Account]:
    """Fill a data folder with Fontclaire, the fictional commune, and return its accounts; ``serve`` then shows it."""
    folder = opened(data)
    from parvis_portal.demo import portal

    return portal.fill(folder, told)
