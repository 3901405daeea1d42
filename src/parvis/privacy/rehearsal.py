"""What publishing a table under a policy would give, tried before anything is decided. Light: pages show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from parvis.privacy.criteria import Criteria
from parvis.privacy.publishable import Permission
from parvis.values import Column


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """``preview`` shows at most 20 rows of ``columns``, as they would be published; ``refused`` says why they would not.

    ``before`` is what an outsider could do with a raw copy, ``after`` with what would be published; None for a table that
    speaks of nobody, or that is refused.
    """

    preview: Sequence[Mapping[str, Any]] = ()
    columns: Sequence[Column] = ()
    refused: str = ""
    permission: Permission | None = None
    before: Criteria | None = None
    after: Criteria | None = None
