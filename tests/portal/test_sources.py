"""Sources: visited when their time comes, once, by one worker; what was seen gives nothing; secrets stay secret."""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from tests.portal.conftest import TREES, Town

from parvis.errors import InputError
from parvis_portal.intake import schedule, sealing, sources
from parvis_portal.intake.models import Source, Submission, Visit
from parvis_portal.jobs import tasks, worker
from parvis_portal.jobs.models import JobRun
from parvis_portal.people.models import Act

SECRET = "très secret, jamais montré"


class Site(BaseHTTPRequestHandler):
    pages: ClassVar[dict[str, Any]] = {}
    seen: ClassVar[list[dict[str, str]]] = []

    def do_GET(self) -> None:
        self.seen.append({k.lower(): v for k, v in self.headers.items()})
        status, body = self.pages.get(self.path, (404, b""))
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def site(settings: Any) -> Iterator[Any]:
    kind = type("Local", (Site,), {"pages": {}, "seen": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    settings.INSIDE = [f"127.0.0.1:{server.server_port}"]
    yield SimpleNamespace(
        address=f"http://127.0.0.1:{server.server_port}", pages=kind.pages, seen=kind.seen, port=server.server_port
    )
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def trees(town: Town, site: Any) -> Source:
    site.pages["/arbres.csv"] = (200, TREES)
    told = {"address": f"{site.address}/arbres.csv"}
    source = sources.create(town.organisation, town.users["referent"], "Arbres", "http", told, SECRET, "minutes:5")
    due(source)
    source.refresh_from_db()
    return source


def due(source: Source, ago: dt.timedelta = dt.timedelta(seconds=1)) -> None:
    Source.objects.filter(pk=source.pk).update(next_at=timezone.now() - ago)


def test_a_source_whose_time_has_come_is_visited_and_its_file_examined(trees: Source, site: Any) -> None:
    worker.run(once=True)
    submission = Submission.objects.get()
    assert submission.source == trees and submission.sender is None
    assert submission.state == Submission.State.READY and submission.name == "arbres.csv"
    trees.refresh_from_db()
    assert trees.failed == "" and trees.last_at and trees.next_at and trees.next_at > timezone.now()
    assert site.seen[0]["authorization"] == f"Bearer {SECRET}"
    assert [a.verb for a in Act.objects.order_by("pk")][:1] == ["source.create"]


def test_what_was_already_seen_gives_nothing_and_a_change_gives_one_file(trees: Source, site: Any) -> None:
    worker.run(once=True)
    due(trees)
    worker.run(once=True)
    assert Submission.objects.count() == 1
    assert list(trees.visits.values_list("brought", "same")) == [(0, 1), (1, 0)]
    site.pages["/arbres.csv"] = (200, TREES + TREES.splitlines(True)[1])
    due(trees)
    worker.run(once=True)
    assert Submission.objects.count() == 2
    site.pages["/arbres.csv"] = (200, TREES)  # corrected, then put back as it was: that is a change too
    due(trees)
    worker.run(once=True)
    assert Submission.objects.count() == 3


def test_a_visit_missed_many_times_is_made_once(trees: Source) -> None:
    due(trees, dt.timedelta(days=9))
    assert sources.ask_due(timezone.now()) == 1
    assert sources.ask_due(timezone.now()) == 0


def test_two_workers_never_ask_the_same_source_twice(trees: Source) -> None:
    found = threading.Barrier(4)
    asked: list[int] = []

    def look() -> None:
        found.wait()
        try:
            asked.append(sources.ask_due(timezone.now()))
        finally:
            connection.close()

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(asked) == 1
    assert Visit.objects.count() == 1


def test_a_person_and_the_clock_share_one_visit(trees: Source, town: Town) -> None:
    first = sources.visit(trees, town.users["agent"])
    assert sources.visit(trees, None) == first
    assert JobRun.objects.filter(name="intake.collect").count() == 1


def test_a_visit_whose_worker_died_is_made_again(trees: Source) -> None:
    visit = sources.visit(trees, None)
    Visit.objects.filter(pk=visit.pk).update(state=Visit.State.RUNNING)
    run = JobRun.objects.get(name="intake.collect")
    JobRun.objects.filter(pk=run.pk).update(state="running", lease_until=timezone.now() - dt.timedelta(seconds=1))
    tasks.reap()
    worker.run(once=True)
    visit.refresh_from_db()
    assert visit.state == Visit.State.DONE and Submission.objects.count() == 1


def test_a_source_being_visited_is_neither_changed_nor_removed(trees: Source, town: Town) -> None:
    visit = sources.visit(trees, None)
    Visit.objects.filter(pk=visit.pk).update(state=Visit.State.RUNNING)
    for act in (sources.remove, sources.forget_marks):
        with pytest.raises(InputError, match="en train de visiter"):
            act(trees, None)
    assert town.client("referent").post(reverse("intake:source_remove", args=[trees.pk])).status_code == 302
    assert Source.objects.filter(pk=trees.pk).exists()
    worker.run(once=True)
    sources.remove(trees, None)
    assert not Visit.objects.exists() and Submission.objects.count() == 1


def test_a_failure_is_said_kindly_and_waits_longer_each_time(trees: Source, site: Any, town: Town) -> None:
    site.pages["/arbres.csv"] = (503, b"")
    waits = []
    for _ in range(3):
        due(trees)
        worker.run(once=True)
        trees.refresh_from_db()
        assert trees.next_at is not None
        waits.append((trees.next_at - timezone.now()).total_seconds())
    assert "en panne" in trees.failed and trees.failures == 3
    assert "Sources en échec" in town.client("agent").get(reverse("intake:desk")).content.decode()
    assert waits[0] < waits[1] < waits[2]
    site.pages["/arbres.csv"] = (200, TREES)
    due(trees)
    worker.run(once=True)
    trees.refresh_from_db()
    assert (trees.failed, trees.failures) == ("", 0)


def test_a_refused_password_waits_an_hour_at_least(trees: Source, site: Any) -> None:
    site.pages["/arbres.csv"] = (401, b"")
    worker.run(once=True)
    trees.refresh_from_db()
    assert "refuse l'accès" in trees.failed
    assert trees.next_at is not None and trees.next_at > timezone.now() + dt.timedelta(minutes=59)


def test_a_paused_source_is_left_alone(trees: Source) -> None:
    sources.pause(trees, None)
    worker.run(once=True)
    assert not Visit.objects.exists()
    trees.refresh_from_db()
    assert trees.next_at is None


def test_a_file_too_large_is_said_and_the_visit_goes_on(town: Town, settings: Any, tmp_path: Path) -> None:
    settings.FOLDERS = str(tmp_path / "depots")
    settings.UPLOAD_LIMIT = len(TREES)
    place = tmp_path / "depots" / "fontclaire"
    place.mkdir(parents=True)
    (place / "a_enorme.csv").write_bytes(TREES * 2)
    (place / "b_arbres.csv").write_bytes(TREES)
    for path in place.iterdir():
        os.utime(path, (1, 1))
    source = sources.create(town.organisation, None, "Dépôt", "folder", {})
    for _ in range(2):
        sources.visit(source, None)
        worker.run(once=True)
    assert [s.name for s in Submission.objects.all()] == ["b_arbres.csv"]
    last, first = source.visits.all()
    assert "a_enorme.csv" in first.remarks[0] and first.state == Visit.State.DONE
    assert last.remarks == []  # it is not asked for again until it changes


def test_a_full_folder_is_emptied_by_visits_that_follow_each_other(
    town: Town, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources.connectors, "MOST", 2)
    settings.FOLDERS = str(tmp_path)
    (tmp_path / "fontclaire").mkdir()
    for number in range(5):
        path = tmp_path / "fontclaire" / f"{number}.csv"
        path.write_text(f"nom;n\nHalle;{number}\n", "utf-8")
        os.utime(path, (1, 1))
    sources.visit(sources.create(town.organisation, None, "Dépôt", "folder", {}, "", "daily:06:30"), None)
    worker.run(once=True)
    assert Submission.objects.count() == 5
    assert list(Visit.objects.values_list("brought", flat=True)) == [1, 2, 2]


def test_a_town_watches_its_own_folder_alone(town: Town, settings: Any, tmp_path: Path) -> None:
    settings.FOLDERS = str(tmp_path)
    (tmp_path / "ailleurs").mkdir()
    (tmp_path / "fontclaire").mkdir()
    (tmp_path / "fontclaire" / "lien").symlink_to(tmp_path / "ailleurs")
    for path in ("../ailleurs", "lien", "/etc", "..\\ailleurs"):
        source = sources.create(town.organisation, None, "Dépôt", "folder", {"path": path})
        sources.visit(source, None)
        worker.run(once=True)
        source.refresh_from_db()
        assert source.failed, path


def test_an_inner_address_is_refused_unless_the_operator_opens_it(trees: Source, site: Any, settings: Any) -> None:
    settings.INSIDE = []
    Source.objects.filter(pk=trees.pk).update(secret="")
    worker.run(once=True)
    trees.refresh_from_db()
    assert "intérieure au réseau" in trees.failed and site.seen == []


# --- Secrets --------------------------------------------------------------------------------------


def test_a_secret_is_nowhere_to_be_read(
    trees: Source, town: Town, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        worker.run(once=True)
    for role in ("agent", "referent", "administrator"):
        for name in ("intake:source", "intake:source_change", "intake:sources"):
            arguments = [trees.pk] if name != "intake:sources" else []
            assert SECRET not in town.client(role).get(reverse(name, args=arguments)).content.decode()
    assert SECRET not in caplog.text
    assert SECRET not in json.dumps(list(Act.objects.values_list("details", flat=True)), ensure_ascii=False)
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret, settings, marks FROM intake_source")
        assert SECRET not in str(cursor.fetchall())


def test_a_secret_is_kept_when_left_empty_and_asked_again_when_the_address_changes(trees: Source, site: Any) -> None:
    sealed = trees.secret
    same = sources.change(trees, None, "Arbres", {"address": f"{site.address}/autre.csv"}, "", "daily:06:30")
    assert same.secret == sealed
    for moved in ("https://voleur.example/arbres.csv", f"http://127.0.0.1:{site.port + 1}/arbres.csv"):
        with pytest.raises(InputError, match="de nouveau"):
            sources.change(trees, None, "Arbres", {"address": moved}, "", "")
    Source.objects.filter(pk=trees.pk).update(settings={"address": "https://voleur.example/"}, secret=sealed)
    trees.refresh_from_db()
    due(trees)
    worker.run(once=True)
    trees.refresh_from_db()
    assert "n'y est pas envoyé" in trees.failed


def test_a_secret_is_lost_with_the_portals_key_and_said_so(settings: Any) -> None:
    sealed = sealing.seal(SECRET, "x")
    assert sealing.opened(sealed, "x") == SECRET
    old, settings.SECRET_KEY = settings.SECRET_KEY, "une autre clé"
    with pytest.raises(InputError, match="clé secrète"):
        sealing.opened(sealed, "x")
    settings.SECRET_KEY_FALLBACKS = [old]
    assert sealing.opened(sealed, "x") == SECRET


# --- Schedules ------------------------------------------------------------------------------------

PARIS = "2026-03-03 08:10"


def moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=timezone.get_default_timezone())


@pytest.mark.parametrize(
    ("text", "after", "wanted"),
    [
        ("minutes:1", PARIS, "2026-03-03 08:11"),
        ("minutes:15", PARIS, "2026-03-03 08:25"),
        ("hourly:10", PARIS, "2026-03-03 09:10"),
        ("hourly:45", PARIS, "2026-03-03 08:45"),
        ("daily:06:30", PARIS, "2026-03-04 06:30"),
        ("daily:08:11", PARIS, "2026-03-03 08:11"),
        ("weekly:1:06:30", PARIS, "2026-03-09 06:30"),
        ("weekly:2:08:10", PARIS, "2026-03-10 08:10"),
        ("monthly:31:06:30", PARIS, "2026-03-31 06:30"),
        ("monthly:31:06:30", "2026-04-01 00:00", "2026-04-30 06:30"),
        ("monthly:1:00:00", "2026-12-31 23:59", "2027-01-01 00:00"),
        ("daily:06:30", "2026-03-28 12:00", "2026-03-29 06:30"),  # the night when summer time begins
        ("daily:02:30", "2026-03-28 12:00", "2026-03-29 03:30"),  # an hour that does not exist
        ("daily:02:30", "2026-10-24 12:00", "2026-10-25 02:30"),
        ("hourly:0", "2026-03-29 01:59", "2026-03-29 03:00"),
    ],
)
def test_the_next_visit_is_when_a_person_would_say(text: str, after: str, wanted: str) -> None:
    found = schedule.following(text, moment(after))
    assert found is not None and found.astimezone(dt.UTC) == moment(wanted).astimezone(dt.UTC)


@pytest.mark.parametrize(
    "text", ["minutes:0", "minutes:60", "daily", "daily:24:00", "weekly:8:01:00", "x", "daily:-1:00"]
)
def test_a_schedule_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        schedule.following(text, moment(PARIS))


def test_schedules_are_said_in_plain_words() -> None:
    said = [
        schedule.said(t) for t in ("", "minutes:1", "minutes:15", "daily:06:30", "weekly:1:06:30", "monthly:5:06:30")
    ]
    assert said == [
        "quand on le demande", "chaque minute", "toutes les 15 minutes", "chaque jour à 06:30",
        "chaque lundi à 06:30", "le 5 de chaque mois à 06:30",
    ]  # fmt: skip


# --- Pages ----------------------------------------------------------------------------------------


def test_a_referent_adds_a_source_tries_it_and_sees_what_came(town: Town, site: Any) -> None:
    site.pages["/arbres.csv"] = (200, TREES)
    client = town.client("referent")
    assert "SFTP" in client.get(reverse("intake:source_add")).content.decode()
    address = reverse("intake:source_add") + "?genre=http"
    wrong = client.post(address, {"name": "Arbres", "set_address": "pas une adresse", "rhythm": "daily", "at": "6h30"})
    assert wrong.status_code == 400 and "n&#x27;en est pas une" in wrong.content.decode()
    told = {
        "name": "Arbres",
        "set_address": f"{site.address}/arbres.csv",
        "secret": SECRET,
        "rhythm": "daily",
        "at": "06:30",
    }
    made = client.post(address, told)
    source = Source.objects.get()
    assert made.status_code == 302 and source.schedule == "daily:06:30"
    worker.run(once=True)
    page = client.get(reverse("intake:source", args=[source.pk])).content.decode()
    assert "arbres.csv" in page and "1 fichier arrivé" in page and "chaque jour à 06:30" in page
    assert "jamais montré" in page
    client.post(reverse("intake:source_visit", args=[source.pk]))
    told_progress = client.get(reverse("intake:source_progress", args=[source.pk])).json()
    assert told_progress["state"] == "running"
    worker.run(once=True)
    assert client.get(reverse("intake:source_progress", args=[source.pk])).json()["state"] == "done"
    client.post(reverse("intake:source_again", args=[source.pk]))
    worker.run(once=True)
    assert Submission.objects.count() == 2
    form = client.get(reverse("intake:source_change", args=[source.pk])).content.decode()
    assert 'value="06:30"' in form
    moved = client.post(
        reverse("intake:source_change", args=[source.pk]),
        {**told, "secret": "", "set_address": "https://ailleurs.example/x.csv"},
    )
    assert moved.status_code == 400 and "écrivez de nouveau le mot de passe" in moved.content.decode()
    client.post(reverse("intake:source_pause", args=[source.pk]))
    assert not Source.objects.get().enabled
    client.post(reverse("intake:source_remove", args=[source.pk]))
    assert not Source.objects.exists() and Submission.objects.count() == 2


@pytest.mark.parametrize("kind", list(sources.connectors.plugins()))
def test_every_connector_has_a_form(town: Town, kind: str) -> None:
    plugin = sources.connectors.kind(kind)
    client = town.client("referent")
    address = reverse("intake:source_add") + f"?genre={kind}"
    page = client.get(address).content.decode()
    for setting in plugin.SETTINGS:
        assert f'name="set_{setting.name}"' in page
    example = {f"set_{k}": "\n".join(v) if isinstance(v, list) else v for k, v in plugin.EXAMPLES[0].items()}
    defaults = {f"set_{s.name}": s.default for s in plugin.SETTINGS if s.kind in ("number", "choice", "text")}
    made = client.post(
        address,
        {**defaults, **example, "name": "Essai", "secret": SECRET, "rhythm": "monthly", "at": "23:59", "day": "31"},
    )
    assert made.status_code == 302, made.content.decode()
    assert Source.objects.get().connector == kind


def test_an_agent_sees_sources_and_touches_none(town: Town, trees: Source) -> None:
    client = town.client("agent")
    page = client.get(reverse("intake:source", args=[trees.pk])).content.decode()
    assert "Essayer maintenant" not in page
    for name in ("source_visit", "source_pause", "source_again", "source_remove", "source_change"):
        assert client.post(reverse(f"intake:{name}", args=[trees.pk])).status_code == 403, name
    assert client.post(reverse("intake:source_add") + "?genre=http", {}).status_code == 403


@pytest.fixture
def stranger(town: Town) -> Callable[[], Any]:
    from parvis_portal.people import actions
    from parvis_portal.people.models import Role

    def made() -> Any:
        other = actions.organisation("ailleurs", name="Ailleurs", insee="58998")
        town.users["stranger"] = actions.account(
            "chef@ailleurs.example", "Autre", "mot de passe long", other, Role.ADMINISTRATOR
        )
        return town.client("stranger")

    return made


def test_another_towns_source_does_not_exist(trees: Source, stranger: Callable[[], Any]) -> None:
    client = stranger()
    assert "Arbres" not in client.get(reverse("intake:sources")).content.decode()
    for name in ("source", "source_progress", "source_change", "source_remove"):
        assert client.get(reverse(f"intake:{name}", args=[trees.pk])).status_code == 404, name
    for name in ("source_visit", "source_pause", "source_again", "source_remove", "source_change"):
        assert client.post(reverse(f"intake:{name}", args=[trees.pk])).status_code == 404, name
    assert Source.objects.filter(pk=trees.pk, enabled=True).exists()


# --- The command ----------------------------------------------------------------------------------


def test_the_command_visits_a_source_by_its_name_and_says_what_came(tmp_path: Path) -> None:
    data, place = tmp_path / "data", tmp_path / "depots" / "fontclaire"
    place.mkdir(parents=True)
    (place / "arbres.csv").write_bytes(TREES)
    os.utime(place / "arbres.csv", (1, 1))
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PARVIS_", "DJANGO_"))}
    environment["PARVIS_FOLDERS"] = str(tmp_path / "depots")

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *command], env=environment, capture_output=True, text=True, timeout=120, check=False
        )

    code = (
        "import sys; from parvis_portal import verbs; verbs.opened(sys.argv[1])\n"
        "from parvis_portal.people import actions; from parvis_portal.intake import sources\n"
        "town = actions.organisation('fontclaire', name='Fontclaire')\n"
        "sources.create(town, None, 'Dépôt', 'folder', {})\n"
    )
    assert run("-c", code, str(data)).returncode == 0
    collect = ("-m", "parvis.cli.main", "collect")
    first = run(*collect, "dépôt", "--data", str(data), "--json")
    assert first.returncode == 0, first.stderr
    assert json.loads(first.stdout) == [
        {"source": 1, "name": "Dépôt", "state": "done", "brought": 1, "same": 0, "said": ""}
    ]
    assert "Déjà connus" in run(*collect, "--all", "--data", str(data)).stdout
    unknown = run(*collect, "ailleurs", "--data", str(data))
    assert unknown.returncode not in (0, 1) and "Dépôt" in unknown.stderr
    assert run(*collect, "--data", str(data)).returncode != 0


def test_a_slow_server_never_stops_a_clerks_file(tmp_path: Path) -> None:
    """A real worker: while a visit waits for a server that says nothing, a file is examined."""
    silent = socket.create_server(("127.0.0.1", 0))
    data = tmp_path / "data"
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PARVIS_", "DJANGO_"))}
    environment["PARVIS_INSIDE"] = "127.0.0.1"
    (tmp_path / "arbres.csv").write_bytes(TREES)
    code = (
        "import sys; from pathlib import Path; from parvis_portal import verbs; verbs.opened(sys.argv[1])\n"
        "from parvis.store.folder import Folder; from parvis_portal.people import actions as people\n"
        "from parvis_portal.intake import actions, sources\n"
        "town = people.organisation('fontclaire', name='Fontclaire')\n"
        "lent = sources.create(town, None, 'Lent', 'http', {'address': sys.argv[3]})\n"
        "sources.visit(lent, None)\n"
        "actions.receive(Folder(Path(sys.argv[1])), town, None, 'arbres.csv', open(sys.argv[2], 'rb'), origin='test')\n"
    )
    address = f"http://127.0.0.1:{silent.getsockname()[1]}/arbres.csv"
    command = [sys.executable, "-c", code, str(data), str(tmp_path / "arbres.csv"), address]
    subprocess.run(command, env=environment, check=True, timeout=120)
    worker_command = [sys.executable, "-m", "parvis.cli.main", "worker", "--data", str(data)]
    look = (
        "import sys; from parvis_portal import verbs; verbs.opened(sys.argv[1])\n"
        "from parvis_portal.intake.models import Submission, Visit\n"
        "print(Submission.objects.get().state, Visit.objects.get().state)\n"
    )
    process = subprocess.Popen(worker_command, env=environment)
    try:
        door, _ = silent.accept()  # the visit is there, and gets no answer
        for _n in range(30):
            told = subprocess.run(
                [sys.executable, "-c", look, str(data)], env=environment, capture_output=True, text=True, check=True
            ).stdout.split()
            if told[0] != "waiting":
                break
        assert told == ["ready", "running"]
        process.terminate()
        assert process.wait(20) == 0
        door.close()
    finally:
        process.kill()
        process.wait()
        silent.close()


# --- Several files from one place -----------------------------------------------------------------


def test_each_file_of_a_folder_renews_its_own_dataset(town: Town, settings: Any, tmp_path: Path) -> None:
    """Two files from one source, accepted once each: next month each one goes back to its own dataset."""
    from parvis_portal.intake import actions
    from parvis_portal.intake.models import Draft

    settings.FOLDERS = str(tmp_path)
    place = tmp_path / "fontclaire"
    place.mkdir()
    halls = "Salle;Places;Quartier\n" + "".join(f"Salle {n};{n * 10};Centre\n" for n in range(1, 13))
    halls_then = halls + "Foyer;9;Gare\n"
    months: tuple[dict[str, bytes], ...] = (
        {"arbres_2026-01.csv": TREES, "salles_2026-01.csv": halls.encode()},
        {"arbres_2026-02.csv": TREES + TREES.splitlines(True)[1], "salles_2026-02.csv": halls_then.encode()},
    )
    source = sources.create(town.organisation, None, "Dépôt", "folder", {}, "", "daily:06:30")
    for month, files in enumerate(months):
        for name, content in files.items():
            (place / name).write_bytes(content)
            os.utime(place / name, (1, 1 + month))
        sources.visit(source, None)
        worker.run(once=True)
        for draft in Draft.objects.filter(state=Draft.State.WAITING):
            if month:
                assert draft.dataset is not None, draft.title
            actions.approve(draft, town.users["referent"])
        worker.run(once=True)
    from parvis_portal.catalogue.models import Dataset

    told = {d.slug: sorted(x.submission.name[:6] for x in d.drafts.all()) for d in Dataset.objects.all()}
    assert sorted(told.values()) == [["arbres", "arbres"], ["salles", "salles"]]
