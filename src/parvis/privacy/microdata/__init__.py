"""Rows about persons: how far they can be told apart, and how to blur them so that they cannot, losing little."""
