"""What there is and what is to run: rows, recipes, cases, and a selection of them."""
