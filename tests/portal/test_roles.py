"""Every page is tried by the four roles: the table below is the promise."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from tests.portal.conftest import ASSOCIATIONS, Town

from parvis_portal.intake import sources
from parvis_portal.intake.models import Draft, Submission

OPEN = {"visitor": 200, "agent": 200, "referent": 200, "administrator": 200}
DESK = {"visitor": 302, "agent": 200, "referent": 200, "administrator": 200}
DECIDE = {"visitor": 302, "agent": 403, "referent": 200, "administrator": 200}
POSTS = {"visitor": 405, "agent": 405, "referent": 405, "administrator": 405}

PAGES: dict[str, tuple[str, dict[str, int]]] = {
    "site:home": ("", OPEN),
    "site:catalogue": ("", OPEN),
    "site:atom": ("", OPEN),
    "site:rss": ("", OPEN),
    "site:dataset": ("slug", OPEN),
    "site:version": ("slug number", OPEN),
    "site:proof": ("slug number", OPEN),
    "site:proof_file": ("slug number paper", OPEN),
    "site:organisation": ("town", OPEN),
    "site:legal": ("", OPEN),
    "site:accessibility": ("", OPEN),
    "site:api": ("", OPEN),
    "doors:catalogue": ("", dict.fromkeys(OPEN, 303)),  # to the page: a browser asks
    "doors:features": ("", OPEN),
    "doors:feature": ("features", OPEN),
    "doors:wfs": ("", dict.fromkeys(OPEN, 400)),  # it says what is missing
    "doors:catalogue_form": ("form", OPEN),
    "doors:catalogue_file": ("", OPEN),
    "doors:dataset": ("described", OPEN),
    "doors:dump": ("dataset", OPEN),
    "doors:health": ("", OPEN),
    "api:tables": ("table", OPEN),
    "api:aggregated": ("", OPEN),
    "api:metrics": ("", OPEN),
    "api:action": ("action", OPEN),
    "doors:archive": ("", OPEN),
    "doors:mcp": ("", POSTS),
    "api:root": ("", OPEN),
    "api:explore": ("explored", OPEN),
    "explore:download": ("slug", OPEN),
    "site:changes": ("slug number", OPEN),
    "api:push": ("push", POSTS),
    "api:read": ("rest", OPEN),
    "robots": ("", OPEN),
    "favicon": ("", dict.fromkeys(OPEN, 301)),
    "sitemap": ("", OPEN),
    "health": ("", OPEN),
    "people:sign_in": ("", {"visitor": 200, "agent": 302, "referent": 302, "administrator": 302}),
    "people:sign_out": ("", POSTS),
    "people:keys": ("", DESK),
    "people:key_revoke": ("source", POSTS),
    "intake:desk": ("", DESK),
    "intake:drop": ("", DESK),
    "intake:submission": ("submission", DESK),
    "intake:progress": ("kind submission", DESK),
    "intake:draft": ("draft", DESK),
    "intake:approve": ("draft", POSTS),
    "intake:discard": ("draft", POSTS),
    "intake:restore": ("draft", POSTS),
    "intake:report": ("draft report", DESK),
    "intake:copy": ("draft", dict.fromkeys(DESK, 302)),  # back to the draft: nobody asked for the copy yet
    "intake:copy_progress": ("draft", DESK),
    "intake:sources": ("", DESK),
    "intake:source": ("source", DESK),
    "intake:source_progress": ("source", DESK),
    "intake:source_add": ("", DECIDE),
    "intake:source_change": ("source", DECIDE),
    "intake:source_remove": ("source", DECIDE),
    "intake:source_visit": ("source", POSTS),
    "intake:source_pause": ("source", POSTS),
    "intake:source_again": ("source", POSTS),
    "intake:history": ("slug", DESK),
    "intake:register": ("slug number", DESK),
    "intake:stop_original": ("slug number", POSTS),
    "intake:withdraw": ("slug", DECIDE),
    "intake:door": ("slug", DECIDE),
}


def names(patterns: list[URLPattern | URLResolver], space: str = "") -> set[str]:
    out: set[str] = set()
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            out |= names(pattern.url_patterns, inner)
        elif pattern.name:
            out.add(space + pattern.name)
    return out


def test_no_page_is_left_out_of_the_table() -> None:
    assert names(get_resolver().url_patterns) == set(PAGES)


@pytest.fixture
def places(drop: Callable[..., Submission], released: Callable[..., Draft]) -> dict[str, str]:
    draft = released()
    waiting = drop("associations.csv", ASSOCIATIONS)
    refused = drop("photo.jpg", b"\xff\xd8\xff\xe0" + b"0" * 400)
    assert draft.dataset is not None
    address = {"address": "https://exports.editeur.example/arbres.csv"}
    return {
        "source": str(sources.create(draft.organisation, None, "Arbres", "http", address).pk),
        "slug": draft.dataset.slug,
        "number": "1",
        "town": "fontclaire",
        "rest": f"datasets/{draft.dataset.pk}/records",
        "submission": str(refused.pk),
        "kind": "fichier",
        "draft": str(waiting.drafts.get().pk),
        "report": "html",
        "paper": "json",
        "push": "capteurs/realtime/push/",
        "explored": "v2.1/catalog/datasets",
        "form": "ttl",
        "dataset": draft.dataset.pk,
        "table": f"{draft.dataset.pk}/data/",
        "action": "package_list",
        "described": f"{draft.dataset.pk}.ttl",
        "features": "collections",
    }


def test_every_page_answers_each_role_as_the_table_says(town: Town, places: dict[str, str]) -> None:
    wrong = []
    for name, (arguments, wanted) in PAGES.items():
        address = reverse(name, args=[places[a] for a in arguments.split()])
        for role, status in wanted.items():
            answer = town.client(role).get(address)
            answer.close()  # a file that nobody reads would keep its writer
            if answer.status_code != status:
                wrong.append(f"{name} {address} {role}: {answer.status_code}, not {status}")
    assert not wrong, "\n".join(wrong)


def test_a_role_of_another_town_sees_nothing_of_this_one(town: Town, places: dict[str, str]) -> None:
    from parvis_portal.people import actions
    from parvis_portal.people.models import Role

    other = actions.organisation("ailleurs", name="Ailleurs", insee="58998")
    town.users["stranger"] = actions.account(
        "chef@ailleurs.example", "Autre", "mot de passe long", other, Role.ADMINISTRATOR
    )
    client = town.client("stranger")
    hidden = ("source", "source_progress", "source_change", "source_remove")
    for name in (
        "intake:submission",
        "intake:draft",
        "intake:report",
        "intake:copy",
        "intake:copy_progress",
        "intake:history",
        "intake:withdraw",
        *(f"intake:{h}" for h in hidden),
    ):
        arguments = [places[a] for a in PAGES[name][0].split()]
        assert client.get(reverse(name, args=arguments)).status_code == 404, name
    for name in ("intake:approve", "intake:discard", "intake:restore"):
        assert client.post(reverse(name, args=[places["draft"]])).status_code == 404, name
    for name in ("intake:source_visit", "intake:source_pause", "intake:source_again", "intake:source_remove"):
        assert client.post(reverse(name, args=[places["source"]])).status_code == 404, name


@pytest.mark.parametrize("role", ["visitor", "agent"])
def test_who_may_not_decide_cannot_post_a_decision(town: Town, places: dict[str, str], role: str) -> None:
    client = town.client(role)
    approve = client.post(reverse("intake:approve", args=[places["draft"]]))
    withdraw = client.post(reverse("intake:withdraw", args=[places["slug"]]), {"reason": "Pour voir"})
    assert {approve.status_code, withdraw.status_code} <= {302, 403}
    assert Draft.objects.get(pk=places["draft"]).state == Draft.State.WAITING
    assert town.client("visitor").get(f"/donnees/{places['slug']}/").status_code == 200


def test_a_form_without_its_token_is_refused(town: Town, places: dict[str, str]) -> None:
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(town.users["referent"], backend="django.contrib.auth.backends.ModelBackend")
    assert client.post(reverse("intake:approve", args=[places["draft"]])).status_code == 403
