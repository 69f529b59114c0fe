"""What the README shows of the results: its table and its picture, made from the baseline."""
