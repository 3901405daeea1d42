"""One file format a module. See ``parvis.plugins.Reader`` for what a module declares.

``recognises(path, head)`` says from 0 to 1 how surely the bytes are of this format (``head``: the first 64 KiB);
``read(path, name, sink)`` hands every table to ``sink`` and returns the remarks on the file as a whole.
Readers run inside the cage only.
"""
