"""What a reader must know of a dataset: themes, licences, frequencies, metadata."""
