"""Fontclaire, a commune that does not exist: its raw files, and how the demonstration loads them."""
