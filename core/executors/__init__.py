"""Where trials run: local worker processes, or in this process for tests and notebooks."""
