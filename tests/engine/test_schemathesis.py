"""Schemathesis, a program of others, calls what our OpenAPI documents say, well and badly: no call may be our fault.

It runs as a process of its own, where ``tests/programs.py`` finds it. ``PARVIS_CALLS`` says how many calls for each document;
20,000 in all before a release.
"""

from __future__ import annotations

import copy
import json
import os
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from urllib.parse import parse_qsl
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from tests import programs

from parvis.dialects import native, ods
from parvis.web import Request

CALLS = int(os.environ.get("PARVIS_CALLS", "400"))
TREES, PARCELS = "a" * 12, "b" * 12
# Words that say something of the rows: at random, a program would never find one.
WORDS: dict[str, dict[str, list[str]]] = {
    "native": {
        "where": ["annee > 1950", "essence contains 'ch'", "year(plante_le) = 2001", "near(2.1, 48.1, 500)", "hauteur * 2 > 9",
                  "not (remarquable = true)", "annee in (1950, 1951)", "bbox(2, 48, 2.1, 48.1)"],
        "select": ["code", "upper(essence) as e", "*", "count(*)", "sum(hauteur) / count(*) as m", "hauteur + annee"],
        "group": ["essence", "year(plante_le) as an", "period(releve, 'day')", "range(annee, 1900, 1950, 2000)"],
        "aggregates": ["count", "sum(hauteur)", "median(annee), percentile(hauteur, 90)", "extent()"],
        "having": ["count > 3"],
        "order": ["code", "-count", "-hauteur,annee", "length(essence)"],
        "timezone": ["Europe/Paris"],
    },
    "explore": {
        "where": ["annee > 1950", "search('chene')", "essence like '%ch%'", "plante_le = date'2001'", "hauteur in [1..9]",
                  "within_distance(geo_point_2d, geom'POINT(2.1 48.1)', 1km)", "not remarquable", "`essence` is null"],
        "select": ["essence", "count(*) as n", "*", "include(e*)", "year(plante_le)", "hauteur * 2 as h", "avg(hauteur)"],
        "group_by": ["essence", "range(annee, 10)", "year(plante_le) as an", "geo_cluster(geo_point_2d, 6)"],
        "order_by": ["essence", "count(*) desc", "-hauteur", "random(3)"],
        "refine": ["essence:CHARME", "plante_le:2001"],
        "exclude": ["quartier:Centre"],
        "facet": ["essence", "plante_le", "facet(name=\"essence\",sort=\"-count\")"],
        "timezone": ["Europe/Paris"],
    },
}  # fmt: skip


class Threaded(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def calls() -> Counter[int]:
    """How many answers of each status were given."""
    return Counter()


@pytest.fixture
def live(town: Any, pool: Any, calls: Counter[int]) -> Iterator[str]:
    def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        query = tuple(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True, errors="replace"))
        headers = {n[5:].replace("_", "-").lower(): v for n, v in environ.items() if n.startswith("HTTP_")}
        path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
        request = Request(environ["REQUEST_METHOD"], path, query, headers, base=f"http://{headers['host']}")
        answer = ods.answer if path.startswith("/api/explore") else native.answer
        response = answer(request, town.catalogue, pool)
        calls[response.status] += 1
        start(f"{response.status} .", [("content-type", response.media_type), *response.headers.items()])
        return [response.body] if isinstance(response.body, bytes) else response.body

    server = make_server("127.0.0.1", 0, application, Threaded, Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def with_words(document: dict[str, Any], words: dict[str, list[str]]) -> dict[str, Any]:
    """Return a document that knows the town's datasets and what its columns are called."""
    told = copy.deepcopy(document)
    places = [p for path in told["paths"].values() for p in path["get"]["parameters"]]
    for parameter in [*places, *told["components"].get("parameters", {}).values()]:
        name, schema = parameter.get("name"), parameter.get("schema", {})
        if name in ("dataset", "dataset_id"):
            parameter["schema"] = {"type": "string", "enum": [TREES, PARCELS, "inconnu"]}
        elif name in words:
            said = {"anyOf": [{"type": "string", "enum": words[name]}, {"type": "string", "maxLength": 60}]}
            parameter["schema"] = (
                {"type": "array", "maxItems": 3, "items": said} if schema.get("type") == "array" else said
            )
    return told


@pytest.mark.slow
@pytest.mark.parametrize("dialect", ["native", "explore"])
def test_no_call_that_a_document_allows_is_our_fault(
    live: str, tmp_path: Path, calls: Counter[int], dialect: str, town: Any
) -> None:
    import urllib.request

    address = {"native": "/api/v1/openapi.json", "explore": "/api/explore/v2.1/swagger.json"}[dialect]
    with urllib.request.urlopen(live + address, timeout=30) as answer:
        document = with_words(json.load(answer), WORDS[dialect])
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(document), "utf-8")
    checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
    each = max(2, CALLS // len(document["paths"]))
    command = [
        programs.command("schemathesis"), "run", str(path),
        "--url", document["servers"][0]["url"], "--checks", checks, "--max-examples", str(each),
        "--phases", "examples,fuzzing", "--workers", "2", "--seed", "1", "--suppress-health-check", "all",
        "--generation-database", "none", "--no-color", "--continue-on-failure", "--warnings", "off", "--request-timeout", "30",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=60 + CALLS, check=False)
    print(f"{dialect}: {calls.total()} calls, {dict(sorted(calls.items()))}")
    assert not [status for status in calls if status >= 500 and status != 503], done.stdout[-6000:]
    assert done.returncode == 0, done.stdout[-6000:]
    assert calls[200] > 20 and calls.total() >= CALLS // 2
