"""One kind of place a file: see ``parvis.connectors`` for what each declares."""
