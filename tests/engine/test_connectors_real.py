"""Each kind of place against its real server: what is new comes, what was seen does not, what changed does."""

from __future__ import annotations

import os
import ssl
from pathlib import Path
from typing import Any

import pytest

import servers
from exchanges import visited
from parvis import connectors
from parvis.connectors.arrival import Errand
from parvis.errors import InputError, ParvisError, RefusedError, RemoteError
from parvis.outgoing import Client, resolved

CSV = "salle;places\nHalle aux grains;240\nSalle des fêtes;180\n"
MORE = CSV + "Foyer;60\n"


def go(
    kind: str, given: dict[str, Any], secret: str, marks: dict[str, Any], **more: Any
) -> tuple[dict[str, str], dict[str, Any]]:
    """Visit a place of this machine, opened by the operator, and return what came by name, and the marks."""
    import datetime as dt

    with Client(["127.0.0.1", "imap.lan"], **more) as client:
        errand = Errand(connectors.settled(kind, given), client, dt.datetime.now(dt.UTC), secret, marks)
        arrivals, kept = visited(kind, errand)
    return {a["name"]: a["text"] for a in arrivals}, kept


def test_http_asks_a_server_only_for_what_changed(tmp_path: Path) -> None:
    (tmp_path / "Salles d'été.csv").write_text(CSV, "utf-8")
    with servers.web(tmp_path) as server:
        told = {"address": f"{server.address}/Salles%20d'%C3%A9t%C3%A9.csv"}
        came, marks = go("http", told, "", {})
        assert came == {"Salles d'été.csv": CSV} and marks["file"]["modified"]
        assert go("http", told, "", marks)[0] == {}
        (tmp_path / "Salles d'été.csv").write_text(MORE, "utf-8")
        os.utime(tmp_path / "Salles d'été.csv", (2_000_000_000, 2_000_000_000))
        assert go("http", told, "", marks)[0] == {"Salles d'été.csv": MORE}
        assert server.said == [200, 304, 200]
        with pytest.raises(RemoteError, match="rien n'existe"):
            go("http", {"address": f"{server.address}/autre.csv"}, "", {})
        with pytest.raises(RemoteError, match="une page web"):
            go("http", {"address": f"{server.address}/"}, "", {})


def test_sftp_brings_what_openssh_serves(tmp_path: Path) -> None:
    place = tmp_path / "exports"
    (place / "2026").mkdir(parents=True)
    (place / "salles.csv").write_text(CSV, "utf-8")
    (place / "lisez-moi.txt").write_text("non", "utf-8")
    (place / "2026" / "été.csv").write_text(CSV * 20_000, "utf-8")
    with servers.sshd(tmp_path) as server:
        told = {"host": "127.0.0.1", "port": server.port, "user": server.user, "path": str(place), "names": "*.csv"}
        came, marks = go("sftp", told | {"deep": True}, server.key, {})
        assert came == {"salles.csv": CSV, "été.csv": CSV * 20_000}
        assert go("sftp", told | {"deep": True}, server.key, marks)[0] == {}
        (place / "salles.csv").write_text(MORE, "utf-8")
        came, marks = go("sftp", told, server.key, marks)
        assert came == {"salles.csv": MORE}
        with pytest.raises(RemoteError, match="refuse l'identifiant"):
            go("sftp", told, "faux mot de passe", marks)
        with pytest.raises(RemoteError, match="n'existe pas"):
            go("sftp", told | {"path": "/nulle/part"}, server.key, marks)
        with pytest.raises(RefusedError, match="n'est plus celui"):
            go("sftp", told, server.key, marks | {"#host": "SHA256:autre"})
        with pytest.raises(RefusedError, match="n'est plus celui"):
            go("sftp", told | {"fingerprint": "SHA256:autre"}, server.key, {})


def test_webdav_brings_what_a_folder_holds(tmp_path: Path) -> None:
    place = tmp_path / "Données à publier"
    (place / "archives").mkdir(parents=True)
    (place / "Salles & fêtes.csv").write_text(CSV, "utf-8")
    (place / "archives" / "vieux 100%.csv").write_text(CSV, "utf-8")
    with servers.webdav(tmp_path) as server:
        told = {"address": f"{server.address}/Donn%C3%A9es%20%C3%A0%20publier", "user": "parvis"}
        came, marks = go("webdav", told | {"deep": "oui"}, servers.PASSWORD, {})
        assert came == {"Salles & fêtes.csv": CSV, "vieux 100%.csv": CSV}
        assert go("webdav", told, servers.PASSWORD, marks)[0] == {}
        with pytest.raises(RemoteError, match="rien n'existe"):
            go("webdav", told | {"address": f"{server.address}/Autre"}, servers.PASSWORD, {})
        (place / "Salles & fêtes.csv").write_text(MORE, "utf-8")
        assert go("webdav", told, servers.PASSWORD, marks)[0] == {"Salles & fêtes.csv": MORE}
        with pytest.raises(RemoteError, match="refuse l'accès"):
            go("webdav", told, "faux", {})


def test_s3_signs_requests_as_the_server_wants_them() -> None:
    with servers.s3("fontclaire") as server:
        server.put("open-data/salles (été) & fêtes+1.csv", CSV)
        server.put("autre/non.csv", CSV)
        told = {"address": server.address, "bucket": "fontclaire", "prefix": "open-data/", "user": server.key}
        came, marks = go("s3", told, server.secret, {})
        assert came == {"salles (été) & fêtes+1.csv": CSV}
        assert go("s3", told, server.secret, marks)[0] == {}
        server.put("open-data/salles (été) & fêtes+1.csv", MORE)
        assert go("s3", told, server.secret, marks)[0] == {"salles (été) & fêtes+1.csv": MORE}
        with pytest.raises(RemoteError, match="refuse l'accès"):
            go("s3", told, "fausse clé", {})


ROWS = (
    "INSERT INTO marches VALUES (2, 'Réfection; toiture', 12500.50, '2026-03-01', NULL)",
    "INSERT INTO marches VALUES (1, 'Voirie \"nord\"', 90000, '2026-01-15', '012')",
)
WANTED = 'id;objet;montant;jour;code\n1;"Voirie ""nord""";90000.00;2026-01-15;012\n2;"Réfection; toiture";12500.50;2026-03-01;\n'
WRITES = (
    "SELECT 1; DELETE FROM marches", "DELETE FROM marches", "SELECT * INTO copie FROM marches",
    "WITH x AS (DELETE FROM marches RETURNING 1) SELECT * FROM x", "SELECT 1 -- DELETE", "EXPLAIN SELECT 1", "",
    "SELECT load_file('/etc/passwd')", "SELECT pg_read_file('/etc/passwd')",
)  # fmt: skip


def test_sql_reads_postgresql_and_writes_nothing() -> None:
    with servers.postgresql() as server:
        server.run(
            "CREATE TABLE marches (id int PRIMARY KEY, objet text, montant numeric(12,2), jour date, code text)",
            *ROWS, "CREATE TABLE \"Journée d'été\" (\"Durée\" int)", "INSERT INTO \"Journée d'été\" VALUES (3)",
            "GRANT ALL ON ALL TABLES IN SCHEMA public TO lecture", "CREATE SEQUENCE compteur",
            "GRANT ALL ON compteur TO lecture",
        )  # fmt: skip
        told = {"database_kind": "postgresql", "host": "127.0.0.1", "port": server.port, "database": "postgres",
                "user": "lecture"}  # fmt: skip
        assert go("sql", told | {"table": "marches"}, servers.PASSWORD, {})[0] == {"marches.csv": WANTED}
        assert list(go("sql", told | {"table": "Journée d'été"}, servers.PASSWORD, {})[0].values()) == ["Durée\n3\n"]
        select = "SELECT objet, '50 %' AS part, ':b' AS deux, id::text FROM marches WHERE jour > '2026-02-01';"
        came = go("sql", told | {"select": select}, servers.PASSWORD, {})[0]
        assert came == {"requete.csv": 'objet;part;deux;id\n"Réfection; toiture";50 %;:b;2\n'}
        with pytest.raises(InputError, match="marches"):
            go("sql", told | {"table": "marche"}, servers.PASSWORD, {})
        for text in WRITES:
            with pytest.raises(InputError):
                go("sql", told | {"select": text}, servers.PASSWORD, {})
        with pytest.raises(RemoteError, match="read-only"):
            go("sql", told | {"select": "SELECT nextval('compteur')"}, servers.PASSWORD, {})
        with pytest.raises(RemoteError):
            go("sql", told | {"table": "marches", "database": "ailleurs"}, servers.PASSWORD, {})


def test_sql_reads_mariadb_and_writes_nothing(tmp_path: Path) -> None:
    with servers.mariadb(tmp_path) as server:
        server.run(
            "CREATE TABLE marches (id int PRIMARY KEY, objet text, montant decimal(12,2), jour date, code varchar(9))",
            *ROWS,
        )
        told = {"database_kind": "mysql", "host": "127.0.0.1", "port": server.port, "database": "salles",
                "user": "lecture"}  # fmt: skip
        assert go("sql", told | {"table": "marches"}, servers.PASSWORD, {})[0] == {"marches.csv": WANTED}
        select = "SELECT COUNT(*) AS combien FROM `marches` WHERE objet LIKE '%voirie%'"
        assert go("sql", told | {"select": select}, servers.PASSWORD, {})[0] == {"requete.csv": "combien\n1\n"}
        outside = tmp_path / "sorti"
        for text in (*WRITES, f"SELECT '\\\\' , ' INTO OUTFILE '{outside}' ; '", f"SELECT 1 INTO OUTFILE '{outside}'",
                     f"SELECT 1 #' \n INTO OUTFILE '{outside}'", "SELECT 1 /*! INTO OUTFILE 'x' */"):  # fmt: skip
            with pytest.raises(InputError):
                go("sql", told | {"select": text}, servers.PASSWORD, {})
        assert not outside.exists()
        with pytest.raises(RemoteError, match="Access denied") as caught:
            go("sql", told | {"table": "marches"}, "faux", {})
        assert not caught.value.retryable


def test_a_mailbox_is_read_and_left_as_it_was() -> None:
    def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.1"] if host == "imap.lan" else resolved(host, port)

    with servers.dovecot() as server:
        known = {"resolve": resolve, "trust": ssl.create_default_context(cafile=str(server.pem))}
        told = {"host": "imap.lan", "port": server.tls, "user": "donnees", "names": "*.csv",
                "senders": "finances@fontclaire.example\n@agglo.example", "subject": "export"}  # fmt: skip
        me, other = "Finances <Finances@Fontclaire.example>", "Ailleurs <finances@fontclaire.example.pirate.example>"
        server.put(me, "Export à publier", ("salles.csv", CSV), ("lisez-moi.txt", "non"))
        server.put(other, "Export", ("pirate.csv", CSV))
        server.put(me, "Réunion", ("photo.csv", CSV))
        server.put("SIG <sig@agglo.example>", "EXPORT", ("été.csv", CSV), ("voirie.csv", MORE))
        came, marks = go("mail", told, servers.PASSWORD, {}, **known)
        assert came == {"salles.csv": CSV, "été.csv": CSV, "voirie.csv": MORE}
        assert go("mail", told, servers.PASSWORD, marks, **known)[0] == {}
        server.put(me, "=?utf-8?q?Export_d=27avril?=", ("salles.csv", MORE))
        plain = told | {"port": server.plain, "safety": "starttls"}
        came, marks = go("mail", plain, servers.PASSWORD, marks, **known)
        assert came == {"salles.csv": MORE}
        flags = {"".join(m.get_flags()) for m in server.mail}
        assert len(server.mail) == 5 and flags == {""}
        for secret in ("faux", "mot de passé"):
            with pytest.raises(RemoteError, match="refuse l'identifiant"):
                go("mail", told, secret, {}, **known)
        with pytest.raises(RemoteError, match="n'existe pas"):
            go("mail", told | {"box": "Été"}, servers.PASSWORD, {}, **known)
        with pytest.raises(RemoteError, match="certificat"):
            go("mail", told, servers.PASSWORD, {}, resolve=resolve)


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("sftp", {"host": "127.0.0.1", "user": "u"}),
        ("mail", {"host": "localhost", "user": "u", "senders": "@a.fr"}),
        ("sql", {"host": "127.0.0.1", "database": "d", "user": "u", "table": "t"}),
        ("sql", {"host": "10.0.0.1", "database": "d", "user": "u", "table": "t", "database_kind": "mysql"}),
        ("sql", {"host": "[::1]", "database": "d", "user": "u", "table": "t", "database_kind": "sqlserver"}),
        ("sql", {"host": "169.254.169.254", "database": "d", "user": "u", "table": "t", "database_kind": "oracle"}),
        ("s3", {"address": "http://127.0.0.1:9000", "bucket": "b"}),
        ("webdav", {"address": "https://192.168.1.1/dav/"}),
    ],
)
def test_no_kind_of_place_reaches_inside_unless_the_operator_opens_it(kind: str, given: dict[str, Any]) -> None:
    import datetime as dt

    with Client() as client, pytest.raises(ParvisError, match="intérieure au réseau"):
        errand = Errand(connectors.settled(kind, given), client, dt.datetime.now(dt.UTC), "secret")
        list(connectors.collect(kind, errand))
