"""The facts on disk: one file per stack, written line by line, read back whole or not at all."""
