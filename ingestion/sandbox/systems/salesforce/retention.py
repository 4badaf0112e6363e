"""How long Salesforce keeps what it no longer shows on its pages."""

from ingestion.sandbox.clock import DAY

# Histories are deleted after 24 months, 18 of which the pages show.
HISTORY_KEPT = 730 * DAY
# A deleted record stays in the recycle bin for so long.
RECYCLE_BIN = 15 * DAY
