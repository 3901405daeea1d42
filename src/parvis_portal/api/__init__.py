"""The door of programs: between Django and the dialects of the engine."""
