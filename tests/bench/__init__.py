"""How long the phases of a run take, and how much memory: `make bench`. Asserts nothing."""
