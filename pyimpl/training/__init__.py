"""Training: the loop, batches and labels, triggers."""
