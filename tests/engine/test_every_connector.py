"""Every kind of place declares what it must, and brings from its recorded exchange what the exchange says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from exchanges import FOLDER, NOW, place, recorded, visited
from parvis import connectors
from parvis.connectors.arrival import Arrival, Errand
from parvis.connectors.setting import Setting
from parvis.errors import InputError, MissingExtra, RefusedError, RemoteError, TooLarge, UnknownName
from parvis.outgoing import Client

KINDS = list(connectors.plugins())
WANTED = """folder http webdav sftp mail s3 sql wfs arcgis datagouv opendatasoft ckan grist baserow""".split()


def test_the_kinds_of_place_are_all_there() -> None:
    assert sorted(KINDS) == sorted(WANTED)
    assert sorted(p.stem for p in FOLDER.glob("*.json")) == sorted(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_declares_what_a_form_needs(kind: str) -> None:
    plugin = connectors.kind(kind)
    assert plugin.TITLE and plugin.HELP.endswith(".") and plugin.__doc__ and plugin.EXAMPLES
    names = [s.name for s in plugin.SETTINGS]
    assert len(set(names)) == len(names) and "secret" not in names
    assert all(isinstance(s, Setting) and s.label for s in plugin.SETTINGS)
    assert plugin.SECRET is None or isinstance(plugin.SECRET, Setting)
    for example in plugin.EXAMPLES:
        settled = connectors.settled(kind, example)
        assert set(settled) == set(names)
        assert json.loads(json.dumps(settled)) == settled
        assert connectors.settled(kind, settled) == settled


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_brings_what_its_exchange_says(kind: str, tmp_path: Path) -> None:
    exchange = recorded(kind)
    settings = connectors.settled(kind, exchange["settings"])
    marks: dict[str, Any] = {}
    for visit in exchange["visits"]:
        with place(kind, visit["talk"], tmp_path, exchange["secret"]) as (client, folder):
            errand = Errand(settings, client, NOW, exchange["secret"], marks, folder)
            arrivals, marks = visited(kind, errand)
        wanted = [{"mark": a["mark"], **a} if "mark" in a else a for a in visit["arrivals"]]
        kept = [{k: a[k] for k in w} for a, w in zip(arrivals, wanted, strict=True)]
        assert kept == wanted
        assert exchange["secret"] == "" or exchange["secret"] not in json.dumps([arrivals, marks], ensure_ascii=False)


@pytest.mark.parametrize("kind", KINDS)
def test_an_errand_never_shows_its_secret(kind: str) -> None:
    assert "très secret" not in repr(Errand({}, Client(), NOW, "très secret"))


def test_an_unknown_kind_names_those_that_exist() -> None:
    with pytest.raises(UnknownName, match="sftp"):
        connectors.kind("pigeon")


@pytest.mark.parametrize(
    ("kind", "given", "field"),
    [
        ("http", {}, "address"),
        ("http", {"address": "exemple.fr/x"}, "address"),
        ("http", {"address": "https://lui:mot@exemple.fr/"}, "address"),
        ("sftp", {"host": "https://exemple.fr", "user": "u"}, "host"),
        ("sftp", {"host": "exemple.fr", "user": "u", "port": "70000"}, "port"),
        ("sftp", {"host": "exemple.fr", "user": "u\nv"}, "user"),
        ("mail", {"host": "exemple.fr", "user": "u"}, "senders"),
        ("mail", {"host": "exemple.fr", "user": "u", "senders": "@a.fr", "safety": "aucune"}, "safety"),
    ],
)
def test_a_wrong_setting_is_named(kind: str, given: dict[str, Any], field: str) -> None:
    with pytest.raises(InputError) as caught:
        connectors.settled(kind, given)
    assert caught.value.values["field"] == field
    assert caught.value.text


def test_a_missing_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "paramiko", None)
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    for kind in ("sftp", "sql"):
        settings = connectors.settled(kind, connectors.kind(kind).EXAMPLES[0])
        with pytest.raises(MissingExtra, match=rf"parvis\[{kind}\]"):
            list(connectors.collect(kind, Errand(settings, Client(), NOW, "x")))


def test_drawing_the_forms_loads_no_parser_and_no_driver() -> None:
    import subprocess
    import sys

    code = (
        "import sys; from parvis import connectors; connectors.plugins()\n"
        "print([m for m in ('lxml', 'paramiko', 'sqlalchemy', 'duckdb', 'pyarrow', 'numpy') if m in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert told.stdout.strip() == "[]"


HELLO = ["S: * OK ready", "C: CAPABILITY", "S: * CAPABILITY IMAP4rev1", "S: OK", 'C: LOGIN donnees "x"', "S: OK"]
BOX = [*HELLO, 'C: EXAMINE "INBOX"', "S: * OK [UIDVALIDITY 7] ok", "S: OK", "C: UID SEARCH UID 1:*"]
HEADS = "C: UID FETCH 1 (UID RFC822.SIZE BODY.PEEK[HEADER.FIELDS (FROM SUBJECT)])"
LETTERS = [*BOX, "S: * SEARCH 1", "S: OK", HEADS]


@pytest.mark.parametrize(
    "talk",
    [
        ["S: * BYE non"],
        ["S: HTTP/1.1 400 Bad Request"],
        ["S: * OK ready", "C: CAPABILITY", "S: * CAPABILITY POP3", "S: OK"],
        [*HELLO, 'C: EXAMINE "INBOX"', "S: NO rien"],
        [*HELLO, 'C: EXAMINE "INBOX"', "S: * OK [UIDVALIDITY douze] ok", "S: OK"],
        [*BOX, "S: * SEARCH un deux", "S: OK"],
        [*BOX, "S: * SEARCH 1"],
        [*LETTERS, "S: * 1 FETCH (UID 1 BODY[] {99999999999}"],
        [*LETTERS, "S: " + "x" * 2_000_000],
        [*LETTERS, "S: * 1 FETCH (UID 1 RFC822.SIZE 10 BODY[HEADER] {40}\r\nFrom:"],
    ],
    ids=range(10),
)
def test_a_hostile_mail_server_ends_the_visit_kindly(talk: list[str], tmp_path: Path) -> None:
    settings = connectors.settled("mail", connectors.kind("mail").EXAMPLES[0])
    with place("mail", talk, tmp_path, "x") as (client, _), pytest.raises((RemoteError, TooLarge)) as caught:
        list(connectors.collect("mail", Errand(settings, client, NOW, "x")))
    assert caught.value.text


def test_a_size_that_a_server_invents_costs_nothing(tmp_path: Path) -> None:
    """SFTP asks ahead by the size that the server says: 2 GB at most, a larger file is only said to be so."""
    settings = connectors.settled("sftp", {**connectors.kind("sftp").EXAMPLES[0], "names": []})
    files = {"exports/a.csv": ["abc", 1, 1 << 62], "exports/b.csv": ["abc", 1]}
    with place("sftp", {"files": files}, tmp_path, "x") as (client, _):
        found = connectors.collect("sftp", Errand(settings, client, NOW, "x"))
        large, small = (one for one in found if isinstance(one, Arrival))
        with pytest.raises(TooLarge, match=r"a\.csv"):
            large.stream.read(1)
    assert small.name == "b.csv"


def test_a_letter_too_large_is_said_and_the_next_one_comes(tmp_path: Path) -> None:
    head = "From: a@fontclaire.example\r\nSubject: x\r\n\r\n"
    large = f"S: * 1 FETCH (UID 1 RFC822.SIZE 99999999 BODY[HEADER.FIELDS (FROM SUBJECT)] {{{len(head)}}}\r\n{head}"
    settings = connectors.settled("mail", connectors.kind("mail").EXAMPLES[0])
    talk = [*LETTERS, large, "S: OK", "C: LOGOUT", "S: * BYE", "S: OK"]
    with place("mail", talk, tmp_path, "x") as (client, _):
        first, last = connectors.collect("mail", Errand(settings, client, NOW, "x"))
    assert isinstance(first, Arrival) and first.mark == last.mark == {"validity": 7, "uid": 1}
    with pytest.raises(TooLarge, match="60 Mo"):
        first.stream.read(1)


@pytest.mark.parametrize(("kind", "driver"), [("sqlserver", "pymssql"), ("oracle", "oracledb")])
def test_a_driver_is_given_the_address_that_was_judged(kind: str, driver: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No SQL Server nor Oracle can be had here: what their drivers are asked is looked at instead."""
    import importlib

    module = importlib.import_module(driver)
    asked: list[dict[str, Any]] = []

    def connect(**told: Any) -> Any:
        asked.append(told)
        raise module.OperationalError("fermé pour travaux")

    monkeypatch.setattr(module, "connect", connect)
    given = {"database_kind": kind, "host": "base.lan", "database": "metier", "user": "lecture", "table": "marches"}
    settings = connectors.settled("sql", given)
    client = Client(["base.lan"], resolve=lambda host, port: ["10.1.2.3"])
    with client, pytest.raises(RemoteError, match="fermé pour travaux"):
        list(connectors.collect("sql", Errand(settings, client, NOW, "mot de passe")))
    assert asked[0].get("server", asked[0].get("host")) == "10.1.2.3"
    assert int(asked[0]["port"]) == {"sqlserver": 1433, "oracle": 1521}[kind]
    with Client(resolve=lambda host, port: ["10.1.2.3"]) as client, pytest.raises(RefusedError):
        list(connectors.collect("sql", Errand(settings, client, NOW, "mot de passe")))
    assert len(asked) == 1


def test_the_guide_names_every_kind_extra_and_setting() -> None:
    guide = (Path(__file__).resolve().parents[2] / "docs" / "users" / "sources.md").read_text("utf-8")
    for kind in KINDS:
        plugin = connectors.kind(kind)
        assert f"| {plugin.TITLE} |" in guide, kind
        assert not plugin.EXTRA or f"parvis[{plugin.EXTRA}]" in guide, kind
    assert "PARVIS_INSIDE" in guide and "PARVIS_FOLDERS" in guide
