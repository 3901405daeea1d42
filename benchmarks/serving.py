"""Two portals of the same rows on this machine, ours and Datasette, and clients that ask them: what the benches share."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

DATASET, NOW = "0" * 12, "2026-01-01T00:00:00+00:00"

PUBLISH = """
import sys
from pathlib import Path
from parvis import pipeline
from parvis.privacy import policy as policies
from parvis.store import index, shelf
from parvis.store.folder import Folder
from parvis.store.manifest import DatasetRecord

folder, now = Folder(Path('{data}')), '{now}'
with open('{csv}', 'rb') as stream:
    parcel = pipeline.collect(folder, 'subventions.csv', stream, origin='bench', now=now)
preparation = pipeline.prepare(folder, parcel, now=now).preparations[0]
policy = policies.accept(preparation.policy, by='bench')
version = pipeline.commit(folder, preparation, policy, preparation.metadata, dataset='{dataset}', now=now)
index.build(folder, version)
shelf.release(folder, DatasetRecord('{dataset}', 'subventions', 'fontclaire', 'Fontclaire'), version.id, now)
print(folder.object(version.object), *(c.name for c in version.columns))
"""
BARE = """
import os
from pathlib import Path
from parvis.dialects.bare import Bare
from parvis.store.cache import Cache
from parvis.store.folder import Folder
from parvis.store.pool import Pool

def nothing(environ, start):
    start("404 Not Found", [])
    return []

folder = Folder(Path(os.environ["PARVIS_DATA"]))
pool, cache = Pool(folder), Cache()
application = Bare(nothing, folder, lambda: pool, lambda: cache)
"""
ECHO = """
import socket
with socket.create_server(("127.0.0.1", {port})) as door:
    while True:
        line, _ = door.accept()
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while line.recv(65536):
            line.sendall(b"HTTP/1.1 304 Not Modified\\r\\n\\r\\n")
"""


@dataclass(frozen=True, slots=True)
class Server:
    name: str
    port: int
    pid: int


# --- The rows -------------------------------------------------------------------------------------


def publish(work: Path, csv: Path) -> tuple[Path, list[str]]:
    """Publish a file as an office's file is, and return its object and its columns."""
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", PUBLISH.format(csv=csv, data=work / "data", dataset=DATASET, now=NOW)],
        stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    path, *columns = done.stdout.splitlines()[-1].split()
    print(f"{len(columns)} colonnes publiées en {time.monotonic() - start:.0f} s")
    return Path(path), columns


def fill_datasette(work: Path, path: Path, indexes: Sequence[str]) -> None:
    """Put the rows of an object in SQLite, with these indexes (columns between commas), its counts known."""
    import duckdb

    start = time.monotonic()
    with contextlib.closing(sqlite3.connect(work / "peer.db")) as base:
        base.execute("PRAGMA journal_mode=off")
        types = duckdb.execute(f"SELECT typeof(COLUMNS(*)) FROM '{path}' LIMIT 1").fetchall()[0]
        source = duckdb.execute(f"SELECT * FROM '{path}'")
        names = [d[0] for d in source.description]
        kinds = {"BIGINT": "INTEGER", "DOUBLE": "REAL"}
        listed = ", ".join(f"{n} {kinds.get(t, 'TEXT')}" for n, t in zip(names, types, strict=True))
        base.execute(f"CREATE TABLE subventions ({listed})")
        places = ", ".join("?" * len(names))
        while rows := source.fetchmany(20_000):
            plain = [[str(c) if hasattr(c, "isoformat") else c for c in row] for row in rows]
            base.executemany(f"INSERT INTO subventions VALUES ({places})", plain)
        for number, columns in enumerate(indexes):
            base.execute(f"CREATE INDEX i_{number} ON subventions ({columns})")
        base.execute("ANALYZE")
        base.commit()
    inspected = subprocess.run(
        [_tool("datasette"), "inspect", work / "peer.db"], stdout=subprocess.PIPE, text=True, check=True
    )
    (work / "inspect.json").write_text(inspected.stdout)
    print(f"Datasette rempli en {time.monotonic() - start:.0f} s")


# --- The servers ----------------------------------------------------------------------------------


@contextlib.contextmanager
def ours(work: Path, bare: bool = False) -> Iterator[Server]:
    """Serve what was published; ``bare``: the API alone, without Django."""
    port, where = _free_port(), ["--data", str(work / "data")]
    environment = {**os.environ, "PARVIS_DATA": str(work / "data"), "DJANGO_SETTINGS_MODULE": "parvis_portal.settings"}
    if bare:
        (work / "application.py").write_text(BARE)
        environment["PYTHONPATH"] = f"{work}:{environment.get('PYTHONPATH', '')}"
        target = "application:application"
    else:
        subprocess.run(
            [sys.executable, "-m", "parvis.cli.main", "reindex", *where], check=True, stdout=subprocess.DEVNULL
        )
        target = "parvis_portal.wsgi:application"
    with socket.create_server(("127.0.0.1", port), backlog=4096) as door:
        command = [sys.executable, "-m", "parvis_portal.server", str(door.fileno()), target]
        with _running(command, environment, port, door) as pid:
            yield Server("Parvis (API seule)" if bare else "Parvis", port, pid)


@contextlib.contextmanager
def datasette(work: Path) -> Iterator[Server]:
    """Serve the same rows by Datasette."""
    port = _free_port()
    command = [
        _tool("datasette"), "serve", "-i", work / "peer.db", "--inspect-file", work / "inspect.json", "-h", "127.0.0.1",
        "-p", str(port), "--setting", "sql_time_limit_ms", "10000", "--setting", "suggest_facets", "off",
        "--setting", "max_returned_rows", "1000",
    ]  # fmt: skip
    with _running([str(c) for c in command], dict(os.environ), port) as pid:
        yield Server("Datasette", port, pid)


@contextlib.contextmanager
def echo() -> Iterator[Server]:
    """Run a loop that sends a fixed 304 to whatever it receives: the least that a question asked here can take."""
    port = _free_port()
    with _running([sys.executable, "-c", ECHO.format(port=port)], dict(os.environ), port) as pid:
        yield Server("boucle", port, pid)


@contextlib.contextmanager
def _running(
    command: list[str], environment: dict[str, str], port: int, door: socket.socket | None = None
) -> Iterator[int]:
    stderr = None if "--loud" in sys.argv else subprocess.DEVNULL
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=stderr, start_new_session=True,
        pass_fds=[door.fileno()] if door else [],
    )  # fmt: skip
    try:
        limit = time.monotonic() + 60
        while time.monotonic() < limit and process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.1)
        else:
            raise SystemExit(f"{command[0]} n'a pas démarré")
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def _tool(name: str) -> Path:
    return Path(sys.executable).with_name(name)


def _free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


# --- Asking ---------------------------------------------------------------------------------------


_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)


class Client:
    """A connection kept open that asks and reads as little as it can, so that the server's time is what counts."""

    def __init__(self, server: Server, patience: float = 30) -> None:
        self.server = server
        self.socket = socket.create_connection(("127.0.0.1", server.port), patience)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.seconds = 0.0

    def ask(self, path: str, headers: str = "") -> tuple[int, str, bytes]:
        """Return the status, the head and the body of one answer; ``seconds`` says how long it took."""
        asked = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.server.port}\r\n{headers}\r\n".encode()
        start = time.perf_counter()
        self.socket.sendall(asked)
        got = self._more()
        while (end := got.find(b"\r\n\r\n")) < 0:
            got += self._more()
        if not got.startswith(b"HTTP/1.1 304"):
            if length := _LENGTH.search(got, 0, end + 2):
                while len(got) < end + 4 + int(length.group(1)):
                    got += self._more()
            else:
                while not got.endswith(b"0\r\n\r\n"):
                    got += self._more()
        self.seconds = time.perf_counter() - start
        return int(got[9:12]), got[:end].decode("latin-1").lower(), got[end + 4 :]

    def _more(self) -> bytes:
        part = self.socket.recv(1 << 18)
        if not part:
            raise ConnectionError(self.server.name)
        return part


def joined(head: str, body: bytes) -> bytes:
    """Return the body of an answer that came in chunks, or that did not."""
    if "chunked" not in head:
        return body
    out = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        out, body = out + body[: int(size, 16)], body[int(size, 16) + 2 :]
    return out


def ask_all(server: Server, paths: Sequence[str], clients: int) -> list[tuple[int, float]]:
    """Return the status and the seconds of each answer, the questions shared between clients that ask at the same time."""
    out: list[tuple[int, float]] = []

    def work(mine: Sequence[str]) -> None:
        client = Client(server)
        for path in mine:
            try:
                status, _, body = client.ask(path)
            except OSError as error:
                print(f"{server.name} : {error!r}")
                out.extend((0, client.seconds) for _ in mine)
                return
            out.append((status, client.seconds))
            if status != 200 and "--loud" in sys.argv:
                print(f"{server.name} : {status} {body[:300]!r}")

    together([lambda n=n: work(paths[n::clients]) for n in range(clients)])  # type: ignore[misc]  # mypy cannot type a default of a lambda
    return out


def together(works: Sequence[Callable[[], None]]) -> None:
    """Run some work at the same time, one thread each, to its end."""
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def quantile(times: Sequence[float], share: float) -> float:
    """Return the value under which this share of the times lies."""
    return sorted(times)[min(int(len(times) * share), len(times) - 1)]
