"""Marketo: bulk extracts for leads and activities, REST for what describes them."""
