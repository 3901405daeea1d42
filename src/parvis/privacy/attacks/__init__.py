"""Attacks run as code on what would be published: what one who knows a little about someone can do with it.

``attack`` holds what comes of one; ``case`` what the attacker has before him; each other module is a family of attacks,
``run`` all of them. They are harsher than a wager on samples: an attacker is given columns he may know, hashes he may
compute, the order of the rows, and all that the town has published before.
"""
