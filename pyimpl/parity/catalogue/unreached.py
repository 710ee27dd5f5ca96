"""Why no case of a row reaches some of what its public name can be asked for.

By the row (a pattern) and what is asked: an option by its name stands for its values and its pairs.
"""

REASONS: dict[tuple[str, str], str] = {}
