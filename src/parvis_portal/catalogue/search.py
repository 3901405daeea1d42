"""Full-text search: stems of title, description and columns in a table of terms, the same on SQLite and PostgreSQL.

A reader's words must all be found; the last one may be the start of a word. Accents, case and plurals do not count.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter

from django.db.models import Q, QuerySet, Sum

from parvis.catalogue import themes
from parvis.text import fold, stems
from parvis.values import Metadata, Version
from parvis_portal.catalogue.models import Dataset, Term

WEIGHTS = {"title": 10.0, "keywords": 6.0, "theme": 3.0, "producer": 3.0, "description": 2.0, "columns": 1.0}
MOST_WORDS = 8
MOST_TITLES = 3000  # whose words are compared with those that found nothing


def index(dataset: Dataset, metadata: Metadata, version: Version) -> None:
    """Write anew what is searched of a dataset."""
    texts = {
        "title": metadata.title,
        "keywords": " ".join(metadata.keywords),
        "theme": themes.THEMES[metadata.theme].title if metadata.theme in themes.THEMES else "",
        "producer": f"{metadata.producer} {metadata.service} {dataset.organisation.name}",
        "description": metadata.description,
        "columns": " ".join(f"{c.label} {c.description}" for c in version.columns),
    }
    weights: Counter[str] = Counter()
    for part, text in texts.items():
        for stem in set(stems(text)):
            weights[stem[:60]] += WEIGHTS[part]  # type: ignore[assignment]  # weights are floats, Counter says int
    Term.objects.filter(dataset=dataset).delete()
    Term.objects.bulk_create([Term(dataset=dataset, stem=s, weight=w) for s, w in weights.items()])


def find(datasets: QuerySet[Dataset], words: str) -> QuerySet[Dataset]:
    """Return the datasets that hold all the words, best first."""
    wanted = list(dict.fromkeys(stems(words)))[:MOST_WORDS]
    if not wanted:
        return datasets if not words.strip() else datasets.none()
    last = fold(words.rsplit(maxsplit=1)[-1])
    for stem in wanted:
        same = Q(stem=stem[:60])
        if stem == wanted[-1] and len(last) >= 3:
            same |= Q(stem__startswith=stem[:60]) | Q(stem__startswith=last[:60])
        datasets = datasets.filter(pk__in=Term.objects.filter(same).values("dataset_id"))
    held = Q(terms__stem__in=[s[:60] for s in wanted]) | Q(terms__stem__startswith=wanted[-1][:60])
    return datasets.annotate(score=Sum("terms__weight", filter=held)).order_by("-score", "-modified_at", "pk")


def nearest(datasets: QuerySet[Dataset], words: str) -> str:
    """Return what was perhaps meant by words that found nothing (« subvension »), "" when nothing is near."""
    asked = words.split()[:MOST_WORDS]
    titles = datasets.values_list("metadata__title", flat=True)[:MOST_TITLES]
    known = {fold(w): w.lower() for title in titles for w in re.findall(r"[^\W\d_]{4,}", str(title or ""))}
    meant = []
    for word in asked:
        near = difflib.get_close_matches(fold(word)[:40], known, 1, 0.75)
        meant.append(known[near[0]] if near else word)
    said = " ".join(meant)
    return said if meant != asked and find(datasets, said).exists() else ""
