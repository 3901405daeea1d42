"""The Model Context Protocol, spoken by its official library over HTTP and over standard input and output.

The library works in an event loop, the portal in threads. Over HTTP, a question keeps the thread it came by: a loop lives as
long as the question and speaks the protocol, and the work of a tool is done back in that thread, with its own connection to the
database (``asgiref`` is the bridge). Nothing is kept between two questions: no session, no stream, an answer is one JSON.

The library is an extra, and loads at the first question: who never asks pays nothing.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from asgiref.sync import async_to_sync, sync_to_async

from parvis import __version__
from parvis.dialects import mcp as tools
from parvis.errors import InputError, MissingExtra, ParvisError, RefusedError
from parvis.store.pool import Pool
from parvis.web import Catalogue, Request, Response, Site

if TYPE_CHECKING:
    from mcp.server import Server

PATH = "/mcp"
BODY = 128 << 10  # bytes of a question
SECONDS = 20.0  # of a question, its tools included: each of their questions to the store has two
RESOURCE = "parvis://{dataset}/{document}"
_HEADERS = frozenset(
    ("accept", "content-type", "mcp-protocol-version", "mcp-session-id", "mcp-method", "mcp-name", "last-event-id")
)


def answer(request: Request, catalogue: Catalogue, pool: Pool, site: Site, origins: tuple[str, ...] = ()) -> Response:
    """Return the response to any request at ``/mcp``. ``origins``: other sites whose pages may ask."""
    origin = request.headers.get("origin", "")
    if origin and origin not in (request.base, *origins):
        return _refused(403, f"Les pages de {origin[:80]} ne peuvent interroger ce portail.")
    shared = {"access-control-allow-origin": origin, "vary": "Origin"} if origin else {}
    if request.method == "OPTIONS":
        allowed = "Accept, Content-Type, MCP-Protocol-Version, Mcp-Session-Id, Mcp-Method, Mcp-Name"
        more = {"access-control-allow-methods": "POST, OPTIONS", "access-control-allow-headers": allowed}
        return Response(204, headers={**shared, **more})
    if request.method != "POST":
        said = "Cette adresse attend un programme qui parle le Model Context Protocol, par POST."
        return _refused(405, said, {"allow": "POST, OPTIONS", **shared})
    if len(request.body) > BODY:
        return _refused(413, f"La question ne peut dépasser {BODY >> 10} Kio.", shared)
    try:
        status, media_type, body = async_to_sync(_asked)(request, catalogue, pool, site)
    except TimeoutError:
        return _refused(503, "La question a pris trop de temps. Demandez moins.", {"retry-after": "5", **shared})
    except MissingExtra as error:
        return _refused(501, error.text, shared)
    if status >= 400 and not media_type.startswith("application/json"):
        said = "Ce n'est pas une question du Model Context Protocol : un objet JSON-RPC est attendu."
        return _refused(status, said, shared)
    return Response(status, body, media_type or "application/json", {"cache-control": "no-store", **shared})


def _refused(status: int, said: str, headers: Mapping[str, str] | None = None) -> Response:
    body = tools.Told({"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": said}}).text.encode()
    return Response(status, body, headers={"cache-control": "no-store", **(headers or {})})


async def _asked(request: Request, catalogue: Catalogue, pool: Pool, site: Site) -> tuple[int, str, bytes]:
    """Let the library answer a request, as its own server would hear it."""
    server = serving(catalogue, pool, site, request.base)
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
    from mcp.server.transport_security import TransportSecuritySettings

    # The portal has judged the host and the page that asks: the library is told what they are.
    parts = urlsplit(request.base)
    trusted = TransportSecuritySettings(allowed_hosts=[parts.netloc], allowed_origins=[])
    manager = StreamableHTTPSessionManager(server, json_response=True, stateless=True, security_settings=trusted)
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": parts.scheme or "http",
        "path": PATH, "raw_path": PATH.encode(), "root_path": "", "query_string": b"", "client": None, "server": None,
        "headers": [
            (b"host", parts.netloc.encode("latin-1", "replace")),
            *((n.encode(), v.encode("latin-1", "replace")) for n, v in request.headers.items() if n in _HEADERS),
        ],
    }  # fmt: skip
    asked = [{"type": "http.request", "body": request.body, "more_body": False}]
    told: list[dict[str, Any]] = []
    left = asyncio.Event()

    async def receive() -> dict[str, Any]:
        if asked:
            return asked.pop()
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        told.append(message)

    async with asyncio.timeout(SECONDS), manager.run():
        await manager.handle_request(scope, receive, send)
    start = next(m for m in told if m["type"] == "http.response.start")
    kind = next((v for n, v in start["headers"] if n.lower() == b"content-type"), b"")
    return start["status"], kind.decode("latin-1"), b"".join(m.get("body", b"") for m in told)


def serving(catalogue: Catalogue, pool: Pool, site: Site, base: str = "") -> Server[Any]:
    """Return the library's server over our tools. Raises: MissingExtra when the library is not there."""
    try:
        import mcp_types as types
        from mcp import MCPError
        from mcp.server import Server
    except ImportError as error:
        said = "Le Model Context Protocol n'est pas installé sur ce portail."
        raise MissingExtra(said, "Installez parvis avec l'option « mcp ».") from error

    async def list_tools(context: Any, params: Any) -> types.ListToolsResult:
        reading = types.ToolAnnotations(
            read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
        )
        return types.ListToolsResult(
            tools=[
                types.Tool(
                    name=t.name,
                    title=t.title,
                    description=t.description,
                    input_schema=t.schema,
                    output_schema=dict(tools.ANSWER),
                    annotations=reading,
                )
                for t in tools.TOOLS.values()
            ]
        )

    async def call_tool(context: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        told = await sync_to_async(tools.call)(params.name, params.arguments or {}, catalogue, pool, base)
        content: list[Any] = [types.TextContent(text=told.text)]
        if told.picture:
            where = f"parvis://{told.data['source']['dataset']}/graphique.svg"
            drawn = types.TextResourceContents(uri=where, mime_type="image/svg+xml", text=told.picture)
            content.append(types.EmbeddedResource(resource=drawn))
        return types.CallToolResult(content=content, structured_content=dict(told.data), is_error=told.wrong)

    async def list_templates(context: Any, params: Any) -> types.ListResourceTemplatesResult:
        template = types.ResourceTemplate(
            name="document", uri_template=RESOURCE, mime_type="text/plain", title="Document d'un jeu de données",
            description=f"Un document d'un jeu, par son nom : {', '.join(tools.DOCUMENTS)}.",
        )  # fmt: skip
        return types.ListResourceTemplatesResult(resource_templates=[template])

    async def list_resources(context: Any, params: types.PaginatedRequestParams | None) -> types.ListResourcesResult:
        cursor = (params.cursor if params else None) or "0"
        start = int(cursor) if cursor.isdigit() and len(cursor) < 10 else 0
        found = await sync_to_async(catalogue.list)("", {}, "stable", 100, start, faceted=False)
        return types.ListResourcesResult(
            resources=[
                types.Resource(
                    name=e.slug, uri=RESOURCE.format(dataset=e.slug, document="fiche"), mime_type="text/plain",
                    title=tools.clean(e.metadata.title)[:200],
                )
                for e in found.entries
            ],
            next_cursor=str(start + 100) if start + 100 < found.total else None,
        )  # fmt: skip

    async def read_resource(context: Any, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        try:
            text = await sync_to_async(_resource)(params.uri, catalogue, pool, base)
        except ParvisError as error:
            raise MCPError(types.INVALID_PARAMS, error.text) from error
        return types.ReadResourceResult(
            contents=[types.TextResourceContents(uri=params.uri, mime_type="text/plain", text=text)]
        )

    return Server(
        "parvis", version=__version__, title=tools.clean(site.name)[:200], instructions=tools.INSTRUCTIONS,
        website_url=base or None, on_list_tools=list_tools, on_call_tool=call_tool, on_list_resources=list_resources,
        on_list_resource_templates=list_templates, on_read_resource=read_resource,
    )  # fmt: skip


def _resource(uri: str, catalogue: Catalogue, pool: Pool, base: str) -> str:
    """Return a document by its address. Raises: UnknownName, InputError."""
    parts = urlsplit(uri)
    if parts.scheme != "parvis" or not parts.netloc or parts.path.count("/") != 1 or len(uri) > 300:
        raise InputError("L'adresse d'un document s'écrit {form}.", form=RESOURCE)
    asked = tools.Asked(catalogue, pool, base, {"dataset": parts.netloc})
    entry = catalogue.find(parts.netloc)
    text = tools.document(asked, entry, entry.version, parts.path[1:])
    if text is None:
        raise RefusedError("Cette version n'a pas ce document.")
    return text if len(text) <= tools.PART else f"{text[: tools.PART]}…"


def speak(catalogue: Catalogue, pool: Pool, site: Site, base: str = "") -> None:
    """Speak the protocol over standard input and output until the other side closes it."""
    server = serving(catalogue, pool, site, base)
    from mcp.server.stdio import stdio_server

    async def run() -> None:
        async with stdio_server() as (read, write):
            await server.run(read, write, server.create_initialization_options())

    sys.stdout.flush()
    asyncio.run(run())
