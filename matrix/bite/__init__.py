"""Proof that each case bites: fixtures with one bug each, and which case catches which."""
