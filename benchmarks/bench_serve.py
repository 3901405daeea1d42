"""A filtered page of records over 1,000,000 rows × 16 columns: the portal against Datasette, in the same run.

    python3 do.py bench bench_serve

Both serve the same rows from this machine, Datasette with an index on the filtered columns, its counts known and its
suggestions off. Each request asks another value, so that nothing is answered from memory; then requests are repeated.
Goals: p95 at most Datasette's for each of the three kinds of page, with one client and with eight; the repeated
request at least 20 times faster than the new page, over the three kinds, by the clock of one client. Beside it stand,
told and not judged, how much faster than Datasette's page it is, the CPU that our processes spend, and the time of a
loop that sends a fixed 304 to whatever it receives. ``--bare`` serves the API alone, without Django.
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

import measure
from subsidies import write_subsidies

ROWS = int(os.environ.get("ROWS", "1000000"))
SIZE = 100  # rows of a page
CLIENTS, TURNS = 8, 3
FRESH, AGAIN = 200, 4000  # pages of which the CPU is told: new ones, then the last one again
GOAL = 20.0
DATASET, NOW = "0" * 12, "2026-01-01T00:00:00+00:00"
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
class Page:
    """A kind of page: the same condition as each of the two says it, with a place for its value."""

    name: str
    column: str
    ours: str
    peer: str
    requests: int  # of a turn


PAGES = (
    Page("un bénéficiaire", "idbeneficiaire", "idbeneficiaire = '{value}'", "idbeneficiaire__exact={value}", 400),
    Page("un montant minimal", "montant", "montant >= {value}", "montant__gte={value}", 60),
    Page(
        "un morceau de nom",
        "nombeneficiaire",
        "nombeneficiaire contains '{value}'",
        "nombeneficiaire__contains={value}",
        24,
    ),
)


@dataclass(frozen=True, slots=True)
class Server:
    name: str
    port: int
    pid: int
    peer: bool = False

    def path(self, page: Page, value: str) -> str:
        if self.peer:
            return f"/peer/subventions.json?{page.peer.format(value=quote(value))}&_size={SIZE}&_shape=objects"
        where = quote(page.ours.format(value=value))
        return f"/api/v1/datasets/{DATASET}/records?where={where}&limit={SIZE}"


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        values = _publish(work)
        _fill_datasette(work)
        with _ours(work) as ours, _datasette(work) as peer:
            good, gains, efforts = True, [], []
            with _echo() as echo:
                for page in PAGES:
                    rest = iter(values[page.name])
                    good = _compare(ours, peer, page, rest) and good
                    gains.append(_repeat(ours, echo, page, rest))
                    efforts.append(_effort(ours, page, rest))
            gain, effort = statistics.geometric_mean(gains), statistics.geometric_mean(efforts)
            print(f"répétée, à côté de nos pages neuves, en moyenne géométrique : {gain:.0f} fois plus vite à la montre "
                  f"d'un client (but : {GOAL:.0f}), {effort:.0f} fois moins de CPU")  # fmt: skip
        raise SystemExit(0 if good and gain >= GOAL else 1)


# --- The two servers ------------------------------------------------------------------------------


def _publish(work: Path) -> dict[str, list[str]]:
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
    draw, values = random.Random(2), {}
    for page in PAGES:
        rows = duckdb.execute(f"SELECT DISTINCT {page.column} FROM '{path}' ORDER BY 1").fetchall()
        values[page.name] = [r[0] for r in rows]
    beneficiaries, amounts, names = values.values()
    draw.shuffle(beneficiaries)
    amounts = [f"{70_000 + n * 19.37:.2f}" for n in range(1000)]
    names = [f"{n.split(' n° ')[0][-9:]} n° {number}" for number, n in enumerate(draw.sample(names, 900), 100)]
    draw.shuffle(amounts)
    return dict(zip(values, (beneficiaries, amounts, names), strict=True))


def _fill_datasette(work: Path) -> None:
    """Put the same rows in SQLite, with an index on each filtered column."""
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
        for page in PAGES:
            base.execute(f"CREATE INDEX i_{page.column} ON subventions ({page.column})")
        base.execute("ANALYZE")
        base.commit()
    inspected = subprocess.run(
        [_tool("datasette"), "inspect", work / "peer.db"], stdout=subprocess.PIPE, text=True, check=True
    )
    (work / "inspect.json").write_text(inspected.stdout)
    print(f"Datasette rempli en {time.monotonic() - start:.0f} s")


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
    with socket.create_server(("127.0.0.1", port)) as door:
        command = [sys.executable, "-m", "parvis_portal.server", str(door.fileno()), target]
        with _running(command, environment, port, door) as pid:
            yield Server("Parvis (API seule)" if BARE else "Parvis", port, pid)


@contextlib.contextmanager
def _datasette(work: Path) -> Iterator[Server]:
    port = _free_port()
    command = [
        _tool("datasette"), "serve", "-i", work / "peer.db", "--inspect-file", work / "inspect.json", "-h", "127.0.0.1",
        "-p", str(port), "--setting", "sql_time_limit_ms", "10000", "--setting", "suggest_facets", "off",
        "--setting", "max_returned_rows", "1000",
    ]  # fmt: skip
    with _running([str(c) for c in command], dict(os.environ), port) as pid:
        yield Server("Datasette", port, pid, peer=True)


@contextlib.contextmanager
def _echo() -> Iterator[Server]:
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

    def __init__(self, server: Server) -> None:
        self.server = server
        self.socket = socket.create_connection(("127.0.0.1", server.port), 30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, page: Page, value: str, headers: str = "") -> tuple[int, str, bytes]:
        """Return the status, the head and the body of one answer; ``seconds`` says how long it took."""
        path = self.server.path(page, value)
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


def _joined(head: str, body: bytes) -> bytes:
    """Return the body of an answer that came in chunks, or that did not."""
    if "chunked" not in head:
        return body
    out = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        out, body = out + body[: int(size, 16)], body[int(size, 16) + 2 :]
    return out


def _times(server: Server, page: Page, values: list[str], clients: int) -> list[float]:
    """Return the seconds of each answer, the values shared between clients that ask at the same time."""
    out: list[float] = []

    def work(mine: list[str]) -> None:
        client = Client(server)
        for value in mine:
            status, _, body = client.ask(page, value)
            out.append(client.seconds)
            if status != 200:
                print(f"{server.name} : {status} {body[:300]!r}")
                return

    threads = [threading.Thread(target=work, args=(values[n::clients],)) for n in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(out) != len(values):
        raise SystemExit(f"{server.name} : {len(values) - len(out)} réponses manquent")
    return out


def _compare(ours: Server, peer: Server, page: Page, rest: Iterator[str]) -> bool:
    for server in (ours, peer):
        _times(server, page, [next(rest) for _ in range(20)], 4)  # warm
    _must_agree(ours, peer, page, next(rest))
    good = True
    for clients in (1, CLIENTS):
        seen: dict[str, list[float]] = {ours.name: [], peer.name: []}
        spent = {ours.name: 0.0, peer.name: 0.0}
        ratios, gains = [], []
        again: list[float] = []
        for turn in range(TURNS):
            asked = [next(rest) for _ in range(page.requests)]
            p95 = {}
            for server in (ours, peer) if turn % 2 else (peer, ours):
                before = measure.cpu_of(server.pid)
                found = _times(server, page, asked, clients)
                spent[server.name] += measure.cpu_of(server.pid) - before
                seen[server.name] += found
                p95[server.name] = _p95(found)
                if server is ours:
                    repeated = _times(ours, page, asked, clients)
                    again += repeated
            ratios.append(p95[ours.name] / p95[peer.name])
            gains.append(p95[peer.name] / _p95(repeated))
        ratio, gain = statistics.median(ratios), statistics.median(gains)
        print(f"{page.name}, {clients} client{'s' if clients > 1 else ''}, {page.requests * TURNS} pages :")
        for name, found in seen.items():
            print(f"  {name:20} p50 {1000 * statistics.median(found):7.2f} ms   p95 {1000 * _p95(found):7.2f} ms   "
                  f"CPU {1000 * spent[name] / len(found):6.2f} ms")  # fmt: skip
        cpu = spent[ours.name] / max(spent[peer.name], 0.01)
        print(f"  p95 : {ratio:.2f} fois celui de Datasette (but : 1) ; CPU par page : {cpu:.2f} fois")
        print(f"  répétées : p50 {1000 * statistics.median(again):.3f} ms, p95 {1000 * _p95(again):.3f} ms, soit {gain:.0f} "
              f"fois plus vite que Datasette")  # fmt: skip
        good = good and ratio <= 1
    return good


def _must_agree(ours: Server, peer: Server, page: Page, value: str) -> None:
    """Stop when the two do not find the same rows: their times could not be compared."""
    mine, theirs = (json.loads(_joined(*Client(s).ask(page, value)[1:])) for s in (ours, peer))
    same = mine["total"] == theirs["filtered_table_rows_count"] and len(mine["records"]) == len(theirs["rows"])
    if not same:
        raise SystemExit(f"réponses différentes : {mine['total']}, {theirs['filtered_table_rows_count']}")


def _repeat(ours: Server, echo: Server, page: Page, rest: Iterator[str]) -> float:
    """Ask new questions, each again twice, with one client; return how many times faster the best repeat is."""
    client, bare = Client(ours), Client(echo)
    fresh: list[float] = []
    kept: list[float] = []
    unchanged: list[float] = []
    least: list[float] = []
    for _ in range(page.requests // 2):
        value = next(rest)
        _, head, _ = client.ask(page, value)
        fresh.append(client.seconds)
        etag = re.search(r'etag: ("[^"]+")', head)
        assert etag
        for times, headers in ((kept, ""), (unchanged, f"If-None-Match: {etag.group(1)}\r\n")):
            status, _, _ = client.ask(page, value, headers)
            times.append(client.seconds)
            assert status == (304 if headers else 200)
        bare.ask(page, value)
        least.append(bare.seconds)
    p50, memory, not_modified, floor = (1000 * statistics.median(t) for t in (fresh, kept, unchanged, least))
    gain = p50 / min(memory, not_modified)
    print(
        f"  répétée : {p50:.2f} ms, puis {memory:.3f} de mémoire, {not_modified:.3f} en 304, soit {gain:.0f} fois plus "
        f"vite ; une boucle qui renvoie un 304 tout fait : {floor:.3f} ms"
    )
    return gain


def _effort(ours: Server, page: Page, rest: Iterator[str]) -> float:
    """Return how many times less CPU a repeated question takes than a new one, all processes of ours counted."""
    client = Client(ours)
    before = measure.cpu_of(ours.pid)
    for _ in range(FRESH):
        value = next(rest)
        _, head, _ = client.ask(page, value)
    fresh = (measure.cpu_of(ours.pid) - before) / FRESH
    etag = re.search(r'etag: ("[^"]+")', head)
    assert etag
    told = []
    for headers in ("", f"If-None-Match: {etag.group(1)}\r\n"):
        before = measure.cpu_of(ours.pid)
        for _ in range(AGAIN):
            client.ask(page, value, headers)
        told.append((measure.cpu_of(ours.pid) - before) / AGAIN)
    memory, not_modified = told
    gain = fresh / min(told)
    print(f"  CPU : {1000 * fresh:.2f} ms, puis {1000 * memory:.3f} de mémoire, {1000 * not_modified:.3f} en 304, "
          f"soit {gain:.0f} fois moins")  # fmt: skip
    return gain


def _p95(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.95)]


if __name__ == "__main__":
    main()
