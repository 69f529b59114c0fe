"""What is pinned, and the machine that runs it."""
