"""What each system holds of the simulated company, and how it writes it into a file."""
