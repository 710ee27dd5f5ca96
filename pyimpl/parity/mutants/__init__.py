"""Mutants: the program with one convention broken, each of which a check must find."""
