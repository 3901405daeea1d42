"""Keys of programs: made once by who signed in, kept as digests, refused once revoked; and the count of a day's calls."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.portal.conftest import Town

from parvis_portal.api import keys
from parvis_portal.intake.models import Draft
from parvis_portal.people.models import Act, Token

V21 = "/api/explore/v2.1/catalog/datasets"


@pytest.fixture(autouse=True)
def nobody_counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(keys, "_counted", keys.Counted())
    yield


def made(town: Town, role: str = "agent", name: str = "carte du site") -> str:
    page = town.client(role).post("/mairie/cles/", {"name": name}).content.decode()
    found = re.search(r"<code>([0-9a-f]{56})</code>", page)
    assert found, page
    return found[1]


def test_a_key_is_shown_once_and_only_its_digest_is_kept(town: Town) -> None:
    key = made(town)
    assert key not in town.client("agent").get("/mairie/cles/").content.decode()
    kept = Token.objects.get()
    assert key not in {str(v) for v in vars(kept).values()}
    assert kept.start == key[:6]
    assert Act.objects.filter(verb="key.made", details__name="carte du site").exists()
    assert key[:6] not in town.client("referent").get("/mairie/cles/").content.decode()


def test_a_key_opens_every_address_of_the_original_as_its_clients_write_it(
    town: Town, released: Callable[..., Draft]
) -> None:
    draft = released()
    assert draft.dataset is not None
    key, client, slug = made(town), town.client("visitor"), draft.dataset.slug
    for scheme in ("Apikey", "ApiKey", "apikey"):
        told = client.get(f"{V21}/{slug}/records", headers={"authorization": f"{scheme} {key}"})
        assert (told.status_code, told.json()["total_count"]) == (200, 12)
        assert told.headers["cache-control"].startswith("private")
        assert "X-Parvis-Keep" not in told.headers
    for address in (f"{V21}?x=1", f"/api/records/1.0/search/?dataset={slug}", f"/api/v2/catalog/datasets/{slug}?x=1"):
        assert client.get(f"{address}&apikey={key}").status_code == 200
    listed = client.get(f"{V21}?include_links=true&apikey={key}").content.decode()
    assert key not in listed
    assert Token.objects.get().used_on is not None


def test_a_wrong_key_is_told_so_as_the_contract_says(town: Town) -> None:
    client = town.client("visitor")
    refused = client.get(f"{V21}?apikey=faux")
    assert refused.status_code == 401
    assert set(refused.json()) == {"error_code", "message"}
    assert refused.headers["access-control-allow-origin"] == "*"
    assert refused.headers["cache-control"] == "no-store"
    assert client.get(V21, headers={"authorization": "Apikey faux"}).status_code == 401
    assert set(client.get("/api/datasets/1.0/search/?apikey=faux").json()) == {"errorcode", "error"}
    assert client.get(f"{V21}?apikey={'x' * 5000}").status_code == 401
    assert client.get(f"{V21}?apikey=%00%ff").status_code == 401
    assert client.get(f"{V21}?apikey=").status_code == 200
    assert client.get(V21, headers={"authorization": "Basic eDp5"}).status_code == 200


def test_a_revoked_key_and_that_of_a_closed_account_open_nothing(town: Town) -> None:
    key, other = made(town), made(town, "referent")
    client, agent = town.client("visitor"), town.client("agent")
    assert client.get(f"{V21}?apikey={key}").status_code == 200
    theirs = Token.objects.get(user=town.users["referent"])
    agent.post(f"/mairie/cles/{theirs.pk}/supprimer/")
    assert client.get(f"{V21}?apikey={other}").status_code == 200  # nobody ends the key of another
    agent.post(f"/mairie/cles/{Token.objects.get(user=town.users['agent']).pk}/supprimer/")
    assert client.get(f"{V21}?apikey={key}").status_code == 401
    town.users["referent"].is_active = False
    town.users["referent"].save()
    assert client.get(f"{V21}?apikey={other}").status_code == 401


def test_a_person_has_so_many_keys_and_no_more(town: Town) -> None:
    for n in range(20):
        made(town, name=f"n° {n}")
    page = town.client("agent").post("/mairie/cles/", {"name": "une de trop"})
    assert "Vous avez déjà 20 clés." in page.content.decode().replace("\xa0", " ").replace("\u202f", " ")
    assert Token.objects.count() == 20


def test_what_is_left_of_a_day_is_said_in_every_answer(town: Town, settings: Any) -> None:
    client = town.client("visitor")
    told = client.get(V21).headers
    assert told["x-ratelimit-limit"] == told["x-ratelimit-remaining"] == "10000000"
    settings.CALLS_PER_DAY = 3
    left = [client.get(V21).headers["x-ratelimit-remaining"] for _ in range(3)]
    assert left == ["2", "1", "0"]
    beyond = client.get(f"{V21}/inconnu")
    assert beyond.status_code == 429
    said = beyond.json()
    assert (said["errorcode"], said["call_limit"], said["limit_time_unit"]) == (10002, 3, "day")
    reset = datetime.datetime.fromisoformat(beyond.headers["x-ratelimit-reset"])
    assert reset == keys.midnight(datetime.datetime.now(datetime.UTC))
    assert 0 < int(beyond.headers["retry-after"]) <= 86_401
    assert client.get("/api/datasets/1.0/search/").status_code == 429
    assert client.get(V21, headers={"authorization": f"Apikey {made(town)}"}).status_code == 200  # a count of its own
    assert client.get(V21, REMOTE_ADDR="2001:db8::1").status_code == 200
    assert client.get("/api/v1/datasets").status_code == 200


def test_a_day_begins_anew_and_keeps_no_trace_of_who_asked() -> None:
    counted = keys.Counted()
    day = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)
    assert counted.call("192.0.2.1", 10, day).left == 9
    assert counted.call("192.0.2.1", 10, day).left == 8
    assert "192.0.2.1" not in repr(vars(counted))
    assert counted.call("192.0.2.1", 10, day + datetime.timedelta(days=1)).left == 9
