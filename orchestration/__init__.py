"""Wires, schedules and reports: the way of the data as assets, the gate, and publication."""
