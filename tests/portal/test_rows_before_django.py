"""Questions about rows answered before Django: the same answers, under the same headers, as Django's own."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.wsgi import get_wsgi_application

from parvis_portal.api.rows import Rows
from parvis_portal.catalogue import actions
from parvis_portal.intake.models import Draft

Ask = Callable[..., tuple[int, dict[str, str], bytes]]


class Inner:
    """Django, and how often it was asked."""

    def __init__(self) -> None:
        self.django, self.asked = get_wsgi_application(), 0

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Any:
        self.asked += 1
        return self.django(environ, start)


@pytest.fixture
def inner(folder: Path) -> Inner:
    return Inner()


def ask(application: Any, address: str, method: str = "GET", **more: str) -> tuple[int, dict[str, str], bytes]:
    path, _, query = address.partition("?")
    told: list[Any] = []
    environ = {
        "REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query, "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80",
        "HTTP_HOST": "127.0.0.1", "wsgi.input": io.BytesIO(), "wsgi.url_scheme": "http", "wsgi.errors": io.StringIO(), **more,
    }  # fmt: skip
    body = application(environ, lambda status, headers, info=None: told.append((status, headers)))
    whole = b"".join(body)
    if hasattr(body, "close"):
        body.close()
    status, headers = told[0]
    return int(status[:3]), {n.lower(): v for n, v in headers}, whole


def test_the_same_answers_under_the_same_headers(inner: Inner, released: Callable[..., Draft]) -> None:
    draft = released()
    assert draft.dataset is not None
    front, here = Rows(inner), f"/api/v1/datasets/{draft.dataset_id}"
    ask(front, f"{here}/records")  # the first question is Django's: it asks the door of the catalogue
    ask(front, f"/api/v1/datasets/{draft.dataset.slug}/records")
    addresses = [
        f"{here}/records", f"{here}/records?limit=2&count=false", f"{here}/records?where=quartier%3D'Gare'",
        f"{here}/records/?limit=1", f"/api/v1/datasets/{draft.dataset.slug}/records?limit=3",
        f"{here}/aggregates?group=quartier&aggregates=count", f"{here}/records?limit=x", f"{here}/records?wher=1",
        f"{here}/records?where=%FF%00", f"{here}/records?limit=1&limit=2", f"/api/resources/{draft.dataset_id}/data/?page_size=2",
        f"/api/resources/{draft.dataset_id}/data/?nope__exact=2",
    ]  # fmt: skip
    for address in addresses:
        for method in ("GET", "HEAD"):
            theirs, before = ask(inner, address, method), inner.asked
            mine = ask(front, address, method)
            assert inner.asked == before, address
            assert (mine[0], mine[2]) == (theirs[0], theirs[2] if method == "GET" else b""), address
            for headers in (mine[1], theirs[1]):  # the answer is the same in all languages; a HEAD tells its length
                headers.pop("vary", None)
                headers.pop("content-length", None)
            assert mine[1] == theirs[1], address
    etag = ask(front, addresses[0])[1]["etag"]
    assert ask(front, addresses[0], HTTP_IF_NONE_MATCH=etag)[0] == 304


def test_what_is_not_plain_is_left_to_django(inner: Inner, released: Callable[..., Draft]) -> None:
    draft = released()
    front, address = Rows(inner), f"/api/v1/datasets/{draft.dataset_id}/records"
    ask(front, address)
    told = [
        ask(front, address, "POST"), ask(front, address, HTTP_HOST="ailleurs.example"), ask(front, address, HTTP_HOST="a b"),
        ask(front, f"/api/v1/datasets/{draft.dataset_id}"), ask(front, f"{address}?version=1"),
        ask(front, "/api/v1/datasets/absent/records"), ask(front, address + "?" + "&".join(f"a{n}=1" for n in range(300))),
        ask(front, address + "?where=nom%20%3D%20'\xe9'"),
    ]  # fmt: skip
    assert inner.asked == len(told) + 1
    assert [status for status, _, _ in told] == [405, 400, 400, 200, 200, 404, 400, 400]


def test_a_withdrawal_is_felt_at_once(inner: Inner, released: Callable[..., Draft]) -> None:
    from django.conf import settings

    from parvis.store.folder import Folder

    draft = released()
    assert draft.dataset is not None
    front, address = Rows(inner), f"/api/v1/datasets/{draft.dataset_id}/records"
    assert [ask(front, address)[0] for _ in range(2)] == [200, 200]
    actions.withdraw(Folder(settings.DATA), draft.dataset, "Raison", by=None, now="2026-01-01T00:00:00+00:00")
    assert ask(front, address)[0] == 410


def test_behind_a_proxy_the_reader_s_own_scheme_is_told(
    inner: Inner, released: Callable[..., Draft], settings: Any
) -> None:
    draft = released()
    front, address = Rows(inner), f"/api/v1/datasets/{draft.dataset_id}/records?limit=1"
    ask(front, address)
    assert b'"http://127.0.0.1/' in ask(front, address, HTTP_X_FORWARDED_PROTO="https")[2]
    settings.BEHIND_PROXY = True
    assert b'"https://127.0.0.1/' in ask(front, address, HTTP_X_FORWARDED_PROTO="https")[2]
