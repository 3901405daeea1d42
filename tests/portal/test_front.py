"""The layer before Django gives known answers again, and nothing that is not for everybody."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import brotli
import pytest
from tests.portal.conftest import Town

from parvis_portal.api.front import Front
from parvis_portal.intake.models import Draft


@pytest.fixture
def front(folder: Path) -> Front:
    from django.core.wsgi import get_wsgi_application

    from parvis.store.folder import Folder

    return Front(get_wsgi_application(), Folder(folder).stamp, 8 << 20)


def ask(
    front: Front, path: str, query: str = "", method: str = "GET", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    told: list[Any] = []
    environ = {
        "REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query, "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80", "HTTP_HOST": "127.0.0.1", "wsgi.input": io.BytesIO(), "wsgi.url_scheme": "http",
        "wsgi.errors": io.StringIO(), **headers,
    }  # fmt: skip
    body = front(environ, lambda status, headers, info=None: told.append((status, headers)))
    whole = b"".join(body)
    if hasattr(body, "close"):
        body.close()
    status, sent = told[0]
    return int(status[:3]), {n.lower(): v for n, v in sent}, whole


def test_a_repeated_question_is_answered_without_any_worker(front: Front, released: Callable[..., Draft]) -> None:
    from parvis_portal.api import engine

    draft = released()
    address = f"/api/v1/datasets/{draft.dataset_id}/records"
    first = ask(front, address, "where=quartier%3D'Gare'")
    assert first[0] == 200
    engine.close()
    engine_before = len(engine._made)
    again = ask(front, address, "where=quartier%3D'Gare'")
    assert again[2] == first[2] and len(engine._made) == engine_before
    assert ask(front, address, "where=quartier%3D'Gare'", HTTP_IF_NONE_MATCH=first[1]["etag"])[0] == 304


def test_bodies_are_compressed_as_the_reader_accepts(front: Front, released: Callable[..., Draft]) -> None:
    address = f"/api/v1/datasets/{released().dataset_id}"
    plain = ask(front, address)[2]
    status, headers, body = ask(front, address, HTTP_ACCEPT_ENCODING="gzip, br")
    assert headers["content-encoding"] == "br" and brotli.decompress(body) == plain and status == 200
    status, headers, body = ask(front, address, HTTP_ACCEPT_ENCODING="gzip")
    assert headers["content-encoding"] == "gzip" and gzip.decompress(body) == plain
    assert ask(front, address, HTTP_ACCEPT_ENCODING="gzip", HTTP_IF_NONE_MATCH=headers["etag"])[0] == 304


def test_an_export_is_streamed_compressed(front: Front, released: Callable[..., Draft]) -> None:
    address = f"/api/v1/datasets/{released().dataset_id}/exports/csv"
    _, headers, body = ask(front, address, HTTP_ACCEPT_ENCODING="gzip")
    assert headers["content-encoding"] == "gzip" and b"Tilleul" in gzip.decompress(body)


def test_a_withdrawal_is_felt_at_once(front: Front, town: Town, released: Callable[..., Draft]) -> None:
    from django.urls import reverse

    draft = released()
    assert draft.dataset is not None
    pages = [f"/donnees/{draft.dataset.slug}/", f"/api/v1/datasets/{draft.dataset_id}/records"]
    assert [ask(front, p)[0] for p in pages * 2] == [200] * 4
    town.client("referent").post(reverse("intake:withdraw", args=[draft.dataset.slug]), {"reason": "Erreur"})
    assert [ask(front, p)[0] for p in pages] == [410, 410]


def test_a_signed_in_page_is_never_kept_and_a_visitor_gets_no_cookie(front: Front, town: Town) -> None:
    client = town.client("agent")
    cookie = "; ".join(f"{k}={v.value}" for k, v in client.cookies.items())
    signed = ask(front, "/", HTTP_COOKIE=cookie)[2].decode()
    visitor = ask(front, "/")
    assert "Une personne (agent)" in signed and "Une personne (agent)" not in visitor[2].decode()
    for path in ("/", "/donnees/", "/mentions-legales/", "/accessibilite/", "/api-docs/", "/en/"):
        assert "set-cookie" not in ask(front, path)[1], path
