"""Recorded exchanges played back: what each kind of place answered once, for the tests that need no server.

A file of ``tests/cases/exchanges`` holds settings, a secret and visits; a visit holds the talk and what arrived. The
marks go from a visit to the next one, as the portal keeps them.
"""

from __future__ import annotations

import datetime as dt
import http.client
import io
import json
import os
import re
import socket
import stat
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from parvis import connectors
from parvis.connectors.arrival import Arrival, Errand, Seen
from parvis.outgoing import Answer, Client

FOLDER = Path(__file__).parent / "cases" / "exchanges"
NOW = dt.datetime(2026, 3, 2, 8, tzinfo=dt.UTC)


def recorded(kind: str) -> dict[str, Any]:
    return cast(dict[str, Any], json.loads((FOLDER / f"{kind}.json").read_text("utf-8")))


def visited(kind: str, errand: Errand) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return what a visit brings, read to the end, and the marks as they are after it."""
    arrivals, marks = [], dict(errand.marks)
    for one in connectors.collect(kind, errand):
        if isinstance(one, Arrival):
            content = b"".join(iter(lambda stream=one.stream: stream.read(7), b""))
            told = {"name": one.name, "key": one.key, "origin": one.origin, "mark": one.mark}
            arrivals.append({**told, "text": content.decode()})
        assert isinstance(one, Arrival | Seen)
        if one.mark is not None:
            marks[one.key] = one.mark
    return arrivals, cast(dict[str, Any], json.loads(json.dumps(marks)))


class Played(Client):
    """A client whose every request must be the next one of a talk, and gets the answer that was recorded."""

    def __init__(self, talk: Sequence[Mapping[str, Any]]) -> None:
        super().__init__()
        self.talk = list(talk)

    def _one(
        self, address: str, method: str, headers: Mapping[str, str], body: bytes | None, size: int, only_https: bool
    ) -> Answer:
        assert self.talk, f"{method} {address}: nothing more was recorded"
        said = self.talk.pop(0)
        wanted = said["request"]
        assert (method, address) == (wanted["method"], wanted["address"])
        assert {k: headers.get(k) for k in wanted.get("headers", {})} == wanted.get("headers", {})
        answer = said["answer"]
        content = (json.dumps(answer["json"]) if "json" in answer else answer.get("text", "")).encode()
        head = "".join(f"{k}: {v}\r\n" for k, v in {**answer["headers"], "Content-Length": len(content)}.items())
        raw = f"HTTP/1.1 {answer['status']} -\r\n{head}\r\n".encode() + content
        response = http.client.HTTPResponse(cast(Any, SimpleNamespace(makefile=lambda mode: io.BytesIO(raw))))
        response.begin()
        host = address.split("/")[2]
        return Answer(cast(Any, SimpleNamespace(close=lambda: None)), response, address, host, size, self)


@contextmanager
def place(kind: str, talk: Any, work: Path, secret: str) -> Iterator[tuple[Client, Path | None]]:
    """Yield the client, and the folder, that play a visit's talk."""
    if isinstance(talk, list) and talk and isinstance(talk[0], dict):
        client = Played(talk)
        yield client, None
        assert not client.talk, f"not asked: {client.talk}"
    elif kind == "folder":
        yield Client(), _folder(work / "ouvert", talk)
    elif kind == "mail":
        with _lines(talk) as client:
            yield client, None
    elif kind == "sftp":
        with _sftp(talk["files"], secret) as client:
            yield client, None
    else:
        with pytest.MonkeyPatch.context() as patch:
            _database(patch, talk["script"])
            yield Client(), None


def _folder(root: Path, talk: Mapping[str, Any]) -> Path:
    for path, content in talk["files"].items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, "utf-8")
    old = NOW.timestamp() - 60
    for path in root.rglob("*"):
        if path.is_file():
            now = path.relative_to(root).as_posix() in talk.get("written_now", ())
            os.utime(path, (NOW.timestamp(),) * 2 if now else (old,) * 2)
    return root


class _Wired(Client):
    """A client whose connections all go to the other end of a pair of sockets."""

    def __init__(self, end: socket.socket) -> None:
        super().__init__()
        self.end = end

    def connect(self, host: str, port: int) -> socket.socket:
        return self.end


@contextmanager
def _lines(talk: Sequence[str]) -> Iterator[Client]:
    """Play an IMAP server: « S: » lines are said, « C: » lines must be heard; our tags stand for those recorded."""
    ours, theirs = socket.socketpair()
    wrong: list[str] = []

    def serve() -> None:
        with suppress(OSError), theirs, theirs.makefile("rwb") as wire:  # who hears nonsense hangs up
            tag = b"*"
            for line in talk:
                side, said = line[:3], line[3:]
                if side == "S: ":
                    text = (
                        said if said.startswith("* ") else f"{tag.decode()} {said if ' ' in said else said + ' done'}"
                    )
                    wire.write(text.encode() + (b")" if "{" in text and "FETCH" in text else b"") + b"\r\n")
                    wire.flush()
                else:
                    heard = wire.readline().rstrip(b"\r\n")
                    tag, _, rest = heard.partition(b" ")
                    if rest.decode() != said:
                        wrong.append(f"{rest.decode()!r} instead of {said!r}")
                        return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    client = _Wired(ours)
    client._trust = cast(Any, SimpleNamespace(wrap_socket=lambda sock, server_hostname: sock))
    try:
        yield client
    finally:
        ours.close()
        thread.join(5)
    assert not wrong, wrong


@contextmanager
def _sftp(files: Mapping[str, Sequence[Any]], secret: str) -> Iterator[Client]:
    """Play an SFTP server over a pair of sockets: the real protocol, files from memory."""
    import paramiko

    class Door(paramiko.ServerInterface):
        def check_auth_password(self, username: str, password: str) -> int:
            return paramiko.AUTH_SUCCESSFUL if password == secret else paramiko.AUTH_FAILED

        def check_channel_request(self, kind: str, chanid: int) -> int:
            return paramiko.OPEN_SUCCEEDED

    class Disk(paramiko.SFTPServerInterface):
        def list_folder(self, path: str) -> Any:
            out = []
            for name, (content, when, *size) in files.items():
                folder, _, last = name.rpartition("/")
                if folder == path.strip("/"):
                    facts = paramiko.SFTPAttributes()
                    facts.filename, facts.st_mode = last, stat.S_IFREG | 0o644
                    facts.st_size = size[0] if size else len(content.encode())
                    facts.st_mtime = facts.st_atime = when
                    out.append(facts)
            return out

        def open(self, path: str, flags: int, attr: Any) -> Any:
            handle = paramiko.SFTPHandle(flags)
            handle.readfile = io.BytesIO(files[path.strip("/")][0].encode())
            return handle

    ours, theirs = socket.socketpair()
    server = paramiko.Transport(theirs)
    server.add_server_key(_host_key())
    server.set_subsystem_handler("sftp", paramiko.SFTPServer, Disk)
    server.start_server(server=Door(), event=threading.Event())
    try:
        yield _Wired(ours)
    finally:
        server.close()
        ours.close()
        time.sleep(0.05)


_KEYS: list[Any] = []


def _host_key() -> Any:
    import paramiko

    if not _KEYS:
        _KEYS.append(paramiko.ECDSAKey.generate())
    return _KEYS[0]


def _database(patch: pytest.MonkeyPatch, script: Sequence[str]) -> None:
    import sqlalchemy as sa

    from parvis.connectors.kinds import sql

    engine = sa.create_engine("sqlite://", poolclass=sa.pool.StaticPool)
    with engine.begin() as connection:
        for line in script:
            connection.execute(sa.text(re.sub(r":(?=\w)", r"\:", line)))
    patch.setattr(sql, "opened", lambda errand: engine)
    patch.setattr(sql, "_reading_only", lambda connection, kind: None)
