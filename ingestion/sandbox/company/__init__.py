"""What really happens in the simulated company, before any system writes it down."""
