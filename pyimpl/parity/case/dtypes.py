"""In which precisions cases are evaluated, by NumPy's names."""

DTYPES = ("float64", "float32")
