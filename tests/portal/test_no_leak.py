"""No private row for who may not see it: people × dialects × questions at random, and a canary in each private table.

``PARVIS_EXAMPLES`` says how many (100,000 for the whole promise), ``PARVIS_SEED`` where the drawing begins. The public table
has its own mark, which every dialect must show: what finds nothing proves nothing.
"""

from __future__ import annotations

import io
import json
import os
import random
import re
import time
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from django.core.wsgi import get_wsgi_application
from tests.portal.conftest import PASSWORD, Town

from parvis.dialects import ckan, dcat, oai
from parvis.store.export import FORMATS
from parvis.store.folder import Folder
from parvis_portal.api.front import Front
from parvis_portal.api.rows import Rows
from parvis_portal.catalogue import actions as cataloguing
from parvis_portal.intake.models import Draft, Submission
from parvis_portal.people import actions as people
from parvis_portal.people.models import Role

EXAMPLES, SEED = int(os.environ.get("PARVIS_EXAMPLES", "2500")), int(os.environ.get("PARVIS_SEED", "1"))
# The mark of each table; a row holds it with a number, so that a question that is echoed is no leak.
PUBLIC, WAITING, RESERVED, WITHDRAWN, FORMER, ELSEWHERE = (
    "Mirabellune",
    "Quetzalbrindille",
    "Zibelisandre",
    "Ornithogalune",
    "Capuchordine",
    "Valdemésange",
)
OURS = ("agent", "referent", "administrator")
OWN = (WAITING, RESERVED, FORMER)
ABROAD = (ELSEWHERE,)
ROW = re.compile(rf"({'|'.join((PUBLIC, *OWN, WITHDRAWN, *ABROAD))})(?: |\+|%20)\d".encode())
DIALECTS = ("native", "ods", "ods 1", "tabular", "ckan", "ogc", "wfs", "mcp")


def table(mark: str) -> bytes:
    rows = "".join(f"{mark} {n};{n};{2 + n / 100:.2f};{48 + n / 100:.2f}\n" for n in range(30))
    return f"Objet;Montant;Longitude;Latitude\n{rows}".encode()


class Draw:
    """Questions at random: addresses of every dialect, with names that were guessed and conditions right or wrong."""

    def __init__(self, seed: int, names: list[str], public: str) -> None:
        self.rng, self.names, self.public = random.Random(seed), names, public

    def one(self) -> tuple[str, str, str, bytes]:
        """Return the dialect, the method, the address and the body of a question."""
        dialect = self.rng.choice([*DIALECTS, "dcat", "page"])
        address, body = getattr(self, f"_{dialect.replace(' ', '_')}")()
        method = "POST" if body else self.rng.choice(["GET"] * 18 + ["HEAD", "OPTIONS"])
        return dialect, method, address, body

    def _pick(self, *values: str) -> str:
        return self.rng.choice(values)

    def _name(self) -> str:
        if self.rng.random() < 0.35:
            return self.public
        name = self.rng.choice(self.names)
        turn = self.rng.random()
        if turn < 0.04:
            return f"{self.public}%2F..%2F{name}"
        if turn < 0.08:
            return f"..%2F..%2Fobjects%2F{name[:2]}%2F{name}"
        return quote(name.upper() if turn < 0.1 else name, safe="")

    def _word(self) -> str:
        mark = self._pick(PUBLIC, WAITING, RESERVED, WITHDRAWN, FORMER, ELSEWHERE)
        return self._pick(mark[:5], mark, "a", "", "1", "*", "%", mark[:3].upper(), "'", "é\x00")

    def _value(self) -> str:
        return self._pick(
            "0", "12", "-1", "1e9", "NaN", "null", f"'{self._word()}'", "true", "now()", "(1,2)", "montant", "objet"
        )

    def _condition(self, depth: int = 0) -> str:
        if depth < 2 and self.rng.random() < 0.4:
            word = self._pick(" and ", " or ", " AND NOT ")
            return f"({self._condition(depth + 1)}{word}{self._condition(depth + 1)})"
        column = self._pick(
            "objet", "montant", "longitude", "rowid", "__line", "*", "Objet", "sqlite_master", "file_row_number"
        )
        operator = self._pick(
            "=", ">", "<=", "!=", " in ", " like ", " contains ", " is null ", " ~ ", "=1 union select "
        )
        return f"{column}{operator}{self._value()}"

    def _broken(self, text: str) -> str:
        if self.rng.random() < 0.15 and text:
            place = self.rng.randrange(len(text))
            return text[:place] + self._pick("'", "(", ")", ";", "--", "\x00", "%", '"', "{") + text[place + 1 :]
        return text

    def _query(self, choices: dict[str, list[str]]) -> str:
        names = self.rng.sample(sorted(choices), min(self.rng.randint(0, 3), len(choices)))
        parts = [f"{name}={quote(self._broken(self.rng.choice(choices[name])), safe='')}" for name in names]
        if self.rng.random() < 0.1:
            parts.append(f"version={self._name()}")
        return "&".join(parts)

    def _native(self) -> tuple[str, bytes]:
        here = f"/api/v1/datasets/{self._name()}"
        if self.rng.random() < 0.3:
            here += f"/versions/{self._name()}"
        tail = self._pick(
            "/records",
            "/records",
            "/aggregates",
            "",
            "/versions",
            "/changes",
            "/feed",
            f"/exports/{self._pick(*FORMATS)}",
        )
        told = {
            "where": [self._condition()],
            "q": [self._word()],
            "select": ["objet", "montant,objet", "__line"],
            "order": ["-montant"],
            "group": ["objet"],
            "aggregates": ["count", "sum(montant)", "min(objet)"],
            "limit": ["1", "1000", "-1"],
            "offset": ["0", "5"],
            "from": [self._name()],
            "to": [self._name()],
            "cursor": ["e30"],
        }
        return f"{here}{tail}?{self._query(told)}", b""

    def _ods(self) -> tuple[str, bytes]:
        base = self._pick("/api/explore/v2.1", "/api/explore/v2.0", "/api/v2") + "/catalog"
        tail = self._pick(
            "/records",
            "/records",
            "/facets",
            f"/exports/{self._pick('csv', 'json', 'geojson', 'xlsx', 'rdf')}",
            "",
            f"/records/{self._name()}",
            "/attachments",
        )
        told = {
            "where": [
                self._condition(),
                f'search(*, "{self._word()}")',
                "within_distance(geo_point_2d, geom'POINT(2 48)', 900km)",
            ],
            "select": ["objet", "count(*)", "*, montant*2 as b", "min(objet) as m"],
            "group_by": ["objet", "montant"],
            "order_by": ["montant desc", "random(1)"],
            "limit": ["1", "100", "-1"],
            "offset": ["0", "9990"],
            "q": [self._word()],
            "refine": [f"objet:{self._word()}"],
            "facet": ["objet"],
            "apikey": ["x" * 40],
            "lang": ["fr"],
        }
        here = f"{base}/datasets" if self.rng.random() < 0.1 else f"{base}/datasets/{self._name()}{tail}"
        return f"{here}?{self._query(told)}", b""

    def _ods_1(self) -> tuple[str, bytes]:
        name = self._name()
        here = self._pick(
            "/api/records/1.0/search/",
            "/api/records/1.0/download/",
            "/api/records/1.0/analyze/",
            "/api/records/1.0/geocluster/",
            "/api/records/1.0/boundingbox/",
            "/api/datasets/1.0/search/",
            f"/api/datasets/1.0/{name}/",
            f"/explore/dataset/{name}/download/",
            f"/explore/embed/dataset/{name}/table/",
            f"/api/datasets/1.0/{name}/records/{self._name()}",
        )
        told = {
            "q": [self._word(), f"objet:{self._word()}"],
            "rows": ["10", "1000"],
            "format": ["json", "csv", "geojson"],
            "x": ["objet"],
            "y.a.func": ["COUNT", "MAX"],
            "y.a.expr": ["montant"],
            "facet": ["objet"],
            "sort": ["montant"],
            "refine.objet": [self._word()],
            "geofilter.distance": ["48,2,999999"],
            "callback": ["f"],
        }
        return f"{here}?dataset={name}&{self._query(told)}", b""

    def _tabular(self) -> tuple[str, bytes]:
        tail = self._pick("data/", "data/", "", "profile/", "data/csv/", "data/json/", "swagger/")
        told = {
            "objet__contains": [self._word()],
            "montant__greater": ["1", "x"],
            "objet__sort": ["asc"],
            "page": ["1", "2"],
            "page_size": ["1", "200"],
            "columns": ["objet", "montant,Objet"],
            "objet__groupby": [""],
            "montant__sum": [""],
            "or": [f"(objet__exact.{self._word()},montant__less.3)"],
        }
        return f"/api/resources/{self._name()}/{tail}?{self._query(told)}", b""

    def _ckan(self) -> tuple[str, bytes]:
        if self.rng.random() < 0.15:
            return f"/datastore/dump/{self._name()}?format={self._pick('csv', 'json', 'tsv', 'xml')}", b""
        told = {
            "q": [self._word()],
            "filters": [json.dumps({"objet": self._word()})],
            "limit": ["5", "32000"],
            "sort": ["montant desc"],
            "fields": ["objet", "_id"],
            "distinct": ["true"],
            "fq": [f"name:{self._word()}", "*:*"],
            "include_private": ["true"],
            "include_drafts": ["true"],
            "sql": [f'select * from "{self._name()}"'],
        }
        name = self._name()
        action = self._pick("datastore_search", "datastore_search", "datastore_info", *ckan.ACTIONS)
        return f"/api/3/action/{action}?id={name}&resource_id={name}&{self._query(told)}", b""

    def _ogc(self) -> tuple[str, bytes]:
        tail = self._pick(
            "/items",
            "/items",
            "",
            "/items/1",
            "/queryables",
            "/schema",
            "/tiles",
            "/tilejson.json",
            "/tiles/WebMercatorQuad/0/0/0",
            "/xyz/6/32/21.pbf",
            ".pmtiles",
        )
        told = {
            "bbox": ["-180,-90,180,90", "2,48,3,49", "x"],
            "limit": ["3", "10000"],
            "offset": ["0", "3"],
            "f": ["json", "html"],
            "filter": [self._condition(), "S_INTERSECTS(geometry, BBOX(1,47,4,50))"],
            "sortby": ["-montant"],
            "objet": [self._word()],
            "properties": ["objet"],
            "filter-lang": ["cql2-text", "cql2-json"],
            "crs": ["http://www.opengis.net/def/crs/EPSG/0/2154"],
        }
        return f"/ogc/collections/{self._name()}{tail}?{self._query(told)}", b""

    def _wfs(self) -> tuple[str, bytes]:
        asked = self._pick("GetFeature", "GetFeature", "DescribeFeatureType", "GetCapabilities", "GetPropertyValue")
        told = {
            "count": ["3", "x"],
            "outputFormat": ["application/json"],
            "bbox": ["-180,-90,180,90"],
            "resultType": ["hits"],
            "sortBy": ["montant D"],
            "propertyName": ["objet"],
            "startIndex": ["2"],
            "cql_filter": [self._condition()],
            "filter": [
                f"<Filter><PropertyIsEqualTo><ValueReference>objet</ValueReference><Literal>{self._word()}</Literal>"
                "</PropertyIsEqualTo></Filter>",
                '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
            ],
        }
        types = f"d_{self._name()}"
        return f"/ogc/wfs?service=WFS&version=2.0.0&request={asked}&typeNames={types}&{self._query(told)}", b""

    def _mcp(self) -> tuple[str, bytes]:
        arguments: dict[str, Any] = {"dataset": self._name()}
        tool = self._pick(
            "query_rows",
            "query_rows",
            "describe_dataset",
            "aggregate",
            "search_datasets",
            "draw_chart",
            "read_document",
        )
        if tool == "query_rows":
            arguments |= self.rng.choice([{"where": self._condition()}, {"text": self._word()}, {"limit": 20}, {}])
        elif tool == "search_datasets":
            arguments = {"words": self._word()}
        asked = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}
        return "/mcp", json.dumps(asked).encode()

    def _dcat(self) -> tuple[str, bytes]:
        name, form = self._name(), self._pick(*dcat.FORMS)
        verb, prefix = self._pick("ListRecords", "GetRecord", "ListIdentifiers"), self._pick(*oai.PREFIXES)
        return self._pick(
            f"/catalog.{form}",
            f"/dataset/{name}.{form}",
            "/catalog.csv",
            "/sitemap.xml",
            "/api/v1/datasets",
            f"/oai?verb={verb}&metadataPrefix={prefix}&identifier=oai:testserver:{name}",
        ), b""

    def _page(self) -> tuple[str, bytes]:
        name, word = self._name(), quote(self._word())
        return self._pick(
            f"/donnees/?q={word}",
            f"/donnees/{name}/",
            f"/donnees/{name}/?q={word}",
            f"/en/donnees/{name}/",
            "/",
            "/donnees/flux/",
            f"/mairie/depots/{name}/",
            f"/mairie/brouillons/{name}/",
            "/mairie/",
            f"/explore/dataset/{name}/table/",
            f"/organisations/{name}/",
            f"/donnees/{name}/versions/{self._name()}/",
            "/static/../parvis-data/secret_key",
        ), b""


@pytest.fixture
def marked(
    town: Town, drop: Callable[..., Submission], released: Callable[..., Draft], settings: Any
) -> tuple[list[str], str]:
    """Bring a table in each state; return what can be guessed of the private ones, and the id of the public one."""
    folder = Folder(settings.DATA)
    public = released("public.csv", table(PUBLIC))
    waiting = drop("attente.csv", table(WAITING)).drafts.get()
    reserved = drop("reserve.csv", table(RESERVED)).drafts.get()
    reserved.dataset = cataloguing.reserve(town.organisation, "Réserve")
    reserved.save()
    withdrawn = released("retire.csv", table(WITHDRAWN))
    assert withdrawn.dataset is not None and public.dataset is not None
    version = withdrawn.dataset.releases.get().version_id
    gone = withdrawn.dataset.releases.get().version.object
    cataloguing.withdraw(folder, withdrawn.dataset, "Raison", by=None, now="2026-01-01T00:00:00+00:00")
    former = drop("ancien.csv", table(FORMER)).drafts.get()
    other = people.organisation("ailleurs", name="Ailleurs", insee="58998", email="d@ailleurs.example")
    town.users["foreign agent"] = people.account("a@ailleurs.example", "Autre", PASSWORD, other, Role.AGENT)
    town.users["foreign chief"] = people.account("c@ailleurs.example", "Chef", PASSWORD, other, Role.ADMINISTRATOR)
    abroad = drop("ailleurs.csv", table(ELSEWHERE), other).drafts.get()
    names = [
        reserved.dataset.pk,
        reserved.dataset.slug,
        withdrawn.dataset.pk,
        withdrawn.dataset.slug,
        version,
        gone,
        "1",
        "2",
    ]
    for draft in (waiting, reserved, former, abroad):
        made = draft.prepared
        names += [str(draft.pk), str(draft.submission.pk), made.id, made.parcel.digest, made.parcel.name]
    names += [p.name.split(".")[0] for p in sorted(settings.DATA.rglob("*.parquet"))]
    return names, public.dataset.pk


def ask(application: Any, method: str, address: str, cookie: str, body: bytes) -> tuple[int, bytes]:
    path, _, query = address.partition("?")
    told: list[str] = []
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": _raw(path),
        "QUERY_STRING": query,
        "RAW_URI": address,
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "HTTP_HOST": "127.0.0.1",
        "wsgi.input": io.BytesIO(body),
        "wsgi.url_scheme": "http",
        "wsgi.errors": io.StringIO(),
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": "application/json",
        "HTTP_ACCEPT": "application/json, text/event-stream, */*",
    }
    if cookie:
        environ["HTTP_COOKIE"] = cookie
    answer = application(environ, lambda status, headers, info=None: told.append(status + repr(headers)))
    whole = b"".join(answer)
    if hasattr(answer, "close"):
        answer.close()
    return int(told[0][:3]), told[0].encode() + whole


def _raw(path: str) -> str:
    from urllib.parse import unquote_to_bytes

    return unquote_to_bytes(path).decode("latin-1")


def test_no_private_row_is_told_to_who_may_not_see_it(town: Town, marked: tuple[list[str], str]) -> None:
    names, public = marked
    from django.conf import settings

    application = Front(Rows(get_wsgi_application()), Folder(settings.DATA).stamp, 8 << 20)
    cookies = {"visitor": ""}
    for role in town.users:
        cookies[role] = (
            f"{settings.SESSION_COOKIE_NAME}={town.client(role).cookies[settings.SESSION_COOKIE_NAME].value}"
        )
    draw, seen, statuses = Draw(SEED, names, public), Counter[str](), Counter[int]()
    began = time.process_time()
    for number in range(EXAMPLES):
        dialect, method, address, body = draw.one()
        role = draw.rng.choice(sorted(cookies))
        status, said = ask(application, method, address, cookies[role], body)
        statuses[status] += 1
        assert status < 500 or status in (501, 503), (number, role, method, address, body, status)
        if dialect == "mcp" or b"\\u" in said:
            said += said.decode("unicode_escape", "replace").encode("utf-8", "replace")
        hidden = {"visitor": (*OWN, *ABROAD), "foreign agent": OWN, "foreign chief": OWN}.get(role, ABROAD)
        marks = set(ROW.findall(said)) & {mark.encode() for mark in (*hidden, WITHDRAWN)}
        if address.startswith("/mairie/") and role in OURS:  # whoever brought it there may read it
            marks -= {WITHDRAWN.encode()}
        assert not marks, (number, role, address, body, said[:2000])
        if f"{PUBLIC} 1".encode() in said:
            seen[dialect] += 1
        if b"root:x:0" in said:
            raise AssertionError((number, role, address))
    told = ", ".join(f"{status} {count}" for status, count in sorted(statuses.items()))
    print(
        f"\n{EXAMPLES} examples, seed {SEED}, {time.process_time() - began:.0f} s: {told}; public rows shown by {dict(seen)}"
    )
    if EXAMPLES >= 2000:
        assert not set(DIALECTS) - set(seen), seen
