"""Failure at every step of every command that changes something: a plan made from what each command really does."""
