"""French signs never start or end a line alone, and nothing but sentences is touched."""

from __future__ import annotations

import pytest
from django.test import Client

from parvis_portal.site.middleware import typeset


@pytest.mark.parametrize(
    ("page", "wanted"),
    [
        ("<p>Ouvrez « ceci » : oui ?</p>", "<p>Ouvrez «\u00a0ceci\u00a0»\u00a0: oui\u202f?</p>"),
        ("<label>Titre :</label>", "<label>Titre\u00a0:</label>"),
        ("<p>« <b>Halle</b> »</p>", "<p>«\u00a0<b>Halle</b>\u00a0»</p>"),
        ('<a title="a : b ?">x</a>', '<a title="a : b ?">x</a>'),
        ("<script>a ? b : c ;</script>", "<script>a ? b : c ;</script>"),
        ("<textarea>une « note » : ici</textarea>", "<textarea>une « note » : ici</textarea>"),
        ("<td>Mairie : 2 ?</td><p>a : b</p>", "<td>Mairie : 2 ?</td><p>a\u00a0: b</p>"),
    ],
)
def test_sentences_alone_are_typeset(page: str, wanted: str) -> None:
    assert typeset(page) == wanted


@pytest.mark.django_db
def test_a_french_page_is_typeset_and_an_english_one_is_not(client: Client) -> None:
    french = client.get("/accessibilite/").content.decode()
    assert "\u00a0:" in french and int(client.get("/accessibilite/")["Content-Length"]) == len(french.encode())
    assert "\u00a0:" not in client.get("/en/accessibilite/").content.decode()
