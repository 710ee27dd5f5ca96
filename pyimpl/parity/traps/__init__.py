"""What is known to go wrong between two languages: one entry for every trap."""
