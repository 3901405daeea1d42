"""A table of a database, or one SELECT: PostgreSQL, MySQL and MariaDB, SQL Server, Oracle. Needs an extra (SQLAlchemy).

Reading only, four times: the transaction is declared so where the database knows it, it is always rolled back, the
request must be one SELECT without INTO, and the documentation asks for an account that can only read.
"""

from __future__ import annotations

import datetime as dt
import decimal
import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from parvis.connectors.arrival import Arrival, Errand, missing
from parvis.connectors.download import fit, lines_of_csv, written
from parvis.connectors.setting import Setting
from parvis.errors import InputError, LimitError, RemoteError
from parvis.values import msg

if TYPE_CHECKING:
    import sqlalchemy as sa

TITLE = msg("Une base de données")
HELP = msg("Une table ou une vue d'un logiciel métier : PostgreSQL, MySQL, MariaDB, SQL Server, Oracle.")
ORDER = 65
EXTRA = "sql"
SETTINGS = (
    Setting(
        "database_kind",
        msg("Genre de base"),
        "choice",
        default="postgresql",
        choices=(
            ("postgresql", "PostgreSQL"),
            ("mysql", "MySQL, MariaDB"),
            ("sqlserver", "SQL Server"),
            ("oracle", "Oracle"),
        ),
    ),
    Setting("host", msg("Serveur"), "host", required=True),
    Setting("port", msg("Port"), "number", msg("Vide : le port habituel de ce genre de base."), most=65535),
    Setting("database", msg("Nom de la base"), help=msg("Avec Oracle : le nom du service."), required=True),
    Setting("user", msg("Identifiant"), help=msg("Celui d'un compte qui peut seulement lire."), required=True),
    Setting("schema", msg("Schéma de la table"), help=msg("Vide : le schéma habituel.")),
    Setting("table", msg("Table ou vue"), help=msg("Son nom, ou rien si vous écrivez une requête.")),
    Setting("select", msg("Requête"), "long", msg("Une seule, qui commence par SELECT, à la place de la table.")),
    Setting(
        "safety",
        msg("Protection de l'échange"),
        "choice",
        default="prefer",
        choices=(
            ("prefer", msg("TLS si le serveur le propose")),
            ("verify", msg("TLS obligatoire, certificat vérifié (PostgreSQL, MySQL)")),
        ),
    ),
)
SECRET = Setting("secret", msg("Mot de passe"), required=True)
EXAMPLES = (
    {"database_kind": "postgresql", "host": "base.fontclaire.example", "database": "metier", "user": "lecture",
     "table": "marches"},
    {"database_kind": "mysql", "host": "base.fontclaire.example", "database": "salles", "user": "lecture",
     "select": "SELECT salle, jour FROM reservations WHERE publique = 1"},
)  # fmt: skip
_MOST = 5_000_000  # rows
_SECONDS = 300  # of one request
_BATCH = 2000
_PORTS: Mapping[str, int] = {"postgresql": 5432, "mysql": 3306, "sqlserver": 1433, "oracle": 1521}
_EXTRAS: Mapping[str, str] = {"sqlserver": "sqlserver", "oracle": "oracle"}
_QUOTES: Mapping[str, str] = {  # what each database takes for a text or a quoted name
    "postgresql": r"""'[^']*'|"[^"]*\"""",
    "mysql": r"""'[^']*'|"[^"]*"|`[^`]*`""",
    "sqlserver": r"""'[^']*'|"[^"]*"|\[[^\]]*\]""",
    "oracle": r"""'[^']*'|"[^"]*\"""",
}
_HIDING = re.compile(r"""--|/\*|\*/|;|['"`\\]|\$\w*\$|\bq'|#(?=\s)""", re.IGNORECASE)
_REFUSED = re.compile(r"password|access denied|login failed|ORA-01017|ORA-28000|no pg_hba", re.IGNORECASE)
_FORBIDDEN = re.compile(
    r"\b(into|insert|update|delete|merge|drop|alter|create|truncate|grant|revoke|exec|execute|call|copy|load|lock|do"
    r"|set|commit|rollback|begin|declare|vacuum|attach|outfile|dumpfile|openrowset|opendatasource|openquery"
    r"|lo_import|lo_export|load_file|dblink\w*|pg_read\w*|utl_\w+|dbms_\w+|xp_\w+|sp_\w+)\b",
    re.IGNORECASE,
)


def fetch(errand: Errand) -> Iterator[Arrival]:
    """Yield the rows as CSV; whoever receives them knows whether they changed."""
    try:
        import sqlalchemy as sa
    except ImportError as error:
        raise missing(_extra(errand), error) from error
    settings = errand.settings
    name = settings["table"] or "requete"
    if bool(settings["table"]) == bool(settings["select"]):
        raise InputError(msg("Donnez soit une table, soit une requête : l'une ou l'autre."), field="table")
    single = one_select(settings["select"], settings["database_kind"]) if settings["select"] else ""
    engine = opened(errand)
    try:
        with engine.connect() as connection:
            _reading_only(connection, settings["database_kind"])
            asked: Any
            if single:  # a colon is no place for a value: none is given
                asked = sa.text(single.replace(":", "\\:"))
            else:
                asked = _whole(sa.inspect(connection), settings["schema"], settings["table"])
            answer = connection.execution_options(stream_results=True, max_row_buffer=_BATCH).execute(asked)
            with written(_lines(answer)) as file:
                connection.rollback()
                origin = f"{settings['database_kind']}://{settings['host']}/{settings['database']}"
                yield Arrival(f"{fit(name)}.csv", file, origin, name)
    except sa.exc.SQLAlchemyError as error:
        raise _said(error, settings["host"]) from error
    finally:
        engine.dispose()


def one_select(text: str, kind: str) -> str:
    """Return a request that is one SELECT and nothing else. Raises: InputError.

    Texts and quoted names are set aside before its words are looked at. What could make a database see them end
    elsewhere (a backslash, a comment, PostgreSQL's dollars, Oracle's q'') is refused: nothing hides in a misreading.
    """
    request = text.strip().rstrip(";").strip()
    bare = re.sub(_QUOTES[kind], " 0 ", request)
    if not re.match(r"\(*\s*(select|with)\b", bare, re.IGNORECASE):
        raise InputError(msg("La requête doit commencer par SELECT."), field="select")
    hiding = re.search(r"\\", request) or (re.search("#", request) if kind == "mysql" else None)
    wrong = hiding or _HIDING.search(bare) or _FORBIDDEN.search(bare)
    if kind == "oracle" and re.search(r"\bn?q\s*0", bare, re.IGNORECASE):
        wrong = re.search("q", bare, re.IGNORECASE)
    if wrong:
        raise InputError(
            msg("La requête ne peut que lire : « {word} » n'y est pas permis."),
            msg("Gardez une seule requête SELECT, sans point-virgule ni commentaire."),
            word=wrong[0],
            field="select",
        )
    return request


def opened(errand: Errand) -> sa.Engine:
    """Return an engine whose only connection goes to an address that the client judged."""
    import sqlalchemy as sa

    settings = errand.settings
    kind, host = settings["database_kind"], settings["host"]
    port = settings["port"] or _PORTS[kind]
    ways: Mapping[str, tuple[str, Callable[[Errand, str, int], Any]]] = {
        "postgresql": ("postgresql+psycopg", _postgresql),
        "mysql": ("mysql+pymysql", _mysql),
        "sqlserver": ("mssql+pymssql", _sqlserver),
        "oracle": ("oracle+oracledb", _oracle),
    }
    dialect, connect = ways[kind]
    try:
        return sa.create_engine(
            f"{dialect}://", creator=lambda: connect(errand, host, port), poolclass=sa.pool.NullPool
        )
    except ImportError as error:
        raise missing(_extra(errand), error) from error


def _extra(errand: Errand) -> str:
    return _EXTRAS.get(errand.settings["database_kind"], "sql")


def _postgresql(errand: Errand, host: str, port: int) -> Any:
    import psycopg

    settings = errand.settings
    verify = settings["safety"] == "verify"
    return psycopg.connect(
        host=host, hostaddr=errand.client.addresses(host, port)[0], port=port, dbname=settings["database"],
        user=settings["user"], password=errand.secret, connect_timeout=20, sslmode="verify-full" if verify else "prefer",
        sslrootcert="system" if verify else "", passfile="", application_name="parvis",
    )  # fmt: skip


def _mysql(errand: Errand, host: str, port: int) -> Any:
    import pymysql

    settings = errand.settings
    verify = settings["safety"] == "verify"
    made = pymysql.connect(
        host=host, port=port, user=settings["user"], password=errand.secret, database=settings["database"],
        charset="utf8mb4", local_infile=False, connect_timeout=20, read_timeout=_SECONDS, write_timeout=60,
        ssl=errand.client.trust if verify else None, defer_connect=True,
    )  # fmt: skip
    made.connect(errand.client.connect(host, port))
    return made


def _sqlserver(errand: Errand, host: str, port: int) -> Any:
    import pymssql

    settings = errand.settings
    return pymssql.connect(
        server=errand.client.addresses(host, port)[0], port=str(port), user=settings["user"], password=errand.secret,
        database=settings["database"], login_timeout=20, timeout=_SECONDS, appname="parvis",
    )  # fmt: skip


def _oracle(errand: Errand, host: str, port: int) -> Any:
    import oracledb

    settings = errand.settings
    made = oracledb.connect(
        host=errand.client.addresses(host, port)[0], port=port, service_name=settings["database"],
        user=settings["user"], password=errand.secret, tcp_connect_timeout=20,
    )  # fmt: skip
    made.call_timeout = _SECONDS * 1000
    return made


def _reading_only(connection: sa.Connection, kind: str) -> None:
    import sqlalchemy as sa

    if kind == "mysql":
        connection.execute(sa.text("SET SESSION TRANSACTION READ ONLY"))
        connection.commit()
    elif kind in ("postgresql", "oracle"):
        connection.execute(sa.text("SET TRANSACTION READ ONLY"))
    if kind == "postgresql":
        connection.execute(sa.text(f"SET LOCAL statement_timeout = {_SECONDS * 1000}"))


def _whole(inspector: sa.Inspector, schema: str, table: str) -> sa.Select[Any]:
    """Return the request of a whole table, in the order of its key so that the same rows give the same bytes."""
    import sqlalchemy as sa

    try:
        columns = inspector.get_columns(table, schema or None)
    except sa.exc.NoSuchTableError as error:
        known = [*inspector.get_table_names(schema or None), *inspector.get_view_names(schema or None)]
        raise InputError(
            msg("La table « {table} » n'existe pas, ou ce compte ne la voit pas."),
            msg("Il voit : {known}."),
            table=table,
            known=", ".join(sorted(known)[:30]) or "—",
            field="table",
        ) from error
    key = inspector.get_pk_constraint(table, schema or None).get("constrained_columns") or []
    whole = sa.table(table, *(sa.column(c["name"]) for c in columns), schema=schema or None)
    return sa.select(whole).order_by(*(whole.c[name] for name in key))


def _lines(answer: sa.CursorResult[Any]) -> Iterator[bytes]:
    count = 0
    yield lines_of_csv([list(answer.keys())])
    for batch in answer.partitions(_BATCH):
        count += len(batch)
        if count > _MOST:
            raise LimitError(
                msg("Cette table dépasse {most} lignes : Parvis s'arrête là."),
                msg("Écrivez une requête qui n'en prend qu'une partie."),
                most=_MOST,
            )
        yield lines_of_csv([[_cell(value) for value in row] for row in batch])


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ", timespec="seconds" if not value.microsecond else "microseconds")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, bytes | memoryview | bytearray):
        return bytes(value).hex()
    return str(value)


def _said(error: sa.exc.SQLAlchemyError, host: str) -> RemoteError:
    """Return what the database said, on one line and without the request."""
    inner = getattr(error, "orig", None) or error
    said = re.sub(r"\s+", " ", str(inner.args[-1] if inner.args else inner)).strip()[:300]
    return RemoteError(
        msg("La base « {host} » répond : {said}"),
        msg("Vérifiez le serveur, l'identifiant et les droits de ce compte."),
        host=host,
        said=said,
        # A password that is refused is not tried again and again: it would lock the account.
        retryable=type(error).__name__ == "OperationalError" and not _REFUSED.search(said),
    )
