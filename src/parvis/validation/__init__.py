"""What a table should have been: its cells held against a schema, and against themselves."""
