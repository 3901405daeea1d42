"""A file at a web address, brought only when it changed; and what a service answers, asked page by page."""

from __future__ import annotations

import base64
import csv
import io
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from email.message import Message
from typing import IO, Any
from urllib.parse import unquote, urlsplit

from parvis.connectors.arrival import Arrival, Errand
from parvis.errors import RemoteError
from parvis.outgoing import Answer, said
from parvis.values import msg

_SPOOL = 8 << 20  # bytes kept in memory before a file of ours goes to the disk
_SUFFIXES: Mapping[str, str] = {
    "text/csv": ".csv",
    "application/csv": ".csv",
    "text/plain": ".txt",
    "application/json": ".json",
    "application/geo+json": ".geojson",
    "application/xml": ".xml",
    "text/xml": ".xml",
    "application/zip": ".zip",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
    "application/vnd.apache.parquet": ".parquet",
    "text/calendar": ".ics",
    "application/pdf": ".pdf",
}


def basic(user: str, secret: str) -> dict[str, str]:
    """Return the header that gives a user's name and password."""
    told = base64.b64encode(f"{user}:{secret}".encode()).decode("ascii")
    return {"Authorization": f"Basic {told}"}


def download(
    errand: Errand,
    address: str,
    *,
    key: str = "",
    name: str = "",
    secret: Mapping[str, str] | None = None,
    more: Mapping[str, Any] | None = None,
) -> Iterator[Arrival]:
    """Yield the file at an address unless the server says that it did not change since the mark kept under ``key``.

    ``more`` is kept in the mark beside the ETag and the date. Raises: as ``Client.ask``; RemoteError for a web page.
    """
    key = key or address
    known = errand.marks.get(key)
    known = known if isinstance(known, Mapping) and known.get("address") == address else {}
    asked = {}
    if known.get("etag"):
        asked["If-None-Match"] = str(known["etag"])
    elif known.get("modified"):
        asked["If-Modified-Since"] = str(known["modified"])
    with errand.client.ask(address, headers=asked, secret=secret, allowed=(304,)) as answer:
        if answer.status == 304:
            return
        found = name or file_name(answer)
        if _is_page(answer) and not found.lower().endswith((".html", ".htm")):
            raise RemoteError(
                msg("L'adresse donne une page web et non un fichier."),
                msg("Copiez l'adresse du lien de téléchargement ; s'il faut se connecter, donnez l'identifiant."),
            )
        mark = {"address": address, "etag": answer.headers.get("ETag", ""), **(more or {})}
        mark["modified"] = answer.headers.get("Last-Modified", "")
        yield Arrival(found, answer, shown(address), key, mark)


def shown(address: str) -> str:
    """Return an address fit to be shown and kept: what follows « ? » may hold a key."""
    return urlsplit(address)._replace(query="", fragment="").geturl()


def fit(name: str) -> str:
    """Return the name of a table or a layer as the name of a file."""
    return re.sub(r"[^\w.-]+", "_", name).strip("_")


def file_name(answer: Answer) -> str:
    """Return the name of the file that an answer holds: the one it says, else the end of its address."""
    header = Message()
    header["Content-Disposition"] = re.sub(r"[\r\n]", "", said(answer.headers, "Content-Disposition"))
    given = header.get_filename()
    name = given.rpartition("/")[2].strip() if given else ""
    name = name or unquote(urlsplit(answer.address).path).rstrip("/").rpartition("/")[2]
    kind = answer.headers.get_content_type()
    suffix = _SUFFIXES.get(kind, "")
    if suffix and "." not in name:
        return f"{name or 'fichier'}{suffix}"
    return name or "fichier"


def _is_page(answer: Answer) -> bool:
    return answer.headers.get_content_type() in ("text/html", "application/xhtml+xml")


def written(parts: Iterable[bytes]) -> IO[bytes]:
    """Return a file of ours, at its beginning, that holds these parts: in memory while small. The caller closes it."""
    file = tempfile.SpooledTemporaryFile(max_size=_SPOOL)  # noqa: SIM115  the caller reads it
    try:
        for part in parts:
            file.write(part)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


def lines_of_csv(rows: Iterable[Sequence[str]]) -> bytes:
    """Return rows of cells as the lines of a CSV file: semicolons, UTF-8."""
    text = io.StringIO()
    csv.writer(text, delimiter=";", lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def markup(content: bytes, host: str) -> Any:
    """Return the root of an XML answer, read with nothing of what makes XML dangerous. Raises: RemoteError."""
    from lxml import etree  # no parser is loaded where only forms are drawn

    parser = etree.XMLParser(
        resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise _unexpected(host) from error
    if root is None or root.getroottree().docinfo.internalDTD is not None:
        raise _unexpected(host)
    return root


def _unexpected(host: str) -> RemoteError:
    return RemoteError(
        msg("« {host} » répond autre chose que ce qui est attendu."),
        msg("Vérifiez l'adresse : c'est peut-être celle d'une page et non celle du service."),
        host=host,
    )
