"""What files of lines must say, written row by row in plain Python from the rows of a page: slow, and held to be right."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from parvis.values import Kind

PLACE = "\x1fplace"
_FORMULA = re.compile(r"^[=+\-@\t\r\n＝＋－＠]")
_PLAIN_NUMBER = re.compile(r"^[+-]?[\d\s.,]+$")
Row = Mapping[str, Any]


def csv(rows: Iterable[Row], heads: Sequence[str], kinds: Mapping[str, Kind], delimiter: str, every: bool) -> str:
    def cell(text: str) -> str:
        quoted = every or any(sign in text for sign in (delimiter, '"', "\n", "\r"))
        return '"' + text.replace('"', '""') + '"' if quoted else text

    lines = [delimiter.join(cell(harmless(h)) for h in heads)]
    for row in rows:
        said = [(n, v, kinds[n] in (Kind.TEXT, Kind.GEOMETRY)) for n, v in row.items()]
        lines.append(
            delimiter.join(
                "" if v is None else cell(_said(v, text)) if text or delimiter in _said(v, text) else _said(v, text)
                for _, v, text in said
            )
        )
    return "".join(f"{line}\r\n" for line in lines)


def harmless(text: str) -> str:
    return f"'{text}" if _FORMULA.match(text) and not _PLAIN_NUMBER.match(text) else text


def _said(value: Any, text: bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        if "lon" in value:
            return f"{value['lat']}, {value['lon']}"
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else repr(value)
    return harmless(str(value)) if text else str(value)


def objects(rows: Iterable[Row]) -> list[dict[str, Any]]:
    return [{n: _shown(v) for n, v in row.items()} for row in rows]


def _shown(value: Any) -> Any:
    if isinstance(value, dict) and "type" in value:
        return {"type": "Feature", "geometry": value, "properties": {}}
    return value


def features(rows: Iterable[Row], place: Callable[[Row], Any], kept: Callable[[str], bool]) -> list[dict[str, Any]]:
    return [
        {"type": "Feature", "geometry": place(row), "properties": {n: v for n, v in row.items() if kept(n)}}
        for row in rows
    ]
