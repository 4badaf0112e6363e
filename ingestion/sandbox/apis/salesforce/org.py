"""One org behind the API: what it holds, what it shows, what it counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingestion.sandbox.apis.salesforce.catalog import Catalog
from ingestion.sandbox.apis.salesforce.counts import Counts
from ingestion.sandbox.apis.salesforce.cursors import Cursors
from ingestion.sandbox.apis.salesforce.jobs import Jobs
from ingestion.sandbox.apis.salesforce.limits import Limits
from ingestion.sandbox.apis.salesforce.refusal import Refusal
from ingestion.sandbox.apis.salesforce.results import Results
from ingestion.sandbox.apis.salesforce.selection import select
from ingestion.sandbox.apis.salesforce.sessions import Sessions

if TYPE_CHECKING:
    from ingestion.sandbox.apis.faults import Faults
    from ingestion.sandbox.apis.present import Present
    from ingestion.sandbox.apis.salesforce.options import Options
    from ingestion.sandbox.apis.salesforce.selection import Selection
    from ingestion.sandbox.systems.held import Held


class Org:
    """What the routes of one stand-in share."""

    def __init__(self, held: Held, present: Present, faults: Faults, options: Options) -> None:
        self.present = present
        self.faults = faults
        self.options = options
        self.catalog = Catalog(held, faults, options)
        self.sessions = Sessions(options)
        self.limits = Limits(present, options)
        self.cursors = Cursors(present, options)
        self.jobs = Jobs(present, options)
        self.results = Results(options)
        self.counts = Counts()

    def select(self, text: str, *, everything: bool) -> Selection:
        """Check a query. Raises Refusal."""
        selection = select(text, self.catalog, everything=everything)
        self.check_access(selection.entity.name)
        return selection

    def check_access(self, entity: str) -> None:
        """Raise Refusal, INSUFFICIENT_ACCESS, if the fault of that name strikes the object."""
        if self.faults.strikes("insufficient_access", entity):
            raise Refusal(403, "INSUFFICIENT_ACCESS", "insufficient access rights on object id")

    def clock(self, place: str) -> float:
        """Return the moment that an answer to this place tells: the present, or one after it."""
        ahead = self.options.clock_skew if self.faults.strikes("clock_skew", place) else 0
        return self.present.now() + ahead
