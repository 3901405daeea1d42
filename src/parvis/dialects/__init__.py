"""One API a file: pure functions from a request to a response, over what the caller may see and the store."""
