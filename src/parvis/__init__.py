"""Parvis, the open-data system of a French commune: the engine.

Bytes in, values out. This package reads any file a town hall holds, finds out what it is, repairs it,
checks it, protects the people in it, keeps it as an immutable version and answers questions about it.
It knows no web framework, no clock and no network unless they are passed in.

Two modules are its public face:

* ``parvis.pipeline``: ``collect``, ``prepare``, ``commit``, the path of one file;
* ``parvis.store.query``: ``run``, the question that every API asks.

Nothing is imported here: reading one value must not load the parsers nor the database engine.
"""

__version__ = "0.1.0"
