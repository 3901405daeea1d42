"""Where data lies: the inbox (arrivals), the vault (private), the shelf (public and immutable), and its questions."""
