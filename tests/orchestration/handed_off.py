"""A made-up warehouse of a few hand-offs, published through the real code, without a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

from orchestration.publication import Publication, publish

if TYPE_CHECKING:
    from pathlib import Path

    from orchestration.workspace import Workspace

# L1 and L2 were rejected, L1 is known to Marketo twice and to the CRM; D is deleted in Marketo, E
# was erased. Of hand-off a two clocks are overdue, of b one is due in 3 h, of c in 30 h.
SETUP = """
    create schema ops; create schema marts; create schema quality; create schema agreement;
    create table ops.run_context as
        select 'acme' as data_set, timestamp '2026-02-01' as as_of, date '2026-01-31' as as_of_date,
            null::timestamp as loads_until, 1 as agreement_version;
    create table agreement.settings as
        select 1 as version, false as publish_personal_details, 'revenue <ops>' as alert_contact;
    create table marts.dim_stages as
        select * from (values ('crm', true), (null, true), ('marketo', false))
        as t (authority, is_in_force);
    create table marts.dim_persons as
        select * from (values ('L1', false), ('L2', false), ('D', false), ('E', true))
        as t (person_key, is_erased);
    create table marts.dim_person_records as
        select source || '/' || instance || '/' || record_id as record_key, *
        from (values
            ('marketo', 'main', '11', 'L1', false), ('marketo', 'emea', '11', 'L1', false),
            ('crm', 'main', 'c1', 'L1', false), ('marketo', 'main', '2', 'L2', false),
            ('marketo', 'main', '3', 'D', true), ('marketo', 'main', '4', 'E', false)
        ) as t (source, instance, record_id, person_key, is_deleted);
    create table marts.rpt_rejected_leads as
        select person_key || '#1/1' as handoff_key, person_key, 'rejected' as decision,
            timestamp '2026-01-20 15:04:05' as decided_at, 'no_fit' as reason,
            'Does not fit, or "never" did' as reason_label, null::varchar as quality_rating,
            'title' as missing_fields, 'with_marketing' as what_next
        from marts.dim_persons;
    create table marts.rpt_handoffs_at_risk as
        select handoff_key || '/' || sla as clock_key, *, row_number() over () as urgency
        from (values
            ('b', 'reply', 'First reply', 'sales', 'pending', timestamp '2026-02-01 03:00', 'Kim'),
            ('c', 'reply', 'First reply', 'sales', 'pending', timestamp '2026-02-02 06:00', 'Kim'),
            ('a', 'reply', 'First reply', 'sales', 'overdue', timestamp '2026-01-31 15:00', null),
            ('a', 'answer', 'An answer', 'sales', 'overdue', timestamp '2026-01-31 14:00', 'Ann')
        ) as t (handoff_key, sla, sla_label, team, status, due_at, ask);
    create table quality.findings as
        select 'made_up' as finding, 'warning' as severity, 'persons' as entity, 'L1' as record_key;
    create table quality.source_freshness as
        select 'crm' as source, 'main' as instance, 'persons' as entity, 'leads.csv' as export,
            timestamp '2026-01-31' as delivered_until, 48 as stale_after_hours, false as is_stale;
"""


class HandedOff:
    """The warehouse of a workspace, which changes, and its publications."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        workspace.folder.mkdir(parents=True)
        self.change(SETUP)

    def change(self, *statements: str) -> None:
        """Change what the next publication tells."""
        with duckdb.connect(str(self.workspace.warehouse)) as connection:
            for statement in statements:
                connection.execute(statement)

    def publish(self, *statements: str) -> Publication:
        """Change it and publish."""
        self.change(*statements)
        return publish(self.workspace.warehouse, self.workspace.published, "0b5fd8a3-run")

    @property
    def exported(self) -> Path:
        """Folder of the exports of rejected leads."""
        return self.workspace.exported / "rejected_leads"
