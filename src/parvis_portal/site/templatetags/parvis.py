"""Words and numbers as the pages write them."""

from __future__ import annotations

import datetime as dt
import math
import re
from typing import Any

from django import template
from django.utils import formats, timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from parvis.catalogue.frequencies import FREQUENCIES
from parvis.catalogue.licences import LICENCES
from parvis.catalogue.themes import THEMES
from parvis.text import day as in_words
from parvis.values import Kind, msg

register = template.Library()

KINDS = {
    Kind.TEXT: msg("texte"),
    Kind.INTEGER: msg("nombre entier"),
    Kind.NUMBER: msg("nombre"),
    Kind.BOOLEAN: msg("oui / non"),
    Kind.DATE: msg("date"),
    Kind.DATETIME: msg("date et heure"),
    Kind.TIME: msg("heure"),
    Kind.GEOMETRY: msg("géométrie"),
}


@register.filter
def theme_title(name: str) -> str:
    return _(THEMES[name].title) if name in THEMES else ""


@register.filter
def licence_title(name: str) -> str:
    return _(LICENCES[name].title) if name in LICENCES else name


@register.filter
def frequency_title(name: str) -> str:
    return _(FREQUENCIES[name].title) if name in FREQUENCIES else name


@register.filter
def kind_title(kind: str) -> str:
    return _(KINDS[Kind(kind)])


@register.filter
def meaning_title(name: str) -> str:
    from parvis.plugins import found

    detector = found("parvis.profiling.detectors", "detectors").get(name)
    return _(detector.TITLE) if detector else ""


@register.filter
def day(text: Any) -> str:
    """Return an ISO moment as a day in words: 3 mars 2026, 1er mars 2026."""
    if not text:
        return ""
    moment = text if isinstance(text, dt.date) else dt.datetime.fromisoformat(str(text))
    if get_language() != "fr":
        return str(formats.date_format(moment, "F j, Y"))
    return in_words(timezone.localtime(moment) if isinstance(moment, dt.datetime) and moment.tzinfo else moment)


@register.filter
def thousands(number: Any) -> str:
    """Return a number with its thousands apart by a narrow space (a comma in English)."""
    if number is None or number == "":
        return ""
    sign = "\u202f" if get_language() == "fr" else ","
    if isinstance(number, float):
        whole, point, rest = f"{number:,.6f}".rstrip("0").rstrip(".").partition(".")
        return whole.replace(",", sign) + (("," if get_language() == "fr" else ".") + rest if point and rest else "")
    return f"{int(number):,}".replace(",", sign)


@register.filter
def percent(share: Any) -> str:
    text = f"{math.floor(float(share) * 100 + 1e-9)}"  # 99.9 % is not all
    return f"{text}\u202f%" if get_language() == "fr" else f"{text}%"


@register.filter
def cell(value: Any, kind: str = "") -> str:
    """Return a cell of a table as people read it: 31/12/2025 14:30 in French, 2025-12-31 14:30 in English."""
    if value is None:
        return ""
    if kind in (Kind.DATE, Kind.DATETIME):
        return _moment(str(value))
    if isinstance(value, bool):
        return _("oui") if value else _("non")
    if isinstance(value, int | float):
        return thousands(value) if abs(value) >= 10000 or isinstance(value, float) else str(value)
    return str(value)


_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d:\d\d)(?::(\d\d))?)?")


def _moment(text: str) -> str:
    found = _ISO.match(text)
    if found is None:
        return text
    year, month, day_, hour, second = found.groups()
    said = f"{day_}/{month}/{year}" if get_language() == "fr" else f"{year}-{month}-{day_}"
    if hour is None:
        return said
    return f"{said} {hour}" + (f":{second}" if second and second != "00" else "")


@register.filter
def size(count: Any) -> str:
    """Return a number of bytes in words."""
    value, french = float(count or 0), get_language() == "fr"
    units = ("octets", "ko", "Mo", "Go") if french else ("bytes", "kB", "MB", "GB")
    for unit in units:
        if value < 1000 or unit == units[-1]:
            shown = f"{value:.0f}" if value >= 10 or unit == units[0] else f"{value:.1f}"
            return f"{shown.replace('.', ',') if french else shown}\u202f{unit}"
        value /= 1000
    return ""


@register.simple_tag
def in_french() -> SafeString:
    """Return what says, on an English page, that an element's words are French: titles and cells stay as published."""
    return mark_safe("" if get_language() == "fr" else 'lang="fr"')  # noqa: S308  (constants)


@register.filter
def get(mapping: Any, key: Any) -> Any:
    return mapping.get(key) if hasattr(mapping, "get") else None


@register.simple_tag(takes_context=True)
def with_query(context: Any, **changes: Any) -> SafeString | str:
    """Return this page's query string with some names changed, or taken off when empty."""
    query = context["request"].GET.copy()
    for name, value in changes.items():
        if value in ("", None):
            query.pop(name, None)
        else:
            query[name] = str(value)
    return f"?{query.urlencode()}" if query else "?"
