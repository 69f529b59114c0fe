"""Complete files: a recipe as a conftest.py that runs when it is pasted, and the proof of that in projects of a user's kind."""
