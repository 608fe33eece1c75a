"""The checks that `verify` makes, and their verdicts."""
