"""What the instrument costs, against the same work by hand; `nox -s bench`."""
