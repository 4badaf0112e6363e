"""The gate: what must hold of what enters and of what leaves, derived from the agreement."""
