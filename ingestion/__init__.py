"""Everything up to the landing: the agreement, files, and the simulated company."""
