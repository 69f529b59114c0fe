"""results.json: what the facts of all stacks mean, graded and put together."""
