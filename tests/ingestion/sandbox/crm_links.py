from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from ingestion.sandbox.clock import ever
from ingestion.sandbox.systems.held import CrmLinks
from ingestion.sandbox.systems.identifiers import salesforce_id

if TYPE_CHECKING:
    from ingestion.sandbox.company.company import Company


def made_links(company: Company) -> CrmLinks:
    """A lead for everybody in the round that the CRM hears of first, a contact with their deal."""
    rounds = company.rounds
    heard = np.flatnonzero(ever(rounds.crm_at))
    human, first = np.unique(rounds.human[heard], return_index=True)
    leads = heard[first]
    converted = leads[ever(rounds.opportunity_at[leads])]
    human = np.append(human, rounds.human[converted])
    at = np.append(rounds.crm_at[leads], rounds.opportunity_at[converted])
    contacts = salesforce_id("003", rounds.human[converted])
    order = np.lexsort((at, human))
    places = pa.array(order)
    nobody = pa.nulls(len(leads), pa.string())
    return CrmLinks(
        human=human[order],
        at=at[order],
        lead_id=salesforce_id("00Q", human).take(places),
        contact_id=pa.concat_arrays([nobody, contacts]).take(places),
    )
