"""How everything ends: a stop that no phase forgets, children that end with it, and a guard for when we are killed."""
