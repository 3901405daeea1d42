"""What changed between two versions, against plain Python, and how it is told."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from parvis.dialects import native, ods
from parvis.errors import InputError, UnknownColumn
from parvis.store import changes, shelf
from parvis.store.cache import Cache
from parvis.store.changes import What
from parvis.store.folder import Folder
from parvis.store.pool import Pool
from parvis.values import Kind
from parvis.web import Request

KINDS = {"code": Kind.TEXT, "essence": Kind.TEXT, "annee": Kind.INTEGER, "plante_le": Kind.DATE, "hauteur": Kind.NUMBER}


def edited(rows: list[dict[str, Any]], seed: int) -> list[dict[str, Any]]:
    """Return rows after a year of work: some felled, some planted, some measured again, all in another order."""
    rng = random.Random(seed)
    out = [dict(r) for r in rows if rng.random() > 0.05]
    for row in out:
        if rng.random() < 0.1:
            row["hauteur"] = None if row["hauteur"] is None and rng.random() < 0.5 else round(rng.uniform(0, 30), 1)
        if rng.random() < 0.02:
            row["essence"] = rng.choice(["Orme", None, "Frêne"])
    out += [{**rng.choice(rows), "code": f"N{seed}{i:04d}"} for i in range(20)]
    rng.shuffle(out)
    return out


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory, making: Any) -> Iterator[SimpleNamespace]:
    """Three versions of a table, and its pool."""
    work = tmp_path_factory.mktemp("changes")
    folder = Folder(work / "data")
    first = [{n: r[n] for n in KINDS} for r in making.trees(400)]
    tables = [first, edited(first, 1)]
    tables.append(edited(tables[1], 2))
    versions = [
        making.put(folder, making.protected(work / f"{n}.parquet", KINDS, rows), "aaaaaaaaaaaa", number=n + 1)
        for n, rows in enumerate(tables)
    ]
    pool = Pool(folder, workers=1)
    yield SimpleNamespace(
        folder=folder, tables=tables, versions=versions, pool=pool, catalogue=making.Catalogue(folder), work=work
    )
    pool.close()


def plain(row: dict[str, Any]) -> dict[str, Any]:
    return {n: v.isoformat() if hasattr(v, "isoformat") else v for n, v in row.items()}


def expected(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> dict[str, Any]:
    before, after = ({r["code"]: plain(r) for r in rows} for rows in (old, new))
    both = before.keys() & after.keys()
    return {
        "added": {c for c in after if c not in before},
        "removed": {c for c in before if c not in after},
        "changed": {
            c: {n: (before[c][n], after[c][n]) for n in KINDS if before[c][n] != after[c][n]}
            for c in both
            if before[c] != after[c]
        },
    }


@pytest.mark.parametrize(("a", "b"), [(0, 1), (1, 2), (0, 2), (2, 0)])
def test_rows_and_cells_are_those_of_plain_python(street: Any, a: int, b: int) -> None:
    wanted = expected(street.tables[a], street.tables[b])
    found = changes.between(street.pool, street.versions[a], street.versions[b], limit=1000)
    assert found.key == ["code"]
    assert (found.added, found.removed, found.changed) == tuple(len(wanted[w]) for w in What)
    by = {w: {c.row["code"]: c.cells for c in found.rows if c.what is w} for w in What}
    assert set(by[What.ADDED]) == wanted["added"]
    assert set(by[What.REMOVED]) == wanted["removed"]
    assert by[What.CHANGED] == wanted["changed"]


def test_pages_miss_no_change(street: Any) -> None:
    whole = changes.between(street.pool, street.versions[0], street.versions[1], limit=1000).rows
    pages: list[changes.RowChange] = []
    while page := changes.between(street.pool, *street.versions[:2], limit=17, offset=len(pages)).rows:
        pages += page
    assert pages == list(whole)
    only = changes.between(street.pool, *street.versions[:2], only=What.REMOVED, limit=1000).rows
    assert only == [c for c in whole if c.what is What.REMOVED]


def test_a_version_is_the_same_as_itself(street: Any) -> None:
    found = changes.between(street.pool, street.versions[0], street.versions[0])
    assert (found.added, found.removed, found.changed, list(found.rows)) == (0, 0, 0, [])


def test_a_key_may_be_said_and_must_tell_rows_apart(street: Any) -> None:
    found = changes.between(street.pool, *street.versions[:2], key=("code", "code"), limit=0)
    assert found.key == ["code"]
    with pytest.raises(InputError, match="ne distinguent pas"):
        changes.between(street.pool, *street.versions[:2], key=("essence",))
    with pytest.raises(UnknownColumn):
        changes.between(street.pool, *street.versions[:2], key=('code" FROM x; --',))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from(["a", "b", None]), st.sampled_from([1, 2, None])), min_size=1, max_size=12),
    st.lists(st.tuples(st.sampled_from(["a", "b", None]), st.sampled_from([1, 2, None])), min_size=1, max_size=12),
)
def test_without_a_key_rows_come_and_go_as_often_as_they_are_there(
    street: Any, making: Any, old: list[Any], new: list[Any]
) -> None:
    from collections import Counter

    kinds = {"x": Kind.TEXT, "n": Kind.INTEGER}
    versions = []
    for number, rows in enumerate((old, new), 1):
        path = street.work / f"{random.random()}.parquet"
        table = making.protected(path, kinds, [{"x": x, "n": n} for x, n in rows])
        versions.append(making.put(street.folder, table, f"b{random.randrange(10**10):011d}", number=number))
    found = changes.between(street.pool, *versions, limit=1000)
    if found.key:
        return
    came, went = Counter(new) - Counter(old), Counter(old) - Counter(new)
    told = [(c.what, (c.row["x"], None if c.row["n"] is None else int(c.row["n"]))) for c in found.rows]
    assert Counter(r for w, r in told if w is What.ADDED) == came
    assert Counter(r for w, r in told if w is What.REMOVED) == went
    assert (found.added, found.removed, found.changed) == (came.total(), went.total(), 0)


def test_columns_that_came_or_went_are_told(street: Any, making: Any) -> None:
    kinds = {**{n: k for n, k in KINDS.items() if n != "essence"}, "annee": Kind.TEXT, "etat": Kind.TEXT}
    rows = [{**{n: r[n] for n in kinds if n in r}, "annee": r["annee"] and str(r["annee"]), "etat": "bon"}
            for r in street.tables[0]]  # fmt: skip
    table = making.protected(street.work / "more.parquet", kinds, rows)
    other = making.put(street.folder, table, "cccccccccccc", number=1)
    found = changes.between(street.pool, street.versions[0], other)
    assert [c.name for c in found.columns_added] == ["etat"]
    assert [c.name for c in found.columns_removed] == ["essence"]
    assert (found.added, found.removed, found.changed) == (0, 0, 0)  # a year is the same as a number and as a text


# --- By the API -----------------------------------------------------------------------------------


def get(street: Any, url: str, status: int = 200, dialect: Any = native, cache: Cache | None = None) -> Any:
    parts = urlsplit(url)
    request = Request("GET", parts.path, tuple(parse_qsl(parts.query)), {}, base="https://donnees.fontclaire.fr")
    response = dialect.answer(request, street.catalogue, street.pool, cache)
    assert response.status == status, response.body
    body = response.body if isinstance(response.body, bytes) else b"".join(response.body)
    return body if not response.media_type.startswith("application/json") else json.loads(body)


DATASET = "/api/v1/datasets/aaaaaaaaaaaa"


def test_the_api_tells_changes_and_their_pages(street: Any) -> None:
    ids = [v.id for v in street.versions]
    told = get(street, f"{DATASET}/changes?from={ids[0]}&to={ids[2]}&limit=5")
    wanted = expected(street.tables[0], street.tables[2])
    assert (told["added"], told["removed"], told["changed"]) == tuple(len(wanted[w]) for w in What)
    assert (told["from"], told["to"], told["key"]) == (ids[0], ids[2], ["code"])
    assert len(told["changes"]) == 5
    assert "offset=5" in told["links"]["next"]
    last = get(street, f"{DATASET}/changes")  # from the one before to the current one
    assert (last["from"], last["to"]) == (ids[1], ids[2])
    changed = get(street, f"{DATASET}/changes?only=changed&limit=1")["changes"][0]
    assert set(next(iter(changed["cells"].values()))) == {"before", "after"}
    assert get(street, f"{DATASET}/changes?only=other", 400)["error"]["parameter"] == "only"
    first = get(street, f"{DATASET}/changes?to=1")
    assert (first["from"], first["to"], first["added"], first["changes"]) == (ids[0], ids[0], 0, [])


def test_an_old_version_gives_its_own_rows_by_every_dialect(street: Any) -> None:
    old = street.versions[0].id
    told = get(street, f"{DATASET}/records?version={old}&limit=1")
    assert (told["version"], told["total"]) == (old, 400)
    assert len(get(street, f"{DATASET}/exports/csv?version={old}").splitlines()) == 401
    count = get(street, f"{DATASET}/aggregates?version={old}")["groups"]
    assert count == [{"count": 400}]
    base = "/api/explore/v2.1/catalog/datasets/aaaaaaaaaaaa"
    assert get(street, f"{base}/records?version={old}", dialect=ods)["total_count"] == 400
    assert get(street, f"{base}/records", dialect=ods)["total_count"] == len(street.tables[2])


def test_the_feed_says_what_each_version_changed(street: Any) -> None:
    cache = Cache()
    body = get(street, f"{DATASET}/changes.atom", cache=cache)
    root = etree.fromstring(body)
    space = {"a": "http://www.w3.org/2005/Atom"}
    entries = root.findall("a:entry", space)
    assert len(entries) == 3
    wanted = expected(street.tables[1], street.tables[2])
    summary = entries[0].findtext("a:summary", None, space)
    assert summary == "Lignes ajoutées : {} ; retirées : {} ; changées : {}.".format(*(len(wanted[w]) for w in What))
    assert entries[2].findtext("a:summary", None, space) == "Première version : 400 lignes."
    assert get(street, f"{DATASET}/changes.atom", cache=cache) == body


def test_a_withdrawn_version_is_gone_with_its_reason(tmp_path: Any, making: Any) -> None:
    folder = Folder(tmp_path / "data")
    rows = [{n: r[n] for n in KINDS} for r in making.trees(30)]
    versions = [
        making.put(folder, making.protected(tmp_path / f"{n}.parquet", KINDS, rows[n:]), "aaaaaaaaaaaa", number=n + 1)
        for n in range(2)
    ]
    shelf.withdraw(folder, "aaaaaaaaaaaa", "Une adresse de trop", making.NOW, versions[0].id)
    pool = Pool(folder, workers=1)
    held = SimpleNamespace(catalogue=making.Catalogue(folder), pool=pool)
    try:
        for path in (f"records?version={versions[0].id}", f"exports/csv?version={versions[0].id}",
                     f"changes?from={versions[0].id}"):  # fmt: skip
            error = get(held, f"{DATASET}/{path}", 410)["error"]
            assert error["reason"] == "Une adresse de trop"
        base = "/api/explore/v2.1/catalog/datasets/aaaaaaaaaaaa"
        told = get(held, f"{base}/records?version={versions[0].id}", 410, dialect=ods)
        assert "Une adresse de trop" in told["message"]
    finally:
        pool.close()
