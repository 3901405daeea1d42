"""Answers kept in memory: a version never changes, so what was answered of it stays true until it is forgotten."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import field

from parvis.frozen import dataclass

BUDGET = 64 << 20  # bytes of all the answers kept
SHARE = 8  # one answer takes at most the budget divided by this
OVERHEAD = 600  # bytes that an answer costs beside its body


@dataclass(frozen=True, slots=True)
class Answer:
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class Cache:
    """The last answers asked for, by version and question, within a budget of bytes. Usable from several threads."""

    def __init__(self, budget: int = BUDGET) -> None:
        self.budget = budget
        self.size = self.hits = self.misses = 0
        self._kept: OrderedDict[tuple[str, str], Answer] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, version: str, question: str) -> Answer | None:
        """Return the answer to a question about a version, or None when it is not kept."""
        with self._lock:
            found = self._kept.get((version, question))
            if found is None:
                self.misses += 1
            else:
                self.hits += 1
                self._kept.move_to_end((version, question))
            return found

    def put(self, version: str, question: str, answer: Answer) -> None:
        """Keep an answer; the longest unasked leave to make room. One too large for the budget is not kept."""
        cost = _cost(answer)
        if cost > self.budget // SHARE:
            return
        with self._lock:
            self._drop((version, question))
            self._kept[version, question] = answer
            self.size += cost
            while self.size > self.budget:
                self._drop(next(iter(self._kept)))

    def forget(self, version: str) -> int:
        """Drop all that is kept of a version, for one that was withdrawn, and return how many answers left."""
        with self._lock:
            gone = [key for key in self._kept if key[0] == version]
            for key in gone:
                self._drop(key)
        return len(gone)

    def __len__(self) -> int:
        return len(self._kept)

    def _drop(self, key: tuple[str, str]) -> None:
        old = self._kept.pop(key, None)
        if old is not None:
            self.size -= _cost(old)


def _cost(answer: Answer) -> int:
    return len(answer.body) + sum(len(n) + len(v) for n, v in answer.headers.items()) + OVERHEAD
