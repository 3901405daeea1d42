"""What a column may mean: one meaning a file, with the examples that test it."""
