"""The cross-check toolkit: cases, evaluators, verdicts, and the command `julia-parity`."""
