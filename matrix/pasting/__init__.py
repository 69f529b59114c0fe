"""A recipe as a whole file: what it needs around it in somebody's project, and the proof that the file runs there."""
