"""The web process on real sockets: what is known is given at once, and nobody's slowness is paid by others."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from parvis_portal import server
from parvis_portal.api.front import Front

Told = tuple[int, dict[str, str], bytes]


class Inner:
    """What stands for Django: it counts what it is asked, and answers by the address."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.closed = threading.Event()
        self.made = 0

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        self.asked.append(environ)
        path = environ["PATH_INFO"]
        headers = [("Content-Type", "text/plain; charset=utf-8")]
        if path.startswith("/kept"):
            start("200 OK", [*headers, ("ETag", '"one"'), ("X-Parvis-Keep", "1")])
            return [f"answer {len(self.asked)} to {environ['QUERY_STRING']}".encode()]
        if path == "/stream":
            start("200 OK", headers)
            return Stream(self)
        if path == "/body":
            read = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            start("200 OK", headers)
            return [f"{len(read)} {sum(read) % 997}".encode()]
        start("200 OK", headers)
        return [environ.get("HTTP_X_FORWARDED_FOR", "none").encode()]


class Stream:
    streaming = True

    def __init__(self, inner: Inner) -> None:
        self.inner = inner

    def __iter__(self) -> Iterator[bytes]:
        for _ in range(4000):
            self.inner.made += 1
            yield b"x" * 50_000

    def close(self) -> None:
        self.inner.closed.set()


@pytest.fixture
def inner() -> Inner:
    return Inner()


@pytest.fixture
def port(inner: Inner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(server, "HEAD", 1.0)
    monkeypatch.setattr(server, "STALLED", 2.0)
    (tmp_path / "stamp").touch()
    with serving(Front(inner, tmp_path / "stamp", 1 << 20)) as port:
        yield port


@contextlib.contextmanager
def serving(application: Any) -> Iterator[int]:
    door = socket.create_server(("127.0.0.1", 0))
    port = int(door.getsockname()[1])
    running = server.Sweeping(server.configured(application), 200)
    thread = threading.Thread(target=running.run, kwargs={"sockets": [door]})
    thread.start()
    try:
        yield port
    finally:
        running.should_exit = running.force_exit = True
        thread.join(20)
        assert not thread.is_alive()


class Line:
    """A connection that reads one answer at a time."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), 15)
        self.held = b""

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def ask(self, target: str, method: str = "GET", body: bytes = b"", **headers: str) -> Told:
        self.send(target, method, body, **headers)
        return self.answer(method)

    def send(self, target: str, method: str = "GET", body: bytes = b"", **headers: str) -> None:
        lines = "".join(f"{n.replace('__', '-')}: {v}\r\n" for n, v in headers.items())
        length = f"Content-Length: {len(body)}\r\n" if body else ""
        self.socket.sendall(f"{method} {target} HTTP/1.1\r\nHost: town.example\r\n{lines}{length}\r\n".encode() + body)

    def answer(self, method: str = "GET") -> Told:
        while b"\r\n\r\n" not in self.held:
            self._more()
        head, _, self.held = self.held.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {n.lower(): v for n, v in (line.split(": ", 1) for line in lines)}
        size = int(headers.get("content-length", 0)) if method != "HEAD" else 0
        while len(self.held) < size:
            self._more()
        body, self.held = self.held[:size], self.held[size:]
        return int(first.split()[1]), headers, body

    def closed(self) -> bool:
        """True when the other side has hung up, with all it had to say read."""
        try:
            while self.socket.recv(1 << 16):
                pass
        except ConnectionResetError:
            pass
        return True

    def _more(self) -> None:
        part = self.socket.recv(1 << 16)
        if not part:
            raise ConnectionError("closed")
        self.held += part


def test_a_known_answer_is_given_again_without_any_thread(port: int, inner: Inner) -> None:
    with Line(port) as line:
        first = line.ask("/kept?a=1")
        again = line.ask("/kept?a=1")
        assert first[2] == again[2] == b"answer 1 to a=1" and len(inner.asked) == 1
        assert first[1] | {"date": ""} == again[1] | {"date": ""} and "GMT" in again[1]["date"]
        status, headers, body = line.ask("/kept?a=1", If__None__Match='"zero", W/"one"')
        assert (status, body, headers["etag"]) == (304, b"", '"one"') and "content-length" not in headers
        status, headers, body = line.ask("/kept?a=1", "HEAD")
        assert (status, body, headers["content-length"]) == (200, b"", str(len(first[2])))
        assert line.ask("/kept?a=2")[2] == b"answer 2 to a=2"


def test_whoever_says_who_he_is_or_asks_otherwise_is_never_given_what_is_known(port: int, inner: Inner) -> None:
    with Line(port) as line:
        line.ask("/kept")
        others = [{"Cookie": "session=1"}, {"Authorization": "Bearer x"}, {"Range": "bytes=0-3"}]
        for number, headers in enumerate(others, 2):
            assert line.ask("/kept", **headers)[2] == f"answer {number} to ".encode()
        assert line.ask("/kept", "POST", b"x")[2] == b"answer 5 to "
        assert line.ask("/kept", Accept="text/csv")[2] == b"answer 6 to "
        assert line.ask("/kept")[2] == b"answer 1 to "


def test_two_hosts_in_one_question_are_never_taken_for_one(port: int, inner: Inner) -> None:
    with Line(port) as line:
        line.ask("/kept")
        line.socket.sendall(b"GET /kept HTTP/1.1\r\nHost: town.example\r\nHost: evil.example\r\n\r\n")
        line.answer()
    assert inner.asked[-1]["HTTP_HOST"] == "town.example,evil.example", "Django refuses such a host"


def test_what_is_known_goes_when_the_catalogue_moves(port: int, inner: Inner, tmp_path: Path) -> None:
    with Line(port) as line:
        line.ask("/kept")
        os.utime(tmp_path / "stamp", ns=(1, 1))
        assert line.ask("/kept")[2] == b"answer 2 to "


def test_questions_sent_together_are_answered_in_their_order(port: int, inner: Inner) -> None:
    with Line(port) as line:
        line.ask("/kept?a=1")
        for target in ("/kept?a=1", "/kept?a=2", "/kept?a=1", "/kept?a=3", "/kept?a=1"):
            line.send(target)
        told = [line.answer()[2].rpartition(b" ")[2] for _ in range(5)]
        assert told == [b"a=1", b"a=2", b"a=1", b"a=3", b"a=1"]
        line.ask("/kept?a=4")
        many = b"GET /kept?a=4 HTTP/1.1\r\nHost: town.example\r\n\r\n" * 30
        line.socket.sendall(many)
        assert {line.answer()[2] for _ in range(30)} == {b"answer 4 to a=4"}


def test_a_stream_comes_as_it_is_made_and_stops_with_its_reader(port: int, inner: Inner) -> None:
    line = Line(port)
    line.send("/stream")
    assert line.socket.recv(1000).startswith(b"HTTP/1.1 200 OK")
    time.sleep(0.5)
    made = inner.made
    assert made < 2000, "what nobody reads yet is not made"
    line.socket.close()
    assert inner.closed.wait(10) and inner.made < 3000


def test_a_reader_who_takes_nothing_is_left(port: int, inner: Inner) -> None:
    with Line(port) as line:
        line.send("/stream")
        assert inner.closed.wait(10), "its thread is given back"


def test_a_large_body_arrives_whole_and_one_that_stops_frees_its_thread(port: int, inner: Inner) -> None:
    body = bytes(range(256)) * 20_000
    with Line(port) as line:
        assert line.ask("/body", "POST", body)[2] == f"{len(body)} {sum(body) % 997}".encode()
        line.socket.sendall(
            b"POST /body HTTP/1.1\r\nHost: town.example\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"
        )
        assert line.answer()[0] == 100
        line.socket.sendall(b"abc")
        assert line.answer()[2] == b"3 294"
    with Line(port) as slow:
        slow.socket.sendall(b"POST /body HTTP/1.1\r\nHost: town.example\r\nContent-Length: 30\r\n\r\nabc")
        start = time.monotonic()
        assert slow.answer()[0] == 500 and time.monotonic() - start < 8


def test_a_head_that_never_ends_or_is_too_long_is_cut(port: int) -> None:
    with Line(port) as slow, Line(port) as silent, Line(port) as long:
        slow.socket.sendall(b"GET /kept HTTP/1.1\r\nHost: tow")
        with contextlib.suppress(ConnectionError):
            for _ in range(100):
                long.socket.sendall(b"X-A: " + b"a" * 4000 if _ else b"GET / HTTP/1.1\r\nX-A: ")
        start = time.monotonic()
        assert slow.closed() and silent.closed() and time.monotonic() - start < 6
        assert long.closed()


def test_a_header_with_an_underscore_never_passes_for_one_of_a_proxy(port: int) -> None:
    with Line(port) as line:
        line.socket.sendall(b"GET / HTTP/1.1\r\nHost: town.example\r\nX_Forwarded_For: 1.2.3.4\r\n\r\n")
        assert line.answer()[2] == b"none"


@pytest.mark.parametrize(
    "sent",
    [
        b"POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /k",
        b"POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        b"GET /kept HTTP/1.1\r\nHost: a\r\nX: a\nb\r\n\r\n",
        b"GET /kept\x00 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)  # fmt: skip
def test_what_two_programs_could_read_differently_is_refused(port: int, inner: Inner, sent: bytes) -> None:
    with Line(port) as line:
        line.socket.sendall(sent)
        assert line.answer()[0] == 400 and line.closed()
    assert not inner.asked


def test_a_crowd_of_idle_connections_closes_no_page(port: int) -> None:
    crowd = [socket.create_connection(("127.0.0.1", port)) for _ in range(190)]
    try:
        with Line(port) as line:
            assert line.ask("/")[0] == 200
        more = [socket.create_connection(("127.0.0.1", port)) for _ in range(30)]
        time.sleep(2.5)  # those that asked nothing have gone
        with Line(port) as line:
            assert line.ask("/")[0] == 200
    finally:
        for one in [*crowd, *more]:
            one.close()


def test_a_dead_web_process_is_replaced_while_the_others_answer(tmp_path: Path) -> None:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port = int(door.getsockname()[1])
    command = [
        sys.executable, "-m", "parvis.cli.main", "serve", "--data", str(tmp_path / "d"), "--port", str(port),
        "--web", "2", "--workers", "0", "--json",
    ]  # fmt: skip
    tree = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert _page(port, 60) == 200
        first = _children(tree.pid)
        assert len(first) == 2
        os.kill(first[0], signal.SIGKILL)
        assert {_page(port, 20) for _ in range(20)} == {200}
        limit = time.monotonic() + 20
        while len(_children(tree.pid)) < 2 or first[0] in _children(tree.pid):
            assert time.monotonic() < limit
            time.sleep(0.1)
        tree.terminate()
        assert tree.wait(25) == 0
    finally:
        tree.kill()
        tree.wait()
        assert tree.stderr is not None
        tree.stderr.close()
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", port), 1).close()


def _page(port: int, seconds: float) -> int:
    limit = time.monotonic() + seconds
    while True:
        try:
            with Line(port) as line:
                line.socket.sendall(b"GET /accessibilite/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
                return line.answer()[0]
        except OSError:
            assert time.monotonic() < limit
            time.sleep(0.1)


def _children(pid: int) -> list[int]:
    told = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(p) for p in told.read_text().split()] if told.exists() else []
