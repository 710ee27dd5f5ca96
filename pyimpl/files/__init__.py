"""Files that carry arrays of models."""
