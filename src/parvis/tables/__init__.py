"""Any file of a town hall becomes typed tables: reading, header finding, repairs, types.

The order of work: ``read`` (confined), ``repairs.propose`` and ``repairs.apply``, ``types.infer`` and ``types.write``.
Nothing is imported here: the parsers are loaded only in the confined process that reads one file.
"""

import os
import sys

# The linear algebra of numpy, that nothing here uses, starts its threads as it is loaded: 60 ms of processor time.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# At its first array Arrow would take a gigabyte of addresses, which is all that a reader may have (``tables.fork``).
if "pyarrow" not in sys.modules:
    os.environ.setdefault("MIMALLOC_ARENA_RESERVE", "64MiB")
