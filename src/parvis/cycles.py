"""Python's search for objects that only hold each other, put off while a file is looked at.

A file makes hundreds of thousands of texts and few cycles: looking for them among all the programs' own objects, again and
again, took a twelfth of the time. What there is is found as soon as the file is done.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def left_alone() -> Iterator[None]:
    """Do not look for cycles while the block lasts, unless nobody looked for them before."""
    looking = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if looking:
            gc.enable()
