"""Whether a table holds together, and follows its schema: remarks that a clerk can act on."""
