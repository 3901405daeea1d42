"""One kind of check a file: ``look(table)`` gives findings, or questions that one scan answers for all."""
