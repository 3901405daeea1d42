"""The only way out: nothing inner is reached, a name cannot change its mind, no answer is too long, large or slow."""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from parvis import outgoing
from parvis.errors import InputError, LimitError, ParvisError, RefusedError, RemoteError
from parvis.outgoing import Client, is_public
from servers import certificate

INNER = """127.0.0.1 127.8.8.8 10.0.0.1 172.16.3.4 172.31.255.255 192.168.1.1 169.254.169.254 100.64.0.1 100.100.100.200
0.0.0.0 0.1.2.3 224.0.0.1 239.1.1.1 240.0.0.1 255.255.255.255 192.0.0.192 192.88.99.1 198.18.0.1 203.0.113.9
168.63.129.16 ::1 :: fe80::1%eth0 fec0::1 fc00::1 fd00:ec2::254 ff02::1 ::ffff:127.0.0.1 ::ffff:10.1.1.1
::ffff:0:127.0.0.1 ::127.0.0.1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::7f00:1 2002:7f00:1:: 2002:a00:1::
2001:0:0:0:0:0:80ff:fffe 2001:db8::1 3fff::1 100::1 5f00::1 texte""".split()
SPELLED = """http://2130706433/ http://127.1/ http://127.0.1/ http://0x7f.0.0.1/ http://0x7f000001/ http://0177.0.0.1/
http://017700000001/ http://00000177.1/ http://0/ http://127.0.0.1./ http://[::ffff:7f00:1]/ http://[::]/
http://①②⑦.⓪.⓪.①/ http://localhost/ http://LOCALHOST./ http://169.254.169.254/latest/meta-data/
http://[64:ff9b::a9fe:a9fe]/ http://3232235777/ http://0300.0250.1.1/""".split()
MALFORMED = """ftp://exemple.fr/ file:///etc/passwd gopher://exemple.fr/ javascript:alert(1) //exemple.fr/ exemple.fr
http:///x http://[::1 http://exemple.fr:99999/ http://exemple.fr\\@10.0.0.1/ https://lui:mot@exemple.fr/
http://exemple.fr/a\r\nHost:interne http://exemple.fr/a\tb""".replace("\\r\\n", "\r\n").split("\n")


class Site(BaseHTTPRequestHandler):
    """What a test makes of each path: ``pages`` gives (status, headers, body), or a function of the handler."""

    pages: ClassVar[dict[str, Any]] = {}
    seen: ClassVar[list[tuple[str, dict[str, str]]]] = []

    def do_GET(self) -> None:
        self.seen.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
        page = self.pages.get(self.path, (404, {}, b""))
        if callable(page):
            page(self)
            return
        status, headers, body = page
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def site() -> Iterator[tuple[str, type[Site]]]:
    kind = type("Local", (Site,), {"pages": {}, "seen": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", kind
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def dialled(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Record where sockets go, and let none of them go."""
    made: list[tuple[str, int]] = []

    def record(place: tuple[str, int], *_: Any, **__: Any) -> socket.socket:
        made.append(place)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", record)
    return made


def names(**known: str) -> Callable[[str, int], list[str]]:
    """A resolver that knows these names alone (« _ » stands for a dot), and reads addresses as the system does."""

    def resolve(host: str, port: int) -> list[str]:
        if host.replace(".", "_") in known:
            return known[host.replace(".", "_")].split()
        return outgoing.resolved(host, port)

    return resolve


@pytest.mark.parametrize("number", INNER)
def test_an_inner_address_is_not_public_whatever_wraps_it(number: str) -> None:
    assert not is_public(number)


@pytest.mark.parametrize("number", ["8.8.8.8", "185.75.143.24", "2001:4860:4860::8888", "64:ff9b::808:808"])
def test_a_public_address_is_public(number: str) -> None:
    assert is_public(number)


@pytest.mark.parametrize("number", INNER[:-1])
def test_a_name_that_leads_inside_is_never_dialled(number: str, dialled: list[Any]) -> None:
    with Client(resolve=names(exemple_fr=number)) as client, pytest.raises(RefusedError):
        client.ask("http://exemple.fr/")
    with Client(resolve=names(exemple_fr=f"8.8.8.8 {number}")) as client, pytest.raises(RefusedError):
        client.connect("exemple.fr", 443)
    assert dialled == []


@pytest.mark.parametrize("address", SPELLED)
def test_no_spelling_of_an_inner_address_is_dialled(address: str, dialled: list[Any]) -> None:
    with Client() as client, pytest.raises(ParvisError):
        client.ask(address)
    assert dialled == []


@pytest.mark.parametrize("address", MALFORMED)
def test_what_is_no_web_address_is_refused(address: str, dialled: list[Any]) -> None:
    with Client(resolve=names(exemple_fr="8.8.8.8")) as client, pytest.raises(InputError):
        client.ask(address)
    assert dialled == []


def test_a_port_of_another_service_is_refused(dialled: list[Any]) -> None:
    with Client(resolve=names(exemple_fr="8.8.8.8")) as client, pytest.raises(RefusedError, match="25"):
        client.ask("http://exemple.fr:25/")
    assert dialled == []


def test_a_name_is_asked_once_and_the_address_judged_is_the_one_dialled(dialled: list[Any]) -> None:
    """A name that answers a public address first and the machine itself next gains nothing."""
    answers = iter([["8.8.8.8"], ["127.0.0.1"]])
    with Client(resolve=lambda host, port: next(answers)) as client, pytest.raises(RemoteError):
        client.ask("https://exemple.fr/")
    assert dialled == [("8.8.8.8", 443)]
    assert next(answers) == ["127.0.0.1"]


def test_the_operator_opens_a_host_a_port_or_a_network() -> None:
    resolve = names(nas_mairie_lan="192.168.1.9", voisin_lan="192.168.1.10")
    with Client(["NAS.mairie.lan:8080"], resolve=resolve) as client:
        assert client.addresses("nas.mairie.lan", 8080) == ["192.168.1.9"]
        for host, port in (("nas.mairie.lan", 22), ("voisin.lan", 8080)):
            with pytest.raises(RefusedError):
                client.addresses(host, port)
    with Client(["192.168.1.0/28"], resolve=resolve) as client:
        assert client.addresses("voisin.lan", 22) == ["192.168.1.10"]
    with Client(["[fd00::5]:993"]) as client:
        assert client.addresses("fd00::5", 993) == ["fd00::5"]


@pytest.mark.parametrize(
    "number", ["169.254.169.254", "fd00:ec2::254", "0.0.0.0", "224.0.0.1", "::ffff:169.254.169.254"]
)
def test_metadata_and_everybody_are_never_opened(number: str) -> None:
    opened = ["metadata.lan", "169.254.0.0/16", "0.0.0.0/0", "::/0"]
    with Client(opened, resolve=names(metadata_lan=number)) as client, pytest.raises(RefusedError):
        client.addresses("metadata.lan", 80)


def test_each_redirection_is_judged_like_the_first_request(site: tuple[str, type[Site]]) -> None:
    address, kind = site
    port = int(address.rpartition(":")[2])
    for inner in (
        f"http://127.0.0.2:{port}/",
        "http://169.254.169.254/",
        f"http://0x7f.1:{port}/",
        "file:///etc/passwd",
    ):
        kind.pages["/va"] = (302, {"Location": inner}, b"")
        with Client([f"127.0.0.1:{port}"]) as client, pytest.raises((RefusedError, InputError)):
            client.ask(f"{address}/va")
    assert [path for path, _ in kind.seen] == ["/va"] * 4


def test_a_redirection_may_be_written_with_accents_and_spaces(site: tuple[str, type[Site]]) -> None:
    address, kind = site
    kind.pages["/va"] = (302, {"Location": "/Données à publier.csv?x=é".encode().decode("latin-1")}, b"")
    kind.pages["/Donn%C3%A9es%20%C3%A0%20publier.csv?x=%C3%A9"] = (200, {}, b"oui")
    with Client(["127.0.0.1"]) as client, client.ask(f"{address}/va") as answer:
        assert answer.read() == b"oui"


def test_a_ring_of_redirections_ends(site: tuple[str, type[Site]]) -> None:
    address, kind = site
    kind.pages["/rond"] = (301, {"Location": "/rond"}, b"")
    with Client(["127.0.0.1"]) as client, pytest.raises(RemoteError, match="sans fin"):
        client.ask(f"{address}/rond")
    assert len(kind.seen) == outgoing.HOPS + 1


def test_a_secret_is_not_carried_to_another_host(site: tuple[str, type[Site]]) -> None:
    address, kind = site
    port = int(address.rpartition(":")[2])
    kind.pages["/un"] = (302, {"Location": f"http://autre.lan:{port}/deux"}, b"")
    kind.pages["/deux"] = (200, {}, b"oui")
    resolve = names(ici_lan="127.0.0.1", autre_lan="127.0.0.1")
    secret = {"Authorization": "Bearer jeton"}
    client = Client(["ici.lan", "autre.lan"], resolve=resolve)
    with client, client.ask(f"http://ici.lan:{port}/un", secret=secret) as answer:
        assert answer.read() == b"oui"
    (_, first), (_, second) = kind.seen
    assert first["authorization"] == "Bearer jeton" and first["host"] == f"ici.lan:{port}"
    assert "authorization" not in second and second["host"] == f"autre.lan:{port}"


def test_a_secret_never_travels_in_clear_over_the_internet(dialled: list[Any]) -> None:
    with Client(resolve=names(exemple_fr="8.8.8.8")) as client, pytest.raises(RefusedError, match="mot de passe"):
        client.ask("http://exemple.fr/", secret={"Authorization": "Bearer jeton"})
    assert dialled == []


def test_an_answer_is_counted_once_unpacked(site: tuple[str, type[Site]]) -> None:
    address, kind = site
    bomb = gzip.compress(b"0" * (64 << 20))
    kind.pages["/bombe"] = (200, {"Content-Encoding": "gzip"}, bomb)
    kind.pages["/long"] = (200, {}, b"x" * 3000)
    with Client(["127.0.0.1"]) as client:
        with client.ask(f"{address}/bombe", size=1 << 20) as answer, pytest.raises(LimitError, match="1 Mo"):
            answer.read()
        with client.ask(f"{address}/long", size=2000) as answer, pytest.raises(LimitError):
            answer.read()
        with client.ask(f"{address}/bombe") as answer:
            assert len(answer.read(1000)) <= 1000
            assert sum(len(p) for p in iter(lambda: answer.read(1 << 16), b"")) > 63 << 20


def test_an_answer_that_was_cut_is_not_taken_for_whole(site: tuple[str, type[Site]]) -> None:
    address, kind = site
    kind.pages["/court"] = (200, {"Content-Length": "50"}, b"dix signes")
    kind.pages["/plie"] = (200, {"Content-Encoding": "gzip"}, gzip.compress(b"bonjour" * 99)[:-12])
    kind.pages["/faux"] = (200, {"Content-Encoding": "gzip"}, b"pas du gzip")
    kind.pages["/br"] = (200, {"Content-Encoding": "br"}, b"?")
    with Client(["127.0.0.1"]) as client:
        for path in ("/court", "/plie", "/faux", "/br"):
            with pytest.raises(RemoteError), client.ask(address + path) as answer:
                answer.read()


def test_a_trickle_ends_with_the_time_allowed(site: tuple[str, type[Site]]) -> None:
    address, kind = site

    def trickle(handler: Site) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(40):
            try:
                handler.wfile.write(b"x")
                handler.wfile.flush()
            except OSError:
                return
            time.sleep(0.1)

    kind.pages["/goutte"] = trickle
    began = time.monotonic()
    with (
        Client(["127.0.0.1"], whole=0.6) as client,
        pytest.raises(RemoteError),
        client.ask(f"{address}/goutte") as answer,
    ):
        answer.read()
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    ("status", "word", "retryable"),
    [
        (401, "refuse", False),
        (403, "refuse", False),
        (404, "rien", False),
        (429, "attendre", True),
        (503, "panne", True),
    ],
)
def test_each_refusal_is_said_kindly(site: tuple[str, type[Site]], status: int, word: str, retryable: bool) -> None:
    address, kind = site
    kind.pages["/"] = (status, {}, b"")
    with Client(["127.0.0.1"]) as client, pytest.raises(RemoteError, match=word) as caught:
        client.ask(f"{address}/")
    assert caught.value.retryable is retryable


def test_json_that_is_a_page_is_said_so(site: tuple[str, type[Site]]) -> None:
    address, kind = site
    kind.pages["/page"] = (200, {}, b"<html>")
    kind.pages["/json"] = (200, {}, json.dumps({"a": 1}).encode())
    with Client(["127.0.0.1"]) as client:
        assert client.json(f"{address}/json") == {"a": 1}
        with pytest.raises(RemoteError, match="autre chose"):
            client.json(f"{address}/page")


# --- TLS ------------------------------------------------------------------------------------------


def test_tls_is_checked_against_the_name_asked_and_says_it_to_the_server(tmp_path: Path) -> None:
    pem = certificate(tmp_path, "depot.lan")
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(pem)
    said: list[str | None] = []
    serving.sni_callback = lambda sock, name, context: said.append(name)
    kind = type("Local", (Site,), {"pages": {"/": (200, {}, b"oui")}, "seen": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    server.socket = serving.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    resolve = names(depot_lan="127.0.0.1", autre_lan="127.0.0.1")
    trust = ssl.create_default_context(cafile=str(pem))
    try:
        with Client(["depot.lan", "autre.lan"], resolve=resolve, trust=trust) as client:
            with client.ask(f"https://depot.lan:{server.server_port}/") as answer:
                assert answer.read() == b"oui"
            with pytest.raises(RemoteError, match="certificat"):
                client.ask(f"https://autre.lan:{server.server_port}/")
        with Client(["depot.lan"], resolve=resolve) as client, pytest.raises(RemoteError, match="certificat"):
            client.ask(f"https://depot.lan:{server.server_port}/")
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert said[:2] == ["depot.lan", "autre.lan"]
    assert kind.seen[0][1]["host"] == f"depot.lan:{server.server_port}"
