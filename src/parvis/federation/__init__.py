"""Towards other catalogues: what they would take of a catalogue, and what of ours."""
