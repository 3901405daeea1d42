"""What a file should be: the national schemas, and the ones that a commune brings."""
