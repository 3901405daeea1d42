"""Install the programs of others that the tests let read a portal, in places of their own (``tests/programs.py``).

    python scripts/clients.py

What is there already, as it is pinned today, is left.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "frontend")]

import build  # noqa: E402  found by the path set above
import peers  # noqa: E402  found by the path set above


def main() -> None:
    peers.python("peers-clients")
    build.modules(ROOT / "tests" / "clients")


if __name__ == "__main__":
    main()
