"""The web process never holds what reads users' files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CODE = """
import sys
from pathlib import Path
from parvis_portal import verbs
verbs.opened(Path(sys.argv[1]))
from parvis_portal.wsgi import application
def ask(path):
    told = []
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": "", "SERVER_NAME": "127.0.0.1",
               "SERVER_PORT": "80", "HTTP_HOST": "127.0.0.1", "wsgi.input": sys.stdin.buffer, "wsgi.url_scheme": "http",
               "wsgi.errors": sys.stderr}
    body = b"".join(application(environ, lambda s, h, e=None: told.append(s)))
    return told[0], body
for path in ("/", "/donnees/", "/mairie/connexion/", "/api/v1/datasets", "/api-docs/", "/mairie/"):
    status, _ = ask(path)
    assert status[:3] in ("200", "302"), (path, status)
from parvis_portal.intake import review, views
assert len(review.kinds()) == 4  # the steps that a page may offer
held = [m for m in ("duckdb", "pyarrow", "pyogrio", "python_calamine", "lxml", "openpyxl", "shapely", "numpy",
                    "parvis.pipeline", "parvis.store.vault", "parvis.tables.read") if m in sys.modules]
print("HELD", held)
"""


def test_the_web_process_loads_no_parser_no_engine_and_no_vault(tmp_path: Path) -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "parvis_portal.settings"}
    told = subprocess.run(
        [sys.executable, "-c", CODE, str(tmp_path / "d")],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "HELD []" in told.stdout, told.stdout + told.stderr[-2000:]
