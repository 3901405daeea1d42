"""More readers than the portal can serve: who is accepted waits little, who is not is told at once.

    python3 do.py bench bench_overload

A mix of questions over 1,000,000 rows, none asked before (pages, pieces of a name, boxes, groups, sorted pages, which cost
most), comes at the pace of a crowd that does not wait for answers: at a quarter of what the portal can give, which was
measured just before, then at 4 and at 20 times that. Each question is one connection's; readers have addresses of their
own. Beside them one reader asks little, and another the home page and a kept answer.
Goals: p99 of accepted answers at most 3 times that of the quiet portal; every other gets 503 with Retry-After within
100 ms (p99); the home page and what is kept are always given; ten seconds after, all is as before. Times are by the clock of
one machine that runs the readers too: the load average is told. ``KEEP=folder`` as for ``bench_queries``.
"""

from __future__ import annotations

import os
import random
import resource
import selectors
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).parent))

import bench_queries
import serving

SECONDS = float(os.environ.get("SECONDS", "12"))
QUIET, GOAL, TOLD, BACK = 0.25, 3.0, 0.1, 10.0
CLIENTS = 8  # that measure what the portal can give
MOST = 8000  # questions on their way: beyond, readers wait for some to be answered, and are told late
PATIENCE = 30  # seconds that readers wait for their last answers


@dataclass(slots=True)
class Seen:
    """What a crowd was answered: seconds of the accepted, seconds of the refused, and anything else."""

    accepted: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    fixed: list[int] = field(default_factory=list)  # statuses of the home page and of the kept answer
    late: float = 0.0  # seconds by which the readers themselves were behind their pace (p99)


def main() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 60_000)), hard))  # each reader is a connection
    with bench_queries.place() as work:
        bench_queries.values(bench_queries.published(work))
        with serving.ours(work) as ours:
            good = _judged(ours)
    print("TENU" if good else "NON TENU")
    raise SystemExit(0 if good else 1)


def _judged(ours: serving.Server) -> bool:
    asked = _mix()
    serving.ask_all(ours, [next(asked) for _ in range(24)], 4)  # warm
    start = time.monotonic()
    found = serving.ask_all(ours, [next(asked) for _ in range(240)], CLIENTS)
    capacity = sum(status == 200 for status, _ in found) / (time.monotonic() - start)
    print(
        f"charge de la machine {os.getloadavg()[0]:.1f} ; le portail donne {capacity:.0f} réponses neuves par seconde"
    )
    quiet = _crowd(ours, asked, capacity * QUIET, SECONDS)
    base = _told("au quart", quiet)
    good = not quiet.wrong
    for times in (4, 20):
        seen = _crowd(ours, asked, capacity * times, SECONDS)
        p99 = _told(f"à {times} fois", seen)
        late = serving.quantile(seen.refused, 0.99) if seen.refused else 0.0
        print(f"  p99 des acceptées : {p99 / base:.1f} fois celui du portail au calme (but : {GOAL:.0f})")
        good = good and p99 <= GOAL * base and late <= TOLD and not seen.wrong and set(seen.fixed) <= {200, 304}
        after = time.monotonic()
        while True:
            again = _crowd(ours, asked, capacity * QUIET, 1.0)
            if not again.refused and again.accepted and max(again.accepted) <= GOAL * base:
                break
            if time.monotonic() - after > 2 * BACK:
                break
        print(f"  revenu au calme en {time.monotonic() - after:.0f} s (but : {BACK:.0f})")
        good = good and time.monotonic() - after <= BACK
    return good


def _told(name: str, seen: Seen) -> float:
    """Say what a crowd was answered, and return the p99 of the accepted."""
    p50, p99 = (serving.quantile(seen.accepted, q) if seen.accepted else float("inf") for q in (0.5, 0.99))
    late = [f"{1000 * serving.quantile(seen.refused, q):.0f}" for q in (0.5, 0.99)] if seen.refused else ["-", "-"]
    fixed = sum(status in (200, 304) for status in seen.fixed)
    print(f"{name} : {len(seen.accepted)} acceptées, p50 {1000 * p50:.0f} ms, p99 {1000 * p99:.0f} ; "
          f"{len(seen.refused)} refusées, p50 {late[0]} ms, p99 {late[1]} ; {len(seen.wrong)} autres {seen.wrong[:3]} ; "
          f"pages fixes : {fixed} sur {len(seen.fixed)} ; lecteurs en retard de {1000 * seen.late:.0f} ms (p99)")  # fmt: skip
    return p99


def _mix() -> Iterator[str]:
    """Yield questions never asked before: most are small, some are not."""
    draw, number = random.Random(time.time()), 0
    kinds = bench_queries.KINDS
    while True:
        number += 1
        turn = draw.random()
        if turn < 0.9:
            yield kinds[0 if turn < 0.4 else 1 if turn < 0.5 else 3 if turn < 0.8 else 2].draw(draw)[0]
            continue
        where = quote(f"montant >= {draw.randrange(100, 5_000_000) / 100}")
        yield f"{bench_queries.HERE}/records?where={where}&order=-montant&limit=50"


def _crowd(ours: serving.Server, asked: Iterator[str], pace: float, seconds: float) -> Seen:
    """Send questions at a pace, whatever becomes of those sent before: each from an address and a connection of its own."""
    seen, draw = Seen(), random.Random(1)
    kept = next(asked)
    serving.Client(ours).ask(kept)
    with selectors.DefaultSelector() as doors:
        start = time.monotonic()
        at, fixed = start, start
        open_, late = 0, list[float]()
        while True:
            now = time.monotonic()
            while at <= min(now, start + seconds) and open_ < MOST:
                late.append(now - at)
                open_ += _asked(doors, ours, next(asked), seen, fixed=False)
                at += draw.expovariate(pace)
                now = time.monotonic()
            if fixed < min(now, start + seconds):
                fixed = now + 0.5
                for path in ("/", kept):
                    open_ += _asked(doors, ours, path, seen, fixed=True)
            if at > start + seconds and not open_:
                break
            for key, _ in doors.select(max(min(at - time.monotonic(), 0.05), 0)):
                open_ -= _heard(doors, key.data, seen)
            if now > start + seconds + PATIENCE:
                seen.wrong += [f"no answer {key.data.path[:80]}" for key in doors.get_map().values()]
                break
    seen.late = serving.quantile(late, 0.99)
    return seen


@dataclass(slots=True)
class _Question:
    """A question on its way."""

    line: socket.socket
    path: str
    since: float
    fixed: bool
    question: bytes  # not yet sent
    said: bytes = b""


def _asked(doors: selectors.BaseSelector, ours: serving.Server, path: str, seen: Seen, fixed: bool) -> int:
    """Begin to ask a question; return how many answers are to come more."""
    since = time.monotonic()
    line = socket.socket()
    line.setblocking(False)
    line.bind((f"127.{random.randrange(1, 250)}.{random.randrange(250)}.{random.randrange(1, 250)}", 0))
    line.connect_ex(("127.0.0.1", ours.port))
    question = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{ours.port}\r\nConnection: close\r\n\r\n".encode()
    asked = _Question(line, path, since, fixed, question)
    doors.register(line, selectors.EVENT_READ if _sent(asked) else selectors.EVENT_WRITE, asked)
    return 1


def _sent(asked: _Question) -> bool:
    """Send a question once the portal has let its connection in; False before."""
    try:
        asked.line.send(asked.question)
    except OSError:
        return False
    asked.question = b""
    return True


def _heard(doors: selectors.BaseSelector, question: _Question, seen: Seen) -> int:
    """Send a question, or read what came of its answer; return 1 when that was its end."""
    if question.question and _sent(question):
        doors.modify(question.line, selectors.EVENT_READ, question)
        return 0
    try:
        while part := question.line.recv(1 << 18):
            question.said += part
    except BlockingIOError:
        return 0
    except OSError as error:
        question.said = repr(error).encode()
    took, said = time.monotonic() - question.since, question.said
    doors.unregister(question.line)
    question.line.close()
    status = int(said[9:12]) if said[9:12].isdigit() else 0
    if question.fixed:
        seen.fixed.append(status)
    elif status == 200:
        seen.accepted.append(took)
    elif status == 503 and b"retry-after:" in said[:2000].lower():
        seen.refused.append(took)
    else:
        seen.wrong.append(f"{said[:60]!r} {question.path[:80]}")
    return 1


if __name__ == "__main__":
    main()
