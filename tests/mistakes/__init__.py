"""Pairs as a user would write them, each with one mistake on the Python side."""
