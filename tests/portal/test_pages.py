"""What the public pages say, to citizens, to search engines and to programs."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils.translation import override
from tests.portal.conftest import Town

from parvis_portal.catalogue import actions
from parvis_portal.intake.models import Draft
from parvis_portal.site import pages
from parvis_portal.site.templatetags import parvis as words_of

GRANTS = (
    "Association;SIRET;Vote;Séance;Montant (€)\n"
    + "".join(f"Club {n:02};0{n:013};{n + 1:02}/03/2025;01/0{1 + n % 9}/2025 18:30;{n * 1000}\n" for n in range(25))
).encode()


def page(path: str) -> str:
    answer = Client().get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def slug_of(draft: Draft) -> str:
    assert draft.dataset is not None
    return draft.dataset.slug


def test_dates_and_sizes_are_written_as_readers_write_them() -> None:
    with override("fr"):
        assert words_of.day("2026-03-01") == "1er mars 2026" and words_of.day("2026-03-12") == "12 mars 2026"
        assert words_of.day("2025-12-31T23:30:00+00:00") == "1er janvier 2026", "midnight is that of Paris"
        assert words_of.cell("2025-06-23", "date") == "23/06/2025"
        assert words_of.cell("2025-06-23T18:30:00", "datetime") == "23/06/2025 18:30"
        assert words_of.cell("2025-06-23", "text") == "2025-06-23", "a text is shown as it is"
        assert words_of.size(2345) == "2,3\u202fko" and words_of.percent(0.999) == "99\u202f%"
    with override("en"):
        assert words_of.cell("2025-06-23T18:30:00", "datetime") == "2025-06-23 18:30"
        assert words_of.size(2345) == "2.3\u202fkB" and words_of.size(12) == "12\u202fbytes"


def test_a_table_shows_french_dates_and_a_reader_filters_by_what_he_sees(released: Callable[..., Draft]) -> None:
    slug = slug_of(released("subventions.csv", GRANTS))
    assert '<td class="short">04/03/2025</td>' in page(f"/donnees/{slug}/")
    found = page(f"/donnees/{slug}/?colonne=vote&valeur=04/03/2025")
    assert "Club 03" in found and "Club 04" not in found


def test_a_page_past_the_end_is_the_last_one(released: Callable[..., Draft]) -> None:
    slug = slug_of(released("subventions.csv", GRANTS))
    told = page(f"/donnees/{slug}/?page=999")
    assert "Club 24" in told and "Page 2 sur 2" in told
    assert "subventions" in page("/donnees/?page=999") and "subventions" in page("/organisations/fontclaire/?page=999")


def test_the_other_language_keeps_what_was_asked(released: Callable[..., Draft]) -> None:
    slug = slug_of(released("subventions.csv", GRANTS))
    assert f'href="/en/donnees/{slug}/?q=club&amp;tri=-vote"' in page(f"/donnees/{slug}/?q=club&tri=-vote")
    assert 'href="/donnees/?q=club"' in page("/en/donnees/?q=club")


def test_an_english_page_says_which_words_are_french(released: Callable[..., Draft]) -> None:
    slug = slug_of(released("subventions.csv", GRANTS))
    english, french = page(f"/en/donnees/{slug}/"), page(f"/donnees/{slug}/")
    assert re.search(r'<h1 lang="fr">', english) and re.search(r'<tbody lang="fr">', english)
    assert 'lang="fr"' not in french.replace('<html lang="fr">', "").replace('hreflang="fr"', "")


def test_a_dataset_is_told_to_search_engines_and_its_words_end_no_script(
    town: Town, released: Callable[..., Draft]
) -> None:
    draft = released("subventions.csv", GRANTS)
    assert draft.dataset is not None
    evil = "</script><script>alert(1)</script><!--"
    current = draft.dataset.current
    assert current is not None
    manifest = current.manifest
    manifest["metadata"]["title"] = evil
    current.manifest = manifest
    current.save()
    said = page(f"/donnees/{slug_of(draft)}/")
    scripts = re.findall(r"<script[^>]*>(.*?)</script>", said, re.DOTALL)
    assert len(scripts) == 2 and scripts[0] == "", "ours, and the description"
    told = json.loads(scripts[1])
    assert told["@type"] == "Dataset" and told["name"] == evil and told["license"].startswith("https://")
    assert {d["name"] for d in told["distribution"]} == {
        "Arrow", "CSV", "DuckDB", "Excel", "JSON", "JSON Lines", "OpenDocument", "Parquet", "SQLite",
        "Fichier d'origine",
    }  # fmt: skip
    assert f'<link rel="canonical" href="http://testserver/donnees/{slug_of(draft)}/">' in said


def test_the_site_map_and_the_feed_are_valid_and_whole(released: Callable[..., Draft]) -> None:
    slug = slug_of(released("subventions.csv", GRANTS))
    space = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9", "x": "http://www.w3.org/1999/xhtml"}
    told = ET.fromstring(page("/sitemap.xml"))
    places = [e.text or "" for e in told.findall("s:url/s:loc", space)]
    for path in ("/", "/en/", f"/donnees/{slug}/", f"/en/donnees/{slug}/", "/organisations/fontclaire/"):
        assert f"http://testserver{path}" in places
    for place in places:
        assert Client().get(place.removeprefix("http://testserver")).status_code == 200, place
    assert len(told.findall("s:url/x:link", space)) == 2 * len(places)
    atom = {"a": "http://www.w3.org/2005/Atom"}
    feed = ET.fromstring(page("/donnees/atom.xml"))
    assert feed.find("a:id", atom) is not None and feed.find("a:updated", atom) is not None
    entry = feed.find("a:entry", atom)
    assert entry is not None and all(entry.find(f"a:{n}", atom) is not None for n in ("id", "title", "updated", "link"))


def test_a_program_gets_the_statements_of_the_very_page_that_it_asks_for(released: Callable[..., Draft]) -> None:
    slug = slug_of(released("subventions.csv", GRANTS))
    for path in (f"/donnees/{slug}/", "/donnees/"):
        told = Client().get(path, headers={"Accept": "text/turtle"})
        assert told.status_code == 200 and told["Content-Type"].startswith("text/turtle")
        assert Client().get(path, headers={"Accept": "text/html"})["Content-Type"].startswith("text/html")
        assert "Accept" in Client().get(path)["Vary"]
    alternates = re.findall(r'<link rel="alternate" type="([^"]+)" href="(/dataset/[^"]+)">', page(f"/donnees/{slug}/"))
    assert len(alternates) == 5
    for kind, address in alternates:
        assert Client().get(address)["Content-Type"].startswith(kind)


def test_the_catalogue_of_harvesters_and_the_news_as_rss_name_each_dataset(released: Callable[..., Draft]) -> None:
    draft = released("subventions.csv", GRANTS)
    assert draft.dataset is not None
    for path in ("/catalog.ttl", "/catalog.xml", "/catalog.jsonld", "/oai?verb=ListIdentifiers&metadataPrefix=oai_dc"):
        assert draft.dataset.pk in page(path), path
    assert draft.dataset.slug in page("/catalog.csv")
    news = ET.fromstring(page("/donnees/rss.xml"))
    assert news.findtext("channel/item/link") == f"http://testserver/donnees/{draft.dataset.slug}/"
    asked = Client(enforce_csrf_checks=True).post("/oai", {"verb": "Identify"})  # the protocol lets one ask by a form
    assert b"<protocolVersion>2.0</protocolVersion>" in asked.content


def test_no_word_makes_the_feed_unreadable() -> None:
    root = ET.Element("root")
    pages._say(root, "title", "a\x00b\x0bc\ufffed\uffffe\ud800f\U0001f333")
    told = ET.fromstring(ET.tostring(root, encoding="utf-8"))
    assert told[0].text == "abcdef\U0001f333"


def test_codes_keep_their_zeros_in_the_examples_of_programs(released: Callable[..., Draft]) -> None:
    slug = slug_of(released("subventions.csv", GRANTS))
    codes = [unescape(c) for c in re.findall(r"<pre[^>]*><code>(.*?)</code>", page(f"/donnees/{slug}/"), re.DOTALL)]
    assert 'dtype={"siret": str}' in codes[1] and 'colClasses = c(siret = "character")' in codes[2]
    assert codes[0].startswith("curl -s 'http") and "r.association" in codes[3]


def test_a_withdrawn_dataset_says_why_in_the_reader_s_language(town: Town, released: Callable[..., Draft]) -> None:
    from django.conf import settings

    from parvis.store.folder import Folder

    draft = released("subventions.csv", GRANTS)
    assert draft.dataset is not None
    actions.withdraw(
        Folder(settings.DATA),
        draft.dataset,
        "Fichier de 2024 publié par erreur.",
        by=None,
        now="2026-01-01T00:00:00+00:00",
    )
    answer = Client().get(f"/donnees/{slug_of(draft)}/")
    assert answer.status_code == 410 and "Fichier de 2024 publié par erreur." in answer.content.decode()
    assert b"canonical" not in answer.content


@pytest.mark.parametrize("count", [3, 9, 12])
def test_a_long_facet_shows_its_first_choices_and_folds_the_others(
    town: Town, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    from parvis.web import Listing
    from parvis_portal.catalogue import queries

    choices = [(f"parvis/essai-{n}", count - n) for n in range(count)]
    monkeypatch.setattr(queries, "listing", lambda *a, **k: Listing((), 0, {"schema": choices}))
    told: Any = page("/donnees/")
    assert told.count("Tout voir") == (2 if count > 9 else 0), "once for each width"
    assert told.count("parvis/essai-0") and told.count("<ul") == told.count("</ul>")
    assert told.count("<details") == told.count("</details>")


def test_the_page_of_the_api_is_written_in_each_language(town: Town) -> None:
    from parvis.dialects import openapi
    from parvis.values import Function

    french = page("/api-docs/")
    assert "<code>GET /api/v1/datasets/{dataset}/records</code>" in french and "<code>group</code>" in french
    assert "`" not in re.sub(r"<pre.*?</pre>", "", french, flags=re.DOTALL)
    assert all(f"`{name}`" in openapi.PARAMETERS["aggregates"].description for name in Function)
