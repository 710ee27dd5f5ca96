"""Do two outcomes agree? Sensitivity, tolerance, verdict, findings."""
