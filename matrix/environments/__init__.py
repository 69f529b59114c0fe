"""The environments of stacks and of the instrument: interpreters, locks, and building from them."""
