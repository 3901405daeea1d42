"""The ``parvis`` command: the same verbs as the library and the screens."""
