"""Tables of counts and sums: what to hide in them so that nobody's own figure can be worked out from the rest."""
