"""A run of the matrix: servers, stacks side by side, progress, and the outcome that it leaves on disk."""
