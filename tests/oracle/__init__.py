"""The funnel computed again, one event at a time: what the warehouse is compared with."""
