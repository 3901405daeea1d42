"""Python's search for objects that only hold each other, put off while a file is looked at, and at the end of a command.

A file makes hundreds of thousands of texts and few cycles: looking for them among all the programs' own objects, again and
again, took a twelfth of the time. What there is is found as soon as the file is done. When the process ends, nothing is
looked for any more: its memory goes with it, and the search took as long as the check of a small file's cells.
"""

from __future__ import annotations

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache


@contextmanager
def left_alone() -> Iterator[None]:
    """Do not look for cycles while the block lasts, unless nobody looked for them before."""
    _leave_at_the_end()
    looking = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if looking:
            gc.enable()


@cache
def _leave_at_the_end() -> None:
    atexit.register(gc.freeze)
