"""Opendatasoft's realtime push: a program sends the rows it has just measured, with the key of a dataset.

    POST /api/push/1.0/DATASET/realtime/push/?pushkey=KEY        one object, or a list of them

What becomes of the rows is not for a dialect to say: it checks their form and gives them to a ``Receiver``, which knows keys
and sources. Where there is none, the refusal says what to do instead.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from parvis.dialects.ods_request import dumped
from parvis.errors import GoneError, InputError, ParvisError, RefusedError, UnknownName
from parvis.web import Request, Response

BODY = 1 << 20  # bytes sent at once
MOST = 1000  # rows sent at once
CELLS = 500  # cells of a row
_ROUTE = re.compile(r"/api/push/1\.0/(?P<dataset>[^/]{1,200})/realtime/push/?")
_NONE = (
    "Ce portail ne reçoit pas de mesures envoyées une à une. Déposez-les en fichier, ou donnez à la mairie l'adresse où les "
    "lire : une source peut être visitée à la minute."
)

Row = Mapping[str, Any]
# Takes the rows of a dataset from who has its key. Raises: UnknownName, RefusedError (a wrong key), InputError, BusyError.
Receiver = Callable[[str, str, Sequence[Row]], None]


def answer(request: Request, receiver: Receiver | None = None) -> Response:
    """Return the response to what a program pushes."""
    try:
        match = _ROUTE.fullmatch(request.path)
        if match is None:
            raise UnknownName("This address does not exist.")
        if request.method != "POST":
            return _said(405, "This method is not allowed.", {"allow": "POST"})
        if receiver is None:
            raise RefusedError(_NONE)
        key = request.get("pushkey").strip()
        if not key:
            raise RefusedError("Parameter pushkey is missing.")
        receiver(match["dataset"], key, _rows(request.body))
    except ParvisError as error:
        return _said(_status(error), error.text)
    return Response(200, dumped({"status": "OK"}), headers={"cache-control": "no-store"})


def _status(error: ParvisError) -> int:
    if isinstance(error, UnknownName):
        return 404
    if isinstance(error, RefusedError):
        return 410 if isinstance(error, GoneError) else 403
    return 400 if isinstance(error, InputError) else 503


def _said(status: int, said: str, headers: Mapping[str, str] | None = None) -> Response:
    body = dumped({"status": "error", "errorcode": 10004, "error": said})
    return Response(status, body, headers={"cache-control": "no-store", **(headers or {})})


def _rows(body: bytes) -> list[Row]:
    """Return the rows of a body. Raises: InputError when it is too long, no JSON, or no rows."""
    if len(body) > BODY:
        raise InputError("L'envoi ne peut dépasser {most} Kio.", most=BODY >> 10)
    try:
        told = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InputError("L'envoi n'est pas du JSON.") from error
    rows = told if isinstance(told, list) else [told]
    plain = (str, int, float, bool, type(None), list, dict)
    if not rows or len(rows) > MOST:
        raise InputError("Un envoi tient de 1 à {most} lignes.", most=MOST)
    for row in rows:
        if not isinstance(row, dict) or len(row) > CELLS or not all(isinstance(v, plain) for v in row.values()):
            raise InputError("Chaque ligne est un objet de {most} cellules au plus.", most=CELLS)
    return rows
