"""What arrives, what an agent sees of it, and what he decides."""
