"""What is kept of earlier runs: the facts on disk are the cache, a cell's key says whether they still hold."""
