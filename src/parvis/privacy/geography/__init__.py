"""Points of persons on a map: how many homes each may be, and what hides it: squares, areas, or a move among neighbours.

``plane`` turns degrees into metres; ``nearby`` counts and measures among homes; ``risk`` says who is alone; ``grid``,
``areas`` and ``masking`` are the ways to hide. A point is never only shaken: noise alone hides nobody in the country.
"""
