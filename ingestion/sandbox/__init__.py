"""A simulated company with known truth: what happened, what its systems hold, what they export."""
