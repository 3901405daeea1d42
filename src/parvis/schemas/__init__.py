"""What a file should be: schemas of our own compact data, and which one a table follows."""
