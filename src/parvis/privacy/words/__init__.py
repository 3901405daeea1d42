"""Words that tell people from places: names and how many bear them, ordinary words, and classes of words around them."""
