"""What exploring found: the summary of the last deep run, what pages show of it, and words that it contradicts."""
