"""What may be done to a column of personal data: one transform a file.

``apply(column, parameters)`` returns an ``Expression``, or None when the column goes. ``REMOVES`` says which meanings
no longer stand in what comes out, by where they stood: "column" (the whole cell was that), "text" (inside a cell),
"label" (in the header); "*" is all of them.
"""
