"""What a dataset may tell of one person over its whole life, in noise: what each version used, and what is left.

Noise that is drawn again and again is averaged away. So each publication with noise, or of a synthetic copy, uses up a part
of what its dataset may ever tell; once it is used up, nothing more of it is published in that way.
"""

from __future__ import annotations

from collections.abc import Sequence

from parvis.privacy import law
from parvis.privacy.tabular import noise
from parvis.privacy.tabular.noise import Budget, Spent
from parvis.values import Policy

DELTA = 1e-6  # the chance of telling more


def lifetime() -> float:
    """Return the epsilon that a dataset may use in all."""
    return law.threshold("epsilon").value


def spent_by(policy: Policy, what: str, at: str) -> Spent | None:
    """Return what publishing a table once under a policy uses, None when it has no noise."""
    if policy.synthesis is not None:
        return Spent(what, at, rho=noise.rho_of(policy.synthesis.epsilon, DELTA))
    if policy.hiding is not None and policy.hiding.way == "noise":
        return Spent(what, at, epsilon=policy.hiding.epsilon)
    return None


def used(spent: Sequence[Spent]) -> float:
    """Return the epsilon that these publications use together."""
    return noise.used(spent, DELTA)


def check(policy: Policy, title: str, before: Sequence[Spent], at: str) -> None:
    """Raises: RefusedError when publishing under a policy would use more than the dataset may still tell."""
    one = spent_by(policy, title, at)
    if one is not None:
        Budget(title, lifetime(), DELTA, tuple(before)).spend(one)
