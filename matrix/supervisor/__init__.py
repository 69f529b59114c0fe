"""Runs one stack: a warm process, a child for every recipe, the witness between every two cells."""
