"""Programs instead of cases: making them, running them, shrinking what differs, naming why."""
