"""A filtered page of records over 1,000,000 rows × 16 columns: the portal against Datasette, in the same run.

    python3 do.py bench bench_serve

Both serve the same rows from this machine, Datasette with an index on the filtered column, its counts known and its
suggestions off. Each request asks another beneficiary, so that nothing is answered from memory; then one request is
repeated. Goals: p95 at most Datasette's; the repeated request at least 20 times faster. ``--bare`` serves the API
alone, without Django.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).parent))

from subsidies import write_subsidies

ROWS = int(os.environ.get("ROWS", "1000000"))
SIZE = 100  # rows of a page
CLIENTS, REQUESTS, TURNS = 8, 400, 3
GOAL = 20.0
DATASET, NOW = "0" * 12, "2026-01-01T00:00:00+00:00"
FILTER = "idbeneficiaire"
BARE = "--bare" in sys.argv

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
APPLICATION = """
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


@dataclass(frozen=True, slots=True)
class Server:
    name: str
    port: int
    path: str  # with a place for the value asked


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        values = _publish(work)
        _fill_datasette(work, values)
        with _ours(work) as ours, _datasette(work) as peer:
            goal = _compare(ours, peer, values) & _repeat(ours, peer, values)
        raise SystemExit(0 if goal else 1)


# --- The two servers ------------------------------------------------------------------------------


def _publish(work: Path) -> list[str]:
    """Publish the file as an office's file is, and return the values to filter on."""
    import duckdb

    csv, data = work / "subventions.csv", work / "data"
    write_subsidies(csv, ROWS, seed=1)
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", PUBLISH.format(csv=csv, data=data, dataset=DATASET, now=NOW)],
        stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    path, *columns = done.stdout.splitlines()[-1].split()
    print(f"{ROWS:,} lignes × {len(columns)} colonnes publiées en {time.monotonic() - start:.0f} s")
    (work / "object").write_text(path)
    rows = duckdb.execute(f"SELECT DISTINCT {FILTER} FROM '{path}' ORDER BY 1").fetchall()
    return [r[0] for r in rows]


def _fill_datasette(work: Path, values: list[str]) -> None:
    """Put the same rows in SQLite, with an index on the filtered column."""
    import duckdb

    start, path = time.monotonic(), (work / "object").read_text()
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
        base.execute(f"CREATE INDEX i ON subventions ({FILTER})")
        base.execute("ANALYZE")
        base.commit()
    inspected = subprocess.run(
        [_tool("datasette"), "inspect", work / "peer.db"], stdout=subprocess.PIPE, text=True, check=True
    )
    (work / "inspect.json").write_text(inspected.stdout)
    print(f"Datasette rempli en {time.monotonic() - start:.0f} s ; {len(values):,} bénéficiaires")


@contextlib.contextmanager
def _ours(work: Path) -> Iterator[Server]:
    port = _free_port()
    environment = {**os.environ, "PARVIS_DATA": str(work / "data"), "DJANGO_SETTINGS_MODULE": "parvis_portal.settings"}
    where = [] if BARE else ["--data", str(work / "data")]
    if BARE:
        (work / "application.py").write_text(APPLICATION)
        environment["PYTHONPATH"] = f"{work}:{environment.get('PYTHONPATH', '')}"
        target = "application:application"
    else:
        subprocess.run(
            [sys.executable, "-m", "parvis.cli.main", "reindex", *where], check=True, stdout=subprocess.DEVNULL
        )
        target = "parvis_portal.wsgi:application"
    command = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
        "--blocking-threads", "8", "--backpressure", "64", "--no-ws", "--log-level", "warning", target,
    ]  # fmt: skip
    path = f"/api/v1/datasets/{DATASET}/records?where={FILTER}%20%3D%20%27{{value}}%27&limit={SIZE}"
    with _running(command, environment, port):
        yield Server("Parvis (API seule)" if BARE else "Parvis", port, path)


@contextlib.contextmanager
def _datasette(work: Path) -> Iterator[Server]:
    port = _free_port()
    command = [
        _tool("datasette"), "serve", "-i", work / "peer.db", "--inspect-file", work / "inspect.json", "-h", "127.0.0.1",
        "-p", str(port), "--setting", "sql_time_limit_ms", "10000", "--setting", "suggest_facets", "off",
        "--setting", "max_returned_rows", "1000",
    ]  # fmt: skip
    path = f"/peer/subventions.json?{FILTER}__exact={{value}}&_size={SIZE}&_shape=objects"
    with _running([str(c) for c in command], dict(os.environ), port):
        yield Server("Datasette", port, path)


@contextlib.contextmanager
def _running(command: list[str], environment: dict[str, str], port: int) -> Iterator[None]:
    stderr = None if "--loud" in sys.argv else subprocess.DEVNULL
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=stderr, start_new_session=True
    )
    try:
        limit = time.monotonic() + 60
        while time.monotonic() < limit and process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.1)
        else:
            raise SystemExit(f"{command[0]} n'a pas démarré")
        yield
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


class Client:
    """A connection kept open that asks and reads as little as it can, so that the server's time is what counts."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.socket = socket.create_connection(("127.0.0.1", server.port), 30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, value: str, headers: str = "") -> tuple[int, str, bytes]:
        """Return the status, the head and the body of one answer."""
        path = self.server.path.format(value=quote(value))
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.server.port}\r\n{headers}\r\n".encode())
        got = b""
        while b"\r\n\r\n" not in got:
            got += self._more()
        head, _, body = got.partition(b"\r\n\r\n")
        said = head.decode("latin-1").lower()
        status = int(said[9:12])
        if length := re.search(r"content-length: (\d+)", said):
            while len(body) < int(length.group(1)):
                body += self._more()
        elif "chunked" in said:
            while not body.endswith(b"0\r\n\r\n"):
                body += self._more()
        return status, said, body

    def _more(self) -> bytes:
        part = self.socket.recv(1 << 18)
        if not part:
            raise ConnectionError(self.server.name)
        return part


def _joined(head: str, body: bytes) -> bytes:
    """Return the body of an answer that came in chunks, or that did not."""
    if "chunked" not in head:
        return body
    out = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        out, body = out + body[: int(size, 16)], body[int(size, 16) + 2 :]
    return out


def _times(server: Server, values: list[str], clients: int) -> list[float]:
    """Return the seconds of each answer, the values shared between clients that ask at the same time."""
    out: list[float] = []

    def work(mine: list[str]) -> None:
        client = Client(server)
        for value in mine:
            start = time.perf_counter()
            status, _, body = client.ask(value)
            out.append(time.perf_counter() - start)
            if status != 200 or value.encode() not in body:
                raise SystemExit(f"{server.name} : {status} {body[:300]!r}")

    threads = [threading.Thread(target=work, args=(values[n::clients],)) for n in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(out) != len(values):
        raise SystemExit(f"{server.name} : {len(values) - len(out)} réponses manquent")
    return out


def _compare(ours: Server, peer: Server, values: list[str]) -> bool:
    draw = random.Random(2)
    draw.shuffle(values)
    rest = iter(values)
    for server in (ours, peer):
        _times(server, [next(rest) for _ in range(40)], 4)  # warm
    same = next(rest)
    told = [_joined(*Client(s).ask(same)[1:]) for s in (ours, peer)]
    counts = (json.loads(told[0])["total"], json.loads(told[1])["filtered_table_rows_count"])
    if counts[0] != counts[1] or len(json.loads(told[0])["records"]) != len(json.loads(told[1])["rows"]):
        raise SystemExit(f"réponses différentes : {counts}")
    good = True
    for clients in (1, CLIENTS):
        seen: dict[str, list[float]] = {ours.name: [], peer.name: []}
        ratios = []
        for turn in range(TURNS):
            asked = [next(rest) for _ in range(REQUESTS)]
            pair = (ours, peer) if turn % 2 else (peer, ours)
            p95 = {}
            for server in pair:
                found = _times(server, asked, clients)
                seen[server.name] += found
                p95[server.name] = _p95(found)
            ratios.append(p95[ours.name] / p95[peer.name])
        ratio = statistics.median(ratios)
        print(f"{clients} client{'s' if clients > 1 else ''}, {REQUESTS * TURNS} pages de {SIZE} lignes filtrées :")
        for name, found in seen.items():
            print(f"  {name:20} p50 {1000 * statistics.median(found):6.2f} ms   p95 {1000 * _p95(found):6.2f} ms")
        print(f"  p95 : {ratio:.2f} fois celui de Datasette (but : 1)")
        good = good and ratio <= 1
    return good


def _repeat(ours: Server, peer: Server, values: list[str]) -> bool:
    """Ask new questions and the same one again, one client, and say how many times faster it is."""
    client, draw = Client(ours), random.Random(3)
    fresh: list[float] = []
    kept: list[float] = []
    unchanged: list[float] = []
    for value in draw.sample(values[-5000:], 200):
        start = time.perf_counter()
        _, head, _ = client.ask(value)
        fresh.append(time.perf_counter() - start)
        etag = re.search(r'etag: ("[^"]+")', head)
        assert etag
        for times, headers in ((kept, ""), (unchanged, f"If-None-Match: {etag.group(1)}\r\n")):
            start = time.perf_counter()
            status, _, _ = client.ask(value, headers)
            times.append(time.perf_counter() - start)
            assert status == (304 if headers else 200)
    p50 = statistics.median(fresh)
    print("la même question de nouveau :")
    for name, times in (("première fois", fresh), ("de mémoire", kept), ("304", unchanged)):
        middle = statistics.median(times)
        print(f"  {name:20} p50 {1000 * middle:6.3f} ms   × {p50 / middle:.1f}")
    again = Client(peer)
    times = []
    for _ in range(200):
        start = time.perf_counter()
        again.ask(values[-1])
        times.append(time.perf_counter() - start)
    print(f"  Datasette, répétée   p50 {1000 * statistics.median(times):6.3f} ms")
    best = p50 / min(statistics.median(kept), statistics.median(unchanged))
    print(f"  {best:.1f} fois plus vite (but : {GOAL:.0f})")
    return best >= GOAL


def _p95(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.95)]


if __name__ == "__main__":
    main()
