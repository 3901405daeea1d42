"""What is released: datasets, releases, search. visible(user) is the only door."""
