"""Words and numbers as the pages write them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import template
from django.utils import formats
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from parvis.catalogue.frequencies import FREQUENCIES
from parvis.catalogue.licences import LICENCES
from parvis.catalogue.themes import THEMES
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
    """Return an ISO moment as a day in words: 3 mars 2026."""
    if not text:
        return ""
    moment = text if isinstance(text, dt.date) else dt.datetime.fromisoformat(str(text))
    return str(formats.date_format(moment, "j F Y" if get_language() == "fr" else "F j, Y"))


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
    return f"{round(float(share) * 100)}\u202f%"


@register.filter
def cell(value: Any) -> str:
    """Return a cell of a table as people read it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("oui") if value else _("non")
    if isinstance(value, int | float):
        return thousands(value) if abs(value) >= 10000 or isinstance(value, float) else str(value)
    return str(value)


@register.filter
def size(count: Any) -> str:
    """Return a number of bytes in words."""
    value = float(count or 0)
    for unit in ("octets", "ko", "Mo", "Go"):
        if value < 1000 or unit == "Go":
            shown = f"{value:.0f}" if value >= 10 or unit == "octets" else f"{value:.1f}".replace(".", ",")
            return f"{shown}\u202f{unit}"
        value /= 1000
    return ""


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
