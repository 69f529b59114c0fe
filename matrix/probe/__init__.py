"""What runs inside a stack: oldest syntax, standard library, pytest and SQLAlchemy only."""
