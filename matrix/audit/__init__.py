"""The examiner on a user's own project: finding it, watching its suite from outside, telling what its tests leave."""
