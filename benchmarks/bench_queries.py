"""Four questions over 1,000,000 rows, none asked before: CPU of the portal beside Datasette's, in the same run.

    python3 do.py bench bench_queries

A page of what a value holds, a piece of a name, groups with their sums, a box of the map; eight clients at once, then
sixty-four. Both serve the same rows from this machine, Datasette with an index for each question (one that covers the
groups), its counts known and its suggestions off. CPU seconds of all processes of each, by turns, the median of five.
Goals: at most 1/3, 1/20, 1/10 and 1/3 of Datasette's CPU; no error with 64 clients; the same questions asked again at
least 50 times Datasette's rate, told by CPU since both have the same machine, and by the clock 3,000 a second when the
machine is idle (told, judged by CPU). ``KEEP=folder`` keeps what is published for the next run.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).parent))

import measure
import serving
from serving import Client, Server
from subsidies import write_places, write_subsidies

ROWS = int(os.environ.get("ROWS", "1000000"))
CLIENTS, CROWD = 8, 64
TURNS = 5  # of each of the two, by turns: the median of their ratios is judged
AGAIN = 8000  # answers of which the rate is told
GAIN, RATE = 50, 3000
HERE = f"/api/v1/datasets/{serving.DATASET}"
INDEXES = ("idbeneficiaire", "nombeneficiaire", "objet, montant", "latitude, longitude")


@dataclass(frozen=True, slots=True)
class Kind:
    """A question as each of the two is asked it, and what its answer says: rows told, rows in all (None when not told)."""

    name: str
    goal: float
    requests: int
    draw: Callable[[random.Random], tuple[str, str]]
    mine: Callable[[Any], Any]
    theirs: Callable[[Any], Any]


def _page(draw: random.Random) -> tuple[str, str]:
    value = draw.choice(VALUES["idbeneficiaire"])
    return (f"{HERE}/records?where={_said('idbeneficiaire =', value)}&limit=100",
            f"/peer/subventions.json?idbeneficiaire__exact={value}&_size=100&_shape=objects")  # fmt: skip


def _text(draw: random.Random) -> tuple[str, str]:
    piece = draw.choice(VALUES["nombeneficiaire"])[-14:]
    return (f"{HERE}/records?where={_said('nombeneficiaire contains', piece)}&limit=100",
            f"/peer/subventions.json?nombeneficiaire__contains={quote(piece)}&_size=100&_shape=objects")  # fmt: skip


def _groups(draw: random.Random) -> tuple[str, str]:
    least = draw.randrange(100, 5_000_000) / 100
    sql = f"select objet, count(*) n, sum(montant) s from subventions where montant >= {least} group by objet order by objet"
    return (f"{HERE}/aggregates?where={quote(f'montant >= {least}')}&group=objet&limit=100"
            f"&aggregates={quote('count as n, sum(montant) as s')}",
            f"/peer.json?sql={quote(sql)}&_shape=objects")  # fmt: skip


def _box(draw: random.Random) -> tuple[str, str]:
    west, south = 2.2 + draw.random() * 0.29, 48 + draw.random() * 0.19
    east, north = west + 0.006, south + 0.004
    return (f"{HERE}/records?where={quote(f'bbox({west:.6f}, {south:.6f}, {east:.6f}, {north:.6f})')}&limit=100",
            f"/peer/subventions.json?longitude__gte={west:.6f}&longitude__lte={east:.6f}&latitude__gte={south:.6f}"
            f"&latitude__lte={north:.6f}&_size=100&_shape=objects")  # fmt: skip


def _said(start: str, value: str) -> str:
    return quote(f"{start} '{value}'")


def _listed(told: Any) -> Any:
    return told["total"], len(told["records"])


def _peer_listed(told: Any) -> Any:
    return told["filtered_table_rows_count"], len(told["rows"])


KINDS = (
    Kind("page filtrée", 1 / 3, 2000, _page, _listed, _peer_listed),
    Kind("texte contenu", 1 / 20, 48, _text, _listed, _peer_listed),
    Kind("groupes et sommes", 1 / 10, 400, _groups, lambda t: [(g["objet"], g["n"], round(g["s"], 2)) for g in t["groups"]],
         lambda t: [(g["objet"], g["n"], round(g["s"], 2)) for g in t["rows"]]),
    Kind("boîte de la carte", 1 / 3, 1000, _box, _listed, _peer_listed),
)  # fmt: skip
VALUES: dict[str, list[str]] = {}


def main() -> None:
    with place() as work:
        values(published(work))
        print(f"charge de la machine : {os.getloadavg()[0]:.1f}")
        with serving.ours(work) as ours, serving.datasette(work) as peer:
            good = [_judged(ours, peer, kind) for kind in KINDS]
    print("TENU" if all(good) else "NON TENU")
    raise SystemExit(0 if all(good) else 1)


@contextlib.contextmanager
def place() -> Iterator[Path]:
    """Give the folder of what is published."""
    if kept := os.environ.get("KEEP"):
        Path(kept).mkdir(parents=True, exist_ok=True)
        yield Path(kept)
        return
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def published(work: Path) -> Path:
    """Publish the rows for the two, once, and return their object."""
    known = work / "object"
    if not known.exists():
        plain, csv = work / "lignes.csv", work / "subventions.csv"
        write_subsidies(plain, ROWS, seed=1)
        write_places(plain, csv, seed=2)
        plain.unlink()
        path, _ = serving.publish(work, csv)
        serving.fill_datasette(work, path, INDEXES)
        csv.unlink()
        known.write_text(str(path))
    return Path(known.read_text())


def values(path: Path) -> None:
    """Read what questions may ask for."""
    import duckdb

    for name in ("idbeneficiaire", "nombeneficiaire"):
        rows = duckdb.execute(f"SELECT DISTINCT {name} FROM '{path}' ORDER BY 1").fetchall()
        VALUES[name] = [row[0] for row in rows]


def _judged(ours: Server, peer: Server, kind: Kind) -> bool:
    """Ask the two the same questions and say what each spent."""
    draw = random.Random(kind.name)
    asked = dict.fromkeys(kind.draw(draw) for _ in range(kind.requests + CROWD * 4 + 12))
    pairs = list(asked)
    for pair in pairs[:6]:
        _must_agree(ours, peer, kind, pair)
    pairs = pairs[6:]
    crowd, pairs = pairs[: CROWD * 3], pairs[CROWD * 3 :]
    for place, server in enumerate((ours, peer)):
        serving.ask_all(server, [p[place] for p in pairs[:12]], CLIENTS)  # warm
        _settled(server)
    spent: dict[str, list[float]] = {ours.name: [], peer.name: []}
    seen: dict[str, list[float]] = {ours.name: [], peer.name: []}
    few = pairs[12:]
    for turn in range(TURNS):  # one after the other: the machine is not the same from one second to the next
        for place, server in enumerate((ours, peer)):
            mine = [p[place] for p in few[turn::TURNS]]
            before = measure.cpu_of(server.pid)
            found = serving.ask_all(server, mine, CLIENTS)
            spent[server.name].append((measure.cpu_of(server.pid) - before) / len(mine))
            seen[server.name] += [seconds for _, seconds in found]
            if any(status != 200 for status, _ in found):
                print(f"{server.name} : {[status for status, _ in found if status != 200]}")
    ratios = [a / b for a, b in zip(spent[ours.name], spent[peer.name], strict=True)]
    ratio = statistics.median(ratios)
    print(f"{kind.name} :")
    for name, times in seen.items():
        told = "   ".join(f"p{int(q * 100)} {1000 * serving.quantile(times, q):7.2f} ms" for q in (0.5, 0.95, 0.99))
        print(f"  {name:10} CPU {1000 * statistics.median(spent[name]):7.2f} ms   {told}")
    print(f"  CPU : 1/{1 / ratio:.1f} de celui de Datasette (but : 1/{1 / kind.goal:.0f}), "
          f"de 1/{1 / max(ratios):.1f} à 1/{1 / min(ratios):.1f} en {TURNS} tours")  # fmt: skip
    wrong = [s for s, _ in serving.ask_all(ours, [p[0] for p in crowd], CROWD) if s != 200]
    print(f"  {CROWD} clients, {len(crowd)} questions neuves : {len(wrong)} erreur(s)")
    gain, rate = _again(ours, peer, statistics.median(spent[peer.name]), pairs[20])
    return ratio <= kind.goal and not wrong and gain >= GAIN and rate >= RATE


def _settled(server: Server) -> None:
    """Wait until a server does nothing: what it prepares behind its first answers is not the cost of the next ones."""
    before = -1.0
    while (now := measure.cpu_of(server.pid)) - before > 0.01:
        before = now
        time.sleep(0.5)


def _again(ours: Server, peer: Server, theirs: float, pair: tuple[str, str]) -> tuple[float, float]:
    """Ask one question again and again; return by how much less CPU than Datasette's page, and the answers that a
    second of processor gives."""
    before, start = measure.cpu_of(ours.pid), time.monotonic()
    serving.ask_all(ours, [pair[0]] * AGAIN, CLIENTS)
    mine, wall = (measure.cpu_of(ours.pid) - before) / AGAIN, time.monotonic() - start
    print(f"  répétée : CPU {1000 * mine:.3f} ms, 1/{theirs / mine:.0f} de celui de Datasette (but : 1/{GAIN}), {1 / mine:.0f} "
          f"réponses par seconde de processeur (but : {RATE}), {AGAIN / wall:.0f} à la montre, nos clients compris")  # fmt: skip
    return theirs / mine, 1 / mine


def _must_agree(ours: Server, peer: Server, kind: Kind, pair: tuple[str, str]) -> None:
    """Stop when the two do not find the same: their costs could not be compared."""
    told = []
    for server, path in zip((ours, peer), pair, strict=True):
        status, head, body = Client(server).ask(path)
        if status != 200:
            raise SystemExit(f"{server.name} : {status} {body[:300]!r}")
        told.append(json.loads(serving.joined(head, body)))
    mine, theirs = kind.mine(told[0]), kind.theirs(told[1])
    if mine != theirs:
        raise SystemExit(f"réponses différentes à « {kind.name} » : {mine}, {theirs}")


if __name__ == "__main__":
    main()
