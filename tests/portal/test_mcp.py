"""The Model Context Protocol by its official client: over HTTP to a running portal, over standard input and output."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from mcp import Client, MCPError, StdioServerParameters
from tests.portal.conftest import ASSOCIATIONS, SECRET, Town
from tests.portal.test_server import serving

from parvis.store.folder import Folder
from parvis_portal.api.front import Front
from parvis_portal.api.mcp import BODY
from parvis_portal.intake.models import Draft, Submission

pytestmark = pytest.mark.usefixtures("alone")

HEADERS: dict[str, Any] = {"content_type": "application/json", "HTTP_ACCEPT": "application/json, text/event-stream"}


def question(method: str, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}


async def asked_of_everything(client: Client, slug: str) -> dict[str, Any]:
    """Put one question to each tool and read one document."""
    names = [t.name for t in (await client.list_tools()).tools]
    told: dict[str, Any] = {"names": names, "instructions": client.instructions}
    given: dict[str, dict[str, Any]] = {
        "search_datasets": {"words": "arbres"},
        "describe_dataset": {"dataset": slug},
        "query_rows": {"dataset": slug, "where": "quartier = 'Gare'", "limit": 2},
        "aggregate": {"dataset": slug, "group": ["quartier"], "calculate": "count as n"},
        "chart": {"dataset": slug, "by": "quartier"},
        "read_document": {"dataset": slug, "document": "preuve"},
    }
    for name in names:
        told[name] = await client.call_tool(name, given[name])
    told["resources"] = (await client.list_resources()).resources
    told["read"] = (await client.read_resource(told["resources"][0].uri)).contents[0]
    with pytest.raises(MCPError):
        await client.read_resource("parvis://inconnu/fiche")
    return told


def judged(told: dict[str, Any], slug: str, version: str) -> None:
    """Hold each answer to what it promises."""
    results = {n: told[n] for n in told["names"]}
    assert set(results) == {
        "search_datasets", "describe_dataset", "query_rows", "aggregate", "chart", "read_document",
    }  # fmt: skip
    assert "consignes" in told["instructions"]
    for name, result in results.items():
        assert not result.is_error, (name, result.content)
        assert json.loads(result.content[0].text) == result.structured_content
        assert result.structured_content["holds"], name
        if name != "search_datasets":
            assert result.structured_content["source"]["version"] == version
    found = results["search_datasets"].structured_content["datasets"]
    assert [d["dataset"] for d in found] == [slug]
    rows = results["query_rows"].structured_content
    assert rows["total"] == 4
    assert [r["cells"]["quartier"] for r in rows["rows"]] == ["Gare", "Gare"]
    assert {g["quartier"]: g["n"] for g in results["aggregate"].structured_content["groups"]} == {
        "Gare": 4, "Centre": 4, "Les Vergers": 4,
    }  # fmt: skip
    drawn = results["chart"].content[1].resource
    assert drawn.mime_type == "image/svg+xml"
    assert drawn.text.startswith("<svg")
    assert "Puis-je publier" in results["read_document"].structured_content["text"]
    assert [r.name for r in told["resources"]] == [slug]
    assert told["read"].text.startswith("# ")


@pytest.fixture
def tree_dataset(released: Callable[..., Draft]) -> Any:
    draft = released()
    assert draft.dataset is not None
    return draft.dataset


def test_a_client_is_answered_over_http(town: Town, tree_dataset: Any) -> None:
    portal = Front(get_wsgi_application(), Folder(settings.DATA).stamp, 1 << 20)
    told: dict[str, Any] = {}

    async def ask(port: int) -> None:
        address = f"http://127.0.0.1:{port}/mcp"
        async with Client(address) as client:
            told.update(await asked_of_everything(client, tree_dataset.slug))
        async with Client(address, mode="legacy") as client:  # programs that begin by « initialize »
            told["before"] = (client.protocol_version, await client.call_tool("search_datasets", {}))

    with serving(portal) as port:
        anyio.run(ask, port)
    judged(told, tree_dataset.slug, tree_dataset.current.version_id)
    version, found = told["before"]
    assert version < "2026"
    assert found.structured_content["total"] == 1
    page = told["query_rows"].structured_content["source"]["page"]
    assert page.startswith("http://127.0.0.1:")


def test_a_client_is_answered_over_standard_input_and_output(town: Town, tree_dataset: Any, folder: Path) -> None:
    told: dict[str, Any] = {}
    command = [sys.executable, "-m", "parvis.cli.main", "mcp", "--data", str(folder)]
    server = StdioServerParameters(command=command[0], args=command[1:], env=dict(os.environ))

    async def ask() -> None:
        async with Client(server) as client:
            told.update(await asked_of_everything(client, tree_dataset.slug))

    anyio.run(ask)
    judged(told, tree_dataset.slug, tree_dataset.current.version_id)


# --- The door --------------------------------------------------------------------------------------


def test_what_is_not_released_is_never_told(town: Town, drop: Callable[..., Submission]) -> None:
    drop("associations.csv", ASSOCIATIONS)
    client = town.client("administrator")
    for tool, arguments in (
        ("search_datasets", {"words": "associations"}),
        ("search_datasets", {}),
        ("describe_dataset", {"dataset": "associations"}),
        ("query_rows", {"dataset": "associations", "words": SECRET}),
    ):
        answer = client.post("/mcp", question("tools/call", name=tool, arguments=arguments), **HEADERS)
        assert answer.status_code == 200
        assert "courriel.example" not in answer.content.decode()
        assert answer.json()["result"]["structuredContent"]["holds"] is False


def test_a_page_of_another_site_may_not_ask(town: Town, settings: Any) -> None:
    client = town.client("visitor")
    body = question("tools/list")
    assert client.post("/mcp", body, **HEADERS).status_code == 200
    assert client.post("/mcp", body, **HEADERS, HTTP_ORIGIN="http://testserver").status_code == 200
    for origin in ("https://mal.example", "null", "http://testserver.mal.example", "http://testserver:81"):
        refused = client.post("/mcp", body, **HEADERS, HTTP_ORIGIN=origin)
        assert refused.status_code == 403, origin
        assert "access-control-allow-origin" not in refused.headers
    settings.MCP_ORIGINS = ["https://assistant.example"]
    allowed = client.post("/mcp", body, **HEADERS, HTTP_ORIGIN="https://assistant.example")
    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == "https://assistant.example"


def test_a_name_that_leads_here_by_another_way_is_refused(town: Town, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["donnees.fontclaire.example"]
    client = town.client("visitor")
    refused = client.post("/mcp", question("tools/list"), **HEADERS, HTTP_HOST="rebound.mal.example")
    assert refused.status_code == 400
    told = client.post("/mcp", question("tools/list"), **HEADERS, HTTP_HOST="donnees.fontclaire.example")
    assert told.status_code == 200


ILL_ASKED: list[tuple[bytes, int]] = [
    (b"", 400),
    (b"[", 400),
    (b"[]", 400),
    (b'{"jsonrpc":"2.0","id":1}', 400),
    (b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"query_rows","arguments":"x"}}', 200),
    (b'{"jsonrpc":"2.0","id":1,"method":"no/such","params":{}}', 200),
    (b"x" * (BODY + 1), 413),
    (b'{"a":' * 9000, 400),
]


def test_what_is_no_question_is_refused_and_breaks_nothing(town: Town) -> None:
    client = town.client("visitor")
    for body, status in ILL_ASKED:
        answer = client.generic("POST", "/mcp", body, "application/json", HTTP_ACCEPT=HEADERS["HTTP_ACCEPT"])
        assert answer.status_code == status, (body[:40], answer.content)
        assert "error" in answer.json()
        assert client.post("/mcp", question("tools/list"), **HEADERS).status_code == 200


def test_other_ways_of_asking_are_told_what_is_expected(town: Town) -> None:
    client = town.client("visitor")
    assert client.get("/mcp").status_code == 405
    assert "POST" in client.get("/mcp").headers["allow"]
    assert client.delete("/mcp").status_code == 405
    assert client.options("/mcp").status_code == 204
    form = client.post("/mcp", {"a": "b"})
    assert form.status_code in (400, 406, 415)


def test_the_portal_lives_without_the_library(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [n for n in sys.modules if n == "mcp" or n.startswith("mcp.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "mcp", None)
    answer = town.client("visitor").post("/mcp", question("tools/list"), **HEADERS)
    assert answer.status_code == 501
    assert "mcp" in answer.json()["error"]["message"]
