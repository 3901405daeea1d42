"""The web process: one loop that holds the connections and gives known answers at once, threads for all the rest.

    python -m parvis_portal.server FD [MODULE:APPLICATION]

``FD`` is a listening socket that the tree of processes opened, at which ``api.doorman`` stands. uvicorn speaks HTTP. When a
question's head is read, ``Connection`` asks the front whether the answer is known and writes it there and then: no thread, no
Django. Anything else asks for a place (``api.admission``), then goes to a thread that runs the WSGI application, and comes back
in one piece, or piece by piece for a stream. What a thread asks of a query worker is cut when its reader has gone.

An idle connection costs the loop nothing, but none stays for long: a head has seconds to come, and so has a reader who
takes nothing, or a sender who sends nothing.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import io
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote_to_bytes

from uvicorn import Config, Server
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from parvis.store.pool import SECONDS, leaving, until
from parvis.web import Response
from parvis_portal.api import loopwork
from parvis_portal.api.admission import Admission, FullError, GoneError, home
from parvis_portal.api.doorman import Doorman
from parvis_portal.api.front import IN_LOOP, Question, SlowError, coding, streams
from parvis_portal.api.refusals import refusal

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Known = Callable[[Question, str, bytes, bool], bytes | None]
Quick = Callable[[str, str, str], bool]

STREAMS = 16  # sent at once without holding a place: their readers may be slow
THREADS = 72  # more than places and streams: who has a place finds one
HEAD = 8.0  # seconds for the head of a question to come whole
IDLE = 60.0  # seconds that a connection is kept between two questions
STALLED = 60.0  # seconds without one byte taken, or sent
LONGEST_HEAD = 64 << 10  # bytes
SPARE = 256  # descriptors left to files, query workers and the database
BLOCK = 256 << 10  # bytes read at once from a file
HANDED = 32 << 10  # bytes of a stream worth waking the loop for
SOON = 0.05  # seconds after which less is worth it too
PAGE = 10.0  # seconds that all the questions of a page may take; those of a program have the time of one
SWITCH = 0.001  # seconds that a thread works before the loop, which all wait for, has its turn
GREETED = "parvis.greeted"  # in the scope of a question: who asks was answered before on his connection
PLAIN = frozenset((b"host", b"accept", b"accept-encoding", b"if-none-match", b"x-forwarded-proto"))
PRIVATE = frozenset(
    (b"cookie", b"authorization", b"range", b"content-length", b"transfer-encoding", b"expect", b"upgrade", b"te")
)
BODY = frozenset((b"content-length", b"transfer-encoding", b"expect", b"upgrade"))
# What stands for the work on a question that was answered at once.
_ANSWERED: Any = SimpleNamespace(response_complete=True, message_event=asyncio.Event())


def main(fd: int, application: str = "parvis_portal.wsgi:application") -> None:
    """Serve on a listening socket until a signal."""
    # uvicorn raises the signal again once it has stopped: what ends the query workers must still run after it.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, frame: None)
    module, _, name = application.partition(":")
    served = importlib.import_module(module)
    found = getattr(served, name)
    if warm := getattr(served, "warm", None):
        threading.Thread(target=warm, name="warm", daemon=True).start()
    logging.getLogger("uvicorn").setLevel(logging.ERROR)
    sys.setswitchinterval(SWITCH)
    gc.collect()
    gc.freeze()  # what is loaded stays: to look for cycles in it again would stop all readers for a tenth of a second
    Sweeping(configured(found), _most_connections()).run(sockets=[socket.socket(fileno=fd)])


def configured(application: Application) -> Config:
    """Return uvicorn's settings around a WSGI application."""
    return Config(
        Threads(application), http=Connection, ws="none", lifespan="off", interface="asgi3", log_config=None,
        access_log=False, server_header=False, proxy_headers=False, backlog=4096, timeout_keep_alive=int(IDLE),
        timeout_graceful_shutdown=10,
    )  # fmt: skip


def _most_connections() -> int:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 8192 if hard == resource.RLIM_INFINITY else min(hard, 8192)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return max((wanted if soft == resource.RLIM_INFINITY else soft) - SPARE, 64)


class Sweeping(Server):
    """uvicorn's server, closing what stays too long and refusing connections past ``most``."""

    def __init__(self, config: Config, most: int) -> None:
        super().__init__(config)
        self.server_state.most = most  # type: ignore[attr-defined]
        self.doormen: list[Doorman] = []

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=[])
        threads = self.config.loaded_app
        assert isinstance(threads, Threads)
        self.doormen = [Doorman(s, threads.crowded, self._refused, self._let_in) for s in sockets or []]
        for doorman in self.doormen:
            doorman.open()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for doorman in self.doormen:
            doorman.close()
        await super().shutdown(sockets)

    async def _let_in(self, line: socket.socket, said: bytes) -> object:
        """Make a connection of a socket, of which something was read already."""

        def made() -> Connection:
            return Connection(self.config, self.server_state, self.lifespan.state, said=said)

        return await asyncio.get_running_loop().connect_accepted_socket(made, line)

    def _refused(self, url: bytes, headers: list[tuple[bytes, bytes]], client: Any) -> bytes | None:
        """Return the refusal of a newcomer's plain question for which there is no place, None when he is to be let in."""
        threads = self.config.loaded_app
        assert isinstance(threads, Threads)
        if any(name in BODY for name, _ in headers):
            return None
        path = url.partition(b"?")[0].decode("latin-1")
        said = threads.refusal("GET", path, client, headers, greeted=False)
        known: Known | None = getattr(threads.application, "known", None)
        if said is None or (known is not None and _told_before(known, b"GET", "http", url, headers, b"") is not None):
            return None
        head, body = _wire(*said)
        dated = b"".join(b"%b: %b\r\n" % pair for pair in self.server_state.default_headers)
        return b"%b%bconnection: close\r\n\r\n%b" % (head, dated, body)

    async def on_tick(self, counter: int) -> bool:
        if counter % 10 == 0:
            for connection in list(self.server_state.connections):
                if isinstance(connection, Connection):
                    connection.judge(time.monotonic())
        return await super().on_tick(counter)


class Connection(HttpToolsProtocol):
    """One connection, closed at a time ``until`` unless something comes; a question in hand has no such end."""

    def __init__(self, *args: Any, said: bytes = b"", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._said = said  # read of it before it was let in
        app = self.config.loaded_app
        self.threads: Threads | None = app if isinstance(app, Threads) else None
        self.known: Known | None = getattr(self.threads and self.threads.application, "known", None)
        self.until = time.monotonic() + HEAD
        self._in_head = False
        self._head = 0
        self._may = False
        # A connection is one reader's, but for those of a proxy; he was answered on it before.
        self._own = self.threads is not None and not self.threads.proxied
        self._greeted = False
        self._unsent, self._since = 0, 0.0  # bytes that the reader has not taken, and since when they are as many

    def judge(self, now: float) -> None:
        """Close when nothing came in time; hang up on a reader who takes nothing more."""
        unsent = self.transport.get_write_buffer_size()
        if unsent != self._unsent:
            self._unsent, self._since = unsent, now
        elif unsent and now - self._since > STALLED:
            self.transport.abort()
        elif not unsent and self.until < now:
            self.transport.close()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > getattr(self.server_state, "most", len(self.connections)):
            transport.close()
        elif self._said:
            said, self._said = self._said, b""
            self.data_received(said)

    def data_received(self, data: bytes) -> None:
        # One known answer for each arrival: a crowd of questions in one packet goes the way that waits for its reader.
        self._may = not self.flow.write_paused
        if self._in_head:
            self._head += len(data)
        super().data_received(data)
        if self._in_head:
            self._head = self._head or len(data)
            if self._head > LONGEST_HEAD:
                self.send_400_response("Request head too long.")

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        reader = getattr(self.cycle, "reader", None)
        if reader is not None:
            reader.set()

    def on_message_begin(self) -> None:
        self._in_head, self._head = True, 0
        self.until = time.monotonic() + HEAD
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head, self._head = False, 0
        if self._may and self.known is not None and (self.cycle is None or self.cycle.response_complete):
            answer = self._told_before(self.known)
            if answer is not None:
                self._may = False
                self._answered(answer)
                return
        if (refused := self._refused()) is not None:
            self._answered(refused)
            self._greeted = False
            return
        self.until = float("inf")
        self.scope[GREETED] = self._greeted  # type: ignore[literal-required]
        super().on_headers_complete()

    def _answered(self, answer: bytes) -> None:
        """Write a whole answer: nothing of the question is left to do."""
        self.cycle = _ANSWERED
        self._greeted = self._own
        self.transport.write(answer)
        self.until = time.monotonic() + IDLE
        if not self.parser.should_keep_alive():
            self.transport.close()

    def _refused(self) -> bytes | None:
        """Return the refusal of a question without body for which there is no place: in a crowd it must cost next to nothing."""
        if self.threads is None or not (self.cycle is None or self.cycle.response_complete) or self.flow.write_paused:
            return None
        if self.parser.get_method() != b"GET" or self.parser.get_http_version() != "1.1":
            return None
        if any(name in BODY for name, _ in self.headers):
            return None
        path = self.url.partition(b"?")[0].decode("latin-1")
        said = self.threads.refusal("GET", path, self.client, self.headers, self._greeted)
        if said is None:
            return None
        head, body = _wire(*said)
        return b"%b%b\r\n%b" % (head, self._dated, body)

    def on_response_complete(self) -> None:
        self._greeted = self._own
        self.until = time.monotonic() + IDLE
        super().on_response_complete()

    def _told_before(self, known: Known) -> bytes | None:
        """Return the whole answer to a plain question that was answered before, or None."""
        if self.parser.get_http_version() != "1.1":
            return None
        return _told_before(known, self.parser.get_method(), self.scope["scheme"], self.url, self.headers, self._dated)

    @property
    def _dated(self) -> bytes:
        said = b"".join(b"%b: %b\r\n" % pair for pair in self.server_state.default_headers)
        return said if self.parser.should_keep_alive() else said + b"connection: close\r\n"


def _told_before(
    known: Known, method: bytes, scheme: str, url: bytes, headers: list[tuple[bytes, bytes]], dated: bytes
) -> bytes | None:
    """Return the whole answer to a plain question that was answered before, or None."""
    if method not in (b"GET", b"HEAD"):
        return None
    told: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in PRIVATE or name in told:
            return None
        if name in PLAIN:
            told[name] = value
    question = Question(
        scheme,
        told.get(b"x-forwarded-proto", b"").decode("latin-1"),
        told.get(b"host", b"").decode("latin-1"),
        url.decode("latin-1"),
        told.get(b"accept", b"").decode("latin-1"),
        coding(told.get(b"accept-encoding", b"").decode("latin-1")),
    )
    return known(question, told.get(b"if-none-match", b"").decode("latin-1"), dated, method == b"HEAD")


class Reader(threading.Event):
    """Who waits for an answer; the event says that he has gone."""

    def __init__(self) -> None:
        super().__init__()
        self._place: asyncio.Future[None] | None = None

    def waits(self, place: asyncio.Future[None] | None) -> None:
        self._place = place
        if self.is_set() and place is not None:
            place.cancel()

    def set(self) -> None:
        super().set()
        if self._place is not None:
            self._place.cancel()


class Threads:
    """An ASGI application that gives each question to a WSGI one, in a thread, when there is a place for it."""

    def __init__(self, application: Application, admission: Admission | None = None) -> None:
        self.application = application
        self.admission = admission or Admission()
        self.proxied = bool(getattr(application, "proxied", False))
        self._quick: Quick = getattr(application, "quick", lambda *_: False)
        self._threads = ThreadPoolExecutor(THREADS, "web")
        self._streams = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        cycle, reader = getattr(send, "__self__", None), Reader()
        if cycle is not None:
            cycle.reader = reader
            if cycle.disconnected:
                return
        lane = self.admission.lane(scope["method"], scope["path"])
        try:
            place = await lane.take(
                self._who(scope.get("client"), scope["headers"]), reader.waits, bool(scope.get(GREETED))
            )
        except FullError as full:
            said = refusal(scope["path"], full.after)
            await _send_whole(send, said.status, _headers(said), bytes(said.body))  # type: ignore[arg-type]
            return
        except GoneError:
            return
        streamed = False

        def streaming() -> None:
            nonlocal streamed
            if lane is not self.admission.lanes["exports"] and self._streams < STREAMS:
                streamed = True
                self._streams += 1
                place.leave()

        try:
            loop = asyncio.get_running_loop()
            seconds = SECONDS if lane is self.admission.lanes["questions"] else PAGE
            exchange = _Exchange(self.application, scope, receive, send, loop, reader, streaming, seconds)
            whole = await self._worked(exchange, scope, reader)
            place.leave()
            if whole is not None:
                await _send_whole(send, *whole)
        except (ConnectionError, TimeoutError):  # the other side has gone, or does as if: uvicorn hangs up
            return
        finally:
            self._streams -= streamed
            place.leave()

    async def _worked(self, exchange: _Exchange, scope: Any, reader: Reader) -> Whole | None:
        """Return the whole answer, None for a stream that was sent."""
        if self._quick(scope["method"], scope["path"], scope["query_string"].decode("latin-1")):
            exchange.in_loop = True
            try:
                return await loopwork.done(exchange.run, reader.waits)
            except SlowError:
                exchange.in_loop = False
        return await asyncio.get_running_loop().run_in_executor(self._threads, exchange.run)

    def crowded(self) -> bool:
        """True when somebody waits for a place, so that a newcomer may have to be refused."""
        return any(lane.waiting for lane in self.admission.lanes.values())

    def refusal(self, method: str, path: str, client: Any, headers: Any, greeted: bool) -> tuple[str, int] | None:
        """Return where and after how many seconds a question is refused for which there is no place nor will be soon, None
        for the others."""
        lane = self.admission.lane(method, path)
        return (path, lane.after()) if lane.refuses(self._who(client, headers), greeted) else None

    def _who(self, client: Any, headers: Any) -> str:
        """Return who asks, as the proxy before us tells it when there is one."""
        if self.proxied:
            told = b"".join(value for name, value in headers if name == b"x-forwarded-for")
            if said := told.rpartition(b",")[2].strip():
                return home(said[:45].decode("latin-1"))
        return home(str((client or ("",))[0]))


def _headers(response: Response) -> list[tuple[bytes, bytes]]:
    told = {"content-type": response.media_type, **response.headers}
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in told.items()]


@lru_cache(500)
def _wire(path: str, after: int) -> tuple[bytes, bytes]:
    """Return the head of a refusal as it goes on the wire, but for its date, and its body."""
    response = refusal(path, after)
    body = bytes(response.body)  # type: ignore[arg-type]
    lines = b"".join(b"%b: %b\r\n" % pair for pair in _headers(response))
    return b"HTTP/1.1 503 Service Unavailable\r\n%bcontent-length: %d\r\n" % (lines, len(body)), body


Whole = tuple[int, list[tuple[bytes, bytes]], bytes]


async def _send_whole(send: Any, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    cycle = getattr(send, "__self__", None)
    if isinstance(cycle, RequestResponseCycle) and _sent_at_once(cycle, status, headers, body):
        return
    if status not in (204, 304) and not any(name == b"content-length" for name, _ in headers):
        headers = [*headers, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _sent_at_once(cycle: RequestResponseCycle, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> bool:
    """Write the head and the body of an answer in one piece, as uvicorn would in two; False when it must do so itself."""
    length = next((value for name, value in headers if name == b"content-length"), b"")
    head = b"".join(b"%b: %b\r\n" % pair for pair in (*cycle.default_headers, *headers))
    if (
        cycle.flow.write_paused or cycle.disconnected or cycle.response_started or cycle.scope["method"] != "GET"
        or length != str(len(body)).encode() or status not in STATUS_LINE
        or head.count(b"\n") != len(cycle.default_headers) + len(headers) or b"\nconnection:" in head or b"\0" in head
    ):  # fmt: skip
        return False
    if not cycle.keep_alive:
        head += b"connection: close\r\n"
    cycle.waiting_for_100_continue = False
    cycle.response_started = cycle.response_complete = True
    cycle.transport.write(b"%b%b\r\n%b" % (STATUS_LINE[status], head, body))
    cycle.message_event.set()
    if not cycle.keep_alive:
        cycle.transport.close()
    cycle.on_response()
    return True


class _Exchange:
    """One question and its answer, seen from the thread that works on it."""

    def __init__(
        self, application: Application, scope: Any, receive: Any, send: Any, loop: asyncio.AbstractEventLoop,
        reader: Reader, streaming: Callable[[], None], seconds: float,
    ) -> None:  # fmt: skip
        self.application, self.scope, self.send, self.loop = application, scope, send, loop
        self.reader, self.streaming, self.seconds = reader, streaming, seconds
        self.receive = receive
        self.in_loop = False  # it is the loop itself that works on it
        self._status = 500
        self._headers: list[tuple[bytes, bytes]] = []

    def run(self) -> Whole | None:
        """Return the answer when it is whole; a stream is sent from here, and None returned."""
        leaving.set(self.reader)
        until.set(time.monotonic() + self.seconds)
        # A question that the loop works on has no body, and a reader of one costs as much as the rest.
        sent = io.BytesIO() if self.in_loop else io.BufferedReader(_Body(self.receive, self.loop), BLOCK)
        environ = _environ(self.scope, sent)
        if self.in_loop:
            environ[IN_LOOP] = True
        body = self.application(environ, self._start)
        try:
            if not streams(body):
                return self._status, self._headers, b"".join(body)
            until.set(float("inf"))  # what comes as it is made takes what its reader bears
            self.loop.call_soon_threadsafe(self.streaming)
            self._stream(body)
            return None
        finally:
            close = getattr(body, "close", None)
            if close is not None:
                close()
            leaving.set(None)
            until.set(float("inf"))

    def _start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
        self._status = int(status[:3])
        self._headers = [(n.lower().encode("latin-1"), v.encode("latin-1")) for n, v in headers]
        return _no_write

    def _stream(self, body: Iterable[bytes]) -> None:
        self._tell({"type": "http.response.start", "status": self._status, "headers": self._headers})
        held: list[bytes] = []
        size, last = 0, time.monotonic()
        for part in body:
            held.append(part)
            size += len(part)
            if size >= HANDED or time.monotonic() - last > SOON:
                self._tell({"type": "http.response.body", "body": b"".join(held), "more_body": True})
                held, size, last = [], 0, time.monotonic()
        self._tell({"type": "http.response.body", "body": b"".join(held)})

    def _tell(self, message: dict[str, Any]) -> None:
        """Send a message and wait until there is room for the next. Raises: TimeoutError for a reader who stalls."""
        asyncio.run_coroutine_threadsafe(self._sent(message), self.loop).result()

    async def _sent(self, message: dict[str, Any]) -> None:
        cycle = getattr(self.send, "__self__", None)
        if getattr(cycle, "disconnected", False):
            raise ConnectionResetError("the reader has gone")
        await asyncio.wait_for(self.send(message), STALLED)


def _no_write(data: bytes) -> object:
    raise NotImplementedError("an application of ours returns its body")


class _Body(io.RawIOBase):
    """What the asker sends, as a file that a thread reads. Raises: ConnectionError when it stops coming."""

    def __init__(self, receive: Any, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._receive, self._loop = receive, loop
        self._held = memoryview(b"")
        self._more = True

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._held and self._more:
            self._next()
        size = min(len(buffer), len(self._held))
        buffer[:size] = self._held[:size]
        self._held = self._held[size:]
        return size

    def _next(self) -> None:
        async def waited() -> Any:
            return await asyncio.wait_for(self._receive(), STALLED)

        try:
            message = asyncio.run_coroutine_threadsafe(waited(), self._loop).result()
        except TimeoutError as error:
            raise ConnectionError("the sender stopped") from error
        if message["type"] == "http.disconnect":
            raise ConnectionError("the sender has gone")
        self._held = memoryview(message.get("body", b""))
        self._more = bool(message.get("more_body", False))


class _File:
    """A file given as it is, in large blocks: what WSGI calls a file wrapper."""

    def __init__(self, file: Any, size: int = BLOCK) -> None:
        self.file = file

    def __iter__(self) -> Any:
        return iter(lambda: self.file.read(BLOCK), b"")

    def close(self) -> None:
        self.file.close()


def _environ(scope: Any, body: io.BufferedIOBase) -> dict[str, Any]:
    raw: bytes = scope["raw_path"]
    query: bytes = scope["query_string"]
    server = scope.get("server") or ("127.0.0.1", 80)
    client = scope.get("client") or ("", 0)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(raw).decode("latin-1"),
        "QUERY_STRING": query.decode("latin-1"),
        "RAW_URI": (raw + b"?" + query if query else raw).decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": str(server[0]),
        "SERVER_PORT": str(server[1] or 80),
        "REMOTE_ADDR": str(client[0]),
        "REMOTE_PORT": str(client[1]),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
        "wsgi.file_wrapper": _File,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope["headers"]:
        if b"_" in name:  # it would pass for the header with a hyphen, which a proxy of ours may have set
            continue
        key = name.decode("latin-1").upper().replace("-", "_")
        if key not in ("CONTENT_LENGTH", "CONTENT_TYPE"):
            key = f"HTTP_{key}"
        told = value.decode("latin-1")
        if key in environ:
            told = environ[key] + ("; " if key == "HTTP_COOKIE" else ",") + told
        environ[key] = told
    return environ


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "parvis_portal.settings")
    main(int(sys.argv[1]), *sys.argv[2:3])
