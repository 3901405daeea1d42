"""Programs that others wrote, against a running portal: what they know of their own system must be true of ours.

Where each of them lies, ``tests/programs.py`` says; one that is absent skips its test, loudly.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ckanapi import CKANAPIError, NotAuthorized, NotFound, RemoteCKAN
from tests import programs
from tests.portal.conftest import MEASURES

from parvis.store import ready
from parvis.store.folder import Folder
from parvis_portal.catalogue import jobs as cataloguing
from parvis_portal.intake import pushed
from parvis_portal.intake.models import Door, Draft
from parvis_portal.people import actions as people

pytestmark = pytest.mark.django_db(transaction=True)


def read_by(module: str, script: str, *told: str) -> Any:
    """Run a script that needs a module, and return the JSON it prints."""
    return printed([programs.python_with(module), "-W", "ignore", "-c", script, *told])


def printed(command: list[str], **more: Any) -> Any:
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, **more)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def read_by_node(package: str, script: str, work: Path, *told: str) -> Any:
    node, modules = programs.node_with(package)
    path = work / "read.mjs"
    path.write_text(script, "utf-8")
    return printed([node, str(path), modules, *told])


@pytest.fixture
def dataset(released: Callable[..., Draft]) -> Any:
    found = released().dataset
    assert found is not None
    return found


def test_ckanapi_lists_finds_and_reads_what_is_published(live_server: Any, dataset: Any) -> None:
    with RemoteCKAN(live_server.url, user_agent="essai") as site:
        assert site.action.site_read() is True
        assert site.action.package_list() == [dataset.slug]
        package = site.action.package_show(id=dataset.slug)
        assert package["id"] == dataset.pk
        found = site.action.package_search(q="arbres", fq="organization:fontclaire", rows=5)
        assert found["count"] == 1
        (table,) = [r["id"] for r in package["resources"] if r["datastore_active"]]
        rows = site.action.datastore_search(resource_id=table, limit=5, sort="_id desc")
        assert rows["total"] == 12
        assert [r["_id"] for r in rows["records"]] == [12, 11, 10, 9, 8]
        with pytest.raises(NotFound):
            site.action.package_show(id="rien")
        with pytest.raises(NotAuthorized):
            site.action.package_create(name="x")
        with pytest.raises(CKANAPIError):
            site.action.nothing()


def test_the_command_of_ckanapi_takes_the_catalogue_away(live_server: Any, dataset: Any) -> None:
    command = programs.command("ckanapi")
    here = {
        **os.environ,
        "PATH": f"{Path(command).parent}{os.pathsep}{os.environ['PATH']}",
    }  # it starts itself by its name
    listed = printed([command, "action", "package_list", "-j", "-r", live_server.url], env=here)
    assert listed == [dataset.slug]
    taken = printed([command, "dump", "datasets", "--all", "-r", live_server.url], env=here)
    assert (taken["name"], taken["organization"]["name"]) == (dataset.slug, "fontclaire")


def test_extruct_reads_the_dataset_in_its_page(live_server: Any, dataset: Any) -> None:
    script = (
        "import sys, json, urllib.request, extruct\n"
        "page = urllib.request.urlopen(sys.argv[1]).read().decode()\n"
        "told = extruct.extract(page, base_url=sys.argv[1], syntaxes=['json-ld', 'opengraph', 'rdfa'])\n"
        "print(json.dumps(told))"
    )
    told = read_by("extruct", script, f"{live_server.url}/donnees/{dataset.slug}/")
    (found,) = [d for d in told["json-ld"] if d["@type"] == "Dataset"]
    assert found["name"] == dataset.described.title
    assert 50 <= len(found["description"]) <= 5000
    assert found["license"].startswith("https://") and found["isAccessibleForFree"] is True
    assert {"CSV", "GeoJSON"} <= {d["name"].split()[0] for d in found["distribution"]}
    assert all(d["contentUrl"].startswith("http") for d in found["distribution"])
    assert found["includedInDataCatalog"]["@type"] == "DataCatalog"
    assert len(found["variableMeasured"]) >= 6


def test_feedparser_reads_both_feeds_without_a_complaint(live_server: Any, dataset: Any) -> None:
    script = (
        "import sys, json, feedparser\n"
        "told = [feedparser.parse(a) for a in sys.argv[1:]]\n"
        "print(json.dumps([[bool(f.bozo), f.version, [[e.title, e.link, bool(e.get('updated') or e.get('published'))]"
        " for e in f.entries]] for f in told]))"
    )
    addresses = [f"{live_server.url}/donnees/{name}.xml" for name in ("atom", "rss")]
    changes = f"{live_server.url}/api/v1/datasets/{dataset.pk}/changes.atom"
    atom, rss, changed = read_by("feedparser", script, *addresses, changes)
    for bozo, version, entries in (atom, rss):
        assert not bozo and version in ("atom10", "rss20")
        assert [(title, dated) for title, _, dated in entries] == [(dataset.described.title, True)]
        assert entries[0][1].endswith(f"/donnees/{dataset.slug}/")
    assert not changed[0] and len(changed[2]) == 1


def test_sickle_harvests_every_form(live_server: Any, dataset: Any) -> None:
    script = (
        "import sys, json\nfrom sickle import Sickle\n"
        "oai = Sickle(sys.argv[1])\n"
        "forms = [f.metadataPrefix for f in oai.ListMetadataFormats()]\n"
        "dc = list(oai.ListRecords(metadataPrefix='oai_dc'))\n"
        "print(json.dumps({'name': oai.Identify().repositoryName, 'forms': forms, 'titles': [r.metadata['title'] for r in dc],\n"
        "  'counts': [len(list(oai.ListIdentifiers(metadataPrefix=f))) for f in forms]}))"
    )
    told = read_by("sickle", script, f"{live_server.url}/oai")
    assert told["titles"] == [[dataset.described.title]]
    assert "oai_dc" in told["forms"] and set(told["counts"]) == {1}


def test_pandas_reads_the_same_rows_by_every_dialect(live_server: Any, dataset: Any) -> None:
    script = (
        "import sys, json, io, urllib.request, pandas\n"
        "base, pk, slug = sys.argv[1:]\n"
        "def js(path, *keys):\n"
        "    told = json.load(urllib.request.urlopen(base + path))\n"
        "    for key in keys:\n        told = told[key]\n"
        "    return pandas.DataFrame(told)\n"
        "explore, native = f'{base}/api/explore/v2.1/catalog/datasets/{slug}', f'{base}/api/v1/datasets/{pk}'\n"
        "found = {\n"
        "  'native csv': pandas.read_csv(f'{native}/exports/csv'),\n"
        "  'native excel': pandas.read_csv(f'{native}/exports/csv?profile=excel', sep=';', decimal=','),\n"
        "  'native json': pandas.read_json(f'{native}/exports/json'),\n"
        "  'native jsonl': pandas.read_json(f'{native}/exports/jsonl', lines=True),\n"
        "  'native records': js(f'/api/v1/datasets/{pk}/records?limit=100', 'records'),\n"
        "  'explore csv': pandas.read_csv(f'{explore}/exports/csv', sep=';'),\n"
        "  'explore json': pandas.read_json(f'{explore}/exports/json'),\n"
        "  'explore records': js(f'/api/explore/v2.1/catalog/datasets/{slug}/records?limit=100', 'results'),\n"
        "  'download': pandas.read_csv(f'{base}/explore/dataset/{slug}/download/?format=csv', sep=';'),\n"
        "  'tabular': js(f'/api/resources/{pk}/data/?page_size=50', 'data'),\n"
        "  'tabular csv': pandas.read_csv(f'{base}/api/resources/{pk}/data/csv/'),\n"
        "  'dump': pandas.read_csv(f'{base}/datastore/dump/{pk}'),\n"
        "}\n"
        "height = next(c for c in found['native csv'].columns if c.startswith('hauteur'))\n"
        "told = {n: [len(t), float(t[height if height in t.columns else next(c for c in t.columns if 'auteur' in c)].sum())]\n"
        "        for n, t in found.items()}\n"
        "print(json.dumps(told))"
    )
    told = read_by("pandas", script, live_server.url, dataset.pk, dataset.slug)
    assert len(told) == 12
    for name, (rows, height) in told.items():
        assert (rows, height) == (12, pytest.approx(4 * (8.5 + 6.5 + 14.5))), name


def test_frictionless_finds_the_package_and_its_rows_valid(live_server: Any, dataset: Any) -> None:
    script = (
        "import sys, json\nfrom frictionless import Package\n"
        "package = Package(sys.argv[1])\n"
        "report = package.validate()\n"
        "print(json.dumps({'valid': report.valid, 'errors': report.flatten(['type', 'note'])[:5],\n"
        "  'rows': {r.name: t.stats.get('rows') for r, t in zip(package.resources, report.tasks)}}))"
    )
    told = read_by("frictionless", script, f"{live_server.url}/dataset/{dataset.pk}/datapackage.json")
    assert told["valid"], told["errors"]
    assert 12 in told["rows"].values()


def test_rdflib_reads_the_same_catalogue_in_every_form(live_server: Any, dataset: Any) -> None:
    script = (
        "import sys, json, urllib.request, rdflib\n"
        "forms = {'xml': 'xml', 'ttl': 'turtle', 'jsonld': 'json-ld', 'n3': 'n3', 'nt': 'nt'}\n"
        "def graph(name, form):\n"
        "    return rdflib.Graph().parse(data=urllib.request.urlopen(f'{sys.argv[1]}/{name}').read(), format=form)\n"
        "told = {s: len(graph(f'catalog.{s}', f)) for s, f in forms.items()}\n"
        "one = {s: len(graph(f'dataset/{sys.argv[2]}.{s}', f)) for s, f in forms.items()}\n"
        "accepted = {}\n"
        "for kind, form in (('text/turtle', 'turtle'), ('application/rdf+xml', 'xml'), ('application/ld+json', 'json-ld')):\n"
        "    asked = urllib.request.Request(f'{sys.argv[1]}/catalog', headers={'Accept': kind})\n"
        "    accepted[kind] = len(rdflib.Graph().parse(data=urllib.request.urlopen(asked).read(), format=form))\n"
        "print(json.dumps([told, one, accepted]))"
    )
    told, one, accepted = read_by("rdflib", script, live_server.url, dataset.pk)
    assert len(set(told.values())) == len(set(one.values())) == 1 and min(told.values()) > 30
    assert set(accepted.values()) == set(told.values())


def test_ogc_client_reads_the_api_and_the_wfs(live_server: Any, dataset: Any, tmp_path: Path) -> None:
    script = (
        "const [modules, base, id] = process.argv.slice(2);\n"
        "const { OgcApiEndpoint, WfsEndpoint } = await import(`${modules}/@camptocamp/ogc-client/dist/dist-node.js`);\n"
        "const api = new OgcApiEndpoint(`${base}/ogc`);\n"
        "const wfs = await new WfsEndpoint(`${base}/ogc/wfs`).isReady();\n"
        "const type = wfs.getFeatureTypes()[0];\n"
        "const told = {\n"
        "  title: (await api.info).title, features: await api.hasFeatures, collections: await api.featureCollections,\n"
        "  info: (await api.getCollectionInfo(id)).title, items: (await api.getCollectionItems(id, 5)).length,\n"
        "  url: await api.getCollectionItemsUrl(id, { limit: 3, asJson: true }),\n"
        "  version: wfs.getVersion(), type: type.title, total: (await wfs.getFeatureTypeFull(type.name)).objectCount,\n"
        "  json: wfs.supportsJson(type.name), get: wfs.getFeatureUrl(type.name, { maxFeatures: 2, asJson: true }),\n"
        "};\n"
        "told.got = (await (await fetch(told.get)).json()).features.length;\n"
        "told.page = (await (await fetch(told.url)).json()).features.length;\n"
        "console.log(JSON.stringify(told));\n"
    )
    told = read_by_node("@camptocamp/ogc-client", script, tmp_path, live_server.url, dataset.pk)
    assert told["features"] and told["collections"] == [dataset.pk]
    assert told["info"] == told["type"] == dataset.described.title
    assert (told["items"], told["page"], told["got"], told["total"]) == (5, 3, 2, 12)
    assert told["json"] and told["version"] == "2.0.0"


def test_opendatasoft_s_own_client_reads_what_it_reads_there(live_server: Any, dataset: Any, tmp_path: Path) -> None:
    script = (
        "const [modules, domain, slug, key] = process.argv.slice(2);\n"
        "const ods = (await import(`${modules}/@opendatasoft/api-client/dist/umd/index.umd.js`)).default;\n"
        "const { ApiClient, fromCatalog, field, string, all } = ods;\n"
        "const client = new ApiClient({ domain, apiKey: key || undefined });\n"
        "const here = () => fromCatalog().dataset(slug);\n"
        "const records = await client.get(here().records().where(\"quartier = 'Gare'\").select('espece, hauteur_m').limit(2));\n"
        "const groups = await client.get(here().records().select('count(*) as n').groupBy('quartier').orderBy('quartier'));\n"
        "const both = await client.get(here().records().where(all(\"quartier = 'Gare'\", 'hauteur_m > 100')));\n"
        "const told = { datasets: (await client.get(fromCatalog().datasets())).total_count, records, groups: groups.results,\n"
        "  none: both.total_count, facets: (await client.get(here().facets().facet('quartier'))).facets[0].facets.length,\n"
        "  title: (await client.get(here().itself())).metas.default.title, faults: [] };\n"
        "for (const wrong of [fromCatalog().dataset('rien').itself(), here().records().where('rien = 1')]) {\n"
        "  try { await client.get(wrong); } catch (e) { told.faults.push(e.response.status); } }\n"
        "try { await new ApiClient({ domain, apiKey: 'faux' }).get(fromCatalog().datasets()); }\n"
        "catch (e) { told.faults.push(e.response.status); }\n"
        "console.log(JSON.stringify(told));\n"
    )
    _, key = people.make_token(dataset.organisation.memberships.first().user, "essai")
    for given in ("", key):
        told = read_by_node("@opendatasoft/api-client", script, tmp_path, live_server.url, dataset.slug, given)
        assert told["datasets"] == 1 and told["title"] == dataset.described.title
        assert told["records"]["total_count"] == 4 and len(told["records"]["results"]) == 2
        assert {g["quartier"]: g["n"] for g in told["groups"]} == {"Centre": 4, "Gare": 4, "Les Vergers": 4}
        assert (told["none"], told["facets"]) == (0, 3)
        assert told["faults"] == [404, 400, 401]


def test_odsclient_takes_a_dataset_and_pushes_rows(live_server: Any, dataset: Any, town: Any) -> None:
    script = (
        "import sys, json, pandas\nfrom odsclient import ODSClient\n"
        "base, slug, key = sys.argv[1:]\n"
        "client = ODSClient(base_url=base, use_keyring=False)\n"
        "table = client.get_whole_dataframe(slug)\n"
        "rows = pandas.DataFrame([{'capteur': 'C1', 'niveau': 2.5}])\n"
        "sent = client.push_dataset_realtime(slug, rows, push_key=key, format='pandas')\n"
        "print(json.dumps({'rows': len(table), 'columns': list(table.columns), 'sent': str(sent)}))"
    )
    key = pushed.open_door(dataset, town.users["referent"])
    told = read_by("odsclient", script, live_server.url, dataset.slug, key)
    assert told["rows"] == 12 and "Quartier" in told["columns"]
    assert Door.objects.get(dataset=dataset).rows == 1


def test_duckdb_asks_our_parquet_over_http_and_takes_what_it_needs(
    live_server: Any, released: Callable[..., Draft], folder: Path
) -> None:
    dataset = released("mesures.csv", MEASURES).dataset
    assert dataset is not None
    cataloguing.write_files("", lambda *_: None)
    script = (
        "import sys, json, re, pathlib, duckdb, duckdb_extension_httpfs\n"
        "found = pathlib.Path(duckdb_extension_httpfs.__file__).parent.rglob('*.duckdb_extension')\n"
        "base = duckdb.connect()\n"
        "base.load_extension(str(next(found)))\n"
        "parquet, csv = f'{sys.argv[1]}/exports/parquet', f'{sys.argv[1]}/exports/csv'\n"
        "sql = f\"SELECT sum(passages) FROM read_parquet('{parquet}') WHERE passages > 80\"\n"
        "told = '\\n'.join(row[1] for row in base.execute('EXPLAIN ANALYZE ' + sql).fetchall())\n"
        "said = re.search(r'in: ([\\d.]+) (bytes|KiB|MiB)', told)\n"
        "came = float(said[1]) * {'bytes': 1, 'KiB': 1 << 10, 'MiB': 1 << 20}[said[2]]\n"
        "print(json.dumps({'sum': base.execute(sql).fetchone()[0], 'came': came,\n"
        "  'csv': base.execute(f\"SELECT count(*), max(poids) FROM read_csv('{csv}')\").fetchone()}))"
    )
    told = read_by("duckdb_extension_httpfs", script, f"{live_server.url}/api/v1/datasets/{dataset.pk}")
    assert told["sum"] == sum(n % 89 for n in range(12_000) if n % 89 > 80)
    assert told["csv"] == [12_000, max(round((n * 71) % 9973 / 7, 4) for n in range(12_000))]
    dataset.refresh_from_db()
    assert dataset.current is not None
    found = ready.of(Folder(folder), dataset.current.version_id)["parquet"]
    assert 0 < told["came"] < found.size / 2, (told, found.size)
