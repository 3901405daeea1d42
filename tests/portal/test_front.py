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


def test_long_questions_never_fill_the_memory(folder: Path) -> None:
    """A reader chooses the length of his question: what is kept of it counts in the budget."""

    def inner(environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        start("200 OK", [("Content-Type", "text/html"), ("X-Parvis-Keep", "1")])
        return [b"small"]

    front = Front(inner, folder / "stamp", 1 << 20)
    for n in range(60):
        ask(front, "/", f"{n}=" + "x" * 9_000)
    ask(front, "/", "x" * 60_000)
    kept = sum(len(part) for key in front._kept for part in key)
    assert len(front._kept) > 0 and kept < 1 << 20 and not any(len(k) > 50_000 for key in front._kept for k in key)


def test_slow_senders_leave_the_threads_to_readers(folder: Path) -> None:
    """Whoever sends a body byte after byte holds a thread: a few from one address, some in all, and no more."""
    import threading

    from parvis_portal.api.front import BODIES, BODIES_EACH

    held, go = threading.Semaphore(0), threading.Event()

    def inner(environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        if environ["REQUEST_METHOD"] == "POST":
            held.release()
            go.wait(10)
        start("200 OK", [("Content-Type", "text/plain")])
        return [b"done"]

    front = Front(inner, folder / "stamp", 1 << 20)
    senders = [f"10.0.0.{n // BODIES_EACH}" for n in range(BODIES)]
    told: list[int] = []
    threads = [
        threading.Thread(target=lambda a=a: told.append(ask(front, "/x", method="POST", REMOTE_ADDR=a)[0]))
        for a in senders
    ]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert held.acquire(timeout=10)
    status, headers, body = ask(front, "/x", method="POST", REMOTE_ADDR="10.9.9.9")
    assert status == 503 and headers["retry-after"] == "5" and "Réessayez" in body.decode()
    assert ask(front, "/x", REMOTE_ADDR="10.0.0.0")[0] == 200, "a page is read all the same"
    go.set()
    for thread in threads:
        thread.join()
    assert told == [200] * BODIES and ask(front, "/x", method="POST", REMOTE_ADDR="10.9.9.9")[0] == 200
    assert not front._sending, "who sends nothing any more is forgotten"


def test_one_address_never_takes_all_the_senders_places(folder: Path) -> None:
    from parvis_portal.api.front import BODIES_EACH

    front = Front(lambda environ, start: [], folder / "stamp", 1 << 20)
    front._sending["10.0.0.1"] = BODIES_EACH
    assert ask(front, "/x", method="POST", REMOTE_ADDR="10.0.0.1")[0] == 503


def test_answers_say_that_they_vary_with_what_the_reader_accepts(front: Front, released: Callable[..., Draft]) -> None:
    export = f"/api/v1/datasets/{released().dataset_id}/exports/csv"
    for path, method in (("/", "HEAD"), (export, "GET"), (export, "HEAD"), ("/", "GET")):
        assert "Accept-Encoding" in ask(front, path, method=method)[1]["vary"], (path, method)


def test_a_kept_answer_is_known_by_any_manner_of_naming_its_tag(front: Front, released: Callable[..., Draft]) -> None:
    address = f"/api/v1/datasets/{released().dataset_id}"
    tag = ask(front, address)[1]["etag"]
    for said in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        assert ask(front, address, HTTP_IF_NONE_MATCH=said)[0] == 304, said
    assert ask(front, address, HTTP_IF_NONE_MATCH=tag[:-4] + '"')[0] == 200


def test_an_answer_made_for_https_is_not_given_to_http(front: Front) -> None:
    ask(front, "/api/v1")
    count = len(front._kept)
    ask(front, "/api/v1", HTTP_X_FORWARDED_PROTO="https")
    assert len(front._kept) == count + 1


@pytest.mark.parametrize(("proxied", "seen"), [(True, "9.9.9.9"), (False, "127.0.0.1")])
def test_the_asker_is_who_our_own_proxy_says_and_nobody_else(folder: Path, proxied: bool, seen: str) -> None:
    asked: list[str] = []

    def inner(environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        asked.append(environ["REMOTE_ADDR"])
        start("200 OK", [("Content-Type", "text/plain")])
        return [b""]

    front = Front(inner, folder / "stamp", 1 << 20, proxied=proxied)
    ask(front, "/x", REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR="forged, 9.9.9.9")
    ask(front, "/x", method="POST", REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR="9.9.9.9")
    ask(front, "/x", REMOTE_ADDR="127.0.0.1")
    assert asked == [seen, seen, "127.0.0.1"]
