"""Pictures of data, each with the table of its figures."""
