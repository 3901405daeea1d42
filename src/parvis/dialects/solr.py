"""The part of Solr's query language that CKAN's clients send as ``q`` and ``fq``, read into a tree and tried on entries.

``organization:x``, ``tags:"x y"``, ``+a:b -c:d``, ``res_format:(CSV OR JSON)``, wildcards, AND, OR, NOT, parentheses and
``metadata_modified:[2026-01-01T00:00:00Z TO *]``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from parvis.frozen import dataclass
from parvis.text import fold

DEPTH, TERMS = 20, 300
_TOKEN = re.compile(
    r"\s*(?:(?P<mark>[()+\-!])|(?P<word>AND|OR|NOT|&&|\|\|)(?=[\s(]|$)|(?P<field>[A-Za-z_][\w.]*):|"
    r'(?P<range>[\[{]\s*(?:"[^"]*"|\S+?)\s+TO\s+(?:"[^"]*"|\S+?)\s*[\]}])|"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<term>(?:[^\s()\[\]{}"\\]|\\.)+))'
)
_RANGE = re.compile(r'([\[{])\s*(?:"([^"]*)"|(\S+?))\s+TO\s+(?:"([^"]*)"|(\S+?))\s*([\]}])')


class SolrError(Exception):
    """A question that cannot be read."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


@dataclass(frozen=True, slots=True)
class Term:
    """A value of a field: a word that may hold * and ?, or a phrase."""

    field: str
    value: str
    phrase: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """A range of a field; None for no bound."""

    field: str
    low: str | None
    high: str | None
    low_in: bool = True
    high_in: bool = True


@dataclass(frozen=True, slots=True)
class Group:
    """All parts of ``must`` hold, none of ``never``, and one of ``any`` when there is some and nothing must."""

    must: tuple[Node, ...] = ()
    never: tuple[Node, ...] = ()
    any: tuple[Node, ...] = ()


Node = Term | Span | Group
Fields = Mapping[str, Callable[[Any], Iterable[str]]]


def read(text: str) -> Node:
    """Return the tree of a filter. Raises: SolrError."""
    reader = _Reader(text)
    node = reader.clauses("", 0, closed=False)
    if reader.left:
        raise SolrError(f"cannot parse '{text[:100]}'")
    return node


def question(text: str) -> tuple[str, Node | None]:
    """Return the words to search and the condition of a ``q``: « arbres », « *:* », « title:arbres »."""
    text = text.strip()
    if text in ("", "*", "*:*"):
        return "", None
    if not re.search(r'[\w.]+:(?=[\w"(\[{*])|(?:^|\s)(?:AND|OR|NOT)(?:\s|$)', text):
        return re.sub(r'["*+()\[\]{}~^\\]', " ", text).strip(), None
    return "", read(text)


def fields(node: Node) -> Iterator[str]:
    """Yield the fields that a tree names."""
    if isinstance(node, Group):
        for part in (*node.must, *node.never, *node.any):
            yield from fields(part)
    elif node.field != "*":
        yield node.field


def straight(nodes: Sequence[Node], known: Mapping[str, str]) -> dict[str, str] | None:
    """Return the catalogue's own filters that say the same as all these conditions, None when it has none."""
    out: dict[str, str] = {}
    for node in nodes:
        parts = node.must if isinstance(node, Group) and not node.never and not node.any else (node,)
        for part in parts:
            if isinstance(part, Term) and part.field == "*":
                continue
            if isinstance(part, Term) and part.field in known and not re.search(r"[*?]", part.value):
                name = known[part.field]
                if out.setdefault(name, part.value) != part.value:
                    return None
            elif (
                isinstance(part, Span)
                and part.field == "metadata_modified"
                and part.low
                and not part.high
                and "since" not in out
            ):
                if not re.fullmatch(r"\d{4}-\d\d-\d\d(?:T[\d:.]+Z?)?", part.low) or not part.low_in:
                    return None
                out["since"] = part.low
            else:
                return None
    return out


def holds(node: Node, entry: Any, known: Fields) -> bool:
    """Return whether an entry meets a condition."""
    if isinstance(node, Group):
        if any(holds(part, entry, known) for part in node.never):
            return False
        if not all(holds(part, entry, known) for part in node.must):
            return False
        return bool(node.must) or not node.any or any(holds(part, entry, known) for part in node.any)
    if node.field == "*":
        return True
    values = [fold(v) for v in known[node.field](entry)]
    if isinstance(node, Span):
        low, high = (fold(b) if b is not None else None for b in (node.low, node.high))
        return any(_within(v, low, high, node) for v in values)
    sought = fold(node.value)
    if node.field in ("title", "notes") and not re.search(r"[*?]", sought):
        return any(sought in v for v in values)
    if re.search(r"[*?]", sought) and not node.phrase:
        pattern = "".join(".*" if s == "*" else "." if s == "?" else re.escape(s) for s in sought)
        return any(re.fullmatch(pattern, v, re.DOTALL) for v in values)
    return sought in values


def _within(value: str, low: str | None, high: str | None, span: Span) -> bool:
    # Moments are compared as written, cut to the same length: both are in UTC.
    if low is not None:
        cut = value[: len(low.rstrip("z"))]
        if cut < low.rstrip("z") or (not span.low_in and cut == low.rstrip("z")):
            return False
    if high is not None:
        cut = value[: len(high.rstrip("z"))]
        if cut > high.rstrip("z") or (not span.high_in and cut == high.rstrip("z")):
            return False
    return True


class _Reader:
    def __init__(self, text: str) -> None:
        self.left = text.strip()
        self._terms = 0

    def _next(self) -> re.Match[str]:
        match = _TOKEN.match(self.left)
        if match is None or not match[0]:
            raise SolrError(f"cannot parse '{self.left[:60]}'")
        return match

    def clauses(self, field: str, depth: int, closed: bool) -> Node:
        """Return the clauses up to the closing parenthesis, or to the end. AND binds what stands on both its sides."""
        if depth > DEPTH:
            raise SolrError("too many parentheses")
        groups: list[list[tuple[str, Node]]] = [[]]  # parts between OR
        joined = sign = ""
        while self.left:
            token = self._next()
            mark, word = token["mark"], token["word"]
            if mark == ")":
                if not closed:
                    raise SolrError("a parenthesis closes nothing")
                self.left = self.left[token.end() :].lstrip()
                return _made(groups)
            if word in ("AND", "&&"):
                joined, self.left = "and", self.left[token.end() :].lstrip()
                continue
            if word in ("OR", "||"):
                joined, self.left = "or", self.left[token.end() :].lstrip()
                groups.append([])
                continue
            if word == "NOT" or mark in ("+", "-", "!"):
                sign = "+" if mark == "+" else "-"
                self.left = self.left[token.end() :].lstrip()
                continue
            node = self._clause(field, depth)
            groups[-1].append((sign, node))
            joined, sign = "", ""
        if closed or joined or sign:
            raise SolrError("the question stops too early")
        return _made(groups)

    def _clause(self, field: str, depth: int) -> Node:
        self._terms += 1
        if self._terms > TERMS:
            raise SolrError("too many terms")
        if self.left.startswith("*:*"):
            self.left = self.left[3:].lstrip()
            return Term("*", "*")
        token = self._next()
        self.left = self.left[token.end() :].lstrip()
        if token["mark"] == "(":
            return self.clauses(field, depth + 1, closed=True)
        if token["field"] is not None:
            return (
                self._clause(token["field"], depth + 1)
                if depth < DEPTH
                else self.clauses(field, depth + 1, closed=True)
            )
        if token["range"] is not None:
            found = _RANGE.fullmatch(token["range"])
            if found is None or not field:
                raise SolrError("a range without a field")
            low, high = found[2] or found[3], found[4] or found[5]
            return Span(
                field, None if low == "*" else low, None if high == "*" else high, found[1] == "[", found[6] == "]"
            )
        if token["quoted"] is not None:
            return Term(field or "title", re.sub(r"\\(.)", r"\1", token["quoted"]), phrase=True)
        if token["term"] is not None:
            return Term(field or "title", re.sub(r"\\(.)", r"\1", token["term"]))
        raise SolrError(f"cannot parse '{token[0][:60]}'")


def _made(groups: Sequence[Sequence[tuple[str, Node]]]) -> Node:
    made = []
    for parts in groups:
        if not parts:
            raise SolrError("nothing stands beside OR")
        must = tuple(n for sign, n in parts if sign != "-")
        never = tuple(n for sign, n in parts if sign == "-")
        made.append(must[0] if len(must) == 1 and not never else Group(must, never))
    return made[0] if len(made) == 1 else Group(any=tuple(made))
