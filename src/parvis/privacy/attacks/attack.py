"""What came of an attack, with its uncertainty. Light: pages show it without the engine."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

from parvis.frozen import dataclass
from parvis.privacy.meanings import SENSITIVE as PROTECTED

# The three criteria of the opinion 05/2014 of the G29.
SINGLING_OUT, LINKABILITY, INFERENCE = "singling_out", "linkability", "inference"
CRITERIA = (SINGLING_OUT, LINKABILITY, INFERENCE)
# What others must not learn of someone, by the meaning of a column.
SENSITIVE = frozenset({*PROTECTED, "religion", "opinion", "union", "handicap"})
_SURE = 1.96  # standard deviations: 95 %


@dataclass(frozen=True, slots=True)
class Attack:
    """One attack: ``tried`` on so many persons or cells, it succeeded on ``won``; ``chance`` is what a blind guess gives.

    ``message`` and ``hint`` are French sentences with {places}. ``lines`` are lines of the private original, at most ten,
    for the agent's eyes only: ``discreet`` takes them off. ``sampled`` says that the persons were drawn at random, so
    that ``low`` and ``high`` matter; else all were tried. ``assumed`` says that it needs something nobody has shown yet.
    """

    name: str  # "singling_out.pair", "linkability.hash" ...
    criterion: str
    tried: int
    won: float
    message: str
    chance: float = 0.0  # 0..1
    columns: Sequence[str] = ()  # labels of the columns used
    values: Mapping[str, Any] = field(default_factory=dict)
    hint: str = ""
    lines: Sequence[int] = ()
    sampled: bool = False
    assumed: bool = False

    @property
    def text(self) -> str:
        return self.message.format(**self.values)

    @property
    def advice(self) -> str:
        """What to do about it."""
        return self.hint.format(**self.values)

    @property
    def rate(self) -> float:
        """Share of those tried on whom it succeeded, 0..1."""
        return self.won / self.tried if self.tried else 0.0

    @property
    def low(self) -> float:
        return self._bound(-1) if self.sampled else self.rate

    @property
    def high(self) -> float:
        return self._bound(1) if self.sampled else self.rate

    @property
    def excess(self) -> float:
        """What the data add to a blind guess: (rate - chance) / (1 - chance), never below 0."""
        return max(0.0, (self.rate - self.chance) / (1 - self.chance)) if self.chance < 1 else 0.0

    def _bound(self, side: int) -> float:
        """Return a bound of Wilson's interval at 95 % (doi:10.1080/01621459.1927.10502953)."""
        if not self.tried:
            return 0.0 if side < 0 else 1.0
        n, p, z2 = self.tried, self.rate, _SURE * _SURE
        middle = p + z2 / (2 * n)
        reach = _SURE * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
        return min(1.0, max(0.0, (middle + side * reach) / (1 + z2 / n)))


def discreet(attack: Attack) -> Attack:
    """Return the attack without the lines of the original, as it may be shown to everybody."""
    return dataclasses.replace(attack, lines=())
