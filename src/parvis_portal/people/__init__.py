"""People, their organisations and their roles."""
