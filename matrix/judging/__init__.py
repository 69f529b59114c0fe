"""What the facts of a cell mean: pure functions that both the run and the report ask.

Below both, so that a run can tell what is known already from what has to be confirmed.
"""
