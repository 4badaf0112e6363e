"""One Marketo instance: what it holds, and what its API remembers of its clients."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING

from ingestion.sandbox.apis.marketo.activities import Activities
from ingestion.sandbox.apis.marketo.activity_store import ActivityStore
from ingestion.sandbox.apis.marketo.assets import Assets
from ingestion.sandbox.apis.marketo.counts import Counts
from ingestion.sandbox.apis.marketo.exports import Exports
from ingestion.sandbox.apis.marketo.identity import Identity
from ingestion.sandbox.apis.marketo.leads import Leads
from ingestion.sandbox.apis.marketo.limits import Limits

if TYPE_CHECKING:
    from ingestion.sandbox.apis.faults import Faults
    from ingestion.sandbox.apis.marketo.options import MarketoOptions
    from ingestion.sandbox.apis.present import Present
    from ingestion.sandbox.systems.held import Held


class Instance:
    """The parts of a stand-in, put together. `counts` is for tests to reconcile."""

    def __init__(
        self, held: Held, present: Present, faults: Faults, options: MarketoOptions
    ) -> None:
        clock = time.monotonic if options.passing == "real" else present.now
        self.present, self.faults, self.options = present, faults, options
        self.counts = Counts()
        self.identity = Identity(options, clock)
        self.limits = Limits(options, clock)
        self.leads = Leads(held.objects["leads"], faults, options)
        self.store = ActivityStore(held, faults, options)
        self.activities = Activities(self.store, faults, options)
        self.assets = Assets(held, options)
        self.exports = Exports(held.dialect, faults, options, clock)
        self._number = itertools.count(0xE42B)

    def request_id(self) -> str:
        """Return an id for an answer: a running number and the moment in milliseconds."""
        return f"{next(self._number):x}#{int(self.present.now() * 1000):x}"
