"""Any file of a town hall becomes typed tables: reading, header finding, repairs, types.

The order of work: ``read`` (confined), ``repairs.propose`` and ``repairs.apply``, ``types.infer`` and ``types.write``.
Nothing is imported here: the parsers are loaded only in the confined process that reads one file.
"""
