"""One kind of verification a file. See ``validation.table`` for what each one receives and yields."""
