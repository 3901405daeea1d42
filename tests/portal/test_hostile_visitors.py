"""What a hostile visitor tries on the web's own ground: forms, methods, cookies, hosts, addresses, words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from tests.portal.conftest import PASSWORD, Town

from parvis_portal.intake.models import Draft

FORM = {"username": "agent@fontclaire.example", "password": PASSWORD}


def test_a_form_from_elsewhere_is_refused_in_kind_words(town: Town) -> None:
    client = Client(enforce_csrf_checks=True)
    for path in ("/mairie/connexion/", "/mairie/deposer/", "/mairie/deconnexion/"):
        answer = client.post(path, FORM)
        assert answer.status_code == 403 and "rechargez-la" in answer.content.decode(), path
    client.get("/mairie/connexion/")
    token = client.cookies["csrf"].value
    assert client.post("/mairie/connexion/", {**FORM, "csrfmiddlewaretoken": token}).status_code == 302


def test_the_mark_of_forms_is_gone_with_the_browser(town: Town) -> None:
    client = Client()
    client.get("/mairie/connexion/")
    mark = client.cookies["csrf"]
    assert not mark["max-age"] and not mark["expires"] and mark["httponly"] and mark["samesite"] == "Lax"


def test_signing_in_changes_the_session_and_leads_to_no_other_site(town: Town) -> None:
    for elsewhere in (
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "https:evil.example",
    ):
        client = Client()
        client.cookies["session"] = "chosen-by-somebody-else"
        answer = client.post(f"/mairie/connexion/?next={elsewhere}", {**FORM, "next": elsewhere})
        assert answer.status_code == 302 and answer["Location"] == "/mairie/", elsewhere
        assert client.cookies["session"].value != "chosen-by-somebody-else"
        assert client.cookies["session"]["httponly"]


def test_passwords_are_not_guessed_by_patience_nor_by_forged_addresses(town: Town) -> None:
    client = Client()
    told = [
        client.post(
            "/mairie/connexion/", {**FORM, "password": f"essai {n}"}, headers={"X-Forwarded-For": f"10.0.0.{n}"}
        ).status_code
        for n in range(9)
    ]
    assert told[0] == 200 and told[-1] == 429
    assert client.post("/mairie/connexion/", FORM).status_code == 429
    capitals = {**FORM, "username": "AGENT@Fontclaire.Example"}
    assert client.post("/mairie/connexion/", capitals).status_code == 429, "the right password, in another writing"


def test_signing_in_says_the_same_of_an_unknown_person_and_of_a_wrong_password(town: Town) -> None:
    def said(name: str) -> str:
        page = Client().post("/mairie/connexion/", {"username": name, "password": "faux"}).content.decode()
        return re.sub(r'value="[^"]*"', "", page)

    assert said("agent@fontclaire.example") == said("personne@fontclaire.example")


@pytest.mark.parametrize("path", ["/", "/donnees/", "/mentions-legales/", "/en/", "/sitemap.xml"])
def test_a_page_is_only_read(town: Town, path: str) -> None:
    for method in ("POST", "PUT", "DELETE", "TRACE", "PATCH"):
        answer = Client().generic(method, path)
        assert answer.status_code == 405 and "GET" in answer["Allow"] and b"<h1>" in answer.content


def test_a_program_that_errs_is_answered_in_json(town: Town) -> None:
    client = Client()
    for path in ("/api/v2/datasets", "/api/zzz", "/api/v1/rien", "/api/v1/datasets?" + "a=1&" * 2000):
        answer = client.get(path)
        assert answer.status_code in (400, 404), path
        told = json.loads(answer.content)  # under /api/v2 in the words of Opendatasoft, whose address it was
        assert (told if path.startswith("/api/v2") else told["error"])["message"], path
    assert client.get("/api/")["Location"] == "/api-docs/"


def test_a_crowd_of_parameters_is_refused_and_the_page_still_stands(town: Town) -> None:
    answer = Client().get("/donnees/?" + "a=1&" * 2000)
    assert answer.status_code == 400 and "pas comprise" in answer.content.decode()


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1@evil.example", "127.0.0.1\tx", "[::1].evil.example", ""])
def test_a_host_of_somebody_else_is_refused(town: Town, host: str) -> None:
    answer = Client().get("/donnees/atom.xml", HTTP_HOST=host)
    assert answer.status_code == 400 and b"evil" not in answer.content


def test_what_proxies_say_is_not_believed_unless_asked_to(town: Town) -> None:
    answer = Client().get("/sitemap.xml", headers={"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"})
    assert answer.status_code == 200 and b"evil" not in answer.content and b"https://testserver" not in answer.content


def test_no_page_is_framed_nor_runs_what_is_not_ours(town: Town, released: Callable[..., Draft]) -> None:
    draft = released()
    assert draft.dataset is not None
    for path in ("/", f"/donnees/{draft.dataset.slug}/", "/mairie/connexion/", "/rien/"):
        answer = Client().get(path)
        policy = answer["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy and "default-src 'self'" in policy and "unsafe" not in policy
        assert answer["X-Frame-Options"] == "DENY" and answer["X-Content-Type-Options"] == "nosniff"
        assert not re.search(r"<script(?![^>]*(src=|application/ld\+json))| style=|\son\w+=", answer.content.decode())


def test_nul_and_broken_words_break_nothing(town: Town, released: Callable[..., Draft]) -> None:
    draft = released()
    assert draft.dataset is not None
    slug, key = draft.dataset.slug, draft.dataset_id
    client = Client(raise_request_exception=False)
    for bad in ("%00", "a%00b", "%ff%fe", "%ed%a0%80", "%EF%BF%BF", "{0}", "%7Bname%7D", "%25s"):
        paths = (
            f"/donnees/{bad}/", f"/donnees/{slug}/versions/{bad}/", f"/donnees/?q={bad}&theme={bad}&sort={bad}&page={bad}",
            f"/donnees/{slug}/?q={bad}&colonne={bad}&valeur={bad}&tri={bad}&page={bad}",
            f"/donnees/{slug}/?colonne=quartier&valeur={bad}", f"/api/v1/datasets/{bad}", f"/api/v1/datasets?theme={bad}",
            f"/api/v1/datasets?q={bad}", f"/api/v1/datasets/{key}/versions/{bad}", f"/api/v1/datasets/{key}/records?q={bad}",
            f"/organisations/{bad}/", f"/{bad}", f"/en/{bad}/",
        )  # fmt: skip
        for path in paths:
            assert client.get(path).status_code < 500, path


def test_the_catalogue_never_asks_the_database_for_what_it_cannot_hold(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL refuses NUL with an error where SQLite finds nothing."""
    from django.db.models import QuerySet

    seen: list[Any] = []
    filtered = QuerySet.filter

    def spied(self: Any, *args: Any, **kwargs: Any) -> Any:
        seen.extend(kwargs.values())
        return filtered(self, *args, **kwargs)

    monkeypatch.setattr(QuerySet, "filter", spied)
    for path in ("/api/v1/datasets/a%00b", "/api/v1/datasets?theme=a%00b&q=c%00d", "/donnees/a%00b/"):
        Client().get(path)
    assert seen and not any("\x00" in v for v in seen if isinstance(v, str))


def test_too_many_files_at_once_are_refused_in_words(town: Town, settings: Any) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    settings.DATA_UPLOAD_MAX_NUMBER_FILES = 3
    sent = [SimpleUploadedFile(f"{n}.csv", b"a;b\n1;2\n") for n in range(5)]
    answer = town.client("agent").post("/mairie/deposer/", {"documents": sent})
    assert answer.status_code == 400 and "plus de 3 fichiers" in answer.content.decode()
    assert "archive ZIP" in answer.content.decode()
