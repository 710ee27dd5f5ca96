"""Whole programs side by side: the experiments of `comparisons/`, run on both sides and held
against each other step by step.
"""
